/*
 * fuzz_dsn.c - mail/dsn: no text from outside changes the form of a notice
 *
 * First byte: kind and options; then the reply text, and after a 0xff byte
 * the original message.
 */
#include <stdlib.h>
#include <string.h>

#include "mail/dsn.h"

#define BOUNDARY "=_00112233445566778899aabbccddeeff"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static size_t count(struct str text, const char *what);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dsn_rcpt r = { .addr = STR("a@b.test"),
		.orcpt = STR("rfc822;a@b.test"),
		.status = STR("5.1.0"),
		.code = STR("550") };
	struct dsn d = { .host = STR("mx.test"),
		.to = STR("j@s.test"),
		.id = STR("1"),
		.boundary = STR(BOUNDARY),
		.date = STR("today"),
		.rcpts = &r,
		.n_rcpts = 1 };
	struct str in, made;
	struct buf out;

	if (n == 0 || n > 65536)
		return 0;
	d.kind = (enum dsn_kind)(data[0] % DSN_KINDS);
	d.report = true;
	d.utf8 = data[0] & 64;
	d.whole = data[0] & 32;
	in = (struct str){ (const char *)data + 1, n - 1 };
	r.text = str_cut(&in, (char)0xff);
	r.addr = str_sub(r.text, 0, 60);
	d.original = in;
	if (!dsn_boundary_ok(d.boundary, in))
		return 0;
	buf_init(&out, 1 << 20);
	if (!dsn_write(&d, &out))
		abort();
	made = buf_str(&out);
	/* Three delimiters and the last; what is not the original is text. */
	if (count(made, "\r\n--" BOUNDARY) != 4)
		abort();
	for (size_t i = 0; i < made.n - in.n - sizeof(BOUNDARY) - 8; i++) {
		unsigned char c = (unsigned char)made.p[i];

		if ((c < ' ' && c != '\r' && c != '\n' && c != '\t') ||
		    (c >= 0x80 && !d.utf8))
			abort();
	}
	if (d.utf8 && !str_valid_utf8(str_sub(
			  made, 0, made.n - in.n - sizeof(BOUNDARY) - 8)))
		abort();
	(void)dsn_is_automatic(dsn_header(in));
	buf_fini(&out);
	return 0;
}

static size_t
count(struct str text, const char *what)
{
	size_t n = 0, len = strlen(what);
	const char *at = text.p;

	while ((at = memmem(at, text.n - (size_t)(at - text.p), what, len)) !=
	       NULL) {
		at += len;
		n++;
	}
	return n;
}
