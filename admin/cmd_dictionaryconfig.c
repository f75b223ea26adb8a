/* cmd_dictionaryconfig.c - `dictionaryconfig` (spec workqueue 3.1) */
#include <stdlib.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/commands.h"
#include "admin/dictionary.h"
#include "admin/files.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "config/uses.h"

#define LIST     "dictionaries"
#define TEXT_MAX ((size_t)16 << 20)
#define FILE_LEN (NAME_MAX_LEN + 32)
#define NOTHING  SIZE_MAX

static void show(struct editing *);
static bool ask_new(struct editing *);
static bool ask_edit(struct editing *);
static bool ask_delete(struct editing *);
static bool ask_rename(struct editing *);
static int take_list(struct editing *, struct args *);
static int take_new(struct editing *, struct args *);
static int take_edit(struct editing *, struct args *);
static int take_delete(struct editing *, struct args *);
static int take_rename(struct editing *, struct args *);
static bool ask_dictionary(struct editing *, const char *question, size_t *k);
static int create(struct editing *, const char *name, bool ignore_case,
    bool whole_words, struct str terms);
static int remove_one(struct editing *, size_t k);
static int rename_one(struct editing *, size_t k, const char *name);
static int refuse_used(struct editing *, size_t k);
static bool taken(const struct editing *, struct str name);
static size_t find(const struct editing *, const char *name);

static const struct editing_op ops[] = {
	{ { "NEW", "Create a new content dictionary." }, ask_new, take_new },
	{ { "EDIT", "Modify a content dictionary." }, ask_edit, take_edit },
	{ { "DELETE", "Remove a content dictionary." }, ask_delete,
	    take_delete },
	{ { "RENAME", "Change the name of a content dictionary." }, ask_rename,
	    take_rename },
	{ { "LIST", "List them." }, NULL, take_list },
};
static const struct editing_menu menu = { show, ops, NELEM(ops) };

const struct tool_command cmd_dictionaryconfig = {
	.name = "dictionaryconfig",
	.usage = "[list | new NAME [ignore_case=no] [whole_words=no] "
		 "[terms=TERM[;TERM...]] | edit NAME new|delete TERM | "
		 "edit NAME import FILE [encoding=CHARSET] | edit NAME export "
		 "FILE | edit NAME print|clear | edit NAME "
		 "ignorecase|wholewords yes|no | rename NAME NEW | delete "
		 "NAME]",
	.summary = "Lists of terms that filters look for",
	.help = "Changes content dictionaries in the working copy of the "
		"configuration: files below tables/, and their names in "
		"postern.yaml. TERM is a line of such a file: an expression, "
		"with a comma and a weight from 1 to 10 behind it if it is "
		"not 1, or *credit, *ssn, *aba, *cusip. Files to import and "
		"export stand beside postern.yaml. Nothing is in force before "
		"a commit.",
	.edits = &editing_menus,
	.form = &menu,
};

static void
show(struct editing *ed)
{
	const struct work_config *w = &ed->w->config->work;
	FILE *out = ed->t->dialogue.out;

	if (w->n_dictionaries == 0) {
		fputs("No content dictionaries have been defined.\n", out);
		return;
	}
	fputs("Currently configured content dictionaries:\n", out);
	for (size_t k = 0; k < w->n_dictionaries; k++)
		fprintf(out, "%zu. %.*s (%zu terms)\n", k + 1,
		    STR_ARG(w->dictionaries[k].name),
		    w->dictionaries[k].n_terms);
}

