/* filters_do.c - what `filters` does, for a person and for a line */
#include "admin/filters_do.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "admin/control.h"
#include "admin/fields.h"
#include "admin/files.h"
#include "base/mem.h"
#include "mail/charset.h"

#define TREE_MAX ((size_t)1 << 30)
#define READ_MAX (2 * FILTER_SOURCE_MAX + 65536)

static bool is_taken(struct editing *, const struct filters_list *,
    const struct filter_info *, size_t n);
static bool parse(struct editing *, struct str script, struct filter_info **,
    size_t *n, struct arena *);
static bool decode(struct editing *, const char *encoding, struct str bytes,
    struct arena *, struct str *);
static bool is_encoding(struct editing *, const char *encoding);
static bool *choose(
    struct editing *, struct filters_list *, const char *which, size_t *n);
static int read_input(struct editing *, struct buf *, struct err *);
static const struct str *logs(
    const struct editing *, struct arena *, size_t *n);
static void render_rolled(const json_t *, struct buf *);
static int done(struct editing *, int status, size_t n, const char *what);
static int refuse(struct editing *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

size_t
filters_do_count(const struct editing *ed)
{
	struct filters_list l;
	size_t n;

	filters_begin(&l, ed);
	n = l.n;
	filters_end(&l);
	return n;
}

int
filters_do_add(struct editing *ed, struct str script, const char *position)
{
	struct filters_list l;
	struct filter_info *v;
	struct err err = ERR_INIT;
	int status = TOOL_NEGATIVE;
	size_t at, n = 0;

	filters_begin(&l, ed);
	if (*position == '\0')
		position = "last";
	if (!filters_position(&l, str_of(position), &at, &err))
		status = refuse(ed, "%s", err.text);
	else if (parse(ed, script, &v, &n, &l.mem) && !is_taken(ed, &l, v, n))
		status = done(ed, filters_insert(ed, &l, at, v, n), n, "added");
	filters_end(&l);
	return status;
}

int
filters_do_add_file(struct editing *ed, const char *name, const char *position)
{
	struct err err = ERR_INIT;
	struct buf script;
	int rc, status;

	buf_init(&script, READ_MAX);
	if (strcmp(name, "-") == 0)
		rc = read_input(ed, &script, &err);
	else
		rc = files_read(ed, name, &script, &err);
	status = rc == 0 ? filters_do_add(ed, buf_str(&script), position)
			 : refuse(ed, "Cannot read %s: %s", name, err.text);
	buf_fini(&script);
	return status;
}

int
filters_do_delete(struct editing *ed, const char *which)
{
	struct filters_list l;
	int status = TOOL_NEGATIVE;
	bool *chosen;
	size_t n;

	filters_begin(&l, ed);
	chosen = choose(ed, &l, which, &n);
	if (chosen != NULL)
		status = done(ed, filters_delete(ed, &l, chosen), n, "deleted");
	filters_end(&l);
	return status;
}

int
filters_do_import(struct editing *ed, const char *name, const char *encoding)
{
	struct arena mem;
	struct buf bytes;
	struct filter_info *v;
	struct err err = ERR_INIT;
	struct str script;
	int status = TOOL_NEGATIVE;
	size_t n;

	arena_init(&mem, TREE_MAX);
	buf_init(&bytes, READ_MAX);
	if (files_read(ed, name, &bytes, &err) == -1)
		refuse(ed, "Cannot read %s: %s", name, err.text);
	else if (decode(ed, encoding, buf_str(&bytes), &mem, &script) &&
		 parse(ed, script, &v, &n, &mem))
		status = done(ed, filters_replace(ed, v, n), n, "imported");
	buf_fini(&bytes);
	arena_free(&mem);
	return status;
}

int
filters_do_export(struct editing *ed, const char *name, const char *which,
    const char *encoding)
{
	struct filters_list l;
	struct err err = ERR_INIT;
	int status = TOOL_NEGATIVE;
	struct str bytes;
	struct buf text;
	bool *chosen;
	size_t n;

	filters_begin(&l, ed);
	buf_init(&text, 16 * FILTER_SOURCE_MAX);
	chosen = choose(ed, &l, which, &n);
	if (chosen == NULL || !is_encoding(ed, encoding))
		goto out;
	filters_source(&l, chosen, &text);
	if (!charset_from_utf8(
		buf_str(&text), str_of(encoding), &l.mem, &bytes))
		refuse(ed, "The filters have characters that %s has not.",
		    encoding);
	else if (files_write(ed, name, bytes, &err) == -1)
		status = refuse(ed, "Cannot write %s: %s", name, err.text);
	else
		status = done(ed, TOOL_DONE, n, "exported");
out:
	buf_fini(&text);
	filters_end(&l);
	return status;
}

int
filters_do_move(struct editing *ed, const char *which, const char *position)
{
	struct filters_list l;
	struct err err = ERR_INIT;
	int status = TOOL_NEGATIVE;
	bool *chosen, moved;
	size_t n, at;

	filters_begin(&l, ed);
	chosen = choose(ed, &l, which, &n);
	if (chosen == NULL)
		goto out;
	if (!filters_position(&l, str_of(position), &at, &err)) {
		refuse(ed, "%s", err.text);
		goto out;
	}
	status = filters_move(ed, &l, chosen, at, &moved);
	if (moved)
		status = done(ed, status, n, "moved");
	else
		status = refuse(ed, "Filters are already in that order.");
out:
	filters_end(&l);
	return status;
}

int
filters_do_set(struct editing *ed, const char *which, const char *state)
{
	bool active = str_is_nocase(str_of(state), "active");
	struct filters_list l;
	int status = TOOL_NEGATIVE;
	bool *chosen;
	size_t n;

	if (!active && !str_is_nocase(str_of(state), "inactive"))
		return refuse(ed, "must be active or inactive, not %s", state);
	filters_begin(&l, ed);
	chosen = choose(ed, &l, which, &n);
	if (chosen != NULL)
		status =
		    done(ed, filters_set(ed, &l, chosen, active), n, "updated");
	filters_end(&l);
	return status;
}

int
filters_do_show(struct editing *ed, const char *which, bool detail)
{
	struct filters_list l;
	int status = TOOL_NEGATIVE;
	bool *chosen;
	size_t n;

	filters_begin(&l, ed);
	chosen = choose(ed, &l, which, &n);
	if (chosen != NULL)
		status = filters_show(ed, &l, chosen, detail);
	filters_end(&l);
	return status;
}

int
filters_do_logs(struct editing *ed)
{
	json_t *all = json_array();
	const struct str *v;
	struct arena mem;
	size_t n;

	arena_init(&mem, TREE_MAX);
	v = logs(ed, &mem, &n);
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(all, json_stringn(v[i].p, v[i].n));
		if (!ed->t->json)
			fprintf(ed->t->dialogue.out, "%zu. %.*s\n", i + 1,
			    STR_ARG(v[i]));
	}
	if (ed->t->json)
		tool_print_json(ed->t, all);
	else if (n == 0)
		fputs("No filter archives to a log.\n", ed->t->dialogue.out);
	json_decref(all);
	arena_free(&mem);
	return TOOL_DONE;
}

