/*
 * test_rewrite.c - the stages that rewrite the envelope, on every rule of
 * spec receiving 6.2, 6.4, 6.5 and 4.10 (6.3: test_masquerade.c)
 */
#include "tests/unit/pipeline_world.h"

static const char yaml[] =
    "hostname: mail3.example.com\n"
    "interfaces:\n"
    "- {name: Net, ip: 192.0.2.10, hostname: mx.example.com}\n"
    "- {name: Two, ip: 192.0.2.11, hostname: two.example.com}\n"
    "- {name: Three, ip: 192.0.2.12}\n"
    "- {name: Four, ip: 192.0.2.13}\n"
    "- {name: Five, ip: 192.0.2.14}\n"
    "interface_groups: [{name: Both, members: [Two, Three]}]\n"
    "aliases: aliases\n"
    "altsrchost: altsrchost\n"
    "exception_table:\n"
    "- {allow: friend@bad.test}\n"
    "- {reject: friend@bad.test}\n"
    "- {reject: spammer@, reply: 554 <$EnvelopeSender> is not wanted}\n"
    "- {reject: \"@bad.test\"}\n"
    "- {reject: \"@.bad.test\", reply: 450 later}\n"
    "- {allow: \"joe@[192.0.2.1]\"}\n"
    "listeners:\n"
    "- name: In\n"
    "  type: public\n"
    "  interface: Net\n"
    "  domain_map: map\n"
    "  addresses: {parser: loose, allow_partial: yes, "
    "reject_characters: \"\"}\n"
    "  hat: {defaults: {exception_table: yes}}\n"
    "  rat: [example.com, .example.com, new.test, example.org]\n"
    "- name: Out\n"
    "  type: private\n"
    "  interface: Net\n"
    "  port: 26\n"
    "  addresses: {parser: loose, allow_partial: yes, "
    "reject_characters: \"\"}\n"
    "  hat: {groups: [{name: ALL, policy: $RELAYED}]}\n"
    "- name: Plain\n"
    "  type: public\n"
    "  interface: Three\n"
    "  port: 26\n"
    "  rat: [example.com]\n";

static const struct world_file files[] = {
	{ "tables/map", "# old names\n"
			"joe@old.test\tanna@example.com\n"
			"joe@.old.test ben@example.com\n"
			"@.old.test @new.test\n"
			"@old.test @new.test # behind the one for joe\n"
			"@one.test carl@example.com\n"
			"@.one.test dora@example.com\n"
			"@new.test @twice.test\n"
			"joe@late.test x@example.com\n"
			"@late.test @new.test\n" },
	{ "tables/aliases",
	    "# global aliases: full addresses, before the first context\n"
	    "admin@example.com: administrator@example.com\n"
	    "postmaster@example.net: administrator@example.net\n"
	    "root: admin@example.com\n"
	    "\n"
	    "[ example.com, .example.net ]\n"
	    "joe, fred: joseph@example.com\n"
	    "partygoers: wilma@example.com, fred@example.com,\n"
	    "  barney@example.com\n"
	    "me: me, archive@example.org\n"
	    "one: two\n"
	    "two: three@example.com, one\n"
	    "three: one\n"
	    "l1: l2, x@example.org\nl2: l1\n"
	    "\"quo,ted\": x@example.com\n"
	    "first: a@example.org\n"
	    "first@example.com: b@example.org\n"
	    "names: \"a,b\"@example.org, \"c@d\"@example.org\n"
	    "twice: x@example.org, y@example.org, x@example.org\n"
	    "some: /dev/null, x@example.org\n"
	    "none: nobody@example.org, /dev/null\n"
	    "c1: c2\nc2: c3\nc3: c4\nc4: c5\nc5: c6\nc6: c7\nc7: c8\n"
	    "c8: c9\nc9: c10\nc10: end@example.org\n"
	    "d0: c1\n"
	    "\n"
	    "[ example.org ]\n"
	    "help: support@example.com\n"
	    "nobody: /dev/null\n"
	    "all: sales, engineering\n"
	    "sales: joe@example.com, mary@example.com\n"
	    "engineering: betty@example.com\n" },
	{ "tables/altsrchost", "@example.com Net\n"
			       "@.example.com Two\n"
			       "joe@ Three\n"
			       "joe@example.com Four\n"
			       "192.0.2.140 Five\n"
			       "2001:db8::1 Both\n"
			       "@a.example.com Five\n" },
};

