/*
 * fuzz_claims.c - the stage "forged fields": what it leaves is what came,
 * but for whole fields; and it leaves none that it would take
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/claims.h"
#include "mail/header.h"
#include "pipeline/pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool run(struct subject *, struct str header, struct arena *mem);
static void check_left(struct str before, struct str after);
static void check_none(struct str header, struct arena *mem);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str header = { (const char *)data, n };
	struct subject s;
	struct arena mem;
	bool changed;

	if (n > 16384)
		return 0;
	arena_init(&mem, 64 << 20);
	changed = run(&s, header, &mem);
	if (changed != (s.header.n != n))
		abort();
	check_left(header, s.header);
	check_none(s.header, &mem);
	/* what is kept is as it was */
	if (s.header_kept > s.header.n ||
	    memcmp(header.p + n - s.header_kept,
		s.header.p + s.header.n - s.header_kept, s.header_kept) != 0)
		abort();
	if (run(&s, s.header, &mem))
		abort();
	arena_free(&mem);
	return 0;
}

static bool
run(struct subject *s, struct str header, struct arena *mem)
{
	static struct config config = { .hostname = { "mx.test", 7 } };
	static struct listener listener = { .type = LISTENER_PUBLIC };
	static struct facts facts;
	struct pipeline_run r;
	struct needs needs;

	*s = (struct subject){ .config = &config,
		.listener = &listener,
		.message_id = STR("<x>"),
		.sender = STR(""),
		.claims = true,
		.header = header,
		.header_kept = header.n };
	pipeline_begin(&r, AT_WORK);
	if (pipeline_run(&r, s, &facts, mem, false, NULL, NULL, &needs) !=
	    PIPELINE_DONE)
		abort();
	return s->header.p != header.p;
}

/* Its fields are fields of before, in the same order. */
static void
check_left(struct str before, struct str after)
{
	struct header_field a, b;

	while (header_next(&after, &a)) {
		do {
			if (!header_next(&before, &b))
				abort();
		} while (!str_eq(a.all, b.all));
	}
	while (header_next(&before, &b))
		;
	if (!str_eq(before, after))
		abort();
}

static void
check_none(struct str header, struct arena *mem)
{
	struct header_field f;
	struct str by;

	while (header_next(&header, &f)) {
		enum claim c = claim_of(f.name);

		if (c == CLAIM_OURS || c == CLAIM_RETURN)
			abort();
		if (c == CLAIM_RESULTS &&
		    (!claim_results_by(f.value, &by, mem) ||
			str_is(by, "mx.test")))
			abort();
	}
}
