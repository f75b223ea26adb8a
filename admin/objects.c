/* objects.c - dialogues for lists of things with names */
#include "admin/objects.h"

#include <stdlib.h>
#include <string.h>

#include "admin/objects_show.h"
#include "admin/wordlist.h"
#include "base/mem.h"
#include "config/uses.h"

enum { NEW, EDIT, DELETE, N_OPS };

static const char *const op_words[N_OPS] = { "NEW", "EDIT", "DELETE" };

/* One object while its keys are asked for. */
struct asking {
	const struct objects_form *form;
	const char *path; /* where its keys stand */
	bool is_new;
	bool follows; /* what it does not say is that of Default */
	void *object;
};

static bool operate(struct editing *, const struct objects_form *, size_t op);
static bool pick(
    struct editing *, const struct objects_form *, const char *verb, size_t *k);
static bool ask_keys(struct editing *, const struct asking *, const void *now);
static bool ask_one(
    struct editing *, const struct asking *, const struct objects_question *);
static bool ask_maybe(struct editing *, const struct asking *,
    const struct objects_question *, const struct schema_key *, bool *wanted);
static bool ask_list(struct editing *, const struct asking *,
    const struct objects_question *, const struct schema_key *);
static int take_new(
    struct editing *, const struct objects_form *, struct args *);
static int take_named(struct editing *, const struct objects_form *,
    struct args *, const char *verb);
static int take_keys(struct editing *, const struct objects_form *,
    struct args *, const char *path);
static int remove_one(struct editing *, const struct objects_form *, size_t k);
static size_t find(
    const struct editing *, const struct objects_form *, struct str name);
static bool ask(struct editing *, const void *form);
static int take(struct editing *, struct args *, const void *form);
static bool path_of(struct editing *, const struct objects_form *, size_t k,
    char out[OBJECTS_PATH]);

const struct editing_form objects_edits = { ask, take };

static bool
ask(struct editing *ed, const void *form)
{
	return objects_ask(ed, form);
}

static int
take(struct editing *ed, struct args *a, const void *form)
{
	return objects_take(ed, form, a);
}

bool
objects_new(
    struct editing *ed, const struct objects_form *f, char *name, size_t size)
{
	const struct schema_section *s = objects_key(f)->section;
	const struct schema_key *key = ask_key_named(s, objects_id(f));
	char path[OBJECTS_PATH];
	struct arena mem;
	struct buf yaml;
	void *now;
	bool ok;

	tool_space(ed->t);
	do {
		if (!dialogue_text(
			&ed->t->dialogue, f->ask_name, "", name, size))
			return false;
		if (*name == '\0')
			return true;
	} while (
	    ask_name_check(ed, key, name,
		find(ed, f, str_of(name)) < objects_count(ed, f)) != TOOL_DONE);
	buf_init(&yaml, 1000);
	yaml_pair(&yaml, "", objects_id(f), str_of(name));
	snprintf(path, sizeof(path), "%s[%zu]", f->list,
	    edit_count(ed->w->yaml, f->list));
	editing_insert(ed, EDIT_END, buf_str(&yaml), "%s", f->list);
	buf_fini(&yaml);
	arena_init(&mem, 1 << 20);
	now = arena_alloc(&mem, s->size);
	schema_defaults(s, DEFAULT_PUBLIC, now, &mem);
	if (f->inherits && objects_count(ed, f) > 0)
		memcpy(now, objects_at(ed, f, 0), s->size);
	ok = ask_keys(
	    ed, &(struct asking){ f, path, true, f->inherits, NULL }, now);
	arena_free(&mem);
	if (ok && !editing_save(ed))
		*name = '\0';
	else if (ok && f->made != NULL)
		(void)f->made(ed);
	return ok;
}

