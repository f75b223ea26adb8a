/* test_qmgr_counts.c - counters of destinations, as they are kept in a file */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/hash.h"
#include "qmgr/counts.h"
#include "qmgr_double.h"

#define CONFIG "hostname: mx.postern.test\n"

static void
count(struct twin *t, const char *name, const char *gateway, uint64_t n)
{
	struct dest *d =
	    dest_get(&t->q, str_of(name), str_of(gateway), WISH_NONE);

	dest_count_delivered(&t->q, d, n);
	dest_count_soft(&t->q, d, n + 1);
	dest_count_hard(&t->q, d, HARD_5XX);
}

static void
assert_counts(struct twin *t, const char *name, const char *gateway, uint64_t n)
{
	struct dest *d =
	    dest_get(&t->q, str_of(name), str_of(gateway), WISH_NONE);

	assert_int_equal(d->count[DEST_DELIVERED], n);
	assert_int_equal(d->count[DEST_SOFT], n > 0 ? n + 1 : 0);
	assert_int_equal(d->count[DEST_5XX], n > 0 ? 1 : 0);
	assert_int_equal(d->count[DEST_HARD], n > 0 ? 1 : 0);
	assert_int_equal(d->count[DEST_COMPLETED], n > 0 ? n + 1 : 0);
}

static void
test_what_is_written_is_read(void **state)
{
	struct twin *a = twin_new(CONFIG), *b;
	struct buf image;
	size_t n;

	(void)state;
	buf_init(&image, 1 << 20);
	count(a, "one.test", "", 1);
	count(a, "one.test", "Bulk mail", 22);
	count(a, "two.test", "Bulk mail", 333);
	count(a, "the.euq.queue", "", UINT32_MAX);
	dest_get(&a->q, STR("none.test"), STR(""), WISH_NONE);
	counts_render(&a->q, &image);
	twin_free(a);

	b = twin_new(CONFIG);
	assert_int_equal(counts_parse(&b->q, buf_str(&image), NULL), 0);
	/* two.test has its gateway; none.test has nothing to tell */
	assert_null(dest_find(&b->q, STR("none.test")));
	n = b->q.dests.n;
	assert_counts(b, "one.test", "", 1);
	assert_counts(b, "one.test", "Bulk mail", 22);
	assert_counts(b, "two.test", "", 0);
	assert_counts(b, "two.test", "Bulk mail", 333);
	assert_counts(b, "the.euq.queue", "", UINT32_MAX);
	assert_int_equal(b->q.dests.n, n);
	/* they are no mail, and may be forgotten like any */
	assert_int_equal(b->q.n_idle, 2);
	dest_reset_counters(&b->q);
	buf_reset(&image);
	counts_render(&b->q, &image);
	twin_free(b);

	b = twin_new(CONFIG);
	n = b->q.dests.n;
	assert_int_equal(counts_parse(&b->q, buf_str(&image), NULL), 0);
	assert_int_equal(b->q.dests.n, n);
	twin_free(b);
	buf_fini(&image);
}

/* What mail with a wish about TLS counted, beside what others did. */
static void
test_wishes_are_kept_apart(void **state)
{
	static const struct {
		const char *gateway;
		enum tls_wish wish;
		uint64_t n;
	} v[] = { { "", WISH_NONE, 1 }, { "", WISH_REQUIRE, 2 },
		{ "", WISH_FREE, 3 }, { "Bulk", WISH_REQUIRE, 4 } };
	struct twin *t = twin_new(CONFIG);
	struct buf image;

	(void)state;
	buf_init(&image, 1 << 20);
	for (size_t i = 0; i < NELEM(v); i++)
		dest_count_delivered(&t->q,
		    dest_get(&t->q, STR("one.test"), str_of(v[i].gateway),
			v[i].wish),
		    v[i].n);
	counts_render(&t->q, &image);
	twin_free(t);
	t = twin_new(CONFIG);
	assert_int_equal(counts_parse(&t->q, buf_str(&image), NULL), 0);
	for (size_t i = 0; i < NELEM(v); i++) {
		const struct dest *d = dest_get(
		    &t->q, STR("one.test"), str_of(v[i].gateway), v[i].wish);

		assert_int_equal(d->wish, v[i].wish);
		assert_int_equal(d->count[DEST_DELIVERED], v[i].n);
	}
	twin_free(t);
	buf_fini(&image);
}

/* As the file was before there were wishes. */
#define REC_OLD(S, F, L) F(S, U64, n, 0)
CODEC_STRUCT(old, REC_OLD);
CODEC_SCHEMA(old, REC_OLD);
#define REC_OLD_HOST(S, F, L)                                                  \
	F(S, STR, name, DOMAIN_MAX)                                            \
	F(S, STR, gateway, NAME_MAX_LEN)                                       \
	L(S, old, counts, DEST_COUNTERS)
