/* envelope.c - what peers may say in an envelope */
#include "cleanup/envelope.h"

#include "base/clock.h"
#include "event/event.h"
#include "pipeline/work.h"

static bool is_of_tool(const struct envelope *);
static bool says_too_much(const struct envelope *, bool notice);

/* The copy of the body owns what the envelope points to. */
int
envelope_take(struct mail *m, const struct ipc_frame *f, enum program_kind from,
    struct err *err)
{
	struct ipc_frame copy = *f;
	struct envelope *e = &m->envelope;
	bool notice;

	copy.body = arena_str(&m->mem, f->body);
	if (ipc_decode(&copy, e, &m->mem, err) == -1)
		return -1;
	if (from == PROGRAM_MASTER)
		return is_of_tool(e)
			   ? 0
			   : err_set(err, ERR_PROTO, "not a message of a tool");
	/* or what was in a quarantine */
	notice = e->flags & ENV_NOTICE || e->enters != ENTER_WHOLE;
	if (notice != (from == PROGRAM_QMGR))
		return err_set(err, ERR_PROTO, "notices come from qmgr");
	if (e->mid == 0)
		return err_set(err, ERR_PROTO, "no MID");
	if (says_too_much(e, notice))
		return err_set(err, ERR_PROTO, "not for others to say");
	if (e->flags & ENV_LATE && from != PROGRAM_QMQPD)
		return err_set(err, ERR_PROTO, "the envelope comes first here");
	m->mid = e->mid;
	return 0;
}

void
envelope_of_tool(struct mail *m, struct stats *stats, const struct config *c)
{
	struct envelope *e = &m->envelope;
	const struct rcpt *v = e->rcpts.v;
	uint32_t wished =
	    c->dkim_system_mail ? UINT32_MAX : ~(uint32_t)ENV_DKIM;

	m->mid = stats_next_id(stats, STATS_MID);
	*e = (struct envelope){ .mid = m->mid,
		.arrival = clock_wall_ms(),
		.protocol = STR("ESMTP"),
		.flags = ENV_NOTICE | ENV_8BITMIME | (e->flags & wished),
		.reputation = INT64_MIN,
		.max_size = e->max_size,
		.rcpts = e->rcpts };
	EMIT(START_MID, .mid = m->mid, .icid = 0);
	EMIT(MID_FROM, .mid = m->mid, .icid = 0, .addr = STR(""));
	for (size_t i = 0; i < e->rcpts.n; i++)
		EMIT(MID_RCPT, .mid = m->mid, .icid = 0, .rid = (uint32_t)i,
		    .addr = v[i].addr);
}

static bool
is_of_tool(const struct envelope *e)
{
	return e->mid == 0 && e->sender.n == 0 &&
	       !(e->flags & ~(uint32_t)(ENV_SMTPUTF8 | ENV_DKIM));
}

static bool
says_too_much(const struct envelope *e, bool notice)
{
	return e->parent != 0 || e->parent_slot != 0 ||
	       (!notice && (e->generation != 0 || e->enters != 0 ||
			       (e->skip & ~SKIP_AT_INJECTION) != 0));
}
