/* test_qmgr_ledger.c - orders as they are kept in a file */
#include "qmgr/ledger.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "qmgr_double.h"

#define FILE_NAME ".orders"
#define ARRIVAL   DOUBLE_WALL

struct desk {
	char path[64];
	int folder;
	struct loop *loop;
	struct ledger *ledger;
	unsigned n_progress;
};

static void
progress(void *arg)
{
	struct desk *d = arg;

	d->n_progress++;
	loop_stop(d->loop);
}

static int
open_ledger(struct desk *d)
{
	struct err err = ERR_INIT;

	return ledger_open(&d->ledger, d->loop, d->folder, progress, d, &err);
}

static void
desk_open(struct desk *d)
{
	*d = (struct desk){ .path = "/tmp/postern-ledger.XXXXXX" };
	assert_non_null(mkdtemp(d->path));
	d->folder = open(d->path, O_RDONLY | O_DIRECTORY);
	d->loop = loop_new();
	assert_int_equal(open_ledger(d), 0);
}

static void
desk_close(struct desk *d)
{
	ledger_close(&d->ledger);
	loop_free(&d->loop);
	unlinkat(d->folder, FILE_NAME, 0);
	close(d->folder);
	rmdir(d->path);
}

/* As after a crash: what was written is read. */
static void
reopened(struct desk *d)
{
	ledger_close(&d->ledger);
	assert_int_equal(open_ledger(d), 0);
}

static off_t
file_size(const struct desk *d)
{
	struct stat st;

	return fstatat(d->folder, FILE_NAME, &st, 0) == 0 ? st.st_size : -1;
}

static struct order_rec
order(uint64_t mid, enum order_what what, const char *host,
    const struct rid_rec *rids, size_t n)
{
	return (struct order_rec){ mid, ARRIVAL, (uint8_t)what, str_of(host),
		{ n, (void *)(uintptr_t)rids } };
}

static void
add(struct desk *d, uint64_t mid, enum order_what what, const char *host,
    uint32_t rid)
{
	const struct rid_rec rids = { rid };
	struct order_rec rec = order(mid, what, host, &rids, 1);

	ledger_add(d->ledger, &rec);
}

static void
written(struct desk *d)
{
	assert_int_equal(ledger_run(d->ledger, clock_mono_ms(), true), 0);
	loop_run(d->loop);
	assert_true(ledger_is_safe(d->ledger));
}

/* Three recipients, of whom the first one is done. */
static struct mail_rcpt *
rcpts(void)
{
	static struct mail_rcpt v[2];

	v[0] = (struct mail_rcpt){ .rid = 1, .next = 99 };
	v[1] = (struct mail_rcpt){ .rid = 2, .next = 99 };
	return v;
}

static void
test_what_is_added_is_recalled(void **state)
{
	struct mail_rcpt *v = rcpts();
	struct desk d;

	(void)state;
	desk_open(&d);
	assert_int_equal(file_size(&d), -1);
	add(&d, 7, ORDER_DELETE, "", 1);
	add(&d, 5, ORDER_REDIRECT, "one.test", 2);
	assert_false(ledger_is_safe(d.ledger));
	assert_int_equal(ledger_run(d.ledger, 0, false), 0); /* not much */
	assert_int_equal(file_size(&d), -1);
	written(&d);
	add(&d, 7, ORDER_BOUNCE, "", 2);
	add(&d, 9, ORDER_BOUNCE, "", 0);
	written(&d);

	reopened(&d);
	assert_int_equal(
	    ledger_recall(d.ledger, 7, ARRIVAL, v, 2), MAIL_ORDERED);
	assert_int_equal(v[0].ordered, ORDER_DELETE);
	assert_int_equal(v[1].ordered, ORDER_BOUNCE);
	v = rcpts();
	assert_int_equal(ledger_recall(d.ledger, 5, ARRIVAL, v, 2),
	    MAIL_ORDERED | MAIL_MOVED);
	assert_int_equal(v[0].host.n, 0);
	assert_true(str_is(v[1].host, "one.test"));
	assert_int_equal(v[0].next, 99);
	assert_int_equal(v[1].next, 0);
	/* of recipients that are done, of others, of another message */
	assert_int_equal(ledger_recall(d.ledger, 9, ARRIVAL, v, 2), 0);
	assert_int_equal(ledger_recall(d.ledger, 6, ARRIVAL, v, 2), 0);
	assert_int_equal(ledger_recall(d.ledger, 7, ARRIVAL + 1, v, 2), 0);
	desk_close(&d);
}

