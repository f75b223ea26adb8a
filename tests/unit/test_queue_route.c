/* test_queue_route.c - ROUTE that stands for a part of the content */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "queue_kit.h"

static struct qfile *adopted;

static void
adopt(void *arg, const struct qmessage *m, enum queue_place place)
{
	struct kit *k = arg;

	(void)place;
	adopted = qfile_adopt(k->spool, m, -1);
}

static void
corrupt(void *arg, uint64_t mid, const struct err *why)
{
	(void)arg;
	fail_msg("MID %llu: %s", (unsigned long long)mid, why->text);
}

/* What ROUTE says in place of a part of the content, and who then sends: the
 * content begins behind that, for everybody, also after a death. */
static void
check_skipped(struct kit *k, struct qfile *q, uint64_t mid, size_t size)
{
	struct err err = ERR_INIT;
	struct qmessage m;
	struct arena mem;
	char c;
	int fd = qfile_reader(q, &err);

	arena_init(&mem, QUEUE_READ_MEM);
	assert_int_equal(qmessage_read(&m, fd, true, &mem, &err), QREAD_MAIL);
	assert_true(m.routed);
	assert_int_equal(m.content_off, qfile_content_off(q));
	assert_int_equal(m.content_len, size - 40);
	assert_int_equal(m.content.size, size);
	assert_true(str_is(m.envelope.sender, "outer@sender.test"));
	/* the first byte of a piece, in front of which 40 are skipped */
	assert_int_equal(pread(fd, &c, 1, (off_t)m.content_off - 40), 1);
	assert_int_equal(c, 'a' + mid % 26);
	arena_free(&mem);
	close(fd);
	(void)k;
}

static void
test_route_skips_a_part(void **state)
{
	static const size_t sizes[] = { 300, 200000 };
	struct route_rec route = { .prepend = STR("From: x\r\n"),
		.skip = 40,
		.sender = STR("outer@sender.test"),
		.bounce_profile = STR(""),
		.gateway = STR("") };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		static const struct recover_handler handler = { adopt,
			corrupt };
		size_t size = sizes[i % 2];
		struct err err = ERR_INIT;
		uint64_t max = 0;
		struct buf head;
		struct qfile *q;
		struct kit k;

		kit_open(&k, "/tmp");
		q = kit_draft(&k, 9, size);
		kit_commit(&k, q);
		if (i >= 2)
			qfile_park(q);
		buf_init(&head, 100);
		assert_int_equal(qfile_read(q, 50, &head, &err), 0);
		assert_int_equal(head.len, 50);
		assert_int_equal(head.data[0], 'a' + 9);
		buf_fini(&head);
		assert_int_equal(qfile_route(q, &route, &err), 0);
		check_skipped(&k, q, 9, size);
		qfile_free(&q);
		assert_int_equal(spool_recover(k.spool, QUEUE_INCOMING, true,
				     &handler, &k, &max, &err),
		    0);
		check_skipped(&k, adopted, 9, size);
		qfile_free(&adopted);
		kit_close(&k);
	}
}

static void
test_route_that_skips_too_much_is_damage(void **state)
{
	struct route_rec route = { .prepend = STR(""),
		.skip = 101,
		.sender = STR(""),
		.bounce_profile = STR(""),
		.gateway = STR("") };
	struct err err = ERR_INIT;
	struct qmessage m;
	struct arena mem;
	struct kit k;
	int fd;

	(void)state;
	kit_open(&k, "/tmp");
	kit_mail(&k, 9, 100, false);
	fd = spool_open_mid(k.spool, QUEUE_INCOMING, 9, O_RDWR, &err);
	assert_int_equal(
	    qrec_append(fd, 9, QREC_ROUTE, &route, false, &err), 0);
	arena_init(&mem, QUEUE_READ_MEM);
	assert_int_equal(
	    qmessage_read(&m, fd, false, &mem, &err), QREAD_CORRUPT);
	assert_non_null(strstr(err.text, "ROUTE skips too much"));
	arena_free(&mem);
	close(fd);
	kit_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_route_skips_a_part),
		cmocka_unit_test(test_route_that_skips_too_much_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
