/* cmd_exceptionconfig.c - `exceptionconfig`: the domain exception table
 * (spec receiving 4.10) */
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/exceptions.h"
#include "admin/replies.h"
#include "base/mem.h"
#include "config/pattern.h"

static void show(struct editing *);
static bool ask_new(struct editing *);
static bool ask_edit(struct editing *);
static bool ask_delete(struct editing *);
static bool ask_print(struct editing *);
static bool ask_search(struct editing *);
static bool ask_clear(struct editing *);
static bool ask_patterns(struct editing *, struct exception *);
static bool ask_action(struct editing *, struct exception *);
static bool ask_reply(struct editing *, struct exception *);
static bool ask_item(struct editing *, const char *question, size_t *k);
static int take_new(struct editing *, struct args *);
static int take_edit(struct editing *, struct args *);
static int take_delete(struct editing *, struct args *);
static int take_print(struct editing *, struct args *);
static int take_find(struct editing *, struct args *);
static int take_clear(struct editing *, struct args *);
static int take_item(struct editing *, struct args *, struct exception *);
static int pick(struct editing *, struct args *, size_t *k);
static void find(struct editing *, const char *address);
static void list(struct editing *);

static const struct editing_op ops[] = {
	{ { "NEW", "Create a new domain exception table entry." }, ask_new,
	    take_new },
	{ { "EDIT", "Edit a domain exception table entry." }, ask_edit,
	    take_edit },
	{ { "DELETE", "Delete a domain exception table entry." }, ask_delete,
	    take_delete },
	{ { "PRINT", "Print all domain exception table entries." }, ask_print,
	    take_print },
	{ { "FIND", "Find the entry that an address matches." }, ask_search,
	    take_find },
	{ { "CLEAR", "Clear all domain exception entries." }, ask_clear,
	    take_clear },
};
static const struct editing_menu menu = { show, ops, NELEM(ops) };

const struct tool_command cmd_exceptionconfig = {
	.name = "exceptionconfig",
	.usage = "[new PATTERN[,PATTERN...] allow|reject [reply=TEXT] [at=N] | "
		 "edit PATTERN [allow|reject] [patterns=...] [reply=TEXT] | "
		 "delete PATTERN | print | find ADDRESS | clear]",
	.summary = "Change the domain exception table",
	.help = "Changes the domain exception table in the working copy of the "
		"configuration: senders that policies with exception_table "
		"treat otherwise than verification would. The first entry that "
		"fits decides; find shows which. PATTERN is user@example.com, "
		"user@, @example.com, @.example.com or one with [192.0.2.1] "
		"for the domain. Nothing is in force before a commit.",
	.edits = &editing_menus,
	.form = &menu,
};

static void
show(struct editing *ed)
{
	fprintf(ed->t->dialogue.out,
	    "There are currently %zu entries in the domain exception "
	    "table.\n",
	    exceptions_count(ed));
}

static bool
ask_new(struct editing *ed)
{
	struct exception it = { .patterns = "" };

	if (!ask_patterns(ed, &it))
		return false;
	if (*it.patterns == '\0')
		return true;
	if (!ask_action(ed, &it) || !ask_reply(ed, &it))
		return false;
	exceptions_put(ed, exceptions_count(ed), &it);
	editing_save(ed);
	return true;
}

static bool
ask_edit(struct editing *ed)
{
	struct exception it;
	size_t k;

	if (!ask_item(ed, "Enter the number of the entry to edit.", &k))
		return false;
	if (k == exceptions_count(ed))
		return true;
	exceptions_read(ed, k, &it);
	if (!ask_patterns(ed, &it) || !ask_action(ed, &it) ||
	    !ask_reply(ed, &it))
		return false;
	exceptions_put(ed, k, &it);
	editing_save(ed);
	return true;
}

static bool
ask_delete(struct editing *ed)
{
	size_t k;

	if (!ask_item(ed, "Enter the number of the entry to delete.", &k))
		return false;
	if (k < exceptions_count(ed)) {
		editing_delete(ed, EXCEPTIONS_LIST "[%zu]", k);
		editing_save(ed);
	}
	return true;
}

