/*
 * host.c - the reverse name of the client, asked for as lookupd asks for it
 */
#include "trace/host.h"

#include "base/bounds.h"
#include "base/loop.h"
#include "lookup/lookup.h"
#include "lookup/system.h"

struct asked {
	struct loop *loop;
	struct facts *facts;
	char *name;
};

static void answered(void *arg, const struct answer *);

void
trace_host(const struct config *config, struct facts *facts, char *name)
{
	struct asked asked = { loop_new(), facts, name };
	struct query query = {
		.kind = LOOKUP_HOST, .name = STR(""), .ip = facts->client
	};
	struct lookup_system system;
	struct lookups *lookups;

	*name = '\0';
	facts->host = STR("");
	facts->host_class = HOST_SERVFAIL;
	fact_set(facts, FACT_HOST, FACT_KNOWN, FACT_LOOKED_UP);
	/* receiving 4.6: without a time to wait nobody has a name */
	if (config->reverse_timeout == 0) {
		facts->host_class = HOST_NX;
		loop_free(&asked.loop);
		return;
	}
	lookup_system_read(&system, NULL, NULL);
	lookups = lookups_new(asked.loop, config, &system, NULL, NULL);
	if (lookups != NULL) {
		lookup_ask(lookups, &query, answered, &asked);
		loop_run(asked.loop);
		lookups_free(&lookups);
	}
	lookup_system_free(&system);
	loop_free(&asked.loop);
}

static void
answered(void *arg, const struct answer *answer)
{
	struct asked *asked = arg;
	const struct dns_rr *rr = answer->rrs.v;

	asked->facts->host_class = answer->host_class;
	if (answer->host_class == HOST_VERIFIED && answer->rrs.n > 0) {
		str_copy(asked->name, DOMAIN_MAX + 1, rr[0].name);
		asked->facts->host = str_of(asked->name);
	}
	loop_stop(asked->loop);
}
