/*
 * test_tls.c - TLS on the receiving side: handshakes in memory
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "tls_kit.h"

static struct tls_kit kit;
static X509 *certs[KIT_CERTS];

static int
make_certificates(void **state)
{
	static const struct {
		const char *name;
		unsigned rsa;
		const char *host;
	} all[] = {
		{ "mx", 0, "mx.example.com" },
		{ "mx-rsa", 2048, "mx.example.com" },
		{ "other", 0, "*.example.org" },
		{ "odd", 0, "DNS:*.*.example.net, DNS:*, IP:192.0.2.7" },
		{ "ca", 0, "ca.test" },
	};

	(void)state;
	tls_kit_open(&kit);
	for (size_t i = 0; i < NELEM(all); i++)
		certs[i] =
		    tls_kit_add(&kit, all[i].name, all[i].rsa, all[i].host);
	tls_kit_publish(&kit);
	return 0;
}

static int
forget_certificates(void **state)
{
	(void)state;
	for (size_t i = 0; i < kit.n; i++)
		X509_free(certs[i]);
	tls_kit_close(&kit);
	return 0;
}

static struct tls_server *
server(const char *certificate, const char *scope)
{
	struct err err = ERR_INIT;
	struct tls_server *s = tls_server_new(
	    kit.store, str_of(certificate), str_of(scope), TLS_1_2, &err);

	if (s == NULL)
		fail_msg("%s: %s", certificate, err.text);
	return s;
}

/* One message each way, cut into pieces of `piece` bytes. */
static void
talk(struct tls_conn *s, struct tls_client *c, size_t piece)
{
	char got[64], text[] = "EHLO client.test\r\n";
	struct buf in, out;
	size_t n, all = 0;

	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 20);
	assert_int_equal(
	    SSL_write(c->ssl, text, (int)strlen(text)), strlen(text));
	tls_client_said(c, &in);
	for (size_t at = 0; at < in.len; at += piece) {
		struct str part = str_sub(buf_str(&in), at, piece);

		if (tls_read(s, &part, got + all, sizeof(got) - all, &n,
			&out) == TLS_OK)
			all += n;
		assert_int_equal(part.n, 0);
	}
	assert_int_equal(all, strlen(text));
	assert_memory_equal(got, text, all);
	assert_true(tls_write(s, STR("250 mx\r\n"), &out));
	tls_client_hears(c, &out);
	assert_int_equal(SSL_read(c->ssl, got, sizeof(got)), 8);
	assert_memory_equal(got, "250 mx\r\n", 8);
	buf_fini(&in);
	buf_fini(&out);
}

