/* rescore.c - messages in Outbreak are judged anew when rules have changed */
#include "qmgr/rescore.h"

#include <stdlib.h>

#include "base/mem.h"
#include "qmgr/world.h"

#define OUTBREAK STR("Outbreak")
#define OPEN_MAX 4

static void begin(struct world *, uint64_t stamp);
static struct peer *judge(struct world *);
static void judged(struct world *, const struct rescored *);

void
rescore_answer(struct world *w, struct peer *p, const struct rescored *msg)
{
	if (msg->mid != 0) {
		judged(w, msg);
		return;
	}
	p->rules = msg->stamp;
	if (msg->stamp != w->rescores.stamp)
		begin(w, msg->stamp);
}

/* One that cannot be read now is left for the next rules. */
void
rescore_run(struct world *w)
{
	struct rescores *r = &w->rescores;
	struct peer *p;

	while (r->at < r->n && r->open < OPEN_MAX && (p = judge(w)) != NULL) {
		struct rescore_msg msg = { .mid = r->mids[r->at++] };
		struct stored *s = quarantine_find(&w->quarantines, msg.mid);
		int fd;

		if (s == NULL || s->place != QUEUE_QUARANTINE)
			continue;
		fd = store_reader(w->store, QUEUE_QUARANTINE, msg.mid, NULL);
		if (fd == -1)
			continue;
		ipc_send_fds(p->ipc, IPC_RESCORE, 0, &msg, &fd, 1);
		r->open++;
	}
}

/* What it was at is not known: from the beginning, with another. */
void
rescore_worker_lost(struct world *w, struct peer *p)
{
	if (p->rules == w->rescores.stamp && w->rescores.open > 0)
		begin(w, w->rescores.stamp);
}

static void
begin(struct world *w, uint64_t stamp)
{
	const struct box *box = quarantine_box(&w->quarantines, OUTBREAK);
	struct rescores *r = &w->rescores;
	size_t n = box != NULL ? box->by_age.n : 0;

	free(r->mids);
	*r = (struct rescores){ .stamp = stamp };
	r->mids = mem_array(n + 1, sizeof(*r->mids));
	for (size_t i = 0; i < n; i++)
		r->mids[r->n++] =
		    HEAP_OBJ(box->by_age.v[i], struct entry, age)->stored->mid;
}

static struct peer *
judge(struct world *w)
{
	struct peer *p = w->peers;

	while (p != NULL && (p->kind != PROGRAM_CLEANUP || ipc_busy(p->ipc) ||
				p->rules != w->rescores.stamp))
		p = p->next;
	return p;
}

static void
judged(struct world *w, const struct rescored *msg)
{
	struct rescores *r = &w->rescores;
	struct entry *e;

	if (msg->stamp != r->stamp || r->open == 0)
		return;
	r->open--;
	if (msg->held)
		return;
	e = quarantine_entry(&w->quarantines, OUTBREAK, msg->mid);
	if (e != NULL)
		quarantine_release(&w->quarantines, e, LEAVE_RULES, false);
}
