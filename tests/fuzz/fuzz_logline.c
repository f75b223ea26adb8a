/* fuzz_logline.c - lines of a mail log, which strangers have their share in */
#include <stddef.h>

#include "base/err.h"
#include "event/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str line = { (const char *)data, n };
	struct event_parsed e;

	if (!event_parse(line, &e))
		return 0;
	if (e.mid == 0 && e.icid == 0 && e.dcid == 0 && e.other == 0)
		return 0; /* numbers may be 0 */
	if (e.value.n > 0 &&
	    (e.value.p < line.p || e.value.p + e.value.n > line.p + line.n))
		panic("a value from outside of the line");
	return 0;
}