static bool
ask_new(struct editing *ed)
{
	char name[DIALOGUE_LINE], file[DIALOGUE_LINE] = "", charset[100];
	bool import, ignore_case, whole_words, ok;
	struct buf lines;
	size_t k;

	tool_space(ed->t);
	if (!ask_new_name(ed, "Enter a name for this content dictionary:",
		ask_key_named(
		    ask_key_named(&schema_top, LIST)->section, "name"),
		name, sizeof(name), taken) ||
	    !dictionary_ask_flag(ed,
		"Do you wish to specify a file for import?", false, &import) ||
	    !dictionary_ask_flag(ed,
		"Do you want to ignore case when matching using this "
		"dictionary?",
		true, &ignore_case) ||
	    !dictionary_ask_flag(ed,
		"Do you want strings in this dictionary to only match "
		"complete words?",
		true, &whole_words))
		return false;
	buf_init(&lines, TEXT_MAX);
	if (import) {
		tool_space(ed->t);
		ok = files_ask_read(ed,
			 "Enter the name of the file to import:", file,
			 sizeof(file), &lines) &&
		     (*file == '\0' ||
			 dictionary_ask_charset(ed, charset, sizeof(charset)));
	} else {
		ok = dictionary_ask_terms(ed, &lines);
	}
	if (ok && create(ed, name, ignore_case, whole_words,
		      import ? STR("") : buf_str(&lines)) == TOOL_DONE) {
		k = find(ed, name);
		if (*file != '\0')
			dictionary_replace(ed, k, buf_str(&lines), charset);
		fprintf(ed->t->dialogue.out,
		    "\nContent dictionary \"%s\" added.\n", name);
	}
	buf_fini(&lines);
	return ok;
}

static bool
ask_edit(struct editing *ed)
{
	size_t k;

	if (!ask_dictionary(
		ed, "Enter the number of the dictionary you want to edit:", &k))
		return false;
	return k == NOTHING || dictionary_edit(ed, k);
}

static bool
ask_delete(struct editing *ed)
{
	char question[300];
	size_t k;
	bool yes;

	if (!ask_dictionary(ed,
		"Enter the number of the dictionary you want to delete:", &k))
		return false;
	if (k == NOTHING)
		return true;
	snprintf(question, sizeof(question),
	    "Are you sure you want to delete \"%.*s\"?",
	    STR_ARG(ed->w->config->work.dictionaries[k].name));
	if (!dictionary_ask_flag(ed, question, false, &yes))
		return false;
	if (yes)
		remove_one(ed, k);
	return true;
}

static bool
ask_rename(struct editing *ed)
{
	char name[DIALOGUE_LINE];
	size_t k;

	if (!ask_dictionary(ed,
		"Enter the number of the dictionary you want to rename:", &k))
		return false;
	if (k == NOTHING)
		return true;
	tool_space(ed->t);
	if (!ask_new_name(ed, "Enter the new name:",
		ask_key_named(
		    ask_key_named(&schema_top, LIST)->section, "name"),
		name, sizeof(name), taken))
		return false;
	rename_one(ed, k, name);
	return true;
}

static int
take_list(struct editing *ed, struct args *a)
{
	const struct work_config *w = &ed->w->config->work;
	json_t *all;

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (!ed->t->json) {
		show(ed);
		return TOOL_DONE;
	}
	all = json_array();
	for (size_t k = 0; k < w->n_dictionaries; k++) {
		const struct dictionary *d = &w->dictionaries[k];

		json_array_append_new(all,
		    json_pack("{s:s%, s:b, s:b, s:I}", "name", d->name.p,
			d->name.n, "ignore_case", d->ignore_case, "whole_words",
			d->whole_words, "terms", (json_int_t)d->n_terms));
	}
	tool_print_json(ed->t, all);
	json_decref(all);
	return TOOL_DONE;
}

/* NAME [ignore_case=] [whole_words=] [terms=]: terms have commas, so a
 * semicolon stands between them. */
