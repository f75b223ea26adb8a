/* filters.c - the list of message filters in the working copy */
#include "admin/filters.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MEMORY  ((size_t)1 << 30)
#define BETWEEN SIZE_MAX

/* The file in pieces: filters, each with the comment right above it, and
 * what stands between them. */
struct piece {
	struct str text;
	size_t filter; /* its index, or BETWEEN */
};
struct pieces {
	struct piece *v;
	size_t n;
};

static void cut(struct filters_list *, struct pieces *, size_t more);
static void add(struct pieces *, struct str text, size_t filter);
static size_t comment_start(struct str source, size_t from, size_t to);
static size_t line_start(struct str text, size_t end);
static void take_out(struct pieces *, const bool *chosen, struct pieces *out);
static void put_in(struct pieces *, size_t at, const struct pieces *);
static int save(struct editing *, const struct pieces *);
static int save_text(struct editing *, struct str);
static bool is_range(struct str);
static bool select_range(
    const struct filters_list *, struct str which, size_t *from, size_t *to);
static size_t find(const struct filters_list *, struct str name);

void
filters_begin(struct filters_list *l, const struct editing *ed)
{
	struct filter_problems problems = { 0 };

	*l = (struct filters_list){ .source = { "", 0 } };
	arena_init(&l->mem, MEMORY);
	if (workcopy_file(ed->w, FILTERS_FILE, &l->source))
		l->source = arena_str(&l->mem, l->source);
	/* A working copy with mistakes is not opened. */
	if (!filter_script(l->source, ed->w->config, true, &l->v, &l->n,
		&problems, &l->mem))
		panic("%s has mistakes after its check", FILTERS_FILE);
}

void
filters_end(struct filters_list *l)
{
	arena_free(&l->mem);
}

bool
filters_select(const struct filters_list *l, struct str which, bool *chosen,
    struct err *err)
{
	size_t from = find(l, which), to = from + 1;
	bool known = from < l->n;
	uint64_t number;

	if (!known && str_is_nocase(which, "all")) {
		known = true;
		from = 0;
		to = l->n;
	} else if (!known && str_u64(which, l->n, &number) && number > 0) {
		known = true;
		from = (size_t)number - 1;
		to = (size_t)number;
	} else if (!known && is_range(which)) {
		known = select_range(l, which, &from, &to);
	}
	if (!known)
		err_set(err, ERR_USAGE, "%s: %.*s",
		    is_range(which) ? "Invalid range" : "No such filter",
		    STR_ARG(which));
	for (size_t i = 0; known && i < l->n; i++)
		chosen[i] = i >= from && i < to;
	return known;
}

bool
filters_position(
    const struct filters_list *l, struct str where, size_t *at, struct err *err)
{
	uint64_t number;

	*at = find(l, where);
	if (*at < l->n || str_is_nocase(where, "last"))
		return true;
	if (!str_u64(where, UINT64_MAX, &number)) {
		err_set(err, ERR_USAGE, "No such filter: %.*s", STR_ARG(where));
		return false;
	}
	if (number < 1 || number > l->n + 1) {
		err_set(err, ERR_USAGE, "Sequence number out of range: %.*s",
		    STR_ARG(where));
		return false;
	}
	*at = (size_t)number - 1;
	return true;
}

int
filters_delete(struct editing *ed, struct filters_list *l, const bool *chosen)
{
	struct pieces all, gone;

	cut(l, &all, 0);
	gone.v = arena_array(&l->mem, all.n, sizeof(*gone.v));
	take_out(&all, chosen, &gone);
	return save(ed, &all);
}

int
filters_insert(struct editing *ed, struct filters_list *l, size_t at,
    const struct filter_info *v, size_t n)
{
	struct pieces all, fresh = { .n = 0 };

	cut(l, &all, n);
	fresh.v = arena_array(&l->mem, n + 1, sizeof(*fresh.v));
	for (size_t i = 0; i < n; i++)
		add(&fresh, v[i].source, l->n + i);
	put_in(&all, at, &fresh);
	return save(ed, &all);
}

int
filters_move(struct editing *ed, struct filters_list *l, const bool *chosen,
    size_t at, bool *moved)
{
	struct pieces all, some;
	size_t last = 0;

	cut(l, &all, l->n);
	some.v = arena_array(&l->mem, all.n, sizeof(*some.v));
	take_out(&all, chosen, &some);
	put_in(&all, at, &some);
	*moved = false;
	for (size_t i = 0; i < all.n; i++) {
		if (all.v[i].filter == BETWEEN)
			continue;
		*moved = *moved || all.v[i].filter < last;
		last = all.v[i].filter;
	}
	return *moved ? save(ed, &all) : TOOL_DONE;
}

/* Not a byte more than the sign behind the name. */
int
filters_set(
    struct editing *ed, struct filters_list *l, const bool *chosen, bool active)
{
	char *text = arena_strz(&l->mem, l->source);

