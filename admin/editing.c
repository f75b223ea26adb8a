/* editing.c - what the dialogues that change the configuration share */
#include <stdarg.h>
#include <stdio.h>

#include "admin/editing.h"
#include "admin/revise.h"
#include "base/bounds.h"

#define PATH_TEXT 1000

/* Makes the path that fmt and what follows it say; false: nothing is to be
 * done, for this or because of what failed before. */
#define PATH_MADE(ed, path, fmt)                                               \
	({                                                                     \
		va_list ap;                                                    \
		bool made;                                                     \
		va_start(ap, fmt);                                             \
		made = make_path(ed, path, fmt, ap);                           \
		va_end(ap);                                                    \
		made;                                                          \
	})

static bool make_path(
    struct editing *, char out[PATH_TEXT], const char *fmt, va_list);
static bool fine(const struct editing *);

static bool ask_menu(struct editing *, const void *form);
static int take_menu(struct editing *, struct args *, const void *form);

const struct editing_form editing_menus = { ask_menu, take_menu };

int
editing_run(struct tool *t, int argc, char **argv)
{
	const struct editing_form *f = t->command->edits;
	const void *form = t->command->form;
	struct editing ed;
	struct args a;
	int status;

	if (argc == 1 && !t->asks)
		return tool_usage(t, NULL);
	status = editing_begin(&ed, t);
	if (status != TOOL_DONE)
		return status;
	if (argc == 1) {
		status = f->ask(&ed, form) ? TOOL_DONE : editing_abandoned(&ed);
	} else {
		args_begin(&a, t, argc, argv, 1);
		status = f->take(&ed, &a, form);
		args_end(&a);
	}
	return editing_end(&ed, status);
}

static bool
ask_menu(struct editing *ed, const void *form)
{
	const struct editing_menu *m = form;
	const struct editing_op *here[EDITING_OPS];
	struct dialogue_op ops[EDITING_OPS];
	size_t n = 0, op;

	for (size_t k = 0; k < m->n; k++) {
		if (m->ops[k].ask == NULL)
			continue;
		here[n] = &m->ops[k];
		ops[n++] = m->ops[k].op;
	}
	do {
		if (m->show != NULL) {
			tool_space(ed->t);
			m->show(ed);
		}
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, ops, n, &op))
			return false;
		if (op == n)
			return true;
	} while (here[op]->ask(ed));
	return false;
}

static int
take_menu(struct editing *ed, struct args *a, const void *form)
{
	const struct editing_menu *m = form;
	const char *word = args_next(a);

	for (size_t k = 0; word != NULL && k < m->n; k++) {
		if (str_is_nocase(str_of(word), m->ops[k].op.word))
			return m->ops[k].take(ed, a);
	}
	return tool_unknown(ed->t, word);
}

int
editing_begin(struct editing *ed, struct tool *t)
{
	struct config_problems problems = { 0 };
	int rc;

	*ed = (struct editing){ .t = t };
	rc = workcopy_open(&ed->w, t->paths.etc, &problems, &ed->err);
	if (rc == -1)
		revise_report(&problems);
	config_problems_free(&problems);
	if (rc == 0)
		return TOOL_DONE;
	return tool_refuse(t, &ed->err);
}

int
editing_end(struct editing *ed, int status)
{
	if (ed->changed && !ed->t->json)
		fputs("The working copy was changed; commit to put it in "
		      "force.\n",
		    ed->t->dialogue.out);
	workcopy_free(&ed->w);
	return status;
}

int
editing_abandoned(struct editing *ed)
{
	if (!ed->changed && !ed->done)
		return tool_abandoned(ed->t);
	fputs("\nAbandoned; what was done before is kept.\n", stderr);
	return TOOL_NEGATIVE;
}

