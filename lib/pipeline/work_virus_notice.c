/*
 * work_virus_notice.c - who is told of a virus, and what (workqueue 6.2)
 *
 * A message may be several things at once, repaired and encrypted: the notice
 * then has a section for each. The null sender is told nothing, for a notice
 * never answers a notice.
 */
#include "base/mem.h"
#include "filter/eval.h"
#include "pipeline/work_services.h"

static const struct {
	enum virus_class class; /* the worst first */
	const char *text;
} sections[] = {
	{ VIRUS_INFECTED, "A message was found to contain a virus.\n\n"
			  "Viruses: $AV_VIRUSES\n"
			  "Infected parts: $AV_INFECTED_PARTS\n" },
	{ VIRUS_UNSCANNABLE, "A message could not be scanned for viruses.\n\n"
			     "Parts: $AV_UNSCANNABLE_PARTS\n" },
	{ VIRUS_ENCRYPTED, "A message is encrypted, or protected by a "
			   "password, and was not scanned for viruses.\n\n"
			   "Parts: $AV_ENCRYPTED_PARTS\n" },
	{ VIRUS_REPAIRED, "A message contained a virus, which was removed.\n\n"
			  "Viruses: $AV_REPAIRED_VIRUSES\n"
			  "Removed parts: $AV_REPAIRED_PARTS\n" },
};
static const char *const fates[] = {
	[DISPOSE_DELIVER] = "It was delivered.",
	[DISPOSE_ATTACHMENT] = "It was delivered as an attachment.",
	[DISPOSE_DROP] = "It was not delivered.",
	[DISPOSE_BOUNCE] = "It was returned to its sender.",
	[DISPOSE_QUARANTINE] = "It is held in a quarantine.",
};

static void explain(struct work *, const char *what);
static struct str text_of(const struct work *, const struct virus_settings *,
    const struct virus_found *);
static bool put_sections(const struct work *, const struct virus_settings *,
    const struct virus_found *, struct buf *);
static void tell(struct work *, const struct work *about, struct str text,
    struct str to, const struct str *rcpts, size_t n);
static void tell_rcpts(struct work *, const struct work *about, struct str);
static void tell_others(
    struct work *, const struct work *about, struct str text, struct str list);

void
virus_notify(struct work *w, const struct virus_settings *s,
    const struct virus_found *found, const struct msg *about)
{
	const struct verdict_action *a = &s->on[found->worst];
	struct work seen = *w;
	struct str text;

	if (!a->notify_sender && !a->notify_rcpt && a->notify_others.n == 0)
		return;
	seen.msg = *about;
	seen.virus = &found->report;
	text = text_of(w, s, found);
	if (a->notify_sender && w->sender.n > 0) {
		tell(w, &seen, text, w->sender, &w->sender, 1);
		explain(w, "Notify Sender");
	}
	if (a->notify_rcpt) {
		tell_rcpts(w, &seen, text);
		explain(w, "Notify Recipients");
	}
	if (a->notify_others.n > 0) {
		tell_others(w, &seen, text, a->notify_others);
		explain(w, "Notify Others");
	}
}

static void
explain(struct work *w, const char *what)
{
	if (w->explain)
		work_note(w, WN_SERVICE_ACTION)->text = str_of(what);
}

struct str
virus_container(struct work *w, const struct virus_settings *s,
    const struct virus_found *found)
{
	const struct text_resource *t =
	    config_text(w->origin->config, s->container);
	struct work seen = *w;

	if (t == NULL)
		return STR("The attached message was found to contain "
			   "something harmful, or could not be scanned.\n");
	seen.virus = &found->report;
	return variables_of(&seen, STR("antivirus"), t->text);
}

static struct str
text_of(const struct work *w, const struct virus_settings *s,
    const struct virus_found *found)
{
	struct str text;
	struct buf out;

	buf_init(&out, 1u << 22);
	if (put_sections(w, s, found, &out))
		buf_printf(&out,
		    "\n%s\n\n"
		    "From: $From\n"
		    "To: $To\n"
		    "Subject: $Subject\n"
		    "Sender: $EnvelopeFrom\n"
		    "Recipients: $EnvelopeRecipients\n"
		    "Client: $RemoteIP ($remotehost)\n"
		    "MID: $MID\n",
		    fates[s->on[found->worst].disposition]);
	text = arena_str(w->mem, buf_str(&out));
	buf_fini(&out);
	return text;
}

/* False: all of them are texts of the configuration. */
static bool
put_sections(const struct work *w, const struct virus_settings *s,
    const struct virus_found *found, struct buf *out)
{
	bool ours = false;

	for (size_t i = 0; i < NELEM(sections); i++) {
		enum virus_class c = sections[i].class;
		const struct text_resource *t =
		    config_text(w->origin->config, s->on[c].notify_template);

		if (!(found->classes & (1u << c)))
			continue;
		buf_puts(out, out->len > 0 ? "\n" : "");
		if (t != NULL)
			buf_add_str(out, t->text);
		else
			buf_puts(out, sections[i].text);
		ours |= t == NULL;
	}
	return ours;
}

static void
tell(struct work *w, const struct work *about, struct str text, struct str to,
    const struct str *rcpts, size_t n)
{
	struct work seen = *about;
	struct str name = STR("antivirus");
	struct notice notice = { .to = to, .text = text };
	struct work_copy c = { .kind = COPY_NOTIFY,
		.by = STR("antivirus notification"),
		.sender = STR(""),
		.rcpts = rcpts,
		.n_rcpts = n,
		.alt_host = STR("") };

	seen.copies = w->copies; /* their number is in its Message-ID */
	notice.subject =
	    variables_of(&seen, name, STR("Anti-Virus Notification: $Subject"));
	c.msg = notice_write(&seen, name, &notice);
	work_copy(w, c);
}

/* They need not know of each other. */
static void
tell_rcpts(struct work *w, const struct work *about, struct str text)
{
	struct str *v = arena_array(w->mem, w->n_rcpts, sizeof(*v));

	for (size_t i = 0; i < w->n_rcpts; i++)
		v[i] = w->rcpts[i].addr;
	tell(w, about, text,
	    w->n_rcpts == 1 ? v[0] : STR("undisclosed-recipients:;"), v,
	    w->n_rcpts);
}

static void
tell_others(
    struct work *w, const struct work *about, struct str text, struct str list)
{
	struct str rest = list, *v;
	size_t n = 0, most = 1;

	for (size_t i = 0; i < list.n; i++)
		most += list.p[i] == ',';
	v = arena_array(w->mem, most, sizeof(*v));
	while (rest.n > 0) {
		struct str one = str_trim(str_cut(&rest, ','));

		if (one.n > 0)
			v[n++] = one;
	}
	if (n > 0)
		tell(w, about, text, list, v, n);
}
