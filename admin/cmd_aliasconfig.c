/* cmd_aliasconfig.c - `aliasconfig` (spec receiving 6.4) */
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/maptext.h"
#include "admin/tables.h"
#include "base/mem.h"

#define GLOBAL SIZE_MAX /* before the first context */

static bool ask_new(struct editing *, size_t i);
static bool ask_context(struct editing *, size_t *k, char *fresh, size_t size);
static int take_new(struct editing *, struct args *, size_t i);
static int add(struct editing *, size_t k, const char *fresh, const char *alias,
    const char *targets);
static size_t find_context(struct str text, struct str wanted);
static bool same_list(struct str a, struct str b);

static const struct tables_form form = {
	.kind = TABLE_ALIASES,
	.key = "aliases",
	.suffix = "aliases",
	.arrow = ": ",
	.gap = ": ",
	.title = "Alias Table",
	.ask_right = "Enter address(es) for the alias. Separate multiple "
		     "addresses with commas.",
	.created = { "Adding alias ", ": ", "" },
	.can_edit = true,
	.ask_new = ask_new,
	.take_new = take_new,
};

const struct tool_command cmd_aliasconfig = {
	.name = "aliasconfig",
	.usage = "[new ALIAS[,ALIAS...] ADDRESS[,ADDRESS...] "
		 "[context=DOMAIN,...] | edit ALIAS ADDRESS[,ADDRESS...] "
		 "[context=...] | delete ALIAS [context=...] | print | import "
		 "FILE | export FILE | clear]",
	.summary = "Change the alias table",
	.help = "Changes the alias table of the whole system in the working "
		"copy of the configuration: a file below tables/, in which "
		"comments and layout are kept. An alias holds globally or in a "
		"context, a list of domains. Files to import and export stand "
		"beside postern.yaml. Nothing is in force before a commit.",
	.edits = &tables_edits,
	.form = &form,
};

static bool
ask_new(struct editing *ed, size_t i)
{
	char fresh[DIALOGUE_LINE], alias[DIALOGUE_LINE], targets[DIALOGUE_LINE];
	bool more = true;
	size_t k;

	(void)i;
	if (!ask_context(ed, &k, fresh, sizeof(fresh)))
		return false;
	while (more) {
		tool_space(ed->t);
		if (!dialogue_text(&ed->t->dialogue,
			"Enter the alias(es) to match on. Separate multiple "
			"aliases with commas.",
			"", alias, sizeof(alias)))
			return false;
		if (*alias == '\0')
			return true;
		tool_space(ed->t);
		if (!dialogue_needed(&ed->t->dialogue, form.ask_right, targets,
			sizeof(targets)))
			return false;
		/* Now the context is there. */
		if (add(ed, k, fresh, alias, targets) == TOOL_DONE &&
		    *fresh != '\0') {
			k = maptext_contexts(tables_text(ed, &form, 0)) - 1;
			*fresh = '\0';
		}
		tool_space(ed->t);
		if (!dialogue_yes(&ed->t->dialogue,
			"Do you want to add another alias?", false, &more))
			return false;
	}
	return true;
}

/* fresh: the domains of a new one, else empty. */
static bool
ask_context(struct editing *ed, size_t *k, char *fresh, size_t size)
{
	struct str text = tables_text(ed, &form, 0);
	size_t n = maptext_contexts(text), chosen;
	struct str *names = mem_array(n + 2, sizeof(*names));
	bool answered;

	names[0] = STR("Globally");
	names[1] = STR("Add a new domain context");
	for (size_t c = 0; c < n; c++)
		names[c + 2] = maptext_context(text, c);
	answered = ask_name(ed, "How do you want your aliases to apply?", names,
	    n + 2, 0, &chosen);
	free(names);
	*fresh = '\0';
	if (!answered)
		return false;
	*k = chosen == 0 ? GLOBAL : chosen - 2;
	if (chosen != 1)
		return true;
	tool_space(ed->t);
	return dialogue_needed(&ed->t->dialogue,
	    "Enter the new domain context. Separate multiple domains with "
	    "commas.\n"
	    "Partial domains such as \".example.com\" are allowed.",
	    fresh, size);
}

/* ALIAS,... ADDRESS,... [context=DOMAIN,...] */
static int
take_new(struct editing *ed, struct args *a, size_t i)
{
	const char *alias = args_next(a), *targets = args_next(a);
	const char *context = args_option(a, "context");
	size_t k = GLOBAL;

	(void)i;
	if (alias == NULL || targets == NULL)
		return tool_usage(ed->t, "an alias, and its addresses");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (context != NULL)
		k = find_context(tables_text(ed, &form, 0), str_of(context));
	return add(ed, k, context != NULL && k == GLOBAL ? context : "", alias,
	    targets);
}

static int
add(struct editing *ed, size_t k, const char *fresh, const char *alias,
    const char *targets)
{
	struct str now = tables_text(ed, &form, 0);
	struct buf line, text;
	int status;

	buf_init(&line, 4 * DIALOGUE_LINE);
	buf_init(&text, TABLE_FILE_MAX);
	if (*fresh != '\0')
		buf_printf(&line, "%s[ %s ]\n", now.n > 0 ? "\n" : "", fresh);
	buf_printf(&line, "%s: %s", alias, targets);
	if (*fresh != '\0')
		maptext_append(&text, now, buf_str(&line));
	else
		maptext_append_in(&text, now, k, buf_str(&line));
	status = tables_save(ed, &form, 0, buf_str(&text));
	if (status == TOOL_DONE && !ed->t->json)
		fprintf(ed->t->dialogue.out, "Adding alias %s: %s\n", alias,
		    targets);
	buf_fini(&line);
	buf_fini(&text);
	return status;
}

/* The one with these domains; GLOBAL: none. */
static size_t
find_context(struct str text, struct str wanted)
{
	size_t n = maptext_contexts(text);

	for (size_t k = 0; k < n; k++) {
		if (same_list(maptext_context(text, k), wanted))
			return k;
	}
	return GLOBAL;
}

/* However blanks stand between. */
static bool
same_list(struct str a, struct str b)
{
	while (a.n > 0 && b.n > 0) {
		if (!str_eq_nocase(args_cut(&a), args_cut(&b)))
			return false;
	}
	return a.n == 0 && b.n == 0;
}
