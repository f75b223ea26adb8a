/*
 * table.c - looking things up in a table
 *
 * Pure: only the bytes of the table are read.
 */
#include "config/table.h"

#include <string.h>

#include "base/bounds.h"
#include "config/table_def.h"

#define NONE UINT32_MAX

struct search {
	const struct table *table;
	struct str addr, user, domain; /* lower case; user with its @ */
	char *key;                     /* room for one */
	uint32_t best;                 /* lowest number found so far */
	struct str best_key;
};

static bool search_begin(
    struct search *, const struct table *, struct str addr, struct arena *);
static void search_addr(struct search *);
static void search_user(struct search *);
static void search_domains(struct search *);
static void try_below(struct search *, int shape, struct str head, size_t dot);
static void try_key(struct search *, int shape, struct str key);
static bool get_order(
    const struct table *, struct str key, struct str *key_r, uint32_t *order);
static bool get_entry(const struct table *, uint32_t order, struct str *left,
    struct str *right, struct where *);

bool
table_get(const struct table *t, struct str key, struct table_hit *hit)
{
	struct str left;

	return get_order(t, key, &hit->key, &hit->order) &&
	       get_entry(t, hit->order, &left, &hit->value, &hit->where);
}

bool
table_find(const struct table *t, struct str addr, struct table_hit *hit,
    struct arena *mem)
{
	struct search s;
	struct str left;

	if (!search_begin(&s, t, addr, mem))
		return false;
	search_addr(&s);
	if (t->kind != TABLE_GATEWAYS || s.best == NONE)
		search_user(&s);
	if (t->kind != TABLE_GATEWAYS || s.best == NONE)
		search_domains(&s);
	if (s.best == NONE)
		try_key(&s, SHAPE_ALL, STR("ALL"));
	if (s.best == NONE)
		return false;
	hit->order = s.best;
	hit->key = s.best_key;
	return get_entry(t, s.best, &left, &hit->value, &hit->where);
}

size_t
table_count(const struct table *t)
{
	return t->about.n_entries;
}

const char *
table_file(const struct table *t)
{
	return t->file;
}

enum table_kind
table_kind(const struct table *t)
{
	return t->kind;
}

bool
table_entry(const struct table *t, size_t i, struct str *left,
    struct str *right, struct where *where)
{
	return i < t->about.n_entries &&
	       get_entry(t, (uint32_t)i, left, right, where);
}

struct entry_key
table_entry_key(uint32_t order)
{
	struct entry_key key = { "" };

	image_put_u32(key.text + 1, order);
	return key;
}

static bool
search_begin(
    struct search *s, const struct table *t, struct str addr, struct arena *mem)
{
	size_t at = str_rfind(addr, '@');
	char *lower;

	if (addr.n == 0 || addr.n > ADDR_MAX || str_find(addr, '\0') < addr.n)
		return false;
	lower = arena_alloc(mem, addr.n + 2);
	memcpy(lower, addr.p, addr.n);
	lower[addr.n] = at < addr.n ? '\0' : '@';
	str_lower(lower);
	*s = (struct search){
		.table = t,
		.addr = { lower, addr.n },
		.user = { lower, at + 1 },
		.domain =
		    str_sub((struct str){ lower, addr.n }, at + 1, addr.n),
		.key = arena_alloc(mem, ADDR_MAX + 2),
		.best = NONE,
	};
	return true;
}

static void
search_addr(struct search *s)
{
	if (s->domain.n > 0)
		try_key(s, SHAPE_ADDR, s->addr);
}

static void
search_user(struct search *s)
{
	if (s->user.n > 1)
		try_key(s, SHAPE_USER, s->user);
}

static void
search_domains(struct search *s)
{
	if (s->domain.n == 0)
		return;
	try_key(
	    s, SHAPE_DOMAIN, (struct str){ s->domain.p - 1, s->domain.n + 1 });
	if (s->domain.p[0] == '[')
		return;
	/* Everything below a.b: x.a.b, but not a.b itself. */
	for (size_t dot = 1; dot < s->domain.n; dot++) {
		if (s->domain.p[dot] != '.')
			continue;
		try_below(s, SHAPE_BELOW, STR("@"), dot);
		try_below(s, SHAPE_USER_BELOW, s->user, dot);
	}
}

static void
try_below(struct search *s, int shape, struct str head, size_t dot)
{
	struct str tail = str_sub(s->domain, dot, s->domain.n);

	if (!(s->table->about.shapes & (uint32_t)shape))
		return;
	memcpy(s->key, head.p, head.n);
	memcpy(s->key + head.n, tail.p, tail.n);
	try_key(s, shape, (struct str){ s->key, head.n + tail.n });
}

static void
try_key(struct search *s, int shape, struct str key)
{
	struct str key_r;
	uint32_t order;

	if (!(s->table->about.shapes & (uint32_t)shape) ||
	    !get_order(s->table, key, &key_r, &order) || order >= s->best)
		return;
	s->best = order;
	s->best_key = key_r;
}

static bool
get_order(
    const struct table *t, struct str key, struct str *key_r, uint32_t *order)
{
	struct str data;

	/* What begins with a NUL is no key but ours. */
	if (key.n == 0 || key.p[0] == '\0' ||
	    !image_find(&t->image, key, key_r, &data) || data.n != 4)
		return false;
	*order = image_get_u32(data.p);
	return true;
}

static bool
get_entry(const struct table *t, uint32_t order, struct str *left,
    struct str *right, struct where *where)
{
	struct entry_key key = table_entry_key(order);
	struct str key_r, data;
	size_t n;

	if (!image_find(&t->image, (struct str){ key.text, sizeof(key.text) },
		&key_r, &data) ||
	    data.n < ENTRY_HEADER)
		return false;
	n = (size_t)(unsigned char)data.p[4] << 8 | (unsigned char)data.p[5];
	if (n > data.n - ENTRY_HEADER)
		return false;
	*left = str_sub(data, ENTRY_HEADER, n);
	*right = str_sub(data, ENTRY_HEADER + n, data.n);
	*where = (struct where){ t->file, (int)image_get_u32(data.p) };
	return true;
}
