/* hash.c - checksums and keyed hashing */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/hash.h"

#define CRC32C_POLY 0x82f63b78u /* reflected */

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint32_t crc_table[256];
static uint64_t process_key[2];

static uint32_t crc_by_table(uint32_t crc, const unsigned char *, size_t);
#if defined(__x86_64__)
static uint32_t crc_by_cpu(uint32_t crc, const unsigned char *, size_t);
#endif
static void sip_init(struct sip *, const uint64_t key[2]);
static void sip_round(struct sip *);
static uint64_t load64(const unsigned char *);

static uint32_t (*crc_run)(uint32_t, const unsigned char *, size_t);

/*
 * Before main, and so before any sandbox or thread: getrandom(2) need not be
 * allowed to programs that only hash, and nobody has to take a lock.
 */
__attribute__((constructor)) static void
hash_setup(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? CRC32C_POLY : 0);
		crc_table[i] = crc;
	}
	crc_run = crc_by_table;
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (__builtin_cpu_supports("sse4.2"))
		crc_run = crc_by_cpu;
#endif
	while (getrandom(process_key, sizeof(process_key), 0) !=
	       sizeof(process_key))
		if (errno != EINTR)
			fatal("getrandom: %s", strerror(errno));
}

uint32_t
hash_crc32c(uint32_t crc, const void *p, size_t n)
{
	return ~crc_run(~crc, p, n);
}

uint64_t
hash_sip(const void *p, size_t n)
{
	return hash_sip_key(process_key, p, n);
}

uint64_t
hash_sip_key(const uint64_t key[2], const void *p, size_t n)
{
	const unsigned char *u = p;
	struct sip s;
	uint64_t last = (uint64_t)n << 56;
	size_t left;

	sip_init(&s, key);
	for (left = n; left >= 8; left -= 8, u += 8) {
		uint64_t m = load64(u);

		s.v3 ^= m;
		sip_round(&s);
		s.v0 ^= m;
	}
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)u[i] << (8 * i);
	s.v3 ^= last;
	sip_round(&s);
	s.v0 ^= last;
	s.v2 ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

static uint32_t
crc_by_table(uint32_t crc, const unsigned char *p, size_t n)
{
	for (; n != 0; n--, p++)
		crc = crc >> 8 ^ crc_table[(crc ^ *p) & 0xff];
	return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t
crc_by_cpu(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t wide = crc;

	for (; n >= 8; n -= 8, p += 8)
		wide = __builtin_ia32_crc32di(wide, load64(p));
	crc = (uint32_t)wide;
	for (; n != 0; n--, p++)
		crc = __builtin_ia32_crc32qi(crc, *p);
	return crc;
}
#endif

static void
sip_init(struct sip *s, const uint64_t key[2])
{
	/* "somepseudorandomlygeneratedbytes", as the authors chose it */
	s->v0 = key[0] ^ 0x736f6d6570736575ull;
	s->v1 = key[1] ^ 0x646f72616e646f6dull;
	s->v2 = key[0] ^ 0x6c7967656e657261ull;
	s->v3 = key[1] ^ 0x7465646279746573ull;
}

#define ROTL(x, n) ((x) << (n) | (x) >> (64 - (n)))

static void
sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = ROTL(s->v1, 13) ^ s->v0;
	s->v0 = ROTL(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = ROTL(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = ROTL(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = ROTL(s->v1, 17) ^ s->v2;
	s->v2 = ROTL(s->v2, 32);
}

static uint64_t
load64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}
