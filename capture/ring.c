/* ring.c - the files that packets are written to */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "capture/capture.h"

#define FILE_HEADER   24
#define PACKET_HEADER 16
#define PART_NAME     (RING_NAME + 16)

static int begin_part(struct ring *, struct err *);
static void part_name(const struct ring *, unsigned number, char *out);
static int failed(const struct ring *, struct err *);

int
ring_begin(struct ring *r, struct err *err)
{
	r->first = 1;
	return begin_part(r, err);
}

enum ring_end
ring_write(struct ring *r, const struct pcap_pkthdr *h,
    const unsigned char *bytes, struct err *err)
{
	uint64_t n = PACKET_HEADER + h->caplen;
	uint64_t *size = &r->sizes[r->last % RING_PARTS];

	if (*size + n > r->max / RING_PARTS) {
		if (r->stops && r->last == RING_PARTS)
			return RING_FULL;
		if (begin_part(r, err) == -1)
			return RING_FAILED;
		size = &r->sizes[r->last % RING_PARTS];
	}
	pcap_dump((unsigned char *)r->dumper, h, bytes);
	*size += n;
	return ferror(pcap_dump_file(r->dumper)) ? failed(r, err),
	       RING_FAILED                       : RING_OK;
}

int
ring_flush(struct ring *r, struct err *err)
{
	if (r->dumper == NULL || pcap_dump_flush(r->dumper) == 0)
		return 0;
	return failed(r, err);
}

uint64_t
ring_size(const struct ring *r)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < RING_PARTS; i++)
		n += r->sizes[i];
	return n;
}

void
ring_end(struct ring *r)
{
	if (r->dumper != NULL)
		pcap_dump_close(r->dumper);
	r->dumper = NULL;
}

/* Makes room before it takes some, so that the limit is never passed. */
static int
begin_part(struct ring *r, struct err *err)
{
	char name[PART_NAME];
	FILE *f = NULL;
	int fd;

	if (ring_flush(r, err) == -1)
		return -1;
	ring_end(r);
	r->last++;
	if (r->last - r->first == RING_PARTS) {
		part_name(r, r->first++, name);
		if (unlinkat(r->dir, name, 0) == -1 && errno != ENOENT)
			return err_sys(err, ERR_TEMP, "delete %s", name);
	}
	part_name(r, r->last, name);
	r->sizes[r->last % RING_PARTS] = FILE_HEADER;
	fd =
	    openat(r->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd != -1)
		f = fdopen(fd, "w");
	if (f == NULL)
		return err_sys(err, ERR_TEMP, "create %s", name);
	r->dumper = pcap_dump_fopen(r->format, f);
	if (r->dumper == NULL)
		return err_set(
		    err, ERR_TEMP, "%s: %s", name, pcap_geterr(r->format));
	return 0;
}

static void
part_name(const struct ring *r, unsigned number, char *out)
{
	snprintf(out, PART_NAME, "%s.%06u", r->name, number);
}

static int
failed(const struct ring *r, struct err *err)
{
	return err_sys(err, ERR_TEMP, "write %s", r->name);
}