/* --- 6.2: domain map --- */

static const struct {
	const char *why, *rcpt, *want;
} mapped[] = {
	{ "user@domain", "joe@old.test", "anna@example.com" },
	{ "whatever the case", "JOE@Old.Test", "anna@example.com" },
	{ "user@.domain", "joe@a.old.test", "ben@example.com" },
	{ "@domain keeps the user", "Mary@old.test", "Mary@new.test" },
	{ "@.domain keeps the user", "mary@a.b.old.test", "mary@new.test" },
	{ "@domain to an address", "mary@one.test", "carl@example.com" },
	{ "@.domain to an address", "mary@x.one.test", "dora@example.com" },
	{ "@.domain is not the domain", "x@notold.test", "x@notold.test" },
	{ "once only", "joe@new.test", "joe@twice.test" },
	{ "the first that fits", "joe@late.test", "x@example.com" },
	{ "quoted user", "\"a@b\"@old.test", "\"a@b\"@new.test" },
	{ "no match", "joe@example.com", "joe@example.com" },
	{ "a literal", "joe@[192.0.2.1]", "joe@[192.0.2.1]" },
};

static void
run_rcpt(struct world *w, const char *listener, const char *rcpt)
{
	world_begin(w, config, listener);
	w->subject.policy = w->subject.listener->hat.policies;
	w->subject.behaviour = ACCEPT;
	w->subject.addr_text = str_of(arena_printf(&w->mem, "<%s>", rcpt));
	assert_int_equal(world_run(w, AT_RCPT), PIPELINE_DONE);
}

static void
test_domain_map(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(mapped); i++) {
		const struct note *n;
		struct world w;

		run_rcpt(&w, "In", mapped[i].rcpt);
		n = world_note(&w, NOTE_DOMAIN_MAP);
		assert_non_null(n);
		if (!str_is(n->to, mapped[i].want))
			fail_msg("%s: %s became %.*s", mapped[i].why,
			    mapped[i].rcpt, STR_ARG(n->to));
		if (str_eq(n->from, n->to) != (n->where.file == NULL))
			fail_msg("%s: place", mapped[i].why);
		world_end(&w);
	}
}

/* The recipient access table sees what the map made of it. */
static void
test_domain_map_comes_before_the_rat(void **state)
{
	struct world w;

	(void)state;
	run_rcpt(&w, "In", "mary@old.test");
	assert_false(w.run.replied);
	assert_true(
	    str_is(world_note(&w, NOTE_RAT_MATCH)->rat->text, "new.test"));
	assert_true(str_is(world_note(&w, NOTE_ALIAS)->from, "mary@new.test"));
	world_end(&w);
	run_rcpt(&w, "Plain", "mary@old.test");
	assert_int_equal(w.run.reply.code, 550);
	assert_null(world_note(&w, NOTE_ALIAS));
	world_end(&w);
}

/* --- 6.4: aliases --- */

static const struct {
	const char *why, *rcpt;
	const char *want; /* joined by blanks; NULL: not expanded */
} expanded[] = {
	{ "no alias", "x@example.com", NULL },
	{ "global, full address", "admin@example.com",
	    "administrator@example.com" },
	{ "whatever the case", "ADMIN@Example.COM",
	    "administrator@example.com" },
	{ "global, other domain", "admin@example.org", NULL },
	{ "global user name: every domain", "root@example.org",
	    "administrator@example.com" },
	{ "in its context", "joe@example.com", "joseph@example.com" },
	{ "several on the left", "fred@example.com", "joseph@example.com" },
	{ "partial domain", "joe@a.example.net", "joseph@example.com" },
	{ "partial domain is not the domain", "joe@example.net", NULL },
	{ "outside of the context", "joe@example.org", NULL },
	{ "a chain, a continued line", "partygoers@example.com",
	    "wilma@example.com joseph@example.com barney@example.com" },
	{ "a new context ends the one before", "help@example.com", NULL },
	{ "the second context", "help@example.org", "support@example.com" },
	{ "bare names on the right", "all@example.org",
	    "joseph@example.com mary@example.com betty@example.com" },
	{ "/dev/null", "nobody@example.org", "" },
	{ "/dev/null among others", "some@example.com", "x@example.org" },
	{ "/dev/null through a chain", "none@example.com", "" },
	{ "itself: stays, with the others", "me@example.com",
	    "me@example.com archive@example.org" },
	{ "a bare name of a partial domain", "me@a.example.net",
	    "me@a.example.net archive@example.org" },
	{ "a loop and nothing else: stays", "two@example.com", NULL },
	{ "a loop is cut", "l1@example.com", "l1@example.com x@example.org" },
	{ "duplicates", "twice@example.com", "x@example.org y@example.org" },
	{ "the first entry that fits", "first@example.com", "a@example.org" },
	{ "quoted targets", "names@example.com",
	    "\"a,b\"@example.org \"c@d\"@example.org" },
	{ "a chain of 10", "c1@example.com", "end@example.org" },
};

