/*
 * session_watch.c - a session, to those who look on: an admin tool, debug logs
 *
 * Nobody is told a secret: behind AUTH only the mechanism is shown, and of the
 * lines that follow, and the challenges to them, nothing until the server has
 * decided; nor what it repeats then.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "event/event.h"
#include "smtp/session_inside.h"

#define MASK      "***"
#define CHALLENGE 334

static struct str masked(struct smtp_session *, struct str line, char *buf);
static void tell(const struct smtp_session *, enum event_id, struct str line);

void
session_watch_init(struct smtp_session *s, const struct session *req)
{
	const struct debug_log *v = req->debug_logs.v;

	s->n_debug_logs = req->debug_logs.n;
	if (s->n_debug_logs == 0)
		return;
	s->debug_logs = mem_array(s->n_debug_logs, sizeof(*s->debug_logs));
	for (size_t i = 0; i < s->n_debug_logs; i++)
		s->debug_logs[i] = mem_strndup(v[i].log.p, v[i].log.n);
}

void
session_watch_fini(struct smtp_session *s)
{
	for (size_t i = 0; i < s->n_debug_logs; i++)
		free(s->debug_logs[i]);
	free(s->debug_logs);
}

void
session_said(void *arg, struct str line)
{
	struct smtp_session *s = arg;
	const struct sessions *all = s->all;
	char buf[80];

	if (all->watch == NULL && s->n_debug_logs == 0)
		return;
	line = masked(s, line, buf);
	if (all->watch != NULL)
		all->watch->said(all->watch_arg, line);
	tell(s, EVENT_SMTP_SENT, line);
}

void
session_heard(void *arg, const struct reply *reply)
{
	struct smtp_session *s = arg;
	const struct sessions *all = s->all;
	struct str rest = buf_str(&reply->text);
	char line[SMTP_REPLY_LINE_MAX + 8];

	if (reply->code != CHALLENGE)
		s->secret = false;
	if (all->watch != NULL)
		all->watch->heard(all->watch_arg, reply);
	do {
		struct str one = str_cut(&rest, '\n');

		if (s->n_debug_logs == 0)
			return;
		if (s->secret || dialog_login_tells(&s->dialog, one))
			one = STR(MASK);
		snprintf(line, sizeof(line), "%03u%c%.*s", reply->code,
		    rest.n > 0 ? '-' : ' ', STR_ARG(one));
		tell(s, EVENT_SMTP_RCVD, str_of(line));
	} while (rest.n > 0);
}

static struct str
masked(struct smtp_session *s, struct str line, char *buf)
{
	struct str rest = line, verb = str_word(&rest), mech = str_word(&rest);

	if (s->secret)
		return STR(MASK);
	if (!str_is_nocase(verb, "AUTH"))
		return line;
	s->secret = true;
	if (str_trim(rest).n == 0)
		return line;
	snprintf(buf, 80, "AUTH %.*s " MASK, (int)(mech.n < 40 ? mech.n : 40),
	    mech.p);
	return str_of(buf);
}

static void
tell(const struct smtp_session *s, enum event_id id, struct str line)
{
	struct event_SMTP_SENT e = { .dcid = s->dcid, .text = line };

	for (size_t i = 0; i < s->n_debug_logs; i++) {
		e.log = str_of(s->debug_logs[i]);
		event_emit(id, &e);
	}
}
