/* filters_show.c - message filters for people and for programs */
#include "admin/filters_show.h"

#include "admin/fields.h"
#include "base/mem.h"

static json_t *to_json(const struct filter_info *, size_t number, bool detail);
static void print_row(struct buf *, const struct filter_info *, size_t number);
static void print_why(struct buf *, const struct filter_info *);
static void print_lines(struct buf *, struct str text);
static json_t *string(struct str);

static const char head[] = "Num Active Valid Name\n";

int
filters_show(struct editing *ed, const struct filters_list *l,
    const bool *chosen, bool detail)
{
	json_t *all = json_array();
	struct buf rows, notes;
	size_t shown = 0;

	buf_init(&rows, 16 * FILTER_SOURCE_MAX);
	buf_init(&notes, FILTER_SOURCE_MAX);
	for (size_t i = 0; i < l->n; i++) {
		const struct filter_info *f = &l->v[i];

		if (!chosen[i])
			continue;
		json_array_append_new(all, to_json(f, i + 1, detail));
		if (detail || shown == 0)
			buf_printf(&rows, "%s%s", shown > 0 ? "\n" : "", head);
		shown++;
		print_row(&rows, f, i + 1);
		print_why(detail ? &rows : &notes, f);
		if (detail)
			print_lines(&rows, f->source);
	}
	if (notes.len > 0)
		buf_printf(&rows, "\n%.*s", STR_ARG(buf_str(&notes)));
	if (shown == 0)
		buf_puts(&rows, "No filters configured.\n");
	if (ed->t->json)
		tool_print_json(ed->t, all);
	else
		tool_print(ed->t, &rows);
	json_decref(all);
	buf_fini(&rows);
	buf_fini(&notes);
	return TOOL_DONE;
}

void
filters_problems_show(struct editing *ed, const struct filter_problems *ps)
{
	FILE *out = ed->t->asks ? ed->t->dialogue.out : stderr;
	struct buf text, line;

	buf_init(&text, FILTER_SOURCE_MAX);
	buf_init(&line, FILTER_SOURCE_MAX);
	for (size_t i = 0; i < ps->n; i++) {
		buf_reset(&line);
		filter_problem_print(&ps->v[i], &line);
		fields_show_line(&text, buf_str(&line));
		print_lines(&text, ps->v[i].place);
	}
	if (ps->n_errors > ps->n)
		buf_printf(&text, "... and %zu more.\n", ps->n_errors - ps->n);
	fwrite(buf_str(&text).p, 1, text.len, out);
	buf_fini(&text);
	buf_fini(&line);
}

void
filters_source(
    const struct filters_list *l, const bool *chosen, struct buf *out)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!chosen[i])
			continue;
		if (out->len > 0)
			buf_putc(out, '\n');
		buf_add_str(out, l->v[i].source);
	}
}

const char *
filters_encoding(size_t i)
{
	static const char *const names[] = { "UTF-8", "US-ASCII", "ISO-8859-1",
		"ISO-8859-15", "windows-1252", "GB2312", "HZ-GB-2312", "Big5",
		"ISO-2022-JP", "Shift_JIS", "EUC-JP", "EUC-KR", "ISO-8859-2",
		"ISO-8859-9", "KOI8-R", "windows-1251" };

	return i < NELEM(names) ? names[i] : NULL;
}

static json_t *
to_json(const struct filter_info *f, size_t number, bool detail)
{
	json_t *o = json_object();

	json_object_set_new(o, "number", json_integer((json_int_t)number));
	json_object_set_new(o, "name", string(f->name));
	json_object_set_new(o, "active", json_boolean(f->active));
	json_object_set_new(o, "valid", json_boolean(f->valid));
	json_object_set_new(
	    o, "why_not_valid", f->valid ? json_null() : string(f->why));
	if (detail)
		json_object_set_new(o, "source", string(f->source));
	return o;
}

static void
print_row(struct buf *out, const struct filter_info *f, size_t number)
{
	buf_printf(out, "%3zu   %c      %c   %.*s\n", number,
	    f->active ? 'Y' : 'N', f->valid ? 'Y' : 'N', STR_ARG(f->name));
}

static void
print_why(struct buf *out, const struct filter_info *f)
{
	if (f->valid)
		return;
	buf_printf(out, "Filter '%.*s' is not valid: ", STR_ARG(f->name));
	fields_show_str(out, f->why, 400);
	buf_putc(out, '\n');
}

static void
print_lines(struct buf *out, struct str text)
{
	while (text.n > 0)
		fields_show_line(out, str_cut(&text, '\n'));
}

static json_t *
string(struct str s)
{
	return json_stringn(s.p, s.n);
}
