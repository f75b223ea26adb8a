/* xtext.c - the encoding of DSN parameters */
#include "smtp/xtext.h"

static bool is_plain(unsigned char c);
static int hex_value(char c);

bool
xtext_encode(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (is_plain(c))
			buf_putc(out, (char)c);
		else
			buf_printf(out, "+%02X", c);
	}
	return !out->failed;
}

bool
xtext_decode(struct str in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		int hi, lo, c = (unsigned char)in.p[i];

		if (c != '+') {
			if (!is_plain((unsigned char)c))
				return false;
			buf_putc(out, (char)c);
			continue;
		}
		if (in.n - i < 3)
			return false;
		hi = hex_value(in.p[++i]);
		lo = hex_value(in.p[++i]);
		c = hi * 16 + lo;
		/* RFC 3461 4.2, 4.4: what is meant is printable text. */
		if (hi == -1 || lo == -1 || c < 0x20 || c > 0x7e)
			return false;
		buf_putc(out, (char)c);
	}
	return !out->failed;
}

static bool
is_plain(unsigned char c)
{
	return c > 0x20 && c < 0x7f && c != '+' && c != '=';
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
