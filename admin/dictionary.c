/* dictionary.c - the terms of a dictionary */
#include "admin/dictionary.h"

#include "admin/maptext.h"
#include "base/bounds.h"
#include "config/dictionary.h"
#include "filter/regex.h"
#include "mail/charset.h"

#define TEXT_MAX  ((size_t)16 << 20)
#define FILE_LEN  (NAME_MAX_LEN + 32)
#define SHOWN_MAX 10 /* wrong lines that are told */

static bool compiles(struct str term, struct err *);

void
dictionary_file(const struct editing *ed, size_t k, char *out, size_t size)
{
	snprintf(out, size, "tables/%.*s",
	    STR_ARG(ed->w->config->work.dictionaries[k].file));
}

int
dictionary_add(struct editing *ed, size_t k, struct str lines)
{
	struct str now = STR("");
	char file[FILE_LEN];
	struct buf text;

	if (!dictionary_check(ed, lines))
		return TOOL_USAGE;
	dictionary_file(ed, k, file, sizeof(file));
	workcopy_file(ed->w, file, &now);
	buf_init(&text, TEXT_MAX);
	buf_add_str(&text, now);
	if (now.n > 0 && now.p[now.n - 1] != '\n')
		buf_putc(&text, '\n');
	buf_add_str(&text, lines);
	workcopy_put(ed->w, file, buf_str(&text));
	buf_fini(&text);
	return TOOL_DONE;
}

int
dictionary_remove(struct editing *ed, size_t k, int line)
{
	struct str now = STR("");
	char file[FILE_LEN];
	struct buf text;

	dictionary_file(ed, k, file, sizeof(file));
	workcopy_file(ed->w, file, &now);
	buf_init(&text, TEXT_MAX);
	for (int n = 1; now.n > 0; n++) {
		struct str one = str_cut(&now, '\n');

		if (n != line)
			buf_printf(&text, "%.*s\n", STR_ARG(one));
	}
	workcopy_put(ed->w, file, buf_str(&text));
	buf_fini(&text);
	return editing_done(ed);
}

int
dictionary_replace(
    struct editing *ed, size_t k, struct str text, const char *charset)
{
	char file[FILE_LEN];
	struct arena mem;
	bool bad = false;
	int status = TOOL_USAGE;

	arena_init(&mem, 8 * TEXT_MAX);
	if (!charset_known(str_of(charset))) {
		status = editing_refuse(
		    ed, "The encoding \"%s\" is not known.", charset);
	} else {
		text = charset_to_utf8(text, str_of(charset), &mem, &bad);
		if (bad) {
			status = editing_refuse(
			    ed, "The file is not in %s.", charset);
		} else if (dictionary_check(ed, text)) {
			dictionary_file(ed, k, file, sizeof(file));
			workcopy_put(ed->w, file, text);
			status = editing_done(ed);
		}
	}
	arena_free(&mem);
	return status;
}

void
dictionary_text(const struct editing *ed, size_t k, struct buf *out)
{
	const struct dictionary *d = &ed->w->config->work.dictionaries[k];

	for (size_t i = 0; i < d->n_terms; i++) {
		dictionary_print(&d->terms[i], out);
		buf_putc(out, '\n');
	}
}

bool
dictionary_check(struct editing *ed, struct str lines)
{
	FILE *out = ed->t->asks ? ed->t->dialogue.out : stderr;
	struct arena mem;
	int wrong = 0;

	arena_init(&mem, 8 * TEXT_MAX);
	for (int n = 1; lines.n > 0 && wrong < SHOWN_MAX; n++) {
		struct str line = str_trim(str_cut(&lines, '\n'));
		struct err err = ERR_INIT;
		struct dictionary_term t;
		int rc = dictionary_line(line, &t, &mem, &err);

		if (rc == 0 || (rc == 1 && compiles(t.text, &err)))
			continue;
		wrong++;
		if (lines.n > 0 || n > 1)
			fprintf(out, "Error in line %d: %s.\n", n, err.text);
		else
			fprintf(out, "Invalid term: %s.\n", err.text);
	}
	arena_free(&mem);
	return wrong == 0;
}

static bool
compiles(struct str term, struct err *err)
{
	struct regex *re;

	if (dictionary_is_literal(term))
		return true;
	re = regex_compile(term, 0, err);
	if (re == NULL)
		return false;
	regex_free(&re);
	return true;
}
