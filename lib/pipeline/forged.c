/*
 * forged.c - the stage "forged fields": nobody outside speaks for us
 *
 * Threats IDT-03. What comes in from outside loses the fields that are ours
 * to write, before anything else looks at the header: X-Postern-..., and
 * X-IronPort-... where we write these too; Return-Path; and the
 * Authentication-Results that claim to be of one of our names, or that cannot
 * be read (RFC 8601 5). Those of other hosts stay. Clients that may relay are
 * of the house, and keep what they send.
 */
#include <string.h>

#include "mail/claims.h"
#include "mail/header.h"
#include "pipeline/stages.h"

#define NAMES_MAX 10 /* told of one message, */
#define NAME_TOLD 60 /* and so much of each */

/* What has been taken out. */
struct removal {
	const struct subject *subject;
	struct arena *mem;
	struct buf left;  /* up to done */
	const char *done; /* behind the last field removed */
	size_t n;
	struct buf names;
};

static bool is_outside(const struct subject *);
static bool is_forged(const struct removal *, const struct header_field *);
static bool is_our_name(const struct subject *, struct str name);
static bool same_name(struct str ours, struct str name);
static void remove_field(struct removal *, const struct header_field *);
static void apply_removal(struct removal *, struct stage_out *);

bool
forged_reads_header(const struct subject *s)
{
	return s->claims && is_outside(s);
}

enum stage_answer
forged_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct removal r = {
		.subject = s, .mem = out->mem, .done = s->header.p
	};
	struct str rest = s->header;
	struct header_field f;

	(void)facts;
	if (!forged_reads_header(s))
		return STAGE_DONE;
	buf_init(&r.left, s->header.n + 1);
	buf_init(&r.names, NAMES_MAX * (NAME_TOLD + 2) + 32);
	while (header_next(&rest, &f))
		if (is_forged(&r, &f))
			remove_field(&r, &f);
	if (r.n > 0)
		apply_removal(&r, out);
	buf_fini(&r.left);
	buf_fini(&r.names);
	return STAGE_DONE;
}

static bool
is_outside(const struct subject *s)
{
	return s->listener->type == LISTENER_PUBLIC && s->behaviour != RELAY;
}

static bool
is_forged(const struct removal *r, const struct header_field *f)
{
	struct str by;

	switch (claim_of(f->name)) {
	case CLAIM_OURS:
	case CLAIM_RETURN:
		return true;
	case CLAIM_IRONPORT:
		return r->subject->config->work.ironport_headers;
	case CLAIM_RESULTS:
		return !claim_results_by(f->value, &by, r->mem) ||
		       is_our_name(r->subject, by);
	case CLAIM_NONE:
		break;
	}
	return false;
}

/* Whatever we may call ourselves, to whomever. */
static bool
is_our_name(const struct subject *s, struct str name)
{
	const struct config *c = s->config;
	const struct hat *hat = &s->listener->hat;
	bool is = same_name(c->hostname, name);

	for (size_t i = 0; i < c->n_interfaces && !is; i++)
		is = same_name(c->interfaces[i].hostname, name);
	for (size_t i = 0; i < hat->n_policies && !is; i++)
		is = same_name(hat->policies[i].p.override_hostname, name);
	return is;
}

static bool
same_name(struct str ours, struct str name)
{
	return ours.n > 0 && str_eq_nocase(ours, name);
}

static void
remove_field(struct removal *r, const struct header_field *f)
{
	buf_add(&r->left, r->done, (size_t)(f->all.p - r->done));
	r->done = f->all.p + f->all.n;
	if (r->n++ >= NAMES_MAX)
		return;
	buf_puts(&r->names, r->n > 1 ? ", " : "");
	buf_add_str(&r->names, str_sub(f->name, 0, NAME_TOLD));
}

static void
apply_removal(struct removal *r, struct stage_out *out)
{
	struct str header = r->subject->header;
	struct effect *e = stage_effect(out, EFFECT_HEADER);
	struct note *note = stage_note(out, NOTE_FORGED);
	const char *end = header.p + header.n;

	e->header.kept = (size_t)(end - r->done);
	buf_add(&r->left, r->done, e->header.kept);
	buf_puts(&r->left, "");
	e->header.text = arena_str(out->mem, buf_str(&r->left));
	if (r->n > NAMES_MAX)
		buf_printf(&r->names, " and %zu more", r->n - NAMES_MAX);
	note->text = arena_str(out->mem, buf_str(&r->names));
	stage_effect(out, EFFECT_FORGED)->text = note->text;
	note->number = r->n;
}