static void
test_both_versions_and_keys(void **state)
{
	static const struct {
		const char *certificate, *client_signatures;
		int version;
		const char *cipher;
	} cases[] = {
		{ "mx", NULL, TLS1_3_VERSION, "TLS_" },
		{ "mx", NULL, TLS1_2_VERSION, "ECDHE-ECDSA-" },
		{ "mx-rsa", NULL, TLS1_3_VERSION, "TLS_" },
		{ "mx-rsa", "RSA-PSS+SHA256", TLS1_2_VERSION, "ECDHE-RSA-" },
		{ "mx-rsa", "RSA+SHA256", TLS1_2_VERSION, "ECDHE-RSA-" },
		{ "mx-rsa", "RSA+SHA512", TLS1_2_VERSION, "ECDHE-RSA-" },
		/* of two with the same name the one that the client knows */
		{ "mx", "RSA-PSS+SHA384", TLS1_3_VERSION, "TLS_" },
		{ "mx", "RSA+SHA256", TLS1_2_VERSION, "ECDHE-RSA-" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		SSL_CTX *ctx = tls_client_context();
		struct tls_server *s = server(cases[i].certificate, "a");
		struct tls_conn *c = tls_conn_new(s, TLS_VERIFY_NO);
		struct tls_client client;

		SSL_CTX_set_max_proto_version(ctx, cases[i].version);
		if (cases[i].client_signatures != NULL)
			SSL_CTX_set1_sigalgs_list(
			    ctx, cases[i].client_signatures);
		tls_client_open(&client, ctx);
		if (tls_kit_handshake(&kit, c, &client) != TLS_OK)
			fail_msg("%zu: %s", i, tls_conn_reason(c));
		assert_int_equal(SSL_version(client.ssl), cases[i].version);
		if (strstr(tls_conn_cipher(c), cases[i].cipher) == NULL)
			fail_msg("%zu: %s", i, tls_conn_cipher(c));
		assert_string_equal(tls_conn_version(c),
		    cases[i].version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2");
		talk(c, &client, 1 << 20);
		talk(c, &client, 1);
		tls_conn_free(&c);
		tls_server_unref(&s);
		SSL_free(client.ssl);
		SSL_CTX_free(ctx);
	}
}

/* Threats TLS-04 */
static void
test_tls_04_what_is_not_offered(void **state)
{
	static const struct {
		int version;
		const char *ciphers;
	} cases[] = {
		{ TLS1_VERSION, "DEFAULT@SECLEVEL=0" },
		{ TLS1_1_VERSION, "DEFAULT@SECLEVEL=0" },
		{ TLS1_2_VERSION, "AES128-GCM-SHA256" },
		{ TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256" },
		{ TLS1_2_VERSION, "ECDHE-RSA-AES256-SHA" },
		{ TLS1_2_VERSION, "aNULL@SECLEVEL=0" },
		{ TLS1_2_VERSION, "eNULL@SECLEVEL=0" },
		{ TLS1_2_VERSION, "DHE-RSA-AES256-GCM-SHA384" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		SSL_CTX *ctx = tls_client_context();
		struct tls_server *s = server("mx", "a");
		struct tls_conn *c = tls_conn_new(s, TLS_VERIFY_NO);
		struct tls_client client;

		SSL_CTX_set_min_proto_version(ctx, 0);
		SSL_CTX_set_max_proto_version(ctx, cases[i].version);
		assert_int_equal(
		    SSL_CTX_set_cipher_list(ctx, cases[i].ciphers), 1);
		tls_client_open(&client, ctx);
		if (tls_kit_handshake(&kit, c, &client) != TLS_FAILED)
			fail_msg("%s was accepted", cases[i].ciphers);
		assert_true(strlen(tls_conn_reason(c)) > 5);
		tls_conn_free(&c);
		tls_server_unref(&s);
		SSL_free(client.ssl);
		SSL_CTX_free(ctx);
	}
}

/* A listener that is lowered by name takes what old clients have, and no
 * more than that. */
static void
test_tls_04_old_versions(void **state)
{
	static const struct {
		const char *certificate;
		enum tls_version least;
		int version;
		const char *ciphers;
		const char *cipher; /* NULL: refused */
	} cases[] = {
		{ "mx", TLS_1_0, TLS1_VERSION, "ALL", "ECDHE-ECDSA-AES" },
		{ "mx", TLS_1_0, TLS1_1_VERSION, "ALL", "ECDHE-ECDSA-AES" },
		{ "mx-rsa", TLS_1_0, TLS1_VERSION, "aRSA", "ECDHE-RSA-AES" },
		{ "mx-rsa", TLS_1_1, TLS1_1_VERSION, "aRSA", "ECDHE-RSA-AES" },
		{ "mx", TLS_1_0, TLS1_2_VERSION, "ALL", "GCM-SHA" },
		{ "mx", TLS_1_0, TLS1_3_VERSION, "ALL", "TLS_" },
		{ "mx", TLS_1_1, TLS1_VERSION, "ALL", NULL },
		{ "mx", TLS_1_0, TLS1_VERSION, "aNULL:eNULL", NULL },
		{ "mx-rsa", TLS_1_0, TLS1_VERSION, "kRSA", NULL },
		{ "mx-rsa", TLS_1_0, TLS1_VERSION, "3DES:RC4", NULL },
		{ "mx", TLS_1_2, TLS1_1_VERSION, "ALL", NULL },
		{ "mx", TLS_1_3, TLS1_2_VERSION, "ALL", NULL },
		{ "mx", TLS_1_3, TLS1_3_VERSION, "ALL", "TLS_" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		SSL_CTX *ctx = tls_client_context();
		struct err err = ERR_INIT;
		struct tls_server *s =
		    tls_server_new(kit.store, str_of(cases[i].certificate),
			STR("a"), cases[i].least, &err);
		struct tls_conn *c = tls_conn_new(s, TLS_VERIFY_NO);
		struct tls_client client;
		bool ok;

		SSL_CTX_set_security_level(ctx, 0);
		SSL_CTX_set_min_proto_version(ctx, 0);
		SSL_CTX_set_max_proto_version(ctx, cases[i].version);
		SSL_CTX_set_cipher_list(ctx, cases[i].ciphers);
		tls_client_open(&client, ctx);
		ok = tls_kit_handshake(&kit, c, &client) == TLS_OK;
		if (ok != (cases[i].cipher != NULL))
			fail_msg("case %zu: %s", i, tls_conn_reason(c));
		if (ok &&
		    (SSL_version(client.ssl) != cases[i].version ||
			strstr(tls_conn_cipher(c), cases[i].cipher) == NULL))
			fail_msg("case %zu: %s", i, tls_conn_cipher(c));
		if (ok)
			talk(c, &client, 1);
		tls_conn_free(&c);
		tls_server_unref(&s);
		SSL_free(client.ssl);
		SSL_CTX_free(ctx);
	}
}

/* --- names --- */

/* Threats TLS-07, TLS-08: which certificate is shown to whom. */
static void
test_tls_07_names(void **state)
{
	static const struct {
		const char *host;
		size_t shown; /* of certs */
	} cases[] = {
		{ NULL, 0 }, { "mx.example.com", 0 }, { "MX.Example.COM", 0 },
		{ "a.example.org", 2 }, { "a.b.example.org", 0 },
		{ "example.org", 0 },
		{ "a.b.example.net", 0 }, /* two asterisks are none */
		{ "ca.test", 4 }, { "unknown.test", 0 },
		{ "../../etc/passwd", 0 }, { "*", 0 }, { "*.*.example.net", 0 },
		{ "192.0.2.7", 0 },
		{ "raw.test", 0 }, /* the common name does not count */
	};
	struct tls_server *s = server("mx", "a");
	SSL_CTX *ctx = tls_client_context();

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct tls_conn *c = tls_conn_new(s, TLS_VERIFY_NO);
		struct tls_client client;

		tls_client_open(&client, ctx);
		if (cases[i].host != NULL)
			SSL_set_tlsext_host_name(client.ssl, cases[i].host);
		assert_int_equal(tls_kit_handshake(&kit, c, &client), TLS_OK);
		if (X509_cmp(SSL_get0_peer_certificate(client.ssl),
			certs[cases[i].shown]) != 0)
			fail_msg("%s: another certificate", cases[i].host);
		tls_conn_free(&c);
		SSL_free(client.ssl);
	}
	tls_server_unref(&s);
	SSL_CTX_free(ctx);
}

static void
test_no_such_certificate(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_null(
	    tls_server_new(kit.store, STR("nobody"), STR("a"), TLS_1_2, &err));
	assert_string_equal(err.text, "certificate nobody cannot be used");
}

/* --- resumption --- */

static SSL_SESSION *kept;

static int
keep(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(kept);
	kept = session;
	return 1;
}

static bool
connects_again(struct tls_server *s, SSL_CTX *ctx, enum tls_verify verify)
{
	struct tls_conn *c = tls_conn_new(s, verify);
	struct tls_client client;
	unsigned before = kit.signatures;
	bool resumed;

	tls_client_open(&client, ctx);
	if (kept != NULL)
		SSL_set_session(client.ssl, kept);
	if (tls_kit_handshake(&kit, c, &client) != TLS_OK)
		fail_msg("%s", tls_conn_reason(c));
	talk(c, &client, 1 << 20); /* the ticket comes with it */
	resumed = tls_conn_resumed(c);
	assert_int_equal(kit.signatures - before, resumed ? 0 : 1);
	SSL_shutdown(client.ssl);
	tls_conn_free(&c);
	SSL_free(client.ssl);
	return resumed;
}

/* Threats TLS-06: at the same listener, revision, demands; not elsewhere. */
static void
test_tls_06_tickets(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	static const char fresh[33] = "a new secret of thirty-two bytes";
	struct ticket now = { { fresh, 32 } };

	(void)state;
	for (size_t i = 0; i < NELEM(versions); i++) {
		SSL_CTX *ctx = tls_client_context();
		struct tls_server *a = server("mx", "Inbound 7");
		struct tls_server *same = server("mx", "Inbound 7");
		struct tls_server *b = server("mx", "Outbound 7");
		struct tls_server *later = server("mx", "Inbound 8");

		SSL_CTX_set_max_proto_version(ctx, versions[i]);
		SSL_CTX_sess_set_new_cb(ctx, keep);
		assert_false(connects_again(a, ctx, TLS_VERIFY_NO));
		assert_non_null(kept);
		assert_true(connects_again(a, ctx, TLS_VERIFY_NO));
		assert_true(connects_again(same, ctx, TLS_VERIFY_NO));
		SSL_SESSION_up_ref(kept);
		SSL_SESSION *first = kept;
		assert_false(connects_again(b, ctx, TLS_VERIFY_NO));
		SSL_SESSION_free(kept);
		kept = first;
		SSL_SESSION_up_ref(first);
		assert_false(connects_again(later, ctx, TLS_VERIFY_NO));
		SSL_SESSION_free(kept);
		kept = first;
		assert_false(connects_again(a, ctx, TLS_VERIFY_GIVEN));
		SSL_SESSION_free(kept);
		kept = NULL;
		tls_server_unref(&a);
		tls_server_unref(&same);
		tls_server_unref(&b);
		tls_server_unref(&later);
		SSL_CTX_free(ctx);
	}
	/* made here once more: the others have their secrets of before */
	tls_store_tickets(kit.store, &(struct tickets){ { 1, &now } });
}

/* The secret before the newest still opens, and a new ticket is given. */
static void
test_tls_06_rotation(void **state)
{
	static const char s1[33] = "first secret of thirty-two bytes";
	static const char s2[33] = "other secret of thirty-two bytes";
	struct ticket one[] = { { { s1, 32 } } };
	struct ticket two[] = { { { s2, 32 } }, { { s1, 32 } } };
	struct ticket last[] = { { { s2, 32 } } };
	SSL_CTX *ctx = tls_client_context();
	struct tls_server *s;

	(void)state;
	SSL_CTX_sess_set_new_cb(ctx, keep);
	tls_store_tickets(kit.store, &(struct tickets){ { 1, one } });
	s = server("mx", "a");
	assert_false(connects_again(s, ctx, TLS_VERIFY_NO));
	tls_server_unref(&s);
	tls_store_tickets(kit.store, &(struct tickets){ { 2, two } });
	s = server("mx", "a");
	assert_true(connects_again(s, ctx, TLS_VERIFY_NO));
	tls_server_unref(&s);
	tls_store_tickets(kit.store, &(struct tickets){ { 1, last } });
	s = server("mx", "a");
	assert_true(connects_again(s, ctx, TLS_VERIFY_NO)); /* the new one */
	tls_server_unref(&s);
	tls_store_tickets(kit.store, &(struct tickets){ { 1, one } });
	s = server("mx", "a");
	assert_false(connects_again(s, ctx, TLS_VERIFY_NO));
	tls_server_unref(&s);
	SSL_SESSION_free(kept);
	kept = NULL;
	SSL_CTX_free(ctx);
}

/* --- the key is elsewhere --- */

/* The handshake to the point where a signature is wanted. */
static struct tls_conn *
paused(struct tls_server *s, struct tls_client *client, SSL_CTX *ctx)
{
	struct tls_conn *c = tls_conn_new(s, TLS_VERIFY_NO);
	struct buf in, out;
	struct str rest;

	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 20);
	tls_client_open(client, ctx);
	SSL_do_handshake(client->ssl);
	tls_client_said(client, &in);
	rest = buf_str(&in);
	assert_int_equal(tls_handshake(c, &rest, &out), TLS_WANT_KEY);
	tls_client_hears(client, &out);
	buf_fini(&in);
	buf_fini(&out);
	return c;
}

static void
test_key_says_nothing_good(void **state)
{
	static const char garbage[200] = "this is no signature";
	static const struct {
		const char *what;
		struct str signature;
		bool server_fails;
	} cases[] = {
		{ "refused", { "", 0 }, true },
		{ "garbage", { garbage, 70 }, false },
		{ "too long", { garbage, sizeof(garbage) }, true },
	};
	struct tls_server *s = server("mx", "a");
	SSL_CTX *ctx = tls_client_context();

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct tls_client client;
		struct tls_conn *c = paused(s, &client, ctx);
		struct str nothing = STR("");
		struct buf out;
		enum tls_result r;

		buf_init(&out, 1 << 20);
		tls_conn_signed(c, cases[i].signature);
		r = tls_handshake(c, &nothing, &out);
		if ((r == TLS_FAILED) != cases[i].server_fails)
			fail_msg("%s: %d", cases[i].what, r);
		/* an alert, or a handshake that the client refuses */
		tls_client_hears(&client, &out);
		assert_int_not_equal(SSL_do_handshake(client.ssl), 1);
		buf_fini(&out);
		tls_conn_free(&c);
		SSL_free(client.ssl);
	}
	tls_server_unref(&s);
	SSL_CTX_free(ctx);
}

/* Many that wait, answered in another order, some never. */
static void
test_many_wait_for_the_key(void **state)
{
	enum { MANY = 200 };
	static struct tls_conn *c[MANY];
	static struct tls_client clients[MANY];
	struct tls_server *s = server("mx", "a");
	SSL_CTX *ctx = tls_client_context();

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		c[i] = paused(s, &clients[i], ctx);
	for (size_t j = 0; j < MANY; j++) {
		size_t i = (j * 77) % MANY;
		struct str nothing = STR("");
		struct buf out;

		if (i % 3 == 0)
			continue;
		buf_init(&out, 1 << 20);
		tls_kit_sign(&kit, c[i]);
		assert_int_equal(
		    tls_handshake(c[i], &nothing, &out), TLS_WANT_READ);
		tls_client_hears(&clients[i], &out);
		assert_int_equal(
		    tls_kit_handshake(&kit, c[i], &clients[i]), TLS_OK);
		buf_fini(&out);
		talk(c[i], &clients[i], 1 << 20);
	}
	for (size_t i = 0; i < MANY; i++) {
		tls_conn_free(&c[i]);
		SSL_free(clients[i].ssl);
	}
	tls_server_unref(&s);
	SSL_CTX_free(ctx);
}

/* --- certificates of clients --- */

static void
test_client_certificates(void **state)
{
	static const struct {
		size_t shows; /* of certs; 99: none */
		enum tls_verify verify;
		bool ok, verified;
	} cases[] = {
		{ 99, TLS_VERIFY_NO, true, false },
		{ 4, TLS_VERIFY_NO, true, false },
		{ 99, TLS_VERIFY_GIVEN, true, false },
		{ 4, TLS_VERIFY_GIVEN, true, true },
		{ 0, TLS_VERIFY_GIVEN, false, false },
		{ 99, TLS_VERIFY_REQUIRE, false, false },
		{ 4, TLS_VERIFY_REQUIRE, true, true },
		{ 0, TLS_VERIFY_REQUIRE, false, false },
	};
	struct err err = ERR_INIT;
	struct tls_server *s;

	(void)state;
	assert_int_equal(
	    tls_store_client_ca(kit.store, buf_str(&kit.chains[4]), &err), 0);
	s = server("mx", "a");
	for (size_t i = 0; i < 2 * NELEM(cases); i++) {
		SSL_CTX *ctx = tls_client_context();
		struct tls_conn *c = tls_conn_new(s, cases[i / 2].verify);
		struct tls_client client;
		enum tls_result r;

		if (i % 2 == 0)
			SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
		if (cases[i / 2].shows != 99)
			SSL_CTX_use_cert_and_key(ctx, certs[cases[i / 2].shows],
			    kit.keys[cases[i / 2].shows], NULL, 1);
		tls_client_open(&client, ctx);
		r = tls_kit_handshake(&kit, c, &client);
		if ((r == TLS_OK) != cases[i / 2].ok)
			fail_msg("%zu: %d %s", i, r, tls_conn_reason(c));
		if (r == TLS_OK)
			assert_int_equal(
			    tls_conn_verified(c), cases[i / 2].verified);
		tls_conn_free(&c);
		SSL_free(client.ssl);
		SSL_CTX_free(ctx);
	}
	tls_server_unref(&s);
	tls_store_client_ca(kit.store, STR(""), &err);
}

/* --- odd input --- */

static void
test_what_is_no_tls(void **state)
{
	static const struct {
		struct str text;
		const char *reason;
	} cases[] = {
		{ STR("EHLO client.test\r\n"), "wrong version number" },
		{ STR("GET / HTTP/1.1\r\n\r\n"), "http request" },
		{ STR("\0\0\0\0\0\0\0\0\0\0\0\0"), "wrong version number" },
	};
	struct tls_server *s = server("mx", "a");

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct tls_conn *c = tls_conn_new(s, TLS_VERIFY_NO);
		struct str in = cases[i].text;
		struct buf out;

		buf_init(&out, 1 << 20);
		assert_int_equal(tls_handshake(c, &in, &out), TLS_FAILED);
		assert_string_equal(tls_conn_reason(c), cases[i].reason);
		buf_fini(&out);
		tls_conn_free(&c);
	}
	tls_server_unref(&s);
}

/* Threats TLS-10: an end that was said, and one that was not. */
static void
test_tls_10_the_end(void **state)
{
	struct tls_server *s = server("mx", "a");
	SSL_CTX *ctx = tls_client_context();
	struct tls_conn *c = tls_conn_new(s, TLS_VERIFY_NO);
	struct tls_client client;
	struct buf in, out;
	struct str rest;
	char got[16];
	size_t n;

	(void)state;
	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 20);
	tls_client_open(&client, ctx);
	assert_int_equal(tls_kit_handshake(&kit, c, &client), TLS_OK);
	rest = STR("");
	assert_int_equal(
	    tls_read(c, &rest, got, sizeof(got), &n, &out), TLS_WANT_READ);
	SSL_shutdown(client.ssl);
	tls_client_said(&client, &in);
	rest = buf_str(&in);
	assert_int_equal(
	    tls_read(c, &rest, got, sizeof(got), &n, &out), TLS_CLOSED);
	tls_close(c, &out);
	tls_client_hears(&client, &out);
	assert_int_equal(SSL_read(client.ssl, got, sizeof(got)), 0);
	assert_int_equal(SSL_get_shutdown(client.ssl) & SSL_RECEIVED_SHUTDOWN,
	    SSL_RECEIVED_SHUTDOWN);
	buf_fini(&in);
	buf_fini(&out);
	tls_conn_free(&c);
	tls_server_unref(&s);
	SSL_free(client.ssl);
	SSL_CTX_free(ctx);
}

