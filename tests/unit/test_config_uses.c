/* test_config_uses.c - names that refer to entries of lists, and who does */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "config/load.h"
#include "config/schema.h"
#include "config/uses.h"

static struct config *load(const char *text, struct config_problems *);
static size_t position(const struct schema_section *, const char *list);
static void check_order(const struct schema_section *, size_t top);

static const char whole[] =
    "hostname: mx.test\n"
    "interfaces:\n"
    "  - {name: A, ip: 127.0.0.1}\n"
    "  - {name: B, ip: 127.0.0.2}\n"
    "  - {name: C, ip: 127.0.0.3}\n"
    "certificates: [{name: mx}, {name: spare}]\n"
    "auth_profiles: [{name: staff}]\n"
    "callahead_profiles: [{name: ask}]\n"
    "bounce_profiles: [{name: fast}, {name: slow}]\n"
    "address_lists:\n"
    "  - {name: L1}\n"
    "  - {name: L2}\n"
    "  - {name: L3}\n"
    "  - {name: L4}\n"
    "listeners:\n"
    "  - name: In\n"
    "    certificate: mx\n"
    "    call_ahead: ask\n"
    "    bounce_profile: fast\n"
    "    hat:\n"
    "      defaults: {sender_exceptions: L1}\n"
    "      policies:\n"
    "        - {name: $P, behaviour: ACCEPT, tls_mandatory_list: L2}\n"
    "  - name: Out\n"
    "    type: private\n"
    "    interface: B\n"
    "    certificate: mx\n"
    "    auth_profile: staff\n"
    "    hat:\n"
    "      groups:\n"
    "        - {name: G, entries: 10.1, policy: ACCEPT,\n"
    "           parameters: {sender_exceptions: L3}}\n"
    "destinations:\n"
    "  - {domain: a.test, bounce_profile: fast}\n"
    "  - {domain: b.test, bounce_profile: Default}\n";

static void
test_who_uses_what(void **state)
{
	static const struct {
		const char *list, *name, *want;
	} table[] = {
		{ "interfaces", "A", "listener \"In\"" },
		{ "interfaces", "B", "listener \"Out\"" },
		{ "interfaces", "C", "" },
		{ "certificates", "mx", "listener \"In\", listener \"Out\"" },
		{ "certificates", "spare", "" },
		{ "auth_profiles", "staff", "listener \"Out\"" },
		{ "callahead_profiles", "ask", "listener \"In\"" },
		{ "bounce_profiles", "fast",
		    "listener \"In\", destination \"a.test\"" },
		{ "bounce_profiles", "slow", "" },
		{ "bounce_profiles", "Default", "destination \"b.test\"" },
		/* The name of a thing of another kind. */
		{ "bounce_profiles", "mx", "" },
		{ "address_lists", "L1", "listener \"In\"" },
		{ "address_lists", "L2", "listener \"In\"" },
		{ "address_lists", "L3", "listener \"Out\"" },
		{ "address_lists", "L4", "" },
	};
	struct config_problems ps = { 0 };
	struct config *c = load(whole, &ps);

	(void)state;
	if (c == NULL)
		fail_msg("%s", ps.v[0].text);
	for (size_t i = 0; i < NELEM(table); i++) {
		struct buf have;

		buf_init(&have, 1000);
		uses_find(c, table[i].list, str_of(table[i].name), &have);
		if (!str_is(buf_str(&have), table[i].want))
			fail_msg("%s %s: \"%.*s\", not \"%s\"", table[i].list,
			    table[i].name, STR_ARG(buf_str(&have)),
			    table[i].want);
		buf_fini(&have);
	}
	config_unref(&c);
	config_problems_free(&ps);
}

/* A name is looked up when it is read, so its list must have been read. */
static void
test_lists_stand_before_what_refers_to_them(void **state)
{
	(void)state;
	check_order(&schema_top, SIZE_MAX);
	check_order(&schema_policy_params, position(&schema_top, "listeners"));
}

/* One policy of many groups wants what QMQP does not have. */
static void
test_qmqp_is_told_once(void **state)
{
	static const char text[] =
	    "hostname: mx.test\n"
	    "interfaces: [{name: A, ip: 127.0.0.1}]\n"
	    "listeners:\n"
	    "  - {name: Q, type: private, protocol: QMQP, hat: {\n"
	    "     defaults: {tls: preferred}, groups: [\n"
	    "     {name: G, entries: 10.1, policy: ACCEPT},\n"
	    "     {name: H, entries: 10.2, policy: $RELAYED}]}}\n";
	struct config_problems ps = { 0 };
	struct config *c = load(text, &ps);

	(void)state;
	assert_null(c);
	assert_int_equal(ps.n_errors, 1);
	assert_string_equal(ps.v[0].path, "listeners[0].hat");
	assert_string_equal(ps.v[0].text,
	    "the policy of group G wants TLS or authentication; QMQP has "
	    "neither");
	config_problems_free(&ps);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_uses_what),
		cmocka_unit_test(test_lists_stand_before_what_refers_to_them),
		cmocka_unit_test(test_qmqp_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static struct config *
load(const char *text, struct config_problems *ps)
{
	struct bundle b;
	struct config *c;

	bundle_from_text(&b, "postern.yaml", str_of(text));
	c = config_load(&b, 1, ps);
	bundle_free(&b);
	return c;
}

/* Where a list comes in the order of loading. */
static size_t
position(const struct schema_section *s, const char *list)
{
	size_t at = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct schema_key *key = &s->keys[i];
		size_t below;

		if (key->name != NULL && strcmp(key->name, list) == 0)
			return at;
		below =
		    key->name == NULL ? position(key->section, list) : SIZE_MAX;
		if (below != SIZE_MAX)
			return at + below;
		at += key->name == NULL ? key->section->n : 1;
	}
	return SIZE_MAX;
}

/* top: the position of what this is a part of; SIZE_MAX: it is the top. */
static void
check_order(const struct schema_section *s, size_t top)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_key *key = &s->keys[i];
		size_t at = top == SIZE_MAX && key->name != NULL
				? position(&schema_top, key->name)
				: top;
		size_t list = key->refers != NULL
				  ? position(&schema_top, key->refers)
				  : 0;

		if (key->refers != NULL && (list == SIZE_MAX || list >= at))
			fail_msg("%s refers to %s, which is read after it",
			    key->name, key->refers);
		if (key->section != NULL)
			check_order(key->section, at);
	}
}
