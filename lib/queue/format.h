/*
 * format.h - the bytes of a queue file (private to lib/queue)
 *
 *	0	header		HEADER_SIZE bytes, see struct qheader
 *	64	envelope	encoded struct envelope, its crc in the header
 *		content		content_len bytes
 *		records		RECORD_HEAD bytes, then the payload
 *
 * A long message whose envelope came last has content from byte 64 on
 * (content_off), and the envelope between it and the records.
 *
 * The header tells how long a whole file is at least, COMMIT included: a
 * shorter one is a draft, but damage in a file of that length is damage.
 *
 * All numbers are little-endian. A record's crc covers the MID and the
 * place of the record in the file besides its own bytes, so that a record
 * can be mistaken neither for one of another file nor for content.
 *
 * The payload of COMMIT is the length (8 bytes) and crc32c (4 bytes) of all
 * before it, then an encoded struct content. That crc is taken over the
 * content first, header and envelope after it: the header is known last.
 */
#ifndef QUEUE_FORMAT_H
#define QUEUE_FORMAT_H

#include "base/buf.h"
#include "queue/queue.h"

#define HEADER_SIZE 64
#define RECORD_HEAD 12
#define COMMIT_HEAD 12
#define COMMIT_MAX  4096 /* two texts of 1000 bytes and a few numbers */

/* 100,000 recipients with every option at its longest would be 170 MB;
 * those of real mail need a tenth of this. */
#define ENVELOPE_MAX (32 * 1024 * 1024)
#define PAYLOAD_MAX  ENVELOPE_MAX

struct qheader {
	uint32_t version;
	uint32_t writer; /* index of the cleanup worker */
	uint64_t mid;
	uint32_t envelope_len, envelope_crc;
	uint64_t content_len;
	uint32_t content_off;
	uint32_t commit_len; /* of the whole COMMIT record */
};

struct qrecord {
	uint32_t type, len, crc;
};

enum header_state {
	HEADER_GOOD,
	HEADER_ABSENT, /* zeros: not written yet */
	HEADER_BAD     /* err says why */
};

/* Where they begin, by what the header says. */
uint64_t format_envelope_at(const struct qheader *);
uint64_t format_commit_at(const struct qheader *);

void format_header(const struct qheader *, char out[HEADER_SIZE]);
enum header_state format_parse_header(
    struct qheader *, const char in[HEADER_SIZE], struct err *err);

/* Appends one record that will stand at byte `at` of the file. */
void format_record(uint64_t mid, uint64_t at, enum queue_rec_type type,
    struct str payload, struct buf *out);
void format_parse_record_head(struct qrecord *, const char in[RECORD_HEAD]);
bool format_record_ok(
    uint64_t mid, uint64_t at, const struct qrecord *, struct str payload);

/* Appends the COMMIT payload; takes it apart. */
void format_commit(
    uint64_t before, uint32_t crc, const struct content *, struct buf *out);
int format_parse_commit(struct str payload, uint64_t *before, uint32_t *crc,
    struct content *, struct err *err);

/* The struct that a type of record holds; NULL for COMMIT and unknown. */
const struct codec *format_codec(uint32_t type);

#endif
