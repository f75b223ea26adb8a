/*
 * fuzz_proxy.c - a PROXY header says the same however it is cut
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "smtpd/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct proxy_header whole, part;
	enum proxy_end end, first = PROXY_MORE;
	size_t used, at;

	end = proxy_parse(in, &whole, &used);
	if (used > size || (end == PROXY_DONE && used == 0) || used > PROXY_MAX)
		abort();
	for (size_t n = 0; n <= size && first == PROXY_MORE; n++)
		first = proxy_parse(str_sub(in, 0, n), &part, &at);
	if (first != end)
		abort();
	if (end == PROXY_DONE &&
	    (at != used || memcmp(&whole, &part, sizeof(whole)) != 0))
		abort();
	return 0;
}
