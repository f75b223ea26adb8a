/*
 * test_sts.c - the texts of MTA-STS (RFC 8461), and whom a policy names
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "lookup/sts.h"
#include "lookup/sts_policy.h"

static void
test_records(void **state)
{
	static const struct {
		const char *txt, *id; /* NULL: no such record */
	} cases[] = {
		{ "v=STSv1; id=20160831085700Z;", "20160831085700Z" },
		{ "v=STSv1;id=1", "1" },
		{ "v=STSv1 ; x=y; id = a9 ;", "a9" },
		{ "v=STSv1; id=12345678901234567890123456789012;",
		    "12345678901234567890123456789012" },
		{ "v=STSv1; id=123456789012345678901234567890123;", NULL },
		{ "v=STSv1; id=a-b;", NULL },
		{ "v=STSv1; id=;", NULL },
		{ "v=STSv1;", NULL },
		{ "v=STSv2; id=1;", NULL },
		{ "id=1; v=STSv1;", NULL },
		{ "v=spf1 -all", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		char id[STS_ID_MAX + 1] = "";
		bool found = sts_record(str_of(cases[i].txt), id);

		if (found != (cases[i].id != NULL) ||
		    (found && !str_is(str_of(id), cases[i].id)))
			fail_msg("%s: %d %s", cases[i].txt, found, id);
	}
}

