/* test_quarantine.c - what is held, until when, and how it leaves (10.2, 10.3)
 */
#include "qmgr/dest.h"
#include "qmgr/quarantine.h"
#include "qmgr_double.h"

#define HOUR ((int64_t)3600 * 1000)
#define DAY  (24 * HOUR)
#define KEEP                                                                   \
	TWIN_CONFIG                                                            \
	"quarantine_space: 1M\n"                                               \
	"quarantines:\n"                                                       \
	"- {name: Policy, retention: 2d}\n"                                    \
	"- {name: Soft, retention: 1h, action: release}\n"                     \
	"- {name: Exempt, retention: 1h, free_space: no}\n"                    \
	"spam_quarantine: {enabled: yes, max_size: 1M, retention: 1d}\n"

/* The disk, and cleanup. */
struct outer {
	struct save *saves[64];
	size_t n_saves;
	struct held_rec recs[64]; /* what was written, in order */
	size_t n_recs;
	uint64_t releasing, sent[64], gone[64];
	size_t n_sent, n_gone, n_noted;
	uint64_t noted_as;
	struct stored *last_sent;
	bool fails;
};

static void
outer_save(void *arg, struct save *v)
{
	struct outer *o = arg;

	assert_true(o->n_saves < 64);
	o->saves[o->n_saves++] = v;
}

static int
outer_unlink(void *arg, const struct stored *s, struct err *err)
{
	struct outer *o = arg;

	(void)err;
	o->gone[o->n_gone++] = s->mid;
	return 0;
}

static int
outer_note(void *arg, const struct stored *s, const struct held_rec *rec,
    struct err *err)
{
	struct outer *o = arg;

	(void)s, (void)err;
	o->n_noted += rec->rids.n;
	o->noted_as = rec->next;
	return 0;
}

static void
outer_send(void *arg, struct stored *s)
{
	struct outer *o = arg;

	o->sent[o->n_sent++] = s->mid;
	o->last_sent = s;
}

static const struct held_ops outer_ops = { outer_save, outer_unlink, outer_note,
	outer_send };

struct rig {
	struct twin *t;
	struct outer o;
	struct quarantines qs;
};

static void
rig_open(struct rig *r)
{
	*r = (struct rig){ .t = twin_new(KEEP) };
	quarantine_init(&r->qs, &r->t->q, &outer_ops, &r->o);
}

static void
rig_close(struct rig *r)
{
	quarantine_fini(&r->qs);
	twin_free(r->t);
}

/* The disk has taken it all. */
static void
saved(struct rig *r)
{
	while (r->o.n_saves > 0) {
		struct save *v = r->o.saves[--r->o.n_saves];

		for (size_t i = 0; i < v->n_helds; i++)
			r->o.recs[r->o.n_recs++] = v->helds[i];
		r->o.releasing = v->releasing;
		if (r->o.fails)
			err_set(&v->err, ERR_TEMP, "the disk is full");
		else
			v->moved = v->move;
		quarantine_saved(&r->qs, v);
	}
}

/* Holds it in a, and in b unless that is NULL. */
static void
hold(struct rig *r, uint64_t mid, uint64_t size, const char *a, const char *b)
{
	const struct rcpt rcpt = { .addr = STR("anna@one.test") };
	const struct hold_rec v[2] = {
		{ .quarantine = str_of(a), .reason = STR("message filter:f") },
		{ .quarantine = str_of(b != NULL ? b : ""),
		    .reason = STR("message filter:g") },
	};
	const struct stored_info in = { .mid = mid,
		.size = size,
		.arrival = DOUBLE_WALL,
		.sender = STR("joe@sender.test"),
		.subject = STR("printer"),
		.rcpts = &rcpt,
		.n_rcpts = 1,
		.place = QUEUE_INCOMING,
		.holds = v,
		.n_holds = b != NULL ? 2 : 1 };

	quarantine_take(&r->qs, &in);
	saved(r);
}

static void
later(struct rig *r, int64_t ms)
{
	r->t->q.now += ms;
	r->t->q.wall += ms;
	quarantine_tick(&r->qs);
	saved(r);
}

