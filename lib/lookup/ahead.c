/* ahead.c - FACT_CALLAHEAD as a question to probe.h, and its answer as a fact
 */
#include "lookup/ahead.h"

#include "mail/addr.h"

static void hosts_of_route(const struct config *, struct str domain,
    struct codec_list *, struct arena *);
static struct probe_host host_of(struct str domain);

bool
ahead_probe(const struct config *config, const struct callahead_profile *p,
    struct str addr, struct str helo, struct probe *out, struct arena *mem)
{
	*out = (struct probe){ .kind = PROBE_CALLAHEAD,
		.timeout_ms = p->timeout * 1000,
		.helo = helo,
		.sender = p->sender,
		.rcpt = addr,
		.user = STR(""),
		.password = STR(""),
		.max_connections = p->max_connections };

	if (p->n_servers == 0) {
		hosts_of_route(config, addr_domain(addr), &out->hosts, mem);
	} else {
		struct probe_host *v =
		    arena_array(mem, p->n_servers, sizeof(*v));

		for (size_t i = 0; i < p->n_servers; i++)
			v[i] = (struct probe_host){ p->servers[i].host,
				p->servers[i].port, p->servers[i].no_mx };
		out->hosts = (struct codec_list){ p->n_servers, v };
	}
	return out->hosts.n > 0;
}

void
ahead_fact(const struct probe_done *done, struct fact_answer *out)
{
	bool known = done->answer != RECIPIENT_NO_ANSWER;

	out->id = FACT_CALLAHEAD;
	out->meta =
	    (struct fact){ known ? FACT_KNOWN : FACT_FAILED, FACT_LOOKED_UP };
	out->number = done->answer;
	out->code = done->code;
	out->text = done->text;
}

void
ahead_nowhere(struct fact_answer *out)
{
	out->id = FACT_CALLAHEAD;
	out->meta = (struct fact){ FACT_KNOWN, FACT_LOOKED_UP };
	out->number = RECIPIENT_OK;
}

/* Where mail to the domain would be delivered. */
static void
hosts_of_route(const struct config *config, struct str domain,
    struct codec_list *hosts, struct arena *mem)
{
	const struct route *r = config_route(config, domain);
	size_t n = r != NULL && r->kind == ROUTE_HOSTS ? r->n : 1;
	struct probe_host *v = arena_array(mem, n, sizeof(*v));

	*hosts = (struct codec_list){ n, v };
	if (r != NULL && r->kind == ROUTE_NULL)
		hosts->n = 0;
	else if (r == NULL || r->kind == ROUTE_USEDNS)
		v[0] = host_of(domain);
	else
		for (size_t i = 0; i < n; i++)
			v[i] = (struct probe_host){ r->dests[i].host,
				r->dests[i].port, r->dests[i].no_mx };
}

/* An address literal is an address. */
static struct probe_host
host_of(struct str domain)
{
	struct str ipv6 = STR("IPv6:");

	if (domain.n < 2 || domain.p[0] != '[')
		return (struct probe_host){ domain, 25, false };
	domain = str_sub(domain, 1, domain.n - 2);
	if (str_starts_nocase(domain, ipv6))
		domain = str_sub(domain, ipv6.n, domain.n);
	return (struct probe_host){ domain, 25, true };
}
