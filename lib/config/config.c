/*
 * config.c - the configuration as a counted object, and finding things in it
 */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/hat_index.h"
#include "config/load.h"
#include "config/rat_index.h"
#include "config/tree.h"

struct box {
	struct config config; /* first: a config is its box */
	struct arena mem;
	uint32_t refs;
	struct map listeners, bounce_profiles, destinations, routes;
	const struct route *route_all;
	struct table **tables; /* heap */
	size_t n_tables, tables_cap;
	struct bundle bundle; /* where compiled ones stand; no files */
};

static const struct config_compiler *compiler; /* NULL: none */

static const void *find_domain(const struct map *, struct str domain);
static const struct box *box_of(const struct config *);
static size_t add_once(struct str *v, size_t n, struct str name);
static enum tls_level tls_for_login(
    const struct destination *, const struct route *);

static const char *const behaviour_names[] = {
	[BEHAVIOUR_NONE] = "NONE",
	[ACCEPT] = "ACCEPT",
	[RELAY] = "RELAY",
	[REJECT] = "REJECT",
	[TCPREFUSE] = "TCPREFUSE",
	[CONTINUE] = "CONTINUE",
};

const char *
behaviour_name(enum behaviour b)
{
	return (size_t)b < NELEM(behaviour_names) ? behaviour_names[b] : "NONE";
}

struct config *
config_ref(struct config *c)
{
	((struct box *)c)->refs++;
	return c;
}

void
config_unref(struct config **cp)
{
	struct box *box = (struct box *)*cp;

	*cp = NULL;
	if (box == NULL || --box->refs > 0)
		return;
	if (box->config.filters != NULL)
		compiler->free(box->config.filters);
	for (size_t i = 0; i < box->config.n_listeners; i++) {
		hat_index_free(&box->config.listeners[i].hat.index);
		rat_index_free(&box->config.listeners[i].rat);
	}
	for (size_t i = 0; i < box->n_tables; i++)
		table_free(&box->tables[i]);
	free(box->tables);
	bundle_free(&box->bundle);
	map_fini(&box->listeners, NULL);
	map_fini(&box->bounce_profiles, NULL);
	map_fini(&box->destinations, NULL);
	map_fini(&box->routes, NULL);
	arena_free(&box->mem);
	free(box);
}

const struct listener *
config_listener(const struct config *c, struct str name)
{
	return map_get(&box_of(c)->listeners, name);
}

const struct bounce_profile *
config_bounce_profile(const struct config *c, struct str name)
{
	const struct bounce_profile *p =
	    map_get(&box_of(c)->bounce_profiles, name);

	return p != NULL ? p : &c->bounce_profiles[0];
}

const struct destination *
config_destination(const struct config *c, struct str domain)
{
	const struct destination *d =
	    find_domain(&box_of(c)->destinations, domain);

	return d != NULL ? d : &c->destinations[0];
}

const struct route *
config_route(const struct config *c, struct str domain)
{
	const struct route *r = find_domain(&box_of(c)->routes, domain);

	return r != NULL ? r : box_of(c)->route_all;
}

/* Lists so short, or asked so seldom, that a walk will do. */
#define FIND_BY_NAME(array, count, wanted)                                     \
	for (size_t i_ = 0; i_ < (count); i_++)                                \
		if (str_eq((array)[i_].name, wanted))                          \
			return &(array)[i_];                                   \
	return NULL

const struct addr_list *
config_addr_list(const struct config *c, struct str name)
{
	FIND_BY_NAME(c->addr_lists, c->n_addr_lists, name);
}

const struct auth_profile *
config_auth_profile(const struct config *c, struct str name)
{
	FIND_BY_NAME(c->auth_profiles, c->n_auth_profiles, name);
}

const struct interface *
config_interface(const struct config *c, struct str name)
{
	FIND_BY_NAME(c->interfaces, c->n_interfaces, name);
}

const struct interface_group *
config_interface_group(const struct config *c, struct str name)
{
	FIND_BY_NAME(c->interface_groups, c->n_interface_groups, name);
}

const struct certificate *
config_certificate(const struct config *c, struct str name)
{
	FIND_BY_NAME(c->certificates, c->n_certificates, name);
}

const struct dkim_key *
config_dkim_key(const struct config *c, struct str name)
{
	FIND_BY_NAME(c->dkim_keys, c->n_dkim_keys, name);
}

size_t
config_secrets(const struct config *c, struct str *v)
{
	size_t n = 0;

	if (v == NULL)
		return 2 * (c->n_certificates + c->n_auth_profiles) +
		       c->n_dkim_keys + 3;
	for (size_t i = 0; i < c->n_certificates; i++) {
		n = add_once(v, n, c->certificates[i].chain_file);
		n = add_once(v, n, c->certificates[i].key_file);
	}
	for (size_t i = 0; i < c->n_auth_profiles; i++) {
		n = add_once(v, n, c->auth_profiles[i].users_file);
		n = add_once(v, n, c->auth_profiles[i].secret_file);
	}
	for (size_t i = 0; i < c->n_dkim_keys; i++)
		n = add_once(v, n, c->dkim_keys[i].file);
	n = add_once(v, n, STR(CONFIG_ADMINS_FILE));
	n = add_once(v, n, c->bounce_keys);
	return add_once(v, n, c->client_ca);
}

