/* cmd_textconfig.c - `textconfig`: text resources (spec workqueue 3.3) */
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/files.h"
#include "admin/wordlist.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "config/uses.h"

#define LIST     "text_resources"
#define TEXT_MAX ((size_t)1 << 20)
#define FILE_LEN (NAME_MAX_LEN + 16)

static void show(struct editing *);
static bool ask_new(struct editing *);
static bool ask_import(struct editing *);
static bool ask_edit(struct editing *);
static bool ask_delete(struct editing *);
static bool ask_export(struct editing *);
static bool ask_list(struct editing *);
static int take_new(struct editing *, struct args *);
static int take_import(struct editing *, struct args *);
static int take_edit(struct editing *, struct args *);
static int take_delete(struct editing *, struct args *);
static int take_export(struct editing *, struct args *);
static int take_list(struct editing *, struct args *);
static int take_print(struct editing *, struct args *);
static bool ask_kind_and_name(
    struct editing *, size_t *kind, char *name, size_t size);
static bool ask_html(struct editing *, bool *html);
static bool ask_which_text(
    struct editing *, const char *question, const struct text_resource **);
static bool ask_content(struct editing *, const char *title, struct buf *);
static bool ask_form(
    struct editing *, const struct text_resource *, bool *html);
static int take_named(
    struct editing *, struct args *, const struct text_resource **, bool *html);
static int take_kind(struct args *, size_t *kind);
static int create(struct editing *, const char *name, size_t kind, bool html,
    struct str text);
static int replace(
    struct editing *, const struct text_resource *, bool html, struct str text);
static int remove_one(struct editing *, const struct text_resource *);
static bool taken(const struct editing *, struct str name);
static void print(
    struct editing *, const void *what, size_t i, bool exported, struct buf *);
static const struct schema_key *key_of(const char *name);

/* As people know them, by enum text_kind. */
static const char *const kinds[] = {
	[TEXT_DISCLAIMER] = "Message Disclaimer",
	[TEXT_NOTIFICATION] = "Notification Template",
	[TEXT_AV_NOTIFICATION] = "Anti-Virus Notification Template",
	[TEXT_AV_CONTAINER] = "Anti-Virus Container Template",
	[TEXT_BOUNCE] = "Bounce Notification Template",
};
static const struct editing_op ops[] = {
	{ { "NEW", "Create a new text resource." }, ask_new, take_new },
	{ { "IMPORT", "Import a text resource from a file." }, ask_import,
	    take_import },
	{ { "EDIT", "Modify a text resource." }, ask_edit, take_edit },
	{ { "DELETE", "Remove a text resource." }, ask_delete, take_delete },
	{ { "EXPORT", "Export a text resource to a file." }, ask_export,
	    take_export },
	{ { "LIST", "List configured resources." }, ask_list, take_list },
	{ { "PRINT", "Show a text resource." }, NULL, take_print },
};
static const struct editing_menu menu = { show, ops, NELEM(ops) };

const struct tool_command cmd_textconfig = {
	.name = "textconfig",
	.usage = "[list | print NAME [html=yes] | new NAME [type=TYPE] "
		 "[html=yes] text=TEXT | import NAME FILE [type=TYPE] "
		 "[html=yes] | edit NAME [html=yes] text=TEXT | delete NAME | "
		 "export NAME FILE [html=yes]]",
	.summary = "Texts of disclaimers and notices",
	.help = "Changes text resources in the working copy of the "
		"configuration: files below texts/, and their names in "
		"postern.yaml. TYPE is disclaimer, notification, "
		"virus-notification, virus-container or bounce; a disclaimer "
		"may have HTML beside its text. Files to import and export "
		"stand beside postern.yaml. Nothing is in force before a "
		"commit.",
	.edits = &editing_menus,
	.form = &menu,
};

static void
show(struct editing *ed)
{
	const struct work_config *w = &ed->w->config->work;
	FILE *out = ed->t->dialogue.out;

	if (w->n_texts == 0) {
		fputs("There are no text resources configured.\n", out);
		return;
	}
	fputs("Current Text Resources:\n", out);
	for (size_t i = 0; i < w->n_texts; i++)
		fprintf(out, "%zu. %.*s (%s)\n", i + 1,
		    STR_ARG(w->texts[i].name), kinds[w->texts[i].kind]);
}

