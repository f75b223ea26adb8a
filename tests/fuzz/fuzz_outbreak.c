/*
 * fuzz_outbreak.c - filter/outbreak: any set of rules, on a message that has
 * something of everything
 *
 * The same bytes are also tried as a file that is kept.
 *
 * A set that is taken is within its limits and sorted, and judges; what counts
 * is the worst rule that could.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lookup/feed_file.h"

#define HEADER                                                                 \
	"From: a@example.com\r\nSubject: invoice\r\n"                          \
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define BODY                                                                   \
	"--b\r\nContent-Type: text/html\r\n\r\n<a href=\"http://a.test/?x="    \
	"1&amp;y\">pay now</a>\r\n--b\r\nContent-Type: a/b\r\n"                \
	"Content-Disposition: attachment; filename=\"a.zip\"\r\n\r\nPK\r\n"    \
	"--b--\r\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
static void unpack(struct str);
static void check(const struct outbreak_rules *);
static void judge(const struct outbreak_rules *);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct err err = ERR_INIT;
	struct outbreak_rules *r;

	json_object_seed(1);
	unpack((struct str){ (const char *)data, n });
	r = outbreak_parse((struct str){ (const char *)data, n }, &err);
	if (r == NULL) {
		if (err.kind != ERR_USAGE || err.text[0] == '\0')
			abort();
		return 0;
	}
	check(r);
	judge(r);
	outbreak_free(&r);
	return 0;
}

/* What was unpacked is packed to the same. */
static void
unpack(struct str text)
{
	struct feed_file f;
	struct buf again;

	if (!feed_unpack(text, &f))
		return;
	buf_init(&again, FEED_FILE_MAX);
	feed_pack(&f, &again);
	if (!feed_unpack(buf_str(&again), &f) ||
	    !str_eq(f.json, str_sub(text, text.n - f.json.n, f.json.n)))
		abort();
	buf_fini(&again);
}

static void
check(const struct outbreak_rules *r)
{
	if (r->serial == 0 || r->n + r->n_skipped > OUTBREAK_RULES_MAX)
		abort();
	for (size_t i = 0; i < r->n; i++) {
		const struct outbreak_rule *x = &r->v[i];

		if (x->id.n == 0 || x->id.n > OUTBREAK_ID_MAX ||
		    x->level > OUTBREAK_LEVEL_MAX || x->match == NULL ||
		    (i > 0 && r->v[i - 1].level < x->level))
			abort();
	}
}

static void
judge(const struct outbreak_rules *r)
{
	static const struct part_member member = { .name = { "x.js", 4 },
		.filetype = { "txt", 3 } };
	static const struct part_fact part = { .filetype = { "zip", 3 },
		.archive = true,
		.members = &member,
		.n_members = 1 };
	static struct config config;
	static const struct work_origin origin = { .config = &config };
	struct outbreak_sets sets = { { NULL, r, NULL } };
	struct outbreak_bypass none = { 0 };
	const struct outbreak_rule *worst = NULL;
	struct facts facts = { 0 };
	struct arena mem;
	struct needs needs = { .mem = &mem };
	struct work w = { .origin = &origin, .facts = &facts, .mem = &mem };

	config.work.scan.max_size = 1 << 20;
	config.work.scan.charset = STR("us-ascii");
	arena_init(&mem, (size_t)1 << 30);
	w.sender = STR("a@b.test");
	w.msg.header = STR(HEADER);
	w.msg.body = STR(BODY);
	for (int i = 0;
	     outbreak_judge(&sets, &w, &none, 0, &worst, &needs) == WORK_NEEDS;
	     i++) {
		if (needs.n == 0 || i > 3)
			abort();
		for (size_t k = 0; k < needs.n; k++) {
			struct fact known = { FACT_KNOWN, FACT_LOOKED_UP };

			fact_put(
			    &facts, &mem, needs.v[k].id, needs.v[k].key, known)
			    ->detail = &part;
		}
		needs.n = 0;
	}
	if (worst != NULL && worst->level == 0)
		abort();
	arena_free(&mem);
}
