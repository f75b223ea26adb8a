/*
 * load_lists.c - address lists, the domain exception table, interface groups
 */
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "config/load_tables.h"
#include "config/pattern.h"

struct patterns {               /* while they are read */
	struct addr_pattern *v; /* heap */
	size_t n, cap;
	struct map seen;
	bool full_only;
};

struct exceptions {
	struct sender_exception *v; /* heap */
	size_t n, cap;
	const struct sender_exception *like; /* what is read now */
};

struct members {
	const struct interface **v; /* in the tree */
	size_t n;
};

static void take_entry(
    struct load *, const struct at *, struct str text, void *arg);
static bool read_pattern(
    struct load *, const struct at *, struct str, struct addr_pattern *);
static void load_exception(
    struct load *, const struct at *, struct exceptions *);
static void take_exception(
    struct load *, const struct at *, struct str text, void *arg);
static void take_member(
    struct load *, const struct at *, struct str text, void *arg);
static void print_exception(struct print *, const struct sender_exception *);

void
load_addr_entries(struct load *ld, const struct at *at, void *object)
{
	struct addr_list *list = object;
	struct patterns ps = { .full_only = list->full_only };

	map_init(&ps.seen);
	load_each(ld, at, &ps, take_entry);
	map_fini(&ps.seen, NULL);
	list->entries = arena_array(ld->mem, ps.n + 1, sizeof(*ps.v));
	for (list->n = 0; list->n < ps.n; list->n++)
		list->entries[list->n] = ps.v[list->n];
	free(ps.v);
}

void
load_exceptions(struct load *ld, const struct at *at, void *object)
{
	struct config *c = object;
	struct exceptions es = { .n = 0 };
	size_t i = 0;

	if (node_is_empty(at->node))
		return;
	if (at->node->kind != NODE_LIST) {
		load_error(ld, at, "must be a list (lines with \"- \")");
		return;
	}
	for (const struct node *n = at->node->child; n != NULL; n = n->next) {
		struct at item = at_item(at, n, i++);

		load_exception(ld, &item, &es);
	}
	c->exceptions = arena_array(ld->mem, es.n + 1, sizeof(*es.v));
	for (c->n_exceptions = 0; c->n_exceptions < es.n; c->n_exceptions++)
		c->exceptions[c->n_exceptions] = es.v[c->n_exceptions];
	free(es.v);
}

void
load_members(struct load *ld, const struct at *at, void *object)
{
	struct interface_group *g = object;
	struct members ms = { .n = 0 };

	if (!node_is_empty(at->node)) {
		size_t n = at->node->kind == NODE_LIST ? at->node->n : 1;

		ms.v = arena_array(ld->mem, n, sizeof(struct interface *));
		load_each(ld, at, &ms, take_member);
	}
	if (ms.n == 0 && node_is_empty(at->node))
		load_error(ld, at, "needs the name of an interface");
	g->members = ms.v;
	g->n = ms.n;
}

void
print_addr_entries(struct print *p, const void *object)
{
	const struct addr_list *list = object;

	print_open(p, "entries");
	for (size_t i = 0; i < list->n; i++)
		print_item(p, list->entries[i].text);
	print_close(p);
}

void
print_exceptions(struct print *p, const void *object)
{
	const struct config *c = object;

	print_open(p, "exception_table");
	for (size_t i = 0; i < c->n_exceptions; i++)
		print_exception(p, &c->exceptions[i]);
	print_close(p);
}

void
print_members(struct print *p, const void *object)
{
	const struct interface_group *g = object;

	print_open(p, "members");
	for (size_t i = 0; i < g->n; i++)
		print_item(p, g->members[i]->name);
	print_close(p);
}

/* altsrchost names either. */
void
load_check_groups(struct load *ld, const struct at *top)
{
	struct at groups = at_key(top, "interface_groups");
	size_t i = 0;
	char quoted[100];

	if (groups.node == NULL || groups.node->kind != NODE_LIST)
		return;
	for (const struct node *n = groups.node->child; n != NULL;
	     n = n->next) {
		struct at item = at_item(&groups, n, i++);
		struct at name = at_key(&item, "name");

		if (name.node != NULL &&
		    config_interface(ld->config, name.node->text) != NULL)
			load_error(ld, &name, "%s is an interface",
			    load_quote(quoted, name.node->text));
	}
}

