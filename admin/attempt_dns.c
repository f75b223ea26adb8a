/* attempt_dns.c - the DNS, as the gateway sees it */
#include <stdlib.h>
#include <string.h>

#include "admin/attempt.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "lookup/lookup.h"
#include "lookup/sts_policy.h"

struct asking {
	struct attempt *attempt;
	struct answer *out;
};

static bool ask_lookupd(
    struct attempt *, enum lookup_kind, struct str name, struct answer *);
static void ask_alone(
    struct attempt *, enum lookup_kind, struct str name, struct answer *);
static void answered(void *arg, const struct answer *);
static void take(struct attempt *, const json_t *, struct answer *);
static void take_record(struct attempt *, const json_t *, struct dns_rr *);
static struct str take_text(struct attempt *, const json_t *, const char *key);
static struct str unhex(struct attempt *, const char *hex);

void
attempt_ask(struct attempt *a, enum lookup_kind kind, struct str name,
    struct answer *out)
{
	*out = (struct answer){ .kind = (uint8_t)kind,
		.end = LOOKUP_NOT_FOUND,
		.reason = STR("") };
	if (!a->alone && ask_lookupd(a, kind, name, out))
		return;
	a->alone = true;
	if (kind != LOOKUP_STS)
		ask_alone(a, kind, name, out);
}

void
attempt_ask_end(struct attempt *a)
{
	lookups_free(&a->own);
	if (a->system != NULL)
		lookup_system_free(a->system);
	free(a->system);
	a->system = NULL;
}

static bool
ask_lookupd(struct attempt *a, enum lookup_kind kind, struct str name,
    struct answer *out)
{
	static const char *const kinds[] = { [LOOKUP_MX] = "mx",
		[LOOKUP_A] = "a",
		[LOOKUP_AAAA] = "aaaa",
		[LOOKUP_TLSA] = "tlsa",
		[LOOKUP_STS] = "sts" };
	const char *words[] = { "lookup", kinds[kind],
		arena_strz(&a->mem, name), NULL };
	struct control_answer answer;
	struct err err = ERR_INIT;

	if (control_ask(a->tool, PROGRAM_LOOKUPD, words, &answer, &err) == -1)
		return false;
	take(a, answer.json, out);
	control_answer_fini(&answer);
	return true;
}

/* Nothing runs, or the caller may not ask it. */
static void
ask_alone(struct attempt *a, enum lookup_kind kind, struct str name,
    struct answer *out)
{
	struct asking asking = { a, out };
	struct query query = { .kind = (uint8_t)kind,
		.name = name,
		.timeout_ms = a->config->dns_timeout * 1000 };
	struct err err = ERR_INIT;

	if (a->system == NULL) {
		a->system = mem_alloc(sizeof(*a->system));
		lookup_system_read(a->system, NULL, NULL);
		a->own = lookups_new(a->loop, a->config, a->system, NULL, &err);
	}
	if (a->own == NULL) {
		out->end = LOOKUP_FAILED;
		out->reason = STR("no resolver");
		return;
	}
	lookup_ask(a->own, &query, answered, &asking);
	loop_run(a->loop);
}

static void
answered(void *arg, const struct answer *from)
{
	struct asking *asking = arg;
	struct arena *mem = &asking->attempt->mem;
	struct answer *out = asking->out;
	const struct dns_rr *rrs = from->rrs.v;
	struct dns_rr *v = arena_array(mem, from->rrs.n + 1, sizeof(*v));

	*out = *from;
	out->reason = arena_str(mem, from->reason);
	out->rrs.v = v;
	for (size_t i = 0; i < from->rrs.n; i++) {
		v[i] = rrs[i];
		v[i].name = arena_str(mem, rrs[i].name);
		v[i].text = arena_str(mem, rrs[i].text);
	}
	loop_stop(asking->attempt->loop);
}

/* --- what lookupd answers --- */

static void
take(struct attempt *a, const json_t *json, struct answer *out)
{
	const json_t *records = json_object_get(json, "records"), *one;
	struct dns_rr *v =
	    arena_array(&a->mem, json_array_size(records) + 1, sizeof(*v));
	const char *end = fields_text(json, "outcome");
	size_t i;

	out->end = LOOKUP_FAILED;
	for (enum lookup_end e = LOOKUP_FOUND; e <= LOOKUP_FAILED; e++)
		if (strcmp(end, lookup_end_name(e)) == 0)
			out->end = (uint8_t)e;
	out->reason = take_text(a, json, "reason");
	out->ttl = (uint32_t)fields_num(json, "ttl");
	out->secure = fields_bool(json, "secure");
	out->sts = (uint8_t)sts_mode_of(str_of(fields_text(json, "mode")));
	out->rrs.v = v;
	json_array_foreach(records, i, one)
	    take_record(a, one, &v[out->rrs.n++]);
}

static void
take_record(struct attempt *a, const json_t *json, struct dns_rr *rr)
{
	rr->preference = (uint16_t)fields_num(json, "preference");
	rr->name = take_text(a, json, "host");
	rr->text = unhex(a, fields_text(json, "data"));
	if (fields_has(json, "address"))
		ip_parse(&rr->ip, str_of(fields_text(json, "address")));
}

static struct str
take_text(struct attempt *a, const json_t *json, const char *key)
{
	return arena_str(&a->mem, str_of(fields_text(json, key)));
}

static struct str
unhex(struct attempt *a, const char *hex)
{
	size_t n = strlen(hex) / 2;
	char *p = arena_alloc(&a->mem, n + 1);

	for (size_t i = 0; i < n; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		p[i] = (char)strtoul(two, NULL, 16);
	}
	return (struct str){ p, n };
}
