/*
 * work_policy.c - W5: which mail policy counts for which recipient
 *
 * The table is gone through once for each kind of sender, in the order of
 * their priority (workqueue 4.4); the first policy that fits a recipient has
 * it, the default policy those that are left.
 */
#include "base/mem.h"
#include "config/pattern.h"
#include "mail/header.h"
#include "pipeline/work_stages.h"

/* Who may be meant by "the sender" at one level. */
struct senders {
	const struct str *v;
	size_t n;
};

static const enum sender_header usual_order[] = { SENDER_ENVELOPE, SENDER_FROM,
	SENDER_REPLY_TO };
static const char *const header_names[] = { [SENDER_FROM] = "From",
	[SENDER_REPLY_TO] = "Reply-To",
	[SENDER_SENDER] = "Sender" };

static const enum sender_header *levels(const struct work *, size_t *n);
static struct senders senders_of(const struct work *, enum sender_header);
static void add_field(
    struct str value, struct str *v, size_t *n, size_t max, struct arena *mem);
static void assign_level(
    const struct work *, struct senders, uint32_t *of, size_t *left);
static void assign_member(const struct work *, const struct policy_member *,
    uint32_t policy, uint32_t *of, size_t *left);
static bool sender_ok(const struct policy_member *, struct senders);
static bool message_ok(const struct policy_member *, const struct work *);
static bool rcpt_ok(const struct policy_member *, struct str rcpt);
static bool all_match_some(
    const struct addr_pattern *, size_t n, const struct work *);
static bool any_matches(const struct addr_pattern *, size_t n, struct str addr);
static enum service_state state_of(
    const struct mail_policy *, enum policy_service);

const uint32_t *
policy_assign(const struct work *w)
{
	const struct policy_table *t = policy_table_of(w);
	uint32_t *of = arena_array(w->mem, w->n_rcpts, sizeof(*of));
	uint32_t last = t->n_policies > 0 ? (uint32_t)t->n_policies - 1 : 0;
	const enum sender_header *order;
	size_t n, left = w->n_rcpts;

	for (size_t i = 0; i < w->n_rcpts; i++)
		of[i] = last;
	order = levels(w, &n);
	for (size_t i = 0; i < n && left > 0 && last > 0; i++) {
		struct senders s = senders_of(w, order[i]);

		/* a field that is missing says nothing, but the null sender
		 * is one */
		if (s.n > 0)
			assign_level(w, s, of, &left);
	}
	return of;
}

const struct policy_table *
policy_table_of(const struct work *w)
{
	return &w->origin->config->work.tables[w->origin->direction];
}

struct str
policy_table_name(const struct work *w)
{
	return w->origin->direction == INCOMING ? STR("inbound")
						: STR("outbound");
}

bool
policy_wants_header(const struct work *w)
{
	const struct policy_table *t = policy_table_of(w);
	const enum sender_header *order;
	bool header = false;
	size_t n;

	order = levels(w, &n);
	for (size_t i = 0; i < n; i++)
		header |= order[i] != SENDER_ENVELOPE;
	for (size_t i = 0; header && i < t->n_policies; i++)
		for (size_t j = 0; j < t->policies[i].n_members; j++)
			if (!t->policies[i].members[j].any_sender)
				return true;
	return false;
}

const struct str *
policy_senders(const struct work *w, enum sender_header which, size_t *n)
{
	struct senders s = senders_of(w, which);

	*n = s.n;
	return s.v;
}

const struct mail_policy *
policy_service(const struct work *w, enum policy_service service)
{
	const struct policy_table *t = policy_table_of(w);
	const struct mail_policy *p, *standard;

	if (t->n_policies == 0)
		return NULL;
	p = standard = &t->policies[t->n_policies - 1];
	for (size_t i = 0; i < t->n_policies; i++)
		if (str_eq(t->policies[i].name, w->mail_policy))
			p = &t->policies[i];
	if (state_of(p, service) == SERVICE_INHERIT)
		p = standard;
	return state_of(p, service) == SERVICE_CUSTOM ? p : NULL;
}

bool
policy_may_want(const struct work *w, enum policy_service service)
{
	const struct policy_table *t = policy_table_of(w);

	for (size_t i = 0; i < t->n_policies; i++)
		if (state_of(&t->policies[i], service) == SERVICE_CUSTOM)
			return true;
	return false;
}

/* --- who is the sender (4.4) --- */

