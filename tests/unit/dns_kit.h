/*
 * dns_kit.h - DNS messages from text, and answers as text, for tests
 *
 * Records are lines "owner TYPE ttl data": an address, "10 mx.test" for MX,
 * a name, a text, "#0102" for raw bytes. A line "--" begins the authority
 * section. In names \ddd is a byte of that value; "." is the root.
 */
#ifndef TESTS_DNS_KIT_H
#define TESTS_DNS_KIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/ip.h"
#include "fact/facts.h"
#include "ipc/messages.h"
#include "lookup/present.h"
#include "lookup/rdata.h"

static inline unsigned
kit_type(struct str name)
{
	int type = present_type_of(name);

	if (type != -1)
		return (unsigned)type;
	abort();
}

static inline void
kit_u16(struct buf *b, unsigned n)
{
	buf_putc(b, (char)(n >> 8));
	buf_putc(b, (char)n);
}

static inline void
kit_name(struct buf *b, struct str name)
{
	while (name.n > 0 && !str_is(name, ".")) {
		struct str label = str_cut(&name, '.');
		char bytes[256];
		size_t n = 0;

		for (size_t i = 0; i < label.n; i++) {
			if (label.p[i] != '\\') {
				bytes[n++] = label.p[i];
				continue;
			}
			bytes[n++] = (char)((label.p[i + 1] - '0') * 100 +
					    (label.p[i + 2] - '0') * 10 +
					    label.p[i + 3] - '0');
			i += 3;
		}
		buf_putc(b, (char)n);
		buf_add(b, bytes, n);
	}
	buf_putc(b, 0);
}

static inline void
kit_raw(struct buf *b, struct str hex)
{
	for (size_t i = 0; i + 1 < hex.n; i += 2) {
		char two[3] = { hex.p[i], hex.p[i + 1], 0 };

		buf_putc(b, (char)strtoul(two, NULL, 16));
	}
}

static inline void
kit_data(struct buf *b, unsigned type, struct str data)
{
	struct ip ip;

	if (data.n > 0 && data.p[0] == '#') {
		kit_raw(b, str_sub(data, 1, data.n));
	} else if (type == RDATA_A || type == RDATA_AAAA) {
		if (!ip_parse(&ip, data))
			abort();
		if (type == RDATA_A)
			buf_add(b, ip.b + 12, 4);
		else
			buf_add(b, ip.b, 16);
	} else if (type == RDATA_MX) {
		struct str pref = str_cut(&data, ' ');
		uint64_t n = 0;

		str_u64(pref, 65535, &n);
		kit_u16(b, (unsigned)n);
		kit_name(b, data);
	} else if (type == RDATA_TXT) {
		do {
			struct str s = str_sub(data, 0, 255);

			buf_putc(b, (char)s.n);
			buf_add_str(b, s);
			data = str_sub(data, s.n, data.n);
		} while (data.n > 0);
	} else if (type == RDATA_SOA) { /* data: the minimum */
		uint64_t n = 0;

		str_u64(data, UINT32_MAX, &n);
		kit_name(b, STR("ns.test"));
		kit_name(b, STR("root.test"));
		for (int i = 0; i < 4; i++)
			buf_add(b, "\0\0\0\1", 4);
		kit_u16(b, (unsigned)(n >> 16));
		kit_u16(b, (unsigned)n);
	} else {
		kit_name(b, data);
	}
}

static inline void
kit_record(struct buf *b, struct str line)
{
	struct str owner = str_word(&line), type = str_word(&line);
	struct str ttl = str_word(&line);
	uint64_t n = 0;
	struct buf data;

	str_u64(ttl, UINT32_MAX, &n);
	kit_name(b, owner);
	kit_u16(b, kit_type(type));
	kit_u16(b, 1);
	kit_u16(b, (unsigned)(n >> 16));
	kit_u16(b, (unsigned)n & 0xffff);
	buf_init(&data, 65535);
	kit_data(&data, kit_type(type), str_sub(line, 1, line.n));
	kit_u16(b, (unsigned)data.len);
	buf_add_str(b, buf_str(&data));
	buf_fini(&data);
}

/* A whole answer. records may be NULL. */
static inline void
kit_message(struct buf *b, unsigned id, struct str qname, unsigned qtype,
    unsigned rcode, const char *records)
{
	struct str rest = str_of(records);
	unsigned counts[2] = { 0, 0 }, section = 0;
	size_t at = b->len + 6;

	kit_u16(b, id);
	kit_u16(b, 0x8580 | rcode); /* answer, authoritative, recursion */
	kit_u16(b, 1);
	buf_add(b, "\0\0\0\0\0\0", 6);
	kit_name(b, qname);
	kit_u16(b, qtype);
	kit_u16(b, 1);
	while (rest.n > 0) {
		struct str line = str_cut(&rest, '\n');

		if (str_is(line, "--")) {
			section = 1;
			continue;
		}
		kit_record(b, line);
		counts[section]++;
	}
	for (int i = 0; i < 2; i++) {
		b->data[at + 2 * (size_t)i] = (char)(counts[i] >> 8);
		b->data[at + 2 * (size_t)i + 1] = (char)counts[i];
	}
}

/* "found 300: 10 mx.test, 20 mx2.test" */
static inline void
kit_answer_text(const struct answer *a, unsigned type, struct buf *out)
{
	static const char *const ends[] = { "found", "notfound", "nxdomain",
		"failed" };
	const struct dns_rr *rr = a->rrs.v;
	char ip[IP_TEXT];

	buf_printf(out, "%s %u", ends[a->end], a->ttl);
	if (a->reason.n > 0)
		buf_printf(out, " (%.*s)", STR_ARG(a->reason));
	for (size_t i = 0; i < a->rrs.n; i++) {
		buf_puts(out, i == 0 ? ": " : ", ");
		if (type == RDATA_A || type == RDATA_AAAA)
			buf_puts(out, ip_text(&rr[i].ip, ip));
		else if (type == RDATA_MX)
			buf_printf(out, "%u %.*s", rr[i].preference,
			    STR_ARG(rr[i].name));
		else if (type == RDATA_TXT || type == RDATA_CNAME ||
			 type == RDATA_NS || type == RDATA_SOA)
			buf_printf(out, "'%.*s'", STR_ARG(rr[i].text));
		else
			buf_printf(out, "%.*s", STR_ARG(rr[i].name));
	}
}

#endif
