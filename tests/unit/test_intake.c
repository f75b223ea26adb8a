/* test_intake.c - cleanup without its program: messages in, messages on */
#include "intake_rig.h"

#include "pipeline/work.h"

#define CONTENT "Subject: printer\r\nMessage-ID: <1@x.test>\r\n\r\non fire\r\n"

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* --- tests --- */

static void
test_accepted(void **state)
{
	static const enum event_id story[] = { EVENT_MESSAGE_ID, EVENT_SUBJECT,
		EVENT_MID_READY, EVENT_MATCHED_ALL, EVENT_MID_QUEUED };

	(void)state;
	say_message(7, CONTENT);
	UNTIL(rig.qmgr.n >= 1);
	UNTIL(rig.smtpd.n >= 1);
	assert_int_equal(rig.smtpd.code[0], 250);
	assert_int_equal(rig.smtpd.txn[0], 7);
	assert_int_equal(rig.qmgr.last_mid, 7);
	assert_int_equal(rig.qmgr.n_rcpts, 3);
	assert_int_equal(rig.qmgr.n_listed, 3);
	assert_true(rig.qmgr.prepended && rig.qmgr.readable);
	assert_int_equal(rig.n_events, NELEM(story));
	assert_memory_equal(rig.events, story, sizeof(story));
	assert_int_equal(counter(STATS_messages_received), 1);
	assert_int_equal(counter(STATS_recipients_received), 3);
	assert_int_equal(files_in_incoming(), 1);
}

static void
test_no_received_line(void **state)
{
	struct envelope e = envelope(7);

	(void)state;
	e.listener = STR("Bare");
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &e);
	say_content(1, CONTENT);
	UNTIL(rig.qmgr.n >= 1);
	assert_false(rig.qmgr.prepended);
}

static void
test_ipc_03_refused(void **state)
{
	static char many[3000], large[200000];
	static const struct {
		const char *why, *content;
		uint32_t code;
	} cases[] = {
		{ "a lone LF", "Subject: x\n\r\n", 554 },
		{ "a lone CR", "Subject: x\r \r\n", 554 },
		{ "the end of data inside", "a\r\n.\r\nMAIL", 554 },
		{ "no line end", "Subject: x", 554 },
		{ "over the size limit", large, 552 },
		{ "too many hops", many, 554 },
		{ "and one that is fine", CONTENT, 250 },
	};

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	for (size_t i = 0; i < 101; i++)
		memcpy(many + i * 13, "Received: x\r\n", 13);
	for (uint32_t i = 0; i < NELEM(cases); i++) {
		struct envelope e = envelope(i + 1);

		e.max_size = 150000;
		ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, i, &e);
		say_content(i, cases[i].content);
		UNTIL(rig.smtpd.n >= i + 1);
		if (rig.smtpd.code[i] != cases[i].code)
			fail_msg("%s: %u", cases[i].why, rig.smtpd.code[i]);
		if (cases[i].code != 250 && files_in_incoming() != 0)
			fail_msg("%s: a draft is left", cases[i].why);
	}
	UNTIL(rig.qmgr.n >= 1);
	assert_int_equal(rig.qmgr.n, 1);
	assert_int_equal(rig.cleanup.n_open, 0);
	assert_int_equal(rig.cleanup.promised, 0);
}

static void
test_ipc_03_wrong_size_and_no_recipients(void **state)
{
	struct end_msg end = { .size = 99 };
	struct envelope e = envelope(1);

	(void)state;
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &e);
	ipc_send_raw(rig.smtpd.ipc, IPC_DATA, 1, "x\r\n", 3);
	ipc_send(rig.smtpd.ipc, IPC_END, 1, &end);
	e.rcpts.n = 0;
	e.mid = 2;
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 2, &e);
	say_content(2, CONTENT);
	UNTIL(rig.smtpd.n >= 2);
	assert_int_equal(rig.smtpd.code[0], 554);
	assert_int_equal(rig.smtpd.code[1], 554);
	assert_int_equal(files_in_incoming(), 0);
}