bool
editing_save(struct editing *ed)
{
	struct config_problems problems = { 0 };
	struct err err = ERR_INIT;
	const struct config *before = ed->w->config;
	int rc = 0;

	if (!fine(ed)) {
		err = ed->err;
		workcopy_undo(ed->w);
		rc = -1;
	} else {
		rc = workcopy_save(ed->w, &problems, &err);
		if (rc == -1)
			revise_report(&problems);
	}
	ed->err = (struct err)ERR_INIT;
	config_problems_free(&problems);
	if (rc == -1)
		tool_fail(ed->t, &err);
	else if (ed->w->config != before) {
		ed->changed = true;
		revise_edited(ed->t);
	}
	return rc == 0;
}

int
editing_done(struct editing *ed)
{
	return editing_save(ed) ? TOOL_DONE : TOOL_NEGATIVE;
}

bool
editing_ask_clear(struct editing *ed, const char *question, const char *path)
{
	bool yes;

	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue, question, false, &yes))
		return false;
	if (yes) {
		editing_delete(ed, "%s", path);
		editing_save(ed);
	}
	return true;
}

int
editing_take_clear(struct editing *ed, struct args *a, const char *path)
{
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	editing_delete(ed, "%s", path);
	return editing_done(ed);
}

int
editing_refuse(struct editing *ed, const char *fmt, ...)
{
	struct err err = { .kind = ERR_USAGE };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	return tool_fail(ed->t, &err);
}

int
editing_deny(struct editing *ed, const char *fmt, ...)
{
	struct err err = { .kind = ERR_PERM };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	return tool_fail(ed->t, &err);
}

void
editing_text(struct editing *ed, struct str value, const char *fmt, ...)
{
	char path[PATH_TEXT];

	if (PATH_MADE(ed, path, fmt))
		edit_set_text(ed->w->yaml, path, value, &ed->err);
}

void
editing_yaml(struct editing *ed, struct str yaml, const char *fmt, ...)
{
	char path[PATH_TEXT];

	if (PATH_MADE(ed, path, fmt))
		edit_set(ed->w->yaml, path, yaml, &ed->err);
}

void
editing_insert(
    struct editing *ed, size_t at, struct str yaml, const char *fmt, ...)
{
	char path[PATH_TEXT];

	if (PATH_MADE(ed, path, fmt))
		edit_insert(ed->w->yaml, path, at, yaml, &ed->err);
}

void
editing_insert_text(
    struct editing *ed, size_t at, struct str value, const char *fmt, ...)
{
	char path[PATH_TEXT];

	if (PATH_MADE(ed, path, fmt))
		edit_insert_text(ed->w->yaml, path, at, value, &ed->err);
}

void
editing_delete(struct editing *ed, const char *fmt, ...)
{
	char path[PATH_TEXT];

	if (PATH_MADE(ed, path, fmt) && edit_has(ed->w->yaml, path))
		edit_delete(ed->w->yaml, path, &ed->err);
}

void
editing_move(struct editing *ed, size_t from, size_t to, const char *fmt, ...)
{
	char path[PATH_TEXT];

	if (PATH_MADE(ed, path, fmt))
		edit_move(ed->w->yaml, path, from, to, &ed->err);
}

void
yaml_pair(struct buf *out, const char *lead, const char *key, struct str value)
{
	buf_printf(out, "%s%s: ", lead, key);
	edit_quote(out, value);
	buf_putc(out, '\n');
}

void
yaml_item(struct buf *out, const char *lead, struct str value)
{
	buf_printf(out, "%s- ", lead);
	edit_quote(out, value);
	buf_putc(out, '\n');
}

/* A path that was cut would be another one. */
static bool
make_path(struct editing *ed, char out[PATH_TEXT], const char *fmt, va_list ap)
{
	if (!fine(ed))
		return false;
	if (vsnprintf(out, PATH_TEXT, fmt, ap) < PATH_TEXT)
		return true;
	err_set(&ed->err, ERR_USAGE, "That name is too long.");
	return false;
}

static bool
fine(const struct editing *ed)
{
	return ed->err.kind == ERR_NONE;
}
