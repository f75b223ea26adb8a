/*
 * fuzz_saved.c - a saved configuration from anywhere
 *
 * What is promised: names that stay in the folder, sizes, and that what was
 * read is read again the same after it was written.
 */
#include <stdint.h>
#include <stdlib.h>

#include "config/mask.h"
#include "config/pack.h"
#include "config/saved.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct saved *);
static void again(const struct saved *);
static bool is_secret(const struct saved_file *);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct config_problems ps = { 0 };
	struct saved s;
	int line;

	if (saved_read(&s, "x", text, &ps) == 0) {
		check(&s);
		if (saved_masked(&s) == NULL && !saved_is_encrypted(&s))
			again(&s);
	} else if (ps.n_errors == 0) {
		abort();
	}
	(void)mask_is_masked(text, &line);
	saved_free(&s);
	config_problems_free(&ps);
	return 0;
}

static void
check(const struct saved *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct saved_file *f = &s->files[i];
		struct str file = f->name;

		str_cut(&file, '/');
		if (str_find(file, '/') < file.n ||
		    str_starts(file, STR(".")) || f->name.p[0] == '/' ||
		    f->text.n > bundle_file_max(f->name) || f->line < 2)
			abort();
		for (size_t j = 0; j < i; j++)
			if (str_eq(s->files[j].name, f->name))
				abort();
	}
}

static void
again(const struct saved *s)
{
	const struct saved_head head = { .host = STR("x") };
	struct config_problems ps = { 0 };
	struct bundle part[2];
	struct buf packed, text;
	struct saved t;

	for (int secret = 0; secret < 2; secret++) {
		pack_begin(&packed);
		for (size_t i = 0; i < s->n; i++)
			if (is_secret(&s->files[i]) == secret)
				pack_file(&packed, s->files[i].name,
				    s->files[i].text);
		if (pack_end(&packed, &part[secret], NULL) == -1)
			abort();
	}
	buf_init(&text, SAVED_MAX);
	if (!saved_write(&head, &part[0], &part[1], SAVED_PLAIN, NULL, &text))
		abort();
	(void)saved_read(&t, "x", buf_str(&text), &ps);
	if (t.n != s->n)
		abort();
	for (size_t i = 0; i < s->n; i++) {
		const struct bundle_file *f = bundle_get(
		    &part[is_secret(&s->files[i])], s->files[i].name);
		size_t j = 0;

		while (j < t.n && !str_eq(t.files[j].name, f->name))
			j++;
		if (j == t.n || !str_eq(t.files[j].text, f->text))
			abort();
	}
	saved_free(&t);
	buf_fini(&text);
	bundle_free(&part[0]);
	bundle_free(&part[1]);
	config_problems_free(&ps);
}

static bool
is_secret(const struct saved_file *f)
{
	return str_starts(f->name, STR("secrets/"));
}
