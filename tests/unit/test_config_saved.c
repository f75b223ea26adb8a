/*
 * test_config_saved.c - a configuration as one text, there and back
 */
#include "base/bounds.h"
#include "config/mask.h"
#include "config/saved.h"
#include "config/schema_def.h"
#include "config/secrets.h"
#include "config_place.h"

#define HEAD "Postern-Configuration: 1\nKind: full\n\n"
#define PART "Postern-Configuration: 1\nKind: part\n\n"

struct sample {
	const char *name, *text;
};

static struct bundle
bundle_of(const struct place *p, const struct sample *v, size_t n)
{
	struct err err = ERR_INIT;
	struct bundle b;

	place_put(p, "postern.yaml", "hostname: a.test\n");
	for (size_t i = 0; i < n; i++)
		place_put(p, v[i].name, v[i].text);
	if (bundle_read_folder(&b, p->paths.etc, &err) == -1)
		fail_msg("%s", err.text);
	return b;
}

static struct saved
read_saved(struct str text, struct config_problems *ps)
{
	struct saved s;

	if (saved_read(&s, "x.conf", text, ps) == -1)
		fail_msg("line %d: %s\n%.*s", ps->v[0].where.line,
		    ps->v[0].text, STR_ARG(text));
	return s;
}

/* Whatever stands in a file comes back. */
static void
test_there_and_back(void **state)
{
	static const struct sample v[] = {
		{ "tables/plain", "a: b\n" },
		{ "tables/open", "no end" },
		{ "tables/empty", "" },
		{ "tables/lines", "\n\n\n" },
		{ "tables/marks",
		    "=== end\n===\n\\===\n\\\\=== x\n.\n\\.\n.a\n" },
		{ "tables/open-mark", "=== end" },
		{ "tables/dot", "." },
		{ "texts/crlf", "a\r\nb\r\n" },
		{ "texts/bytes", "\xff\xfe\x01\x7f" },
		{ "texts/utf8", "\xc3\xa4\xe2\x82\xac\n" },
		{ "filters/tab", "\tx\ty \n" },
	};
	const struct place *p = *state;
	struct bundle b = bundle_of(p, v, NELEM(v)), none = { 0 };
	const struct saved_head head = { .host = STR("mx\n.test"),
		.comment = STR("=== end") };
	struct config_problems ps = { 0 };
	struct saved s;
	struct buf out;

	buf_init(&out, SAVED_MAX);
	assert_true(saved_write(&head, &b, &none, SAVED_MASK, NULL, &out));
	s = read_saved(buf_str(&out), &ps);
	assert_true(s.full);
	assert_int_equal(s.n, b.n);
	for (size_t i = 0; i < b.n; i++)
		if (!str_eq(s.files[i].name, b.files[i].name) ||
		    !str_eq(s.files[i].text, b.files[i].text))
			fail_msg("%.*s: \"%.*s\" in\n%.*s",
			    STR_ARG(b.files[i].name), STR_ARG(s.files[i].text),
			    STR_ARG(buf_str(&out)));
	saved_free(&s);
	bundle_free(&b);
	buf_fini(&out);
}

static void
test_secrets(void **state)
{
	static const struct sample v[] = { { "secrets/a.key", "planted\n" },
		{ "secrets/b", "" }, { "secrets/machine.key", "not saved" } };
	const struct place *p = *state;
	const struct saved_head head = { .own_key = true };
	struct bundle b = bundle_of(p, v, NELEM(v)), secrets;
	struct config_problems ps = { 0 };
	struct seal seal = { .salt = "0123456789abcde" };
	struct err err = ERR_INIT;
	struct saved s;
	struct buf out;

	assert_int_equal(secrets_read(&secrets, p->paths.etc, &err), 0);
	assert_int_equal(secrets.n, 2);
	assert_int_equal(
	    seal_derive(&seal, STR("sixteen bytes at least"), &err), 0);
	for (enum saved_secrets how = SAVED_MASK; how <= SAVED_PLAIN; how++) {
		buf_init(&out, SAVED_MAX);
		assert_true(saved_write(&head, &b, &secrets, how, &seal, &out));
		assert_int_equal(
		    strstr(out.data, "planted") != NULL, how == SAVED_PLAIN);
		s = read_saved(buf_str(&out), &ps);
		assert_int_equal(saved_masked(&s) != NULL, how == SAVED_MASK);
		assert_int_equal(saved_is_encrypted(&s), how == SAVED_ENCRYPT);
		if (how == SAVED_ENCRYPT) {
			assert_true(s.own_key && s.has_salt);
			assert_memory_equal(s.salt, seal.salt, SEAL_SALT);
			assert_int_equal(saved_unseal(&s, &seal, &err), 0);
		}
		if (how != SAVED_MASK)
			assert_true(
			    str_is(saved_find(&s, "secrets/a.key")->text,
				"planted\n"));
		saved_free(&s);
		buf_fini(&out);
	}
	bundle_free(&b);
	bundle_free(&secrets);
}

