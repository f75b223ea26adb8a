/* value.c - values as they stand in logs */
#include "event/value.h"

#include <stdbool.h>
#include <string.h>

#include "base/bounds.h"

#define ESCAPED_MAX (4 * LOG_VALUE_MAX + 4) /* each byte \xNN, and "..." */

static bool is_plain(struct str);

void
value_string(struct str s, const char *also, struct buf *out)
{
	char room[ESCAPED_MAX];

	if (!is_plain(s) || s.n > LOG_VALUE_MAX) {
		s.n = str_escape(room, sizeof(room), s, LOG_VALUE_MAX);
		s.p = room;
	}
	if (*also == '\0') {
		buf_add_str(out, s);
		return;
	}
	for (;;) {
		size_t n = 0;

		while (n < s.n && strchr(also, s.p[n]) == NULL)
			n++;
		buf_add(out, s.p, n);
		if (n == s.n)
			return;
		buf_putc(out, '\\');
		buf_putc(out, s.p[n]);
		s = str_sub(s, n + 1, s.n);
	}
}

void
value_octal(struct str s, const char *also, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' || c > '~' || c == '\\' || strchr(also, c) != NULL)
			buf_printf(out, "\\%03o", c);
		else
			buf_putc(out, (char)c);
	}
}

void
value_u64(uint64_t v, struct buf *out)
{
	char digits[20];
	size_t n = sizeof(digits);

	do
		digits[--n] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	buf_add(out, digits + n, sizeof(digits) - n);
}

void
value_i64(int64_t v, struct buf *out)
{
	if (v < 0)
		buf_putc(out, '-');
	value_u64(v < 0 ? 0 - (uint64_t)v : (uint64_t)v, out);
}

/* Nearly all values are: printable ASCII and no backslash. */
static bool
is_plain(struct str s)
{
	bool odd = false;

	for (size_t i = 0; i < s.n; i++)
		odd |= s.p[i] < ' ' || s.p[i] == 0x7f || s.p[i] == '\\';
	return !odd;
}