static void
join(const struct world *w, struct buf *out)
{
	buf_puts(out, "");
	for (size_t i = 0; i < w->subject.n_rcpts; i++) {
		buf_puts(out, i > 0 ? " " : "");
		buf_add_str(out, w->subject.rcpts[i]);
	}
}

static void
run_alias(struct world *w, const char *rcpt)
{
	run_rcpt(w, "Out", rcpt);
	assert_false(w->run.replied && w->run.reply.code >= 400);
}

static void
test_aliases(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(expanded); i++) {
		bool want = expanded[i].want != NULL &&
			    strcmp(expanded[i].want, expanded[i].rcpt) != 0;
		const struct note *n;
		struct world w;
		struct buf got;

		buf_init(&got, 1 << 20);
		run_alias(&w, expanded[i].rcpt);
		join(&w, &got);
		if (w.subject.expanded != want ||
		    (want && strcmp(got.data, expanded[i].want) != 0))
			fail_msg("%s: %s became '%s'", expanded[i].why,
			    expanded[i].rcpt, got.data);
		n = world_note(&w, NOTE_ALIAS);
		if (str_eq(n->from, n->to) == want ||
		    n->n_list != w.subject.n_rcpts)
			fail_msg("%s: note", expanded[i].why);
		buf_fini(&got);
		world_end(&w);
	}
}

/* System-wide: behind the RAT of a public listener, and what it refuses is
 * not looked up. */
static void
test_aliases_come_after_the_rat(void **state)
{
	struct world w;

	(void)state;
	run_rcpt(&w, "In", "joe@example.com");
	assert_true(w.subject.expanded);
	assert_true(
	    str_is(world_note(&w, NOTE_RAT_MATCH)->rat->text, "example.com"));
	world_end(&w);
	run_rcpt(&w, "Plain", "help@example.org");
	assert_int_equal(w.run.reply.code, 550);
	assert_false(w.subject.expanded);
	world_end(&w);
	/* the RAT does not hear of targets */
	run_rcpt(&w, "Plain", "names@example.com");
	assert_false(w.run.replied);
	assert_int_equal(w.subject.n_rcpts, 2);
	world_end(&w);
}

/* --- limits of aliases (threat REL-12) --- */

struct limit_case {
	const char *why;
	bool expanded;
	size_t n;
	const char *text; /* of the warning */
};

static void
check_limit(const char *aliases, const char *rcpt, const struct limit_case *c)
{
	static const char small[] =
	    "hostname: a.test\ninterfaces: [{name: N, ip: 192.0.2.1}]\n"
	    "aliases: aliases\n"
	    "listeners: [{name: L, type: private, interface: N}]\n";
	const struct world_file file = { "tables/aliases", aliases };
	struct config *cf = world_config_with(small, &file, 1);
	struct world w;

	world_begin(&w, cf, "L");
	w.subject.policy = w.subject.listener->hat.policies;
	w.subject.behaviour = RELAY;
	w.subject.addr_text = str_of(arena_printf(&w.mem, "<%s>", rcpt));
	assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_DONE);
	if (w.subject.expanded != c->expanded || w.subject.n_rcpts != c->n)
		fail_msg("%s: %zu recipients", c->why, w.subject.n_rcpts);
	if (c->text == NULL ? w.warning.n > 0 : !str_is(w.warning, c->text))
		fail_msg("%s: warning '%.*s'", c->why, STR_ARG(w.warning));
	assert_true(str_is(w.subject.rcpt, rcpt));
	world_end(&w);
	config_unref(&cf);
}

