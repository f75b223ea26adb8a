/* cmd_unsubscribe.c - `unsubscribe`: the global unsubscribe list (spec
 * delivery-admin 1.11) */
#include <string.h>

#include "admin/commands.h"
#include "admin/files.h"
#include "admin/wordlist.h"
#include "base/mem.h"
#include "config/pattern.h"

#define SECTION    "global_unsubscribe"
#define ENTRIES    SECTION ".entries"
#define IMPORT_MAX ((size_t)16 << 20)
#define ASK_ENTRY                                                              \
	"Enter the address to block (user@example.com, user@, @example.com, "  \
	"@.example.com, or an IP address):"

static void show(struct editing *);
static bool ask_new(struct editing *);
static bool ask_delete(struct editing *);
static bool ask_setup(struct editing *);
static bool ask_clear(struct editing *);
static int take_new(struct editing *, struct args *);
static int take_delete(struct editing *, struct args *);
static int take_print(struct editing *, struct args *);
static int take_setup(struct editing *, struct args *);
static int take_clear(struct editing *, struct args *);
static bool is_entry(struct str text, struct err *);
static int remove_one(struct editing *, const char *entry);
static int clear(struct editing *);
static void set_up(struct editing *, bool enabled, bool bounce);
static void print(struct editing *, const void *, size_t, bool, struct buf *);
static int import(
    struct editing *, const void *, size_t, const char *name, struct str text);

static const struct editing_op ops[] = {
	{ { "NEW", "Create a new entry." }, ask_new, take_new },
	{ { "DELETE", "Delete an entry." }, ask_delete, take_delete },
	{ { "PRINT", "Display all entries." }, files_ask_print, take_print },
	{ { "IMPORT", "Import entries from a file." }, files_ask_import,
	    files_take_import },
	{ { "EXPORT", "Export all entries to a file." }, files_ask_export,
	    files_take_export },
	{ { "SETUP", "Configure general settings." }, ask_setup, take_setup },
	{ { "CLEAR", "Remove all entries." }, ask_clear, take_clear },
};
static const struct editing_menu menu = { show, ops, NELEM(ops) };
static const struct files_table files = { print, import, NULL };

const struct tool_command cmd_unsubscribe = {
	.name = "unsubscribe",
	.usage = "[new ENTRY | delete ENTRY | print | import FILE | "
		 "export FILE | setup enable|disable [drop|bounce] | clear]",
	.summary = "Addresses that get no mail from here",
	.help = "Changes the global unsubscribe list in the working copy of "
		"the configuration. Mail to an address on it is dropped, or "
		"bounced to its sender, immediately before it would be "
		"delivered. ENTRY is user@example.com, user@, @example.com, "
		"@.example.com (all below), or the IP address of a server "
		"that mail would be given to. Nothing is in force before a "
		"commit.",
	.edits = &editing_menus,
	.form = &menu,
	.files = &files,
};

static void
show(struct editing *ed)
{
	const struct config *c = ed->w->config;

	fprintf(ed->t->dialogue.out, "Global Unsubscribe is %s. Action: %s.\n",
	    c->unsubscribe ? "enabled" : "disabled",
	    c->unsubscribe_action == UNSUBSCRIBE_BOUNCE ? "bounce" : "drop");
}

static bool
ask_new(struct editing *ed)
{
	struct err err = ERR_INIT;
	char entry[DIALOGUE_LINE];

	tool_space(ed->t);
	for (;;) {
		if (!dialogue_text(
			&ed->t->dialogue, ASK_ENTRY, "", entry, sizeof(entry)))
			return false;
		if (*entry == '\0')
			return true;
		if (is_entry(str_of(entry), &err))
			break;
		fprintf(ed->t->dialogue.out, "\"%s\" %s\n", entry, err.text);
	}
	wordlist_add(ed, ENTRIES, entry);
	editing_save(ed);
	return true;
}

static bool
ask_delete(struct editing *ed)
{
	char entry[DIALOGUE_LINE];

	tool_space(ed->t);
	if (!dialogue_text(&ed->t->dialogue,
		"Enter the address to remove from the list:", "", entry,
		sizeof(entry)))
		return false;
	if (*entry != '\0')
		(void)remove_one(ed, entry);
	return true;
}

static bool
ask_setup(struct editing *ed)
{
	static const char *const actions[] = { "Drop", "Bounce" };
	const struct config *c = ed->w->config;
	size_t action = c->unsubscribe_action;
	bool enabled;

	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue,
		"Do you want to enable the Global Unsubscribe feature?",
		c->unsubscribe, &enabled))
		return false;
	if (enabled && !dialogue_choice(&ed->t->dialogue,
			   "Select the action for mail to these addresses:",
			   actions, NELEM(actions), action, &action))
		return false;
	set_up(ed, enabled, action == UNSUBSCRIBE_BOUNCE);
	editing_save(ed);
	return true;
}

