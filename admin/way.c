/* way.c - how mail for a domain would go now, without going */
#include "admin/way.h"

#include "admin/attempt_show.h"
#include "base/mem.h"

static void put_found(json_t *, struct attempt *);
static json_t *mx_json(const struct hosts *);
static json_t *hop_json(const struct attempt_conn *);
static json_t *policy_json(const struct session *);
static json_t *names_json(const struct session *);
static json_t *tlsa_json(const struct session *);
static json_t *name_json(struct str);

static const struct attempt_hooks no_hooks;

json_t *
way_look(struct tool *t, bool working, struct str domain, struct str gateway,
    enum tls_wish wish)
{
	struct attempt_to to = {
		.domain = domain, .interface = gateway, .wish = wish
	};
	struct attempt_how how = { working, "", ATTEMPT_TIMEOUT };
	struct err err = ERR_INIT;
	json_t *j = json_object();
	const char *outcome = "waits";
	struct attempt a;

	if (attempt_open(&a, t, &how, &no_hooks, NULL, &err) == -1) {
		outcome = "unknown";
	} else if (attempt_target(&a, &to, &err) == 0) {
		attempt_plan(&a);
		outcome = "found";
	} else if (a.dest != NULL && a.dest->resolution == RESOLUTION_DROP) {
		outcome = "dropped";
	} else if (a.dest != NULL && a.dest->resolution == RESOLUTION_HARD) {
		outcome = "bounced";
	}
	json_object_set_new(j, "outcome", json_string(outcome));
	json_object_set_new(j, "reason",
	    *err.text != '\0' ? name_json(str_of(err.text)) : json_null());
	put_found(j, &a);
	attempt_close(&a);
	return j;
}

static void
put_found(json_t *j, struct attempt *a)
{
	json_t *hops = json_array();

	attempt_json_target(j, a);
	if (a->n_lookups == 0)
		json_object_set_new(j, "asked", json_null());
	json_object_set_new(
	    j, "mx", mx_json(a->dest != NULL ? a->dest->hosts : NULL));
	for (size_t i = 0; i < a->n_conns; i++)
		json_array_append_new(hops, hop_json(a->conns[i]));
	json_object_set_new(j, "attempts", hops);
}

static json_t *
mx_json(const struct hosts *h)
{
	json_t *list = json_array();

	for (size_t i = 0; h != NULL && i < h->n_mx; i++)
		json_array_append_new(
		    list, json_pack("{s:i, s:o, s:I}", "preference",
			      (int)h->mx[i].preference, "host",
			      name_json(str_of(h->mx[i].name)), "ttl",
			      (json_int_t)h->mx[i].ttl));
	return list;
}

static json_t *
hop_json(const struct attempt_conn *c)
{
	const struct session *s = &c->demand;
	char ip[IP_TEXT], source[IP_TEXT];

	return json_pack(
	    "{s:o, s:s, s:i, s:o, s:o, s:s, s:o, s:o, s:o, s:b, s:o}", "host",
	    name_json(str_of(c->host)), "ip", ip_text(&s->ip, ip), "port",
	    (int)s->port, "helo", name_json(s->helo), "source",
	    ip_is_unset(&s->source) ? json_null()
				    : json_string(ip_text(&s->source, source)),
	    "tls", attempt_level_name((enum tls_level)s->tls), "tls_names",
	    names_json(s), "tlsa", tlsa_json(s), "tls_by", policy_json(s),
	    "requiretls", (int)s->requiretls, "certificate",
	    s->certificate.n > 0 ? name_json(s->certificate) : json_null());
}

/* Whose policy it is that this session is held to. */
static json_t *
policy_json(const struct session *s)
{
	switch ((enum tls_policy)s->policy) {
	case TLS_POLICY_TLSA:
		return json_string("DANE");
	case TLS_POLICY_STS:
		return json_string("MTA-STS");
	default:
		return json_null();
	}
}

static json_t *
names_json(const struct session *s)
{
	json_t *list = json_array();

	if (s->tls_name.n > 0)
		json_array_append_new(list, name_json(s->tls_name));
	if (s->tls_name2.n > 0)
		json_array_append_new(list, name_json(s->tls_name2));
	return list;
}

static json_t *
tlsa_json(const struct session *s)
{
	const struct tlsa *v = s->tlsas.v;
	json_t *list = json_array();

	for (size_t i = 0; i < s->tlsas.n; i++) {
		struct buf hex;

		buf_init(&hex, 2 * v[i].data.n + 1);
		buf_puts(&hex, "");
		for (size_t k = 0; k < v[i].data.n; k++)
			buf_printf(&hex, "%02x", (unsigned char)v[i].data.p[k]);
		json_array_append_new(list, name_json(buf_str(&hex)));
		buf_fini(&hex);
	}
	return list;
}

/* Names of hosts are printable (lookup/rdata.h); what else there is has been
 * escaped. */
static json_t *
name_json(struct str s)
{
	json_t *text = s.n > 0 ? json_stringn(s.p, s.n) : json_string("");

	return text != NULL ? text : json_string("?");
}
