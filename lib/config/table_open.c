/*
 * table_open.c - a table from its bytes, its bytes from a table
 */
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "config/table_def.h"

static bool read_about(const struct image *, struct image_about *);

struct table *
table_open(enum table_kind kind, const char *file, struct str compiled,
    struct err *err)
{
	struct table *t = mem_alloc(sizeof(*t));

	t->kind = kind;
	t->file = mem_strdup(file);
	if (image_open(&t->image, compiled, err) == -1) {
		err_in(err, "%s", file);
	} else if (!read_about(&t->image, &t->about) ||
		   t->about.version != IMAGE_VERSION ||
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

struct str
table_compiled(const struct table *t)
{
	return t->image.bytes;
}

bool
table_was_compiled(const struct table *t)
{
	return t->own == NULL;
}

int
table_check(struct str compiled, struct str text, struct err *err)
{
	struct image image;
	struct image_about about;

	if (image_open(&image, compiled, err) == -1 ||
	    image_check(&image, err) == -1)
		return -1;
	if (!read_about(&image, &about) || about.version != IMAGE_VERSION)
		return err_set(
		    err, ERR_PERM, "not a table of this version of Postern");
	if (about.text_size == text.n &&
	    about.text_crc == hash_crc32c(0, text.p, text.n))
		return 0;
	return err_set(err, ERR_PERM, "compiled from another text");
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
read_about(const struct image *image, struct image_about *about)
{
	uint32_t *numbers[ABOUT_NUMBERS] = { &about->version, &about->kind,
		&about->n_entries, &about->n_keys, &about->shapes,
		&about->text_size, &about->text_crc };
	struct str key, data;

	if (!image_find(image, IMAGE_ABOUT_KEY, &key, &data) ||
	    data.n != 4 * ABOUT_NUMBERS)
		return false;
	for (size_t i = 0; i < ABOUT_NUMBERS; i++)
		*numbers[i] = image_get_u32(data.p + 4 * i);
	return true;
}
