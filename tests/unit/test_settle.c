/*
 * test_settle.c - what comes out of a message is carried out
 *
 * The stages are made up: each test decides about the message itself.
 */
#include "workqueue_rig.h"

#include "pipeline/work.h"

#define FIRST 1000
#define HEAD  "From: a@a.test\r\nSubject: one\r\nTo: b@b.test\r\n\r\n"
#define BODY  "hello\r\n"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- {name: In, type: public, interface: Net, rat: [example.org]}\n";

static struct wq_rig rig;
static struct knowledge known;
static enum work_answer (*decide)(struct work *, struct needs *);

enum work_answer __wrap_work_continue(struct work_run *, struct needs *);

enum work_answer
__wrap_work_continue(struct work_run *run, struct needs *needs)
{
	struct work *w = &run->results->work;

	needs->mem = run->mem;
	if (w->origin->notice ||
	    (w->origin->mid != FIRST && w->origin->generation == 0))
		w->end = WORK_DELIVER;
	else if (decide(w, needs) == WORK_NEEDS)
		return WORK_NEEDS;
	return WORK_DONE;
}

static int
set_up(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof(rig));
	memset(&known, 0, sizeof(known));
	kit_make(&rig.kit, "/dev/shm");
	rig_start(&rig, yaml, false, &known);
	rig_connect(&rig);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rig_stop(&rig);
	kit_close(&rig.kit);
	return 0;
}

static void
bring(uint64_t mid, const char *content)
{
	struct envelope e = kit_envelope(mid);

	e.listener = STR("In");
	rig_bring(&rig, &e, str_of(content), NULL);
}

static void work(enum work_answer (*how)(struct work *, struct needs *))
{
	decide = how;
	bring(FIRST, HEAD BODY);
	rig_run(&rig);
}

static uint64_t
counter(enum stats_counter c)
{
	return stats_sum(rig.daemon.stats, c);
}

/* What would be delivered of a message, behind our Received lines. */
static const char *
content_of(uint64_t mid)
{
	static char text[4096];
	struct err err = ERR_INIT;
	struct qmessage m;
	struct arena mem;
	size_t n;
	int fd;

	fd = spool_open_mid(rig.kit.spool, QUEUE_INCOMING, mid, O_RDONLY, &err);
	if (fd == -1)
		fail_msg("%s", err.text);
	arena_init(&mem, QUEUE_READ_MEM);
	assert_int_equal(qmessage_read(&m, fd, true, &mem, &err), QREAD_MAIL);
	n = (size_t)snprintf(
	    text, sizeof(text), "%.*s", STR_ARG(m.route.prepend));
	assert_int_equal(
	    pread(fd, text + n, m.content_len, m.content_off), m.content_len);
	text[n + m.content_len] = '\0';
	arena_free(&mem);
	close(fd);
	if (strncmp(text, "Received:", 9) != 0)
		return text;
	return strchr(strchr(text, '\n') + 1, '\n') + 1;
}

static bool
is_there(uint64_t mid)
{
	return access(kit_file(&rig.kit, "incoming", mid), F_OK) == 0;
}

static void
logged(const char *line)
{
	if (strstr(rig.log, line) == NULL)
		fail_msg("not in the log: %s\n%s", line, rig.log);
}

/* --- one message stays one --- */

static enum work_answer
edit_header(struct work *w, struct needs *needs)
{
	(void)needs;
	work_set_header(w,
	    STR("From: a@a.test\r\nSubject: two\r\nTo: b@b.test\r\n"
		"X-New: yes\r\n\r\n"),
	    false);
	w->end = WORK_DELIVER;
	return WORK_DONE;
}

static void
test_a_header_edit_keeps_the_file(void **state)
{
	(void)state;
	work(edit_header);
	assert_int_equal(known.n, 1);
	assert_int_equal(known.v[0].mid, FIRST);
	assert_int_equal(known.v[0].n_rcpts, 3);
	assert_string_equal(content_of(FIRST),
	    "From: a@a.test\r\nSubject: two\r\nTo: b@b.test\r\n"
	    "X-New: yes\r\n\r\n" BODY);
}

