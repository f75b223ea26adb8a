/*
 * talk_inside.h - a captured conversation while it is said once more
 *
 *	talk.c		who says what when
 *	talk_note.c	what stands in the report: commands, replies, messages
 *	talk_ops.c	what the engine needs others for
 *	talk_qmqp.c	requests of QMQP
 *	talk_auth.c	logins
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
	bool qmqp;
	struct talk_request *request; /* ... of it; NULL: none yet */
	bool answered;                /* ... by us */
	struct talk_auth {
		bool skips; /* lines of a login that the engine is not told */
		bool scram; /* ... but in other words, at its end */
		struct str user;
	} auth;
	bool within;      /* the last line had no end */
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

/* What others answer, they answer at once. */
void talk_settle(struct talk *);

/* Takes from the front of it; and at the end of all, what was said of it. */
void talk_qmqp(struct talk *, struct str *in);
void talk_qmqp_end(struct talk *);

/* Is that line one of a login that the engine is not told? */
bool talk_auth(struct talk *, struct str line);
void talk_auth_after(struct talk *); /* AUTH was answered */

/* One line of the report. */
void talk_step(
    struct talk *, struct str client, struct str ours, struct str theirs);
/* A message begins; the texts are kept. */
void talk_begin_mail(struct talk *, struct str sender, struct str params);
void talk_add_rcpt(struct talk *, struct str path, struct str params);
/* For one line, harmless; in the arena. */
struct str talk_shown(struct talk *, struct str text);

/* The engine's reply, if it gave one, and the captured one. True: it did. */
bool talk_said(struct talk *, struct str client);
/* A line as it may be shown. */
struct str talk_shown_line(struct talk *, struct str line, enum verb);
struct str talk_their_next(const struct talk *);

extern const struct session_ops talk_ops;

#endif
