/* holds.c - how often a passphrase may be guessed */
#include "tls/holds.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

#define NAME_LIMIT 500 /* what is behind it makes no difference */
#define KEY_MAX    (NAME_LIMIT + 20)

struct hold {
	unsigned failures; /* in a row */
	int64_t last, until;
	bool known; /* this user has logged in at this address */
};

struct holds {
	struct map entries; /* by scope, name, address */
};

/* What is counted for itself. */
enum scope { SCOPE_BOTH, SCOPE_NAME, SCOPE_ADDRESS, SCOPES };

struct key {
	char text[KEY_MAX];
};

static struct str key(
    enum scope, struct str name, const struct ip *, struct key *);
static struct hold *find(
    const struct holds *, enum scope, struct str name, const struct ip *);
static struct hold *obtain(struct holds *, enum scope, struct str name,
    const struct ip *, int64_t now);
static void make_room(struct holds *);
static int64_t later(int64_t a, int64_t b);

struct holds *
holds_new(void)
{
	struct holds *h = mem_alloc(sizeof(*h));

	map_init(&h->entries);
	return h;
}

void
holds_free(struct holds **hp)
{
	struct holds *h = *hp;

	*hp = NULL;
	if (h == NULL)
		return;
	map_fini(&h->entries, free);
	free(h);
}

int64_t
holds_until(
    const struct holds *h, struct str name, const struct ip *ip, int64_t now)
{
	int64_t until = 0;

	for (int s = 0; s < SCOPES; s++) {
		const struct hold *one = find(h, (enum scope)s, name, ip);

		if (one == NULL)
			continue;
		if (s == SCOPE_BOTH && one->known && one->until <= now)
			return 0;
		until = later(until, one->until);
	}
	return until > now ? until : 0;
}

int64_t
holds_failed(struct holds *h, struct str name, const struct ip *ip,
    const struct holds_rule *rule)
{
	int64_t until = 0;

	for (int s = 0; s < SCOPES; s++) {
		struct hold *one =
		    obtain(h, (enum scope)s, name, ip, rule->now);
		unsigned limit =
		    rule->failures * (s == SCOPE_BOTH ? 1 : HOLDS_WIDE);

		if (one->last + rule->ms <= rule->now)
			one->failures = 0;
		one->last = rule->now;
		if (++one->failures < limit)
			continue;
		one->failures = 0;
		one->until = rule->now + rule->ms;
		until = one->until;
	}
	return until;
}

void
holds_right(struct holds *h, struct str name, const struct ip *ip, int64_t now)
{
	struct hold *one = obtain(h, SCOPE_BOTH, name, ip, now);

	*one = (struct hold){ .last = now, .known = true };
	one = find(h, SCOPE_NAME, name, ip);
	if (one != NULL)
		one->failures = 0;
}

bool
holds_clear(struct holds *h, struct str name, int64_t now)
{
	bool held = false;

	MAP_FOREACH (&h->entries, it) {
		struct hold *one = it.value;
		struct str of = str_sub(it.key, 1, it.key.n);

		if (it.key.p[0] == SCOPE_ADDRESS ||
		    !str_eq(str_cut(&of, '\0'), name))
			continue;
		held |= one->until > now;
		one->failures = 0;
		one->until = 0;
	}
	return held;
}

/* --- entries --- */

/* Scope, name, NUL, address. */
static struct str
key(enum scope scope, struct str name, const struct ip *ip, struct key *k)
{
	struct ip net = *ip;

	if (scope == SCOPE_NAME)
		memset(net.b, 0, sizeof(net.b));
	else if (!ip_is_v4(&net))
		memset(net.b + 8, 0, 8);
	name.n = scope == SCOPE_ADDRESS ? 0
		 : name.n > NAME_LIMIT  ? NAME_LIMIT
					: name.n;
	k->text[0] = (char)scope;
	if (name.n > 0)
		memcpy(k->text + 1, name.p, name.n);
	k->text[1 + name.n] = '\0';
	memcpy(k->text + 2 + name.n, net.b, sizeof(net.b));
	return (struct str){ k->text, 2 + name.n + sizeof(net.b) };
}

static struct hold *
find(const struct holds *h, enum scope scope, struct str name,
    const struct ip *ip)
{
	struct key k;

	return map_get(&h->entries, key(scope, name, ip, &k));
}

static struct hold *
obtain(struct holds *h, enum scope scope, struct str name, const struct ip *ip,
    int64_t now)
{
	struct hold *one = find(h, scope, name, ip);
	struct key k;

	if (one != NULL)
		return one;
	if (h->entries.n >= HOLDS_ENTRIES)
		make_room(h);
	one = mem_alloc(sizeof(*one));
	one->last = now;
	map_put(&h->entries, key(scope, name, ip, &k), one);
	return one;
}

/* The oldest goes; of those where somebody has logged in, the last. */
static void
make_room(struct holds *h)
{
	const struct hold *oldest = NULL;
	struct str which = { .n = 0 };
	struct key room;

	MAP_FOREACH (&h->entries, it) {
		const struct hold *one = it.value;

		if (oldest != NULL && (one->known > oldest->known ||
					  (one->known == oldest->known &&
					      one->last >= oldest->last)))
			continue;
		oldest = one;
		memcpy(room.text, it.key.p, it.key.n);
		which = (struct str){ room.text, it.key.n };
	}
	free(map_remove(&h->entries, which));
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}