static void
test_the_last_order_counts(void **state)
{
	struct mail_rcpt *v = rcpts();
	struct desk d;

	(void)state;
	desk_open(&d);
	add(&d, 7, ORDER_BOUNCE, "", 1);
	add(&d, 7, ORDER_REDIRECT, "one.test", 1);
	add(&d, 7, ORDER_REDIRECT, "one.test", 2);
	add(&d, 7, ORDER_DELETE, "", 2);
	written(&d);
	reopened(&d);
	ledger_recall(d.ledger, 7, ARRIVAL, v, 2);
	assert_int_equal(v[0].ordered, ORDER_NONE);
	assert_true(str_is(v[0].host, "one.test"));
	assert_int_equal(v[1].ordered, ORDER_DELETE);
	desk_close(&d);
}

/* Messages 1 .. n are here, and those with an odd MID need the ledger. */
static struct twin *
queue_of(uint64_t n)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	for (uint64_t i = 1; i <= n; i++)
		twin_mail(t, i, "a@one.test")->ordered =
		    i % 2 == 1 ? MAIL_ORDERED | MAIL_MOVED : 0;
	t->q.n_ordered = (n + 1) / 2;
	return t;
}

static void
test_what_is_not_needed_is_dropped(void **state)
{
	struct mail_rcpt *v = rcpts();
	struct twin *t = queue_of(4);
	struct err err = ERR_INIT;
	struct desk d;
	off_t before;

	(void)state;
	desk_open(&d);
	for (uint64_t i = 1; i <= 6; i++)
		add(&d, i, ORDER_REDIRECT, "one.test", 1);
	written(&d);
	before = file_size(&d);
	reopened(&d);
	assert_int_equal(ledger_begin(d.ledger, &t->q, true, &err), 0);
	assert_int_equal(file_size(&d), 16 + (before - 16) / 3);
	/* what comes then stands behind it */
	add(&d, 3, ORDER_DELETE, "", 2);
	written(&d);
	reopened(&d);
	assert_int_equal(ledger_recall(d.ledger, 3, ARRIVAL, v, 2),
	    MAIL_ORDERED | MAIL_MOVED);
	assert_int_equal(v[1].ordered, ORDER_DELETE);
	assert_int_equal(ledger_recall(d.ledger, 2, ARRIVAL, v, 2), 0);
	/* all are gone: so is the file, and the next one begins anew */
	for (struct mail *m = t->q.oldest; m != NULL; m = m->newer)
		m->ordered = 0;
	t->q.n_ordered = 0;
	assert_int_equal(ledger_begin(d.ledger, &t->q, true, &err), 0);
	assert_int_equal(file_size(&d), -1);
	add(&d, 1, ORDER_DELETE, "", 1);
	written(&d);
	ledger_clear(d.ledger);
	assert_int_equal(file_size(&d), -1);
	add(&d, 2, ORDER_DELETE, "", 1);
	written(&d);
	reopened(&d);
	assert_int_equal(
	    ledger_recall(d.ledger, 2, ARRIVAL, v, 2), MAIL_ORDERED);
	assert_int_equal(ledger_recall(d.ledger, 1, ARRIVAL, v, 2), 0);
	desk_close(&d);
	twin_free(t);
}

/* Until the thread has done its part. */
static void
compacted(struct desk *d, struct twin *t)
{
	enum ledger_next next;

	while ((next = ledger_compact(d->ledger, &t->q)) != LEDGER_NAMES)
		if (next == LEDGER_IDLE && ledger_is_compacting(d->ledger))
			loop_run(d->loop);
		else if (next == LEDGER_IDLE)
			return;
}

