/*
 * load_route.c - the table of SMTP routes
 */
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "config/loader.h"
#include "config/route_dest.h"

#define ROUTES_MAX 40000

struct texts {
	struct str *v; /* heap */
	size_t n, cap;
};

static bool load_route(struct load *, const struct at *, struct route *);
static void load_dests(struct load *, const struct at *, struct route *);
static void find_auth(struct load *, const struct at *, struct route *);
static void take_text(struct load *, const struct at *, struct str, void *arg);

void
load_routes(struct load *ld, const struct at *at, void *object)
{
	struct config *c = object;
	struct map seen;

	if (node_is_empty(at->node))
		return;
	if (at->node->kind != NODE_MAP) {
		load_error(ld, at,
		    "must be domains with destinations (\"example.com: "
		    "mail.example.net\")");
		return;
	}
	if (at->node->n > ROUTES_MAX) {
		load_error(ld, at, "has %zu routes; %d are allowed",
		    at->node->n, ROUTES_MAX);
		return;
	}
	c->routes = arena_array(ld->mem, at->node->n, sizeof(*c->routes));
	map_init(&seen);
	for (const struct node *n = at->node->child; n != NULL; n = n->next) {
		struct at item = { at, n, n->key.p, 0 };
		struct route *r = &c->routes[c->n_routes];

		if (!load_route(ld, &item, r))
			continue;
		if (map_put(&seen, r->domain, r) != NULL)
			load_error(ld, &item,
			    "there is a route for this domain already");
		c->n_routes++;
	}
	map_fini(&seen, NULL);
}

static bool
load_route(struct load *ld, const struct at *at, struct route *r)
{
	struct err err = ERR_INIT;
	struct node mark = { .line = at->node->key_line,
		.column = at->node->key_column };
	struct at key = { at->up, &mark, at->key, 0 };
	char quoted[100];

	*r = (struct route){ .where = at_where(ld, &key) };
	if (route_domain_parse(r, at->node->key, ld->mem, &err) == -1) {
		load_error(ld, &key, "%s %s; or .domain, [address] or ALL",
		    load_quote(quoted, at->node->key), err.text);
		return false;
	}
	load_dests(ld, at, r);
	find_auth(ld, at, r);
	return true;
}

static void
load_dests(struct load *ld, const struct at *at, struct route *r)
{
	struct texts texts = { .n = 0 };
	struct err err = ERR_INIT;

	/*
	 * ALL: [relay.example.net] is a YAML list of a plain name. Who writes
	 * so means the host without MX look-up, so we ask instead of guessing.
	 */
	if (at->node->kind == NODE_LIST && at->node->flow && at->node->n == 1) {
		load_error(ld, at,
		    "put it in quotes (\"[host]\") for a host without MX "
		    "look-up, or leave the brackets out");
		return;
	}
	load_each(ld, at, &texts, take_text);
	if (route_dests_parse(r, texts.v, texts.n, ld->mem, &err) == -1)
		load_error(ld, at, "%s", err.text);
	free(texts.v);
}

static void
find_auth(struct load *ld, const struct at *at, struct route *r)
{
	char quoted[100];

	if (r->auth_name.n == 0)
		return;
	r->auth = load_find(ld->config, "auth_profiles", r->auth_name);
	if (r->auth == NULL)
		load_error(ld, at, "there is no profile %s below auth_profiles",
		    load_quote(quoted, r->auth_name));
	else if (r->auth->kind != AUTH_OUTGOING)
		load_error(ld, at, "profile %s is not of type: outgoing",
		    load_quote(quoted, r->auth_name));
}

void
load_servers(
    struct load *ld, const struct at *at, struct route_dest **v, size_t *n)
{
	struct route r = { .n = 0 };

	if (at->node == NULL || node_is_empty(at->node))
		return;
	load_dests(ld, at, &r);
	if (r.kind != ROUTE_HOSTS || r.auth_name.n > 0)
		load_error(ld, at, "must be servers, not a route");
	*v = r.dests;
	*n = r.n;
}

static void
take_text(struct load *ld, const struct at *at, struct str text, void *arg)
{
	struct texts *t = arg;

	(void)ld;
	(void)at;
	t->v = mem_room(t->v, &t->cap, t->n, sizeof(*t->v));
	t->v[t->n++] = text;
}