/* What `status` shows. */
static void
assert_gauges(struct rig *r, int64_t held, int64_t spam, int64_t bytes)
{
	const struct stats *st = r->t->q.stats;

	assert_int_equal(
	    stats_gauge_sum(st, STATS_GAUGE_quarantine_messages), held);
	assert_int_equal(
	    stats_gauge_sum(st, STATS_GAUGE_spam_quarantine_messages), spam);
	assert_int_equal(
	    stats_gauge_sum(st, STATS_GAUGE_quarantine_bytes), bytes);
}

static struct entry *
entry(struct rig *r, const char *name, uint64_t mid)
{
	struct entry *e = quarantine_entry(&r->qs, str_of(name), mid);

	if (e == NULL)
		fail_msg("MID %d is not in %s", (int)mid, name);
	return e;
}

static void
test_deleted_when_its_time_is_over(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r);
	hold(&r, 5, 1000, "Policy", NULL);
	assert_said("MID 5 quarantined to \"Policy\" (message filter:f)\n");
	assert_int_equal(r.qs.bytes[POOL_COMMON], 1000);
	assert_gauges(&r, 1, 0, 1000);
	assert_int_equal(quarantine_next(&r.qs), r.t->q.now + 2 * DAY);
	later(&r, 2 * DAY - 1);
	assert_int_equal(r.o.n_gone, 0);
	later(&r, 1);
	assert_int_equal(r.o.n_gone, 1);
	assert_int_equal(r.o.n_sent, 0);
	assert_said(
	    "MID 5 deleted from quarantine \"Policy\" (expired) t=172800\n"
	    "MID 5 deleted from all quarantines\n"
	    "Message finished MID 5 done\n");
	assert_int_equal(r.qs.bytes[POOL_COMMON], 0);
	assert_gauges(&r, 0, 0, 0);
	assert_null(quarantine_find(&r.qs, 5));
	rig_close(&r);
}

/* It goes only when what it became is safe. */
static void
test_released_when_its_time_is_over(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r);
	hold(&r, 5, 1000, "Soft", NULL);
	later(&r, HOUR);
	assert_said("MID 5 released from quarantine \"Soft\" (expired) t=3600\n"
		    "MID 5 released from all quarantines\n");
	assert_int_equal(r.o.recs[1].state, HELD_RELEASED);
	assert_int_not_equal(r.o.releasing, 0);
	assert_int_equal(r.o.n_sent, 1);
	quarantine_sent(&r.qs, r.o.last_sent, false);
	assert_int_equal(r.o.n_gone, 0);
	later(&r, 10000);
	assert_int_equal(r.o.n_sent, 2);
	quarantine_sent(&r.qs, r.o.last_sent, true);
	assert_int_equal(r.o.n_gone, 1);
	assert_said("by System Quarantine\nMessage finished MID 5 done\n");
	rig_close(&r);
}

/* DUR-12: a clock that is set by a year ends nobody's time. */
static void
test_dur_12_a_jump_of_the_clock(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r);
	hold(&r, 5, 1000, "Policy", NULL);
	r.t->q.wall += 365 * DAY;
	later(&r, 1000);
	assert_int_equal(r.o.n_gone, 0);
	rig_close(&r);
}

static void
test_several_quarantines(void **state)
{
	static const struct {
		bool delete_first, delete_second, delivered;
	} cases[] = { { false, false, true }, { true, false, false },
		{ false, true, false }, { true, true, false } };
	struct rig r;

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		rig_open(&r);
		hold(&r, 5, 1000, "Policy", "Soft");
		(cases[i].delete_first ? quarantine_delete
				       : quarantine_release)(
		    &r.qs, entry(&r, "Policy", 5), LEAVE_MANUAL, false);
		saved(&r);
		assert_null(quarantine_entry(&r.qs, STR("Policy"), 5));
		assert_int_equal(r.o.n_sent + r.o.n_gone, 0);
		assert_int_equal(r.qs.bytes[POOL_COMMON], 1000);
		(cases[i].delete_second ? quarantine_delete
					: quarantine_release)(
		    &r.qs, entry(&r, "Soft", 5), LEAVE_MANUAL, false);
		saved(&r);
		if (r.o.n_sent != (cases[i].delivered ? 1 : 0) ||
		    r.o.n_gone != (cases[i].delivered ? 0 : 1))
			fail_msg("case %zu: sent %zu, gone %zu", i, r.o.n_sent,
			    r.o.n_gone);
		rig_close(&r);
	}
}