/* They are the recorder's, like all logs. */
int
filters_do_roll(struct editing *ed, const char *name)
{
	const char *words[] = { "rollovernow", NULL, NULL };
	const struct str *v;
	struct arena mem;
	int status;
	size_t n;

	arena_init(&mem, TREE_MAX);
	v = logs(ed, &mem, &n);
	for (size_t i = 0; i < n; i++) {
		if (name == NULL ? n == 1 : str_is(v[i], name))
			words[1] = arena_strz(&mem, v[i]);
	}
	if (words[1] != NULL)
		status =
		    control_show(ed->t, PROGRAM_RECORDER, words, render_rolled);
	else if (name != NULL)
		status = refuse(ed, "No filter archives to \"%s\".", name);
	else
		status = n == 0 ? refuse(ed, "No filter archives to a log.")
				: tool_usage(ed->t, "which log?");
	arena_free(&mem);
	return status;
}

static bool
is_taken(struct editing *ed, const struct filters_list *l,
    const struct filter_info *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < l->n; k++) {
			if (!str_eq(v[i].name, l->v[k].name))
				continue;
			refuse(ed, "Filter name already in use: %.*s",
			    STR_ARG(v[i].name));
			return true;
		}
	}
	return false;
}

/* What is wrong, or remarkable, was said. */
static bool
parse(struct editing *ed, struct str script, struct filter_info **v, size_t *n,
    struct arena *mem)
{
	struct filter_problems problems = { 0 };
	bool ok;

