/*
 * data.h - what a client sends after 354, up to the end of data
 *
 * Takes bytes cut anywhere, undoes the client's dot-stuffing and hands the
 * content to the one writer of the stored form (mail/wire.h). Only the five
 * bytes CR LF . CR LF end the data, whatever else looks like it (threats
 * SMG-01); the CR LF of the DATA command counts as the first two.
 *
 * Lone CR, lone LF and NUL are repaired in what is written and reported in
 * wire.flags: whether such a message is refused is up to the listener.
 */
#ifndef SMTP_DATA_H
#define SMTP_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "mail/wire.h"

#define DATA_NOT_CLEAN (WIRE_BARE_CR | WIRE_BARE_LF | WIRE_NUL)

struct data {
	struct wire wire; /* flags and stored size so far */
	uint8_t state;
};

void data_begin(struct data *);

/*
 * Takes from the front of *in what belongs to the message and appends its
 * stored form to out: at most twice as many bytes, and four. True: this was
 * the end of data; what is left in *in are commands.
 */
bool data_feed(struct data *, struct str *in, struct buf *out);

#endif
