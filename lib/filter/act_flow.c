/*
 * act_flow.c - actions that say what becomes of the message
 */
#include "filter/actions.h"
#include "mail/addr.h"

#define SKIPS(name, bit)                                                       \
	void name(struct eval *e, const struct stmt *s)                        \
	{                                                                      \
		(void)s;                                                       \
		e->w->skip |= bit;                                             \
	}

static struct str by(struct eval *, const char *action);

SKIPS(act_skip_spam, SKIP_SPAM)
SKIPS(act_skip_virus, SKIP_VIRUS)
SKIPS(act_skip_amp, SKIP_AMP)
SKIPS(act_skip_outbreak, SKIP_OUTBREAK)
SKIPS(act_skip_dkim, SKIP_DKIM)

void
act_no_op(struct eval *e, const struct stmt *s)
{
	(void)e, (void)s;
}

/* That it is final is all. */
void
act_skip_filters(struct eval *e, const struct stmt *s)
{
	(void)e, (void)s;
}

void
act_drop(struct eval *e, const struct stmt *s)
{
	(void)s;
	eval_ends(e, WORK_DROP);
}

void
act_bounce(struct eval *e, const struct stmt *s)
{
	(void)s;
	eval_ends(e, WORK_BOUNCE);
}

void
act_alt_src_host(struct eval *e, const struct stmt *s)
{
	e->w->alt_src_host = s->args.v[0].text;
}

void
act_alt_rcpt_to(struct eval *e, const struct stmt *s)
{
	struct work_rcpt *v = arena_alloc(e->w->mem, sizeof(*v));
	struct str text = eval_arg(e, s, 0);
	struct err err = ERR_INIT;
	struct addr a;

	/* what variables made of it */
	if (addr_parse(&a, text, e->w->mem, &err) != ADDR_OK || a.text.n == 0) {
		work_note(e->w, WN_WARNING)->text = str_of(arena_printf(
		    e->w->mem, "filter '%.*s': no address to send to: %.*s",
		    STR_ARG(e->filter->name), STR_ARG(text)));
		return;
	}
	*v = (struct work_rcpt){ .addr = a.text, .given = WORK_NEW };
	e->w->rcpts = v;
	e->w->n_rcpts = 1;
	work_note(e->w, WN_REWRITTEN)->text = by(e, "alt-rcpt-to-filter");
}

/* Cancels the spam quarantine (1.2). */
void
act_alt_mailhost(struct eval *e, const struct stmt *s)
{
	e->w->alt_mailhost = eval_arg(e, s, 0);
	e->w->spam_tagged = false;
}

void
act_bounce_profile(struct eval *e, const struct stmt *s)
{
	e->w->bounce_profile = s->args.v[0].text;
}

void
act_quarantine(struct eval *e, const struct stmt *s)
{
	work_hold(e->w, (struct work_hold){ .quarantine = s->args.v[0].text,
			    .reason = eval_reason(e),
			    .matched = e->w->matched });
}

void
act_tag_message(struct eval *e, const struct stmt *s)
{
	struct work *w = e->w;
	struct str tag = s->args.v[0].text;
	struct str *v;

	for (size_t i = 0; i < w->n_tags; i++)
		if (str_eq(w->tags[i], tag))
			return;
	v = arena_array(w->mem, w->n_tags + 1, sizeof(*v));
	for (size_t i = 0; i < w->n_tags; i++)
		v[i] = w->tags[i];
	v[w->n_tags++] = tag;
	w->tags = v;
}

void
act_log_entry(struct eval *e, const struct stmt *s)
{
	work_note(e->w, WN_LOG_ENTRY)->text = eval_arg(e, s, 0);
}

/* "bcc filter 'name'", as the log has it (1.5). */
static struct str
by(struct eval *e, const char *action)
{
	struct str name = e->filter->name;

	return str_of(arena_printf(
	    e->w->mem, "%s filter '%.*s'", action, (int)name.n, name.p));
}
