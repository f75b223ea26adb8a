/* test_queue.c - queue files: written, read, damaged */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>

#include "queue/format.h"
#include "queue_kit.h"

/* It stands where it is said to stand: kit_draft's pieces. */
static void
check_content(int fd, const struct qmessage *m)
{
	char bytes[1001];
	size_t n = m->content_len < 1001 ? (size_t)m->content_len : 1001;

	assert_int_equal(pread(fd, bytes, n, m->content_off), n);
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != (i % 1000 == 0 ? 'a' + 4711 % 26 : 'x'))
			fail_msg("%zu bytes: content is elsewhere", n);
}

static void
test_round_trip(void **state)
{
	static const size_t sizes[] = { 0, 1, 5000, 65536, 65537, 300000 };

	kit_late = *state != NULL;
	for (size_t i = 0; i < NELEM(sizes); i++) {
		struct kit k;
		struct qmessage m;
		struct arena mem;
		struct err err = ERR_INIT;
		int fd;

		kit_open(&k, "/tmp");
		kit_mail(&k, 4711, sizes[i], true);
		fd = spool_open_mid(
		    k.spool, QUEUE_INCOMING, 4711, O_RDONLY, &err);
		arena_init(&mem, QUEUE_READ_MEM);
		if (fd == -1 ||
		    qmessage_read(&m, fd, true, &mem, &err) != QREAD_MAIL)
			fail_msg("%zu bytes: %s", sizes[i], err.text);
		assert_int_equal(m.mid, 4711);
		assert_int_equal(m.content_len, sizes[i]);
		assert_true(m.routed);
		assert_int_equal(m.n_rcpts, 3);
		assert_int_equal(m.n_open, 3);
		assert_true(str_is(m.rcpt_v[1].orig, "ben@old.test"));
		assert_true(str_is(m.content.subject, "printer"));
		assert_true(str_is(m.route.prepend, "Received: x\r\n"));
		check_content(fd, &m);
		arena_free(&mem);
		close(fd);
		kit_close(&k);
	}
	kit_late = false;
}

/* --- what is damaged --- */

/* A file as qmgr leaves it, and where its records end. */
struct sample {
	char *p;
	size_t len;
	size_t ends[5]; /* COMMIT, ROUTE, DONE, DEFER, DEFER */
};
enum { N_ENDS = 5 };

static size_t
size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (size_t)st.st_size;
}

static void
make_sample(struct sample *s)
{
	struct rid_rec first = { 0 }, others[2] = { { 1 }, { 2 } };
	struct done_rec done = { .how = RCPT_BOUNCED, .rids = { 1, &first } };
	struct defer_rec defer = { .next = 99,
		.attempts = 1,
		.reply = STR("450 later"),
		.rids = { 2, others } };
	struct route_rec route = { .prepend = STR("Received: x\r\n"),
		.bounce_profile = STR(""),
		.gateway = STR("") };
	struct err err = ERR_INIT;
	struct kit k;
	int fd;

	kit_open(&k, "/tmp");
	kit_mail(&k, 65, 300, false);
	fd = spool_open_mid(k.spool, QUEUE_INCOMING, 65, O_RDWR, &err);
	s->ends[0] = size_of(fd);
	assert_int_equal(
	    qrec_append(fd, 65, QREC_ROUTE, &route, false, &err), 0);
	s->ends[1] = size_of(fd);
	assert_int_equal(qrec_append(fd, 65, QREC_DONE, &done, true, &err), 0);
	s->ends[2] = size_of(fd);
	assert_int_equal(
	    qrec_append(fd, 65, QREC_DEFER, &defer, true, &err), 0);
	s->ends[3] = size_of(fd);
	defer.attempts = 2;
	assert_int_equal(
	    qrec_append(fd, 65, QREC_DEFER, &defer, false, &err), 0);
	s->len = s->ends[4] = size_of(fd);
	s->p = mem_alloc(s->len);
	assert_int_equal(pread(fd, s->p, s->len, 0), s->len);
	close(fd);
	kit_close(&k);
}

/* Is m what the first n records say, and nothing else? */
static bool
is_state(const struct qmessage *m, int n)
{
	uint32_t attempts = n >= 5 ? 2 : n == 4 ? 1 : 0;

	return m->mid == 65 && m->content_len == 300 && m->n_rcpts == 3 &&
	       str_is(m->envelope.sender, "joe@sender.test") &&
	       str_is(m->rcpt_v[2].addr, "cid@one.test") &&
	       m->routed == (n >= 2) && m->rcpts[0].done == (n >= 3) &&
	       m->n_open == (n >= 3 ? 2u : 3u) &&
	       m->rcpts[1].attempts == attempts &&
	       m->rcpts[2].attempts == attempts &&
	       m->rcpts[1].next == (n >= 4 ? 99 : 0) &&
	       m->rcpts[2].next == (n >= 4 ? 99 : 0);
}

