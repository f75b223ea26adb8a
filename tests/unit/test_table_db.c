/*
 * test_table_db.c - what we write as a table, Berkeley DB reads; what of it
 * is damaged does no harm
 */
#include <db.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/load.h"
#include "config/table.h"
#include "config/table_image.h"

static struct table *make(size_t n, size_t longest, struct buf *compiled);
static void make_text(size_t n, size_t longest, struct buf *);
static void save(const char *path, struct str);
static void compare_with_libdb(const char *path, struct str compiled);
static void scribble(char *p, size_t n);
static void look_everywhere(const struct table *);

static const struct {
	size_t n, longest; /* entries; bytes of the longest one */
} sizes[] = {
	{ 0, 0 }, { 1, 0 }, { 20, 0 }, { 50, 0 }, /* two leaves */
	{ 3000, 0 },     /* two levels of internal pages */
	{ 60000, 0 },    /* three */
	{ 2000, 5000 },  /* pages of 8 KiB */
	{ 2000, 59000 }, /* pages of 64 KiB */
};

static void
test_berkeley_db_reads_it(void **state)
{
	char path[] = "/tmp/test_table_db.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_int_not_equal(fd, -1);
	close(fd);
	for (size_t i = 0; i < NELEM(sizes); i++) {
		struct buf compiled;
		struct table *t = make(sizes[i].n, sizes[i].longest, &compiled);
		DB *db;

		save(path, buf_str(&compiled));
		assert_int_equal(db_create(&db, NULL, 0), 0);
		if (db->verify(db, path, NULL, stderr, 0) != 0)
			fail_msg("%zu entries: not a sound file", sizes[i].n);
		compare_with_libdb(path, buf_str(&compiled));
		buf_fini(&compiled);
		table_free(&t);
	}
	unlink(path);
}

static void
test_the_same_text_gives_the_same_bytes(void **state)
{
	struct buf a, b;
	struct table *ta = make(1000, 0, &a), *tb = make(1000, 0, &b);

	(void)state;
	assert_true(str_eq(buf_str(&a), buf_str(&b)));
	table_free(&ta);
	table_free(&tb);
	buf_fini(&a);
	buf_fini(&b);
}

static void
test_compiled_is_found_damaged(void **state)
{
	struct buf bytes, text;
	struct table *t = make(300, 0, &bytes), *again;
	struct err err = ERR_INIT;

	(void)state;
	table_free(&t);
	make_text(300, 0, &text);
	assert_int_equal(table_check(buf_str(&bytes), buf_str(&text), &err), 0);
	again = table_open(TABLE_ALIASES, "x", buf_str(&bytes), &err);
	assert_non_null(again);
	assert_int_equal(
	    table_check(buf_str(&bytes), STR("other text"), &err), -1);
	assert_string_equal(err.text, "compiled from another text");
	table_free(&again);
	assert_null(table_open(TABLE_GATEWAYS, "x", buf_str(&bytes), &err));
	assert_string_equal(err.text, "x: a table of another kind");
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.data[i] ^= 0x10;
		if (table_check(buf_str(&bytes), buf_str(&text), &err) == 0)
			fail_msg("byte %zu is changed, and nobody sees", i);
		bytes.data[i] ^= 0x10;
	}
	buf_fini(&bytes);
	buf_fini(&text);
}

/* Under the sanitizers this shows any byte read that is not there. */
static void
test_damage_does_no_harm(void **state)
{
	static const size_t counts[] = { 30, 1000 };
	struct buf sound[NELEM(counts)];

	(void)state;
	srandom(7);
	for (size_t i = 0; i < NELEM(counts); i++) {
		struct table *t = make(counts[i], 0, &sound[i]);

		table_free(&t);
	}
	for (size_t n = 0; n < 4000; n++) {
		const struct buf *s = &sound[n % NELEM(counts)];
		size_t size = n % 4 == 3 ? (size_t)random() % s->len : s->len;
		char *copy = mem_dup(s->data, size + 1);
		struct table *t;

		if (size == s->len)
			scribble(copy, size);
		t = table_open(
		    TABLE_ALIASES, "x", (struct str){ copy, size }, NULL);
		if (t != NULL)
			look_everywhere(t);
		table_free(&t);
		free(copy);
	}
	for (size_t i = 0; i < NELEM(counts); i++)
		buf_fini(&sound[i]);
}

