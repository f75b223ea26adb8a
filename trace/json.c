/*
 * json.c - the report for programs
 *
 * Keys are stable: they are added, never renamed. Texts that are not UTF-8
 * come escaped.
 */
#include <jansson.h>
#include <stdlib.h>

#include "base/mem.h"
#include "trace/json.h"

static json_t *connection(const struct trace_report *);
static json_t *parameters(const struct subject *);
static json_t *sender(const struct trace_report *);
static json_t *recipients(const struct trace_report *);
static json_t *recipient(const struct trace_rcpt *);
static json_t *work(const struct trace_report *);
static void put_outcomes(json_t *top, const struct trace_report *);
static json_t *sdr(const struct note *);
static json_t *facts(const struct facts *);
static void keyed_fact(json_t *facts, const struct fact_answer *);
static json_t *notes(const struct trace_point *);
static json_t *note(const struct note *);
static json_t *reply(const struct reply *);
static void put_shown(struct buf *out, const char *dump);
static const char *key_of(const char *name, char out[40]);
static void set_keyed(json_t *object, struct str key, json_t *value);

void
trace_json(const struct trace_report *r, struct buf *out)
{
	json_t *top = json_object();
	char *dump;

	json_put(top, "outcome", json_string(trace_end_name(r->end)));
	json_put(top, "listener", json_of_text(r->input->listener->name));
	json_put(top, "connection", connection(r));
	if (r->end > TRACE_REFUSED)
		json_put(top, "sender", sender(r));
	if (r->end > TRACE_NO_SENDER)
		json_put(top, "recipients", recipients(r));
	if (r->end > TRACE_NO_RCPT) {
		json_put(top, "size", json_integer((json_int_t)r->size));
		json_put(top, "exceeds_maximum_size",
		    json_boolean(trace_is_too_large(r)));
		json_put(top, "virtual_gateway",
		    r->gateway.n > 0 ? json_of_text(r->gateway) : json_null());
		json_put(top, "bounce_profile",
		    r->bounce_profile.n > 0 ? json_of_text(r->bounce_profile)
					    : json_null());
	}
	if (trace_sdr(&r->data) != NULL)
		json_put(
		    top, "sender_domain_reputation", sdr(trace_sdr(&r->data)));
	if (r->end == TRACE_NO_MESSAGE)
		json_put(top, "reply", reply(&r->data.reply));
	if (r->n_outcomes > 0)
		put_outcomes(top, r);
	json_put(top, "facts", facts(&r->facts));
	dump = json_dumps(top, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	if (dump == NULL)
		panic("json_dumps");
	put_shown(out, dump);
	buf_putc(out, '\n');
	free(dump);
	json_decref(top);
}

/* The library leaves DEL as it is, which child.c lets nobody show. */
static void
put_shown(struct buf *out, const char *dump)
{
	for (const char *p; (p = strchr(dump, 0x7f)) != NULL; dump = p + 1) {
		buf_add(out, dump, (size_t)(p - dump));
		buf_puts(out, "\\u007f");
	}
	buf_puts(out, dump);
}

/* "message" is that of the first result that is delivered. */
static void
put_outcomes(json_t *top, const struct trace_report *r)
{
	const struct trace_outcome *first = trace_delivered(r);

	json_put(top, "work_queue", work(r));
	json_put(top, "policy_table",
	    json_string(
		r->origin.direction == OUTGOING ? "outbound" : "inbound"));
	json_put(top, "results", json_of_outcomes(r));
	if (first != NULL)
		json_put_message(top, buf_str(&first->message));
}

static json_t *
connection(const struct trace_report *r)
{
	const struct subject *s = &r->connected;
	struct str group = pipeline_group_name(s->group);
	json_t *o = json_object();

	json_put(o, "group", group.n > 0 ? json_of_text(group) : json_null());
	json_put(o, "entry", json_of_text(s->entry->text));
	json_put(o, "entry_at", json_of_place(&s->entry->where));
	json_put(o, "policy",
	    s->policy->name.n > 0 ? json_of_text(s->policy->name)
				  : json_null());
	json_put(o, "policy_at",
	    json_of_place(
		s->policy->name.n > 0 ? &s->policy->where : &s->group->where));
	json_put(
	    o, "behavior", json_string(behaviour_name(s->policy->behaviour)));
	json_put(o, "parameters", parameters(s));
	json_put(o, "steps", notes(&r->connect));
	if (!r->connect.refused && r->connect.reply.code != 0)
		json_put(o, "greeting", reply(&r->connect.reply));
	json_put(o, "authenticated",
	    r->facts.authenticated ? json_of_text(r->facts.user) : json_null());
	json_put(o, "refused", json_boolean(r->end == TRACE_REFUSED));
	json_put(o, "tcp_refused", json_boolean(r->connect.reply.refuse));
	if (r->end == TRACE_REFUSED && !r->connect.reply.refuse)
		json_put(o, "reply",
		    reply(
			r->connect.refused ? &r->connect.reply : &r->delayed));
	json_put(o, "delayed", json_boolean(r->delayed.code != 0));
	return o;
}

static json_t *
parameters(const struct subject *s)
{
	struct trace_param params[TRACE_PARAMS_MAX];
	json_t *o = json_object();
	struct arena mem;
	size_t n;

	arena_init(&mem, 1 << 20);
	n = trace_params(s->listener, s->policy, params, &mem);
	for (size_t i = 0; i < n; i++) {
		json_t *one = json_object();

		json_put(one, "value", json_of_text(params[i].text));
		json_put(one, "default", json_boolean(params[i].is_default));
		json_put(o, params[i].key, one);
	}
	arena_free(&mem);
	return o;
}

static json_t *
sender(const struct trace_report *r)
{
	json_t *o = json_object();

	json_put(o, "given", json_of_text(r->input->sender));
	json_put(o, "parameters", json_of_text(r->input->mail_params));
	json_put(o, "steps", notes(&r->sender));
	json_put(o, "refused", json_boolean(r->sender.refused));
	if (r->sender.refused)
		json_put(o, "reply", reply(&r->sender.reply));
	else
		json_put(o, "result", json_of_text(r->final_sender));
	return o;
}

static json_t *
recipients(const struct trace_report *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n_rcpts; i++)
		json_array_append_new(list, recipient(&r->rcpts[i]));
	return list;
}