bool
objects_ask(struct editing *ed, const struct objects_form *f)
{
	struct dialogue_op menu[N_OPS + NELEM(f->more)];
	size_t n = 0, op;

	for (; n < N_OPS; n++)
		menu[n] = (struct dialogue_op){ op_words[n], f->op_help[n] };
	for (size_t k = 0; k < NELEM(f->more) && f->more[k].word != NULL; k++)
		menu[n++] = f->more[k];
	do {
		tool_space(ed->t);
		objects_list(ed, f);
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, menu, n, &op))
			return false;
		if (op == n)
			return true;
	} while (op < N_OPS ? operate(ed, f, op) : f->ask_more(ed, op - N_OPS));
	return false;
}

int
objects_take(struct editing *ed, const struct objects_form *f, struct args *a)
{
	const char *word = args_next(a);

	if (word == NULL)
		return tool_usage(ed->t, NULL);
	if (strcmp(word, "list") == 0) {
		if (args_finish(a) != TOOL_DONE)
			return TOOL_USAGE;
		objects_list(ed, f);
		return TOOL_DONE;
	}
	if (strcmp(word, "new") == 0)
		return take_new(ed, f, a);
	if (strcmp(word, "edit") == 0 || strcmp(word, "delete") == 0 ||
	    strcmp(word, "print") == 0)
		return take_named(ed, f, a, word);
	for (size_t k = 0; k < NELEM(f->more) && f->more[k].word != NULL; k++) {
		if (str_is_nocase(str_of(word), f->more[k].word))
			return f->take_more(ed, a, k);
	}
	return tool_unknown(ed->t, word);
}

static bool
operate(struct editing *ed, const struct objects_form *f, size_t op)
{
	char name[DIALOGUE_LINE], question[300];
	bool yes;
	size_t k;

	if (op == NEW)
		return objects_new(ed, f, name, sizeof(name));
	if (!pick(ed, f, op == EDIT ? "edit" : "delete", &k))
		return false;
	if (k == objects_count(ed, f))
		return true;
	if (op == EDIT)
		return objects_edit(ed, f, k);
	snprintf(question, sizeof(question),
	    "Are you sure you want to delete \"%.*s\"?",
	    STR_ARG(objects_name(ed, f, k)));
	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue, question, false, &yes))
		return false;
	if (yes)
		remove_one(ed, f, k);
	return true;
}

static bool
pick(struct editing *ed, const struct objects_form *f, const char *verb,
    size_t *k)
{
	size_t n;
	struct str *names = ask_names(ed->w->config, f->list, &n);
	char question[200];
	bool answered;

	snprintf(question, sizeof(question),
	    "Enter the name or number of the %s to %s.", f->what, verb);
	answered = ask_which(ed, question, f->what, names, n, k);
	free(names);
	return answered;
}

bool
objects_edit(struct editing *ed, const struct objects_form *f, size_t k)
{
	char path[OBJECTS_PATH];

	if (!path_of(ed, f, k, path))
		return true;
	if (!ask_keys(ed,
		&(struct asking){ f, path, false, f->inherits && k > 0, NULL },
		objects_at(ed, f, k)))
		return false;
	editing_save(ed);
	return true;
}

/* Flags that later questions depend on are kept in a copy. */
static bool
ask_keys(struct editing *ed, const struct asking *a, const void *now)
{
	const struct schema_section *s = objects_key(a->form)->section;
	struct asking copy = *a;
	bool ok = true;

	copy.object = mem_dup(now, s->size);
	for (size_t k = 0;
	     ok && k < OBJECTS_KEYS && a->form->keys[k].key != NULL; k++) {
		const struct objects_question *q = &a->form->keys[k];

		if (q->when != NULL && !ask_is_so(s, copy.object, q->when))
			continue;
		ok = ask_one(ed, &copy, q);
	}
	free(copy.object);
	return ok;
}

