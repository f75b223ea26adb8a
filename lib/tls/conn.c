/*
 * conn.c - one connection: OpenSSL between two buffers
 *
 * The BIO of a connection reads from the caller's input and appends to the
 * caller's output, which are set for the time of a call. So an idle
 * connection holds neither: of a record of which only a part has come OpenSSL
 * keeps what there is.
 */
#include <openssl/async.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tls/cert.h"
#include "tls/inside.h"
#include "tls/provider.h"

#define WRITE_MAX 16384 /* one record */

struct tls_conn {
	SSL *ssl;
	struct tls_server *server; /* NULL: we are the client */
	struct tls_client *client;
	char *session_key;
	bool verify, dane;
	struct str *in;
	struct buf *out;
	struct tls_wanted *wanted; /* during the handshake */
	bool failed, done;
	char reason[200];
};

static BIO_METHOD *method;

static BIO_METHOD *make_method(void);
static int bio_read(BIO *, char *, int);
static int bio_write(BIO *, const char *, int);
static long bio_ctrl(BIO *, int cmd, long num, void *ptr);
static void begin(struct tls_conn *, struct str *in, struct buf *out);
static void end(struct tls_conn *);
static enum tls_result fail(struct tls_conn *, int why);
static const char *verify_reason(const struct tls_conn *);

struct tls_conn *
tls_conn_new(struct tls_server *server, enum tls_verify verify)
{
	static const int modes[] = {
		[TLS_VERIFY_NO] = SSL_VERIFY_NONE,
		[TLS_VERIFY_GIVEN] = SSL_VERIFY_PEER,
		[TLS_VERIFY_REQUIRE] =
		    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
	};
	SSL *ssl = SSL_new(server->ctx);
	unsigned char scope[sizeof(server->scope)];
	struct tls_conn *c;

	if (ssl == NULL)
		panic("no memory for TLS");
	c = conn_begin(ssl);
	c->server = tls_server_ref(server);
	conn_set_signing(c);
	SSL_set_verify(c->ssl, modes[verify], NULL);
	/* What was shown here proves nothing where more is demanded. */
	memcpy(scope, server->scope, sizeof(scope));
	scope[0] ^= (unsigned char)verify;
	SSL_set_session_id_context(c->ssl, scope, sizeof(scope));
	SSL_set_accept_state(c->ssl);
	return c;
}

/* A job that is paused lies on a stack of its own: it has to come to an end,
 * or the stack and all that is on it is lost. */
void
tls_conn_free(struct tls_conn **cp)
{
	struct tls_conn *c = *cp;
	struct str nothing = STR("");
	struct buf out;

	*cp = NULL;
	if (c == NULL)
		return;
	buf_init(&out, 65536);
	while (c->wanted != NULL && c->wanted->paused) {
		c->wanted->n = 0;
		tls_handshake(c, &nothing, &out);
	}
	buf_fini(&out);
	SSL_free(c->ssl);
	tls_server_unref(&c->server);
	free(c->session_key);
	free(c->wanted);
	free(c);
}

enum tls_result
tls_handshake(struct tls_conn *c, struct str *in, struct buf *out)
{
	int rc, why;

	if (c->failed)
		return TLS_FAILED;
	begin(c, in, out);
	provider_work_for(c->wanted);
	rc = SSL_do_handshake(c->ssl);
	provider_work_for(NULL);
	why = SSL_get_error(c->ssl, rc);
	end(c);
	switch (why) {
	case SSL_ERROR_NONE:
		SSL_clear_mode(c->ssl, SSL_MODE_ASYNC);
		free(c->wanted);
		c->wanted = NULL;
		c->done = true;
		return TLS_OK;
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_ASYNC:
		return TLS_WANT_KEY;
	default:
		return fail(c, why);
	}
}

void
tls_conn_request(const struct tls_conn *c, struct sign *msg)
{
	const struct tls_wanted *w = c->wanted;

	*msg = (struct sign){ .name = str_of(w->name),
		.algorithm = (uint8_t)w->algorithm,
		.digest = { w->digest, sign_digest_len(w->algorithm) } };
}

void
tls_conn_signed(struct tls_conn *c, struct str signature)
{
	struct tls_wanted *w = c->wanted;

	w->n = signature.n <= sizeof(w->signature) ? signature.n : 0;
	memcpy(w->signature, signature.p, w->n);
}

enum tls_result
tls_read(struct tls_conn *c, struct str *in, char *p, size_t n, size_t *got,
    struct buf *out)
{
	int rc, why;

	*got = 0;
	if (c->failed)
		return TLS_FAILED;
	begin(c, in, out);
	rc = SSL_read_ex(c->ssl, p, n, got);
	why = SSL_get_error(c->ssl, rc);
	end(c);
	switch (why) {
	case SSL_ERROR_NONE:
		return TLS_OK;
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_CLOSED;
	default:
		return fail(c, why);
	}
}

bool
tls_write(struct tls_conn *c, struct str s, struct buf *out)
{
	struct str nothing = STR("");
	size_t n;

	while (s.n > 0 && !c->failed) {
		size_t some = s.n < WRITE_MAX ? s.n : WRITE_MAX;
		int rc, why;

		begin(c, &nothing, out);
		rc = SSL_write_ex(c->ssl, s.p, some, &n);
		why = SSL_get_error(c->ssl, rc);
		end(c);
		if (rc == 1)
			s = str_sub(s, n, s.n);
		else
			fail(c, why);
	}
	return !c->failed && !out->failed;
}

