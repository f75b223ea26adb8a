/* test_track.c - the tracking store holds what was emitted, whatever ends it
 * (delivery-admin 9) */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "event/alert.h"
#include "master/recorder_track.h"
#include "track/reader.h"

#define T0     INT64_C(1741084808000000) /* 2025-03-04 10:40:08 UTC */
#define DAY_US INT64_C(86400000000)

static char root[64];
static int logs = -1, store = -1;
static struct buf wanted, found; /* lines: time, event */
static size_t gaps[TRACK_N_WHY];
static char told[1000];

static void
hear(void *arg, enum event_id id, const void *fields)
{
	const struct event_ALERT *a = fields;
	size_t n = strlen(told);

	(void)arg;
	snprintf(told + n, sizeof(told) - n, "%s;",
	    id == EVENT_NOTICE ? "notice" : a->id.p);
}

static int
set_up(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/track.XXXXXX");
	if (mkdtemp(root) == NULL || chmod(root, 0755) == -1)
		return -1;
	logs = open(root, O_RDONLY | O_DIRECTORY);
	buf_init(&wanted, SIZE_MAX);
	buf_init(&found, SIZE_MAX);
	memset(gaps, 0, sizeof(gaps));
	*told = '\0';
	event_set_sink(&(struct event_sink){ .put = hear });
	return logs != -1 ? 0 : -1;
}

static int
tear_down(void **state)
{
	char line[100];

	(void)state;
	event_set_sink(NULL);
	close(logs);
	if (store != -1)
		close(store);
	store = -1;
	buf_fini(&wanted);
	buf_fini(&found);
	snprintf(line, sizeof(line), "rm -rf %s", root);
	return system(line);
}

static struct config
settings(uint64_t quota)
{
	struct config c = { .n_logs = 0 };

	c.tracking.enabled = c.tracking.subject = true;
	c.tracking.quota = quota;
	return c;
}

static void
take(struct recorder_track *t, enum event_id id, int64_t when,
    const void *fields)
{
	struct buf body;

	buf_init(&body, IPC_FRAME_MAX);
	event_encode(id, when, fields, &body);
	assert_false(body.failed);
	recorder_track_take(t, id, when, fields, buf_str(&body));
	buf_fini(&body);
}

static void
note(struct buf *out, enum event_id id, int64_t when, const void *fields)
{
	buf_printf(out, "%lld ", (long long)when);
	event_text(id, fields, out);
	buf_putc(out, '\n');
}

/* --- reading --- */

static bool
see(void *arg, const struct track_seen *e)
{
	struct track_ids ids = track_ids_of(e->id, e->fields);

	(void)arg;
	assert_memory_equal(&ids, &e->ids, sizeof(ids));
	note(&found, e->id, e->when, e->fields);
	return true;
}

static void
see_gap(void *arg, const struct track_gap *gap)
{
	(void)arg;
	assert_true(gap->to >= gap->from);
	gaps[gap->why]++;
}

static void
read_all(int64_t from, int64_t to)
{
	const struct track_walk walk = {
		.from = from, .to = to, .event = see, .gap = see_gap
	};
	struct err err = ERR_INIT;

	if (store == -1)
		store = openat(logs, TRACK_FOLDER, O_RDONLY | O_DIRECTORY);
	buf_reset(&found);
	memset(gaps, 0, sizeof(gaps));
	if (track_read(store, &walk, &err) == -1)
		fail_msg("%s", err.text);
}

static void
check_same(unsigned seed)
{
	if (wanted.len != found.len ||
	    memcmp(wanted.data, found.data, wanted.len) != 0)
		fail_msg("seed %u:\nwanted\n%s\nfound\n%s", seed,
		    wanted.len < 4000 ? wanted.data : "much",
		    found.len < 4000 ? found.data : "much");
}

/* --- random events --- */

static struct str
random_text(char *room, size_t size)
{
	size_t n = (size_t)rand() % size;

	for (size_t i = 0; i < n; i++)
		room[i] = (char)rand();
	return (struct str){ room, n };
}

