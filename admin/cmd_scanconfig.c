/* cmd_scanconfig.c - `scanconfig` (spec workqueue 2.12) */
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/files.h"
#include "admin/settings.h"
#include "admin/wordlist.h"
#include "base/mem.h"

#define SECTION "scanning"
#define TYPES   SECTION ".types"

static void show(struct editing *);
static bool ask_new(struct editing *);
static bool ask_delete(struct editing *);
static bool ask_setup(struct editing *);
static bool ask_clear(struct editing *);
static int take_new(struct editing *, struct args *);
static int take_delete(struct editing *, struct args *);
static int take_setup(struct editing *, struct args *);
static int take_print(struct editing *, struct args *);
static int take_clear(struct editing *, struct args *);
static struct settings settings(const struct editing *);
static void write_down(struct editing *);
static int add(struct editing *, const char *types);
static int remove_at(struct editing *, size_t k);
static int clear(struct editing *);
static void print(struct editing *, const void *, size_t, bool, struct buf *);
static int import(
    struct editing *, const void *, size_t, const char *name, struct str text);

static const struct objects_question keys[] = {
	{ "list",
	    "Choose whether the attachment types in the list are skipped, or "
	    "are the only ones scanned:",
	    NULL, NULL },
	{ "max_depth",
	    "Enter the maximum depth of attachment recursion to scan:", NULL,
	    NULL },
	{ "max_size", "Enter the maximum size of attachment to scan, in bytes:",
	    NULL, NULL },
	{ "metadata", "Do you want to scan attachment metadata?", NULL, NULL },
	{ "timeout", "Enter the attachment scanning timeout, in seconds:", NULL,
	    NULL },
	{ "assume_match",
	    "If a message has attachments that were not scanned, assume the "
	    "scan matches the search pattern?",
	    NULL, NULL },
	{ "quarantine_on_error",
	    "If a filter fails on a message or cannot scan all of it, put the "
	    "message into the quarantine Policy?",
	    NULL, NULL },
	{ "not_taken_apart",
	    "If a message could not be deconstructed into its component parts "
	    "in order to remove specified attachments, the system should:",
	    NULL, NULL },
	{ "bypass_on_error",
	    "If a filter fails on a message, bypass all further filters?", NULL,
	    NULL },
	{ "charset", "Enter the character set to use when none is declared:",
	    NULL, NULL },
	{ "max_expanded",
	    "Enter what all archives of a message may expand to, in bytes:",
	    NULL, NULL },
	{ "max_members",
	    "Enter the maximum number of files in an archive:", NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct editing_op ops[] = {
	{ { "NEW", "Add a new entry." }, ask_new, take_new },
	{ { "DELETE", "Remove an entry." }, ask_delete, take_delete },
	{ { "SETUP", "Configure scanning behavior." }, ask_setup, take_setup },
	{ { "IMPORT", "Load mappings from a file." }, files_ask_import,
	    files_take_import },
	{ { "EXPORT", "Save mappings to a file." }, files_ask_export,
	    files_take_export },
	{ { "PRINT", "Display the list." }, files_ask_print, take_print },
	{ { "CLEAR", "Remove all entries." }, ask_clear, take_clear },
};
static const struct editing_menu menu = { show, ops, NELEM(ops) };
static const struct files_table files = { print, import, NULL };

const struct tool_command cmd_scanconfig = {
	.name = "scanconfig",
	.usage = "[new TYPE[,TYPE...] | delete TYPE | setup [KEY=VALUE ...] | "
		 "import FILE | export FILE | print | clear]",
	.summary = "What filters scan, and its limits",
	.help = "Changes in the working copy of the configuration which "
		"attachments rules look into, and how far. TYPE is a MIME "
		"type, also as audio/*, or a group of file types such as "
		"Image. KEY is one of those below scanning in "
		"postern.yaml(5). Nothing is in force before a commit.",
	.edits = &editing_menus,
	.form = &menu,
	.files = &files,
};

static void
show(struct editing *ed)
{
	const struct scan_settings *s = &ed->w->config->work.scan;

	fprintf(ed->t->dialogue.out,
	    "There are currently %zu attachment type mappings configured to "
	    "be %s.\n",
	    s->n_types, s->scan_only ? "SCANNED" : "SKIPPED");
}

static bool
ask_new(struct editing *ed)
{
	char line[DIALOGUE_LINE];

	tool_space(ed->t);
	if (!dialogue_text(&ed->t->dialogue,
		"Enter the MIME type, such as image/png or image/*, or the "
		"group of file types, such as Image:",
		"", line, sizeof(line)))
		return false;
	if (*line != '\0')
		add(ed, line);
	return true;
}

static bool
ask_delete(struct editing *ed)
{
	const struct scan_settings *s = &ed->w->config->work.scan;
	size_t k;

	tool_space(ed->t);
	for (k = 0; k < s->n_types; k++)
		fprintf(ed->t->dialogue.out, "%zu. %.*s\n", k + 1,
		    STR_ARG(s->types[k]));
	if (!ask_which(ed, "Enter the number of the entry to remove.", "entry",
		s->types, s->n_types, &k))
		return false;
	if (k < s->n_types)
		remove_at(ed, k);
	return true;
}

static bool
ask_setup(struct editing *ed)
{
	struct settings s = settings(ed);

	return settings_ask_setup(ed, &s, keys);
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
		clear(ed);
	return true;
}

static int
take_new(struct editing *ed, struct args *a)
{
	const char *types = args_next(a);

	if (types == NULL)
		return tool_usage(ed->t, "which types?");
	return args_finish(a) == TOOL_DONE ? add(ed, types) : TOOL_USAGE;
}

static int
take_delete(struct editing *ed, struct args *a)
{
	const struct scan_settings *s = &ed->w->config->work.scan;
	const char *type = args_next(a);
	size_t k;

	if (type == NULL)
		return tool_usage(ed->t, "which type?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	k = ask_find(s->types, s->n_types, str_of(type));
	if (k == s->n_types)
		return editing_deny(ed, "There is no entry \"%s\".", type);
	return remove_at(ed, k);
}

static int
take_setup(struct editing *ed, struct args *a)
{
	struct settings s = settings(ed);

	return settings_take_setup(ed, a, &s);
}

static int
take_print(struct editing *ed, struct args *a)
{
	const struct scan_settings *s = &ed->w->config->work.scan;
	struct settings all = settings(ed);
	json_t *json, *types;

	if (!ed->t->json)
		return files_take(ed, a, &files, FILES_PRINT, 0);
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	json = settings_json(ed, &all);
	types = json_array();
	for (size_t k = 0; k < s->n_types; k++)
		json_array_append_new(
		    types, json_stringn(s->types[k].p, s->types[k].n));
	json_object_set_new(json, "types", types);
	tool_print_json(ed->t, json);
	json_decref(json);
	return TOOL_DONE;
}

static int
take_clear(struct editing *ed, struct args *a)
{
	return args_finish(a) == TOOL_DONE ? clear(ed) : TOOL_USAGE;
}

static struct settings
settings(const struct editing *ed)
{
	return (struct settings){ ask_key_named(&schema_top, SECTION)->section,
		ed->w->config, SECTION, false, NULL };
}

/* The list as it is, so that it can be changed: nobody may have written it. */
static void
write_down(struct editing *ed)
{
	const struct scan_settings *s = &ed->w->config->work.scan;

	editing_delete(ed, TYPES);
	for (size_t k = 0; k < s->n_types; k++)
		editing_insert_text(ed, EDIT_END, s->types[k], TYPES);
}

static int
add(struct editing *ed, const char *types)
{
	write_down(ed);
	wordlist_add(ed, TYPES, types);
	return editing_done(ed);
}

static int
remove_at(struct editing *ed, size_t k)
{
	if (ed->w->config->work.scan.n_types == 1)
		return clear(ed);
	write_down(ed);
	editing_delete(ed, TYPES "[%zu]", k);
	return editing_done(ed);
}

static int
clear(struct editing *ed)
{
	editing_text(ed, STR("none"), TYPES);
	return editing_done(ed);
}

static void
print(struct editing *ed, const void *what, size_t i, bool exported,
    struct buf *out)
{
	const struct scan_settings *s = &ed->w->config->work.scan;

	(void)what;
	(void)i;
	if (exported)
		buf_puts(out, "# types of attachments: scanconfig\n");
	for (size_t k = 0; k < s->n_types; k++)
		buf_printf(out, "%.*s\n", STR_ARG(s->types[k]));
}

/* One a line. */
static int
import(struct editing *ed, const void *what, size_t i, const char *name,
    struct str text)
{
	(void)what;
	(void)i;
	(void)name;
	editing_delete(ed, TYPES);
	while (text.n > 0) {
		struct str line = str_trim(str_cut(&text, '\n'));

		if (line.n > 0 && line.p[0] != '#')
			editing_insert_text(ed, EDIT_END, line, TYPES);
	}
	if (edit_count(ed->w->yaml, TYPES) == 0)
		editing_text(ed, STR("none"), TYPES);
	return editing_done(ed);
}
