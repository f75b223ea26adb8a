/*
 * certs.h - the certificates below secrets/, for certconfig
 *
 * One is looked at as keyd would: from its files. What the configuration
 * calls it, and which files it has, comes from the working copy; one that is
 * not there has NAME.crt and NAME.key.
 */
#ifndef ADMIN_CERTS_H
#define ADMIN_CERTS_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/bounds.h"
#include "base/err.h"
#include "config/config.h"

struct cert_files {
	char name[NAME_MAX_LEN + 1];
	char chain[FILE_NAME_MAX + 1], key[FILE_NAME_MAX + 1];
	bool configured;
};

/* c NULL: the configuration is not known. */
void cert_files(struct cert_files *, const struct config *c, struct str name);

/* NULL: err. The caller's to free. */
STACK_OF(X509) *
    cert_chain(int folder, const struct cert_files *, struct err *err);
EVP_PKEY *cert_key(int folder, const struct cert_files *, struct err *err);

#endif
