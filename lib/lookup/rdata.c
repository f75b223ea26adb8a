/* rdata.c - answers of the domain name system, taken apart */
#include <string.h>

#include "base/mem.h"
#include "fact/facts.h"
#include "lookup/rdata.h"

#define HEADER_SIZE  12
#define NAME_SIZE    255 /* RFC 1035 2.3.4, on the wire */
#define POINTERS_MAX 128
#define RRS_MAX      1000 /* as in REC_ANSWER */
#define CLASS_IN     1

/* A name on the wire, not compressed, in lower case, with its final 0. */
struct wire_name {
	uint8_t b[NAME_SIZE];
	size_t n;
};

struct record {
	struct wire_name owner;
	unsigned type, class;
	uint32_t ttl;
	size_t at, len; /* of the data within the message */
};

/* The message and how far it has been read. */
struct reader {
	const uint8_t *p;
	size_t n, at;
};

struct taken {
	struct dns_rr *rrs;
	size_t n, cap, bytes;
	bool cut, seen; /* seen: records of the type, usable or not */
};

static bool read_question(struct reader *, struct wire_name *);
static bool read_record(struct reader *, struct record *);
static bool read_name(const struct reader *, size_t *at, struct wire_name *);
static bool read_u16(struct reader *, unsigned *out);
static void follow(struct reader answers, unsigned n, struct wire_name *name,
    enum rdata_type type, struct arena *mem, struct answer *out);
static int collect(struct reader, unsigned n, struct wire_name *name,
    enum rdata_type type, struct answer *out, struct taken *,
    struct arena *mem);
static void found(struct answer *, const struct taken *);
static void absent(struct reader, const uint8_t *header, struct answer *);
static uint32_t negative_ttl(const struct reader *, const struct record *);
static void add(struct taken *, const struct reader *, const struct record *,
    struct arena *mem);
static bool parse_a(const struct reader *, const struct record *,
    struct dns_rr *, struct arena *);
static bool parse_aaaa(const struct reader *, const struct record *,
    struct dns_rr *, struct arena *);
static bool parse_mx(const struct reader *, const struct record *,
    struct dns_rr *, struct arena *);
static bool parse_ptr(const struct reader *, const struct record *,
    struct dns_rr *, struct arena *);
static bool parse_txt(const struct reader *, const struct record *,
    struct dns_rr *, struct arena *);
static bool parse_tlsa(const struct reader *, const struct record *,
    struct dns_rr *, struct arena *);
static bool whole_name(
    const struct reader *, size_t at, size_t end, struct wire_name *);
static bool host_name(const struct wire_name *, struct str *, struct arena *);
static bool host_char(uint8_t c);
static void fail(struct answer *, const char *reason);
static uint32_t clamp(uint32_t n, uint32_t lo, uint32_t hi);
static unsigned get16(const uint8_t *p);
static uint32_t get32(const uint8_t *p);

static const struct {
	enum rdata_type type;
	bool (*parse)(const struct reader *, const struct record *,
	    struct dns_rr *, struct arena *);
} parsers[] = {
	{ RDATA_A, parse_a },
	{ RDATA_AAAA, parse_aaaa },
	{ RDATA_MX, parse_mx },
	{ RDATA_PTR, parse_ptr },
	{ RDATA_TXT, parse_txt },
	{ RDATA_TLSA, parse_tlsa },
};

static const char *const rcodes[16] = { "NoError", "FormErr", "ServFail",
	"NXDomain", "NotImp", "Refused", "YXDomain", "YXRRSet", "NXRRSet",
	"NotAuth", "NotZone", "RCode11", "RCode12", "RCode13", "RCode14",
	"RCode15" };

void
rdata_parse(struct str packet, enum rdata_type type, struct arena *mem,
    struct answer *out)
{
	struct reader r = { (const uint8_t *)packet.p, packet.n, HEADER_SIZE };
	struct reader answers;
	struct wire_name name;
	struct record rec;
	unsigned rcode, n;

	out->ttl = TTL_MIN;
	if (packet.n < HEADER_SIZE || get16(r.p + 4) != 1 ||
	    !read_question(&r, &name)) {
		fail(out, "malformed answer");
		return;
	}
	rcode = r.p[3] & 15;
	n = get16(r.p + 6);
	answers = r;
	for (unsigned i = 0; i < n; i++)
		if (!read_record(&r, &rec)) {
			fail(out, "malformed answer");
			return;
		}
	if (rcode == 3) {
		out->end = LOOKUP_NXDOMAIN;
		out->reason = str_of(rcodes[rcode]);
		absent(r, answers.p, out);
	} else if (rcode != 0) {
		fail(out, rcodes[rcode]);
	} else {
		follow(answers, n, &name, type, mem, out);
		if (out->end == LOOKUP_NOT_FOUND)
			absent(r, answers.p, out);
	}
}

