/* test_policies.c - parameters and policies there are (receiving 4.4, 4.5) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/hat_approach.h"
#include "config/hat_entry.h"
#include "config/load.h"
#include "config/schema.h"

#define HEAD                                                                   \
	"hostname: a.test\n"                                                   \
	"interfaces: [{name: N, ip: 192.0.2.1}]\n"                             \
	"listeners:\n"                                                         \
	"- {name: In, type: public"

/* Every key: defaults of a public and a private listener, values that are
 * taken and values that are not, apart by |. */
static const struct {
	const char *key, *public, *private, *good, *bad;
} keys[] = {
	{ "max_message_size", "10M", "100M", "1k|1024|12M|2G",
	    "1023|0|-1|unlimited|x|10Q" },
	{ "max_concurrency", "10", "600", "1|-1|unlimited", "0|-2" },
	{ "max_msgs_per_session", "10", "10000", "1|5k|-1", "0|1.5" },
	{ "max_rcpts_per_msg", "50", "100000", "1|100k|-1", "0" },
	{ "max_rcpts_per_hour", "unlimited", "unlimited", "1|20k|-1|off", "0" },
	{ "max_rcpts_per_sender", "unlimited", "unlimited", "1|20k|-1", "0" },
	{ "dhap_limit", "25", "unlimited", "0|1|150|-1", "-5|x" },
	{ "use_sb", "yes", "no", "on|off|yes|no", "1|maybe" },
	{ "spam_check", "yes", "no", "on|off", "x" },
	{ "virus_check", "yes", "yes", "on|off", "x" },
	{ "tls", "off", "off", "off|preferred|on", "yes|2" },
	{ "smtp_auth", "off", "off", "off|preferred", "yes" },
	{ "envelope_sender_verify", "no", "no", "on|off", "x" },
	{ "exception_table", "no", "no", "on|off", "x" },
	{ "smtp_banner_code", "220", "220", "220|299", "199|300|554|600|x" },
	{ "smtp_banner_text", "", "", "a b|\"\"|'x $Group'", "\"a\\tb\"" },
	{ "override_hostname", "", "", "\"\"|none|mx.a.test", "-|a b" },
	{ "max_rcpts_per_hour_code", "452", "452", "400|452|599", "250|600" },
	{ "max_rcpts_per_hour_text", "Too many recipients received this hour",
	    "Too many recipients received this hour", "x", "\"a\\0b\"" },
	{ "max_rcpts_per_sender_code", "452", "452", "400|599", "399" },
	{ "max_rcpts_per_sender_text",
	    "Too many recipients received from the sender",
	    "Too many recipients received from the sender", "x", "\"\\t\"" },
	{ "sender_exceptions", "", "", "\"\"", "nobody" },
	{ "dhap_drop", "yes", "yes", "on|off", "x" },
	{ "dhap_code", "550", "550", "450|550", "250" },
	{ "dhap_text", "Too many invalid recipients",
	    "Too many invalid recipients", "x", "\"\\t\"" },
	{ "significant_bits", "unlimited", "unlimited", "0|24|32|128|off",
	    "129|-2" },
	{ "tls_mandatory_list", "", "", "\"\"", "nobody|\"a\\nb\"" },
	{ "tls_verify", "no", "no", "on|off", "x" },
	{ "auth_require_tls", "yes", "yes", "on|off", "x" },
	{ "sender_malformed_code", "553", "553", "450|553", "250" },
	{ "sender_malformed_text", "#5.5.4 Domain required for sender address",
	    "#5.5.4 Domain required for sender address", "x", "\"\\t\"" },
	{ "sender_missing_code", "553", "553", "450|553", "250" },
	{ "sender_missing_text",
	    "#5.1.8 Domain of sender address <$EnvelopeSender> does not exist",
	    "#5.1.8 Domain of sender address <$EnvelopeSender> does not exist",
	    "x", "\"\\t\"" },
	{ "sender_unresolved_code", "451", "451", "450|553", "250" },
	{ "sender_unresolved_text",
	    "#4.1.8 Domain of sender address <$EnvelopeSender> does not "
	    "resolve",
	    "#4.1.8 Domain of sender address <$EnvelopeSender> does not "
	    "resolve",
	    "x", "\"\\t\"" },
	{ "dkim_signing", "no", "no", "off|no|on|yes", "maybe" },
	/* of features that there are not: off is taken, so that files of
	 * other gateways can be imported */
	{ "dkim_verification", "no", "no", "off", "on" },
	{ "smime_verification", "no", "no", "off", "on" },
	{ "smime_key_harvesting", "no", "no", "off", "on" },
	{ "spf_verification", "no", "no", "off", "on" },
	{ "dmarc_verification", "no", "no", "off", "on" },
	{ "untagged_bounces", "no", "no", "yes|no", "maybe" },
};

