/* test_queue_spool.c - folders: recovery, moves, full disks, many at once */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "queue_kit.h"

static size_t
size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (size_t)st.st_size;
}

/* --- what is in the way --- */

struct tally {
	unsigned found, corrupt, routed, alive;
	uint64_t last;
	bool ordered;
};

static void
tally_found(void *arg, const struct qmessage *m, enum queue_place place)
{
	struct tally *t = arg;

	(void)place;
	if (t->found > 0 && m->mid <= t->last)
		t->ordered = false;
	t->last = m->mid;
	t->found++;
	t->routed += m->routed;
}

static void
tally_corrupt(void *arg, uint64_t mid, const struct err *why)
{
	struct tally *t = arg;

	(void)mid;
	assert_true(why->text[0] != '\0');
	t->corrupt++;
}

/* Whoever reads a long queue is not taken for one that hangs. */
static void
tally_alive(void *arg)
{
	struct tally *t = arg;

	t->alive++;
}

static const struct recover_handler tally_handler = { tally_found,
	tally_corrupt, tally_alive };

static struct tally
recover(struct kit *k, enum queue_place place, bool drafts)
{
	struct tally t = { .ordered = true };
	struct err err = ERR_INIT;
	uint64_t max = 0;

	if (spool_recover(
		k->spool, place, drafts, &tally_handler, &t, &max, &err) == -1)
		fail_msg("recovery: %s", err.text);
	assert_true(t.ordered);
	assert_true(t.alive >= t.found + t.corrupt);
	return t;
}

