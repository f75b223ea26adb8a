/*
 * test_config_tables.c - tables, address lists, exceptions and interface
 * groups in postern.yaml: what is taken, what is refused, where
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
#include "config/pack.h"
#include "config/table.h"

#define HEAD                                                                   \
	"hostname: mail.example.com\n"                                         \
	"interfaces: [{name: A, ip: 192.0.2.1}, {name: B, ip: 192.0.2.2}]\n"
#define ALIASES  "joe: joseph@example.com\n"
#define GATEWAYS "192.0.2.9 A\n@example.com Both\n"
#define MASK     "joe joseph@example.com\nALL @example.com\n"

static struct config *load(const char *yaml, struct config_problems *);
static void bundle_of(struct bundle *, const char *yaml);

/* The files below tables/. */
static const struct {
	const char *name, *text;
} files[] = {
	{ "tables/aliases.txt", ALIASES },
	{ "tables/bad.txt", "joe@a.org joe@b.org\n@a.org b.org\n" },
	{ "tables/gateways", GATEWAYS },
	{ "tables/map.txt", "@a.org @b.org\n" },
	{ "tables/mask.txt", MASK },
	{ "tables/mask2.txt", "joe joseph@example.com\n" },
};

static const struct {
	const char *why, *yaml, *error;
} bad[] = {
	{ "no such file", HEAD "aliases: none.txt\n",
	    "postern.yaml:3:10: aliases: there is no file tables/none.txt" },
	{ "a path", HEAD "aliases: tables/aliases.txt\n",
	    "postern.yaml:3:10: aliases: \"tables/aliases.txt\": the name of "
	    "a file below tables must be 1 to 80 letters, digits, _ . or -, "
	    "not beginning with . or -" },
	{ "ADM-03: out of the folder", HEAD "altsrchost: ../x\n",
	    "postern.yaml:3:13: altsrchost: \"../x\": the name of a file "
	    "below tables must be 1 to 80 letters, digits, _ . or -, not "
	    "beginning with . or -" },
	{ "compiled", HEAD "aliases: aliases.txt.db\n",
	    "postern.yaml:3:10: aliases: \"aliases.txt.db\": the name of a "
	    "file below tables must not end in .db: those are made by "
	    "commit" },
	{ "mistake in a table",
	    HEAD "listeners: [{name: L, domain_map: bad.txt}]\n",
	    "tables/bad.txt:2:8: \"b.org\" is no address such as "
	    "joe@example.com: the domain is missing" },
	{ "masquerade without table",
	    HEAD "listeners: [{name: L, masquerade: {from: no}}]\n",
	    "postern.yaml:3:35: listeners[0].masquerade: needs the key "
	    "\"table\"" },
	{ "masquerade, unknown key",
	    HEAD "listeners: [{name: L, masquerade: {table: mask2.txt, "
		 "sender: yes}}]\n",
	    "postern.yaml:3:54: listeners[0].masquerade: unknown key "
	    "\"sender\"" },
	{ "ALL on a public listener",
	    HEAD "listeners: [{name: L, masquerade: mask.txt}]\n",
	    "tables/mask.txt:2:1: ALL is for private listeners only" },
	{ "ALL on a public listener, read for a private one",
	    HEAD "listeners: [{name: P, type: private, masquerade: mask.txt},"
		 " {name: L, port: 26, masquerade: mask.txt}]\n",
	    "postern.yaml:3:93: listeners[1].masquerade: has the entry ALL "
	    "in line 2, which is for private listeners only" },
	{ "gateway without interface", HEAD "altsrchost: gateways\n",
	    "tables/gateways:2:1: there is no interface and no interface "
	    "group \"Both\"" },

	{ "group without members", HEAD "interface_groups: [{name: G}]\n",
	    "postern.yaml:3:20: interface_groups[0].members: needs the name "
	    "of an interface" },
	{ "group of strangers",
	    HEAD "interface_groups: [{name: G, members: [A, C]}]\n",
	    "postern.yaml:3:43: interface_groups[0].members[1]: there is no "
	    "interface \"C\" below interfaces" },
	{ "member twice",
	    HEAD "interface_groups: [{name: G, members: [A, A]}]\n",
	    "postern.yaml:3:43: interface_groups[0].members[1]: \"A\" is a "
	    "member already" },
	{ "group with the name of an interface",
	    HEAD "interface_groups: [{name: A, members: [B]}]\n",
	    "postern.yaml:3:27: interface_groups[0].name: \"A\" is an "
	    "interface" },
	{ "two groups of a name",
	    HEAD "interface_groups: [{name: G, members: B}, "
		 "{name: G, members: A}]\n",
	    "postern.yaml:3:50: interface_groups[1].name: there is another "
	    "\"G\" in interface_groups" },

	{ "list: no pattern", HEAD "address_lists: [{name: L, entries: joe}]\n",
	    "postern.yaml:3:36: address_lists[0].entries: \"joe\" must be "
	    "user@example.com, user@, @example.com, @.example.com (all below "
	    "it) or an address in brackets behind the @" },
	{ "list: full addresses",
	    HEAD "address_lists: [{name: L, full_addresses_only: yes, "
		 "entries: [joe@a.org, joe@]}]\n",
	    "postern.yaml:3:74: address_lists[0].entries[1]: \"joe@\" is no "
	    "full address, and this list has no others" },
	{ "two lists of a name", HEAD "address_lists: [{name: L}, {name: L}]\n",
	    "postern.yaml:3:35: address_lists[1].name: there is another "
	    "\"L\" in address_lists" },
	{ "policy names no list: defaults",
	    HEAD "listeners: [{name: L, hat: {defaults: {sender_exceptions: "
		 "X}}}]\n",
	    "postern.yaml:3:59: listeners[0].hat.defaults.sender_exceptions: "
	    "there is no address list \"X\" below "
	    "address_lists" },
	{ "policy names no list: a policy",
	    HEAD "listeners: [{name: L, hat: {policies: [{name: $A, "
		 "behaviour: ACCEPT, tls_mandatory_list: X}]}}]\n",
	    "postern.yaml:3:90: listeners[0].hat.policies[0]."
	    "tls_mandatory_list: there is no address list \"X\" below "
	    "address_lists" },
	{ "policy names no list: a group",
	    HEAD "listeners: [{name: L, hat: {groups: [{name: G, entries: "
		 "10.1, policy: ACCEPT, parameters: {sender_exceptions: "
		 "X}}]}}]\n",
	    "postern.yaml:3:111: listeners[0].hat.groups[0].parameters."
	    "sender_exceptions: there is no address list \"X\" below "
	    "address_lists" },

	{ "exception: both",
	    HEAD "exception_table: [{allow: a@, reject: b@}]\n",
	    "postern.yaml:3:19: exception_table[0]: needs one of the keys "
	    "\"allow\" and \"reject\"" },
	{ "exception: neither", HEAD "exception_table: [{reply: 550 no}]\n",
	    "postern.yaml:3:19: exception_table[0]: needs one of the keys "
	    "\"allow\" and \"reject\"" },
	{ "exception: no pattern", HEAD "exception_table: [{allow: a.org}]\n",
	    "postern.yaml:3:27: exception_table[0].allow: \"a.org\" must be "
	    "user@example.com, user@, @example.com, @.example.com (all below "
	    "it) or an address in brackets behind the @" },
	{ "exception: allowed with a reply",
	    HEAD "exception_table: [{allow: a@, reply: 550 no}]\n",
	    "postern.yaml:3:38: exception_table[0].reply: goes with "
	    "\"reject\" only" },
	{ "exception: a code that accepts",
	    HEAD "exception_table: [{reject: a@, reply: 250 yes}]\n",
	    "postern.yaml:3:39: exception_table[0].reply: the code must be "
	    "within 400..599" },
	{ "exception: no list", HEAD "exception_table: joe@\n",
	    "postern.yaml:3:18: exception_table: must be a list (lines with "
	    "\"- \")" },
};