/* What a smtpd that is not ours any more may try. */
static void
unknown_transaction(void)
{
	say_content(9, CONTENT);
}

static void
twice(void)
{
	struct envelope e = envelope(1);

	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &e);
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &e);
}

static void
recipients_late(void)
{
	struct rcpt_more more = { { 0, NULL } };
	struct envelope e = envelope(1);

	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &e);
	ipc_send_raw(rig.smtpd.ipc, IPC_DATA, 1, "x\r\n", 3);
	ipc_send(rig.smtpd.ipc, IPC_RCPT_MORE, 1, &more);
}

static void
after_the_end(void)
{
	say_message(1, CONTENT);
	ipc_send_raw(rig.smtpd.ipc, IPC_DATA, 1, "x\r\n", 3);
}

static void
a_notice(void)
{
	struct envelope e = envelope(1);

	e.flags = ENV_NOTICE;
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &e);
}

static void
no_mid(void)
{
	struct envelope e = envelope(0);

	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &e);
}

static void
garbage(void)
{
	ipc_send_raw(rig.smtpd.ipc, IPC_DATA, 1, "", 0);
}

static void
test_ipc_01_peer_is_dropped(void **state)
{
	static const struct {
		const char *why;
		void (*say)(void);
	} cases[] = {
		{ "unknown transaction", unknown_transaction },
		{ "the same one twice", twice },
		{ "recipients after content", recipients_late },
		{ "more after the end", after_the_end },
		{ "a notice from smtpd", a_notice },
		{ "no MID", no_mid },
		{ "data of nothing", garbage },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		cases[i].say();
		UNTIL(rig.smtpd.closed);
		if (rig.intake != NULL)
			fail_msg("%s: still there", cases[i].why);
		/* the next smtpd is served */
		connect_smtpd(PROGRAM_SMTPD);
		say_message(100 + i, CONTENT);
		UNTIL(rig.smtpd.n >= 1);
		if (rig.smtpd.code[0] != 250)
			fail_msg(
			    "%s: then %u", cases[i].why, rig.smtpd.code[0]);
		tear_down(state);
		set_up(state);
	}
}

static void
test_lim_10_aborted(void **state)
{
	struct abort_msg why = { 0 };
	struct envelope e = envelope(1);
	static char large[100000];

	(void)state;
	memset(large, 'x', sizeof(large));
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &e);
	ipc_send_raw(rig.smtpd.ipc, IPC_DATA, 1, large, sizeof(large));
	ipc_send(rig.smtpd.ipc, IPC_ABORT, 1, &why);
	e.mid = 2;
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 2, &e);
	ipc_send_raw(rig.smtpd.ipc, IPC_DATA, 2, large, sizeof(large));
	say_message(3, CONTENT);
	UNTIL(rig.smtpd.n >= 1);
	assert_int_equal(rig.cleanup.n_open, 1);
	assert_int_equal(files_in_incoming(), 2); /* 2 and 3 */
	ipc_free(&rig.smtpd.ipc); /* the peer is gone, and so is its draft */
	UNTIL(rig.intake == NULL);
	assert_int_equal(rig.cleanup.n_open, 0);
	assert_int_equal(files_in_incoming(), 1);
}

/* A peer that dies after END: what is committed is mail. */
static void
test_lost_while_committing(void **state)
{
	(void)state;
	say_message(1, CONTENT);
	ipc_flush(rig.smtpd.ipc);
	ipc_free(&rig.smtpd.ipc);
	UNTIL(rig.qmgr.n == 1 && rig.intake == NULL);
	assert_int_equal(rig.qmgr.last_mid, 1);
	assert_int_equal(rig.cleanup.n_open, 0);
}

static void
test_ipc_03_too_many_drafts(void **state)
{
	struct envelope e = envelope(1);

	(void)state;
	for (uint32_t i = 0; i < 1001; i++) {
		e.mid = i + 1;
		ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, i, &e);
	}
	say_content(1000, CONTENT);
	say_content(0, CONTENT);
	UNTIL(rig.smtpd.n >= 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    rig.smtpd.code[i], rig.smtpd.txn[i] == 1000 ? 451 : 250);
}

