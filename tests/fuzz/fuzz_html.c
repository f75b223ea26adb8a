/*
 * fuzz_html.c - mail/html: the text of HTML is no longer than it, and valid
 */
#include <stdlib.h>

#include "mail/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str html = { (const char *)data, n }, text;
	struct arena mem;

	arena_init(&mem, (size_t)512 << 20);
	text = mime_strip_html(html, &mem);
	if (text.n > n)
		abort();
	if (str_valid_utf8(html) && !str_valid_utf8(text))
		abort();
	arena_free(&mem);
	return 0;
}
