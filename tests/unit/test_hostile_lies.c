/*
 * test_hostile_lies.c - peers that say what is well-formed, and not true
 *
 * Threats IPC-03, IPC-04 and the states of IPC-01. Each lie costs the liar
 * at most its channel, or is answered with an error; nobody else notices.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hostile_proof.h"

struct world {
	struct rig *rig;
	int fd; /* of the liar */
};

#define BIG 60000

enum { ENDS, GOES_ON };

static void
begin(struct world *w, enum program_kind program, enum program_kind liar)
{
	w->rig = rig_start(program);
	rig_measure(w->rig);
	w->fd = rig_peer(w->rig, liar, 1);
}

/* The channel is, or is not, ended; and the others do not notice. */
static void
judge(struct world *w, int expected)
{
	const char *complaint;

	if (expected == ENDS)
		assert_true(rig_ended(w->fd, PATIENCE_MS));
	else
		assert_false(rig_ended(w->fd, 100));
	close(w->fd);
	complaint = rig_complaint(w->rig);
	if (complaint != NULL)
		fail_msg("%s", complaint);
	rig_stop(w->rig);
}

/* --- smtpd lies to cleanup --- */

static uint32_t
say_message(struct world *w, const struct envelope *env, struct str content,
    uint64_t size)
{
	struct end_msg end = { .size = size };
	struct accepted a = { .code = 0 };
	struct heard h;

	rig_say(w->fd, IPC_ENVELOPE, 1, env, NULL, 0);
	rig_say_raw(w->fd, IPC_DATA, 1, content);
	rig_say(w->fd, IPC_END, 1, &end, NULL, 0);
	rig_expect(w->fd, &h, IPC_ACCEPTED, &a, NULL);
	return a.code;
}

/* Content too large for a slot: it has a file, whose name is taken. */
static void
test_cleanup_mid_used_already(void **state)
{
	static char big[BIG];
	struct str content = { big, BIG / 12 * 12 }, other;
	struct envelope env = kit_envelope(500);
	struct world w;
	struct stat st;
	off_t size;

	(void)state;
	for (size_t i = 0; i < BIG; i++)
		big[i] = "0123456789\r\n"[i % 12];
	begin(&w, PROGRAM_CLEANUP, PROGRAM_SMTPD);
	other = str_sub(content, 1200, content.n);
	assert_int_equal(say_message(&w, &env, content, content.n), 250);
	assert_int_equal(stat(kit_file(&w.rig->kit, "incoming", 500), &st), 0);
	size = st.st_size;
	assert_int_equal(say_message(&w, &env, other, other.n), 451);
	assert_int_equal(stat(kit_file(&w.rig->kit, "incoming", 500), &st), 0);
	assert_true(st.st_size >= size); /* ROUTE may have come */
	unlink(kit_file(&w.rig->kit, "incoming", 500));
	judge(&w, GOES_ON);
}

static void
test_cleanup_content_is_not_what_is_said(void **state)
{
	static const struct {
		const char *content;
		int more; /* than there is, says END */
	} cases[] = {
		{ PROOF_CONTENT, 1 },
		{ PROOF_CONTENT, -1 },
		{ "", 0 },
		{ "bare\nLF\r\n", 0 },
		{ "bare\rCR\r\n", 0 },
		{ "no end", 0 },
		{ "\r\n.\r\nMAIL FROM:<x>\r\n", 0 },
	};
	struct envelope env = kit_envelope(0);
	struct world w;

	(void)state;
	begin(&w, PROGRAM_CLEANUP, PROGRAM_SMTPD);
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct str content = str_of(cases[i].content);
		uint64_t size = content.n + (uint64_t)cases[i].more;
		uint32_t code;

		env.mid = 600 + i;
		code = say_message(&w, &env, content, size);
		/* an empty message is a message */
		if (code != 554 && content.n > 0)
			fail_msg("'%s': %u", cases[i].content, code);
		unlink(kit_file(&w.rig->kit, "incoming", env.mid));
	}
	judge(&w, GOES_ON);
}

