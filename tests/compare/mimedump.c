/*
 * mimedump.c - what mail/mime makes of messages, as JSON for comparing
 *
 * Reads messages from standard input, each behind a line with its length;
 * writes for each a line with an array of its parts, in order. Asserts what
 * must hold for any input: that the pieces lie in the text, in order.
 */
#include <jansson.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "mail/header.h"
#include "mail/mime.h"

#define TEXT_MAX (1 << 20)

static bool read_message(struct buf *);
static void dump(struct str message);
static struct str cut_header(struct str *message);
static json_t *part(const struct mime_part *, struct arena *mem);
static json_t *text(struct str s);
static json_t *digest(struct str bytes);

int
main(void)
{
	struct buf message;

	buf_init(&message, 1 << 28);
	while (read_message(&message)) {
		dump(buf_str(&message));
		buf_reset(&message);
	}
	buf_fini(&message);
	return 0;
}

static bool
read_message(struct buf *b)
{
	char line[32], *to;
	uint64_t n;

	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	if (!str_u64(str_trim(str_of(line)), 1 << 27, &n))
		panic("no length: '%s'", line);
	to = buf_room(b, n + 1);
	if (fread(to, 1, n, stdin) != n)
		panic("the message is cut short");
	buf_grew(b, n);
	return true;
}

static void
dump(struct str message)
{
	struct str header = cut_header(&message);
	json_t *parts = json_array();
	const struct mime *m;
	struct arena mem;

	arena_init(&mem, (size_t)1 << 30);
	m = mime_parse(header, message, &mem);
	for (size_t i = 0; i < m->n; i++)
		json_array_append_new(parts, part(&m->parts[i], &mem));
	json_dumpf(parts, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(parts);
	arena_free(&mem);
}

/* As mail/scan does. */
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

static json_t *
part(const struct mime_part *p, struct arena *mem)
{
	static const char *const roles[] = { "container", "body",
		"attachment" };
	uint32_t odd = p->odd;
	struct str bytes = mime_decode(p, SIZE_MAX, mem, &odd);
	json_t *o = json_object();

	json_object_set_new(o, "depth", json_integer(p->depth));
	json_object_set_new(o, "type", text(p->type));
	json_object_set_new(o, "subtype", text(p->subtype));
	json_object_set_new(o, "role", json_string(roles[p->role]));
	json_object_set_new(o, "charset", text(p->charset));
	json_object_set_new(o, "name", text(p->name));
	json_object_set_new(o, "other_name", text(p->other_name));
	json_object_set_new(o, "attachment", json_boolean(p->is_attachment));
	json_object_set_new(o, "encoding", json_integer(p->encoding));
	json_object_set_new(o, "size", json_integer((json_int_t)bytes.n));
	json_object_set_new(o, "sha1", digest(bytes));
	if (str_is(p->type, "text"))
		json_object_set_new(o, "text",
		    text(mime_text(p, STR("us-ascii"), TEXT_MAX, mem, &odd)));
	json_object_set_new(o, "odd", json_integer(odd));
	return o;
}

/* JSON has no place for what is not UTF-8. */
static json_t *
text(struct str s)
{
	if (!str_valid_utf8(s))
		panic("not UTF-8: %zu bytes", s.n);
	return json_stringn_nocheck(s.p, s.n);
}

static json_t *
digest(struct str bytes)
{
	unsigned char sum[SHA_DIGEST_LENGTH];
	char hex[2 * SHA_DIGEST_LENGTH + 1];

	SHA1((const unsigned char *)bytes.p, bytes.n, sum);
	for (size_t i = 0; i < sizeof(sum); i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	return json_string(hex);
}
