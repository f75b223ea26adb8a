/*
 * test_bounce_tag.c - bounce verification (spec delivery-admin 1.12): the
 * form of tags, what keys vouch for, and what the stages make of it (threats
 * BAC-05)
 */
#include "mail/prvs.h"
#include "tests/unit/pipeline_world.h"
#include "tls/tag.h"

#define DAY   INT64_C(86400000)
#define NOW   (INT64_C(20780) * DAY + DAY / 2) /* day 780 */
#define KNOWN "447B976" /* of joe@example.com on day 780 */

static const char yaml[] =
    "hostname: mx.example.com\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "destinations:\n"
    "- {domain: Default}\n"
    "- {domain: far.test, bounce_verification: yes}\n"
    "listeners:\n"
    "- name: In\n"
    "  type: public\n"
    "  interface: Net\n"
    "  rat: [example.com, {reject: ALL}]\n"
    "  hat:\n"
    "    policies:\n"
    "    - {name: $KIND, behaviour: ACCEPT, untagged_bounces: yes}\n"
    "    groups:\n"
    "    - {name: KIND, policy: $KIND, entries: [192.0.2.77]}\n"
    "    - {name: ALL, policy: $ACCEPTED}\n"
    "- name: Out\n"
    "  type: private\n"
    "  interface: Net\n"
    "  port: 26\n"
    "  hat: {groups: [{name: ALL, policy: $RELAYED}]}\n"
    "- {name: Q, type: public, interface: Net, port: 628, protocol: QMQP,\n"
    "  hat: {groups: [{name: ALL, policy: $ACCEPTED}]},\n"
    "  rat: [example.com, {reject: ALL}]}\n";

static int
setup(void **state)
{
	(void)state;
	config = world_config(yaml);
	return 0;
}

/* --- the form --- */

static const struct {
	const char *addr, *bare, *hash;
	unsigned day;
} split[] = {
	{ "prvs=joe=123ABCDEF0@example.com", "joe@example.com", "ABCDEF0",
	    123 },
	{ "PRVS=joe=000abcdef0@example.com", "joe@example.com", "abcdef0", 0 },
	{ "prvs=a=b=c=9990000000@x.test", "a=b=c@x.test", "0000000", 999 },
	{ "\"prvs=a..b=0010000000\"@x.test", "\"a..b\"@x.test", "0000000", 1 },
	{ "joe@example.com", NULL, NULL, 0 },
	{ "", NULL, NULL, 0 },
	{ "prvs=@x.test", NULL, NULL, 0 },
	{ "prvs==1230000000@x.test", NULL, NULL, 0 },
	{ "prvs=1230000000@x.test", NULL, NULL, 0 },
	{ "prvs=joe@x.test", NULL, NULL, 0 },
	{ "prvs=joe=123ABCDEF@x.test", NULL, NULL, 0 },
	{ "prvs=joe=123ABCDEF00@x.test", NULL, NULL, 0 },
	{ "prvs=joe=12AABCDEF0@x.test", NULL, NULL, 0 },
	{ "prvs=joe=123ABCDEFG@x.test", NULL, NULL, 0 },
	{ "prvs=0123456789=joe@x.test", NULL, NULL, 0 },
	{ "xprvs=joe=123ABCDEF0@x.test", NULL, NULL, 0 },
};

static void
test_bac_05_the_form(void **state)
{
	struct arena mem;

	(void)state;
	arena_init(&mem, 1 << 16);
	for (size_t i = 0; i < NELEM(split); i++) {
		struct prvs p = { .day = 0 };
		bool is = prvs_split(str_of(split[i].addr), &p, &mem);

		if (is != (split[i].bare != NULL) ||
		    (is && (!str_is(p.bare, split[i].bare) ||
			       !str_is(p.hash, split[i].hash) ||
			       p.day != split[i].day)))
			fail_msg(
			    "%s: %d, %.*s", split[i].addr, is, STR_ARG(p.bare));
	}
	arena_free(&mem);
}

#define L48 "123456789012345678901234567890123456789012345678"
static const struct {
	const char *addr, *tagged; /* NULL: it may have none */
} joined[] = {
	{ "joe@example.com", "prvs=joe=007ABCDEF0@example.com" },
	{ "\"a..b\"@x.test", "\"prvs=a..b=007ABCDEF0\"@x.test" },
	{ "\xe7\x94\xb0@x.test", "prvs=\xe7\x94\xb0=007ABCDEF0@x.test" },
	{ L48 "@x.test", "prvs=" L48 "=007ABCDEF0@x.test" },
	{ L48 "9@x.test", NULL },
	{ "prvs=joe=123ABCDEF0@example.com", NULL },
	{ "prvs=0123456789=joe@example.com", NULL },
	{ "\"\"@x.test", NULL },
	{ "", NULL },
};

