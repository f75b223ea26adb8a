/*
 * fuzz_event.c - events from a program that has been taken over
 *
 * Whatever the recorder accepts must be one line as text and one line of
 * valid JSON.
 */
#include <jansson.h>
#include <stddef.h>

#include "base/err.h"
#include "event/event.h"

#define OUT_MAX (16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
static void check_line(struct str);
static void check_json(struct str);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	_Alignas(max_align_t) char fields[EVENT_FIELDS_MAX];
	struct arena mem;
	struct buf out;
	enum event_id id;
	int64_t when;

	arena_init(&mem, OUT_MAX);
	buf_init(&out, OUT_MAX);
	if (event_decode((struct str){ (const char *)p, n }, &id, &when, fields,
		&mem, NULL) == 0) {
		event_text(id, fields, &out);
		check_line(buf_str(&out));
		buf_reset(&out);
		event_json(id, when, fields, &out);
		check_line(buf_str(&out));
		check_json(buf_str(&out));
	}
	buf_fini(&out);
	arena_free(&mem);
	return 0;
}

static void
check_line(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			panic("byte %d in a line", s.p[i]);
	if (!str_valid_utf8(s))
		panic("not UTF-8");
}

static void
check_json(struct str s)
{
	json_error_t e;
	json_t *j = json_loadb(
	    s.p, s.n, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &e);

	if (j == NULL)
		panic("JSON: %s", e.text);
	json_decref(j);
}