static void
test_want_of_room(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r);
	hold(&r, 1, 300000, "Exempt", NULL);
	later(&r, 1);
	hold(&r, 2, 300000, "Soft", NULL);
	later(&r, 1);
	assert_not_said("full");
	hold(&r, 3, 300000, "Policy", NULL);
	assert_said("The quarantines are 85 % full\n");
	later(&r, 1);
	hold(&r, 4, 300000, "Policy", NULL);
	assert_said(
	    "MID 2 released from quarantine \"Soft\" (queue full) t=0\n");
	assert_not_said("MID 1 deleted");
	assert_non_null(quarantine_entry(&r.qs, STR("Policy"), 4));
	later(&r, 1);
	hold(&r, 5, 300000, "Policy", NULL);
	assert_said(
	    "MID 3 deleted from quarantine \"Policy\" (queue full) t=0\n");
	rig_close(&r);
}

/* Of all, and of Outbreak alone, which is news much earlier. */
static void
test_how_full_they_are(void **state)
{
	static const struct {
		uint64_t size; /* 0: the last one is released instead */
		const char *into, *said;
		size_t alerts;
	} steps[] = {
		{ 50000, "Outbreak", NULL, 0 },
		{ 10000, "Outbreak", "The quarantine Outbreak is 5 % full", 0 },
		{ 10000, "Outbreak", NULL, 0 }, /* it is known */
		{ 600000, "Outbreak", "The quarantine Outbreak is 50 % full",
		    0 },
		{ 0, NULL, NULL, 0 },
		{ 600000, "Outbreak", "The quarantine Outbreak is 50 % full",
		    0 },
		{ 200000, "Policy", "The quarantines are 75 % full", 0 },
		{ 0, NULL, NULL, 0 },
		{ 200000, "Outbreak", "The quarantine Outbreak is 75 % full",
		    0 }, /* and all of them */
		{ 135000, "Outbreak", "The quarantine Outbreak is 95 % full",
		    2 },
	};
	struct rig r;

	(void)state;
	rig_open(&r);
	for (size_t i = 0; i < NELEM(steps); i++) {
		twin_log.len = 0;
		twin_alerts = 0;
		if (steps[i].size > 0) {
			hold(&r, i + 1, steps[i].size, steps[i].into, NULL);
		} else {
			quarantine_release(&r.qs,
			    entry(&r, steps[i - 1].into, i), LEAVE_MANUAL,
			    false);
			saved(&r);
		}
		if (!twin_said(steps[i].said != NULL ? steps[i].said : "MID") ||
		    twin_said("% full") != (steps[i].said != NULL) ||
		    twin_alerts != steps[i].alerts)
			fail_msg("step %zu: %zu alerts\n%s", i, twin_alerts,
			    twin_log.data);
	}
	rig_close(&r);
}

/* They wait where they are until there is room. */
static void
test_all_are_exempt(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r);
	hold(&r, 1, 600000, "Exempt", NULL);
	later(&r, HOUR / 2);
	hold(&r, 2, 600000, "Exempt", NULL);
	assert_said("may not release or delete anything: MID 2 waits\n");
	assert_int_equal(quarantine_find(&r.qs, 2)->place, QUEUE_INCOMING);
	later(&r, HOUR / 2);
	assert_said("MID 1 deleted from all quarantines\n");
	later(&r, 10000);
	assert_int_equal(quarantine_find(&r.qs, 2)->place, QUEUE_QUARANTINE);
	assert_said("MID 2 quarantined to \"Exempt\"");
	rig_close(&r);
}