static enum work_answer
redirect(struct work *w, struct needs *needs)
{
	(void)needs;
	w->alt_mailhost = STR("192.0.2.5");
	w->spam_tagged = true;
	w->mail_policy = STR("P");
	w->bounce_profile = STR("B");
	w->end = WORK_DELIVER;
	return WORK_DONE;
}

static void
test_decisions_reach_qmgr(void **state)
{
	(void)state;
	work(redirect);
	assert_int_equal(known.n, 1);
	assert_string_equal(known.v[0].host, "[192.0.2.5]");
	assert_string_equal(known.v[0].policy, "P");
	/* who is told where to go goes there */
	assert_false(known.v[0].tagged);
	logged("MID 1000 queued for delivery\n");
}

/* --- it becomes another --- */

static enum work_answer
rewrite(struct work *w, struct needs *needs)
{
	static const struct work_rcpt other = { { "x@y.test", 8 }, WORK_NEW };

	(void)needs;
	work_set_body(w, STR(".leading dot\r\nno line end"));
	w->rcpts = &other;
	w->n_rcpts = 1;
	work_note(w, WN_REWRITTEN)->text = STR("add-footer filter 'f'");
	work_note(w, WN_REWRITTEN)->text = STR("alt-rcpt-to-filter filter 'g'");
	work_hold(w, (struct work_hold){
			 .quarantine = STR("Q"), .reason = STR("filter:g") });
	w->end = WORK_DELIVER;
	return WORK_DONE;
}

static void
test_a_rewritten_message_has_a_file_of_its_own(void **state)
{
	(void)state;
	work(rewrite);
	assert_int_equal(known.n, 1);
	assert_int_equal(known.v[0].mid, FIRST + 2);
	assert_int_equal(known.v[0].n_rcpts, 1);
	assert_string_equal(known.v[0].rcpt, "x@y.test");
	assert_string_equal(known.v[0].hold, "Q");
	assert_false(is_there(FIRST));
	assert_string_equal(
	    content_of(FIRST + 2), HEAD "..leading dot\r\nno line end\r\n");
	logged("MID 1000 rewritten to 1001 by add-footer filter 'f'\n"
	       "MID 1001 rewritten to 1002 by alt-rcpt-to-filter filter 'g'\n"
	       "Message finished MID 1001 done\n");
	logged("Message finished MID 1000 done\n");
	/* it is held: whoever does that says so */
	assert_null(strstr(rig.log, "queued for delivery"));
}

/* --- copies --- */

static void
copy(struct work *w, enum copy_kind kind, const char *by)
{
	static const struct str to = { "boss@c.test", 11 };

	work_copy(w, (struct work_copy){ .kind = kind,
			 .by = str_of(by),
			 .sender = STR("me@a.test"),
			 .rcpts = &to,
			 .n_rcpts = 1,
			 .msg = w->msg,
			 .alt_host = STR("") });
}

static enum work_answer
make_copy(struct work *w, struct needs *needs)
{
	(void)needs;
	copy(w, COPY_BCC, "bcc filter 'b'");
	w->end = WORK_DELIVER;
	return WORK_DONE;
}

static void
test_a_copy_goes_beside_it(void **state)
{
	(void)state;
	work(make_copy);
	assert_int_equal(known.n, 2);
	assert_int_equal(known.v[0].mid, FIRST + 1);
	assert_string_equal(known.v[0].rcpt, "boss@c.test");
	assert_string_equal(known.v[0].sender, "me@a.test");
	assert_int_equal(known.v[1].mid, FIRST);
	assert_int_equal(known.v[1].n_rcpts, 3);
	assert_string_equal(content_of(FIRST + 1), HEAD BODY);
	logged("MID 1001 generated based on MID 1000 by bcc filter 'b'\n"
	       "MID 1001 ICID 0 From: <me@a.test>\n"
	       "MID 1001 ICID 0 RID 0 To: <boss@c.test>\n");
}

static enum work_answer
notify(struct work *w, struct needs *needs)
{
	struct msg was = w->msg;

	(void)needs;
	w->msg.header = STR("Subject: look\r\n\r\n");
	w->msg.body = STR("a message came\r\n");
	copy(w, COPY_NOTIFY, "notify filter 'n'");
	w->msg = was;
	w->end = WORK_DELIVER;
	return WORK_DONE;
}

