/* cmd_bvconfig.c - `bvconfig`: bounce verification (spec delivery-admin 1.12)
 */
#include <stdlib.h>
#include <string.h>

#include "admin/args.h"
#include "admin/commands.h"
#include "admin/editing.h"
#include "admin/tagkeys.h"
#include "base/mem.h"

#define SECTION "bounce_verification"

static void show(struct editing *);
static bool ask_key(struct editing *);
static bool ask_purge(struct editing *);
static bool ask_clear(struct editing *);
static bool ask_setup(struct editing *);
static int take_list(struct editing *, struct args *);
static int take_key(struct editing *, struct args *);
static int take_purge(struct editing *, struct args *);
static int take_clear(struct editing *, struct args *);
static int take_setup(struct editing *, struct args *);
static int add_key(struct editing *, const char *text);
static int purge(struct editing *, int days);
static void print_keys(struct editing *, FILE *out);
static void set_up(
    struct editing *, bool header, const char *name, const char *value);
static void warn_of_none(struct editing *);

/* Ages of keys, as the spec has them. */
static const struct {
	const char *word, *text;
	int days; /* since it was retired; 0: all that are */
} ages[] = {
	{ "one_month", "Not used for one month", 30 },
	{ "three_months", "Not used for three months", 91 },
	{ "six_months", "Not used for six months", 182 },
	{ "one_year", "Not used for one year", 365 },
	{ "all", "All keys not in use", 0 },
};

static const struct editing_op ops[] = {
	{ { "KEY", "Assign a new tagging key." }, ask_key, take_key },
	{ { "PURGE", "Purge keys no longer needed." }, ask_purge, take_purge },
	{ { "CLEAR", "Clear all keys, the one in use too." }, ask_clear,
	    take_clear },
	{ { "SETUP", "Set the action for invalid bounces." }, ask_setup,
	    take_setup },
	{ { "LIST", "Display the keys and the action." }, NULL, take_list },
};
static const struct editing_menu menu = { show, ops, NELEM(ops) };

const struct tool_command cmd_bvconfig = {
	.name = "bvconfig",
	.usage = "[key [TEXT] | purge one_month|three_months|six_months|"
		 "one_year|all | clear | setup action reject|"
		 "add_header [NAME VALUE] | list]",
	.summary = "Bounce verification: its keys, and what becomes of "
		   "invalid bounces",
	.help = "key makes TEXT the key that envelope senders are tagged with "
		"from now on; without TEXT it is the first line of standard "
		"input. The one before is retired: what it signed counts for "
		"seven days more. purge removes keys that were retired so "
		"long ago, clear removes all. Keys stand in a file below "
		"secrets/ and count at once, without a commit. setup says, "
		"in the working copy of the configuration, what is done with "
		"a bounce whose recipient has no valid tag; this is in force "
		"after a commit, and so is which destinations get tagged mail "
		"(destconfig, bounce_verification).",
	.edits = &editing_menus,
	.form = &menu,
};

static void
show(struct editing *ed)
{
	const struct config *c = ed->w->config;
	FILE *out = ed->t->dialogue.out;

	if (c->bounce_header)
		fprintf(out,
		    "Behavior on invalid bounces: add header \"%.*s: %.*s\"\n",
		    STR_ARG(c->bounce_header_name),
		    STR_ARG(c->bounce_header_value));
	else
		fputs("Behavior on invalid bounces: reject\n", out);
	print_keys(ed, out);
}

static bool
ask_key(struct editing *ed)
{
	char text[DIALOGUE_LINE];
	bool answered;

	tool_space(ed->t);
	ed->t->dialogue.secret = true;
	answered = dialogue_needed(&ed->t->dialogue,
	    "Enter the key to tag outgoing mail with (it replaces the one in "
	    "use):",
	    text, sizeof(text));
	ed->t->dialogue.secret = false;
	if (!answered)
		return false;
	(void)add_key(ed, text);
	explicit_bzero(text, sizeof(text));
	return true;
}

static bool
ask_purge(struct editing *ed)
{
	static const char *const which[] = { "Keys older than a given age",
		"All keys not in use" };
	const char *items[NELEM(ages) - 1];
	size_t choice, age = 0;

	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue,
		"Select the keys to purge:", which, 2, 0, &choice))
		return false;
	for (size_t i = 0; i < NELEM(items); i++)
		items[i] = ages[i].text;
	if (choice == 0 && !dialogue_choice(&ed->t->dialogue,
			       "Purge keys:", items, NELEM(items), 0, &age))
		return false;
	(void)purge(ed, choice == 0 ? ages[age].days : 0);
	return true;
}

static bool
ask_clear(struct editing *ed)
{
	bool yes;

	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue,
		"Are you sure you want to clear all keys? Bounces of mail that "
		"was sent with them will not be accepted.",
		false, &yes))
		return false;
	if (yes)
		(void)purge(ed, -1);
	return true;
}

static bool
ask_setup(struct editing *ed)
{
	static const char *const actions[] = { "Reject", "Add a header" };
	const struct config *c = ed->w->config;
	char name[DIALOGUE_LINE], value[DIALOGUE_LINE];
	size_t action = c->bounce_header;

	tool_space(ed->t);
	warn_of_none(ed);
	str_copy(name, sizeof(name), c->bounce_header_name);
	str_copy(value, sizeof(value), c->bounce_header_value);
	if (!dialogue_choice(&ed->t->dialogue,
		"Select the action for invalid bounces:", actions,
		NELEM(actions), action, &action))
		return false;
	if (action == 1 &&
	    (!dialogue_text(&ed->t->dialogue, "Enter the header name:", name,
		 name, sizeof(name)) ||
		!dialogue_text(&ed->t->dialogue,
		    "Enter the header value:", value, value, sizeof(value))))
		return false;
	set_up(ed, action == 1, name, value);
	editing_save(ed);
	return true;
}

