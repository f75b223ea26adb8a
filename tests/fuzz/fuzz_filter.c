/*
 * fuzz_filter.c - the filter language, on any bytes
 *
 * Whatever is refused says where and shows the place. Whatever is taken, and
 * printed, is taken again and prints the same: the canonical form is a fixed
 * point. That holds with references to nothing, too.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "filter/filter.h"
#include "tests/unit/filter_world.h"

static void check_problems(const struct filter_problems *);
static void check_again(
    const struct filter_info *, const struct config *, struct arena *);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct config *config = filter_world();
	struct filter_problems problems = { 0 };
	struct filter_info *v;
	struct arena mem;
	size_t count;

	arena_init(&mem, (size_t)1 << 30);
	if (filter_script((struct str){ (const char *)data, n }, config, true,
		&v, &count, &problems, &mem)) {
		for (size_t i = 0; i < count; i++)
			check_again(&v[i], config, &mem);
	} else if (problems.n_errors == 0) {
		abort();
	}
	check_problems(&problems);
	arena_free(&mem);
	return 0;
}

static void
check_problems(const struct filter_problems *ps)
{
	for (size_t i = 0; i < ps->n; i++) {
		const struct filter_problem *p = &ps->v[i];

		if (p->line < 1 || p->column < 1 || p->text.n == 0 ||
		    p->place.n == 0)
			abort();
	}
}

static void
check_again(
    const struct filter_info *f, const struct config *config, struct arena *mem)
{
	struct filter_problems problems = { 0 };
	struct filter_info *v;
	size_t n;

	if (!filter_script(f->source, config, true, &v, &n, &problems, mem) ||
	    n != 1 || !str_eq(v[0].source, f->source) ||
	    !str_eq(v[0].name, f->name) || v[0].active != f->active ||
	    v[0].valid != f->valid || !str_eq(v[0].why, f->why))
		abort();
}
