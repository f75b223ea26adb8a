/* recorder_log.c - one log subscription: lines to its file */
#include "master/recorder_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/rollover.h"
#include "master/recorder_files.h"
#include "master/recorder_kind.h"

#define OUT_MAX   (64 * 1024 * 1024) /* lines of one turn */
#define OUT_KEEP  (256 * 1024)
#define FIRST_MAX 2000  /* first lines of a file */
#define TIMES_MAX 10000 /* bytes of times of rollover */

static void settings(struct recorder_log *, const struct log_subscription *);
static void begin(struct recorder_log *, int64_t now_ms);
static void end(struct recorder_log *, int64_t now_ms);
static void put_notice(
    struct recorder_log *, struct buf *, int64_t now_ms, const char *text);
static void put_event(struct recorder_log *, struct buf *, enum event_id,
    int64_t when_us, const void *fields);
static void put_stamp(struct recorder_log *, struct buf *, int64_t when_us);
static size_t write_once(struct recorder_log *, const struct buf *);
static void count_lost(struct recorder_log *, size_t written);

struct recorder_log *
recorder_log_open(int folder, const char *serial,
    const struct log_subscription *sub, int64_t now_ms)
{
	struct recorder_log *l = mem_alloc(sizeof(*l));

	l->folder = folder;
	l->serial = serial;
	l->dir = l->fd = -1;
	l->second = -1;
	str_copy(l->name, sizeof(l->name), sub->name);
	buf_init(&l->out, OUT_MAX);
	arena_init(&l->mem, TIMES_MAX);
	settings(l, sub);
	begin(l, now_ms);
	return l;
}

void
recorder_log_change(
    struct recorder_log *l, const struct log_subscription *sub, int64_t now_ms)
{
	bool other = l->format != sub->format || l->type != sub->type;

	recorder_log_flush(l, now_ms);
	if (other)
		end(l, now_ms);
	settings(l, sub);
	l->roll_at = rollover_next(&l->when, l->begun);
	if (other)
		begin(l, now_ms);
}

void
recorder_log_close(struct recorder_log **lp, int64_t now_ms)
{
	struct recorder_log *l = *lp;

	if (l == NULL)
		return;
	recorder_log_flush(l, now_ms);
	end(l, now_ms);
	if (l->dir != -1)
		close(l->dir);
	buf_fini(&l->out);
	arena_free(&l->mem);
	free(l);
	*lp = NULL;
}

void
recorder_log_event(struct recorder_log *l, enum event_id id, int64_t when_us,
    const void *fields)
{
	struct event_LINES_LOST lost = { .n = l->lost };
	const struct recorder_kind kind = { l->type, l->name, l->left_out };

	if (event_spec(id)->level > l->level ||
	    !recorder_kind_takes(&kind, id, fields))
		return;
	if (l->out.len == 0 && l->lost != 0) {
		put_event(l, &l->out, EVENT_LINES_LOST, when_us, &lost);
		l->told = l->lost;
		l->told_len = l->out.len;
	}
	put_event(l, &l->out, id, when_us, fields);
}

void
recorder_log_flush(struct recorder_log *l, int64_t now_ms)
{
	if (l->out.len == 0)
		return;
	if (l->fd == -1)
		begin(l, now_ms);
	else if (l->size > l->first && l->out.len > l->max_size - l->size)
		recorder_log_roll(l, now_ms);
	count_lost(l, write_once(l, &l->out));
	if (l->out.cap > OUT_KEEP)
		buf_release(&l->out);
	else
		buf_reset(&l->out);
}

void
recorder_log_roll(struct recorder_log *l, int64_t now_ms)
{
	end(l, now_ms);
	begin(l, now_ms);
	if (l->dir != -1)
		recorder_files_trim(l->dir, l->name, l->max_files);
}

void
recorder_log_tick(struct recorder_log *l, int64_t now_ms)
{
	if (now_ms < l->roll_at)
		return;
	recorder_log_flush(l, now_ms);
	recorder_log_roll(l, now_ms);
}

static void
settings(struct recorder_log *l, const struct log_subscription *sub)
{
	size_t n = sub->n_rollover_at;
	struct str *at;

	l->type = sub->type;
	l->format = sub->format;
	l->level = sub->level;
	l->max_size = sub->max_size;
	l->max_files = sub->max_files;
	arena_free(&l->mem);
	arena_init(&l->mem, TIMES_MAX + n * sizeof(*at));
	at = arena_array(&l->mem, n, sizeof(*at));
	for (size_t i = 0; i < n; i++)
		at[i] = arena_str(&l->mem, sub->rollover_at[i]);
	l->when =
	    (struct log_subscription){ .rollover_every = sub->rollover_every,
		    .rollover_at = at,
		    .n_rollover_at = n };
}

