/*
 * load_quarantine.c - quarantines: those that are always there, and others
 */
#include "base/mem.h"
#include "config/load_work.h"

#define DAY 86400

/* Beside those that are written. */
static const struct quarantine system_quarantines[] = {
	{ .name = { "Policy", 6 },
	    .kind = QUARANTINE_POLICY,
	    .retention = 10 * DAY },
	{ .name = { "Virus", 5 },
	    .kind = QUARANTINE_VIRUS,
	    .retention = 30 * DAY },
	{ .name = { "Outbreak", 8 },
	    .kind = QUARANTINE_OUTBREAK,
	    .retention = 0,
	    .release = true },
	{ .name = { "Unclassified", 12 },
	    .kind = QUARANTINE_UNCLASSIFIED,
	    .retention = 30 * DAY,
	    .release = true },
	{ .name = { "Unprocessable", 13 },
	    .kind = QUARANTINE_UNPROCESSABLE,
	    .retention = 30 * DAY },
};

static void load_written(
    struct load *, const struct at *, struct work_config *);
static const struct quarantine *of_system(struct str name);
static struct quarantine *find(struct work_config *, struct str name);

void
load_quarantines(struct load *ld, const struct at *at, void *object)
{
	struct work_config *w = &((struct config *)object)->work;
	bool list = !node_is_empty(at->node) && at->node->kind == NODE_LIST;
	size_t n = (list ? at->node->n : 0) + NELEM(system_quarantines);

	w->quarantines = arena_array(ld->mem, n, sizeof(*w->quarantines));
	w->n_quarantines = 0;
	if (list)
		load_written(ld, at, w);
	else if (!node_is_empty(at->node))
		load_error(ld, at, "must be a list (lines with \"- \")");
	for (size_t i = 0; i < NELEM(system_quarantines); i++) {
		struct quarantine *q = &w->quarantines[w->n_quarantines];

		if (find(w, system_quarantines[i].name) != NULL)
			continue;
		schema_defaults(&schema_quarantine, ld->column, q, ld->mem);
		q->name = system_quarantines[i].name;
		q->kind = system_quarantines[i].kind;
		q->retention = system_quarantines[i].retention;
		q->release = system_quarantines[i].release;
		w->n_quarantines++;
	}
}

void
print_quarantines(struct print *p, const void *object)
{
	const struct work_config *w = &((const struct config *)object)->work;
	struct quarantine base = { .retention = 0 };

	schema_defaults(&schema_quarantine, p->column, &base, &p->mem);
	print_open(p, "quarantines");
	for (size_t i = 0; i < w->n_quarantines; i++) {
		if (w->quarantines[i].where.line == 0 && !p->all)
			continue;
		print_begin_item(p);
		print_section(p, &schema_quarantine, &w->quarantines[i], &base);
		print_end_item(p);
	}
	print_close(p);
}

void
load_quarantine_finish(struct load *ld, const struct at *at, void *object)
{
	struct quarantine *q = object;
	const struct quarantine *usual = of_system(q->name);
	struct at retention = at_key(at, "retention");
	struct at action = at_key(at, "action");
	bool outbreak;

	if (usual != NULL) {
		q->kind = usual->kind;
		if (retention.node == NULL)
			q->retention = usual->retention;
		if (action.node == NULL)
			q->release = usual->release;
	}
	outbreak = q->kind == QUARANTINE_OUTBREAK;
	if (outbreak && q->retention != 0)
		load_error(ld, &retention,
		    "is what mail policies say of Outbreak; remove the key");
	if (!outbreak && q->retention == 0 && retention.node != NULL)
		load_error(ld, &retention, "must not be 0");
}

static void
load_written(struct load *ld, const struct at *at, struct work_config *w)
{
	const struct schema_key *key =
	    schema_find(&schema_work, STR("quarantines"));
	size_t i = 0;

	if (at->node->n > key->max) {
		load_error(ld, at, "has %zu entries; %llu are allowed",
		    at->node->n, (unsigned long long)key->max);
		return;
	}
	for (const struct node *n = at->node->child; n != NULL; n = n->next) {
		struct at item = at_item(at, n, i++);

		load_section(ld, &schema_quarantine, &item,
		    &w->quarantines[w->n_quarantines++], NULL);
	}
}

/* NULL: it is none of them. */
static const struct quarantine *
of_system(struct str name)
{
	for (size_t i = 0; i < NELEM(system_quarantines); i++)
		if (str_eq(system_quarantines[i].name, name))
			return &system_quarantines[i];
	return NULL;
}

static struct quarantine *
find(struct work_config *w, struct str name)
{
	for (size_t i = 0; i < w->n_quarantines; i++)
		if (str_eq(w->quarantines[i].name, name))
			return &w->quarantines[i];
	return NULL;
}
