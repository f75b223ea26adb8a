/* test_config_warn.c - what loads, and is hardly meant */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/load.h"
#include "tests/unit/hat_oracle.h"
#include "tests/unit/random_hat.h"

#define HEAD                                                                   \
	"hostname: a.test\n"                                                   \
	"interfaces: [{name: N, ip: 192.0.2.1}, {name: Any, ip: 0.0.0.0},\n"   \
	"  {name: Six, ip: \"2001:db8::1\"}, {name: AnySix, ip: \"::\"}]\n"    \
	"listeners:\n"
#define HAT                                                                    \
	HEAD "- name: In\n"                                                    \
	     "  hat:\n"                                                        \
	     "    groups:\n"
#define REACHED(what, by)                                                      \
	what " is never reached: " by                                          \
	     " stands before it and takes it; put this one first, or remove "  \
	     "it"
#define GROUP(name, by)                                                        \
	"sender group " name                                                   \
	" is never reached: groups before it, such as " by                     \
	", take all that it lists; put it before them, or remove it"
#define WORLD(name)                                                            \
	name " and what follows it is never reached: the groups before take "  \
	     "every address there is; remove it, or put it before them"
#define CLASS(entry, policy)                                                   \
	entry " puts hosts without a verified name under " policy              \
	      ", which neither rejects nor throttles: anybody can be such a "  \
	      "host; choose another policy for them"

