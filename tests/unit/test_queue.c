/* test_queue.c - queue files: written, read, moved, damaged */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "queue_kit.h"

static void
test_round_trip(void **state)
{
	static const size_t sizes[] = { 0, 1, 5000, 65536, 65537, 300000 };

	(void)state;
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
		arena_free(&mem);
		close(fd);
		kit_close(&k);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
