/*
 * talk_inside.h - a captured conversation while it is said once more
 *
 *	talk.c		who says what when
 *	talk_note.c	what stands in the report: commands, replies, messages
 *	talk_ops.c	what the engine needs others for
 */
#ifndef TRACE_TALK_INSIDE_H
#define TRACE_TALK_INSIDE_H

#include "smtp/command.h"
#include "smtp/data.h"
#include "smtpd/session.h"
#include "trace/talk.h"

/* What the client said without hearing anything in between. */
struct burst {
	struct str bytes;
	int64_t time;
	uint64_t heard;
	bool gap; /* after it something is missing */
};

struct talk {
	struct smtp_session s; /* first: the engine hands it back */
	const struct talk_input *in;
	struct arena mem;
	struct buf out;     /* what the engine says */
	struct buf content; /* of the message so far */
	struct burst *bursts;
	size_t n_bursts;
	struct str *theirs; /* captured replies */
	size_t n_theirs, at_theirs;
	bool ended;       /* cleanup would have the whole message */
	bool asked_who;   /* an answer to AUTH is due */
	struct str chunk; /* the BDAT that it belongs to */
	bool under_tls;   /* it was said yes to STARTTLS then */
	bool skips;       /* content that we have no use for */
	struct data skip; /* ... up to its end */
	bool in_mail;     /* a mail is begun in done.mails */
	struct talk_done done;
	struct talk_need *needs;
	struct talk_step *steps;
	struct talk_mail *mails;
	struct talk_rcpt *rcpts; /* of the mail that is begun */
	size_t cap_needs, cap_steps, cap_mails, cap_rcpts, n_rcpts;
};

/* A command was handled; it may begin or end a message. */
void talk_note_command(struct talk *, const struct command_line *);
/* The last reply that is about the message. */
void talk_note_reply(struct talk *, enum verb);
void talk_end_mail(struct talk *, bool accepted);

/* The engine's reply, if it gave one, and the captured one. True: it did. */
bool talk_said(struct talk *, struct str client);
/* A line as it may be shown. */
struct str talk_shown_line(struct talk *, struct str line, enum verb);
struct str talk_their_next(const struct talk *);

extern const struct session_ops talk_ops;

#endif
