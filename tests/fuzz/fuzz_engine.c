/*
 * fuzz_engine.c - lookup/engine: a scanner that says anything
 *
 * First byte: which scanner, whether it has hung up, and what it was asked;
 * then its answer.
 * What comes out is within the limits of the message SCANNED, and texts are
 * printable.
 */
#include <stdlib.h>

#include "lookup/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_text(struct str s, size_t max)
{
	if (s.n > max)
		abort();
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct {
		enum scan_kind kind;
		uint8_t engine;
	} rows[] = { { SCAN_SPAM, SPAM_SPAMD }, { SCAN_SPAM, SPAM_RSPAMD },
		{ SCAN_VIRUS, VIRUS_CLAMD }, { SCAN_VIRUS, VIRUS_ICAP } };
	struct scanner s = { 0 };
	struct scanned r = { .text = STR(""), .engine = STR("") };
	const struct engine *e;
	struct arena mem;
	bool eof;

	if (n == 0)
		return 0;
	s.engine = rows[data[0] & 3].engine;
	eof = data[0] & 4;
	e = engine_asked(rows[data[0] & 3].kind, &s,
	    (enum engine_question)((data[0] >> 3) % 3));
	if (e == NULL)
		return 0;
	arena_init(&mem, 64 << 20);
	switch (e->answer(
	    (struct str){ (const char *)data + 1, n - 1 }, eof, &r, &mem)) {
	case ENGINE_MORE:
		if (eof)
			abort();
		break;
	case ENGINE_BAD:
		if (r.known)
			abort();
		check_text(r.text, TEXT_MAX);
		break;
	case ENGINE_DONE:
		if (!r.known || r.number > VIRUS_UNKNOWN)
			abort();
		check_text(r.text, TEXT_MAX);
		check_text(r.engine, 100);
		break;
	}
	arena_free(&mem);
	return 0;
}
