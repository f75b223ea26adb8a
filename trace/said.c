/* said.c - what a server said, cut into replies */
#include "trace/said.h"

#include <stdlib.h>

#include "base/mem.h"
#include "smtp/reply.h"

static struct str text_of(const struct reply *, struct arena *);

struct str *
said_split(struct str bytes, size_t *n, struct arena *mem)
{
	struct str *v = NULL, *kept;
	struct reply r;
	size_t cap = 0;

	*n = 0;
	reply_init(&r);
	while (bytes.n > 0 && reply_feed(&r, &bytes) == REPLY_DONE) {
		v = mem_room(v, &cap, *n, sizeof(*v));
		v[(*n)++] = text_of(&r, mem);
		reply_begin(&r);
	}
	reply_fini(&r);
	kept = arena_array(mem, *n + 1, sizeof(*kept));
	for (size_t i = 0; i < *n; i++)
		kept[i] = v[i];
	free(v);
	return kept;
}

static struct str
text_of(const struct reply *r, struct arena *mem)
{
	struct str text = buf_str(&r->text);

	if (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	return str_of(arena_printf(mem, "%u %.*s", r->code, STR_ARG(text)));
}
