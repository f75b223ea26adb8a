/* cmd_policyconfig.c - `policyconfig` (spec workqueue 4.6, 7.4) */
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/mailpolicy.h"
#include "admin/wordlist.h"
#include "base/mem.h"
#include "config/name.h"

#define PRIORITY "mail_policies.match_priority"

static bool ask(struct editing *, const void *form);
static int take(struct editing *, struct args *, const void *form);
static bool ask_table(struct editing *, enum direction);
static void show(struct editing *, enum direction);
static bool ask_new(struct editing *, enum direction);
static bool ask_edit(struct editing *, enum direction);
static bool ask_delete(struct editing *, enum direction);
static bool ask_print(struct editing *, enum direction);
static bool ask_search(struct editing *, enum direction);
static bool ask_move(struct editing *, enum direction);
static bool ask_clear(struct editing *, enum direction);
static bool ask_priority(struct editing *);
static bool ask_policy(
    struct editing *, enum direction, const char *question, size_t *k);
static int take_list(struct editing *, struct args *, enum direction);
static int take_new(struct editing *, struct args *, enum direction);
static int take_edit(struct editing *, struct args *, enum direction);
static int take_delete(struct editing *, struct args *, enum direction);
static int take_print(struct editing *, struct args *, enum direction);
static int take_search(struct editing *, struct args *, enum direction);
static int take_move(struct editing *, struct args *, enum direction);
static int take_clear(struct editing *, struct args *, enum direction);
static int take_priority(struct editing *, struct args *);
static int take_named(
    struct editing *, struct args *, enum direction, size_t *k);

static const struct {
	struct dialogue_op op;
	bool (*ask)(struct editing *, enum direction);
	int (*take)(struct editing *, struct args *, enum direction);
} ops[] = {
	{ { "NEW", "Create a new policy" }, ask_new, take_new },
	{ { "EDIT", "Edit an existing policy" }, ask_edit, take_edit },
	{ { "DELETE", "Remove a policy" }, ask_delete, take_delete },
	{ { "PRINT", "Print all policies" }, ask_print, take_print },
	{ { "SEARCH", "Search for a policy by member" }, ask_search,
	    take_search },
	{ { "MOVE", "Move the position of a policy" }, ask_move, take_move },
	{ { "FILTERS", "Edit content filters" }, contentfilters_ask,
	    contentfilters_take },
	{ { "CLEAR", "Clear all policies" }, ask_clear, take_clear },
	{ { "LIST", "List the policies" }, NULL, take_list },
};
#define N_MENU (NELEM(ops) - 1) /* the last is for a line only */

static const struct editing_form form = { ask, take };

const struct tool_command cmd_policyconfig = {
	.name = "policyconfig",
	.usage = "[incoming|outgoing list | print [NAME] | new NAME "
		 "[MEMBER] | edit NAME ... | delete NAME | search ADDRESS | "
		 "move NAME POSITION | filters ... | clear] | [priority "
		 "WORD,...]",
	.summary = "Mail policies and content filters",
	.help = "Changes mail policies and content filters in the working "
		"copy of the configuration: what scanners and filters do with "
		"the mail of whom. MEMBER is one or more of senders=, "
		"not_senders=, recipients=, not_recipients= with addresses, "
		"and match=all|any. Behind edit NAME stands rename NEW, "
		"member MEMBER, deletemember N, antispam, antivirus or "
		"outbreak with inherit, disabled, enabled or KEY=VALUE ..., "
		"or filters with inherit, disabled or NAME,... Behind filters "
		"stands list, print NAME, new NAME ACTION, edit NAME ..., "
		"delete NAME, rename NAME NEW or move NAME POSITION. Nothing "
		"is in force before a commit.",
	.edits = &form,
	.form = &form,
};