static int
state_of(const struct qmessage *m)
{
	for (int n = N_ENDS; n >= 1; n--)
		if (is_state(m, n))
			return n;
	return 0;
}

static void
test_dur_08_truncated_at_every_byte(void **state)
{
	struct sample s;

	(void)state;
	make_sample(&s);
	for (size_t len = 0; len <= s.len; len++) {
		struct err err = ERR_INIT;
		struct qmessage m;
		struct arena mem;
		enum qread what;
		int n = 0;

		while (n < N_ENDS && s.ends[n] <= len)
			n++;
		arena_init(&mem, QUEUE_READ_MEM);
		what = qmessage_parse(
		    &m, (struct str){ s.p, len }, true, &mem, &err);
		if (what != (n == 0 ? QREAD_DRAFT : QREAD_MAIL))
			fail_msg("%zu bytes: %d %s", len, what, err.text);
		if (n > 0 && (!is_state(&m, n) || m.valid_len != s.ends[n - 1]))
			fail_msg("%zu bytes: not state %d", len, n);
		arena_free(&mem);
	}
	free(s.p);
}

/* Zeros from some byte on: blocks that never reached the disk. */
static void
test_dur_08_zeros_at_the_end(void **state)
{
	struct sample s;

	(void)state;
	make_sample(&s);
	for (size_t len = 0; len < s.len; len++) {
		struct err err = ERR_INIT;
		struct qmessage m;
		struct arena mem;
		enum qread what;
		char *copy = mem_alloc(s.len);

		memcpy(copy, s.p, len);
		arena_init(&mem, QUEUE_READ_MEM);
		what = qmessage_parse(
		    &m, (struct str){ copy, s.len }, true, &mem, &err);
		if (what == QREAD_MAIL && state_of(&m) == 0)
			fail_msg("zeros from %zu: a state never seen", len);
		if (what == QREAD_MAIL && len < s.ends[0] - 1)
			fail_msg("zeros from %zu: is no mail", len);
		if (what == QREAD_DRAFT && len >= s.ends[0])
			fail_msg("zeros from %zu: was mail", len);
		arena_free(&mem);
		free(copy);
	}
	free(s.p);
}

static void
test_dur_08_every_bit_flipped(void **state)
{
	struct sample s;

	(void)state;
	make_sample(&s);
	for (size_t bit = 0; bit < s.len * 8; bit++) {
		struct err err = ERR_INIT;
		struct qmessage m;
		struct arena mem;
		enum qread what;

		s.p[bit / 8] ^= (char)(1 << bit % 8);
		arena_init(&mem, QUEUE_READ_MEM);
		what = qmessage_parse(
		    &m, (struct str){ s.p, s.len }, true, &mem, &err);
		if (what == QREAD_DRAFT)
			fail_msg("bit %zu: mail taken for a draft", bit);
		if (what == QREAD_MAIL && bit / 8 < s.ends[0])
			fail_msg("bit %zu: not noticed", bit);
		if (what == QREAD_MAIL && state_of(&m) == 0)
			fail_msg("bit %zu: a state never seen", bit);
		arena_free(&mem);
		s.p[bit / 8] ^= (char)(1 << bit % 8);
	}
	free(s.p);
}

/* Of a long message with a late envelope all but the content, which is like
 * that of others: cut and flipped everywhere. */
static void
test_dur_08_envelope_behind_the_content(void **state)
{
	enum { CONTENT = 66000, AFTER = 64 + CONTENT };
	struct err err = ERR_INIT;
	struct qmessage m;
	struct arena mem;
	struct kit k;
	size_t len;
	char *p;
	int fd;

	(void)state;
	kit_late = true;
	kit_open(&k, "/tmp");
	kit_mail(&k, 65, CONTENT, false);
	kit_late = false;
	fd = spool_open_mid(k.spool, QUEUE_INCOMING, 65, O_RDONLY, &err);
	len = size_of(fd);
	p = mem_alloc(len);
	assert_int_equal(pread(fd, p, len, 0), len);
	close(fd);
	kit_close(&k);
	for (size_t i = 0; i < len; i += i == 63 ? AFTER - 63 : 1) {
		arena_init(&mem, QUEUE_READ_MEM);
		if (qmessage_parse(&m, (struct str){ p, i }, false, &mem,
			&err) != QREAD_DRAFT)
			fail_msg("%zu of %zu bytes: no draft", i, len);
		for (int bit = 1; bit < 256; bit <<= 1) {
			p[i] ^= (char)bit;
			if (qmessage_parse(&m, (struct str){ p, len }, false,
				&mem, &err) != QREAD_CORRUPT)
				fail_msg("byte %zu: not noticed", i);
			p[i] ^= (char)bit;
		}
		arena_free(&mem);
	}
	arena_init(&mem, QUEUE_READ_MEM);
	p[100] ^= 1; /* content is looked at only when asked to */
	assert_int_equal(
	    qmessage_parse(&m, (struct str){ p, len }, false, &mem, &err),
	    QREAD_MAIL);
	assert_int_equal(m.content_off, 64);
	assert_int_equal(
	    qmessage_parse(&m, (struct str){ p, len }, true, &mem, &err),
	    QREAD_CORRUPT);
	arena_free(&mem);
	free(p);
}

