/* attempt_json.c - an attempt for programs */
#include "admin/attempt_show.h"
#include "base/mem.h"
#include "lookup/lookup.h"
#include "lookup/sts_policy.h"

static json_t *lookup_json(const struct attempt_lookup *);
static json_t *address_json(const struct address *);
static json_t *conn_json(const struct attempt_conn *);
static json_t *line_json(const struct attempt_line *);
static json_t *tls_json(const struct attempt_conn *);
static json_t *shown_json(const struct tls_shown *);
static json_t *ms_json(int64_t us);
static json_t *text_json(struct str);

void
attempt_json_target(json_t *out, const struct attempt *a)
{
	const struct hosts *h = a->dest != NULL ? a->dest->hosts : NULL;
	json_t *lookups = json_array(), *addresses = json_array();

	for (size_t i = 0; i < a->n_lookups; i++)
		json_array_append_new(lookups, lookup_json(&a->lookups[i]));
	for (size_t i = 0; h != NULL && i < h->n; i++)
		json_array_append_new(addresses, address_json(&h->v[i]));
	json_object_set_new(
	    out, "asked", json_string(a->alone ? "self" : "lookupd"));
	json_object_set_new(out, "lookups", lookups);
	json_object_set_new(
	    out, "routed", json_boolean(h != NULL && h->routed));
	json_object_set_new(out, "addresses", addresses);
}

void
attempt_json_conns(json_t *out, const struct attempt *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n_conns; i++)
		json_array_append_new(list, conn_json(a->conns[i]));
	json_object_set_new(out, "connections", list);
}

static json_t *
lookup_json(const struct attempt_lookup *l)
{
	const struct dns_rr *rrs = l->answer.rrs.v;
	json_t *records = json_array(), *j;
	char ip[IP_TEXT];

	for (size_t i = 0; i < l->answer.rrs.n; i++)
		if (l->kind == LOOKUP_A || l->kind == LOOKUP_AAAA)
			json_array_append_new(
			    records, json_string(ip_text(&rrs[i].ip, ip)));
		else if (l->kind != LOOKUP_TLSA)
			json_array_append_new(records, text_json(rrs[i].name));
	j = json_pack("{s:s, s:s, s:s, s:o, s:b, s:I, s:o, s:o}", "type",
	    lookup_kind_name(l->kind), "name", l->name, "outcome",
	    lookup_end_name(l->answer.end), "reason",
	    text_json(l->answer.reason), "secure", l->answer.secure, "ttl",
	    (json_int_t)l->answer.ttl, "ms", ms_json(l->us), "records",
	    records);
	if (l->kind == LOOKUP_STS)
		json_object_set_new(
		    j, "mode", json_string(sts_mode_name(l->answer.sts)));
	return j;
}

static json_t *
address_json(const struct address *at)
{
	char ip[IP_TEXT];

	return json_pack("{s:i, s:o, s:s, s:i, s:b, s:s}", "preference",
	    (int)at->preference, "host", text_json(str_of(at->host)), "ip",
	    ip_text(&at->ep.ip, ip), "port", (int)at->ep.port, "dane", at->dane,
	    "mta_sts", sts_mode_name(at->sts));
}

static json_t *
conn_json(const struct attempt_conn *c)
{
	static const char *const ends[] = { [ATTEMPT_LOST] = "lost",
		[ATTEMPT_NO_TLS] = "no_tls",
		[ATTEMPT_REFUSED] = "refused",
		[ATTEMPT_UP] = "ok" };
	json_t *dialogue = json_array();
	bool connected = !ip_is_unset(&c->source);
	char ip[IP_TEXT], source[IP_TEXT];
	struct buf why;
	json_t *j;

	for (size_t i = 0; i < c->n_lines; i++)
		json_array_append_new(dialogue, line_json(&c->lines[i]));
	buf_init(&why, 8192);
	buf_puts(&why, "");
	if (c->end != ATTEMPT_UP)
		attempt_show_why(&why, c);
	j = json_pack("{s:o, s:s, s:i, s:o, s:o, s:s, s:o, s:o, s:s, s:o}",
	    "host", text_json(str_of(c->host)), "ip",
	    ip_text(&c->demand.ip, ip), "port", (int)c->demand.port, "source",
	    connected ? json_string(ip_text(&c->source, source)) : json_null(),
	    "connect_ms", connected ? ms_json(c->connect_us) : json_null(),
	    "tls_demand", attempt_level_name(c->demand.tls), "dialogue",
	    dialogue, "tls", c->secured ? tls_json(c) : json_null(), "end",
	    ends[c->end], "reason",
	    c->end != ATTEMPT_UP ? text_json(buf_str(&why)) : json_null());
	buf_fini(&why);
	return j;
}

static json_t *
line_json(const struct attempt_line *l)
{
	json_t *lines = json_array();
	struct str text = str_of(l->text);

	if (!l->heard) {
		json_decref(lines);
		return json_pack("{s:o}", "client", text_json(text));
	}
	while (text.n > 0)
		json_array_append_new(lines, text_json(str_cut(&text, '\n')));
	return json_pack("{s:i, s:o, s:o}", "code", (int)l->code, "server",
	    lines, "ms", ms_json(l->us));
}

static json_t *
tls_json(const struct attempt_conn *c)
{
	json_t *chain = json_array();
	bool asked =
	    TLS_LEVEL_VERIFIES((enum tls_level)c->demand.tls) || c->peer.dane;

	for (size_t i = 0; i < c->n_shown; i++)
		json_array_append_new(chain, shown_json(&c->shown[i]));
	return json_pack("{s:s, s:s, s:o, s:b, s:o, s:b, s:o, s:o}", "protocol",
	    c->version, "cipher", c->cipher, "verified",
	    asked ? json_boolean(c->peer.verified) : json_null(), "trusted",
	    c->peer.trusted, "reason",
	    asked && !c->peer.verified ? text_json(str_of(c->peer.why))
				       : json_null(),
	    "dane", c->peer.dane, "ms", ms_json(c->tls_us), "chain", chain);
}

static json_t *
shown_json(const struct tls_shown *x)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:s, s:I, s:I}", "subject",
	    text_json(str_of(x->subject)), "issuer",
	    text_json(str_of(x->issuer)), "names", text_json(str_of(x->names)),
	    "fingerprint", x->fingerprint, "key", x->key, "begins",
	    (json_int_t)x->begins, "expires", (json_int_t)x->expires);
}

static json_t *
ms_json(int64_t us)
{
	return json_real((double)us / 1000);
}

/* Of strangers: escaped when JSON could not hold it. */
static json_t *
text_json(struct str s)
{
	json_t *text = s.n > 0 ? json_stringn(s.p, s.n) : json_string("");
	char escaped[4096];

	if (text != NULL)
		return text;
	str_escape(escaped, sizeof(escaped), s, sizeof(escaped) / 4 - 1);
	return json_string(escaped);
}
