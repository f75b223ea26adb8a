/* record.c - the records of what came out of the work queue */
#include "cleanup/record.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "mail/wire.h"
#include "pipeline/enqueue.h"

static void set_header(const struct outcome *, struct route_rec *);
static struct str stored(struct str plain, struct arena *);
static struct str received(
    struct task *, struct str gateway, uint64_t header_len);
static void enqueue(struct task *, struct subject *, struct str gateway,
    uint64_t header_len, struct enqueued *);
static void set_decisions(
    struct task *, const struct work *, struct route_rec *);
static struct str host_of(struct str, struct arena *);
static void put_holds(
    const struct work_hold *, bool all, struct codec_list *, struct arena *);
static void put_rcpts(struct task *, const struct work *, struct codec_list *);
static bool same_rcpts(const struct task *, const struct work *);

/* Texts are never NULL: they go through a codec. */
static const struct route_rec nothing = {
	.prepend = { "", 0 },
	.sender = { "", 0 },
	.bounce_profile = { "", 0 },
	.gateway = { "", 0 },
	.alt_mailhost = { "", 0 },
	.mail_policy = { "", 0 },
};

void
record_route(const struct outcome *o, struct route_rec *r)
{
	const struct work *w = o->kept;

	*r = nothing;
	r->whole = 1;
	if (w == NULL)
		return;
	set_decisions(o->task, w, r);
	set_header(o, r);
	if (!str_eq(w->sender, o->task->mail->envelope.sender))
		r->sender = w->sender;
	r->whole = !same_rcpts(o->task, w);
	if (r->whole)
		put_rcpts(o->task, w, &r->rcpts);
}

void
record_child_envelope(const struct child *c, struct envelope *e)
{
	struct task *t = c->outcome->task;
	const struct work_copy *copy = c->copy;
	struct rcpt *v;

	*e = t->mail->envelope;
	e->parent = t->mail->mid;
	e->parent_slot = (uint32_t)(qfile_slot(t->mail->file) + 1);
	e->mid = c->mid;
	/* that is done with, or stands in ROUTE */
	e->early = (struct codec_list){ 0, NULL };
	e->alt_mailhost = STR("");
	if (copy == NULL) {
		e->sender = c->work->sender;
		put_rcpts(t, c->work, &e->rcpts);
		return;
	}
	e->icid = 0;
	e->arrival = t->origin.now;
	e->sender = copy->sender;
	e->envid = STR("");
	e->ret = 0;
	e->enters = ENTER_WHOLE;
	e->skip = 0;
	if (copy->kind == COPY_BCC_SCAN)
		e->generation++;
	if (record_is_ours(copy)) {
		e->flags |= ENV_NOTICE;
		e->flags &= ~(uint32_t)ENV_DKIM;
		e->flags |= t->config->dkim_system_mail ? ENV_DKIM : 0;
	}
	v = arena_array(&t->mem, copy->n_rcpts, sizeof(*v));
	e->rcpts = (struct codec_list){ copy->n_rcpts, v };
	for (size_t i = 0; i < copy->n_rcpts; i++)
		v[i] = (struct rcpt){ .addr = copy->rcpts[i],
			.orig = STR(""),
			.orcpt = STR("") };
}

void
record_child_route(
    const struct child *c, uint64_t header_len, struct route_rec *r)
{
	struct task *t = c->outcome->task;
	const struct envelope *e = &t->mail->envelope;

	*r = nothing;
	if (c->work != NULL) {
		set_decisions(t, c->work, r);
	} else {
		r->bounce_profile = e->bounce_profile;
		r->gateway = e->gateway;
		r->alt_mailhost = host_of(c->copy->alt_host, &t->mem);
		put_holds(c->copy->hold, false, &r->holds, &t->mem);
		if (record_is_ours(c->copy))
			return;
	}
	r->prepend = received(t, r->gateway, header_len);
}

bool
record_is_ours(const struct work_copy *c)
{
	return c->kind == COPY_NOTIFY;
}

/* --- header --- */

/* What is another than it was, and our line before it. */
static void
set_header(const struct outcome *o, struct route_rec *r)
{
	struct task *t = o->task;
	struct str before = stored(t->header, &t->mem);
	struct subject s = { .header = stored(o->kept->msg.header, &t->mem) };
	struct enqueued out = { .prepend = STR("") };

	s.header_kept = o->kept->msg.header_changed
			    ? enqueue_kept(before, s.header)
			    : t->mail->found.header_len;
	enqueue(t, &s, r->gateway, t->mail->found.header_len, &out);
	r->prepend = out.prepend;
	r->skip = (uint32_t)out.skip;
}

/* Lines that begin with a dot are rare in a header. */
static struct str
stored(struct str plain, struct arena *mem)
{
	struct buf out;
	struct wire w;

	if ((plain.n == 0 || plain.p[0] != '.') &&
	    (plain.n < 2 || memmem(plain.p, plain.n, "\n.", 2) == NULL))
		return plain;
	buf_init(&out, 2 * plain.n + 2);
	wire_begin(&w, false);
	wire_write(&w, plain, &out);
	wire_end(&w, &out);
	plain = arena_str(mem, buf_str(&out));
	buf_fini(&out);
	return plain;
}

