/*
 * test_masquerade.c - masquerading (spec receiving 6.3), and what else is
 * decided in the work queue: Message-ID, Received, what is sent in place of
 * the header
 */
#include "pipeline/enqueue.h"
#include "tests/unit/pipeline_world.h"

static const char yaml[] =
    "hostname: mail3.example.com\n"
    "interfaces:\n"
    "- {name: Net, ip: 192.0.2.10, hostname: mx.example.com}\n"
    "- {name: Two, ip: 192.0.2.11, hostname: two.example.com}\n"
    "- {name: Three, ip: 192.0.2.12}\n"
    "- {name: Four, ip: 192.0.2.13}\n"
    "interface_groups: [{name: Both, members: [Two, Three]}]\n"
    "listeners:\n"
    "- name: In\n"
    "  type: public\n"
    "  interface: Net\n"
    "  masquerade: {table: simple, envelope_sender: yes, from: no,\n"
    "    reply_to: yes}\n"
    "- name: Out\n"
    "  type: private\n"
    "  interface: Net\n"
    "  port: 26\n"
    "  addresses: {parser: loose, allow_partial: yes, "
    "reject_characters: \"\"}\n"
    "  masquerade: {table: masquerade, envelope_sender: yes}\n"
    "  hat: {groups: [{name: ALL, policy: $RELAYED}]}\n"
    "- name: Headers\n"
    "  type: private\n"
    "  interface: Three\n"
    "  masquerade: masquerade\n";

static const struct world_file files[] = {
	{ "tables/simple", "@.int.example.com @example.com\n" },
	{ "tables/masquerade",
	    "ALL @default.example.com\n"
	    "boss the.boss@example.com\n"
	    "joe@int.example.com joe.blogs@example.com\n"
	    "joe@late.test early@example.com\n"
	    "@int.example.com, @.int.example.com @example.com # ours\n"
	    "@late.test @example.com\n"
	    "ben@late.test late@example.com\n"
	    "@example.com @twice.example.com\n" },
};

/* --- 6.3: masquerading --- */

static const struct {
	const char *why, *addr, *want;
} masqueraded[] = {
	{ "user, in any domain", "boss@elsewhere.test",
	    "the.boss@example.com" },
	{ "user, bare", "boss", "the.boss@example.com" },
	{ "user@domain", "joe@int.example.com", "joe.blogs@example.com" },
	{ "whatever the case", "JOE@Int.Example.Com", "joe.blogs@example.com" },
	{ "@domain keeps the user", "Mary@int.example.com",
	    "Mary@example.com" },
	{ "@.domain: below it", "mary@eng.int.example.com",
	    "mary@example.com" },
	{ "@.domain: far below it", "mary@a.b.int.example.com",
	    "mary@example.com" },
	{ "in the order of the table", "joe@late.test", "early@example.com" },
	{ "also when the better fit comes later", "ben@late.test",
	    "ben@example.com" },
	{ "once only", "x@example.com", "x@twice.example.com" },
	{ "ALL: bare addresses, last of all", "mary",
	    "mary@default.example.com" },
	{ "ALL: no others", "mary@elsewhere.test", "mary@elsewhere.test" },
	{ "the null sender never", "", "" },
	{ "quoted user", "\"a@b\"@int.example.com", "\"a@b\"@example.com" },
	{ "a literal", "mary@[192.0.2.1]", "mary@[192.0.2.1]" },
};

static void
test_masquerade_of_the_sender(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(masqueraded); i++) {
		const struct note *n;
		struct world w;

		world_begin(&w, config, "Out");
		w.subject.policy = w.subject.listener->hat.policies;
		w.subject.addr_text =
		    str_of(arena_printf(&w.mem, "<%s>", masqueraded[i].addr));
		assert_int_equal(world_run(&w, AT_MAIL), PIPELINE_DONE);
		/* it is said, and not done yet */
		n = world_note(&w, NOTE_MASQUERADE);
		if (!str_is(n->to, masqueraded[i].want) ||
		    !str_eq_nocase(
			w.subject.sender, str_of(masqueraded[i].addr)))
			fail_msg(
			    "%s: %.*s", masqueraded[i].why, STR_ARG(n->to));
		w.subject.header = STR("");
		w.subject.message_id = STR("<x>");
		assert_int_equal(world_run(&w, AT_WORK), PIPELINE_DONE);
		if (!str_is(w.subject.sender, masqueraded[i].want))
			fail_msg("%s: %.*s in the end", masqueraded[i].why,
			    STR_ARG(w.subject.sender));
		assert_int_equal(w.n_notes, 0);
		world_end(&w);
	}
}