static void
test_delayed_and_moved(void **state)
{
	struct rig r;
	struct entry *e;

	(void)state;
	rig_open(&r);
	hold(&r, 5, 1000, "Soft", "Policy");
	e = entry(&r, "Soft", 5);
	quarantine_delay(&r.qs, e, e->expires + HOUR);
	later(&r, HOUR);
	e = entry(&r, "Soft", 5);
	/* into one that has it: expiry and reason are those of now */
	quarantine_move(&r.qs, e, quarantine_box(&r.qs, STR("Policy")));
	saved(&r);
	assert_null(quarantine_entry(&r.qs, STR("Soft"), 5));
	e = entry(&r, "Policy", 5);
	assert_string_equal(e->reason, "message filter:f");
	assert_int_equal(e->expires, DOUBLE_WALL + HOUR + 2 * DAY);
	assert_int_equal(e->box->n, 1);
	assert_int_equal(e->box->bytes, 1000);
	later(&r, 2 * DAY);
	assert_int_equal(r.o.n_gone, 1);
	rig_close(&r);
}

static void
test_a_quarantine_that_is_no_more(void **state)
{
	struct config *less = twin_config(TWIN_CONFIG);
	struct rig r;

	(void)state;
	rig_open(&r);
	hold(&r, 4, 1000, "Nobody's", NULL);
	hold(&r, 5, 1000, "Soft", NULL);
	assert_non_null(entry(&r, "Unclassified", 4));
	qmgr_config(&r.t->q, less);
	quarantine_config(&r.qs);
	saved(&r);
	assert_non_null(entry(&r, "Unclassified", 5));
	assert_int_equal(r.o.n_sent + r.o.n_gone, 0);
	rig_close(&r);
	config_unref(&less);
}

static void
test_the_disk_fails(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r);
	r.o.fails = true;
	hold(&r, 5, 1000, "Policy", NULL);
	assert_said("MID 5: cannot be recorded as held: the disk is full\n");
	assert_not_said("quarantined to");
	r.o.fails = false;
	later(&r, 10000);
	assert_said("MID 5 quarantined to \"Policy\"");
	assert_int_equal(r.o.n_recs, 2);
	rig_close(&r);
}

/* What recovery finds: released, and what it became is there, or is not. */
static void
test_dur_18_released_and_found_again(void **state)
{
	const struct held_rec rec = { .quarantine = STR("Policy"),
		.state = HELD_RELEASED,
		.entered = DOUBLE_WALL,
		.expires = DOUBLE_WALL + DAY,
		.reason = STR("") };
	const struct stored_info in = { .mid = 5,
		.releasing = 9,
		.size = 100,
		.arrival = DOUBLE_WALL,
		.place = QUEUE_QUARANTINE,
		.helds = &rec,
		.n_helds = 1 };
	struct rig r;

	(void)state;
	for (int there = 0; there < 2; there++) {
		rig_open(&r);
		quarantine_take(&r.qs, &in);
		assert_int_equal(r.o.n_sent, 1);
		/* a message of that MID, but another one */
		quarantine_seen(&r.qs, 9, DOUBLE_WALL + 1);
		if (there)
			quarantine_seen(&r.qs, 9, DOUBLE_WALL);
		quarantine_sent(&r.qs, r.o.last_sent, false);
		assert_int_equal(r.o.n_gone, there);
		assert_int_equal(r.qs.bytes[POOL_COMMON], 0);
		later(&r, 10000);
		assert_int_equal(r.o.n_sent, 2 - there);
		rig_close(&r);
	}
}

static void
spam(struct rig *r, uint64_t mid, uint64_t size)
{
	static const struct rcpt v[] = { { .addr = STR("anna@one.test") },
		{ .addr = STR("bert@one.test") },
		{ .addr = STR("cleo@one.test") } };
	const struct stored_info in = { .mid = mid,
		.size = size,
		.arrival = DOUBLE_WALL,
		.rcpts = v,
		.n_rcpts = 3,
		.place = QUEUE_INCOMING,
		.spam = true };

	quarantine_take(&r->qs, &in);
	saved(r);
}

