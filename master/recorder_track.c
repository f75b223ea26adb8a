/* recorder_track.c - keeping the tracking store */
#include "master/recorder_track.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "event/alert.h"
#include "master/recorder_files.h"
#include "track/reader.h"

#define FULL     (256 * 1024) /* of a block: written now */
#define PARTS    8            /* of the share, a file each */
#define PART_MIN (64 * 1024)
#define DAY_S    86400
#define NEAR_1   75 /* per cent */
#define NEAR_2   90
#define AFTER    90 /* that are left when files were removed */

struct recorder_track {
	int dir;    /* -1: cannot be opened just now */
	int fd;     /* -1: no file yet */
	int logs;   /* not ours */
	bool again; /* nothing is missing that others would not tell of */
	bool enabled, subject;

	char name[TRACK_NAME_MAX]; /* of the file */
	uint64_t size;
	struct track_head head; /* of the block that gathers */
	struct buf block, out;
	uint64_t events; /* in it */

	struct track_gap lost; /* since writing failed; n 0: it did not */
	uint64_t lost_total;

	uint64_t asked, used, quota; /* bytes */
	unsigned level;              /* per cent that was told of */
};

static bool open_file(struct recorder_track *, int64_t now_us);
static void new_name(struct recorder_track *, int64_t now_us);
static bool begin(struct recorder_track *, int64_t now_us);
static void note_past(struct recorder_track *, struct buf *, int64_t now_us);
static void put_gap(enum track_block, const struct track_gap *, struct buf *);
static void end(struct recorder_track *, enum track_why, int64_t now_us);
static bool is_over(const struct recorder_track *, int64_t now_us);
static bool append(struct recorder_track *, const struct buf *);
static void not_written(struct recorder_track *);
static void measure(struct recorder_track *);
static uint64_t size_of(const struct recorder_track *, const char *name);
static void remove_oldest(struct recorder_track *);
static void tell(struct recorder_track *);

struct recorder_track *
recorder_track_new(int logs, bool again)
{
	struct recorder_track *t = mem_alloc(sizeof(*t));

	t->logs = logs;
	t->again = again;
	t->dir = t->fd = -1;
	t->quota = UINT64_MAX;
	buf_init(&t->block, TRACK_BLOCK_MAX);
	buf_init(&t->out, 2 * TRACK_BLOCK_MAX);
	return t;
}

void
recorder_track_free(struct recorder_track **tp, int64_t now_us)
{
	struct recorder_track *t = *tp;

	if (t == NULL)
		return;
	if (t->enabled)
		end(t, TRACK_STOPPED, now_us);
	if (t->dir != -1)
		close(t->dir);
	buf_fini(&t->block);
	buf_fini(&t->out);
	free(t);
	*tp = NULL;
}

void
recorder_track_config(
    struct recorder_track *t, const struct config *c, int64_t now_us)
{
	bool was = t->enabled;

	t->subject = c->tracking.subject;
	t->asked = c->tracking.quota;
	t->enabled = c->tracking.enabled;
	if (was && !t->enabled)
		end(t, TRACK_OFF, now_us);
	if (!was && t->enabled)
		open_file(t, now_us);
}

/* --- events --- */

void
recorder_track_take(void *arg, enum event_id id, int64_t when_us,
    const void *fields, struct str body)
{
	struct recorder_track *t = arg;
	struct track_event e = { .id = (uint16_t)id };
	uint64_t mid;

	if (!t->enabled || !track_keeps(id) ||
	    (id == EVENT_SUBJECT && !t->subject))
		return;
	/* a clock that was put back begins another block */
	if (t->events > 0 && (when_us < t->head.first || t->block.len > FULL))
		recorder_track_flush(t, when_us);
	if (t->events == 0)
		t->head =
		    (struct track_head){ TRACK_EVENTS, when_us, when_us, 0 };
	e.after = when_us - t->head.first;
	e.fields = event_fields(body);
	codec_encode(&track_event_codec, &e, &t->block);
	t->events++;
	if (when_us > t->head.last)
		t->head.last = when_us;
	mid = track_mid(id, fields);
	if (mid > t->head.mid)
		t->head.mid = mid;
}