static void
test_the_sender_stays_where_it_is_not_wished(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, config, "Headers");
	w.subject.policy = w.subject.listener->hat.policies;
	w.subject.addr_text = STR("<joe@int.example.com>");
	assert_int_equal(world_run(&w, AT_MAIL), PIPELINE_DONE);
	assert_null(world_note(&w, NOTE_MASQUERADE));
	w.subject.header = STR("From: joe@int.example.com\r\n\r\n");
	w.subject.header_kept = w.subject.header.n;
	w.subject.message_id = STR("<x>");
	assert_int_equal(world_run(&w, AT_WORK), PIPELINE_DONE);
	assert_true(str_is(w.subject.sender, "joe@int.example.com"));
	assert_true(
	    str_is(w.subject.header, "From: joe.blogs@example.com\r\n\r\n"));
	world_end(&w);
}

/* 8-bit characters come in only where the client speaks of them. */
static void
test_masquerade_and_smtputf8(void **state)
{
	static const char small[] =
	    "hostname: a.test\ninterfaces: [{name: N, ip: 192.0.2.1}]\n"
	    "listeners: [{name: L, type: private, interface: N,\n"
	    "  masquerade: {table: m, envelope_sender: yes}}]\n";
	static const struct world_file file = { "tables/m",
		"joe@a.test j\xc3\xb6@a.test\n@b.test @c.test\n" };
	static const struct {
		const char *sender, *want;
		bool utf8;
	} table[] = {
		{ "joe@a.test", "joe@a.test", false },
		{ "joe@a.test", "j\xc3\xb6@a.test", true },
		{ "j\xc3\xb6@b.test", "j\xc3\xb6@c.test", true },
		{ "j\xc3\xb6@b.test", "j\xc3\xb6@c.test", false },
	};
	struct config *cf = world_config_with(small, &file, 1);

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct world w;

		world_begin(&w, cf, "L");
		w.subject.sender = str_of(table[i].sender);
		w.subject.smtputf8 = table[i].utf8;
		w.subject.message_id = STR("<x>");
		w.subject.header = STR("");
		assert_int_equal(world_run(&w, AT_WORK), PIPELINE_DONE);
		if (!str_is(w.subject.sender, table[i].want))
			fail_msg("%zu: %.*s", i, STR_ARG(w.subject.sender));
		world_end(&w);
	}
	config_unref(&cf);
}

/* --- headers --- */

