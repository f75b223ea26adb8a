/*
 * mime.h - the parts of a message: RFC 2045 to 2049, 2231, 6532
 *
 * The parser copies nothing: parts are pieces of the header and body given
 * (mail/msg.h), so that a message that is only looked at is never rewritten.
 * It never fails. What is malformed is read as mail clients read it (the
 * reading that shows the reader the most), and each oddity leaves its mark.
 * Text, names and decoded bytes are made when they are asked for.
 *
 * Body and attachments are told apart as spec workqueue 2.6 says.
 */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include <stddef.h>

#include "mail/msg.h"

/* Limits, so that no message costs more than it should; what is beyond them
 * is not taken apart and stays one part. */
#define MIME_DEPTH_MAX 50
#define MIME_PARTS_MAX 10000

enum mime_encoding {
	MIME_7BIT,
	MIME_8BIT,
	MIME_BINARY,
	MIME_QUOTED,
	MIME_BASE64,
	MIME_UUENCODE,
	MIME_ENCODING_UNKNOWN /* read as 8bit */
};

/*
 * What a part is to the rules. Rules on names, types and sizes walk
 * mime.parts and look at all that are MIME_ATTACHMENT, attached messages
 * among them. Rules on content walk the leaves (mime_next_leaf): of an
 * attached message these are its own parts, all of them MIME_ATTACHMENT.
 */
enum mime_role {
	MIME_CONTAINER, /* multipart: look at its parts */
	MIME_BODY,
	MIME_ATTACHMENT
};

/* Oddities; of a part, and together of the message. */
#define MIME_BAD_HEADER      1u  /* a MIME field that has no valid form */
#define MIME_DOUBLE_HEADER   2u  /* ... that stands there twice */
#define MIME_NO_BOUNDARY     4u  /* multipart without: one part */
#define MIME_BOUNDARY_UNUSED 8u  /* its boundary never comes */
#define MIME_BOUNDARY_OPEN   16u /* the closing one never comes */
#define MIME_BOUNDARY_TWICE  32u /* declared by two multiparts */
#define MIME_BAD_ENCODING    64u /* unknown, or not allowed here */
#define MIME_BAD_BASE64      128u
#define MIME_BAD_QUOTED      256u
#define MIME_BAD_CHARSET     512u /* unknown, or bytes that are not of it */
#define MIME_TOO_DEEP        1024u
#define MIME_TOO_MANY        2048u
#define MIME_BAD_FIELD       4096u  /* the header ends at what is no field */
#define MIME_AFTER_CLOSE     8192u  /* parts behind its closing boundary */
#define MIME_ELSEWHERE       16384u /* message/partial, external-body */
#define MIME_FOREIGN         32768u /* yEnc or BinHex in it: not decoded */

struct mime_part {
	struct mime_part *parent, *child, *next; /* child: the first one */
	uint32_t index; /* in mime.parts, that is in order of the text */
	uint32_t depth; /* 0: the message itself */
	enum mime_role role;
	struct str header; /* its lines, with the empty line; the message's
			    * own header for part 0 */
	struct str body;   /* as it stands: encoded, without the line end that
			    * belongs to the boundary behind it. If that is the
			    * header's, the header is without it */
	struct str type, subtype; /* lower case, canonical; "text", "plain" */
	struct str charset;       /* as given; empty: none */
	struct str boundary;      /* of a multipart, unquoted */
	struct str name;          /* file name, UTF-8 (2231, 2047 decoded);
				   * blanks at its end stay. empty: none */
	struct str other_name;    /* another one, where Content-Type and
				   * Content-Disposition or two forms of a
				   * parameter differ: rules try both. If
				   * there are more: MIME_DOUBLE_HEADER.
				   * empty: none */
	bool is_attachment;       /* Content-Disposition: attachment */
	bool typed;               /* it has a Content-Type */
	bool decoded;             /* header and body are not of the text given
				   * but of what an encoded part decodes to */
	enum mime_encoding encoding;
	uint32_t odd; /* MIME_*; those of decoding come when decoded */
};

struct mime {
	struct mime_part *parts; /* [0] is the message */
	size_t n;
	uint32_t odd; /* of all of them */
};

/* Looks at the message once; m->mime remembers. Never NULL. */
const struct mime *mime_of(struct msg *m, struct arena *mem);
struct mime *mime_parse(struct str header, struct str body, struct arena *mem);

/* The decoded bytes; a view of the body where nothing is encoded. limit: at
 * most so many. odd: MIME_BAD_* that came up are added; may be NULL. */
struct str mime_decode(
    const struct mime_part *, size_t limit, struct arena *mem, uint32_t *odd);
/* Decoded, and as UTF-8 with LF line ends; what cannot be, is U+FFFD. The
 * charset of a part that names none is the default given. */
struct str mime_text(const struct mime_part *, struct str default_charset,
    size_t limit, struct arena *mem, uint32_t *odd);
/* UTF-8 text of HTML in UTF-8: tags left out, entities decoded, no script or
 * style; block elements end a line. */
struct str mime_strip_html(struct str html, struct arena *mem);

/* The next leaf in order: neither a multipart nor a message that was taken
 * apart. NULL: none. Start with NULL. A text part with uuencoded blocks is a
 * leaf; the blocks are its children, leaves too, with MIME_UUENCODE. */
const struct mime_part *mime_next_leaf(
    const struct mime *, const struct mime_part *);
/* What the extension of a name says: "application/pdf"; empty: nothing. */
struct str mime_type_of_name(struct str name);

/* --- fields --- */

/* The value of a field as people read it: unfolded, RFC 2047 words decoded,
 * trimmed, UTF-8. Untagged 8-bit bytes: UTF-8 if they are, else of the
 * charset given, else Latin-1. */
struct str mime_field_text(
    struct str value, struct str charset, struct arena *mem);
/* The n-th field of that name (from 0) of a header; false: there is none. */
struct header_field;
bool mime_field(
    struct str header, struct str name, size_t nth, struct header_field *);
/* A line that stands before the first field of a message out of a mailbox:
 * its length, or 0. */
size_t mime_mbox_line(struct str header);

#endif