static struct config *
try(const char *yaml)
{
	struct bundle b;
	struct config *c;

	bundle_from_text(&b, "postern.yaml", str_of(yaml));
	c = config_load_simple(&b, 1, NULL);
	bundle_free(&b);
	return c;
}

static void
test_every_key_is_in_the_table(void **state)
{
	(void)state;
	assert_int_equal(NELEM(keys), MFP_N);
	for (size_t i = 0; i < MFP_N; i++)
		assert_string_equal(
		    keys[i].key, schema_policy_params.keys[i].name);
}

static void
test_defaults(void **state)
{
	struct config *c =
	    try(HEAD "}\n- {name: Out, type: private, port: 26}\n");

	(void)state;
	assert_non_null(c);
	for (size_t i = 0; i < NELEM(keys); i++) {
		const struct schema_key *key = &schema_policy_params.keys[i];

		for (size_t l = 0; l < 2; l++) {
			const char *p = (char *)&c->listeners[l].hat.defaults;
			const char *want =
			    l == 0 ? keys[i].public : keys[i].private;
			struct buf text;

			buf_init(&text, 4096);
			buf_puts(&text, "");
			key->type->print(key, p + key->off, &text);
			if (!str_is(buf_str(&text), want))
				fail_msg("%s of listener %zu: %.*s, not %s",
				    key->name, l, STR_ARG(buf_str(&text)),
				    want);
			buf_fini(&text);
		}
	}
	config_unref(&c);
}

static void
test_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * NELEM(keys); i++) {
		bool good = i % 2 == 0;
		struct str left =
		    str_of(good ? keys[i / 2].good : keys[i / 2].bad);

		while (left.n > 0) {
			struct str value = str_cut(&left, '|');
			struct config *c;
			char yaml[500];

			snprintf(yaml, sizeof(yaml),
			    HEAD ", hat: {defaults: {%s: %.*s}}}\n",
			    keys[i / 2].key, STR_ARG(value));
			c = try(yaml);
			if ((c != NULL) != good)
				fail_msg("%s: %.*s is %s", keys[i / 2].key,
				    STR_ARG(value), good ? "refused" : "taken");
			config_unref(&c);
		}
	}
}

/* What they set, and nothing else; the rest follows the listener. */
static void
test_predefined_policies(void **state)
{
	static const struct {
		const char *name;
		enum behaviour behaviour;
		const char *settings;
	} policies[] = {
		{ "$TRUSTED", ACCEPT,
		    "max_message_size 100M, max_concurrency 600, "
		    "max_msgs_per_session 5000, max_rcpts_per_msg 5000, "
		    "max_rcpts_per_hour unlimited, dhap_limit unlimited, "
		    "use_sb no, spam_check no, virus_check yes, " },
		{ "$THROTTLED", ACCEPT,
		    "max_message_size 1M, max_concurrency 10, "
		    "max_msgs_per_session 10, max_rcpts_per_msg 25, "
		    "max_rcpts_per_hour 20, use_sb yes, spam_check yes, "
		    "virus_check yes, " },
		{ "$ACCEPTED", ACCEPT,
		    "use_sb yes, spam_check yes, virus_check yes, " },
		{ "$RELAYED", RELAY,
		    "max_rcpts_per_hour unlimited, dhap_limit unlimited, "
		    "spam_check no, virus_check yes, " },
		{ "$BLOCKED", REJECT, "" },
	};
	struct config *c = try(HEAD "}\n");
	const struct hat *hat = &c->listeners[0].hat;

	(void)state;
	assert_int_equal(hat->n_policies, NELEM(policies));
	for (size_t i = 0; i < NELEM(policies); i++) {
		const struct policy *p = &hat->policies[i];
		struct buf text;

		buf_init(&text, 4096);
		for (size_t k = 0; k < MFP_N; k++) {
			const struct schema_key *key =
			    &schema_policy_params.keys[k];

			if (!p->set[k])
				continue;
			buf_printf(&text, "%s ", key->name);
			key->type->print(
			    key, (const char *)&p->p + key->off, &text);
			buf_puts(&text, ", ");
		}
		assert_true(str_is(p->name, policies[i].name));
		assert_int_equal(p->behaviour, policies[i].behaviour);
		assert_string_equal(
		    text.len > 0 ? text.data : "", policies[i].settings);
		assert_int_equal(
		    p->p.banner_code, p->behaviour == REJECT ? 554 : 220);
		buf_fini(&text);
	}
	config_unref(&c);
}

