/*
 * msg.h - a message as it stands now
 *
 * Header and body are two texts, plain (no doubled dots), with CRLF lines.
 * Nobody writes into them: an edit makes a new text in the arena, so that a
 * copy of the struct is a snapshot, and messages that were split share all
 * that none of them has changed. Nothing that was not edited is ever
 * rewritten: header and body that came out are byte for byte what went in.
 */
#ifndef MAIL_MSG_H
#define MAIL_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct mime;

struct msg {
	struct str header; /* with the empty line, if there is one */
	struct str body;
	bool header_changed, body_changed; /* since it came */
	uint32_t version;        /* one more with every change of the body, or
				  * of the header's MIME fields */
	const struct mime *mime; /* mail/mime.h; NULL: not yet looked at */
};

#endif
