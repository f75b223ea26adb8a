/* test_access_text.c - access tables as text (spec receiving 4.8, 5.3) */
#include "access_kit.h"

/* What the problems say: "12:3 text" each, in one line. */
static void
say(const struct config_problems *ps, struct buf *out)
{
	for (size_t i = 0; i < ps->n; i++)
		buf_printf(out, "%s%d:%d%s %s", i > 0 ? " | " : "",
		    ps->v[i].where.line, ps->v[i].column,
		    ps->v[i].warning ? " warning" : "", ps->v[i].text);
}

/* What stands behind the defaults, which are long. */
static const char *
behind_defaults(const struct buf *text)
{
	const char *end = strstr(text->data, "\n}\n");

	assert_non_null(end);
	return end + 3;
}

static const char layout_yaml[] =
    HEAD "  hat:\n"
	 "    defaults: {max_message_size: 20M, smtp_banner_text: "
	 "\"say \\\"hi\\\" or \\\\o\\nbye\"}\n"
	 "    policies:\n"
	 "    - {name: $ACCEPTED, behaviour: ACCEPT}\n"
	 "    - {name: $THROTTLED, behaviour: ACCEPT, spam_check: on,\n"
	 "       max_msgs_per_session: 10, max_rcpts_per_hour: 20,\n"
	 "       max_concurrency: unlimited, dhap_limit: unlimited,\n"
	 "       max_message_size: 1M, tls: preferred}\n"
	 "    - {name: $BLOCKED, behaviour: REJECT}\n"
	 "    - {name: $TRUSTED, behaviour: ACCEPT}\n"
	 "    - {name: $RELAYED, behaviour: RELAY}\n"
	 "    groups:\n"
	 "    - {name: ALLOWLIST, policy: $TRUSTED, comment: \"No (more) "
	 "limits\\nfor them\"}\n"
	 "    - {name: BLOCKLIST, policy: $BLOCKED, comment: Spammers,\n"
	 "       entries: [\"SBRS[-10:-3]\", \"SBRS[NONE]\", 10.1. (old "
	 "net)]}\n"
	 "    - {policy: reject, entries: badhosts.example.net, comment: "
	 "reject the host}\n"
	 "    - {policy: TCPREFUSE, entries: [nx.domain, 192.0.2.]}\n"
	 "    - {policy: ACCEPT, parameters: {spam_check: off},\n"
	 "       entries: 192.0.2.200, comment: x}\n"
	 "    - {name: NOW, policy: ACCEPT, parameters: {tls: off}}\n";

static const char layout_text[] =
    "$ACCEPTED\n"
    "    ACCEPT\n"
    "$THROTTLED\n"
    "    ACCEPT {\n"
    "        max_message_size = 1048576\n"
    "        max_concurrency = -1\n"
    "        max_msgs_per_session = 10\n"
    "        max_rcpts_per_hour = 20\n"
    "        dhap_limit = 0\n"
    "        spam_check = \"on\"\n"
    "        tls = \"preferred\"\n"
    "    }\n"
    "$BLOCKED\n"
    "    REJECT\n"
    "$TRUSTED\n"
    "    ACCEPT\n"
    "$RELAYED\n"
    "    RELAY\n"
    "ALLOWLIST:\n"
    "        $TRUSTED (No (more) limits for them)\n"
    "BLOCKLIST:\n"
    "    sbrs[-10.0:-3.0]\n"
    "    sbrs[none]\n"
    "    10.1. (old net)\n"
    "        $BLOCKED (Spammers)\n"
    "badhosts.example.net\n"
    "    REJECT (reject the host)\n"
    "192.0.2.\n"
    "    TCPREFUSE\n"
    "nx.domain\n"
    "    TCPREFUSE\n"
    "192.0.2.200\n"
    "    ACCEPT {\n"
    "        spam_check = \"off\"\n"
    "    } (x)\n"
    "NOW:\n"
    "        ACCEPT {\n"
    "            tls = \"off\"\n"
    "        }\n"
    "ALL\n"
    "    $ACCEPTED\n";

static void
test_layout(void **state)
{
	struct config *c = load_yaml(str_of(layout_yaml));
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	hat_text_print(&c->listeners[0].hat, &text);
	assert_string_equal(behind_defaults(&text), layout_text);
	assert_int_equal(strncmp(text.data,
			     "DEFAULTS {\n"
			     "    max_message_size = 20971520\n"
			     "    max_concurrency = 10\n",
			     40),
	    0);
	assert_non_null(strstr(text.data,
	    "\n    smtp_banner_text = \"say \\\"hi\\\" or \\\\o\\nbye\"\n"));
	buf_fini(&text);
	config_unref(&c);
}

