/*
 * load_hat.c - the host access table of a listener
 */
#include "base/map.h"
#include "base/mem.h"
#include "config/hat_entry.h"
#include "config/hat_index.h"
#include "config/loader.h"

struct entries { /* of one group, while they are read */
	struct hat_group *group;
	struct map seen;
};

static void load_policies(struct load *, const struct at *, struct hat *);
static void load_groups(struct load *, const struct at *, struct listener *);
static void load_group(
    struct load *, const struct at *, struct hat *, struct hat_group *);
static void load_group_policy(
    struct load *, const struct at *, struct hat *, struct hat_group *);
static void load_inline_policy(struct load *, const struct at *, struct hat *,
    struct hat_group *, enum behaviour);
static void load_entries(struct load *, const struct at *, struct hat_group *);
static void load_entry(
    struct load *, const struct at *, struct str text, void *arg);
static void finish_params(struct load *, const struct at *, struct policy *);
static void check_banner(
    struct load *, const struct at *, uint32_t code, bool rejects);
static void check_group(
    struct load *, const struct at *, const struct hat_group *, bool is_last);
static void check_names(struct load *, const struct at *, const struct hat *);
static void check_zones(struct load *, const struct at *, const struct hat *);
static bool is_all(const struct hat_group *);
static bool is_list(struct load *, const struct at *, size_t max);
static void name_policies(const struct hat *, struct buf *out);

void
load_hat_value(struct load *ld, const struct at *at, void *object)
{
	struct listener *l = object;
	struct at below;

	if (!node_is_empty(at->node) && at->node->kind != NODE_MAP) {
		load_error(ld, at,
		    "must be keys with values: defaults, "
		    "policies, groups");
		return;
	}
	load_unknown(ld, &schema_hat, at);
	below = at_key(at, "defaults");
	load_section(ld, &schema_policy_params, &below, &l->hat.defaults, NULL);
	check_banner(ld, &below, l->hat.defaults.banner_code, false);
	below = at_key(at, "policies");
	load_policies(ld, &below, &l->hat);
	below = at_key(at, "groups");
	load_groups(ld, &below, l);
	check_zones(ld, at, &l->hat);
}

/* After the keys of a written policy. */
void
load_policy_finish(struct load *ld, const struct at *at, void *object)
{
	finish_params(ld, at, object);
}

static void
load_policies(struct load *ld, const struct at *at, struct hat *hat)
{
	const size_t max = 1000;
	struct policy base = { .p = hat->defaults };
	size_t n = is_list(ld, at, max) ? at->node->n : 0;
	const struct node *e = n > 0 ? at->node->child : NULL;

	hat->policies =
	    arena_array(ld->mem, n + hat_default_policies(hat, NULL, ld->mem),
		sizeof(*hat->policies));
	for (; hat->n_policies < n; e = e->next) {
		struct at item = at_item(at, e, hat->n_policies);
		struct policy *p = &hat->policies[hat->n_policies];
		char quoted[100];

		load_section(ld, &schema_policy, &item, p, &base);
		if (p->name.n > 0 && hat_policy(hat, p->name) != NULL)
			load_error(ld, &item, "there are two policies %s",
			    load_quote(quoted, p->name));
		hat->n_policies++;
	}
	n = hat_default_policies(hat, NULL, ld->mem);
	hat_default_policies(hat, &hat->policies[hat->n_policies], ld->mem);
	hat->n_policies += n;
}

