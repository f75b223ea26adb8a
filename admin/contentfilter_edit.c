/* contentfilter_edit.c - one content filter in dialogues */
#include <string.h>

#include "admin/mailpolicy.h"
#include "admin/parts.h"
#include "base/mem.h"

static void show(struct editing *, enum direction, size_t k);
static bool ask_rename(struct editing *, enum direction, size_t k);
static bool ask_description(struct editing *, enum direction, size_t k);
static bool ask_add(struct editing *, enum direction, size_t k);
static bool ask_delete(struct editing *, enum direction, size_t k);
static bool ask_move(struct editing *, enum direction, size_t k);
static bool ask_switch(struct editing *, enum direction, size_t k);
static bool ask_active(struct editing *, enum direction, size_t k);
static bool ask_print(struct editing *, enum direction, size_t k);
static int add_condition(
    struct editing *, enum direction, size_t k, struct str);
static int add_action(struct editing *, enum direction, size_t k, struct str);
static int remove_part(
    struct editing *, enum direction, size_t k, bool condition, uint64_t which);
static int move_action(
    struct editing *, enum direction, size_t k, uint64_t from, uint64_t to);
static int set_key(struct editing *, enum direction, size_t k, const char *key,
    const char *value);
static const struct content_filter *filter(
    const struct editing *, enum direction, size_t k);

static const struct {
	struct dialogue_op op;
	bool (*ask)(struct editing *, enum direction, size_t k);
} ops[] = {
	{ { "RENAME", "Rename this filter" }, ask_rename },
	{ { "DESC", "Edit filter description" }, ask_description },
	{ { "ADD", "Add condition or action" }, ask_add },
	{ { "DELETE", "Delete condition or action" }, ask_delete },
	{ { "MOVE", "Reorder the actions" }, ask_move },
	{ { "SWITCH", "Match all conditions, or any of them" }, ask_switch },
	{ { "ACTIVE", "Activate or deactivate this filter" }, ask_active },
	{ { "PRINT", "Print this filter" }, ask_print },
};

bool
contentfilter_edit(struct editing *ed, enum direction dir, size_t k)
{
	struct dialogue_op menu[NELEM(ops)];
	size_t op;

	for (size_t i = 0; i < NELEM(ops); i++)
		menu[i] = ops[i].op;
	do {
		tool_space(ed->t);
		show(ed, dir, k);
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, menu, NELEM(ops), &op))
			return false;
		if (op == NELEM(ops))
			return true;
	} while (ops[op].ask(ed, dir, k));
	return false;
}

/* condition RULE | action ACTION | delete condition|action N | move N N |
 * KEY=VALUE ... */
int
contentfilter_take(
    struct editing *ed, struct args *a, enum direction dir, size_t k)
{
	const char *word = args_next(a), *part;
	uint64_t n[2] = { 0, 0 };
	char path[MAILPOLICY_PATH];
	bool condition;
	int status;

	if (word == NULL && a->at < a->n) {
		snprintf(
		    path, sizeof(path), "%s[%zu]", contentfilters_list(dir), k);
		status = ask_options(ed, a,
		    ask_key_named(&schema_top, contentfilters_list(dir))
			->section,
		    path);
		return status == TOOL_DONE ? editing_done(ed) : status;
	}
	part = a->at < a->n ? a->v[a->at++] : NULL;
	if (word == NULL || part == NULL)
		return tool_usage(ed->t, "what of it?");
	condition = strcmp(part, "condition") == 0;
	if (strcmp(word, "move") == 0) {
		str_u64(str_of(part), UINT32_MAX, &n[0]);
		part = args_next(a);
	} else if (strcmp(word, "delete") == 0) {
		if (!condition && strcmp(part, "action") != 0)
			return tool_unknown(ed->t, part);
		part = args_next(a);
	}
	if (part == NULL || args_finish(a) != TOOL_DONE)
		return tool_usage(ed->t, "which one?");
	str_u64(str_of(part), UINT32_MAX, &n[1]);
	if (strcmp(word, "condition") == 0)
		return add_condition(ed, dir, k, str_of(part));
	if (strcmp(word, "action") == 0)
		return add_action(ed, dir, k, str_of(part));
	if (strcmp(word, "delete") == 0)
		return remove_part(ed, dir, k, condition, n[1]);
	if (strcmp(word, "move") == 0)
		return move_action(ed, dir, k, n[0], n[1]);
	return tool_unknown(ed->t, word);
}

static void
show(struct editing *ed, enum direction dir, size_t k)
{
	struct buf text;

	buf_init(&text, 1 << 24);
	contentfilters_show(filter(ed, dir, k), &text);
	fputs(text.data, ed->t->dialogue.out);
	buf_fini(&text);
}

static bool
ask_rename(struct editing *ed, enum direction dir, size_t k)
{
	char name[DIALOGUE_LINE];

	tool_space(ed->t);
	if (!dialogue_text(&ed->t->dialogue, "Enter the new name:", "", name,
		sizeof(name)))
		return false;
	if (*name != '\0')
		contentfilters_rename(ed, dir, k, name);
	return true;
}

static bool
ask_description(struct editing *ed, enum direction dir, size_t k)
{
	char now[DIALOGUE_LINE], text[DIALOGUE_LINE];

	str_copy(now, sizeof(now), filter(ed, dir, k)->description);
	tool_space(ed->t);
	if (!dialogue_text(&ed->t->dialogue,
		"Enter the description of the filter:", now, text,
		sizeof(text)))
		return false;
	set_key(ed, dir, k, "description", text);
	return true;
}