/* Of a child: all else that its header became is in its content. */
static struct str
received(struct task *t, struct str gateway, uint64_t header_len)
{
	struct subject s = { .header = STR(""), .header_kept = header_len };
	struct enqueued out = { .prepend = STR("") };

	enqueue(t, &s, gateway, header_len, &out);
	return out.prepend;
}

/* A notice comes from nowhere, so there is nobody to name; what was in a
 * quarantine has our line already. */
static void
enqueue(struct task *t, struct subject *s, struct str gateway,
    uint64_t header_len, struct enqueued *out)
{
	const struct envelope *e = &t->mail->envelope;
	const struct listener *l = t->origin.listener;
	char date[CLOCK_TEXT];
	struct received line = { .host = e->host,
		.helo = e->helo,
		.client = e->client,
		.protocol = e->protocol,
		.date = str_of(clock_rfc5322(e->arrival, date)) };
	struct str day = str_cut(&line.date, ',');
	bool begins = e->enters == ENTER_WHOLE || e->enters == ENTER_ANEW;
	bool wanted = !(e->flags & ENV_NOTICE) && begins &&
		      (l == NULL || l->received_header);

	/* the layout has no day of the week */
	line.date = str_trim(line.date.n > 0 ? line.date : day);
	s->config = t->config;
	s->listener = l;
	enqueue_message(
	    s, wanted ? &line : NULL, gateway, header_len, &t->mem, out);
}

/* --- decisions --- */

static void
set_decisions(struct task *t, const struct work *w, struct route_rec *r)
{
	const struct envelope *e = &t->mail->envelope;

	r->bounce_profile =
	    w->bounce_profile.n > 0 ? w->bounce_profile : e->bounce_profile;
	r->gateway = w->alt_src_host.n > 0 ? w->alt_src_host : e->gateway;
	r->bounce_profile = str_sub(r->bounce_profile, 0, NAME_MAX_LEN);
	r->gateway = str_sub(r->gateway, 0, NAME_MAX_LEN);
	r->mail_policy = str_sub(w->mail_policy, 0, NAME_MAX_LEN);
	r->marks = (w->end == WORK_BOUNCE ? ROUTE_REFUSED : 0) |
		   (w->skip & SKIP_DKIM ? ROUTE_NO_DKIM : 0);
	if (r->marks & ROUTE_REFUSED)
		return; /* whatever else was planned for it */
	r->alt_mailhost = host_of(w->alt_mailhost, &t->mem);
	r->spam_tagged = w->spam_tagged && r->alt_mailhost.n == 0;
	put_holds(w->holds, true, &r->holds, &t->mem);
}

/* An address as domains are written: [192.0.2.5]. */
static struct str
host_of(struct str host, struct arena *mem)
{
	struct ip ip;

	host = str_trim(host);
	if (host.n == 0 || host.n > DOMAIN_MAX)
		return STR("");
	if (ip_parse(&ip, host))
		return str_of(arena_printf(mem, "[%s%.*s]",
		    str_find(host, ':') < host.n ? "IPv6:" : "",
		    STR_ARG(host)));
	return host;
}

static void
put_holds(const struct work_hold *h, bool all, struct codec_list *out,
    struct arena *mem)
{
	struct hold_rec *v;
	size_t n = 0;

	if (h == NULL)
		return; /* nearly always */
	v = arena_array(mem, HOLDS_MAX, sizeof(*v));
	for (; h != NULL && n < HOLDS_MAX; h = all ? h->next : NULL)
		v[n++] = (struct hold_rec){
			.quarantine = str_sub(h->quarantine, 0, NAME_MAX_LEN),
			.reason = str_sub(h->reason, 0, 300),
			.retention = h->retention,
			.rule = str_sub(h->rule, 0, 100),
			.matched = str_sub(h->matched, 0, 1000),
		};
	*out = (struct codec_list){ n, v };
}

/* --- recipients --- */

/* Those that it came with keep what was said about them. */
static void
put_rcpts(struct task *t, const struct work *w, struct codec_list *out)
{
	const struct rcpt *given = t->mail->envelope.rcpts.v;
	struct rcpt *v = arena_array(&t->mem, w->n_rcpts, sizeof(*v));

	for (size_t i = 0; i < w->n_rcpts; i++) {
		v[i] = (struct rcpt){ .orig = STR(""), .orcpt = STR("") };
		if (w->rcpts[i].given != WORK_NEW)
			v[i] = given[w->rcpts[i].given];
		v[i].addr = str_sub(w->rcpts[i].addr, 0, ADDR_MAX);
	}
	*out = (struct codec_list){ w->n_rcpts, v };
}

static bool
same_rcpts(const struct task *t, const struct work *w)
{
	bool same = w->n_rcpts == t->mail->envelope.rcpts.n;

	for (size_t i = 0; i < w->n_rcpts && same; i++)
		same = w->rcpts[i].given == i;
	return same;
}