static const char whole[] =
    HEAD "listeners:\n"
	 "  - name: In\n"
	 "    masquerade: mask2.txt\n"
	 "    domain_map: map.txt\n"
	 "    hat: {defaults: {sender_exceptions: Friends}}\n"
	 "    rat: [b.org]\n"
	 "  - name: Out\n"
	 "    type: private\n"
	 "    port: 26\n"
	 "    domain_map: map.txt\n"
	 "    masquerade: {table: mask.txt, envelope_sender: yes, to: no}\n"
	 "  - name: Plain\n"
	 "    port: 27\n"
	 "interface_groups: [{name: Both, members: [B, A]}]\n"
	 "address_lists:\n"
	 "  - {name: Friends, description: ours,\n"
	 "     entries: [joe@a.org, '@B.org', '@.c.org', fred@]}\n"
	 "  - {name: None}\n"
	 "exception_table:\n"
	 "  - allow: joe@a.org\n"
	 "  - {reject: ['@a.org', '@.a.org'],\n"
	 "     reply: 550 no $EnvelopeSender}\n"
	 "aliases: aliases.txt\n"
	 "altsrchost: gateways\n";

static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++) {
		struct config_problems ps = { 0 };
		struct config *c = load(bad[i].yaml, &ps);
		struct buf got;

		buf_init(&got, 4096);
		if (ps.n > 0)
			config_problem_print(&ps.v[0], &got);
		if (c != NULL || !str_is(buf_str(&got), bad[i].error))
			fail_msg(
			    "%s: \"%.*s\"", bad[i].why, STR_ARG(buf_str(&got)));
		buf_fini(&got);
		config_problems_free(&ps);
		config_unref(&c);
	}
}

