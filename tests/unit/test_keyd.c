/*
 * test_keyd.c - keyd as an oracle: what it signs, and what it does not
 *
 * The real program, with the test as its master and its smtpd (threats
 * KEY-02).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hostile_proof.h"
#include "tls/tag.h"

static struct rig *keyd;

static int
start_keyd(void **state)
{
	(void)state;
	keyd = rig_start(PROGRAM_KEYD);
	return rig_works(keyd) ? 0 : -1;
}

static int
stop_keyd(void **state)
{
	(void)state;
	rig_stop(keyd);
	return 0;
}

/* Bytes of the signature; 0: refused. */
static size_t
ask(int fd, const char *name, unsigned algorithm, size_t digest_len)
{
	static const char bytes[64] = "sixty-four bytes are the longest one";
	struct sign sign = { .name = str_of(name),
		.algorithm = (uint8_t)algorithm,
		.digest = { bytes, digest_len } };
	struct signed_msg done;
	struct heard h;

	assert_true(rig_say(fd, IPC_SIGN, 7, &sign, NULL, 0));
	assert_true(rig_expect(fd, &h, IPC_SIGNED, &done, NULL));
	assert_int_equal(h.f.txn, 7);
	return done.signature.n;
}

static void
test_key_02_what_is_signed(void **state)
{
	static const struct {
		const char *name;
		unsigned algorithm;
		size_t n;
		bool signs;
	} cases[] = {
		{ "mx", SIGN_ECDSA_SHA256, 32, true },
		{ "mx", SIGN_ECDSA_SHA384, 48, true },
		{ "mx", SIGN_ECDSA_SHA512, 64, true },
		{ "mx", SIGN_ECDSA_SHA256, 31, false },
		{ "mx", SIGN_ECDSA_SHA256, 33, false },
		{ "mx", SIGN_ECDSA_SHA256, 0, false },
		{ "mx", SIGN_ECDSA_SHA512, 32, false },
		{ "mx", SIGN_PSS_SHA256, 32, false }, /* it is no RSA key */
		{ "mx", SIGN_PKCS1_SHA256, 32, false },
		/* threats TLS-04: no listener takes so old clients */
		{ "mx", SIGN_ECDSA_SHA1, 20, false },
		{ "mx", SIGN_PKCS1_MD5_SHA1, 36, false },
		{ "mx", SIGN_NONE, 0, false },
		{ "mx", SIGN_N, 32, false },
		{ "mx", 15, 64, false },
		{ "nobody", SIGN_ECDSA_SHA256, 32, false },
		{ "", SIGN_ECDSA_SHA256, 32, false },
		{ "../mx", SIGN_ECDSA_SHA256, 32, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		bool signs = ask(keyd->peers[PROGRAM_SMTPD], cases[i].name,
				 cases[i].algorithm, cases[i].n) > 0;

		if (signs != cases[i].signs)
			fail_msg("%s, %u, %zu bytes", cases[i].name,
			    cases[i].algorithm, cases[i].n);
	}
	assert_true(rig_lives(keyd));
}

/* What an smtp hears of outgoing profiles, and of nothing else. */
static void
test_out_08_logins(void **state)
{
	static const struct {
		const char *profile;
		enum login_mechanism mechanism;
		const char *challenge;
		bool ok;
		struct str first;
		const char *second;
	} cases[] = {
		{ "smart", LOGIN_PLAIN, "", true, { "\0joe\0pencil", 11 }, "" },
		{ "smart", LOGIN_LOGIN, "", true, { "joe", 3 }, "pencil" },
		{ "smart", LOGIN_SCRAM, "", true, { "n,,n=joe,r=ours", 15 },
		    "" },
		{ "smart", LOGIN_SCRAM, "r=yours,s=c2FsdHNhbHQ=,i=4096", false,
		    { "", 0 }, "" },
		{ "smart", LOGIN_NONE, "", false, { "", 0 }, "" },
		{ "house", LOGIN_PLAIN, "", false, { "", 0 }, "" },
		{ "lost", LOGIN_PLAIN, "", false, { "", 0 }, "" },
		{ "nobody", LOGIN_PLAIN, "", false, { "", 0 }, "" },
		{ "mx", LOGIN_PLAIN, "", false, { "", 0 }, "" },
	};
	struct login_done done;
	struct heard h;
	struct buf text;
	int fd;

	(void)state;
	buf_init(&text, 100);
	buf_puts(&text, "pencil\r\nwhat else stands there\n");
	assert_true(proof_secret(keyd, "smart.secret", &text));
	buf_fini(&text);
	fd = rig_peer(keyd, PROGRAM_SMTP, 0);
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct login_msg ask = { .profile = str_of(cases[i].profile),
			.mechanism = (uint8_t)cases[i].mechanism,
			.nonce = STR("ours"),
			.challenge = str_of(cases[i].challenge) };

		assert_true(rig_say(fd, IPC_LOGIN, 9, &ask, NULL, 0));
		assert_true(rig_expect(fd, &h, IPC_LOGIN_DONE, &done, NULL));
		if ((done.error.n == 0) != cases[i].ok ||
		    !str_eq(done.first, cases[i].first) ||
		    !str_is(done.second, cases[i].second))
			fail_msg("%s, %d: %.*s", cases[i].profile,
			    (int)cases[i].mechanism, STR_ARG(done.error));
	}
	close(fd);
	assert_true(rig_lives(keyd));
}