/* What one peer says it will send leaves room for the others. */
static void
test_cleanup_enormous_promises(void **state)
{
	static const uint64_t sizes[] = { UINT64_MAX - 1, UINT64_MAX / 2 + 1,
		UINT64_C(1) << 40, UINT64_MAX, 0 };
	struct envelope env = kit_envelope(0);
	struct world w;

	(void)state;
	begin(&w, PROGRAM_CLEANUP, PROGRAM_SMTPD);
	for (uint32_t i = 0; i < NELEM(sizes); i++) {
		env.mid = 700 + i;
		env.max_size = sizes[i];
		rig_say(w.fd, IPC_ENVELOPE, i, &env, NULL, 0);
	}
	assert_false(rig_ended(w.fd, 100));
	assert_true(rig_works(w.rig));
	judge(&w, GOES_ON);
}

static void
test_ipc_03_cleanup_drafts_without_end(void **state)
{
	struct envelope env = kit_envelope(0);
	struct str content = STR(PROOF_CONTENT);
	struct world w;

	(void)state;
	begin(&w, PROGRAM_CLEANUP, PROGRAM_SMTPD);
	for (uint32_t i = 1; i <= 1200; i++) {
		env.mid = 10000 + i;
		rig_say(w.fd, IPC_ENVELOPE, 10 + i, &env, NULL, 0);
		rig_say_raw(w.fd, IPC_DATA, 10 + i, content);
	}
	env.mid = 20000;
	assert_int_equal(say_message(&w, &env, content, content.n), 451);
	judge(&w, GOES_ON);
}

/* One frame out of its order. */
static void
out_of_order(enum program_kind liar, enum ipc_type first, enum ipc_type second)
{
	struct envelope env = kit_envelope(800);
	struct str content = STR(PROOF_CONTENT);
	struct end_msg end = { .size = content.n };
	const enum ipc_type types[] = { first, second };
	struct world w;

	begin(&w, PROGRAM_CLEANUP, liar);
	env.flags = 0;
	for (size_t i = 0; i < NELEM(types); i++) {
		if (types[i] == IPC_ENVELOPE)
			rig_say(w.fd, IPC_ENVELOPE, 1, &env, NULL, 0);
		else if (types[i] == IPC_DATA)
			rig_say_raw(w.fd, IPC_DATA, 1, content);
		else if (types[i] == IPC_END)
			rig_say(w.fd, IPC_END, 1, &end, NULL, 0);
		else if (types[i] == IPC_RCPT_MORE)
			rig_say(w.fd, IPC_RCPT_MORE, 1,
			    &(struct rcpt_more){ { 0, NULL } }, NULL, 0);
	}
	if (w.rig->peers[liar] != -1)
		rig_connect(w.rig, liar);
	judge(&w, ENDS);
}

static void
test_cleanup_out_of_order(void **state)
{
	(void)state;
	out_of_order(PROGRAM_SMTPD, IPC_DATA, IPC_NONE);
	out_of_order(PROGRAM_SMTPD, IPC_END, IPC_NONE);
	out_of_order(PROGRAM_SMTPD, IPC_ENVELOPE, IPC_ENVELOPE);
	out_of_order(PROGRAM_SMTPD, IPC_ENVELOPE, IPC_RCPT_MORE);
	/* only notices come from qmgr */
	out_of_order(PROGRAM_QMGR, IPC_ENVELOPE, IPC_NONE);
}

/* --- cleanup and lookupd lie to smtpd --- */

static void
test_smtpd_answers_nobody_asked_for(void **state)
{
	struct accepted yes = {
		.code = 250, .status = STR("2.0.0"), .text = STR("ok")
	};
	struct world w;

	(void)state;
	begin(&w, PROGRAM_SMTPD, PROGRAM_CLEANUP);
	for (uint32_t txn = 0; txn < 20; txn++)
		rig_say(w.fd, IPC_ACCEPTED, txn, &yes, NULL, 0);
	judge(&w, GOES_ON);
}