	if (script.n > FILTER_SOURCE_MAX) {
		refuse(ed, "The filters are larger than %zu MiB.",
		    FILTER_SOURCE_MAX >> 20);
		return false;
	}
	ok = filter_script(script, ed->w->config, false, v, n, &problems, mem);
	filters_problems_show(ed, &problems);
	return ok;
}

static bool
decode(struct editing *ed, const char *encoding, struct str bytes,
    struct arena *mem, struct str *text)
{
	bool bad = false;

	*text = bytes;
	if (!is_encoding(ed, encoding))
		return false;
	/* Of UTF-8 the parser says where it is none. */
	if (str_is_nocase(str_of(encoding), "UTF-8"))
		return true;
	*text = charset_to_utf8(bytes, str_of(encoding), mem, &bad);
	if (bad)
		refuse(ed, "The file is not in %s.", encoding);
	return !bad;
}

static bool
is_encoding(struct editing *ed, const char *encoding)
{
	if (charset_known(str_of(encoding)))
		return true;
	refuse(ed, "Unknown encoding: %s", encoding);
	return false;
}

/* In the list's memory; NULL: it was refused. */
static bool *
choose(struct editing *ed, struct filters_list *l, const char *which, size_t *n)
{
	bool *chosen = arena_array(&l->mem, l->n + 1, sizeof(*chosen));
	struct err err = ERR_INIT;

	*n = 0;
	if (!filters_select(l, str_of(which), chosen, &err)) {
		refuse(ed, "%s", err.text);
		return NULL;
	}
	for (size_t i = 0; i < l->n; i++)
		*n += chosen[i];
	return chosen;
}

static int
read_input(struct editing *ed, struct buf *out, struct err *err)
{
	FILE *in = ed->t->dialogue.in;
	size_t n = 1;

	while (n > 0) {
		char *room = buf_room(out, 65536);

		if (room == NULL)
			return err_set(err, ERR_PERM, "too large");
		n = fread(room, 1, 65536, in);
		buf_grew(out, n);
	}
	return ferror(in) ? err_sys(err, ERR_PERM, "standard input") : 0;
}

static const struct str *
logs(const struct editing *ed, struct arena *mem, size_t *n)
{
	const struct config *c = ed->w->config;

	return filters_logs(c->filters, c, mem, n);
}

static void
render_rolled(const json_t *answer, struct buf *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(answer, "rolled"), i, one)
	{
		buf_puts(out, "Log files successfully rolled over: ");
		fields_show(out, json_string_value(one), NAME_MAX_LEN);
		buf_puts(out, "\n");
	}
}

/* "1 filters added.", as ever; the status. */
static int
done(struct editing *ed, int status, size_t n, const char *what)
{
	json_t *json;

	if (status != TOOL_DONE)
		return status;
	if (!ed->t->json) {
		fprintf(ed->t->dialogue.out, "%zu filters %s.\n", n, what);
		return status;
	}
	json = json_pack("{s:I}", what, (json_int_t)n);
	tool_print_json(ed->t, json);
	json_decref(json);
	return status;
}

/* Says why not; a person reads it among the answers. */
static int
refuse(struct editing *ed, const char *fmt, ...)
{
	char text[600];
	struct buf out;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_init(&out, 8 * sizeof(text));
	fields_show(&out, text, sizeof(text));
	fprintf(ed->t->asks ? ed->t->dialogue.out : stderr, "%s\n",
	    buf_str(&out).p);
	buf_fini(&out);
	return TOOL_NEGATIVE;
}
