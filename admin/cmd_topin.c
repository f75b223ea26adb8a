/* cmd_topin.c - `topin` (delivery-admin 2.11) */
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "admin/render.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"

#define COUNT_MAX 10000
#define TOP_COUNT 100

/* Rows of all workers, by address and listener. */
struct rows {
	struct map by_key;
	json_t **v;
	size_t n, cap;
};

static int run(struct tool *, int argc, char **argv);
static void take(void *arg, const json_t *answer);
static json_t *top(struct rows *, size_t count);
static int by_connections(const void *, const void *);

const struct tool_command cmd_topin = {
	.name = "topin",
	.usage = "[COUNT]",
	.summary = "Show who is connected to the listeners",
	.help = "Shows the clients that have most connections open, by "
		"address and listener. The name is that of the reverse DNS, "
		"if it leads back to the address; else the address stands in "
		"its place. COUNT is how many, 100 if not given.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	static const enum program_kind kinds[] = { PROGRAM_SMTPD, PROGRAM_QMQPD,
		PROGRAM_N };
	const char *words[] = { "connections", NULL };
	struct err err = ERR_INIT;
	uint64_t count = TOP_COUNT;
	struct rows rows = { .n = 0 };
	struct buf text;
	json_t *j;
	int rc;

	if (argc > 2)
		return tool_usage(t, NULL);
	if (argc == 2 &&
	    (!str_u64(str_of(argv[1]), COUNT_MAX, &count) || count == 0))
		return tool_usage(t, "COUNT is within 1..10000");
	map_init(&rows.by_key);
	rc = control_ask_workers(t, kinds, words, take, &rows, &err);
	j = json_pack("{s:I, s:o}", "status_as_of", (json_int_t)clock_wall_ms(),
	    "connections", top(&rows, count));
	map_fini(&rows.by_key, NULL);
	free(rows.v);
	buf_init(&text, 16 * 1024 * 1024);
	if (rc == 0 && t->json)
		tool_print_json(t, j);
	else if (rc == 0)
		render_topin(j, &text);
	tool_print(t, &text);
	buf_fini(&text);
	json_decref(j);
	return rc == 0 ? TOOL_DONE : tool_fail(t, &err);
}

static void
take(void *arg, const json_t *answer)
{
	struct rows *r = arg;
	json_t *one, *row;
	size_t i;

	json_array_foreach(json_object_get(answer, "connections"), i, one)
	{
		char key[400];

		snprintf(key, sizeof(key), "%s %s", fields_text(one, "ip"),
		    fields_text(one, "listener"));
		row = map_get(&r->by_key, str_of(key));
		if (row != NULL) {
			json_object_set_new(row, "connections",
			    json_integer(fields_num(row, "connections") +
					 fields_num(one, "connections")));
			continue;
		}
		row = json_deep_copy(one);
		map_put(&r->by_key, str_of(key), row);
		r->v = mem_room(r->v, &r->cap, r->n, sizeof(json_t *));
		r->v[r->n++] = row;
	}
}

/* The rows become its own. */
static json_t *
top(struct rows *r, size_t count)
{
	json_t *list = json_array();

	if (r->n > 0)
		qsort(r->v, r->n, sizeof(json_t *), by_connections);
	for (size_t i = 0; i < r->n; i++)
		if (i < count)
			json_array_append_new(list, r->v[i]);
		else
			json_decref(r->v[i]);
	return list;
}

static int
by_connections(const void *x, const void *y)
{
	const json_t *a = *(json_t *const *)x, *b = *(json_t *const *)y;
	int64_t m = fields_num(a, "connections");
	int64_t n = fields_num(b, "connections");
	int ip;

	if (m != n)
		return m > n ? -1 : 1;
	ip = strcmp(fields_text(a, "ip"), fields_text(b, "ip"));
	return ip != 0 ? ip
		       : strcmp(fields_text(a, "listener"),
			     fields_text(b, "listener"));
}
