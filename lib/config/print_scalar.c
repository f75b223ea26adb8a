/*
 * print_scalar.c - a text as YAML writes it
 */
#include "config/loader.h"

static bool is_plain(struct str);
static size_t codepoint(struct str, uint32_t *);
static bool is_visible(uint32_t);

void
print_scalar(struct buf *out, struct str s)
{
	if (is_plain(s)) {
		buf_add_str(out, s);
		return;
	}
	buf_putc(out, '"');
	while (s.n > 0) {
		uint32_t c;
		size_t n = codepoint(s, &c);

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (int)c);
		else if (c == '\n')
			buf_puts(out, "\\n");
		else if (c == '\t')
			buf_puts(out, "\\t");
		else if (is_visible(c))
			buf_add(out, s.p, n);
		else if (c <= 0xffff)
			buf_printf(out, "\\u%04x", (unsigned)c);
		else
			buf_printf(out, "\\U%08x", (unsigned)c);
		s = str_sub(s, n, s.n);
	}
	buf_putc(out, '"');
}

/* Fewer than YAML allows: what no reader takes for anything else. */
static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '_' || c == '$' ||
			    c == '/' || c == '.';

		if (!word && (i == 0 || i + 1 == s.n ||
				 (c != '-' && c != '@' && c != '=')))
			return false;
	}
	return s.n > 0;
}

/* Texts are valid UTF-8: the reader has seen to it. */
static size_t
codepoint(struct str s, uint32_t *out)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (n > s.n)
		n = s.n;
	*out = n == 1 ? c : c & (0xff >> (n + 1));
	for (size_t i = 1; i < n; i++)
		*out = *out << 6 | ((unsigned char)s.p[i] & 0x3f);
	return n;
}

/* Not controls, line separators, byte order marks, direction marks. */
static bool
is_visible(uint32_t c)
{
	return (c >= 0x20 && c < 0x7f) || (c > 0xa0 && c < 0x2000) ||
	       (c > 0x2070 && c < 0xd800) || (c >= 0xf900 && c < 0xfe00) ||
	       (c >= 0xff01 && c < 0xfff0) || (c >= 0x10000 && c < 0xe0000);
}