/* TLS and AUTH are nothing in which they differ from a listener's defaults. */
static void
test_predefined_policies_follow(void **state)
{
	struct config *c = try(
	    HEAD ", certificate: C, auth_profile: A,\n"
		 "   hat: {defaults: {tls: required, smtp_auth: preferred}}}\n"
		 "certificates: [{name: C}]\n"
		 "auth_profiles: [{name: A}]\n");
	const struct hat *hat = &c->listeners[0].hat;

	(void)state;
	assert_int_equal(hat->n_policies, 5);
	for (size_t i = 0; i < hat->n_policies; i++) {
		assert_int_equal(hat->policies[i].p.tls, 2);
		assert_int_equal(hat->policies[i].p.smtp_auth, 1);
		assert_false(hat->policies[i].set[MFP_TLS]);
	}
	config_unref(&c);
}

static void
test_approaches(void **state)
{
	static const char *const groups[] = { "ALLOWLIST", "BLOCKLIST",
		"SUSPECTLIST", "UNKNOWNLIST" };
	/* tenths; 0 to 0: none */
	static const int want[HAT_APPROACH_N][4][2] = {
		{ { 70, 100 }, { -100, -40 }, { -40, -20 }, { -20, 70 } },
		{ { 0, 0 }, { -100, -30 }, { -30, -10 }, { -10, 100 } },
		{ { 40, 100 }, { -100, -20 }, { -20, -10 }, { -10, 40 } },
	};
	struct config *c = try(HEAD "}\n");
	struct arena mem;

	(void)state;
	arena_init(&mem, 1 << 16);
	for (size_t a = 0; a < HAT_APPROACH_N; a++) {
		assert_int_equal(
		    hat_approach_of(str_of(hat_approach_name(a))), a);
		for (size_t g = 0; g < NELEM(groups); g++) {
			const char *const *entries =
			    hat_approach_entries(a, groups[g]);
			const struct hat_group *now =
			    &c->listeners[0].hat.groups[g];
			struct hat_entry e;

			assert_int_equal(
			    entries[0] != NULL, want[a][g][1] != 0);
			for (size_t i = 0; a == HAT_MODERATE && i < 2; i++) {
				assert_int_equal(
				    i < now->n_entries, entries[i] != NULL);
				if (entries[i] != NULL)
					assert_true(str_is(
					    now->entries[i].text, entries[i]));
			}
			if (entries[0] == NULL)
				continue;
			assert_int_equal(
			    hat_entry_parse(&e, str_of(entries[0]), &mem, NULL),
			    0);
			assert_int_equal(e.score.lo, want[a][g][0]);
			assert_int_equal(e.score.hi, want[a][g][1]);
			assert_int_equal(entries[1] != NULL, g == 3);
		}
	}
	assert_int_equal(hat_approach_of(STR("bold")), HAT_APPROACH_N);
	arena_free(&mem);
	config_unref(&c);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_is_in_the_table),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_predefined_policies),
		cmocka_unit_test(test_predefined_policies_follow),
		cmocka_unit_test(test_approaches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
