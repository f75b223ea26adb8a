/* test_slots.c - messages in slots: taken, done, recovered, spilled */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>

#include "queue/slots.h"
#include "queue_kit.h"

/* What a recovery found, by slot. */
struct seen {
	uint64_t mids[SLOTS_N];
	bool routed[SLOTS_N];
	unsigned n_found, n_damaged;
	uint64_t damaged;
};

static void
on_found(void *arg, int slot, const struct qmessage *m)
{
	struct seen *s = arg;

	s->mids[slot] = m->mid;
	s->routed[slot] = m->routed;
	s->n_found++;
}

static void
on_damaged(void *arg, int slot, uint64_t mid, const struct err *why)
{
	struct seen *s = arg;

	(void)slot, (void)why;
	s->damaged = mid;
	s->n_damaged++;
}

static const struct slots_handler handler = { on_found, on_damaged };

static struct seen
recover(struct slots *s, bool writer)
{
	struct err err = ERR_INIT;
	struct seen seen = { .n_found = 0 };

	if (slots_recover(s, writer, &handler, &seen, &err) == -1)
		fail_msg("%s", err.text);
	return seen;
}

static struct slots *
reader(struct kit *k)
{
	struct err err = ERR_INIT;
	struct slots *s;

	if (slots_open(&s, k->spool, 0, false, &err) == -1 || s == NULL)
		fail_msg("no slots: %s", err.text);
	return s;
}

static struct qfile *
committed(struct kit *k, uint64_t mid, size_t size)
{
	struct qfile *q = kit_draft(k, mid, size);

	kit_commit(k, q);
	assert_int_equal(k->last.kind, ERR_NONE);
	return q;
}

/* Commits a small message; it must get a slot. */
static struct qfile *
in_slot(struct kit *k, uint64_t mid, size_t size)
{
	struct qfile *q = committed(k, mid, size);

	assert_true(qfile_slot(q) != -1);
	return q;
}

static void
overwrite(struct kit *k, int slot, unsigned at, const char *bytes, size_t n)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/incoming/slots.0", k->path);
	fd = open(path, O_RDWR);
	assert_int_equal(
	    pwrite(fd, bytes, n, (off_t)slots_offset(slot) + at), (ssize_t)n);
	close(fd);
}

static void
test_a_small_message_goes_into_a_slot_and_is_found_again(void **state)
{
	struct kit *k = *state;
	struct err err = ERR_INIT;
	struct slots *r = reader(k);
	struct route_rec route = { .prepend = STR("Received: x\r\n"),
		.bounce_profile = STR(""),
		.gateway = STR("") };
	struct qmessage qm;
	struct arena mem;
	struct buf image;
	struct str content;
	struct seen seen;
	struct qfile *q = in_slot(k, 77, 30);
	int slot = qfile_slot(q);

	assert_int_equal(qfile_content(q, &content, &err), 0);
	assert_int_equal(content.n, 30);
	assert_int_equal(content.p[29], 'x');
	qfile_park(q); /* and again, from the disk */
	assert_int_equal(qfile_content(q, &content, &err), 0);
	assert_int_equal(content.n, 30);
	assert_int_equal(content.p[29], 'x');
	seen = recover(r, false);
	assert_int_equal(seen.n_found, 1);
	assert_false(seen.routed[slot]);
	assert_int_equal(qfile_route(q, &route, &err), 0);
	seen = recover(r, false);
	assert_int_equal(seen.mids[slot], 77);
	assert_true(seen.routed[slot]);

	buf_init(&image, SLOT_SIZE + 1);
	arena_init(&mem, QUEUE_READ_MEM);
	assert_int_equal(
	    slots_message(r, slot, 77, &image, &qm, &mem, &err), QREAD_MAIL);
	assert_true(str_is(qm.route.prepend, "Received: x\r\n"));
	assert_int_equal(
	    slots_message(r, slot, 78, &image, &qm, &mem, &err), QREAD_CORRUPT);
	slots_done(r, slot, 77);
	assert_int_equal(
	    slots_message(r, slot, 77, &image, &qm, &mem, &err), QREAD_CORRUPT);
	assert_int_equal(recover(r, false).n_found, 0);
	arena_free(&mem);
	buf_fini(&image);
	qfile_free(&q);
	slots_close(&r);
}

