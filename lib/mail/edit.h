/*
 * edit.h - changes to a message, each leaving every other byte as it was
 *
 * All work on struct msg by putting new texts into it (mail/msg.h). Spec
 * workqueue 2.10, 9.2.
 */
#ifndef MAIL_EDIT_H
#define MAIL_EDIT_H

#include "mail/mime.h"

/* --- header: names are compared without case --- */

/* At the end of the header block. value: UTF-8 text, one line; it is encoded
 * (charset.h) and folded. Line ends in it become blanks (HDR-01). False: the
 * name is no field name. */
bool edit_add_field(struct msg *, struct str name, struct str value,
    struct str charset, struct arena *mem);
/* All fields of that name; returns how many there were. */
size_t edit_strip_field(struct msg *, struct str name, struct arena *mem);
/* The n-th field of that name gets this value. */
void edit_set_field(struct msg *, struct str name, size_t nth, struct str value,
    struct str charset, struct arena *mem);
/* Puts text before or behind the subject, which is there then. */
void edit_subject(struct msg *, struct str text, bool append,
    struct str charset, struct arena *mem);

/* --- parts ---
 *
 * A part that stands in an encoded container cannot be reached by itself. */

/* In its place stands a text/plain part with this UTF-8 text (workqueue
 * 2.10.3); of what cannot be reached, in place of its container. Part 0: the
 * whole message becomes it. */
void edit_replace_part(
    struct msg *, const struct mime_part *, struct str text, struct arena *mem);
/* The part's text becomes this UTF-8 text, in its charset if that has it
 * all, else in UTF-8; the transfer encoding is chosen anew (9.2). False: it
 * cannot be reached. */
bool edit_part_text(
    struct msg *, const struct mime_part *, struct str text, struct arena *mem);
/* HTML to plain text (2.10.2); false: there is none. */
bool edit_html_convert(struct msg *, struct arena *mem);

/* --- stamping (9.2): stamp.c --- */

enum stamp_end {
	STAMP_DONE,
	STAMP_SIGNED, /* left alone: signed or encrypted */
	STAMP_REPORT  /* left alone: a report */
};
struct stamp {
	struct str text, html;  /* UTF-8; html empty: made of text */
	bool footer;            /* else a heading */
	bool try_stamp_charset; /* the body may be put into UTF-8 */
	uint8_t signed_mode;    /* 0 skip, 1 wrap, 2 force */
};
enum stamp_end edit_stamp(
    struct msg *, const struct stamp *, struct arena *mem);

/* --- containers: edit_wrap.c --- */

/* One more part with that text, as the first or last one of the message,
 * which becomes multipart/mixed if it is not. */
void edit_add_text_part(
    struct msg *, struct str text, bool last, struct arena *mem);
/* The message as it was is the attachment (message/rfc822) of a message with
 * the same fields and that text. */
void edit_wrap(struct msg *, struct str text, struct arena *mem);

#endif
