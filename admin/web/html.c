/* html.c - writing HTML: what is inserted is escaped, always */
#include "admin/web/html.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"

static void insert_text(struct buf *, const char **fmt, va_list *);
static void insert_number(struct buf *, const char **fmt, va_list *);
static bool is_unseen(uint32_t code);

void
html(struct buf *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	while (*fmt != '\0') {
		size_t n = strcspn(fmt, "%");

		buf_add(out, fmt, n);
		fmt += n;
		if (*fmt == '\0')
			break;
		fmt++;
		if (*fmt == '%')
			buf_putc(out, *fmt++);
		else if (*fmt == 's' || *fmt == '.')
			insert_text(out, &fmt, &ap);
		else
			insert_number(out, &fmt, &ap);
	}
	va_end(ap);
}

void
html_text(struct buf *out, struct str s)
{
	while (s.n > 0) {
		uint32_t code = 0;
		size_t n = str_utf8(s, &code);

		if (n == 0 || is_unseen(code))
			buf_puts(out, "\xef\xbf\xbd");
		else if (code == '&')
			buf_puts(out, "&amp;");
		else if (code == '<')
			buf_puts(out, "&lt;");
		else if (code == '>')
			buf_puts(out, "&gt;");
		else if (code == '"')
			buf_puts(out, "&quot;");
		else if (code == '\'')
			buf_puts(out, "&#39;");
		else
			buf_add(out, s.p, n);
		s = str_sub(s, n > 0 ? n : 1, s.n);
	}
}

static void
insert_text(struct buf *out, const char **fmt, va_list *ap)
{
	struct str s;
	int n;

	if (strncmp(*fmt, ".*s", 3) == 0) {
		n = va_arg(*ap, int);
		s = (struct str){ va_arg(*ap, const char *), (size_t)n };
		*fmt += 3;
	} else if (**fmt == 's') {
		s = str_of(va_arg(*ap, const char *));
		*fmt += 1;
	} else {
		panic("html: conversion %s", *fmt);
	}
	html_text(out, s);
}

static void
insert_number(struct buf *out, const char **fmt, va_list *ap)
{
	if (strncmp(*fmt, "d", 1) == 0)
		buf_printf(out, "%d", va_arg(*ap, int));
	else if (strncmp(*fmt, "u", 1) == 0)
		buf_printf(out, "%u", va_arg(*ap, unsigned));
	else if (strncmp(*fmt, "zu", 2) == 0)
		buf_printf(out, "%zu", va_arg(*ap, size_t));
	else if (strncmp(*fmt, "lld", 3) == 0)
		buf_printf(out, "%lld", va_arg(*ap, long long));
	else if (strncmp(*fmt, "llu", 3) == 0)
		buf_printf(out, "%llu", va_arg(*ap, unsigned long long));
	else
		panic("html: conversion %s", *fmt);
	*fmt += strcspn(*fmt, "du") + 1;
}

/* Control characters but tab and newline; marks of direction. */
static bool
is_unseen(uint32_t c)
{
	return (c < 0x20 && c != '\t' && c != '\n') ||
	       (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	       c == 0xfeff;
}