static const struct {
	const char *why, *listener, *in, *want;
	size_t kept;
	const char *notes; /* "From a b, To c d" */
} headers[] = {
	{ "From, To, Cc", "Out",
	    "From: Joe <joe@int.example.com>\r\n"
	    "To: a@x.test, boss\r\nCC: (hi) m@a.int.example.com\r\n"
	    "Subject: joe@int.example.com\r\n\r\n",
	    "From: Joe <joe.blogs@example.com>\r\n"
	    "To: a@x.test, the.boss@example.com\r\n"
	    "CC: (hi) m@example.com\r\n"
	    "Subject: joe@int.example.com\r\n\r\n",
	    32,
	    "From joe@int.example.com joe.blogs@example.com, "
	    "To boss the.boss@example.com, "
	    "Cc m@a.int.example.com m@example.com" },
	{ "no change", "Out", "From: a@x.test\r\nTo: b@y.test\r\n\r\n",
	    "From: a@x.test\r\nTo: b@y.test\r\n\r\n", 32, "" },
	{ "not Reply-To, Sender, Bcc, X-From, Resent-To", "Out",
	    "Reply-To: boss\r\nSender: boss\r\nBcc: boss\r\nX-From: boss\r\n"
	    "Resent-To: boss\r\n\r\n",
	    "Reply-To: boss\r\nSender: boss\r\nBcc: boss\r\nX-From: boss\r\n"
	    "Resent-To: boss\r\n\r\n",
	    74, "" },
	{ "Reply-To when wished, From when not", "In",
	    "From: m@a.int.example.com\r\nReply-To: m@a.int.example.com\r\n",
	    "From: m@a.int.example.com\r\nReply-To: m@example.com\r\n", 0,
	    "Reply-To m@a.int.example.com m@example.com" },
	{ "each of several fields", "Out",
	    "To: boss\r\nA: b\r\nTo: joe@int.example.com\r\nB: c\r\n\r\n",
	    "To: the.boss@example.com\r\nA: b\r\n"
	    "To: joe.blogs@example.com\r\nB: c\r\n\r\n",
	    8,
	    "To boss the.boss@example.com, "
	    "To joe@int.example.com joe.blogs@example.com" },
	{ "folded", "Out",
	    "To: \"Blogs, Joe\"\r\n\t<joe\r\n @int.example.com>,\r\n x@y.test"
	    "\r\n\r\n",
	    "To: \"Blogs, Joe\"\r\n\t<joe.blogs\r\n @example.com>,\r\n "
	    "x@y.test\r\n\r\n",
	    2, "To joe@int.example.com joe.blogs@example.com" },
	{ "unparsable: left alone", "Out",
	    "From: Joe Blogs\r\nTo: boss\r\nCc: <boss\r\n\r\n",
	    "From: Joe Blogs\r\nTo: the.boss@example.com\r\nCc: <boss\r\n\r\n",
	    13, "To boss the.boss@example.com" },
	{ "not behind the header", "Out", "A: b\r\nno field\r\nTo: boss\r\n",
	    "A: b\r\nno field\r\nTo: boss\r\n", 26, "" },
	{ "stuffed dots stay", "Out", "..A: b\r\nTo: boss\r\n\r\n",
	    "..A: b\r\nTo: the.boss@example.com\r\n\r\n", 2,
	    "To boss the.boss@example.com" },
	{ "ALL completes", "Out", "To: Mary <mary>\r\n\r\n",
	    "To: Mary <mary@default.example.com>\r\n\r\n", 2,
	    "To mary mary@default.example.com" },
};

static void
test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(headers); i++) {
		struct world w;
		struct buf got;

		buf_init(&got, 1 << 16);
		buf_puts(&got, "");
		world_begin(&w, config, headers[i].listener);
		w.subject.sender = STR("");
		w.subject.header = str_of(headers[i].in);
		w.subject.header_kept = w.subject.header.n;
		w.subject.message_id = STR("<x>");
		assert_true(pipeline_reads_header(&w.subject));
		assert_int_equal(world_run(&w, AT_WORK), PIPELINE_DONE);
		for (size_t k = 0; k < w.n_notes; k++)
			buf_printf(&got, "%s%.*s %.*s %.*s", k > 0 ? ", " : "",
			    STR_ARG(w.notes[k].text), STR_ARG(w.notes[k].from),
			    STR_ARG(w.notes[k].to));
		if (!str_is(w.subject.header, headers[i].want) ||
		    w.subject.header_kept != headers[i].kept ||
		    strcmp(got.data, headers[i].notes) != 0)
			fail_msg("%s: kept %zu, %s\n%.*s", headers[i].why,
			    w.subject.header_kept, got.data,
			    STR_ARG(w.subject.header));
		buf_fini(&got);
		world_end(&w);
	}
}

/* Each change is told, and there may be many. */
static void
test_many_notes(void **state)
{
	struct stage_out out = { .explain = true };
	struct arena mem;

	(void)state;
	arena_init(&mem, 16 << 20);
	out.mem = &mem;
	for (uint64_t i = 0; i < NOTES_MAX + 10; i++)
		stage_note(&out, NOTE_MASQUERADE)->number = i;
	assert_int_equal(out.n_notes, NOTES_MAX);
	for (uint64_t i = 0; i < NOTES_MAX - 1; i++)
		assert_int_equal(out.notes[i].number, i);
	assert_int_equal(out.notes[NOTES_MAX - 1].number, NOTES_MAX + 9);
	arena_free(&mem);
}

