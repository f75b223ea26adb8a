/* dkim_body.c - canonical forms of a body (RFC 6376 3.4.3, 3.4.4) */
#include <string.h>

#include "mail/dkim.h"

static size_t begin_line(struct dkim_body *, struct str in);
static void end_line(struct dkim_body *);
static size_t run_of(const struct dkim_body *, struct str in);
static void let_through(struct dkim_body *, struct str bytes);
static void put(struct dkim_body *, struct str bytes);
static void flush(struct dkim_body *);
static bool is_blank(char c);

void
dkim_body_begin(
    struct dkim_body *b, enum dkim_canon canon, struct dkim_sink sink)
{
	b->canon = canon;
	b->sink = sink;
	b->n_ends = 0;
	b->n = 0;
	b->any = b->in_line = b->cr = b->blank = false;
}

void
dkim_body_feed(struct dkim_body *b, struct str in)
{
	while (in.n > 0) {
		size_t n = 1;

		if (b->cr && in.p[0] == '\n') {
			b->cr = false;
			end_line(b);
		} else if (b->cr) {
			b->cr = false;
			let_through(b, STR("\r"));
			n = 0;
		} else if (in.p[0] == '\r') {
			b->cr = true;
		} else if (!b->in_line) {
			n = begin_line(b, in);
		} else if (b->canon == DKIM_RELAXED && is_blank(in.p[0])) {
			b->blank = true;
		} else {
			n = run_of(b, in);
			let_through(b, str_sub(in, 0, n));
		}
		in = str_sub(in, n, in.n);
	}
}

/* Empty lines at the end do not count; a body of nothing is one empty line
 * for "simple", and nothing for "relaxed". */
void
dkim_body_end(struct dkim_body *b)
{
	if (b->cr)
		let_through(b, STR("\r"));
	if (b->any || b->canon == DKIM_SIMPLE)
		put(b, STR("\r\n"));
	flush(b);
}

/* What makes a dot at the beginning of a line two is not of the message. */
static size_t
begin_line(struct dkim_body *b, struct str in)
{
	b->in_line = true;
	return in.p[0] == '.' ? 1 : 0;
}

static void
end_line(struct dkim_body *b)
{
	b->blank = false;
	b->in_line = false;
	b->n_ends++;
}

/* As many bytes as need no look. */
static size_t
run_of(const struct dkim_body *b, struct str in)
{
	size_t n = str_find(in, '\r');

	if (b->canon == DKIM_SIMPLE)
		return n;
	for (size_t i = 0; i < n; i++)
		if (is_blank(in.p[i]))
			return i;
	return n;
}

static void
let_through(struct dkim_body *b, struct str bytes)
{
	for (; b->n_ends > 0; b->n_ends--)
		put(b, STR("\r\n"));
	if (b->blank)
		put(b, STR(" "));
	b->blank = false;
	b->in_line = true;
	b->any = true;
	put(b, bytes);
}

static void
put(struct dkim_body *b, struct str bytes)
{
	if (bytes.n > sizeof(b->out) - b->n)
		flush(b);
	if (bytes.n > sizeof(b->out)) {
		b->sink.add(b->sink.arg, bytes);
		return;
	}
	memcpy(b->out + b->n, bytes.p, bytes.n);
	b->n += bytes.n;
}

static void
flush(struct dkim_body *b)
{
	if (b->n > 0)
		b->sink.add(b->sink.arg, (struct str){ b->out, b->n });
	b->n = 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}