/* Puts a new key there. */
static void
give_dkim_key(const char *file, enum dkim_algorithm a)
{
	EVP_PKEY *key = make_dkim_key(a);
	struct buf text;

	buf_init(&text, 65536);
	make_key_text(key, &text);
	assert_true(proof_secret(keyd, file, &text));
	buf_fini(&text);
	EVP_PKEY_free(key);
}

/* Keys of DKIM sign digests of mail, for smtp, and nothing signs in another
 * one's place. */
static void
test_key_02_dkim(void **state)
{
	static const char digest[64] = "sixty-four bytes are the longest one";
	static const struct {
		const char *key;
		enum dkim_algorithm algorithm;
		size_t digest, signature;
	} cases[] = {
		{ "rsa", DKIM_RSA, 32, 256 },
		{ "ed", DKIM_ED25519, 32, 64 },
		{ "rsa", DKIM_RSA, 31, 0 },
		{ "rsa", DKIM_RSA, 0, 0 },
		{ "rsa", DKIM_ED25519, 32, 0 },
		{ "ed", DKIM_RSA, 32, 0 },
		{ "none", DKIM_RSA, 32, 0 },  /* it has no file */
		{ "wrong", DKIM_RSA, 32, 0 }, /* the file has another type */
		{ "mx", DKIM_RSA, 32, 0 },    /* a key of TLS */
		{ "nobody", DKIM_RSA, 32, 0 },
		{ "", DKIM_RSA, 32, 0 },
	};
	struct signed_msg done;
	struct heard h;
	int fd;

	(void)state;
	give_dkim_key("rsa.dkim", DKIM_RSA);
	give_dkim_key("ed.dkim", DKIM_ED25519);
	give_dkim_key("wrong.dkim", DKIM_ED25519);
	fd = rig_peer(keyd, PROGRAM_SMTP, 0);
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct dkim_sign msg = { .key = str_of(cases[i].key),
			.algorithm = (uint8_t)cases[i].algorithm,
			.digest = { digest, cases[i].digest } };

		assert_true(rig_say(fd, IPC_DKIM_SIGN, 9, &msg, NULL, 0));
		assert_true(rig_expect(fd, &h, IPC_SIGNED, &done, NULL));
		if (done.signature.n != cases[i].signature)
			fail_msg("%s, %zu bytes: %zu", cases[i].key,
			    cases[i].digest, done.signature.n);
	}
	/* nor do they sign handshakes */
	assert_int_equal(
	    ask(keyd->peers[PROGRAM_SMTPD], "rsa", SIGN_PKCS1_SHA256, 32), 0);
	close(fd);
	assert_true(rig_lives(keyd));
}

/* An smtp shows the certificate that delivery.certificate names, webd that of
 * web.certificate; here none. */