/* Its records have another layout: none of it is read (DUR-08). */
static void
test_dur_08_of_another_version(void **state)
{
	static const uint32_t others[] = { 0, 1, QUEUE_VERSION + 1,
		UINT32_MAX };
	struct sample s;

	(void)state;
	make_sample(&s);
	for (size_t i = 0; i < NELEM(others); i++) {
		struct err err = ERR_INIT;
		struct qmessage m;
		struct qheader h;
		struct arena mem;
		char want[100];

		assert_int_equal(
		    format_parse_header(&h, s.p, &err), HEADER_GOOD);
		h.version = others[i];
		format_header(&h, s.p);
		snprintf(want, sizeof(want), "its format is %u, ours is %d",
		    others[i], QUEUE_VERSION);
		arena_init(&mem, QUEUE_READ_MEM);
		if (qmessage_parse(&m, (struct str){ s.p, s.len }, true, &mem,
			&err) != QREAD_CORRUPT ||
		    strstr(err.text, want) == NULL)
			fail_msg("version %u: %s", others[i], err.text);
		arena_free(&mem);
		h.version = QUEUE_VERSION;
		format_header(&h, s.p);
	}
	free(s.p);
}

/* A record does not count in another place, or in another message. */
static void
test_records_cannot_be_moved(void **state)
{
	struct err err = ERR_INIT;
	struct qmessage m;
	struct arena mem;
	struct sample s;
	size_t n;
	char *copy;

	(void)state;
	make_sample(&s);
	n = s.ends[4] - s.ends[3];
	copy = mem_alloc(s.len + n);
	memcpy(copy, s.p, s.len);
	memcpy(copy + s.len, s.p + s.ends[3], n); /* replayed */
	arena_init(&mem, QUEUE_READ_MEM);
	assert_int_equal(qmessage_parse(&m, (struct str){ copy, s.len + n },
			     true, &mem, &err),
	    QREAD_MAIL);
	assert_int_equal(m.valid_len, s.len);
	arena_free(&mem);
	free(copy);
	free(s.p);
}

/* The spam quarantine: the last record that names a recipient counts. */
static void
test_held_by_recipient(void **state)
{
	static struct rid_rec all[] = { { 0 }, { 1 }, { 2 } },
			      none[] = { { 3 } };
	struct held_rec held = { .quarantine = STR("Spam Quarantine"),
		.entered = 5,
		.expires = 6,
		.reason = STR(""),
		.rids = { 3, all } };
	struct err err = ERR_INIT;
	struct qmessage m;
	struct arena mem;
	struct kit k;
	int fd;

	(void)state;
	kit_open(&k, "/tmp");
	kit_mail(&k, 65, 300, false);
	arena_init(&mem, QUEUE_READ_MEM);
	fd = spool_open_mid(k.spool, QUEUE_INCOMING, 65, O_RDWR, &err);
	assert_int_equal(qmessage_read(&m, fd, true, &mem, &err), QREAD_MAIL);
	assert_null(m.rcpt_helds);
	assert_int_equal(qrec_append(fd, 65, QREC_HELD, &held, true, &err), 0);
	held.state = HELD_RELEASED;
	held.next = 77;
	held.rids = (struct codec_list){ 1, all + 1 };
	assert_int_equal(qrec_append(fd, 65, QREC_HELD, &held, true, &err), 0);
	assert_int_equal(qmessage_read(&m, fd, true, &mem, &err), QREAD_MAIL);
	assert_int_equal(m.n_helds, 1);
	for (size_t i = 0; i < m.n_rcpts; i++) {
		assert_true(m.rcpt_helds[i].is);
		assert_int_equal(
		    m.rcpt_helds[i].state, i == 1 ? HELD_RELEASED : HELD_IN);
		assert_int_equal(m.rcpt_helds[i].next, i == 1 ? 77 : 0);
	}
	held.rids = (struct codec_list){ 1, none };
	assert_int_equal(qrec_append(fd, 65, QREC_HELD, &held, true, &err), 0);
	assert_int_equal(
	    qmessage_read(&m, fd, true, &mem, &err), QREAD_CORRUPT);
	arena_free(&mem);
	close(fd);
	kit_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		{ "test_round_trip, late envelope", test_round_trip, NULL, NULL,
		    &kit_late },
		cmocka_unit_test(test_dur_08_envelope_behind_the_content),
		cmocka_unit_test(test_dur_08_truncated_at_every_byte),
		cmocka_unit_test(test_dur_08_zeros_at_the_end),
		cmocka_unit_test(test_dur_08_every_bit_flipped),
		cmocka_unit_test(test_dur_08_of_another_version),
		cmocka_unit_test(test_records_cannot_be_moved),
		cmocka_unit_test(test_held_by_recipient),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
