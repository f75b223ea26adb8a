/*
 * rule_mime.c - rules about the structure of a message
 */
#include <string.h>

#include "filter/content.h"
#include "filter/rules.h"

/* What makes a part one that cannot be parsed. */
#define BROKEN                                                                 \
	(MIME_BAD_HEADER | MIME_NO_BOUNDARY | MIME_BOUNDARY_UNUSED |           \
	    MIME_BOUNDARY_OPEN | MIME_BAD_ENCODING | MIME_TOO_DEEP |           \
	    MIME_TOO_MANY)
#define MALFORMED (MIME_BAD_HEADER | MIME_DOUBLE_HEADER | MIME_BAD_FIELD)

static uint32_t
odd_of(struct eval *e)
{
	return mime_of(&e->w->msg, e->w->mem)->odd;
}

enum truth
rule_valid(struct eval *e, const struct expr *x)
{
	(void)x;
	return truth_of(!(odd_of(e) & BROKEN));
}

enum truth
rule_duplicate_boundaries(struct eval *e, const struct expr *x)
{
	(void)x;
	return truth_of(odd_of(e) & MIME_BOUNDARY_TWICE);
}

enum truth
rule_malformed_header(struct eval *e, const struct expr *x)
{
	(void)x;
	return truth_of(odd_of(e) & MALFORMED);
}

static bool
is_type(const struct mime_part *p, const char *type, const char *subtype)
{
	return str_is(p->type, type) && str_is(p->subtype, subtype);
}

/* DER: a sequence that begins with this object identifier. */
static bool
is_cms(struct str bytes, uint8_t last)
{
	static const uint8_t oid[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
		0x0d, 0x01, 0x07 };
	size_t at = 2;

	if (bytes.n < 20 || (uint8_t)bytes.p[0] != 0x30)
		return false;
	/* long form of the length */
	if ((uint8_t)bytes.p[1] > 0x80)
		at += (uint8_t)bytes.p[1] & 0x7f;
	return at + sizeof(oid) < bytes.n &&
	       memcmp(bytes.p + at, oid, sizeof(oid)) == 0 &&
	       (uint8_t)bytes.p[at + sizeof(oid)] == last;
}

#define CMS_SIGNED    2
#define CMS_ENVELOPED 3

static bool
is_pkcs7(const struct mime_part *p)
{
	return is_type(p, "application", "pkcs7-mime") ||
	       is_type(p, "application", "x-pkcs7-mime") ||
	       is_type(p, "application", "pkcs7-signature") ||
	       is_type(p, "application", "x-pkcs7-signature");
}

enum truth
rule_signed(struct eval *e, const struct expr *x)
{
	const struct mime *m = mime_of(&e->w->msg, e->w->mem);
	const struct mime_part *p = NULL;

	(void)x;
	while ((p = mime_next_leaf(m, p)) != NULL)
		if (is_pkcs7(p) && is_cms(content_bytes(e, p), CMS_SIGNED))
			return YES;
	return NO;
}

enum truth
rule_encrypted(struct eval *e, const struct expr *x)
{
	static const struct str armour = STR("-----BEGIN PGP MESSAGE-----");
	const struct mime *m = mime_of(&e->w->msg, e->w->mem);
	const struct mime_part *p = NULL;

	(void)x;
	for (size_t i = 0; i < m->n; i++)
		if (is_type(&m->parts[i], "multipart", "encrypted"))
			return YES;
	while ((p = mime_next_leaf(m, p)) != NULL) {
		struct str bytes = content_bytes(e, p);

		if (is_pkcs7(p) && is_cms(bytes, CMS_ENVELOPED))
			return YES;
		if (memmem(bytes.p, bytes.n, armour.p, armour.n) != NULL)
			return YES;
	}
	return NO;
}
