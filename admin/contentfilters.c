/* contentfilters.c - the master list of content filters of a table */
#include <stdlib.h>
#include <string.h>

#include "admin/mailpolicy.h"
#include "base/mem.h"
#include "config/name.h"

static void show(struct editing *, enum direction);
static bool ask_new(struct editing *, enum direction);
static bool ask_edit(struct editing *, enum direction);
static bool ask_delete(struct editing *, enum direction);
static bool ask_print(struct editing *, enum direction);
static bool ask_rename(struct editing *, enum direction);
static bool ask_move(struct editing *, enum direction);
static bool ask_filter(
    struct editing *, enum direction, const char *question, size_t *k);
static int take_list(struct editing *, struct args *, enum direction);
static int take_new(struct editing *, struct args *, enum direction);
static int take_edit(struct editing *, struct args *, enum direction);
static int take_delete(struct editing *, struct args *, enum direction);
static int take_print(struct editing *, struct args *, enum direction);
static int take_rename(struct editing *, struct args *, enum direction);
static int take_move(struct editing *, struct args *, enum direction);
static int take_named(
    struct editing *, struct args *, enum direction, size_t *k);
static int create(struct editing *, enum direction, const char *name,
    const char *description, struct str action);
static int remove_one(struct editing *, enum direction, size_t k);
static int move(struct editing *, enum direction, size_t k, uint64_t to);
static size_t count_users(const struct editing *, enum direction, size_t k);
static void for_users(
    struct editing *, enum direction, size_t k, const char *new_name);
static json_t *as_json(const struct content_filter *);

static const struct {
	struct dialogue_op op;
	bool (*ask)(struct editing *, enum direction);
	int (*take)(struct editing *, struct args *, enum direction);
} ops[] = {
	{ { "NEW", "Create a new filter" }, ask_new, take_new },
	{ { "EDIT", "Edit an existing filter" }, ask_edit, take_edit },
	{ { "DELETE", "Delete a filter" }, ask_delete, take_delete },
	{ { "PRINT", "Print all filters" }, ask_print, take_print },
	{ { "RENAME", "Rename a filter" }, ask_rename, take_rename },
	{ { "MOVE", "Reorder the filters" }, ask_move, take_move },
	{ { "LIST", "List the filters" }, NULL, take_list },
};
#define N_MENU (NELEM(ops) - 1) /* the last is for a line only */

bool
contentfilters_ask(struct editing *ed, enum direction dir)
{
	struct dialogue_op menu[N_MENU];
	size_t op;

	for (size_t i = 0; i < N_MENU; i++)
		menu[i] = ops[i].op;
	do {
		tool_space(ed->t);
		show(ed, dir);
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, menu, N_MENU, &op))
			return false;
		if (op == N_MENU)
			return true;
	} while (ops[op].ask(ed, dir));
	return false;
}

int
contentfilters_take(struct editing *ed, struct args *a, enum direction dir)
{
	const char *word = args_next(a);

	for (size_t i = 0; word != NULL && i < NELEM(ops); i++)
		if (str_is_nocase(str_of(word), ops[i].op.word))
			return ops[i].take(ed, a, dir);
	return tool_unknown(ed->t, word);
}

const char *
contentfilters_list(enum direction dir)
{
	return dir == INCOMING ? "content_filters.incoming"
			       : "content_filters.outgoing";
}

bool
contentfilters_taken(
    const struct editing *ed, enum direction dir, struct str name)
{
	return config_content_filter(ed->w->config, dir, name) != NULL;
}

void
contentfilters_show(const struct content_filter *f, struct buf *out)
{
	buf_printf(out, "Filter: %.*s%s\n", STR_ARG(f->name),
	    f->active ? "" : " (inactive)");
	if (f->description.n > 0)
		buf_printf(out, "Description: %.*s\n", STR_ARG(f->description));
	buf_puts(out, f->n_conditions == 0 ? "Conditions: Always Run\n"
		      : f->any ? "Conditions: if one or more is true\n"
			       : "Conditions: only if all are true\n");
	for (size_t i = 0; i < f->n_conditions; i++)
		buf_printf(
		    out, "%4zu. %.*s\n", i + 1, STR_ARG(f->conditions[i]));
	buf_puts(out, "Actions:\n");
	for (size_t i = 0; i < f->n_actions; i++)
		buf_printf(out, "%4zu. %.*s\n", i + 1, STR_ARG(f->actions[i]));
}

