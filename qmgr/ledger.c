/* ledger.c - the file of orders, and what it says after a crash */
#include "qmgr/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/mem.h"
#include "event/event.h"
#include "qmgr/ledger_in.h"
#include "qmgr/state.h"

#define FILE_NAME LEDGER_FILE
#define ASIDE     LEDGER_ASIDE
#define MUCH      ((size_t)4 * 1024 * 1024) /* written while it grows */
#define AGAIN_MS  10000                     /* it could not be written */

static int load(struct ledger *, struct err *);
static bool is_blank(struct str);
static void set_aside(struct ledger *);
static void note(void *arg, const struct order_rec *, size_t at);
static int by_mid(const void *, const void *);
static size_t first_of(const struct ledger *, uint64_t mid);
static unsigned recall(const struct order_rec *, struct mail_rcpt *, size_t n);
static struct mail_rcpt *rcpt_of(struct mail_rcpt *, size_t n, uint32_t rid);
static int rewrite(struct ledger *, const struct qmgr *, struct err *);
static void forget_image(struct ledger *);
static void write_out(struct worker_job *);
static int put(struct ledger *);
static void written(struct worker_job *);

int
ledger_open(struct ledger **out, struct loop *loop, int folder,
    void (*progress)(void *arg), void *arg, struct err *err)
{
	struct ledger *l = mem_alloc(sizeof(*l));
	int rc;

	l->folder = folder;
	l->fd = -1;
	l->progress = progress;
	l->arg = arg;
	l->worker = worker_new(loop, 1);
	ledger_writes(l);
	buf_init(&l->image, SIZE_MAX);
	buf_init(&l->next, SIZE_MAX);
	buf_init(&l->writing, SIZE_MAX);
	buf_init(&l->fresh, SIZE_MAX);
	buf_init(&l->later, SIZE_MAX);
	rc = load(l, err);
	*out = l;
	return rc;
}

void
ledger_close(struct ledger **lp)
{
	struct ledger *l = *lp;

	if (l == NULL)
		return;
	*lp = NULL;
	worker_free(&l->worker);
	if (l->fd != -1)
		close(l->fd);
	forget_image(l);
	ledger_compact_fini(l);
	buf_fini(&l->next);
	buf_fini(&l->writing);
	free(l);
}

/* --- what stood there --- */

unsigned
ledger_recall(const struct ledger *l, uint64_t mid, int64_t arrival,
    struct mail_rcpt *v, size_t n)
{
	unsigned known = 0;

	if (l == NULL)
		return 0;
	for (size_t i = first_of(l, mid); i < l->n && l->entries[i].mid == mid;
	     i++) {
		struct order_rec rec;
		struct arena mem;

		arena_init(&mem, LEDGER_RECORD_MEM);
		if (ledger_read(
			buf_str(&l->image), l->entries[i].at, &rec, &mem) &&
		    rec.arrival == arrival)
			known |= recall(&rec, v, n);
		arena_free(&mem);
	}
	return known;
}

void
ledger_expect(struct ledger *l, uint64_t mid)
{
	size_t i = first_of(l, mid);

	if (i < l->n && l->entries[i].mid == mid)
		l->expecting = l->keep = true;
}

int
ledger_begin(
    struct ledger *l, const struct qmgr *q, bool all_here, struct err *err)
{
	size_t n_needed = 0;
	int rc = 0;

	for (size_t i = 0; i < l->n; i++)
		n_needed += ledger_is_needed(q, l->entries[i].mid);
	l->end = l->image.len;
	l->n_records = l->n;
	l->keep |= !all_here;
	if (n_needed == 0)
		ledger_clear(l);
	else if (!l->keep && (n_needed < l->n || !l->whole))
		rc = rewrite(l, q, err);
	if (!l->expecting)
		forget_image(l);
	return rc;
}

