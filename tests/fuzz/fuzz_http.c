/*
 * fuzz_http.c - a request for metrics is judged once it is whole, however it
 * arrives
 */
#include <stdint.h>
#include <stdlib.h>

#include "master/recorder_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size < 4096 ? size : 4096 };
	unsigned whole = recorder_http_status(in), first = 0;

	for (size_t n = 0; n <= in.n && first == 0; n++)
		first = recorder_http_status(str_sub(in, 0, n));
	if (first != whole && first != 0 && whole == 0)
		abort();
	if (whole != 0 && whole != 200 && whole != 400 && whole != 404 &&
	    whole != 405)
		abort();
	return 0;
}