int
contentfilters_rename(
    struct editing *ed, enum direction dir, size_t k, const char *name)
{
	struct err err = ERR_INIT;

	if (contentfilters_taken(ed, dir, str_of(name)))
		return editing_deny(
		    ed, "The name \"%s\" is already in use.", name);
	if (!name_printable(str_of(name), &err))
		return tool_fail(ed->t, &err);
	for_users(ed, dir, k, name);
	editing_text(
	    ed, str_of(name), "%s[%zu].name", contentfilters_list(dir), k);
	return editing_done(ed);
}

static void
show(struct editing *ed, enum direction dir)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);
	FILE *out = ed->t->dialogue.out;

	if (t->n_filters == 0) {
		fputs("No content filters configured.\n", out);
		return;
	}
	fprintf(out, "Currently configured %s content filters:\n",
	    dir == INCOMING ? "incoming" : "outgoing");
	for (size_t k = 0; k < t->n_filters; k++) {
		const struct content_filter *f = &t->filters[k];

		fprintf(out, "%zu. %.*s%s%s%.*s\n", k + 1, STR_ARG(f->name),
		    f->active ? "" : " (inactive)",
		    f->description.n > 0 ? ": " : "", STR_ARG(f->description));
	}
}

static bool
ask_new(struct editing *ed, enum direction dir)
{
	char name[DIALOGUE_LINE], text[DIALOGUE_LINE];
	struct buf action;
	bool ok = true;

	tool_space(ed->t);
	do {
		if (!dialogue_needed(&ed->t->dialogue,
			"Enter a name for this filter:", name, sizeof(name)))
			return false;
		ok = !contentfilters_taken(ed, dir, str_of(name));
		if (!ok)
			fprintf(ed->t->dialogue.out,
			    "The name \"%s\" is already in use.\n", name);
	} while (!ok);
	tool_space(ed->t);
	if (!dialogue_text(&ed->t->dialogue,
		"Enter a description or comment for this filter (optional):",
		"", text, sizeof(text)))
		return false;
	buf_init(&action, DIALOGUE_LINE);
	tool_space(ed->t);
	fputs("A filter needs an action.\n", ed->t->dialogue.out);
	ok = contentfilter_ask_action(ed, &action);
	if (ok && action.len > 0 &&
	    create(ed, dir, name, text, buf_str(&action)) == TOOL_DONE)
		ok = contentfilter_edit(
		    ed, dir, mailpolicy_table(ed, dir)->n_filters - 1);
	buf_fini(&action);
	return ok;
}

static bool
ask_edit(struct editing *ed, enum direction dir)
{
	size_t k;

	if (!ask_filter(
		ed, dir, "Enter the name or number of the filter to edit:", &k))
		return false;
	return k == mailpolicy_table(ed, dir)->n_filters ||
	       contentfilter_edit(ed, dir, k);
}

static bool
ask_delete(struct editing *ed, enum direction dir)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);
	char question[300];
	size_t k, users;
	bool yes;

	if (!ask_filter(ed, dir,
		"Enter the name or number of the filter to delete:", &k))
		return false;
	if (k == t->n_filters)
		return true;
	users = count_users(ed, dir, k);
	if (users > 0)
		snprintf(question, sizeof(question),
		    "The filter \"%.*s\" is enabled in %zu policies. Do you "
		    "want to disable it there and delete it?",
		    STR_ARG(t->filters[k].name), users);
	else
		snprintf(question, sizeof(question),
		    "Are you sure you want to delete \"%.*s\"?",
		    STR_ARG(t->filters[k].name));
	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue, question, false, &yes))
		return false;
	if (yes)
		remove_one(ed, dir, k);
	return true;
}

static bool
ask_print(struct editing *ed, enum direction dir)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);
	struct buf text;

	buf_init(&text, 1 << 24);
	for (size_t k = 0; k < t->n_filters; k++) {
		buf_puts(&text, k > 0 ? "\n" : "");
		contentfilters_show(&t->filters[k], &text);
	}
	tool_space(ed->t);
	tool_print(ed->t, &text);
	buf_fini(&text);
	return true;
}

