/* listener_hat.c - `listenerconfig` -> EDIT -> HOSTACCESS
 * (spec receiving 4.9) */
#include <string.h>

#include "admin/files.h"
#include "admin/hat.h"
#include "admin/listener.h"
#include "admin/policy.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "base/mem.h"
#include "config/hat_text.h"

/* Groups and policies share the first operations: both functions. */
struct op {
	struct dialogue_op op;
	const char *kinds[2]; /* "New Sender Group", "New Policy" */
	bool (*ask[2])(struct editing *, size_t i);
	int (*take)(struct editing *, struct args *, size_t i);
};

static bool ask_default(struct editing *, size_t i);
static bool ask_clear(struct editing *, size_t i);
static bool ask_reset(struct editing *, size_t i);
static int take_default(struct editing *, struct args *, size_t i);
static int take_clear(struct editing *, struct args *, size_t i);
static int take_reset(struct editing *, struct args *, size_t i);
static int take_object(
    struct editing *, struct args *, size_t i, const char *verb);
static bool ask_object(struct editing *, const struct op *, size_t i);
static void print(
    struct editing *, const void *, size_t i, bool exported, struct buf *);
static int import(struct editing *, const void *, size_t i, const char *name,
    struct str text);
static void clear(struct editing *, size_t i);
static void reset(struct editing *, size_t i);

static const struct op ops[] = {
	{ { "NEW", "Create a new entry." },
	    { "New Sender Group", "New Policy" },
	    { hat_new_group, hat_new_policy }, NULL },
	{ { "EDIT", "Modify an entry." },
	    { "Edit Sender Group", "Edit Policy" },
	    { hat_edit_group, hat_edit_policy }, NULL },
	{ { "DELETE", "Remove an entry." },
	    { "Delete Sender Group", "Delete Policy" },
	    { hat_delete_group, hat_delete_policy }, NULL },
	{ { "MOVE", "Move an entry." }, { NULL }, { hat_move_group }, NULL },
	{ { "DEFAULT", "Set the defaults." }, { NULL }, { ask_default },
	    take_default },
	{ { "PRINT", "Display the table." }, { NULL }, { NULL }, NULL },
	{ { "IMPORT", "Import a table from a file." }, { NULL }, { NULL },
	    NULL },
	{ { "EXPORT", "Export the table to a file." }, { NULL }, { NULL },
	    NULL },
	{ { "CLEAR", "Remove all entries." }, { NULL }, { ask_clear },
	    take_clear },
	{ { "RESET", "Remove all entries, policies and parameters that were "
		     "set." },
	    { NULL }, { ask_reset }, take_reset },
};
enum { PRINT = 5, EXPORT = 7 };

static const struct files_table table = { print, import, NULL };

bool
listener_hat(struct editing *ed, size_t i)
{
	struct dialogue_op menu[NELEM(ops)];
	bool in_file = listener_file(ed, i, "hat").n > 0, more = true;
	size_t first = in_file ? PRINT : 0, op;
	size_t n = in_file ? EXPORT - PRINT + 1 : NELEM(ops);

	for (size_t k = 0; k < NELEM(ops); k++)
		menu[k] = ops[k].op;
	while (more) {
		tool_space(ed->t);
		if (in_file)
			listener_file_show(ed, listener_file(ed, i, "hat"));
		fprintf(ed->t->dialogue.out,
		    "There are currently %zu policies defined.\n"
		    "There are currently %zu sender groups.\n",
		    hat_now(ed, i)->n_policies, hat_now(ed, i)->n_groups);
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, menu + first, n, &op))
			return false;
		if (op == n)
			return true;
		op += first;
		if (op >= PRINT && op <= EXPORT)
			more = files_ask(
			    ed, &table, (enum files_op)(op - PRINT), i);
		else if (ops[op].kinds[0] != NULL)
			more = ask_object(ed, &ops[op], i);
		else
			more = ops[op].ask[0](ed, i);
	}
	return false;
}

