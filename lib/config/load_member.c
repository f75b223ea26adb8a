/*
 * load_member.c - members of mail policies: senders and recipients
 */
#include "config/load_work.h"
#include "config/pattern.h"

struct patterns { /* while they are read */
	struct addr_pattern *v;
	size_t n;
};

static void take_pattern(
    struct load *, const struct at *, struct str text, void *arg);

/* Nothing of it has a default that would be put in by its key. */
void
load_member_begin(struct load *ld, const struct at *at, void *object)
{
	struct policy_member *m = object;

	(void)ld;
	(void)at;
	*m = (struct policy_member){ .any_sender = true, .any_rcpt = true };
}

void
load_member_finish(struct load *ld, const struct at *at, void *object)
{
	struct policy_member *m = object;
	struct at senders = at_key(at, "senders");
	struct at not_senders = at_key(at, "not_senders");
	struct at match = at_key(at, "match");

	if (senders.node != NULL && not_senders.node != NULL)
		load_error(ld, at,
		    "has one of the keys \"senders\" and \"not_senders\" at "
		    "most");
	if (m->all_rcpts && m->n_rcpts == 0)
		load_error(ld, &match, "belongs to recipients");
}

void
load_member_senders(struct load *ld, const struct at *at, void *object)
{
	struct policy_member *m = object;

	if (at->node == NULL)
		return;
	m->senders = load_patterns(ld, at, &m->n_senders);
	m->any_sender = false;
}

void
load_member_not_senders(struct load *ld, const struct at *at, void *object)
{
	struct policy_member *m = object;

	if (at->node == NULL)
		return;
	m->senders = load_patterns(ld, at, &m->n_senders);
	m->any_sender = false;
	m->senders_not = true;
}

void
load_member_rcpts(struct load *ld, const struct at *at, void *object)
{
	struct policy_member *m = object;

	if (at->node == NULL)
		return;
	m->rcpts = load_patterns(ld, at, &m->n_rcpts);
	m->any_rcpt = false;
}

void
load_member_not_rcpts(struct load *ld, const struct at *at, void *object)
{
	struct policy_member *m = object;

	if (at->node != NULL)
		m->not_rcpts = load_patterns(ld, at, &m->n_not_rcpts);
}

void
print_member_senders(struct print *p, const void *object)
{
	const struct policy_member *m = object;

	if (!m->senders_not)
		print_patterns(p, "senders", m->senders, m->n_senders);
}

void
print_member_not_senders(struct print *p, const void *object)
{
	const struct policy_member *m = object;

	if (m->senders_not)
		print_patterns(p, "not_senders", m->senders, m->n_senders);
}

void
print_member_rcpts(struct print *p, const void *object)
{
	const struct policy_member *m = object;

	print_patterns(p, "recipients", m->rcpts, m->n_rcpts);
}

void
print_member_not_rcpts(struct print *p, const void *object)
{
	const struct policy_member *m = object;

	print_patterns(p, "not_recipients", m->not_rcpts, m->n_not_rcpts);
}

struct addr_pattern *
load_patterns(struct load *ld, const struct at *at, size_t *n)
{
	struct patterns ps = { .n = 0 };
	size_t max = 1;

	if (!node_is_empty(at->node) && at->node->kind == NODE_LIST)
		max = at->node->n;
	ps.v = arena_array(ld->mem, max + 1, sizeof(*ps.v));
	if (load_each(ld, at, &ps, take_pattern) == 0)
		load_error(ld, at, "needs an address; or remove the key");
	*n = ps.n;
	return ps.v;
}

void
print_patterns(
    struct print *p, const char *key, const struct addr_pattern *v, size_t n)
{
	print_open(p, key);
	for (size_t i = 0; i < n; i++)
		print_item(p, v[i].text);
	print_close(p);
}

static void
take_pattern(struct load *ld, const struct at *at, struct str text, void *arg)
{
	struct patterns *ps = arg;
	struct addr_pattern *p = &ps->v[ps->n];
	struct err err = ERR_INIT;
	char quoted[100];

	*p = (struct addr_pattern){ .where = at_where(ld, at) };
	if (pattern_parse(p, text, ld->mem, &err))
		ps->n++;
	else
		load_error(ld, at, "%s %s", load_quote(quoted, text), err.text);
}