/* ROUTE skips the beginning of the content, in memory and on disk. */
static void
test_route_skips_a_part(void **state)
{
	struct kit *k = *state;
	struct err err = ERR_INIT;
	struct slots *r = reader(k);
	struct route_rec route = { .prepend = STR("From: x\r\n"),
		.skip = 1,
		.sender = STR("outer@sender.test"),
		.bounce_profile = STR(""),
		.gateway = STR("") };

	for (int parked = 0; parked < 2; parked++) {
		struct qfile *q = in_slot(k, 77, 30);
		struct qmessage qm;
		struct arena mem;
		struct buf image, head;
		struct str content;
		int slot = qfile_slot(q);

		if (parked)
			qfile_park(q);
		buf_init(&head, 100);
		assert_int_equal(qfile_read(q, 0, 30, &head, &err), 0);
		assert_int_equal(head.data[0], 'a' + 77 % 26);
		assert_int_equal(qfile_route(q, &route, &err), 0);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(qfile_content(q, &content, &err), 0);
			assert_true(
			    str_eq(content, str_sub(buf_str(&head), 1, 29)));
			qfile_park(q);
		}
		buf_init(&image, SLOT_SIZE + 1);
		arena_init(&mem, QUEUE_READ_MEM);
		assert_int_equal(
		    slots_message(r, slot, 77, &image, &qm, &mem, &err),
		    QREAD_MAIL);
		assert_int_equal(qm.content_len, 29);
		assert_true(str_eq(str_sub(buf_str(&image), qm.content_off, 29),
		    str_sub(buf_str(&head), 1, 29)));
		assert_true(str_is(qm.envelope.sender, "outer@sender.test"));
		qfile_free(&q);
		q = qfile_adopt(k->spool, &qm, slot);
		assert_int_equal(qfile_content(q, &content, &err), 0);
		assert_true(str_eq(content, str_sub(buf_str(&head), 1, 29)));
		assert_int_equal(qfile_unlink(q, &err), 0);
		qfile_free(&q);
		arena_free(&mem);
		buf_fini(&image);
		buf_fini(&head);
	}
	slots_close(&r);
}

/* A slot is used again only when its message is done; what an older and
 * longer message left behind it never shows. */
static void
test_slots_are_used_again_when_done(void **state)
{
	struct kit *k = *state;
	struct slots *r = reader(k);
	struct seen seen;
	struct qfile *q;
	unsigned in_files = 0;

	for (uint64_t mid = 1; mid <= SLOTS_N + 20; mid++) {
		q = committed(k, mid, 3000);
		in_files += qfile_slot(q) == -1;
		qfile_free(&q);
	}
	assert_int_equal(in_files, 20); /* no slot was free: files */
	seen = recover(r, false);
	assert_int_equal(seen.n_found, SLOTS_N);
	for (int i = 0; i < (int)SLOTS_N; i++)
		slots_done(r, i, seen.mids[i]);
	for (uint64_t mid = 1001; mid <= 1010; mid++) {
		q = committed(k, mid, 10);
		assert_true(qfile_slot(q) != -1);
		qfile_free(&q);
	}
	seen = recover(r, false);
	assert_int_equal(seen.n_found, 10);
	assert_int_equal(seen.n_damaged, 0);
	slots_close(&r);
}

static void
test_a_torn_image_is_a_draft_and_a_damaged_one_is_told(void **state)
{
	static const struct {
		const char *why;
		unsigned at;
		bool acknowledged;
		unsigned found, damaged;
	} cases[] = {
		{ "content, never acknowledged", 400, false, 0, 0 },
		{ "content of acknowledged mail", 400, true, 0, 1 },
		{ "header of acknowledged mail", 20, true, 0, 1 },
		{ "envelope of acknowledged mail", 70, true, 0, 1 },
		{ "behind the image", 20000, true, 1, 0 },
	};
	struct kit *k = *state;
	static const char blank[64];

	for (size_t i = 0; i < NELEM(cases); i++) {
		uint64_t mid = 50 + i;
		struct qfile *q = in_slot(k, mid, 600);
		int slot = qfile_slot(q);
		struct slots *r = reader(k);
		struct seen seen;

		assert_true(slot != -1);
		if (!cases[i].acknowledged)
			slots_committed(spool_slots(k->spool), slot, mid - 1);
		overwrite(k, slot, cases[i].at, "!!!!", 4);
		seen = recover(r, true);
		if (seen.n_found != cases[i].found ||
		    seen.n_damaged != cases[i].damaged)
			fail_msg("%s: %u found, %u damaged", cases[i].why,
			    seen.n_found, seen.n_damaged);
		slots_done(r, slot, mid);
		slots_committed(spool_slots(k->spool), slot, 0);
		overwrite(k, slot, 0, blank, sizeof(blank));
		qfile_free(&q);
		slots_close(&r);
	}
}

