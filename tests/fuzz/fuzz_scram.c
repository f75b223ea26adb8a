/*
 * fuzz_scram.c - tls/scram as the client: a server's challenge, any bytes
 *
 * What is answered at all is answered as RFC 5802 wants it: the other half of
 * the module takes the answer for that of the same passphrase, and has the
 * signature that we wait for. Challenges that cost more than a few
 * milliseconds are passed over.
 */
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "tls/scram.h"

#define ITERATIONS 4200
#define PASSWORD   STR("pencil")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool is_cheap(struct str challenge);
static void check(const struct scram_client *, struct str challenge,
    struct str answer, struct str proof, struct arena *);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct scram_client us = { STR("jo,e=x"), STR("ours") };
	struct str challenge = { (const char *)data, n }, answer, proof;
	struct arena mem;

	if (n > 1000 || !is_cheap(challenge))
		return 0;
	arena_init(&mem, 65536);
	if (scram_answer(&us, PASSWORD, challenge, &answer, &proof, &mem))
		check(&us, challenge, answer, proof, &mem);
	arena_free(&mem);
	return 0;
}

/* The third value is the number, if it is SCRAM. */
static bool
is_cheap(struct str challenge)
{
	struct str number;
	uint64_t n;

	str_cut(&challenge, ',');
	str_cut(&challenge, ',');
	number = str_cut(&challenge, ',');
	return !str_u64(str_sub(number, 2, number.n), UINT64_MAX, &n) ||
	       n <= ITERATIONS;
}

static void
check(const struct scram_client *us, struct str challenge, struct str answer,
    struct str proof, struct arena *mem)
{
	struct str rest = challenge, nonce = str_cut(&rest, ','),
		   salt = str_cut(&rest, ','), number = str_cut(&rest, ',');
	unsigned char signature[SCRAM_KEY];
	struct scram_keys keys = { .n_salt = 0 };
	struct scram server;
	struct buf bytes;
	uint64_t n;

	if (!scram_first(&server, scram_hello(us, mem), mem) ||
	    !str_eq(server.user, us->user) ||
	    !str_u64(str_sub(number, 2, number.n), ITERATIONS, &n))
		abort();
	buf_init(&bytes, SCRAM_SALT_MAX);
	if (!base64_decode(str_sub(salt, 2, salt.n), &bytes) || bytes.failed ||
	    bytes.len == 0)
		abort();
	memcpy(keys.salt, bytes.data, bytes.len);
	keys.n_salt = bytes.len;
	buf_fini(&bytes);
	keys.iterations = (uint32_t)n;
	scram_derive(&keys, PASSWORD);
	server.challenge = challenge;
	server.nonce = str_sub(nonce, 2, nonce.n);
	if (!str_starts(server.nonce, us->nonce) ||
	    !scram_final(&server, answer, mem) ||
	    !scram_judge(&keys, server.auth_message, server.proof, signature) ||
	    !str_eq(
		proof, scram_success(
			   (struct str){ (char *)signature, SCRAM_KEY }, mem)))
		abort();
}
