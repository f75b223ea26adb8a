/*
 * test_table.c - tables of addresses: texts, mistakes in them, look-ups
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/load.h"
#include "config/table.h"

#define FILE_NAME "tables/x.txt"

static struct table *parse(
    enum table_kind, struct str text, bool private, struct buf *problems);
static void look_up(const struct table *, const char *addr, char out[600]);

static const char map_text[] = "# a comment\n"
			       "joe@old.example.com   joe@new.example.com\n"
			       "\n"
			       "fred@.old.example.com\tfred@new.example.com\r\n"
			       "@old.example.com @New.Example.com # all\n"
			       "  @.old.example.com  postmaster@example.com\n"
			       "@b.old.example.com @new.example.com\n";
static const char masquerade_text[] = "ALL                 @example.com\n"
				      "joe, Jim,jack@a.org joseph@example.com\n"
				      "@inside.example.com @example.com\n"
				      "@.example.com       @example.com\n"
				      "joe@b.org           other@example.com\n";
static const char alias_text[] =
    "admin@example.com: administrator@example.com\n"
    "root: administrator@example.com\n"
    "\n"
    "[ example.com, .example.net ]\n"
    "joe, fred: joseph@example.com\n"
    "party: wilma@example.com , fred@Example.com,\n"
    "\tbarney@example.com,\n"
    "# in between\n"
    "  /dev/null\n"
    "[ example.org ]\n"
    "help: support@example.com\n"
    "all: sales, root\n"
    "sales: joe@example.com,mary@example.com\n";
static const char gateway_text[] =
    "@example.com      Domain Net\n"
    "@.example.com     Below # rest of the line is the name\n"
    "joe@              User\n"
    "joe@example.com   Addr\n"
    "192.0.2.140       Client\n"
    "2001:DB8:0:0::1   Client6\n";

static const char lists_text[] =
    "anna@Example.com  safe Joe@x.test, block x.test # old friends\n"
    "ben@example.com   BLOCK .x.test,safe y@ , block z@[192.0.2.1]\n";

static const struct kind {
	enum table_kind kind;
	const char *text;
	size_t n;
} kinds[] = {
	{ TABLE_DOMAIN_MAP, map_text, sizeof(map_text) - 1 },
	{ TABLE_MASQUERADE, masquerade_text, sizeof(masquerade_text) - 1 },
	{ TABLE_ALIASES, alias_text, sizeof(alias_text) - 1 },
	{ TABLE_GATEWAYS, gateway_text, sizeof(gateway_text) - 1 },
	{ TABLE_LISTS, lists_text, sizeof(lists_text) - 1 },
};

/* "number:line key -> value"; "": not found. */
static const struct {
	enum table_kind kind;
	const char *addr, *want;
} finds[] = {
	{ TABLE_DOMAIN_MAP, "joe@old.example.com",
	    "0:2 joe@old.example.com -> joe@new.example.com" },
	{ TABLE_DOMAIN_MAP, "Joe@OLD.example.com",
	    "0:2 joe@old.example.com -> joe@new.example.com" },
	{ TABLE_DOMAIN_MAP, "jane@old.example.com",
	    "2:5 @old.example.com -> @new.example.com" },
	{ TABLE_DOMAIN_MAP, "fred@a.old.example.com",
	    "1:4 fred@.old.example.com -> fred@new.example.com" },
	{ TABLE_DOMAIN_MAP, "fred@old.example.com",
	    "2:5 @old.example.com -> @new.example.com" },
	/* stands before @b.old.example.com */
	{ TABLE_DOMAIN_MAP, "jane@b.old.example.com",
	    "3:6 @.old.example.com -> postmaster@example.com" },
	{ TABLE_DOMAIN_MAP, "jane@c.b.old.example.com",
	    "3:6 @.old.example.com -> postmaster@example.com" },
	{ TABLE_DOMAIN_MAP, "joe@new.example.com", "" },
	{ TABLE_DOMAIN_MAP, "joe@badold.example.com", "" },
	{ TABLE_DOMAIN_MAP, "joe", "" },
	{ TABLE_DOMAIN_MAP, "@", "" },
	{ TABLE_DOMAIN_MAP, "", "" },
	{ TABLE_DOMAIN_MAP, "a@[192.0.2.1]", "" },

	{ TABLE_MASQUERADE, "joe@anywhere.org",
	    "1:2 joe@ -> joseph@example.com" },
	{ TABLE_MASQUERADE, "JIM", "1:2 jim@ -> joseph@example.com" },
	{ TABLE_MASQUERADE, "jack@a.org",
	    "1:2 jack@a.org -> joseph@example.com" },
	{ TABLE_MASQUERADE, "joe@b.org", "1:2 joe@ -> joseph@example.com" },
	{ TABLE_MASQUERADE, "x@inside.example.com",
	    "2:3 @inside.example.com -> @example.com" },
	{ TABLE_MASQUERADE, "x@y.inside.example.com",
	    "3:4 @.example.com -> @example.com" },
	{ TABLE_MASQUERADE, "jane", "0:1 ALL -> @example.com" },
	{ TABLE_MASQUERADE, "all@a.org", "0:1 ALL -> @example.com" },
	{ TABLE_MASQUERADE, "", "" },

	{ TABLE_ALIASES, "admin@example.com",
	    "0:1 admin@example.com -> administrator@example.com" },
	{ TABLE_ALIASES, "root@example.com",
	    "1:2 root@ -> administrator@example.com" },
	{ TABLE_ALIASES, "Fred@Example.com",
	    "2:5 fred@example.com -> joseph@example.com" },
	{ TABLE_ALIASES, "fred@a.b.example.net",
	    "2:5 fred@.example.net -> joseph@example.com" },
	{ TABLE_ALIASES, "fred@example.net", "" },
	{ TABLE_ALIASES, "party@example.com",
	    "3:6 party@example.com -> wilma@example.com, fred@example.com, "
	    "barney@example.com, /dev/null" },
	{ TABLE_ALIASES, "joe@example.org", "" },
	{ TABLE_ALIASES, "all@example.org",
	    "5:12 all@example.org -> sales, root" },
	{ TABLE_ALIASES, "sales@example.org",
	    "6:13 sales@example.org -> joe@example.com, mary@example.com" },

	/* by precedence, whatever the order */
	{ TABLE_GATEWAYS, "joe@example.com", "3:4 joe@example.com -> Addr" },
	{ TABLE_GATEWAYS, "joe@a.example.com", "2:3 joe@ -> User" },
	{ TABLE_GATEWAYS, "jane@example.com",
	    "0:1 @example.com -> Domain Net" },
	{ TABLE_GATEWAYS, "jane@a.example.com", "1:2 @.example.com -> Below" },
	{ TABLE_GATEWAYS, "192.0.2.140", "" },

	{ TABLE_LISTS, "Anna@example.com",
	    "0:1 anna@example.com -> safe joe@x.test, block @x.test" },
	{ TABLE_LISTS, "ben@example.com",
	    "1:2 ben@example.com -> block @.x.test, safe y@, "
	    "block z@[192.0.2.1]" },
	{ TABLE_LISTS, "anna@a.example.com", "" },
};