static void
test_rel_12_alias_limits(void **state)
{
	static const struct limit_case chain = { "11 aliases in a chain", false,
		0,
		"alias <d0@example.com> (tables/aliases:2) is not expanded: "
		"a chain of more than 10 aliases" };
	static const struct limit_case ten = { "10 aliases in a chain", true, 1,
		NULL };
	static const struct limit_case fits = { "1,000 recipients", true, 1000,
		NULL };
	static const struct limit_case over = { "1,001 recipients", false, 0,
		"alias <all@example.com> (tables/aliases:2) is not expanded: "
		"more than 1,000 recipients" };
	static const char links[] =
	    "[example.com]\nd0: d1\nd1: d2\nd2: d3\nd3: d4\nd4: d5\nd5: d6\n"
	    "d6: d7\nd7: d8\nd8: d9\nd9: d10\nd10: x@example.org\n";
	struct buf text;

	(void)state;
	check_limit(links, "d0@example.com", &chain);
	check_limit(links, "d1@example.com", &ten);
	for (int n = 1000; n <= 1001; n++) {
		buf_init(&text, 1 << 20);
		buf_puts(&text, "[example.com]\nall: ");
		for (int i = 0; i < n; i++)
			buf_printf(
			    &text, "%su%d@example.org", i > 0 ? ",\n " : "", i);
		buf_puts(&text, "\n");
		check_limit(
		    text.data, "all@example.com", n == 1000 ? &fits : &over);
		buf_fini(&text);
	}
}

/* Each alias names all of the next level: 10^10 ways, little work. */
static void
test_rel_12_alias_bomb(void **state)
{
	static const struct limit_case bomb = { "a bomb", false, 0,
		"alias <a0x0@example.com> (tables/aliases:2) is not expanded: "
		"too many aliases" };
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	buf_puts(&text, "[example.com]\n");
	for (int level = 0; level < 9; level++)
		for (int i = 0; i < 10; i++) {
			buf_printf(&text, "a%dx%d: ", level, i);
			for (int k = 0; k < 10; k++)
				buf_printf(&text, "%sa%dx%d", k > 0 ? ", " : "",
				    level + 1, k);
			buf_puts(&text, "\n");
		}
	for (int i = 0; i < 10; i++)
		buf_printf(&text, "a9x%d: x@example.org\n", i);
	check_limit(text.data, "a0x0@example.com", &bomb);
	buf_fini(&text);
}

/* Each ends, and an address that leads out of it gets its mail. */
static void
test_rel_12_alias_cycles(void **state)
{
	static const struct {
		const char *aliases;
		size_t n;
	} table[] = {
		{ "a: a\n", 0 },
		{ "a: A@EXAMPLE.COM\n", 1 },
		{ "a: b\nb: a\n", 0 },
		{ "a: b\nb: c\nc: b, x@example.org\n", 2 },
		{ "a: a, x@example.org, a@example.com\n", 2 },
		{ "a: b, c\nb: a, c\nc: a, b\n", 3 },
		{ "a: b@example.org\n[example.org]\nb: a@example.com\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct limit_case c = { table[i].aliases, table[i].n > 0,
			table[i].n, NULL };
		struct buf text;

		buf_init(&text, 1000);
		buf_printf(&text, "[example.com]\n%s", table[i].aliases);
		check_limit(text.data, "a@example.com", &c);
		buf_fini(&text);
	}
}

/* --- 6.5: virtual gateways --- */

static const struct {
	const char *why, *client, *sender, *gateway, *key;
} gateways[] = {
	{ "client before all", "192.0.2.140", "joe@example.com", "Five",
	    "192.0.2.140" },
	{ "IPv6 client", "2001:DB8:0::1", "x@y.test", "Both", "2001:db8::1" },
	{ "full sender before user", "192.0.2.1", "JOE@example.com", "Four",
	    "joe@example.com" },
	{ "user before domain", "192.0.2.1", "joe@a.example.com", "Three",
	    "joe@" },
	{ "domain", "192.0.2.1", "mary@Example.com", "Net", "@example.com" },
	{ "below it", "192.0.2.1", "mary@b.example.com", "Two",
	    "@.example.com" },
	{ "the first of two domains", "192.0.2.1", "mary@a.example.com", "Two",
	    "@.example.com" },
	{ "nobody", "192.0.2.1", "mary@example.org", NULL, "" },
	{ "null sender", "192.0.2.1", "", NULL, "" },
	{ "null sender of a client", "192.0.2.140", "", "Five", "192.0.2.140" },
};

