/*
 * table_open.c - a table from its bytes, its bytes from a table
 */
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "config/table_def.h"

static bool read_about(struct table *);

struct table *
table_open(enum table_kind kind, const char *file, struct str compiled,
    struct err *err)
{
	struct table *t = mem_alloc(sizeof(*t));

	t->kind = kind;
	t->file = mem_strdup(file);
	if (image_open(&t->image, compiled, err) == -1) {
		err_in(err, "%s", file);
	} else if (!read_about(t) || t->about.version != IMAGE_VERSION ||
		   t->about.n_entries > TABLE_MAX) {
		err_set(err, ERR_PERM,
		    "%s: not a table of this version of Postern", file);
	} else if (t->about.kind != (uint32_t)kind) {
		err_set(err, ERR_PERM, "%s: a table of another kind", file);
	} else {
		return t;
	}
	table_free(&t);
	return NULL;
}

int
table_compile(const struct table *t, struct buf *out, struct err *err)
{
	if (buf_add_str(out, t->image.bytes))
		return 0;
	return err_set(
	    err, ERR_USAGE, "%s: compiled, it is too large", t->file);
}

int
table_check(const struct table *t, struct str text, struct err *err)
{
	if (image_check(&t->image, err) == -1)
		return err_in(err, "%s", t->file);
	if (t->about.text_size == text.n &&
	    t->about.text_crc == hash_crc32c(0, text.p, text.n))
		return 0;
	return err_set(
	    err, ERR_PERM, "%s: compiled from another text", t->file);
}

void
table_free(struct table **tp)
{
	struct table *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	free(t->own);
	free(t->file);
	free(t);
}

static bool
read_about(struct table *t)
{
	uint32_t *numbers[ABOUT_NUMBERS] = { &t->about.version, &t->about.kind,
		&t->about.n_entries, &t->about.n_keys, &t->about.shapes,
		&t->about.text_size, &t->about.text_crc };
	struct str key, data;

	if (!image_find(&t->image, IMAGE_ABOUT_KEY, &key, &data) ||
	    data.n != 4 * ABOUT_NUMBERS)
		return false;
	for (size_t i = 0; i < ABOUT_NUMBERS; i++)
		*numbers[i] = image_get_u32(data.p + 4 * i);
	return true;
}