/* Most of it is carried out: the rest is written anew, while we run. */
static void
test_it_is_compacted_while_running(void **state)
{
	const uint64_t n = 20000;
	struct mail_rcpt *v = rcpts();
	struct twin *t = queue_of(4);
	struct desk d;
	off_t before;

	(void)state;
	desk_open(&d);
	for (uint64_t i = 1; i <= n; i++)
		add(&d, i, ORDER_REDIRECT, "one.test", 1);
	/* not while something is to be written */
	assert_int_equal(ledger_compact(d.ledger, &t->q), LEDGER_IDLE);
	assert_false(ledger_is_compacting(d.ledger));
	written(&d);
	before = file_size(&d);
	/* an order that comes ends it */
	compacted(&d, t);
	assert_true(ledger_is_compacting(d.ledger));
	add(&d, 3, ORDER_REDIRECT, "two.test", 2);
	assert_false(ledger_is_compacting(d.ledger));
	written(&d);
	/* and the next look is when the file is twice as long */
	assert_int_equal(ledger_compact(d.ledger, &t->q), LEDGER_IDLE);
	assert_false(ledger_is_compacting(d.ledger));
	for (uint64_t i = 1; i <= n; i++)
		add(&d, 100 + i, ORDER_REDIRECT, "one.test", 1);
	written(&d);
	compacted(&d, t);
	ledger_compact_end(d.ledger);
	/* what comes while it is being written is behind it */
	add(&d, 1, ORDER_DELETE, "", 2);
	assert_false(ledger_is_safe(d.ledger));
	loop_run(d.loop);
	assert_false(ledger_is_compacting(d.ledger));
	assert_false(ledger_is_safe(d.ledger));
	written(&d);
	assert_true(file_size(&d) < before / 1000);
	reopened(&d);
	ledger_recall(d.ledger, 1, ARRIVAL, v, 2);
	assert_true(str_is(v[0].host, "one.test"));
	assert_int_equal(v[1].ordered, ORDER_DELETE);
	v = rcpts();
	ledger_recall(d.ledger, 3, ARRIVAL, v, 2);
	assert_true(str_is(v[1].host, "two.test"));
	assert_int_equal(ledger_recall(d.ledger, 2, ARRIVAL, v, 2), 0);
	desk_close(&d);
	twin_free(t);
}

/* A name did not go: the order is needed as long as we run. */
static void
test_it_is_not_compacted_for_one_that_stays(void **state)
{
	struct twin *t = queue_of(2);
	struct desk d;

	(void)state;
	desk_open(&d);
	for (uint64_t i = 1; i <= 20000; i++)
		add(&d, i, ORDER_REDIRECT, "one.test", 1);
	written(&d);
	t->q.ledger_stays = true;
	assert_int_equal(ledger_compact(d.ledger, &t->q), LEDGER_IDLE);
	assert_false(ledger_is_compacting(d.ledger));
	t->q.ledger_stays = false;
	assert_int_equal(ledger_compact(d.ledger, &t->q), LEDGER_IDLE);
	assert_true(ledger_is_compacting(d.ledger));
	desk_close(&d);
	twin_free(t);
}

/* The new one cannot be written: the old one holds, and what came. */
static void
test_dur_09_it_cannot_be_compacted(void **state)
{
	struct mail_rcpt *v = rcpts();
	struct twin *t = queue_of(2);
	struct desk d;
	off_t before;

	(void)state;
	desk_open(&d);
	for (uint64_t i = 1; i <= 20000; i++)
		add(&d, i, ORDER_REDIRECT, "one.test", 1);
	written(&d);
	before = file_size(&d);
	compacted(&d, t);
	assert_int_equal(mkdirat(d.folder, FILE_NAME ".new", 0700), 0);
	ledger_compact_end(d.ledger);
	add(&d, 5, ORDER_DELETE, "", 2);
	loop_run(d.loop);
	assert_said("orders: create .orders.new");
	written(&d);
	assert_true(file_size(&d) > before);
	unlinkat(d.folder, FILE_NAME ".new", AT_REMOVEDIR);
	reopened(&d);
	ledger_recall(d.ledger, 5, ARRIVAL, v, 2);
	assert_true(str_is(v[0].host, "one.test"));
	assert_int_equal(v[1].ordered, ORDER_DELETE);
	desk_close(&d);
	twin_free(t);
}