/* Written groups, then ALL as the type has it unless it was written. */
static void
load_groups(struct load *ld, const struct at *at, struct listener *l)
{
	struct hat *hat = &l->hat;
	size_t n_default = hat_default_groups(hat, l->type, NULL, ld->mem);
	struct hat_group *dflt = arena_array(ld->mem, n_default, sizeof(*dflt));
	size_t n, i = 0;

	hat_default_groups(hat, l->type, dflt, ld->mem);
	if (!is_list(ld, at, HAT_GROUPS_MAX)) {
		hat->groups = dflt;
		hat->n_groups = n_default;
		return;
	}
	n = at->node->n;
	hat->groups = arena_array(ld->mem, n + 1, sizeof(*hat->groups));
	for (const struct node *e = at->node->child; e != NULL; e = e->next) {
		struct at item = at_item(at, e, i);

		load_group(ld, &item, hat, &hat->groups[i]);
		check_group(ld, &item, &hat->groups[i], i + 1 == n);
		i++;
	}
	hat->n_groups = n;
	check_names(ld, at, hat);
	if (n == 0 || !is_all(&hat->groups[n - 1]))
		hat->groups[hat->n_groups++] = dflt[n_default - 1];
}

static void
load_group(
    struct load *ld, const struct at *at, struct hat *hat, struct hat_group *g)
{
	struct at entries = at_key(at, "entries");

	load_section(ld, &schema_group, at, g, NULL);
	if (is_all(g)) {
		g->name = STR("ALL");
		g->entries = arena_alloc(ld->mem, sizeof(*g->entries));
		hat_entry_parse(g->entries, g->name, ld->mem, NULL);
		g->entries->where = g->where;
		g->n_entries = 1;
		if (entries.node != NULL)
			load_error(ld, &entries,
			    "ALL is everybody; it has no entries");
	} else {
		load_entries(ld, &entries, g);
	}
	load_group_policy(ld, at, hat, g);
}

static void
load_group_policy(
    struct load *ld, const struct at *up, struct hat *hat, struct hat_group *g)
{
	struct at at = at_key(up, "policy"), params = at_key(up, "parameters");
	struct buf names;
	struct str text;
	char quoted[100];

	g->policy = &hat->policies[hat->n_policies - 1];
	if (at.node == NULL) {
		load_error(ld, up, "needs the key \"policy\"");
		return;
	}
	if (!load_scalar(ld, &at, &text))
		return;
	for (int b = ACCEPT; b <= CONTINUE; b++) {
		if (str_is_nocase(text, behaviour_name(b))) {
			load_inline_policy(ld, &params, hat, g, b);
			return;
		}
	}
	if (params.node != NULL)
		load_error(ld, &params,
		    "belong to the policy, not to a group that names one");
	if (hat_policy(hat, text) != NULL) {
		g->policy = hat_policy(hat, text);
		return;
	}
	buf_init(&names, 256);
	name_policies(hat, &names);
	load_error(ld, &at, "there is no policy %s; there are %.*s",
	    load_quote(quoted, text), STR_ARG(buf_str(&names)));
	buf_fini(&names);
}

/* A table may have a hundred thousand single entries, so those without
 * parameters share a policy. */
static void
load_inline_policy(struct load *ld, const struct at *at, struct hat *hat,
    struct hat_group *g, enum behaviour behaviour)
{
	struct policy *p = hat->plain[behaviour];

	if (at->node == NULL && p != NULL) {
		g->policy = p;
		return;
	}
	p = arena_alloc(ld->mem, sizeof(*p));
	if (at->node == NULL)
		hat->plain[behaviour] = p;
	load_section(ld, &schema_policy_params, at, &p->p, &hat->defaults);
	p->where = at->node != NULL ? at_where(ld, at)
				    : (struct where){ "built in", 0 };
	p->name = STR("");
	p->behaviour = behaviour;
	finish_params(ld, at, p);
	g->policy = p;
}

static void
load_entries(struct load *ld, const struct at *at, struct hat_group *g)
{
	struct entries es = { .group = g };
	size_t n = 1;

	if (node_is_empty(at->node))
		return;
	if (at->node->kind == NODE_LIST)
		n = at->node->n;
	g->entries = arena_array(ld->mem, n, sizeof(*g->entries));
	map_init(&es.seen);
	load_each(ld, at, &es, load_entry);
	map_fini(&es.seen, NULL);
}

