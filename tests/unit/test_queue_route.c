/* test_queue_route.c - ROUTE that stands for a part of the content */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "queue_kit.h"

/* What ROUTE says in place of a part of the content, and who then sends: the
 * content begins behind that, for everybody, also after a death. */
static void
check_skipped(struct qfile *q, uint64_t mid, size_t size)
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
		size_t size = sizes[i % 2];
		struct err err = ERR_INIT;
		struct buf head;
		struct qfile *q;
		struct kit k;

		kit_open(&k, "/tmp");
		q = kit_draft(&k, 9, size);
		kit_commit(&k, q);
		if (i >= 2)
			qfile_park(q);
		buf_init(&head, 100);
		assert_int_equal(qfile_read(q, 0, 50, &head, &err), 0);
		assert_int_equal(head.len, 50);
		assert_int_equal(head.data[0], 'a' + 9);
		buf_fini(&head);
		assert_int_equal(qfile_route(q, &route, &err), 0);
		check_skipped(q, 9, size);
		qfile_free(&q);
		q = kit_adopt(&k, 9);
		check_skipped(q, 9, size);
		qfile_free(&q);
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
