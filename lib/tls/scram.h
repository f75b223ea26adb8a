/*
 * scram.h - SCRAM-SHA-256 (RFC 5802, RFC 7677), mostly the server's side
 *
 * Two halves, as the two programs need them. The network face holds the
 * conversation and sees neither password nor keys:
 *
 *	C: n,,n=joe,r=NONCE			scram_first
 *	S: r=NONCEours,s=SALT,i=ITERATIONS	scram_challenge
 *	C: c=biws,r=NONCEours,p=PROOF		scram_final
 *	S: v=SIGNATURE				scram_success
 *
 * Whoever keeps the keys makes them from a password (scram_derive) and judges
 * the proof (scram_judge). Channel binding is not offered; a client that
 * insists on it is refused. Names and passwords are compared as they come:
 * UTF-8 without normalisation.
 */
#ifndef TLS_SCRAM_H
#define TLS_SCRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

#define SCRAM_KEY            32 /* bytes of SHA-256 */
#define SCRAM_SALT_MAX       64
#define SCRAM_NONCE_MAX      200 /* of the client */
#define SCRAM_OUR_NONCE      24
#define SCRAM_ITERATIONS     100000 /* for new passwords */
#define SCRAM_ITERATIONS_MIN 4096   /* RFC 7677 */
#define SCRAM_ITERATIONS_MAX 10000000
#define SCRAM_ASKED_MAX      1000000 /* by a server: 0.4 s of ours */

/* --- the conversation --- */

struct scram {
	struct str user;
	struct str header;     /* of the client: "n,," */
	struct str first_bare; /* n=joe,r=NONCE */
	struct str nonce;      /* the client's; after the challenge with ours */
	struct str challenge;  /* what we said */
	/* after scram_final */
	struct str auth_message;
	struct str proof; /* SCRAM_KEY bytes */
};

/* The client's first message; texts in mem. False: not SCRAM. */
bool scram_first(struct scram *, struct str message, struct arena *mem);
/* ours: SCRAM_OUR_NONCE random printable bytes, no comma. */
struct str scram_challenge(struct scram *, struct str ours, struct str salt,
    uint32_t iterations, struct arena *mem);
/* The client's last message. False: not SCRAM, or of another exchange. */
bool scram_final(struct scram *, struct str message, struct arena *mem);
/* signature: SCRAM_KEY bytes of whoever has the keys. */
struct str scram_success(struct str signature, struct arena *mem);

/* --- ours, when we are the client --- */

struct scram_client {
	struct str user;
	struct str nonce; /* random printable bytes, no comma */
};
/* The first message. */
struct str scram_hello(const struct scram_client *, struct arena *mem);
/*
 * The last one, and what the server must say to it. False: the challenge is
 * not SCRAM, not to our nonce, or beyond the bounds above. Slow, if the server
 * wants it so; may be called from any thread.
 */
bool scram_answer(const struct scram_client *, struct str password,
    struct str challenge, struct str *answer, struct str *proof,
    struct arena *mem);

/* --- the keys --- */

struct scram_keys {
	unsigned char salt[SCRAM_SALT_MAX];
	size_t n_salt;
	uint32_t iterations;
	unsigned char stored[SCRAM_KEY], server[SCRAM_KEY];
};

/* Fills in stored and server; salt and iterations are given. Slow on
 * purpose. */
void scram_derive(struct scram_keys *, struct str password);
/* In the same time whatever they are. */
bool scram_keys_equal(const struct scram_keys *, const struct scram_keys *);
/* Is the proof that of these keys? Then the signature is ours. */
bool scram_judge(const struct scram_keys *, struct str auth_message,
    struct str proof, unsigned char signature[SCRAM_KEY]);

/* "SCRAM-SHA-256$4096:SALT$STORED:SERVER", the texts in base64: the form in
 * which PostgreSQL and others keep such keys. */
bool scram_keys_parse(struct scram_keys *, struct str text);
void scram_keys_print(const struct scram_keys *, struct buf *out);

#endif
