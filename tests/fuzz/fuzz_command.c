/*
 * fuzz_command.c - one command line through every parser of commands
 *
 * What is promised: lengths, ranges, and that decoded DSN parameters are
 * printable and come out the same when encoded and decoded again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/bounds.h"
#include "ipc/messages.h"
#include "smtp/command.h"
#include "smtp/param.h"
#include "smtp/xtext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(struct str text, size_t max, bool utf8)
{
	struct buf enc, dec;

	if (text.n > max)
		abort();
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x20 || c == 0x7f || (c > 0x7e && !utf8))
			abort();
	}
	if (utf8)
		return;
	buf_init(&enc, 4096);
	buf_init(&dec, 4096);
	if (!xtext_encode(text, &enc) || !xtext_decode(buf_str(&enc), &dec) ||
	    !str_eq(text, buf_str(&dec)))
		abort();
	buf_fini(&enc);
	buf_fini(&dec);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str line = { (const char *)data, size }, path;
	struct command_line c;
	struct mail_params m;
	struct rcpt_params r;
	struct arena mem;
	uint64_t n;
	bool last;

	if (size == 0 || size > SMTP_LINE_MAX)
		return 0;
	arena_init(&mem, 4096);
	command_split(&c, line);
	command_is_foreign(line);
	if (command_helo_ok(c.args) && c.args.n > HELO_MAX)
		abort();
	if (command_bdat(c.args, &n, &last) && c.args.n == 0)
		abort();
	path = c.args;
	if (command_path(&path, "FROM:") && path.n > c.args.n)
		abort();
	if (param_mail(&m, c.args, UINT32_MAX, &mem) == PARAM_OK)
		check_text(m.envid, 100, false);
	for (int utf8 = 0; utf8 < 2; utf8++) {
		if (param_rcpt(&r, c.args, UINT32_MAX, utf8, &mem) != PARAM_OK)
			continue;
		check_text(r.orcpt, 500, utf8);
		if ((r.notify & DSN_NEVER) && r.notify != DSN_NEVER)
			abort();
	}
	arena_free(&mem);
	return 0;
}