/* Bound to key, name and every bit. */
static void
test_seal(void **state)
{
	struct seal a = { .salt = "0123456789abcde" }, b = a;
	struct err err = ERR_INIT;
	struct buf sealed, out;

	(void)state;
	assert_int_equal(seal_derive(&a, STR("short"), &err), -1);
	seal_derive(&a, STR("sixteen bytes at least"), &err);
	b.salt[0]++;
	seal_derive(&b, STR("sixteen bytes at least"), &err);
	assert_memory_not_equal(a.key, b.key, SEAL_KEY);
	buf_init(&sealed, 1000);
	buf_init(&out, 1000);
	seal_close(&a, STR("name"), STR("text"), &sealed);
	assert_int_equal(sealed.len, 4 + SEAL_OVER);
	assert_false(seal_open(&b, STR("name"), buf_str(&sealed), &out));
	assert_false(seal_open(&a, STR("eman"), buf_str(&sealed), &out));
	for (size_t i = 0; i < sealed.len * 8; i++) {
		sealed.data[i / 8] ^= (char)(1 << i % 8);
		assert_false(
		    seal_open(&a, STR("name"), buf_str(&sealed), &out));
		sealed.data[i / 8] ^= (char)(1 << i % 8);
	}
	for (size_t n = 0; n < sealed.len; n++)
		assert_false(seal_open(
		    &a, STR("name"), (struct str){ sealed.data, n }, &out));
	assert_int_equal(out.len, 0);
	assert_true(seal_open(&a, STR("name"), buf_str(&sealed), &out));
	assert_true(str_is(buf_str(&out), "text"));
	buf_fini(&sealed);
	buf_fini(&out);
}

static const struct {
	const char *text;
	int line;
	const char *problem;
} wrong[] = {
	{ "", 1, "the first line must be \"Postern-Configuration: 1\"" },
	{ "Postern-Configuration: 2\n", 1, "the first line must be" },
	{ "Postern-Configuration: 1\nKind: all\n\n=== end\n", 2,
	    "Kind is \"full\" or \"part\"" },
	{ "Postern-Configuration: 1\n=== postern.yaml\n", 2,
	    "an empty line must stand between" },
	{ "Postern-Configuration: 1\nSalt: QUJD\n\n=== end\n", 2,
	    "Salt is 16 bytes in base64" },
	{ HEAD "=== postern.yaml\n", 4, "cut short" },
	{ HEAD "=== end\n", 4, "has no postern.yaml" },
	{ HEAD "=== postern.yaml\n=== end\nx\n", 6, "stands behind the end" },
	{ HEAD "x\n=== postern.yaml\n=== end\n", 4, "must be a line like" },
	{ HEAD "=== postern.yaml\n=== postern.yaml\n=== end\n", 5,
	    "\"postern.yaml\" stands here twice" },
	{ PART "=== etc/passwd\n=== end\n", 4, "only postern.yaml and files" },
	{ PART "=== tables/../x\n=== end\n", 4, "\"tables/../x\": " },
	{ PART "=== tables/.x\n=== end\n", 4, "\"tables/.x\": " },
	{ PART "=== tables/x.db\n=== end\n", 4, "\"tables/x.db\" is no name" },
	{ PART "=== tables/\n=== end\n", 4, "only postern.yaml and files" },
	{ PART "=== /etc/passwd\n=== end\n", 4, "only postern.yaml" },
	{ PART "=== secrets/a/b\n=== end\n", 4, "\"secrets/a/b\": " },
	{ PART "=== tables/x masked\n=== end\n", 4,
	    "\"masked\" cannot stand here" },
	{ PART "=== tables/x base64 no-newline\n=== end\n", 4,
	    "only one of these words" },
	{ PART "=== tables/x base64\n?\n=== end\n", 5,
	    "tables/x is not base64" },
	{ PART "=== tables/x\na\n\xff\n=== end\n", 6, "is not UTF-8" },
};