static bool
ask(struct editing *ed, const void *unused)
{
	static const char *const tables[] = { "Incoming Mail Policies",
		"Outgoing Mail Policies", "Match Headers Priority" };
	size_t which;

	(void)unused;
	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue,
		"Which mail policies would you like to configure?", tables,
		NELEM(tables), 0, &which))
		return false;
	if (which == 2)
		return ask_priority(ed);
	return ask_table(ed, which == 0 ? INCOMING : OUTGOING);
}

static int
take(struct editing *ed, struct args *a, const void *unused)
{
	const char *table = args_next(a), *word;
	enum direction dir;

	(void)unused;
	if (table == NULL)
		return tool_usage(ed->t, NULL);
	if (strcmp(table, "priority") == 0)
		return take_priority(ed, a);
	if (strcmp(table, "incoming") != 0 && strcmp(table, "outgoing") != 0)
		return tool_unknown(ed->t, table);
	dir = strcmp(table, "incoming") == 0 ? INCOMING : OUTGOING;
	word = args_next(a);
	for (size_t i = 0; word != NULL && i < NELEM(ops); i++)
		if (str_is_nocase(str_of(word), ops[i].op.word))
			return ops[i].take(ed, a, dir);
	return tool_unknown(ed->t, word);
}

static bool
ask_table(struct editing *ed, enum direction dir)
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

static void
show(struct editing *ed, enum direction dir)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);
	FILE *out = ed->t->dialogue.out;
	int width = 12;
	struct buf filters;

	for (size_t k = 0; k < t->n_policies; k++)
		if ((int)t->policies[k].name.n > width)
			width = (int)t->policies[k].name.n;
	fprintf(out, "%s Mail Policy Configuration\n\n",
	    dir == INCOMING ? "Incoming" : "Outgoing");
	fprintf(out, "%-*s  %-12s  %-12s  %-15s  %s\n", width,
	    "Name:", "Anti-Spam:", "Anti-Virus:", "Content Filter:",
	    "Outbreak Filters:");
	fprintf(out, "%-*s  %-12s  %-12s  %-15s  %s\n", width, "-----",
	    "----------", "-----------", "---------------",
	    "-----------------");
	buf_init(&filters, 1 << 20);
	for (size_t k = 0; k < t->n_policies; k++) {
		const struct mail_policy *p = &t->policies[k];

		buf_reset(&filters);
		mailpolicy_filters(p, &filters);
		fprintf(out, "%-*.*s  %-12s  %-12s  %-15s  %s\n", width,
		    STR_ARG(p->name), mailpolicy_state(p, MAILPOLICY_SPAM),
		    mailpolicy_state(p, MAILPOLICY_VIRUS), filters.data,
		    mailpolicy_state(p, MAILPOLICY_OUTBREAK));
	}
	buf_fini(&filters);
}

static bool
ask_new(struct editing *ed, enum direction dir)
{
	char name[DIALOGUE_LINE];
	struct buf members;
	bool ok, more = true, taken = true;

	while (taken) {
		struct err err = ERR_INIT;

		tool_space(ed->t);
		if (!dialogue_needed(&ed->t->dialogue,
			"Enter the name for this policy:", name, sizeof(name)))
			return false;
		taken = mailpolicy_taken(ed, dir, str_of(name));
		if (taken)
			fprintf(ed->t->dialogue.out,
			    "The name \"%s\" is already in use.\n", name);
		else if (!name_printable(str_of(name), &err)) {
			fprintf(ed->t->dialogue.out, "Invalid name: %s.\n",
			    err.text);
			taken = true;
		}
	}
	buf_init(&members, 1 << 20);
	tool_space(ed->t);
	fputs("Begin entering policy members.\n", ed->t->dialogue.out);
	do {
		ok = mailpolicy_ask_member(ed, &members);
		if (ok) {
			tool_space(ed->t);
			ok = dialogue_yes(&ed->t->dialogue,
			    "Would you like to add another member?", false,
			    &more);
		}
	} while (ok && more);
	if (ok &&
	    mailpolicies_create(ed, dir, name, buf_str(&members)) == TOOL_DONE)
		fprintf(ed->t->dialogue.out, "\nPolicy \"%s\" added.\n", name);
	buf_fini(&members);
	return ok;
}