static void
load_entry(struct load *ld, const struct at *at, struct str text, void *arg)
{
	struct entries *es = arg;
	struct hat_entry *e = &es->group->entries[es->group->n_entries];
	struct err err = ERR_INIT;

	if (hat_entry_parse(e, text, ld->mem, &err) == -1) {
		load_error(ld, at, "%s", err.text);
		return;
	}
	if (e->kind == HAT_ALL) {
		load_error(ld, at, "ALL is reserved for the last group");
		return;
	}
	if (e->text.n <= 1000 && map_put(&es->seen, e->text, e) != NULL) {
		load_warning(
		    ld, at, "\"%.*s\" stands here twice", STR_ARG(e->text));
		return;
	}
	e->where = at_where(ld, at);
	es->group->n_entries++;
}

/* Which parameters were written, and what follows from the behaviour. */
static void
finish_params(struct load *ld, const struct at *at, struct policy *p)
{
	bool rejects = p->behaviour == REJECT;

	for (size_t i = 0; i < MFP_N; i++)
		p->set[i] = node_get(at->node,
				schema_policy_params.keys[i].name) != NULL;
	if (!p->set[MFP_BANNER_CODE])
		p->p.banner_code = rejects ? 554 : p->p.banner_code;
	else
		check_banner(ld, at, p->p.banner_code, rejects);
}

static void
check_banner(struct load *ld, const struct at *at, uint32_t code, bool rejects)
{
	if (rejects ? code < 400 : code > 299)
		load_error(ld, at, "smtp_banner_code %u: a %s", (unsigned)code,
		    rejects ? "refusal has a code within 400..599"
			    : "greeting has a code within 200..299");
}

static void
check_group(struct load *ld, const struct at *at, const struct hat_group *g,
    bool is_last)
{
	if (is_all(g) && !is_last)
		load_error(ld, at,
		    "ALL must be the last group: those after it are never "
		    "reached");
	if (is_all(g) && g->policy->behaviour == CONTINUE)
		load_error(
		    ld, at, "ALL must decide; CONTINUE has nowhere to go on");
}

static void
check_names(struct load *ld, const struct at *at, const struct hat *hat)
{
	struct map seen;
	const struct node *e = at->node->child;
	char quoted[100];

	map_init(&seen);
	for (size_t i = 0; i < hat->n_groups; i++, e = e->next) {
		struct at item = at_item(at, e, i);
		struct str name = hat->groups[i].name;

		if (name.n > 0 && map_put(&seen, name, &seen) != NULL)
			load_error(ld, &item, "there are two groups %s",
			    load_quote(quoted, name));
	}
	map_fini(&seen, NULL);
}

/* A client waits for the answers of all of them. */
static void
check_zones(struct load *ld, const struct at *at, const struct hat *hat)
{
	struct map zones;

	map_init(&zones);
	for (size_t i = 0; i < hat->n_groups; i++) {
		const struct hat_group *g = &hat->groups[i];

		for (size_t k = 0; k < g->n_entries; k++) {
			if (g->entries[k].kind == HAT_DNSLIST)
				map_put(&zones, g->entries[k].name, &zones);
		}
	}
	if (zones.n > HAT_ZONES_MAX)
		load_error(ld, at, "names %zu DNS lists; %d are allowed",
		    zones.n, HAT_ZONES_MAX);
	map_fini(&zones, NULL);
}

static bool
is_all(const struct hat_group *g)
{
	return str_is_nocase(g->name, "ALL");
}

/* True when there is a list to read; absent or wrong: false. */
static bool
is_list(struct load *ld, const struct at *at, size_t max)
{
	if (node_is_empty(at->node))
		return false;
	if (at->node->kind != NODE_LIST) {
		load_error(ld, at, "must be a list (lines with \"- \")");
		return false;
	}
	if (at->node->n > max) {
		load_error(ld, at, "has %zu entries; %zu are allowed",
		    at->node->n, max);
		return false;
	}
	return true;
}

static void
name_policies(const struct hat *hat, struct buf *out)
{
	for (size_t i = 0; i < hat->n_policies && out->len < 150; i++)
		buf_printf(out, "%s%.*s", i > 0 ? ", " : "",
		    STR_ARG(hat->policies[i].name));
}