static bool
ask_print(struct editing *ed)
{
	tool_space(ed->t);
	list(ed);
	return true;
}

static bool
ask_search(struct editing *ed)
{
	char address[DIALOGUE_LINE];

	tool_space(ed->t);
	for (;;) {
		if (!dialogue_text(&ed->t->dialogue,
			"Enter the email address to look for:", "", address,
			sizeof(address)))
			return false;
		if (*address == '\0')
			return true;
		if (exceptions_address_ok(address))
			break;
		fprintf(ed->t->dialogue.out, "Invalid email address: \"%s\"\n",
		    address);
	}
	find(ed, address);
	return true;
}

static bool
ask_clear(struct editing *ed)
{
	return editing_ask_clear(
	    ed, "Are you sure you want to clear all entries?", EXCEPTIONS_LIST);
}

static bool
ask_patterns(struct editing *ed, struct exception *it)
{
	char shown[DIALOGUE_LINE];

	str_copy(shown, sizeof(shown), str_of(it->patterns));
	tool_space(ed->t);
	for (;;) {
		struct err err = ERR_INIT;

		if (!dialogue_text(&ed->t->dialogue,
			"Enter a domain, sub-domain, user, or email address "
			"for which you wish to provide an exception:\n"
			"(Ex: @example.com, @.example.com, user@, "
			"user@example.com)",
			shown, it->patterns, sizeof(it->patterns)))
			return false;
		if (exceptions_patterns_ok(it->patterns, &err))
			return true;
		fprintf(ed->t->dialogue.out, "%s\n", err.text);
		str_copy(shown, sizeof(shown), str_of(it->patterns));
	}
}

static bool
ask_action(struct editing *ed, struct exception *it)
{
	static const char *const actions[] = { "Allow", "Reject" };
	size_t action;

	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue,
		"Choose a policy for this domain exception:", actions, 2,
		it->allow || *it->patterns == '\0' ? 0 : 1, &action))
		return false;
	it->allow = action == 0;
	return true;
}

static bool
ask_reply(struct editing *ed, struct exception *it)
{
	if (!it->allow)
		return replies_ask(ed, 400, 599, 553, it->reply);
	*it->reply = '\0';
	return true;
}

static bool
ask_item(struct editing *ed, const char *question, size_t *k)
{
	size_t n = exceptions_count(ed);
	struct str *names = mem_array(n + 1, sizeof(*names));
	struct exception it;
	bool answered;

	tool_space(ed->t);
	list(ed);
	for (size_t i = 0; i < n; i++) {
		exceptions_read(ed, i, &it);
		names[i] = str_of(mem_strdup(it.patterns));
	}
	answered = ask_which(ed, question, "entry", names, n, k);
	for (size_t i = 0; i < n; i++)
		free((char *)names[i].p);
	free(names);
	return answered;
}

/* PATTERN,... allow|reject [reply=] [at=] */
static int
take_new(struct editing *ed, struct args *a)
{
	const char *patterns = args_next(a), *at = args_option(a, "at");
	struct exception it = { .patterns = "" };
	uint64_t place = exceptions_count(ed) + 1;
	int status;

	if (patterns == NULL)
		return tool_usage(ed->t, "which senders?");
	str_copy(it.patterns, sizeof(it.patterns), str_of(patterns));
	if (at != NULL && (!str_u64(str_of(at), place, &place) || place == 0))
		return editing_refuse(
		    ed, "at must be within 1..%zu", exceptions_count(ed) + 1);
	status = take_item(ed, a, &it);
	if (status != TOOL_DONE)
		return status;
	exceptions_put(ed, exceptions_count(ed), &it);
	if (place - 1 < exceptions_count(ed) - 1)
		editing_move(ed, exceptions_count(ed) - 1, (size_t)place - 1,
		    EXCEPTIONS_LIST);
	return editing_done(ed);
}

static int
take_edit(struct editing *ed, struct args *a)
{
	const char *patterns = args_option(a, "patterns");
	struct exception it;
	int status;
	size_t k;

	status = pick(ed, a, &k);
	if (status != TOOL_DONE)
		return status;
	exceptions_read(ed, k, &it);
	if (patterns != NULL)
		str_copy(it.patterns, sizeof(it.patterns), str_of(patterns));
	status = take_item(ed, a, &it);
	if (status != TOOL_DONE)
		return status;
	exceptions_put(ed, k, &it);
	return editing_done(ed);
}