static void
put_bytes(const char *path, const char *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* What cleanup may see of the spool. */
static struct spool *
cleanups_view(const struct kit *k)
{
	struct err err = ERR_INIT;
	struct spool *s;

	if (spool_open(&s, k->path, 1u << QUEUE_INCOMING, &err) == -1)
		fail_msg("%s", err.text);
	return s;
}

static void
test_fil_01_02_planted(void **state)
{
	static const char garbage[100] = "no header of ours";
	struct tally t;
	struct kit k;
	char one[128];

	(void)state;
	kit_open(&k, "/tmp");
	for (uint64_t mid = 1; mid <= 20; mid++)
		kit_mail(&k, mid * 40, 100, mid % 2);
	put_bytes(kit_file(&k, "incoming", 1001), "", 0);
	put_bytes(kit_file(&k, "incoming", 1002), garbage, sizeof(garbage));
	assert_int_equal(mkfifo(kit_file(&k, "incoming", 1003), 0600), 0);
	assert_int_equal(mkdir(kit_file(&k, "incoming", 1004), 0700), 0);
	assert_int_equal(
	    symlink("/etc/passwd", kit_file(&k, "incoming", 1005)), 0);
	snprintf(one, sizeof(one), "%s", kit_file(&k, "incoming", 40));
	assert_int_equal(link(one, kit_file(&k, "incoming", 1006)), 0);
	snprintf(one, sizeof(one), "%s/incoming/00/odd", k.path);
	put_bytes(one, "", 0);
	put_bytes(kit_file(&k, "deferred", 1008), "", 0);

	/* cleanup removes the draft; what else it sees is not its business */
	spool_close(&k.spool);
	k.spool = cleanups_view(&k);
	for (int again = 0; again < 2; again++) {
		t = recover(&k, QUEUE_INCOMING, true);
		assert_int_equal(t.found, 19);  /* one has two names */
		assert_int_equal(t.corrupt, 1); /* the odd name */
	}
	assert_int_equal(access(kit_file(&k, "incoming", 1001), F_OK), -1);
	assert_int_equal(access(kit_file(&k, "incoming", 1002), F_OK), 0);

	/* qmgr sets it aside, once */
	kit_reopen(&k);
	t = recover(&k, QUEUE_INCOMING, false);
	assert_int_equal(t.found, 19);
	assert_int_equal(t.routed, 9);
	/* 1002 to 1005, both names of 40, the odd one */
	assert_int_equal(t.corrupt, 7);
	t = recover(&k, QUEUE_INCOMING, false);
	assert_int_equal(t.found, 19);
	assert_int_equal(t.corrupt, 1);
	t = recover(&k, QUEUE_DEFERRED, false);
	assert_int_equal(t.corrupt, 1); /* a draft has no place there */
	assert_int_equal(access("/etc/passwd", F_OK), 0);
	kit_close(&k);
}

static void
test_dur_07_living_draft_stays(void **state)
{
	struct qfile *q, *small;
	struct kit k;

	(void)state;
	kit_open(&k, "/tmp");
	q = kit_draft(&k, 5, 200000); /* on disk already, and open */
	small = kit_draft(&k, 6, 100);
	assert_int_equal(recover(&k, QUEUE_INCOMING, true).corrupt, 0);
	kit_commit(&k, q);
	kit_commit(&k, small);
	assert_int_equal(k.last.kind, ERR_NONE);
	assert_int_equal(recover(&k, QUEUE_INCOMING, true).found, 2);
	qfile_free(&q);
	qfile_free(&small);
	kit_close(&k);
}

static void
test_draft_given_up_is_gone(void **state)
{
	static const size_t sizes[] = { 100, 200000 };

	(void)state;
	for (size_t i = 0; i < NELEM(sizes); i++) {
		struct qfile *q;
		struct kit k;

		kit_open(&k, "/tmp");
		q = kit_draft(&k, 5, sizes[i]);
		qfile_free(&q);
		assert_int_equal(access(kit_file(&k, "incoming", 5), F_OK), -1);
		kit_close(&k);
	}
}

/* --- from folder to folder --- */

static void
test_dur_04_move(void **state)
{
	struct err err = ERR_INIT;
	struct kit k;

	(void)state;
	kit_open(&k, "/tmp");
	kit_mail(&k, 7, 100, true);
	if (spool_move(k.spool, 7, QUEUE_INCOMING, QUEUE_DEFERRED, &err) == -1)
		fail_msg("%s", err.text);
	assert_int_equal(recover(&k, QUEUE_INCOMING, false).found, 0);
	assert_int_equal(recover(&k, QUEUE_DEFERRED, false).found, 1);
	assert_int_equal(spool_sync_folders(k.spool, &err), 0);
	assert_int_equal(spool_unlink(k.spool, QUEUE_DEFERRED, 7, &err), 0);
	assert_int_equal(spool_unlink(k.spool, QUEUE_DEFERRED, 7, &err), -1);
	assert_int_equal(err.sys, ENOENT);
	assert_int_equal(recover(&k, QUEUE_DEFERRED, false).found, 0);
	kit_close(&k);
}

static void
test_dur_04_move_interrupted(void **state)
{
	static const struct {
		const char *why;
		bool again; /* moved again first */
		enum queue_place order[2];
	} cases[] = {
		{ "incoming first", false, { QUEUE_INCOMING, QUEUE_DEFERRED } },
		{ "deferred first", false, { QUEUE_DEFERRED, QUEUE_INCOMING } },
		{ "moved again", true, { QUEUE_INCOMING, QUEUE_DEFERRED } },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct err err = ERR_INIT;
		char from[128];
		struct tally a, b;
		struct kit k;

		kit_open(&k, "/tmp");
		kit_mail(&k, 7, 100, true);
		snprintf(from, sizeof(from), "%s", kit_file(&k, "incoming", 7));
		assert_int_equal(link(from, kit_file(&k, "deferred", 7)), 0);
		if (cases[i].again && spool_move(k.spool, 7, QUEUE_INCOMING,
					  QUEUE_DEFERRED, &err) == -1)
			fail_msg("%s: %s", cases[i].why, err.text);
		a = recover(&k, cases[i].order[0], false);
		b = recover(&k, cases[i].order[1], false);
		if (a.found + b.found != 1 || a.corrupt + b.corrupt != 0 ||
		    access(from, F_OK) == 0)
			fail_msg("%s: %u and %u found", cases[i].why, a.found,
			    b.found);
		kit_close(&k);
	}
}

/* --- a torn last record --- */

static void
tear(const struct kit *k, uint64_t mid)
{
	FILE *f = fopen(kit_file(k, "incoming", mid), "a");

	assert_non_null(f);
	assert_true(fputs("\2", f) >= 0 && fwrite("\0\0", 1, 2, f) == 2);
	assert_int_equal(fclose(f), 0);
}

static void
test_dur_08_tail_is_cut(void **state)
{
	struct rid_rec rid = { 0 };
	struct done_rec done = { .how = RCPT_DELIVERED, .rids = { 1, &rid } };
	struct err err = ERR_INIT;
	struct qmessage m;
	struct arena mem;
	struct kit k;
	int fd;

	(void)state;
	kit_open(&k, "/tmp");
	kit_mail(&k, 7, 100, true);
	tear(&k, 7);
	assert_int_equal(recover(&k, QUEUE_INCOMING, false).found, 1);
	fd = spool_open_mid(k.spool, QUEUE_INCOMING, 7, O_RDWR, &err);
	assert_int_equal(qrec_append(fd, 7, QREC_DONE, &done, true, &err), 0);
	arena_init(&mem, QUEUE_READ_MEM);
	assert_int_equal(qmessage_read(&m, fd, true, &mem, &err), QREAD_MAIL);
	assert_int_equal(m.n_open, 2);
	arena_free(&mem);
	close(fd);
	kit_close(&k);
}

/* The same before ROUTE: that tail is the writer's to cut. */
static void
test_dur_08_adopted_tail_is_cut(void **state)
{
	struct route_rec route = { .prepend = STR(""),
		.bounce_profile = STR(""),
		.gateway = STR("") };
	struct err err = ERR_INIT;
	struct qfile *adopted;
	struct qmessage m;
	struct arena mem;
	struct tally t;
	struct kit k;
	int fd;

	(void)state;
	kit_open(&k, "/tmp");
	kit_mail(&k, 7, 100, false);
	for (int i = 0; i < 20; i++)
		tear(&k, 7); /* longer than the ROUTE to come */
	adopted = kit_adopt(&k, 7);
	if (qfile_route(adopted, &route, &err) == -1)
		fail_msg("%s", err.text);
	qfile_free(&adopted);
	fd = spool_open_mid(k.spool, QUEUE_INCOMING, 7, O_RDONLY, &err);
	arena_init(&mem, QUEUE_READ_MEM);
	assert_int_equal(qmessage_read(&m, fd, true, &mem, &err), QREAD_MAIL);
	assert_int_equal(m.valid_len, size_of(fd));
	arena_free(&mem);
	close(fd);
	t = recover(&k, QUEUE_INCOMING, false);
	assert_int_equal(t.routed, 1);
	assert_int_equal(t.corrupt, 0);
	kit_close(&k);
}

/* --- the disk says no --- */

static void
test_dur_02_write_fails(void **state)
{
	static const size_t sizes[] = { 5000, 200000 };
	struct rlimit old, small;

	(void)state;
	getrlimit(RLIMIT_FSIZE, &old);
	for (size_t i = 0; i < NELEM(sizes); i++) {
		struct qfile *q;
		struct kit k;

		kit_open(&k, "/tmp");
		/* the last write, that of the commit, is the one that fails */
		q = kit_draft(&k, 5, sizes[i]);
		small = (struct rlimit){ sizes[i] - 1000, old.rlim_max };
		setrlimit(RLIMIT_FSIZE, &small);
		kit_commit(&k, q);
		setrlimit(RLIMIT_FSIZE, &old);
		assert_int_equal(k.n_done, 1);
		assert_int_equal(k.last.kind, ERR_TEMP);
		assert_int_equal(k.last.sys, EFBIG);
		assert_int_equal(access(kit_file(&k, "incoming", 5), F_OK), -1);
		qfile_free(&q);
		/* and the next one is fine */
		kit_mail(&k, 6, 100, false);
		kit_close(&k);
	}
}

static void
test_dur_09_disk_full(void **state)
{
	char base[] = "/tmp/small.XXXXXX";
	struct err err = ERR_INIT;
	uint64_t bytes, inodes, mid = 0;
	struct qfile *q;
	struct kit k;

	(void)state;
	assert_non_null(mkdtemp(base));
	if (mount("none", base, "tmpfs", 0, "size=1m") == -1) {
		rmdir(base);
		skip(); /* only root can try that */
	}
	kit_open(&k, base);
	assert_int_equal(spool_free(k.spool, &bytes, &inodes), 0);
	assert_in_range(bytes, 1, 1 << 20);
	assert_true(inodes > 0);
	do {
		q = kit_draft(&k, ++mid, 60000);
		kit_commit(&k, q);
		qfile_free(&q);
	} while (k.last.kind == ERR_NONE && mid < 100);
	assert_int_equal(k.last.sys, ENOSPC);
	assert_int_equal(recover(&k, QUEUE_INCOMING, true).found, mid - 1);
	/* one away, and there is room for one */
	assert_int_equal(spool_unlink(k.spool, QUEUE_INCOMING, 1, &err), 0);
	kit_mail(&k, mid, 50000, false);
	kit_close(&k);
	umount(base);
	rmdir(base);
}

static void
test_fil_03_name_is_taken(void **state)
{
	struct qfile *q;
	struct kit k;

	(void)state;
	kit_open(&k, "/tmp");
	kit_mail(&k, 5, 100, true);
	q = kit_draft(&k, 5, 100);
	kit_commit(&k, q);
	assert_int_equal(k.last.sys, EEXIST);
	qfile_free(&q);
	assert_int_equal(recover(&k, QUEUE_INCOMING, true).routed, 1);
	kit_close(&k);
}

/* --- many at once --- */

static void
one_of_many(void *arg, const struct err *err)
{
	struct kit *k = arg;

	if (err != NULL)
		fail_msg("%s", err->text);
	if (++k->n_done == 300)
		loop_stop(k->loop);
}

static void
test_many_in_flight(void **state)
{
	static struct qfile *q[300];
	struct content found = kit_content(100);
	struct kit k;

	(void)state;
	kit_open(&k, "/tmp");
	for (uint64_t i = 0; i < 300; i++) {
		q[i] = kit_draft(&k, i + 1, 100);
		qfile_commit(q[i], k.committer, &found, one_of_many, &k);
	}
	assert_int_equal(committer_pending(k.committer), 300);
	loop_run(k.loop);
	assert_int_equal(k.n_done, 300);
	assert_int_equal(committer_pending(k.committer), 0);
	for (int i = 0; i < 300; i++)
		qfile_free(&q[i]);
	assert_int_equal(recover(&k, QUEUE_INCOMING, true).found, 300);
	kit_close(&k);
}

/* committer_free finishes what it was given. */
static void
test_free_waits(void **state)
{
	struct content found = kit_content(100);
	struct qfile *q;
	struct kit k;

	(void)state;
	kit_open(&k, "/tmp");
	q = kit_draft(&k, 9, 100);
	qfile_commit(q, k.committer, &found, kit_done, &k);
	committer_free(&k.committer);
	assert_int_equal(k.n_done, 1);
	assert_int_equal(k.last.kind, ERR_NONE);
	qfile_free(&q);
	kit_close(&k);
}

/* Descriptors of waiting messages are closed and come back. */
static void
test_parked(void **state)
{
	struct route_rec route = { .prepend = STR(""),
		.bounce_profile = STR(""),
		.gateway = STR("") };
	struct err err = ERR_INIT;
	struct qmessage m;
	struct arena mem;
	struct qfile *q;
	struct kit k;
	int fd;

	(void)state;
	kit_open(&k, "/tmp");
	q = kit_draft(&k, 9, 100);
	kit_commit(&k, q);
	qfile_park(q);
	assert_int_equal(qfile_route(q, &route, &err), 0);
	qfile_park(q);
	fd = qfile_reader(q, &err);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	arena_init(&mem, QUEUE_READ_MEM);
	assert_int_equal(qmessage_read(&m, fd, true, &mem, &err), QREAD_MAIL);
	assert_true(m.routed);
	assert_int_equal(m.content_off, qfile_content_off(q));
	arena_free(&mem);
	close(fd);
	assert_int_equal(qfile_unlink(q, &err), 0);
	qfile_free(&q);
	assert_int_equal(recover(&k, QUEUE_INCOMING, true).found, 0);
	kit_close(&k);
}

/* --- the spool --- */

static void
test_spool_looser_is_refused(void **state)
{
	char path[] = "/tmp/queue.XXXXXX", sub[64];
	struct err err = ERR_INIT;
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip(); /* accounts of others are needed */
	assert_non_null(mkdtemp(path));
	snprintf(sub, sizeof(sub), "%s/incoming/0a", path);
	for (int again = 0; again < 2; again++)
		if (spool_prepare(path, 64001, 64002, 64002, &err) == -1)
			fail_msg("%s", err.text);
	assert_int_equal(stat(sub, &st), 0);
	assert_int_equal(st.st_uid, 64001);
	assert_int_equal(st.st_gid, 64002);
	assert_int_equal(st.st_mode & 07777, 02770);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
	assert_int_equal(chmod(sub, 02777), 0);
	assert_int_equal(spool_prepare(path, 64001, 64002, 64002, &err), -1);
	assert_non_null(strstr(err.text, "0a"));
	snprintf(sub, sizeof(sub), "rm -rf %s", path);
	assert_int_equal(system(sub), 0);
}

/* What belongs to its owner is complete: a crash before that leaves it to
 * root, and the next start goes on. Who may not change the mode of what is
 * not his shows the order. */
static void
test_spool_owner_comes_last(void **state)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[2];
	char path[] = "/tmp/queue.XXXXXX", command[64];
	struct err err = ERR_INIT;
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip(); /* accounts of others are needed */
	assert_non_null(mkdtemp(path));
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		if (syscall(SYS_capget, &head, data) == -1)
			_exit(2);
		data[0].effective &= ~(1u << CAP_FOWNER);
		if (syscall(SYS_capset, &head, data) == -1)
			_exit(2);
		_exit(spool_prepare(path, 64001, 64002, 64002, &err) == -1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	snprintf(command, sizeof(command), "rm -rf %s", path);
	assert_int_equal(system(command), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Enough of them to be read ahead: order and drafts are as with few. */
static void
test_dur_07_many_are_read_ahead(void **state)
{
	const uint64_t n = 700;
	struct kit k;

	(void)state;
	kit_open(&k, "/dev/shm");
	for (uint64_t mid = 1; mid <= n; mid++)
		if (mid % 7 != 0)
			kit_mail(&k, mid, 200, true);
	for (int again = 0; again < 20; again++) {
		struct tally t = { .ordered = true };
		struct err err = ERR_INIT;
		uint64_t max = 0;

		for (uint64_t mid = 7; mid <= n; mid += 7)
			close(open(kit_file(&k, "incoming", mid),
			    O_CREAT | O_WRONLY, 0600));
		assert_int_equal(spool_recover(k.spool, QUEUE_INCOMING, true,
				     &tally_handler, &t, &max, &err),
		    0);
		assert_int_equal(t.found, n - n / 7);
		assert_true(t.ordered);
		assert_int_equal(max, n);
		/* a thread that had one open would have kept it here */
		for (uint64_t mid = 7; mid <= n; mid += 7)
			assert_int_equal(
			    access(kit_file(&k, "incoming", mid), F_OK), -1);
	}
	kit_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fil_01_02_planted),
		cmocka_unit_test(test_dur_07_living_draft_stays),
		cmocka_unit_test(test_draft_given_up_is_gone),
		cmocka_unit_test(test_dur_04_move),
		cmocka_unit_test(test_dur_04_move_interrupted),
		cmocka_unit_test(test_dur_08_tail_is_cut),
		cmocka_unit_test(test_dur_08_adopted_tail_is_cut),
		cmocka_unit_test(test_dur_02_write_fails),
		cmocka_unit_test(test_dur_09_disk_full),
		cmocka_unit_test(test_fil_03_name_is_taken),
		cmocka_unit_test(test_many_in_flight),
		cmocka_unit_test(test_free_waits),
		cmocka_unit_test(test_parked),
		cmocka_unit_test(test_spool_looser_is_refused),
		cmocka_unit_test(test_spool_owner_comes_last),
		cmocka_unit_test(test_dur_07_many_are_read_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