static void
one_certificate(enum program_kind kind)
{
	int fd = rig_peer(keyd, kind, 0);
	struct certs certs;
	struct arena mem;
	struct heard h;

	arena_init(&mem, IPC_FRAME_MAX);
	assert_true(rig_expect(fd, &h, IPC_CERTS, &certs, &mem));
	assert_int_equal(certs.certs.n, 0);
	arena_free(&mem);
	assert_int_equal(ask(fd, "mx", SIGN_ECDSA_SHA256, 32), 0);
	assert_int_equal(ask(fd, "", SIGN_ECDSA_SHA256, 32), 0);
	close(fd);
	assert_true(rig_lives(keyd));
}

static void
test_key_02_what_smtp_and_webd_may_sign(void **state)
{
	(void)state;
	one_certificate(PROGRAM_SMTP);
	one_certificate(PROGRAM_WEBD);
}

/* Only smtpd, smtp and webd may ask; others are cut off. */
static void
test_key_02_who_may_ask(void **state)
{
	struct sign sign = { .name = STR("mx"),
		.algorithm = SIGN_ECDSA_SHA256,
		.digest = STR("a digest of thirty-two bytes ...") };

	(void)state;
	for (int k = PROGRAM_RECORDER; k < PROGRAM_N; k++) {
		int fd;

		if (k == PROGRAM_SMTPD || k == PROGRAM_SMTP ||
		    k == PROGRAM_WEBD)
			continue;
		fd = rig_peer(keyd, k, 0);
		rig_say(fd, IPC_SIGN, 7, &sign, NULL, 0);
		if (!rig_ended(fd, PATIENCE_MS))
			fail_msg("%s was heard", program_name(k));
		close(fd);
	}
	assert_true(rig_works(keyd));
}

/* 2,000 a second of each peer; others go on. */
static void
test_key_02_how_often(void **state)
{
	int fd = rig_peer(keyd, PROGRAM_SMTPD, 1);
	struct certs certs;
	struct arena mem;
	struct heard h;
	unsigned refused = 0;
	int64_t until = clock_mono_ms() + 20000;

	(void)state;
	arena_init(&mem, IPC_FRAME_MAX);
	assert_true(rig_expect(fd, &h, IPC_CERTS, &certs, &mem));
	arena_free(&mem);
	while (refused == 0 && clock_mono_ms() < until) {
		unsigned n = 0;

		for (unsigned i = 0; i < 4000; i++) {
			struct sign sign = { .name = STR("mx"),
				.algorithm = SIGN_ECDSA_SHA256,
				.digest =
				    STR("a digest of thirty-two bytes ...") };

			assert_true(rig_say(fd, IPC_SIGN, i, &sign, NULL, 0));
			for (; n + 100 < i; n++) {
				struct signed_msg done;

				assert_true(rig_expect(
				    fd, &h, IPC_SIGNED, &done, NULL));
				refused += done.signature.n == 0;
			}
		}
		for (; n < 4000; n++) {
			struct signed_msg done;

			assert_true(
			    rig_expect(fd, &h, IPC_SIGNED, &done, NULL));
			refused += done.signature.n == 0;
		}
	}
	assert_true(refused > 0);
	assert_true(
	    ask(keyd->peers[PROGRAM_SMTPD], "mx", SIGN_ECDSA_SHA256, 32) > 0);
	close(fd);
}

/* KEY-01: what smtpd is told is no secret. */
static void
test_key_01_what_is_told(void **state)
{
	int fd = rig_peer(keyd, PROGRAM_SMTPD, 2);
	struct tickets tickets;
	struct certs certs;
	struct arena mem;
	struct heard h;
	struct cert *c;

	(void)state;
	arena_init(&mem, IPC_FRAME_MAX);
	assert_true(rig_expect(fd, &h, IPC_TICKETS, &tickets, &mem));
	assert_int_equal(tickets.tickets.n, 2);
	assert_true(rig_expect(fd, &h, IPC_CERTS, &certs, &mem));
	assert_int_equal(certs.certs.n, 1);
	c = certs.certs.v;
	assert_true(str_is(c->name, "mx"));
	assert_null(memmem(c->chain.p, c->chain.n, "PRIVATE", 7));
	assert_non_null(memmem(c->chain.p, c->chain.n, "CERTIFICATE", 11));
	arena_free(&mem);
	close(fd);
}