static bool
ask_add(struct editing *ed, enum direction dir, size_t k)
{
	static const char *const kinds[] = { "Condition", "Action" };
	size_t kind;
	struct buf text;
	bool ok;

	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue, "What do you want to add?",
		kinds, 2, 0, &kind))
		return false;
	buf_init(&text, DIALOGUE_LINE);
	ok = kind == 0 ? contentfilter_ask_condition(ed, &text)
		       : contentfilter_ask_action(ed, &text);
	if (ok && text.len > 0 && kind == 0)
		add_condition(ed, dir, k, buf_str(&text));
	else if (ok && text.len > 0)
		add_action(ed, dir, k, buf_str(&text));
	buf_fini(&text);
	return ok;
}

static bool
ask_delete(struct editing *ed, enum direction dir, size_t k)
{
	static const char *const kinds[] = { "Condition", "Action" };
	const struct content_filter *f = filter(ed, dir, k);
	size_t kind, n;
	uint64_t which;

	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue, "What do you want to delete?",
		kinds, 2, 0, &kind))
		return false;
	n = kind == 0 ? f->n_conditions : f->n_actions;
	tool_space(ed->t);
	if (n == 0) {
		fputs("There is none.\n", ed->t->dialogue.out);
		return true;
	}
	if (!dialogue_number(
		&ed->t->dialogue, "Enter its number:", 1, n, n, &which))
		return false;
	remove_part(ed, dir, k, kind == 0, which);
	return true;
}

static bool
ask_move(struct editing *ed, enum direction dir, size_t k)
{
	size_t n = filter(ed, dir, k)->n_actions;
	uint64_t from, to;

	tool_space(ed->t);
	if (!dialogue_number(&ed->t->dialogue,
		"Enter the number of the action to move:", 1, n, 1, &from))
		return false;
	tool_space(ed->t);
	if (!dialogue_number(
		&ed->t->dialogue, "Enter its new position:", 1, n, from, &to))
		return false;
	move_action(ed, dir, k, from, to);
	return true;
}

static bool
ask_switch(struct editing *ed, enum direction dir, size_t k)
{
	set_key(ed, dir, k, "match", filter(ed, dir, k)->any ? "all" : "any");
	return true;
}

static bool
ask_active(struct editing *ed, enum direction dir, size_t k)
{
	set_key(
	    ed, dir, k, "active", filter(ed, dir, k)->active ? "no" : "yes");
	return true;
}

static bool
ask_print(struct editing *ed, enum direction dir, size_t k)
{
	tool_space(ed->t);
	show(ed, dir, k);
	return true;
}

static int
add_condition(struct editing *ed, enum direction dir, size_t k, struct str text)
{
	editing_insert_text(ed, EDIT_END, text, "%s[%zu].conditions",
	    contentfilters_list(dir), k);
	return editing_done(ed);
}

/* One that ends the filter stays the last. */
static int
add_action(struct editing *ed, enum direction dir, size_t k, struct str text)
{
	const struct content_filter *f = filter(ed, dir, k);
	size_t at = f->n_actions;

	if (at > 0 && part_is_final(f->actions[at - 1])) {
		if (part_is_final(text))
			return editing_deny(ed,
			    "A filter has one final action at most, and there "
			    "is %.*s.",
			    STR_ARG(f->actions[at - 1]));
		at--;
	}
	editing_insert_text(
	    ed, at, text, "%s[%zu].actions", contentfilters_list(dir), k);
	return editing_done(ed);
}

static int
remove_part(struct editing *ed, enum direction dir, size_t k, bool condition,
    uint64_t which)
{
	const struct content_filter *f = filter(ed, dir, k);
	size_t n = condition ? f->n_conditions : f->n_actions;

	if (which < 1 || which > n)
		return editing_deny(ed, "There is no %s %llu.",
		    condition ? "condition" : "action",
		    (unsigned long long)which);
	if (!condition && n == 1)
		return editing_deny(ed, "A filter needs an action.");
	editing_delete(ed, "%s[%zu].%s[%zu]", contentfilters_list(dir), k,
	    condition ? "conditions" : "actions", (size_t)which - 1);
	return editing_done(ed);
}

static int
move_action(struct editing *ed, enum direction dir, size_t k, uint64_t from,
    uint64_t to)
{
	const struct content_filter *f = filter(ed, dir, k);
	size_t n = f->n_actions;

	if (from < 1 || from > n || to < 1 || to > n)
		return editing_refuse(ed, "Positions are within 1..%zu.", n);
	if (from != to && (from == n || to == n) &&
	    part_is_final(f->actions[n - 1]))
		return editing_deny(ed, "%.*s must stay the last action.",
		    STR_ARG(f->actions[n - 1]));
	editing_move(ed, (size_t)from - 1, (size_t)to - 1, "%s[%zu].actions",
	    contentfilters_list(dir), k);
	return editing_done(ed);
}

static int
set_key(struct editing *ed, enum direction dir, size_t k, const char *key,
    const char *value)
{
	editing_text(
	    ed, str_of(value), "%s[%zu].%s", contentfilters_list(dir), k, key);
	return editing_done(ed);
}

static const struct content_filter *
filter(const struct editing *ed, enum direction dir, size_t k)
{
	return &mailpolicy_table(ed, dir)->filters[k];
}
