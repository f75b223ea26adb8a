/*
 * mime_inner.h - what the files of mime.h share
 */
#ifndef MAIL_MIME_INNER_H
#define MAIL_MIME_INNER_H

#include "base/buf.h"
#include "mail/header.h"
#include "mail/mime.h"

/* Limits of one field (threats MIM-03). */
#define MIME_SEGMENTS_MAX 1000
#define MIME_VALUE_MAX    65536

/* --- mime_fields.c --- */

/* What a field says about the part: of the fields that concern MIME, each
 * the first time that it comes. seen: which came. */
#define MIME_SEEN_TYPE        1u
#define MIME_SEEN_ENCODING    2u
#define MIME_SEEN_DISPOSITION 4u
void mime_take_field(struct mime_part *, const struct header_field *,
    unsigned *seen, struct arena *mem);

/* --- mime_params.c --- */

/* What a parameter may be read as, the best first; each differs from those
 * before it. Names are UTF-8. */
#define MIME_READINGS 3
struct mime_readings {
	struct str v[MIME_READINGS];
	size_t n;
};
/* The parameters of a field that concern us. */
struct mime_params {
	struct mime_readings charset, boundary, name, filename;
};
/* Reads "; name=value; ..."; *odd gets marks. */
void mime_read_params(
    struct str text, struct mime_params *, uint32_t *odd, struct arena *mem);
/* Blanks, line ends, comments at the front are cut off; true: a comment was
 * among them. */
bool mime_skip(struct str *);

/* --- mime_forms.c --- */

/* A parameter in all the forms that it came in. */
struct mime_segment {
	struct str value; /* p NULL: a gap */
	bool coded;       /* name*N*= */
};
struct mime_forms {
	struct str plain, again; /* name=, and the second of them */
	struct str coded;        /* name*= */
	struct mime_segment *v;  /* name*N=; on the heap, freed when read */
	size_t n, cap;
};
/* mark: what follows the first star of the name, NULL: it has none. */
void mime_forms_take(
    struct mime_forms *, struct str mark, struct str value, uint32_t *odd);
/* is_text: RFC 2047 words are decoded where RFC 2231 was not used. */
void mime_forms_read(struct mime_forms *, bool is_text, struct mime_readings *,
    uint32_t *odd, struct arena *mem);

/* --- mime_decode.c --- */

/* At most max bytes of what is in base64; *bad when not all of it is. */
size_t mime_base64(struct str in, char *out, size_t max, bool *bad);

/* --- mime_uu.c --- */

/* The next uuencoded block of a text, from *at on: its lines from "begin" to
 * "end". False: there is none. */
struct mime_uu {
	struct str block, name; /* all of it; the name as it stands */
	bool foreign; /* set when yEnc or BinHex begins on the way there */
};
bool mime_uu_next(struct str text, size_t *at, struct mime_uu *);
size_t mime_uu_decode(struct str block, char *out, size_t max, bool *bad);

/* --- mime_role.c --- */

void mime_set_roles(struct mime *);
bool mime_is_multipart(const struct mime_part *);
bool mime_is_message(const struct mime_part *); /* rfc822, global, news */
bool mime_is_text(const struct mime_part *);

/* --- words.c --- */

/* RFC 2047 words decoded, 8-bit bytes made UTF-8; line ends become nothing
 * where a line was folded, else a blank. Nothing is trimmed. */
struct str mime_words(
    struct str value, struct str charset, struct arena *mem, bool *bad);

#endif
