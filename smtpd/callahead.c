/* callahead.c - questions of call-ahead, and the answers that are kept */
#include "smtpd/callahead.h"

#include <stdlib.h>

#include "base/mem.h"
#include "mail/addr.h"

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
static void hosts_of_route(const struct config *, struct str domain,
    struct codec_list *, struct arena *);
static struct probe_host host_of(struct str domain);

void
callahead_flush(struct callahead_cache *all)
{
	map_fini(&all->profiles, cache_free);
	map_init(&all->profiles);
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

bool
callahead_probe(const struct config *config, const struct callahead_profile *p,
    struct str addr, struct str helo, struct probe *out, struct arena *mem)
{
	*out = (struct probe){ .kind = PROBE_CALLAHEAD,
		.timeout_ms = p->timeout * 1000,
		.helo = helo,
		.sender = p->sender,
		.rcpt = addr,
		.user = STR(""),
		.password = STR(""),
		.max_connections = p->max_connections };

	if (p->n_servers == 0) {
		hosts_of_route(config, addr_domain(addr), &out->hosts, mem);
	} else {
		struct probe_host *v =
		    arena_array(mem, p->n_servers, sizeof(*v));

		for (size_t i = 0; i < p->n_servers; i++)
			v[i] = (struct probe_host){ p->servers[i].host,
				p->servers[i].port, p->servers[i].no_mx };
		out->hosts = (struct codec_list){ p->n_servers, v };
	}
	return out->hosts.n > 0;
}

void
callahead_fact(const struct probe_done *done, struct fact_answer *out)
{
	bool known = done->answer != RECIPIENT_NO_ANSWER;

	out->id = FACT_CALLAHEAD;
	out->meta =
	    (struct fact){ known ? FACT_KNOWN : FACT_FAILED, FACT_LOOKED_UP };
	out->number = done->answer;
	out->code = done->code;
	out->text = done->text;
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

/* Where mail to the domain would be delivered. */
static void
hosts_of_route(const struct config *config, struct str domain,
    struct codec_list *hosts, struct arena *mem)
{
	const struct route *r = config_route(config, domain);
	size_t n = r != NULL && r->kind == ROUTE_HOSTS ? r->n : 1;
	struct probe_host *v = arena_array(mem, n, sizeof(*v));

	*hosts = (struct codec_list){ n, v };
	if (r != NULL && r->kind == ROUTE_NULL)
		hosts->n = 0;
	else if (r == NULL || r->kind == ROUTE_USEDNS)
		v[0] = host_of(domain);
	else
		for (size_t i = 0; i < n; i++)
			v[i] = (struct probe_host){ r->dests[i].host,
				r->dests[i].port, r->dests[i].no_mx };
}

/* An address literal is an address. */
static struct probe_host
host_of(struct str domain)
{
	struct str ipv6 = STR("IPv6:");

	if (domain.n < 2 || domain.p[0] != '[')
		return (struct probe_host){ domain, 25, false };
	domain = str_sub(domain, 1, domain.n - 2);
	if (str_starts_nocase(domain, ipv6))
		domain = str_sub(domain, ipv6.n, domain.n);
	return (struct probe_host){ domain, 25, true };
}
