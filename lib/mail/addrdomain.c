/*
 * addrdomain.c - the part of an address after "@": names and literals
 */
#include <idn2.h>
#include <string.h>

#include "mail/addr.h"

#define LABELS_MAX 127 /* RFC 1035: one octet of length each, 255 in all */

static bool to_a_labels(const char *name, char out[DOMAIN_MAX + 1]);
static bool labels_ok(const char *name, size_t n);
static bool label_ok(const char *label, size_t n);

bool
addr_domain_ok(struct str domain, struct str *canonical, struct arena *mem)
{
	char name[DOMAIN_MAX + 1], ascii[DOMAIN_MAX + 1];
	bool high = false;

	if (domain.n > 0 && domain.p[domain.n - 1] == '.')
		domain.n--;
	if (domain.n == 0 || domain.n > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < domain.n; i++) {
		high = high || (domain.p[i] & 0x80) != 0;
		if (domain.p[i] == '\0')
			return false;
	}
	str_copy(name, sizeof(name), domain);
	str_lower(name);
	if (high && !to_a_labels(name, ascii))
		return false;
	if (!labels_ok(high ? ascii : name, strlen(high ? ascii : name)))
		return false;
	*canonical = arena_str(mem, str_of(high ? ascii : name));
	return true;
}

bool
addr_literal(struct str domain, struct ip *ip)
{
	static const struct str tag = { "IPv6:", 5 };
	struct str body = str_sub(domain, 1, domain.n > 2 ? domain.n - 2 : 0);
	bool v6 = str_starts_nocase(body, tag);

	if (domain.n < 3 || domain.p[0] != '[' || domain.p[domain.n - 1] != ']')
		return false;
	if (v6)
		body = str_sub(body, tag.n, body.n);
	return (str_find(body, ':') < body.n) == v6 && ip_parse(ip, body);
}

/*
 * IDNA2008 without any mapping before it: full-width forms, upper case
 * beyond ASCII and other stops than "." are refused, not translated
 * (threats REL-08).
 */
static bool
to_a_labels(const char *name, char out[DOMAIN_MAX + 1])
{
	uint8_t *ascii = NULL;
	bool ok;

	if (!str_valid_utf8(str_of(name)))
		return false;
	if (idn2_lookup_u8((const uint8_t *)name, &ascii, IDN2_NO_TR46) !=
	    IDN2_OK)
		return false;
	ok = str_copy(out, DOMAIN_MAX + 1, str_of((const char *)ascii));
	idn2_free(ascii);
	if (ok)
		str_lower(out);
	return ok;
}

/* The last label is not a number, so that no bare address is a domain
 * (threats REL-05). */
static bool
labels_ok(const char *name, size_t n)
{
	struct str rest = { name, n }, label;
	size_t labels = 0;

	for (;;) {
		bool last = str_find(rest, '.') == rest.n;

		label = str_cut(&rest, '.');
		if (!label_ok(label.p, label.n) || ++labels > LABELS_MAX)
			return false;
		if (last)
			break;
	}
	for (size_t i = 0; i < label.n; i++) {
		if (label.p[i] < '0' || label.p[i] > '9')
			return true;
	}
	return false;
}

/* Letters, digits, hyphens, underscores; no hyphen at the ends. */
static bool
label_ok(const char *label, size_t n)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "0123456789-_";

	if (n == 0 || n > LABEL_MAX || label[0] == '-' || label[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (memchr(allowed, label[i], sizeof(allowed) - 1) == NULL)
			return false;
	}
	return true;
}