/* 250 before the end, for what was not committed: never told to a client. */
static void
test_smtpd_accepted_too_early(void **state)
{
	struct accepted yes = {
		.code = 250, .status = STR("2.0.0"), .text = STR("ok")
	};
	struct envelope env;
	struct arena mem;
	struct heard h;
	struct world w;
	int client;

	(void)state;
	begin(&w, PROGRAM_SMTPD, PROGRAM_QMGR);
	arena_init(&mem, IPC_FRAME_MAX);
	client = proof_client(w.rig);
	assert_true(proof_greeted(w.rig, client));
	assert_true(
	    proof_write(client, "EHLO c.test\r\nMAIL FROM:<s@c.test>\r\n"
				"RCPT TO:<r@example.com>\r\nDATA\r\n"));
	assert_true(proof_line(client, "354 "));
	assert_true(proof_write(client, "Subject: x\r\n"));
	assert_true(rig_expect(
	    w.rig->peers[PROGRAM_CLEANUP], &h, IPC_ENVELOPE, &env, &mem));
	rig_say(w.rig->peers[PROGRAM_CLEANUP], IPC_ACCEPTED, h.f.txn, &yes,
	    NULL, 0);
	poll(NULL, 0, 100);
	assert_true(proof_write(client, "\r\nhello\r\n.\r\n"));
	assert_true(proof_line(client, "451 "));
	close(client);
	arena_free(&mem);
	judge(&w, GOES_ON);
}

/* Nothing of a lie about a name reaches the client or hurts the session. */
static void
test_smtpd_hostile_host_names(void **state)
{
	static const char *const names[] = { "", "a\r\n250 ok", "x y", "\377",
		".", "verified.test" };
	struct world w;

	(void)state;
	begin(&w, PROGRAM_SMTPD, PROGRAM_QMGR);
	for (size_t i = 0; i < NELEM(names); i++) {
		struct dns_rr rr = { .name = str_of(names[i]),
			.text = STR("") };
		struct answer a = { .kind = LOOKUP_HOST,
			.end = LOOKUP_FOUND,
			.host_class = i % 2 == 0 ? HOST_VERIFIED : 7,
			.reason = STR(""),
			.rrs = { 1, &rr } };
		int fd = w.rig->peers[PROGRAM_LOOKUPD];
		int client = proof_client(w.rig);
		struct query q;
		struct heard h;

		assert_true(rig_expect(fd, &h, IPC_QUERY, &q, NULL));
		rig_say(fd, IPC_ANSWER, h.f.txn + 1000, &a, NULL, 0);
		rig_say(fd, IPC_ANSWER, h.f.txn, &a, NULL, 0);
		rig_say(fd, IPC_ANSWER, h.f.txn, &a, NULL, 0);
		assert_true(proof_line(client, "220 "));
		close(client);
	}
	judge(&w, GOES_ON);
}

/* --- cleanup and smtp lie to qmgr --- */

static void
test_qmgr_message_that_is_not_there(void **state)
{
	struct rcpt to = proof_rcpt();
	struct message m = { .mid = 424242,
		.sender = STR(""),
		.listener = STR("nobody"),
		.bounce_profile = STR("none such"),
		.gateway = STR(""),
		.subject = STR(""),
		.envid = STR(""),
		.content_off = UINT32_MAX,
		.content_len = UINT64_MAX,
		.prepend = STR(""),
		.content = STR(""),
		.n_rcpts = 1,
		.rcpts = { 1, &to } };
	int other = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct world w;

	(void)state;
	begin(&w, PROGRAM_QMGR, PROGRAM_CLEANUP);
	rig_say(w.fd, IPC_MESSAGE, 0, &m, &other, 1);
	rig_say(w.fd, IPC_MESSAGE, 0, &m, &other, 1);
	close(other);
	/* the file has the recipients, it says */
	m.mid++;
	m.n_rcpts = RCPTS_MAX;
	rig_say(w.fd, IPC_MESSAGE, 0, &m, &w.rig->door, 1);
	/* and this one has no name any more */
	m.mid++;
	m.n_rcpts = 1;
	rig_say(w.fd, IPC_MESSAGE, 0, &m, &w.rig->stats_fd, 1);
	assert_true(proof_deliver(w.rig->peers[PROGRAM_SMTP], 424242));
	judge(&w, GOES_ON);
}

/* What would make the name of a destination another's: nobody but who says it
 * hears of it. */