static int
take_delete(struct editing *ed, struct args *a)
{
	size_t k;
	int status = pick(ed, a, &k);

	if (status != TOOL_DONE)
		return status;
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	editing_delete(ed, EXCEPTIONS_LIST "[%zu]", k);
	return editing_done(ed);
}

static int
take_print(struct editing *ed, struct args *a)
{
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	list(ed);
	return TOOL_DONE;
}

static int
take_find(struct editing *ed, struct args *a)
{
	const char *address = args_next(a);

	if (address == NULL)
		return tool_usage(ed->t, "which address?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (!exceptions_address_ok(address))
		return editing_refuse(
		    ed, "Invalid email address: \"%s\"", address);
	find(ed, address);
	return TOOL_DONE;
}

static int
take_clear(struct editing *ed, struct args *a)
{
	return editing_take_clear(ed, a, EXCEPTIONS_LIST);
}

static int
take_item(struct editing *ed, struct args *a, struct exception *it)
{
	const char *action = args_next(a), *reply = args_option(a, "reply");
	struct err err = ERR_INIT;

	if (action != NULL && strcmp(action, "allow") != 0 &&
	    strcmp(action, "reject") != 0)
		return editing_refuse(
		    ed, "must be allow or reject, not %s", action);
	if (action != NULL)
		it->allow = strcmp(action, "allow") == 0;
	if (reply != NULL)
		str_copy(it->reply, sizeof(it->reply), str_of(reply));
	if (it->allow && reply == NULL)
		*it->reply = '\0';
	if (!exceptions_patterns_ok(it->patterns, &err))
		return tool_fail(ed->t, &err);
	return args_finish(a);
}

/* By one of its patterns, or by number. */
static int
pick(struct editing *ed, struct args *a, size_t *k)
{
	const char *word = args_next(a);
	size_t n = exceptions_count(ed);
	uint64_t number;

	if (word == NULL)
		return tool_usage(ed->t, "which entry?");
	for (*k = 0; *k < n; (*k)++) {
		struct exception it;
		struct str rest;

		exceptions_read(ed, *k, &it);
		rest = str_of(it.patterns);
		while (rest.n > 0) {
			if (str_is_nocase(args_cut(&rest), word))
				return TOOL_DONE;
		}
	}
	if (!str_u64(str_of(word), n, &number) || number == 0)
		return editing_deny(ed, "There is no entry \"%s\".", word);
	*k = (size_t)number - 1;
	return TOOL_DONE;
}

static void
find(struct editing *ed, const char *address)
{
	const struct config *c = ed->w->config;
	FILE *out = ed->t->dialogue.out;

	for (size_t i = 0; i < c->n_exceptions; i++) {
		const struct sender_exception *e = &c->exceptions[i];

		if (!pattern_matches(&e->pattern, str_of(address)))
			continue;
		fprintf(out, "%s matches %.*s (line %d): %s\n", address,
		    STR_ARG(e->pattern.text), e->pattern.where.line,
		    e->allow ? "Allow" : "Reject");
		return;
	}
	fprintf(out, "%s matches no entry.\n", address);
}

static void
list(struct editing *ed)
{
	size_t n = exceptions_count(ed);
	json_t *all = json_array();
	struct exception it;

	for (size_t k = 0; k < n; k++) {
		exceptions_read(ed, k, &it);
		if (ed->t->json) {
			json_array_append_new(
			    all, json_pack("{s:s, s:s, s:s}", "patterns",
				     it.patterns, "action",
				     it.allow ? "allow" : "reject", "reply",
				     it.reply));
			continue;
		}
		fprintf(ed->t->dialogue.out, "%zu. %s %s%s%s\n", k + 1,
		    it.patterns, it.allow ? "Allow" : "Reject",
		    *it.reply != '\0' ? " " : "", it.reply);
	}
	if (ed->t->json)
		tool_print_json(ed->t, all);
	json_decref(all);
}
