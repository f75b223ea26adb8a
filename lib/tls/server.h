/*
 * server.h - TLS on the receiving side: bytes in, bytes out
 *
 * Nothing here reads, writes or waits. A tls_conn is fed what came from the
 * socket and leaves in a buffer what is to be sent. It has no private key:
 * when the handshake needs a signature it says TLS_WANT_KEY, tells what is
 * to be signed, and goes on when the signature was given; how OpenSSL is
 * brought to do that is in provider.c.
 *
 *	tls_store	what keyd has told: certificates, authorities, tickets
 *	tls_server	what one listener shows; made from a store, immutable
 *	tls_conn	one client
 *
 * TLS 1.2 and 1.3; ECDHE with AEAD suites only, unless older versions are
 * wished for (threats TLS-04); no renegotiation, no compression, no early
 * data. Sessions are resumed by tickets alone, which
 * open at the same listener, in the same revision of the configuration and
 * for the same demands on the client's certificate (threats TLS-06).
 */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "config/config.h"
#include "ipc/messages.h"
#include "tls/sign.h"

struct tls_store;
struct tls_server;
struct tls_conn;

/* Once per process, before the sandbox: OpenSSL reads its files. */
void tls_setup(void);

struct tls_store *tls_store_new(void);
void tls_store_free(struct tls_store **);
/* Each replaces what was told before; servers that exist do not change. A
 * certificate that cannot be read is left out, with err. */
int tls_store_certs(struct tls_store *, const struct certs *, struct err *err);
int tls_store_client_ca(struct tls_store *, struct str pem, struct err *err);
void tls_store_tickets(struct tls_store *, const struct tickets *);
/* Different after each of these: servers of an older number are outdated. */
uint64_t tls_store_generation(const struct tls_store *);

/*
 * certificate: name of the one shown to clients that ask for no name, or for
 * one that no certificate has. scope: tickets are good for servers of the
 * same scope. least: the oldest version; before TLS 1.2 there are CBC suites
 * and SHA-1 only, and both are taken then. NULL: there is no such certificate.
 */
struct tls_server *tls_server_new(const struct tls_store *,
    struct str certificate, struct str scope, enum tls_version least,
    struct err *err);
struct tls_server *tls_server_ref(struct tls_server *);
void tls_server_unref(struct tls_server **);

enum tls_verify {
	TLS_VERIFY_NO,     /* the client is not asked for a certificate */
	TLS_VERIFY_GIVEN,  /* one that is given must be valid */
	TLS_VERIFY_REQUIRE /* there must be one */
};

enum tls_result {
	TLS_OK,
	TLS_WANT_READ, /* all input was used up */
	TLS_WANT_KEY,  /* see tls_conn_request */
	TLS_CLOSED,    /* the client has ended TLS properly */
	TLS_FAILED     /* see tls_conn_reason; no more calls but free */
};

struct tls_conn *tls_conn_new(struct tls_server *, enum tls_verify);
void tls_conn_free(struct tls_conn **); /* also in the midst of anything */

/* Takes from the front of *in; appends to out what must be sent, also after
 * a failure (the alert). */
enum tls_result tls_handshake(
    struct tls_conn *, struct str *in, struct buf *out);
/* What is to be signed; valid until tls_conn_signed. */
void tls_conn_request(const struct tls_conn *, struct sign *);
/* Empty: it was refused. Then tls_handshake again. */
void tls_conn_signed(struct tls_conn *, struct str signature);

/* At most n bytes to p; *got is at least 1 with TLS_OK. */
enum tls_result tls_read(struct tls_conn *, struct str *in, char *p, size_t n,
    size_t *got, struct buf *out);
bool tls_write(struct tls_conn *, struct str, struct buf *out);
void tls_close(struct tls_conn *, struct buf *out); /* close_notify */

const char *tls_conn_reason(const struct tls_conn *);
/* After the handshake. */
const char *tls_conn_version(const struct tls_conn *); /* "TLSv1.3" */
const char *tls_conn_cipher(const struct tls_conn *);
bool tls_conn_resumed(const struct tls_conn *);
bool tls_conn_verified(const struct tls_conn *); /* a valid certificate */

#endif
