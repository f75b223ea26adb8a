/* schema_capture.c - the keys of postern.yaml: packet captures */
#include "config/schema_def.h"

static const struct choice when_full[] = {
	{ "rotate", 0 },
	{ "stop", 1 },
	{ NULL, 0 },
};

static const struct schema_key capture_keys[] = {
	{ .name = "max_size",
	    FIELD(config, capture.max_size),
	    .type = &value_size,
	    .min = 1 << 20,
	    .max = (uint64_t)1 << 40,
	    DEFAULT("200M"),
	    .help = "Space that one capture may take. It is written in ten "
		    "parts of a tenth of this." },
	{ .name = "quota",
	    FIELD(config, capture.quota),
	    .type = &value_size,
	    .min = 1 << 20,
	    .max = (uint64_t)1 << 50,
	    DEFAULT("2G"),
	    .help = "Space that all captures together may take: one does not "
		    "begin that would not fit beside those that are there. "
		    "In force after a commit." },
	{ .name = "when_full",
	    FIELD(config, capture.stops),
	    .type = &value_choice,
	    .choices = when_full,
	    DEFAULT("rotate"),
	    .help = "What happens when it is taken: the oldest part goes, or "
		    "the capture ends." },
	{ .name = "duration",
	    FIELD(config, capture.duration),
	    .type = &value_time,
	    .min = 0,
	    .max = 30 * 86400,
	    DEFAULT("0"),
	    .help = "How long a capture lasts. 0: until it is stopped." },
	{ .name = "interfaces",
	    LIST(config, capture.interfaces, capture.n_interfaces),
	    .type = &value_text,
	    .min = 1,
	    .max = 80,
	    .refers = "interfaces",
	    .help = "Interfaces whose networks are listened to. None: the "
		    "first one." },
	{ .name = "ports",
	    LIST(config, capture.ports, capture.n_ports),
	    .type = &value_count,
	    .min = 1,
	    .max = 65535,
	    .help = "TCP ports: only packets from and to one of them." },
	{ .name = "clients",
	    LIST(config, capture.clients, capture.n_clients),
	    .type = &value_ip,
	    .max = 100,
	    .help = "Addresses of hosts that connect to this machine. With "
		    "clients and servers, packets of both: so a message can "
		    "be followed in and out." },
	{ .name = "servers",
	    LIST(config, capture.servers, capture.n_servers),
	    .type = &value_ip,
	    .max = 100,
	    .help = "Addresses of hosts that this machine connects to." },
	{ .name = "filter",
	    FIELD(config, capture.filter),
	    .type = &value_text,
	    .max = 4000,
	    DEFAULT("(tcp port 25)"),
	    .help = "Which packets are wanted, as tcpdump has it, see "
		    "pcap-filter(7); empty: all. Where ports, clients or "
		    "servers are given, these count instead." },
};
const struct schema_section schema_capture = {
	SECTION(config, "packet_capture", capture_keys), NO_WHERE
};
