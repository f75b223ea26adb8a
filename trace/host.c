/*
 * host.c - what the network knows of the client, asked as lookupd asks it
 */
#include "trace/host.h"

#include "base/loop.h"
#include "config/hat_index.h"
#include "lookup/ahead.h"
#include "lookup/facts.h"
#include "lookup/lookup.h"
#include "lookup/probe.h"
#include "lookup/system.h"
#include "pipeline/pipeline.h"

struct asking {
	const struct config *config;
	const struct listener *listener;
	struct loop *loop;
	struct lookups *lookups;
	struct probes *probes;
	struct facts *facts;
	struct arena *mem;
	size_t n; /* questions under way */
};

struct asked {
	struct asking *asking;
	struct need need;
};

static void ask(struct asking *, const struct need *);
static void ask_ahead(struct asking *, const struct need *);
static void answered(void *arg, const struct answer *);
static void answered_ahead(void *arg, const struct probe_done *);
static void finished(struct asked *, struct fact_answer);
static void take(struct asking *, const struct need *, struct fact_answer);

void
trace_host(const struct config *config, const struct listener *listener,
    struct facts *facts, struct arena *mem)
{
	struct need needs[1 + HAT_ZONES_MAX];
	const struct str *zones;
	size_t n_zones = pipeline_dnslists(listener, &zones), n = 0;

	if (fact_is_open(facts, FACT_HOST))
		needs[n++] = (struct need){ FACT_HOST, STR("") };
	for (size_t i = 0; i < n_zones; i++) {
		if (fact_find(facts, FACT_DNSLIST, zones[i]) == NULL)
			needs[n++] = (struct need){ FACT_DNSLIST, zones[i] };
	}
	trace_look_up(config, listener, needs, n, facts, mem);
}

void
trace_look_up(const struct config *config, const struct listener *listener,
    const struct need *needs, size_t n, struct facts *facts, struct arena *mem)
{
	struct asking a = { .config = config,
		.listener = listener,
		.facts = facts,
		.mem = mem };
	struct lookup_system system;

	a.loop = loop_new();
	lookup_system_read(&system, NULL, NULL);
	a.lookups = lookups_new(a.loop, config, &system, NULL, NULL);
	a.probes = probes_new(a.loop, a.lookups, NULL);
	for (size_t i = 0; i < n; i++) {
		ask(&a, &needs[i]);
		if (a.n == AHEAD_TOGETHER || (a.n > 0 && i + 1 == n))
			loop_run(a.loop);
	}
	probes_free(&a.probes);
	lookups_free(&a.lookups);
	lookup_system_free(&system);
	loop_free(&a.loop);
}

static void
ask(struct asking *a, const struct need *need)
{
	char name[LOOKUP_NAME];
	struct asked *asked;
	struct query query;

	if (need->id == FACT_CALLAHEAD) {
		ask_ahead(a, need);
		return;
	}

	/* receiving 4.6: without a time to wait nobody has a name */
	if (need->id == FACT_HOST && a->config->reverse_timeout == 0) {
		take(a, need,
		    (struct fact_answer){
			.meta = { FACT_KNOWN, FACT_LOOKED_UP },
			.number = HOST_NX,
			.text = STR("") });
		return;
	}
	if (a->lookups == NULL ||
	    !lookup_query_of(need->id, need->key, a->config, &a->facts->client,
		&query, name)) {
		take(a, need,
		    (struct fact_answer){
			.meta = { FACT_FAILED, FACT_FROM_DEFAULT },
			.number = HOST_SERVFAIL,
			.text = STR("") });
		return;
	}
	asked = arena_alloc(a->mem, sizeof(*asked));
	*asked = (struct asked){ a, *need };
	lookup_ask(a->lookups, &query, answered, asked);
	a->n++;
}

/* The profile names no TLS, so there are no settings for it. */
static void
ask_ahead(struct asking *a, const struct need *need)
{
	struct fact_answer fact = { .text = STR("") };
	struct asked *asked;
	struct probe p;

	if (!ahead_probe(a->config, a->listener->call_ahead, need->key,
		a->listener->interface->hostname, &p, a->mem)) {
		ahead_nowhere(&fact);
		take(a, need, fact);
		return;
	}
	asked = arena_alloc(a->mem, sizeof(*asked));
	*asked = (struct asked){ a, *need };
	probe_start(a->probes, &p, answered_ahead, asked);
	a->n++;
}

static void
answered(void *arg, const struct answer *answer)
{
	struct asked *asked = arg;
	struct fact_answer fact;

	lookup_fact_of(asked->need.id, answer, &fact);
	if (asked->need.id == FACT_DNSLIST)
		fact.text = lookup_list_text(answer, asked->asking->mem);
	finished(asked, fact);
}

static void
answered_ahead(void *arg, const struct probe_done *done)
{
	struct asked *asked = arg;
	struct fact_answer fact;

	ahead_fact(done, &fact);
	finished(asked, fact);
}

static void
finished(struct asked *asked, struct fact_answer fact)
{
	struct asking *a = asked->asking;

	take(a, &asked->need, fact);
	if (--a->n == 0)
		loop_stop(a->loop);
}

/* A name that could not be looked up has a class of its own, so that is
 * known. */
static void
take(struct asking *a, const struct need *need, struct fact_answer fact)
{
	struct facts *f = a->facts;
	struct fact_answer *kept;

	if (need->id == FACT_HOST) {
		fact_set(f, FACT_HOST, FACT_KNOWN, FACT_LOOKED_UP);
		f->host_class = (enum host_class)fact.number;
		f->host = arena_str(a->mem, fact.text);
		return;
	}
	kept = fact_put(f, a->mem, need->id, need->key, fact.meta);
	kept->number = fact.number;
	kept->code = fact.code;
	kept->text = arena_str(a->mem, fact.text);
}
