/*
 * test_qmgr_orders.c - orders of administrators, and crashes at any moment
 *
 * Messages come, are delivered, deferred and bounced; administrators order what
 * they like; saves end late, notices are accepted or not; and in between
 * everything dies. What is in the files and what of the ledger was written is
 * all that is left then. A model says what has to hold of each recipient.
 */
#include "qmgr/sweep.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "qmgr/deliver.h"
#include "qmgr/state.h"
#include "qmgr_double.h"

#define MAILS     12
#define RCPTS     4
#define FILE_NAME ".orders"
#define CONFIG                                                                 \
	TWIN_CONFIG                                                            \
	"delivery:\n"                                                          \
	"  bounce_rate: 100000\n"

static const char *const addrs[RCPTS] = { "a@one.test", "b@one.test",
	"c@two.test", "d@many.test" };
static const char *const hosts[] = { "one.test", "two.test", "many.test" };

/* What was ordered of a recipient; the host: a place in hosts. */
struct wish {
	uint8_t what, host;
};
/* The model's view of one. */
struct fate {
	struct wish now;  /* as the queue manager must have it */
	struct wish safe; /* as the ledger on disk says */
	unsigned delivered, noticed;
	bool deleted; /* at any time, answered or not */
};
/* A record that may not be on disk yet. */
struct pending {
	size_t end; /* in the ledger */
	uint64_t mid, rids;
	struct wish wish;
};

struct play {
	struct twin *t;
	struct outside outside; /* the twin's, but for what is watched */
	uint32_t seed;
	int folder;
	struct loop *loop;
	struct fate fate[MAILS + 1][RCPTS];
	int64_t arrival[MAILS + 1];
	bool hidden[MAILS + 1]; /* its name may come back: not synced */
	uint64_t n_mails;
	struct buf ledger; /* all of it; on disk: */
	size_t safe;
	struct pending pending[512];
	size_t n_pending;
	/* the ledger is written anew without what is not needed */
	enum { AS_IT_IS, SIFTING, SIFTED, WRITING } compacting;
	size_t sifted;
	struct buf fresh, later;
	int64_t gauge; /* what earlier lives have left in it */
	struct sweep sweep;
	bool sweeping;
};

static struct play *playing;

static void
lost(const struct play *y, uint64_t mid, size_t rid, const char *what)
{
	fail_msg("seed %u: MID %llu RID %zu: %s", y->seed,
	    (unsigned long long)mid, rid, what);
}

static const char *
home(size_t rid)
{
	return str_of(strchr(addrs[rid], '@') + 1).p;
}

/* --- what is watched --- */

static void
watch_order(void *arg, const struct order_rec *r)
{
	struct play *y = playing;
	struct pending *x = &y->pending[y->n_pending++];
	const struct rid_rec *v = r->rids.v;

	(void)arg;
	assert_true(y->n_pending <= NELEM(y->pending) && r->rids.n > 0);
	assert_int_equal(r->arrival, y->arrival[r->mid]);
	if (y->compacting == WRITING) {
		ledger_pack(&y->later, y->later.len, r);
	} else {
		ledger_pack(&y->ledger, y->ledger.len, r);
		y->compacting = AS_IT_IS;
	}
	*x = (struct pending){ .mid = r->mid,
		.end = y->compacting == WRITING ? SIZE_MAX : y->ledger.len };
	x->wish.what = r->what;
	while (
	    r->what == ORDER_REDIRECT && !str_is(r->host, hosts[x->wish.host]))
		x->wish.host++;
	for (size_t i = 0; i < r->rids.n; i++) {
		struct fate *f = &y->fate[r->mid][v[i].rid];

		x->rids |= (uint64_t)1 << v[i].rid;
		f->now = x->wish;
		f->deleted |= r->what == ORDER_DELETE;
	}
}