/* Anywhere, and in what pages say of themselves above all. */
static void
scribble(char *p, size_t n)
{
	for (int i = 0; i < 20; i++)
		p[(size_t)random() % n] = (char)random();
	for (size_t page = IMAGE_PAGE_MIN; page < n; page += IMAGE_PAGE_MIN)
		p[page + (size_t)random() % 64] = (char)random();
}

/* n aliases; the compiled form too, for buf_fini. */
static struct table *
make(size_t n, size_t longest, struct buf *compiled)
{
	struct config_problems ps = { 0 };
	struct table *t;
	struct buf text;

	make_text(n, longest, &text);
	buf_init(compiled, IMAGE_MAX);
	t = table_parse(TABLE_ALIASES, "x", buf_str(&text), false, &ps);
	assert_non_null(t);
	buf_add_str(compiled, table_compiled(t));
	buf_fini(&text);
	return t;
}

static void
make_text(size_t n, size_t longest, struct buf *text)
{
	buf_init(text, TABLE_FILE_MAX);
	for (size_t i = 0; i < n; i++)
		buf_printf(text, "user%zu: %zu@host%zu.example.com\n", i * 7, i,
		    i % 100);
	if (longest == 0)
		return;
	buf_puts(text, "long@example.com: a@b.org");
	for (size_t i = 0; i + 21 < longest; i += 21)
		buf_printf(text, ", %06zu@example.com", i);
}

static void
save(const char *path, struct str s)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(s.p, 1, s.n, f), s.n);
	assert_int_equal(fclose(f), 0);
}

/* Every record that either has, the other has too. */
static void
compare_with_libdb(const char *path, struct str compiled)
{
	struct err err = ERR_INIT;
	struct image im;
	DB *db;
	DBC *cursor;
	DBT key = { 0 }, data = { 0 };
	struct str mine, mine_key;
	size_t n = 0, n_keys = 0;
	int rc;
	struct table *t = table_open(TABLE_ALIASES, "x", compiled, &err);

	assert_int_equal(image_open(&im, compiled, &err), 0);
	assert_int_equal(db_create(&db, NULL, 0), 0);
	assert_int_equal(
	    db->open(db, NULL, path, NULL, DB_UNKNOWN, DB_RDONLY, 0), 0);
	assert_int_equal(db->cursor(db, NULL, &cursor, 0), 0);
	while ((rc = cursor->get(cursor, &key, &data, DB_NEXT)) == 0) {
		struct str k = { key.data, key.size };

		if (!image_find(&im, k, &mine_key, &mine) ||
		    !str_eq(k, mine_key) ||
		    !str_eq(mine, (struct str){ data.data, data.size }))
			fail_msg("record %zu of %s is not ours", n, path);
		n++;
		n_keys += k.p[0] != '\0';
	}
	assert_int_equal(rc, DB_NOTFOUND);
	/* itself, each entry, each key */
	assert_int_equal(n, 1 + table_count(t) + n_keys);
	assert_int_equal(n_keys, table_count(t));
	assert_int_equal(cursor->close(cursor), 0);
	for (size_t i = 0; i < n_keys; i += 13) {
		char text[64];

		snprintf(text, sizeof(text), "user%zu@", i * 7);
		key = (DBT){ .data = text, .size = (u_int32_t)strlen(text) };
		rc = db->get(db, NULL, &key, &data, 0);
		assert_int_equal(
		    rc == 0, image_find(&im, str_of(text), &mine_key, &mine));
	}
	db->close(db, 0);
	table_free(&t);
}

static void
look_everywhere(const struct table *t)
{
	struct str left, right;
	struct table_hit hit;
	struct where where;
	struct arena mem;
	char addr[64];

	arena_init(&mem, 16 << 20);
	for (size_t i = 0; i < 1000; i += 3) {
		snprintf(addr, sizeof(addr), "user%zu@a.example.com", i * 7);
		table_find(t, str_of(addr), &hit, &mem);
		table_entry(t, i, &left, &right, &where);
	}
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_berkeley_db_reads_it),
		cmocka_unit_test(test_the_same_text_gives_the_same_bytes),
		cmocka_unit_test(test_compiled_is_found_damaged),
		cmocka_unit_test(test_damage_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
