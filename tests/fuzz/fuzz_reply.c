/*
 * fuzz_reply.c - smtp/reply, smtp/features, smtp/xtext
 *
 * However the bytes of a server are cut, the same replies come out; what is
 * kept is printable and within its limits; what xtext decodes to is encoded
 * to the same bytes again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "smtp/features.h"
#include "smtp/reply.h"
#include "smtp/xtext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_reply(const struct reply *);
static void check_xtext(struct str in);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str whole = { (const char *)data, n }, bytes = whole;
	enum reply_end end = REPLY_DONE, end2;
	struct reply a, b;

	if (n == 0)
		return 0;
	check_xtext(whole);
	reply_init(&a);
	reply_init(&b);
	while (whole.n > 0 && end == REPLY_DONE) {
		reply_begin(&a);
		reply_begin(&b);
		end = reply_feed(&a, &whole);
		end2 = REPLY_MORE;
		while (bytes.n > 0 && end2 == REPLY_MORE) {
			struct str one = str_sub(bytes, 0, 1);

			end2 = reply_feed(&b, &one);
			bytes = str_sub(bytes, 1, bytes.n);
		}
		if (end != end2 || a.code != b.code || whole.n != bytes.n ||
		    strcmp(a.status, b.status) != 0 ||
		    !str_eq(buf_str(&a.text), buf_str(&b.text)))
			abort();
		if (end == REPLY_DONE)
			check_reply(&a);
	}
	reply_fini(&a);
	reply_fini(&b);
	return 0;
}

static void
check_reply(const struct reply *r)
{
	struct features f;
	struct arena mem;
	struct str line;

	if (r->code < 200 || r->code > 599 || r->text.failed ||
	    r->text.len > SMTP_REPLY_MAX)
		abort();
	arena_init(&mem, 64 * 1024);
	line = reply_line(r, &mem);
	if (line.n > REPLY_TEXT_MAX)
		abort();
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] < 0x20 || line.p[i] > 0x7e)
			abort();
	arena_free(&mem);
	features_parse(&f, buf_str(&r->text));
	if (!(f.bits & FEATURE_ESMTP))
		abort();
}

static void
check_xtext(struct str in)
{
	struct buf plain, again;

	buf_init(&plain, 65536);
	buf_init(&again, 3 * 65536);
	if (xtext_decode(in, &plain)) {
		if (!xtext_encode(buf_str(&plain), &again))
			abort();
		/* "+41" is "A", so only the meaning is the same */
		buf_reset(&plain);
		if (!xtext_decode(buf_str(&again), &plain) || again.len > in.n)
			abort();
	}
	buf_fini(&plain);
	buf_fini(&again);
}
