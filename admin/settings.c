/* settings.c - dialogues for what is there once: the keys of a section */
#include "admin/settings.h"

#include <stdlib.h>
#include <string.h>

#include "admin/objects_show.h"
#include "admin/wordlist.h"
#include "base/mem.h"

#define VALUE_MAX ((size_t)1 << 20)

static bool ask(struct editing *, const void *form);
static bool set_up(struct editing *, const struct settings_form *);
static int take(struct editing *, struct args *, const void *form);
static bool ask_one(struct editing *, const struct settings *,
    const struct objects_question *, void *so_far);
static bool ask_words(struct editing *, const char *path, const char *question);
static void join_words(
    const struct editing *, const char *path, char out[DIALOGUE_LINE]);
static void take_list(struct editing *, struct args *, const char *path,
    const struct schema_key *);
static void print_keys(struct editing *, const struct settings *,
    const char *prefix, struct buf *);
static struct settings below_of(const struct settings *,
    const struct schema_key *, char path[SETTINGS_PATH]);
static json_t *words_json(const struct editing *, const char *path);
static struct settings settings_of(
    const struct editing *, const struct settings_form *);

const struct editing_form settings_edits = { ask, take };

bool
settings_ask(struct editing *ed, const struct settings *s,
    const struct objects_question *keys)
{
	void *copy = mem_dup(s->object, s->section->size);
	struct settings so_far = *s;
	bool ok = true;

	so_far.object = copy;
	for (; ok && keys->key != NULL; keys++) {
		if (keys->when == NULL ||
		    ask_is_so(s->section, copy, keys->when))
			ok = ask_one(ed, &so_far, keys, copy);
	}
	free(copy);
	return ok;
}

int
settings_take(struct editing *ed, struct args *a, const struct settings *s)
{
	for (size_t i = 0; i < s->section->n; i++) {
		const struct schema_key *key = &s->section->keys[i];
		char below[SETTINGS_PATH];

		if (!objects_is_list(key))
			continue;
		snprintf(below, sizeof(below), "%s.%s", s->path, key->name);
		take_list(ed, a, below, key);
	}
	return ask_options(ed, a, s->section, s->path);
}

bool
settings_ask_setup(struct editing *ed, const struct settings *s,
    const struct objects_question *keys)
{
	if (!settings_ask(ed, s, keys))
		return false;
	editing_save(ed);
	return true;
}

int
settings_take_setup(
    struct editing *ed, struct args *a, const struct settings *s)
{
	int status = settings_take(ed, a, s);

	return status == TOOL_DONE ? editing_done(ed) : status;
}

int
settings_print(struct editing *ed, const struct settings *s)
{
	struct buf text;

	if (ed->t->json) {
		json_t *json = settings_json(ed, s);

		tool_print_json(ed->t, json);
		json_decref(json);
		return TOOL_DONE;
	}
	buf_init(&text, VALUE_MAX);
	print_keys(ed, s, "", &text);
	tool_print(ed->t, &text);
	buf_fini(&text);
	return TOOL_DONE;
}

json_t *
settings_json(const struct editing *ed, const struct settings *s)
{
	json_t *json = json_object();

	for (size_t i = 0; i < s->section->n; i++) {
		const struct schema_key *key = &s->section->keys[i];
		char below[SETTINGS_PATH];
		struct settings inner = below_of(s, key, below);
		json_t *value;

		if (key->section != NULL)
			value = settings_json(ed, &inner);
		else if (objects_is_list(key))
			value = words_json(ed, below);
		else
			value = ask_json(key, s->object);
		json_object_set_new(json, key->name, value);
	}
	return json;
}

static bool
ask(struct editing *ed, const void *form)
{
	const struct settings_form *f = form;
	struct dialogue_op menu[1 + SETTINGS_MORE] = { { "SETUP", f->help } };
	size_t which[1 + SETTINGS_MORE], n = 1, op;

	for (size_t k = 0; k < SETTINGS_MORE; k++) {
		if (f->more[k].ask == NULL)
			continue;
		which[n] = k;
		menu[n++] = f->more[k].op;
	}
	do {
		tool_space(ed->t);
		f->show(ed);
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, menu, n, &op))
			return false;
		if (op == n)
			return true;
	} while (op == 0 ? set_up(ed, f) : f->more[which[op]].ask(ed));
	return false;
}

static bool
set_up(struct editing *ed, const struct settings_form *f)
{
	struct settings s = settings_of(ed, f);

	return settings_ask_setup(ed, &s, f->keys);
}

static int
take(struct editing *ed, struct args *a, const void *form)
{
	const struct settings_form *f = form;
	const char *word = args_next(a);
	struct settings s = settings_of(ed, f);

	if (word == NULL)
		return tool_usage(ed->t, NULL);
	if (strcmp(word, "print") == 0)
		return args_finish(a) == TOOL_DONE ? settings_print(ed, &s)
						   : TOOL_USAGE;
	if (strcmp(word, "setup") == 0)
		return settings_take_setup(ed, a, &s);
	for (size_t k = 0; k < SETTINGS_MORE && f->more[k].take != NULL; k++)
		if (str_is_nocase(str_of(word), f->more[k].op.word))
			return f->more[k].take(ed, a);
	return tool_unknown(ed->t, word);
}