static void
test_whole(void **state)
{
	struct config_problems ps = { 0 };
	struct config *c = load(whole, &ps);
	const struct listener *in, *out, *plain;
	const struct sender_exception *e;
	struct table_hit hit;

	(void)state;
	assert_int_equal(ps.n, 0);
	assert_non_null(c);
	in = config_listener(c, STR("In"));
	out = config_listener(c, STR("Out"));
	plain = config_listener(c, STR("Plain"));
	assert_non_null(in->domain_map);
	assert_ptr_equal(in->domain_map, out->domain_map);
	assert_true(in->masquerade.from && in->masquerade.to &&
		    in->masquerade.cc && !in->masquerade.sender &&
		    !in->masquerade.reply_to);
	assert_true(out->masquerade.from && !out->masquerade.to &&
		    out->masquerade.sender);
	assert_true(table_get(out->masquerade.table, STR("ALL"), &hit));
	assert_null(plain->domain_map);
	assert_null(plain->masquerade.table);
	assert_true(table_get(c->aliases, STR("joe@"), &hit));
	assert_string_equal(hit.where.file, "tables/aliases.txt");
	assert_true(table_get(c->gateways, STR("192.0.2.9"), &hit));
	assert_int_equal(config_interface_group(c, STR("Both"))->n, 2);
	assert_true(str_is(
	    config_interface_group(c, STR("Both"))->members[0]->name, "B"));
	assert_int_equal(config_addr_list(c, STR("Friends"))->n, 4);
	assert_int_equal(c->n_exceptions, 3);
	e = &c->exceptions[2];
	assert_false(e->allow);
	assert_int_equal(e->code, 550);
	assert_true(str_is(e->reply, "no $EnvelopeSender"));
	assert_true(str_is(e->pattern.key, ".a.org"));
	assert_int_equal(e->pattern.where.line, 23);
	config_unref(&c);
}

