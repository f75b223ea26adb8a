/* load_unsubscribe.c - global_unsubscribe.entries in postern.yaml */
#include <stdlib.h>

#include "base/mem.h"
#include "config/load_tables.h"
#include "config/pattern.h"
#include "config/unsubscribe.h"

struct entries {                /* while they are read */
	struct unsubscribed *v; /* heap */
	size_t n, cap;
};

static void take_entry(
    struct load *, const struct at *, struct str text, void *arg);

void
load_unsubscribed(struct load *ld, const struct at *at, void *object)
{
	struct config *c = object;
	struct entries es = { .n = 0 };
	size_t n = 0;

	load_each(ld, at, &es, take_entry);
	if (es.n > UNSUBSCRIBED_MAX)
		load_error(ld, at, "%zu entries: more than %d", es.n,
		    UNSUBSCRIBED_MAX);
	if (es.n > 0)
		qsort(es.v, es.n, sizeof(*es.v), unsubscribed_cmp);
	c->unsubscribed = arena_array(ld->mem, es.n + 1, sizeof(*es.v));
	for (size_t i = 0; i < es.n; i++)
		if (i == 0 || unsubscribed_cmp(&es.v[i - 1], &es.v[i]) != 0)
			c->unsubscribed[n++] = es.v[i];
	c->n_unsubscribed = n;
	free(es.v);
}

void
print_unsubscribed(struct print *p, const void *object)
{
	const struct config *c = object;

	print_open(p, "entries");
	for (size_t i = 0; i < c->n_unsubscribed; i++)
		print_item(p, c->unsubscribed[i].pattern.text);
	print_close(p);
}

static void
take_entry(struct load *ld, const struct at *at, struct str text, void *arg)
{
	struct entries *es = arg;
	struct unsubscribed u = { .is_ip = false };
	struct err err = ERR_INIT;
	char quoted[100];

	u.is_ip = ip_parse(&u.ip, text);
	u.pattern.where = at_where(ld, at);
	u.pattern.text = arena_str(ld->mem, text);
	if (!u.is_ip && !pattern_parse(&u.pattern, text, ld->mem, &err)) {
		load_error(ld, at, "%s %s, or an IP address",
		    load_quote(quoted, text), err.text);
		return;
	}
	es->v = mem_room(es->v, &es->cap, es->n, sizeof(*es->v));
	es->v[es->n++] = u;
}