static void
test_a_notice_comes_from_nowhere(void **state)
{
	(void)state;
	work(notify);
	assert_int_equal(known.n, 2);
	assert_string_equal(
	    content_of(FIRST + 1), "Subject: look\r\n\r\na message came\r\n");
	assert_string_equal(content_of(FIRST), HEAD BODY);
}

static enum work_answer
bounce(struct work *w, struct needs *needs)
{
	(void)needs;
	work_hold(w, (struct work_hold){ .quarantine = STR("Q") });
	work_note(w, WN_ENDED)->text = STR("filter 'b'");
	w->end = WORK_BOUNCE;
	return WORK_DONE;
}

/* qmgr makes the notice, whatever else had been planned. */
static void
test_a_bounced_message_goes_back(void **state)
{
	(void)state;
	work(bounce);
	assert_int_equal(known.n, 1);
	assert_int_equal(known.v[0].mid, FIRST);
	assert_true(known.v[0].refused);
	assert_string_equal(known.v[0].hold, "");
	logged("Message aborted MID 1000 Bounced by filter 'b'\n");
	assert_null(strstr(rig.log, "queued for delivery"));
}

static enum work_answer
drop(struct work *w, struct needs *needs)
{
	(void)needs;
	work_note(w, WN_ENDED)->text = STR("filter 'd'");
	w->end = WORK_DROP;
	return WORK_DONE;
}

static void
test_a_dropped_message_is_gone(void **state)
{
	(void)state;
	work(drop);
	assert_int_equal(known.n, 0);
	assert_false(is_there(FIRST));
	assert_int_equal(counter(STATS_dropped_messages), 1);
	logged("Message aborted MID 1000 Dropped by filter 'd'\n"
	       "Message finished MID 1000 done\n");
}

/* A copy of a copy of a copy. */
static enum work_answer
scan_again(struct work *w, struct needs *needs)
{
	(void)needs;
	copy(w, COPY_BCC_SCAN, "bcc-scan filter 's'");
	work_note(w, WN_ENDED)->text = STR("filter 's'");
	w->end = WORK_DROP;
	return WORK_DONE;
}

static void
test_lop_05_copies_of_copies_end(void **state)
{
	(void)state;
	work(scan_again);
	assert_int_equal(known.n, 0);
	assert_int_equal(counter(STATS_dropped_messages), 26);
	assert_false(is_there(FIRST + 25));
	logged("MID 1025 generated based on MID 1024");
	logged("copies of copies");
}

static enum work_answer
many_copies(struct work *w, struct needs *needs)
{
	(void)needs;
	for (int i = 0; i < 150; i++)
		copy(w, COPY_NOTIFY, "notify filter 'n'");
	w->end = WORK_DROP;
	return WORK_DONE;
}

static void
test_flt_06_number_of_copies(void **state)
{
	(void)state;
	decide = many_copies;
	bring(FIRST, HEAD BODY);
	/* qmgr's notes end at 40 */
	ipc_pause(rig.at_qmgr, true);
	rig_run(&rig);
	assert_true(is_there(FIRST + 100));
	assert_false(is_there(FIRST + 101));
	assert_false(is_there(FIRST));
}

static enum work_answer
bad_address(struct work *w, struct needs *needs)
{
	static const struct str to = { "a@b.test>\r\nDATA", 15 };

	(void)needs;
	work_copy(w, (struct work_copy){ .kind = COPY_BCC,
			 .by = STR("bcc filter 'b'"),
			 .sender = STR(""),
			 .rcpts = &to,
			 .n_rcpts = 1,
			 .msg = w->msg,
			 .alt_host = STR("") });
	w->end = WORK_DELIVER;
	return WORK_DONE;
}

static void
test_hdr_02_a_copy_to_no_address_is_not_made(void **state)
{
	(void)state;
	work(bad_address);
	assert_int_equal(known.n, 1);
	assert_int_equal(known.v[0].mid, FIRST);
	logged("MID 1000: a copy to or from what is no address is not made");
}