/* Opens a file and writes the first lines. */
static void
begin(struct recorder_log *l, int64_t now_ms)
{
	time_t now = now_ms / 1000;
	char text[160];
	struct buf b;
	struct tm tm;

	l->begun = now_ms;
	l->roll_at = rollover_next(&l->when, now_ms);
	if (l->dir == -1)
		l->dir = recorder_files_folder(l->folder, l->name);
	if (l->dir != -1)
		l->fd = recorder_files_open(
		    l->dir, l->name, now_ms, l->current, &l->size, &l->torn);
	if (l->fd == -1)
		return;
	localtime_r(&now, &tm);
	buf_init(&b, FIRST_MAX);
	put_notice(l, &b, now_ms, "Begin Logfile");
	snprintf(text, sizeof(text), "Version: %s SN: %s", POSTERN_VERSION,
	    l->serial);
	put_notice(l, &b, now_ms, text);
	snprintf(text, sizeof(text), "Time offset from UTC: %ld seconds",
	    tm.tm_gmtoff);
	put_notice(l, &b, now_ms, text);
	write_once(l, &b);
	buf_fini(&b);
	l->first = l->size;
}

/* The last line; from now on the file counts as saved. */
static void
end(struct recorder_log *l, int64_t now_ms)
{
	struct buf b;

	if (l->fd == -1)
		return;
	buf_init(&b, FIRST_MAX);
	put_notice(l, &b, now_ms, "End Logfile");
	write_once(l, &b);
	buf_fini(&b);
	close(l->fd);
	l->fd = -1;
	recorder_files_save(l->dir, l->current);
}

static void
put_notice(
    struct recorder_log *l, struct buf *b, int64_t now_ms, const char *text)
{
	struct event_NOTICE e = { .text = str_of(text) };

	put_event(l, b, EVENT_NOTICE, now_ms * 1000, &e);
}

static void
put_event(struct recorder_log *l, struct buf *b, enum event_id id,
    int64_t when_us, const void *fields)
{
	size_t before = b->len;

	if (l->format == LOG_JSON) {
		event_json(id, when_us, fields, b);
	} else {
		if (!recorder_kind_is_whole(l->type)) {
			put_stamp(l, b, when_us);
			buf_puts(b, event_level_name(event_spec(id)->level));
			buf_add(b, ": ", 2);
		}
		recorder_kind_text(l->type, id, when_us, fields, b);
	}
	buf_putc(b, '\n');
	if (b->failed) { /* no half lines */
		b->failed = false;
		b->len = before;
		l->lost++;
		l->lost_total++;
	}
}

/* Formatting a time costs more than all the rest of a line: once a second. */
static void
put_stamp(struct recorder_log *l, struct buf *b, int64_t when_us)
{
	int64_t second = when_us / 1000000;

	if (second != l->second) {
		l->second = second;
		clock_ctime(second * 1000, l->stamp);
		l->stamp_len = strlen(l->stamp);
		l->stamp[l->stamp_len++] = ' ';
	}
	buf_add(b, l->stamp, l->stamp_len);
}

/* What it took of b. A line that was cut before is ended first. */
static size_t
write_once(struct recorder_log *l, const struct buf *b)
{
	char newline = '\n';
	struct iovec iov[2] = { { &newline, l->torn ? 1 : 0 },
		{ b->data, b->len } };
	ssize_t n = -1;

	if (l->fd != -1)
		n = l->torn ? writev(l->fd, iov, 2)
			    : write(l->fd, b->data, b->len);
	if (n <= 0)
		return 0;
	l->size += (size_t)n;
	n -= (ssize_t)iov[0].iov_len;
	l->torn = n > 0 && b->data[n - 1] != '\n';
	return (size_t)n;
}

/* The disk took only the first bytes of `out`: what of the rest is lines of
 * events is lost. */
static void
count_lost(struct recorder_log *l, size_t written)
{
	uint64_t n = 0;

	if (written >= l->told_len) {
		l->lost -= l->told;
	} else {
		written = l->told_len;
	}
	for (size_t i = written; i < l->out.len; i++)
		n += l->out.data[i] == '\n';
	l->lost += n;
	l->lost_total += n;
	l->told = l->told_len = 0;
}
