/* present.c - DNS records as people write them, and names as they ask */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/ip.h"
#include "base/mem.h"
#include "lookup/present.h"

#define LABEL_BYTES 63

/* Data that are being written. */
struct part {
	const struct dnsmsg *m;
	size_t at, end;
	struct buf *out;
};

static bool put_form(struct part *, const char *form);
static bool put_u8(struct part *);
static bool put_u16(struct part *);
static bool put_u32(struct part *);
static bool put_name(struct part *);
static bool put_v4(struct part *);
static bool put_v6(struct part *);
static bool put_string(struct part *);
static bool put_strings(struct part *);
static bool put_tag(struct part *);
static bool put_quoted(struct part *);
static bool put_hex(struct part *);
static bool put_base64(struct part *);
static bool put_type(struct part *);
static bool put_types(struct part *);
static void put_window(struct part *, unsigned window, const uint8_t *, size_t);
static bool put_time(struct part *);
static void put_ip(struct part *, struct ip);
static void quote(struct buf *, const uint8_t *, size_t);
static void put_unknown(
    const struct dnsmsg *, const struct dnsmsg_record *, struct buf *);
static size_t left(const struct part *);

/* The parts of each type's data, by the letters of `parts` below. */
static const struct {
	const char *name;
	unsigned type;
	const char *form;
} types[] = {
	{ "A", 1, "4" },
	{ "NS", 2, "n" },
	{ "CNAME", 5, "n" },
	{ "SOA", 6, "nnwwwww" },
	{ "PTR", 12, "n" },
	{ "HINFO", 13, "ss" },
	{ "MX", 15, "hn" },
	{ "TXT", 16, "S" },
	{ "AAAA", 28, "6" },
	{ "SRV", 33, "hhhn" },
	{ "NAPTR", 35, "hhsssn" },
	{ "DNAME", 39, "n" },
	{ "DS", 43, "hbbx" },
	{ "SSHFP", 44, "bbx" },
	{ "RRSIG", 46, "tbbwddhne" },
	{ "NSEC", 47, "nm" },
	{ "DNSKEY", 48, "hbbe" },
	{ "NSEC3", 50, NULL },
	{ "NSEC3PARAM", 51, NULL },
	{ "TLSA", 52, "bbbx" },
	{ "CDS", 59, "hbbx" },
	{ "CDNSKEY", 60, "hbbe" },
	{ "OPENPGPKEY", 61, "e" },
	{ "SVCB", 64, NULL },
	{ "HTTPS", 65, NULL },
	{ "SPF", 99, "S" },
	{ "ANY", 255, NULL },
	{ "CAA", 257, "bgq" },
};

static const struct {
	char letter;
	bool (*put)(struct part *);
} parts[] = {
	{ 'b', put_u8 },
	{ 'h', put_u16 },
	{ 'w', put_u32 },
	{ 'n', put_name },
	{ '4', put_v4 },
	{ '6', put_v6 },
	{ 's', put_string },
	{ 'S', put_strings },
	{ 'g', put_tag },
	{ 'q', put_quoted },
	{ 'x', put_hex },
	{ 'e', put_base64 },
	{ 't', put_type },
	{ 'm', put_types },
	{ 'd', put_time },
};

static const char *const rcodes[] = { "NOERROR", "FORMERR", "SERVFAIL",
	"NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
	"NOTAUTH", "NOTZONE" };

void
present_data(
    const struct dnsmsg *m, const struct dnsmsg_record *rec, struct buf *out)
{
	struct part p = { m, rec->at, rec->at + rec->len, out };
	size_t before = out->len;
	const char *form = NULL;

	for (size_t i = 0; i < NELEM(types); i++)
		if (types[i].type == rec->type)
			form = types[i].form;
	if (form != NULL && put_form(&p, form))
		return;
	out->len = before;
	put_unknown(m, rec, out);
}