/* What is wrong with a text: "line:column: " and how the reason begins. */
static const struct {
	enum table_kind kind;
	const char *text;
	const char *want; /* NULL: nothing */
} mistakes[] = {
	{ TABLE_DOMAIN_MAP, "", NULL },
	{ TABLE_DOMAIN_MAP, "\xef\xbb\xbf@a.org @b.org\n", NULL },
	{ TABLE_DOMAIN_MAP, "@a.org @b.org", NULL },
	{ TABLE_DOMAIN_MAP, "joe@a.org fred@[192.0.2.1]", NULL },
	{ TABLE_DOMAIN_MAP, "@a.org\n", "1:7: the right side is missing" },
	{ TABLE_DOMAIN_MAP, "@a.org b.org\n",
	    "1:8: \"b.org\" is no address such as" },
	{ TABLE_DOMAIN_MAP, "@a.org b@\n",
	    "1:8: \"b@\" is no address such as" },
	{ TABLE_DOMAIN_MAP, "@a.org @.b.org\n",
	    "1:8: \"@.b.org\": what follows the @ must be a domain" },
	{ TABLE_DOMAIN_MAP, "joe@a.org @b.org\n",
	    "1:11: \"@b.org\": what stands on the left can only become a "
	    "whole address" },
	{ TABLE_DOMAIN_MAP, "joe@.a.org @b.org\n",
	    "1:12: \"@b.org\": what stands on the left can only become a "
	    "whole address" },
	{ TABLE_DOMAIN_MAP, "192.0.2.1 @b.org\n",
	    "1:1: \"192.0.2.1\" cannot stand on the left" },
	{ TABLE_DOMAIN_MAP, "@[192.0.2.1] @b.org\n",
	    "1:1: \"@[192.0.2.1]\" cannot stand on the left" },
	{ TABLE_DOMAIN_MAP, "@192.0.2.1 @b.org\n",
	    "1:1: \"@192.0.2.1\" cannot stand on the left" },
	{ TABLE_DOMAIN_MAP, "@*.a.org @b.org\n",
	    "1:1: \"@*.a.org\" cannot stand on the left" },
	{ TABLE_DOMAIN_MAP, "joe joe@b.org\n",
	    "1:1: \"joe\" cannot stand on the left" },
	{ TABLE_DOMAIN_MAP, "joe@ joe@b.org\n",
	    "1:1: \"joe@\" cannot stand on the left" },
	{ TABLE_DOMAIN_MAP, "ALL joe@b.org\n",
	    "1:1: \"ALL\" cannot stand on the left" },
	{ TABLE_DOMAIN_MAP, "@a.org,@b.org @c.org\n",
	    "1:1: \"@a.org,@b.org\" cannot stand on the left" },
	{ TABLE_DOMAIN_MAP, "@a.org @b.org @c.org\n",
	    "1:15: \"@c.org\": text behind the right side" },
	{ TABLE_DOMAIN_MAP, "@a.org @b.org#c\n",
	    "1:8: \"@b.org#c\": what follows the @ must be a domain" },
	{ TABLE_DOMAIN_MAP, "\n@A.org @b.org\n\n@a.ORG @c.org\n",
	    "4:1: \"@a.org\" stands in line 2 already" },
	{ TABLE_DOMAIN_MAP, "@a.org @b.org\n@b.org\t@c\x01.org\n",
	    "2:10: the byte 0x01 cannot stand here" },
	{ TABLE_DOMAIN_MAP, "@a.org @b.org\r@b.org @c.org\n",
	    "1:14: the byte 0x0d cannot stand here" },
	{ TABLE_DOMAIN_MAP, "j\xf6rg@a.org joe@b.org\n",
	    "1:1: the line is not UTF-8" },

	{ TABLE_MASQUERADE, "ALL @b.org\n",
	    "1:1: ALL is for private listeners only" },
	{ TABLE_MASQUERADE, "joe @b.org\n",
	    "1:5: \"@b.org\": what stands on the left can only become a "
	    "whole" },
	{ TABLE_MASQUERADE, "joe, @a.org @b.org\n",
	    "1:13: \"@b.org\": what stands on the left can only become a "
	    "whole" },
	{ TABLE_MASQUERADE, "@a.org joe@b.org\n",
	    "1:8: \"joe@b.org\": what stands on the left can only become a "
	    "domain" },
	{ TABLE_MASQUERADE, "joe@ joe@b.org\n",
	    "1:1: \"joe@\" cannot stand on the left" },
	{ TABLE_MASQUERADE, "joe,, fred a@b.org\n",
	    "1:5: \"\" cannot stand on the left" },
	{ TABLE_MASQUERADE, "joe, fred,\n",
	    "1:11: \"\" cannot stand on the left" },
	{ TABLE_MASQUERADE, "joe joe@a.org\njoe fred@a.org\n",
	    "2:1: warning: \"joe@\" stands in line 1 already" },

	{ TABLE_ALIASES, "joe fred@a.org\n", "1:5: expected a colon" },
	{ TABLE_ALIASES, "joe\n", "1:4: expected a colon" },
	{ TABLE_ALIASES, ": fred@a.org\n", "1:1: \"\" cannot be an alias" },
	{ TABLE_ALIASES, "@a.org: fred@a.org\n",
	    "1:1: \"@a.org\" cannot be an alias" },
	{ TABLE_ALIASES, "joe@[192.0.2.1]: fred@a.org\n", NULL },
	{ TABLE_ALIASES, "joe@[IPv6:2001:db8::1]: fred@a.org\n", NULL },
	{ TABLE_ALIASES, "\"a:b,c\"@a.org: fred@a.org\n", NULL },
	{ TABLE_ALIASES, "joe:\n", "1:5: an address or alias is missing here" },
	{ TABLE_ALIASES, "joe: a@b.org,\n",
	    "1:14: an address or alias is missing here" },
	{ TABLE_ALIASES, "joe: a@b.org c@d.org\n",
	    "1:14: expected a comma between targets; a line that begins" },
	{ TABLE_ALIASES, "joe: a@b.org\n fred: c@d.org\n",
	    "2:2: expected a comma between targets; a line that begins" },
	{ TABLE_ALIASES, "joe: a@b.org,\n\n# x\n fred: c@d.org\n",
	    "4:2: \"fred:\" is neither an address nor an alias" },
	{ TABLE_ALIASES, "joe: :include:/etc/list\n",
	    "1:6: \":include:/etc/list\": files, programs" },
	{ TABLE_ALIASES, "joe: |/bin/sh\n",
	    "1:6: \"|/bin/sh\": files, programs" },
	{ TABLE_ALIASES, "joe: \"|/bin/sh -c x\"\n",
	    "1:6: \"\"|/bin/sh -c x\"\": files, programs" },
	{ TABLE_ALIASES, "joe: /var/mail/joe\n",
	    "1:6: \"/var/mail/joe\": files, programs" },
	{ TABLE_ALIASES, "joe: fred\n",
	    "1:1: \"fred\" is neither an address nor an alias that counts "
	    "for joe" },
	{ TABLE_ALIASES, "joe: fred\nfred: joe\n", NULL },
	{ TABLE_ALIASES, "fred@a.org: x@b.org\njoe: fred\n",
	    "2:1: \"fred\" is neither" },
	{ TABLE_ALIASES, "[a.org]\njoe: fred\n[b.org]\nfred: a@b.org\n",
	    "2:1: \"fred\" is neither" },
	{ TABLE_ALIASES, "[.a.org]\njoe: fred\n[.org]\nfred: a@b.org\n", NULL },
	{ TABLE_ALIASES,
	    "[a.org,.b.org]\njoe: root\n[c.org]\n"
	    "x: joe@c.org\njoe@c.org: a@b.org\n",
	    "2:1: \"root\" is neither" },
	{ TABLE_ALIASES, "[ ]\njoe: a@b.org\n", "1:3: \"\": each part" },
	{ TABLE_ALIASES, "[ a.org\njoe: a@b.org\n", "1:8: expected , or ]" },
	{ TABLE_ALIASES, "[ a.org b.org ]\n", "1:9: expected , or ]" },
	{ TABLE_ALIASES, "[ a.org ]\n joe: a@b.org\n",
	    "2:2: text behind a context; a line that begins" },
	{ TABLE_ALIASES, "[ *.org ]\n", "1:3: \"*.org\": each part" },
	{ TABLE_ALIASES, " [ a.org ]\n",
	    "1:1: there is no line before it; a line that begins" },
	{ TABLE_ALIASES, "joe: a@b.org\n\njoe: c@d.org\n",
	    "3:1: warning: \"joe@\" stands in line 1 already, and the "
	    "first counts" },

	{ TABLE_GATEWAYS, "192.0.2.300 Net\n",
	    "1:1: \"192.0.2.300\" cannot stand on the left" },
	{ TABLE_GATEWAYS, "joe Net\n",
	    "1:1: \"joe\" cannot stand on the left" },
	{ TABLE_GATEWAYS, "joe@\n", "1:5: the right side is missing" },
	{ TABLE_GATEWAYS, "192.0.2.1 A\n192.0.2.1 B\n",
	    "2:1: \"192.0.2.1\" stands in line 1 already" },

	{ TABLE_LISTS, "@x.test safe a@b.test\n",
	    "1:1: \"@x.test\" cannot stand on the left" },
	{ TABLE_LISTS, "a@x.test\n", "1:9: the right side is missing" },
	{ TABLE_LISTS, "a@x.test b@y.test\n",
	    "1:10: \"b@y.test\": write safe or block" },
	{ TABLE_LISTS, "a@x.test safe b@y.test, block\n",
	    "1:10: \"block\": write safe or block" },
	{ TABLE_LISTS, "a@x.test safe b c\n",
	    "1:10: must be user@example.com" },
	{ TABLE_LISTS, "a@x.test safe b@y.test\nA@x.test block c@y.test\n",
	    "2:1: \"a@x.test\" stands in line 1 already" },
};

