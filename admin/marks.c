/* marks.c - what filters found, in the text of a held message */
#include "admin/marks.h"

#include <stdlib.h>

#include "admin/fields.h"

#define SHORTEST 2 /* one letter stands everywhere */

static void add_list(struct marks *, struct str list);
static void add(struct marks *, struct str);
static int by_length(const void *, const void *);

void
marks_init(struct marks *m, const json_t *answer)
{
	const json_t *q;
	size_t i;

	*m = (struct marks){ .n = 0 };
	json_array_foreach(json_object_get(answer, "quarantines"), i, q)
	    add_list(m, str_of(fields_text(q, "matched")));
	qsort(m->found, m->n, sizeof(*m->found), by_length);
}

bool
marks_next(const struct marks *m, struct str line, size_t at, struct str *match)
{
	for (; at < line.n; at++) {
		struct str rest = str_sub(line, at, line.n);

		if (!m->begins[(unsigned char)rest.p[0]])
			continue;
		for (size_t i = 0; i < m->n; i++) {
			if (!str_starts(rest, m->found[i]))
				continue;
			*match = str_sub(rest, 0, m->found[i].n);
			return true;
		}
	}
	return false;
}

void
marks_show(const struct marks *m, struct str line, struct buf *out)
{
	struct str match;
	size_t at = 0, from;

	while (marks_next(m, line, at, &match)) {
		from = (size_t)(match.p - line.p);
		fields_show_piece(out, str_sub(line, at, from));
		buf_puts(out, "[[");
		fields_show_piece(out, match);
		buf_puts(out, "]]");
		at = from + match.n;
	}
	fields_show_line(out, str_sub(line, at, line.n));
}

static void
add_list(struct marks *m, struct str list)
{
	add(m, list);
	while (list.n > 0)
		add(m, str_trim(str_cut(&list, ',')));
}

static void
add(struct marks *m, struct str s)
{
	if (s.n < SHORTEST || m->n == MARKS_MAX)
		return;
	m->begins[(unsigned char)s.p[0]] = true;
	m->found[m->n++] = s;
}

static int
by_length(const void *a, const void *b)
{
	size_t x = ((const struct str *)a)->n, y = ((const struct str *)b)->n;

	return (x < y) - (x > y);
}
