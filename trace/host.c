/*
 * host.c - what the network knows of the client, asked as lookupd asks it
 */
#include "trace/host.h"

#include "base/bounds.h"
#include "base/loop.h"
#include "config/hat_index.h"
#include "lookup/lookup.h"
#include "lookup/system.h"
#include "pipeline/pipeline.h"

struct asking {
	const struct config *config;
	struct loop *loop;
	struct lookups *lookups;
	struct facts *facts;
	struct arena *mem;
	size_t n; /* questions under way */
};

struct asked { /* of one DNS list */
	struct asking *asking;
	struct str zone;
};

static void ask(struct asking *, const struct listener *);
static void ask_host(struct asking *);
static void host_answered(void *arg, const struct answer *);
static void ask_zone(struct asking *, struct str zone);
static void zone_answered(void *arg, const struct answer *);
static void done(struct asking *);

void
trace_host(const struct config *config, const struct listener *listener,
    struct facts *facts, struct arena *mem)
{
	struct asking a = { .config = config, .facts = facts, .mem = mem };
	struct lookup_system system;

	a.loop = loop_new();
	lookup_system_read(&system, NULL, NULL);
	a.lookups = lookups_new(a.loop, config, &system, NULL, NULL);
	ask(&a, listener);
	if (a.n > 0)
		loop_run(a.loop);
	lookups_free(&a.lookups);
	lookup_system_free(&system);
	loop_free(&a.loop);
}

static void
ask(struct asking *a, const struct listener *listener)
{
	const struct str *zones;
	size_t n = pipeline_dnslists(listener, &zones);

	if (fact_is_open(a->facts, FACT_HOST))
		ask_host(a);
	for (size_t i = 0; i < n; i++) {
		if (fact_find(a->facts, FACT_DNSLIST, zones[i]) == NULL)
			ask_zone(a, zones[i]);
	}
}

/* Receiving 4.6: without a time to wait nobody has a name. */
static void
ask_host(struct asking *a)
{
	struct facts *f = a->facts;
	struct query query = {
		.kind = LOOKUP_HOST, .name = STR(""), .ip = f->client
	};

	f->host = STR("");
	f->host_class =
	    a->config->reverse_timeout == 0 ? HOST_NX : HOST_SERVFAIL;
	fact_set(f, FACT_HOST, FACT_KNOWN, FACT_LOOKED_UP);
	if (a->config->reverse_timeout == 0 || a->lookups == NULL)
		return;
	lookup_ask(a->lookups, &query, host_answered, a);
	a->n++;
}

static void
host_answered(void *arg, const struct answer *answer)
{
	struct asking *a = arg;
	const struct dns_rr *rr = answer->rrs.v;

	a->facts->host_class = answer->host_class;
	if (answer->host_class == HOST_VERIFIED && answer->rrs.n > 0)
		a->facts->host = arena_str(a->mem, rr[0].name);
	done(a);
}

/* Any address under the zone means that it lists the client. */
static void
ask_zone(struct asking *a, struct str zone)
{
	struct query query = { .kind = LOOKUP_A,
		.timeout_ms = a->config->dnslist_timeout * 1000 };
	char name[DOMAIN_MAX + 1];
	struct asked *asked;

	if (a->lookups == NULL ||
	    !ip_list_name(&a->facts->client, zone, name, sizeof(name))) {
		fact_fail(a->facts, a->mem, FACT_DNSLIST, zone);
		return;
	}
	asked = arena_alloc(a->mem, sizeof(*asked));
	*asked = (struct asked){ a, zone };
	query.name = str_of(name);
	lookup_ask(a->lookups, &query, zone_answered, asked);
	a->n++;
}

static void
zone_answered(void *arg, const struct answer *answer)
{
	struct asked *asked = arg;
	struct asking *a = asked->asking;

	if (answer->end == LOOKUP_FAILED)
		fact_fail(a->facts, a->mem, FACT_DNSLIST, asked->zone);
	else
		fact_put(a->facts, a->mem, FACT_DNSLIST, asked->zone,
		    (struct fact){ FACT_KNOWN, FACT_LOOKED_UP })
		    ->number = answer->end == LOOKUP_FOUND;
	done(a);
}

static void
done(struct asking *a)
{
	if (--a->n == 0)
		loop_stop(a->loop);
}
