/*
 * recorder_log.h - one log subscription: its file, and the files before it
 *
 *	NAME/NAME.@20250304T104008.current	being written
 *	NAME/NAME.@20250304T091500.s		saved; may be moved or removed
 *
 * Lines gather in memory and leave in one write per turn. A log that cannot
 * be written never stops anybody: its lines are counted as lost, and the
 * first line after that says how many. After a crash the unfinished file is
 * continued, so that a program that keeps dying does not push out the logs
 * that would tell why.
 */
#ifndef MASTER_RECORDER_LOG_H
#define MASTER_RECORDER_LOG_H

#include "base/buf.h"
#include "base/clock.h"
#include "config/config.h"
#include "event/event.h"
#include "master/recorder_files.h"

struct recorder_log {
	int folder;         /* of all logs; not ours */
	const char *serial; /* of this installation; not ours */
	char name[NAME_MAX_LEN + 1];
	enum log_type type;
	enum log_format format;
	uint8_t level;
	unsigned left_out; /* RECORDER_NO_*; the owner's to set */
	uint64_t max_size;
	uint32_t max_files;

	int dir, fd;                     /* -1: cannot be opened just now */
	char current[RECORDER_FILE_MAX]; /* file name within dir */
	uint64_t size, first;            /* bytes; of them the first lines */
	bool torn;                    /* the last write ended within a line */
	struct log_subscription when; /* of it: what rollover_next needs, */
	struct arena mem;             /* ... in memory of our own */
	int64_t begun, roll_at;       /* wall ms; INT64_MAX: by size alone */

	struct buf out;
	uint64_t lost;       /* not told yet */
	uint64_t told;       /* ... of them by the first line of out, */
	size_t told_len;     /* which is so long */
	uint64_t lost_total; /* ever */
	int64_t second;      /* that `stamp` is for */
	char stamp[CLOCK_TEXT + 1];
	size_t stamp_len;
};

/* Opens it, or tries again at each write. Pair with _close. */
struct recorder_log *recorder_log_open(int folder, const char *serial,
    const struct log_subscription *, int64_t now_ms);
/* Takes over changed settings; another type or format begins a new file. */
void recorder_log_change(
    struct recorder_log *, const struct log_subscription *, int64_t now_ms);
/* Ends the file, saves it, frees. Sets *lp to NULL. */
void recorder_log_close(struct recorder_log **lp, int64_t now_ms);

/* One line, when the level is wanted. when: microseconds. */
void recorder_log_event(
    struct recorder_log *, enum event_id, int64_t when_us, const void *fields);
/* Writes what has gathered. */
void recorder_log_flush(struct recorder_log *, int64_t now_ms);
/* Saves the file and begins the next; removes the oldest ones. */
void recorder_log_roll(struct recorder_log *, int64_t now_ms);
/* ... if its time has come. */
void recorder_log_tick(struct recorder_log *, int64_t now_ms);

#endif