static const struct {
	const char *why, *yaml;
	const char *want; /* "line text | line text"; empty: no warning */
} cases[] = {
	{ "what comes with the listeners",
	    HEAD "- {name: In}\n- {name: Out, type: private, port: 26}\n", "" },

	{ "a directory that nobody can ask",
	    HEAD "- name: In\n"
		 "  ldap_accept: {query: corp.accept}\n"
		 "- name: Out\n"
		 "  port: 26\n"
		 "  ldap_accept: {query: corp.out, unreachable: accept}\n",
	    "5 ldap_accept of listener \"In\" names the query corp.accept, "
	    "but this version cannot ask a directory: recipients are rejected "
	    "with 451; remove the query | "
	    "7 ldap_accept of listener \"Out\" names the query corp.out, but "
	    "this version cannot ask a directory: every recipient is taken to "
	    "be known; remove the query" },

	{ "old versions of TLS",
	    HEAD "- {name: In, tls_min_version: 1.1}\n"
		 "- {name: Out, port: 26, tls_min_version: 1.3}\n",
	    "5 tls_min_version of listener \"In\" lets in TLS 1.1, whose "
	    "ciphers and signatures do not protect mail any more; remove it, "
	    "or keep it for a listener of old machines alone" },
	{ "a service that nobody can ask",
	    HEAD "- {name: In}\n"
		 "sdr:\n"
		 "  enabled: yes\n",
	    "7 this version has no service to ask: no message gets a "
	    "verdict" },

	/* host access table */
	{ "the same address",
	    HAT "    - {name: A, policy: $BLOCKED, entries: [10.1.1.1]}\n"
		"    - {name: B, policy: $TRUSTED, entries: [10.1.1.1]}\n",
	    "9 " GROUP("B", "A in line 8") },
	{ "one of several",
	    HAT "    - {name: A, policy: $BLOCKED, entries: [10.1.]}\n"
		"    - {name: B, policy: $TRUSTED, entries:\n"
		"       [10.2.1.1,\n"
		"        10.1.1.1-7]}\n",
	    "11 " REACHED("10.1.1.1-7", "A in line 8") },
	{ "behind CONTINUE",
	    HAT "    - {name: A, policy: CONTINUE, entries: [10.1.]}\n"
		"    - {name: B, policy: $TRUSTED, entries: [10.1.1.1]}\n",
	    "" },
	{ "CONTINUE behind",
	    HAT "    - {name: A, policy: $TRUSTED, entries: [10.1.]}\n"
		"    - {name: B, policy: CONTINUE, entries: [10.1.1.1]}\n",
	    "9 " GROUP("B", "A in line 8") },
	{ "two halves make a whole",
	    HAT "    - {policy: $BLOCKED, entries: 10.0.0.0/9}\n"
		"    - {policy: $TRUSTED, entries: 10.128.0.0/9}\n"
		"    - {policy: $TRUSTED, entries: 10.}\n",
	    "10 " REACHED("10.", "10.0.0.0/9 in line 8") },
	{ "and almost a whole",
	    HAT "    - {policy: $BLOCKED, entries: 10.0.0.0/9}\n"
		"    - {policy: $TRUSTED, entries: 10.128.0.0/10}\n"
		"    - {policy: $TRUSTED, entries: 10.}\n",
	    "" },
	{ "IPv6 is not IPv4",
	    HAT "    - {policy: $BLOCKED, entries: \"::/0\"}\n"
		"    - {policy: $TRUSTED, entries: 10.1.1.1}\n"
		"    - {policy: $TRUSTED, entries: \"2001:db8::/32\"}\n",
	    "10 " REACHED("2001:db8::/32", "::/0 in line 8") },
	{ "the whole world",
	    HAT "    - {policy: $BLOCKED, entries: \"::/0\"}\n"
		"    - {policy: $BLOCKED, entries: [10.1., 0.0.0.0/0]}\n"
		"    - {name: B, policy: $TRUSTED, entries: a.test}\n"
		"    - {policy: $TRUSTED, entries: 10.1.}\n",
	    "10 " WORLD("B") },
	{ "all but IPv6",
	    HAT "    - {policy: $BLOCKED, entries: [0-127., 128.0.0.0/1]}\n"
		"    - {name: B, policy: $TRUSTED, entries: a.test}\n"
		"    - {policy: $BLOCKED, entries: 255.255.255.255}\n",
	    "10 " REACHED("255.255.255.255", "0-127. in line 8") },
	{ "names",
	    HAT "    - {name: A, policy: $BLOCKED, entries: [.b.test, "
		"c.test]}\n"
		"    - {policy: $TRUSTED, entries: x.y.b.TEST}\n"
		"    - {policy: $TRUSTED, entries: .y.b.test}\n"
		"    - {policy: $TRUSTED, entries: b.test}\n"
		"    - {policy: $TRUSTED, entries: C.test}\n"
		"    - {policy: $TRUSTED, entries: .c.test}\n",
	    "9 " REACHED("x.y.b.TEST", "A in line 8") " | 10 " REACHED(
		".y.b.test", "A in line 8") " | 12 " REACHED("C.test",
		"A in line 8") },
	{ "scores",
	    HAT "    - {name: A, policy: $BLOCKED, entries: "
		"\"sbrs[-10.0:-3.0]\"}\n"
		"    - {name: B, policy: $THROTTLED, entries: "
		"[\"sbrs[-3.0:5.0]\", \"sbrs[none]\"]}\n"
		"    - {name: C, policy: $THROTTLED, entries: "
		"[\"sbrs[-4.0:1.0]\", \"SBRS[none]\"]}\n"
		"    - {name: D, policy: $THROTTLED, entries: "
		"\"sbrs[4.0:6.0]\"}\n",
	    "10 " GROUP("C", "A in line 8") },
	{ "classes, owners, countries, lists",
	    HAT "    - {name: A, policy: $BLOCKED, entries: [nx.domain, "
		"\"SBO:7\",\n"
		"       \"country[XX,YY]\", \"dnslist[l.test]\"]}\n"
		"    - {policy: REJECT, entries: NX.domain}\n"
		"    - {policy: REJECT, entries: \"SBO:7\"}\n"
		"    - {policy: REJECT, entries: \"country[YY]\"}\n"
		"    - {policy: REJECT, entries: \"country[YY,ZZ]\"}\n"
		"    - {policy: REJECT, entries: \"dnslist[L.test]\"}\n"
		"    - {policy: REJECT, entries: \"dnslist[m.test]\"}\n",
	    "10 " REACHED("NX.domain", "A in line 8") " | 11 " REACHED(
		"SBO:7", "A in line 8") " | 12 " REACHED("country[YY]",
		"A in line 8") " | 14 " REACHED("dnslist[L.test]",
		"A in line 8") },

	/* recipient access table */
	{ "recipients",
	    HEAD "- name: In\n"
		 "  rat:\n"
		 "  - .a.test\n"
		 "  - b.test\n"
		 "  - {reject: fred@}\n"
		 "  - {accept: postmaster@b.test, bypass_ldap_accept: yes}\n"
		 "  - x.a.test\n"
		 "  - .x.A.test\n"
		 "  - joe@y.a.test\n"
		 "  - fred@c.test\n"
		 "  - a.test\n"
		 "  - .b.test\n"
		 "  - joe@c.test\n",
	    "10 " REACHED("postmaster@b.test",
		"b.test, in line 8,") " | 11 " REACHED("x.a.test",
		".a.test, in line 7,") " | 12 " REACHED(".x.A.test",
		".a.test, in line 7,") " | 13 " REACHED("joe@y.a.test",
		".a.test, in line 7,") " | 14 " REACHED("fred@c.test",
		"fred@, in line 9,") },
	{ "an open relay", HEAD "- {name: In, rat: [{accept: ALL}]}\n",
	    "5 accepts mail to anybody from anybody: an open relay" },

	/* listeners */
	{ "all addresses and one",
	    HEAD "- {name: In, interface: Any}\n"
		 "- {name: Two, interface: N}\n"
		 "- {name: Three, interface: N, port: 26}\n"
		 "- {name: Four, interface: Six}\n"
		 "- {name: Five, interface: AnySix, port: 27}\n",
	    "6 port 25 of N and that of listener \"In\", on Any, are the same "
	    "for some clients: only one of them can be opened; give one "
	    "another port or interface" },
	{ "all addresses of IPv6",
	    HEAD "- {name: In, interface: AnySix}\n"
		 "- {name: Two, interface: Six}\n"
		 "- {name: Three, interface: N}\n",
	    "6 port 25 of Six and that of listener \"In\", on AnySix, are the "
	    "same for some clients: only one of them can be opened; give one "
	    "another port or interface" },
	{ "classes that gain",
	    HAT "    - {name: A, policy: $TRUSTED, entries: [10.1.1.1, "
		"nx.domain,\n"
		"       serv.fail]}\n"
		"    - {policy: RELAY, entries: not.double.verified}\n",
	    "8 " CLASS("nx.domain", "policy $TRUSTED") " | 10 " CLASS(
		"not.double.verified", "behaviour RELAY") },
	{ "classes that gain nothing",
	    HAT "    - {name: A, policy: $THROTTLED, entries: [nx.domain]}\n"
		"    - {name: B, policy: $BLOCKED, entries: [serv.fail]}\n"
		"    - {name: C, policy: CONTINUE, entries: "
		"[not.double.verified]}\n"
		"    - {policy: ACCEPT, parameters: {max_rcpts_per_msg: 5},\n"
		"       entries: not.double.verified}\n",
	    "" },
	{ "empty lists",
	    "hostname: a.test\n"
	    "interfaces: [{name: N, ip: 192.0.2.1}]\n"
	    "address_lists: [{name: E}, {name: F, entries: [\"@a.test\"]}]\n"
	    "listeners:\n"
	    "- name: In\n"
	    "  hat:\n"
	    "    defaults: {sender_exceptions: E}\n"
	    "    policies:\n"
	    "    - {name: $P, behaviour: ACCEPT}\n"
	    "    - {name: $Q, behaviour: ACCEPT, sender_exceptions: F,\n"
	    "       tls_mandatory_list: E}\n",
	    "5 sender_exceptions of the defaults names the address list E, "
	    "which is empty: no sender is excepted; add addresses to the "
	    "list, or remove the key | 10 tls_mandatory_list of $Q names the "
	    "address list E, which is empty: no sender must use TLS; add "
	    "addresses to the list, or remove the key" },
	{ "where domains are mapped to",
	    HEAD "- name: In\n"
		 "  domain_map: map\n"
		 "  rat: [good.test, .below.test, joe@part.test, "
		 "{reject: .bad.test}]\n",
	    "tables/map:2 @two.test becomes @other.test, which the recipient "
	    "access table of listener \"In\" does not accept: such mail is "
	    "refused; add the domain to the table, or remove the mapping | "
	    "tables/map:6 joe@six.test becomes fred@part.test, which the "
	    "recipient access table of listener \"In\" does not accept: such "
	    "mail is refused; add the domain to the table, or remove the "
	    "mapping" },
};
static const char map[] = "@one.test @Good.test\n"
			  "@two.test @other.test\n"
			  "@three.test joe@x.below.test\n"
			  "@four.test @part.test\n"
			  "joe@five.test Joe@part.test\n"
			  "joe@six.test fred@part.test\n";