static uint64_t
waiting(struct rig *r, const char *host)
{
	return dest_find(&r->t->q, str_of(host))->n_inside;
}

/* Room and time of its own; the oldest goes when it is full. */
static void
test_spam(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r);
	hold(&r, 1, 900000, "Exempt", NULL);
	spam(&r, 2, 900000);
	spam(&r, 3, 900000);
	assert_said("RPC Delivery start RCID 1 MID 2 to local Postern Spam "
		    "Quarantine\n"
		    "ISQ: Quarantined MID 2\n"
		    "RPC Message done RCID 1 MID 2\n"
		    "Message finished MID 2 done\n"
		    "ISQ: Deleted MID 2 (queue full)\n");
	assert_said("ISQ: Quarantined MID 3\n");
	assert_not_said("ISQ: Quarantined MID 2\nMessage finished MID 2 done");
	assert_int_equal(r.qs.bytes[POOL_SPAM], 900000);
	assert_int_equal(r.qs.bytes[POOL_COMMON], 900000);
	assert_gauges(&r, 1, 1, 1800000);
	later(&r, DAY);
	assert_said("ISQ: Deleted MID 3 (expired)\n");
	assert_null(quarantine_find(&r.qs, 3));
	assert_int_equal(r.o.n_sent, 0);
	assert_int_equal(
	    dest_find(&r.t->q, STR(SPAM_QUEUE))->count[DEST_DELIVERED], 6);
	rig_close(&r);
}

/* It waits where everybody can see it. */
static void
test_spam_waits_for_its_quarantine(void **state)
{
	static const char *const yaml[] = {
		TWIN_CONFIG "spam_quarantine: {enabled: no}\n",
		TWIN_CONFIG "spam_quarantine: {enabled: yes, max_size: 1M, "
			    "delete_oldest: no}\n",
	};
	static const char *const why[] = {
		"The spam quarantine is switched off: MID 6 waits\n",
		"The spam quarantine is full: MID 6 waits\n",
	};

	(void)state;
	for (size_t i = 0; i < NELEM(yaml); i++) {
		struct config *other = twin_config(yaml[i]);
		struct rig r;

		rig_open(&r);
		spam(&r, 5, 900000);
		assert_int_equal(waiting(&r, SPAM_QUEUE), 0);
		qmgr_config(&r.t->q, other);
		quarantine_config(&r.qs);
		spam(&r, 6, 900000);
		assert_said(why[i]);
		assert_int_equal(waiting(&r, SPAM_QUEUE), 3);
		assert_int_equal(stats_gauge_sum(r.t->q.stats,
				     STATS_GAUGE_active_recipients),
		    3);
		assert_int_equal(
		    quarantine_find(&r.qs, 6)->place, QUEUE_INCOMING);
		qmgr_config(&r.t->q, r.t->config);
		quarantine_config(&r.qs);
		later(&r, 10000);
		assert_int_equal(waiting(&r, SPAM_QUEUE), 0);
		assert_int_equal(
		    quarantine_find(&r.qs, 6)->place, QUEUE_QUARANTINE);
		rig_close(&r);
		config_unref(&other);
	}
}

