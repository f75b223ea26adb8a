/* feed_file.c - a set of outbreak rules with its signature, as it is kept */
#include "lookup/feed_file.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"

#define MAGIC "postern-outbreak 1"
#define PIECE ((size_t)65536)

static bool value_of(struct str *text, struct str key, struct str *value);

void
feed_pack(const struct feed_file *f, struct buf *out)
{
	buf_puts(out, MAGIC "\netag ");
	buf_add_str(out, f->etag);
	buf_puts(out, "\nsignature ");
	base64_encode((struct str){ f->signature, FEED_SIGNATURE }, out);
	buf_puts(out, "\n\n");
	buf_add_str(out, f->json);
}

bool
feed_unpack(struct str text, struct feed_file *f)
{
	struct str signature;

	if (!str_is(str_cut(&text, '\n'), MAGIC) ||
	    !value_of(&text, STR("etag "), &f->etag) ||
	    !value_of(&text, STR("signature "), &signature) ||
	    str_cut(&text, '\n').n > 0)
		return false;
	f->json = text;
	return feed_signature(signature, f->signature);
}

static bool
value_of(struct str *text, struct str key, struct str *value)
{
	struct str line = str_cut(text, '\n');

	*value = str_sub(line, key.n, line.n);
	return str_starts(line, key);
}

bool
feed_signature(struct str text, char signature[FEED_SIGNATURE])
{
	struct buf raw;
	bool ok;

	if (text.n == FEED_SIGNATURE) {
		memcpy(signature, text.p, FEED_SIGNATURE);
		return true;
	}
	buf_init(&raw, 2 * FEED_SIGNATURE);
	ok = base64_decode(str_trim(text), &raw) && raw.len == FEED_SIGNATURE;
	if (ok)
		memcpy(signature, raw.data, FEED_SIGNATURE);
	buf_fini(&raw);
	return ok;
}

bool
feed_is_signed(struct str public_key, struct str json,
    const char signature[FEED_SIGNATURE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = NULL;
	struct buf raw;
	bool ok;

	buf_init(&raw, 1024);
	if (base64_decode(public_key, &raw))
		key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
		    (const unsigned char *)raw.data, raw.len);
	ok = key != NULL && ctx != NULL &&
	     EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	     EVP_DigestVerify(ctx, (const unsigned char *)signature,
		 FEED_SIGNATURE, (const unsigned char *)json.p, json.n) == 1;
	EVP_PKEY_free(key);
	EVP_MD_CTX_free(ctx);
	buf_fini(&raw);
	return ok;
}

struct outbreak_rules *
feed_load(struct str text, struct str public_key, struct err *err)
{
	struct feed_file f;

	if (!feed_unpack(text, &f)) {
		err_set(err, ERR_PERM, "this is no file of outbreak rules");
		return NULL;
	}
	if (!feed_is_signed(public_key, f.json, f.signature)) {
		err_set(err, ERR_PERM,
		    "the outbreak rules are not signed by the key that is "
		    "configured");
		return NULL;
	}
	return outbreak_parse(f.json, err);
}

int
feed_read(int fd, struct buf *out, struct err *err)
{
	struct stat st;
	ssize_t n = -1;
	char *room;

	buf_reset(out);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		while ((room = buf_room(out, PIECE)) != NULL &&
		       (n = pread(fd, room, PIECE, (off_t)out->len)) > 0)
			buf_grew(out, (size_t)n);
	close(fd);
	if (n == 0)
		return 0;
	return err_set(err, ERR_TEMP, "the outbreak rules cannot be read");
}
