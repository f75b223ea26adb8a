/*
 * dnsmsg.h - reading DNS messages (RFC 1035 4)
 *
 * Pure. A message comes from strangers: every length is checked, and what
 * does not fit makes the function return false. Where one function stopped,
 * the next goes on: the question, then records, as many as the header says.
 */
#ifndef LOOKUP_DNSMSG_H
#define LOOKUP_DNSMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNSMSG_HEADER   12
#define DNSMSG_NAME     255 /* RFC 1035 2.3.4, on the wire */
#define DNSMSG_CLASS_IN 1

/* The message and how far it has been read. */
struct dnsmsg {
	const uint8_t *p;
	size_t n, at;
};

/* A name on the wire, not compressed, in lower case, with its final 0. */
struct dnsmsg_name {
	uint8_t b[DNSMSG_NAME];
	size_t n;
};

struct dnsmsg_record {
	struct dnsmsg_name owner;
	unsigned type, class;
	uint32_t ttl;
	size_t at, len; /* of the data within the message */
};

bool dnsmsg_question(struct dnsmsg *, struct dnsmsg_name *, unsigned *type);
bool dnsmsg_record(struct dnsmsg *, struct dnsmsg_record *);
/* Reads the name at *at, and moves *at behind it. */
bool dnsmsg_name(const struct dnsmsg *, size_t *at, struct dnsmsg_name *);
/* A name that fills exactly the bytes from at to end. */
bool dnsmsg_whole_name(
    const struct dnsmsg *, size_t at, size_t end, struct dnsmsg_name *);

unsigned dnsmsg_u16(const uint8_t *);
uint32_t dnsmsg_u32(const uint8_t *);

#endif