static void
test_gateways(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(gateways); i++) {
		struct str want = gateways[i].gateway != NULL
				      ? str_of(gateways[i].gateway)
				      : STR("");
		const struct note *n;
		struct world w;

		world_begin(&w, config, "Out");
		w.subject.policy = w.subject.listener->hat.policies;
		w.subject.sender = str_of(gateways[i].sender);
		assert_true(
		    ip_parse(&w.facts.client, str_of(gateways[i].client)));
		assert_int_equal(world_run(&w, AT_DATA), PIPELINE_DONE);
		n = world_note(&w, NOTE_GATEWAY);
		if (!str_eq(w.gateway, want) || !str_eq(n->text, want) ||
		    !str_is(n->from.n > 0 ? n->from : STR(""), gateways[i].key))
			fail_msg("%s: %.*s by %.*s", gateways[i].why,
			    STR_ARG(w.gateway), STR_ARG(n->from));
		world_end(&w);
	}
}

/* --- 4.10: domain exception table --- */

static const struct {
	const char *why, *sender;
	const char *entry; /* NULL: none */
	int code;          /* 0: accepted */
	const char *text;
} exceptions[] = {
	{ "nobody", "x@y.test", NULL, 0, "" },
	{ "null sender", "", NULL, 0, "" },
	{ "allowed, and the first counts", "Friend@Bad.test", "friend@bad.test",
	    0, "" },
	{ "user, own reply", "spammer@y.test", "spammer@", 554,
	    "<spammer@y.test> is not wanted" },
	{ "domain, usual reply", "x@bad.test", "@bad.test", 553,
	    "Envelope sender <x@bad.test> rejected" },
	{ "below it", "x@a.bad.test", "@.bad.test", 450, "later" },
	{ "literal", "joe@[192.0.2.1]", "joe@[192.0.2.1]", 0, "" },
	{ "bare: by its user", "spammer", "spammer@", 554,
	    "<spammer> is not wanted" },
};

static void
test_exceptions(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(exceptions); i++) {
		const struct note *n;
		struct world w;
		bool allowed =
		    exceptions[i].entry != NULL && exceptions[i].code == 0;

		world_begin(&w, config, "In");
		w.subject.policy = w.subject.listener->hat.policies;
		w.subject.addr_text =
		    str_of(arena_printf(&w.mem, "<%s>", exceptions[i].sender));
		assert_int_equal(world_run(&w, AT_MAIL), PIPELINE_DONE);
		n = world_note(&w, NOTE_EXCEPTION);
		if (n->text.n > 0 ? !str_is(n->text, exceptions[i].entry)
				  : exceptions[i].entry != NULL)
			fail_msg(
			    "%s: %.*s", exceptions[i].why, STR_ARG(n->text));
		if (n->allow != allowed ||
		    ((w.bypass & BYPASS_VERIFY) != 0) != allowed)
			fail_msg("%s: allowed?", exceptions[i].why);
		if (w.run.replied != (exceptions[i].code != 0) ||
		    (w.run.replied &&
			(w.run.reply.code != exceptions[i].code ||
			    !str_is(w.run.reply.text, exceptions[i].text))))
			fail_msg("%s: %d %.*s", exceptions[i].why,
			    w.run.reply.code, STR_ARG(w.run.reply.text));
		world_end(&w);
	}
}

static void
test_exceptions_only_where_the_policy_wants_them(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, config, "Plain");
	w.subject.policy = w.subject.listener->hat.policies;
	w.subject.addr_text = STR("<x@bad.test>");
	assert_int_equal(world_run(&w, AT_MAIL), PIPELINE_DONE);
	assert_false(w.run.replied);
	assert_null(world_note(&w, NOTE_EXCEPTION));
	world_end(&w);
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
		cmocka_unit_test(test_domain_map),
		cmocka_unit_test(test_domain_map_comes_before_the_rat),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_aliases_come_after_the_rat),
		cmocka_unit_test(test_rel_12_alias_limits),
		cmocka_unit_test(test_rel_12_alias_bomb),
		cmocka_unit_test(test_rel_12_alias_cycles),
		cmocka_unit_test(test_gateways),
		cmocka_unit_test(test_exceptions),
		cmocka_unit_test(
		    test_exceptions_only_where_the_policy_wants_them),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