static void
random_event(struct recorder_track *t, int64_t when)
{
	char text[3000];
	struct ev_rid rids[3] = { { (uint32_t)rand() }, { 1 }, { 2 } };
	uint64_t mid = (uint64_t)rand() << (rand() % 30);
	union {
		struct event_MID_FROM from;
		struct event_RESPONSE response;
		struct event_SUBJECT subject;
		struct event_NEW_ICID conn;
	} e = { .from = { 0 } };
	enum event_id id = EVENT_NEW_ICID;

	switch (rand() % 4) {
	case 0:
		id = EVENT_MID_FROM;
		e.from =
		    (struct event_MID_FROM){ mid, 7, random_text(text, 1000) };
		break;
	case 1:
		id = EVENT_RESPONSE;
		e.response =
		    (struct event_RESPONSE){ mid, { (size_t)rand() % 4, rids },
			    random_text(text, sizeof(text)) };
		break;
	case 2:
		id = EVENT_SUBJECT;
		e.subject =
		    (struct event_SUBJECT){ mid, random_text(text, 500) };
		break;
	default:
		e.conn = (struct event_NEW_ICID){ .icid = mid,
			.protocol = STR("SMTP"),
			.host = random_text(text, 200) };
		ip_parse(&e.conn.ip, STR("192.0.2.7"));
	}
	take(t, id, when, &e);
	note(&wanted, id, when, &e);
}

/* One life of the recorder; it ends as by kill -9, or in order. */
static int64_t
live(int64_t now, bool again, bool killed)
{
	struct recorder_track *t = recorder_track_new(logs, again);
	struct config c = settings(UINT64_C(1) << 30);

	recorder_track_config(t, &c, now);
	for (int i = rand() % 40; i > 0; i--) {
		for (int k = rand() % 20; k > 0; k--)
			random_event(t, now += rand() % 1000);
		recorder_track_flush(t, now);
		if (rand() % 50 == 0)
			now += DAY_US / 2;
	}
	if (!killed)
		recorder_track_free(&t, now);
	return now + 1000000;
}

/* A write of which only a part came. */
static void
tear(void)
{
	char head[TRACK_HEAD + 100] = "PTK1\2";
	struct track_files files;
	int dir = openat(logs, TRACK_FOLDER, O_RDONLY | O_DIRECTORY), fd;

	assert_int_equal(track_files(&files, dir, NULL), 0);
	assert_true(files.n > 0);
	fd = openat(dir, files.v[files.n - 1], O_WRONLY | O_APPEND);
	head[9] = 1;
	assert_true(write(fd, head, (size_t)rand() % sizeof(head)) >= 0);
	close(fd);
	close(dir);
	track_files_free(&files);
}

