/* attempt_plan.c - which connections there would be, without any */
#include "admin/attempt.h"
#include "qmgr/conn.h"

static struct address *address_of(struct hosts *, const struct session *);

/* As if each of them had failed: then qmgr takes the one that is next. */
void
attempt_plan(struct attempt *a)
{
	while (conn_open(&a->q, a->dest) == CONN_OPENED) {
		struct address *at =
		    address_of(a->dest->hosts, &a->now->demand);

		if (at == NULL)
			return;
		at->down_until = INT64_MAX;
	}
}

static struct address *
address_of(struct hosts *h, const struct session *s)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].ep.port == s->port &&
		    ip_equal(&h->v[i].ep.ip, &s->ip) &&
		    h->v[i].down_until != INT64_MAX)
			return &h->v[i];
	return NULL;
}
