/* tables.c - dialogues for tables that are files below tables/ */
#include "admin/tables.h"

#include <stdlib.h>
#include <string.h>

#include "admin/files.h"
#include "admin/listener.h"
#include "admin/maptext.h"
#include "base/bounds.h"
#include "base/mem.h"

enum { NEW, EDIT, DELETE, PRINT, IMPORT, EXPORT, CLEAR, MORE, N_OPS };

static bool ask_global(struct editing *, const void *form);
static int take_global(struct editing *, struct args *, const void *form);
static const struct dialogue_op ops[MORE] = {
	{ "NEW", "Create a new entry." },
	{ "EDIT", "Modify an entry." },
	{ "DELETE", "Remove an entry." },
	{ "PRINT", "Display all entries." },
	{ "IMPORT", "Import all entries from a file." },
	{ "EXPORT", "Export all entries to a file." },
	{ "CLEAR", "Remove all entries." },
};

struct side { /* of one entry */
	struct str left, right;
	int line;
};

static size_t make_menu(
    const struct tables_form *, struct dialogue_op *, int *which);
static bool ask_new(struct editing *, const struct tables_form *, size_t i);
static bool ask_edit(struct editing *, const struct tables_form *, size_t i);
static bool ask_delete(struct editing *, const struct tables_form *, size_t i);
static bool ask_clear(struct editing *, const struct tables_form *, size_t i);
static bool ask_right(struct editing *, const struct tables_form *,
    const char *dflt, char *out, size_t size);
static bool pick(struct editing *, const struct tables_form *, size_t i,
    const char *question, struct side *, bool *chosen);
static int put(struct editing *, const struct tables_form *, size_t i, int line,
    const char *left, const char *right);
static int remove_at(
    struct editing *, const struct tables_form *, size_t i, int line);
static int clear(struct editing *, const struct tables_form *, size_t i);
static bool find(const struct editing *, const struct tables_form *, size_t i,
    const char *left, const char *context, struct side *);
static void make_path(
    char *out, size_t size, const struct tables_form *, size_t i);
static void file_of(const struct editing *, const struct tables_form *,
    size_t i, char out[NAME_MAX_LEN + 32]);
static int check(const struct editing *, const struct tables_form *, size_t i,
    struct str text, struct config_problems *);
static bool is_named(const struct editing *, const char *file);

static int print_json(
    struct editing *, struct args *, const struct tables_form *, size_t i);
static void print(
    struct editing *, const void *form, size_t i, bool exported, struct buf *);
static int import(struct editing *, const void *form, size_t i,
    const char *name, struct str text);

bool
tables_ask(struct editing *ed, const struct tables_form *f, size_t i)
{
	const struct files_table transfer = { print, import, f };
	static bool (*const run[])(
	    struct editing *, const struct tables_form *, size_t) = {
		[NEW] = ask_new,
		[EDIT] = ask_edit,
		[DELETE] = ask_delete,
		[CLEAR] = ask_clear,
	};
	struct dialogue_op menu[N_OPS];
	int which[N_OPS];
	bool more = true;
	size_t n = make_menu(f, menu, which), op;

	while (more) {
		const struct table *t = tables_now(ed, f, i);

		tool_space(ed->t);
		fprintf(ed->t->dialogue.out,
		    "%s\n"
		    "There are currently %zu entries.\n",
		    f->title, t != NULL ? table_count(t) : 0);
		if (f->show != NULL)
			f->show(ed, i);
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, menu, n, &op))
			return false;
		if (op == n)
			return true;
		if (which[op] == MORE)
			more = f->ask_more(ed, i);
		else if (which[op] >= PRINT && which[op] <= EXPORT)
			more = files_ask(ed, &transfer,
			    (enum files_op)(which[op] - PRINT), i);
		else
			more = run[which[op]](ed, f, i);
	}
	return false;
}

int
tables_take(
    struct editing *ed, struct args *a, const struct tables_form *f, size_t i)
{
	const struct files_table transfer = { print, import, f };
	struct dialogue_op menu[N_OPS];
	const char *word = args_next(a), *left, *right, *context = NULL;
	int which[N_OPS], op = -1;
	size_t n = make_menu(f, menu, which);
	struct side s = { .line = 0 };