void
present_name(const struct dnsmsg_name *name, struct buf *out)
{
	if (name->n <= 1)
		buf_putc(out, '.');
	for (size_t at = 0; at < name->n && name->b[at] != 0;
	     at += name->b[at] + 1u) {
		for (size_t i = 1; i <= name->b[at]; i++) {
			uint8_t c = name->b[at + i];

			if (c <= ' ' || c >= 127)
				buf_printf(out, "\\%03u", c);
			else if (strchr(".\\\"$@();", c) != NULL)
				buf_printf(out, "\\%c", c);
			else
				buf_putc(out, (char)c);
		}
		buf_putc(out, '.');
	}
}

const char *
present_type(unsigned type, char out[PRESENT_TYPE])
{
	for (size_t i = 0; i < NELEM(types); i++)
		if (types[i].type == type)
			return types[i].name;
	snprintf(out, PRESENT_TYPE, "TYPE%u", type & 0xffff);
	return out;
}

int
present_type_of(struct str name)
{
	uint64_t n;

	for (size_t i = 0; i < NELEM(types); i++)
		if (str_is_nocase(name, types[i].name))
			return (int)types[i].type;
	if (str_starts_nocase(name, STR("TYPE")) &&
	    str_u64(str_sub(name, 4, name.n), 65535, &n))
		return (int)n;
	return -1;
}

const char *
present_rcode(unsigned rcode, char out[PRESENT_TYPE])
{
	if (rcode < NELEM(rcodes))
		return rcodes[rcode];
	snprintf(out, PRESENT_TYPE, "RCODE%u", rcode & 0xffff);
	return out;
}

bool
present_ask(struct str text, struct dnsmsg_name *out)
{
	out->n = 0;
	if (text.n > 0 && text.p[text.n - 1] == '.')
		text.n--;
	else if (text.n == 0)
		return false;
	while (text.n > 0) {
		struct str label = str_cut(&text, '.');

		if (label.n == 0 || label.n > LABEL_BYTES ||
		    DNSMSG_NAME - out->n < label.n + 2)
			return false;
		out->b[out->n++] = (uint8_t)label.n;
		for (size_t i = 0; i < label.n; i++) {
			char c = label.p[i];

			if (c <= ' ' || c > '~')
				return false;
			out->b[out->n++] =
			    (uint8_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
		}
	}
	out->b[out->n++] = 0;
	return true;
}

/* --- data --- */

static bool
put_form(struct part *p, const char *form)
{
	for (const char *f = form; *f != '\0'; f++) {
		if (f > form)
			buf_putc(p->out, ' ');
		for (size_t i = 0; i < NELEM(parts); i++)
			if (parts[i].letter == *f && !parts[i].put(p))
				return false;
	}
	return p->at == p->end;
}

static bool
put_u8(struct part *p)
{
	if (left(p) < 1)
		return false;
	return buf_printf(p->out, "%u", p->m->p[p->at++]);
}

static bool
put_u16(struct part *p)
{
	if (left(p) < 2)
		return false;
	p->at += 2;
	return buf_printf(p->out, "%u", dnsmsg_u16(p->m->p + p->at - 2));
}

static bool
put_u32(struct part *p)
{
	if (left(p) < 4)
		return false;
	p->at += 4;
	return buf_printf(p->out, "%u", dnsmsg_u32(p->m->p + p->at - 4));
}

static bool
put_name(struct part *p)
{
	struct dnsmsg within = { p->m->p, p->end, p->at };
	struct dnsmsg_name name;

	if (!dnsmsg_name(&within, &p->at, &name))
		return false;
	present_name(&name, p->out);
	return true;
}

static bool
put_v4(struct part *p)
{
	struct ip ip = { { [10] = 0xff, [11] = 0xff } };

	if (left(p) != 4)
		return false;
	memcpy(ip.b + 12, p->m->p + p->at, 4);
	put_ip(p, ip);
	return true;
}

static bool
put_v6(struct part *p)
{
	struct ip ip;

	if (left(p) != 16)
		return false;
	memcpy(ip.b, p->m->p + p->at, 16);
	put_ip(p, ip);
	return true;
}

static void
put_ip(struct part *p, struct ip ip)
{
	char text[IP_TEXT];

	buf_puts(p->out, ip_text(&ip, text));
	p->at = p->end;
}

static bool
put_string(struct part *p)
{
	size_t n;

	if (left(p) < 1)
		return false;
	n = p->m->p[p->at++];
	if (left(p) < n)
		return false;
	quote(p->out, p->m->p + p->at, n);
	p->at += n;
	return true;
}

static bool
put_strings(struct part *p)
{
	do {
		if (!put_string(p))
			return false;
		if (left(p) > 0)
			buf_putc(p->out, ' ');
	} while (left(p) > 0);
	return true;
}

/* The name of a property: letters and digits (RFC 8659 4.1). */
static bool
put_tag(struct part *p)
{
	size_t n;

	if (left(p) < 1)
		return false;
	n = p->m->p[p->at++];
	if (n == 0 || left(p) < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = p->m->p[p->at + i];

		if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') &&
		    !(c >= '0' && c <= '9'))
			return false;
		buf_putc(p->out, (char)c);
	}
	p->at += n;
	return true;
}

