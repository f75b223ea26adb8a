/*
 * bundle_tables.c - compiled tables in bundles
 */
#include "config/bundle_tables.h"

#include <stdio.h>

#include "base/bounds.h"
#include "config/pack.h"
#include "config/table.h"
#include "config/tree.h"

static bool is_compiled(struct str name);
static struct str text_name(struct str compiled);
static bool is_table(const struct config *, struct str name);

int
bundle_add_compiled(struct bundle *out, const struct bundle *texts,
    const struct bundle *same, const struct bundle *compiled, struct err *err)
{
	struct buf packed;

	pack_begin(&packed);
	for (size_t i = 0; i < texts->n; i++)
		pack_file(&packed, texts->files[i].name, texts->files[i].text);
	for (size_t i = 0; i < compiled->n; i++) {
		const struct bundle_file *f = &compiled->files[i], *text, *was;

		if (!is_compiled(f->name))
			continue;
		text = bundle_get(texts, text_name(f->name));
		was =
		    same != NULL ? bundle_get(same, text_name(f->name)) : text;
		if (text != NULL && was != NULL &&
		    str_eq(text->text, was->text))
			pack_file(&packed, f->name, f->text);
	}
	return pack_end(&packed, out, err);
}

int
bundle_for_programs(struct bundle *out, const struct bundle *b,
    const struct config *c, struct err *err)
{
	char name[NAME_MAX_LEN + sizeof(TABLE_FOLDER TABLE_SUFFIX)];
	struct table *const *tables;
	size_t n = tree_tables(c, &tables);
	struct buf packed;

	pack_begin(&packed);
	for (size_t i = 0; i < b->n; i++) {
		if (!is_compiled(b->files[i].name) &&
		    !is_table(c, b->files[i].name))
			pack_file(&packed, b->files[i].name, b->files[i].text);
	}
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s" TABLE_SUFFIX,
		    table_file(tables[i]));
		pack_file(&packed, str_of(name), table_compiled(tables[i]));
	}
	return pack_end(&packed, out, err);
}

static bool
is_compiled(struct str name)
{
	return str_starts(name, STR(TABLE_FOLDER)) &&
	       str_ends_nocase(name, STR(TABLE_SUFFIX));
}

static struct str
text_name(struct str compiled)
{
	return str_sub(compiled, 0, compiled.n - (sizeof(TABLE_SUFFIX) - 1));
}

static bool
is_table(const struct config *c, struct str name)
{
	struct table *const *tables;
	size_t n = tree_tables(c, &tables);

	for (size_t i = 0; i < n; i++) {
		if (str_is(name, table_file(tables[i])))
			return true;
	}
	return false;
}