/* Whoever is given to a connection may have it, and there. */
static int
watch_give(
    void *arg, struct conn *c, struct parcel *p, uint64_t job, struct err *err)
{
	struct play *y = playing;

	for (size_t i = 0; i < p->n; i++) {
		const struct recipient *r = parcel_rcpt(p, i);
		const struct wish *w = &y->fate[p->mail->mid][r->rid].now;
		const char *to =
		    w->what == ORDER_REDIRECT ? hosts[w->host] : home(r->rid);

		if (r->state != RECIPIENT_OPEN)
			continue;
		if (w->what == ORDER_DELETE || w->what == ORDER_BOUNCE)
			lost(y, p->mail->mid, r->rid, "given against orders");
		if (strcmp(c->dest->name, to) != 0)
			lost(y, p->mail->mid, r->rid, "given to another host");
	}
	return twin_give(arg, c, p, job, err);
}

static int
watch_unlink(void *arg, enum queue_place place, uint64_t mid, struct err *err)
{
	playing->hidden[mid] = true;
	return twin_unlink(arg, place, mid, err);
}

/* --- what must hold at any moment --- */

static void
check(const struct play *y)
{
	const struct qmgr *q = &y->t->q;
	uint64_t open = 0, put_off = 0;
	size_t ordered = 0;

	for (const struct mail *m = q->oldest; m != NULL; m = m->newer) {
		ordered += (m->ordered & MAIL_ORDERED) != 0;
		open += m->n_open;
		for (uint32_t i = 0; i < m->n_parcels; i++)
			if (m->parcels[i].ordered != ORDER_NONE)
				put_off += m->parcels[i].n_open;
	}
	if (ordered != q->n_ordered || put_off != q->n_pending)
		fail_msg("seed %u: %zu messages need the ledger, %zu counted; "
			 "%llu to be bounced, %llu counted",
		    y->seed, ordered, q->n_ordered, (unsigned long long)put_off,
		    (unsigned long long)q->n_pending);
	if (stats_gauge_sum(q->stats, STATS_GAUGE_active_recipients) -
		y->gauge !=
	    (int64_t)open)
		fail_msg("seed %u: %llu recipients are active, not %lld",
		    y->seed, (unsigned long long)open,
		    (long long)stats_gauge_sum(
			q->stats, STATS_GAUGE_active_recipients) -
			(long long)y->gauge);
}

/* Just recalled: one recipient is as its file and the ledger say. */
static void
check_recalled(const struct play *y, uint64_t mid, size_t rid)
{
	const struct double_file *f = twin_file(y->t, mid);
	const struct mail *m = mail_find(&y->t->q, mid);
	const struct wish *w = &y->fate[mid][rid].now;

	for (uint32_t i = 0; m != NULL && i < m->n_parcels; i++) {
		const struct parcel *p = &m->parcels[i];

		for (size_t j = 0; j < p->n; j++) {
			const struct recipient *r = parcel_rcpt(p, j);

			if (r->rid != rid || r->state != RECIPIENT_OPEN)
				continue;
			if (f->gone || f->ended[rid] != 0 ||
			    w->what == ORDER_DELETE)
				lost(y, mid, rid, "came back");
			if ((w->what == ORDER_BOUNCE) !=
			    (p->ordered == ORDER_BOUNCE))
				lost(y, mid, rid, "to be bounced or not");
			if (w->what == ORDER_REDIRECT &&
			    strcmp(p->dest->name, hosts[w->host]) != 0)
				lost(y, mid, rid, "does not go elsewhere");
			return;
		}
	}
	if (!f->gone && f->ended[rid] == 0 && w->what != ORDER_DELETE)
		lost(y, mid, rid, "did not come back");
}

/* --- death and birth --- */

/* The ledger is on disk up to there, or was when all ended. */
static void
settled_to(struct play *y, size_t end)
{
	size_t kept = 0;

	for (size_t i = 0; i < y->n_pending; i++) {
		struct pending *x = &y->pending[i];

		if (x->end > end) {
			y->pending[kept++] = *x;
			continue;
		}
		for (size_t r = 0; r < RCPTS; r++)
			if (x->rids & (uint64_t)1 << r)
				y->fate[x->mid][r].safe = x->wish;
	}
	y->n_pending = kept;
	y->safe = end;
}