static void
one_run(unsigned seed)
{
	size_t crashes = 0, n = 0;
	int64_t now = T0;

	srand(seed);
	for (int lives = 1 + rand() % 5; lives > 0; lives--) {
		bool again = n > 0 && rand() % 2, killed = rand() % 2;
		int status;
		int pipes[2];
		pid_t pid;

		assert_int_equal(pipe(pipes), 0);
		pid = fork();
		if (pid == 0) {
			now = live(now, again, killed);
			if (write(pipes[1], &now, sizeof(now)) != sizeof(now) ||
			    write(pipes[1], wanted.data, wanted.len) !=
				(ssize_t)wanted.len)
				_exit(1);
			_exit(0);
		}
		close(pipes[1]);
		assert_int_equal(
		    read(pipes[0], &now, sizeof(now)), sizeof(now));
		buf_reset(&wanted);
		for (ssize_t got = 1; got > 0;) {
			char *room = buf_room(&wanted, 65536);

			got = read(pipes[0], room, 65536);
			buf_grew(&wanted, got > 0 ? (size_t)got : 0);
		}
		close(pipes[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		n++;
		srand(seed + (unsigned)n * 1000);
		if (killed && rand() % 2)
			tear();
		crashes += killed && lives > 1;
	}
	read_all(0, INT64_MAX);
	check_same(seed);
	/* a life that goes on is told by others what was lost */
	assert_true(gaps[TRACK_CRASHED] <= crashes);
	assert_int_equal(gaps[TRACK_DAMAGED], 0);
}

static void
test_store_is_what_was_emitted(void **state)
{
	for (unsigned seed = 1; seed < 60; seed++) {
		one_run(seed);
		tear_down(state);
		set_up(state);
	}
}

/* --- cases --- */

static void
put(struct recorder_track *t, uint64_t mid, int64_t when)
{
	const struct event_MID_QUEUED e = { mid };

	take(t, EVENT_MID_QUEUED, when, &e);
	note(&wanted, EVENT_MID_QUEUED, when, &e);
}

static void
test_a_time_is_read_alone(void **state)
{
	struct recorder_track *t = recorder_track_new(logs, false);
	struct config c = settings(0);

	(void)state;
	recorder_track_config(t, &c, T0);
	for (int i = 0; i < 5; i++) {
		put(t, 1 + (uint64_t)i, T0 + i * DAY_US);
		recorder_track_flush(t, T0 + i * DAY_US);
	}
	recorder_track_free(&t, T0 + 5 * DAY_US);
	read_all(0, INT64_MAX);
	check_same(0);
	buf_reset(&wanted);
	note(&wanted, EVENT_MID_QUEUED, T0 + 2 * DAY_US,
	    &(struct event_MID_QUEUED){ 3 });
	read_all(T0 + DAY_US + 1, T0 + 3 * DAY_US - 1);
	check_same(1);
}

static void
test_what_is_not_wanted_is_not_kept(void **state)
{
	struct recorder_track *t = recorder_track_new(logs, false);
	struct config c = settings(0);

	(void)state;
	c.tracking.subject = false;
	recorder_track_config(t, &c, T0);
	put(t, 1, T0);
	take(t, EVENT_SUBJECT, T0, &(struct event_SUBJECT){ 1, STR("secret") });
	take(t, EVENT_NOTICE, T0, &(struct event_NOTICE){ STR("MID 1") });
	c.tracking.enabled = false;
	recorder_track_config(t, &c, T0 + 1000);
	take(t, EVENT_MID_QUEUED, T0 + 2000, &(struct event_MID_QUEUED){ 2 });
	recorder_track_flush(t, T0 + 3000);
	c.tracking.enabled = true;
	recorder_track_config(t, &c, T0 + 4000);
	put(t, 3, T0 + 5000);
	recorder_track_free(&t, T0 + 6000);
	read_all(0, INT64_MAX);
	check_same(0);
	assert_int_equal(gaps[TRACK_OFF], 1);
	assert_int_equal(gaps[TRACK_CRASHED], 0);
}

static void
test_damage_is_a_gap(void **state)
{
	struct recorder_track *t = recorder_track_new(logs, false);
	struct config c = settings(0);
	struct track_files files;
	off_t at;
	int fd;

	(void)state;
	recorder_track_config(t, &c, T0);
	put(t, 1, T0);
	recorder_track_flush(t, T0);
	read_all(0, INT64_MAX);
	assert_int_equal(track_files(&files, store, NULL), 0);
	fd = openat(store, files.v[0], O_RDWR);
	at = lseek(fd, 0, SEEK_END);
	take(t, EVENT_MID_QUEUED, T0 + 1, &(struct event_MID_QUEUED){ 2 });
	recorder_track_flush(t, T0 + 1);
	put(t, 3, T0 + 2);
	recorder_track_free(&t, T0 + 3);
	assert_int_equal(pwrite(fd, "XX", 2, at + TRACK_HEAD), 2);
	close(fd);
	track_files_free(&files);
	read_all(0, INT64_MAX);
	check_same(0);
	assert_int_equal(gaps[TRACK_DAMAGED], 1);
}

static void
test_what_could_not_be_written_is_a_gap(void **state)
{
	struct recorder_track *t = recorder_track_new(logs, false);
	struct config c = settings(0);
	char path[200];

	(void)state;
	/* no folder can be made where a file is */
	snprintf(path, sizeof(path), "%s/" TRACK_FOLDER, root);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	recorder_track_config(t, &c, T0);
	take(t, EVENT_MID_QUEUED, T0, &(struct event_MID_QUEUED){ 1 });
	recorder_track_flush(t, T0);
	take(t, EVENT_MID_QUEUED, T0 + 1, &(struct event_MID_QUEUED){ 2 });
	recorder_track_flush(t, T0 + 1);
	assert_string_equal(told, "LOG.ERROR;");
	unlink(path);
	put(t, 3, T0 + 2);
	recorder_track_flush(t, T0 + 2);
	recorder_track_free(&t, T0 + 3);
	read_all(0, INT64_MAX);
	check_same(0);
	assert_int_equal(gaps[TRACK_UNWRITTEN], 1);
}

static void
test_the_oldest_goes(void **state)
{
	struct recorder_track *t = recorder_track_new(logs, false);
	struct config c = settings(1 << 20);
	struct track_files files;
	struct stat st;
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text));
	recorder_track_config(t, &c, T0);
	for (int64_t i = 0; i < 1500; i++) {
		struct event_LOG_ENTRY e = { (uint64_t)i + 1,
			{ text, sizeof(text) } };

		take(t, EVENT_LOG_ENTRY, T0 + i * 1000000, &e);
		recorder_track_flush(t, T0 + i * 1000000);
		if (i == 950)
			recorder_track_look(t);
	}
	assert_string_equal(told, "DISK.QUOTA_NEAR;");
	recorder_track_look(t);
	assert_string_equal(told, "DISK.QUOTA_NEAR;notice;");
	recorder_track_free(&t, T0 + 1500 * INT64_C(1000000));
	read_all(0, INT64_MAX);
	assert_null(strstr(found.data, "MID 1 Custom"));
	assert_non_null(strstr(found.data, "MID 1500 Custom"));
	assert_int_equal(track_files(&files, store, NULL), 0);
	assert_in_range(files.n, 6, 9);
	assert_int_equal(fstatat(store, files.v[0], &st, 0), 0);
	assert_in_range(st.st_size, 1 << 17, (1 << 17) + 2000);
	track_files_free(&files);
}