enum dns_list
rdata_list(const struct answer *a)
{
	const struct dns_rr *rr = a->rrs.v;

	if (a->end != LOOKUP_FOUND)
		return LIST_HAS_NOT;
	for (size_t i = 0; i < a->rrs.n; i++)
		if (ip_is_v4(&rr[i].ip) && rr[i].ip.b[12] == 127)
			return LIST_HAS;
	return LIST_IS_NONE;
}

/* --- the message --- */

static bool
read_question(struct reader *r, struct wire_name *name)
{
	unsigned type, class;

	return read_name(r, &r->at, name) && read_u16(r, &type) &&
	       read_u16(r, &class);
}

static bool
read_record(struct reader *r, struct record *rec)
{
	unsigned len;

	if (!read_name(r, &r->at, &rec->owner) || !read_u16(r, &rec->type) ||
	    !read_u16(r, &rec->class) || r->n - r->at < 4)
		return false;
	rec->ttl = get32(r->p + r->at);
	r->at += 4;
	if (!read_u16(r, &len) || r->n - r->at < len)
		return false;
	rec->at = r->at;
	rec->len = len;
	r->at += len;
	return true;
}

/*
 * Reads the name at *at, and moves *at behind it. A pointer may lead
 * anywhere before itself; their number is bounded because each must make
 * the name longer or lead further back.
 */
static bool
read_name(const struct reader *r, size_t *at, struct wire_name *name)
{
	size_t pos = *at, len;
	bool jumped = false;

	name->n = 0;
	for (int hops = 0; hops < POINTERS_MAX;) {
		if (pos >= r->n)
			return false;
		len = r->p[pos];
		if ((len & 0xc0) == 0xc0) {
			size_t to;

			if (r->n - pos < 2)
				return false;
			to = get16(r->p + pos) & 0x3fff;
			if (!jumped)
				*at = pos + 2;
			if (to >= pos)
				return false;
			jumped = true;
			pos = to;
			hops++;
			continue;
		}
		if (len > LABEL_MAX || r->n - pos <= len ||
		    NAME_SIZE - name->n < len + 1)
			return false;
		name->b[name->n++] = (uint8_t)len;
		for (size_t i = 1; i <= len; i++) {
			uint8_t c = r->p[pos + i];

			name->b[name->n++] =
			    c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
		}
		pos += len + 1;
		if (len == 0) {
			if (!jumped)
				*at = pos;
			return true;
		}
	}
	return false;
}

static bool
read_u16(struct reader *r, unsigned *out)
{
	if (r->n - r->at < 2)
		return false;
	*out = get16(r->p + r->at);
	r->at += 2;
	return true;
}

/* --- what the records say --- */

static void
follow(struct reader answers, unsigned n, struct wire_name *name,
    enum rdata_type type, struct arena *mem, struct answer *out)
{
	struct taken res = { 0 };

	out->ttl = TTL_MAX;
	for (int cnames = 0; cnames <= DNS_CNAME_MAX; cnames++) {
		switch (collect(answers, n, name, type, out, &res, mem)) {
		case 0: /* nothing of this name */
			out->end = LOOKUP_NOT_FOUND;
			out->reason = STR("no such record");
			return;
		case RDATA_CNAME: /* name is the next one */
			break;
		case -1:
			fail(out, "malformed CNAME");
			return;
		default:
			found(out, &res);
			return;
		}
	}
	fail(out, "too many CNAMEs");
}

/*
 * Takes the records of that name and type; when there are none and there is
 * a CNAME, *name becomes its target. Returns the type met, 0, or -1.
 */
static int
collect(struct reader r, unsigned n, struct wire_name *name,
    enum rdata_type type, struct answer *out, struct taken *res,
    struct arena *mem)
{
	struct record rec, cname = { .type = 0 };

	for (; n > 0 && read_record(&r, &rec); n--) {
		if (rec.class != CLASS_IN || rec.owner.n != name->n ||
		    memcmp(rec.owner.b, name->b, name->n) != 0)
			continue;
		if (rec.type == type) {
			res->seen = true;
			add(res, &r, &rec, mem);
			if (rec.ttl < out->ttl)
				out->ttl = rec.ttl;
		} else if (rec.type == RDATA_CNAME) {
			cname = rec;
		}
	}
	if (res->seen)
		return (int)type;
	if (cname.type == 0)
		return 0;
	if (cname.ttl < out->ttl)
		out->ttl = cname.ttl;
	return whole_name(&r, cname.at, cname.at + cname.len, name)
		   ? RDATA_CNAME
		   : -1;
}

static void
found(struct answer *out, const struct taken *res)
{
	out->ttl = clamp(out->ttl, TTL_MIN, TTL_MAX);
	out->end = res->n > 0 ? LOOKUP_FOUND : LOOKUP_NOT_FOUND;
	out->rrs = (struct codec_list){ res->n, res->rrs };
	if (res->n == 0)
		out->reason = STR("no usable record");
	else if (res->cut)
		out->reason = STR("answer was cut");
}