/* --- waiting for facts --- */

static enum work_answer
need_list(struct work *w, struct needs *needs)
{
	const struct fact_answer *a =
	    fact_find(w->facts, FACT_DNSLIST, STR("list.test"));

	if (a == NULL) {
		fact_need(needs, FACT_DNSLIST, STR("list.test"));
		return WORK_NEEDS;
	}
	w->mail_policy = a->meta.state == FACT_FAILED ? STR("failed")
			 : a->number == LIST_HAS      ? STR("listed")
						      : STR("not listed");
	w->end = WORK_DELIVER;
	return WORK_DONE;
}

static struct lookupd {
	struct ipc *here, *there;
	const struct ipc_handler *handler;
	void *arg;
	unsigned n;
	uint32_t txn;
} lookupd;

static int
at_asker(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)arg;
	return lookupd.handler->frame(lookupd.arg, ipc, f, err);
}

static int
at_lookupd(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct query q;

	(void)arg, (void)ipc;
	if (ipc_decode(f, &q, NULL, err) == -1)
		return -1;
	lookupd.n++;
	lookupd.txn = f->txn;
	return 0;
}

static void
connect_lookupd(void)
{
	static const struct ipc_handler there = { at_lookupd, rig_closed,
		NULL };
	static const struct ipc_handler late = { at_asker, rig_closed, NULL };
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	lookupd.there = ipc_new(rig.kit.loop, ends[0], "cleanup", &there, NULL);
	ipc_accept(lookupd.there, IPC_QUERY);
	lookupd.here = ipc_new(rig.kit.loop, ends[1], "lookupd", &late, NULL);
	ipc_accept(lookupd.here, IPC_ANSWER);
	lookupd.handler =
	    asker_connect(rig.cleanup.asker, lookupd.here, &lookupd.arg);
}

static void
turns(int n)
{
	struct loop_timer *turn = loop_timer(rig.kit.loop, rig_turn, &rig);

	while (n-- > 0) {
		loop_timer_in(turn, 1);
		loop_run(rig.kit.loop);
	}
	loop_timer_free(&turn);
}

/* Its answer: in the list. */
static void
say_listed(void)
{
	struct answer a = { .kind = LOOKUP_DNSLIST,
		.end = LOOKUP_FOUND,
		.list = LIST_HAS,
		.reason = STR("") };

	ipc_send(lookupd.there, IPC_ANSWER, lookupd.txn, &a);
}

static void
wait_for_question(void)
{
	lookupd.n = 0;
	decide = need_list;
	bring(FIRST, HEAD BODY);
	bring(FIRST + 1, HEAD BODY); /* which lacks nothing */
	for (int i = 0; i < 5000 && known.n == 0; i++)
		turns(1);
	assert_int_equal(known.n, 1);
	assert_int_equal(known.v[0].mid, FIRST + 1);
}

static void
end_lookupd(void)
{
	ipc_free(&lookupd.here);
	ipc_free(&lookupd.there);
}

static void
test_others_go_on_while_one_waits(void **state)
{
	(void)state;
	connect_lookupd();
	wait_for_question();
	for (int i = 0; i < 5000 && lookupd.n == 0; i++)
		turns(1);
	say_listed();
	rig_run(&rig);
	assert_int_equal(known.n, 2);
	assert_int_equal(known.v[1].mid, FIRST);
	assert_string_equal(known.v[1].policy, "listed");
	end_lookupd();
}

static void
test_questions_outlive_lookupd(void **state)
{
	(void)state;
	wait_for_question(); /* and nobody is there to be asked */
	connect_lookupd();
	for (int i = 0; i < 5000 && lookupd.n == 0; i++)
		turns(1);
	assert_int_equal(lookupd.n, 1);
	/* it dies; the next one is asked again */
	lookupd.handler->closed(lookupd.arg, lookupd.here, NULL);
	end_lookupd();
	connect_lookupd();
	for (int i = 0; i < 5000 && lookupd.n == 1; i++)
		turns(1);
	assert_int_equal(lookupd.n, 2);
	say_listed();
	rig_run(&rig);
	assert_string_equal(known.v[1].policy, "listed");
	end_lookupd();
}