	for (size_t i = 0; i < l->n; i++) {
		if (chosen[i])
			text[l->v[i].mark] = active ? ':' : '!';
	}
	return save_text(ed, (struct str){ text, l->source.n });
}

int
filters_replace(struct editing *ed, const struct filter_info *v, size_t n)
{
	struct pieces all = { mem_array(n + 1, sizeof(*all.v)), 0 };
	int status;

	for (size_t i = 0; i < n; i++)
		add(&all, v[i].source, i);
	status = save(ed, &all);
	free(all.v);
	return status;
}

/* With room for more. */
static void
cut(struct filters_list *l, struct pieces *all, size_t more)
{
	size_t at = 0;

	all->v = arena_array(&l->mem, 2 * l->n + 1 + more, sizeof(*all->v));
	all->n = 0;
	for (size_t i = 0; i < l->n; i++) {
		size_t from = comment_start(l->source, at, l->v[i].from);

		add(all, str_sub(l->source, at, from - at), BETWEEN);
		add(all, str_sub(l->source, from, l->v[i].to - from), i);
		at = l->v[i].to;
	}
	add(all, str_sub(l->source, at, l->source.n - at), BETWEEN);
}

static void
add(struct pieces *ps, struct str text, size_t filter)
{
	text = str_trim(text);
	if (text.n > 0)
		ps->v[ps->n++] = (struct piece){ text, filter };
}

/* Of the text between two filters, what belongs to the second: the lines
 * right above it, up to a blank one. */
static size_t
comment_start(struct str source, size_t from, size_t to)
{
	struct str between = str_sub(source, from, to - from);
	size_t start = line_start(between, between.n);

	while (start > 0) {
		size_t line = line_start(between, start - 1);

		if (str_trim(str_sub(between, line, start - line)).n == 0)
			break;
		start = line;
	}
	return from + start;
}

/* Where the line of the byte before end begins. */
static size_t
line_start(struct str text, size_t end)
{
	size_t at = str_rfind(str_sub(text, 0, end), '\n');

	return at < end ? at + 1 : 0;
}

/* Into out, which has room. */
static void
take_out(struct pieces *ps, const bool *chosen, struct pieces *out)
{
	size_t kept = 0;

	out->n = 0;
	for (size_t i = 0; i < ps->n; i++) {
		struct piece p = ps->v[i];

		if (p.filter != BETWEEN && chosen[p.filter])
			out->v[out->n++] = p;
		else
			ps->v[kept++] = p;
	}
	ps->n = kept;
}

/* Before the filter that is the one at; else behind everything. */
static void
put_in(struct pieces *ps, size_t at, const struct pieces *more)
{
	size_t place = 0;

	for (; place < ps->n; place++) {
		if (ps->v[place].filter != BETWEEN && at-- == 0)
			break;
	}
	memmove(ps->v + place + more->n, ps->v + place,
	    (ps->n - place) * sizeof(*ps->v));
	memcpy(ps->v + place, more->v, more->n * sizeof(*ps->v));
	ps->n += more->n;
}

static int
save(struct editing *ed, const struct pieces *ps)
{
	struct buf text;
	int status;

	buf_init(&text, FILTER_SOURCE_MAX);
	for (size_t i = 0; i < ps->n; i++) {
		buf_puts(&text, i > 0 ? "\n" : "");
		buf_add_str(&text, ps->v[i].text);
		buf_putc(&text, '\n');
	}
	status = text.failed ? editing_refuse(ed,
				   "The filters are larger than %zu MiB.",
				   FILTER_SOURCE_MAX >> 20)
			     : save_text(ed, buf_str(&text));
	buf_fini(&text);
	return status;
}

static int
save_text(struct editing *ed, struct str text)
{
	struct str now;

	if (text.n > 0)
		workcopy_put(ed->w, FILTERS_FILE, text);
	else if (workcopy_file(ed->w, FILTERS_FILE, &now))
		workcopy_remove(ed->w, FILTERS_FILE);
	return editing_done(ed);
}

/* Digits, and hyphens between or beside. */
static bool
is_range(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '-' && (s.p[i] < '0' || s.p[i] > '9'))
			return false;
	}
	return str_find(s, '-') < s.n;
}

/* X-Y, X-, -Y */
static bool
select_range(
    const struct filters_list *l, struct str which, size_t *from, size_t *to)
{
	struct str right = which, left = str_cut(&right, '-');
	uint64_t lo = 1, hi = l->n;

	if (left.n + right.n == 0 ||
	    (left.n > 0 && !str_u64(left, l->n, &lo)) ||
	    (right.n > 0 && !str_u64(right, l->n, &hi)) || lo < 1 || lo > hi)
		return false;
	*from = (size_t)lo - 1;
	*to = (size_t)hi;
	return true;
}

/* n: there is none of that name. */
static size_t
find(const struct filters_list *l, struct str name)
{
	size_t i = 0;

	while (i < l->n && !str_eq(l->v[i].name, name))
		i++;
	return i;
}
