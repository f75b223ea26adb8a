/*
 * mime_check.h - what holds of every tree of parts, whatever was parsed
 *
 * Each part stands behind those before it and inside the one above it; put
 * together again from its pieces and what lies between them, the message is
 * what it was, byte for byte.
 */
#ifndef MIME_CHECK_H
#define MIME_CHECK_H

#include <stdlib.h>

#include "base/buf.h"
#include "mail/mime.h"

#define MIME_CHECK(what)                                                       \
	do {                                                                   \
		if (!(what))                                                   \
			abort();                                               \
	} while (0)

/* Appends the body of p, from its children where they are of the text. */
static inline void
mime_check_rebuild(const struct mime_part *p, struct buf *out)
{
	const char *at = p->body.p, *end = p->body.p + p->body.n;

	for (const struct mime_part *c = p->child; c != NULL; c = c->next) {
		MIME_CHECK(c->parent == p && c->depth == p->depth + 1);
		if (c->decoded && !p->decoded)
			continue;
		if (c->encoding == MIME_UUENCODE && c->header.n == 0) {
			MIME_CHECK(
			    c->decoded ||
			    (c->body.p >= at && c->body.p + c->body.n <= end));
			continue;
		}
		if (c->decoded && (c->header.p < at || c->header.p > end))
			continue; /* of what p decodes to */
		MIME_CHECK(c->header.p >= at);
		MIME_CHECK(c->header.p + c->header.n <= c->body.p);
		MIME_CHECK(c->body.p + c->body.n <= end);
		buf_add(out, at, (size_t)(c->header.p - at));
		buf_add_str(out, c->header);
		buf_add(out, c->header.p + c->header.n,
		    (size_t)(c->body.p - (c->header.p + c->header.n)));
		mime_check_rebuild(c, out);
		at = c->body.p + c->body.n;
	}
	buf_add(out, at, (size_t)(end - at));
}

static inline void
mime_check(const struct mime *m, struct str header, struct str body)
{
	const struct mime_part *leaf = NULL;
	uint32_t odd = 0;
	struct buf out;
	size_t leaves = 0;

	MIME_CHECK(m->n >= 1 && m->n <= MIME_PARTS_MAX);
	MIME_CHECK(str_eq(m->parts[0].header, header));
	MIME_CHECK(m->parts[0].body.n == body.n);
	for (size_t i = 0; i < m->n; i++) {
		const struct mime_part *p = &m->parts[i];

		MIME_CHECK(p->index == i && p->depth <= MIME_DEPTH_MAX);
		MIME_CHECK((p->parent == NULL) == (i == 0));
		MIME_CHECK(p->type.n > 0 && p->subtype.n > 0);
		MIME_CHECK(str_valid_utf8(p->name));
		MIME_CHECK(str_valid_utf8(p->other_name));
		odd |= p->odd;
	}
	MIME_CHECK(odd == m->odd);
	while ((leaf = mime_next_leaf(m, leaf)) != NULL) {
		MIME_CHECK(leaf->role != MIME_CONTAINER);
		MIME_CHECK(++leaves <= m->n);
	}
	buf_init(&out, body.n + 1);
	mime_check_rebuild(m->parts, &out);
	MIME_CHECK(str_eq(buf_str(&out), body));
	buf_fini(&out);
}

#endif