static void
test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(wrong); i++) {
		struct config_problems ps = { 0 };
		struct saved s;

		assert_int_equal(
		    saved_read(&s, "x.conf", str_of(wrong[i].text), &ps), -1);
		if (ps.n == 0 || ps.v[0].where.line != wrong[i].line ||
		    strstr(ps.v[0].text, wrong[i].problem) == NULL)
			fail_msg("%s: line %d: %s", wrong[i].text,
			    ps.n > 0 ? ps.v[0].where.line : 0,
			    ps.n > 0 ? ps.v[0].text : "nothing");
		saved_free(&s);
		config_problems_free(&ps);
	}
}

static int
apply(const struct place *p, const char *text, struct config_problems *ps,
    struct err *err)
{
	struct saved s = read_saved(str_of(text), ps);
	int rc = saved_apply(&s, "x.conf", p->paths.etc, ps, err);

	saved_free(&s);
	return rc;
}

static void
test_apply_full(void **state)
{
	const struct place *p = *state;
	struct config_problems ps = { 0 };
	struct err err = ERR_INIT;

	place_put(p, "postern.yaml", "broken: [\n");
	place_put(p, "tables/old", "x\n");
	place_put(p, "tables/.hidden", "x\n");
	assert_int_equal(apply(p,
			     HEAD "=== postern.yaml\nhostname: b.test\n"
				  "=== tables/new\r\ny\r\n=== end\r\n",
			     &ps, &err),
	    0);
	place_expect(p, "postern.yaml", "hostname: b.test\n");
	place_expect(p, "tables/new", "y\n");
	place_expect(p, "tables/old", NULL);
	place_expect(p, "tables/.hidden", "x\n");

	assert_int_equal(apply(p,
			     HEAD "=== postern.yaml\nhostname: b.test\n"
				  "logs:\n- name: x\n  type: y\n=== end\n",
			     &ps, &err),
	    -1);
	assert_int_equal(ps.v[0].where.line, 8);
	assert_string_equal(ps.v[0].where.file, "x.conf");
	assert_string_equal(ps.v[0].path, "logs[0].type");
	place_expect(p, "tables/new", "y\n");
	config_problems_free(&ps);
}

static void
test_apply_part(void **state)
{
	const struct place *p = *state;
	struct config_problems ps = { 0 };
	struct err err = ERR_INIT;

	place_put(p, "postern.yaml",
	    "# mine\nhostname: a.test # name\n\ndelivery:\n"
	    "  idle_timeout: 7\n  bounce_rate: 8\nsystem: { workers: 2 }\n");
	place_put(p, "tables/old", "x\n");
	if (apply(p,
		PART "=== postern.yaml\n\"delivery\":\n  idle_timeout: 9\n"
		     "# theirs\n'routes': { a.test: b.test }\nsystem:  { "
		     "workers: 3 }\n"
		     "=== tables/new\ny\n=== end\n",
		&ps, &err) == -1)
		fail_msg("%s %s", err.text, ps.n > 0 ? ps.v[0].text : "");
	place_expect(p, "postern.yaml",
	    "# mine\nhostname: a.test # name\n\ndelivery:\n"
	    "  idle_timeout: 9\nsystem:\n  workers: 3\nroutes:\n  a.test: "
	    "b.test\n");
	place_expect(p, "tables/old", "x\n");
	place_expect(p, "tables/new", "y\n");

	assert_int_equal(apply(p,
			     PART "=== postern.yaml\nhostname: c.test\n"
				  "listeners: [\n=== end\n",
			     &ps, &err),
	    -1);
	assert_in_range(ps.v[0].where.line, 6, 7);
	config_problems_free(&ps);
	/* it refers to something that does not come along */
	assert_int_equal(
	    apply(p,
		PART "=== postern.yaml\nlisteners:\n- name: X\n"
		     "  type: public\n  interface: Nowhere\n=== end\n",
		&ps, &err),
	    -1);
	assert_string_equal(ps.v[0].path, "listeners[0].interface");
	assert_int_equal(
	    apply(p, PART "=== postern.yaml\n{ hostname: d.test }\n=== end\n",
		&ps, &err),
	    -1);
	place_expect(p, "postern.yaml",
	    "# mine\nhostname: a.test # name\n\ndelivery:\n"
	    "  idle_timeout: 9\nsystem:\n  workers: 3\nroutes:\n  a.test: "
	    "b.test\n");
	config_problems_free(&ps);
}

