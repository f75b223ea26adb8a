/* prvs.c - the form of addresses that carry a bounce verification tag */
#include "mail/prvs.h"

#include "base/err.h"
#include "mail/addr.h"

#define PREFIX    "prvs="
#define PREFIX_N  (sizeof(PREFIX) - 1)
#define DAY_N     3
#define TAG_N     (DAY_N + PRVS_HASH)
#define LOCAL_MAX 64

static struct str inside(struct str local, bool *quoted);
static bool begins(struct str local);
static bool is_digit(char c);
static bool is_hex(char c);

bool
prvs_split(struct str addr, struct prvs *p, struct arena *mem)
{
	bool quoted;
	struct str in = inside(addr_local(addr), &quoted), tag, bare;
	size_t at = str_rfind(in, '=');
	const char *q;

	if (!begins(in) || at >= in.n || in.n - at - 1 != TAG_N ||
	    at <= PREFIX_N)
		return false;
	tag = str_sub(in, at + 1, TAG_N);
	for (size_t i = 0; i < TAG_N; i++)
		if (!(i < DAY_N ? is_digit(tag.p[i]) : is_hex(tag.p[i])))
			return false;
	bare = str_sub(in, PREFIX_N, at - PREFIX_N);
	q = quoted ? "\"" : "";
	p->bare = str_of(arena_printf(mem, "%s%.*s%s@%.*s", q, STR_ARG(bare), q,
	    STR_ARG(addr_domain(addr))));
	p->day = (unsigned)((tag.p[0] - '0') * 100 + (tag.p[1] - '0') * 10 +
			    (tag.p[2] - '0'));
	p->hash = str_sub(tag, DAY_N, PRVS_HASH);
	return true;
}

bool
prvs_begins(struct str addr)
{
	bool quoted;

	return begins(inside(addr_local(addr), &quoted));
}

bool
prvs_may(struct str addr)
{
	struct str local = addr_local(addr);
	bool quoted;

	return inside(local, &quoted).n > 0 && addr_domain(addr).n > 0 &&
	       !prvs_begins(addr) &&
	       local.n + PREFIX_N + 1 + TAG_N <= LOCAL_MAX;
}

struct str
prvs_join(struct str addr, unsigned day, const char *hash, struct arena *mem)
{
	bool quoted;
	struct str in = inside(addr_local(addr), &quoted);
	const char *q = quoted ? "\"" : "";

	if (!prvs_may(addr))
		panic("an address that may have no tag");
	return str_of(arena_printf(mem, "%s" PREFIX "%.*s=%03u%.*s%s@%.*s", q,
	    STR_ARG(in), day % PRVS_DAYS, PRVS_HASH, hash, q,
	    STR_ARG(addr_domain(addr))));
}

/* Between the quotes, if it has them. */
static struct str
inside(struct str local, bool *quoted)
{
	*quoted =
	    local.n >= 2 && local.p[0] == '"' && local.p[local.n - 1] == '"';
	return *quoted ? str_sub(local, 1, local.n - 2) : local;
}

static bool
begins(struct str local)
{
	return str_is_nocase(str_sub(local, 0, PREFIX_N), PREFIX);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}
