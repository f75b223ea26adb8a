/* base64.c - base64 as RFC 4648 section 4 has it, strictly */
#include "base/base64.h"

static int value_of(char c);

void
base64_encode(struct str in, struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	const unsigned char *p = (const unsigned char *)in.p;

	for (size_t i = 0; i < in.n; i += 3) {
		size_t n = in.n - i < 3 ? in.n - i : 3;
		uint32_t v = (uint32_t)p[i] << 16;

		if (n > 1)
			v |= (uint32_t)p[i + 1] << 8;
		if (n > 2)
			v |= p[i + 2];
		buf_putc(out, digits[v >> 18]);
		buf_putc(out, digits[v >> 12 & 63]);
		buf_putc(out, n > 1 ? digits[v >> 6 & 63] : '=');
		buf_putc(out, n > 2 ? digits[v & 63] : '=');
	}
}

bool
base64_decode(struct str text, struct buf *out)
{
	size_t before = out->len, pad = 0;

	if (text.n % 4 != 0)
		return false;
	while (pad < 2 && pad < text.n && text.p[text.n - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < text.n; i += 4) {
		size_t n = i + 4 == text.n ? 4 - pad : 4;
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++) {
			int d = k < n ? value_of(text.p[i + k]) : 0;

			if (d == -1) {
				out->len = before;
				return false;
			}
			v = v << 6 | (uint32_t)d;
		}
		/* What the padding leaves over must be nothing. */
		if ((n == 2 && (v & 0xffff)) || (n == 3 && (v & 0xff))) {
			out->len = before;
			return false;
		}
		buf_putc(out, (char)(v >> 16));
		if (n > 2)
			buf_putc(out, (char)(v >> 8));
		if (n > 3)
			buf_putc(out, (char)v);
	}
	return true;
}

static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}
