/* test_tls_scram.c - SCRAM-SHA-256, and the file of users */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/mem.h"
#include "tls/users.h"

static struct arena mem;

static int
setup(void **state)
{
	(void)state;
	arena_init(&mem, 1 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&mem);
	return 0;
}

static struct str
decoded(const char *text)
{
	struct buf b;
	struct str s;

	buf_init(&b, 1000);
	assert_true(base64_decode(str_of(text), &b));
	s = arena_str(&mem, buf_str(&b));
	buf_fini(&b);
	return s;
}

/* The exchange of RFC 7677, section 3. */
static void
test_rfc_7677(void **state)
{
	struct str salt = decoded("W22ZaJ0SNY7soEsUEjb6gQ==");
	struct scram_keys k = { .n_salt = 16, .iterations = 4096 };
	unsigned char signature[SCRAM_KEY];
	struct scram s;

	(void)state;
	memcpy(k.salt, salt.p, 16);
	scram_derive(&k, STR("pencil"));
	assert_true(
	    scram_first(&s, STR("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"), &mem));
	assert_true(str_is(s.user, "user"));
	assert_true(
	    str_is(scram_challenge(&s, STR("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"),
		       salt, 4096, &mem),
		"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
	assert_true(scram_final(&s,
	    STR("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
	    &mem));
	assert_true(scram_judge(&k, s.auth_message, s.proof, signature));
	assert_true(str_is(
	    scram_success((struct str){ (char *)signature, SCRAM_KEY }, &mem),
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
}

/* The same, as the client; and what we do not answer. */
static void
test_our_side(void **state)
{
	static const struct {
		const char *challenge;
		bool ok;
	} table[] = {
#define R "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
#define S "s=W22ZaJ0SNY7soEsUEjb6gQ==,"
		{ R S "i=4096", true },
		{ R S "i=4095", false },
		{ R S "i=1000001", false },
		{ R S "i=x", false },
		{ R S, false },
		{ R "s=,i=4096", false },
		{ R "s=***,i=4096", false },
		{ R "i=4096," S, false },
		{ "r=rOprNGfwEbeRWgbNEkqO," S "i=4096", false },
		{ "r=another," S "i=4096", false },
		{ "m=x," R S "i=4096", false },
		{ "", false },
	};
	const struct scram_client c = { STR("user"),
		STR("rOprNGfwEbeRWgbNEkqO") };
	const struct scram_client odd = { STR("a,b=c"), STR("x") };
	struct str answer, proof;

	(void)state;
	assert_true(
	    str_is(scram_hello(&c, &mem), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
	assert_true(str_is(scram_hello(&odd, &mem), "n,,n=a=2Cb=3Dc,r=x"));
	for (size_t i = 0; i < NELEM(table); i++) {
		bool ok = scram_answer(&c, STR("pencil"),
		    str_of(table[i].challenge), &answer, &proof, &mem);

		if (ok != table[i].ok)
			fail_msg("%s", table[i].challenge);
		if (!ok)
			continue;
		assert_true(str_is(answer,
		    "c=biws," R
		    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
		assert_true(str_is(
		    proof, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
	}
	/* as much of our time as a server may ask for */
	assert_true(scram_answer(
	    &c, STR("pencil"), STR(R S "i=1000000"), &answer, &proof, &mem));
}

static void
test_stm_08_first(void **state)
{
	static const struct {
		struct str text;
		const char *user; /* NULL: refused */
	} table[] = {
		{ { "n,,n=joe,r=abc", 14 }, "joe" },
		{ { "y,,n=joe,r=abc", 14 }, "joe" },
		{ { "n,,n=a=2Cb=3Dc,r=abc", 20 }, "a,b=c" },
		{ { "n,,n=j\xc3\xb6rg,r=abc,x=y", 20 }, "j\xc3\xb6rg" },
		{ { "p=tls-unique,,n=joe,r=abc", 25 }, NULL },
		{ { "n,a=ann,n=joe,r=abc", 19 }, NULL },
		{ { "n,,n=,r=abc", 11 }, NULL },
		{ { "n,,n=j=e,r=abc", 14 }, NULL },
		{ { "n,,n=j=2c,r=abc", 15 }, NULL },
		{ { "n,,n=joe,r=", 11 }, NULL },
		{ { "n,,n=joe,r=a b", 14 }, NULL },
		{ { "n,,n=j\0e,r=abc", 14 }, NULL },
		{ { "n,,n=\xff,r=abc", 12 }, NULL },
		{ { "n,,r=abc,n=joe", 14 }, NULL },
		{ { "n,,m=x,n=joe,r=abc", 18 }, NULL },
		{ { "n,", 2 }, NULL },
		{ { "", 0 }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct scram s;
		bool ok = scram_first(&s, table[i].text, &mem);

		if (ok != (table[i].user != NULL) ||
		    (ok && !str_is(s.user, table[i].user)))
			fail_msg("%s", table[i].text.p);
	}
}

static void
test_stm_08_final(void **state)
{
#define PROOF "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
	static const struct {
		const char *text;
		bool ok;
	} table[] = {
		{ "c=biws,r=abcXYZ," PROOF, true },
		{ "c=biws,r=abcXYZ", false },
		{ "c=biws,r=abc," PROOF, false },
		{ "c=eSws,r=abcXYZ," PROOF, false },
		{ "r=abcXYZ,c=biws," PROOF, false },
		{ "c=biws,r=abcXYZ," PROOF ",x=1", false },
		{ "c=biws,r=abcXYZ,p=dHzb", false },
		{ "c=biws,r=abcXYZ,p=****", false },
		{ "c=biws,r=abcXYZ,", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct scram s;

		assert_true(scram_first(&s, STR("n,,n=joe,r=abc"), &mem));
		scram_challenge(&s, STR("XYZ"), STR("saltsalt"), 4096, &mem);
		if (scram_final(&s, str_of(table[i].text), &mem) != table[i].ok)
			fail_msg("%s", table[i].text);
	}
}

static const char users_text[] =
    "# who may send\n"
    "\n"
    "joe:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\r\n"
    "ann@example.com:$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/"
    "G.FBvgkYA.lpPdS5sA\n";

static struct users *
parse(const char *text, struct err *err)
{
	return users_parse(str_of(text), "users", STR("of this house"), err);
}

static void
test_users(void **state)
{
	struct err err = ERR_INIT;
	struct users *u = parse(users_text, &err);
	struct scram_keys nobody, again, joe;
	struct buf line;
	const unsigned char salt[16] = "0123456789abcde";

	(void)state;
	if (u == NULL)
		fail_msg("%s", err.text);
	assert_int_equal(users_count(u), 2);
	assert_true(users_check(u, STR("joe"), STR("pencil")));
	assert_false(users_check(u, STR("joe"), STR("pencil ")));
	assert_false(users_check(u, STR("Joe"), STR("pencil")));
	assert_false(users_check(u, STR("joe"), STR("")));
	assert_false(users_check(u, STR("nobody"), STR("pencil")));
	assert_true(users_check(u, STR("ann@example.com"), STR("secret")));
	assert_false(users_check(u, STR("ann@example.com"), STR("Secret")));
	assert_false(users_check(
	    u, STR("ann@example.com"), (struct str){ "secret\0", 7 }));
	/* Who is not there has a salt, the same each time, of his own. */
	users_scram(u, STR("joe"), &joe);
	users_scram(u, STR("nobody"), &nobody);
	users_scram(u, STR("nobody"), &again);
	assert_int_equal(nobody.iterations, joe.iterations);
	assert_int_equal(nobody.n_salt, joe.n_salt);
	assert_memory_equal(&nobody, &again, sizeof(again));
	users_scram(u, STR("nobodx"), &again);
	assert_memory_not_equal(nobody.salt, again.salt, 16);
	users_free(&u);

	buf_init(&line, 1000);
	users_line(STR("tim"), STR("p\xc3\xa4ss:word"), salt, &line);
	u = parse(line.data, &err);
	assert_non_null(u);
	assert_true(users_check(u, STR("tim"), STR("p\xc3\xa4ss:word")));
	users_free(&u);
	buf_fini(&line);
}

static void
test_users_by_hash(void **state)
{
	struct err err = ERR_INIT;
	struct users *u = parse("ann:$5$saltsalt$"
				"0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA"
				"\n",
	    &err);

	(void)state;
	assert_non_null(u);
	assert_false(users_check(u, STR("ann"), STR("wrong")));
	assert_false(users_check(u, STR("nobody"), STR("wrong")));
	users_free(&u);
}

static void
test_bad_users(void **state)
{
	static const struct {
		const char *text, *error;
	} table[] = {
		{ "joe\n", "users:1: the secret of joe is none that can be "
			   "used; \"postern smtpauthconfig user\" makes one" },
		{ "joe:secret\n", "users:1: the secret of joe" },
		{ "joe:$1$salt$hash\n", "users:1: the secret of joe" },
		{ "#\n:x\n", "users:2: must be name:secret" },
		{ "a b:x\n", "users:1: must be name:secret" },
		{ "j:SCRAM-SHA-256$10:c2FsdHNhbHQ=$$:\n",
		    "users:1: the secret of j" },
		{ "j:$6$a$b\nj:$6$a$b\n", "users:2: the user j is there" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct err err = ERR_INIT;

		assert_null(parse(table[i].text, &err));
		if (!str_starts(str_of(err.text), str_of(table[i].error)))
			fail_msg("%s: %s", table[i].text, err.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_7677),
		cmocka_unit_test(test_our_side),
		cmocka_unit_test(test_stm_08_first),
		cmocka_unit_test(test_stm_08_final),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_users_by_hash),
		cmocka_unit_test(test_bad_users),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
