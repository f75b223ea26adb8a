/* test_param.c - parameters of MAIL and RCPT (threats STM-05, STM-06) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ipc/messages.h"
#include "smtp/param.h"

#define ALL  0xffu
#define X20  "xxxxxxxxxxxxxxxxxxxx"
#define X100 X20 X20 X20 X20 X20

static const struct {
	const char *text;
	unsigned offered;
	enum param_problem want;
	uint64_t size;
} of_mail[] = {
	{ "", ALL, PARAM_OK, 0 },
	{ "SIZE=1000", ALL, PARAM_OK, 1000 },
	{ "size=1000", ALL, PARAM_OK, 1000 },
	{ "SIZE=99999999999999999999", ALL, PARAM_OK, UINT64_MAX },
	{ "SIZE=100000000000000000000", ALL, PARAM_BAD, 0 },
	{ "SIZE=-1", ALL, PARAM_BAD, 0 },
	{ "SIZE=+1", ALL, PARAM_BAD, 0 },
	{ "SIZE=", ALL, PARAM_BAD, 0 },
	{ "SIZE", ALL, PARAM_BAD, 0 },
	{ "SIZE=1k", ALL, PARAM_BAD, 0 },
	{ "SIZE=1 SIZE=1", ALL, PARAM_BAD, 0 },
	{ "SIZE=1 BODY=8BITMIME", ALL, PARAM_OK, 1 },
	{ "BODY=7BIT", ALL, PARAM_OK, 0 },
	{ "body=8bitmime", ALL, PARAM_OK, 0 },
	{ "BODY=BINARYMIME", ALL, PARAM_BAD, 0 },
	{ "BODY=X", ALL, PARAM_BAD, 0 },
	{ "BODY", ALL, PARAM_BAD, 0 },
	{ "SMTPUTF8", ALL, PARAM_OK, 0 },
	{ "REQUIRETLS", ALL | PARAM_REQUIRETLS, PARAM_OK, 0 },
	{ "REQUIRETLS=1", ALL | PARAM_REQUIRETLS, PARAM_BAD, 0 },
	{ "REQUIRETLS REQUIRETLS", ALL | PARAM_REQUIRETLS, PARAM_BAD, 0 },
	{ "REQUIRETLS", ALL & ~PARAM_REQUIRETLS, PARAM_UNKNOWN, 0 },
	{ "SMTPUTF8=1", ALL, PARAM_BAD, 0 },
	{ "SMTPUTF8=", ALL, PARAM_BAD, 0 },
	{ "FOO=1", ALL, PARAM_UNKNOWN, 0 },
	{ "FOO", ALL, PARAM_UNKNOWN, 0 },
	{ "=", ALL, PARAM_UNKNOWN, 0 },
	{ "AUTH=<>", ALL, PARAM_OK, 0 },
	{ "AUTH=joe+40example.com", ALL, PARAM_OK, 0 },
	{ "AUTH=<>", ALL & ~PARAM_AUTH, PARAM_UNKNOWN, 0 },
	{ "AUTH=\xff", ALL, PARAM_BAD, 0 },
	{ "AUTH=", ALL, PARAM_BAD, 0 },
	{ "AUTH=<> AUTH=<>", ALL, PARAM_BAD, 0 },
	{ "NOTIFY=NEVER", ALL, PARAM_UNKNOWN, 0 },
	{ "SIZE=1", 0, PARAM_UNKNOWN, 0 },
	{ "SMTPUTF8", ALL & ~PARAM_SMTPUTF8, PARAM_UNKNOWN, 0 },
	{ "ENVID=x", ALL & ~PARAM_ENVID, PARAM_UNKNOWN, 0 },
	{ "RET=FULL", ALL, PARAM_OK, 0 },
	{ "RET=hdrs", ALL, PARAM_OK, 0 },
	{ "RET=BODY", ALL, PARAM_BAD, 0 },
	{ "RET=FULL RET=FULL", ALL, PARAM_BAD, 0 },
	{ "ENVID=", ALL, PARAM_BAD, 0 },
	{ "ENVID=" X100, ALL, PARAM_OK, 0 },
	{ "ENVID=" X100 "x", ALL, PARAM_BAD, 0 },
	{ "ENVID=" X100 X100 X100 X100 X100 X100, ALL, PARAM_BAD, 0 },
	{ "ENVID=a+00", ALL, PARAM_BAD, 0 },
	{ "ENVID=a+0D+0A", ALL, PARAM_BAD, 0 },
	{ "ENVID=a+", ALL, PARAM_BAD, 0 },
	{ "ENVID=a+2", ALL, PARAM_BAD, 0 },
	{ "ENVID=a+xy", ALL, PARAM_BAD, 0 },
	{ "ENVID=a=b", ALL, PARAM_BAD, 0 },
	{ "ENVID=\xc3\xa4", ALL, PARAM_BAD, 0 },
};

static void
test_stm_05_mail(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(of_mail); i++) {
		struct mail_params p;
		struct arena mem;

		arena_init(&mem, 1024);
		if (param_mail(&p, str_of(of_mail[i].text), of_mail[i].offered,
			&mem) != of_mail[i].want ||
		    (of_mail[i].want == PARAM_OK && p.size != of_mail[i].size))
			fail_msg("'%s'", of_mail[i].text);
		arena_free(&mem);
	}
}

static void
test_mail_values(void **state)
{
	struct mail_params p;
	struct arena mem;

	(void)state;
	arena_init(&mem, 1024);
	assert_int_equal(
	    param_mail(&p,
		STR("RET=HDRS ENVID=a+2Bb+3Dc BODY=8BITMIME SMTPUTF8 SIZE=7"),
		ALL, &mem),
	    PARAM_OK);
	assert_int_equal(p.ret, RET_HDRS);
	assert_true(str_is(p.envid, "a+b=c"));
	assert_true(p.body_8bit);
	assert_int_equal(p.seen,
	    PARAM_RET | PARAM_ENVID | PARAM_BODY | PARAM_SMTPUTF8 | PARAM_SIZE);
	arena_free(&mem);
}

static void
test_stm_06_rcpt(void **state)
{
	static const struct {
		const char *text;
		bool utf8;
		enum param_problem want;
		int notify;
		const char *orcpt;
	} cases[] = {
		{ "", false, PARAM_OK, 0, "" },
		{ "NOTIFY=NEVER", false, PARAM_OK, DSN_NEVER, "" },
		{ "NOTIFY=success,FAILURE", false, PARAM_OK,
		    DSN_SUCCESS | DSN_FAILURE, "" },
		{ "NOTIFY=DELAY,SUCCESS,FAILURE", false, PARAM_OK,
		    DSN_SUCCESS | DSN_FAILURE | DSN_DELAY, "" },
		{ "NOTIFY=NEVER,SUCCESS", false, PARAM_BAD, 0, "" },
		{ "NOTIFY=SUCCESS,SUCCESS", false, PARAM_BAD, 0, "" },
		{ "NOTIFY=", false, PARAM_BAD, 0, "" },
		{ "NOTIFY=,", false, PARAM_BAD, 0, "" },
		{ "NOTIFY=SUCCESS,", false, PARAM_BAD, 0, "" },
		{ "NOTIFY=ALWAYS", false, PARAM_BAD, 0, "" },
		{ "NOTIFY=DELAY NOTIFY=DELAY", false, PARAM_BAD, 0, "" },
		{ "ORCPT=rfc822;a@b.test", false, PARAM_OK, 0,
		    "rfc822;a@b.test" },
		{ "ORCPT=rfc822;a+2Bb@c.test", false, PARAM_OK, 0,
		    "rfc822;a+b@c.test" },
		{ "ORCPT=rfc822;a+00", false, PARAM_BAD, 0, "" },
		{ "ORCPT=rfc822;a+0D+0A", false, PARAM_BAD, 0, "" },
		{ "ORCPT=rfc822;", false, PARAM_BAD, 0, "" },
		{ "ORCPT=;a@b", false, PARAM_BAD, 0, "" },
		{ "ORCPT=a@b", false, PARAM_BAD, 0, "" },
		{ "ORCPT=rf c822;a", false, PARAM_BAD, 0, "" },
		{ "ORCPT=rfc822;" X100 X100 X100 X100 X100 X100, false,
		    PARAM_BAD, 0, "" },
		{ "ORCPT=utf-8;\xc3\xa4@b.test", true, PARAM_OK, 0,
		    "utf-8;\xc3\xa4@b.test" },
		{ "ORCPT=utf-8;\xc3\xa4@b.test", false, PARAM_BAD, 0, "" },
		{ "ORCPT=utf-8;\xc3@b.test", true, PARAM_BAD, 0, "" },
		{ "ORCPT=rfc822;\xc3\xa4@b.test", true, PARAM_BAD, 0, "" },
		{ "SIZE=1", false, PARAM_UNKNOWN, 0, "" },
		{ "FOO", false, PARAM_UNKNOWN, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct rcpt_params p;
		struct arena mem;

		arena_init(&mem, 1024);
		if (param_rcpt(&p, str_of(cases[i].text), ALL, cases[i].utf8,
			&mem) != cases[i].want ||
		    (cases[i].want == PARAM_OK &&
			(p.notify != cases[i].notify ||
			    !str_is(p.orcpt, cases[i].orcpt))))
			fail_msg("'%s'", cases[i].text);
		arena_free(&mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stm_05_mail),
		cmocka_unit_test(test_mail_values),
		cmocka_unit_test(test_stm_06_rcpt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
