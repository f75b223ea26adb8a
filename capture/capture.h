/*
 * capture.h - inside of postern-capture
 *
 *	main.c		options, the order of steps, what admin tools ask
 *	device.c	libpcap: opening, filtering
 *	ring.c		the files that packets are written to
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define CAPTURE_PACKET_MAX 65535 /* bytes of a packet that are kept */

/* Opens it for capturing, with that filter ("": everything). NULL: err. */
pcap_t *device_open(const char *name, const char *filter, struct err *err);

/*
 * A file in ten parts, NAME.000001 and so on, each of them a file of libpcap's
 * format. When there would be an eleventh, the first is deleted: so together
 * they are never larger than the maximum, and packets go a tenth at a time.
 */
#define RING_PARTS      10
#define RING_NAME       128
#define RING_SIZE_LEAST (1024 * 1024) /* a part has room for any packet */

struct ring {
	int dir;
	pcap_t *format; /* says what packets begin with */
	char name[RING_NAME];
	uint64_t max;
	bool stops; /* instead of deleting */
	pcap_dumper_t *dumper;
	unsigned first, last;       /* numbers of the parts that are there */
	uint64_t sizes[RING_PARTS]; /* by number, modulo */
};

enum ring_end { RING_OK, RING_FULL, RING_FAILED };

/* Begins with an empty first part. -1: err. */
int ring_begin(struct ring *, struct err *err);
/* FULL: with `stops`, and the packet was not taken. FAILED: err. */
enum ring_end ring_write(struct ring *, const struct pcap_pkthdr *,
    const unsigned char *bytes, struct err *err);
int ring_flush(struct ring *, struct err *err); /* to the file system */
uint64_t ring_size(const struct ring *);
void ring_end(struct ring *);

#endif
