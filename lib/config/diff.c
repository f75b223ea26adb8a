/*
 * diff.c - the difference of two texts, for people
 *
 * The greedy method of Myers: of all ways to turn one into the other, one
 * with the fewest lines added and removed. Its memory grows with the square
 * of that number, so beyond DISTANCE_MAX what lies between the common head
 * and tail is shown as replaced, which is correct as well.
 */
#include "config/diff.h"

#include <stdlib.h>

#include "base/mem.h"

#define CONTEXT      3
#define DISTANCE_MAX 2000

struct lines {
	struct str *v;
	size_t n;
	bool no_newline; /* at the end of the last one */
};

struct diff {
	struct lines from, to;
	char *ops; /* ' ', '-', '+', in order */
	size_t n_ops;
};

static struct lines split(struct str);
static void compare(struct diff *);
static bool same(const struct diff *, size_t i, size_t j);
static long walk(
    const struct diff *, size_t head, long n, long m, long **trace);
static void take_back(struct diff *, long n, long m, long d, long **trace);
static void print_hunks(const struct diff *, struct buf *);
static size_t hunk_end(const struct diff *, size_t op);
static void print_hunk(
    const struct diff *, size_t first, size_t last, struct buf *);
static void print_line(const struct lines *, size_t i, char op, struct buf *);

void
diff_unified(struct str from, struct str to, const char *from_label,
    const char *to_label, struct buf *out)
{
	struct diff d = { .ops = NULL };

	if (str_eq(from, to))
		return;
	d.from = split(from);
	d.to = split(to);
	d.ops = mem_alloc(d.from.n + d.to.n + 1);
	compare(&d);
	buf_printf(out, "--- %s\n+++ %s\n", from_label, to_label);
	print_hunks(&d, out);
	free(d.from.v);
	free(d.to.v);
	free(d.ops);
}

struct str *
diff_lines(struct str text, size_t *n)
{
	struct lines l = split(text);

	*n = l.n;
	return l.v;
}

size_t *
diff_matches(struct str from, struct str to)
{
	struct diff d = { .ops = NULL };
	size_t *match, i = 0, j = 0;

	d.from = split(from);
	d.to = split(to);
	d.ops = mem_alloc(d.from.n + d.to.n + 1);
	match = mem_array(d.from.n + 1, sizeof(*match));
	compare(&d);
	for (size_t op = 0; op < d.n_ops; op++) {
		if (d.ops[op] == ' ')
			match[i] = j + 1;
		i += d.ops[op] != '+';
		j += d.ops[op] != '-';
	}
	free(d.from.v);
	free(d.to.v);
	free(d.ops);
	return match;
}

static struct lines
split(struct str text)
{
	struct lines l = { .n = 0 };
	size_t cap = 0;

	l.no_newline = text.n > 0 && text.p[text.n - 1] != '\n';
	while (text.n > 0) {
		l.v = mem_room(l.v, &cap, l.n, sizeof(*l.v));
		l.v[l.n++] = str_cut(&text, '\n');
	}
	return l;
}

static void
compare(struct diff *d)
{
	size_t head = 0, tail = 0, n = d->from.n, m = d->to.n;
	long **trace = mem_array(DISTANCE_MAX + 1, sizeof(*trace));
	long distance;

	while (head < n && head < m && same(d, head, head))
		d->ops[d->n_ops++] = ' ', head++;
	while (tail < n - head && tail < m - head &&
	       same(d, n - tail - 1, m - tail - 1))
		tail++;
	n -= head + tail;
	m -= head + tail;
	distance = walk(d, head, (long)n, (long)m, trace);
	if (distance >= 0) {
		take_back(d, (long)n, (long)m, distance, trace);
	} else {
		while (n-- > 0)
			d->ops[d->n_ops++] = '-';
		while (m-- > 0)
			d->ops[d->n_ops++] = '+';
	}
	while (tail-- > 0)
		d->ops[d->n_ops++] = ' ';
	for (long i = 0; i <= DISTANCE_MAX; i++)
		free(trace[i]);
	free(trace);
}