static void
test_a_question_has_its_time(void **state)
{
	(void)state;
	wait_for_question();
	asker_tick(rig.cleanup.asker, loop_now(rig.kit.loop));
	turns(3);
	assert_int_equal(known.n, 1);
	asker_tick(rig.cleanup.asker, loop_now(rig.kit.loop) + 3600000);
	rig_run(&rig);
	assert_int_equal(known.n, 2);
	assert_string_equal(known.v[1].policy, "failed");
}

static enum work_answer
count_repeats(struct work *w, struct needs *needs)
{
	const struct fact_answer *a =
	    fact_find(w->facts, FACT_REPEATS, STR("subject one"));

	if (a == NULL) {
		fact_need(needs, FACT_REPEATS, STR("subject one"));
		fact_need(needs, FACT_RANDOM, STR("1"));
		fact_need(needs, FACT_WORK_QUEUE, STR(""));
		fact_need(needs, FACT_LDAP_GROUP, STR("g a@a.test"));
		return WORK_NEEDS;
	}
	assert_int_equal(a->number, 0);
	assert_non_null(fact_find(w->facts, FACT_RANDOM, STR("1")));
	a = fact_find(w->facts, FACT_WORK_QUEUE, STR(""));
	assert_int_equal(a->number, 1);
	a = fact_find(w->facts, FACT_LDAP_GROUP, STR("g a@a.test"));
	assert_int_equal(a->meta.state, FACT_FAILED);
	w->end = WORK_DELIVER;
	return WORK_DONE;
}

static void
test_facts_that_are_here(void **state)
{
	(void)state;
	work(count_repeats);
	assert_int_equal(known.n, 1);
}

/* --- waiting for a scanner --- */

static enum work_answer
scanner_is_away(struct work *w, struct needs *needs)
{
	static unsigned times;
	struct work_note *n;

	(void)needs;
	n = work_note(w, WN_SPAM);
	n->name = STR("rspamd");
	n->number = SPAM_LATER;
	work_copy(w, (struct work_copy){ .kind = COPY_BCC,
			 .by = STR("bcc filter 'b'"),
			 .sender = STR(""),
			 .rcpts = &w->rcpts[0].addr,
			 .n_rcpts = 1,
			 .msg = w->msg,
			 .alt_host = STR("") });
	w->end = times++ % 2 == 0 ? WORK_LATER : WORK_DELIVER;
	return WORK_DONE;
}

/* Nothing of it is done until then, and all of it once. */
static void
test_a_message_waits_for_a_scanner(void **state)
{
	(void)state;
	decide = scanner_is_away;
	bring(FIRST, HEAD BODY);
	turns(20);
	assert_int_equal(known.n, 0);
	assert_true(is_there(FIRST));
	assert_null(strstr(rig.log, "generated"));
	logged("MID 1000 using engine: rspamd unavailable, tried again later");
	/* people can spare it the minute */
	workqueue_pause(rig.cleanup.workqueue, false);
	rig_run(&rig);
	assert_int_equal(known.n, 2);
	assert_int_equal(known.v[0].mid + known.v[1].mid, 2 * FIRST + 1);
}

int
main(void)
{
#define RIGGED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		RIGGED(test_a_header_edit_keeps_the_file),
		RIGGED(test_decisions_reach_qmgr),
		RIGGED(test_a_rewritten_message_has_a_file_of_its_own),
		RIGGED(test_a_copy_goes_beside_it),
		RIGGED(test_a_notice_comes_from_nowhere),
		RIGGED(test_a_bounced_message_goes_back),
		RIGGED(test_a_dropped_message_is_gone),
		RIGGED(test_lop_05_copies_of_copies_end),
		RIGGED(test_flt_06_number_of_copies),
		RIGGED(test_hdr_02_a_copy_to_no_address_is_not_made),
		RIGGED(test_a_message_waits_for_a_scanner),
		RIGGED(test_others_go_on_while_one_waits),
		RIGGED(test_questions_outlive_lookupd),
		RIGGED(test_a_question_has_its_time),
		RIGGED(test_facts_that_are_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
