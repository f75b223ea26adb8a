/*
 * fuzz_charset.c - any bytes in any character set
 *
 * The first line is the name of a set, the rest is text in it. Read, it is
 * valid UTF-8 of bounded size. If it was all of the set and can be written,
 * that reads the same.
 */
#include <stdlib.h>

#include "mail/charset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str bytes = { (const char *)data, n };
	struct str charset = str_cut(&bytes, '\n');
	struct str text, again;
	struct arena mem;
	bool bad = false;

	arena_init(&mem, (size_t)512 << 20);
	text = charset_to_utf8(bytes, charset, &mem, &bad);
	if (!str_valid_utf8(text) || text.n > 5 * bytes.n + 16)
		abort();
	if (!bad && charset_from_utf8(text, charset, &mem, &again)) {
		again = charset_to_utf8(again, charset, &mem, &bad);
		if (bad || !str_valid_utf8(again))
			abort();
	}
	arena_free(&mem);
	return 0;
}
