/*
 * logs.c - the logs that archive() writes to
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "filter/source.h"

struct logs {
	struct str *v; /* heap */
	size_t n, cap;
};

static void collect_block(struct logs *, const struct stmt *);
static void collect_args(struct logs *, const struct stmt *);
static int by_text(const void *, const void *);

struct str *
filters_logs(const struct filters *fs, const struct config *config,
    struct arena *mem, size_t *n)
{
	struct logs logs = { .n = 0 };
	struct str *v;

	for (size_t i = 0; i < fs->n_message; i++)
		collect_block(&logs, fs->message[i]->body);
	for (int d = 0; d < DIRECTIONS; d++) {
		for (size_t i = 0; i < config->work.tables[d].n_filters; i++)
			collect_block(&logs, fs->content[d][i]->body);
	}
	v = arena_array(mem, logs.n + 1, sizeof(*v));
	*n = 0;
	if (logs.n > 0)
		qsort(logs.v, logs.n, sizeof(*logs.v), by_text);
	for (size_t i = 0; i < logs.n; i++) {
		if (i == 0 || !str_eq(logs.v[i], logs.v[i - 1]))
			v[(*n)++] = arena_str(mem, logs.v[i]);
	}
	free(logs.v);
	return v;
}

static void
collect_block(struct logs *logs, const struct stmt *s)
{
	for (; s != NULL; s = s->next) {
		if (s->action != NULL) {
			collect_args(logs, s);
			continue;
		}
		collect_block(logs, s->then);
		collect_block(logs, s->otherwise);
	}
}

static void
collect_args(struct logs *logs, const struct stmt *s)
{
	for (size_t i = 0; i < s->args.n && i < FILTER_ARGS; i++) {
		if (s->action->args[i].type != ARG_LOG)
			continue;
		logs->v =
		    mem_room(logs->v, &logs->cap, logs->n, sizeof(*logs->v));
		logs->v[logs->n++] = s->args.v[i].text;
	}
}

static int
by_text(const void *a, const void *b)
{
	const struct str *l = a, *r = b;
	size_t n = l->n < r->n ? l->n : r->n;
	int order = memcmp(l->p, r->p, n);

	return order != 0 ? order : (l->n > r->n) - (l->n < r->n);
}