/* Last lines differ when only one of them ends in a newline. */
static bool
same(const struct diff *d, size_t i, size_t j)
{
	bool open_i = d->from.no_newline && i + 1 == d->from.n;
	bool open_j = d->to.no_newline && j + 1 == d->to.n;

	return open_i == open_j && str_eq(d->from.v[i], d->to.v[j]);
}

/*
 * v[k]: how far on diagonal k (lines of from minus lines of to) one comes
 * with d changes; trace[d] keeps it, centred on d + 1. Returns the distance,
 * or -1 when it is too great.
 */
static long
walk(const struct diff *d, size_t head, long n, long m, long **trace)
{
	for (long c = 0; c <= DISTANCE_MAX; c++) {
		long *v = mem_array((size_t)(2 * c + 3), sizeof(*v));
		const long *old = c > 0 ? trace[c - 1] + c : NULL;
		long *now = v + c + 1;

		trace[c] = v;
		for (long k = -c; k <= c; k += 2) {
			long x = 0;

			if (c > 0 &&
			    (k == -c || (k != c && old[k - 1] < old[k + 1])))
				x = old[k + 1];
			else if (c > 0)
				x = old[k - 1] + 1;
			while (
			    x < n && x - k < m &&
			    same(d, head + (size_t)x, head + (size_t)(x - k)))
				x++;
			now[k] = x;
			if (x >= n && x - k >= m)
				return c;
		}
	}
	return -1;
}

/* The way back from the end, written from behind. */
static void
take_back(struct diff *d, long n, long m, long c, long **trace)
{
	size_t total = (size_t)((n + m + c) / 2);
	char *op = d->ops + d->n_ops + total;
	long x = n, y = m;

	d->n_ops += total;
	for (; c > 0; c--) {
		const long *old = trace[c - 1] + c;
		long k = x - y;
		bool down = k == -c || (k != c && old[k - 1] < old[k + 1]);
		long from_k = down ? k + 1 : k - 1;
		long from_x = old[from_k], from_y = from_x - from_k;

		while (
		    x > from_x + (down ? 0 : 1) && y > from_y + (down ? 1 : 0))
			*--op = ' ', x--, y--;
		*--op = down ? '+' : '-';
		x = from_x;
		y = from_y;
	}
	while (x-- > 0)
		*--op = ' ';
}

static void
print_hunks(const struct diff *d, struct buf *out)
{
	size_t op = 0;

	while (op < d->n_ops) {
		size_t last;

		if (d->ops[op] == ' ') {
			op++;
			continue;
		}
		last = hunk_end(d, op);
		print_hunk(d, op > CONTEXT ? op - CONTEXT : 0, last, out);
		op = last;
	}
}

/* Behind the context that follows the last change which is near enough. */
static size_t
hunk_end(const struct diff *d, size_t op)
{
	size_t quiet = 0;

	for (; op < d->n_ops && quiet <= 2 * CONTEXT; op++)
		quiet = d->ops[op] == ' ' ? quiet + 1 : 0;
	return quiet > CONTEXT ? op - quiet + CONTEXT : op;
}

static void
print_hunk(const struct diff *d, size_t first, size_t last, struct buf *out)
{
	size_t i = 0, j = 0, n = 0, m = 0;

	for (size_t op = 0; op < last; op++) {
		size_t *a = op < first ? &i : &n, *b = op < first ? &j : &m;

		*a += d->ops[op] != '+';
		*b += d->ops[op] != '-';
	}
	/* Of an empty range the line before it is named. */
	buf_printf(
	    out, "@@ -%zu,%zu +%zu,%zu @@\n", i + (n > 0), n, j + (m > 0), m);
	for (size_t op = first; op < last; op++) {
		if (d->ops[op] == '+')
			print_line(&d->to, j, '+', out);
		else
			print_line(&d->from, i, d->ops[op], out);
		i += d->ops[op] != '+';
		j += d->ops[op] != '-';
	}
}

static void
print_line(const struct lines *l, size_t i, char op, struct buf *out)
{
	buf_printf(out, "%c%.*s\n", op, STR_ARG(l->v[i]));
	if (l->no_newline && i + 1 == l->n)
		buf_puts(out, "\\ No newline at end of file\n");
}