static void
test_find(void **state)
{
	struct table *t = NULL;
	char got[600];

	(void)state;
	for (size_t i = 0; i < NELEM(finds); i++) {
		const struct kind *k = &kinds[finds[i].kind];

		if (t == NULL || finds[i].kind != finds[i - 1].kind) {
			table_free(&t);
			t = parse(
			    k->kind, (struct str){ k->text, k->n }, true, NULL);
			assert_non_null(t);
		}
		look_up(t, finds[i].addr, got);
		if (strcmp(got, finds[i].want) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", finds[i].addr, got,
			    finds[i].want);
	}
	table_free(&t);
}

static void
test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(mistakes); i++) {
		const char *want =
		    mistakes[i].want != NULL ? mistakes[i].want : "";
		struct buf got;
		struct table *t;
		bool warned = strstr(want, "warning") != NULL;

		buf_init(&got, 100000);
		t = parse(
		    mistakes[i].kind, str_of(mistakes[i].text), false, &got);
		if (!str_starts(buf_str(&got), str_of(want)) ||
		    (want[0] == '\0' && got.len > 0) ||
		    (t != NULL) != (want[0] == '\0' || warned))
			fail_msg("\"%s\": \"%.*s\"", mistakes[i].text,
			    STR_ARG(buf_str(&got)));
		table_free(&t);
		buf_fini(&got);
	}
}

