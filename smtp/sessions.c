/* sessions.c - all sessions of a worker */
#include <stdlib.h>

#include "base/mem.h"
#include "smtp/session_inside.h"

static struct smtp_session **list_all(const struct sessions *);

void
sessions_init(struct sessions *all, struct loop *loop, size_t max)
{
	*all = (struct sessions){ .loop = loop, .max = max };
	all->wheel = loop_wheel(loop, session_expired);
	map_init(&all->by_txn);
	map_init(&all->by_asked);
}

void
sessions_fini(struct sessions *all)
{
	sessions_kill(all);
	map_fini(&all->by_txn, NULL);
	map_fini(&all->by_asked, NULL);
	signed_forget(&all->signed_kept);
	loop_wheel_free(&all->wheel);
}

struct smtp_session *
session_find(struct sessions *all, uint32_t txn)
{
	return map_get_u64(&all->by_txn, txn);
}

void
sessions_quit(struct sessions *all)
{
	struct smtp_session **v = list_all(all);

	for (size_t i = 0; v[i] != NULL; i++)
		if (session_is_up(v[i]))
			session_quit(v[i]);
		else
			session_kill(v[i]);
	free(v);
}

void
sessions_kill(struct sessions *all)
{
	struct smtp_session **v = list_all(all);

	for (size_t i = 0; v[i] != NULL; i++)
		session_kill(v[i]);
	free(v);
}

void
sessions_keyless(struct sessions *all)
{
	struct smtp_session **v = list_all(all);

	for (size_t i = 0; v[i] != NULL; i++)
		if (v[i]->asked != 0)
			session_keyless(v[i]);
	free(v);
}

/* NULL-ended: ending a session changes the map. */
static struct smtp_session **
list_all(const struct sessions *all)
{
	struct smtp_session **v = mem_array(all->n + 1, sizeof(*v));
	size_t n = 0;

	MAP_FOREACH (&all->by_txn, it)
		v[n++] = it.value;
	return v;
}