static void
test_what_must_wait_becomes_a_file(void **state)
{
	struct kit *k = *state;
	struct err err = ERR_INIT;
	struct slots *r = reader(k);
	struct qmessage qm;
	struct arena mem;
	struct qfile *q = in_slot(k, 99, 500);
	int fd;

	/* twice is fine: the first may have been killed */
	for (int i = 0; i < 2; i++)
		if (slots_spill(r, qfile_slot(q), 99, k->spool, QUEUE_DEFERRED,
			&err) == -1)
			fail_msg("%s", err.text);
	fd = spool_open_mid(k->spool, QUEUE_DEFERRED, 99, O_RDONLY, &err);
	assert_true(fd != -1);
	arena_init(&mem, QUEUE_READ_MEM);
	assert_int_equal(qmessage_read(&qm, fd, true, &mem, &err), QREAD_MAIL);
	assert_int_equal(qm.mid, 99);
	arena_free(&mem);
	close(fd);
	slots_done(r, qfile_slot(q), 99);
	assert_int_equal(
	    slots_spill(r, qfile_slot(q), 99, k->spool, QUEUE_DEFERRED, &err),
	    -1);
	qfile_free(&q);
	slots_close(&r);
}

static void
test_large_messages_and_a_spool_without_slots_use_files(void **state)
{
	struct kit *k = *state;
	struct err err = ERR_INIT;
	struct slots *none;
	struct qfile *q;

	q = committed(k, 5, SLOT_SIZE);
	assert_int_equal(qfile_slot(q), -1);
	qfile_free(&q);
	assert_int_equal(slots_open(&none, k->spool, 7, false, &err), 0);
	assert_null(none);
}

/* Cut off by a broken disk: what is left in them is not written over. */
static void
test_dur_08_slots_of_the_wrong_length_are_left_alone(void **state)
{
	struct kit *k = *state;
	struct err err = ERR_INIT;
	char slots[128];
	struct stat st;

	snprintf(slots, sizeof(slots), "%s/incoming/slots.0", k->path);
	for (uint64_t mid = 1; mid <= 3; mid++)
		kit_mail(k, mid, 500, true);
	kit_reopen(k);
	assert_int_equal(truncate(slots, 2 * SLOT_SIZE + 9), 0);
	spool_writer(k->spool, 0);
	assert_int_equal(spool_use_slots(k->spool, &err), 0);
	assert_null(spool_slots(k->spool));
	assert_non_null(strstr(err.text, "slots.0 is not as long"));
	assert_int_equal(stat(slots, &st), 0);
	assert_int_equal(st.st_size, 2 * SLOT_SIZE + 9);
	/* nothing but zeros: made when the machine ended, and never used */
	err = (struct err)ERR_INIT;
	assert_int_equal(truncate(slots, 0), 0);
	assert_int_equal(truncate(slots, 2 * SLOT_SIZE + 9), 0);
	assert_int_equal(spool_use_slots(k->spool, &err), 0);
	assert_non_null(spool_slots(k->spool));
	assert_int_equal(err.kind, ERR_NONE);
	assert_int_equal(stat(slots, &st), 0);
	assert_int_equal(st.st_size, SLOTS_N * SLOT_SIZE);
}

static int
set_up(void **state)
{
	static struct kit kit;
	struct kit *k = &kit;
	struct err err = ERR_INIT;

	kit_open(k, "/tmp");
	if (spool_use_slots(k->spool, &err) == -1 ||
	    spool_slots(k->spool) == NULL)
		fail_msg("%s", err.text);
	*state = k;
	return 0;
}

static int
tear_down(void **state)
{
	kit_close(*state);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_small_message_goes_into_a_slot_and_is_found_again),
		TEST(test_route_skips_a_part),
		TEST(test_slots_are_used_again_when_done),
		TEST(test_a_torn_image_is_a_draft_and_a_damaged_one_is_told),
		TEST(test_what_must_wait_becomes_a_file),
		TEST(test_large_messages_and_a_spool_without_slots_use_files),
		TEST(test_dur_08_slots_of_the_wrong_length_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
