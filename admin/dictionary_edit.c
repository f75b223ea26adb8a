/* dictionary_edit.c - what can be done inside of a dictionary */
#include <stdlib.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/dictionary.h"
#include "admin/files.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "config/dictionary.h"
#include "mail/charset.h"

#define LIST     "dictionaries"
#define TEXT_MAX ((size_t)16 << 20)
#define FILE_LEN (NAME_MAX_LEN + 32)

static void show_one(struct editing *, size_t k);
static bool ask_new(struct editing *, size_t k);
static bool ask_import(struct editing *, size_t k);
static bool ask_export(struct editing *, size_t k);
static bool ask_delete_term(struct editing *, size_t k);
static bool ask_print(struct editing *, size_t k);
static bool ask_ignorecase(struct editing *, size_t k);
static bool ask_wholewords(struct editing *, size_t k);
static bool ask_clear(struct editing *, size_t k);
static int take_term(
    struct editing *, struct args *, size_t k, const char *word);
static int take_flag(
    struct editing *, size_t k, const char *key, const char *value);
static int set_flag(struct editing *, size_t k, const char *key, bool on);
static int clear(struct editing *, size_t k);
static void print_terms(
    struct editing *, const void *what, size_t i, bool exported, struct buf *);
static int print_one(struct editing *, size_t k);

static const struct {
	struct dialogue_op op;
	bool (*run)(struct editing *, size_t k);
} inside[] = {
	{ { "NEW", "Create new entries in this dictionary." }, ask_new },
	{ { "IMPORT", "Replace all of the words in this dictionary." },
	    ask_import },
	{ { "EXPORT", "Export the words in this dictionary." }, ask_export },
	{ { "DELETE", "Remove an entry in this dictionary." },
	    ask_delete_term },
	{ { "PRINT", "List the entries in this dictionary." }, ask_print },
	{ { "IGNORECASE", "Set ignore-case option." }, ask_ignorecase },
	{ { "WHOLEWORDS", "Set whole word matching option." }, ask_wholewords },
	{ { "CLEAR", "Remove all words in this dictionary." }, ask_clear },
};

bool
dictionary_edit(struct editing *ed, size_t k)
{
	struct dialogue_op here[NELEM(inside)];
	size_t op;

	for (size_t i = 0; i < NELEM(inside); i++)
		here[i] = inside[i].op;
	do {
		tool_space(ed->t);
		show_one(ed, k);
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, here, NELEM(inside), &op))
			return false;
		if (op == NELEM(inside))
			return true;
	} while (inside[op].run(ed, k));
	return false;
}

int
dictionary_take(struct editing *ed, struct args *a, size_t k, const char *word)
{
	const struct files_table files = { print_terms, NULL, NULL };
	const char *value, *charset;
	struct err err = ERR_INIT;
	struct buf text;
	int status;

	if (strcmp(word, "export") == 0)
		return files_take(ed, a, &files, FILES_EXPORT, k);
	if (strcmp(word, "print") == 0)
		return args_finish(a) == TOOL_DONE ? print_one(ed, k)
						   : TOOL_USAGE;
	if (strcmp(word, "clear") == 0)
		return args_finish(a) == TOOL_DONE ? clear(ed, k) : TOOL_USAGE;
	if (strcmp(word, "new") == 0 || strcmp(word, "delete") == 0)
		return take_term(ed, a, k, word);
	value = args_next(a);
	charset = args_option(a, "encoding");
	if (value == NULL || args_finish(a) != TOOL_DONE)
		return tool_unknown(ed->t, word);
	if (strcmp(word, "ignorecase") == 0)
		return take_flag(ed, k, "ignore_case", value);
	if (strcmp(word, "wholewords") == 0)
		return take_flag(ed, k, "whole_words", value);
	if (strcmp(word, "import") != 0)
		return tool_unknown(ed->t, word);
	buf_init(&text, TEXT_MAX);
	status = files_read(ed, value, &text, &err) == -1
		     ? tool_fail(ed->t, &err)
		     : dictionary_replace(ed, k, buf_str(&text),
			   charset != NULL ? charset : "utf-8");
	buf_fini(&text);
	return status;
}

bool
dictionary_ask_flag(
    struct editing *ed, const char *question, bool dflt, bool *flag)
{
	tool_space(ed->t);
	return dialogue_yes(&ed->t->dialogue, question, dflt, flag);
}