static struct config *
load(const char *yaml, struct config_problems *ps)
{
	struct bundle_file files[] = {
		{ STR("postern.yaml"), str_of(yaml) },
		{ STR("tables/map"), STR(map) },
	};
	struct bundle b = { .files = files, .n = NELEM(files) };

	return config_load(&b, 1, ps);
}

static void
test_warnings(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct config_problems ps = { 0 };
		struct config *c = load(cases[i].yaml, &ps);
		struct buf got;

		buf_init(&got, 1 << 16);
		buf_puts(&got, "");
		for (size_t k = 0; k < ps.n; k++) {
			bool other =
			    strcmp(ps.v[k].where.file, "postern.yaml") != 0;

			buf_printf(&got, "%s%s%s%d %s", k > 0 ? " | " : "",
			    other ? ps.v[k].where.file : "", other ? ":" : "",
			    ps.v[k].where.line, ps.v[k].text);
		}
		if (c == NULL || !str_is(buf_str(&got), cases[i].want))
			fail_msg("%s:\n%.*s, not\n%s", cases[i].why,
			    STR_ARG(buf_str(&got)), cases[i].want);
		config_problems_free(&ps);
		config_unref(&c);
		buf_fini(&got);
	}
}

/* Programs read no warnings, and find the same configuration. */
static void
test_programs_do_not_look(void **state)
{
	struct config_problems ps = { .no_warnings = true };
	struct config *c = load(cases[1].yaml, &ps);

	(void)state;
	assert_non_null(c);
	assert_int_equal(ps.n, 0);
	config_unref(&c);
}

