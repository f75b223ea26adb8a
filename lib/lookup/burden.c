/* burden.c - whose questions cost time of the processor */
#include "lookup/burden.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

#define DOMAINS_MAX 4096
#define HALF_LIFE   10000 /* ms, of what was charged to a domain */
#define FORGOTTEN   40    /* half-lives, after which it is 0 */

struct burden {
	int64_t spent, at; /* us, as of that ms */
	int64_t paused_until;
	struct str domain; /* the map's */
	uint64_t round;    /* of burden_charge, the last that charged it */
};

struct burdens {
	struct map domains;
	int64_t spent, at; /* by all, less what there was to spend */
	uint64_t round;
};

static size_t label(struct str name, size_t n);
static bool is_registry(struct str two);
static struct burden *burden_of(
    struct burdens *, struct str domain, int64_t now);
static void make_room(struct burdens *, int64_t now);
static void fade(struct burden *, int64_t now);
static struct burden *heaviest(struct burdens *, int64_t now);

struct burdens *
burdens_new(void)
{
	struct burdens *b = mem_alloc(sizeof(*b));

	map_init(&b->domains);
	return b;
}

void
burdens_free(struct burdens **bp)
{
	if (*bp == NULL)
		return;
	map_fini(&(*bp)->domains, free);
	free(*bp);
	*bp = NULL;
}

struct str
burden_domain(struct str name)
{
	size_t n = 2;

	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	if (str_ends_nocase(name, STR(".in-addr.arpa")))
		n = 5; /* 192.0.2.0/24 */
	else if (str_ends_nocase(name, STR(".ip6.arpa")))
		n = 14; /* 2001:db8:1::/48 */
	else if (is_registry(str_sub(name, label(name, 2), name.n)))
		n = 3;
	return str_sub(name, label(name, n), name.n);
}

bool
burden_is_paused(const struct burdens *b, struct str domain, int64_t now)
{
	const struct burden *one = map_get(&b->domains, domain);

	return one != NULL && now < one->paused_until;
}

bool
burden_charge(struct burdens *b, const struct str *domains, size_t n,
    int64_t cost, int64_t now, struct str *paused)
{
	struct burden *one;

	b->spent -= (now - b->at) * BURDEN_RATE;
	if (b->spent < 0)
		b->spent = 0;
	b->spent += cost;
	b->at = now;
	b->round++;
	for (size_t i = 0; i < n; i++) {
		one = burden_of(b, domains[i], now);
		if (one == NULL || one->round == b->round)
			continue;
		one->round = b->round;
		one->spent += cost;
	}
	if (b->spent <= BURDEN_BURST || (one = heaviest(b, now)) == NULL)
		return false;
	one->paused_until = now + BURDEN_PAUSE;
	b->spent = 0;
	*paused = one->domain;
	return true;
}

/* Where the n last labels begin. */
static size_t
label(struct str name, size_t n)
{
	size_t at = name.n;

	while (at > 0) {
		if (name.p[at - 1] == '.' && --n == 0)
			break;
		at--;
	}
	return at;
}

/* co.uk: below such names, others have theirs. Where this is wrong, it is a
 * few more or a few less that are not asked about for a minute. */
static bool
is_registry(struct str two)
{
	static const char *const names[] = { "ac", "ad", "co", "com", "ed",
		"edu", "go", "gob", "gouv", "gov", "gr", "id", "lg", "ltd",
		"me", "mil", "ne", "net", "nom", "or", "org", "plc", "sch" };
	struct str first = str_cut(&two, '.');

	for (size_t i = 0; i < NELEM(names) && two.n == 2; i++)
		if (str_is_nocase(first, names[i]))
			return true;
	return false;
}

/* NULL: there are too many already. */
static struct burden *
burden_of(struct burdens *b, struct str domain, int64_t now)
{
	struct burden *one = map_get(&b->domains, domain);

	if (one == NULL) {
		if (b->domains.n >= DOMAINS_MAX)
			make_room(b, now);
		if (b->domains.n >= DOMAINS_MAX)
			return NULL;
		one = mem_alloc(sizeof(*one));
		one->at = now;
		map_put(&b->domains, domain, one);
	}
	fade(one, now);
	return one;
}

/* Those that are of no account any more. */
static void
make_room(struct burdens *b, int64_t now)
{
	struct str gone[DOMAINS_MAX];
	size_t n = 0;

	MAP_FOREACH (&b->domains, it) {
		struct burden *one = it.value;

		fade(one, now);
		if (one->spent < BURDEN_COSTLY && now >= one->paused_until &&
		    n < NELEM(gone))
			gone[n++] = it.key;
	}
	for (size_t i = 0; i < n; i++)
		free(map_remove(&b->domains, gone[i]));
}

static void
fade(struct burden *one, int64_t now)
{
	int64_t times = (now - one->at) / HALF_LIFE;

	one->spent = times < FORGOTTEN ? one->spent >> times : 0;
	one->at += times * HALF_LIFE;
}

/* Of those that are asked about. */
static struct burden *
heaviest(struct burdens *b, int64_t now)
{
	struct burden *most = NULL;

	MAP_FOREACH (&b->domains, it) {
		struct burden *one = it.value;

		fade(one, now);
		if (now < one->paused_until ||
		    (most != NULL && one->spent <= most->spent))
			continue;
		most = one;
		most->domain = it.key;
	}
	return most;
}