static bool
ask_rename(struct editing *ed, enum direction dir)
{
	char name[DIALOGUE_LINE];
	size_t k;

	if (!ask_filter(ed, dir,
		"Enter the name or number of the filter to rename:", &k))
		return false;
	if (k == mailpolicy_table(ed, dir)->n_filters)
		return true;
	tool_space(ed->t);
	if (!dialogue_text(&ed->t->dialogue, "Enter the new name:", "", name,
		sizeof(name)))
		return false;
	if (*name != '\0')
		contentfilters_rename(ed, dir, k, name);
	return true;
}

static bool
ask_move(struct editing *ed, enum direction dir)
{
	size_t n = mailpolicy_table(ed, dir)->n_filters, k;
	uint64_t to;

	if (!ask_filter(
		ed, dir, "Enter the name or number of the filter to move:", &k))
		return false;
	if (k == n)
		return true;
	tool_space(ed->t);
	if (!dialogue_number(&ed->t->dialogue,
		"Enter the new position of the filter:", 1, n, k + 1, &to))
		return false;
	move(ed, dir, k, to);
	return true;
}

static bool
ask_filter(
    struct editing *ed, enum direction dir, const char *question, size_t *k)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);
	struct str *names = mem_array(t->n_filters + 1, sizeof(*names));
	bool answered;

	for (size_t i = 0; i < t->n_filters; i++)
		names[i] = t->filters[i].name;
	answered =
	    ask_which(ed, question, "content filter", names, t->n_filters, k);
	free(names);
	return answered;
}

static int
take_list(struct editing *ed, struct args *a, enum direction dir)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);
	json_t *all;

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (!ed->t->json) {
		show(ed, dir);
		return TOOL_DONE;
	}
	all = json_array();
	for (size_t k = 0; k < t->n_filters; k++)
		json_array_append_new(all, as_json(&t->filters[k]));
	tool_print_json(ed->t, all);
	json_decref(all);
	return TOOL_DONE;
}

/* NAME ACTION: taken whole, whatever is in it. */
static int
take_new(struct editing *ed, struct args *a, enum direction dir)
{
	const char *name = args_next(a);
	const char *action = a->at < a->n ? a->v[a->at++] : NULL;

	if (name == NULL || action == NULL)
		return tool_usage(ed->t, "a name, and an action");
	return args_finish(a) == TOOL_DONE
		   ? create(ed, dir, name, "", str_of(action))
		   : TOOL_USAGE;
}

static int
take_edit(struct editing *ed, struct args *a, enum direction dir)
{
	size_t k;
	int status = take_named(ed, a, dir, &k);

	return status == TOOL_DONE ? contentfilter_take(ed, a, dir, k) : status;
}

static int
take_delete(struct editing *ed, struct args *a, enum direction dir)
{
	size_t k;
	int status = take_named(ed, a, dir, &k);

	if (status != TOOL_DONE)
		return status;
	return args_finish(a) == TOOL_DONE ? remove_one(ed, dir, k)
					   : TOOL_USAGE;
}

static int
take_print(struct editing *ed, struct args *a, enum direction dir)
{
	struct buf text;
	json_t *json;
	int status;
	size_t k;

	if (a->at == a->n)
		return ask_print(ed, dir) ? TOOL_DONE : TOOL_NEGATIVE;
	status = take_named(ed, a, dir, &k);
	if (status != TOOL_DONE)
		return status;
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (ed->t->json) {
		json = as_json(&mailpolicy_table(ed, dir)->filters[k]);
		tool_print_json(ed->t, json);
		json_decref(json);
		return TOOL_DONE;
	}
	buf_init(&text, 1 << 24);
	contentfilters_show(&mailpolicy_table(ed, dir)->filters[k], &text);
	tool_print(ed->t, &text);
	buf_fini(&text);
	return TOOL_DONE;
}

static int
take_rename(struct editing *ed, struct args *a, enum direction dir)
{
	const char *name;
	size_t k;
	int status = take_named(ed, a, dir, &k);

	if (status != TOOL_DONE)
		return status;
	name = args_next(a);
	if (name == NULL || args_finish(a) != TOOL_DONE)
		return tool_usage(ed->t, "which name?");
	return contentfilters_rename(ed, dir, k, name);
}

