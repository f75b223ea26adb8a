/* callahead.c - the answers of call-ahead that are kept */
#include "smtpd/callahead.h"

#include <stdlib.h>

#include "base/mem.h"

struct kept {
	struct kept *newer, *older;
	struct str addr; /* the memory of all three texts */
	int64_t until;
	uint64_t number;
	uint32_t code;
	struct str text;
};

struct cache { /* of one profile */
	struct map map;
	struct kept *newest, *oldest;
	size_t n;
};

static struct cache *cache_of(
    struct callahead_cache *, const struct callahead_profile *);
static void cache_free(void *);
static void drop(struct cache *, struct kept *);
static void unlink_kept(struct cache *, struct kept *);
static void link_newest(struct cache *, struct kept *);

size_t
callahead_flush(struct callahead_cache *all)
{
	size_t n = 0;

	MAP_FOREACH (&all->profiles, it)
		n += ((const struct cache *)it.value)->n;
	map_fini(&all->profiles, cache_free);
	map_init(&all->profiles);
	return n;
}

bool
callahead_get(struct callahead_cache *all, const struct callahead_profile *p,
    struct str addr, int64_t now, struct fact_answer *out)
{
	struct cache *c = cache_of(all, p);
	struct kept *k = map_get(&c->map, addr);

	if (k == NULL)
		return false;
	if (now >= k->until) {
		drop(c, k);
		return false;
	}
	unlink_kept(c, k);
	link_newest(c, k);
	out->meta = (struct fact){ FACT_KNOWN, FACT_LOOKED_UP };
	out->number = k->number;
	out->code = k->code;
	out->text = k->text;
	return true;
}

void
callahead_put(struct callahead_cache *all, const struct callahead_profile *p,
    struct str addr, int64_t now, const struct fact_answer *a)
{
	struct cache *c = cache_of(all, p);
	struct kept *k = map_get(&c->map, addr);
	char *texts;

	if (k != NULL)
		drop(c, k);
	if (p->cache_size == 0 || p->cache_ttl == 0 ||
	    a->meta.state != FACT_KNOWN ||
	    (a->number != RECIPIENT_OK && a->number != RECIPIENT_UNKNOWN))
		return;
	while (c->n >= p->cache_size)
		drop(c, c->oldest);
	k = mem_alloc(sizeof(*k) + addr.n + a->text.n);
	texts = (char *)(k + 1);
	for (size_t i = 0; i < addr.n; i++)
		texts[i] = addr.p[i];
	for (size_t i = 0; i < a->text.n; i++)
		texts[addr.n + i] = a->text.p[i];
	k->addr = (struct str){ texts, addr.n };
	k->text = (struct str){ texts + addr.n, a->text.n };
	k->number = a->number;
	k->code = a->code;
	k->until = now + (int64_t)p->cache_ttl * 1000;
	map_put(&c->map, k->addr, k);
	link_newest(c, k);
	c->n++;
}

static struct cache *
cache_of(struct callahead_cache *all, const struct callahead_profile *p)
{
	struct cache *c = map_get(&all->profiles, p->name);

	if (c == NULL) {
		c = mem_alloc(sizeof(*c));
		map_init(&c->map);
		map_put(&all->profiles, p->name, c);
	}
	return c;
}

static void
cache_free(void *arg)
{
	struct cache *c = arg;

	while (c->oldest != NULL)
		drop(c, c->oldest);
	map_fini(&c->map, NULL);
	free(c);
}

static void
drop(struct cache *c, struct kept *k)
{
	unlink_kept(c, k);
	map_remove(&c->map, k->addr);
	c->n--;
	free(k);
}

static void
unlink_kept(struct cache *c, struct kept *k)
{
	*(k->newer != NULL ? &k->newer->older : &c->newest) = k->older;
	*(k->older != NULL ? &k->older->newer : &c->oldest) = k->newer;
}

static void
link_newest(struct cache *c, struct kept *k)
{
	k->newer = NULL;
	k->older = c->newest;
	*(k->older != NULL ? &k->older->newer : &c->oldest) = k;
	c->newest = k;
}