void
recorder_track_flush(struct recorder_track *t, int64_t now_us)
{
	struct str payload = buf_str(&t->block);

	if (t->events == 0)
		return;
	if (t->fd != -1 && is_over(t, now_us)) {
		close(t->fd);
		t->fd = -1;
	}
	buf_reset(&t->out);
	if (t->lost.n > 0) {
		t->lost.to = t->head.first;
		put_gap(TRACK_GAP, &t->lost, &t->out);
	}
	track_put(&t->head, payload, &t->out);
	if ((t->fd != -1 || open_file(t, now_us)) && append(t, &t->out))
		t->lost.n = 0;
	else
		not_written(t);
	t->events = 0;
	buf_reset(&t->block);
}

static void
not_written(struct recorder_track *t)
{
	if (t->lost.n == 0) {
		t->lost = (struct track_gap){ .from = t->head.first,
			.why = TRACK_UNWRITTEN };
		alert_raise(ALERT_LOG_ERROR, STR("tracking"),
		    STR("Tracking data cannot be written: look at the disk of "
			"the log folder."));
	}
	t->lost.n += t->events;
	t->lost_total += t->events;
}

/* All of it, or nothing. */
static bool
append(struct recorder_track *t, const struct buf *b)
{
	ssize_t n = write(t->fd, b->data, b->len);

	if (n == (ssize_t)b->len) {
		t->size += b->len;
		return true;
	}
	/* what cannot be cut off is skipped by those who read */
	if (n > 0 && ftruncate(t->fd, (off_t)t->size) == -1)
		t->size += (uint64_t)n;
	return false;
}

/* --- files --- */

static bool
is_over(const struct recorder_track *t, int64_t now_us)
{
	uint64_t part = t->quota / PARTS;

	return t->size > (part > PART_MIN ? part : PART_MIN) ||
	       now_us / 1000000 / DAY_S != track_begun(t->name) / DAY_S;
}