static json_t *
recipient(const struct trace_rcpt *rcpt)
{
	json_t *o = json_object();

	json_put(o, "given", json_of_text(rcpt->given));
	json_put(o, "parameters", json_of_text(rcpt->params_given));
	json_put(o, "steps", notes(&rcpt->point));
	json_put(o, "refused", json_boolean(rcpt->point.refused));
	if (rcpt->point.reply.code != 0)
		json_put(o, "reply", reply(&rcpt->point.reply));
	if (!rcpt->point.refused)
		json_put(o, "result", json_of_text(rcpt->result));
	if (rcpt->expanded)
		json_put(o, "expanded",
		    json_of_list(rcpt->results, rcpt->n_results));
	return o;
}

static json_t *
work(const struct trace_report *r)
{
	json_t *o = json_object();

	json_put(o, "steps", notes(&r->work));
	if (r->run.split) {
		json_put(o, "before_split", json_of_work(&r->run.original));
		json_put_beside(o, r, &r->run.original);
	}
	return o;
}

static json_t *
sdr(const struct note *n)
{
	json_t *o = json_object();
	const struct sdr_fact *d = n->sdr;

	json_put(o, "reputation",
	    n->number < SDR_N
		? json_string(fact_value_name(FACT_SDR, n->number))
		: json_null());
	json_put(o, "domain_age_days",
	    d != NULL && d->has_age ? json_integer(d->days) : json_null());
	json_put(o, "category",
	    d != NULL && d->category.n > 0 ? json_of_text(d->category)
					   : json_null());
	json_put(o, "accepted", json_boolean(n->allow));
	json_put(o, "exception",
	    n->from.n > 0 ? json_of_text(n->from) : json_null());
	return o;
}

static json_t *
facts(const struct facts *f)
{
	json_t *o = json_object();

	for (const struct fact_answer *a = f->answers; a != NULL; a = a->next)
		keyed_fact(o, a);
	for (int id = 0; id < FACT_KEYED; id++) {
		json_t *one = json_object();
		char key[40];
		bool known = f->meta[id].state == FACT_KNOWN;
		json_t *value = json_null();

		if (f->meta[id].state == FACT_UNKNOWN) {
			json_decref(one);
			continue;
		}
		if (known && id == FACT_HOST)
			value =
			    f->host_class == HOST_VERIFIED
				? json_of_text(f->host)
				: json_string(host_class_name(f->host_class));
		else if (known && id == FACT_REPUTATION &&
			 f->reputation != REPUTATION_NONE)
			value = json_real((double)f->reputation / 10);
		else if (known && id == FACT_OWNER)
			value = json_integer((json_int_t)f->owner);
		else if (known && id == FACT_COUNTRY)
			value = json_string(f->country);
		else if (known && id == FACT_CONNECTIONS)
			value = json_integer(f->connections);
		json_put(one, "value", value);
		json_put(one, "known", json_boolean(known));
		json_put(one, "source",
		    json_string(fact_source_name(f->meta[id].source)));
		json_put(o, key_of(fact_name(id), key), one);
	}
	return o;
}