static bool
ask_one(struct editing *ed, const struct asking *a,
    const struct objects_question *oq)
{
	struct schema_key narrowed =
	    *ask_key_named(objects_key(a->form)->section, oq->key);
	const struct schema_key *key = &narrowed;
	char below[OBJECTS_PATH + 100];
	bool dflt, changed, ok, wanted = true;
	struct buf answer;
	struct question q = { .key = key,
		.text = oq->text,
		.object = a->object,
		.seconds = !a->form->in_units,
		.can_default = a->follows,
		.absent = a->is_new && key->flags & KEY_REQUIRED };

	if (a->form->narrow != NULL && !a->form->narrow(&narrowed, a->object))
		return true;
	if (objects_is_list(key))
		return ask_list(ed, a, oq, key);
	if (oq->maybe != NULL && !ask_maybe(ed, a, oq, key, &wanted))
		return false;
	if (!wanted)
		return true;
	snprintf(below, sizeof(below), "%s.%s", a->path, key->name);
	q.is_default = a->follows && !edit_has(ed->w->yaml, below);
	buf_init(&answer, DIALOGUE_LINE);
	ok = ask_value(ed, &q, &answer, &dflt, &changed);
	if (ok && changed && dflt)
		editing_delete(ed, "%s", below);
	else if (ok && changed)
		editing_text(ed, buf_str(&answer), "%s", below);
	if (ok && !dflt)
		ask_note(key, buf_str(&answer), a->object);
	buf_fini(&answer);
	return ok;
}

/* Whether there shall be a text at all. */
static bool
ask_maybe(struct editing *ed, const struct asking *a,
    const struct objects_question *oq, const struct schema_key *key,
    bool *wanted)
{
	const struct str *now =
	    (const struct str *)((const char *)a->object + key->off);

	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue, oq->maybe, now->n > 0, wanted))
		return false;
	if (!*wanted && now->n > 0)
		editing_text(ed, STR(""), "%s.%s", a->path, key->name);
	if (!*wanted)
		ask_note(key, STR(""), a->object);
	return true;
}

/* A list may be longer than a line: what to add, and what to remove. */
static bool
ask_list(struct editing *ed, const struct asking *a,
    const struct objects_question *oq, const struct schema_key *key)
{
	char path[OBJECTS_PATH + 100], question[600], words[DIALOGUE_LINE];

	snprintf(path, sizeof(path), "%s.%s", a->path, key->name);
	snprintf(question, sizeof(question), "%s%s",
	    oq->text != NULL ? oq->text : key->help,
	    a->is_new ? "" : " Which shall be added?");
	tool_space(ed->t);
	if (!dialogue_text(
		&ed->t->dialogue, question, "", words, sizeof(words)))
		return false;
	wordlist_add(ed, path, words);
	if (a->is_new)
		return true;
	tool_space(ed->t);
	wordlist_show(ed, path);
	if (!dialogue_text(&ed->t->dialogue, "Which shall be removed?", "",
		words, sizeof(words)))
		return false;
	wordlist_remove(ed, path, words);
	return true;
}

static int
take_new(struct editing *ed, const struct objects_form *f, struct args *a)
{
	const char *name = args_next(a);
	char path[OBJECTS_PATH];
	struct buf yaml;
	int status;

	if (name == NULL)
		return tool_usage(ed->t, "which name?");
	status = ask_name_check(ed,
	    ask_key_named(objects_key(f)->section, objects_id(f)), name,
	    find(ed, f, str_of(name)) < objects_count(ed, f));
	if (status != TOOL_DONE)
		return status;
	snprintf(path, sizeof(path), "%s[%zu]", f->list,
	    edit_count(ed->w->yaml, f->list));
	buf_init(&yaml, 1000);
	yaml_pair(&yaml, "", objects_id(f), str_of(name));
	editing_insert(ed, EDIT_END, buf_str(&yaml), "%s", f->list);
	buf_fini(&yaml);
	status = take_keys(ed, f, a, path);
	if (status == TOOL_DONE)
		status = editing_done(ed);
	return status == TOOL_DONE && f->made != NULL ? f->made(ed) : status;
}

int
objects_take_edit(
    struct editing *ed, const struct objects_form *f, struct args *a, size_t k)
{
	char path[OBJECTS_PATH];
	int status;

