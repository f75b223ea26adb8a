/* wordlist.c - lists of words in postern.yaml */
#include "admin/wordlist.h"

#define WORDLIST_ITEM 500 /* room for the path of an item */

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
	size_t n = edit_count(ed->w->yaml, path);

	for (size_t k = 0; k < n; k++) {
		char item[WORDLIST_ITEM];
		struct str value;

		snprintf(item, sizeof(item), "%s[%zu]", path, k);
		if (edit_get(ed->w->yaml, item, &value))
			fprintf(ed->t->dialogue.out, "%.*s\n", STR_ARG(value));
	}
}

size_t
wordlist_find(const struct editing *ed, const char *path, struct str word)
{
	size_t n = edit_count(ed->w->yaml, path);

	for (size_t k = 0; k < n; k++) {
		char item[WORDLIST_ITEM];
		struct str value;

		snprintf(item, sizeof(item), "%s[%zu]", path, k);
		if (edit_get(ed->w->yaml, item, &value) &&
		    str_eq_nocase(value, word))
			return k;
	}
	return SIZE_MAX;
}