static int
load(struct ledger *l, struct err *err)
{
	struct str all;
	size_t end, lost;

	if (state_read(l->folder, FILE_NAME, &l->image, err) == -1) {
		buf_reset(&l->image);
		(void)renameat(l->folder, FILE_NAME, l->folder, ASIDE);
		return -1;
	}
	all = buf_str(&l->image);
	if (all.n < LEDGER_HEAD || is_blank(all))
		return 0; /* none, or nobody was told of it */
	end = ledger_unpack(all, note, l, &lost);
	if (l->n > 0)
		qsort(l->entries, l->n, sizeof(*l->entries), by_mid);
	l->whole = lost == 0 && end == all.n;
	if (lost == 0 && end > 0)
		return 0;
	set_aside(l);
	if (end == 0)
		return err_set(err, ERR_PERM, "%s is no file of orders: see %s",
		    FILE_NAME, ASIDE);
	return err_set(err, ERR_PERM,
	    "%s: %zu bytes are damaged, and what administrators ordered of "
	    "some messages may be lost: see %s",
	    FILE_NAME, lost, ASIDE);
}

/* Its length was on disk before its bytes were. */
static bool
is_blank(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\0')
			return false;
	return true;
}

/* The file will be made anew, or removed: people may want to see it. */
static void
set_aside(struct ledger *l)
{
	if (state_replace(l->folder, ASIDE, buf_str(&l->image), NULL) == -1)
		l->keep = true;
}

static void
note(void *arg, const struct order_rec *rec, size_t at)
{
	struct ledger *l = arg;

	l->entries = mem_room(l->entries, &l->cap, l->n, sizeof(*l->entries));
	l->entries[l->n++] = (struct entry){ rec->mid, at };
}

static int
by_mid(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;

	if (a->mid != b->mid)
		return a->mid < b->mid ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

/* The first entry of that message; l->n or another's: it has none. */
static size_t
first_of(const struct ledger *l, uint64_t mid)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t i = low + (high - low) / 2;

		if (l->entries[i].mid < mid)
			low = i + 1;
		else
			high = i;
	}
	return low;
}

/* The last order counts: who goes elsewhere is not bounced any more. */
static unsigned
recall(const struct order_rec *rec, struct mail_rcpt *v, size_t n)
{
	const struct rid_rec *rids = rec->rids.v;
	bool moved = rec->what == ORDER_REDIRECT;
	unsigned known = 0;

	for (size_t i = 0; i < rec->rids.n; i++) {
		struct mail_rcpt *r = rcpt_of(v, n, rids[i].rid);

		if (r == NULL)
			continue;
		known = MAIL_ORDERED | (moved ? MAIL_MOVED : 0);
		r->ordered = moved ? ORDER_NONE : rec->what;
		if (moved) {
			r->host = rec->host;
			r->next = 0;
		}
	}
	return known;
}

/* NULL: it is done. */
static struct mail_rcpt *
rcpt_of(struct mail_rcpt *v, size_t n, uint32_t rid)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t i = low + (high - low) / 2;

		if (v[i].rid == rid)
			return &v[i];
		if (v[i].rid < rid)
			low = i + 1;
		else
			high = i;
	}
	return NULL;
}

bool
ledger_is_needed(const struct qmgr *q, uint64_t mid)
{
	const struct mail *m = mail_find(q, mid);

	return m != NULL && m->ordered & MAIL_ORDERED;
}

/* Without what no message needs, and without a torn end. */
static int
rewrite(struct ledger *l, const struct qmgr *q, struct err *err)
{
	struct buf content;
	size_t n_kept = 0;
	int rc;

	buf_init(&content, SIZE_MAX);
	for (size_t i = 0; i < l->n; i++) {
		struct order_rec rec;
		struct arena mem;

		arena_init(&mem, LEDGER_RECORD_MEM);
		if (ledger_is_needed(q, l->entries[i].mid) &&
		    ledger_read(
			buf_str(&l->image), l->entries[i].at, &rec, &mem)) {
			ledger_pack(&content, content.len, &rec);
			n_kept++;
		}
		arena_free(&mem);
	}
	rc = state_replace(l->folder, FILE_NAME, buf_str(&content), err);
	/* or the old one stays, and with it what it says */
	if (rc == 0) {
		l->end = content.len;
		l->n_records = n_kept;
	}
	buf_fini(&content);
	return rc;
}

