/*
 * dsn.h - delivery status notices: what the sender is told
 *
 * RFC 3461, 3462, 3464, 3834, 6533; spec delivery-admin 1.7.4. Pure: time,
 * names and randomness are given. What a remote server said is cleaned here
 * (threats BAC-04): no line ends, no control bytes, at most 1,000 bytes,
 * wrapped, and nothing of it can look like structure, since the boundary is
 * checked against all that is put between.
 *
 * Only the part for people and the subject are in the language of the profile;
 * the other parts are for machines, and English. Text that is not ASCII is
 * UTF-8 in base64, so that any server takes the notice; but for mail of
 * SMTPUTF8, which needs eight bits anyway.
 *
 * The result is plain content with CRLF lines; the writer of stored content
 * (mail/wire.h) has still to see it.
 */
#ifndef MAIL_DSN_H
#define MAIL_DSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum dsn_kind { DSN_FAILED, DSN_DELAYED, DSN_RELAYED, DSN_KINDS };
enum dsn_language { DSN_ENGLISH, DSN_JAPANESE, DSN_BOTH };

struct dsn_rcpt {
	struct str addr;   /* as we had it */
	struct str orcpt;  /* "type;addr", decoded; empty: none */
	struct str status; /* "5.1.0" */
	struct str reason; /* "Unknown address error"; may be empty */
	struct str code;   /* "550", or "000": no server spoke */
	struct str text;   /* what was heard */
	struct str host;   /* remote host; empty: none */
};

struct dsn {
	enum dsn_kind kind;
	bool report; /* multipart/report; false: plain text */
	bool utf8;   /* the message is SMTPUTF8 */
	enum dsn_language language;
	struct str subject;  /* UTF-8; empty: by kind and language */
	struct str text;     /* UTF-8, instead of our words; $Hostname, $Date,
			      * $MID, $Subject, $BouncedRecipient,
			      * $BounceReason, $remotehost are replaced. The
			      * recipients follow unless it names them. */
	struct str from;     /* address; empty: MAILER-DAEMON at our host */
	struct str about;    /* Subject of the message, decoded; for text */
	uint64_t mid;        /* of the message; for text */
	struct str host;     /* ours */
	struct str to;       /* recipient of the notice */
	struct str id;       /* left part of its Message-ID */
	struct str boundary; /* random; dsn_boundary_ok */
	struct str date;     /* RFC 5322, now */
	struct str arrival;  /* RFC 5322; empty: not known */
	struct str last_try; /* RFC 5322; empty: not known */
	struct str until;    /* DELAYED: tried until; empty: not known */
	struct str envid;    /* RFC 3461; empty: none */
	const struct dsn_rcpt *rcpts;
	size_t n_rcpts;
	struct str original; /* CRLF text: all of it, or its header */
	bool whole;          /* original is all of it */
};

/* False: out's limit is too small. */
bool dsn_write(const struct dsn *, struct buf *out);

/* May this boundary be used around that text? */
bool dsn_boundary_ok(struct str boundary, struct str text);

/* The header of a message, with its empty line; all, if it has no body. */
struct str dsn_header(struct str message);
/* Made by a machine, or for a list: not to be answered but with a bounce
 * (threats BAC-02): Auto-Submitted, Precedence, List-*. */
bool dsn_is_automatic(struct str header);

#endif