/* There is room for the half of the new one: it does not stay. */
static void
test_dur_09_no_half_of_it_stays(void **state)
{
	struct mail_rcpt *v = rcpts();
	struct twin *t = queue_of(2);
	struct rlimit before, little;
	struct desk d;

	(void)state;
	desk_open(&d);
	for (uint64_t i = 1; i <= 20000; i++)
		add(&d, i, ORDER_REDIRECT, "one.test", 1);
	written(&d);
	compacted(&d, t);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little = before;
	little.rlim_cur = 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	ledger_compact_end(d.ledger);
	loop_run(d.loop);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_said("orders: write .orders.new");
	assert_int_equal(faccessat(d.folder, FILE_NAME ".new", F_OK, 0), -1);
	reopened(&d);
	ledger_recall(d.ledger, 2, ARRIVAL, v, 2);
	assert_true(str_is(v[0].host, "one.test"));
	desk_close(&d);
	twin_free(t);
}

/* The disk is full: nothing is safe, and it is tried again later. */
static void
test_dur_09_it_cannot_be_written(void **state)
{
	struct mail_rcpt *v = rcpts();
	int64_t now = clock_mono_ms(), again;
	struct twin *t = twin_new(TWIN_CONFIG);
	struct desk d;

	(void)state;
	desk_open(&d);
	assert_int_equal(mkdirat(d.folder, FILE_NAME, 0700), 0);
	add(&d, 7, ORDER_DELETE, "", 1);
	ledger_run(d.ledger, now, true);
	loop_run(d.loop);
	assert_false(ledger_is_safe(d.ledger));
	assert_said("orders cannot be recorded: open .orders");
	add(&d, 7, ORDER_DELETE, "", 2);
	again = ledger_run(d.ledger, now, true);
	assert_in_range(again, now + 1, now + 20000);
	assert_int_equal(d.n_progress, 1);
	unlinkat(d.folder, FILE_NAME, AT_REMOVEDIR);
	ledger_run(d.ledger, again, true);
	loop_run(d.loop);
	written(&d);
	reopened(&d);
	ledger_recall(d.ledger, 7, ARRIVAL, v, 2);
	assert_int_equal(v[0].ordered, ORDER_DELETE);
	assert_int_equal(v[1].ordered, ORDER_DELETE);
	desk_close(&d);
	twin_free(t);
}

/* Its ROUTE did not outlive a power cut: cleanup speaks of it again. */
static void
test_dur_05_a_message_that_comes_again(void **state)
{
	struct mail_rcpt *v = rcpts();
	struct twin *t = queue_of(1);
	struct err err = ERR_INIT;
	struct desk d;

	(void)state;
	desk_open(&d);
	add(&d, 7, ORDER_DELETE, "", 1);
	add(&d, 9, ORDER_DELETE, "", 1);
	written(&d);
	reopened(&d);
	ledger_expect(d.ledger, 7);
	ledger_expect(d.ledger, 8); /* of which nothing was ordered */
	assert_int_equal(ledger_begin(d.ledger, &t->q, true, &err), 0);
	assert_int_equal(
	    ledger_recall(d.ledger, 7, ARRIVAL, v, 2), MAIL_ORDERED);
	assert_int_equal(v[0].ordered, ORDER_DELETE);
	ledger_clear(d.ledger);
	assert_true(file_size(&d) > 0);
	/* once more, and it does not come: nothing is kept for it */
	reopened(&d);
	ledger_expect(d.ledger, 8);
	t->q.oldest->ordered = 0;
	assert_int_equal(ledger_begin(d.ledger, &t->q, true, &err), 0);
	assert_int_equal(file_size(&d), -1);
	desk_close(&d);
	twin_free(t);
}

