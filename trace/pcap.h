/*
 * pcap.h - what would happen to captured conversations
 */
#ifndef TRACE_PCAP_H
#define TRACE_PCAP_H

#include "trace/ask.h"

/*
 * Every conversation in clear text in a file of libpcap's format is said once
 * more to smtpd's engine (trace/talk.h), and each of its messages goes through
 * the whole pipeline. Which listener it is for is said by the address and port
 * of the server, unless answers->listener is given; of the answers those count
 * that are no part of a conversation. filter NULL: all packets. Returns an
 * exit status.
 */
int trace_pcap(struct tool *, struct config *, struct trace_answers *,
    const char *file, const char *filter, bool explain);

#endif