/* What is printed loads to the same tree, which prints the same. */
static void
test_print(void **state)
{
	static const char want[] = "    domain_map: map.txt\n"
				   "    masquerade:\n"
				   "      table: mask.txt\n"
				   "      envelope_sender: yes\n"
				   "      to: no\n";

	(void)state;
	for (int all = 0; all < 2; all++) {
		struct config_problems ps = { 0 };
		struct config *c = load(whole, &ps), *again;
		struct buf one, two;

		buf_init(&one, 1 << 20);
		buf_init(&two, 1 << 20);
		config_print(c, all, &one);
		again = load(one.data, &ps);
		if (again == NULL || ps.n > 0)
			fail_msg("does not load:\n%s", one.data);
		config_print(again, all, &two);
		assert_string_equal(one.data, two.data);
		if (!all)
			assert_non_null(strstr(one.data, want));
		assert_non_null(strstr(one.data, "aliases: aliases.txt\n"));
		config_unref(&c);
		config_unref(&again);
		buf_fini(&one);
		buf_fini(&two);
	}
}

/* A double in a list is no error, but somebody should know. */
static void
test_warning(void **state)
{
	struct config_problems ps = { 0 };
	struct config *c = load(HEAD "address_lists: [{name: L, entries: "
				     "[a@b.org, '@b.org', A@B.org]}]\n",
	    &ps);

	(void)state;
	assert_non_null(c);
	assert_int_equal(ps.n, 1);
	assert_true(ps.v[0].warning);
	assert_string_equal(ps.v[0].text, "\"A@B.org\" stands here twice");
	assert_int_equal(c->addr_lists[0].n, 2);
	config_problems_free(&ps);
	config_unref(&c);
}

/* The examples that are installed: as they are, empty; without their comment
 * signs, right. An example begins right behind the #,
 * other comments with a blank. */
static void
test_examples(void **state)
{
	static const struct {
		const char *path;
		enum table_kind kind;
		size_t n;
	} examples[] = {
		{ "conf/tables/aliases.txt", TABLE_ALIASES, 8 },
		{ "conf/tables/altsrchost.txt", TABLE_GATEWAYS, 5 },
		{ "conf/tables/domain_map.txt", TABLE_DOMAIN_MAP, 5 },
		{ "conf/tables/masquerade.txt", TABLE_MASQUERADE, 5 },
		{ "conf/tables/safelist_blocklist.txt", TABLE_LISTS, 2 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(examples); i++) {
		struct config_problems ps = { 0 };
		FILE *f = fopen(examples[i].path, "r");
		char line[200];
		struct buf as_is, wanted;
		struct table *t;

		assert_non_null(f);
		buf_init(&as_is, 1 << 20);
		buf_init(&wanted, 1 << 20);
		while (fgets(line, sizeof(line), f) != NULL) {
			buf_puts(&as_is, line);
			if (line[0] == '#' && strchr(" \n", line[1]) == NULL)
				buf_puts(&wanted, line + 1);
		}
		fclose(f);
		t = table_parse(examples[i].kind, examples[i].path,
		    buf_str(&as_is), true, &ps);
		assert_int_equal(table_count(t), 0);
		table_free(&t);
		t = table_parse(examples[i].kind, examples[i].path,
		    buf_str(&wanted), true, &ps);
		if (t == NULL || ps.n > 0)
			fail_msg("%s: %d: %s", examples[i].path,
			    ps.v[0].where.line, ps.v[0].text);
		assert_int_equal(table_count(t), examples[i].n);
		table_free(&t);
		buf_fini(&as_is);
		buf_fini(&wanted);
	}
}

static struct config *
load(const char *yaml, struct config_problems *ps)
{
	struct bundle b;
	struct config *c;

	bundle_of(&b, yaml);
	c = config_load(&b, 1, ps);
	bundle_free(&b);
	return c;
}

static void
bundle_of(struct bundle *b, const char *yaml)
{
	struct err err = ERR_INIT;
	struct buf packed;

	pack_begin(&packed);
	pack_file(&packed, STR("postern.yaml"), str_of(yaml));
	for (size_t i = 0; i < NELEM(files); i++)
		pack_file(
		    &packed, str_of(files[i].name), str_of(files[i].text));
	assert_int_equal(pack_end(&packed, b, &err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_warning),
		cmocka_unit_test(test_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
