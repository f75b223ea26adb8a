/*
 * merge.c - two sets of changes to the same files, put together
 */
#include "config/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/diff.h"
#include "config/pack.h"

struct side {
	struct str *lines;
	size_t n, at;     /* lines; the next one to be taken */
	const size_t *of; /* line of base -> line of this side + 1; 0: gone */
};

static int merge_file(struct buf *packed, struct str name,
    const struct bundle *base, const struct bundle *ours,
    const struct bundle *theirs, struct err *err);
static struct str text_of(const struct bundle *, struct str name);
static struct side side_of(struct str base, struct str text);
static void side_fini(struct side *);
static size_t next_common(
    size_t from, size_t n, const struct side *, const struct side *);
static bool piece(const struct str *base, size_t from, size_t to,
    const struct side *ours, size_t ours_to, const struct side *theirs,
    size_t theirs_to, struct buf *out);
static bool same_lines(
    const struct str *a, size_t n, const struct str *b, size_t m);
static void put_lines(struct buf *, const struct str *, size_t n);
static int by_name(const void *, const void *);

int
merge_bundles(const struct bundle *base, const struct bundle *ours,
    const struct bundle *theirs, struct bundle *out, struct err *err)
{
	struct str *names = mem_array(ours->n + theirs->n + 1, sizeof(*names));
	struct buf packed;
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < ours->n; i++)
		names[n++] = ours->files[i].name;
	for (size_t i = 0; i < theirs->n; i++)
		if (bundle_get(ours, theirs->files[i].name) == NULL)
			names[n++] = theirs->files[i].name;
	qsort(names, n, sizeof(*names), by_name);
	pack_begin(&packed);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = merge_file(&packed, names[i], base, ours, theirs, err);
	free(names);
	if (rc == 0)
		return pack_end(&packed, out, err);
	buf_fini(&packed);
	return -1;
}

bool
merge_texts(struct str base, struct str ours, struct str theirs,
    struct buf *out, size_t *line)
{
	struct side a = side_of(base, ours), b = side_of(base, theirs);
	size_t n, at = 0;
	struct str *lines = diff_lines(base, &n);
	bool ok = true;

	while (ok) {
		size_t next = next_common(at, n, &a, &b);
		size_t a_to = next < n ? a.of[next] - 1 : a.n;
		size_t b_to = next < n ? b.of[next] - 1 : b.n;

		ok = piece(lines, at, next, &a, a_to, &b, b_to, out);
		*line = at + 1;
		if (!ok || next == n)
			break;
		put_lines(out, &lines[next], 1);
		a.at = a_to + 1;
		b.at = b_to + 1;
		at = next + 1;
	}
	free(lines);
	side_fini(&a);
	side_fini(&b);
	return ok && !out->failed;
}

/* Who left a file as it was has no say in what becomes of it. */
static int
merge_file(struct buf *packed, struct str name, const struct bundle *base,
    const struct bundle *ours, const struct bundle *theirs, struct err *err)
{
	struct str was = text_of(base, name), a = text_of(ours, name),
		   b = text_of(theirs, name);
	struct buf text;
	size_t line = 0;
	int rc = 0;

	if ((a.p == NULL) == (b.p == NULL) && str_eq(a, b))
		was = b; /* the same either way */
	if ((b.p == NULL) == (was.p == NULL) && str_eq(b, was)) {
		if (a.p != NULL)
			pack_file(packed, name, a);
		return 0;
	}
	if ((a.p == NULL) == (was.p == NULL) && str_eq(a, was)) {
		if (b.p != NULL)
			pack_file(packed, name, b);
		return 0;
	}
	buf_init(&text, bundle_file_max(name));
	if (a.p != NULL && b.p != NULL && was.p != NULL &&
	    merge_texts(was, a, b, &text, &line))
		pack_file(packed, name, buf_str(&text));
	else if (line != 0)
		rc = err_set(err, ERR_USAGE,
		    "both sides changed %.*s near line %zu", STR_ARG(name),
		    line);
	else
		rc = err_set(
		    err, ERR_USAGE, "both sides changed %.*s", STR_ARG(name));
	buf_fini(&text);
	return rc;
}

/* p NULL: there is no such file. */
static struct str
text_of(const struct bundle *b, struct str name)
{
	const struct bundle_file *f = bundle_get(b, name);

	if (f == NULL)
		return (struct str){ NULL, 0 };
	return f->text.p != NULL ? f->text : STR("");
}

static struct side
side_of(struct str base, struct str text)
{
	struct side s = { .at = 0 };

	s.lines = diff_lines(text, &s.n);
	s.of = diff_matches(base, text);
	return s;
}

static void
side_fini(struct side *s)
{
	free(s->lines);
	free((void *)s->of);
}

/* The next line of base that both kept. */
static size_t
next_common(size_t from, size_t n, const struct side *a, const struct side *b)
{
	while (from < n && (a->of[from] == 0 || b->of[from] == 0))
		from++;
	return from;
}

/* What stands before that line on either side. */
static bool
piece(const struct str *base, size_t from, size_t to, const struct side *ours,
    size_t ours_to, const struct side *theirs, size_t theirs_to,
    struct buf *out)
{
	const struct str *was = base + from, *a = ours->lines + ours->at,
			 *b = theirs->lines + theirs->at;
	size_t n = to - from, n_a = ours_to - ours->at,
	       n_b = theirs_to - theirs->at;

	if (same_lines(a, n_a, was, n) || same_lines(a, n_a, b, n_b)) {
		put_lines(out, b, n_b);
	} else if (same_lines(b, n_b, was, n)) {
		put_lines(out, a, n_a);
	} else if (n == 0) {
		put_lines(out, b, n_b);
		put_lines(out, a, n_a);
	} else {
		return false;
	}
	return true;
}

static bool
same_lines(const struct str *a, size_t n, const struct str *b, size_t m)
{
	if (n != m)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!str_eq(a[i], b[i]))
			return false;
	return true;
}

/* A last line without its end gets one: something may follow. */
static void
put_lines(struct buf *out, const struct str *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_add_str(out, lines[i]);
		buf_putc(out, '\n');
	}
}

/* As folder_read has them: postern.yaml, then folder by folder. */
static int
by_name(const void *x, const void *y)
{
	struct str a = *(const struct str *)x, b = *(const struct str *)y;
	bool deep_a = str_find(a, '/') < a.n, deep_b = str_find(b, '/') < b.n;
	size_t n = a.n < b.n ? a.n : b.n;
	int d = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (deep_a != deep_b)
		return deep_a ? 1 : -1;
	return d != 0 ? d : a.n < b.n ? -1 : a.n > b.n;
}
