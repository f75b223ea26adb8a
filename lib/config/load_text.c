/*
 * load_text.c - text resources and dictionaries: what their files hold
 */
#include <string.h>

#include "base/mem.h"
#include "config/dictionary.h"
#include "config/load_work.h"

static struct str usual_file(struct load *, struct str name);
static struct str read_text(
    struct load *, const struct at *, const char *key, struct str file);
static int line_of_bad(struct str text);
static void report(void *arg, int line, const struct err *);

void
load_text_finish(struct load *ld, const struct at *at, void *object)
{
	struct text_resource *t = object;

	if (t->html_file.n > 0 && t->kind != TEXT_DISCLAIMER)
		load_error(
		    ld, at, "only disclaimers have HTML: remove the key html");
	if (t->file.n == 0 && t->html_file.n == 0)
		t->file = usual_file(ld, t->name);
	if (t->file.n > 0)
		t->text = read_text(ld, at, "file", t->file);
	if (t->html_file.n > 0)
		t->html = read_text(ld, at, "html", t->html_file);
}

void
load_dictionary_finish(struct load *ld, const struct at *at, void *object)
{
	struct dictionary *d = object;
	const struct bundle_file *f;
	struct at key = at_key(at, "file");
	struct load in = *ld;
	char *path;

	if (d->file.n == 0)
		d->file = usual_file(ld, d->name);
	if (ld->brief || d->file.n == 0)
		return;
	path = arena_printf(ld->mem, TABLE_FOLDER "%.*s", STR_ARG(d->file));
	f = bundle_find(ld->bundle, path);
	if (f == NULL) {
		load_error(ld, key.node != NULL ? &key : at,
		    "there is no file %s", path);
		return;
	}
	in.file = path;
	dictionary_parse(d, f->text, ld->mem, report, &in);
}

static struct str
usual_file(struct load *ld, struct str name)
{
	return name.n > 0
		   ? str_of(arena_printf(ld->mem, "%.*s.txt", STR_ARG(name)))
		   : name;
}

static struct str
read_text(
    struct load *ld, const struct at *at, const char *key, struct str file)
{
	struct at value = at_key(at, key);
	const struct bundle_file *f;
	char *path = arena_printf(ld->mem, TEXT_FOLDER "%.*s", STR_ARG(file));
	struct load in = *ld;

	if (value.node == NULL)
		value = *at;
	f = bundle_find(ld->bundle, path);
	if (f == NULL) {
		load_error(ld, &value, "there is no file %s", path);
		return STR("");
	}
	in.file = path;
	if (f->text.n > TEXT_RESOURCE_BYTES) {
		load_error_mark(&in, 1, 1, "is larger than %d KiB",
		    TEXT_RESOURCE_BYTES / 1024);
		return STR("");
	}
	if (line_of_bad(f->text) > 0)
		load_error_mark(&in, line_of_bad(f->text), 1,
		    "is not UTF-8 text, or has a control character");
	return arena_str(ld->mem, f->text);
}

/* 0: none is. */
static int
line_of_bad(struct str text)
{
	struct str left = text;
	int n = 0;

	while (left.n > 0) {
		struct str line = str_cut(&left, '\n');

		n++;
		if (!str_valid_utf8(line))
			return n;
		for (size_t i = 0; i < line.n; i++) {
			unsigned char c = (unsigned char)line.p[i];

			if (c == 0x7f || (c < 0x20 && c != '\t' && c != '\r'))
				return n;
		}
	}
	return 0;
}

static void
report(void *arg, int line, const struct err *err)
{
	load_error_mark(arg, line, 1, "%s", err->text);
}