/* Of the authority section only the TTL of its SOA matters (RFC 2308 5). */
static void
absent(struct reader r, const uint8_t *header, struct answer *out)
{
	unsigned n = get16(header + 8);
	uint32_t ttl = TTL_MIN;
	struct record rec;

	for (; n > 0 && read_record(&r, &rec); n--)
		if (rec.type == RDATA_SOA)
			ttl = negative_ttl(&r, &rec);
	out->ttl = clamp(ttl, TTL_MIN, TTL_NEGATIVE_MAX);
}

static uint32_t
negative_ttl(const struct reader *r, const struct record *rec)
{
	uint32_t minimum;

	if (rec->len < 4)
		return TTL_MIN;
	minimum = get32(r->p + rec->at + rec->len - 4);
	return minimum < rec->ttl ? minimum : rec->ttl;
}

static void
add(struct taken *res, const struct reader *r, const struct record *rec,
    struct arena *mem)
{
	struct dns_rr rr = { 0 };
	bool ok = false;

	if (res->n == RRS_MAX || res->bytes + rec->len > DNS_ANSWER_MAX)
		res->cut = true;
	if (res->cut)
		return;
	for (size_t i = 0; i < NELEM(parsers); i++)
		if (parsers[i].type == rec->type)
			ok = parsers[i].parse(r, rec, &rr, mem);
	if (!ok)
		return;
	if (res->n == res->cap) {
		size_t cap = res->cap > 0 ? res->cap * 2 : 4;
		struct dns_rr *v = arena_array(mem, cap, sizeof(*v));

		if (res->n > 0)
			memcpy(v, res->rrs, res->n * sizeof(*v));
		res->rrs = v;
		res->cap = cap;
	}
	res->bytes += rec->len;
	res->rrs[res->n++] = rr;
}

/* --- data by type --- */

static bool
parse_a(const struct reader *r, const struct record *rec, struct dns_rr *rr,
    struct arena *mem)
{
	(void)mem;
	if (rec->len != 4)
		return false;
	rr->ip.b[10] = rr->ip.b[11] = 0xff;
	memcpy(rr->ip.b + 12, r->p + rec->at, 4);
	return true;
}

static bool
parse_aaaa(const struct reader *r, const struct record *rec, struct dns_rr *rr,
    struct arena *mem)
{
	(void)mem;
	if (rec->len != 16)
		return false;
	memcpy(rr->ip.b, r->p + rec->at, 16);
	return true;
}

static bool
parse_mx(const struct reader *r, const struct record *rec, struct dns_rr *rr,
    struct arena *mem)
{
	struct wire_name name;

	if (rec->len < 3)
		return false;
	rr->preference = (uint16_t)get16(r->p + rec->at);
	return whole_name(r, rec->at + 2, rec->at + rec->len, &name) &&
	       host_name(&name, &rr->name, mem);
}

static bool
parse_ptr(const struct reader *r, const struct record *rec, struct dns_rr *rr,
    struct arena *mem)
{
	struct wire_name name;

	return whole_name(r, rec->at, rec->at + rec->len, &name) &&
	       name.n > 1 && host_name(&name, &rr->name, mem);
}

static bool
parse_txt(const struct reader *r, const struct record *rec, struct dns_rr *rr,
    struct arena *mem)
{
	const uint8_t *p = r->p + rec->at, *end = p + rec->len;
	char *text = arena_alloc(mem, rec->len + 1);
	size_t n = 0;

	while (p < end) {
		size_t len = *p++;

		if ((size_t)(end - p) < len)
			return false;
		memcpy(text + n, p, len);
		n += len;
		p += len;
	}
	rr->text = (struct str){ text, n };
	return rec->len > 0;
}

static bool
parse_tlsa(const struct reader *r, const struct record *rec, struct dns_rr *rr,
    struct arena *mem)
{
	struct str data = { (const char *)r->p + rec->at, rec->len };

	rr->text = arena_str(mem, data);
	return true;
}

/* A name that fills exactly the bytes from at to end. */
static bool
whole_name(
    const struct reader *r, size_t at, size_t end, struct wire_name *name)
{
	struct reader part = { r->p, end, at };

	return read_name(&part, &part.at, name) && part.at == end;
}

/* As text; false when it could not be the name of a host (DNS-04). */
static bool
host_name(const struct wire_name *name, struct str *out, struct arena *mem)
{
	char *text = arena_alloc(mem, name->n);
	size_t n = 0;

	for (size_t at = 0; name->b[at] != 0; at += name->b[at] + 1u) {
		if (at > 0)
			text[n++] = '.';
		for (size_t i = 1; i <= name->b[at]; i++) {
			if (!host_char(name->b[at + i]))
				return false;
			text[n++] = (char)name->b[at + i];
		}
	}
	*out = (struct str){ text, n };
	return true;
}

static bool
host_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_';
}

static void
fail(struct answer *out, const char *reason)
{
	out->end = LOOKUP_FAILED;
	out->ttl = TTL_MIN;
	out->reason = str_of(reason);
}

static uint32_t
clamp(uint32_t n, uint32_t lo, uint32_t hi)
{
	return n < lo ? lo : n > hi ? hi : n;
}

static unsigned
get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}
