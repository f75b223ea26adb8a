/*
 * schema_tls.c - the keys of postern.yaml: certificates and TLS
 */
#include "config/schema_def.h"

static const struct schema_key certificate_keys[] = {
	{ .name = "name",
	    FIELD(certificate, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = 80,
	    .text_ok = name_file,
	    .help = "What listeners call this certificate." },
	{ .name = "chain",
	    FIELD(certificate, chain_file),
	    .type = &value_text,
	    .max = FILE_NAME_MAX,
	    .text_ok = name_file,
	    DEFAULT(""),
	    .help = "File below secrets/ with the certificate and those that "
		    "lead to its root, PEM, its own first. Empty: its name "
		    "with .crt." },
	{ .name = "key",
	    FIELD(certificate, key_file),
	    .type = &value_text,
	    .max = FILE_NAME_MAX,
	    .text_ok = name_file,
	    DEFAULT(""),
	    .help = "File below secrets/ with its private key, PEM, without a "
		    "passphrase, mode 0600. Empty: its name with .key." },
};
const struct schema_section schema_certificate = {
	SECTION(certificate, "certificate", certificate_keys),
	WHERE(certificate), .finish = load_certificate_finish
};

static const struct schema_key tls_keys[] = {
	{ .name = "max_connections",
	    FIELD(config, max_tls_connections),
	    .type = &value_count,
	    .min = 1,
	    .max = 10000,
	    DEFAULT("100"),
	    .help = "Connections under TLS to all listeners together; to "
		    "more, STARTTLS is answered with 454." },
	{ .name = "client_ca",
	    FIELD(config, client_ca),
	    .type = &value_text,
	    .max = FILE_NAME_MAX,
	    .text_ok = name_file,
	    DEFAULT(""),
	    .help = "File below secrets/ with the authorities that may issue "
		    "certificates of clients, PEM. Policies with tls_verify "
		    "need it." },
};
const struct schema_section schema_tls = { SECTION(config, "tls", tls_keys),
	NO_WHERE };