	for (size_t k = 0; word != NULL && k < n; k++) {
		if (str_is_nocase(str_of(word), menu[k].word))
			op = which[k];
	}
	if (word != NULL && strcmp(word, "add") == 0)
		op = NEW; /* as the model has it */
	if (op == -1)
		return tool_unknown(ed->t, word);
	if (op == NEW && f->take_new != NULL)
		return f->take_new(ed, a, i);
	if (op == MORE)
		return f->take_more(ed, a, i);
	if (op == PRINT && ed->t->json)
		return print_json(ed, a, f, i);
	if (op >= PRINT && op <= EXPORT)
		return files_take(
		    ed, a, &transfer, (enum files_op)(op - PRINT), i);
	if (op == CLEAR)
		return args_finish(a) == TOOL_DONE ? clear(ed, f, i)
						   : TOOL_USAGE;
	if (f->kind == TABLE_ALIASES)
		context = args_option(a, "context");
	left = args_next(a);
	right = op == DELETE ? "" : args_next(a);
	if (left == NULL || right == NULL || args_finish(a) != TOOL_DONE)
		return tool_usage(ed->t, "which entry?");
	if (!find(ed, f, i, left, context, &s) && op != NEW)
		return editing_deny(ed, "There is no entry \"%s\".", left);
	return op == DELETE ? remove_at(ed, f, i, s.line)
			    : put(ed, f, i, s.line, left, right);
}

const struct editing_form tables_edits = { ask_global, take_global };

static bool
ask_global(struct editing *ed, const void *form)
{
	return tables_ask(ed, form, 0);
}

static int
take_global(struct editing *ed, struct args *a, const void *form)
{
	return tables_take(ed, a, form, 0);
}

const struct table *
tables_now(const struct editing *ed, const struct tables_form *f, size_t i)
{
	const struct config *c = ed->w->config;

	switch (f->kind) {
	case TABLE_DOMAIN_MAP:
		return c->listeners[i].domain_map;
	case TABLE_MASQUERADE:
		return c->listeners[i].masquerade.table;
	case TABLE_ALIASES:
		return c->aliases;
	case TABLE_GATEWAYS:
		return c->gateways;
	case TABLE_LISTS:
		return c->lists;
	}
	return NULL;
}

struct str
tables_text(const struct editing *ed, const struct tables_form *f, size_t i)
{
	char file[NAME_MAX_LEN + 32];
	struct str text = { "", 0 };

	file_of(ed, f, i, file);
	workcopy_file(ed->w, file, &text);
	return text;
}

int
tables_save(
    struct editing *ed, const struct tables_form *f, size_t i, struct str text)
{
	char path[LISTENER_PATH], file[NAME_MAX_LEN + 32];
	struct config_problems ps = { 0 };

	if (check(ed, f, i, text, &ps) == -1) {
		for (size_t k = 0; k < ps.n; k++) {
			if (!ps.v[k].warning)
				fprintf(
				    ed->t->asks ? ed->t->dialogue.out : stderr,
				    "%s\n", ps.v[k].text);
		}
		config_problems_free(&ps);
		return TOOL_USAGE;
	}
	config_problems_free(&ps);
	file_of(ed, f, i, file);
	workcopy_put(ed->w, file, text);
	make_path(path, sizeof(path), f, i);
	if (!edit_has(ed->w->yaml, path))
		editing_text(ed, str_of(file + strlen("tables/")), "%s", path);
	return editing_done(ed);
}

/* Of the operations that the table has; which: their numbers. */
static size_t
make_menu(const struct tables_form *f, struct dialogue_op *menu, int *which)
{
	size_t n = 0;

	for (int op = NEW; op < N_OPS; op++) {
		if ((op == EDIT && !f->can_edit) ||
		    (op == MORE && f->more.word == NULL))
			continue;
		which[n] = op;
		menu[n++] = op == MORE ? f->more : ops[op];
	}
	return n;
}

static bool
ask_new(struct editing *ed, const struct tables_form *f, size_t i)
{
	char left[DIALOGUE_LINE], right[DIALOGUE_LINE], question[400];
	struct side old = { .line = 0 };
	bool yes;

	if (f->ask_new != NULL)
		return f->ask_new(ed, i);
	tool_space(ed->t);
	if (!dialogue_text(
		&ed->t->dialogue, f->ask_left, "", left, sizeof(left)))
		return false;
	if (*left == '\0')
		return true;
	if (find(ed, f, i, left, NULL, &old)) {
		snprintf(question, sizeof(question),
		    "There is an entry for %.200s already. Replace it?", left);
		tool_space(ed->t);
		if (!dialogue_yes(&ed->t->dialogue, question, true, &yes))
			return false;
		if (!yes)
			return true;
	}
	if (!ask_right(ed, f, "", right, sizeof(right)))
		return false;
	if (*right != '\0')
		put(ed, f, i, old.line, left, right);
	return true;
}