/* --- files of another version --- */

#define REC_OLD_RID(S, F, L) F(S, U64, weight, 0) F(S, U64, rid, 0)
CODEC_STRUCT(old_rid, REC_OLD_RID);
CODEC_SCHEMA(old_rid, REC_OLD_RID);
#define REC_OLD(S, F, L)                                                       \
	F(S, STR, text, 100)                                                   \
	F(S, STR, gone, 100) L(S, old_rid, rids, 10) F(S, U64, mid, 0)
CODEC_STRUCT(old, REC_OLD);
CODEC_SCHEMA(old, REC_OLD);

static void
test_another_version_is_read_by_name(void **state)
{
	struct old_rid rids[] = { { 9, 4 }, { 8, 5 } };
	const struct old e = { STR("fine"), STR("x"), { 2, rids }, 77 };
	struct track_head head = { TRACK_BEGIN, T0, T0, 0 };
	const struct track_walk walk = {
		.to = INT64_MAX, .event = see, .gap = see_gap
	};
	struct buf fields, events, file;

	(void)state;
	buf_init(&fields, 1000);
	buf_init(&events, 1000);
	buf_init(&file, 10000);
	codec_encode(&old_codec, &e, &fields);
	for (uint16_t id = 1; id < 4; id++)
		codec_encode(&track_event_codec,
		    &(struct track_event){ id, id, buf_str(&fields) }, &events);
	track_put(&head,
	    STR("1\nFORGOTTEN text:s gone:s rids:( weight:n rid:n ) mid:n\n"
		"RESPONSE text:s gone:s rids:( weight:n rid:n ) mid:n\n"),
	    &file);
	head = (struct track_head){ TRACK_EVENTS, T0, T0 + 9, 77 };
	track_put(&head, buf_str(&events), &file);
	track_read_bytes(buf_str(&file), &walk);
	buf_reset(&wanted);
	note(&wanted, EVENT_RESPONSE, T0 + 2,
	    &(struct event_RESPONSE){
		77, { 2, (struct ev_rid[]){ { 4 }, { 5 } } }, STR("fine") });
	check_same(0);
	buf_fini(&fields);
	buf_fini(&events);
	buf_fini(&file);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_store_is_what_was_emitted),
		CASE(test_a_time_is_read_alone),
		CASE(test_what_is_not_wanted_is_not_kept),
		CASE(test_damage_is_a_gap),
		CASE(test_what_could_not_be_written_is_a_gap),
		CASE(test_the_oldest_goes),
		CASE(test_another_version_is_read_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
