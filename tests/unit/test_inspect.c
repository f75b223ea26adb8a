/* What files are and what is in them: real archives, made here. */
#include <archive.h>
#include <archive_entry.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "cleanup/inspect_look.h"

#define MADE_MAX ((size_t)8 << 20)

struct file {
	const char *name;
	struct str data;
};

/* What was told, as text: "depth name type;" and what is so of all. */
struct heard {
	char members[4096];
	char text[4096];
	struct inspected end;
	unsigned n;
};

static const char program[160] = "MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0";
static const struct inspect_msg usual = { .max_depth = 5,
	.max_members = 100,
	.max_expanded = 1 << 20,
	.timeout = 30 };

static void
hear_text(void *arg, struct str text)
{
	struct heard *h = arg;
	size_t n = strlen(h->text);

	snprintf(h->text + n, sizeof(h->text) - n, "%.*s|", STR_ARG(text));
}

static void
hear_member(void *arg, const struct inspect_member *m)
{
	struct heard *h = arg;
	size_t n = strlen(h->members);

	h->n++;
	snprintf(h->members + n, sizeof(h->members) - n, "%u %.*s %.*s%s;",
	    m->depth, STR_ARG(m->name), STR_ARG(m->filetype),
	    m->locked ? " locked" : "");
}

static struct heard
look(struct str bytes, const struct inspect_msg *limits)
{
	struct heard h = { 0 };
	struct look_used used = { 0 };
	struct look l = { .limits = limits,
		.used = &used,
		.text = hear_text,
		.member = hear_member,
		.arg = &h };

	look_at(&l, bytes, &h.end);
	return h;
}

/* An archive in memory; the caller frees it. options: of libarchive. */
static struct str
make(
    const char *format, const char *options, const struct file *files, size_t n)
{
	struct archive *a = archive_write_new();
	char *p = mem_alloc(MADE_MAX);
	size_t used;

	if (strcmp(format, "gzip") == 0) {
		archive_write_add_filter_gzip(a);
		archive_write_set_format_raw(a);
	} else {
		archive_write_set_format_by_name(a, format);
	}
	if (options != NULL)
		archive_write_set_passphrase(a, "secret");
	assert_int_equal(archive_write_set_options(a, options), ARCHIVE_OK);
	/* no padding: what is written is all there is */
	archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(
	    archive_write_open_memory(a, p, MADE_MAX, &used), ARCHIVE_OK);
	for (size_t i = 0; i < n; i++) {
		struct archive_entry *e = archive_entry_new();

		archive_entry_set_pathname(e, files[i].name);
		archive_entry_set_filetype(e, AE_IFREG);
		archive_entry_set_perm(e, 0644);
		archive_entry_set_size(e, (la_int64_t)files[i].data.n);
		assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
		assert_int_equal(
		    archive_write_data(a, files[i].data.p, files[i].data.n),
		    files[i].data.n);
		archive_entry_free(e);
	}
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	return (struct str){ p, used };
}

static struct str
make_one(const char *format, const char *name, struct str data)
{
	return make(format, NULL, &(struct file){ name, data }, 1);
}