static void
test_bac_05_who_may_have_a_tag(void **state)
{
	struct arena mem;

	(void)state;
	arena_init(&mem, 1 << 16);
	for (size_t i = 0; i < NELEM(joined); i++) {
		struct str addr = str_of(joined[i].addr), out;

		if (prvs_may(addr) != (joined[i].tagged != NULL))
			fail_msg("%s", joined[i].addr);
		if (joined[i].tagged == NULL)
			continue;
		out = prvs_join(addr, 7, "ABCDEF0", &mem);
		if (!str_is(out, joined[i].tagged))
			fail_msg("%s: %.*s", joined[i].addr, STR_ARG(out));
	}
	arena_free(&mem);
}

/* --- keys --- */

static const char keys_text[] =
    "# a comment\n"
    "\n"
    "2026-11-01T00:00:00Z - one key\n"
    "2026-10-01T00:00:00Z 2026-11-01T00:00:00Z another key\r\n"
    "  2026-01-01T00:00:00Z 2026-02-01T00:00:00Z the  oldest  \n";

static void
test_keys_are_read_and_written(void **state)
{
	static const char *const bad[] = { "x", "2026-11-01T00:00:00Z - ",
		"2026-11-01T00:00:00Z  key", "- - key",
		"2026-13-01T00:00:00Z - key", "2026-11-01 - key",
		"2026-11-01T00:00:00Zx - key", "2026-11-01T00:00:00Z - k\x01y",
		"2026-11-01T00:00:00Z - \xff" };
	static struct tag_keys keys, again;
	struct err err = ERR_INIT;
	struct buf out;

	(void)state;
	assert_true(tag_keys_parse(&keys, STR(keys_text), &err));
	assert_int_equal(keys.n, 3);
	assert_true(str_is(keys.v[2].text, "the  oldest"));
	assert_true(keys.v[2].retired > keys.v[2].since);
	assert_ptr_equal(tag_keys_current(&keys), &keys.v[0]);
	buf_init(&out, 1 << 16);
	for (size_t i = 0; i < keys.n; i++)
		tag_keys_line(&keys.v[i], &out);
	assert_true(tag_keys_parse(&again, buf_str(&out), &err));
	assert_int_equal(again.n, 3);
	for (size_t i = 0; i < keys.n; i++) {
		assert_true(str_eq(keys.v[i].text, again.v[i].text));
		assert_int_equal(keys.v[i].since, again.v[i].since);
		assert_int_equal(keys.v[i].retired, again.v[i].retired);
	}
	buf_fini(&out);
	for (size_t i = 0; i < NELEM(bad); i++)
		if (tag_keys_parse(&again, str_of(bad[i]), &err))
			fail_msg("\"%s\" is a key", bad[i]);
	assert_true(tag_keys_parse(&again, STR("# none\n"), &err));
	assert_null(tag_keys_current(&again));
}

/* KNOWN was made with another program: HMAC-SHA256 of "joe@example.com"
 * with HMAC-SHA256 of "prvs780" with the key. */
static void
test_the_tag_is_what_others_make_of_it(void **state)
{
	unsigned char day_key[TAG_DAY_KEY];
	struct arena mem;
	struct str got;

	(void)state;
	arena_init(&mem, 1 << 16);
	tag_day_key(STR("one key"), 780, day_key);
	got = tag_address(day_key, 780, STR("Joe@example.com"), &mem);
	if (!str_is(got, "prvs=Joe=780" KNOWN "@example.com"))
		fail_msg("%.*s", STR_ARG(got));
	assert_int_equal(tag_day(NOW), 780);
	assert_int_equal(tag_day(NOW + 220 * DAY), 0);
	arena_free(&mem);
}

static struct str
tagged(const char *key, int64_t when, const char *addr, struct arena *mem)
{
	unsigned char day_key[TAG_DAY_KEY];

	tag_day_key(str_of(key), tag_day(when), day_key);
	return tag_address(day_key, tag_day(when), str_of(addr), mem);
}