/* No target is a command of SMTP, a program or a file. */
static void
test_rel_12_targets(void **state)
{
	static const char *const targets[] = { "a@b.org\rDATA",
		"a@b.org\r\nRCPT TO:<x@y.org>", "a\r\nb@c.org",
		"\"a\r\nb\"@c.org", "\"a\rb\"@c.org", "a@b.org\nDATA",
		"|/bin/sh", "\"|/bin/sh\"", "| /bin/sh -c x", "/var/mail/joe",
		"\"/var/mail/joe\"", ":include:/etc/passwd", "a@b.org|sh",
		"a@b.org/x" };
	static const struct {
		enum table_kind kind;
		const char *left;
	} lefts[] = { { TABLE_ALIASES, "joe: " },
		{ TABLE_ALIASES, "joe: a@b.org, " },
		{ TABLE_DOMAIN_MAP, "joe@a.org " },
		{ TABLE_MASQUERADE, "joe@a.org " } };

	(void)state;
	for (size_t i = 0; i < NELEM(targets) * NELEM(lefts); i++) {
		size_t k = i % NELEM(lefts);
		struct buf text, got;

		buf_init(&text, 1000);
		buf_init(&got, 100000);
		buf_printf(
		    &text, "%s%s\n", lefts[k].left, targets[i / NELEM(lefts)]);
		if (parse(lefts[k].kind, buf_str(&text), false, &got) != NULL)
			fail_msg("\"%s\" is taken", text.data);
		assert_true(got.len > 0);
		buf_fini(&text);
		buf_fini(&got);
	}
}

