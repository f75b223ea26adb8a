/* certs.c - the certificates below secrets/, for certconfig */
#include "admin/certs.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "tls/cert.h"

#define PEM_MAX (512 * 1024)

static int read_pem(
    int folder, const char *name, bool secret, struct buf *, struct err *);

void
cert_files(struct cert_files *f, const struct config *c, struct str name)
{
	const struct certificate *cert =
	    c != NULL ? config_certificate(c, name) : NULL;

	*f = (struct cert_files){ .configured = cert != NULL };
	str_copy(f->name, sizeof(f->name), name);
	if (cert != NULL) {
		str_copy(f->chain, sizeof(f->chain), cert->chain_file);
		str_copy(f->key, sizeof(f->key), cert->key_file);
	} else {
		snprintf(f->chain, sizeof(f->chain), "%s.crt", f->name);
		snprintf(f->key, sizeof(f->key), "%s.key", f->name);
	}
}

STACK_OF(X509) *
    cert_chain(int folder, const struct cert_files *f, struct err *err)
{
	STACK_OF(X509) *chain = NULL;
	struct buf text;

	buf_init(&text, PEM_MAX);
	if (read_pem(folder, f->chain, false, &text, err) == 0) {
		chain = cert_read(buf_str(&text), CERT_CHAIN_MAX, err);
		if (chain == NULL)
			err_in(err, "secrets/%s", f->chain);
	}
	buf_fini(&text);
	return chain;
}

EVP_PKEY *
cert_key(int folder, const struct cert_files *f, struct err *err)
{
	EVP_PKEY *key = NULL;
	struct buf text;

	buf_init(&text, PEM_MAX);
	if (read_pem(folder, f->key, true, &text, err) == 0) {
		key = cert_read_key(buf_str(&text), err);
		if (key == NULL)
			err_in(err, "secrets/%s", f->key);
	}
	if (text.len > 0)
		OPENSSL_cleanse(text.data, text.len);
	buf_fini(&text);
	return key;
}

/* Links are followed, as the master does. */
static int
read_pem(int folder, const char *name, bool secret, struct buf *text,
    struct err *err)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n = -1;
	char *p;

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "secrets/%s", name);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_size > PEM_MAX - 1) {
		err_set(err, ERR_TEMP, "secrets/%s: is no file of PEM", name);
	} else if (secret && (st.st_mode & 077) != 0) {
		err_set(err, ERR_TEMP,
		    "secrets/%s: its mode %04o lets others use it; make it "
		    "0600",
		    name, (unsigned)st.st_mode & 07777);
	} else {
		p = buf_room(text, (size_t)st.st_size);
		n = read(fd, p, (size_t)st.st_size);
		if (n >= 0)
			buf_grew(text, (size_t)n);
		else
			err_sys(err, ERR_TEMP, "secrets/%s", name);
	}
	close(fd);
	return n >= 0 ? 0 : -1;
}