static void
forget_image(struct ledger *l)
{
	buf_fini(&l->image);
	free(l->entries);
	l->entries = NULL;
	l->n = l->cap = 0;
}

/* --- what is added --- */

void
ledger_add(struct ledger *l, const struct order_rec *rec)
{
	size_t before = l->next.len;

	if (ledger_compact_add(l, rec))
		return;
	l->n_records++;
	ledger_pack(&l->next, l->end, rec);
	l->end += l->next.len - before;
}

bool
ledger_is_safe(const struct ledger *l)
{
	return l->writing.len == 0 && l->next.len == 0 && l->later.len == 0;
}

int64_t
ledger_run(struct ledger *l, int64_t now, bool all)
{
	if (l->busy)
		return 0;
	if (l->writing.len > 0 && now < l->again)
		return l->again;
	if (l->writing.len == 0) {
		if (l->next.len == 0 || (l->next.len < MUCH && !all))
			return 0;
		l->at = l->end - l->next.len;
		l->writing = l->next;
		buf_init(&l->next, SIZE_MAX);
	}
	l->busy = true;
	worker_do(l->worker, &l->job);
	return 0;
}

void
ledger_writes(struct ledger *l)
{
	l->job.run = write_out;
	l->job.done = written;
}

bool
ledger_is_empty(const struct ledger *l)
{
	return l->end == 0 || l->keep;
}

void
ledger_clear(struct ledger *l)
{
	if (ledger_is_empty(l) || ledger_is_compacting(l))
		return;
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
	l->end = l->n_records = l->floor = 0;
	if (unlinkat(l->folder, FILE_NAME, 0) == -1 && errno != ENOENT)
		EMIT(WARNING, .text = STR(FILE_NAME " cannot be removed"));
}

/* On the thread. Touches only what is the job's. */
static void
write_out(struct worker_job *job)
{
	struct ledger *l =
	    (struct ledger *)((char *)job - offsetof(struct ledger, job));

	l->err = (struct err)ERR_INIT;
	if (l->fd == -1)
		l->fd = openat(l->folder, FILE_NAME,
		    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
			(l->at == 0 ? O_TRUNC : 0),
		    0600);
	if (l->fd == -1)
		err_sys(&l->err, ERR_TEMP, "open %s", FILE_NAME);
	else
		put(l);
}

static int
put(struct ledger *l)
{
	struct str text = buf_str(&l->writing);
	uint64_t at = l->at;

	while (text.n > 0) {
		ssize_t n = pwrite(l->fd, text.p, text.n, (off_t)at);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(
			    &l->err, ERR_TEMP, "write %s", FILE_NAME);
		text = str_sub(text, (size_t)n, text.n);
		at += (uint64_t)n;
	}
	if (fdatasync(l->fd) == -1 ||
	    ((l->at == 0 || l->new_name) && fsync(l->folder) == -1))
		return err_sys(&l->err, ERR_TEMP, "sync %s", FILE_NAME);
	l->new_name = false;
	return 0;
}

static void
written(struct worker_job *job)
{
	struct ledger *l =
	    (struct ledger *)((char *)job - offsetof(struct ledger, job));
	char text[LOG_VALUE_MAX];

	l->busy = false;
	if (l->err.kind == ERR_NONE) {
		buf_release(&l->writing);
	} else {
		l->again = clock_mono_ms() + AGAIN_MS;
		snprintf(text, sizeof(text), "orders cannot be recorded: %s",
		    l->err.text);
		EMIT(WARNING, .text = str_of(text));
	}
	l->progress(l->arg);
}