static void
test_qmgr_names_that_are_none(void **state)
{
	static const struct {
		struct str gateway, rcpt;
	} cases[] = {
		{ { "\0", 1 }, { "r@a.test", 8 } },
		{ { "Bulk\0", 5 }, { "r@a.test", 8 } },
		{ { "Bulk\n1", 6 }, { "r@a.test", 8 } },
		{ { "", 0 }, { "r@a.test\nBulk\n0", 15 } },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct rcpt to = proof_rcpt();
		struct message m = { .mid = 424242,
			.sender = STR(""),
			.listener = STR("nobody"),
			.bounce_profile = STR(""),
			.gateway = cases[i].gateway,
			.subject = STR(""),
			.envid = STR(""),
			.content_off = 400,
			.prepend = STR(""),
			.content = STR(""),
			.n_rcpts = 1,
			.rcpts = { 1, &to } };
		struct world w;

		to.addr = cases[i].rcpt;
		begin(&w, PROGRAM_QMGR, PROGRAM_CLEANUP);
		rig_say(w.fd, IPC_MESSAGE, 0, &m, &w.rig->stats_fd, 1);
		judge(&w, ENDS);
	}
}

static void
test_qmgr_answer_to_no_notice(void **state)
{
	struct accepted yes = {
		.code = 250, .status = STR("2.0.0"), .text = STR("ok")
	};
	struct world w;

	(void)state;
	begin(&w, PROGRAM_QMGR, PROGRAM_CLEANUP);
	rig_say(w.fd, IPC_ACCEPTED, 77, &yes, NULL, 0);
	judge(&w, ENDS);
}

/* The liar has the only session, and the job; then its job is another's. */
static void
job_lie(uint64_t job_off, uint32_t rid_off, uint32_t txn_off, int times)
{
	struct session_up up = { 0 };
	struct session session;
	struct world w;
	struct arena mem;
	struct heard h;
	struct job job;
	uint64_t mid;

	begin(&w, PROGRAM_QMGR, PROGRAM_SMTP);
	arena_init(&mem, IPC_FRAME_MAX);
	close(w.rig->peers[PROGRAM_SMTP]);
	w.rig->peers[PROGRAM_SMTP] = -1;
	mid = ++w.rig->mid;
	kit_mail(&w.rig->kit, mid, 500, true);
	assert_true(proof_message(
	    w.rig, w.rig->peers[PROGRAM_CLEANUP], mid, "r@lie.test"));
	assert_true(rig_expect(w.fd, &h, IPC_SESSION, &session, NULL));
	rig_say(w.fd, IPC_SESSION_UP, h.f.txn, &up, NULL, 0);
	assert_true(rig_expect(w.fd, &h, IPC_JOB, &job, &mem));
	assert_int_equal(job.mid, mid);
	((struct job_rcpt *)job.rcpts.v)->rid += rid_off;
	job.job += job_off;
	for (int i = 0; i < times; i++)
		proof_done(w.fd, h.f.txn + txn_off, &job);
	arena_free(&mem);
	assert_true(rig_ended(w.fd, PATIENCE_MS));
	rig_connect(w.rig, PROGRAM_SMTP);
	if (times == 1) /* it was not delivered: another worker does it */
		assert_true(proof_deliver(w.rig->peers[PROGRAM_SMTP], mid));
	assert_true(proof_gone(w.rig, mid));
	judge(&w, ENDS);
}

static void
test_ipc_04_qmgr_results_of_other_jobs(void **state)
{
	(void)state;
	job_lie(1, 0, 0, 1);
	job_lie(0, 1, 0, 1);
	job_lie(0, 0, 1, 1);
	job_lie(0, 0, 0, 2); /* right, but twice */
}

static void
test_qmgr_sessions_that_are_not(void **state)
{
	struct session_up up = { 0 };
	struct session_down down = { .status = STR(""), .text = STR("") };
	struct world w;

	(void)state;
	begin(&w, PROGRAM_QMGR, PROGRAM_SMTP);
	rig_say(w.fd, IPC_SESSION_UP, 77, &up, NULL, 0);
	judge(&w, ENDS);
	begin(&w, PROGRAM_QMGR, PROGRAM_SMTP);
	rig_say(w.fd, IPC_SESSION_DOWN, 1, &down, NULL, 0);
	judge(&w, ENDS);
}

