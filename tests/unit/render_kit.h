/* render_kit.h - answers of the programs, and what is made of them */
#ifndef TESTS_RENDER_KIT_H
#define TESTS_RENDER_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "admin/render.h"

/* 4 March 2025 at h:m:s GMT, as wall ms */
#define AT(h, m, s) (1741046400000ll + ((h)*3600ll + (m)*60 + (s)) * 1000)

/* Fails with the first line that differs. */
static inline void
check(const struct buf *out, const char *want)
{
	struct str a = buf_str(out), b = str_of(want);

	for (unsigned n = 1; a.n != 0 || b.n != 0; n++) {
		struct str x = str_cut(&a, '\n'), y = str_cut(&b, '\n');

		if (!str_eq(x, y))
			fail_msg("line %u:\n'%.*s' is not\n'%.*s'", n,
			    STR_ARG(x), STR_ARG(y));
	}
}

static inline json_t *
parse(const char *text)
{
	json_error_t why;
	json_t *json = json_loads(text, 0, &why);

	if (json == NULL)
		fail_msg("JSON: %s, line %d", why.text, why.line);
	return json;
}

#endif