/* Chain and key in one file: the key stays behind. */
static void
test_key_01_one_file_for_both(void **state)
{
	struct rig *r = rig_start(PROGRAM_KEYD);
	struct str name = STR("mx.test");
	EVP_PKEY *key = make_key();
	X509 *x = make_selfsigned(key, &name, 1, 90, NULL);
	STACK_OF(X509) *all = sk_X509_new_null();
	struct certs certs;
	struct arena mem;
	struct heard h;
	struct buf text;
	int fd;

	(void)state;
	sk_X509_push(all, x);
	buf_init(&text, 65536);
	make_key_text(key, &text);
	cert_write(all, &text);
	assert_true(proof_secret(r, "mx.crt", &text) &&
		    proof_secret(r, "mx.key", &text));
	fd = rig_peer(r, PROGRAM_SMTPD, 1);
	arena_init(&mem, IPC_FRAME_MAX);
	assert_true(rig_expect(fd, &h, IPC_CERTS, &certs, &mem));
	assert_int_equal(certs.certs.n, 1);
	assert_null(memmem(h.f.body.p, h.f.body.n, "PRIVATE", 7));
	assert_true(ask(fd, "mx", SIGN_ECDSA_SHA256, 32) > 0);
	arena_free(&mem);
	buf_fini(&text);
	cert_free(&all);
	EVP_PKEY_free(key);
	close(fd);
	rig_stop(r);
}

static unsigned
judge(int fd, const char *addr)
{
	struct judge_tag msg = { .addr = str_of(addr) };
	struct tag_judged done;
	struct heard h;

	assert_true(rig_say(fd, IPC_JUDGE_TAG, 9, &msg, NULL, 0));
	assert_true(rig_expect(fd, &h, IPC_TAG_JUDGED, &done, NULL));
	assert_int_equal(h.f.txn, 9);
	return done.verdict;
}

/* qmgr hears the key of a day, which is not the key; smtpd hears verdicts. */
static void
test_key_01_bounce_tags(void **state)
{
	struct rig *r = rig_start(PROGRAM_KEYD);
	int qmgr = rig_peer(r, PROGRAM_QMGR, 0);
	int smtpd = rig_peer(r, PROGRAM_SMTPD, 1);
	struct tag_key_msg m;
	unsigned char day_key[TAG_DAY_KEY];
	struct arena mem;
	struct heard h;
	struct buf text;
	struct str tagged;

	(void)state;
	arena_init(&mem, 1 << 16);
	assert_true(rig_expect(qmgr, &h, IPC_TAG_KEY, &m, NULL));
	assert_int_equal(m.key.n, 0);
	assert_int_equal(judge(smtpd, "joe@example.com"), BOUNCE_NO_KEYS);
	buf_init(&text, 1000);
	buf_puts(&text, "2026-11-01T00:00:00Z - a secret\n");
	assert_true(proof_secret(r, "bounce.keys", &text));
	assert_true(rig_expect(qmgr, &h, IPC_TAG_KEY, &m, NULL));
	assert_int_equal(m.key.n, TAG_DAY_KEY);
	assert_null(memmem(h.f.body.p, h.f.body.n, "secret", 6));
	tag_day_key(STR("a secret"), m.day, day_key);
	assert_memory_equal(m.key.p, day_key, TAG_DAY_KEY);
	tagged = tag_address(day_key, m.day, STR("joe@example.com"), &mem);
	assert_int_equal(judge(smtpd, tagged.p), BOUNCE_TAG_GOOD);
	assert_int_equal(judge(smtpd, "joe@example.com"), BOUNCE_NO_TAG);
	assert_int_equal(
	    judge(smtpd, "prvs=joe=1230000000@example.com"), BOUNCE_TAG_WRONG);
	buf_fini(&text);
	arena_free(&mem);
	close(qmgr);
	close(smtpd);
	rig_stop(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_02_what_is_signed),
		cmocka_unit_test(test_key_02_dkim),
		cmocka_unit_test(test_out_08_logins),
		cmocka_unit_test(test_key_02_what_smtp_and_webd_may_sign),
		cmocka_unit_test(test_key_02_who_may_ask),
		cmocka_unit_test(test_key_02_how_often),
		cmocka_unit_test(test_key_01_what_is_told),
		cmocka_unit_test(test_key_01_one_file_for_both),
		cmocka_unit_test(test_key_01_bounce_tags),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, start_keyd, stop_keyd);
}