static void
test_dur_09_no_room(void **state)
{
	struct envelope e = envelope(1);

	(void)state;
	/* policies without a limit, for once */
	rig.cleanup.revision = rig.daemon.config->revision;
	rig.cleanup.promise_max = UINT64_MAX;
	e.max_size = (uint64_t)1 << 60;
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &e); /* promises it all */
	say_message(2, CONTENT);
	say_content(1, CONTENT);
	UNTIL(rig.smtpd.n >= 2);
	say_message(3, CONTENT); /* and there is room again */
	UNTIL(rig.smtpd.n >= 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    rig.smtpd.code[i], rig.smtpd.txn[i] == 2 ? 452 : 250);
}

static void
test_more_recipients(void **state)
{
	struct rcpt_more more = { { NELEM(kit_rcpts),
	    (void *)(uintptr_t)kit_rcpts } };
	struct envelope e = envelope(1);

	(void)state;
	e.flags |= ENV_MORE_RCPTS;
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &e);
	for (int i = 0; i < 30; i++)
		ipc_send(rig.smtpd.ipc, IPC_RCPT_MORE, 1, &more);
	say_content(1, CONTENT);
	UNTIL(rig.qmgr.n >= 1);
	assert_int_equal(rig.qmgr.n_rcpts, 93);
	assert_int_equal(counter(STATS_recipients_received), 93);
}

/* A peer of another kind. */
static void
connect_as(enum program_kind kind)
{
	ipc_free(&rig.smtpd.ipc);
	UNTIL(rig.intake == NULL);
	connect_smtpd(kind);
}

static void
say_returned(uint64_t mid, uint32_t txn, const char *content)
{
	struct envelope e = envelope(mid);

	e.enters = ENTER_RELEASED;
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, txn, &e);
	say_content(txn, content);
}

/* qmgr that died does not know what became of it: it is taken once. */
static void
test_dur_18_returned_twice(void **state)
{
	(void)state;
	connect_as(PROGRAM_QMGR);
	say_returned(9, 1, CONTENT);
	/* it is being written */
	say_returned(9, 2, CONTENT);
	UNTIL(rig.smtpd.n >= 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    rig.smtpd.code[i], rig.smtpd.txn[i] == 1 ? 250 : 451);
	connect_as(PROGRAM_QMGR);
	say_returned(9, 3, CONTENT);
	UNTIL(rig.smtpd.n >= 1);
	assert_int_equal(rig.smtpd.code[0], 250);
	/* one that was refused may come again */
	say_returned(10, 4, "no line end");
	UNTIL(rig.smtpd.n >= 2);
	assert_int_equal(rig.smtpd.code[1], 554);
	say_returned(10, 5, CONTENT);
	UNTIL(rig.smtpd.n >= 3);
	assert_int_equal(rig.smtpd.code[2], 250);
	UNTIL(rig.qmgr.n >= 2);
	assert_int_equal(rig.qmgr.n, 2);
	assert_int_equal(files_in_incoming(), 2);
}

static void
test_returned_are_forgotten_in_the_end(void **state)
{
	static struct returned r;

	(void)state;
	for (uint64_t mid = 1; mid <= RETURNED_MAX + 1; mid++) {
		assert_int_equal(returned_look(&r, mid), RETURNED_NEW);
		returned_put(&r, mid, false);
		returned_put(&r, mid, true);
	}
	assert_int_equal(returned_look(&r, 1), RETURNED_NEW);
	assert_int_equal(returned_look(&r, 2), RETURNED_SAFE);
	returned_forget(&r, 2);
	assert_int_equal(returned_look(&r, 2), RETURNED_NEW);
}

static void
say_late(uint64_t mid)
{
	struct envelope e = envelope(mid);

	e.flags = ENV_LATE;
	e.rcpts.n = 0;
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, (uint32_t)mid, &e);
}