void
tls_close(struct tls_conn *c, struct buf *out)
{
	struct str nothing = STR("");

	if (c->failed || !c->done)
		return;
	begin(c, &nothing, out);
	SSL_shutdown(c->ssl);
	end(c);
	ERR_clear_error();
}

const char *
tls_conn_reason(const struct tls_conn *c)
{
	return c->reason;
}

const char *
tls_conn_version(const struct tls_conn *c)
{
	return SSL_get_version(c->ssl);
}

const char *
tls_conn_cipher(const struct tls_conn *c)
{
	return SSL_get_cipher_name(c->ssl);
}

bool
tls_conn_resumed(const struct tls_conn *c)
{
	return SSL_session_reused(c->ssl) == 1;
}

bool
tls_conn_verified(const struct tls_conn *c)
{
	return SSL_get_verify_mode(c->ssl) != SSL_VERIFY_NONE &&
	       SSL_get0_peer_certificate(c->ssl) != NULL &&
	       SSL_get_verify_result(c->ssl) == X509_V_OK;
}

const struct tls_server *
conn_server(const SSL *ssl)
{
	const struct tls_conn *c = SSL_get_app_data(ssl);

	return c->server;
}

struct tls_conn *
conn_begin(SSL *ssl)
{
	struct tls_conn *c = mem_alloc(sizeof(*c));
	BIO *bio;

	if (method == NULL)
		method = make_method();
	bio = BIO_new(method);
	if (bio == NULL)
		panic("no memory for TLS");
	BIO_set_data(bio, c);
	BIO_set_init(bio, 1);
	c->ssl = ssl;
	SSL_set_bio(ssl, bio, bio);
	SSL_set_app_data(ssl, c);
	return c;
}

void
conn_set_client(
    struct tls_conn *c, struct tls_client *client, bool verify, char *key)
{
	c->client = client;
	c->verify = verify;
	c->session_key = key;
}

void
conn_set_signing(struct tls_conn *c)
{
	c->wanted = mem_alloc(sizeof(*c->wanted));
	SSL_set_mode(c->ssl, SSL_MODE_ASYNC);
}

struct tls_client *
conn_client(const SSL *ssl)
{
	const struct tls_conn *c = SSL_get_app_data(ssl);

	return c->client;
}

const char *
conn_session_key(const SSL *ssl)
{
	const struct tls_conn *c = SSL_get_app_data(ssl);

	return c->session_key;
}

SSL *
conn_ssl(const struct tls_conn *c)
{
	return c->ssl;
}

void
conn_set_dane(struct tls_conn *c, bool dane)
{
	c->dane = dane;
}

bool
conn_has_dane(const struct tls_conn *c)
{
	return c->dane;
}

bool
conn_is_verifying(const struct tls_conn *c)
{
	return c->verify;
}

/* --- between OpenSSL and the buffers --- */

static BIO_METHOD *
make_method(void)
{
	BIO_METHOD *m =
	    BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "buffers");

	if (m == NULL || BIO_meth_set_read(m, bio_read) != 1 ||
	    BIO_meth_set_write(m, bio_write) != 1 ||
	    BIO_meth_set_ctrl(m, bio_ctrl) != 1)
		panic("no memory for TLS");
	return m;
}

static int
bio_read(BIO *b, char *p, int n)
{
	struct tls_conn *c = BIO_get_data(b);
	size_t some = (size_t)n;

	BIO_clear_retry_flags(b);
	if (c->in == NULL || c->in->n == 0) {
		BIO_set_retry_read(b);
		return -1;
	}
	if (some > c->in->n)
		some = c->in->n;
	memcpy(p, c->in->p, some);
	*c->in = str_sub(*c->in, some, c->in->n);
	return (int)some;
}

/* A buffer that is full says so itself. */
static int
bio_write(BIO *b, const char *p, int n)
{
	struct tls_conn *c = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	if (c->out != NULL)
		buf_add(c->out, p, (size_t)n);
	return n;
}

static long
bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	(void)b, (void)num, (void)ptr;
	return cmd == BIO_CTRL_FLUSH ? 1 : 0;
}

static void
begin(struct tls_conn *c, struct str *in, struct buf *out)
{
	ERR_clear_error();
	c->in = in;
	c->out = out;
}

static void
end(struct tls_conn *c)
{
	c->in = NULL;
	c->out = NULL;
}

static enum tls_result
fail(struct tls_conn *c, int why)
{
	const char *verify = verify_reason(c);

	c->failed = true;
	if (verify != NULL)
		snprintf(c->reason, sizeof(c->reason),
		    "certificate of the client: %s", verify);
	else if (why == SSL_ERROR_SSL)
		tls_reason(c->reason, sizeof(c->reason));
	else
		snprintf(c->reason, sizeof(c->reason), "error %d", why);
	ERR_clear_error();
	return TLS_FAILED;
}

static const char *
verify_reason(const struct tls_conn *c)
{
	long result = SSL_get_verify_result(c->ssl);

	if (c->server == NULL || c->done ||
	    SSL_get_verify_mode(c->ssl) == SSL_VERIFY_NONE ||
	    result == X509_V_OK)
		return NULL;
	return X509_verify_cert_error_string(result);
}
