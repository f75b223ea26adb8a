/* rules.c - the outbreak rules of the feed, as the work queue uses them */
#include "cleanup/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "event/event.h"
#include "lookup/feed_file.h"

#define KEY_MAX 128

struct rules {
	struct cleanup *cleanup;
	struct buf text; /* as it was kept; empty: there are none */
	struct outbreak_rules *set;
	bool looked; /* with this key: */
	char key[KEY_MAX];
};

static void look(struct rules *, struct str key);

struct rules *
rules_new(struct cleanup *c)
{
	struct rules *r = mem_alloc(sizeof(*r));

	r->cleanup = c;
	buf_init(&r->text, FEED_READ_MAX);
	return r;
}

void
rules_free(struct rules **rp)
{
	struct rules *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	outbreak_free(&r->set);
	buf_fini(&r->text);
	free(r);
}

void
rules_take(struct rules *r, int fd)
{
	struct err err = ERR_INIT;

	outbreak_free(&r->set);
	r->looked = false;
	buf_reset(&r->text);
	if (fd != -1 && feed_read(fd, &r->text, &err) == -1) {
		buf_reset(&r->text);
		EMIT(WARNING, .text = str_of(err.text));
	}
}

struct outbreak_rules *
rules_get(struct rules *r, const struct config *c)
{
	const struct outbreak_global *o = &c->work.outbreak;

	if (!o->enabled || o->url.n == 0 || r->text.len == 0)
		return NULL;
	if (!r->looked || !str_is(o->public_key, r->key))
		look(r, o->public_key);
	return r->set != NULL ? outbreak_ref(r->set) : NULL;
}

/* lookupd says what is wrong with what it fetches. Here something is wrong
 * only after the key has changed, or if somebody wrote into the file. */
static void
look(struct rules *r, struct str key)
{
	struct err err = ERR_INIT;
	char line[600];

	outbreak_free(&r->set);
	r->looked = true;
	str_copy(r->key, sizeof(r->key), key);
	r->set = feed_load(buf_str(&r->text), key, &err);
	if (r->set != NULL || r->cleanup->daemon->worker != 0)
		return;
	snprintf(line, sizeof(line),
	    "the rules of the outbreak feed are not used: %s", err.text);
	EMIT(WARNING, .text = str_of(line));
}
