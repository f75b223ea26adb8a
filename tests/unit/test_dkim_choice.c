/* test_dkim_choice.c - DKIM in the configuration, and whose profile signs */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/load.h"
#include "pipeline/dkim_choice.h"

#define BASE                                                                   \
	"hostname: mx.test\n"                                                  \
	"dkim_keys:\n"                                                         \
	"  - { name: k }\n"                                                    \
	"  - { name: e, type: ed25519, file: other.pem }\n"                    \
	"dkim_profiles:\n"
#define PROFILE "  - { name: a, domain: example.com, selector: s"

static struct config *load(const char *yaml, struct err *);

/* What is not said follows. */
static void
test_defaults(void **state)
{
	struct err err = ERR_INIT;
	struct config *c = load(BASE PROFILE ", key: k }\n", &err);
	const struct dkim_profile *p;
	struct dkim_terms t;

	(void)state;
	assert_non_null(c);
	p = &c->dkim_profiles[0];
	assert_true(str_is(c->dkim_keys[0].file, "k.dkim"));
	assert_true(str_is(c->dkim_keys[1].file, "other.pem"));
	assert_ptr_equal(p->key, &c->dkim_keys[0]);
	assert_int_equal(p->n_senders, 1);
	assert_true(str_is(p->senders[0].text, "@example.com"));
	assert_true(str_is(p->signed_fields[0], "From"));
	assert_true(p->n_signed_fields > 10 && p->twice && p->time);
	dkim_terms_of(p, INT64_C(1700000000999), &t);
	assert_int_equal(t.at, 1700000000);
	assert_int_equal(t.until, 0);
	config_unref(&c);
	c = load(BASE PROFILE ", key: e, timestamp: no, valid: 1d, "
			      "fields: [from, x-a], protect: no }\n",
	    &err);
	assert_non_null(c);
	dkim_terms_of(&c->dkim_profiles[0], INT64_C(1700000000999), &t);
	assert_int_equal(t.algorithm, DKIM_ED25519);
	assert_int_equal(t.at, 0);
	assert_int_equal(t.until, 1700000000 + 86400);
	assert_int_equal(t.n_fields, 2);
	assert_false(t.twice);
	config_unref(&c);
}

static const struct {
	const char *profile, *says; /* NULL: it is good */
} profiles[] = {
	{ ", key: k, identity: \"@example.com\" }", NULL },
	{ ", key: k, identity: \"joe@sub.example.com\" }", NULL },
	{ ", key: k, identity: \"@xexample.com\" }", "@example.com" },
	{ ", key: k, identity: \"@com\" }", "@example.com" },
	{ ", key: k, fields: [From, Subject] }", NULL },
	{ ", key: k, fields: [Subject] }", "From must be one of them" },
	{ ", key: k, fields: [From, from] }", "twice" },
	{ ", key: k, fields: [\"Fr om\"] }", "fields" },
	{ ", key: none }", "there is no DKIM key \"none\"" },
	{ ", key: k, senders: [\"joe@\", \"@.x.example\"] }", NULL },
	{ ", key: k, senders: [x.example] }", "must be user@example.com" },
	{ ", key: k, header: strict }", "header" },
	{ " }", NULL },
};

static void
test_what_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(profiles); i++) {
		struct err err = ERR_INIT;
		char yaml[1000];
		struct config *c;

		snprintf(yaml, sizeof(yaml), BASE PROFILE "%s\n",
		    profiles[i].profile);
		c = load(yaml, &err);
		if ((c != NULL) != (profiles[i].says == NULL) ||
		    (c == NULL && strstr(err.text, profiles[i].says) == NULL))
			fail_msg("%s: %s", profiles[i].profile,
			    c == NULL ? err.text : "taken");
		config_unref(&c);
	}
}

/* Whose profile, and by which address. */
static const struct {
	const char *header, *sender, *profile, *addr;
} choices[] = {
	{ "From: a@example.com\r\n", "", "domain", "a@example.com" },
	{ "From: A <ann@EXAMPLE.com>, b@other.test\r\n", "", "address",
	    "ann@example.com" },
	{ "From: a@x.example.com\r\n", "", "below", "a@x.example.com" },
	{ "From: a@y.x.example.com\r\n", "", "deeper", "a@y.x.example.com" },
	{ "From: root@anywhere.test\r\n", "", "user", "root@anywhere.test" },
	{ "From: root@example.com\r\n", "", "domain", "root@example.com" },
	{ "From: a@other.test\r\nSender: s@example.com\r\n", "", "domain",
	    "s@example.com" },
	{ "From: a@other.test\r\nSender: b@other.test\r\n", "e@example.com",
	    "domain", "e@example.com" },
	{ "From: a@other.test\r\n", "prvs=e=0120A2B3C4@example.com", "domain",
	    "e@example.com" },
	{ "From: a@other.test\r\nSender: b@x.test\r\n", "c@y.test", NULL,
	    "a@other.test" },
	{ "From: undisclosed:;\r\nSender: b@x.test\r\n", "", NULL, "b@x.test" },
	{ "From: broken <\r\n", "", NULL, "" },
	{ "Subject: x\r\n", "", NULL, "" },
	{ "", "e@example.com", "domain", "e@example.com" },
};

static void
test_whose_profile(void **state)
{
	struct err err = ERR_INIT;
	struct config *c = load(BASE
	    "  - { name: user, domain: x.test, selector: s, key: k,\n"
	    "      senders: [root@] }\n"
	    "  - { name: below, domain: x.test, selector: s, key: k,\n"
	    "      senders: [\"@.example.com\"] }\n"
	    "  - { name: deeper, domain: x.test, selector: s, key: k,\n"
	    "      senders: [\"@.x.example.com\"] }\n"
	    "  - { name: domain, domain: example.com, selector: s, key: k }\n"
	    "  - { name: second, domain: example.com, selector: s, key: k }\n"
	    "  - { name: address, domain: x.test, selector: s, key: k,\n"
	    "      senders: [ann@example.com] }\n",
	    &err);

	(void)state;
	assert_non_null(c);
	for (size_t i = 0; i < NELEM(choices); i++) {
		struct dkim_choice d;
		struct arena mem;
		const char *why;

		arena_init(&mem, 1 << 20);
		d = dkim_choose(c, str_of(choices[i].header),
		    str_of(choices[i].sender), &mem);
		why = dkim_refusal(&d, &mem);
		if ((why == NULL) != (choices[i].profile != NULL) ||
		    !str_is(d.addr, choices[i].addr) ||
		    (why == NULL &&
			!str_is(d.profile->name, choices[i].profile)))
			fail_msg("%s: %.*s, %s", choices[i].header,
			    STR_ARG(d.addr),
			    why != NULL ? why : d.profile->name.p);
		arena_free(&mem);
	}
	config_unref(&c);
}

static struct config *
load(const char *yaml, struct err *err)
{
	struct bundle b;
	struct config *c;

	bundle_from_text(&b, "postern.yaml", str_of(yaml));
	c = config_load_simple(&b, 1, err);
	bundle_free(&b);
	return c;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_whose_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
