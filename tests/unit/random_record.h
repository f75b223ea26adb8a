/*
 * random_record.h - records full of random values, for tests
 *
 * Deterministic: the same seed gives the same values on every machine.
 */
#ifndef TESTS_RANDOM_RECORD_H
#define TESTS_RANDOM_RECORD_H

#include <string.h>

#include "base/codec.h"

static inline uint64_t
rnd(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Small and great ones, and the greatest that is allowed. */
static inline uint64_t
rnd_number(uint64_t *seed, uint64_t max)
{
	uint64_t v = rnd(seed) >> rnd(seed) % 64;

	if (rnd(seed) % 8 == 0)
		return max;
	return max == UINT64_MAX ? v : v % (max + 1);
}

static inline struct str
rnd_text(uint64_t *seed, uint64_t max, struct arena *mem)
{
	size_t n = rnd(seed) % 40;
	char *p;

	if (max == 0)
		max = 10000;
	if (rnd(seed) % 16 == 0)
		n = max;
	if (n > max)
		n = max;
	p = arena_alloc(mem, n + 1);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(rnd(seed) >> rnd(seed) % 8);
	return (struct str){ p, n };
}

static void rnd_record(
    uint64_t *, const struct codec *, void *, struct arena *);

static inline void
rnd_field(
    uint64_t *seed, const struct codec_field *f, void *p, struct arena *mem)
{
	static const uint64_t limits[] = { UINT8_MAX, UINT16_MAX, UINT32_MAX,
		UINT64_MAX };
	struct codec_list *list = p;
	uint64_t v, max;

	if (f->type == CODEC_STR) {
		*(struct str *)p = rnd_text(seed, f->max, mem);
	} else if (f->type == CODEC_IP) {
		for (size_t i = 0; i < sizeof(struct ip); i++)
			((struct ip *)p)->b[i] = (uint8_t)rnd(seed);
	} else if (f->type == CODEC_LIST) {
		list->n = rnd(seed) % 4;
		list->v = arena_array(mem, list->n + 1, f->sub->size);
		for (size_t i = 0; i < list->n; i++)
			rnd_record(seed, f->sub,
			    (char *)list->v + i * f->sub->size, mem);
	} else if (f->type == CODEC_I64) {
		v = rnd_number(seed, UINT64_MAX);
		memcpy(p, &v, sizeof(v));
	} else {
		max = f->max != 0 ? f->max : limits[f->type];
		v = rnd_number(seed, max);
		/* Little-endian machines only: so is the wire. */
		memcpy(p, &v, (size_t)1 << f->type);
	}
}

/* Fills *s; what it points at lies in mem. */
static inline void
rnd_record(uint64_t *seed, const struct codec *c, void *s, struct arena *mem)
{
	memset(s, 0, c->size);
	for (size_t i = 0; i < c->n; i++)
		rnd_field(
		    seed, &c->fields[i], (char *)s + c->fields[i].off, mem);
}

#endif