/* More addresses than anybody writes: the fields that have them stay. */
static void
test_lim_addresses_in_headers(void **state)
{
	struct buf in;
	struct world w;

	(void)state;
	buf_init(&in, 1 << 20);
	buf_puts(&in, "To: ");
	for (int i = 0; i < 20000; i++)
		buf_puts(&in, "a,");
	buf_puts(&in, "boss\r\nCc: boss\r\n\r\n");
	world_begin(&w, config, "Out");
	w.subject.sender = STR("");
	w.subject.header = buf_str(&in);
	w.subject.header_kept = in.len;
	w.subject.message_id = STR("<x>");
	assert_int_equal(world_run(&w, AT_WORK), PIPELINE_DONE);
	assert_int_equal(w.n_notes, 1);
	assert_int_equal(w.subject.header_kept, 2);
	world_end(&w);
	buf_fini(&in);
}

/* --- what goes into the queue --- */

static const struct {
	const char *why;
	bool relay, add;
	const char *header, *want;
} ids[] = {
	{ "relayed", true, false, "A: b\r\n\r\n",
	    "Message-ID: <11d.7@mx.example.com>\r\nA: b\r\n\r\n" },
	{ "come in", false, false, "A: b\r\n\r\n", "A: b\r\n\r\n" },
	{ "come in, wished for", false, true, "A: b\r\n\r\n",
	    "Message-ID: <11d.7@mx.example.com>\r\nA: b\r\n\r\n" },
	{ "has one", true, true, "A: b\r\nmessage-id: <x>\r\n\r\n",
	    "A: b\r\nmessage-id: <x>\r\n\r\n" },
	{ "has an empty one", true, true, "A: b\r\nMessage-ID:\r\n\r\n",
	    "A: b\r\nMessage-ID:\r\n\r\n" },
	{ "only in the body", true, true, "\r\n",
	    "Message-ID: <11d.7@mx.example.com>\r\n\r\n" },
	{ "no header", true, true, "",
	    "Message-ID: <11d.7@mx.example.com>\r\n" },
};

static void
test_message_id(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(ids); i++) {
		struct config with = *config;
		struct world w;

		world_begin(&w, config, "In");
		w.subject.config = &with;
		with.add_message_id = ids[i].add;
		w.subject.sender = STR("");
		w.subject.behaviour = ids[i].relay ? RELAY : ACCEPT;
		w.subject.mid = 7;
		w.facts.now = 0x11d;
		w.subject.header = str_of(ids[i].header);
		w.subject.header_kept = w.subject.header.n;
		w.subject.message_id = STR("");
		assert_int_equal(world_run(&w, AT_WORK), PIPELINE_DONE);
		if (!str_is(w.subject.header, ids[i].want) ||
		    w.subject.header_kept != strlen(ids[i].header))
			fail_msg(
			    "%s:\n%.*s", ids[i].why, STR_ARG(w.subject.header));
		world_end(&w);
	}
}

static const struct {
	const char *why, *listener, *gateway;
	bool by_gateway;
	const char *want;
} names[] = {
	{ "interface", "In", "", true, "mx.example.com" },
	{ "interface without a name", "Headers", "", true,
	    "mail3.example.com" },
	{ "not wished for", "In", "Two", false, "mx.example.com" },
	{ "gateway", "In", "Two", true, "two.example.com" },
	{ "gateway with the system's name", "In", "Four", true,
	    "mail3.example.com" },
	{ "group: its first member", "In", "Both", true, "two.example.com" },
	{ "gateway that is gone", "In", "Gone", true, "mx.example.com" },
};