/* As other gateways write it: old names, other sizes, no defaults. */
static const char foreign[] =
    "# File exported by the GUI at 20250303T101502\r\n"
    "$ACCEPTED\r\n"
    "    ACCEPT\r\n"
    "\r\n"
    "$THROTTLED\r\n"
    "    ACCEPT {\r\n"
    "        spam_check = \"on\"\r\n"
    "        max_rcpts_per_hour = 1k\r\n"
    "        max_concurrency = -1\r\n"
    "        dhap_limit = 0\r\n"
    "        max_message_size = 10M\r\n"
    "        use_sb = \"on\"\r\n"
    "        tls = \"on\"\r\n"
    "    }\r\n"
    "$BLOCKED\r\n"
    "    REJECT\r\n"
    "WHITELIST:\r\n"
    "        $TRUSTED (My trusted senders have no anti-spam scanning)\r\n"
    "ALLOWED_LIST:\r\n"
    "    2001:db8::\r\n"
    "        $TRUSTED\r\n"
    "BLACKLIST:\r\n"
    "    sbrs[-10.0:-3.0]\r\n"
    "    # not this one: 10.1.1.1\r\n"
    "        $BLOCKED (Spammers are rejected)\r\n"
    "badhosts.example.net\r\n"
    "    REJECT (reject the host)\r\n"
    "2001:db8::\r\n"
    "    RELAY\r\n"
    "ALL\r\n"
    "    $ACCEPTED";

static void
test_foreign_file(void **state)
{
	struct config *now = load_yaml(STR(HEAD
	    "  hat: {defaults: {max_rcpts_per_msg: 77, dhap_limit: 5}}\n"));
	struct config_problems ps = { 0 };
	const struct policy *p;
	const struct hat *hat;
	struct config *c;
	struct buf yaml;

	(void)state;
	buf_init(&yaml, 1 << 20);
	assert_int_equal(hat_text_import(&now->listeners[0], "hat.txt",
			     STR(foreign), &yaml, &ps),
	    0);
	assert_int_equal(ps.n, 0);
	c = load_value_of("hat", buf_str(&yaml));
	hat = &c->listeners[0].hat;
	assert_int_equal(hat->n_groups, 6);
	assert_true(str_is(hat->groups[0].name, "WHITELIST"));
	assert_true(str_is(hat->groups[1].name, "ALLOWED_LIST"));
	assert_true(str_is(hat->groups[2].name, "BLACKLIST"));
	assert_true(str_is(hat->groups[2].comment, "Spammers are rejected"));
	assert_int_equal(hat->groups[2].n_entries, 1);
	assert_int_equal(hat->groups[4].entries[0].kind, HAT_RANGE);
	/* those of the listener stay when the file has none */
	assert_int_equal(hat->defaults.max_rcpts_per_msg, 77);
	assert_int_equal(hat->defaults.dhap_limit, 5);
	p = &hat->policies[1];
	assert_true(str_is(p->name, "$THROTTLED"));
	assert_int_equal(p->p.max_rcpts_per_hour, 1000);
	assert_true(p->p.max_concurrency == UNLIMITED);
	assert_true(p->p.dhap_limit == UNLIMITED);
	assert_int_equal(p->p.max_message_size, 10 << 20);
	assert_int_equal(p->p.tls, 1);
	assert_int_equal(p->p.max_rcpts_per_msg, 77);
	config_unref(&c);
	config_unref(&now);
	buf_fini(&yaml);
}

#define ALL "ALL\n    $ACCEPTED\n"

