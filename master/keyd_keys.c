/* keyd_keys.c - the files below secrets/ and what they are good for */
#include "master/keyd_keys.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "event/alert.h"
#include "tls/cert.h"

#define HEAP_SIZE   (4 * 1024 * 1024) /* locked; a power of two */
#define HEAP_MIN    32
#define CERTS_MAX   100
#define CERTS_TOTAL (900 * 1024) /* must fit one frame */
#define WARN_DAYS   14
#define DAY_MS      INT64_C(86400000)
#define CHAIN_MAX   65536
#define PERSONAL    (S_IRWXG | S_IRWXO) /* rights that keys must not have */

struct file {
	struct file *next;
	struct str name; /* heap */
	char *text;      /* locked memory; NULL: error says why */
	size_t n;
	mode_t mode;
	char error[200];
};

struct pair {
	struct str name, chain_file, key_file; /* of the configuration */
	struct buf chain;                      /* PEM, only certificates */
	EVP_PKEY *key;                         /* NULL: not in use */
	int64_t expires;
	char told[480]; /* the last complaint */
};

struct keys {
	struct config *config; /* owns the names in pairs */
	struct file *files;
	struct pair *pairs;
	size_t n_pairs;
	struct buf ca;
	char ca_told[480];
};

static struct file *find_file(const struct keys *, struct str name);
static int read_file(struct file *, int fd, struct err *err);
static void clear_file(struct file *);
static bool wanted(const struct config *, struct str name);
static struct pair *find_pair(const struct keys *, struct str name);
static void keep_pair(struct pair *to, struct pair *from);
static bool refresh_pair(struct keys *, struct pair *, struct err *err);
static int load_pair(const struct keys *, const struct pair *,
    STACK_OF(X509) **, EVP_PKEY **, struct err *err);
static int chain_text(
    const struct keys *, struct str name, struct str *text, struct err *err);
static bool refresh_ca(struct keys *, struct err *err);
static void complain_about(const struct pair *, struct err *err);

struct keys *
keys_new(void)
{
	struct keys *k = mem_alloc(sizeof(*k));

	/* 2: it could not be locked, because of a limit; it is all the same
	 * never dumped and guarded at its ends. */
	if (CRYPTO_secure_malloc_init(HEAP_SIZE, HEAP_MIN) == 0)
		panic("no memory for keys");
	buf_init(&k->ca, CLIENT_CA_MAX);
	return k;
}

void
keys_config(struct keys *k, const struct config *c)
{
	struct keys old = *k;

	k->config = config_ref((struct config *)c);
	k->n_pairs = c->n_certificates;
	k->pairs = mem_array(k->n_pairs + 1, sizeof(*k->pairs));
	for (size_t i = 0; i < k->n_pairs; i++) {
		const struct certificate *cert = &c->certificates[i];
		struct pair *was = find_pair(&old, cert->name);

		k->pairs[i] = (struct pair){ .name = cert->name,
			.chain_file = cert->chain_file,
			.key_file = cert->key_file };
		buf_init(&k->pairs[i].chain, CHAIN_MAX);
		if (was != NULL)
			keep_pair(&k->pairs[i], was);
	}
	for (size_t i = 0; i < old.n_pairs; i++) {
		EVP_PKEY_free(old.pairs[i].key);
		buf_fini(&old.pairs[i].chain);
	}
	free(old.pairs);
	for (struct file **at = &k->files, *f; (f = *at) != NULL;) {
		if (wanted(c, f->name)) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		clear_file(f);
		free((char *)f->name.p);
		free(f);
	}
	config_unref(&old.config);
}

void
keys_file(struct keys *k, struct str name, int fd, struct str error)
{
	struct file *f = find_file(k, name);
	struct err err = ERR_INIT;

	if (f == NULL) {
		f = mem_alloc(sizeof(*f));
		f->name = (struct str){ mem_strndup(name.p, name.n), name.n };
		f->next = k->files;
		k->files = f;
	}
	clear_file(f);
	if (fd == -1)
		err_set(&err, ERR_USAGE, "%.*s", STR_ARG(error));
	else if (read_file(f, fd, &err) == -1)
		clear_file(f);
	if (fd != -1)
		close(fd);
	str_copy(f->error, sizeof(f->error), str_of(err.text));
}

bool
keys_text(
    const struct keys *k, struct str name, struct str *text, struct err *err)
{
	struct file *f = find_file(k, name);

	if (chain_text(k, name, text, err) == -1)
		return false;
	if ((f->mode & PERSONAL) == 0)
		return true;
	err_set(err, ERR_USAGE,
	    "secrets/%.*s: its mode %04o lets others use it; make it 0600",
	    STR_ARG(name), (unsigned)f->mode);
	return false;
}