static const struct {
	const char *why, *key;
	int64_t made; /* days from now */
	const char *as;
	enum bounce_tag want;
} judged[] = {
	{ "of today", "one key", 0, NULL, BOUNCE_TAG_GOOD },
	{ "a week old", "one key", -7, NULL, BOUNCE_TAG_GOOD },
	{ "eight days old", "one key", -8, NULL, BOUNCE_TAG_OLD },
	{ "a clock that goes before", "one key", 1, NULL, BOUNCE_TAG_GOOD },
	{ "of the day after tomorrow", "one key", 2, NULL, BOUNCE_TAG_OLD },
	{ "500 days", "one key", 500, NULL, BOUNCE_TAG_OLD },
	{ "a key that was retired lately", "another key", -6, NULL,
	    BOUNCE_TAG_GOOD },
	{ "... but too old", "another key", -8, NULL, BOUNCE_TAG_OLD },
	{ "a key retired long ago", "the oldest", 0, NULL, BOUNCE_TAG_OLD },
	{ "a key that is not there", "a purged key", 0, NULL,
	    BOUNCE_TAG_WRONG },
	{ "of another address", "one key", 0, "ann", BOUNCE_TAG_WRONG },
	{ "of another domain", "one key", 0, "@x.test", BOUNCE_TAG_WRONG },
	{ "another day written on it", "one key", 0, "=779", BOUNCE_TAG_WRONG },
	{ "in lower case", "one key", 0, "lower", BOUNCE_TAG_GOOD },
};

/* Changes the tagged address of joe. */
static struct str
altered(struct str addr, const char *as, struct arena *mem)
{
	char *s = arena_strz(mem, addr);

	if (as == NULL)
		return addr;
	if (strcmp(as, "lower") == 0) {
		str_lower(s);
		return str_of(s);
	}
	if (as[0] == '@')
		return str_of(arena_printf(
		    mem, "%.*s%s", (int)str_find(addr, '@'), s, as));
	memcpy(as[0] == '=' ? s + 8 : s + 5, as, strlen(as));
	return str_of(s);
}

static void
test_bac_05_what_a_tag_is_worth(void **state)
{
	static struct tag_keys keys = { .n = 3 };
	struct arena mem;

	(void)state;
	keys.v[0] =
	    (struct tag_key){ .since = NOW - 5 * DAY, .text = STR("one key") };
	keys.v[1] = (struct tag_key){ .since = NOW - 40 * DAY,
		.retired = NOW - 5 * DAY,
		.text = STR("another key") };
	keys.v[2] = (struct tag_key){ .since = NOW - 99 * DAY,
		.retired = NOW - 40 * DAY,
		.text = STR("the oldest") };
	arena_init(&mem, 1 << 16);
	for (size_t i = 0; i < NELEM(judged); i++) {
		struct str addr = tagged(judged[i].key,
		    NOW + judged[i].made * DAY, "joe@example.com", &mem);
		enum bounce_tag got;

		addr = altered(addr, judged[i].as, &mem);
		got = tag_judge(&keys, addr, NOW);
		if (got != judged[i].want)
			fail_msg("%s: %.*s is %s", judged[i].why, STR_ARG(addr),
			    fact_value_name(FACT_BOUNCE_TAG, got));
	}
	assert_int_equal(
	    tag_judge(&keys, STR("joe@example.com"), NOW), BOUNCE_NO_TAG);
	keys.n = 0;
	assert_int_equal(
	    tag_judge(
		&keys, tagged("one key", NOW, "joe@example.com", &mem), NOW),
	    BOUNCE_NO_KEYS);
	arena_free(&mem);
}

/* --- the stage --- */

#define TAG  "prvs=joe=123ABCDEF0@example.com"
#define BARE "joe@example.com"
#define NONE (-1) /* it is not asked for */
#define LOST (-2) /* and cannot be had */

static const struct {
	const char *why, *listener, *client, *sender, *rcpt;
	int fact;
	int code;
	const char *result;
} stage[] = {
	{ "a bounce to a good tag", "In", "192.0.2.1", "<>", TAG,
	    BOUNCE_TAG_GOOD, 0, BARE },
	{ "to an old one", "In", "192.0.2.1", "<>", TAG, BOUNCE_TAG_OLD, 550,
	    TAG },
	{ "to a forged one", "In", "192.0.2.1", "<>", TAG, BOUNCE_TAG_WRONG,
	    550, TAG },
	{ "to none", "In", "192.0.2.1", "<>", BARE, BOUNCE_NO_TAG, 550, BARE },
	{ "to half a one", "In", "192.0.2.1", "<>", "prvs=joe@example.com",
	    BOUNCE_NO_TAG, 550, "prvs=joe@example.com" },
	{ "there are no keys", "In", "192.0.2.1", "<>", BARE, BOUNCE_NO_KEYS, 0,
	    BARE },
	{ "keyd is away", "In", "192.0.2.1", "<>", BARE, LOST, 451, BARE },
	{ "other mail to an old tag", "In", "192.0.2.1", "<a@b.test>", TAG,
	    BOUNCE_TAG_OLD, 0, BARE },
	{ "other mail to a forged tag", "In", "192.0.2.1", "<a@b.test>", TAG,
	    BOUNCE_TAG_WRONG, 0, TAG },
	{ "other mail", "In", "192.0.2.1", "<a@b.test>", BARE, NONE, 0, BARE },
	{ "untagged, where that is fine", "In", "192.0.2.77", "<>", BARE, NONE,
	    0, BARE },
	{ "forged, where that is fine", "In", "192.0.2.77", "<>", TAG,
	    BOUNCE_TAG_WRONG, 550, TAG },
	{ "old, where that is fine", "In", "192.0.2.77", "<>", TAG,
	    BOUNCE_TAG_OLD, 550, TAG },
	{ "too long for a tag", "In", "192.0.2.1", "<>", L48 "9@example.com",
	    NONE, 0, L48 "9@example.com" },
	{ "from inside", "Out", "192.0.2.1", "<>", "x@far.test", NONE, 0,
	    "x@far.test" },
	{ "from inside, to ourselves", "Out", "192.0.2.1", "<>", TAG,
	    BOUNCE_TAG_OLD, 0, BARE },
	{ "by QMQP", "Q", "192.0.2.1", "<>", BARE, NONE, 0, BARE },
};

