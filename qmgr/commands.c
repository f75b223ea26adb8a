/* commands.c - admin commands: the table, and those about the whole queue */
#include "qmgr/commands.h"
#include "base/clock.h"
#include "program/usage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "event/alert.h"
#include "qmgr/answer.h"
#include "qmgr/dest.h"
#include "qmgr/schedule.h"

#define WAIT_MAX  86400 /* s: spec 3.5 */
#define SELECTION "host HOST|sender ADDRESS|mid MID|all"

static void answer_suspenddel(const struct ask *, struct reply_to *);
static void answer_resumedel(const struct ask *, struct reply_to *);
static void answer_workqueue(const struct ask *, struct reply_to *);
static void answer_queue(const struct ask *, struct reply_to *);
static void read_words(struct ask *, const struct command *);
static void respond(struct ipc *, struct reply_to *);
static bool remember(const struct ask *, struct reply_to *);
static json_t *workqueue_json(const struct world *);
static json_t *gauges_json(const struct world *);
/* ALERT_N: nobody need be told of it at once. */
static void say(enum alert_id, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void say_workqueue(const struct ask *);

static const struct {
	const char *name;
	size_t min, max; /* words, the name included */
	const char *usage;
	void (*run)(const struct ask *, struct reply_to *);
} commands[] = {
	{ "tophosts", 1, 3,
	    "tophosts [active_rcpts|conn_out|deliv_rcpts|soft_bounced|"
	    "hard_bounced [COUNT]]",
	    answer_tophosts },
	{ "hoststatus", 2, 2, "hoststatus HOST", answer_hoststatus },
	{ "showrecipients", 2, 3, "showrecipients " SELECTION,
	    answer_recipients },
	{ "countrecipients", 2, 3, "countrecipients " SELECTION,
	    answer_recipients },
	{ "deleterecipients", 2, 3, "deleterecipients " SELECTION,
	    answer_recipients },
	{ "bouncerecipients", 2, 3, "bouncerecipients " SELECTION,
	    answer_recipients },
	{ "redirectrecipients", 3, 4, "redirectrecipients HOST " SELECTION,
	    answer_recipients },
	{ "showmessage", 2, 2, "showmessage MID", answer_showmessage },
	{ "oldmessage", 1, 1, "oldmessage", answer_oldmessage },
	{ "removemessage", 2, 2, "removemessage MID", answer_removemessage },
	{ "delivernow", 2, 2, "delivernow all|DOMAIN", answer_delivernow },
	{ "suspenddel", 2, 2, "suspenddel SECONDS", answer_suspenddel },
	{ "resumedel", 1, 1, "resumedel", answer_resumedel },
	{ "workqueue", 2, 3, "workqueue status|pause REASON|resume",
	    answer_workqueue },
	{ "quarantine", 2, 7,
	    "quarantine list|search|release|delete|delay|move",
	    answer_quarantine },
	{ "queue", 1, 1, "queue", answer_queue },
	{ "resetcounters", 1, 1, "resetcounters", answer_resetcounters },
};

void
commands_run(struct daemon *d, struct ipc *admin, const struct command *cmd,
    const char *user)
{
	struct ask a = { .world = d->self, .admin = admin, .user = user };
	struct reply_to r = { 0 };
	int64_t began;
	size_t i = 0;

	read_words(&a, cmd);
	while (i < NELEM(commands) && !str_is(a.words[0], commands[i].name))
		i++;
	if (i == NELEM(commands)) {
		r.status = 2;
		snprintf(r.error, sizeof(r.error), "Unknown command: %.*s",
		    STR_ARG(a.words[0]));
	} else if (a.n_words < commands[i].min || a.n_words > commands[i].max) {
		r.status = 2;
		snprintf(
		    r.error, sizeof(r.error), "Usage: %s", commands[i].usage);
	} else {
		world_enter(a.world);
		began = clock_cpu_us();
		commands[i].run(&a, &r);
		if (commands[i].run == answer_quarantine)
			program_usage_of(
			    d, STATS_cpu_quarantine, clock_cpu_us() - began);
		world_leave(a.world);
	}
	if (!r.later)
		respond(admin, &r);
}

json_t *
answer_text(struct str s)
{
	struct buf clean;
	json_t *j;

	if (str_valid_utf8(s))
		return json_stringn(s.n > 0 ? s.p : "", s.n);
	buf_init(&clean, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		buf_putc(&clean, s.p[i] & 0x80 ? '?' : s.p[i]);
	j = json_stringn(clean.data, clean.len);
	buf_fini(&clean);
	return j;
}

json_t *
answer_age(const struct world *w, const struct mail *m)
{
	if (m == NULL)
		return json_null();
	return json_integer(w->q.now > m->born ? w->q.now - m->born : 0);
}

struct mail *
answer_oldest(const struct world *w)
{
	for (struct mail *m = w->q.oldest; m != NULL; m = m->newer)
		for (uint32_t i = 0; m->n_open > 0 && i < m->n_parcels; i++)
			if (m->parcels[i].n_open > 0 &&
			    !m->parcels[i].dest->internal)
				return m;
	return NULL;
}

/* --- suspension --- */

static void
answer_suspenddel(const struct ask *a, struct reply_to *r)
{
	struct world *w = a->world;
	uint64_t wait;

	if (!str_u64(a->words[1], WAIT_MAX, &wait)) {
		r->status = 2;
		snprintf(r->error, sizeof(r->error),
		    "Value must be between 0 and %d.", WAIT_MAX);
		return;
	}
	if (!w->state.suspended) {
		w->state.suspended_since = w->q.wall;
		str_copy(w->state.suspended_by, sizeof(w->state.suspended_by),
		    str_of(a->user));
	}
	w->state.suspended = true;
	if (!remember(a, r))
		return;
	schedule_suspend(&w->q, (int64_t)wait * 1000);
	say(ALERT_DELIVERY_SUSPENDED, "Mail delivery suspended by %s", a->user);
	r->json = json_pack("{s:s, s:I, s:I}", "delivery", "suspended", "wait",
	    (json_int_t)wait, "open_connections", (json_int_t)w->q.n_conns);
}

static void
answer_resumedel(const struct ask *a, struct reply_to *r)
{
	struct world *w = a->world;

	w->state.suspended = false;
	w->state.suspended_since = 0;
	w->state.suspended_by[0] = '\0';
	if (!remember(a, r))
		return;
	schedule_resume(&w->q);
	say(ALERT_N, "Mail delivery resumed by %s", a->user);
	r->json = json_pack("{s:s}", "delivery", "running");
}

/* --- the work queue: cleanup's, but it is switched from here --- */

static void
answer_workqueue(const struct ask *a, struct reply_to *r)
{
	struct state *st = &a->world->state;
	bool pause = str_is_nocase(a->words[1], "pause");
	bool resume = str_is_nocase(a->words[1], "resume");

	if (!pause && !resume && !str_is_nocase(a->words[1], "status")) {
		r->status = 2;
		snprintf(r->error, sizeof(r->error),
		    "Usage: workqueue status|pause REASON|resume");
		return;
	}
	if (pause || resume) {
		st->paused = pause;
		str_copy(st->paused_by, sizeof(st->paused_by),
		    pause ? str_of(a->user) : str_of(""));
		str_copy(st->reason, sizeof(st->reason),
		    pause ? str_letters(a->words[2], sizeof(st->reason) - 1)
			  : str_of(""));
		if (!remember(a, r))
			return;
		world_tell_workqueue(a->world);
		say_workqueue(a);
	}
	r->json = workqueue_json(a->world);
}

static void
say_workqueue(const struct ask *a)
{
	const struct state *st = &a->world->state;

	if (!st->paused)
		say(ALERT_N, "Work queue resumed by %s", a->user);
	else
		say(ALERT_WORKQ_PAUSED, "work queue paused, %lld msgs, %s (%s)",
		    (long long)stats_gauge_sum(
			a->world->q.stats, STATS_GAUGE_workqueue_messages),
		    st->reason, a->user);
}

static json_t *
workqueue_json(const struct world *w)
{
	char status[300] = "Operational";

	if (w->state.paused)
		snprintf(status, sizeof(status), "Paused by %s: %s",
		    w->state.paused_by, w->state.reason);
	return json_pack("{s:I, s:o, s:b, s:o, s:o, s:I}", "status_as_of",
	    (json_int_t)w->q.wall, "status", answer_text(str_of(status)),
	    "paused", w->state.paused, "reason",
	    answer_text(str_of(w->state.reason)), "by",
	    answer_text(str_of(w->state.paused_by)), "messages",
	    (json_int_t)stats_gauge_sum(
		w->q.stats, STATS_GAUGE_workqueue_messages));
}

/* --- the queue as a whole --- */

static void
answer_queue(const struct ask *a, struct reply_to *r)
{
	struct world *w = a->world;
	struct state *st = &w->state;

	r->json = json_pack("{s:I, s:s, s:o, s:o, s:o, s:o, s:o}",
	    "status_as_of", (json_int_t)w->q.wall, "delivery",
	    st->suspended ? "suspended" : "running", "suspended_by",
	    answer_text(str_of(st->suspended_by)), "suspended_since",
	    st->suspended ? json_integer(st->suspended_since) : json_null(),
	    "workqueue", workqueue_json(w), "oldest_message",
	    answer_age(w, answer_oldest(w)), "gauges", gauges_json(w));
}

static json_t *
gauges_json(const struct world *w)
{
	static const struct {
		const char *key;
		enum stats_gauge gauge;
		unsigned unit; /* begun ones count */
	} v[] = {
		{ "active_recipients", STATS_GAUGE_active_recipients, 1 },
		{ "unattempted_recipients", STATS_GAUGE_unattempted_recipients,
		    1 },
		{ "attempted_recipients", STATS_GAUGE_attempted_recipients, 1 },
		{ "messages_in_queue", STATS_GAUGE_queue_messages, 1 },
		{ "destinations_in_memory", STATS_GAUGE_destinations, 1 },
		{ "kilobytes_in_queue", STATS_GAUGE_queue_bytes, 1024 },
		{ "current_outbound_conn", STATS_GAUGE_outbound_conn, 1 },
	};
	json_t *j = json_object();

	for (size_t i = 0; i < NELEM(v); i++)
		json_object_set_new(j, v[i].key,
		    json_integer((stats_gauge_sum(w->q.stats, v[i].gauge) +
				     v[i].unit - 1) /
				 v[i].unit));
	return j;
}

/* --- helpers --- */

static void
read_words(struct ask *a, const struct command *cmd)
{
	const struct word *v = cmd->words.v;

	a->n_words = cmd->words.n;
	for (size_t i = 0; i < cmd->words.n && i < NELEM(a->words); i++)
		a->words[i] = v[i].text;
}

static void
respond(struct ipc *admin, struct reply_to *r)
{
	char *text = r->json != NULL ? json_dumps(r->json, JSON_COMPACT) : NULL;

	if (r->json != NULL && text == NULL)
		panic("an answer that is no JSON");
	program_answer(
	    admin, text, r->status, r->status != 0 ? r->error : NULL);
	json_decref(r->json);
	free(text);
}

/* What is not on disk is not promised: false, and the answer says so. */
static bool
remember(const struct ask *a, struct reply_to *r)
{
	struct err err = ERR_INIT;

	if (state_write(&a->world->state, &err) == 0)
		return true;
	r->status = 1;
	snprintf(
	    r->error, sizeof(r->error), "Cannot be recorded: %s", err.text);
	return false;
}

static void
say(enum alert_id id, const char *fmt, ...)
{
	char text[LOG_VALUE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (id == ALERT_N)
		EMIT(NOTICE, .text = str_of(text));
	else
		alert_raise(id, STR(""), str_of(text));
}