static int
take_key(struct editing *ed, struct args *a)
{
	const char *word = args_next(a);
	char text[DIALOGUE_LINE];
	int status;

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (word != NULL)
		return add_key(ed, word);
	if (!dialogue_line(&ed->t->dialogue, text, sizeof(text)))
		return tool_usage(ed->t, "which key?");
	status = add_key(ed, text);
	explicit_bzero(text, sizeof(text));
	return status;
}

static int
take_purge(struct editing *ed, struct args *a)
{
	const char *word = args_next(a);

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	for (size_t i = 0; word != NULL && i < NELEM(ages); i++)
		if (strcmp(word, ages[i].word) == 0)
			return purge(ed, ages[i].days);
	return tool_usage(ed->t, "which keys?");
}

static int
take_clear(struct editing *ed, struct args *a)
{
	return args_finish(a) == TOOL_DONE ? purge(ed, -1) : TOOL_USAGE;
}

/* action reject | action add_header [NAME VALUE] */
static int
take_setup(struct editing *ed, struct args *a)
{
	const struct config *c = ed->w->config;
	const char *action = args_next(a), *what = args_next(a);
	const char *name = args_next(a), *value = args_next(a);
	bool header = what != NULL && strcmp(what, "add_header") == 0;
	char old_name[DIALOGUE_LINE], old_value[DIALOGUE_LINE];

	if (action == NULL || strcmp(action, "action") != 0 || what == NULL ||
	    (!header && strcmp(what, "reject") != 0))
		return tool_usage(ed->t, "action reject, or add_header?");
	if (name != NULL && (!header || value == NULL))
		return tool_usage(
		    ed->t, header ? "which value?" : "reject has no header");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	warn_of_none(ed);
	str_copy(old_name, sizeof(old_name), c->bounce_header_name);
	str_copy(old_value, sizeof(old_value), c->bounce_header_value);
	set_up(ed, header, name != NULL ? name : old_name,
	    name != NULL ? value : old_value);
	return editing_done(ed);
}

static int
take_list(struct editing *ed, struct args *a)
{
	const struct config *c = ed->w->config;
	struct err err = ERR_INIT;
	json_t *keys;

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (!ed->t->json) {
		show(ed);
		return TOOL_DONE;
	}
	keys = tagkeys_json(ed->t->paths.etc, c->bounce_keys, &err);
	if (keys == NULL)
		return tool_fail(ed->t, &err);
	keys = json_pack("{s:s, s:s%, s:s%, s:o}", "action",
	    c->bounce_header ? "add_header" : "reject", "header_name",
	    c->bounce_header_name.p, c->bounce_header_name.n, "header_value",
	    c->bounce_header_value.n > 0 ? c->bounce_header_value.p : "",
	    c->bounce_header_value.n, "keys", keys);
	tool_print_json(ed->t, keys);
	json_decref(keys);
	return TOOL_DONE;
}

static int
add_key(struct editing *ed, const char *text)
{
	struct err err = ERR_INIT;

	if (tagkeys_add(ed->t->paths.etc, ed->w->config->bounce_keys,
		str_of(text), &err) == -1)
		return tool_fail(ed->t, &err);
	ed->done = true;
	fputs("The key is in use now; the one before is retired.\n",
	    ed->t->dialogue.out);
	return TOOL_DONE;
}

/* days -1: all keys. */
static int
purge(struct editing *ed, int days)
{
	struct err err = ERR_INIT;
	size_t n = 0;

	if (tagkeys_purge(ed->t->paths.etc, ed->w->config->bounce_keys, days,
		&n, &err) == -1)
		return tool_fail(ed->t, &err);
	ed->done |= n > 0;
	fprintf(
	    ed->t->dialogue.out, "%zu key%s removed.\n", n, n == 1 ? "" : "s");
	return TOOL_DONE;
}

static void
print_keys(struct editing *ed, FILE *out)
{
	struct err err = ERR_INIT;
	struct buf text;

	buf_init(&text, 1 << 20);
	if (tagkeys_text(ed->t->paths.etc, ed->w->config->bounce_keys, &text,
		&err) == -1)
		fprintf(out, "%s\n", err.text);
	else
		fwrite(text.data, 1, text.len, out);
	buf_fini(&text);
}

static void
set_up(struct editing *ed, bool header, const char *name, const char *value)
{
	editing_text(
	    ed, header ? STR("add_header") : STR("reject"), SECTION ".action");
	if (!header)
		return;
	editing_text(ed, str_of(name), SECTION ".header_name");
	editing_text(ed, str_of(value), SECTION ".header_value");
}

static void
warn_of_none(struct editing *ed)
{
	struct err err = ERR_INIT;
	json_t *keys =
	    tagkeys_json(ed->t->paths.etc, ed->w->config->bounce_keys, &err);

	if (keys == NULL || json_array_size(keys) == 0)
		fputs("Warning: there is no key yet: nothing is tagged, and "
		      "no bounce is invalid.\n",
		    ed->t->json ? stderr : ed->t->dialogue.out);
	json_decref(keys);
}