/* "dns_list": { "list.example": ... }: an object of its own for each kind */
static void
keyed_fact(json_t *facts, const struct fact_answer *a)
{
	json_t *one = json_object(), *value = json_null(), *kind;
	char key[40];
	bool known = a->meta.state == FACT_KNOWN;
	const char *name = fact_value_name(a->id, a->number);

	if (known && a->id == FACT_DNSLIST)
		value = json_boolean(a->number == LIST_HAS);
	else if (known && name != NULL)
		value = json_string(name);
	else if (known)
		value = json_integer((json_int_t)a->number);
	json_put(one, "value", value);
	json_put(one, "known", json_boolean(known));
	json_put(one, "source", json_string(fact_source_name(a->meta.source)));
	key_of(fact_name(a->id), key);
	kind = json_object_get(facts, key);
	if (kind == NULL) {
		kind = json_object();
		json_put(facts, key, kind);
	}
	set_keyed(kind, a->key, one);
}

static json_t *
notes(const struct trace_point *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->n_notes; i++)
		json_array_append_new(list, note(&p->notes[i]));
	return list;
}

static json_t *
note(const struct note *n)
{
	static const char *const kinds[] = {
		[NOTE_HOST] = "reverse name",
		[NOTE_HAT_PASSED] = "sender group passed",
		[NOTE_HAT_MATCH] = "sender group matched",
		[NOTE_REPLY] = "reply",
		[NOTE_DEFAULT_DOMAIN] = "default domain",
		[NOTE_DOMAIN_MAP] = "domain map",
		[NOTE_RAT_MATCH] = "recipient access table",
		[NOTE_RAT_SKIPPED] = "recipient access table not applicable",
		[NOTE_ALIAS] = "alias",
		[NOTE_BAD_ADDRESS] = "invalid address",
		[NOTE_GATEWAY] = "virtual gateway",
		[NOTE_BOUNCE_PROFILE] = "bounce profile",
		[NOTE_SIZE] = "size",
		[NOTE_FORGED] = "forged fields",
		[NOTE_MASQUERADE] = "masquerade",
		[NOTE_EXCEPTION] = "domain exception table",
		[NOTE_TLS_REQUIRED] = "TLS required",
		[NOTE_SENDER_VERIFY] = "envelope sender verification",
		[NOTE_LIMIT] = "receiving control",
		[NOTE_SDR] = "sender domain reputation",
		[NOTE_LDAP_ACCEPT] = "LDAP accept",
		[NOTE_CALL_AHEAD] = "call-ahead",
		[NOTE_BOUNCE_TAG] = "bounce verification",
	};
	json_t *o = json_object();

	json_put(o, "step", json_string(kinds[n->kind]));
	if (n->where.file != NULL)
		json_put(o, "at", json_of_place(&n->where));
	if (n->group != NULL)
		json_put(o, "group", json_of_text(n->group->name));
	if (n->entry != NULL)
		json_put(o, "entry", json_of_text(n->entry->text));
	if (n->rat != NULL) {
		json_put(o, "entry", json_of_text(n->rat->text));
		json_put(o, "accept", json_boolean(n->rat->accept));
		json_put(o, "bypass_receiving_control",
		    json_boolean(n->rat->bypass_control));
		json_put(
		    o, "bypass_ldap_accept", json_boolean(n->rat->bypass_ldap));
		json_put(o, "bypass_callahead",
		    json_boolean(n->rat->bypass_callahead));
	}
	if (n->from.n > 0)
		json_put(o, "from", json_of_text(n->from));
	if (n->to.n > 0)
		json_put(o, "to", json_of_text(n->to));
	if (n->text.n > 0)
		json_put(o, "text", json_of_text(n->text));
	if (n->list != NULL)
		json_put(o, "list", json_of_list(n->list, n->n_list));
	if (n->kind == NOTE_EXCEPTION && n->text.n > 0)
		json_put(o, "accept", json_boolean(n->allow));
	if (n->kind == NOTE_SENDER_VERIFY)
		json_put(o, "result",
		    json_string(
			fact_value_name(FACT_SENDER_DOMAIN, n->number)));
	return o;
}

static json_t *
reply(const struct reply *r)
{
	json_t *o = json_object();

	json_put(o, "code", json_integer(r->code));
	json_put(o, "status",
	    *r->status != '\0' ? json_string(r->status) : json_null());
	json_put(o, "text", json_of_text(r->text));
	return o;
}

/* "IP reputation": ip_reputation */
static const char *
key_of(const char *name, char out[40])
{
	str_copy(out, 40, str_of(name));
	str_lower(out);
	for (char *p = out; *p != '\0'; p++) {
		if (*p == ' ')
			*p = '_';
	}
	return out;
}

/* The key may be anything that somebody sent. */
static void
set_keyed(json_t *object, struct str key, json_t *value)
{
	json_t *shown = json_of_text(key);

	json_put(object, json_string_value(shown), value);
	json_decref(shown);
}
