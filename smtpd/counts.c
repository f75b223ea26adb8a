/* counts.c - counts of recipients as facts, and the counting */
#include "smtpd/counts.h"

#include "base/bounds.h"
#include "pipeline/control.h"
#include "stats/rates.h"

static void rate_of(const struct counts *, enum fact_id, struct rate *);
static uint64_t host_key(const struct counts *, enum rate_kind);
static uint64_t sender_key(const struct counts *);

bool
counts_has(enum fact_id id)
{
	return id == FACT_RATE_HOST || id == FACT_RATE_SENDER ||
	       id == FACT_DHAP;
}

void
counts_fact(const struct counts *c, enum fact_id id, struct fact_answer *out)
{
	struct rate r;

	out->id = id;
	out->meta = (struct fact){ FACT_KNOWN, FACT_LOOKED_UP };
	out->text = STR("");
	rate_of(c, id, &r);
	if (id == FACT_DHAP) {
		r.limit = UNLIMITED;
		stats_rate_take(c->stats, &r, 1, c->now);
		out->number = r.count;
	} else {
		out->number = stats_rate_peek(c->stats, &r, c->now);
	}
}

bool
counts_take(const struct counts *c, uint64_t *host, uint64_t *sender)
{
	static const enum fact_id ids[] = { FACT_RATE_HOST, FACT_RATE_SENDER };
	uint64_t *counts[] = { host, sender };
	struct rate v[2];
	size_t n = 0, at[2];
	bool wanted[] = { c->subject->config->count_hosts,
		c->subject->config->count_senders && c->subject->sender.n > 0 };
	bool taken;

	*host = *sender = 0;
	for (size_t i = 0; i < 2; i++) {
		if (!wanted[i])
			continue;
		rate_of(c, ids[i], &v[n]);
		at[n++] = i;
	}
	if (n == 0)
		return true;
	taken = stats_rate_take(c->stats, v, n, c->now);
	for (size_t i = 0; i < n; i++)
		*counts[at[i]] = v[i].count;
	return taken;
}

bool
counts_met(const struct counts *c, enum limit limit)
{
	struct rate r;

	rate_of(c,
	    limit == LIMIT_SENDER ? FACT_RATE_SENDER
	    : limit == LIMIT_DHAP ? FACT_DHAP
				  : FACT_RATE_HOST,
	    &r);
	return stats_rate_met(c->stats, &r, c->now);
}

static void
rate_of(const struct counts *c, enum fact_id id, struct rate *r)
{
	struct control control;

	if (id == FACT_RATE_SENDER) {
		control = control_sender(c->subject);
		r->key = sender_key(c);
	} else if (id == FACT_RATE_HOST) {
		control = control_host(c->subject);
		r->key = host_key(c, RATE_HOST);
	} else {
		control = control_dhap(c->subject);
		r->key = host_key(c, RATE_DHAP);
	}
	r->limit = control.limit;
	r->window = (int64_t)control.window * 1000;
}

static uint64_t
host_key(const struct counts *c, enum rate_kind kind)
{
	return stats_rate_of_ip(
	    c->stats, kind, &c->client, control_bits(c->subject, &c->client));
}

static uint64_t
sender_key(const struct counts *c)
{
	char lower[ADDR_MAX + 1];

	str_copy(lower, sizeof(lower), c->subject->sender);
	str_lower(lower);
	return stats_rate_of_text(c->stats, RATE_SENDER, str_of(lower));
}
