/* session_watch.c - a session, to somebody who looks on */
#include "smtp/session_inside.h"

void
session_said(void *arg, struct str line)
{
	const struct sessions *all = ((struct smtp_session *)arg)->all;

	if (all->watch != NULL)
		all->watch->said(all->watch_arg, line);
}

void
session_heard(void *arg, const struct reply *reply)
{
	const struct sessions *all = ((struct smtp_session *)arg)->all;

	if (all->watch != NULL)
		all->watch->heard(all->watch_arg, reply);
}