enum tls_level
config_tls_demanded(
    const struct destination *d, const struct route *r, enum tls_wish wish)
{
	enum tls_level level = tls_for_login(d, r);

	if (wish == WISH_FREE && level == TLS_LEVEL_OFF)
		return TLS_LEVEL_PREFERRED;
	if (wish == WISH_REQUIRE && !TLS_LEVEL_MUST_VERIFY(level))
		return TLS_LEVEL_REQUIRED_VERIFY;
	return level;
}

static enum tls_level
tls_for_login(const struct destination *d, const struct route *r)
{
	const struct auth_profile *a = r != NULL ? r->auth : NULL;

	if (a == NULL || a->tls == 0 || TLS_LEVEL_MUST_VERIFY(d->tls))
		return d->tls;
	if (a->tls == 2)
		return TLS_LEVEL_REQUIRED_VERIFY;
	return d->tls == TLS_LEVEL_OFF ? TLS_LEVEL_PREFERRED : d->tls;
}

void
config_set_compiler(const struct config_compiler *c)
{
	compiler = c;
}

struct config *
tree_new(uint64_t revision)
{
	struct box *box = mem_alloc(sizeof(*box));

	arena_init(&box->mem, TREE_MAX);
	map_init(&box->listeners);
	map_init(&box->bounce_profiles);
	map_init(&box->destinations);
	map_init(&box->routes);
	box->refs = 1;
	box->config.revision = revision;
	return &box->config;
}

bool
listener_is_qmqp(const struct listener *l)
{
	return str_is(l->protocol, "QMQP");
}

struct arena *
tree_arena(struct config *c)
{
	return &((struct box *)c)->mem;
}

void
tree_own_table(struct config *c, struct table *t)
{
	struct box *box = (struct box *)c;

	box->tables = mem_room(box->tables, &box->tables_cap, box->n_tables,
	    sizeof(struct table *));
	box->tables[box->n_tables++] = t;
}

void
tree_hold_bundle(struct config *c, const struct bundle *b)
{
	struct box *box = (struct box *)c;

	if (box->bundle.memory == NULL)
		bundle_hold(&box->bundle, b);
}

size_t
tree_tables(const struct config *c, struct table *const **tables)
{
	*tables = box_of(c)->tables;
	return box_of(c)->n_tables;
}

struct table *
tree_table(const struct config *c, const char *file)
{
	const struct box *box = box_of(c);

	for (size_t i = 0; i < box->n_tables; i++) {
		if (strcmp(table_file(box->tables[i]), file) == 0)
			return box->tables[i];
	}
	return NULL;
}

void
tree_index(struct config *c)
{
	struct box *box = (struct box *)c;

	for (size_t i = 0; i < c->n_listeners; i++) {
		struct listener *l = &c->listeners[i];

		map_put(&box->listeners, l->name, l);
		l->hat.index = hat_index_new(&l->hat);
		rat_index_make(&l->rat);
	}
	for (size_t i = 0; i < c->n_bounce_profiles; i++)
		map_put(&box->bounce_profiles, c->bounce_profiles[i].name,
		    &c->bounce_profiles[i]);
	for (size_t i = 1; i < c->n_destinations; i++)
		map_put(&box->destinations, c->destinations[i].domain,
		    &c->destinations[i]);
	for (size_t i = 0; i < c->n_routes; i++) {
		map_put(&box->routes, c->routes[i].domain, &c->routes[i]);
		if (str_is(c->routes[i].domain, "ALL"))
			box->route_all = &c->routes[i];
	}
}

void
tree_compile(struct config *c, struct load *ld)
{
	if (compiler != NULL)
		c->filters = compiler->compile(c, ld);
}

static size_t
add_once(struct str *v, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i], name))
			return n;
	if (name.n > 0)
		v[n++] = name;
	return n;
}

/* Exact, then the longest suffix: keys are in lower case, so the domain "all"
 * never meets the key ALL. */
static const void *
find_domain(const struct map *m, struct str domain)
{
	char lower[DOMAIN_MAX + 1];
	struct str left;
	const void *found;

	if (m->n == 0 || domain.n > DOMAIN_MAX)
		return NULL;
	str_copy(lower, sizeof(lower), domain);
	str_lower(lower);
	left = (struct str){ lower, domain.n };
	found = map_get(m, left);
	while (found == NULL) {
		size_t dot =
		    left.n > 0 ? str_find(str_sub(left, 1, left.n - 1), '.') + 1
			       : left.n;

		if (dot >= left.n)
			return NULL;
		left = str_sub(left, dot, left.n - dot);
		found = map_get(m, left);
	}
	return found;
}

static const struct box *
box_of(const struct config *c)
{
	return (const struct box *)c;
}
