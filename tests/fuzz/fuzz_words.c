/*
 * fuzz_words.c - texts of header fields, and parameters
 *
 * The input is the value of a field. As text it is valid UTF-8 without line
 * ends; written again it is ASCII, and reads the same. As Content-Type and
 * Content-Disposition it gives names that are valid UTF-8.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "mail/charset.h"
#include "mail/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void as_text(struct str value, struct arena *mem);
static void as_params(struct str value, struct arena *mem);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str value = { (const char *)data, n };
	struct arena mem;

	arena_init(&mem, (size_t)512 << 20);
	as_text(value, &mem);
	as_params(value, &mem);
	arena_free(&mem);
	return 0;
}

static void
as_text(struct str value, struct arena *mem)
{
	struct str text = mime_field_text(value, STR("shift_jis"), mem), words;

	if (!str_valid_utf8(text) || str_find(text, '\n') < text.n ||
	    str_find(text, '\r') < text.n)
		abort();
	if (text.n > 4096)
		return;
	words = charset_encode_words(text, STR("utf-8"), 9, mem);
	if (str_ascii(words) != words.n ||
	    !str_eq(mime_field_text(words, STR(""), mem), text))
		abort();
	charset_encode_words(text, STR("iso-2022-jp"), 70, mem);
}

static void
as_params(struct str value, struct arena *mem)
{
	struct buf b;
	const struct mime_part *p;

	buf_init(&b, 2 * value.n + 256);
	buf_puts(&b, "Content-Type: ");
	buf_add_str(&b, value);
	buf_puts(&b, "\r\nContent-Disposition: attachment; ");
	buf_add_str(&b, value);
	buf_puts(&b, "\r\n\r\n");
	p = mime_parse(buf_str(&b), STR(""), mem)->parts;
	if (!str_valid_utf8(p->name) || !str_valid_utf8(p->other_name) ||
	    p->type.n == 0 || p->subtype.n == 0)
		abort();
	buf_fini(&b);
}