/* The newest, if there is room in it; else a new one. */
static bool
open_file(struct recorder_track *t, int64_t now_us)
{
	struct track_files files = { .n = 0 };
	struct stat st;

	if (t->dir == -1)
		t->dir = recorder_files_folder(t->logs, TRACK_FOLDER);
	if (t->dir == -1)
		return false;
	if (t->quota == UINT64_MAX)
		measure(t);
	if (track_files(&files, t->dir, NULL) == 0 && files.n > 0) {
		memcpy(t->name, files.v[files.n - 1], TRACK_NAME_MAX);
		t->size = size_of(t, t->name);
	}
	if (files.n == 0 || is_over(t, now_us))
		new_name(t, now_us);
	track_files_free(&files);
	t->fd = openat(t->dir, t->name,
	    O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (t->fd == -1)
		return false;
	t->size = fstat(t->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	if (begin(t, now_us))
		return true;
	close(t->fd);
	t->fd = -1;
	return false;
}

static void
new_name(struct recorder_track *t, int64_t now_us)
{
	time_t now = now_us / 1000000;
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(t->name, sizeof(t->name), "%Y%m%dT%H%M%S" TRACK_ENDING, &tm);
}

/* Each time: what stands in a file may have been made by another version. */
static bool
begin(struct recorder_track *t, int64_t now_us)
{
	struct track_head head = { TRACK_BEGIN, now_us, now_us, 0 };
	struct buf names, out;
	bool done;

	buf_init(&names, TRACK_BLOCK_MAX);
	buf_init(&out, 2 * TRACK_BLOCK_MAX);
	note_past(t, &out, now_us);
	track_names(&names);
	track_put(&head, buf_str(&names), &out);
	done = append(t, &out);
	t->again |= done;
	buf_fini(&out);
	buf_fini(&names);
	return done;
}

/* What is missing between the last block and now. */
static void
note_past(struct recorder_track *t, struct buf *out, int64_t now_us)
{
	struct track_gap gap = { .why = TRACK_CRASHED };
	struct track_head last;

	if (!t->again && track_newest(t->dir, &last, &gap)) {
		if (last.type != TRACK_END)
			gap = (struct track_gap){ .why = TRACK_CRASHED };
		gap.from = last.last;
		gap.to = now_us > last.last ? now_us : last.last;
		if (gap.why != TRACK_STOPPED)
			put_gap(TRACK_GAP, &gap, out);
	}
}

static void
put_gap(enum track_block type, const struct track_gap *gap, struct buf *out)
{
	struct track_head head = { type, gap->from, gap->to, 0 };
	struct buf payload;

	buf_init(&payload, 100);
	codec_encode(&track_gap_codec, gap, &payload);
	track_put(&head, buf_str(&payload), out);
	buf_fini(&payload);
}

static void
end(struct recorder_track *t, enum track_why why, int64_t now_us)
{
	struct track_gap gap = { now_us, now_us, (uint8_t)why, 0 };

	recorder_track_flush(t, now_us);
	if (t->fd == -1)
		return;
	buf_reset(&t->out);
	put_gap(TRACK_END, &gap, &t->out);
	append(t, &t->out);
	close(t->fd);
	t->fd = -1;
	t->again = false;
}

/* --- the share of the disk --- */

void
recorder_track_look(struct recorder_track *t)
{
	if (t->dir == -1)
		t->dir = openat(t->logs, TRACK_FOLDER,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (t->dir == -1)
		return; /* there is nothing yet */
	measure(t);
	if (t->used > t->quota)
		remove_oldest(t);
	tell(t);
}

/* What the configuration says, else a tenth of the disk. */
static void
measure(struct recorder_track *t)
{
	struct track_files files;
	struct statvfs v;

	t->quota = t->asked;
	if (t->quota == 0)
		t->quota = fstatvfs(t->dir, &v) == 0 && v.f_blocks > 0
			       ? (uint64_t)v.f_blocks * v.f_frsize / 10
			       : UINT64_MAX - 1;
	t->used = 0;
	if (track_files(&files, t->dir, NULL) == -1)
		return;
	for (size_t i = 0; i < files.n; i++)
		t->used += size_of(t, files.v[i]);
	track_files_free(&files);
}

static uint64_t
size_of(const struct recorder_track *t, const char *name)
{
	struct stat st;

	return fstatat(t->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0
		   ? (uint64_t)st.st_size
		   : 0;
}

/* The one that is written stays. */
static void
remove_oldest(struct recorder_track *t)
{
	struct track_files files;
	char text[200];
	size_t n = 0;

	if (track_files(&files, t->dir, NULL) == -1)
		return;
	while (t->used > t->quota / 100 * AFTER && n + 1 < files.n) {
		uint64_t size = size_of(t, files.v[n]);

		if (unlinkat(t->dir, files.v[n], 0) == -1)
			break;
		t->used -= size < t->used ? size : t->used;
		n++;
	}
	if (n > 0) {
		snprintf(text, sizeof(text),
		    "Tracking data took more than %llu MB: that before %.8s "
		    "was removed",
		    (unsigned long long)(t->quota >> 20), files.v[n]);
		EMIT(NOTICE, .text = str_of(text));
	}
	track_files_free(&files);
}

/* That the oldest go is in order, so there is one alert on the way there. */
static void
tell(struct recorder_track *t)
{
	uint64_t share = t->quota / 100;
	unsigned level = t->used >= share * NEAR_2   ? NEAR_2
			 : t->used >= share * NEAR_1 ? NEAR_1
						     : 0;
	char text[200], about[20];

	if (level > t->level) {
		snprintf(text, sizeof(text),
		    "Disk space of tracking data is approaching its quota: "
		    "%llu of %llu MB; when it is full the oldest goes",
		    (unsigned long long)(t->used >> 20),
		    (unsigned long long)(t->quota >> 20));
		snprintf(about, sizeof(about), "tracking %u %%", level);
		alert_raise(ALERT_DISK_QUOTA, str_of(about), str_of(text));
	}
	/* it goes up and down by a file all the time */
	if (level > t->level || level == 0)
		t->level = level;
}

json_t *
recorder_track_show(const struct recorder_track *t)
{
	int64_t oldest = t->dir != -1 ? track_oldest(t->dir) : INT64_MAX;

	return json_pack("{sb sI sI so sI}", "enabled", t->enabled, "used",
	    (json_int_t)t->used, "quota",
	    (json_int_t)(t->quota < INT64_MAX ? t->quota : 0), "oldest",
	    oldest < INT64_MAX ? json_integer(oldest / 1000) : json_null(),
	    "lost", (json_int_t)t->lost_total);
}