static void
test_policies(void **state)
{
	static const struct {
		const char *text, *error; /* NULL: none */
		enum sts_mode mode;
		uint32_t age;
		size_t n_mx;
	} cases[] = {
		{ "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\n"
		  "mx: *.example.net\r\nmax_age: 604800\r\n",
		    NULL, STS_ENFORCE, 604800, 2 },
		{ "version: STSv1\nmode: testing\nmx: a.b\nmax_age: 0", NULL,
		    STS_TESTING, 0, 1 },
		{ "version:STSv1\nmode:none\nmax_age:1\n\nnew: x", NULL,
		    STS_NONE, 1, 0 },
		{ "version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\n",
		    NULL, STS_NONE, 1, 0 },
		{ "version: STSv2\nmode: none\nmax_age: 1\n", "unknown version",
		    0, 0, 0 },
		{ "version: STSv1\nmode: on\nmax_age: 1\n", "unknown mode", 0,
		    0, 0 },
		{ "version: STSv1\nmode: enforce\nmax_age: 1\n",
		    "it names no mx", 0, 0, 0 },
		{ "version: STSv1\nmode: enforce\nmx: a b\nmax_age: 1\n",
		    "an mx is no host", 0, 0, 0 },
		{ "version: STSv1\nmode: enforce\nmx: a.b\nmax_age: -1\n",
		    "max_age is no time", 0, 0, 0 },
		{ "version: STSv1\nmode: enforce\nmx: a.b\nmax_age: 31557601\n",
		    "max_age is no time", 0, 0, 0 },
		{ "<html>not found</html>",
		    "it has not version, mode and max_age", 0, 0, 0 },
		{ "", "it has not version, mode and max_age", 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct err err = ERR_INIT;
		struct sts_policy p;
		int rc = sts_parse(str_of(cases[i].text), &p, &err);

		if (cases[i].error != NULL) {
			if (rc == 0 || strcmp(err.text, cases[i].error) != 0)
				fail_msg("%s: %s", cases[i].text, err.text);
			continue;
		}
		if (rc == -1 || p.mode != cases[i].mode ||
		    p.max_age != cases[i].age || p.n_mx != cases[i].n_mx)
			fail_msg("%s: %s %d %u %zu", cases[i].text, err.text,
			    p.mode, p.max_age, p.n_mx);
	}
}

static void
test_hosts(void **state)
{
	static const struct {
		const char *pattern, *host;
		bool fits;
	} cases[] = {
		{ "mx.example.com", "MX.example.com", true },
		{ "mx.example.com", "mx2.example.com", false },
		{ "*.example.com", "mx.example.com", true },
		{ "*.example.com", "a.mx.example.com", false },
		{ "*.example.com", "example.com", false },
		{ "*.example.com", ".example.com", false },
		{ "*", "mx", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		if (sts_matches(str_of(cases[i].pattern),
			str_of(cases[i].host)) != cases[i].fits)
			fail_msg("%s %s", cases[i].pattern, cases[i].host);
}

#define MAGIC  "postern-mta-sts 1\n"
#define POLICY "version: STSv1\nmode: enforce\nmx: mx.a.test\nmax_age: 1000\n"
#define KEPT   "a.test 1 1500000 57\n" POLICY "\n"

/* What one forgets and the next one knows. */
static void
test_kept(void **state)
{
	struct loop *loop = loop_new();
	struct sts *s = sts_new(loop, NULL, NULL, NULL);
	struct sts *next = sts_new(loop, NULL, NULL, NULL);
	struct err err = ERR_INIT;
	struct buf packed;

	(void)state;
	assert_int_equal(strlen(POLICY), 57);
	if (sts_unpack(s, STR(MAGIC KEPT), 1000000, &err) == -1)
		fail_msg("%s", err.text);
	buf_init(&packed, STS_PACK_MAX);
	sts_pack(s, 1000000, &packed);
	assert_string_equal(packed.data, MAGIC KEPT);
	/* over; and for no longer than it says itself */
	buf_reset(&packed);
	assert_int_equal(sts_unpack(next, STR(MAGIC KEPT), 1500000, &err), 0);
	sts_pack(next, 1500000, &packed);
	assert_string_equal(packed.data, MAGIC);
	buf_reset(&packed);
	assert_int_equal(sts_unpack(next, STR(MAGIC KEPT), 100000, &err), 0);
	sts_pack(next, 100000, &packed);
	assert_string_equal(
	    packed.data, MAGIC "a.test 1 1100000 57\n" POLICY "\n");
	buf_fini(&packed);
	sts_free(&s);
	sts_free(&next);
	loop_free(&loop);
}

/* However many there are, it is the oldest that are forgotten. */
static void
test_dns_02_many_kept(void **state)
{
	struct loop *loop = loop_new();
	struct sts *s = sts_new(loop, NULL, NULL, NULL);
	struct err err = ERR_INIT;
	struct buf text;
	size_t n = 0;

	(void)state;
	buf_init(&text, 4 << 20);
	buf_puts(&text, MAGIC);
	for (int i = 0; i < 12000; i++)
		buf_printf(&text, "n%d.test 1 1500000 57\n%s\n", i, POLICY);
	assert_int_equal(sts_unpack(s, buf_str(&text), 1000000, &err), 0);
	buf_reset(&text);
	sts_pack(s, 1000000, &text);
	for (const char *p = text.data; (p = strstr(p, ".test 1 ")) != NULL;
	     p++)
		n++;
	assert_in_range(n, 7500, 10000);
	assert_non_null(strstr(text.data, "\nn11999.test "));
	assert_non_null(strstr(text.data, "\nn5000.test "));
	assert_null(strstr(text.data, "\nn0.test "));
	buf_fini(&text);
	sts_free(&s);
	loop_free(&loop);
}

static void
test_what_is_no_kept_policy(void **state)
{
	static const char *const bad[] = { "", "postern-mta-sts 2\n", "x",
		MAGIC "a.test", MAGIC "a.test 1 1500000 57\n",
		MAGIC "a.test 1 1500000 58\n" POLICY "\n",
		MAGIC "a.test 1 1500000 56\n" POLICY "\n",
		MAGIC "a.test 1 1500000 99999999\n" POLICY "\n",
		MAGIC "a.test 1 -5 57\n" POLICY "\n",
		MAGIC "a.test 123456789012345678901234567890123 5 57\n" POLICY
		      "\n",
		MAGIC KEPT "rest" };
	struct loop *loop = loop_new();
	struct sts *s;

	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++) {
		struct err err = ERR_INIT;

		s = sts_new(loop, NULL, NULL, NULL);
		if (sts_unpack(s, str_of(bad[i]), 1000000, &err) != -1)
			fail_msg("taken: %s", bad[i]);
		sts_free(&s);
	}
	/* a name that would be written as none */
	s = sts_new(loop, NULL, NULL, NULL);
	assert_int_equal(
	    sts_unpack(s, STR(MAGIC "\0a.test 1 1500000 57\n" POLICY "\n" KEPT),
		1000000, NULL),
	    -1);
	sts_free(&s);
	loop_free(&loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_dns_02_many_kept),
		cmocka_unit_test(test_what_is_no_kept_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
