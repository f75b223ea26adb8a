/* work_content.c - what a fact about content is about */
#include "base/buf.h"
#include "mail/mime.h"
#include "pipeline/work.h"

static bool is_about_content(enum fact_id);
static struct str shortened(struct msg *, uint64_t limit, struct arena *mem);

bool
work_fact_content(const struct work_run *run, const struct need *need,
    struct str *header, struct str *body, struct arena *mem)
{
	struct str version = need->key, part;
	const struct mime *mime;
	const struct work *w = &run->at->work;
	struct msg msg = w->asked != NULL ? *w->asked : w->msg;
	uint64_t index;

	if (!is_about_content(need->id))
		return false;
	part = str_sub(version, str_find(version, '/'), version.n);
	if (part.n == 0) {
		*header = msg.header;
		*body = msg.body;
		if (need->id == FACT_SPAM)
			*body = shortened(&msg,
			    run->at->work.origin->config->work.spam
				.always_up_to,
			    mem);
		return true;
	}
	mime = mime_of(&msg, mem);
	if (!str_u64(str_sub(part, 1, part.n), UINT32_MAX, &index) ||
	    index >= mime->n)
		return false;
	*header = STR("");
	*body = mime_decode(&mime->parts[index], SIZE_MAX, mem, NULL);
	return true;
}

/*
 * The body of a message that is too large for an engine of words: its texts
 * up to the limit, without what is in attached files. Small ones are whole.
 */
static struct str
shortened(struct msg *msg, uint64_t limit, struct arena *mem)
{
	const struct mime *mime = mime_of(msg, mem);
	const char *at = msg->body.p, *end = at + msg->body.n;
	uint64_t room = limit > msg->header.n ? limit - msg->header.n : 0;
	const struct mime_part *p = NULL;
	struct str text;
	struct buf out;

	if (msg->body.n <= room)
		return msg->body;
	buf_init(&out, SIZE_MAX / 4);
	while ((p = mime_next_leaf(mime, p)) != NULL) {
		/* what is within something encoded stands nowhere */
		if (str_is(p->type, "text") || p->decoded || p->body.n == 0 ||
		    p->body.p < at || p->body.p + p->body.n > end)
			continue;
		buf_add(&out, at, (size_t)(p->body.p - at));
		at = p->body.p + p->body.n;
	}
	buf_add(&out, at, (size_t)(end - at));
	text = arena_str(mem, str_sub(buf_str(&out), 0, (size_t)room));
	buf_fini(&out);
	return text;
}

static bool
is_about_content(enum fact_id id)
{
	return id == FACT_SPAM || id == FACT_VIRUS || id == FACT_PART;
}
