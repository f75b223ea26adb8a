/* form.c - what browsers send in forms, queries and cookies */
#include "admin/web/form.h"

#include "base/base64.h"

#define BASIC_MAX 1024

static bool decode(struct str, char *out, size_t size);
static int hex(char c);

bool
form_get(struct str form, const char *name, char *out, size_t size)
{
	return form_next(&form, name, out, size);
}

bool
form_next(struct str *form, const char *name, char *out, size_t size)
{
	char key[64];

	while (form->n > 0) {
		struct str value = str_cut(form, '&');
		struct str left = str_cut(&value, '=');

		if (decode(left, key, sizeof(key)) && strcmp(key, name) == 0)
			return decode(value, out, size);
	}
	*out = '\0';
	return false;
}

struct str
form_cookie(struct str cookies, const char *name)
{
	while (cookies.n > 0) {
		struct str value = str_trim(str_cut(&cookies, ';'));

		if (str_is(str_cut(&value, '='), name))
			return value;
	}
	return (struct str){ NULL, 0 };
}

bool
form_basic(struct str auth, char *user, size_t n, char *pass, size_t m)
{
	struct str kind = str_word(&auth), both;
	struct buf text;
	bool ok;

	buf_init(&text, BASIC_MAX);
	ok = str_is_nocase(kind, "Basic") &&
	     base64_decode(str_trim(auth), &text);
	both = buf_str(&text);
	ok = ok && str_find(both, ':') < both.n && str_valid_utf8(both) &&
	     str_find(both, '\0') == both.n &&
	     str_copy(user, n, str_cut(&both, ':')) && str_copy(pass, m, both);
	if (text.len > 0)
		explicit_bzero(text.data, text.len);
	buf_fini(&text);
	return ok;
}

void
form_encode(struct buf *out, struct str s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
		    c == '_' || c == '~') {
			buf_putc(out, (char)c);
		} else {
			buf_putc(out, '%');
			buf_putc(out, digits[c >> 4]);
			buf_putc(out, digits[c & 15]);
		}
	}
}

static bool
decode(struct str s, char *out, size_t size)
{
	size_t n = 0;
	bool ok = true;

	for (size_t i = 0; i < s.n && ok; i++) {
		int c = (unsigned char)s.p[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			struct str digits = str_sub(s, i + 1, 2);
			int hi = digits.n == 2 ? hex(digits.p[0]) : -1;
			int lo = digits.n == 2 ? hex(digits.p[1]) : -1;

			c = hi < 0 || lo < 0 ? 0 : hi << 4 | lo;
			i += 2;
		}
		ok = c != 0 && n + 1 < size;
		if (ok)
			out[n++] = (char)c;
	}
	ok = ok && str_valid_utf8((struct str){ out, n });
	out[ok ? n : 0] = '\0';
	return ok;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