CODEC_STRUCT(old_host, REC_OLD_HOST);
CODEC_SCHEMA(old_host, REC_OLD_HOST);
#define REC_OLD_HOSTS(S, F, L) L(S, old_host, hosts, 10)
CODEC_STRUCT(old_hosts, REC_OLD_HOSTS);
CODEC_SCHEMA(old_hosts, REC_OLD_HOSTS);

static void
test_dur_17_a_file_of_before(void **state)
{
	struct old counts[DEST_COUNTERS] = { 0 };
	struct old_host host = { STR("one.test"), STR("Bulk"),
		{ DEST_COUNTERS, counts } };
	struct old_hosts all = { { 1, &host } };
	struct twin *t = twin_new(CONFIG);
	struct buf image;
	uint32_t crc;

	(void)state;
	counts[DEST_DELIVERED].n = 5;
	counts[DEST_SOFT].n = 6;
	counts[DEST_5XX].n = counts[DEST_HARD].n = 1;
	counts[DEST_COMPLETED].n = 6;
	buf_init(&image, 1 << 20);
	buf_add(&image, "POSTERNC\1\0\0\0\0\0\0\0", 16);
	codec_encode(&old_hosts_codec, &all, &image);
	crc = hash_crc32c(0, image.data + 16, image.len - 16);
	memcpy(image.data + 12, &crc, sizeof(crc));
	assert_int_equal(counts_parse(&t->q, buf_str(&image), NULL), 0);
	assert_counts(t, "one.test", "Bulk", 5);
	twin_free(t);
	buf_fini(&image);
}

/* Any byte that is another, and any end that comes early. */
static void
test_a_damaged_file_is_refused(void **state)
{
	struct twin *t = twin_new(CONFIG);
	struct buf image;

	(void)state;
	buf_init(&image, 1 << 20);
	count(t, "one.test", "", 1);
	counts_render(&t->q, &image);
	for (size_t i = 0; i < image.len; i++) {
		struct err err = ERR_INIT;

		image.data[i] ^= 0x10;
		if (counts_parse(&t->q, buf_str(&image), &err) != -1)
			fail_msg("byte %zu", i);
		assert_int_not_equal(err.kind, ERR_NONE);
		image.data[i] ^= 0x10;
		if (counts_parse(&t->q, str_sub(buf_str(&image), 0, i), NULL) !=
		    -1)
			fail_msg("%zu bytes", i);
	}
	buf_fini(&image);
	twin_free(t);
}

static void
stop(void *loop)
{
	loop_stop(loop);
}

static void
test_when_it_is_saved(void **state)
{
	char folder[] = "/tmp/test_counts_XXXXXX";
	struct twin *t = twin_new(CONFIG);
	struct loop *loop = loop_new();
	struct loop_timer *timer = loop_timer(loop, stop, loop);
	struct counts *c;
	struct stat st;
	int dir;

	(void)state;
	assert_non_null(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	assert_int_equal(counts_open(&c, &t->q, loop, dir, NULL), 0);
	assert_int_equal(counts_next(c), 0);
	count(t, "one.test", "", 5);
	/* soon, and that does not move */
	assert_int_equal(counts_next(c), t->q.now + COUNTS_SOON_MS);
	t->q.now += COUNTS_SOON_MS - 1;
	counts_tick(c);
	assert_int_equal(counts_next(c), t->q.now + 1);
	assert_int_equal(fstatat(dir, ".hosts", &st, 0), -1);
	t->q.now += 1;
	counts_tick(c);
	assert_int_equal(counts_next(c), 0);
	/* what changes while it is written comes with the next */
	count(t, "two.test", "", 6);
	while (counts_next(c) == 0) {
		loop_timer_in(timer, 1);
		loop_run(loop);
	}
	assert_int_equal(fstatat(dir, ".hosts", &st, 0), 0);
	assert_int_equal(counts_next(c), t->q.now + COUNTS_EVERY_MS);
	counts_hurry(c);
	assert_int_equal(counts_next(c), t->q.now);
	counts_close(&c);
	twin_free(t);

	t = twin_new(CONFIG);
	assert_int_equal(counts_open(&c, &t->q, loop, dir, NULL), 0);
	assert_counts(t, "one.test", "", 5);
	assert_counts(t, "two.test", "", 6);
	assert_int_equal(counts_next(c), 0);
	counts_close(&c);
	twin_free(t);
	loop_timer_free(&timer);
	loop_free(&loop);
	assert_int_equal(unlinkat(dir, ".hosts", 0), 0);
	close(dir);
	assert_int_equal(rmdir(folder), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_wishes_are_kept_apart),
		cmocka_unit_test(test_dur_17_a_file_of_before),
		cmocka_unit_test(test_a_damaged_file_is_refused),
		cmocka_unit_test(test_when_it_is_saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