bool
keys_refresh(struct keys *k, bool complain, bool *broken)
{
	struct err err = ERR_INIT;
	bool changed;

	*broken = false;
	changed = refresh_ca(k, &err);
	if (err.kind != ERR_NONE) {
		*broken = true;
		if (complain && strcmp(k->ca_told, err.text) != 0)
			alert_raise(
			    ALERT_CERTIFICATE, STR(""), str_of(err.text));
		if (complain)
			str_copy(
			    k->ca_told, sizeof(k->ca_told), str_of(err.text));
	} else {
		k->ca_told[0] = '\0';
	}
	for (size_t i = 0; i < k->n_pairs; i++) {
		struct pair *p = &k->pairs[i];

		err = (struct err)ERR_INIT;
		if (refresh_pair(k, p, &err))
			changed = true;
		if (err.kind == ERR_NONE) {
			p->told[0] = '\0';
			continue;
		}
		*broken = true;
		if (!complain || strcmp(p->told, err.text) == 0)
			continue;
		str_copy(p->told, sizeof(p->told), str_of(err.text));
		complain_about(p, &err);
	}
	return changed;
}

struct codec_list
keys_certs(const struct keys *k, struct cert *room)
{
	size_t n = 0, total = 0;

	for (size_t i = 0; i < k->n_pairs && n < CERTS_MAX; i++) {
		const struct pair *p = &k->pairs[i];

		if (p->key == NULL || total + p->chain.len > CERTS_TOTAL)
			continue;
		total += p->chain.len;
		room[n].name = p->name;
		room[n++].chain = buf_str(&p->chain);
	}
	return (struct codec_list){ n, room };
}

struct str
keys_client_ca(const struct keys *k)
{
	return k->ca.len > 0 ? buf_str(&k->ca) : STR("");
}

EVP_PKEY *
keys_find(const struct keys *k, struct str name)
{
	const struct pair *p = find_pair(k, name);

	return p != NULL ? p->key : NULL;
}

void
keys_warn(const struct keys *k, int64_t now)
{
	char text[300], when[CLOCK_TEXT];

	for (size_t i = 0; i < k->n_pairs; i++) {
		const struct pair *p = &k->pairs[i];
		int64_t left = p->expires - now;

		if (p->key == NULL || left > WARN_DAYS * DAY_MS)
			continue;
		clock_status(p->expires, when);
		if (left <= 0) {
			snprintf(text, sizeof(text),
			    "certificate %.*s has expired: %s",
			    STR_ARG(p->name), when);
			alert_raise(ALERT_CERTIFICATE, p->name, str_of(text));
			continue;
		}
		snprintf(text, sizeof(text),
		    "certificate %.*s expires in %" PRId64 " day%s: %s",
		    STR_ARG(p->name), left / DAY_MS,
		    left / DAY_MS == 1 ? "" : "s", when);
		alert_raise(ALERT_CERTIFICATE_EXPIRES, p->name, str_of(text));
	}
}

/* --- files --- */

static struct file *
find_file(const struct keys *k, struct str name)
{
	for (struct file *f = k->files; f != NULL; f = f->next)
		if (str_eq(f->name, name))
			return f;
	return NULL;
}

static int
read_file(struct file *f, int fd, struct err *err)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, "is not a file");
	if (st.st_size == 0 || st.st_size > CLIENT_CA_MAX)
		return err_set(err, ERR_USAGE,
		    "has %jd bytes; 1 to %d are allowed", (intmax_t)st.st_size,
		    CLIENT_CA_MAX);
	f->mode = st.st_mode & 07777;
	f->text = OPENSSL_secure_zalloc((size_t)st.st_size);
	if (f->text == NULL)
		return err_set(
		    err, ERR_TEMP, "there is no locked memory left for it");
	while (f->n < (size_t)st.st_size) {
		n = pread(
		    fd, f->text + f->n, (size_t)st.st_size - f->n, (off_t)f->n);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(err, ERR_TEMP, "read");
		if (n == 0)
			return err_set(
			    err, ERR_TEMP, "became shorter while it was read");
		f->n += (size_t)n;
	}
	return 0;
}

static void
clear_file(struct file *f)
{
	OPENSSL_secure_clear_free(f->text, f->n);
	f->text = NULL;
	f->n = 0;
}

