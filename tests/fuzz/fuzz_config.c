/*
 * fuzz_config.c - the whole loader on any bytes
 *
 * Whatever loads is printed, loads again and prints the same; whatever does
 * not load says why.
 */
#include <string.h>

#include "base/mem.h"
#include "config/load.h"

static struct config *load(struct str text, struct config_problems *);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct config_problems ps = { 0 };
	struct config *c = load((struct str){ (const char *)data, n }, &ps);
	struct buf line;

	buf_init(&line, 1 << 16);
	if ((c == NULL) != (ps.n_errors > 0))
		panic("errors and result disagree");
	for (size_t i = 0; i < ps.n; i++) {
		buf_reset(&line);
		config_problem_print(&ps.v[i], &line);
		if (ps.v[i].where.line < 1 || ps.v[i].column < 1 || line.failed)
			panic("a problem without place");
	}
	buf_fini(&line);
	config_problems_free(&ps);
	for (int all = 0; c != NULL && all < 2; all++) {
		struct buf full, printed, again;
		struct config *other;

		buf_init(&full, 16 << 20);
		buf_init(&printed, 16 << 20);
		buf_init(&again, 16 << 20);
		config_print(c, true, &full);
		config_print(c, all, &printed);
		other = load(buf_str(&printed), &ps);
		if (other == NULL)
			panic("what was printed does not load: %s\n%s",
			    ps.v[0].text, printed.data);
		config_print(other, true, &again);
		if (!str_eq(buf_str(&full), buf_str(&again)))
			panic("not the same again:\n%s---\n%s", full.data,
			    again.data);
		config_unref(&other);
		config_problems_free(&ps);
		buf_fini(&full);
		buf_fini(&printed);
		buf_fini(&again);
	}
	config_unref(&c);
	return 0;
}

static struct config *
load(struct str text, struct config_problems *ps)
{
	struct bundle b;
	struct config *c;

	bundle_from_text(&b, "postern.yaml", text);
	c = config_load(&b, 1, ps);
	bundle_free(&b);
	return c;
}
