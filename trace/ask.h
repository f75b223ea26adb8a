/*
 * ask.h - what trace wants to know: from options, or from a person
 */
#ifndef TRACE_ASK_H
#define TRACE_ASK_H

#include "admin/tool.h"
#include "trace/trace.h"

#define TRACE_MESSAGE_MAX (256u << 20) /* far over every size limit */

/* As typed. A second session offers what the first was told. */
struct trace_answers {
	char source_ip[64];
	char fqdn[256];
	char listener[96];
	char owner[32];
	char reputation[16];
	char country[8];
	char ldap_accept[DIALOGUE_LINE];
	char sdr[200];
	char spam[400];
	char virus[200];
	char bounce_tag[32];
	char auth_user[256];
	char sender[1200];
	char mail_params[1200], rcpt_params[1200];
	char recipients[DIALOGUE_LINE];
	char file[DIALOGUE_LINE]; /* "-": typed, or standard input */
	bool smtputf8, tls;
	bool call_ahead; /* the server may be contacted */
	bool lookup;     /* the DNS may be asked for the way out */
	bool committed;  /* the configuration is that in force */
	struct buf message;
	const char *etc; /* folder of the configuration */
	struct tool *tool;
};

/* All questions of spec receiving 2.2; false: the input ended. */
bool trace_ask(struct tool *, const struct config *, struct trace_answers *);

/* The message from the file, "-" for standard input. -1: err. */
int trace_read(struct trace_answers *, struct err *);

/* Answers to input; what has no look-up yet is not known, and stays open.
 * Everything points into answers and mem. -1: err says what is wrong. */
int trace_understand(struct trace_input *, const struct config *,
    const struct trace_answers *, struct arena *mem, struct err *);

#endif
