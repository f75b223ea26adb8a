/*
 * saved.c - a whole configuration, or a part of one, as one text: reading
 *
 * A line is either of the head, or one that names a file, or of that file.
 * Every mistake is told with its line and reading goes on, so that a person
 * corrects a file once.
 */
#include "config/saved.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "config/folder.h"
#include "config/loader.h"
#include "config/name.h"
#include "config/pack.h"

#define FIRST "Postern-Configuration: 1"

struct reader {
	struct saved *saved;
	struct load ld; /* for problems */
	struct str rest;
	int line; /* of the one read last */
	size_t cap;
	bool ended;
};

static bool next_line(struct reader *, struct str *line);
static void read_head(struct reader *);
static void read_field(struct reader *, struct str name, struct str value);
static void read_file(struct reader *, struct str line);
static bool read_flags(struct reader *, struct str words, struct saved_file *,
    bool *base64, bool *no_newline);
static bool check_name(struct reader *, struct str name);
static bool next_of_file(struct reader *, struct str *line);
static void read_text(struct reader *, struct saved_file *, bool no_newline);
static void read_base64(struct reader *, struct saved_file *);
static void read_mask(struct reader *, struct saved_file *);
static bool is_marker(struct str line);
static void mistake(struct reader *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

int
saved_read(struct saved *s, const char *file, struct str text,
    struct config_problems *problems)
{
	struct reader r = { .saved = s,
		.rest = text,
		.ld = { .problems = problems, .file = file } };
	size_t before = problems->n_errors;
	struct str line;

	*s = (struct saved){ .full = true };
	arena_init(&s->mem, 2 * SAVED_MAX);
	if (text.n > SAVED_MAX) {
		mistake(&r, "larger than %zu MiB", SAVED_MAX >> 20);
		return -1;
	}
	read_head(&r);
	while (!r.ended && next_line(&r, &line)) {
		if (is_marker(line))
			read_file(&r, line);
		else if (line.n > 0)
			mistake(&r, "must be a line like \"=== NAME\"");
	}
	if (!r.ended)
		mistake(&r, "cut short: the last line is \"=== end\"");
	while (next_line(&r, &line))
		if (str_trim(line).n > 0) {
			mistake(&r, "stands behind the end");
			break;
		}
	if (s->full && problems->n_errors == before &&
	    saved_find(s, "postern.yaml") == NULL)
		mistake(&r, "has no postern.yaml; write \"Kind: part\" if it "
			    "is meant to change only a part");
	return problems->n_errors == before ? 0 : -1;
}

void
saved_free(struct saved *s)
{
	free(s->files);
	arena_free(&s->mem);
	*s = (struct saved){ .full = false };
}

const struct saved_file *
saved_masked(const struct saved *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->files[i].masked)
			return &s->files[i];
	return NULL;
}

bool
saved_is_encrypted(const struct saved *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->files[i].encrypted)
			return true;
	return false;
}

int
saved_unseal(struct saved *s, const struct seal *seal, struct err *err)
{
	for (size_t i = 0; i < s->n; i++) {
		struct saved_file *f = &s->files[i];
		struct buf text;

		if (!f->encrypted)
			continue;
		buf_init(&text, SAVED_MAX);
		if (!seal_open(seal, f->name, f->text, &text)) {
			buf_fini(&text);
			return err_set(err, ERR_USAGE,
			    "line %d: %.*s was encrypted with another key, or "
			    "is damaged",
			    f->line, STR_ARG(f->name));
		}
		f->text = arena_str(&s->mem, buf_str(&text));
		f->encrypted = false;
		buf_fini(&text);
	}
	return 0;
}

const struct saved_file *
saved_find(const struct saved *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_is(s->files[i].name, name))
			return &s->files[i];
	return NULL;
}

static bool
next_line(struct reader *r, struct str *line)
{
	if (r->rest.n == 0)
		return false;
	*line = str_cut(&r->rest, '\n');
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	r->line++;
	return true;
}

/* --- the head --- */

static void
read_head(struct reader *r)
{
	struct str line, value;

	if (!next_line(r, &line) || !str_is(line, FIRST)) {
		mistake(r, "the first line must be \"" FIRST "\"");
		r->ended = true;
		r->rest.n = 0;
		return;
	}
	while (next_line(r, &line) && line.n > 0) {
		struct str name = str_cut(&line, ':');

		value = str_trim(line);
		if (value.p == NULL || name.n == 0 || is_marker(name))
			mistake(r, "an empty line must stand between the head "
				   "and the first file");
		else
			read_field(r, name, value);
	}
}

/* Lines of the head that we do not need are for people. */
static void
read_field(struct reader *r, struct str name, struct str value)
{
	struct buf salt;

	if (str_is(name, "Kind")) {
		r->saved->full = str_is(value, "full");
		if (!r->saved->full && !str_is(value, "part"))
			mistake(r, "Kind is \"full\" or \"part\"");
	} else if (str_is(name, "Key")) {
		r->saved->own_key = str_is(value, "file");
	} else if (str_is(name, "Salt")) {
		buf_init(&salt, SEAL_SALT);
		if (!base64_decode(value, &salt) || salt.len != SEAL_SALT)
			mistake(r, "Salt is %d bytes in base64", SEAL_SALT);
		else
			memcpy(r->saved->salt, salt.data, SEAL_SALT);
		r->saved->has_salt = salt.len == SEAL_SALT;
		buf_fini(&salt);
	}
}

/* --- files --- */

