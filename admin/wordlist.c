/* wordlist.c - lists of words in postern.yaml */
#include "admin/wordlist.h"

#define WORDLIST_ITEM 500 /* room for the path of an item */

static bool word_at(
    const struct editing *, const char *path, size_t k, struct str *value);

void
wordlist_add(struct editing *ed, const char *path, const char *words)
{
	struct str rest = str_of(words);

	while (rest.n > 0) {
		struct str one = args_cut(&rest);

		if (one.n > 0 && wordlist_find(ed, path, one) == SIZE_MAX)
			editing_insert_text(ed, EDIT_END, one, "%s", path);
	}
}

void
wordlist_remove(struct editing *ed, const char *path, const char *words)
{
	struct str rest = str_of(words);

	while (rest.n > 0) {
		size_t k = wordlist_find(ed, path, args_cut(&rest));

		if (k != SIZE_MAX)
			editing_delete(ed, "%s[%zu]", path, k);
	}
}

void
wordlist_show(struct editing *ed, const char *path)
{
	struct str value;

	for (size_t k = 0; word_at(ed, path, k, &value); k++)
		fprintf(ed->t->dialogue.out, "%.*s\n", STR_ARG(value));
}

json_t *
wordlist_json(const struct editing *ed, const char *path)
{
	json_t *all = json_array();
	struct str value;

	for (size_t k = 0; word_at(ed, path, k, &value); k++)
		json_array_append_new(all, json_stringn(value.p, value.n));
	return all;
}

size_t
wordlist_find(const struct editing *ed, const char *path, struct str word)
{
	struct str value;

	for (size_t k = 0; word_at(ed, path, k, &value); k++) {
		if (str_eq_nocase(value, word))
			return k;
	}
	return SIZE_MAX;
}

/* False: there are no more. */
static bool
word_at(const struct editing *ed, const char *path, size_t k, struct str *value)
{
	char item[WORDLIST_ITEM];

	*value = STR("");
	snprintf(item, sizeof(item), "%s[%zu]", path, k);
	edit_get(ed->w->yaml, item, value);
	return k < edit_count(ed->w->yaml, path);
}