static bool
ask_new(struct editing *ed)
{
	char name[DIALOGUE_LINE];
	bool html = false, ok;
	struct buf text;
	size_t kind;

	if (!ask_kind_and_name(ed, &kind, name, sizeof(name)))
		return false;
	if (kind == TEXT_DISCLAIMER && !ask_html(ed, &html))
		return false;
	buf_init(&text, TEXT_MAX);
	ok = ask_content(
	    ed, html ? "Enter or paste the HTML." : "Enter the text.", &text);
	if (ok && create(ed, name, kind, html, buf_str(&text)) == TOOL_DONE)
		fprintf(ed->t->dialogue.out,
		    "\nText resource \"%s\" created.\n", name);
	buf_fini(&text);
	return ok;
}

static bool
ask_import(struct editing *ed)
{
	char name[DIALOGUE_LINE], file[DIALOGUE_LINE];
	bool html = false, ok;
	struct buf text;
	size_t kind;

	if (!ask_kind_and_name(ed, &kind, name, sizeof(name)))
		return false;
	if (kind == TEXT_DISCLAIMER && !ask_html(ed, &html))
		return false;
	buf_init(&text, TEXT_MAX);
	tool_space(ed->t);
	ok = files_ask_read(ed, "Enter the name of the file to import:", file,
	    sizeof(file), &text);
	if (ok && *file != '\0')
		create(ed, name, kind, html, buf_str(&text));
	buf_fini(&text);
	return ok;
}

static bool
ask_edit(struct editing *ed)
{
	const struct text_resource *t;
	struct buf text;
	bool html, ok;

	if (!ask_which_text(
		ed, "Enter the name or number of the resource to edit:", &t))
		return false;
	if (t == NULL)
		return true;
	if (!ask_form(ed, t, &html))
		return false;
	buf_init(&text, TEXT_MAX);
	buf_puts(&text, "The text is:\n");
	buf_add_str(&text, html ? t->html : t->text);
	tool_space(ed->t);
	tool_print(ed->t, &text);
	buf_reset(&text);
	ok = ask_content(ed, "Enter the new text.", &text);
	if (ok)
		replace(ed, t, html, buf_str(&text));
	buf_fini(&text);
	return ok;
}

static bool
ask_delete(struct editing *ed)
{
	const struct text_resource *t;
	char question[200];
	bool yes;

	if (!ask_which_text(
		ed, "Enter the name or number of the resource to delete:", &t))
		return false;
	if (t == NULL)
		return true;
	snprintf(question, sizeof(question),
	    "Are you sure you want to delete \"%.*s\"?", STR_ARG(t->name));
	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue, question, false, &yes))
		return false;
	if (yes)
		remove_one(ed, t);
	return true;
}

static bool
ask_export(struct editing *ed)
{
	const struct files_table files = { print, NULL, NULL };
	const struct text_resource *t;
	bool html;

	if (!ask_which_text(
		ed, "Enter the name or number of the resource to export:", &t))
		return false;
	if (t == NULL)
		return true;
	if (!ask_form(ed, t, &html))
		return false;
	return files_ask(ed, &files, FILES_EXPORT,
	    2 * (size_t)(t - ed->w->config->work.texts) + html);
}

static bool
ask_list(struct editing *ed)
{
	tool_space(ed->t);
	show(ed);
	return true;
}

/* NAME [type=] [html=] text= */
static int
take_new(struct editing *ed, struct args *a)
{
	const char *name = args_next(a), *text = args_option(a, "text");
	const char *html = args_option(a, "html");
	size_t kind;
	int status = take_kind(a, &kind);

	if (status != TOOL_DONE)
		return status;
	if (name == NULL || text == NULL)
		return tool_usage(ed->t, "a name, and text=");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return create(ed, name, kind, html != NULL && strcmp(html, "yes") == 0,
	    str_of(text));
}

/* NAME FILE [type=] [html=] */
static int
take_import(struct editing *ed, struct args *a)
{
	const char *name = args_next(a), *file = args_next(a);
	const char *html = args_option(a, "html");
	struct err err = ERR_INIT;
	struct buf text;
	size_t kind;
	int status = take_kind(a, &kind);

	if (status != TOOL_DONE)
		return status;
	if (name == NULL || file == NULL)
		return tool_usage(ed->t, "a name, and a file");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	buf_init(&text, TEXT_MAX);
	if (files_read(ed, file, &text, &err) == -1)
		status = tool_fail(ed->t, &err);
	else
		status = create(ed, name, kind,
		    html != NULL && strcmp(html, "yes") == 0, buf_str(&text));
	buf_fini(&text);
	return status;
}