static bool
put_quoted(struct part *p)
{
	quote(p->out, p->m->p + p->at, left(p));
	p->at = p->end;
	return true;
}

static bool
put_hex(struct part *p)
{
	if (left(p) == 0)
		return false;
	for (; p->at < p->end; p->at++)
		buf_printf(p->out, "%02x", p->m->p[p->at]);
	return true;
}

static bool
put_base64(struct part *p)
{
	struct str bytes = { (const char *)p->m->p + p->at, left(p) };

	if (bytes.n == 0)
		return false;
	base64_encode(bytes, p->out);
	p->at = p->end;
	return true;
}

static bool
put_type(struct part *p)
{
	char text[PRESENT_TYPE];

	if (left(p) < 2)
		return false;
	p->at += 2;
	return buf_puts(
	    p->out, present_type(dnsmsg_u16(p->m->p + p->at - 2), text));
}

/* Bit maps of types, 256 each (RFC 4034 4.1.2). */
static bool
put_types(struct part *p)
{
	while (left(p) >= 2) {
		unsigned window = p->m->p[p->at];
		size_t n = p->m->p[p->at + 1];

		p->at += 2;
		if (n == 0 || n > 32 || left(p) < n)
			return false;
		put_window(p, window, p->m->p + p->at, n);
		p->at += n;
	}
	return left(p) == 0;
}

static void
put_window(struct part *p, unsigned window, const uint8_t *bits, size_t n)
{
	char text[PRESENT_TYPE];

	for (unsigned i = 0; i < n * 8; i++) {
		if (!(bits[i / 8] & 0x80 >> i % 8))
			continue;
		if (p->out->len > 0 && p->out->data[p->out->len - 1] != ' ')
			buf_putc(p->out, ' ');
		buf_puts(p->out, present_type(window * 256 + i, text));
	}
}

/* "20261122133000" (RFC 4034 3.2) */
static bool
put_time(struct part *p)
{
	time_t t;
	struct tm tm;

	if (left(p) < 4)
		return false;
	t = (time_t)dnsmsg_u32(p->m->p + p->at);
	p->at += 4;
	if (gmtime_r(&t, &tm) == NULL)
		return false;
	return buf_printf(p->out, "%04d%02d%02d%02d%02d%02d", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
quote(struct buf *out, const uint8_t *p, size_t n)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < n; i++) {
		if (p[i] < ' ' || p[i] >= 127)
			buf_printf(out, "\\%03u", p[i]);
		else if (p[i] == '"' || p[i] == '\\')
			buf_printf(out, "\\%c", p[i]);
		else
			buf_putc(out, (char)p[i]);
	}
	buf_putc(out, '"');
}

static void
put_unknown(
    const struct dnsmsg *m, const struct dnsmsg_record *rec, struct buf *out)
{
	buf_printf(out, "\\# %zu", rec->len);
	for (size_t i = 0; i < rec->len; i++)
		buf_printf(out, i == 0 ? " %02x" : "%02x", m->p[rec->at + i]);
}

static size_t
left(const struct part *p)
{
	return p->end - p->at;
}