bool
dictionary_ask_charset(struct editing *ed, char *out, size_t size)
{
	tool_space(ed->t);
	for (;;) {
		if (!dialogue_text(&ed->t->dialogue,
			"Enter the encoding of the file:", "utf-8", out, size))
			return false;
		if (charset_known(str_of(out)))
			return true;
		fprintf(ed->t->dialogue.out,
		    "The encoding \"%s\" is not known.\n", out);
	}
}

/* One that is wrong is said at once, and left out. */
bool
dictionary_ask_terms(struct editing *ed, struct buf *lines)
{
	char line[DIALOGUE_LINE];

	tool_space(ed->t);
	fputs("Enter new words or regular expressions, one on each line; "
	      "leave a blank line to finish.\n",
	    ed->t->dialogue.out);
	for (;;) {
		if (!dialogue_line(&ed->t->dialogue, line, sizeof(line)))
			return false;
		if (*line == '\0')
			return true;
		if (dictionary_check(ed, str_of(line)))
			buf_printf(lines, "%s\n", line);
	}
}

size_t
dictionary_place(const struct editing *ed, size_t k)
{
	size_t at = k;

	edit_find(ed->w->yaml, LIST, "name",
	    ed->w->config->work.dictionaries[k].name, &at);
	return at;
}

static void
show_one(struct editing *ed, size_t k)
{
	const struct dictionary *d = &ed->w->config->work.dictionaries[k];

	fprintf(ed->t->dialogue.out,
	    "Dictionary \"%.*s\": %zu terms, %s case, matching %s.\n",
	    STR_ARG(d->name), d->n_terms,
	    d->ignore_case ? "ignoring" : "respecting",
	    d->whole_words ? "whole words only" : "anything");
}

static bool
ask_new(struct editing *ed, size_t k)
{
	struct buf lines;
	bool ok;

	buf_init(&lines, TEXT_MAX);
	ok = dictionary_ask_terms(ed, &lines);
	if (ok && lines.len > 0 &&
	    dictionary_add(ed, k, buf_str(&lines)) == TOOL_DONE)
		editing_save(ed);
	buf_fini(&lines);
	return ok;
}

static bool
ask_import(struct editing *ed, size_t k)
{
	char file[DIALOGUE_LINE], charset[100];
	struct buf text;
	bool ok;

	buf_init(&text, TEXT_MAX);
	tool_space(ed->t);
	ok = files_ask_read(ed, "Enter the name of the file to import:", file,
	    sizeof(file), &text);
	if (ok && *file != '\0') {
		ok = dictionary_ask_charset(ed, charset, sizeof(charset)) &&
		     ask_ignorecase(ed, k) && ask_wholewords(ed, k);
		if (ok)
			dictionary_replace(ed, k, buf_str(&text), charset);
	}
	buf_fini(&text);
	return ok;
}

static bool
ask_export(struct editing *ed, size_t k)
{
	const struct files_table files = { print_terms, NULL, NULL };

	return files_ask(ed, &files, FILES_EXPORT, k);
}

static bool
ask_delete_term(struct editing *ed, size_t k)
{
	const struct dictionary *d = &ed->w->config->work.dictionaries[k];
	struct str *names = mem_array(d->n_terms + 1, sizeof(*names));
	struct buf text;
	struct str rest;
	size_t i = 0;
	bool answered;

	buf_init(&text, TEXT_MAX);
	dictionary_text(ed, k, &text);
	rest = buf_str(&text);
	tool_space(ed->t);
	for (; i < d->n_terms; i++) {
		names[i] = str_cut(&rest, '\n');
		fprintf(ed->t->dialogue.out, "%zu. %.*s\n", i + 1,
		    STR_ARG(names[i]));
	}
	answered =
	    ask_which(ed, "Enter the number of the entry to remove:", "entry",
		names, d->n_terms, &i);
	if (answered && i < d->n_terms)
		dictionary_remove(ed, k, d->terms[i].line);
	buf_fini(&text);
	free(names);
	return answered;
}

static bool
ask_print(struct editing *ed, size_t k)
{
	const struct files_table files = { print_terms, NULL, NULL };

	return files_ask(ed, &files, FILES_PRINT, k);
}

static bool
ask_ignorecase(struct editing *ed, size_t k)
{
	bool on;

	if (!dictionary_ask_flag(ed,
		"Do you want to ignore case when matching using this "
		"dictionary?",
		ed->w->config->work.dictionaries[k].ignore_case, &on))
		return false;
	set_flag(ed, k, "ignore_case", on);
	return true;
}