static void
read_file(struct reader *r, struct str line)
{
	struct saved *s = r->saved;
	struct str words = str_sub(line, 3, line.n);
	struct saved_file f = { .name = str_word(&words), .line = r->line + 1 };
	bool base64 = false, no_newline = false, ok;

	if (str_is(f.name, "end") && str_trim(words).n == 0) {
		r->ended = true;
		return;
	}
	ok = check_name(r, f.name);
	ok = read_flags(r, words, &f, &base64, &no_newline) && ok;
	f.name = arena_str(&s->mem, f.name);
	if (f.masked)
		read_mask(r, &f);
	else if (f.encrypted || base64)
		read_base64(r, &f);
	else
		read_text(r, &f, no_newline);
	if (!ok)
		return;
	s->files = mem_room(s->files, &r->cap, s->n, sizeof(*s->files));
	s->files[s->n++] = f;
}

static bool
read_flags(struct reader *r, struct str words, struct saved_file *f,
    bool *base64, bool *no_newline)
{
	bool secret = str_starts(f->name, STR("secrets/"));
	struct str word;
	char quoted[100];

	while ((word = str_word(&words)).n > 0) {
		if (str_is(word, "base64")) {
			*base64 = true;
		} else if (str_is(word, "no-newline")) {
			*no_newline = true;
		} else if (secret && str_is(word, "masked")) {
			f->masked = true;
		} else if (secret && str_is(word, "encrypted")) {
			f->encrypted = true;
		} else {
			mistake(r, "%s cannot stand here",
			    load_quote(quoted, word));
			return false;
		}
	}
	if (*base64 + *no_newline + f->masked + f->encrypted <= 1)
		return true;
	mistake(r, "only one of these words can stand here");
	return false;
}

/* As in a configuration folder; nothing can point out of it (ADM-03). */
static bool
check_name(struct reader *r, struct str name)
{
	static const char *const folders[] = { "filters", "tables", "texts",
		"secrets" };
	struct str file = name, folder = str_cut(&file, '/');
	char quoted[100], in[16], base[NAME_MAX_LEN + 1];
	struct err err = ERR_INIT;
	bool known = str_is(name, "postern.yaml");

	for (size_t i = 0; i < NELEM(folders) && !known; i++)
		known = str_is(folder, folders[i]) && file.n > 0;
	if (!known) {
		mistake(r,
		    "%s: only postern.yaml and files below filters, tables, "
		    "texts and secrets can stand here",
		    load_quote(quoted, name));
		return false;
	}
	if (file.n > 0 && !name_file(file, &err)) {
		mistake(r, "%s: %s", load_quote(quoted, name), err.text);
		return false;
	}
	str_copy(in, sizeof(in), folder);
	str_copy(base, sizeof(base), file);
	if (file.n > 0 && !folder_is_ours(in, base)) {
		mistake(r, "%s is no name for a file of a configuration",
		    load_quote(quoted, name));
		return false;
	}
	for (size_t i = 0; i < r->saved->n; i++)
		if (str_eq(r->saved->files[i].name, name)) {
			mistake(r, "%s stands here twice",
			    load_quote(quoted, name));
			return false;
		}
	if (r->saved->n < BUNDLE_FILES_MAX)
		return true;
	mistake(r, "more than %d files", BUNDLE_FILES_MAX);
	return false;
}

/* Up to the next line that names a file, which is left to be read. */
static bool
next_of_file(struct reader *r, struct str *line)
{
	struct reader before = *r;

	if (!next_line(r, line))
		return false;
	if (!is_marker(*line))
		return true;
	r->rest = before.rest;
	r->line = before.line;
	return false;
}

static void
read_text(struct reader *r, struct saved_file *f, bool no_newline)
{
	struct buf text;
	struct str line;

	buf_init(&text, SAVED_MAX + 1);
	while (next_of_file(r, &line)) {
		struct str bare = line;

		while (bare.n > 0 && bare.p[0] == '\\')
			bare = str_sub(bare, 1, bare.n);
		if (bare.n < line.n && (is_marker(bare) || str_is(bare, ".")))
			line = str_sub(line, 1, line.n);
		if (!str_valid_utf8(line))
			mistake(r, "is not UTF-8");
		buf_add_str(&text, line);
		buf_putc(&text, '\n');
	}
	if (no_newline && text.len > 0)
		text.len--;
	if (text.len > bundle_file_max(f->name))
		mistake(r, "%.*s is larger than %zu MiB", STR_ARG(f->name),
		    bundle_file_max(f->name) >> 20);
	else
		f->text = arena_str(&r->saved->mem, buf_str(&text));
	buf_fini(&text);
}

static void
read_base64(struct reader *r, struct saved_file *f)
{
	struct buf text, bytes;
	struct str line;

	buf_init(&text, SAVED_MAX);
	buf_init(&bytes, SAVED_MAX);
	while (next_of_file(r, &line))
		buf_add_str(&text, str_trim(line));
	if (!base64_decode(buf_str(&text), &bytes))
		mistake(r, "%.*s is not base64", STR_ARG(f->name));
	else if (bytes.len > bundle_file_max(f->name))
		mistake(r, "%.*s is larger than %zu MiB", STR_ARG(f->name),
		    bundle_file_max(f->name) >> 20);
	else
		f->text = arena_str(&r->saved->mem, buf_str(&bytes));
	buf_fini(&text);
	buf_fini(&bytes);
}

static void
read_mask(struct reader *r, struct saved_file *f)
{
	struct str line;

	f->text = STR("");
	while (next_of_file(r, &line))
		;
}

static bool
is_marker(struct str line)
{
	return str_starts(line, STR("==="));
}

static void
mistake(struct reader *r, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	load_error_mark(&r->ld, r->line > 0 ? r->line : 1, 1, "%s", text);
}