/* --- qmgr lies to smtp --- */

static void
begin_smtp(struct world *w)
{
	w->rig = rig_start(PROGRAM_SMTP);
	rig_measure(w->rig);
	w->fd = w->rig->peers[PROGRAM_QMGR];
	w->rig->peers[PROGRAM_QMGR] = -1;
}

static void
judge_smtp(struct world *w, int expected)
{
	struct session_quit quit = { 0 };

	if (expected == ENDS)
		assert_true(rig_ended(w->fd, PATIENCE_MS));
	rig_connect(w->rig, PROGRAM_QMGR);
	assert_true(rig_works(w->rig));
	/* there is a new one: the liar has nothing to say any more */
	rig_say(w->fd, IPC_SESSION_QUIT, 1, &quit, NULL, 0);
	judge(w, ENDS);
}

static void
test_smtp_same_session_twice(void **state)
{
	struct session s;
	struct world w;

	(void)state;
	begin_smtp(&w);
	s = proof_session(w.rig);
	rig_say(w.fd, IPC_SESSION, 1, &s, NULL, 0);
	rig_say(w.fd, IPC_SESSION, 1, &s, NULL, 0);
	close(accept4(w.rig->door, NULL, NULL, SOCK_CLOEXEC));
	judge_smtp(&w, ENDS);
}

static void
test_smtp_job_beyond_its_file(void **state)
{
	struct job_rcpt to = { .addr = STR("r@example.com"), .orcpt = STR("") };
	struct job job = { .job = 1,
		.sender = STR("s@c.test"),
		.envid = STR(""),
		.content_off = 3000000000u,
		.content_len = UINT64_MAX,
		.prepend = STR(""),
		.rcpts = { 1, &to } };
	struct session_down down;
	struct session_up up;
	struct session s;
	struct world w;
	struct heard h;
	int server;

	(void)state;
	begin_smtp(&w);
	s = proof_session(w.rig);
	rig_say(w.fd, IPC_JOB, 99, &job, &w.rig->stats_fd, 1); /* of none */
	rig_say(w.fd, IPC_SESSION, 1, &s, NULL, 0);
	server = accept4(w.rig->door, NULL, NULL, SOCK_CLOEXEC);
	assert_true(proof_server(server));
	assert_true(rig_expect(w.fd, &h, IPC_SESSION_UP, &up, NULL));
	rig_say(w.fd, IPC_JOB, 1, &job, &w.rig->stats_fd, 1);
	assert_true(
	    proof_line(server, "MAIL ") && proof_write(server, "250 ok\r\n") &&
	    proof_line(server, "RCPT ") && proof_write(server, "250 ok\r\n") &&
	    proof_line(server, "DATA") && proof_write(server, "354 go\r\n"));
	assert_true(rig_expect(w.fd, &h, IPC_SESSION_DOWN, &down, NULL));
	assert_int_equal(down.reason, SESSION_LOCAL);
	close(server);
	judge_smtp(&w, GOES_ON);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cleanup_mid_used_already),
		cmocka_unit_test(test_cleanup_content_is_not_what_is_said),
		cmocka_unit_test(test_cleanup_enormous_promises),
		cmocka_unit_test(test_ipc_03_cleanup_drafts_without_end),
		cmocka_unit_test(test_cleanup_out_of_order),
		cmocka_unit_test(test_smtpd_answers_nobody_asked_for),
		cmocka_unit_test(test_smtpd_accepted_too_early),
		cmocka_unit_test(test_smtpd_hostile_host_names),
		cmocka_unit_test(test_qmgr_message_that_is_not_there),
		cmocka_unit_test(test_qmgr_names_that_are_none),
		cmocka_unit_test(test_qmgr_answer_to_no_notice),
		cmocka_unit_test(test_ipc_04_qmgr_results_of_other_jobs),
		cmocka_unit_test(test_qmgr_sessions_that_are_not),
		cmocka_unit_test(test_smtp_same_session_twice),
		cmocka_unit_test(test_smtp_job_beyond_its_file),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
