/*
 * masquerade.c - the stages "envelope masquerade" and "masquerade": inner
 * names do not leave the house
 *
 * Spec receiving 6.3. The envelope sender is masqueraded in the work queue,
 * together with the header; at MAIL it is only said what will become of it.
 * In headers each address is looked at by itself, and no other byte changes.
 */
#include "pipeline/masquerade.h"

#include <string.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "mail/addr.h"
#include "mail/header.h"
#include "pipeline/stages.h"

/* Addresses looked up for one message: many more than people write. */
#define ADDRS_MAX   10000
#define HEADER_GROW (16 * 1024 * 1024) /* of a header with all of them long */
#define SCRATCH_MAX (64 * 1024 * 1024) /* for the addresses of one field */

/* The header while it is changed. */
struct change {
	const struct subject *subject;
	struct stage_out *stage;
	struct buf out;      /* what the header has become, up to done */
	const char *done;    /* all before it is in out */
	const char *changed; /* end of the last field that was changed */
	size_t n_addrs;
};

static void masquerade_header(const struct subject *, struct stage_out *);
static const char *field_name(const struct masquerade *, struct str name);
static void masquerade_field(
    struct change *, const struct header_field *, const char *name);
static bool masquerade_one(struct change *, const struct header_addr *,
    const char *name, struct arena *scratch);
static void apply_change(struct change *, struct str header);
static bool is_ascii(struct str s);

enum stage_answer
masquerade_sender(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	const struct masquerade *m = &s->listener->masquerade;
	struct table_hit hit;
	struct note *note;
	struct str to;

	(void)facts;
	if (m->table == NULL || !m->sender)
		return STAGE_DONE;
	note = stage_note(out, NOTE_MASQUERADE);
	note->from = note->to = s->sender;
	if (masquerade_address(
		s->listener, s->sender, s->smtputf8, &to, &hit, out->mem)) {
		note->to = to;
		note->where = hit.where;
	}
	return STAGE_DONE;
}

enum stage_answer
masquerade_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	const struct masquerade *m = &s->listener->masquerade;
	struct table_hit hit;
	struct str to;

	(void)facts;
	if (m->table == NULL)
		return STAGE_DONE;
	if (m->sender && masquerade_address(s->listener, s->sender, s->smtputf8,
			     &to, &hit, out->mem))
		stage_effect(out, EFFECT_REWRITE)->addr = to;
	if (masquerade_reads_header(s))
		masquerade_header(s, out);
	return STAGE_DONE;
}

bool
masquerade_reads_header(const struct subject *s)
{
	const struct masquerade *m = &s->listener->masquerade;

	return m->table != NULL && (m->from || m->to || m->cc || m->reply_to);
}

bool
masquerade_address(const struct listener *l, struct str addr, bool smtputf8,
    struct str *to, struct table_hit *hit, struct arena *mem)
{
	struct str value;

	if (addr.n == 0 || !table_find(l->masquerade.table, addr, hit, mem))
		return false;
	value = hit->value;
	/* ALL is for those that have no domain yet. */
	if (str_is(hit->key, "ALL") && addr_domain(addr).n > 0)
		return false;
	*to = value;
	if (value.n > 0 && value.p[0] == '@')
		*to = str_of(arena_printf(mem, "%.*s%.*s",
		    STR_ARG(addr_local(addr)), STR_ARG(value)));
	if (to->n > ADDR_MAX || (!smtputf8 && !is_ascii(*to) && is_ascii(addr)))
		return false;
	return !str_eq(*to, addr);
}

/* --- headers --- */

static void
masquerade_header(const struct subject *s, struct stage_out *out)
{
	const struct masquerade *m = &s->listener->masquerade;
	struct change c = { .subject = s,
		.stage = out,
		.done = s->header.p,
		.changed = s->header.p };
	struct str rest = s->header;
	struct header_field f;

	buf_init(&c.out, HEADER_GROW);
	while (header_next(&rest, &f)) {
		const char *name = field_name(m, f.name);

		if (name != NULL && f.value.n <= HEADER_FIELD_MAX)
			masquerade_field(&c, &f, name);
	}
	if (c.changed != s->header.p)
		apply_change(&c, s->header);
	buf_fini(&c.out);
}

/* The name as people know it; NULL: it stays as it is. */
static const char *
field_name(const struct masquerade *m, struct str name)
{
	const struct {
		bool wanted;
		const char *name;
	} fields[] = {
		{ m->from, "From" },
		{ m->to, "To" },
		{ m->cc, "Cc" },
		{ m->reply_to, "Reply-To" },
	};

	for (size_t i = 0; i < NELEM(fields); i++) {
		if (fields[i].wanted && str_is_nocase(name, fields[i].name))
			return fields[i].name;
	}
	return NULL;
}

static void
masquerade_field(
    struct change *c, const struct header_field *f, const char *name)
{
	struct header_addr *v;
	struct arena scratch;
	bool changed = false;
	size_t n;

	arena_init(&scratch, SCRATCH_MAX);
	if (header_addrs(f->value, &v, &n, &scratch) &&
	    n <= ADDRS_MAX - c->n_addrs) {
		c->n_addrs += n;
		for (size_t i = 0; i < n; i++)
			changed |= masquerade_one(c, &v[i], name, &scratch);
	}
	arena_free(&scratch);
	if (changed)
		c->changed = f->all.p + f->all.n;
}

static bool
masquerade_one(struct change *c, const struct header_addr *a, const char *name,
    struct arena *scratch)
{
	const struct subject *s = c->subject;
	struct table_hit hit;
	struct note *note;
	struct str to;

	if (!masquerade_address(
		s->listener, a->addr, s->smtputf8, &to, &hit, scratch))
		return false;
	header_replace(a, to, &c->done, &c->out);
	if (c->stage->explain) {
		note = stage_note(c->stage, NOTE_MASQUERADE);
		note->where = hit.where;
		note->text = str_of(name);
		note->from = arena_str(c->stage->mem, a->addr);
		note->to = arena_str(c->stage->mem, to);
	}
	return true;
}

/* Up to the end of the last field that changed; behind it all is as before. */
static void
apply_change(struct change *c, struct str header)
{
	struct effect *e = stage_effect(c->stage, EFFECT_HEADER);
	const char *end = header.p + header.n;

	e->header.kept = (size_t)(end - c->changed);
	buf_add(&c->out, c->done, (size_t)(end - c->done));
	e->header.text = arena_str(c->stage->mem, buf_str(&c->out));
}

static bool
is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] & 0x80)
			return false;
	}
	return true;
}