/* Short, and so long that it is in a file when the envelope comes. */
static void
test_late_envelope(void **state)
{
	struct rcpt_more more = { { NELEM(kit_rcpts),
	    (void *)(uintptr_t)kit_rcpts } };
	static char content[200000];
	struct end_msg end;

	(void)state;
	for (size_t i = 0; i < sizeof(content) - 1; i++)
		content[i] = "Subject: x\r\n\r\n"[i < 14 ? i : 2 + i % 7];
	memcpy(content + sizeof(content) - 3, "\r\n", 3);
	connect_as(PROGRAM_QMQPD);
	for (uint64_t mid = 1; mid <= 2; mid++) {
		struct envelope e = envelope(mid);

		end.size = mid == 1 ? 12 : sizeof(content) - 1;
		end.wire_flags = 0;
		say_late(mid);
		ipc_send_raw(rig.smtpd.ipc, IPC_DATA, (uint32_t)mid,
		    mid == 1 ? "Subject: x\r\n" : content, (size_t)end.size);
		e.flags = ENV_MORE_RCPTS;
		ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, (uint32_t)mid, &e);
		ipc_send(rig.smtpd.ipc, IPC_RCPT_MORE, (uint32_t)mid, &more);
		ipc_send(rig.smtpd.ipc, IPC_END, (uint32_t)mid, &end);
		UNTIL(rig.smtpd.n >= mid && rig.qmgr.n >= mid);
		assert_int_equal(rig.smtpd.code[mid - 1], 250);
		assert_int_equal(rig.qmgr.last_mid, mid);
		assert_int_equal(rig.qmgr.n_rcpts, 6);
		assert_true(rig.qmgr.readable && rig.qmgr.prepended);
	}
}

/* Whoever lies about it is no peer of ours any more. */
static void
test_ipc_01_late_envelope(void **state)
{
	static const struct {
		const char *why;
		enum program_kind kind;
		enum ipc_type types[5]; /* after the first envelope */
	} cases[] = {
		{ "not for smtpd", PROGRAM_SMTPD, { IPC_NONE } },
		{ "no second", PROGRAM_QMQPD, { IPC_DATA, IPC_END } },
		{ "a third", PROGRAM_QMQPD,
		    { IPC_DATA, IPC_ENVELOPE, IPC_ENVELOPE } },
		{ "content behind it", PROGRAM_QMQPD,
		    { IPC_DATA, IPC_ENVELOPE, IPC_DATA } },
		{ "recipients before it", PROGRAM_QMQPD,
		    { IPC_DATA, IPC_RCPT_MORE } },
	};
	struct envelope e = envelope(1);
	struct rcpt_more more = { { 0, NULL } };
	struct end_msg end = { .size = 3 };

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		connect_as(cases[i].kind);
		say_late(1);
		for (size_t j = 0; cases[i].types[j] != IPC_NONE; j++) {
			enum ipc_type type = cases[i].types[j];

			if (type == IPC_DATA)
				ipc_send_raw(
				    rig.smtpd.ipc, type, 1, "a\r\n", 3);
			else
				ipc_send(rig.smtpd.ipc, type, 1,
				    type == IPC_END        ? (void *)&end
				    : type == IPC_ENVELOPE ? (void *)&e
							   : (void *)&more);
		}
		UNTIL(rig.smtpd.closed);
		assert_int_equal(rig.smtpd.n, 0);
	}
	assert_int_equal(files_in_incoming(), 0);
}

static void
test_sinkhole(void **state)
{
	struct envelope e = envelope(1);

	(void)state;
	workqueue_pause(rig.cleanup.workqueue, true); /* it does not matter */
	e.flags = ENV_SINKHOLE;
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &e);
	say_content(1, CONTENT);
	UNTIL(rig.smtpd.n >= 1);
	assert_int_equal(rig.smtpd.code[0], 250);
	assert_int_equal(counter(STATS_dropped_messages), 1);
	assert_int_equal(files_in_incoming(), 0);
	assert_int_equal(rig.qmgr.n, 0);
}

