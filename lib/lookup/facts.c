/* facts.c - facts as questions to lookup.h, and its answers as facts */
#include "lookup/facts.h"

static void read_host(const struct answer *, struct fact_answer *);

bool
lookup_query_of(enum fact_id id, struct str key, const struct config *config,
    const struct ip *client, struct query *q, char name[LOOKUP_NAME])
{
	*q = (struct query){ .name = STR(""), .ip = *client };
	switch (id) {
	case FACT_HOST:
		q->kind = LOOKUP_HOST;
		q->timeout_ms = config->reverse_timeout * 1000;
		break;
	case FACT_DNSLIST:
		if (!ip_list_name(client, key, name, LOOKUP_NAME) ||
		    !str_copy(name, LOOKUP_NAME, key))
			return false;
		q->kind = LOOKUP_DNSLIST;
		q->name = str_of(name);
		q->timeout_ms = config->dnslist_timeout * 1000;
		break;
	case FACT_SENDER_DOMAIN:
		if (!str_copy(name, LOOKUP_NAME, key))
			return false;
		q->kind = LOOKUP_MAIL_DOMAIN;
		q->name = str_of(name);
		q->timeout_ms = config->dns_timeout * 1000;
		break;
	default:
		return false;
	}
	return !config->dns_off;
}

void
lookup_fact_of(enum fact_id id, const struct answer *a, struct fact_answer *out)
{
	bool found = a->end == LOOKUP_FOUND;
	bool failed = a->end == LOOKUP_FAILED;

	out->id = id;
	out->meta =
	    (struct fact){ failed ? FACT_FAILED : FACT_KNOWN, FACT_LOOKED_UP };
	out->text = STR("");
	if (id == FACT_HOST)
		read_host(a, out);
	else if (id == FACT_DNSLIST)
		out->number =
		    a->list <= LIST_HAS_NO_TEST ? a->list : LIST_HAS_NOT;
	else
		out->number = failed  ? DOMAIN_UNRESOLVED
			      : found ? DOMAIN_EXISTS
				      : DOMAIN_MISSING;
}

struct str
lookup_list_text(const struct answer *a, struct arena *mem)
{
	const struct dns_rr *rrs = a->rrs.v;
	struct str text;
	char ip[IP_TEXT];
	struct buf out;

	buf_init(&out, 64 * IP_TEXT);
	buf_puts(&out, "");
	for (size_t i = 0; i < a->rrs.n; i++) {
		if (ip_is_unset(&rrs[i].ip) || out.len + IP_TEXT > 63 * IP_TEXT)
			continue;
		buf_puts(&out, out.len > 0 ? " " : "");
		buf_puts(&out, ip_text(&rrs[i].ip, ip));
	}
	text = arena_str(mem, buf_str(&out));
	buf_fini(&out);
	return text;
}

void
lookup_fact_of_scan(
    const struct scanned *r, struct fact_answer *out, struct arena *mem)
{
	struct spam_fact *spam;
	struct virus_fact *virus;

	out->meta = (struct fact){ r->known ? FACT_KNOWN : FACT_FAILED,
		FACT_LOOKED_UP };
	out->text = r->text;
	out->number = r->number;
	if (r->kind == SCAN_SPAM) {
		spam = arena_alloc(mem, sizeof(*spam));
		*spam =
		    (struct spam_fact){ .engine = arena_strz(mem, r->engine),
			    .raw = r->raw,
			    .suspect = r->suspect,
			    .positive = r->positive,
			    .skipped = r->skipped,
			    .tests = arena_str(mem, r->text) };
		out->detail = spam;
	} else {
		virus = arena_alloc(mem, sizeof(*virus));
		*virus =
		    (struct virus_fact){ .engine = arena_str(mem, r->engine),
			    .ms = r->ms };
		out->detail = virus;
	}
}

static void
read_host(const struct answer *a, struct fact_answer *out)
{
	const struct dns_rr *rr = a->rrs.v;
	enum host_class class = (enum host_class)a->host_class;

	if (a->end == LOOKUP_FAILED || a->host_class > HOST_NOT_CONFIRMED)
		class = HOST_SERVFAIL;
	if (class == HOST_VERIFIED &&
	    (a->rrs.n == 0 || !fact_host_name_ok(rr->name)))
		class = HOST_NOT_CONFIRMED;
	if (class == HOST_VERIFIED)
		out->text = rr->name;
	out->number = class;
}