static int
take_edit(struct editing *ed, struct args *a)
{
	const char *text = args_option(a, "text");
	const struct text_resource *t;
	bool html;
	int status = take_named(ed, a, &t, &html);

	if (status != TOOL_DONE)
		return status;
	if (text == NULL)
		return tool_usage(ed->t, "text=");
	return args_finish(a) == TOOL_DONE ? replace(ed, t, html, str_of(text))
					   : TOOL_USAGE;
}

static int
take_delete(struct editing *ed, struct args *a)
{
	const struct text_resource *t;
	bool html;
	int status = take_named(ed, a, &t, &html);

	if (status != TOOL_DONE)
		return status;
	return args_finish(a) == TOOL_DONE ? remove_one(ed, t) : TOOL_USAGE;
}

static int
take_export(struct editing *ed, struct args *a)
{
	const struct files_table files = { print, NULL, NULL };
	const struct text_resource *t;
	bool html;
	int status = take_named(ed, a, &t, &html);

	if (status != TOOL_DONE)
		return status;
	return files_take(ed, a, &files, FILES_EXPORT,
	    2 * (size_t)(t - ed->w->config->work.texts) + html);
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
	for (size_t i = 0; i < w->n_texts; i++) {
		const struct text_resource *t = &w->texts[i];

		json_array_append_new(all,
		    json_pack("{s:s%, s:o, s:s%, s:s%}", "name", t->name.p,
			t->name.n, "type", ask_json(key_of("type"), t), "text",
			t->text.n > 0 ? t->text.p : "", t->text.n, "html",
			t->html.n > 0 ? t->html.p : "", t->html.n));
	}
	tool_print_json(ed->t, all);
	json_decref(all);
	return TOOL_DONE;
}

static int
take_print(struct editing *ed, struct args *a)
{
	const struct text_resource *t;
	struct buf text;
	bool html;
	int status = take_named(ed, a, &t, &html);

	if (status != TOOL_DONE)
		return status;
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	buf_init(&text, TEXT_MAX);
	buf_add_str(&text, html ? t->html : t->text);
	tool_print(ed->t, &text);
	buf_fini(&text);
	return TOOL_DONE;
}

static bool
ask_kind_and_name(struct editing *ed, size_t *kind, char *name, size_t size)
{
	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue,
		"What kind of text resource would you like to create?", kinds,
		NELEM(kinds), 0, kind))
		return false;
	tool_space(ed->t);
	return ask_new_name(ed,
	    "Please create a name for the resource:", key_of("name"), name,
	    size, taken);
}

static bool
ask_html(struct editing *ed, bool *html)
{
	static const char *const forms[] = { "Text",
		"HTML; the text is made from it" };
	size_t form;

	tool_space(ed->t);
	if (!dialogue_choice(
		&ed->t->dialogue, "What shall be entered?", forms, 2, 0, &form))
		return false;
	*html = form == 1;
	return true;
}

/* NULL: none. */
static bool
ask_which_text(
    struct editing *ed, const char *question, const struct text_resource **t)
{
	size_t n, k;
	struct str *names = ask_names(ed->w->config, LIST, &n);
	bool answered = ask_which(ed, question, "text resource", names, n, &k);

	free(names);
	*t = answered && k < n ? &ed->w->config->work.texts[k] : NULL;
	return answered;
}

static bool
ask_content(struct editing *ed, const char *title, struct buf *text)
{
	tool_space(ed->t);
	fprintf(ed->t->dialogue.out, "%s Enter '.' on its own line to end.\n",
	    title);
	return dialogue_lines(&ed->t->dialogue, text);
}

/* Which of the two, if there may be two. */
static bool
ask_form(struct editing *ed, const struct text_resource *t, bool *html)
{
	static const char *const forms[] = { "Text", "HTML" };
	size_t form = 0;

	*html = false;
	if (t->kind != TEXT_DISCLAIMER)
		return true;
	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue, "Which version?", forms, 2,
		t->text.n == 0 && t->html.n > 0, &form))
		return false;
	*html = form == 1;
	return true;
}

static int
take_named(struct editing *ed, struct args *a, const struct text_resource **t,
    bool *html)
{
	const char *name = args_next(a), *option = args_option(a, "html");

	if (name == NULL)
		return tool_usage(ed->t, "which one?");
	*html = option != NULL && strcmp(option, "yes") == 0;
	*t = config_text(ed->w->config, str_of(name));
	if (*t == NULL)
		return editing_deny(
		    ed, "There is no text resource \"%s\".", name);
	return TOOL_DONE;
}