/* --- secrets in YAML --- */

struct box {
	struct str name, password, more;
	struct box *boxes;
	size_t n;
};

static const struct schema_key inner_keys[] = {
	{ .name = "name", FIELD(box, name), .type = &value_text },
	{ .name = "password",
	    FIELD(box, password),
	    .type = &value_text,
	    .flags = KEY_SECRET },
};
static const struct schema_section inner = { SECTION(box, "box", inner_keys),
	NO_WHERE };
static const struct schema_key outer_keys[] = {
	{ .name = "password", FIELD(box, more), .type = &value_text },
	{ .name = "boxes", LIST(box, boxes, n), .section = &inner },
	{ .name = "box", FIELD(box, name), .section = &inner },
	{ .name = "pins",
	    LIST(box, boxes, n),
	    .type = &value_text,
	    .flags = KEY_SECRET },
};
static const struct schema_section outer = { SECTION(box, "top", outer_keys),
	NO_WHERE };

static const struct {
	const char *text, *masked;
	int line; /* where the first mask stands in masked */
} masks[] = {
	{ "password: shown\n", "password: shown\n", 0 },
	{ "box: { name: a, password: planted }\n",
	    "box: { name: a, password: \"*****\" }\n", 1 },
	{ "boxes:\n  - name: a # x\n    password: \"planted \\\n      b\"\n"
	  "  - { name: b }\n",
	    "boxes:\n  - name: a # x\n    password: \"*****\"\n"
	    "  - { name: b }\n",
	    3 },
	{ "box:\n  password: |\n    planted\n    two\n  name: x\n",
	    "box:\n  password: \"*****\"\n  name: x\n", 2 },
	{ "pins: [ planted, 2 ]\n", "pins: [ \"*****\", \"*****\" ]\n", 1 },
	{ "pins:\n- planted\n", "pins:\n- \"*****\"\n", 1 },
	{ "box:\n  password:\n", "box:\n  password:\n", 0 },
	/* no YAML: more than needed, never less */
	{ "box:\n  password: |\n    planted\n  name: [\n",
	    "box:\n  *****\n  name: [\n", 0 },
	{ "box: { 'password': planted, [\nname: x\n", "*****\nname: x\n", 0 },
};

static void
test_adm_11_masking(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(masks); i++) {
		struct buf out;
		int line = 0;

		buf_init(&out, 4096);
		mask_yaml_by(&outer, str_of(masks[i].text), &out);
		if (strstr(out.data, "planted") != NULL)
			fail_msg("%s ->\n%s", masks[i].text, out.data);
		/* quotes are the editor's matter */
		if (!str_is(buf_str(&out), masks[i].masked))
			fail_msg("%s ->\n%s", masks[i].text, out.data);
		if (mask_is_masked_by(&outer, buf_str(&out), &line) !=
			(masks[i].line != 0) ||
		    (masks[i].line != 0 && line > masks[i].line + 1))
			fail_msg("%s: line %d", out.data, line);
		assert_false(
		    mask_is_masked_by(&outer, str_of(masks[i].text), &line));
		buf_fini(&out);
	}
}

int
main(void)
{
#define IN_PLACE(t)                                                            \
	cmocka_unit_test_setup_teardown(t, place_set_up, place_tear_down)
	const struct CMUnitTest tests[] = {
		IN_PLACE(test_there_and_back),
		IN_PLACE(test_secrets),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_mistakes),
		IN_PLACE(test_apply_full),
		IN_PLACE(test_apply_part),
		cmocka_unit_test(test_adm_11_masking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
