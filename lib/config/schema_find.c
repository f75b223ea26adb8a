/*
 * schema_find.c - working with the schema's tables: defaults, names
 */
#include <string.h>

#include "base/mem.h"
#include "config/schema.h"

const char *
schema_default(const struct schema_key *key, enum default_column column)
{
	return key->dflt[column] != NULL ? key->dflt[column] : key->dflt[0];
}

void
schema_defaults(const struct schema_section *s, enum default_column column,
    void *object, struct arena *mem)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_key *key = &s->keys[i];
		const char *text = schema_default(key, column);
		void *field = (char *)object + key->off;
		struct err err = ERR_INIT;

		if (key->list || key->custom.load != NULL)
			continue;
		if (key->section != NULL)
			schema_defaults(key->section, column, field, mem);
		else if (text != NULL && key->type->parse(key, str_of(text),
					     field, mem, &err) == -1)
			panic("schema: default of %s %s", key->name, err.text);
	}
}

const struct schema_key *
schema_find(const struct schema_section *s, struct str name)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_key *key = &s->keys[i];

		if (key->name == NULL)
			key = schema_find(key->section, name);
		else if (!str_is(name, key->name))
			key = NULL;
		if (key != NULL)
			return key;
	}
	return NULL;
}

const char *
schema_near(const struct schema_section *s, struct str name)
{
	const char *best = NULL;
	size_t least = name.n / 3 + 1;

	for (size_t i = 0; i < s->n; i++) {
		const char *key = s->keys[i].name;
		size_t d;

		if (key == NULL) {
			key = schema_near(s->keys[i].section, name);
			if (key == NULL)
				continue;
		}
		d = str_distance(name, str_of(key));
		if (d <= least) {
			best = key;
			least = d;
		}
	}
	return best;
}
