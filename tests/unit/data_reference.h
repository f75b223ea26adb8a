/*
 * data_reference.h - the end of data done slowly and plainly, to compare with
 *
 * Works on the whole input at once, one rule after the other: find CR LF . CR
 * LF; undo dot-stuffing line by CR LF line; drop NUL; make every line end CR
 * LF; stuff dots again. lib/smtp/data.c must give the same however the input
 * is cut.
 */
#ifndef TESTS_DATA_REFERENCE_H
#define TESTS_DATA_REFERENCE_H

#include <string.h>

#include "base/buf.h"

struct reference {
	bool over;
	size_t used;       /* bytes of the input that belong to the message */
	struct buf stored; /* all of it, as if the input went on no further */
};

static inline struct str
reference_unstuff(const struct buf *text, struct buf *out)
{
	bool bol = true;

	for (size_t i = 0; i < text->len; i++) {
		bool dot = bol && text->data[i] == '.';

		bol =
		    i > 0 && text->data[i - 1] == '\r' && text->data[i] == '\n';
		if (!dot)
			buf_putc(out, text->data[i]);
	}
	return buf_str(out);
}

static inline void
reference_normalise(struct str in, struct buf *out)
{
	struct buf clean;
	bool bol = true;

	buf_init(&clean, 1 << 20);
	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] != '\0')
			buf_putc(&clean, in.p[i]);
	for (size_t i = 0; i < clean.len; i++) {
		char c = clean.data[i];

		if (c == '\r' && i + 1 < clean.len && clean.data[i + 1] == '\n')
			continue;
		if (c == '\r' || c == '\n') {
			buf_puts(out, "\r\n");
			bol = true;
			continue;
		}
		if (bol && c == '.')
			buf_putc(out, '.');
		buf_putc(out, c);
		bol = false;
	}
	buf_fini(&clean);
}

static inline void
reference_data(struct str in, struct reference *r)
{
	struct buf text, plain;
	const char *end;

	buf_init(&r->stored, 1 << 20);
	buf_init(&text, 1 << 20);
	buf_init(&plain, 1 << 20);
	buf_puts(&text, "\r\n"); /* of the DATA command */
	buf_add_str(&text, in);
	end = memmem(text.data, text.len, "\r\n.\r\n", 5);
	r->over = end != NULL;
	r->used = r->over ? (size_t)(end + 5 - text.data) - 2 : in.n;
	buf_consume(&text, 2);
	if (r->over)
		text.len = r->used - 3;
	reference_normalise(reference_unstuff(&text, &plain), &r->stored);
	buf_fini(&text);
	buf_fini(&plain);
}

#endif