static int
take_kind(struct args *a, size_t *kind)
{
	const struct schema_key *key = key_of("type");
	const char *word = args_option(a, "type");
	struct err err = ERR_INIT;

	*kind = TEXT_DISCLAIMER;
	if (word == NULL)
		return TOOL_DONE;
	for (const struct choice *c = key->choices; c->word != NULL; c++) {
		if (strcmp(c->word, word) == 0) {
			*kind = (size_t)c->value;
			return TOOL_DONE;
		}
	}
	err_set(&err, ERR_USAGE,
	    "type must be disclaimer, notification, virus-notification, "
	    "virus-container or bounce");
	return tool_fail(a->t, &err);
}

static int
create(struct editing *ed, const char *name, size_t kind, bool html,
    struct str text)
{
	struct err err = ERR_INIT;
	char file[FILE_LEN];
	struct buf yaml, normal;
	bool good;

	buf_init(&normal, 1000);
	good = ask_check(key_of("name"), str_of(name), &normal, &err);
	buf_fini(&normal);
	if (!good)
		return tool_fail(ed->t, &err);
	if (taken(ed, str_of(name)))
		return editing_deny(
		    ed, "The name \"%s\" is already in use.", name);
	snprintf(file, sizeof(file), "%s.%s", name, html ? "html" : "txt");
	buf_init(&yaml, 4096);
	yaml_pair(&yaml, "", "name", str_of(name));
	yaml_pair(
	    &yaml, "", "type", str_of(key_of("type")->choices[kind].word));
	yaml_pair(&yaml, "", html ? "html" : "file", str_of(file));
	editing_insert(ed, EDIT_END, buf_str(&yaml), LIST);
	buf_fini(&yaml);
	snprintf(
	    file, sizeof(file), "texts/%s.%s", name, html ? "html" : "txt");
	workcopy_put(ed->w, file, text);
	return editing_done(ed);
}

/* The one that was not there yet gets a file; beside HTML the text must say
 * where it is. */
static int
replace(struct editing *ed, const struct text_resource *t, bool html,
    struct str text)
{
	struct str file = html ? t->html_file : t->file;
	char path[FILE_LEN], made[FILE_LEN];
	size_t at = 0;

	if (html && t->kind != TEXT_DISCLAIMER)
		return editing_refuse(ed, "Only disclaimers have HTML.");
	if (file.n == 0) {
		snprintf(made, sizeof(made), "%.*s.%s", STR_ARG(t->name),
		    html ? "html" : "txt");
		file = str_of(made);
		edit_find(ed->w->yaml, LIST, "name", t->name, &at);
		editing_text(
		    ed, file, LIST "[%zu].%s", at, html ? "html" : "file");
		if (html && t->file.n > 0)
			editing_text(ed, t->file, LIST "[%zu].file", at);
	}
	snprintf(path, sizeof(path), "texts/%.*s", STR_ARG(file));
	workcopy_put(ed->w, path, text);
	return editing_done(ed);
}

static int
remove_one(struct editing *ed, const struct text_resource *t)
{
	const struct str files[] = { t->file, t->html_file };
	struct buf users;
	char path[FILE_LEN];
	int status;
	size_t at;

	buf_init(&users, 1 << 20);
	uses_find(ed->w->config, LIST, t->name, &users);
	if (users.len > 0) {
		status = editing_deny(ed,
		    "The text resource \"%.*s\" is used by %.300s.",
		    STR_ARG(t->name), users.data);
		buf_fini(&users);
		return status;
	}
	buf_fini(&users);
	if (edit_find(ed->w->yaml, LIST, "name", t->name, &at))
		editing_delete(ed, LIST "[%zu]", at);
	for (size_t i = 0; i < NELEM(files); i++) {
		snprintf(path, sizeof(path), "texts/%.*s", STR_ARG(files[i]));
		if (files[i].n > 0)
			workcopy_remove(ed->w, path);
	}
	return editing_done(ed);
}

static bool
taken(const struct editing *ed, struct str name)
{
	return config_text(ed->w->config, name) != NULL;
}

/* i: twice the number of the resource, and one more for its HTML. */
static void
print(struct editing *ed, const void *what, size_t i, bool exported,
    struct buf *out)
{
	const struct text_resource *t = &ed->w->config->work.texts[i / 2];

	(void)what;
	(void)exported;
	buf_add_str(out, i % 2 == 1 ? t->html : t->text);
}

static const struct schema_key *
key_of(const char *name)
{
	return ask_key_named(ask_key_named(&schema_top, LIST)->section, name);
}
