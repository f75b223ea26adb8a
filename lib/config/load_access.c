/*
 * load_access.c - access tables: in postern.yaml, or in a file of their own
 */
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
