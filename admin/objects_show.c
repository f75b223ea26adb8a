/* objects_show.c - what lists of things with names look like */
#include "admin/objects_show.h"

#include "admin/wordlist.h"

#define VALUE_MAX ((size_t)1 << 20)

static bool is_plain(const struct schema_key *);
static bool list_path(const struct editing *, const struct objects_form *,
    size_t k, const struct schema_key *, char *path, size_t size);
static json_t *as_json(
    const struct editing *, const struct objects_form *, size_t k);

const struct schema_key *
objects_key(const struct objects_form *f)
{
	return ask_key_named(&schema_top, f->list);
}

const char *
objects_id(const struct objects_form *f)
{
	return f->id != NULL ? f->id : "name";
}

const void *
objects_at(const struct editing *ed, const struct objects_form *f, size_t k)
{
	const struct schema_key *key = objects_key(f);
	const char *c = (const char *)ed->w->config;

	return *(char *const *)(c + key->off) + k * key->section->size;
}

size_t
objects_count(const struct editing *ed, const struct objects_form *f)
{
	const char *c = (const char *)ed->w->config;

	return *(const size_t *)(c + objects_key(f)->n_off);
}

struct str
objects_name(const struct editing *ed, const struct objects_form *f, size_t k)
{
	const struct schema_key *name =
	    ask_key_named(objects_key(f)->section, objects_id(f));

	return *(
	    const struct str *)((const char *)objects_at(ed, f, k) + name->off);
}

bool
objects_is_list(const struct schema_key *key)
{
	return key->name != NULL &&
	       (key->list || (key->type == NULL && key->section == NULL));
}

void
objects_list(struct editing *ed, const struct objects_form *f)
{
	size_t n = objects_count(ed, f);
	FILE *out = ed->t->dialogue.out;
	json_t *all = json_array();
	struct buf text;

	if (f->show != NULL && !ed->t->json) {
		f->show(ed);
		n = 0;
	} else if (!ed->t->json) {
		fprintf(out, "%s\n", n == 0 ? f->none : f->title);
	}
	for (size_t k = 0; k < n; k++) {
		if (ed->t->json) {
			json_array_append_new(all, as_json(ed, f, k));
			continue;
		}
		buf_init(&text, VALUE_MAX);
		buf_printf(
		    &text, "%zu. %.*s", k + 1, STR_ARG(objects_name(ed, f, k)));
		if (f->describe != NULL)
			f->describe(ed, objects_at(ed, f, k), &text);
		fprintf(out, "%s\n", text.data);
		buf_fini(&text);
	}
	if (ed->t->json)
		tool_print_json(ed->t, all);
	json_decref(all);
}

void
objects_print(struct editing *ed, const struct objects_form *f, size_t k)
{
	const struct schema_section *s = objects_key(f)->section;
	char path[OBJECTS_PATH + 100];
	struct buf text;
	json_t *json;

	if (ed->t->json) {
		json = as_json(ed, f, k);
		tool_print_json(ed->t, json);
		json_decref(json);
		return;
	}
	buf_init(&text, VALUE_MAX);
	for (size_t i = 0; i < s->n; i++) {
		if (!is_plain(&s->keys[i]))
			continue;
		buf_printf(&text, "%s=", s->keys[i].name);
		ask_present(&s->keys[i], objects_at(ed, f, k), &text);
		buf_putc(&text, '\n');
	}
	tool_print(ed->t, &text);
	buf_fini(&text);
	for (size_t i = 0; i < s->n; i++) {
		if (!objects_is_list(&s->keys[i]))
			continue;
		fprintf(ed->t->dialogue.out, "%s:\n", s->keys[i].name);
		if (list_path(ed, f, k, &s->keys[i], path, sizeof(path)))
			wordlist_show(ed, path);
	}
}

static bool
is_plain(const struct schema_key *key)
{
	return key->name != NULL && key->type != NULL && !key->list;
}

/* False: nobody wrote the object down, so it has no lists. */
static bool
list_path(const struct editing *ed, const struct objects_form *f, size_t k,
    const struct schema_key *key, char *path, size_t size)
{
	size_t at;

	if (!edit_find(ed->w->yaml, f->list, objects_id(f),
		objects_name(ed, f, k), &at))
		return false;
	snprintf(path, size, "%s[%zu].%s", f->list, at, key->name);
	return true;
}

static json_t *
as_json(const struct editing *ed, const struct objects_form *f, size_t k)
{
	const struct schema_section *s = objects_key(f)->section;
	char path[OBJECTS_PATH + 100];
	json_t *json = json_object();

	for (size_t i = 0; i < s->n; i++) {
		const struct schema_key *key = &s->keys[i];

		if (is_plain(key))
			json_object_set_new(json, key->name,
			    ask_json(key, objects_at(ed, f, k)));
		else if (objects_is_list(key) &&
			 list_path(ed, f, k, key, path, sizeof(path)))
			json_object_set_new(
			    json, key->name, wordlist_json(ed, path));
	}
	return json;
}