static void
take_entry(struct load *ld, const struct at *at, struct str text, void *arg)
{
	struct patterns *ps = arg;
	struct addr_pattern p;
	char quoted[100];
	char *key;

	if (!read_pattern(ld, at, text, &p))
		return;
	if (ps->full_only && p.kind != PATTERN_ADDR) {
		load_error(ld, at,
		    "%s is no full address, and this list has no others",
		    load_quote(quoted, text));
		return;
	}
	/* example.com as a domain is not example.com@ as a user. */
	key = arena_printf(&ld->scratch, "%d%.*s", p.kind, STR_ARG(p.key));
	if (map_put(&ps->seen, str_of(key), ps) != NULL) {
		load_warning(
		    ld, at, "%s stands here twice", load_quote(quoted, text));
		return;
	}
	ps->v = mem_room(ps->v, &ps->cap, ps->n, sizeof(*ps->v));
	ps->v[ps->n++] = p;
}

static bool
read_pattern(struct load *ld, const struct at *at, struct str text,
    struct addr_pattern *p)
{
	struct err err = ERR_INIT;
	char quoted[100];

	*p = (struct addr_pattern){ .where = at_where(ld, at) };
	if (pattern_parse(p, text, ld->mem, &err))
		return true;
	load_error(ld, at, "%s %s", load_quote(quoted, text), err.text);
	return false;
}

static void
load_exception(struct load *ld, const struct at *at, struct exceptions *es)
{
	struct sender_exception e = { .allow = false };
	struct at allow = at_key(at, "allow"), reject = at_key(at, "reject"),
		  reply = at_key(at, "reply");

	load_section(ld, &schema_exception, at, &e, NULL);
	if ((allow.node == NULL) == (reject.node == NULL)) {
		load_error(
		    ld, at, "needs one of the keys \"allow\" and \"reject\"");
		return;
	}
	e.allow = allow.node != NULL;
	if (reply.node != NULL && e.allow)
		load_error(ld, &reply, "goes with \"reject\" only");
	else if (reply.node != NULL)
		load_reply(ld, &reply, false, &e.code, &e.reply);
	es->like = &e;
	if (load_each(ld, e.allow ? &allow : &reject, es, take_exception) == 0)
		load_error(ld, at, "needs the pattern of an address");
}

static void
take_exception(struct load *ld, const struct at *at, struct str text, void *arg)
{
	struct exceptions *es = arg;
	struct sender_exception e = *es->like;

	if (!read_pattern(ld, at, text, &e.pattern))
		return;
	es->v = mem_room(es->v, &es->cap, es->n, sizeof(*es->v));
	es->v[es->n++] = e;
}

static void
take_member(struct load *ld, const struct at *at, struct str name, void *arg)
{
	struct members *ms = arg;
	const struct interface *i = load_refer(ld, at, "interfaces", name);
	char quoted[100];

	if (i == NULL)
		return;
	for (size_t j = 0; j < ms->n; j++) {
		if (ms->v[j] == i) {
			load_error(ld, at, "%s is a member already",
			    load_quote(quoted, name));
			return;
		}
	}
	ms->v[ms->n++] = i;
}

static void
print_exception(struct print *p, const struct sender_exception *e)
{
	struct buf text;

	print_begin_item(p);
	print_line(p, e->allow ? "allow" : "reject", e->pattern.text);
	if (e->code != 0) {
		buf_init(&text, 4096);
		buf_printf(&text, "%u", (unsigned)e->code);
		if (e->reply.n > 0)
			buf_printf(&text, " %.*s", STR_ARG(e->reply));
		print_line(p, "reply", buf_str(&text));
		buf_fini(&text);
	}
	print_end_item(p);
}
