/* rules.c - the outbreak rules of the feed, as the work queue uses them */
#include "cleanup/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "event/event.h"
#include "lookup/feed_file.h"

#define KEY_MAX   128
#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

struct rules {
	struct cleanup *cleanup;
	struct buf text; /* as it was kept; empty: there are none */
	struct outbreak_rules *set;
	bool looked; /* with this key: */
	char key[KEY_MAX];
};

static uint64_t add(uint64_t stamp, struct str text);
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

uint64_t
rules_stamp(const struct rules *r, const struct config *c)
{
	const struct outbreak_global *o = &c->work.outbreak;
	uint64_t stamp = FNV_BASIS;

	stamp = add(stamp, STR(POSTERN_VERSION));
	stamp = add(stamp, o->enabled ? STR("+") : STR("-"));
	stamp = add(stamp, o->adaptive ? STR("+") : STR("-"));
	stamp = add(stamp, o->rules);
	if (o->url.n > 0) {
		stamp = add(stamp, o->public_key);
		stamp = add(stamp, buf_str(&r->text));
	}
	return stamp != 0 ? stamp : 1;
}

/* FNV-1a: equal in all workers, and nobody gains by two that are alike. */
static uint64_t
add(uint64_t stamp, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		stamp = (stamp ^ (uint8_t)text.p[i]) * FNV_PRIME;
	return (stamp ^ 0xff) * FNV_PRIME;
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
