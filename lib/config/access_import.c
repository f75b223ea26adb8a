/*
 * access_import.c - an access table as text becomes a value of postern.yaml
 */
#include <time.h>

#include "config/hat_text.h"
#include "config/loader.h"
#include "config/tree.h"

struct import {
	struct config *config; /* what is loaded belongs to it, then is gone */
	struct load ld;
	struct listener listener;
	size_t errors; /* that there were before */
};

static void begin(struct import *, const struct listener *, const char *file,
    struct config_problems *);
static int end(struct import *, struct buf *yaml,
    void (*print)(struct print *, const void *));
static void keep_defaults(
    struct load *, struct node *top, const struct policy_params *);

void
access_text_head(struct buf *out, const char *by, int64_t wall_ms)
{
	time_t t = (time_t)(wall_ms / 1000);
	char when[32];
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm);
	buf_printf(out, "# File exported by the %s at %s\n", by, when);
}

int
hat_text_import(const struct listener *now, const char *file, struct str text,
    struct buf *yaml, struct config_problems *problems)
{
	struct import im;
	struct at at = { 0 };
	struct node *top;

	begin(&im, now, file, problems);
	top = hat_text_read(&im.ld, text);
	if (node_get(top, "defaults") == NULL)
		keep_defaults(&im.ld, top, &now->hat.defaults);
	at.node = top;
	load_hat_value(&im.ld, &at, &im.listener);
	return end(&im, yaml, print_hat_value);
}

int
rat_text_import(const struct listener *now, const char *file, struct str text,
    struct buf *yaml, struct config_problems *problems)
{
	struct import im;
	struct at at = { 0 };

	begin(&im, now, file, problems);
	at.node = rat_text_read(&im.ld, text);
	load_rat_value(&im.ld, &at, &im.listener);
	return end(&im, yaml, print_rat_value);
}

static void
begin(struct import *im, const struct listener *now, const char *file,
    struct config_problems *problems)
{
	*im = (struct import){ .config = tree_new(0),
		.listener = { .type = now->type },
		.errors = problems->n_errors };
	im->ld = (struct load){ .config = im->config,
		.mem = tree_arena(im->config),
		.problems = problems,
		.file = file,
		.no_paths = true,
		.alone = true,
		.column = now->type == LISTENER_PUBLIC ? DEFAULT_PUBLIC
						       : DEFAULT_PRIVATE };
	arena_init(&im->ld.scratch, TREE_MAX);
}

static int
end(struct import *im, struct buf *yaml,
    void (*print)(struct print *, const void *))
{
	bool bad = im->ld.problems->n_errors > im->errors;
	struct print p = { .out = yaml, .column = im->ld.column };

	arena_init(&p.mem, TREE_MAX);
	if (!bad)
		print(&p, &im->listener);
	arena_free(&p.mem);
	arena_free(&im->ld.scratch);
	config_unref(&im->config);
	return bad ? -1 : 0;
}

/* As if they had been written at the top of the text. */
static void
keep_defaults(
    struct load *ld, struct node *top, const struct policy_params *params)
{
	struct node *map = arena_alloc(&ld->scratch, sizeof(*map));

	*map = (struct node){ .kind = NODE_MAP,
		.line = 1,
		.column = 1,
		.key = STR("defaults"),
		.next = top->child };
	for (size_t i = 0; i < MFP_N; i++) {
		const struct schema_key *key = &schema_policy_params.keys[i];
		struct node *n = arena_alloc(&ld->scratch, sizeof(*n));
		struct buf text;

		buf_init(&text, 1 << 16);
		key->type->print(key, (const char *)params + key->off, &text);
		*n = (struct node){ .kind = NODE_SCALAR,
			.quoted = true,
			.line = 1,
			.column = 1,
			.key = str_of(key->name),
			.text = arena_str(&ld->scratch, buf_str(&text)),
			.next = map->child };
		buf_fini(&text);
		map->child = n;
		map->n++;
	}
	top->child = map;
	top->n++;
}
