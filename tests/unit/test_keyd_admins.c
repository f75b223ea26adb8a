/*
 * test_keyd_admins.c - keyd and administrators: who may log in, how often
 *
 * The real program, with the test as its master and its webd.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "hostile_proof.h"
#include "tls/administrators.h"

static void
log_in(int fd, const char *name, const char *passphrase, const char *from,
    struct admin_judged *done)
{
	struct admin_login msg = { .name = str_of(name),
		.passphrase = str_of(passphrase) };
	struct heard h;

	assert_true(ip_parse(&msg.remote, str_of(from)));
	assert_true(rig_say(fd, IPC_ADMIN_LOGIN, 11, &msg, NULL, 0));
	assert_true(rig_expect(fd, &h, IPC_ADMIN_JUDGED, done, NULL));
	assert_int_equal(h.f.txn, 11);
	done->full_name = STR(""); /* it is gone with h */
}

static void
make_admins(struct buf *text, enum admin_state state)
{
	struct administrators a;
	struct administrator *joe;

	administrators_init(&a);
	joe = administrators_add(&a, STR("joe"), STR("Joe Smith"));
	joe->role = ROLE_OPERATOR;
	joe->state = state;
	admin_hash_make(&joe->hash, STR("correct horse"));
	administrators_print(&a, text);
	administrators_fini(&a);
}

/* Threats ADM-09: guessing; a user who is locked is logged in no longer. */
static void
test_adm_09_log_in_of_administrators(void **state)
{
	struct rig *r = rig_start(PROGRAM_KEYD);
	int webd = rig_peer(r, PROGRAM_WEBD, 0);
	struct admin_judged done;
	struct admins_msg list;
	struct arena mem;
	struct heard h;
	struct buf text;
	uint64_t stamp;

	(void)state;
	arena_init(&mem, 1 << 20);
	buf_init(&text, ADMINS_TEXT_MAX);
	assert_true(rig_expect(webd, &h, IPC_ADMINS, &list, &mem));
	assert_int_equal(list.admins.n, 0);
	log_in(webd, "joe", "correct horse", "192.0.2.1", &done);
	assert_int_equal(done.verdict, ADMIN_REFUSED);

	make_admins(&text, ADMIN_CHANGE);
	assert_true(proof_secret(r, "administrators", &text));
	assert_true(rig_expect(webd, &h, IPC_ADMINS, &list, &mem));
	assert_int_equal(list.admins.n, 1);
	stamp = ((const struct admin_rec *)list.admins.v)->stamp;
	assert_null(memmem(h.f.body.p, h.f.body.n, "scrypt", 6));
	log_in(webd, "joe", "correct horse", "192.0.2.1", &done);
	assert_int_equal(done.verdict, ADMIN_GOOD);
	assert_int_equal(done.role, ROLE_OPERATOR);
	assert_int_equal(done.must_change, 1);
	assert_true(done.stamp == stamp);

	/* five failures, and there the right one is refused, too */
	for (int i = 0; i < 5; i++) {
		log_in(webd, "joe", "wrong horse", "192.0.2.9", &done);
		assert_int_equal(done.verdict, ADMIN_REFUSED);
	}
	log_in(webd, "joe", "correct horse", "192.0.2.9", &done);
	assert_int_equal(done.verdict, ADMIN_REFUSED);
	assert_int_equal(done.role, ROLE_NONE);
	log_in(webd, "joe", "correct horse", "192.0.2.1", &done);
	assert_int_equal(done.verdict, ADMIN_GOOD);

	buf_reset(&text);
	make_admins(&text, ADMIN_LOCKED);
	assert_true(proof_secret(r, "administrators", &text));
	assert_true(rig_expect(webd, &h, IPC_ADMINS, &list, &mem));
	assert_int_equal(list.admins.n, 0);
	log_in(webd, "joe", "correct horse", "192.0.2.1", &done);
	assert_int_equal(done.verdict, ADMIN_REFUSED);

	/* a file with a mistake changes nothing */
	buf_reset(&text);
	buf_puts(&text, "joe:operator:enabled:1:secret:\n");
	assert_true(proof_secret(r, "administrators", &text));
	log_in(webd, "joe", "secret", "192.0.2.1", &done);
	assert_int_equal(done.verdict, ADMIN_REFUSED);
	buf_fini(&text);
	arena_free(&mem);
	close(webd);
	rig_stop(r);
}