static void
test_received_hostname(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(names); i++) {
		struct config with = *config;
		struct received line = { .helo = STR("h"),
			.protocol = STR("SMTP"),
			.date = STR("now") };
		struct enqueued out;
		char want[200];
		struct world w;

		world_begin(&w, config, names[i].listener);
		w.subject.config = &with;
		with.received_gateway = names[i].by_gateway;
		w.subject.header = STR("");
		snprintf(want, sizeof(want), "\n  by %s with SMTP; now\r\n",
		    names[i].want);
		enqueue_message(&w.subject, &line, str_of(names[i].gateway), 10,
		    &w.mem, &out);
		if (strstr(out.prepend.p, want) == NULL)
			fail_msg("%s: %s", names[i].why, out.prepend.p);
		world_end(&w);
	}
}

/* What of the header stands before the content, what is left out of it. */
static void
test_prepend_and_skip(void **state)
{
	static const struct {
		const char *why, *header;
		size_t kept, was;
		const char *prepend;
		size_t skip;
	} table[] = {
		{ "nothing changed", "A: b\r\n\r\n", 8, 8, "", 0 },
		{ "a line more", "X: y\r\nA: b\r\n\r\n", 8, 8, "X: y\r\n", 0 },
		{ "the first line", "A: c\r\nB: d\r\n\r\n", 8, 15, "A: c\r\n",
		    7 },
		{ "all of it", "A: c\r\n\r\n", 0, 30, "A: c\r\n\r\n", 30 },
		{ "the first line is gone", "A: c\r\n\r\n", 8, 15, "", 7 },
		{ "not read, not changed", "", 30, 30, "", 0 },
		{ "no header", "X: y\r\n", 0, 0, "X: y\r\n\r\n", 0 },
		{ "no header, and one that is whole", "X: y\r\n\r\n", 0, 0,
		    "X: y\r\n\r\n", 0 },
		{ "all of it is gone", "", 0, 6, "\r\n", 6 },
		{ "no header, nothing to add", "", 0, 0, "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct enqueued out;
		struct world w;

		world_begin(&w, config, "In");
		w.subject.header = str_of(table[i].header);
		w.subject.header_kept = table[i].kept;
		enqueue_message(
		    &w.subject, NULL, STR(""), table[i].was, &w.mem, &out);
		if (!str_is(out.prepend, table[i].prepend) ||
		    out.skip != table[i].skip)
			fail_msg("%s: skip %zu, %s", table[i].why, out.skip,
			    out.prepend.p);
		world_end(&w);
	}
}

/* before, after, how many bytes are still as they were */
static const struct {
	const char *before, *after;
	size_t kept;
} kept[] = {
	{ "A: b\r\nC: d\r\n\r\n", "A: b\r\nC: d\r\n\r\n", 14 },
	{ "A: b\r\nC: d\r\n\r\n", "A: x\r\nC: d\r\n\r\n", 8 },
	/* "b" at the end of both is no field */
	{ "A: b\r\n\r\n", "A: xb\r\n\r\n", 2 },
	{ "A: b\r\n c\r\n\r\n", "A: x\r\n c\r\n\r\n", 2 },
	{ "A: b\r\n\r\n", "A: b\r\nX: y\r\n\r\n", 2 },
	{ "A: b\r\n\r\n", "X: y\r\nA: b\r\n\r\n", 8 },
	{ "A: b\r\n\r\n", "\r\n", 2 },
	{ "A: b\r\n", "", 0 },
	{ "", "X: y\r\n", 0 },
};

static void
test_what_is_kept_of_a_header(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(kept); i++) {
		size_t n =
		    enqueue_kept(str_of(kept[i].before), str_of(kept[i].after));

		if (n != kept[i].kept)
			fail_msg("case %zu: %zu bytes", i, n);
	}
}

static int
setup(void **state)
{
	(void)state;
	config = world_config_with(yaml, files, NELEM(files));
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_masquerade_of_the_sender),
		cmocka_unit_test(test_the_sender_stays_where_it_is_not_wished),
		cmocka_unit_test(test_masquerade_and_smtputf8),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_many_notes),
		cmocka_unit_test(test_lim_addresses_in_headers),
		cmocka_unit_test(test_message_id),
		cmocka_unit_test(test_received_hostname),
		cmocka_unit_test(test_prepend_and_skip),
		cmocka_unit_test(test_what_is_kept_of_a_header),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
