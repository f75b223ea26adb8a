/* test_web_form.c - forms, cookies, passwords as browsers send them */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "admin/web/form.h"
#include "base/mem.h"

/* NULL: not there, or not usable */
static const struct {
	const char *form, *value;
} forms[] = {
	{ "", NULL }, { "a=", "" }, { "a", "" }, { "a=b", "b" },
	{ "b=1&a=2&a=3", "2" }, { "aa=1", NULL }, { "%61=x+y%20z", "x y z" },
	{ "a=%", NULL }, { "a=%4", NULL }, { "a=%4g", NULL }, { "a=%%", NULL },
	{ "a=%00", NULL }, { "a=b%00c", NULL }, { "a=%c3%a4", "\xc3\xa4" },
	{ "a=%c3", NULL }, { "a=%2e%2e%2f", "../" }, { "a=b=c", "b=c" },
	{ "a=123456789012345", "123456789012345" },
	{ "a=1234567890123456", NULL }, /* it has no room */
};

static void
test_forms(void **state)
{
	char out[16];

	(void)state;
	for (size_t i = 0; i < NELEM(forms); i++) {
		bool there =
		    form_get(str_of(forms[i].form), "a", out, sizeof(out));

		if (there != (forms[i].value != NULL) ||
		    strcmp(out, there ? forms[i].value : "") != 0)
			fail_msg("%s: %s", forms[i].form, out);
	}
}

static void
test_a_name_more_than_once(void **state)
{
	struct str form = STR("a=1&b=2&a=3&c");
	char out[8];

	(void)state;
	assert_true(form_next(&form, "a", out, sizeof(out)));
	assert_string_equal(out, "1");
	assert_true(form_next(&form, "a", out, sizeof(out)));
	assert_string_equal(out, "3");
	assert_false(form_next(&form, "a", out, sizeof(out)));
}

static void
test_what_is_encoded_comes_back(void **state)
{
	static const char all[] = "a b+c&d=e%f/../\xe6\x97\xa5;#\"<>\x7f\n";
	char out[sizeof(all)];
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	buf_puts(&b, "a=");
	form_encode(&b, str_of(all));
	assert_true(form_get(buf_str(&b), "a", out, sizeof(out)));
	assert_string_equal(out, all);
	buf_fini(&b);
}

static void
test_cookies(void **state)
{
	static const struct {
		const char *cookies, *value;
	} v[] = {
		{ "", NULL },
		{ "x=1", "1" },
		{ "y=2; x=1; z=3", "1" },
		{ "y=2;x=1", "1" },
		{ "xx=1; x=2", "2" },
		{ "X=1", NULL },
		{ "x", "" },
		{ "x=a=b", "a=b" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(v); i++) {
		struct str got = form_cookie(str_of(v[i].cookies), "x");

		if (v[i].value == NULL ? got.n != 0 : !str_is(got, v[i].value))
			fail_msg("%s: %.*s", v[i].cookies, STR_ARG(got));
	}
}

static void
test_passwords(void **state)
{
	static const struct {
		const char *said, *user, *pass;
	} v[] = {
		{ "Basic YTpi", "a", "b" }, { "basic YTpiOmM=", "a", "b:c" },
		{ "Basic Og==", "", "" },
		{ "Basic YQ==", NULL, NULL },     /* no colon */
		{ "Basic YTpi=", NULL, NULL },    /* no base64 */
		{ "Basic AGE6Yg==", NULL, NULL }, /* NUL */
		{ "Basic /zph", NULL, NULL },     /* no UTF-8 */
		{ "Bearer YTpi", NULL, NULL }, { "Basic", NULL, NULL },
		{ "", NULL, NULL },
		{ "Basic YWJjZGVmZ2hpamtsbW5vcDpi", NULL, NULL }, /* no room */
	};
	char user[16], pass[16];

	(void)state;
	for (size_t i = 0; i < NELEM(v); i++) {
		bool ok = form_basic(
		    str_of(v[i].said), user, sizeof(user), pass, sizeof(pass));

		if (ok != (v[i].user != NULL) ||
		    (ok && (strcmp(user, v[i].user) != 0 ||
			       strcmp(pass, v[i].pass) != 0)))
			fail_msg("%s", v[i].said);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_a_name_more_than_once),
		cmocka_unit_test(test_what_is_encoded_comes_back),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_passwords),
	};

	return cmocka_run_group_tests_name("web_form", tests, NULL, NULL);
}