/* All of them, not only the first. */
static void
test_every_mistake(void **state)
{
	struct buf got;

	(void)state;
	buf_init(&got, 100000);
	assert_null(parse(TABLE_DOMAIN_MAP,
	    STR("@a.org\njoe @b.org\n@c.org @d.org\n@c.org @e.org\n"), false,
	    &got));
	assert_string_equal(got.data,
	    "1:7: the right side is missing\n"
	    "2:1: \"joe\" cannot stand on the left: write "
	    "user@example.com, user@.example.com, @example.com or "
	    "@.example.com\n"
	    "4:1: \"@c.org\" stands in line 3 already\n");
	buf_fini(&got);
}

static void
test_get(void **state)
{
	struct table *t = parse(TABLE_GATEWAYS,
	    (struct str){ gateway_text, sizeof(gateway_text) - 1 }, true, NULL);
	struct table_hit hit;

	(void)state;
	assert_true(table_get(t, STR("192.0.2.140"), &hit));
	assert_int_equal(hit.order, 4);
	assert_true(str_is(hit.value, "Client"));
	assert_string_equal(hit.where.file, FILE_NAME);
	assert_int_equal(hit.where.line, 5);
	assert_true(table_get(t, STR("2001:db8::1"), &hit));
	assert_false(table_get(t, STR("192.0.2.1"), &hit));
	assert_false(table_get(t, STR(""), &hit));
	/* keys of records that are no keys of the table */
	assert_false(table_get(t, STR("\0"), &hit));
	assert_false(table_get(t, STR("\0\0\0\0\0"), &hit));
	table_free(&t);
}

