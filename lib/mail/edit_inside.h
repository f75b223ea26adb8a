/*
 * edit_inside.h - what the files of edit.h have in common
 */
#ifndef MAIL_EDIT_INSIDE_H
#define MAIL_EDIT_INSIDE_H

#include "base/buf.h"
#include "mail/edit.h"

/* Text as the content of a part. */
struct written {
	struct str charset;
	const char *encoding; /* "7bit", "quoted-printable", "base64" */
	struct str body;      /* without the line end before a boundary */
};
/* bytes: in that charset, CRLF lines. was: the encoding it had. */
struct written edit_write(struct str bytes, struct str charset,
    enum mime_encoding was, struct arena *mem);
/* UTF-8 text, in the charset wanted if that has it all, else in UTF-8. */
struct written edit_write_text(struct str text, struct str wanted,
    enum mime_encoding was, struct arena *mem);
/* The header of a part with other content: its other fields stay. top: it is
 * that of a message. */
struct str edit_part_header(
    struct str header, const struct written *, bool top, struct arena *mem);
/* The part becomes this header and content; false: it cannot be reached. */
bool edit_put(struct msg *, const struct mime_part *, struct str header,
    struct str body, struct arena *mem);
/* What out holds; it is empty then. */
void edit_set_body(struct msg *, struct buf *, struct arena *mem);
void edit_set_header(struct msg *, struct buf *, struct arena *mem);
/* Where it stands in the body; false: not there. */
bool edit_range(
    const struct msg *, const struct mime_part *, size_t *from, size_t *to);
/* Takes bytes from..to of the body out and puts `in` there. */
void edit_splice(
    struct msg *, size_t from, size_t to, struct str in, struct arena *mem);

#endif
