/*
 * fuzz_tls.c - the TLS front: what a client may send instead of a handshake
 *
 * data[0] how the client's certificate is demanded; data[1] the size of the
 * pieces; data[2] what keyd answers; data[3] whether the rest is what the
 * client sends, or what is done to the bytes of an honest one: three bytes
 * each, {position, position, flip}. Nothing may crash, leak, or go on after
 * a failure.
 */
#include <stdint.h>
#include <stdlib.h>

#include "tests/unit/tls_kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tls_kit kit;
static struct tls_server *server;
static SSL_CTX *client_context;

static void
prepare(void)
{
	struct err err = ERR_INIT;

	tls_kit_open(&kit);
	X509_free(tls_kit_add(&kit, "mx", 0, "mx.example.com"));
	X509_free(tls_kit_add(&kit, "rsa", 2048, "mx.example.com"));
	tls_kit_publish(&kit);
	tls_store_client_ca(kit.store, buf_str(&kit.chains[0]), &err);
	server = tls_server_new(kit.store, STR("mx"), STR("a"), TLS_1_2, &err);
	client_context = tls_client_context();
	if (server == NULL)
		abort();
}

static void
answer(struct tls_conn *c, unsigned how)
{
	static const char garbage[1024];

	if (how % 4 == 0)
		tls_kit_sign(&kit, c);
	else
		tls_conn_signed(
		    c, (struct str){ garbage, how % 4 == 1 ? 0 : how * 4 });
}

/* Everything that has come, in pieces; true: it may go on. */
static bool
feed(struct tls_conn *c, struct str in, const uint8_t *how, bool *up,
    struct buf *out)
{
	size_t step = how[1] + 1u, n;
	char text[512];

	while (in.n > 0) {
		struct str piece = str_sub(in, 0, step), rest = piece;
		enum tls_result r;

		if (!*up) {
			r = tls_handshake(c, &rest, out);
			if (r == TLS_WANT_KEY && how[2] % 8 == 7)
				return false; /* never */
			while (r == TLS_WANT_KEY) {
				answer(c, how[2]);
				r = tls_handshake(c, &rest, out);
			}
			*up = r == TLS_OK;
		} else {
			r = tls_read(c, &rest, text, sizeof(text), &n, out);
			if (r == TLS_OK)
				tls_write(c, (struct str){ text, n }, out);
		}
		if (r == TLS_FAILED) {
			if (tls_conn_reason(c)[0] == '\0' ||
			    tls_handshake(c, &rest, out) != TLS_FAILED)
				abort();
			return false;
		}
		if (r == TLS_CLOSED)
			return false;
		in = str_sub(in, piece.n - rest.n, in.n);
		if (piece.n == rest.n && r != TLS_OK)
			abort(); /* it would wait for ever */
	}
	return true;
}

static void
honest(struct tls_conn *c, const uint8_t *how, struct str flips)
{
	struct tls_client client;
	struct buf said, out;
	bool up = false, more = true;
	size_t at = 0;

	buf_init(&said, 1 << 20);
	buf_init(&out, 1 << 22);
	tls_client_open(&client, client_context);
	for (int turn = 0; turn < 6 && more; turn++) {
		if (SSL_do_handshake(client.ssl) == 1)
			SSL_write(client.ssl, "NOOP\r\n", 6);
		buf_reset(&said);
		tls_client_said(&client, &said);
		for (size_t i = 0; i + 3 <= flips.n; i += 3) {
			size_t pos = (uint8_t)flips.p[i] * 256u +
				     (uint8_t)flips.p[i + 1];

			if (pos >= at && pos - at < said.len)
				said.data[pos - at] ^= flips.p[i + 2];
		}
		at += said.len;
		more = feed(c, buf_str(&said), how, &up, &out);
		tls_client_hears(&client, &out);
	}
	tls_close(c, &out);
	SSL_free(client.ssl);
	buf_fini(&said);
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest;
	struct tls_conn *c;
	struct buf out;
	bool up = false;

	if (size < 5)
		return 0;
	if (server == NULL)
		prepare();
	rest = (struct str){ (const char *)data + 4, size - 4 };
	c = tls_conn_new(server, data[0] % 3);
	if (data[3] % 2 == 0) {
		honest(c, data, rest);
	} else {
		buf_init(&out, 1 << 22);
		feed(c, rest, data, &up, &out);
		buf_fini(&out);
	}
	tls_conn_free(&c);
	return 0;
}
