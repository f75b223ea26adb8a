/*
 * schema_find.c - working with the schema's tables: defaults, names
 */
#include <string.h>

#include "base/mem.h"
#include "config/schema.h"

static size_t distance(struct str, struct str);

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
		d = distance(name, str_of(key));
		if (d <= least) {
			best = key;
			least = d;
		}
	}
	return best;
}

/* Single-letter edits from a to b; only for short words. */
static size_t
distance(struct str a, struct str b)
{
	size_t row[41];

	if (a.n > 40 || b.n > 40)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t least = diagonal + (a.p[i - 1] != b.p[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < least)
				least = row[j] + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			row[j] = least;
		}
	}
	return row[b.n];
}