static bool
is_warned(const struct config_problems *ps, const struct where *where,
    struct str text)
{
	for (size_t i = 0; i < ps->n; i++) {
		if (ps->v[i].where.line == where->line &&
		    strncmp(ps->v[i].text, text.p, text.n) == 0)
			return true;
	}
	return false;
}

static void
random_client(uint64_t *seed, struct facts *f, char name[RANDOM_TEXT])
{
	static const char *const codes[] = { "XX", "YY", "ZZ", "QQ" };
	char text[RANDOM_TEXT];

	*f = (struct facts){ .host = STR("") };
	random_address(seed, text);
	assert_true(ip_parse(&f->client, str_of(text)));
	for (int id = FACT_HOST; id <= FACT_COUNTRY; id++)
		fact_set(f, id, FACT_KNOWN, FACT_GIVEN);
	f->host_class = 1 + rnd(seed) % HOST_NOT_CONFIRMED;
	random_name(seed, name);
	if (f->host_class == HOST_VERIFIED)
		f->host = str_of(name);
	f->reputation = rnd(seed) % 4 == 0 ? REPUTATION_NONE
					   : (int64_t)(rnd(seed) % 201) - 100;
	f->owner = rnd(seed) % 4;
	str_copy(f->country, sizeof(f->country),
	    str_of(codes[rnd(seed) % NELEM(codes)]));
}

/* What a client meets was not said to be out of reach. */
static void
test_nothing_reached_is_warned_of(void **state)
{
	size_t warned = 0;

	(void)state;
	for (uint64_t table = 1; table <= 400; table++) {
		struct config_problems ps = { 0 };
		uint64_t seed = table;
		struct config *c;
		struct buf yaml;

		buf_init(&yaml, 1 << 20);
		buf_puts(&yaml, HAT);
		for (size_t i = rnd(&seed) % 40; i > 0; i--) {
			char text[RANDOM_TEXT];

			random_entry(&seed, text);
			if (strncmp(text, "dnslist", 7) == 0)
				continue;
			buf_printf(&yaml, "    - policy: %s\n      entries:\n",
			    rnd(&seed) % 5 == 0 ? "CONTINUE" : "REJECT");
			buf_printf(&yaml, "      - '%s'\n", text);
		}
		c = load(yaml.data, &ps);
		assert_non_null(c);
		warned += ps.n;
		for (int i = 0; i < 300; i++) {
			struct oracle_answer a;
			char name[RANDOM_TEXT];
			struct facts f;

			random_client(&seed, &f, name);
			a = oracle_hat(&c->listeners[0], &f);
			assert_int_equal(a.test, ORACLE_MATCH);
			if (a.entry->kind != HAT_ALL &&
			    is_warned(&ps, &a.entry->where, a.entry->text))
				fail_msg("table %llu: %.*s is reached",
				    (unsigned long long)table,
				    STR_ARG(a.entry->text));
		}
		config_problems_free(&ps);
		config_unref(&c);
		buf_fini(&yaml);
	}
	assert_true(warned > 400);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_programs_do_not_look),
		cmocka_unit_test(test_nothing_reached_is_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