static bool
ask_edit(struct editing *ed, enum direction dir)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);
	size_t k;

	tool_space(ed->t);
	for (k = 0; k < t->n_policies; k++)
		fprintf(ed->t->dialogue.out, "%zu. %.*s\n", k + 1,
		    STR_ARG(t->policies[k].name));
	if (!ask_policy(
		ed, dir, "Enter the name or number of the policy to edit:", &k))
		return false;
	return k == t->n_policies || mailpolicy_edit(ed, dir, k);
}

static bool
ask_delete(struct editing *ed, enum direction dir)
{
	char question[200];
	size_t k;
	bool yes;

	if (!ask_policy(ed, dir,
		"Enter the name or number of the policy to delete:", &k))
		return false;
	if (k == mailpolicy_table(ed, dir)->n_policies)
		return true;
	snprintf(question, sizeof(question),
	    "Are you sure you want to delete \"%.*s\"?",
	    STR_ARG(mailpolicy_table(ed, dir)->policies[k].name));
	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue, question, false, &yes))
		return false;
	if (yes)
		mailpolicies_remove(ed, dir, k);
	return true;
}

static bool
ask_print(struct editing *ed, enum direction dir)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	tool_space(ed->t);
	for (size_t k = 0; k < mailpolicy_table(ed, dir)->n_policies; k++) {
		buf_puts(&text, k > 0 ? "\n" : "");
		mailpolicy_show(ed, dir, k, &text);
	}
	tool_print(ed->t, &text);
	buf_fini(&text);
	return true;
}

static bool
ask_search(struct editing *ed, enum direction dir)
{
	char address[DIALOGUE_LINE];

	tool_space(ed->t);
	if (!dialogue_text(&ed->t->dialogue,
		"Enter an email address to search for in the policies:", "",
		address, sizeof(address)))
		return false;
	if (*address != '\0')
		mailpolicies_search(ed, dir, address);
	return true;
}

static bool
ask_move(struct editing *ed, enum direction dir)
{
	size_t n = mailpolicy_table(ed, dir)->n_policies, k;
	uint64_t to;

	if (!ask_policy(
		ed, dir, "Enter the name or number of the policy to move:", &k))
		return false;
	if (k == n)
		return true;
	if (mailpolicy_is_default(ed, dir, k)) {
		mailpolicies_move(ed, dir, k, 1);
		return true;
	}
	tool_space(ed->t);
	if (!dialogue_number(&ed->t->dialogue,
		"Enter the new position of the policy:", 1, n - 1, k + 1, &to))
		return false;
	mailpolicies_move(ed, dir, k, to);
	return true;
}

static bool
ask_clear(struct editing *ed, enum direction dir)
{
	bool yes;

	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue,
		"Are you sure you want to remove all policies but DEFAULT?",
		false, &yes))
		return false;
	if (yes)
		mailpolicies_clear(ed, dir);
	return true;
}

static bool
ask_priority(struct editing *ed)
{
	static const char *const words[] = { "envelope", "from", "reply-to",
		"sender" };
	const struct work_config *w = &ed->w->config->work;
	char now[100] = "", line[DIALOGUE_LINE];
	size_t used = 0;

	for (size_t i = 0; i < w->n_priority; i++)
		used += (size_t)snprintf(now + used, sizeof(now) - used, "%s%s",
		    i > 0 ? ", " : "", words[w->priority[i]]);
	do {
		tool_space(ed->t);
		if (!dialogue_text(&ed->t->dialogue,
			"Enter which addresses are the sender of a message, "
			"in the order of their priority: envelope, from, "
			"reply-to, sender.",
			now, line, sizeof(line)))
			return false;
		editing_yaml(ed, STR("[]"), PRIORITY);
		wordlist_add(ed, PRIORITY, line);
	} while (!editing_save(ed));
	return true;
}

