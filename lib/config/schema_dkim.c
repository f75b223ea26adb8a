/*
 * schema_dkim.c - the keys of postern.yaml: DKIM signatures
 */
#include "config/schema_def.h"

static const struct choice algorithms[] = {
	{ "rsa", DKIM_RSA },
	{ "ed25519", DKIM_ED25519 },
	{ NULL, 0 },
};
static const struct choice canons[] = {
	{ "simple", DKIM_SIMPLE },
	{ "relaxed", DKIM_RELAXED },
	{ NULL, 0 },
};

static const struct schema_key dkim_key_keys[] = {
	{ .name = "name",
	    FIELD(dkim_key, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = 80,
	    .text_ok = name_file,
	    .help = "What profiles call this key." },
	{ .name = "file",
	    FIELD(dkim_key, file),
	    .type = &value_text,
	    .max = FILE_NAME_MAX,
	    .text_ok = name_file,
	    DEFAULT(""),
	    .help = "File below secrets/ with the private key, PEM, without a "
		    "passphrase, mode 0600; \"postern domainkeysconfig\" makes "
		    "it. Empty: its name with .dkim." },
	{ .name = "type",
	    FIELD(dkim_key, algorithm),
	    .type = &value_choice,
	    .choices = algorithms,
	    DEFAULT("rsa"),
	    .help = "rsa, with 1024 to 4096 bits; or ed25519 (RFC 8463), "
		    "which costs a tenth of it and which many receivers do "
		    "not know yet." },
};
const struct schema_section schema_dkim_key = { SECTION(dkim_key, "DKIM key",
						    dkim_key_keys),
	WHERE(dkim_key), .finish = load_dkim_key_finish };

static const struct schema_key dkim_profile_keys[] = {
	{ .name = "name",
	    FIELD(dkim_profile, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = 80,
	    .text_ok = name_printable,
	    .help = "What logs call this profile." },
	{ .name = "domain",
	    FIELD(dkim_profile, domain),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = 255,
	    .text_ok = name_domain,
	    .help = "Who signs: the domain under which the public key is "
		    "published (d=)." },
	{ .name = "selector",
	    FIELD(dkim_profile, selector),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = 63,
	    .text_ok = name_domain,
	    .help = "Which of its keys: the record stands at "
		    "SELECTOR._domainkey.DOMAIN (s=)." },
	{ .name = "key",
	    FIELD(dkim_profile, key_name),
	    .type = &value_text,
	    .refers = "dkim_keys",
	    .max = 80,
	    DEFAULT(""),
	    .help = "Key to sign with. Empty: nothing is signed yet." },
	{ .name = "senders",
	    LIST(dkim_profile, sender_texts, n_sender_texts),
	    .type = &value_text,
	    .min = 1,
	    .max = 320,
	    .help = "Whose mail: joe@example.com, joe@, @example.com, "
		    "@.example.com (all below). Of several profiles the one "
		    "whose entry says most counts. None: @ and the domain." },
	{ .name = "header",
	    FIELD(dkim_profile, header),
	    .type = &value_choice,
	    .choices = canons,
	    DEFAULT("relaxed"),
	    .help = "Canonical form of the header: simple breaks when a field "
		    "is folded anew on its way." },
	{ .name = "body",
	    FIELD(dkim_profile, body),
	    .type = &value_choice,
	    .choices = canons,
	    DEFAULT("relaxed"),
	    .help = "Canonical form of the body: simple breaks when blanks "
		    "change." },
	{ .name = "fields",
	    LIST(dkim_profile, fields, n_fields),
	    .type = &value_text,
	    .min = 1,
	    .max = 80,
	    .text_ok = name_header,
	    .help = "Header fields that are signed; From must be one. None: "
		    "the usual ones: From, Sender, Reply-To, Subject, Date, "
		    "Message-ID, To, Cc, MIME-Version, Content-Type, "
		    "Content-Transfer-Encoding, In-Reply-To, References, and "
		    "those of mailing lists." },
	{ .name = "protect",
	    FIELD(dkim_profile, twice),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether the signature breaks when another field of these "
		    "names is added: a second From could be shown instead of "
		    "ours." },
	{ .name = "identity",
	    FIELD(dkim_profile, identity),
	    .type = &value_text,
	    .max = 320,
	    .text_ok = name_ascii,
	    DEFAULT(""),
	    .help = "For whom it is signed: @example.com, or joe@example.com, "
		    "of the domain or below it (i=). Empty: not said." },
	{ .name = "timestamp",
	    FIELD(dkim_profile, time),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether it says when it was made (t=)." },
	{ .name = "valid",
	    FIELD(dkim_profile, valid),
	    .type = &value_time,
	    .min = 0,
	    .max = 3650 * 86400,
	    DEFAULT("0"),
	    .help = "How long it counts (x=): longer than mail may be on its "
		    "way, which is days. 0: not said." },
};
const struct schema_section schema_dkim_profile = {
	SECTION(dkim_profile, "DKIM profile", dkim_profile_keys),
	WHERE(dkim_profile), .finish = load_dkim_profile_finish
};

static const struct schema_key dkim_keys[] = {
	{ .name = "sign_system_mail",
	    FIELD(config, dkim_system_mail),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether mail that filters and commands write is signed: "
		    "notifications, mailconfig, supportrequest. For bounces "
		    "and warnings see sign in bounce_profiles; alerts are "
		    "never signed." },
};
const struct schema_section schema_dkim = { SECTION(config, "dkim", dkim_keys),
	NO_WHERE };
