/*
 * fuzz_table.c - the texts of tables of addresses
 *
 * The first byte says which kind of table. What is refused says why and
 * where; of what is taken, every entry is found, in the compiled bytes as
 * well, and they are sound.
 */
#include "base/mem.h"
#include "config/load.h"
#include "config/table.h"

static void check_problems(const struct config_problems *);
static void check_table(const struct table *, struct str text);
static void check_entry(const struct table *, size_t i);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct config_problems ps = { 0 };
	struct str text;
	struct table *t;

	if (n == 0)
		return 0;
	text = (struct str){ (const char *)data + 1, n - 1 };
	t = table_parse(data[0] % 4, "x", text, (data[0] & 4) != 0, &ps);
	if ((t == NULL) != (ps.n_errors > 0))
		panic("errors and result disagree");
	check_problems(&ps);
	if (t != NULL)
		check_table(t, text);
	config_problems_free(&ps);
	table_free(&t);
	return 0;
}

static void
check_problems(const struct config_problems *ps)
{
	struct buf line;

	buf_init(&line, 1 << 16);
	for (size_t i = 0; i < ps->n; i++) {
		buf_reset(&line);
		config_problem_print(&ps->v[i], &line);
		if (ps->v[i].where.line < 1 || ps->v[i].column < 1 ||
		    line.failed || ps->v[i].text[0] == '\0')
			panic("a problem without place or reason");
	}
	buf_fini(&line);
}

static void
check_table(const struct table *t, struct str text)
{
	struct err err = ERR_INIT;
	struct table *again;

	if (table_check(table_compiled(t), text, &err) == -1)
		panic("%s", err.text);
	again = table_open(table_kind(t), "y", table_compiled(t), &err);
	if (again == NULL)
		panic("%s", err.text);
	if (table_count(again) != table_count(t))
		panic("not the same number of entries");
	for (size_t i = 0; i < table_count(again); i++)
		check_entry(again, i);
	table_free(&again);
}

/* A left side that is one whole address leads to its entry, or to one that
 * stands before it; altsrchost has an order of its own. */
static void
check_entry(const struct table *t, size_t i)
{
	struct str left, right;
	struct table_hit hit;
	struct where where;
	struct arena mem;
	size_t at;

	if (!table_entry(t, i, &left, &right, &where) || left.n == 0 ||
	    right.n == 0 || where.line < 1)
		panic("entry %zu is not whole", i);
	at = str_rfind(left, '@');
	if (at == 0 || at + 1 >= left.n || left.p[at + 1] == '.' ||
	    left.p[at + 1] == '[' || str_find(left, ',') < left.n)
		return;
	arena_init(&mem, 1 << 20);
	if (!table_find(t, left, &hit, &mem) ||
	    (hit.order > i && table_kind(t) != TABLE_GATEWAYS))
		panic("entry %zu is not found", i);
	arena_free(&mem);
}