static bool
ask_policy(
    struct editing *ed, enum direction dir, const char *question, size_t *k)
{
	size_t n;
	struct str *names = mailpolicy_names(ed, dir, &n);
	bool answered = ask_which(ed, question, "policy", names, n, k);

	free(names);
	return answered;
}

static int
take_list(struct editing *ed, struct args *a, enum direction dir)
{
	json_t *all;

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (!ed->t->json) {
		show(ed, dir);
		return TOOL_DONE;
	}
	all = json_array();
	for (size_t k = 0; k < mailpolicy_table(ed, dir)->n_policies; k++)
		json_array_append_new(all, mailpolicies_json(ed, dir, k));
	tool_print_json(ed->t, all);
	json_decref(all);
	return TOOL_DONE;
}

static int
take_new(struct editing *ed, struct args *a, enum direction dir)
{
	const char *name = args_next(a);
	struct buf members;
	int status;

	if (name == NULL)
		return tool_usage(ed->t, "which name?");
	buf_init(&members, 1 << 20);
	mailpolicy_take_member(a, &members);
	status = args_finish(a);
	if (status == TOOL_DONE)
		status = mailpolicies_create(ed, dir, name, buf_str(&members));
	buf_fini(&members);
	return status;
}

static int
take_edit(struct editing *ed, struct args *a, enum direction dir)
{
	size_t k;
	int status = take_named(ed, a, dir, &k);

	return status == TOOL_DONE ? mailpolicy_take(ed, a, dir, k) : status;
}

static int
take_delete(struct editing *ed, struct args *a, enum direction dir)
{
	size_t k;
	int status = take_named(ed, a, dir, &k);

	if (status != TOOL_DONE)
		return status;
	return args_finish(a) == TOOL_DONE ? mailpolicies_remove(ed, dir, k)
					   : TOOL_USAGE;
}

/* [NAME] */
static int
take_print(struct editing *ed, struct args *a, enum direction dir)
{
	struct buf text;
	json_t *json;
	int status;
	size_t k;

	if (a->at == a->n)
		return ed->t->json ? take_list(ed, a, dir)
				   : (ask_print(ed, dir), TOOL_DONE);
	status = take_named(ed, a, dir, &k);
	if (status != TOOL_DONE)
		return status;
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (ed->t->json) {
		json = mailpolicies_json(ed, dir, k);
		tool_print_json(ed->t, json);
		json_decref(json);
		return TOOL_DONE;
	}
	buf_init(&text, 1 << 20);
	mailpolicy_show(ed, dir, k, &text);
	tool_print(ed->t, &text);
	buf_fini(&text);
	return TOOL_DONE;
}

static int
take_search(struct editing *ed, struct args *a, enum direction dir)
{
	const char *address = args_next(a);

	if (address == NULL)
		return tool_usage(ed->t, "which address?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	mailpolicies_search(ed, dir, address);
	return TOOL_DONE;
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
	return args_finish(a) == TOOL_DONE ? mailpolicies_move(ed, dir, k, to)
					   : TOOL_USAGE;
}

static int
take_clear(struct editing *ed, struct args *a, enum direction dir)
{
	return args_finish(a) == TOOL_DONE ? mailpolicies_clear(ed, dir)
					   : TOOL_USAGE;
}

static int
take_priority(struct editing *ed, struct args *a)
{
	const char *words = args_next(a);

	if (words == NULL)
		return tool_usage(ed->t, "which addresses?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	editing_yaml(ed, STR("[]"), PRIORITY);
	wordlist_add(ed, PRIORITY, words);
	return editing_done(ed);
}

static int
take_named(struct editing *ed, struct args *a, enum direction dir, size_t *k)
{
	const char *name = args_next(a);

	if (name == NULL)
		return tool_usage(ed->t, "which policy?");
	*k = mailpolicy_find(ed, dir, name);
	if (*k == mailpolicy_table(ed, dir)->n_policies)
		return editing_deny(ed, "There is no policy \"%s\".", name);
	return TOOL_DONE;
}