static int
take_move(struct editing *ed, struct args *a, enum direction dir)
{
	const char *place;
	uint64_t to;
	size_t k;
	int status = take_named(ed, a, dir, &k);

	if (status != TOOL_DONE)
		return status;
	place = args_next(a);
	if (place == NULL || !str_u64(str_of(place), UINT32_MAX, &to))
		return tool_usage(ed->t, "to which position?");
	return args_finish(a) == TOOL_DONE ? move(ed, dir, k, to) : TOOL_USAGE;
}

static int
take_named(struct editing *ed, struct args *a, enum direction dir, size_t *k)
{
	const char *name = args_next(a);
	const struct content_filter *f;

	if (name == NULL)
		return tool_usage(ed->t, "which filter?");
	f = config_content_filter(ed->w->config, dir, str_of(name));
	if (f == NULL)
		return editing_deny(
		    ed, "There is no content filter \"%s\".", name);
	*k = (size_t)(f - mailpolicy_table(ed, dir)->filters);
	return TOOL_DONE;
}

static int
create(struct editing *ed, enum direction dir, const char *name,
    const char *description, struct str action)
{
	struct buf yaml;

	if (contentfilters_taken(ed, dir, str_of(name)))
		return editing_deny(
		    ed, "The name \"%s\" is already in use.", name);
	buf_init(&yaml, 1 << 20);
	yaml_pair(&yaml, "", "name", str_of(name));
	if (*description != '\0')
		yaml_pair(&yaml, "", "description", str_of(description));
	buf_puts(&yaml, "actions:\n");
	yaml_item(&yaml, "  ", action);
	editing_insert(
	    ed, EDIT_END, buf_str(&yaml), "%s", contentfilters_list(dir));
	buf_fini(&yaml);
	return editing_done(ed);
}

/* Policies lose it, too. */
static int
remove_one(struct editing *ed, enum direction dir, size_t k)
{
	for_users(ed, dir, k, NULL);
	editing_delete(ed, "%s[%zu]", contentfilters_list(dir), k);
	return editing_done(ed);
}

static int
move(struct editing *ed, enum direction dir, size_t k, uint64_t to)
{
	size_t n = mailpolicy_table(ed, dir)->n_filters;

	if (to < 1 || to > n)
		return editing_refuse(
		    ed, "The position must be within 1..%zu.", n);
	editing_move(ed, k, (size_t)to - 1, "%s", contentfilters_list(dir));
	return editing_done(ed);
}

static size_t
count_users(const struct editing *ed, enum direction dir, size_t k)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);
	size_t n = 0;

	for (size_t i = 0; i < t->n_policies; i++)
		for (size_t j = 0; j < t->policies[i].n_filters; j++)
			n += str_eq(
			    t->policies[i].filters[j], t->filters[k].name);
	return n;
}

/* Policies that have it enabled get the new name, or none; what then has no
 * filters is disabled. */
static void
for_users(
    struct editing *ed, enum direction dir, size_t k, const char *new_name)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);

	for (size_t i = 0; i < t->n_policies; i++) {
		const struct mail_policy *p = &t->policies[i];
		char path[MAILPOLICY_PATH];

		snprintf(path, sizeof(path), "%s[%zu].content_filters",
		    mailpolicy_list(dir), i);
		for (size_t j = 0; j < p->n_filters; j++) {
			if (!str_eq(p->filters[j], t->filters[k].name))
				continue;
			if (p->n_filters == 1)
				editing_text(ed,
				    str_of(new_name != NULL ? new_name
							    : "disabled"),
				    "%s", path);
			else if (new_name != NULL)
				editing_text(
				    ed, str_of(new_name), "%s[%zu]", path, j);
			else
				editing_delete(ed, "%s[%zu]", path, j);
		}
	}
}

static json_t *
as_json(const struct content_filter *f)
{
	json_t *conditions = json_array(), *actions = json_array();

	for (size_t i = 0; i < f->n_conditions; i++)
		json_array_append_new(conditions,
		    json_stringn(f->conditions[i].p, f->conditions[i].n));
	for (size_t i = 0; i < f->n_actions; i++)
		json_array_append_new(
		    actions, json_stringn(f->actions[i].p, f->actions[i].n));
	return json_pack("{s:s%, s:s%, s:b, s:s, s:o, s:o}", "name", f->name.p,
	    f->name.n, "description",
	    f->description.n > 0 ? f->description.p : "", f->description.n,
	    "active", f->active, "match", f->any ? "any" : "all", "conditions",
	    conditions, "actions", actions);
}
