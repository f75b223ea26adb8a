/*
 * load_access.c - access tables: in postern.yaml, or in a file of their own
 */
#include "base/mem.h"
#include "config/hat_text.h"
#include "config/loader.h"

/* Both kinds of table. */
struct access {
	const char *file_key;
	struct node *(*read)(struct load *, struct str text);
	void (*load)(struct load *, const struct at *, void *listener);
};

static const struct access hat = { "hat_file", hat_text_read, load_hat_value };
static const struct access rat = { "rat_file", rat_text_read, load_rat_value };

static void load_access(struct load *, const struct at *, void *listener,
    const struct access *, struct str file);
static void load_file(struct load *, const char *path, void *listener,
    const struct access *, struct str text);
static void check_lists(
    struct load *, const struct where *, const struct policy_params *);

void
load_hat(struct load *ld, const struct at *at, void *object)
{
	const struct listener *l = object;

	load_access(ld, at, object, &hat, l->hat_file);
}

void
load_rat(struct load *ld, const struct at *at, void *object)
{
	const struct listener *l = object;

	load_access(ld, at, object, &rat, l->rat_file);
}

/* Of tables in postern.yaml the values themselves are looked at
 * (load_check_lists). */
void
load_check_access(struct load *ld)
{
	const struct config *c = ld->config;

	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct hat *h = &c->listeners[i].hat;

		if (c->listeners[i].hat_file.n == 0)
			continue;
		check_lists(ld, &c->listeners[i].where, &h->defaults);
		for (size_t k = 0; k < h->n_policies; k++)
			check_lists(
			    ld, &h->policies[k].where, &h->policies[k].p);
		for (size_t k = 0; k < h->n_groups; k++) {
			const struct hat_group *g = &h->groups[k];

			if (g->policy->name.n == 0)
				check_lists(ld, &g->where, &g->policy->p);
		}
	}
}

static void
load_access(struct load *ld, const struct at *at, void *listener,
    const struct access *a, struct str name)
{
	struct at key = at_key(at->up, a->file_key);
	const struct bundle_file *f;
	const char *path;
	char quoted[100];

	if (name.n == 0 || ld->brief) {
		a->load(ld, at, listener);
		return;
	}
	if (at->node != NULL) {
		load_error(ld, at,
		    "stands here, and %s names a file with the same table: "
		    "one of them is too much",
		    a->file_key);
		return;
	}
	path = arena_printf(ld->mem, "tables/%.*s", STR_ARG(name));
	f = bundle_find(ld->bundle, path);
	if (f == NULL)
		load_error(ld, &key, "there is no file %s in the folder tables",
		    load_quote(quoted, name));
	else
		load_file(ld, path, listener, a, f->text);
}

static void
load_file(struct load *ld, const char *path, void *listener,
    const struct access *a, struct str text)
{
	const char *outer = ld->file;
	struct at top = { 0 };

	ld->file = path;
	ld->no_paths = true;
	top.node = a->read(ld, text);
	a->load(ld, &top, listener);
	ld->no_paths = false;
	ld->file = outer;
}

static void
check_lists(
    struct load *ld, const struct where *where, const struct policy_params *p)
{
	const struct str names[] = { p->sender_exceptions,
		p->tls_mandatory_list };
	const char *outer = ld->file;
	char quoted[100];

	ld->file = where->file;
	for (size_t i = 0; i < NELEM(names); i++) {
		if (names[i].n > 0 &&
		    config_addr_list(ld->config, names[i]) == NULL)
			load_error_mark(ld, where->line > 0 ? where->line : 1,
			    1, "there is no address list %s",
			    load_quote(quoted, names[i]));
	}
	ld->file = outer;
}