static const enum sender_header *
levels(const struct work *w, size_t *n)
{
	const struct work_config *c = &w->origin->config->work;

	*n = c->n_priority > 0 ? c->n_priority : NELEM(usual_order);
	return c->n_priority > 0 ? c->priority : usual_order;
}

#define SENDERS_MAX 1000 /* of a field that lists more, the first */

static struct senders
senders_of(const struct work *w, enum sender_header which)
{
	struct str rest = w->msg.header;
	struct header_field f;
	struct str *v;
	size_t n = 0;

	if (which == SENDER_ENVELOPE)
		return (struct senders){ &w->sender, 1 };
	v = arena_array(w->mem, SENDERS_MAX, sizeof(*v));
	while (header_next(&rest, &f))
		if (str_is_nocase(f.name, header_names[which]))
			add_field(f.value, v, &n, SENDERS_MAX, w->mem);
	return (struct senders){ v, n };
}

static void
add_field(
    struct str value, struct str *v, size_t *n, size_t max, struct arena *mem)
{
	struct header_addr *addrs;
	size_t n_addrs;

	if (!header_addrs(value, &addrs, &n_addrs, mem))
		return;
	for (size_t i = 0; i < n_addrs && *n < max; i++)
		v[(*n)++] = addrs[i].addr;
}

/* --- members (4.3) --- */

static void
assign_level(const struct work *w, struct senders s, uint32_t *of, size_t *left)
{
	const struct policy_table *t = policy_table_of(w);

	for (uint32_t p = 0; p + 1 < t->n_policies && *left > 0; p++) {
		const struct mail_policy *policy = &t->policies[p];

		for (size_t i = 0; i<policy->n_members && * left> 0; i++)
			if (sender_ok(&policy->members[i], s) &&
			    message_ok(&policy->members[i], w))
				assign_member(
				    w, &policy->members[i], p, of, left);
	}
}

/* The recipients that nobody has yet and that it fits. */
static void
assign_member(const struct work *w, const struct policy_member *m,
    uint32_t policy, uint32_t *of, size_t *left)
{
	uint32_t nobody = (uint32_t)policy_table_of(w)->n_policies - 1;

	for (size_t i = 0; i < w->n_rcpts; i++) {
		if (of[i] != nobody || !rcpt_ok(m, w->rcpts[i].addr))
			continue;
		of[i] = policy;
		(*left)--;
	}
}

static bool
sender_ok(const struct policy_member *m, struct senders s)
{
	bool any = false;

	for (size_t i = 0; i < s.n && !any && !m->any_sender; i++)
		any = any_matches(m->senders, m->n_senders, s.v[i]);
	return m->any_sender || any != m->senders_not;
}

/* What "all must match" says of all recipients together. */
static bool
message_ok(const struct policy_member *m, const struct work *w)
{
	if (!m->all_rcpts)
		return true;
	return all_match_some(m->rcpts, m->n_rcpts, w) &&
	       (m->n_not_rcpts == 0 ||
		   !all_match_some(m->not_rcpts, m->n_not_rcpts, w));
}

static bool
rcpt_ok(const struct policy_member *m, struct str rcpt)
{
	/* a rule that only excludes is about everybody else */
	if (!m->any_rcpt && m->n_rcpts > 0 &&
	    !any_matches(m->rcpts, m->n_rcpts, rcpt))
		return false;
	return m->all_rcpts || !any_matches(m->not_rcpts, m->n_not_rcpts, rcpt);
}

static bool
all_match_some(const struct addr_pattern *v, size_t n, const struct work *w)
{
	for (size_t i = 0; i < n; i++) {
		bool some = false;

		for (size_t j = 0; j < w->n_rcpts && !some; j++)
			some = pattern_matches(&v[i], w->rcpts[j].addr);
		if (!some)
			return false;
	}
	return true;
}

static bool
any_matches(const struct addr_pattern *v, size_t n, struct str addr)
{
	for (size_t i = 0; i < n; i++)
		if (pattern_matches(&v[i], addr))
			return true;
	return false;
}

static enum service_state
state_of(const struct mail_policy *p, enum policy_service service)
{
	switch (service) {
	case POLICY_SPAM:
		return p->spam_state;
	case POLICY_VIRUS:
		return p->virus_state;
	case POLICY_OUTBREAK:
		return p->outbreak_state;
	case POLICY_FILTERS:
		break;
	}
	return p->filters_state;
}