	if (!path_of(ed, f, k, path))
		return TOOL_NEGATIVE;
	status = take_keys(ed, f, a, path);
	return status == TOOL_DONE ? editing_done(ed) : status;
}

static int
take_named(struct editing *ed, const struct objects_form *f, struct args *a,
    const char *verb)
{
	const char *name = args_next(a);
	size_t k;

	if (name == NULL)
		return tool_usage(ed->t, "which one?");
	k = find(ed, f, str_of(name));
	if (k == objects_count(ed, f))
		return editing_deny(
		    ed, "There is no %s \"%s\".", f->what, name);
	if (strcmp(verb, "edit") == 0)
		return objects_take_edit(ed, f, a, k);
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (strcmp(verb, "delete") == 0)
		return remove_one(ed, f, k);
	objects_print(ed, f, k);
	return TOOL_DONE;
}

/* Lists can be changed by KEY_add= and KEY_remove= as well. */
static int
take_keys(struct editing *ed, const struct objects_form *f, struct args *a,
    const char *path)
{
	const struct schema_section *s = objects_key(f)->section;

	for (size_t k = 0; k < s->n; k++) {
		const struct schema_key *key = &s->keys[k];
		char below[OBJECTS_PATH + 100], option[100];
		const char *value;

		if (key->name == NULL || !objects_is_list(key))
			continue;
		snprintf(below, sizeof(below), "%s.%s", path, key->name);
		value = args_option(a, key->name);
		if (value != NULL) {
			editing_yaml(ed, STR("[]"), "%s", below);
			wordlist_add(ed, below, value);
		}
		snprintf(option, sizeof(option), "%s_add", key->name);
		value = args_option(a, option);
		if (value != NULL)
			wordlist_add(ed, below, value);
		snprintf(option, sizeof(option), "%s_remove", key->name);
		value = args_option(a, option);
		if (value != NULL)
			wordlist_remove(ed, below, value);
	}
	return ask_options(ed, a, s, path);
}

static int
remove_one(struct editing *ed, const struct objects_form *f, size_t k)
{
	char path[OBJECTS_PATH];
	struct buf users;
	int status;

	buf_init(&users, 1 << 20);
	uses_find(ed->w->config, f->list, objects_name(ed, f, k), &users);
	if (f->users != NULL)
		f->users(ed, objects_name(ed, f, k), &users);
	if (f->inherits && k == 0)
		status = editing_deny(
		    ed, "The %s \"Default\" cannot be deleted.", f->what);
	else if (users.len > 0)
		status = editing_deny(ed, "The %s \"%.*s\" is used by %.300s.",
		    f->what, STR_ARG(objects_name(ed, f, k)), users.data);
	else if (!path_of(ed, f, k, path))
		status = TOOL_NEGATIVE;
	else {
		editing_delete(ed, "%s", path);
		status = editing_done(ed);
	}
	buf_fini(&users);
	return status;
}

static size_t
find(const struct editing *ed, const struct objects_form *f, struct str name)
{
	size_t n = objects_count(ed, f), k = 0;

	while (k < n && !str_eq(objects_name(ed, f, k), name))
		k++;
	return k;
}

/* Where it stands in the file; the one called Default is written there first
 * if need be. */
static bool
path_of(struct editing *ed, const struct objects_form *f, size_t k,
    char out[OBJECTS_PATH])
{
	struct str name = objects_name(ed, f, k);
	struct buf yaml;
	size_t at;

	if (!edit_find(ed->w->yaml, f->list, objects_id(f), name, &at)) {
		buf_init(&yaml, 1000);
		yaml_pair(&yaml, "", objects_id(f), name);
		editing_insert(ed, 0, buf_str(&yaml), "%s", f->list);
		buf_fini(&yaml);
		at = 0;
	}
	snprintf(out, OBJECTS_PATH, "%s[%zu]", f->list, at);
	return ed->err.kind == ERR_NONE;
}
