/*
 * ledger_compact.c - what is carried out is left out of the file of orders
 *
 *	a thread reads the file; slices of the loop take what messages need;
 *	when the names of the others are gone for good, a thread writes the
 *	new file beside the old one and gives it its name
 *
 * A crash finds the one or the other. Orders that come while the new file is
 * being written wait for it, since a record is good only in its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "event/event.h"
#include "qmgr/ledger_in.h"
#include "qmgr/state.h"

#define WORTH    ((uint64_t)256 * 1024) /* a file is as long at least */
#define USED     4                      /* times what is needed */
#define SLICE    1000                   /* records */
#define REC_HEAD 8

static bool is_worth_while(const struct ledger *, const struct qmgr *);
static void give_up(struct ledger *);
static void begin(struct ledger *, void (*run)(struct worker_job *),
    void (*done)(struct worker_job *));
static struct ledger *of(struct worker_job *);
static void read_file(struct worker_job *);
static void was_read(struct worker_job *);
static void write_file(struct worker_job *);
static void was_written(struct worker_job *);
static uint64_t length(const struct ledger *);
static void add_again(void *arg, const struct order_rec *, size_t at);
static void count(void *arg, const struct order_rec *, size_t at);

enum ledger_next
ledger_compact(struct ledger *l, const struct qmgr *q)
{
	if (l->compacting == COMPACT_NO && is_worth_while(l, q)) {
		l->compacting = COMPACT_READING;
		begin(l, read_file, was_read);
	}
	if (l->compacting == COMPACT_SIFTING) {
		if (ledger_sift(
			buf_str(&l->image), &l->sifted, SLICE, q, &l->fresh))
			return LEDGER_MORE;
		l->compacting = COMPACT_SIFTED;
		/* what cannot be read is nobody's to drop */
		if (l->sifted != l->end || l->fresh.len >= l->end / 2)
			give_up(l);
	}
	return l->compacting == COMPACT_SIFTED ? LEDGER_NAMES : LEDGER_IDLE;
}

void
ledger_compact_end(struct ledger *l)
{
	if (l->compacting != COMPACT_SIFTED)
		return;
	buf_release(&l->image);
	l->compacting = COMPACT_WRITING;
	begin(l, write_file, was_written);
}

bool
ledger_is_compacting(const struct ledger *l)
{
	return l->compacting != COMPACT_NO;
}

bool
ledger_compact_add(struct ledger *l, const struct order_rec *rec)
{
	if (l->compacting == COMPACT_WRITING) {
		ledger_pack(&l->later, l->later.len, rec);
		return true;
	}
	if (l->compacting == COMPACT_SIFTING || l->compacting == COMPACT_SIFTED)
		give_up(l);
	return false;
}

void
ledger_compact_fini(struct ledger *l)
{
	buf_fini(&l->fresh);
	buf_fini(&l->later);
}

bool
ledger_sift(struct str image, size_t *at, unsigned n, const struct qmgr *q,
    struct buf *out)
{
	if (*at == 0)
		*at = LEDGER_HEAD;
	while (n-- > 0) {
		struct order_rec rec;
		struct arena mem;
		uint32_t len;
		bool good;

		arena_init(&mem, LEDGER_RECORD_MEM);
		good = *at < image.n && ledger_read(image, *at, &rec, &mem);
		if (good && ledger_is_needed(q, rec.mid))
			ledger_pack(out, out->len, &rec);
		arena_free(&mem);
		if (!good)
			return false;
		memcpy(&len, image.p + *at, sizeof(len));
		*at += REC_HEAD + len;
	}
	return true;
}

/* Not when all of it may soon be removed, or was looked at a while ago. */
static bool
is_worth_while(const struct ledger *l, const struct qmgr *q)
{
	return !l->busy && !l->keep && !q->ledger_stays && ledger_is_safe(l) &&
	       l->end >= WORTH && l->end >= l->floor && q->n_ordered > 0 &&
	       l->n_records / USED > q->n_ordered;
}

/* As it is; the next look is when it is twice as long. */
static void
give_up(struct ledger *l)
{
	l->compacting = COMPACT_NO;
	l->floor = l->end * 2;
	buf_release(&l->image);
	buf_release(&l->fresh);
}

static void
begin(struct ledger *l, void (*run)(struct worker_job *),
    void (*done)(struct worker_job *))
{
	l->job.run = run;
	l->job.done = done;
	l->busy = true;
	worker_do(l->worker, &l->job);
}

static struct ledger *
of(struct worker_job *job)
{
	return (struct ledger *)((char *)job - offsetof(struct ledger, job));
}

/* --- threads; what is the job's is touched by nobody else --- */

static void
read_file(struct worker_job *job)
{
	struct ledger *l = of(job);

	l->err = (struct err)ERR_INIT;
	buf_reset(&l->image);
	(void)state_read(l->folder, LEDGER_FILE, &l->image, &l->err);
}

static void
was_read(struct worker_job *job)
{
	struct ledger *l = of(job);

	l->busy = false;
	l->sifted = 0;
	if (l->err.kind == ERR_NONE && ledger_is_safe(l) &&
	    l->image.len == l->end)
		l->compacting = COMPACT_SIFTING;
	else
		give_up(l);
	ledger_writes(l);
	l->progress(l->arg);
}

static void
write_file(struct worker_job *job)
{
	struct ledger *l = of(job);

	l->err = (struct err)ERR_INIT;
	(void)state_replace(
	    l->folder, LEDGER_FILE, buf_str(&l->fresh), &l->err);
}

/*
 * When it failed it may have its name already, but not for good: then the
 * length says so, and the next write makes it durable before anybody has an
 * answer.
 */
static void
was_written(struct worker_job *job)
{
	struct ledger *l = of(job);
	struct buf later = l->later;
	char text[LOG_VALUE_MAX];
	size_t lost;

	l->busy = false;
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
	l->new_name = true;
	if (l->err.kind == ERR_NONE || length(l) == l->fresh.len) {
		l->end = l->fresh.len;
		l->n_records = 0;
		ledger_unpack(buf_str(&l->fresh), count, &l->n_records, &lost);
	}
	if (l->err.kind != ERR_NONE) {
		snprintf(text, sizeof(text), "orders: %s", l->err.text);
		EMIT(WARNING, .text = str_of(text));
	}
	buf_init(&l->later, SIZE_MAX);
	give_up(l);
	ledger_writes(l);
	ledger_unpack(buf_str(&later), add_again, l, &lost);
	buf_fini(&later);
	l->progress(l->arg);
}

static uint64_t
length(const struct ledger *l)
{
	struct stat st;

	if (fstatat(l->folder, LEDGER_FILE, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return UINT64_MAX;
	return (uint64_t)st.st_size;
}

static void
add_again(void *arg, const struct order_rec *rec, size_t at)
{
	(void)at;
	ledger_add(arg, rec);
}

static void
count(void *arg, const struct order_rec *rec, size_t at)
{
	uint64_t *n = arg;

	(void)rec, (void)at;
	++*n;
}
