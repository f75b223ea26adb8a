/* core.c - the queue manager's state as a whole */
#include "qmgr/core.h"

#include <stdlib.h>

#include "base/mem.h"
#include "qmgr/bounce.h"
#include "qmgr/conn.h"
#include "qmgr/schedule.h"
#include "qmgr/settle.h"

static void quit_conns(struct qmgr *);
static void free_conns(struct qmgr *);
static void free_mails(struct qmgr *);
static int64_t earlier(int64_t a, int64_t b);

void
qmgr_init(struct qmgr *q, struct config *cf, struct stats *stats,
    const struct outside *out, void *out_arg)
{
	*q = (struct qmgr){ .config = config_ref(cf),
		.config_serial = 1,
		.stats = stats,
		.out = out,
		.out_arg = out_arg };
	map_init(&q->dests);
	map_init(&q->conns);
	map_init(&q->questions);
	map_init(&q->notices_sent);
	map_init(&q->bounce_rates);
	for (size_t i = 0; dest_internal_names[i] != NULL; i++)
		dest_get(q, str_of(dest_internal_names[i]), STR(""), WISH_NONE);
}

void
qmgr_fini(struct qmgr *q)
{
	bounce_fini(q);
	free_conns(q);
	free_mails(q);
	dest_free_all(q);
	map_fini(&q->questions, NULL);
	heap_fini(&q->timers);
	heap_fini(&q->idles);
	heap_fini(&q->lazies);
	for (size_t i = 0; i < q->n_profiles; i++)
		free((char *)q->profiles[i].name.p);
	free(q->profiles);
	free(q->mids);
	free(q->order_rids);
	free(q->todo);
	config_unref(&q->config);
}

void
qmgr_config(struct qmgr *q, struct config *next)
{
	struct config *old = q->config;

	q->config = config_ref(next);
	q->config_serial++;
	mail_config(q);
	MAP_FOREACH (&q->dests, it) {
		dest_refresh(q, it.value);
	}
	quit_conns(q);
	config_unref(&old);
	schedule_kick_all(q);
}

int64_t
qmgr_next(const struct qmgr *q)
{
	return earlier(
	    schedule_next(q), earlier(settle_next(q), bounce_next(q)));
}

bool
qmgr_tick(struct qmgr *q)
{
	schedule_tick(q);
	settle_tick(q);
	bounce_tick(q);
	return schedule_run(q);
}

/* What was demanded of them may not be what is demanded now (threats OUT-07):
 * the jobs they have are the last. */
static void
quit_conns(struct qmgr *q)
{
	MAP_FOREACH (&q->conns, it) {
		struct conn *c = it.value;

		if (c->list != CONNS_QUITTING)
			conn_quit(q, c);
	}
}

static void
free_conns(struct qmgr *q)
{
	MAP_FOREACH (&q->conns, it) {
		struct conn *c = it.value;

		heap_remove(&q->idles, &c->idle);
		free(c->host);
		free(c);
	}
	map_fini(&q->conns, NULL);
}

static void
free_mails(struct qmgr *q)
{
	struct mail *m;

	while ((m = q->oldest) != NULL) {
		for (uint32_t i = 0; i < m->n_parcels; i++)
			dest_take(&m->parcels[i]);
		mail_free(q, m);
	}
}

/* Of two times; 0 is none. */
static int64_t
earlier(int64_t a, int64_t b)
{
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}
