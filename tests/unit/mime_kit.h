/*
 * mime_kit.h - messages as texts, their trees as texts
 *
 * A message is written with LF; the empty line divides header and body. A
 * tree is written as its parts: "mixed[text/plain body, image/gif att 'a']",
 * the marks of a part behind it in braces.
 */
#ifndef MIME_KIT_H
#define MIME_KIT_H

#include "base/buf.h"
#include "base/mem.h"
#include "mail/header.h"
#include "mail/mime.h"

static const char *const kit_odd[] = { "bad-header", "double-header",
	"no-boundary", "unused", "open", "twice", "bad-encoding", "bad-base64",
	"bad-quoted", "bad-charset", "too-deep", "too-many", "bad-field",
	"after-close" };

static inline void
kit_odd_text(uint32_t odd, struct buf *out)
{
	const char *sep = "{";

	for (size_t i = 0; i < NELEM(kit_odd); i++)
		if (odd >> i & 1) {
			buf_printf(out, "%s%s", sep, kit_odd[i]);
			sep = " ";
		}
	if (odd != 0)
		buf_puts(out, "}");
}

static inline void
kit_tree_text(const struct mime_part *p, struct buf *out)
{
	if (p->role == MIME_CONTAINER)
		buf_printf(out, "%.*s", STR_ARG(p->subtype));
	else
		buf_printf(out, "%.*s/%.*s %s", STR_ARG(p->type),
		    STR_ARG(p->subtype), p->role == MIME_BODY ? "body" : "att");
	if (p->name.n > 0)
		buf_printf(out, " '%.*s'", STR_ARG(p->name));
	if (p->other_name.n > 0)
		buf_printf(out, " or '%.*s'", STR_ARG(p->other_name));
	kit_odd_text(p->odd, out);
	if (p->child != NULL) {
		buf_puts(out, "[");
		for (const struct mime_part *c = p->child; c != NULL;
		     c = c->next) {
			kit_tree_text(c, out);
			buf_puts(out, c->next != NULL ? ", " : "]");
		}
	}
}

/* LF becomes CRLF. */
static inline struct str
kit_crlf(const char *text, struct arena *mem)
{
	struct buf b;
	struct str out;

	buf_init(&b, 1 << 28);
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buf_putc(&b, '\r');
		buf_putc(&b, *text);
	}
	out = arena_str(mem, buf_str(&b));
	buf_fini(&b);
	return out;
}

/* Divided where the header ends. */
static inline struct mime *
kit_parse(struct str message, struct arena *mem)
{
	struct str rest = message, header;
	struct header_field f;

	while (header_next(&rest, &f))
		continue;
	if (str_starts(rest, STR("\r\n")))
		rest = str_sub(rest, 2, rest.n);
	header = str_sub(message, 0, message.n - rest.n);
	return mime_parse(header, rest, mem);
}

#endif