/* Lines that are wrong, and what is said of each. */
static const struct {
	const char *why, *text, *want;
} bad_hats[] = {
	{ "nothing", "",
	    "1:1 ALL is missing: at the end two lines must say what happens "
	    "to everybody else, such as ALL and, indented, $BLOCKED" },
	{ "no ALL, comment behind", "10.1.1.1\n  REJECT\n# end\n\n",
	    "4:1 ALL is missing: at the end two lines must say what happens "
	    "to everybody else, such as ALL and, indented, $BLOCKED" },
	{ "no verdict of ALL", "ALL\n",
	    "1:1 entry ALL: in the next line must stand, indented, a policy "
	    "or behaviour" },
	{ "indented", "  10.1.1.1\n  REJECT\n" ALL,
	    "1:3 is indented, but belongs to nothing above it" },
	{ "unknown key", "$X\n  ACCEPT {\n    max_mesage_size = 1\n  }\n" ALL,
	    "3:5 unknown key \"max_mesage_size\"; did you mean "
	    "\"max_message_size\"?" },
	{ "unknown policy", "10.1.1.1\n    $NOBODY (x)\n" ALL,
	    "2:5 there is no policy \"$NOBODY\"; there are $TRUSTED, "
	    "$THROTTLED, $ACCEPTED, $RELAYED, $BLOCKED" },
	{ "malformed entries",
	    "G:\n  10.1.1.256\n  10.2\n  a b\n    REJECT\n"
	    "sbrs[5:1]\n  REJECT\n" ALL,
	    "2:3 Invalid sender entry: \"10.1.1.256\": write an address such "
	    "as 192.0.2.1, 10.1., 10.1.2-5 or 10.0.0.0/8, or a host name, or "
	    ".domain | 4:3 Invalid sender entry: \"a b\": write an address "
	    "such as 192.0.2.1, 10.1., 10.1.2-5 or 10.0.0.0/8, or a host "
	    "name, or .domain | 6:1 Invalid sender entry: \"sbrs[5:1]\": write "
	    "sbrs[low:high] with scores from -10.0 to 10.0, low first, or "
	    "sbrs[none]" },
	{ "behind ALL",
	    ALL "G:\n  10.1.1.1\n    REJECT\nALL\n  REJECT\n"
		"$X\n  ACCEPT\n",
	    "3:1 stands behind ALL and is never reached; ALL must be last | "
	    "6:1 stands behind ALL and is never reached; ALL must be last" },
	{ "ALL in a group", "G:\n  ALL\n    REJECT\n" ALL,
	    "2:3 ALL is reserved for the last group" },
	{ "ALL goes on", "ALL\n  CONTINUE\n",
	    "1:1 ALL must decide; CONTINUE has nowhere to go on" },
	{ "a group without verdict", "G:\n  10.1.1.1\n" ALL,
	    "3:1 group G: behind its entries must stand, indented, a policy "
	    "or behaviour" },
	{ "an entry without verdict", "10.1.1.1\n10.1.1.2\n  REJECT\n" ALL,
	    "2:1 entry 10.1.1.1: in the next line must stand, indented, a "
	    "policy or behaviour" },
	{ "an entry with another", "10.1.1.1\n  10.1.1.2\n  REJECT\n" ALL,
	    "2:3 entry 10.1.1.1: in the next line must stand, indented, a "
	    "policy or behaviour" },
	{ "a policy without behaviour", "$X\n$Y\n  ACCEPT\n" ALL,
	    "2:1 policy $X: in the next line must stand, indented, its "
	    "behaviour" },
	{ "another behaviour", "$X\n  PERHAPS\n" ALL,
	    "2:3 must be ACCEPT, RELAY, REJECT, TCPREFUSE or CONTINUE" },
	{ "comment of a policy", "$X\n  ACCEPT (x)\n" ALL,
	    "2:10 behind the behaviour of a policy may only stand a block "
	    "{ ... }" },
	{ "twice",
	    "$X\n  ACCEPT\n$X\n  REJECT\nG:\n  REJECT\nG:\n  REJECT\n" ALL,
	    "3:1 there are two policies \"$X\" | 7:1 there are two groups "
	    "\"G\"" },
	{ "block without end", "$X\n  ACCEPT {\n    tls = \"on\"\n" ALL,
	    "4:1 the { of line 2 has no }" },
	{ "block without end at the end", "$X\n  ACCEPT {\n    tls = on",
	    "3:1 the { of line 2 has no } | 3:1 ALL is missing: at the end "
	    "two lines must say what happens to everybody else, such as ALL "
	    "and, indented, $BLOCKED" },
	{ "keys",
	    "DEFAULTS {\n tls\n tls = \"on\"\n tls = on\n = 3\n"
	    " use_sb =\n spam_check = \"on\" off\n"
	    " smtp_banner_text = \"a\n}\n" ALL,
	    "2:2 must be \"key = value\", or } at the end of the block | "
	    "4:2 the key tls stands in line 3 already | 5:2 must be \"key = "
	    "value\", or } at the end of the block | 6:2 has no value; write "
	    "one, or \"\" for an empty text | 7:15 must be one text in "
	    "quotes; inside of it write \\\" for a quote | 8:21 must be one "
	    "text in quotes; inside of it write \\\" for a quote" },
	{ "values",
	    "DEFAULTS {\n  max_message_size = 12\n  tls = \"maybe\"\n"
	    "  max_rcpts_per_hour = 1x\n}\n" ALL,
	    "2:3 12 is not within 1k..1024G | 4:3 must be a whole number, or "
	    "unlimited | 3:3 must be off, preferred, on or required" },
	{ "two defaults", "DEFAULTS {\n}\nDEFAULTS {\n} x\nDEFAULT {\n}\n" ALL,
	    "3:1 the defaults stand in line 1 already | 4:3 there must be "
	    "nothing behind the } | 5:1 must be \"DEFAULTS {\"" },
	{ "behind a verdict",
	    "10.1.1.1\n  REJECT because\n10.1.1.2\n  REJECT "
	    "{ x\n10.1.1.3\n  REJECT (x) {\n" ALL,
	    "2:10 behind a policy or behaviour may only stand a comment in "
	    "parentheses, or { for parameters at the end of the line | 4:10 "
	    "behind a policy or behaviour may only stand a comment in "
	    "parentheses, or { for parameters at the end of the line | 6:10 "
	    "behind a policy or behaviour may only stand a comment in "
	    "parentheses, or { for parameters at the end of the line" },
	{ "parameters of a named policy",
	    "10.1.1.1\n  $BLOCKED {\n  tls = on\n  }\n" ALL,
	    "2:12 belong to the policy, not to a group that names one" },
	{ "bytes", "10.1.1.1\n  REJECT (a\001b)\n" ALL,
	    "2:3 is not text: it has control characters, or is not UTF-8 | "
	    "3:1 entry 10.1.1.1: in the next line must stand, indented, a "
	    "policy or behaviour" },
	{ "an entry twice is only said",
	    "G:\n  10.1.1.1\n  10.1.1.1\n    REJECT\n" ALL,
	    "3:3 warning \"10.1.1.1\" stands here twice" },
};

