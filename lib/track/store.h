/*
 * store.h - the tracking store: what happened to mail, on disk
 *
 *	LOGS/.tracking/20250304T104008.track	begun at that time (UTC)
 *
 * The recorder appends the events of connections, messages and deliveries as
 * they came, in order of time, a block for what it writes at a time; nothing
 * is ever changed. Whoever searches reads the files, with the rights to do
 * so, and the recorder does not notice. A file is removed as a whole.
 *
 * A block is a head of TRACK_HEAD bytes and its payload:
 *
 *	BEGIN	{version, names and fields of all events, as text}
 *	EVENTS	{event, microseconds since the first of the block, fields}...
 *	GAP	{from, to, why}: what happened meanwhile is not here
 *	END	{now, now, why}: whoever wrote it stopped
 *
 * Fields have no tags, so a file says how it was made: one of an earlier or
 * later version is read by the names of events and fields. What is damaged or
 * cut off is skipped up to the next head that is whole, and is a gap.
 */
#ifndef TRACK_STORE_H
#define TRACK_STORE_H

#include "event/event.h"

#define TRACK_FOLDER    ".tracking"
#define TRACK_ENDING    ".track"
#define TRACK_NAME_MAX  32 /* "20250304T104008.track" and its NUL */
#define TRACK_HEAD      40
#define TRACK_BLOCK_MAX (2 * 1024 * 1024) /* payload; holds any one event */

enum track_block { TRACK_BEGIN = 1, TRACK_EVENTS, TRACK_GAP, TRACK_END };
enum track_why {
	TRACK_STOPPED,   /* an END: in order */
	TRACK_OFF,       /* switched off */
	TRACK_CRASHED,   /* nobody wrote an END */
	TRACK_UNWRITTEN, /* the disk was full, or failed */
	TRACK_LOST,      /* events did not reach the recorder */
	TRACK_DAMAGED,   /* of a file */
	TRACK_N_WHY
};

#define REC_TRACK_EVENT(S, F, L)                                               \
	F(S, U16, id, 0) F(S, I64, after, 0) F(S, STR, fields, IPC_FRAME_MAX)
CODEC_STRUCT(track_event, REC_TRACK_EVENT);
#define REC_TRACK_GAP(S, F, L)                                                 \
	F(S, I64, from, 0)                                                     \
	F(S, I64, to, 0) F(S, U8, why, TRACK_N_WHY - 1) F(S, U64, n, 0)
CODEC_STRUCT(track_gap, REC_TRACK_GAP); /* us; n: events, 0: unknown */

/* What stands in the head beside length and checksum. */
struct track_head {
	enum track_block type;
	int64_t first, last; /* us: of its events */
	uint64_t mid;        /* the highest among them */
};

/* Appends a block. */
void track_put(const struct track_head *, struct str payload, struct buf *out);
/* Takes the block that `in` begins with: its size; 0: there is none that is
 * whole. *more: there may be one when more is read. */
size_t track_get(
    struct str in, struct track_head *, struct str *payload, bool *more);

/* Is this event kept? Those that are about a connection, a message or a
 * delivery, and of what was lost. */
bool track_keeps(enum event_id);
/* The highest MID in an event, from its struct; 0: none. */
uint64_t track_mid(enum event_id, const void *fields);
/* Numbers of an event, from its encoded fields or from its struct; 0: it has
 * none. */
struct track_ids {
	uint64_t mid, icid, dcid, other;
};
struct track_ids track_ids(enum event_id, struct str fields);
struct track_ids track_ids_of(enum event_id, const void *fields);

/* The payload of BEGIN. */
void track_names(struct buf *out);

/* Files of the folder, oldest first; a folder that is not there has none. */
struct track_files {
	char (*v)[TRACK_NAME_MAX];
	size_t n;
};
int track_files(struct track_files *, int dir, struct err *);
void track_files_free(struct track_files *);
/* When a file was begun, wall s. */
int64_t track_begun(const char *name);

#endif