static bool
ask_one(struct editing *ed, const struct settings *a,
    const struct objects_question *oq, void *so_far)
{
	struct schema_key key = *ask_key_named(a->section, oq->key);
	char below[SETTINGS_PATH];
	bool dflt, changed, ok, wanted = true;
	struct buf answer;
	struct question q = { .key = &key,
		.text = oq->text,
		.object = a->object,
		.seconds = !a->in_units };

	if (a->narrow != NULL && !a->narrow(&key, so_far))
		return true;
	snprintf(below, sizeof(below), "%s.%s", a->path, oq->key);
	if (objects_is_list(&key))
		return ask_words(
		    ed, below, oq->text != NULL ? oq->text : key.help);
	if (oq->maybe != NULL) {
		const struct str *now =
		    (const void *)((const char *)a->object + key.off);

		tool_space(ed->t);
		if (!dialogue_yes(
			&ed->t->dialogue, oq->maybe, now->n > 0, &wanted))
			return false;
		if (!wanted && now->n > 0)
			editing_delete(ed, "%s", below);
		if (!wanted)
			ask_note(&key, STR(""), so_far);
	}
	if (!wanted)
		return true;
	buf_init(&answer, DIALOGUE_LINE);
	ok = ask_value(ed, &q, &answer, &dflt, &changed);
	if (ok && changed)
		editing_text(ed, buf_str(&answer), "%s", below);
	if (ok)
		ask_note(&key, buf_str(&answer), so_far);
	buf_fini(&answer);
	return ok;
}

/* An answer takes the place of all words that are there. */
static bool
ask_words(struct editing *ed, const char *path, const char *question)
{
	char now[DIALOGUE_LINE], line[DIALOGUE_LINE];

	join_words(ed, path, now);
	tool_space(ed->t);
	if (!dialogue_text(&ed->t->dialogue, question, now, line, sizeof(line)))
		return false;
	if (strcmp(now, line) == 0)
		return true;
	editing_delete(ed, "%s", path);
	if (!str_is_nocase(str_of(line), "none"))
		wordlist_add(ed, path, line);
	return true;
}

static void
join_words(const struct editing *ed, const char *path, char out[DIALOGUE_LINE])
{
	size_t n = edit_count(ed->w->yaml, path), used = 0;
	struct str word;

	out[0] = '\0';
	if (edit_get(ed->w->yaml, path, &word)) {
		str_copy(out, DIALOGUE_LINE, word);
		return;
	}
	for (size_t k = 0; k < n && used < DIALOGUE_LINE; k++) {
		char item[SETTINGS_PATH + 32];

		snprintf(item, sizeof(item), "%s[%zu]", path, k);
		if (edit_get(ed->w->yaml, item, &word))
			used +=
			    (size_t)snprintf(out + used, DIALOGUE_LINE - used,
				"%s%.*s", k > 0 ? ", " : "", STR_ARG(word));
	}
}

static void
take_list(struct editing *ed, struct args *a, const char *path,
    const struct schema_key *key)
{
	char option[100];
	const char *value = args_option(a, key->name);

	if (value != NULL) {
		editing_delete(ed, "%s", path);
		if (!str_is_nocase(str_of(value), "default"))
			wordlist_add(ed, path, value);
	}
	snprintf(option, sizeof(option), "%s_add", key->name);
	value = args_option(a, option);
	if (value != NULL)
		wordlist_add(ed, path, value);
	snprintf(option, sizeof(option), "%s_remove", key->name);
	value = args_option(a, option);
	if (value != NULL)
		wordlist_remove(ed, path, value);
}

static void
print_keys(struct editing *ed, const struct settings *s, const char *prefix,
    struct buf *out)
{
	for (size_t i = 0; i < s->section->n; i++) {
		const struct schema_key *key = &s->section->keys[i];
		char below[SETTINGS_PATH], words[DIALOGUE_LINE];
		struct settings inner = below_of(s, key, below);

		if (key->section != NULL) {
			snprintf(
			    words, sizeof(words), "%s%s_", prefix, key->name);
			print_keys(ed, &inner, words, out);
			continue;
		}
		buf_printf(out, "%s%s=", prefix, key->name);
		if (objects_is_list(key)) {
			join_words(ed, below, words);
			buf_puts(out, words);
		} else {
			ask_present(key, s->object, out);
		}
		buf_putc(out, '\n');
	}
}

/* Where a key stands, and the section that it may be. */
static struct settings
below_of(const struct settings *s, const struct schema_key *key,
    char path[SETTINGS_PATH])
{
	snprintf(path, SETTINGS_PATH, "%s.%s", s->path, key->name);
	return (struct settings){ key->section,
		(const char *)s->object + key->off, path, s->in_units,
		s->narrow };
}

static json_t *
words_json(const struct editing *ed, const char *path)
{
	char words[DIALOGUE_LINE];
	struct str rest;
	json_t *json = json_array();

	join_words(ed, path, words);
	rest = str_of(words);
	while (rest.n > 0) {
		struct str one = args_cut(&rest);

		json_array_append_new(json, json_stringn(one.p, one.n));
	}
	return json;
}

static struct settings
settings_of(const struct editing *ed, const struct settings_form *f)
{
	return (
	    struct settings){ ask_key_named(&schema_top, f->section)->section,
		ed->w->config, f->section, f->in_units, f->narrow };
}