static void
test_notice(void **state)
{
	struct envelope e = envelope(1);

	(void)state;
	connect_as(PROGRAM_QMGR);
	e.flags = ENV_NOTICE;
	e.sender = STR("");
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &e);
	say_content(1, CONTENT);
	UNTIL(rig.smtpd.n >= 1 && rig.qmgr.n >= 1);
	assert_int_equal(rig.smtpd.code[0], 250);
	assert_int_equal(counter(STATS_gen_bounce_recipients), 3);
	assert_int_equal(counter(STATS_messages_received), 0);
	assert_false(rig.qmgr.prepended);
}

/* An administrator says to whom, and nothing else. */
static void
test_own_message(void **state)
{
	struct envelope wrong[4] = { envelope(0), envelope(1), envelope(0),
		envelope(0) };
	struct envelope e = envelope(0);

	(void)state;
	connect_as(PROGRAM_MASTER);
	e.sender = e.sender_orig = STR("");
	e.flags = 0;
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &e);
	say_content(1, CONTENT);
	UNTIL(rig.smtpd.n >= 1 && rig.qmgr.n >= 1);
	assert_int_equal(rig.smtpd.code[0], 250);
	assert_int_equal(counter(STATS_gen_bounce_recipients), 0);
	assert_int_equal(counter(STATS_messages_received), 1);
	assert_false(rig.qmgr.prepended);
	for (size_t i = 0; i < NELEM(wrong); i++)
		wrong[i].sender = STR("");
	wrong[0].sender = STR("boss@example.com");
	wrong[2].flags = ENV_NOTICE;
	wrong[3].flags = ENV_SINKHOLE;
	for (size_t i = 0; i < NELEM(wrong); i++) {
		connect_as(PROGRAM_MASTER);
		ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &wrong[i]);
		UNTIL(rig.smtpd.closed);
		assert_int_equal(rig.smtpd.n, 0);
	}
}

static void
pause_at_commit(void *arg)
{
	(void)arg;
	if (committer_pending(rig.kit.committer) > 0)
		workqueue_pause(rig.cleanup.workqueue, true);
}

/* It was not sent, and nothing but its commit has written to its file. */
static bool
is_routed_at_commit(uint64_t mid)
{
	struct envelope e = envelope(mid);
	struct err err = ERR_INIT;
	struct qmessage q;
	struct arena mem;
	int fd;

	workqueue_pause(rig.cleanup.workqueue, false);
	rig.smtpd.n = rig.qmgr.n = 0;
	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, 1, &e);
	say_content(1, CONTENT);
	UNTIL(rig.smtpd.n >= 1);
	assert_int_equal(rig.smtpd.code[0], 250);
	assert_int_equal(rig.qmgr.n, 0);
	arena_init(&mem, QUEUE_READ_MEM);
	fd = spool_open_mid(rig.kit.spool, QUEUE_INCOMING, mid, O_RDONLY, &err);
	assert_int_equal(qmessage_read(&q, fd, false, &mem, &err), QREAD_MAIL);
	close(fd);
	arena_free(&mem);
	return q.routed;
}

/* Where nothing is to be decided, ROUTE is not written by itself; where
 * somebody is to look at it, not before it is mail. */
static void
test_route_goes_with_the_commit(void **state)
{
	(void)state;
	loop_at_turn_end(rig.kit.loop, pause_at_commit, NULL);
	assert_true(is_routed_at_commit(1));
	workqueue_pause(rig.cleanup.workqueue, false);
	UNTIL(rig.qmgr.n >= 1);
	assert_true(rig.qmgr.prepended);
	assert_int_equal(rig.events[3], EVENT_MATCHED_ALL);
	rig.daemon.config->work.spam.engine = SPAM_SPAMD;
	assert_false(is_routed_at_commit(2));
}