static bool
ask_edit(struct editing *ed, const struct tables_form *f, size_t i)
{
	char left[DIALOGUE_LINE], right[DIALOGUE_LINE];
	struct side s;
	bool chosen;

	if (!pick(ed, f, i, "Enter the number of the entry to edit.", &s,
		&chosen))
		return false;
	if (!chosen)
		return true;
	str_copy(left, sizeof(left), s.left);
	str_copy(right, sizeof(right), s.right);
	if (!ask_right(ed, f, right, right, sizeof(right)))
		return false;
	put(ed, f, i, s.line, left, right);
	return true;
}

static bool
ask_delete(struct editing *ed, const struct tables_form *f, size_t i)
{
	struct side s;
	bool chosen;

	if (!pick(ed, f, i, "Enter the number of the entry to remove.", &s,
		&chosen))
		return false;
	if (chosen)
		remove_at(ed, f, i, s.line);
	return true;
}

static bool
ask_clear(struct editing *ed, const struct tables_form *f, size_t i)
{
	bool yes;

	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue,
		"Are you sure you want to remove all entries?", false, &yes))
		return false;
	if (yes)
		clear(ed, f, i);
	return true;
}

static bool
ask_right(struct editing *ed, const struct tables_form *f, const char *dflt,
    char *out, size_t size)
{
	char shown[DIALOGUE_LINE];

	if (f->right != NULL)
		return f->right(ed, dflt, out, size);
	str_copy(shown, sizeof(shown), str_of(dflt));
	tool_space(ed->t);
	return dialogue_text(&ed->t->dialogue, f->ask_right, shown, out, size);
}

/* By number, or by what stands on the left. */
static bool
pick(struct editing *ed, const struct tables_form *f, size_t i,
    const char *question, struct side *s, bool *chosen)
{
	const struct table *t = tables_now(ed, f, i);
	size_t n = t != NULL ? table_count(t) : 0, k;
	struct str *lefts = mem_array(n + 1, sizeof(*lefts));
	struct where where = { NULL, 0 };
	struct str context;
	bool answered;

	tool_space(ed->t);
	for (k = 0; k < n; k++) {
		table_entry(t, k, &s->left, &s->right, &where);
		lefts[k] = s->left;
		context = maptext_context_at(tables_text(ed, f, i), where.line);
		fprintf(ed->t->dialogue.out, "%zu. %.*s%s%.*s%s%.*s%s\n", k + 1,
		    STR_ARG(s->left), f->arrow, STR_ARG(s->right),
		    context.n > 0 ? " [ " : "", STR_ARG(context),
		    context.n > 0 ? " ]" : "");
	}
	answered = ask_which(ed, question, "entry", lefts, n, &k);
	*chosen = answered && k < n;
	if (*chosen)
		table_entry(t, k, &s->left, &s->right, &where);
	s->line = where.line;
	free(lefts);
	return answered;
}

/* In place of the entry at that line; 0: as the last one. */
static int
put(struct editing *ed, const struct tables_form *f, size_t i, int line,
    const char *left, const char *right)
{
	struct buf entry, text;
	int status;

	buf_init(&entry, 2 * DIALOGUE_LINE);
	buf_init(&text, TABLE_FILE_MAX);
	buf_printf(&entry, "%s%s%s", left, f->gap, right);
	if (line != 0)
		maptext_replace(
		    &text, tables_text(ed, f, i), line, buf_str(&entry));
	else
		maptext_append(&text, tables_text(ed, f, i), buf_str(&entry));
	status = tables_save(ed, f, i, buf_str(&text));
	if (status == TOOL_DONE && !ed->t->json) {
		fprintf(ed->t->dialogue.out, "%s%s%s%s%s\n", f->created[0],
		    left, f->created[1], right, f->created[2]);
	}
	buf_fini(&entry);
	buf_fini(&text);
	return status;
}

static int
remove_at(struct editing *ed, const struct tables_form *f, size_t i, int line)
{
	struct buf text;
	int status;

	buf_init(&text, TABLE_FILE_MAX);
	maptext_replace(&text, tables_text(ed, f, i), line, STR(""));
	status = tables_save(ed, f, i, buf_str(&text));
	buf_fini(&text);
	return status;
}

/* The file goes with the last listener that names it. */
static int
clear(struct editing *ed, const struct tables_form *f, size_t i)
{
	char path[LISTENER_PATH], file[NAME_MAX_LEN + 32];
	struct str text;

	file_of(ed, f, i, file);
	make_path(path, sizeof(path), f, i);
	editing_delete(ed, "%s", path);
	if (workcopy_file(ed->w, file, &text) && !is_named(ed, file))
		workcopy_remove(ed->w, file);
	return editing_done(ed);
}