static const struct {
	const char *why, *text, *want;
} bad_rats[] = {
	{ "nothing", "", "" },
	{ "no action", "example.com\n",
	    "1:1 must be a recipient, then ACCEPT or REJECT, then, if wanted, "
	    "(code text) and { at the end of the line" },
	{ "another action", "a.test ACCEPT\nexample.com ACCEPTED\n",
	    "2:1 must be a recipient, then ACCEPT or REJECT, then, if wanted, "
	    "(code text) and { at the end of the line" },
	{ "pattern", "a..b ACCEPT\n",
	    "1:1 Invalid recipient: \"a..b\": write example.com, "
	    ".example.com, user@example.com, user@, [192.0.2.1] or ALL" },
	{ "code",
	    "a.b ACCEPT (550 no)\nb.c REJECT (250 yes)\nc.d REJECT "
	    "(no)\n",
	    "1:12 the code must be within 200..299 | 2:12 the code must be "
	    "within 400..599 | 3:12 must be a reply code and a text, such as "
	    "\"550 no such recipient\"" },
	{ "behind", "a.b ACCEPT x\n a.b ACCEPT 250 x {\n}\n",
	    "1:1 must be a recipient, then ACCEPT or REJECT, then, if wanted, "
	    "(code text) and { at the end of the line | 2:2 must be a "
	    "recipient, then ACCEPT or REJECT, then, if wanted, (code text) "
	    "and { at the end of the line" },
	{ "block", "a.b ACCEPT {\n  bypass = \"on\"\n} x\nb.c ACCEPT {\n",
	    "3:3 there must be nothing behind the } | 4:1 the { of line 4 "
	    "has no } | 2:3 unknown key \"bypass\"" },
	{ "behind ALL", "ALL REJECT\na.b ACCEPT\n",
	    "2:1 stands behind ALL and is never reached; ALL must be last" },
	{ "twice", "a.b ACCEPT\nA.b ACCEPT\n",
	    "2:1 warning \"A.b\" stands here twice; the first counts" },
};

