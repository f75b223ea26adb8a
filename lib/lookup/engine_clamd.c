/*
 * engine_clamd.c - ClamAV's clamd (spec workqueue 6.3)
 *
 *	zVERSION\0 cannot share a connection: only the scan is asked for
 *	zINSTREAM\0 <length, bytes>... 0	stream: NAME FOUND\0
 */
#include "lookup/engines.h"

#include <string.h>

static void head(const struct scan_msg *, const struct scanner *,
    const char *host, uint64_t size, struct buf *out);
static enum engine_progress answer(
    struct str in, bool eof, struct scanned *, struct arena *mem);

const struct engine engine_clamd = {
	.name = "ClamAV",
	.port = 3310,
	.head = head,
	.framing = FRAMING_CLAMD,
	.answer = answer,
};

static void
head(const struct scan_msg *what, const struct scanner *s, const char *host,
    uint64_t size, struct buf *out)
{
	(void)what, (void)s, (void)host, (void)size;
	buf_add(out, "zINSTREAM", sizeof("zINSTREAM"));
}

/* What a name means to us: some are no viruses. */
static enum virus_answer
class_of(struct str name)
{
	if (str_starts(name, STR("Heuristics.Encrypted.")))
		return VIRUS_LOCKED;
	if (str_starts(name, STR("Heuristics.Limits.Exceeded")))
		return VIRUS_UNKNOWN;
	return VIRUS_FOUND;
}

static enum engine_progress
answer(struct str in, bool eof, struct scanned *r, struct arena *mem)
{
	static const struct str found = STR(" FOUND"), error = STR(" ERROR");
	static const struct str stream = STR("stream: ");
	const char *nul = memchr(in.p, '\0', in.n);

	if (nul == NULL) {
		r->text = STR("the answer has no end");
		return eof ? ENGINE_BAD : ENGINE_MORE;
	}
	in.n = (size_t)(nul - in.p);
	if (str_ends_nocase(in, error) || !str_starts(in, stream)) {
		r->text = engine_clean(str_sub(in, 0, 200), mem);
		return ENGINE_BAD;
	}
	in = str_sub(in, stream.n, in.n);
	r->known = 1;
	if (str_is(in, "OK")) {
		r->number = VIRUS_CLEAN;
		return ENGINE_DONE;
	}
	if (!str_ends_nocase(in, found)) {
		r->known = 0;
		r->text = STR("an answer that is none of clamd's");
		return ENGINE_BAD;
	}
	in.n -= found.n;
	r->number = class_of(in);
	r->text = engine_clean(str_sub(in, 0, 500), mem);
	return ENGINE_DONE;
}