static bool
find(const struct editing *ed, const struct tables_form *f, size_t i,
    const char *left, const char *context, struct side *s)
{
	const struct table *t = tables_now(ed, f, i);
	struct where where;

	for (size_t k = 0; t != NULL && k < table_count(t); k++) {
		if (table_entry(t, k, &s->left, &s->right, &where) &&
		    str_eq_nocase(s->left, str_of(left)) &&
		    (context == NULL ||
			str_is_nocase(maptext_context_at(
					  tables_text(ed, f, i), where.line),
			    context))) {
			s->line = where.line;
			return true;
		}
	}
	return false;
}

static void
make_path(char *out, size_t size, const struct tables_form *f, size_t i)
{
	if (f->of_listener)
		snprintf(out, size, "listeners[%zu].%s", i, f->key);
	else
		snprintf(out, size, "%s", f->key);
}

/* "tables/NAME": the one named now, or the one that would be made. */
static void
file_of(const struct editing *ed, const struct tables_form *f, size_t i,
    char out[NAME_MAX_LEN + 32])
{
	char path[LISTENER_PATH], below[LISTENER_PATH + 20];
	struct str name = { "", 0 };
	size_t n;

	make_path(path, sizeof(path), f, i);
	snprintf(below, sizeof(below), "%s.%s", path,
	    f->inner != NULL ? f->inner : "none");
	if (edit_get(ed->w->yaml, path, &name) ||
	    edit_get(ed->w->yaml, below, &name)) {
		snprintf(out, NAME_MAX_LEN + 32, "tables/%.*s", STR_ARG(name));
		return;
	}
	if (f->of_listener)
		name = listener_at(ed, i)->name;
	snprintf(
	    out, NAME_MAX_LEN + 32, "tables/%.*s%s", STR_ARG(name), f->suffix);
	/* Names of listeners may have characters that files may not. */
	n = strlen("tables/");
	for (char *p = out + n; *p != '\0'; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') ||
			     (*p >= 'A' && *p <= 'Z') ||
			     (*p >= '0' && *p <= '9') || *p == '_' ||
			     ((*p == '-' || *p == '.') && p > out + n);

		if (!plain)
			*p = '_';
	}
}

static int
check(const struct editing *ed, const struct tables_form *f, size_t i,
    struct str text, struct config_problems *ps)
{
	bool private =
	    !f->of_listener || listener_at(ed, i)->type != LISTENER_PUBLIC;
	char file[NAME_MAX_LEN + 32];
	struct table *t;

	file_of(ed, f, i, file);
	t = table_parse(f->kind, file, text, private, ps);
	if (t == NULL)
		return -1;
	table_free(&t);
	return 0;
}

/* By a listener, now that it was changed. */
static bool
is_named(const struct editing *ed, const char *file)
{
	static const char *const keys[] = { "domain_map", "masquerade",
		"masquerade.table" };
	const char *name = file + strlen("tables/");
	size_t n = edit_count(ed->w->yaml, "listeners");

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < NELEM(keys); k++) {
			char path[LISTENER_PATH];
			struct str value;

			snprintf(path, sizeof(path), "listeners[%zu].%s", i,
			    keys[k]);
			if (edit_get(ed->w->yaml, path, &value) &&
			    str_is(value, name))
				return true;
		}
	}
	return false;
}

static int
print_json(
    struct editing *ed, struct args *a, const struct tables_form *f, size_t i)
{
	const struct table *t = tables_now(ed, f, i);
	json_t *all;
	struct str left, right;
	struct where where;

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	all = json_array();
	for (size_t k = 0;
	     t != NULL && table_entry(t, k, &left, &right, &where); k++)
		json_array_append_new(
		    all, json_pack("{s:s%, s:s%, s:i}", "from", left.p, left.n,
			     "to", right.p, right.n, "line", where.line));
	tool_print_json(ed->t, all);
	json_decref(all);
	return TOOL_DONE;
}

static void
print(struct editing *ed, const void *form, size_t i, bool exported,
    struct buf *out)
{
	const struct tables_form *f = form;
	const struct table *t = tables_now(ed, f, i);

	/* With its comments, as it can be imported. */
	if (exported || f->kind == TABLE_ALIASES) {
		buf_add_str(out, tables_text(ed, f, i));
		return;
	}
	for (size_t k = 0; t != NULL && k < table_count(t); k++) {
		struct str left, right;
		struct where where;

		if (table_entry(t, k, &left, &right, &where))
			buf_printf(out, "%.*s%s%.*s\n", STR_ARG(left), f->arrow,
			    STR_ARG(right));
	}
}

static int
import(struct editing *ed, const void *form, size_t i, const char *name,
    struct str text)
{
	const struct tables_form *f = form;
	struct config_problems ps = { 0 };
	int status;

	(void)name;
	if (check(ed, f, i, text, &ps) == -1)
		status = files_bad_lines(ed, &ps);
	else
		status = tables_save(ed, f, i, text);
	config_problems_free(&ps);
	return status;
}