static void
test_entries_in_order(void **state)
{
	static const char *const want[] = {
		"1 admin@example.com | administrator@example.com",
		"2 root | administrator@example.com",
		"5 joe, fred | joseph@example.com",
		("6 party | wilma@example.com, fred@example.com, "
		 "barney@example.com, /dev/null"),
		"11 help | support@example.com",
		"12 all | sales, root",
		"13 sales | joe@example.com, mary@example.com",
	};
	struct table *t = parse(TABLE_ALIASES,
	    (struct str){ alias_text, sizeof(alias_text) - 1 }, true, NULL);
	struct str left, right;
	struct where where;
	char got[300];

	(void)state;
	assert_int_equal(table_count(t), NELEM(want));
	assert_string_equal(table_file(t), FILE_NAME);
	for (size_t i = 0; i < NELEM(want); i++) {
		assert_true(table_entry(t, i, &left, &right, &where));
		snprintf(got, sizeof(got), "%d %.*s | %.*s", where.line,
		    STR_ARG(left), STR_ARG(right));
		assert_string_equal(got, want[i]);
	}
	assert_false(table_entry(t, NELEM(want), &left, &right, &where));
	table_free(&t);
}

/* Of a text that is too large, nothing is read: LIM-02 in spirit. */
static void
test_limits(void **state)
{
	static const struct {
		enum table_kind kind;
		size_t n;
		const char *line; /* %zu: its number */
	} cases[] = {
		{ TABLE_DOMAIN_MAP, TABLE_MAP_MAX, "@a%zu.org @b.org\n" },
		{ TABLE_MASQUERADE, TABLE_MAX, "u%zu a@b.org\n" },
		{ TABLE_ALIASES, TABLE_MAX, "u%zu: a@b.org\n" },
		{ TABLE_GATEWAYS, TABLE_MAX, "u%zu@ Net\n" },
		{ TABLE_LISTS, TABLE_MAX, "u%zu@x.org safe b.org\n" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct buf text, got;
		char line[64], want[64];
		struct table *t;

		buf_init(&text, TABLE_FILE_MAX);
		buf_init(&got, 100000);
		for (size_t j = 0; j < cases[i].n; j++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(line, sizeof(line), cases[i].line, j);
#pragma GCC diagnostic pop
			buf_puts(&text, line);
		}
		t = parse(cases[i].kind, buf_str(&text), false, &got);
		assert_non_null(t);
		assert_int_equal(table_count(t), cases[i].n);
		table_free(&t);
		buf_puts(&text, line);
		assert_null(parse(cases[i].kind, buf_str(&text), false, &got));
		snprintf(want, sizeof(want), "%zu:1: more than %zu entries",
		    cases[i].n + 1, cases[i].n);
		if (!str_starts(buf_str(&got), str_of(want)))
			fail_msg("%zu: %s", i, got.data);
		buf_fini(&text);
		buf_fini(&got);
	}
}

/* Contexts of many domains make many keys of one line. */
static void
test_keys_are_limited(void **state)
{
	struct buf text, got;

	(void)state;
	buf_init(&text, TABLE_FILE_MAX);
	buf_init(&got, 100000);
	buf_puts(&text, "[ a.org");
	for (int i = 0; i < 4000; i++)
		buf_printf(&text, ", a%d.org", i);
	buf_puts(&text, "]\n");
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "u%d: a@b.org\n", i);
	assert_null(parse(TABLE_ALIASES, buf_str(&text), false, &got));
	assert_non_null(strstr(got.data, ": more than 4000000 addresses"));
	buf_fini(&text);
	buf_fini(&got);
}

