/* dkimkeys.c - the files of DKIM keys below secrets/ */
#include "admin/dkimkeys.h"

#include <errno.h>

#include "base/mem.h"
#include "config/secrets.h"
#include "tls/cert.h"
#include "tls/make.h"
#include "tls/sign.h"

#define PEM_MAX    (512 * 1024) /* as keyd takes them */
#define STRING_MAX 255          /* RFC 1035 3.3 */

static struct str tag(struct str record, const char *name);
static bool same_key(struct str a, struct str b);

int
dkimkey_make(
    const char *etc, const struct dkim_key *k, bool *made, struct err *err)
{
	struct err none = ERR_INIT;
	struct buf text;
	EVP_PKEY *key;
	int rc = 0;

	buf_init(&text, PEM_MAX);
	*made = secrets_slurp(etc, k->file, &text, &none) == -1 &&
		none.sys == ENOENT;
	if (*made) {
		key = make_dkim_key(k->algorithm);
		buf_reset(&text);
		make_key_text(key, &text);
		EVP_PKEY_free(key);
		rc = secrets_put(etc, k->file, buf_str(&text), err);
	}
	if (text.len > 0)
		explicit_bzero(text.data, text.len);
	buf_fini(&text);
	return rc;
}

int
dkimkey_record(
    const char *etc, const struct dkim_key *k, struct buf *out, struct err *err)
{
	struct err why = ERR_INIT;
	struct buf text, public;
	EVP_PKEY *key = NULL;
	bool good;

	buf_init(&text, PEM_MAX);
	buf_init(&public, PEM_MAX);
	if (secrets_slurp(etc, k->file, &text, &why) == 0)
		key = cert_read_key(buf_str(&text), &why);
	good = key != NULL && sign_dkim_ok(key, k->algorithm, &why);
	if (good) {
		make_dkim_public(key, k->algorithm, &public);
		dkim_record(k->algorithm, buf_str(&public), out);
	}
	if (text.len > 0)
		explicit_bzero(text.data, text.len);
	EVP_PKEY_free(key);
	buf_fini(&text);
	buf_fini(&public);
	if (good)
		return 0;
	return err_set(
	    err, ERR_PERM, "Key %.*s: %s", STR_ARG(k->name), why.text);
}

void
dkimkey_zone_line(
    const struct dkim_profile *p, struct str record, struct buf *out)
{
	buf_printf(out, "%.*s._domainkey.%.*s. IN TXT (", STR_ARG(p->selector),
	    STR_ARG(p->domain));
	for (size_t i = 0; i < record.n; i += STRING_MAX)
		buf_printf(
		    out, " \"%.*s\"", STR_ARG(str_sub(record, i, STRING_MAX)));
	buf_puts(out, " )\n");
}

const char *
dkimkey_compare(struct str published, struct str record)
{
	struct str version = tag(published, "v"), type = tag(published, "k");
	struct str key = tag(published, "p");

	if (version.n > 0 && !str_is(version, "DKIM1"))
		return "it is no DKIM record";
	if (!str_eq_nocase(type.n > 0 ? type : STR("rsa"), tag(record, "k")))
		return "it is of another type";
	if (key.n == 0)
		return "the key is revoked: p= is empty";
	return same_key(key, tag(record, "p")) ? NULL : "it is another key";
}

/* n 0: it is not there. */
static struct str
tag(struct str record, const char *name)
{
	while (record.n > 0) {
		struct str value = str_cut(&record, ';');
		struct str key = str_trim(str_cut(&value, '='));

		if (str_is(key, name))
			return str_trim(value);
	}
	return STR("");
}

/* Blanks do not count in base64. */
static bool
same_key(struct str a, struct str b)
{
	size_t k = 0;

	for (size_t i = 0; i < a.n; i++) {
		if (a.p[i] == ' ' || a.p[i] == '\t')
			continue;
		if (k == b.n || a.p[i] != b.p[k])
			return false;
		k++;
	}
	return k == b.n;
}
