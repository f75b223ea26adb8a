/* rdata.c - answers of the domain name system, taken apart */
#include <string.h>

#include "base/mem.h"
#include "fact/facts.h"
#include "lookup/dnsmsg.h"
#include "lookup/present.h"
#include "lookup/rdata.h"

#define RRS_MAX 1000 /* as in REC_ANSWER */

struct taken {
	struct dns_rr *rrs;
	size_t n, cap, bytes;
	bool cut, seen; /* seen: records of the type, usable or not */
};

static void follow(struct dnsmsg answers, unsigned n, struct dnsmsg_name *name,
    enum rdata_type type, struct arena *mem, struct answer *out);
static int collect(struct dnsmsg, unsigned n, struct dnsmsg_name *name,
    enum rdata_type type, struct answer *out, struct taken *,
    struct arena *mem);
static void found(struct answer *, const struct taken *);
static void absent(struct dnsmsg, const uint8_t *header, struct answer *);
static uint32_t negative_ttl(
    const struct dnsmsg *, const struct dnsmsg_record *);
static void add(struct taken *, const struct dnsmsg *,
    const struct dnsmsg_record *, struct arena *mem);
static bool parse_a(const struct dnsmsg *, const struct dnsmsg_record *,
    struct dns_rr *, struct arena *);
static bool parse_aaaa(const struct dnsmsg *, const struct dnsmsg_record *,
    struct dns_rr *, struct arena *);
static bool parse_mx(const struct dnsmsg *, const struct dnsmsg_record *,
    struct dns_rr *, struct arena *);
static bool parse_ptr(const struct dnsmsg *, const struct dnsmsg_record *,
    struct dns_rr *, struct arena *);
static bool parse_txt(const struct dnsmsg *, const struct dnsmsg_record *,
    struct dns_rr *, struct arena *);
static bool parse_tlsa(const struct dnsmsg *, const struct dnsmsg_record *,
    struct dns_rr *, struct arena *);
static bool parse_text(const struct dnsmsg *, const struct dnsmsg_record *,
    struct dns_rr *, struct arena *);
static bool host_name(const struct dnsmsg_name *, struct str *, struct arena *);
static bool host_char(uint8_t c);
static void fail(struct answer *, const char *reason);
static uint32_t clamp(uint32_t n, uint32_t lo, uint32_t hi);

static const struct {
	enum rdata_type type;
	bool (*parse)(const struct dnsmsg *, const struct dnsmsg_record *,
	    struct dns_rr *, struct arena *);
} parsers[] = {
	{ RDATA_A, parse_a },
	{ RDATA_AAAA, parse_aaaa },
	{ RDATA_MX, parse_mx },
	{ RDATA_PTR, parse_ptr },
	{ RDATA_TXT, parse_txt },
	{ RDATA_TLSA, parse_tlsa },
	{ RDATA_CNAME, parse_text },
	{ RDATA_NS, parse_text },
	{ RDATA_SOA, parse_text },
};

static const char *const rcodes[16] = { "NoError", "FormErr", "ServFail",
	"NXDomain", "NotImp", "Refused", "YXDomain", "YXRRSet", "NXRRSet",
	"NotAuth", "NotZone", "RCode11", "RCode12", "RCode13", "RCode14",
	"RCode15" };

void
rdata_parse(struct str packet, enum rdata_type type, struct arena *mem,
    struct answer *out)
{
	struct dnsmsg r = { (const uint8_t *)packet.p, packet.n,
		DNSMSG_HEADER };
	struct dnsmsg answers;
	struct dnsmsg_name name;
	struct dnsmsg_record rec;
	unsigned rcode, n, asked;