static void
test_long_entries(void **state)
{
	static const size_t sizes[] = { 3000, 4096, 20000, 59000, 61000 };

	(void)state;
	for (size_t i = 0; i < NELEM(sizes); i++) {
		struct buf text, got;
		struct table *t;
		struct arena mem;
		struct table_hit hit;

		buf_init(&text, TABLE_FILE_MAX);
		buf_init(&got, 100000);
		arena_init(&mem, 1 << 20);
		for (int j = 0; j < 300; j++)
			buf_printf(&text, "u%d: a@b.org\n", j);
		buf_puts(&text, "long: a@b.org");
		for (size_t n = 13; n + 16 < sizes[i]; n += 16)
			buf_puts(&text, ", u12345@example");
		t = parse(TABLE_ALIASES, buf_str(&text), false, &got);
		if (sizes[i] > 60000) {
			assert_null(t);
			assert_string_equal(got.data,
			    "301:1: the line is longer than 60000 bytes\n");
		} else {
			assert_true(
			    table_find(t, STR("long@x.org"), &hit, &mem));
			assert_int_equal(hit.value.n,
			    text.len - (size_t)(strstr(text.data, "long: ") +
						6 - text.data));
			assert_true(
			    table_find(t, STR("u299@x.org"), &hit, &mem));
		}
		table_free(&t);
		arena_free(&mem);
		buf_fini(&text);
		buf_fini(&got);
	}
}

/* problems: NULL: there must be none; else one line for each. */
static struct table *
parse(enum table_kind kind, struct str text, bool private, struct buf *problems)
{
	struct config_problems ps = { 0 };
	struct table *t = table_parse(kind, FILE_NAME, text, private, &ps);

	assert_true(problems != NULL || ps.n == 0);
	for (size_t i = 0; i < ps.n; i++) {
		assert_string_equal(ps.v[i].where.file, FILE_NAME);
		buf_printf(problems, "%d:%d: %s%s\n", ps.v[i].where.line,
		    ps.v[i].column, ps.v[i].warning ? "warning: " : "",
		    ps.v[i].text);
	}
	config_problems_free(&ps);
	return t;
}

static void
look_up(const struct table *t, const char *addr, char out[600])
{
	struct table_hit hit;
	struct arena mem;

	arena_init(&mem, 1 << 20);
	out[0] = '\0';
	if (table_find(t, str_of(addr), &hit, &mem))
		snprintf(out, 600, "%u:%d %.*s -> %.*s", hit.order,
		    hit.where.line, STR_ARG(hit.key), STR_ARG(hit.value));
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_rel_12_targets),
		cmocka_unit_test(test_every_mistake),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_entries_in_order),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_keys_are_limited),
		cmocka_unit_test(test_long_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
