/*
 * fuzz_administrators.c - tls/administrators: any text
 *
 * What is taken at all is written so that it is read again as the same.
 */
#include <stdlib.h>

#include "tls/administrators.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct administrators a, again;
	struct buf text, twice;
	struct err err = ERR_INIT;

	administrators_init(&a);
	administrators_init(&again);
	buf_init(&text, 2 * ADMINS_TEXT_MAX);
	buf_init(&twice, 2 * ADMINS_TEXT_MAX);
	if (administrators_parse(
		&a, (struct str){ (const char *)data, n }, "f", &err) == 0) {
		administrators_print(&a, &text);
		if (administrators_parse(&again, buf_str(&text), "f", &err) ==
			-1 ||
		    again.n != a.n)
			abort();
		administrators_print(&again, &twice);
		if (!str_eq(buf_str(&text), buf_str(&twice)))
			abort();
	} else if (err.text[0] == '\0') {
		abort();
	}
	buf_fini(&text);
	buf_fini(&twice);
	administrators_fini(&a);
	administrators_fini(&again);
	return 0;
}
