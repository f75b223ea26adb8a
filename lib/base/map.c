/* map.c - hash table from bytes to pointers */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

#define SLOTS_FIRST 16 /* a power of two, as all sizes are */
#define KEY_MAX     65536

struct map_slot {
	struct map_slot *next;
	void *value;
	uint64_t hash;
	size_t n;
	char key[]; /* NUL-ended, so that walkers may print it */
};

static struct map_slot **find(const struct map *, struct str key, uint64_t h);
static void grow(struct map *);
static struct str key_of(const uint64_t *key);

void
map_init(struct map *m)
{
	*m = (struct map){ 0 };
}

void
map_fini(struct map *m, void (*free_value)(void *))
{
	struct map_slot *s, *next;

	for (size_t i = 0; i < m->n_slots; i++)
		for (s = m->slots[i]; s != NULL; s = next) {
			next = s->next;
			if (free_value != NULL)
				free_value(s->value);
			free(s);
		}
	free(m->slots);
	map_init(m);
}

void *
map_get(const struct map *m, struct str key)
{
	struct map_slot *s;

	if (m->n == 0)
		return NULL;
	s = *find(m, key, hash_sip(key.p, key.n));
	return s != NULL ? s->value : NULL;
}

void *
map_put(struct map *m, struct str key, void *value)
{
	uint64_t h = hash_sip(key.p, key.n);
	struct map_slot **at, *s;
	void *old;

	if (key.n > KEY_MAX)
		panic("map: key of %zu bytes", key.n);
	if (m->n >= m->n_slots)
		grow(m);
	at = find(m, key, h);
	if (*at != NULL) {
		old = (*at)->value;
		(*at)->value = value;
		return old;
	}
	s = mem_grow(NULL, sizeof(*s) + key.n + 1);
	*s = (struct map_slot){ NULL, value, h, key.n };
	if (key.n != 0)
		memcpy(s->key, key.p, key.n);
	s->key[key.n] = '\0';
	*at = s;
	m->n++;
	return NULL;
}

void *
map_remove(struct map *m, struct str key)
{
	struct map_slot **at, *s;
	void *value;

	if (m->n == 0)
		return NULL;
	at = find(m, key, hash_sip(key.p, key.n));
	if ((s = *at) == NULL)
		return NULL;
	value = s->value;
	*at = s->next;
	free(s);
	m->n--;
	return value;
}

void *
map_get_u64(const struct map *m, uint64_t key)
{
	return map_get(m, key_of(&key));
}

void *
map_put_u64(struct map *m, uint64_t key, void *value)
{
	return map_put(m, key_of(&key), value);
}

void *
map_remove_u64(struct map *m, uint64_t key)
{
	return map_remove(m, key_of(&key));
}

bool
map_next(const struct map *m, struct map_iter *it)
{
	struct map_slot *s = it->slot != NULL ? it->slot->next : NULL;

	while (s == NULL && it->bucket < m->n_slots)
		s = m->slots[it->bucket++];
	it->slot = s;
	if (s == NULL)
		return false;
	it->key = (struct str){ s->key, s->n };
	it->value = s->value;
	return true;
}

/* Where the slot of key hangs, or would: *result is NULL then. */
static struct map_slot **
find(const struct map *m, struct str key, uint64_t h)
{
	struct map_slot **at = &m->slots[h & (m->n_slots - 1)];

	for (; *at != NULL; at = &(*at)->next)
		if ((*at)->hash == h && (*at)->n == key.n &&
		    (key.n == 0 || memcmp((*at)->key, key.p, key.n) == 0))
			break;
	return at;
}

static void
grow(struct map *m)
{
	size_t n = m->n_slots != 0 ? m->n_slots * 2 : SLOTS_FIRST;
	struct map_slot **slots = mem_array(n, sizeof(struct map_slot *));

	for (size_t i = 0; i < m->n_slots; i++)
		for (struct map_slot *s = m->slots[i], *next; s != NULL;
		     s = next) {
			struct map_slot **to = &slots[s->hash & (n - 1)];

			next = s->next;
			s->next = *to;
			*to = s;
		}
	free(m->slots);
	m->slots = slots;
	m->n_slots = n;
}

static struct str
key_of(const uint64_t *key)
{
	return (struct str){ (const char *)key, sizeof(*key) };
}