	out->ttl = TTL_MIN;
	if (packet.n < DNSMSG_HEADER || dnsmsg_u16(r.p + 4) != 1 ||
	    !dnsmsg_question(&r, &name, &asked)) {
		fail(out, "malformed answer");
		return;
	}
	rcode = r.p[3] & 15;
	n = dnsmsg_u16(r.p + 6);
	answers = r;
	for (unsigned i = 0; i < n; i++)
		if (!dnsmsg_record(&r, &rec)) {
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

/* --- what the records say --- */

static void
follow(struct dnsmsg answers, unsigned n, struct dnsmsg_name *name,
    enum rdata_type type, struct arena *mem, struct answer *out)
{
	struct taken res = { 0 };

	out->ttl = TTL_MAX;
	for (int cnames = 0; cnames <= DNS_CNAME_MAX; cnames++) {
		int met = collect(answers, n, name, type, out, &res, mem);

		if (res.seen) {
			found(out, &res);
			return;
		}
		if (met == 0) { /* nothing of this name */
			out->end = LOOKUP_NOT_FOUND;
			out->reason = STR("no such record");
			return;
		}
		if (met == -1) {
			fail(out, "malformed CNAME");
			return;
		}
		/* name is the next one */
	}
	fail(out, "too many CNAMEs");
}

/*
 * Takes the records of that name and type; when there are none and there is
 * a CNAME, *name becomes its target. Returns the type met, 0, or -1.
 */
static int
collect(struct dnsmsg r, unsigned n, struct dnsmsg_name *name,
    enum rdata_type type, struct answer *out, struct taken *res,
    struct arena *mem)
{
	struct dnsmsg_record rec, cname = { .type = 0 };

	for (; n > 0 && dnsmsg_record(&r, &rec); n--) {
		if (rec.class != DNSMSG_CLASS_IN || rec.owner.n != name->n ||
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
	return dnsmsg_whole_name(&r, cname.at, cname.at + cname.len, name)
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
absent(struct dnsmsg r, const uint8_t *header, struct answer *out)
{
	unsigned n = dnsmsg_u16(header + 8);
	uint32_t ttl = TTL_MIN;
	struct dnsmsg_record rec;

	for (; n > 0 && dnsmsg_record(&r, &rec); n--)
		if (rec.type == RDATA_SOA)
			ttl = negative_ttl(&r, &rec);
	out->ttl = clamp(ttl, TTL_MIN, TTL_NEGATIVE_MAX);
}

static uint32_t
negative_ttl(const struct dnsmsg *r, const struct dnsmsg_record *rec)
{
	uint32_t minimum;

	if (rec->len < 4)
		return TTL_MIN;
	minimum = dnsmsg_u32(r->p + rec->at + rec->len - 4);
	return minimum < rec->ttl ? minimum : rec->ttl;
}

static void
add(struct taken *res, const struct dnsmsg *r, const struct dnsmsg_record *rec,
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
	res->bytes += rr.text.n > rec->len ? rr.text.n : rec->len;
	res->rrs[res->n++] = rr;
}

/* --- data by type --- */

static bool
parse_a(const struct dnsmsg *r, const struct dnsmsg_record *rec,
    struct dns_rr *rr, struct arena *mem)
{
	(void)mem;
	if (rec->len != 4)
		return false;
	rr->ip.b[10] = rr->ip.b[11] = 0xff;
	memcpy(rr->ip.b + 12, r->p + rec->at, 4);
	return true;
}

static bool
parse_aaaa(const struct dnsmsg *r, const struct dnsmsg_record *rec,
    struct dns_rr *rr, struct arena *mem)
{
	(void)mem;
	if (rec->len != 16)
		return false;
	memcpy(rr->ip.b, r->p + rec->at, 16);
	return true;
}

static bool
parse_mx(const struct dnsmsg *r, const struct dnsmsg_record *rec,
    struct dns_rr *rr, struct arena *mem)
{
	struct dnsmsg_name name;

	if (rec->len < 3)
		return false;
	rr->preference = (uint16_t)dnsmsg_u16(r->p + rec->at);
	return dnsmsg_whole_name(r, rec->at + 2, rec->at + rec->len, &name) &&
	       host_name(&name, &rr->name, mem);
}

static bool
parse_ptr(const struct dnsmsg *r, const struct dnsmsg_record *rec,
    struct dns_rr *rr, struct arena *mem)
{
	struct dnsmsg_name name;

	return dnsmsg_whole_name(r, rec->at, rec->at + rec->len, &name) &&
	       name.n > 1 && host_name(&name, &rr->name, mem);
}

static bool
parse_txt(const struct dnsmsg *r, const struct dnsmsg_record *rec,
    struct dns_rr *rr, struct arena *mem)
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
parse_tlsa(const struct dnsmsg *r, const struct dnsmsg_record *rec,
    struct dns_rr *rr, struct arena *mem)
{
	struct str data = { (const char *)r->p + rec->at, rec->len };

	rr->text = arena_str(mem, data);
	return true;
}

/* What only people look at. */
static bool
parse_text(const struct dnsmsg *r, const struct dnsmsg_record *rec,
    struct dns_rr *rr, struct arena *mem)
{
	struct buf text;

	buf_init(&text, DNS_ANSWER_MAX);
	present_data(r, rec, &text);
	rr->text = arena_str(mem, buf_str(&text));
	buf_fini(&text);
	return rr->text.n > 0 && rr->text.p[0] != '\\';
}

/* As text; false when it could not be the name of a host (DNS-04). */
static bool
host_name(const struct dnsmsg_name *name, struct str *out, struct arena *mem)
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
