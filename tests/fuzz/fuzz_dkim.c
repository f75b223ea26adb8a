/*
 * fuzz_dkim.c - what a signature covers: the canonical body is the same
 * however it is cut, and canonical already; so are fields
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/dkim.h"
#include "mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_body(enum dkim_canon, struct str in);
static void canonical(
    enum dkim_canon, struct str in, size_t piece, struct buf *out);
static void check_fields(struct str in);
static void check_signature(struct str in);
static void collect(void *arg, struct str bytes);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };

	if (n > 16384)
		return 0;
	check_body(DKIM_SIMPLE, in);
	check_body(DKIM_RELAXED, in);
	check_fields(in);
	check_signature(in);
	return 0;
}

static void
check_body(enum dkim_canon canon, struct str in)
{
	struct buf whole, pieces, again;

	buf_init(&whole, 1 << 20);
	buf_init(&pieces, 1 << 20);
	buf_init(&again, 1 << 20);
	canonical(canon, in, in.n + 1, &whole);
	canonical(canon, in, 1 + in.n % 7, &pieces);
	if (!str_eq(buf_str(&whole), buf_str(&pieces)))
		abort();
	/* a dot at the beginning of a line would be one stuffed */
	if (memmem(whole.data, whole.len, "\n.", 2) == NULL &&
	    (whole.len == 0 || whole.data[0] != '.')) {
		canonical(canon, buf_str(&whole), in.n + 1, &again);
		if (!str_eq(buf_str(&whole), buf_str(&again)))
			abort();
	}
	buf_fini(&whole);
	buf_fini(&pieces);
	buf_fini(&again);
}

static void
canonical(enum dkim_canon canon, struct str in, size_t piece, struct buf *out)
{
	struct dkim_body b;

	buf_puts(out, "");
	dkim_body_begin(&b, canon, (struct dkim_sink){ collect, out });
	for (size_t at = 0; at < in.n; at += piece)
		dkim_body_feed(&b, str_sub(in, at, piece));
	dkim_body_end(&b);
}

static void
check_fields(struct str in)
{
	struct header_field f;
	struct buf once, again;

	while (header_next(&in, &f)) {
		buf_init(&once, 1 << 20);
		buf_init(&again, 1 << 20);
		dkim_field(DKIM_RELAXED, f.all, &once);
		dkim_field(DKIM_RELAXED, buf_str(&once), &again);
		if (!str_eq(buf_str(&once), buf_str(&again)))
			abort();
		buf_fini(&once);
		buf_fini(&again);
	}
}

/* The field is one, on lines that are not too long. */
static void
check_signature(struct str in)
{
	static const struct str names[] = { { "From", 4 }, { "To", 2 },
		{ "Subject", 7 } };
	struct dkim_terms t = { .domain = STR("example.com"),
		.selector = STR("s"),
		.fields = names,
		.n_fields = NELEM(names),
		.twice = in.n % 2 };
	struct err err = ERR_INIT;
	struct header_field f;
	struct buf out, hashed;
	struct str rest;

	buf_init(&out, 1 << 20);
	buf_init(&hashed, 1 << 21);
	if (dkim_begin(
		&t, in, (struct dkim_sink){ collect, &hashed }, &out, &err)) {
		dkim_end(STR("signature"), &out);
		rest = buf_str(&out);
		if (!header_next(&rest, &f) || rest.n > 0 ||
		    !str_is(f.name, "DKIM-Signature"))
			abort();
	} else if (out.len > 0 || err.kind == ERR_NONE) {
		abort();
	}
	buf_fini(&out);
	buf_fini(&hashed);
}

static void
collect(void *arg, struct str bytes)
{
	buf_add_str(arg, bytes);
}