static void
test_bad_lines(void **state)
{
	struct config *c = load_yaml(STR(HEAD));
	const struct listener *l = &c->listeners[0];

	(void)state;
	for (size_t i = 0; i < NELEM(bad_hats) + NELEM(bad_rats); i++) {
		bool hat = i < NELEM(bad_hats);
		size_t k = hat ? i : i - NELEM(bad_hats);
		const char *want = hat ? bad_hats[k].want : bad_rats[k].want;
		struct config_problems ps = { 0 };
		struct buf yaml, said;
		int rc;

		buf_init(&yaml, 1 << 20);
		buf_init(&said, 1 << 16);
		buf_puts(&said, "");
		rc = hat ? hat_text_import(
			       l, "t.txt", str_of(bad_hats[k].text), &yaml, &ps)
			 : rat_text_import(l, "t.txt", str_of(bad_rats[k].text),
			       &yaml, &ps);
		say(&ps, &said);
		if (!str_is(buf_str(&said), want))
			fail_msg("%s:\n%.*s, not\n%s",
			    hat ? bad_hats[k].why : bad_rats[k].why,
			    STR_ARG(buf_str(&said)), want);
		assert_int_equal(rc, ps.n_errors > 0 ? -1 : 0);
		/* nothing changes */
		assert_true(rc == 0 || yaml.len == 0);
		config_problems_free(&ps);
		buf_fini(&yaml);
		buf_fini(&said);
	}
	config_unref(&c);
}

static void
test_odd_recipients(void **state)
{
	static const char text[] = " #joe@example.com ACCEPT\n"
				   "#a comment\n"
				   "\"a \\\" b\"@example.com REJECT\n"
				   "\"ACCEPT (250 x) {\"@ REJECT\n"
				   "[IPv6:2001:db8::1] ACCEPT\n"
				   "a{b@ ACCEPT (250)\n"
				   "ALL ACCEPT\n";
	struct bundle_file files[] = { { STR("postern.yaml"),
					   STR(HEAD "  rat_file: r\n") },
		{ STR("tables/r"), STR(text) } };
	struct config *c = load_files(files, NELEM(files), true);
	const struct rat *rat = &c->listeners[0].rat;
	struct buf out;

	(void)state;
	assert_int_equal(rat->n, 6);
	assert_true(str_is(rat->entries[0].text, "#joe@example.com"));
	assert_true(str_is(rat->entries[1].text, "\"a \\\" b\"@example.com"));
	assert_false(rat->entries[1].accept);
	assert_true(str_is(rat->entries[2].text, "\"ACCEPT (250 x) {\"@"));
	assert_int_equal(rat->entries[4].code, 250);
	assert_string_equal(rat->entries[0].where.file, "tables/r");
	assert_int_equal(rat->entries[0].where.line, 1);
	assert_int_equal(rat->entries[1].where.line, 3);
	buf_init(&out, 1 << 16);
	rat_text_print(rat, &out);
	assert_non_null(strstr(out.data, " #joe@example.com ACCEPT\n"));
	buf_fini(&out);
	config_unref(&c);
}

static const struct {
	const char *why, *yaml, *hat, *rat, *want;
} file_cases[] = {
	{ "both", "  hat_file: h\n  hat: {}\n", ALL, "",
	    "postern.yaml:7:8: listeners[0].hat: stands here, and "
	    "hat_file names a file with the same table: one of them "
	    "is too much" },
	{ "no file", "  hat_file: x\n", ALL, "",
	    "postern.yaml:6:13: listeners[0].hat_file: there is no "
	    "file \"x\" in the folder tables" },
	{ "name", "  rat_file: ../x\n", ALL, "",
	    "postern.yaml:6:13: listeners[0].rat_file: \"../x\" must "
	    "be 1 to 80 letters, digits, _ . or -, not beginning with "
	    ". or -" },
	{ "in the file", "  hat_file: h\n",
	    "G:\n  10.1.1.300\n    REJECT\n" ALL, "",
	    "tables/h:2:3: Invalid sender entry: \"10.1.1.300\": "
	    "write an address such as 192.0.2.1, 10.1., 10.1.2-5 or "
	    "10.0.0.0/8, or a host name, or .domain" },
	{ "in the other", "  hat_file: h\n  rat_file: r\n", ALL, "\na.b NOT\n",
	    "tables/r:2:1: must be a recipient, then ACCEPT or "
	    "REJECT, then, if wanted, (code text) and { at the end "
	    "of the line" },
	{ "a list that there is not", "  hat_file: h\n",
	    "$X\n  ACCEPT {\n    sender_exceptions = \"L\"\n  }\n" ALL, "",
	    "tables/h:3:5: there is no address list \"L\" "
	    "below address_lists" },
	{ "private", "  type: private\n  rat_file: r\n", ALL, "a.b ACCEPT\n",
	    "tables/r:1:1: only public listeners have this table" },
};

