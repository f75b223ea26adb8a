/* utf8addr.c - addresses of the type utf-8 in notices and ORCPT */
#include "mail/utf8addr.h"

static size_t escape_len(struct str s);
static bool stays(uint32_t code, unsigned flags);
static bool is_hex(char c);

void
utf8addr_put(struct str addr, unsigned flags, struct buf *out)
{
	while (addr.n > 0) {
		uint32_t code = (unsigned char)addr.p[0];
		size_t n = str_utf8(addr, &code);

		if (n == 0)
			n = 1;
		if ((flags & UTF8ADDR_ESCAPED) && escape_len(addr) > 0) {
			n = escape_len(addr);
			buf_add_str(out, str_sub(addr, 0, n));
		} else if (stays(code, flags)) {
			buf_add_str(out, str_sub(addr, 0, n));
		} else {
			buf_printf(out, "\\x{%02X}", (unsigned)code);
		}
		addr = str_sub(addr, n, addr.n);
	}
}

/* Of "\x{7530}" that it begins with; 0: it does not. */
static size_t
escape_len(struct str s)
{
	size_t n = 3;

	if (!str_starts(s, STR("\\x{")))
		return 0;
	while (n < s.n && is_hex(s.p[n]))
		n++;
	return n > 4 && n <= 9 && n < s.n && s.p[n] == '}' ? n + 1 : 0;
}

static bool
stays(uint32_t code, unsigned flags)
{
	if (code >= 0x80)
		return !(flags & UTF8ADDR_ASCII);
	return code > ' ' && code < 0x7f && code != '\\' && code != '+' &&
	       code != '=';
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}
