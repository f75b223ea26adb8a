/*
 * alias.c - the stage "alias table": one recipient becomes others
 *
 * Spec receiving 6.4. Of the whole system, after the recipient access table.
 * What an alias names may be an alias again: a chain is followed until no
 * entry matches. An address that is on its own path already stays as it is,
 * so that loops end, and "joe: joe, archive" means what it says. An alias
 * that becomes too much is not expanded at all.
 */
#include "base/mem.h"
#include "config/table.h"
#include "mail/addr.h"
#include "pipeline/stages.h"

#define CHAIN_MAX   10
#define RCPTS_LIMIT 1000
#define PLACES      2048 /* twice as many */
#define STEPS_MAX   5000 /* look-ups, and so the work of one recipient */
#define SCRATCH_MAX (64 * 1024 * 1024)

/* How an address was reached. */
struct path {
	struct str addr;
	const struct path *up;
	unsigned length;
};

struct expansion {
	const struct table *table;
	struct arena *mem;    /* for the result */
	struct arena scratch; /* for the way */
	struct str *rcpts;
	size_t n;
	uint16_t *places; /* of rcpts by their hash, from 1; 0: free */
	unsigned steps;
	const char *too_much; /* NULL: not yet */
};

static void expand(struct expansion *, struct str addr, const struct path *up);
static void expand_targets(
    struct expansion *, struct str targets, const struct path *);
static struct str next_target(struct str *targets);
static struct str complete(
    struct expansion *, struct str target, struct str of);
static bool is_on_path(const struct path *, struct str addr);
static void add(struct expansion *, struct str addr);
static uint32_t hash(struct str);
static bool is_changed(const struct expansion *, struct str rcpt);
static void warn(const struct expansion *, const struct table_hit *,
    struct str rcpt, struct stage_out *);

enum stage_answer
alias_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct expansion x = { .table = s->config->aliases, .mem = out->mem };
	struct note *note = stage_note(out, NOTE_ALIAS);
	struct effect *e;
	struct table_hit hit;

	(void)facts;
	note->from = note->to = s->rcpt;
	if (x.table == NULL || !table_find(x.table, s->rcpt, &hit, out->mem))
		return STAGE_DONE;
	arena_init(&x.scratch, SCRATCH_MAX);
	expand(&x, s->rcpt, NULL);
	arena_free(&x.scratch);
	note->where = hit.where;
	if (x.too_much != NULL) {
		note->text = str_of(x.too_much);
		warn(&x, &hit, s->rcpt, out);
	} else if (is_changed(&x, s->rcpt)) {
		note->to = STR("");
		note->list = x.rcpts;
		note->n_list = x.n;
		e = stage_effect(out, EFFECT_EXPAND);
		e->expand.v = x.rcpts;
		e->expand.n = x.n;
	}
	return STAGE_DONE;
}

static void
expand(struct expansion *x, struct str addr, const struct path *up)
{
	struct path here = { addr, up, up == NULL ? 1 : up->length + 1 };
	struct table_hit hit;

	if (x->too_much != NULL)
		return;
	if (++x->steps > STEPS_MAX) {
		x->too_much = "too many aliases";
	} else if (is_on_path(up, addr) ||
		   !table_find(x->table, addr, &hit, &x->scratch)) {
		add(x, addr);
	} else if (here.length > CHAIN_MAX) {
		x->too_much = "a chain of more than 10 aliases";
	} else {
		expand_targets(x, hit.value, &here);
	}
}

static void
expand_targets(struct expansion *x, struct str targets, const struct path *here)
{
	while (targets.n > 0 && x->too_much == NULL) {
		struct str target = next_target(&targets);

		if (target.n > 0 && !str_is(target, "/dev/null"))
			expand(x, complete(x, target, here->addr), here);
	}
}

/* Up to a comma that does not stand in quotes. */
static struct str
next_target(struct str *targets)
{
	struct str target = *targets;
	bool quoted = false;

	for (size_t i = 0; i < target.n; i++) {
		if (target.p[i] == '\\')
			i++;
		else if (target.p[i] == '"')
			quoted = !quoted;
		else if (target.p[i] == ',' && !quoted)
			target.n = i;
	}
	*targets = str_sub(*targets, target.n + 1, targets->n);
	return str_trim(target);
}

/* A bare name is one of the domain that led to it. */
static struct str
complete(struct expansion *x, struct str target, struct str of)
{
	struct str domain = addr_domain(of);

	if (addr_domain(target).n > 0 || domain.n == 0)
		return target;
	return str_of(arena_printf(
	    &x->scratch, "%.*s@%.*s", STR_ARG(target), STR_ARG(domain)));
}

/* As the table compares: without regard to case. */
static bool
is_on_path(const struct path *p, struct str addr)
{
	for (; p != NULL; p = p->up) {
		if (str_eq_nocase(p->addr, addr))
			return true;
	}
	return false;
}

static void
add(struct expansion *x, struct str addr)
{
	size_t at;

	if (x->rcpts == NULL) {
		x->rcpts = arena_array(x->mem, RCPTS_LIMIT, sizeof(*x->rcpts));
		x->places =
		    arena_array(&x->scratch, PLACES, sizeof(*x->places));
	}
	for (at = hash(addr) % PLACES; x->places[at] != 0;
	     at = (at + 1) % PLACES) {
		if (str_eq(x->rcpts[x->places[at] - 1], addr))
			return;
	}
	if (x->n == RCPTS_LIMIT) {
		x->too_much = "more than 1,000 recipients";
		return;
	}
	x->rcpts[x->n++] = arena_str(x->mem, addr);
	x->places[at] = (uint16_t)x->n;
}

/* FNV-1a. What stands in the administrator's own table needs no secret key. */
static uint32_t
hash(struct str s)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 16777619u;
	return h;
}

static bool
is_changed(const struct expansion *x, struct str rcpt)
{
	return x->n != 1 || !str_eq(x->rcpts[0], rcpt);
}

static void
warn(const struct expansion *x, const struct table_hit *hit, struct str rcpt,
    struct stage_out *out)
{
	stage_effect(out, EFFECT_WARNING)->text = str_of(
	    arena_printf(out->mem, "alias <%.*s> (%s:%d) is not expanded: %s",
		STR_ARG(rcpt), hit->where.file, hit->where.line, x->too_much));
}
