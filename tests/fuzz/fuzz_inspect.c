/*
 * fuzz_inspect.c - cleanup/inspect_look: a file, and archives in it
 *
 * First byte: how narrow the limits are; then the file. Whatever it is, what
 * is told stays within them.
 */
#include <stdlib.h>

#include "base/err.h"
#include "cleanup/inspect_look.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct heard {
	const struct inspect_msg *limits;
	uint32_t members;
	size_t text;
};

static void
hear_text(void *arg, struct str text)
{
	struct heard *h = arg;

	h->text += text.n;
	if (h->text > LOOK_TEXT || text.n > LOOK_ONCE)
		abort();
}

static void
hear_member(void *arg, const struct inspect_member *m)
{
	struct heard *h = arg;

	if (++h->members > h->limits->max_members ||
	    m->name.n > INSPECT_NAME_MAX || m->filetype.n > 16 ||
	    m->depth == 0 || m->depth > h->limits->max_depth ||
	    m->sha256.n != 32)
		abort();
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err err = ERR_INIT;

	(void)argc, (void)argv;
	return look_setup(&err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct inspect_msg rows[] = {
		{ .max_depth = 5,
		    .max_members = 100,
		    .max_expanded = 1 << 20,
		    .timeout = 10,
		    .metadata = 1 },
		{ .max_depth = 1,
		    .max_members = 3,
		    .max_expanded = 1000,
		    .timeout = 10 },
		{ .max_depth = 50,
		    .max_members = 10000,
		    .max_expanded = 4 << 20,
		    .timeout = 10 },
		{ .max_depth = 0,
		    .max_members = 0,
		    .max_expanded = 0,
		    .timeout = 10 },
	};
	struct look_used used = { 0 };
	struct heard h = { 0 };
	struct look l = { .text = hear_text,
		.member = hear_member,
		.arg = &h,
		.used = &used };
	struct inspected out;

	if (n == 0)
		return 0;
	h.limits = l.limits = &rows[data[0] % 4];
	look_at(&l, (struct str){ (const char *)data + 1, n - 1 }, &out);
	if (!out.known || out.filetype.n > 16 || out.sha256.n != 32 ||
	    used.members > h.limits->max_members + 1)
		abort();
	return 0;
}