static void
forget_life(struct play *y)
{
	struct twin *t = y->t;

	for (size_t i = 0; i < t->n_saves; i++) {
		/* the disk may have been faster than the news of it */
		if (twin_random(t) % 2 == 0)
			twin_write(t, t->saves[i]);
		arena_free(&t->saves[i]->mem);
		free(t->saves[i]->defers);
		free(t->saves[i]);
	}
	t->n_saves = t->n_opened = t->n_jobs = t->jobs_at = 0;
	for (size_t i = 0; i < t->n_notices; i++)
		free(t->notices[i].text);
	t->n_notices = 0;
	y->sweeping = false;
	t->q.sweeps = NULL;
}

/* Something of what was not safe may be there; a part of a record, too. */
static void
write_ledger(struct play *y)
{
	size_t more = y->ledger.len - y->safe;
	size_t n = y->safe + twin_random(y->t) % (more + 1);
	int fd;

	if (y->compacting == WRITING && twin_random(y->t) % 2 == 0) {
		assert_int_equal(state_replace(y->folder, FILE_NAME,
				     buf_str(&y->fresh), NULL),
		    0);
		y->n_pending = 0;
		return;
	}
	if (n == 0) {
		unlinkat(y->folder, FILE_NAME, 0);
	} else {
		fd = openat(
		    y->folder, FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		assert_int_equal(write(fd, y->ledger.data, n), n);
		close(fd);
	}
	settled_to(y, n);
	y->n_pending = 0;
}

static void
read_ledger(struct play *y)
{
	struct err err = ERR_INIT;

	y->compacting = AS_IT_IS;
	buf_reset(&y->ledger);
	assert_int_equal(state_read(y->folder, FILE_NAME, &y->ledger, &err), 0);
	y->safe = y->ledger.len;
}

static void
power_fails(struct play *y)
{
	bool at_once = twin_random(y->t) % 2 == 0;

	for (uint64_t mid = 1; mid <= y->n_mails; mid++)
		if (y->hidden[mid] && at_once && twin_random(y->t) % 2 == 0)
			twin_file(y->t, mid)->gone = false;
	memset(y->hidden, 0, sizeof(y->hidden));
}

/* As intake.c does it. */
static void
take_file(struct play *y, const struct ledger *l, struct double_file *f)
{
	struct mail_rcpt v[RCPTS] = { 0 };
	struct mail_info in = { .mid = f->mid,
		.arrival = y->arrival[f->mid],
		.sender = f->mid % 7 == 0 ? STR("") : STR("joe@sender.test"),
		.profile = STR("Default"),
		.place = f->place,
		.rcpts = v };
	unsigned known;
	struct mail *m;

	for (uint32_t r = 0; r < RCPTS && !f->gone; r++) {
		if (f->ended[r] != 0)
			continue;
		v[in.n_rcpts++] = (struct mail_rcpt){ .addr = str_of(addrs[r]),
			.rid = r,
			.attempts = f->attempts[r],
			.next = f->next[r] == 0 ? 0 : y->t->q.now + 1000 };
	}
	if (in.n_rcpts == 0) {
		f->gone = true;
		return;
	}
	known = ledger_recall(l, f->mid, in.arrival, v, in.n_rcpts);
	m = mail_new(&y->t->q, &in);
	assert_non_null(m);
	if (known != 0)
		ordered_recalled(&y->t->q, m, known);
}

static void
reborn(struct play *y)
{
	struct twin *t = y->t;
	struct config *cf = config_ref(t->config);
	struct stats *stats = t->q.stats;
	struct err err = ERR_INIT;
	struct ledger *l;

	forget_life(y);
	write_ledger(y);
	power_fails(y);
	qmgr_fini(&t->q);
	qmgr_init(&t->q, cf, stats, &y->outside, t);
	config_unref(&cf);
	y->gauge = stats_gauge_sum(stats, STATS_GAUGE_active_recipients);
	t->q.now = 5000;
	t->q.wall = DOUBLE_WALL + 100000;
	assert_int_equal(
	    ledger_open(&l, y->loop, y->folder, NULL, NULL, &err), 0);
	for (uint64_t mid = 1; mid <= y->n_mails; mid++) {
		for (size_t r = 0; r < RCPTS; r++)
			y->fate[mid][r].now = y->fate[mid][r].safe;
		take_file(y, l, twin_file(t, mid));
		for (size_t r = 0; r < RCPTS; r++)
			check_recalled(y, mid, r);
	}
	assert_int_equal(ledger_begin(l, &t->q, true, &err), 0);
	ledger_close(&l);
	read_ledger(y);
	check(y);
	schedule_kick_all(&t->q);
}

/* --- life --- */

static void
new_mail(struct play *y)
{
	static const char *const some[][RCPTS + 1] = {
		{ "a@one.test", "b@one.test", "c@two.test", "d@many.test" },
		{ "a@one.test" }, { "a@one.test", "b@one.test" },
		{ "a@one.test", "b@one.test", "c@two.test" }
	};
	uint64_t mid = y->n_mails + 1;
	const char *const *v = some[twin_random(y->t) % NELEM(some)];

	if (mid > 1 + y->seed % MAILS)
		return;
	y->n_mails = mid;
	y->arrival[mid] = y->t->q.wall;
	twin_message(y->t, mid, mid % 7 == 0 ? "" : "joe@sender.test", v);
	for (size_t r = RCPTS; r > 0 && v[r - 1] == NULL; r--)
		twin_file(y->t, mid)->ended[r - 1] = 1 + RCPT_DROPPED;
	for (size_t r = 0; r < RCPTS; r++)
		y->fate[mid][r].deleted = v[r] == NULL;
}

static void
new_order(struct play *y)
{
	static const enum sweep_do what[] = { SWEEP_DELETE, SWEEP_BOUNCE,
		SWEEP_BOUNCE, SWEEP_REDIRECT, SWEEP_REDIRECT };
	uint32_t dice = twin_random(y->t);
	struct str words[2] = { STR("mid"), STR("") };
	char mid[32];
	size_t n = 2;

	if (y->sweeping)
		return;
	y->sweep = (struct sweep){ .what = what[dice / 16 % NELEM(what)] };
	snprintf(
	    mid, sizeof(mid), "%u", 1 + dice / 256 % (1 + y->seed % MAILS));
	words[1] = str_of(mid);
	if (dice % 8 == 0) {
		words[0] = STR("all");
		n = 1;
	} else if (dice % 8 < 4) {
		words[0] = STR("host");
		words[1] = str_of(hosts[dice / 256 % NELEM(hosts)]);
	}
	assert_true(selection_read(&y->sweep.selection, words, n));
	if (y->sweep.what == SWEEP_REDIRECT)
		str_copy(y->sweep.host, sizeof(y->sweep.host),
		    str_of(hosts[dice / 4096 % NELEM(hosts)]));
	y->sweeping = !sweep_step(&y->t->q, &y->sweep);
}

static void
one_answer(struct play *y)
{
	static const uint32_t codes[] = { 250, 451, 451, 451, 550 };
	struct twin *t = y->t;
	struct double_job *j = &t->jobs[t->jobs_at];
	struct job_result r[RCPTS];
	struct job_done done = { .job = j->id, .results = { j->n, r } };

	if (t->jobs_at == t->n_jobs)
		return;
	t->jobs_at++;
	for (size_t i = 0; i < j->n; i++) {
		uint32_t code = codes[twin_random(t) % NELEM(codes)];

		r[i] = (struct job_result){ .rid = j->rids[i],
			.code = code,
			.text = STR("text"),
			.stage = JOB_DOT };
		y->fate[j->mid][j->rids[i]].delivered += code == 250;
	}
	assert_int_equal(
	    schedule_done(&t->q, &t->worker, j->conn_id, &done, NULL), 0);
}

/* cleanup has it, or not now. */
static void
one_notice(struct play *y)
{
	struct twin *t = y->t;
	struct double_notice x;
	bool taken = twin_random(t) % 4 != 0;

	if (t->n_notices == 0)
		return;
	x = t->notices[0];
	t->n_notices--;
	memmove(t->notices, t->notices + 1, t->n_notices * sizeof(x));
	for (size_t i = 0; taken && i < x.notice->n; i++) {
		uint32_t rid = x.notice->mail->rcpts[x.notice->v[i].index].rid;

		y->fate[x.about][rid].noticed += x.notice->kind == DSN_FAILED;
	}
	assert_true(bounce_answer(
	    &t->q, &t->worker, x.txn, taken ? 250 : 451, STR("so it is")));
	free(x.text);
}

static void
remove_one(struct play *y)
{
	uint64_t mid = 1 + twin_random(y->t) % MAILS;
	struct mail *m = mail_find(&y->t->q, mid);

	if (m == NULL || m->n_sent > 0)
		return;
	for (uint32_t i = 0; i < m->n_rcpts; i++)
		if (m->rcpts[i].state == RECIPIENT_OPEN) {
			y->fate[mid][m->rcpts[i].rid].deleted = true;
			y->fate[mid][m->rcpts[i].rid].now.what = ORDER_DELETE;
		}
	deliver_delete(&y->t->q, m);
}

/* It came while the new file was being written. */
static void
add_later(void *arg, const struct order_rec *r, size_t at)
{
	struct play *y = arg;
	size_t i = 0;

	(void)at;
	while (y->pending[i].end != SIZE_MAX)
		i++;
	ledger_pack(&y->ledger, y->ledger.len, r);
	y->pending[i].end = y->ledger.len;
}

/* As ledger_compact.c does it; what is being written is so for a while. */
static void
compact(struct play *y, bool hidden)
{
	size_t lost;

	switch (y->compacting) {
	case AS_IT_IS:
		if (y->ledger.len == 0 || y->t->q.n_ordered == 0 ||
		    twin_random(y->t) % 4 != 0)
			return;
		y->compacting = SIFTING;
		y->sifted = 0;
		buf_reset(&y->fresh);
		return;
	case SIFTING:
		if (!ledger_sift(buf_str(&y->ledger), &y->sifted, 2, &y->t->q,
			&y->fresh)) {
			assert_int_equal(y->sifted, y->ledger.len);
			y->compacting = SIFTED;
		}
		return;
	case SIFTED:
		buf_reset(&y->later);
		if (!hidden)
			y->compacting = WRITING;
		return;
	case WRITING:
		buf_reset(&y->ledger);
		buf_add_str(&y->ledger, buf_str(&y->fresh));
		y->safe = y->ledger.len;
		ledger_unpack(buf_str(&y->later), add_later, y, &lost);
		y->compacting = AS_IT_IS;
	}
}

/* What orders.c does between commands. */
static void
second_step(struct play *y)
{
	struct qmgr *q = &y->t->q;
	bool hidden = false;

	if (y->sweeping || y->safe < y->ledger.len)
		return;
	if (q->n_todo > 0)
		ordered_step(q);
	for (uint64_t mid = 1; mid <= y->n_mails; mid++)
		hidden |= y->hidden[mid];
	if (q->n_todo == 0)
		compact(y, hidden);
	if (y->compacting != AS_IT_IS || y->safe < y->ledger.len)
		return;
	if (q->n_todo == 0 && q->n_ordered == 0 && !hidden) {
		buf_reset(&y->ledger);
		y->safe = 0;
	}
}

static void
disk(struct play *y)
{
	struct twin *t = y->t;

	switch (twin_random(t) % 4) {
	case 0:
		twin_saved(t);
		break;
	case 1:
		settled_to(y, y->ledger.len);
		break;
	case 2:
		memset(y->hidden, 0, sizeof(y->hidden));
		break;
	default:
		t->save_fails = !t->save_fails;
	}
}

static void
live_a_while(struct play *y, unsigned steps)
{
	struct twin *t = y->t;

	for (unsigned i = 0; i < steps; i++) {
		twin_run(t);
		twin_up(t);
		switch (twin_random(t) % 16) {
		case 0:
		case 1:
			new_mail(y);
			break;
		case 2:
			new_order(y);
			break;
		case 3:
			if (y->sweeping)
				y->sweeping = !sweep_step(&t->q, &y->sweep);
			break;
		case 4:
		case 5:
			second_step(y);
			break;
		case 6:
		case 7:
			one_notice(y);
			break;
		case 8:
			if (twin_random(t) % 8 == 0)
				remove_one(y);
			break;
		case 9:
		case 10:
		case 11:
			disk(y);
			break;
		case 12:
			twin_pass(t, twin_random(t) % 4000);
			twin_gone(t);
			break;
		default:
			one_answer(y);
		}
		check(y);
	}
}

/* All that is left is done in the end. */
static void
end_well(struct play *y)
{
	struct twin *t = y->t;

	t->save_fails = false;
	while (y->sweeping)
		y->sweeping = !sweep_step(&t->q, &y->sweep);
	for (int i = 0; i < 2000 && (t->q.n_mails > 0 || y->safe > 0); i++) {
		settled_to(y, y->ledger.len);
		memset(y->hidden, 0, sizeof(y->hidden));
		second_step(y);
		twin_run(t);
		twin_up(t);
		while (t->jobs_at < t->n_jobs)
			one_answer(y);
		for (size_t n = t->n_notices; n > 0; n--)
			one_notice(y);
		t->n_jobs = t->jobs_at = 0;
		twin_saved(t);
		twin_pass(t, 100000);
		twin_gone(t);
		check(y);
	}
	assert_int_equal(t->q.n_mails, 0);
	assert_int_equal(t->q.n_ordered + t->q.n_notices + y->safe, 0);
	twin_check_sums(t);
}

static void
judge(const struct play *y)
{
	for (uint64_t mid = 1; mid <= y->n_mails; mid++)
		for (size_t r = 0; r < RCPTS; r++) {
			const struct fate *f = &y->fate[mid][r];

			if (f->deleted || f->delivered > 0)
				continue;
			if (mid % 7 != 0 && f->noticed == 0)
				lost(y, mid, r, "was lost");
		}
}

static void
play(uint32_t seed, int folder, struct loop *loop)
{
	struct play *y = mem_alloc(sizeof(*y));

	playing = y;
	y->seed = seed;
	y->folder = folder;
	y->loop = loop;
	y->t = twin_new(CONFIG);
	y->outside = twin_outside;
	y->outside.order = watch_order;
	y->outside.give = watch_give;
	y->outside.unlink = watch_unlink;
	y->t->q.out = &y->outside;
	y->t->dice = seed * 2654435761u;
	y->t->save_later = true;
	buf_init(&y->ledger, SIZE_MAX);
	buf_init(&y->fresh, SIZE_MAX);
	buf_init(&y->later, SIZE_MAX);
	for (int crash = 0; crash < 8; crash++) {
		live_a_while(y, 20 + twin_random(y->t) % 100);
		reborn(y);
	}
	end_well(y);
	judge(y);
	buf_fini(&y->ledger);
	buf_fini(&y->fresh);
	buf_fini(&y->later);
	twin_free(y->t);
	free(y);
}

static void
test_dur_05_orders_and_crashes(void **state)
{
	char path[64] = "/dev/shm/postern-orders.XXXXXX"; /* quick syncs */
	struct loop *loop = loop_new();
	int folder;

	(void)state;
	if (mkdtemp(path) == NULL) {
		str_copy(path, sizeof(path), STR("/tmp/postern-orders.XXXXXX"));
		assert_non_null(mkdtemp(path));
	}
	folder = open(path, O_RDONLY | O_DIRECTORY);
	for (uint32_t seed = 1; seed <= 800; seed++)
		play(seed, folder, loop);
	unlinkat(folder, FILE_NAME, 0);
	close(folder);
	rmdir(path);
	loop_free(&loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dur_05_orders_and_crashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
