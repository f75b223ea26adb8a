/* tags.c - bounce verification tags, with the keys that keyd has */
#include "trace/tags.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/secrets.h"
#include "tls/tag.h"

#define FILE_MAX ((size_t)512 * 1024)

typedef void use_keys(
    struct trace_input *, const struct tag_keys *, const void *arg, void *out);
static use_keys take_key, judge;
static bool with_keys(
    struct trace_input *, use_keys *, const void *arg, void *out);

void
trace_tag_key(struct trace_input *in)
{
	if (in->config->bounce_tags && in->etc != NULL)
		with_keys(in, take_key, NULL, NULL);
}

void
trace_judge_tag(
    struct trace_input *in, const struct need *need, struct arena *mem)
{
	static const struct fact known = { FACT_KNOWN, FACT_LOOKED_UP };
	uint64_t verdict = 0;

	if (in->etc == NULL || !with_keys(in, judge, &need->key, &verdict)) {
		fact_fail(&in->facts, mem, need->id, need->key);
		return;
	}
	fact_put(&in->facts, mem, need->id, need->key, known)->number = verdict;
}

struct str
trace_tagged(const struct trace_report *r, const struct destination *d,
    struct str sender, struct arena *mem)
{
	const struct trace_input *in = r->input;

	if (sender.n == 0)
		return STR("");
	if (!d->bounce_verification || r->origin.direction != OUTGOING)
		return sender;
	if (!in->tag.known)
		return (struct str){ NULL, 0 };
	return tag_address(in->tag.key, in->tag.day, sender, mem);
}

/* False: the file is there, and it cannot be read, or has a mistake in it. As
 * without a file there are no keys. */
static bool
with_keys(struct trace_input *in, use_keys *use, const void *arg, void *out)
{
	struct tag_keys *keys = mem_alloc(sizeof(*keys));
	struct err err = ERR_INIT;
	struct buf text;
	bool good;

	buf_init(&text, FILE_MAX);
	good = secrets_slurp(in->etc, in->config->bounce_keys, &text, &err) == 0
		   ? tag_keys_parse(keys, buf_str(&text), &err)
		   : err.sys == ENOENT;
	if (good)
		use(in, keys, arg, out);
	if (text.len > 0)
		explicit_bzero(text.data, text.len);
	buf_fini(&text);
	free(keys);
	return good;
}

static void
take_key(struct trace_input *in, const struct tag_keys *keys, const void *arg,
    void *out)
{
	const struct tag_key *k = tag_keys_current(keys);

	(void)arg, (void)out;
	if (k == NULL)
		return;
	in->tag.known = true;
	in->tag.day = tag_day(in->facts.now);
	tag_day_key(k->text, in->tag.day, in->tag.key);
}

static void
judge(struct trace_input *in, const struct tag_keys *keys, const void *arg,
    void *out)
{
	const struct str *addr = arg;
	uint64_t *verdict = out;

	*verdict = (uint64_t)tag_judge(keys, *addr, in->facts.now);
}
