/* lookupd_answer.c - what was found, as JSON for admin tools */
#include "master/lookupd_answer.h"

#include <stdio.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "lookup/lookup.h"
#include "lookup/sts_policy.h"

static json_t *verdict_json(const struct answer *);
static json_t *record_json(enum lookup_kind, const struct dns_rr *);
static json_t *name_json(struct str text);
static void put_soa(json_t *, struct str text);
static json_t *hex_json(struct str);

json_t *
lookupd_engine_json(const struct scanned *told, int64_t last)
{
	bool knows = told->known && told->text.n > 0;

	return json_pack("{s:o, s:b, s:o, s:o, s:o, s:I}", "engine",
	    told->engine.n > 0 ? lookupd_text_json(told->engine) : json_null(),
	    "answers", told->known, "rules",
	    knows ? lookupd_text_json(told->text) : json_null(), "error",
	    told->known ? json_null() : lookupd_text_json(told->text),
	    "last_contact", last != 0 ? json_integer(last) : json_null(), "ms",
	    (json_int_t)told->ms);
}

json_t *
lookupd_answer_json(const struct query *query, const struct answer *answer)
{
	enum lookup_kind kind = query->kind;
	const struct dns_rr *rrs = answer->rrs.v;
	json_t *root = json_object(), *records = json_array();

	json_object_set_new(root, "type", json_string(lookup_kind_name(kind)));
	json_object_set_new(root, "name", lookupd_text_json(query->name));
	json_object_set_new(
	    root, "outcome", json_string(lookup_end_name(answer->end)));
	json_object_set_new(root, "reason", lookupd_text_json(answer->reason));
	json_object_set_new(root, "ttl", json_integer(answer->ttl));
	json_object_set_new(root, "secure", json_boolean(answer->secure));
	json_object_set_new(root, "dnssec", verdict_json(answer));
	if (kind == LOOKUP_HOST)
		json_object_set_new(root, "host_class",
		    json_string(host_class_name(answer->host_class)));
	if (kind == LOOKUP_STS)
		json_object_set_new(
		    root, "mode", json_string(sts_mode_name(answer->sts)));
	for (size_t i = 0; i < answer->rrs.n; i++)
		json_array_append_new(records, record_json(kind, &rrs[i]));
	json_object_set_new(root, "records", records);
	return root;
}

json_t *
lookupd_text_json(struct str s)
{
	static char escaped[4 * DNS_ANSWER_MAX + 4];
	json_t *text = s.n > 0 ? json_stringn(s.p, s.n) : json_string("");

	if (text != NULL)
		return text;
	str_escape(escaped, sizeof(escaped), s, DNS_ANSWER_MAX);
	return json_string(escaped);
}

static json_t *
verdict_json(const struct answer *a)
{
	if (str_is(a->reason, "bogus"))
		return json_string("bogus");
	if (a->end == LOOKUP_FAILED)
		return json_null();
	return json_string(a->secure ? "secure" : "insecure");
}

static json_t *
record_json(enum lookup_kind kind, const struct dns_rr *rr)
{
	json_t *o = json_object();
	char ip[IP_TEXT];

	switch (kind) {
	case LOOKUP_MX:
	case LOOKUP_MAIL_DOMAIN:
		json_object_set_new(
		    o, "preference", json_integer(rr->preference));
		json_object_set_new(o, "host", lookupd_text_json(rr->name));
		break;
	case LOOKUP_HOST:
	case LOOKUP_PTR:
	case LOOKUP_STS: /* a pattern of hosts */
		json_object_set_new(o, "host", lookupd_text_json(rr->name));
		break;
	case LOOKUP_CNAME:
	case LOOKUP_NS:
		json_object_set_new(o, "host", name_json(rr->text));
		break;
	case LOOKUP_SOA:
		put_soa(o, rr->text);
		break;
	case LOOKUP_TLSA:
		json_object_set_new(o, "data", hex_json(rr->text));
		break;
	case LOOKUP_A:
	case LOOKUP_AAAA:
	case LOOKUP_DNSLIST:
		json_object_set_new(
		    o, "address", json_string(ip_text(&rr->ip, ip)));
		break;
	case LOOKUP_TXT:
		json_object_set_new(o, "text", lookupd_text_json(rr->text));
		break;
	}
	return o;
}

/* Without its last dot. */
static json_t *
name_json(struct str text)
{
	if (text.n > 1 && text.p[text.n - 1] == '.')
		text.n--;
	return lookupd_text_json(text);
}

/* The words of lookup/present.h. */
static void
put_soa(json_t *o, struct str text)
{
	static const char *const numbers[] = { "serial", "refresh", "retry",
		"expire", "minimum" };
	uint64_t n;

	json_object_set_new(o, "primary", name_json(str_word(&text)));
	json_object_set_new(o, "mail", name_json(str_word(&text)));
	for (size_t i = 0; i < NELEM(numbers); i++) {
		if (!str_u64(str_word(&text), UINT32_MAX, &n))
			n = 0;
		json_object_set_new(o, numbers[i], json_integer((json_int_t)n));
	}
}

static json_t *
hex_json(struct str s)
{
	static char hex[2 * DNS_ANSWER_MAX + 1];
	size_t n = s.n < DNS_ANSWER_MAX ? s.n : DNS_ANSWER_MAX;

	for (size_t i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)s.p[i]);
	hex[2 * n] = '\0';
	return json_string(hex);
}