/* Each goes his own way; the message stays for those that are left. */
static void
test_spam_of_each_recipient(void **state)
{
	struct rig r;
	struct entry *anna, *bert, *cleo;
	uint64_t mid;

	(void)state;
	rig_open(&r);
	spam(&r, 5, 1000);
	anna = entry(&r, QUARANTINE_SPAM_NAME, 5);
	bert = quarantine_entry_after(anna);
	cleo = quarantine_entry_after(bert);
	assert_true(str_is(bert->addr, "bert@one.test"));
	assert_null(quarantine_entry_after(cleo));
	quarantine_release(&r.qs, bert, LEAVE_MANUAL, false);
	assert_int_equal(waiting(&r, RELEASE_QUEUE), 1);
	saved(&r);
	mid = quarantine_find(&r.qs, 5)->releasing;
	assert_int_equal(r.o.recs[1].state, HELD_RELEASED);
	assert_int_equal(r.o.recs[1].next, mid);
	assert_int_equal(r.o.recs[1].rids.n, 1);
	assert_int_equal(r.o.n_sent, 1);
	/* while it is on its way */
	quarantine_release(&r.qs, cleo, LEAVE_MANUAL, false);
	assert_int_equal(waiting(&r, RELEASE_QUEUE), 2);
	quarantine_sent(&r.qs, r.o.last_sent, true);
	/* before the new one can leave */
	assert_int_equal(r.o.n_noted, 1);
	assert_int_equal(r.o.noted_as, mid);
	saved(&r);
	assert_int_equal(r.o.n_sent, 2);
	assert_int_equal(waiting(&r, RELEASE_QUEUE), 1);
	quarantine_sent(&r.qs, r.o.last_sent, true);
	saved(&r);
	assert_int_equal(waiting(&r, RELEASE_QUEUE), 0);
	assert_int_equal(r.o.n_gone, 0);
	assert_ptr_equal(entry(&r, QUARANTINE_SPAM_NAME, 5), anna);
	quarantine_delete(&r.qs, anna, LEAVE_MANUAL, false);
	assert_int_equal(r.o.n_gone, 1);
	assert_int_equal(r.qs.bytes[POOL_SPAM], 0);
	rig_close(&r);
}

/* What recovery finds: released under a MID, which is there, or is not. */
static void
test_spam_found_again(void **state)
{
	static const struct held_rec rec = { .quarantine =
						 STR(QUARANTINE_SPAM_NAME),
		.entered = DOUBLE_WALL,
		.expires = DOUBLE_WALL + DAY,
		.reason = STR("") };
	static const struct rcpt_held helds[] = { { true, HELD_RELEASED, 9 },
		{ true, HELD_SENT, 8 }, { false, 0, 0 } };
	static const struct rcpt v[] = { { .addr = STR("anna@one.test") },
		{ .addr = STR("bert@one.test") },
		{ .addr = STR("cleo@one.test") } };
	const struct stored_info in = { .mid = 5,
		.size = 100,
		.arrival = DOUBLE_WALL,
		.rcpts = v,
		.n_rcpts = 3,
		.place = QUEUE_QUARANTINE,
		.helds = &rec,
		.n_helds = 1,
		.rcpt_helds = helds };
	struct rig r;

	(void)state;
	for (int there = 0; there < 2; there++) {
		rig_open(&r);
		quarantine_take(&r.qs, &in);
		saved(&r);
		assert_int_equal(quarantine_find(&r.qs, 5)->releasing, 9);
		assert_int_equal(r.o.n_sent, 1);
		if (there)
			quarantine_seen(&r.qs, 9, DOUBLE_WALL);
		quarantine_sent(&r.qs, r.o.last_sent, false);
		assert_int_equal(r.o.n_noted, there);
		later(&r, 10000);
		assert_int_equal(r.o.n_sent, 2 - there);
		assert_true(str_is(
		    entry(&r, QUARANTINE_SPAM_NAME, 5)->addr, "cleo@one.test"));
		rig_close(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deleted_when_its_time_is_over),
		cmocka_unit_test(test_released_when_its_time_is_over),
		cmocka_unit_test(test_dur_12_a_jump_of_the_clock),
		cmocka_unit_test(test_several_quarantines),
		cmocka_unit_test(test_want_of_room),
		cmocka_unit_test(test_how_full_they_are),
		cmocka_unit_test(test_all_are_exempt),
		cmocka_unit_test(test_delayed_and_moved),
		cmocka_unit_test(test_a_quarantine_that_is_no_more),
		cmocka_unit_test(test_the_disk_fails),
		cmocka_unit_test(test_spam),
		cmocka_unit_test(test_spam_waits_for_its_quarantine),
		cmocka_unit_test(test_spam_of_each_recipient),
		cmocka_unit_test(test_spam_found_again),
		cmocka_unit_test(test_dur_18_released_and_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
