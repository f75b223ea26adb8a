/*
 * echo.h - the packets and the sums of `ping`
 *
 * Pure: bytes and microseconds.
 */
#ifndef ADMIN_ECHO_H
#define ADMIN_ECHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define ECHO_DATA   56
#define ECHO_PACKET (8 + ECHO_DATA)

/* A request; v6: its checksum is the kernel's matter. */
void echo_request(
    bool v6, uint16_t id, uint16_t seq, uint8_t packet[ECHO_PACKET]);
/* Is that an answer to such a request? raw: an IPv4 header stands before it.
 * *n: its length without that. */
struct echo_answer {
	uint16_t seq;
	size_t n;
};
bool echo_parse(
    bool v6, bool raw, uint16_t id, struct str packet, struct echo_answer *out);

struct echo_sums {
	uint64_t sent, received;
	uint64_t min, max, sum, squares; /* us */
};
void echo_count(struct echo_sums *, uint64_t us);
uint64_t echo_average(const struct echo_sums *);
uint64_t echo_deviation(const struct echo_sums *);

/* "64 bytes from 192.0.2.31: icmp_seq=0 ttl=64 time=0.133 ms" */
struct echo_line {
	const char *from;
	const struct echo_answer *answer;
	int ttl; /* -1: not known */
	uint64_t us;
	bool again; /* it came before */
};
void echo_text(const struct echo_line *, struct buf *out);
/* The three lines of the end. */
void echo_sums_text(
    const struct echo_sums *, const char *host, struct buf *out);
/* "0.133" */
void echo_ms(uint64_t us, struct buf *out);

#endif