static void
put_file(const struct desk *d, const void *bytes, size_t n)
{
	int fd =
	    openat(d->folder, FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

/* What was kept of it; -1: nothing. Not any more then. */
static off_t
aside(const struct desk *d)
{
	struct stat st;
	int rc = fstatat(d->folder, FILE_NAME ".damaged", &st, 0);

	unlinkat(d->folder, FILE_NAME ".damaged", 0);
	return rc == 0 ? st.st_size : -1;
}

static void
test_no_ledger(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		int rc;
	} v[] = {
		{ "POSTERNC\1\0\0\0\0\0\0\0 something", 26, -1 },
		{ "POSTERNO\2\0\0\0\0\0\0\0 something", 26, -1 },
		{ "POSTERNO\1\0\0\0\0\0\0\0", 16, 0 },
		/* the first ones were being written: nobody was told */
		{ "POSTERNO\1\0\0", 11, 0 },
		{ "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 21, 0 },
	};
	struct twin *t = queue_of(1);
	struct err err = ERR_INIT;
	struct desk d;

	(void)state;
	desk_open(&d);
	for (size_t i = 0; i < NELEM(v); i++) {
		ledger_close(&d.ledger);
		put_file(&d, v[i].bytes, v[i].n);
		assert_int_equal(open_ledger(&d), v[i].rc);
		assert_int_equal(ledger_begin(d.ledger, &t->q, true, &err), 0);
		assert_int_equal(file_size(&d), -1);
		assert_int_equal(aside(&d), v[i].rc == 0 ? -1 : 26);
	}
	desk_close(&d);
	twin_free(t);
}

/* What is behind it still holds, and people hear of what does not. */
static void
test_damage_costs_what_is_damaged(void **state)
{
	struct mail_rcpt *v = rcpts();
	struct twin *t = queue_of(3);
	struct err err = ERR_INIT;
	struct desk d;
	off_t size;

	(void)state;
	desk_open(&d);
	for (uint64_t i = 1; i <= 3; i++)
		add(&d, i, ORDER_DELETE, "", 1);
	written(&d);
	ledger_close(&d.ledger);
	size = file_size(&d);
	assert_int_equal(pwrite(openat(d.folder, FILE_NAME, O_WRONLY), "XX", 2,
			     16 + (size - 16) / 2),
	    2);
	assert_int_equal(open_ledger(&d), -1);
	assert_int_equal(
	    ledger_recall(d.ledger, 1, ARRIVAL, v, 2), MAIL_ORDERED);
	assert_int_equal(ledger_recall(d.ledger, 2, ARRIVAL, v, 2), 0);
	assert_int_equal(
	    ledger_recall(d.ledger, 3, ARRIVAL, v, 2), MAIL_ORDERED);
	assert_int_equal(ledger_begin(d.ledger, &t->q, true, &err), 0);
	assert_int_equal(file_size(&d), 16 + (size - 16) / 3 * 2);
	assert_int_equal(aside(&d), size);
	desk_close(&d);
	twin_free(t);
}

/* Not all messages could be read: what is ordered of others must stay. */
static void
test_dur_11_it_is_kept_for_messages_not_here(void **state)
{
	struct mail_rcpt *v = rcpts();
	struct twin *t = queue_of(1);
	struct err err = ERR_INIT;
	struct desk d;

	(void)state;
	desk_open(&d);
	add(&d, 7, ORDER_DELETE, "", 1);
	written(&d);
	reopened(&d);
	assert_int_equal(ledger_begin(d.ledger, &t->q, false, &err), 0);
	add(&d, 1, ORDER_DELETE, "", 2);
	written(&d);
	ledger_clear(d.ledger);
	reopened(&d);
	assert_int_equal(
	    ledger_recall(d.ledger, 7, ARRIVAL, v, 2), MAIL_ORDERED);
	assert_int_equal(
	    ledger_recall(d.ledger, 1, ARRIVAL, v, 2), MAIL_ORDERED);
	desk_close(&d);
	twin_free(t);
}

/* --- bytes --- */

/* A bit for each that was found. */
static void
count_record(void *arg, const struct order_rec *rec, size_t at)
{
	unsigned *seen = arg;

	assert_true(at >= 16);
	assert_int_equal(*seen >> rec->mid, 0);
	*seen |= 1u << rec->mid;
}

/* Three records, and where each begins; ends[3] is the end. */
static void
three_records(struct buf *out, size_t ends[4])
{
	static const struct rid_rec rids[3] = { { 1 }, { 2 }, { 1000 } };

	buf_init(out, 4096);
	for (uint64_t i = 0; i < 3; i++) {
		struct order_rec rec = order(
		    i + 1, ORDER_REDIRECT, "one.test", rids, (size_t)i + 1);

		ledger_pack(out, out->len, &rec);
		ends[i + 1] = out->len;
	}
	ends[0] = 16;
}

/* Whole records before it are good, and nothing of what is torn. */
static void
test_dur_08_torn_at_every_byte(void **state)
{
	struct buf b;
	size_t ends[4], lost;

	(void)state;
	three_records(&b, ends);
	for (size_t n = 0; n <= b.len; n++) {
		size_t whole = n < 16 ? 0 : 16;
		unsigned seen = 0, want = 0;

		for (unsigned i = 1; i <= 3 && ends[i] <= n; i++) {
			whole = ends[i];
			want |= 1u << i;
		}
		if (ledger_unpack(str_sub(buf_str(&b), 0, n), count_record,
			&seen, &lost) != whole ||
		    seen != want || lost != 0)
			fail_msg("%zu bytes: %u", n, seen);
	}
	buf_fini(&b);
}

/* A byte that is another: its record is lost, and no other. */
static void
test_damaged_at_every_byte(void **state)
{
	struct buf b;
	size_t ends[4], lost;

	(void)state;
	three_records(&b, ends);
	for (size_t i = 0; i < b.len; i++) {
		unsigned seen = 0, at = 0;
		size_t end, want_lost;

		if (i >= 12 && i < 16)
			continue; /* these say nothing */
		while (i >= 16 && ends[at + 1] <= i)
			at++;
		b.data[i] ^= 0x10;
		end = ledger_unpack(buf_str(&b), count_record, &seen, &lost);
		b.data[i] ^= 0x10;
		if (i >= 8 && i < 12) { /* another version */
			assert_int_equal(end + seen + lost, 0);
			continue;
		}
		want_lost = i < 8 ? 16 : at == 2 ? 0 : ends[at + 1] - ends[at];
		if (seen != (i < 8 ? 14 : 14 & ~(2u << at)) ||
		    end != (i >= 8 && at == 2 ? ends[2] : b.len) ||
		    lost != want_lost)
			fail_msg("byte %zu: %u, %zu lost", i, seen, lost);
	}
	buf_fini(&b);
}

/* The same bytes in another place are no record. */
static void
test_a_record_holds_in_its_place(void **state)
{
	struct buf b, moved;
	unsigned seen = 0;
	size_t ends[4], lost;

	(void)state;
	three_records(&b, ends);
	buf_init(&moved, 4096);
	buf_add(&moved, b.data, 16);
	buf_add(&moved, b.data + ends[1], ends[2] - ends[1]);
	assert_int_equal(
	    ledger_unpack(buf_str(&moved), count_record, &seen, &lost), 16);
	assert_int_equal(seen, 0);
	buf_fini(&moved);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_added_is_recalled),
		cmocka_unit_test(test_the_last_order_counts),
		cmocka_unit_test(test_what_is_not_needed_is_dropped),
		cmocka_unit_test(test_it_is_compacted_while_running),
		cmocka_unit_test(test_it_is_not_compacted_for_one_that_stays),
		cmocka_unit_test(test_dur_09_it_cannot_be_compacted),
		cmocka_unit_test(test_dur_09_no_half_of_it_stays),
		cmocka_unit_test(test_dur_09_it_cannot_be_written),
		cmocka_unit_test(test_dur_05_a_message_that_comes_again),
		cmocka_unit_test(test_no_ledger),
		cmocka_unit_test(test_damage_costs_what_is_damaged),
		cmocka_unit_test(test_dur_11_it_is_kept_for_messages_not_here),
		cmocka_unit_test(test_dur_08_torn_at_every_byte),
		cmocka_unit_test(test_damaged_at_every_byte),
		cmocka_unit_test(test_a_record_holds_in_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