static bool
ask_clear(struct editing *ed)
{
	bool yes;

	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue,
		"Are you sure you want to remove all entries?", false, &yes))
		return false;
	if (yes)
		(void)clear(ed);
	return true;
}

static int
take_new(struct editing *ed, struct args *a)
{
	const char *entry = args_next(a);
	struct err err = ERR_INIT;

	if (entry == NULL)
		return tool_usage(ed->t, "which address?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (!is_entry(str_of(entry), &err))
		return editing_refuse(ed, "\"%s\" %s", entry, err.text);
	wordlist_add(ed, ENTRIES, entry);
	return editing_done(ed);
}

static int
take_delete(struct editing *ed, struct args *a)
{
	const char *entry = args_next(a);

	if (entry == NULL)
		return tool_usage(ed->t, "which address?");
	return args_finish(a) == TOOL_DONE ? remove_one(ed, entry) : TOOL_USAGE;
}

static int
take_print(struct editing *ed, struct args *a)
{
	const struct config *c = ed->w->config;
	json_t *json;

	if (!ed->t->json)
		return files_take(ed, a, &files, FILES_PRINT, 0);
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	json = json_pack("{s:b, s:s, s:o}", "enabled", c->unsubscribe, "action",
	    c->unsubscribe_action == UNSUBSCRIBE_BOUNCE ? "bounce" : "drop",
	    "entries", wordlist_json(ed, ENTRIES));
	tool_print_json(ed->t, json);
	json_decref(json);
	return TOOL_DONE;
}

/* enable|disable [drop|bounce] */
static int
take_setup(struct editing *ed, struct args *a)
{
	const char *state = args_next(a), *action = args_next(a);
	bool bounce = ed->w->config->unsubscribe_action == UNSUBSCRIBE_BOUNCE;

	if (state == NULL ||
	    (strcmp(state, "enable") != 0 && strcmp(state, "disable") != 0))
		return tool_usage(ed->t, "enable or disable?");
	if (action != NULL && strcmp(action, "drop") != 0 &&
	    strcmp(action, "bounce") != 0)
		return tool_usage(ed->t, "drop or bounce?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (action != NULL)
		bounce = strcmp(action, "bounce") == 0;
	set_up(ed, strcmp(state, "enable") == 0, bounce);
	return editing_done(ed);
}

static int
take_clear(struct editing *ed, struct args *a)
{
	return args_finish(a) == TOOL_DONE ? clear(ed) : TOOL_USAGE;
}

static bool
is_entry(struct str text, struct err *err)
{
	struct addr_pattern p;
	struct arena mem;
	struct ip ip;
	bool good = ip_parse(&ip, text);

	arena_init(&mem, 1 << 20);
	if (!good)
		good = pattern_parse(&p, text, &mem, err);
	arena_free(&mem);
	return good;
}

static int
remove_one(struct editing *ed, const char *entry)
{
	size_t k = wordlist_find(ed, ENTRIES, str_of(entry));

	if (k == SIZE_MAX)
		return editing_deny(ed, "There is no entry \"%s\".", entry);
	editing_delete(ed, ENTRIES "[%zu]", k);
	return editing_done(ed);
}

static int
clear(struct editing *ed)
{
	editing_delete(ed, ENTRIES);
	return editing_done(ed);
}

static void
set_up(struct editing *ed, bool enabled, bool bounce)
{
	editing_text(ed, enabled ? STR("yes") : STR("no"), SECTION ".enabled");
	editing_text(
	    ed, bounce ? STR("bounce") : STR("drop"), SECTION ".action");
}

static void
print(struct editing *ed, const void *what, size_t i, bool exported,
    struct buf *out)
{
	const struct config *c = ed->w->config;

	(void)what;
	(void)i;
	(void)exported;
	for (size_t k = 0; k < c->n_unsubscribed; k++)
		buf_printf(
		    out, "%.*s\n", STR_ARG(c->unsubscribed[k].pattern.text));
}

/* One entry a line; empty lines and those that begin with # do not count. */
static int
import(struct editing *ed, const void *what, size_t i, const char *name,
    struct str text)
{
	static const struct config_problems none;
	bool bad = false;
	struct buf yaml;
	int line = 0;

	(void)what;
	(void)i;
	(void)name;
	buf_init(&yaml, IMPORT_MAX);
	while (text.n > 0) {
		struct str one = str_trim(str_cut(&text, '\n'));
		struct err err = ERR_INIT;

		line++;
		if (one.n == 0 || one.p[0] == '#')
			continue;
		yaml_item(&yaml, "", one);
		if (is_entry(one, &err))
			continue;
		bad = true;
		fprintf(ed->t->dialogue.out, "Error in line %d: \"%.*s\" %s\n",
		    line, STR_ARG(one), err.text);
	}
	if (!bad && yaml.len > 0)
		editing_yaml(ed, buf_str(&yaml), ENTRIES);
	else if (!bad)
		editing_delete(ed, ENTRIES);
	buf_fini(&yaml);
	return bad ? files_bad_lines(ed, &none) : editing_done(ed);
}
