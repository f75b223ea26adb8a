/* work_content.c - what a fact about content is about */
#include "mail/mime.h"
#include "pipeline/work.h"

static bool is_about_content(enum fact_id);

bool
work_fact_content(const struct work_run *run, const struct need *need,
    struct str *header, struct str *body, struct arena *mem)
{
	struct str version = need->key, part;
	const struct mime *mime;
	struct msg msg = run->at->work.msg;
	uint64_t index;

	if (!is_about_content(need->id))
		return false;
	part = str_sub(version, str_find(version, '/'), version.n);
	if (part.n == 0) {
		*header = msg.header;
		*body = msg.body;
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

static bool
is_about_content(enum fact_id id)
{
	return id == FACT_SPAM || id == FACT_VIRUS || id == FACT_PART;
}
