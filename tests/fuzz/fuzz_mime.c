/*
 * fuzz_mime.c - mail/mime: any message is taken apart, nothing of it is lost
 *
 * The input is a message. What holds of every tree (mime_check.h); decoding
 * and reading all of it stays within the limit and is valid UTF-8.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/mime_check.h"
#include "mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct str cut_header(struct str *message);
static void read_part(const struct mime_part *, struct arena *mem);

#define LIMIT 4096

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str body = { (const char *)data, n };
	struct str header = cut_header(&body);
	const struct mime *m;
	struct arena mem;
	char *copy;

	copy = malloc(n + 1);
	memcpy(copy, data, n);
	arena_init(&mem, (size_t)512 << 20);
	m = mime_parse(header, body, &mem);
	mime_check(m, header, body);
	for (size_t i = 0; i < m->n && i < 200; i++)
		read_part(&m->parts[i], &mem);
	if (memcmp(copy, data, n) != 0)
		abort();
	arena_free(&mem);
	free(copy);
	return 0;
}

static struct str
cut_header(struct str *message)
{
	struct str rest = *message, header;
	struct header_field f;

	while (header_next(&rest, &f))
		continue;
	if (str_starts(rest, STR("\r\n")))
		rest = str_sub(rest, 2, rest.n);
	header = str_sub(*message, 0, message->n - rest.n);
	*message = rest;
	return header;
}

static void
read_part(const struct mime_part *p, struct arena *mem)
{
	uint32_t odd = 0;
	struct str text = mime_text(p, STR("us-ascii"), LIMIT, mem, &odd);

	if (!str_valid_utf8(text) || text.n > LIMIT)
		abort();
	if (mime_decode(p, LIMIT, mem, &odd).n > LIMIT)
		abort();
	if (!str_valid_utf8(mime_strip_html(text, mem)))
		abort();
	mime_type_of_name(p->name);
}
