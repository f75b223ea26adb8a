/*
 * pcapshow.h - reports of captured conversations
 */
#ifndef TRACE_PCAPSHOW_H
#define TRACE_PCAPSHOW_H

#include <jansson.h>

#include "trace/child.h"
#include "trace/talk.h"

struct pcap_shown {    /* one conversation */
	size_t number; /* from 1 */
	const struct pcap_talk *talk;
	const struct listener *listener;
	struct buf bytes;             /* what done points into; */
	struct talk_done done;        /* no steps: it was not replayed */
	struct trace_output *reports; /* of done.mails */
	size_t n_reports;
};

json_t *pcap_json(const struct pcap_shown *);
json_t *pcap_json_file(const struct pcap_file *); /* without sessions */
void pcap_text(const struct pcap_shown *, struct buf *out);
void pcap_text_file(const struct pcap_file *, size_t sessions, struct buf *);

#endif