/* hat_file and rat_file: what is wrong with the keys, and with the files. */
static void
test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(file_cases); i++) {
		struct config_problems ps = { 0 };
		struct buf yaml, said;
		struct bundle b = { .n = 3 };

		buf_init(&yaml, 1 << 16);
		buf_init(&said, 1 << 16);
		buf_puts(&yaml, "hostname: a.test\ninterfaces: [{name: N, ip: "
				"192.0.2.1}]\nlisteners:\n- name: In\n");
		buf_printf(&yaml, "%s%s",
		    strstr(file_cases[i].yaml, "type") == NULL
			? "  type: public\n"
			: "",
		    file_cases[i].yaml);
		b.files = (struct bundle_file[]){
			{ STR("postern.yaml"), buf_str(&yaml) },
			{ STR("tables/h"), str_of(file_cases[i].hat) },
			{ STR("tables/r"), str_of(file_cases[i].rat) },
		};
		assert_null(config_load(&b, 1, &ps));
		config_problem_print(&ps.v[0], &said);
		if (ps.n_errors != 1 ||
		    !str_is(buf_str(&said), file_cases[i].want))
			fail_msg("%s: %zu, %.*s", file_cases[i].why,
			    ps.n_errors, STR_ARG(buf_str(&said)));
		config_problems_free(&ps);
		buf_fini(&yaml);
		buf_fini(&said);
	}
}

/* Printing the configuration gives the key back, not what is in the file. */
static void
test_files_in_print(void **state)
{
	struct bundle_file files[] = {
		{ STR("postern.yaml"),
		    STR(HEAD "  hat_file: h\n  rat_file: r\n") },
		{ STR("tables/h"), STR("10.1.1.1\n  REJECT\n" ALL) },
		{ STR("tables/r"), STR("example.com ACCEPT\n") },
	};
	struct config *c = load_files(files, NELEM(files), true);
	struct buf out;

	(void)state;
	assert_int_equal(c->listeners[0].rat.n, 2);
	assert_int_equal(c->listeners[0].hat.n_groups, 2);
	for (int all = 0; all <= 1; all++) {
		buf_init(&out, 1 << 20);
		config_print(c, all, &out);
		assert_non_null(strstr(out.data, " hat_file: h\n"));
		assert_non_null(strstr(out.data, " rat_file: r\n"));
		assert_null(strstr(out.data, "10.1.1.1"));
		assert_null(strstr(out.data, " hat:"));
		assert_null(strstr(out.data, " rat:"));
		files[0].text = buf_str(&out);
		config_unref(&c);
		c = load_files(files, NELEM(files), true);
		buf_fini(&out);
	}
	config_unref(&c);
}

static void
slurp(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "r");
	char line[200];

	assert_non_null(f);
	buf_init(out, 1 << 16);
	while (fgets(line, sizeof(line), f) != NULL)
		buf_puts(out, line);
	fclose(f);
}

/* The examples that are installed. */
static void
test_examples(void **state)
{
	struct config_problems ps = { 0 };
	struct buf hat, rat;
	struct config *c;

	(void)state;
	slurp("conf/tables/hat.txt", &hat);
	slurp("conf/tables/rat.txt", &rat);
	struct bundle_file files[] = {
		{ STR("postern.yaml"),
		    STR(HEAD "  hat_file: h\n  rat_file: r\n") },
		{ STR("tables/h"), buf_str(&hat) },
		{ STR("tables/r"), buf_str(&rat) },
	};
	struct bundle b = { .files = files, .n = NELEM(files) };

	c = config_load(&b, 1, &ps);
	assert_non_null(c);
	assert_int_equal(ps.n, 0);
	assert_int_equal(c->listeners[0].hat.n_groups, 5);
	assert_int_equal(c->listeners[0].rat.n, 5);
	config_unref(&c);
	buf_fini(&hat);
	buf_fini(&rat);
}

static void
test_head(void **state)
{
	struct buf out;

	(void)state;
	setenv("TZ", "UTC", 1);
	buf_init(&out, 100);
	access_text_head(&out, "CLI", INT64_C(1740996902000));
	assert_string_equal(
	    out.data, "# File exported by the CLI at 20250303T101502\n");
	buf_fini(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_foreign_file),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_odd_recipients),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_files_in_print),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
