/* work_services.c - what the scanning services of a mail policy share */
#include "pipeline/work_services.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "mail/edit.h"

static void put_header(
    struct work *, const char *prefix, const char *name, struct str value);
static void archive(struct work *, struct str log, const struct msg *);
static void replace_rcpts(struct work *, struct str addr, const char *service);

void
service_header(struct work *w, const char *name, struct str value)
{
	put_header(w, "X-Postern-", name, value);
	if (w->origin->config->work.ironport_headers)
		put_header(w, "X-IronPort-", name, value);
}

void
service_action(struct work *w, const struct verdict_action *a,
    const char *service, const struct msg *original)
{
	struct str charset = STR("");

	if (a->archive)
		archive(w, str_of(service), original);
	if (a->header_name.n > 0)
		edit_add_field(
		    &w->msg, a->header_name, a->header_value, charset, w->mem);
	if (a->subject != SUBJECT_NONE && a->subject_text.n > 0)
		edit_subject(&w->msg, a->subject_text,
		    a->subject == SUBJECT_APPEND, charset, w->mem);
	if (a->alt_rcpt.n > 0)
		replace_rcpts(w, a->alt_rcpt, service);
	if (a->alt_host.n > 0) {
		w->alt_mailhost = a->alt_host;
		w->spam_tagged = false;
	}
}

bool
service_ends(struct work *w, enum disposition d, const char *service)
{
	static const char *const names[] = { [DISPOSE_DELIVER] = "Deliver",
		[DISPOSE_ATTACHMENT] = "Deliver as Attachment",
		[DISPOSE_DROP] = "Drop",
		[DISPOSE_BOUNCE] = "Bounce",
		[DISPOSE_QUARANTINE] = "Quarantine" };
	struct work_note *n;

	if (w->explain)
		work_note(w, WN_SERVICE_ACTION)->text = str_of(names[d]);
	if (d != DISPOSE_DROP && d != DISPOSE_BOUNCE)
		return false;
	/* Threats BAC-01: whoever is named as the sender of what came in did
	 * not send it. */
	if (d == DISPOSE_BOUNCE && w->origin->direction == INCOMING) {
		d = DISPOSE_DROP;
		work_note(w, WN_WARNING)->text =
		    STR("not returned: nobody has verified its sender");
	}
	w->end = d == DISPOSE_DROP ? WORK_DROP : WORK_BOUNCE;
	n = work_note(w, WN_ENDED);
	n->name = str_of(service);
	n->text = str_of(service);
	return true;
}

bool
service_too_large(const struct work *w, const struct scanner *s)
{
	return w->msg.header.n + w->msg.body.n > s->never_above;
}

const char *
service_score(int64_t thousandths, char out[32])
{
	uint64_t n = (uint64_t)llabs(thousandths) / 100;

	snprintf(out, 32, "%s%" PRIu64 ".%" PRIu64,
	    thousandths < 0 && n > 0 ? "-" : "", n / 10, n % 10);
	return out;
}

static void
put_header(
    struct work *w, const char *prefix, const char *name, struct str value)
{
	struct str full = str_of(arena_printf(w->mem, "%s%s", prefix, name));

	edit_strip_field(&w->msg, full, w->mem);
	edit_add_field(&w->msg, full, value, STR(""), w->mem);
}

static void
archive(struct work *w, struct str log, const struct msg *original)
{
	struct work_archive *a = arena_alloc(w->mem, sizeof(*a));

	*a = (struct work_archive){ .next = w->archives,
		.log = log,
		.msg = *original,
		.rcpts = w->rcpts,
		.n_rcpts = w->n_rcpts,
		.sender = w->sender };
	w->archives = a;
}

static void
replace_rcpts(struct work *w, struct str addr, const char *service)
{
	struct work_rcpt *v = arena_alloc(w->mem, sizeof(*v));

	*v = (struct work_rcpt){ .addr = addr, .given = WORK_NEW };
	w->rcpts = v;
	w->n_rcpts = 1;
	work_note(w, WN_REWRITTEN)->text = str_of(service);
}
