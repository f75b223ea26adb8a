/* sessions.c - who is logged in */
#include "admin/web/sessions.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

static struct login *make_room(struct sessions *, struct str user);
static void make_random(char *out, size_t digits);
static bool is_over(const struct sessions *, const struct login *, int64_t);

struct login *
sessions_new(struct sessions *all, struct str user, int64_t now)
{
	struct login *s;

	sessions_expire(all, now, NULL, NULL);
	s = make_room(all, user);
	sessions_end(s);
	make_random(s->id, SESSION_ID);
	make_random(s->token, SESSION_TOKEN);
	str_copy(s->user, sizeof(s->user), user);
	s->last = now;
	return s;
}

struct login *
sessions_find(struct sessions *all, struct str id, int64_t now, bool use)
{
	struct login *found = NULL;

	for (size_t i = 0; i < NELEM(all->v); i++) {
		struct login *s = &all->v[i];

		if (*s->id != '\0' && sessions_same(id, str_of(s->id)))
			found = s;
	}
	if (found == NULL || is_over(all, found, now))
		return NULL;
	if (use)
		found->last = now;
	return found;
}

void
sessions_end(struct login *s)
{
	OPENSSL_cleanse(s, sizeof(*s));
}

void
sessions_expire(struct sessions *all, int64_t now,
    void (*ended)(void *, struct login *), void *arg)
{
	for (size_t i = 0; i < NELEM(all->v); i++) {
		struct login *s = &all->v[i];

		if (*s->id == '\0' || !is_over(all, s, now))
			continue;
		if (ended != NULL)
			ended(arg, s);
		sessions_end(s);
	}
}

bool
sessions_same(struct str a, struct str b)
{
	return a.n == b.n && a.n > 0 && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}

bool
attempts_may(struct attempts *a, const struct ip *ip, unsigned max, int64_t now)
{
	size_t place = 0;

	for (size_t i = 0; i < NELEM(a->v); i++) {
		bool over =
		    a->v[i].n == 0 || now - a->v[i].since >= ATTEMPTS_PERIOD;

		if (!over && ip_same_site(&a->v[i].ip, ip))
			return a->v[i].n < max && ++a->v[i].n > 0;
		if (over)
			place = i + 1;
	}
	if (place > 0) {
		a->v[place - 1].ip = *ip;
		a->v[place - 1].since = now;
		a->v[place - 1].n = 1;
		return true;
	}
	/* a crowd: those who are not in the table share a number */
	if (now - a->since >= ATTEMPTS_PERIOD) {
		a->since = now;
		a->n = 0;
	}
	return a->n < ATTEMPTS_ALL && ++a->n > 0;
}

static struct login *
make_room(struct sessions *all, struct str user)
{
	struct login *free_one = NULL, *idle = &all->v[0], *own = NULL;
	size_t n = 0;

	for (size_t i = 0; i < NELEM(all->v); i++) {
		struct login *s = &all->v[i];

		if (*s->id == '\0') {
			free_one = s;
			continue;
		}
		if (s->last < idle->last || *idle->id == '\0')
			idle = s;
		if (!str_is(user, s->user))
			continue;
		n++;
		if (own == NULL || s->last < own->last)
			own = s;
	}
	if (n >= SESSIONS_PER_USER)
		return own;
	return free_one != NULL ? free_one : idle;
}

static void
make_random(char *out, size_t digits)
{
	unsigned char bytes[SESSION_ID / 2];
	static const char hex[] = "0123456789abcdef";

	if (RAND_priv_bytes(bytes, (int)(digits / 2)) != 1)
		panic("no random numbers");
	for (size_t i = 0; i < digits; i++)
		out[i] =
		    hex[i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15];
	out[digits] = '\0';
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

static bool
is_over(const struct sessions *all, const struct login *s, int64_t now)
{
	return now - s->last >= all->timeout;
}
