/*
 * print_tables.c - host access, recipients and routes in normal form
 */
#include "base/mem.h"
#include "config/loader.h"
#include "config/route_dest.h"

#define TEXT_MAX ((size_t)1 << 20)

static void print_policies(struct print *, const struct hat *);
static void print_groups(struct print *, const struct hat *);
static void print_group(struct print *, const struct hat_group *);
static void print_set(struct print *, const struct policy *);
static void print_entry(struct print *, const struct hat_entry *);
static void print_rat_entry(struct print *, const struct rat_entry *);
static void print_route(struct print *, const struct route *);

void
print_hat(struct print *p, const void *object)
{
	const struct listener *l = object;

	if (l->hat_file.n > 0)
		return;
	print_open(p, "hat");
	print_hat_value(p, object);
	print_close(p);
}

void
print_hat_value(struct print *p, const void *object)
{
	const struct listener *l = object;
	struct policy_params base = { 0 };

	schema_defaults(&schema_policy_params, p->column, &base, &p->mem);
	print_open(p, "defaults");
	print_section(p, &schema_policy_params, &l->hat.defaults, &base);
	print_close(p);
	print_policies(p, &l->hat);
	print_groups(p, &l->hat);
}

void
print_rat(struct print *p, const void *object)
{
	const struct listener *l = object;

	if (l->rat_file.n > 0)
		return;
	print_open(p, "rat");
	print_rat_value(p, object);
	print_close(p);
}

void
print_rat_value(struct print *p, const void *object)
{
	const struct listener *l = object;

	for (size_t i = 0; i < l->rat.n; i++) {
		if (p->all || l->rat.entries[i].where.line > 0)
			print_rat_entry(p, &l->rat.entries[i]);
	}
}

void
print_routes(struct print *p, const void *object)
{
	const struct config *c = object;

	print_open(p, "routes");
	for (size_t i = 0; i < c->n_routes; i++)
		print_route(p, &c->routes[i]);
	print_close(p);
}

void
print_servers(struct print *p, const struct route_dest *v, size_t n)
{
	struct buf text;

	if (n == 0)
		return;
	buf_init(&text, TEXT_MAX);
	route_dests_text(v, n, &text);
	print_line(p, "servers", buf_str(&text));
	buf_fini(&text);
}

static void
print_policies(struct print *p, const struct hat *hat)
{
	print_open(p, "policies");
	for (size_t i = 0; i < hat->n_policies; i++) {
		const struct policy *policy = &hat->policies[i];

		if (!p->all && policy->where.line == 0)
			continue;
		print_begin_item(p);
		print_line(p, "name", policy->name);
		print_line(
		    p, "behaviour", str_of(behaviour_name(policy->behaviour)));
		print_set(p, policy);
		print_end_item(p);
	}
	print_close(p);
}

/* Groups that come with the type need not be written; written ones have the
 * last, ALL, perhaps from the type. */
static void
print_groups(struct print *p, const struct hat *hat)
{
	print_open(p, "groups");
	for (size_t i = 0; i < hat->n_groups; i++) {
		if (p->all || hat->groups[i].where.line > 0)
			print_group(p, &hat->groups[i]);
	}
	print_close(p);
}

static void
print_group(struct print *p, const struct hat_group *g)
{
	bool named = g->policy->name.n > 0;

	print_begin_item(p);
	if (g->name.n > 0)
		print_line(p, "name", g->name);
	print_line(p, "policy",
	    named ? g->policy->name
		  : str_of(behaviour_name(g->policy->behaviour)));
	if (g->comment.n > 0)
		print_line(p, "comment", g->comment);
	if (!named) {
		print_open(p, "parameters");
		print_set(p, g->policy);
		print_close(p);
	}
	print_open(p, "entries");
	for (size_t i = 0; i < g->n_entries; i++) {
		if (g->entries[i].kind != HAT_ALL)
			print_entry(p, &g->entries[i]);
	}
	print_close(p);
	print_end_item(p);
}

static void
print_set(struct print *p, const struct policy *policy)
{
	for (size_t i = 0; i < MFP_N; i++) {
		if (policy->set[i])
			print_value(
			    p, &schema_policy_params.keys[i], &policy->p, NULL);
	}
}

static void
print_entry(struct print *p, const struct hat_entry *e)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	buf_add_str(&text, e->text);
	if (e->comment.n > 0)
		buf_printf(&text, " (%.*s)", STR_ARG(e->comment));
	print_item(p, buf_str(&text));
	buf_fini(&text);
}

static void
print_rat_entry(struct print *p, const struct rat_entry *e)
{
	struct rat_entry base = { 0 };

	if (e->accept && e->kind != RAT_ALL && e->code == 0 &&
	    !e->bypass_control && !e->bypass_ldap && !e->bypass_callahead) {
		print_item(p, e->text);
		return;
	}
	print_begin_item(p);
	print_line(p, e->accept ? "accept" : "reject", e->text);
	if (e->code != 0) {
		struct buf text;

		buf_init(&text, TEXT_MAX);
		buf_printf(&text, "%u", (unsigned)e->code);
		if (e->reply.n > 0)
			buf_printf(&text, " %.*s", STR_ARG(e->reply));
		print_line(p, "reply", buf_str(&text));
		buf_fini(&text);
	}
	print_section(p, &schema_rat_entry, e, &base);
	print_end_item(p);
}

static void
print_route(struct print *p, const struct route *r)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	route_text(r, &text);
	print_line(p, r->domain.p, buf_str(&text));
	buf_fini(&text);
}
