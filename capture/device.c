/* device.c - libpcap: opening, filtering */
#include <net/if.h>
#include <stdlib.h>

#include "capture/capture.h"

#define BUFFER  (16 * 1024 * 1024) /* in the kernel: packets that wait */
#define WAIT_MS 100                /* until few packets are handed on */

static int begin(pcap_t *, const char *name, struct err *);
static int set_filter(pcap_t *, const char *filter, struct err *);

pcap_t *
device_open(const char *name, const char *filter, struct err *err)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *p;

	/* libpcap knows more than networks: what is typed at a keyboard */
	if (if_nametoindex(name) == 0) {
		err_set(err, ERR_USAGE, "there is no network interface \"%s\"",
		    name);
		return NULL;
	}
	p = pcap_create(name, why);
	if (p == NULL) {
		err_set(err, ERR_USAGE, "%s: %s", name, why);
		return NULL;
	}
	pcap_set_snaplen(p, CAPTURE_PACKET_MAX);
	pcap_set_timeout(p, WAIT_MS);
	pcap_set_buffer_size(p, BUFFER);
	if (begin(p, name, err) == 0 && set_filter(p, filter, err) == 0) {
		if (pcap_setnonblock(p, 1, why) == 0)
			return p;
		err_set(err, ERR_TEMP, "%s: %s", name, why);
	}
	pcap_close(p);
	return NULL;
}

static int
begin(pcap_t *p, const char *name, struct err *err)
{
	int rc = pcap_activate(p);

	if (rc >= 0) /* more than 0: a warning */
		return 0;
	if (rc == PCAP_ERROR_PERM_DENIED)
		return err_set(err, ERR_PERM,
		    "Capturing packets needs the capability CAP_NET_RAW, "
		    "which Postern does not have here: it must be started by "
		    "root, with that in its bounding set.");
	if (rc == PCAP_ERROR)
		return err_set(err, ERR_TEMP, "%s: %s", name, pcap_geterr(p));
	return err_set(err, ERR_TEMP, "%s: %s", name, pcap_statustostr(rc));
}

static int
set_filter(pcap_t *p, const char *filter, struct err *err)
{
	struct bpf_program program;
	int rc;

	if (pcap_compile(p, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == -1)
		return err_set(err, ERR_USAGE, "The filter \"%s\" is wrong: %s",
		    filter, pcap_geterr(p));
	rc = pcap_setfilter(p, &program);
	pcap_freecode(&program);
	if (rc == -1)
		return err_set(err, ERR_TEMP, "filter: %s", pcap_geterr(p));
	return 0;
}