/* A renegotiation is refused (TLS 1.2); the connection may live on. */
static void
test_tls_04_no_renegotiation(void **state)
{
	struct tls_server *s = server("mx", "a");
	SSL_CTX *ctx = tls_client_context();
	struct tls_conn *c = tls_conn_new(s, TLS_VERIFY_NO);
	struct tls_client client;
	unsigned before;

	(void)state;
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	tls_client_open(&client, ctx);
	assert_int_equal(tls_kit_handshake(&kit, c, &client), TLS_OK);
	before = kit.signatures;
	SSL_renegotiate(client.ssl);
	for (int i = 0; i < 3; i++) {
		struct buf in, out;
		struct str rest;
		char got[16];
		size_t n;

		buf_init(&in, 1 << 20);
		buf_init(&out, 1 << 20);
		SSL_do_handshake(client.ssl);
		tls_client_said(&client, &in);
		rest = buf_str(&in);
		assert_int_not_equal(
		    tls_read(c, &rest, got, sizeof(got), &n, &out), TLS_OK);
		tls_client_hears(&client, &out);
		buf_fini(&in);
		buf_fini(&out);
	}
	assert_true(
	    SSL_renegotiate_pending(client.ssl) || SSL_in_init(client.ssl));
	assert_int_equal(kit.signatures, before);
	tls_conn_free(&c);
	tls_server_unref(&s);
	SSL_free(client.ssl);
	SSL_CTX_free(ctx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_versions_and_keys),
		cmocka_unit_test(test_tls_04_what_is_not_offered),
		cmocka_unit_test(test_tls_04_old_versions),
		cmocka_unit_test(test_tls_07_names),
		cmocka_unit_test(test_no_such_certificate),
		cmocka_unit_test(test_tls_06_tickets),
		cmocka_unit_test(test_tls_06_rotation),
		cmocka_unit_test(test_key_says_nothing_good),
		cmocka_unit_test(test_many_wait_for_the_key),
		cmocka_unit_test(test_client_certificates),
		cmocka_unit_test(test_what_is_no_tls),
		cmocka_unit_test(test_tls_10_the_end),
		cmocka_unit_test(test_tls_04_no_renegotiation),
	};

	return cmocka_run_group_tests(
	    tests, make_certificates, forget_certificates);
}
