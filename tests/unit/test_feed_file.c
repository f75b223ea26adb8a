/* test_feed_file.c - outbreak rules with their signature, as they are kept */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <openssl/evp.h>

#include "base/base64.h"
#include "base/mem.h"
#include "lookup/feed_file.h"

#define JSON                                                                   \
	"{\"version\":1,\"serial\":5,\"generated\":\"2024-06-11T12:05:00Z\","  \
	"\"rules\":[]}"

/* RFC 8032 7.1, test 2: one byte, 0x72. */
#define KEY "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
#define SIGNATURE                                                              \
	"kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoI"                         \
	"WsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA=="

static void
test_signed(void **state)
{
	static const struct {
		const char *key, *text, *signature;
		bool ok;
	} rows[] = {
		{ KEY, "r", SIGNATURE, true },
		{ KEY, "r", SIGNATURE "\r\n", true },
		{ KEY, "s", SIGNATURE, false },
		{ KEY, "", SIGNATURE, false },
		{ "", "r", SIGNATURE, false },
		{ "AAAA", "r", SIGNATURE, false },
		{ "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "r",
		    SIGNATURE, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char raw[FEED_SIGNATURE];

		assert_true(feed_signature(str_of(rows[i].signature), raw));
		if (feed_is_signed(str_of(rows[i].key), str_of(rows[i].text),
			raw) != rows[i].ok)
			fail_msg("row %zu", i);
	}
}

static void
test_signature_forms(void **state)
{
	char raw[FEED_SIGNATURE], again[FEED_SIGNATURE];

	(void)state;
	assert_true(feed_signature(STR(SIGNATURE), raw));
	assert_true(feed_signature((struct str){ raw, sizeof(raw) }, again));
	assert_memory_equal(raw, again, sizeof(raw));
	assert_false(feed_signature(STR(""), raw));
	assert_false(feed_signature(STR("AAAA"), raw));
	assert_false(feed_signature((struct str){ raw, 63 }, raw));
}

static void
test_packed(void **state)
{
	static const char *const wrong[] = { "", "postern-outbreak 2\n",
		"postern-outbreak 1\n", "postern-outbreak 1\netag x\n",
		"postern-outbreak 1\netag x\nsignature AAAA\n\n{}",
		"postern-outbreak 1\nsignature " SIGNATURE "\n\n{}",
		"postern-outbreak 1\netag x\nsignature " SIGNATURE "\n{}" };
	struct feed_file f = { .etag = STR("\"a b\""), .json = STR(JSON) };
	struct feed_file g;
	struct buf out;

	(void)state;
	feed_signature(STR(SIGNATURE), f.signature);
	buf_init(&out, FEED_FILE_MAX);
	feed_pack(&f, &out);
	assert_true(feed_unpack(buf_str(&out), &g));
	assert_true(str_eq(f.etag, g.etag));
	assert_true(str_eq(f.json, g.json));
	assert_memory_equal(f.signature, g.signature, FEED_SIGNATURE);
	buf_fini(&out);
	for (size_t i = 0; i < NELEM(wrong); i++)
		if (feed_unpack(str_of(wrong[i]), &g))
			fail_msg("%s", wrong[i]);
}

/* Signed with a key made here, in base64. */
static void
sign(struct feed_file *f, struct buf *public)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char raw[32];
	size_t n = sizeof(raw), len = FEED_SIGNATURE;

	assert_int_equal(EVP_PKEY_get_raw_public_key(key, raw, &n), 1);
	base64_encode((struct str){ (char *)raw, n }, public);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, (unsigned char *)f->signature,
			     &len, (const unsigned char *)f->json.p, f->json.n),
	    1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
}

/* Every byte counts: with any one changed, nothing is loaded, or the same. */
static void
test_loaded(void **state)
{
	struct feed_file f = { .etag = STR("x"), .json = STR(JSON) };
	struct buf key, out;
	struct err err = ERR_INIT;
	struct outbreak_rules *r;
	size_t json;

	(void)state;
	buf_init(&key, 100);
	buf_init(&out, FEED_FILE_MAX);
	sign(&f, &key);
	feed_pack(&f, &out);
	json = out.len - f.json.n;
	r = feed_load(buf_str(&out), buf_str(&key), &err);
	assert_non_null(r);
	assert_int_equal(r->serial, 5);
	outbreak_free(&r);
	for (size_t i = json; i < out.len; i++) {
		out.data[i] ^= 1;
		r = feed_load(buf_str(&out), buf_str(&key), &err);
		if (r != NULL || strstr(err.text, "not signed") == NULL)
			fail_msg("byte %zu: %s", i, err.text);
		out.data[i] ^= 1;
	}
	assert_null(feed_load(STR("x"), buf_str(&key), &err));
	assert_string_equal(err.text, "this is no file of outbreak rules");
	buf_fini(&key);
	buf_fini(&out);
}

/* Whoever hands over the descriptor may be lying: no pipe is waited for, and
 * no more is read than may be there. */
static void
test_read(void **state)
{
	struct err err = ERR_INIT;
	struct buf out;
	int fd, pair[2];

	(void)state;
	buf_init(&out, FEED_READ_MAX);
	fd = memfd_create("rules", MFD_CLOEXEC);
	assert_int_equal(write(fd, "hello", 5), 5);
	assert_int_equal(feed_read(fd, &out, &err), 0);
	assert_true(str_is(buf_str(&out), "hello"));
	fd = memfd_create("rules", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fd, 64 << 20), 0);
	assert_int_equal(feed_read(fd, &out, &err), -1);
	assert_int_equal(pipe(pair), 0);
	assert_int_equal(feed_read(pair[0], &out, &err), -1);
	assert_string_equal(err.text, "the outbreak rules cannot be read");
	close(pair[1]);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_signature_forms),
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_loaded),
		cmocka_unit_test(test_read),
	};

	json_object_seed(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