static bool
wanted(const struct config *c, struct str name)
{
	struct str *v = mem_array(config_secrets(c, NULL), sizeof(*v));
	size_t n = config_secrets(c, v);
	bool found = false;

	for (size_t i = 0; i < n; i++)
		found |= str_eq(v[i], name);
	free(v);
	return found;
}

/* --- pairs --- */

static struct pair *
find_pair(const struct keys *k, struct str name)
{
	for (size_t i = 0; i < k->n_pairs; i++)
		if (str_eq(k->pairs[i].name, name))
			return &k->pairs[i];
	return NULL;
}

static void
keep_pair(struct pair *to, struct pair *from)
{
	struct buf none = to->chain;

	to->chain = from->chain;
	to->key = from->key;
	to->expires = from->expires;
	memcpy(to->told, from->told, sizeof(to->told));
	from->chain = none;
	from->key = NULL;
}

static bool
refresh_pair(struct keys *k, struct pair *p, struct err *err)
{
	STACK_OF(X509) *all = NULL;
	EVP_PKEY *key = NULL;
	struct buf chain;
	bool changed = false;

	buf_init(&chain, CHAIN_MAX);
	if (load_pair(k, p, &all, &key, err) == 0) {
		cert_write(all, &chain);
		changed = p->key == NULL || chain.failed ||
			  !str_eq(buf_str(&chain), buf_str(&p->chain));
	}
	if (chain.failed) {
		err_set(err, ERR_USAGE, "secrets/%.*s: the chain is too long",
		    STR_ARG(p->chain_file));
		changed = false;
	}
	if (changed) {
		EVP_PKEY_free(p->key);
		buf_fini(&p->chain);
		p->key = key;
		p->chain = chain;
		p->expires = cert_expires(sk_X509_value(all, 0));
	} else {
		EVP_PKEY_free(key);
		buf_fini(&chain);
	}
	if (all != NULL)
		cert_free(&all);
	return changed;
}

static int
load_pair(const struct keys *k, const struct pair *p, STACK_OF(X509) * *all,
    EVP_PKEY **key, struct err *err)
{
	struct str text;

	if (chain_text(k, p->chain_file, &text, err) == -1)
		return -1;
	*all = cert_read(text, CERT_CHAIN_MAX, err);
	if (*all == NULL)
		return err_in(err, "secrets/%.*s", STR_ARG(p->chain_file));
	if (!keys_text(k, p->key_file, &text, err))
		return -1;
	*key = cert_read_key(text, err);
	if (*key == NULL)
		return err_in(err, "secrets/%.*s", STR_ARG(p->key_file));
	if (cert_check(*all, *key, err) == -1)
		return err_in(err, "secrets/%.*s, secrets/%.*s",
		    STR_ARG(p->chain_file), STR_ARG(p->key_file));
	return 0;
}

static int
chain_text(
    const struct keys *k, struct str name, struct str *text, struct err *err)
{
	struct file *f = find_file(k, name);

	if (f != NULL && f->text != NULL) {
		*text = (struct str){ f->text, f->n };
		return 0;
	}
	return err_set(err, ERR_USAGE, "secrets/%.*s: %s", STR_ARG(name),
	    f != NULL ? f->error : "has not come yet");
}

static bool
refresh_ca(struct keys *k, struct err *err)
{
	struct str name = k->config != NULL ? k->config->client_ca : STR("");
	STACK_OF(X509) *all = NULL;
	struct buf next;
	struct str text;
	bool changed = false;

	buf_init(&next, CLIENT_CA_MAX);
	if (name.n > 0 && chain_text(k, name, &text, err) == 0) {
		all = cert_read(text, CERT_CA_MAX, err);
		if (all == NULL)
			err_in(err, "secrets/%.*s", STR_ARG(name));
		else
			cert_write(all, &next);
	}
	if (all != NULL || name.n == 0)
		changed = !str_eq(buf_str(&next), buf_str(&k->ca));
	if (changed) {
		buf_fini(&k->ca);
		k->ca = next;
	} else {
		buf_fini(&next);
	}
	if (all != NULL)
		cert_free(&all);
	return changed;
}

static void
complain_about(const struct pair *p, struct err *err)
{
	char text[700];

	snprintf(text, sizeof(text), "certificate %.*s: %s; %s",
	    STR_ARG(p->name), err->text,
	    p->key != NULL ? "the one before it stays in use"
			   : "it cannot be used");
	alert_raise(ALERT_CERTIFICATE, p->name, str_of(text));
}