static void
say_login(int fd, uint32_t txn, const char *name, const char *from)
{
	struct admin_login msg = { .name = str_of(name),
		.passphrase = STR("wrong horse") };

	assert_true(ip_parse(&msg.remote, str_of(from)));
	assert_true(rig_say(fd, IPC_ADMIN_LOGIN, txn, &msg, NULL, 0));
}

/* Threats KEY-01: a copy that ends at a NUL is not as long as was said. */
static void
test_key_01_passphrases_with_nuls(void **state)
{
	struct rig *r = rig_start(PROGRAM_KEYD);
	int webd = rig_peer(r, PROGRAM_WEBD, 0);
	char bytes[900] = "a";
	struct admin_login msg = { .name = { bytes, 30 },
		.passphrase = { bytes, sizeof(bytes) } };
	struct admins_msg list;
	struct arena mem;
	struct heard h;

	(void)state;
	arena_init(&mem, 1 << 20);
	memset(bytes + 100, 'b', 700);
	assert_true(ip_parse(&msg.remote, STR("192.0.2.1")));
	assert_true(rig_expect(webd, &h, IPC_ADMINS, &list, &mem));
	for (uint32_t i = 0; i < 10; i++) {
		struct admin_judged done;

		assert_true(rig_say(webd, IPC_ADMIN_LOGIN, i, &msg, NULL, 0));
		assert_true(
		    rig_expect(webd, &h, IPC_ADMIN_JUDGED, &done, NULL));
		assert_int_equal(done.verdict, ADMIN_REFUSED);
	}
	assert_true(rig_lives(r));
	arena_free(&mem);
	close(webd);
	rig_stop(r);
}

static int64_t
cpu_ms(const struct rig *r)
{
	struct timespec t;
	clockid_t id;

	assert_int_equal(clock_getcpuclockid(r->pid, &id), 0);
	assert_int_equal(clock_gettime(id, &t), 0);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Threats ADM-09: who asks too often does not take the others' time. */
static void
test_adm_09_many_log_ins_at_a_time(void **state)
{
	struct rig *r = rig_start(PROGRAM_KEYD);
	int webd = rig_peer(r, PROGRAM_WEBD, 0);
	struct admins_msg list;
	struct arena mem;
	struct heard h;
	struct buf text;
	unsigned busy = 0;
	int64_t before;

	(void)state;
	arena_init(&mem, 1 << 20);
	buf_init(&text, ADMINS_TEXT_MAX);
	make_admins(&text, ADMIN_ENABLED);
	assert_true(rig_expect(webd, &h, IPC_ADMINS, &list, &mem));
	assert_true(proof_secret(r, "administrators", &text));
	assert_true(rig_expect(webd, &h, IPC_ADMINS, &list, &mem));
	for (uint32_t i = 0; i < 20; i++)
		say_login(webd, i, "nobody", "192.0.2.1");
	say_login(webd, 100, "joe", "192.0.2.2");
	for (int i = 0; i < 21; i++) {
		struct admin_judged done;

		assert_true(
		    rig_expect(webd, &h, IPC_ADMIN_JUDGED, &done, NULL));
		busy += done.verdict == ADMIN_BUSY;
		if (h.f.txn == 100)
			assert_int_equal(done.verdict, ADMIN_REFUSED);
	}
	assert_true(busy > 0);

	/* whoever is refused anyway costs nothing */
	for (uint32_t i = 0; i < 5; i++) {
		struct admin_judged done;

		log_in(webd, "joe", "wrong horse", "192.0.2.3", &done);
	}
	before = cpu_ms(r);
	for (int i = 0; i < 50; i++) {
		struct admin_judged done;

		log_in(webd, "joe", "wrong horse", "192.0.2.3", &done);
		assert_int_equal(done.verdict, ADMIN_REFUSED);
	}
	assert_in_range(cpu_ms(r) - before, 0, 1000);
	buf_fini(&text);
	arena_free(&mem);
	close(webd);
	rig_stop(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adm_09_log_in_of_administrators),
		cmocka_unit_test(test_key_01_passphrases_with_nuls),
		cmocka_unit_test(test_adm_09_many_log_ins_at_a_time),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