static void
test_types(void **state)
{
	static const struct {
		struct str bytes;
		const char *type;
	} cases[] = {
		{ { program, sizeof(program) }, "exe" },
		{ STR("%PDF-1.4\n1 0 obj\n<< >>\nendobj\n"), "pdf" },
		{ STR("GIF89a\1\0\1\0\0\0\0;"), "gif" },
		{ STR("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0"),
		    "png" },
		{ STR("<html><body>hello</body></html>"), "html" },
		{ STR("{\\rtf1\\ansi hello}"), "rtf" },
		{ STR("just a few words\n"), "txt" },
		{ STR("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "ole" },
		{ STR(""), "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct heard h = look(cases[i].bytes, &usual);

		if (!str_is(h.end.filetype, cases[i].type))
			fail_msg("case %zu: \"%.*s\", not \"%s\"", i,
			    STR_ARG(h.end.filetype), cases[i].type);
	}
}

static void
test_members(void **state)
{
	static const char *const formats[] = { "zip", "ustar", "7zip" };
	struct file files[] = { { "dir/setup.exe", { program, 160 } },
		{ "inner.zip",
		    make_one("zip", "../\xc3\xa4.txt", STR("deep words")) } };

	(void)state;
	for (size_t i = 0; i < NELEM(formats); i++) {
		struct str made = make(formats[i], NULL, files, 2);
		struct heard h = look(made, &usual);

		if (!h.end.archive || h.end.corrupt || h.end.locked ||
		    strcmp(h.members, "1 dir/setup.exe exe;1 inner.zip zip;"
				      "2 ../\xc3\xa4.txt txt;") != 0 ||
		    strcmp(h.text, "deep words|") != 0)
			fail_msg("%s: corrupt %d, %s %s", formats[i],
			    h.end.corrupt, h.members, h.text);
		free((void *)made.p);
	}
	free((void *)files[1].data.p);
}

static void
test_one_layer_at_a_time(void **state)
{
	struct inspect_msg limits = usual;
	struct str tar =
	    make_one("ustar", "a.exe", (struct str){ program, 160 });
	struct str gz = make_one("gzip", "-", tar);
	struct heard h = look(gz, &usual);

	(void)state;
	assert_string_equal(h.members, "1 data tar;2 a.exe exe;");
	limits.max_depth = 1;
	h = look(gz, &limits);
	assert_string_equal(h.members, "1 data tar;");
	assert_true(h.end.too_deep);
	free((void *)tar.p);
	free((void *)gz.p);
}

static void
test_locked_and_broken(void **state)
{
	struct file file = { "secret.txt", STR("a secret") };
	struct str zip = make("zip", "zip:encryption=aes256", &file, 1);
	struct heard h = look(zip, &usual);

	(void)state;
	assert_string_equal(h.members, "1 secret.txt  locked;");
	assert_string_equal(h.text, "");
	free((void *)zip.p);
	zip = make_one("ustar", "x", (struct str){ program, 160 });
	h = look(str_sub(zip, 0, 600), &usual);
	assert_true(h.end.corrupt);
	assert_false(h.end.readable);
	free((void *)zip.p);
}

static void
test_office(void **state)
{
	struct file files[] = { { "[Content_Types].xml", STR("<Types/>") },
		{ "word/document.xml",
		    STR("<w:p><w:t>one</w:t><w:t>word &lt;</w:t></w:p>"
			"<w:p>two</w:p>") },
		{ "word/vbaProject.bin", STR("x") },
		{ "word/embeddings/ole.bin", { program, 160 } } };
	struct str docx = make("zip", NULL, files, 4);
	struct heard h = look(docx, &usual);

	(void)state;
	assert_true(str_is(h.end.filetype, "docx"));
	assert_true(h.end.macros && h.end.readable && !h.end.archive);
	assert_string_equal(h.text, "oneword <\ntwo\n|");
	assert_string_equal(h.members, "1 word/embeddings/ole.bin exe;");
	free((void *)docx.p);
}

/* What is small and becomes large, deep, many: it ends, and is said. */
static void
test_mim_09_bombs(void **state)
{
	struct inspect_msg limits = usual;
	char *zeros = mem_alloc(MADE_MAX / 2);
	struct str made, inner;
	struct file many[150];
	char names[150][8];
	struct heard h;

	(void)state;
	made = make_one("zip", "z", (struct str){ zeros, MADE_MAX / 2 });
	assert_true(made.n < 20000);
	h = look(made, &usual);
	assert_true(h.end.too_large && h.n == 1);
	for (int i = 0; i < 8; i++) {
		inner = made;
		made = make_one("zip", "z.zip", inner);
		free((void *)inner.p);
	}
	h = look(made, &usual);
	assert_true(h.end.too_deep && h.n == usual.max_depth);
	free((void *)made.p);
	for (size_t i = 0; i < NELEM(many); i++) {
		snprintf(names[i], sizeof(names[i]), "f%zu", i);
		many[i] = (struct file){ names[i], STR("x") };
	}
	made = make("zip", NULL, many, NELEM(many));
	h = look(made, &usual);
	assert_true(h.end.too_large && h.n == usual.max_members);
	limits.timeout = 0;
	limits.max_members = 1000000;
	free((void *)made.p);
	made = make_one("gzip", "-", (struct str){ zeros, MADE_MAX / 2 });
	h = look(made, &limits);
	assert_true(h.end.too_large || h.end.timeout);
	free((void *)made.p);
	free(zeros);
}

static int
setup(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	if (look_setup(&err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.text);
	return -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_one_layer_at_a_time),
		cmocka_unit_test(test_locked_and_broken),
		cmocka_unit_test(test_office),
		cmocka_unit_test(test_mim_09_bombs),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