static void
run_stage(struct world *w, size_t i)
{
	struct facts *f = &w->facts;
	static const struct fact known = { FACT_KNOWN, FACT_GIVEN };

	assert_true(ip_parse(&f->client, str_of(stage[i].client)));
	world_host(w, "client.test");
	assert_int_equal(world_run(w, AT_CONNECT), PIPELINE_DONE);
	w->subject.addr_text = str_of(stage[i].sender);
	assert_int_equal(world_run(w, AT_MAIL), PIPELINE_DONE);
	w->subject.addr_text =
	    str_of(arena_printf(&w->mem, "<%s>", stage[i].rcpt));
	if (stage[i].fact >= 0)
		fact_put(
		    f, &w->mem, FACT_BOUNCE_TAG, str_of(stage[i].rcpt), known)
		    ->number = (uint64_t)stage[i].fact;
	else if (stage[i].fact == LOST)
		fact_fail(f, &w->mem, FACT_BOUNCE_TAG, str_of(stage[i].rcpt));
	fact_put(f, &w->mem, FACT_DHAP, STR(""), known)->number = 1;
	fact_put(f, &w->mem, FACT_RATE_HOST, STR(""), known)->number = 1;
}

static void
test_bac_05_stage(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(stage); i++) {
		struct world w;
		int code;

		world_begin(&w, config, stage[i].listener);
		run_stage(&w, i);
		if (world_run(&w, AT_RCPT) != PIPELINE_DONE)
			fail_msg(
			    "%s: needs %s", stage[i].why, fact_name(w.needs));
		code = w.run.replied && w.run.reply.code >= 400
			   ? w.run.reply.code
			   : 0;
		if (code != stage[i].code ||
		    !str_is(w.subject.rcpt, stage[i].result))
			fail_msg("%s: %d %.*s, %.*s", stage[i].why, code,
			    STR_ARG(w.run.reply.text), STR_ARG(w.subject.rcpt));
		if ((world_note(&w, NOTE_BOUNCE_TAG) != NULL) !=
		    (code != 0 || !str_is(w.subject.rcpt, stage[i].rcpt)))
			fail_msg("%s: note", stage[i].why);
		world_end(&w);
	}
}

static void
test_invalid_bounces_get_a_field(void **state)
{
	char text[2000];
	struct config *c;
	struct world w;

	(void)state;
	snprintf(text, sizeof(text),
	    "%sbounce_verification: {action: add_header, header_name: X-Bad, "
	    "header_value: a bounce}\n",
	    yaml);
	c = world_config(text);
	world_begin(&w, c, "In");
	run_stage(&w, 3);
	assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_DONE);
	assert_true(!w.run.replied || w.run.reply.code < 400);
	assert_true(w.subject.invalid_bounce);
	assert_true(pipeline_reads_header(&w.subject));
	w.subject.header = STR("Subject: x\r\n\r\n");
	w.subject.header_kept = w.subject.header.n;
	assert_int_equal(world_run(&w, AT_WORK), PIPELINE_DONE);
	assert_true(
	    str_is(w.subject.header, "X-Bad: a bounce\r\nSubject: x\r\n\r\n"));
	assert_int_equal(w.subject.header_kept, 14);
	world_end(&w);
	config_unref(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bac_05_the_form),
		cmocka_unit_test(test_bac_05_who_may_have_a_tag),
		cmocka_unit_test(test_keys_are_read_and_written),
		cmocka_unit_test(test_the_tag_is_what_others_make_of_it),
		cmocka_unit_test(test_bac_05_what_a_tag_is_worth),
		cmocka_unit_test(test_bac_05_stage),
		cmocka_unit_test(test_invalid_bounces_get_a_field),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