/* More wait than are kept in memory; none has ROUTE before it is sent. */
static void
test_pause(void **state)
{
	(void)state;
	workqueue_pause(rig.cleanup.workqueue, true);
	for (uint64_t mid = 1; mid <= 1200; mid++) {
		say_message(mid, CONTENT);
		UNTIL(rig.smtpd.n >= mid);
	}
	assert_int_equal(rig.qmgr.n, 0);
	assert_int_equal(
	    stats_gauge_sum(rig.daemon.stats, STATS_GAUGE_workqueue_messages),
	    1200);
	workqueue_pause(rig.cleanup.workqueue, false);
	UNTIL(rig.qmgr.n >= 1200);
	assert_true(rig.qmgr.ordered && rig.qmgr.prepended);
	assert_int_equal(
	    stats_gauge_sum(rig.daemon.stats, STATS_GAUGE_workqueue_messages),
	    0);
}

static void
test_qmgr_away(void **state)
{
	(void)state;
	ipc_free(&rig.qmgr.ipc);
	UNTIL(rig.to_qmgr == NULL);
	say_message(1, CONTENT);
	say_message(2, CONTENT);
	UNTIL(rig.smtpd.n >= 2);
	connect_qmgr();
	UNTIL(rig.qmgr.n >= 2);
	assert_true(rig.qmgr.ordered && rig.qmgr.readable);
}

/* Sent, but to a qmgr that was dead: the next one gets it, unless it has
 * found the file and finished with it. */
static void
test_qmgr_dies(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	ipc_pause(rig.qmgr.ipc, true);
	workqueue_pause(rig.cleanup.workqueue, true);
	say_message(1, CONTENT);
	say_message(2, CONTENT);
	UNTIL(rig.smtpd.n >= 2);
	ipc_free(&rig.qmgr.ipc);
	workqueue_pause(rig.cleanup.workqueue, false); /* ROUTE, and EPIPE */
	UNTIL(rig.to_qmgr == NULL);
	assert_int_equal(
	    spool_unlink(rig.kit.spool, QUEUE_INCOMING, 1, &err), 0);
	connect_qmgr();
	UNTIL(rig.qmgr.n >= 1);
	assert_int_equal(rig.qmgr.last_mid, 2);
	assert_int_equal(rig.qmgr.n, 1);
}

/* What an earlier life left without ROUTE. */
static void
test_recovered(void **state)
{
	(void)state;
	kit_mail(&rig.kit, 5, 100, false);
	workqueue_add_mid(rig.cleanup.workqueue, 5, -1);
	workqueue_add_mid(rig.cleanup.workqueue, 6, -1); /* gone meanwhile */
	workqueue_run(rig.cleanup.workqueue);
	UNTIL(rig.qmgr.n >= 1);
	assert_int_equal(rig.qmgr.last_mid, 5);
	assert_true(rig.qmgr.prepended);
	assert_int_equal(
	    stats_gauge_sum(rig.daemon.stats, STATS_GAUGE_workqueue_messages),
	    0);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		RIGGED(test_accepted),
		RIGGED(test_no_received_line),
		RIGGED(test_ipc_03_refused),
		RIGGED(test_ipc_03_wrong_size_and_no_recipients),
		RIGGED(test_ipc_01_peer_is_dropped),
		RIGGED(test_lim_10_aborted),
		RIGGED(test_lost_while_committing),
		RIGGED(test_ipc_03_too_many_drafts),
		RIGGED(test_dur_09_no_room),
		RIGGED(test_more_recipients),
		RIGGED(test_late_envelope),
		RIGGED(test_ipc_01_late_envelope),
		RIGGED(test_sinkhole),
		RIGGED(test_notice),
		RIGGED(test_own_message),
		RIGGED(test_route_goes_with_the_commit),
		RIGGED(test_pause),
		RIGGED(test_qmgr_away),
		RIGGED(test_qmgr_dies),
		RIGGED(test_recovered),
		RIGGED(test_dur_18_returned_twice),
		cmocka_unit_test(test_returned_are_forgotten_in_the_end),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