static bool
ask_wholewords(struct editing *ed, size_t k)
{
	bool on;

	if (!dictionary_ask_flag(ed,
		"Do you want strings in this dictionary to only match "
		"complete words?",
		ed->w->config->work.dictionaries[k].whole_words, &on))
		return false;
	set_flag(ed, k, "whole_words", on);
	return true;
}

static bool
ask_clear(struct editing *ed, size_t k)
{
	bool yes;

	if (!dictionary_ask_flag(
		ed, "Are you sure you want to remove all words?", false, &yes))
		return false;
	if (yes)
		clear(ed, k);
	return true;
}

/* A term is taken whole, whatever is in it: "a=b" is no option. */
static int
take_term(struct editing *ed, struct args *a, size_t k, const char *word)
{
	const struct dictionary *d = &ed->w->config->work.dictionaries[k];
	struct dictionary_term t;
	struct err err = ERR_INIT;
	struct arena mem;
	const char *term = a->at < a->n ? a->v[a->at++] : NULL;
	int status = TOOL_USAGE;

	if (term == NULL)
		return tool_usage(ed->t, "which term?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (strcmp(word, "new") == 0) {
		status = dictionary_add(ed, k, str_of(term));
		return status == TOOL_DONE ? editing_done(ed) : status;
	}
	arena_init(&mem, TEXT_MAX);
	if (dictionary_line(str_of(term), &t, &mem, &err) == 1) {
		for (size_t i = 0; i < d->n_terms; i++) {
			if (d->terms[i].smart == t.smart &&
			    str_eq(d->terms[i].text, t.text)) {
				status =
				    dictionary_remove(ed, k, d->terms[i].line);
				arena_free(&mem);
				return status;
			}
		}
	}
	arena_free(&mem);
	return editing_deny(ed, "There is no entry \"%s\".", term);
}

static int
take_flag(struct editing *ed, size_t k, const char *key, const char *value)
{
	bool on = str_is_nocase(str_of(value), "yes");

	if (!on && !str_is_nocase(str_of(value), "no"))
		return editing_refuse(ed, "must be yes or no, not %s", value);
	return set_flag(ed, k, key, on);
}

static int
set_flag(struct editing *ed, size_t k, const char *key, bool on)
{
	const struct dictionary *d = &ed->w->config->work.dictionaries[k];
	bool now =
	    strcmp(key, "ignore_case") == 0 ? d->ignore_case : d->whole_words;

	if (on == now)
		return TOOL_DONE;
	if (on)
		editing_delete(
		    ed, LIST "[%zu].%s", dictionary_place(ed, k), key);
	else
		editing_text(ed, STR("no"), LIST "[%zu].%s",
		    dictionary_place(ed, k), key);
	return editing_done(ed);
}

static int
clear(struct editing *ed, size_t k)
{
	char file[FILE_LEN];

	dictionary_file(ed, k, file, sizeof(file));
	workcopy_put(ed->w, file, STR(""));
	return editing_done(ed);
}

static void
print_terms(struct editing *ed, const void *what, size_t i, bool exported,
    struct buf *out)
{
	(void)what;
	(void)exported;
	dictionary_text(ed, i, out);
}

static int
print_one(struct editing *ed, size_t k)
{
	const struct dictionary *d = &ed->w->config->work.dictionaries[k];
	const struct files_table files = { print_terms, NULL, NULL };
	struct buf text;
	struct str rest;
	json_t *terms;

	if (!ed->t->json)
		return files_ask(ed, &files, FILES_PRINT, k) ? TOOL_DONE
							     : TOOL_NEGATIVE;
	terms = json_array();
	for (size_t i = 0; i < d->n_terms; i++) {
		buf_init(&text, 65536);
		dictionary_print(
		    &(struct dictionary_term){ .text = d->terms[i].text,
			.smart = d->terms[i].smart,
			.weight = 1 },
		    &text);
		rest = buf_str(&text);
		json_array_append_new(
		    terms, json_pack("{s:s%, s:i}", "term", rest.p, rest.n,
			       "weight", (int)d->terms[i].weight));
		buf_fini(&text);
	}
	tool_print_json(ed->t, terms);
	json_decref(terms);
	return TOOL_DONE;
}