static int
take_new(struct editing *ed, struct args *a)
{
	const char *name = args_next(a), *terms = args_option(a, "terms");
	const char *ignore = args_option(a, "ignore_case");
	const char *whole = args_option(a, "whole_words");
	struct str rest = str_of(terms != NULL ? terms : "");
	struct buf lines;
	int status;

	if (name == NULL)
		return tool_usage(ed->t, "which name?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	buf_init(&lines, TEXT_MAX);
	while (rest.n > 0) {
		struct str term = str_cut(&rest, ';');

		buf_printf(&lines, "%.*s\n", STR_ARG(term));
	}
	status = create(ed, name, ignore == NULL || strcmp(ignore, "no") != 0,
	    whole == NULL || strcmp(whole, "no") != 0, buf_str(&lines));
	buf_fini(&lines);
	return status;
}

static int
take_edit(struct editing *ed, struct args *a)
{
	const char *name = args_next(a), *word = args_next(a);
	size_t k;

	if (name == NULL || word == NULL)
		return tool_usage(ed->t, "which one, and what?");
	k = find(ed, name);
	if (k == NOTHING)
		return editing_deny(
		    ed, "There is no content dictionary \"%s\".", name);
	return dictionary_take(ed, a, k, word);
}

static int
take_delete(struct editing *ed, struct args *a)
{
	const char *name = args_next(a);
	size_t k;

	if (name == NULL)
		return tool_usage(ed->t, "which one?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	k = find(ed, name);
	if (k == NOTHING)
		return editing_deny(
		    ed, "There is no content dictionary \"%s\".", name);
	return remove_one(ed, k);
}

static int
take_rename(struct editing *ed, struct args *a)
{
	const char *name = args_next(a), *fresh = args_next(a);
	size_t k;

	if (fresh == NULL)
		return tool_usage(ed->t, "which one, and how?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	k = find(ed, name);
	if (k == NOTHING)
		return editing_deny(
		    ed, "There is no content dictionary \"%s\".", name);
	return rename_one(ed, k, fresh);
}

static bool
ask_dictionary(struct editing *ed, const char *question, size_t *k)
{
	size_t n;
	struct str *names = ask_names(ed->w->config, LIST, &n);
	bool answered =
	    ask_which(ed, question, "content dictionary", names, n, k);

	free(names);
	if (answered && *k == n)
		*k = NOTHING;
	return answered;
}

static int
create(struct editing *ed, const char *name, bool ignore_case, bool whole_words,
    struct str terms)
{
	char file[FILE_LEN];
	struct buf yaml;

	if (find(ed, name) != NOTHING)
		return editing_deny(
		    ed, "The name \"%s\" is already in use.", name);
	if (!dictionary_check(ed, terms))
		return TOOL_USAGE;
	buf_init(&yaml, 4096);
	yaml_pair(&yaml, "", "name", str_of(name));
	if (!ignore_case)
		yaml_pair(&yaml, "", "ignore_case", STR("no"));
	if (!whole_words)
		yaml_pair(&yaml, "", "whole_words", STR("no"));
	editing_insert(ed, EDIT_END, buf_str(&yaml), LIST);
	buf_fini(&yaml);
	snprintf(file, sizeof(file), "tables/%.59s.txt", name);
	workcopy_put(ed->w, file, terms);
	return editing_done(ed);
}

static int
remove_one(struct editing *ed, size_t k)
{
	char file[FILE_LEN];

	if (refuse_used(ed, k) != TOOL_DONE)
		return TOOL_NEGATIVE;
	dictionary_file(ed, k, file, sizeof(file));
	editing_delete(ed, LIST "[%zu]", dictionary_place(ed, k));
	workcopy_remove(ed->w, file);
	return editing_done(ed);
}

/* The file keeps its name. */
static int
rename_one(struct editing *ed, size_t k, const char *name)
{
	const struct dictionary *d = &ed->w->config->work.dictionaries[k];
	size_t at = dictionary_place(ed, k);

	if (find(ed, name) != NOTHING)
		return editing_deny(
		    ed, "The name \"%s\" is already in use.", name);
	if (refuse_used(ed, k) != TOOL_DONE)
		return TOOL_NEGATIVE;
	editing_text(ed, d->file, LIST "[%zu].file", at);
	editing_text(ed, str_of(name), LIST "[%zu].name", at);
	return editing_done(ed);
}

static int
refuse_used(struct editing *ed, size_t k)
{
	struct str name = ed->w->config->work.dictionaries[k].name;
	struct buf users;
	int status = TOOL_DONE;

	buf_init(&users, 1 << 20);
	uses_find(ed->w->config, LIST, name, &users);
	if (users.len > 0)
		status = editing_deny(ed,
		    "The content dictionary \"%.*s\" is used by %.300s.",
		    STR_ARG(name), users.data);
	buf_fini(&users);
	return status;
}

static bool
taken(const struct editing *ed, struct str name)
{
	return config_dictionary(ed->w->config, name) != NULL;
}

/* NOTHING: there is none. */
static size_t
find(const struct editing *ed, const char *name)
{
	const struct dictionary *d =
	    config_dictionary(ed->w->config, str_of(name));

	return d != NULL ? (size_t)(d - ed->w->config->work.dictionaries)
			 : NOTHING;
}
