/* encode.c - transfer encodings, written */
#include "mail/encode.h"

#include "base/base64.h"

#define LINE      76 /* characters, without the line end */
#define LINE_WIRE 998

static size_t line_end(struct str text, size_t at);
static void quote_line(struct str line, struct buf *out);

bool
encode_is_7bit(struct str text)
{
	size_t start = 0;

	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] >= 0x80 || text.p[i] == '\0')
			return false;
		if (text.p[i] == '\n')
			start = i + 1;
		else if (i - start > LINE_WIRE)
			return false;
	}
	return true;
}

void
encode_quoted(struct str text, struct buf *out)
{
	for (size_t at = 0; at < text.n;) {
		size_t end = line_end(text, at);

		quote_line(str_sub(text, at, end - at), out);
		if (end == text.n)
			return;
		buf_puts(out, "\r\n");
		at = end + 2;
	}
}

void
encode_base64(struct str bytes, struct buf *out)
{
	size_t step = LINE / 4 * 3;

	for (size_t at = 0; at < bytes.n; at += step) {
		base64_encode(str_sub(bytes, at, step), out);
		buf_puts(out, "\r\n");
	}
}

void
encode_crlf(struct str text, struct buf *out)
{
	for (size_t at = 0; at < text.n;) {
		size_t i = at;

		while (i < text.n && text.p[i] != '\r' && text.p[i] != '\n')
			i++;
		buf_add(out, text.p + at, i - at);
		if (i == text.n)
			return;
		buf_puts(out, "\r\n");
		at = i + 1;
		if (text.p[i] == '\r' && at < text.n && text.p[at] == '\n')
			at++;
	}
}

/* Where the next CRLF is, or the end. */
static size_t
line_end(struct str text, size_t at)
{
	while (at < text.n) {
		size_t i = at + str_find(str_sub(text, at, text.n), '\r');

		if (i + 1 < text.n && text.p[i + 1] == '\n')
			return i;
		at = i + 1;
	}
	return text.n;
}

/* Blanks at the end would get lost, and a lone dot has been mistaken. */
static void
quote_line(struct str line, struct buf *out)
{
	size_t column = 0;

	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];
		bool last = i + 1 == line.n;
		bool plain = (c > ' ' && c < 0x7f && c != '=') ||
			     ((c == ' ' || c == '\t') && !last);
		size_t need = plain && !(c == '.' && line.n == 1) ? 1 : 3;

		if (column + need > LINE - 1 + (last ? 1 : 0)) {
			buf_puts(out, "=\r\n");
			column = 0;
		}
		if (need == 1)
			buf_putc(out, (char)c);
		else
			buf_printf(out, "=%02X", c);
		column += need;
	}
}