int
listener_hat_batch(struct editing *ed, struct args *a, size_t i)
{
	struct str file = listener_file(ed, i, "hat");
	const char *word = args_next(a);

	for (size_t op = 0; word != NULL && op < NELEM(ops); op++) {
		if (!str_is_nocase(str_of(word), ops[op].op.word))
			continue;
		if (op >= PRINT && op <= EXPORT)
			return files_take(
			    ed, a, &table, (enum files_op)(op - PRINT), i);
		if (file.n > 0)
			return listener_file_refuse(ed, file);
		return ops[op].take != NULL ? ops[op].take(ed, a, i)
					    : take_object(ed, a, i, word);
	}
	return tool_unknown(ed->t, word);
}

const struct hat *
hat_now(const struct editing *ed, size_t i)
{
	return &listener_at(ed, i)->hat;
}

static bool
ask_object(struct editing *ed, const struct op *op, size_t i)
{
	size_t kind;

	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue, "Choose what to work on.",
		op->kinds, 2, 0, &kind))
		return false;
	return op->ask[kind](ed, i);
}

/* group ... | policy ... */
static int
take_object(struct editing *ed, struct args *a, size_t i, const char *verb)
{
	const char *kind = args_next(a);

	if (kind != NULL && strcmp(kind, "group") == 0)
		return hat_take_group(ed, a, i, verb);
	if (kind != NULL && strcmp(kind, "policy") == 0)
		return hat_take_policy(ed, a, i, verb);
	return tool_usage(ed->t, "group or policy?");
}

static bool
ask_default(struct editing *ed, size_t i)
{
	char path[LISTENER_PATH];

	snprintf(path, sizeof(path), "listeners[%zu].hat.defaults", i);
	if (!policy_ask(ed, &hat_now(ed, i)->defaults, NULL, path))
		return false;
	editing_save(ed);
	return true;
}

static int
take_default(struct editing *ed, struct args *a, size_t i)
{
	char path[LISTENER_PATH];
	struct buf text;
	int status;

	if (a->at == a->n) {
		buf_init(&text, 65536);
		policy_show(&hat_now(ed, i)->defaults, &text);
		tool_print(ed->t, &text);
		buf_fini(&text);
		return TOOL_DONE;
	}
	snprintf(path, sizeof(path), "listeners[%zu].hat.defaults", i);
	status = ask_options(ed, a, &schema_policy_params, path);
	return status == TOOL_DONE ? editing_done(ed) : status;
}

static bool
ask_clear(struct editing *ed, size_t i)
{
	bool yes;

	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue,
		"Are you sure you want to remove all sender groups? Everybody "
		"is ALL then.",
		false, &yes))
		return false;
	if (yes) {
		clear(ed, i);
		editing_save(ed);
	}
	return true;
}

static bool
ask_reset(struct editing *ed, size_t i)
{
	bool yes;

	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue,
		"Are you sure you want to reset the Host Access Table?", false,
		&yes))
		return false;
	if (yes) {
		reset(ed, i);
		editing_save(ed);
	}
	return true;
}

static int
take_clear(struct editing *ed, struct args *a, size_t i)
{
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	clear(ed, i);
	return editing_done(ed);
}

static int
take_reset(struct editing *ed, struct args *a, size_t i)
{
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	reset(ed, i);
	return editing_done(ed);
}

static void
clear(struct editing *ed, size_t i)
{
	editing_yaml(ed, STR("[]"), "listeners[%zu].hat.groups", i);
}

static void
reset(struct editing *ed, size_t i)
{
	editing_delete(ed, "listeners[%zu].hat", i);
}

static void
print(struct editing *ed, const void *what, size_t i, bool exported,
    struct buf *out)
{
	(void)what;
	if (exported)
		access_text_head(out, "CLI", clock_wall_ms());
	hat_text_print(hat_now(ed, i), out);
}

static int
import(struct editing *ed, const void *what, size_t i, const char *name,
    struct str text)
{
	(void)what;
	return listener_import(ed, i, "hat", hat_text_import, name, text);
}
