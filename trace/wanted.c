/* wanted.c - what a message wants of its delivery */
#include "trace/wanted.h"

#include "base/bounds.h"
#include "base/mem.h"
#include "config/unsubscribe.h"
#include "mail/addr.h"
#include "mail/scan.h"
#include "mail/wire.h"
#include "pipeline/dkim_choice.h"
#include "pipeline/notices.h"
#include "trace/tags.h"

static void set_job(const struct trace_report *, const struct work *,
    struct str domain, struct job *, struct arena *mem);
static void nowhere(void *arg, struct str bytes);
static uint32_t flags_of(const struct trace_report *);
static uint32_t wire_flags_of(const struct msg *);
static uint32_t high_bytes(struct str text, uint32_t flag);
static const struct rcpt_params *params_of(
    const struct trace_report *, const struct work_rcpt *);

enum tls_wish
wanted_tls(const struct trace_report *r, const struct work *w)
{
	if (r->mail.seen & PARAM_REQUIRETLS)
		return WISH_REQUIRE;
	return scan_header_is_tls_free(w->msg.header) ? WISH_FREE : WISH_NONE;
}

const char *
wanted_tls_name(enum tls_wish wish)
{
	static const char *const names[] = {
		[WISH_NONE] = "",
		[WISH_REQUIRE] = "REQUIRETLS",
		[WISH_FREE] = "TLS-Required: No",
	};

	return names[wish];
}

bool
wanted_here(const struct work *w, struct str addr, struct str domain)
{
	return w->alt_mailhost.n > 0 ||
	       str_eq_nocase(addr_domain(addr), domain);
}

const struct unsubscribed *
wanted_not(const struct trace_report *r, struct str addr)
{
	return unsubscribed_addr(r->input->config, addr);
}

bool
wanted_notice(const struct trace_report *r, const struct work *w,
    const struct work_rcpt *rcpt, const struct bounce_profile *profile)
{
	const struct rcpt_params *p = params_of(r, rcpt);

	return notice_is_wanted(
	    profile, w->sender, p != NULL ? p->notify : 0, DSN_FAILED);
}

struct commands
wanted_commands(const struct trace_report *r, const struct work *w,
    struct str domain, struct arena *mem)
{
	struct job job;

	set_job(r, w, domain, &job, mem);
	return commands_of(&job, mem);
}

static void
set_job(const struct trace_report *r, const struct work *w, struct str domain,
    struct job *j, struct arena *mem)
{
	const struct destination *d =
	    config_destination(r->input->config, domain);
	struct job_rcpt *v = arena_array(mem, w->n_rcpts + 1, sizeof(*v));
	struct str tagged = trace_tagged(r, d, w->sender, mem);

	*j = (struct job){ .sender = tagged.p != NULL ? tagged : w->sender,
		.flags = flags_of(r),
		.wire_flags = wire_flags_of(&w->msg),
		.ret = (uint8_t)r->mail.ret,
		.envid = r->mail.envid,
		.rcpts = { 0, v } };
	for (size_t i = 0; i < w->n_rcpts; i++) {
		const struct rcpt_params *p = params_of(r, &w->rcpts[i]);

		if (wanted_not(r, w->rcpts[i].addr) != NULL ||
		    !wanted_here(w, w->rcpts[i].addr, domain))
			continue;
		v[j->rcpts.n++] = (struct job_rcpt){ .rid = (uint32_t)i,
			.addr = w->rcpts[i].addr,
			.notify = p != NULL ? p->notify : 0,
			.orcpt = p != NULL ? p->orcpt : STR("") };
	}
}

const char *
wanted_dkim(
    const struct trace_report *r, const struct work *w, struct arena *mem)
{
	const struct policy *p = r->connected.policy;
	struct dkim_sink none = { nowhere, NULL };
	struct err err = ERR_INIT;
	struct dkim_terms terms;
	struct dkim_choice d;
	struct buf field;
	const char *why;

	if (p == NULL || !p->p.dkim_signing || (w->skip & SKIP_DKIM))
		return NULL;
	d = dkim_choose(r->input->config, w->msg.header, w->sender, mem);
	why = dkim_refusal(&d, mem);
	if (why == NULL) {
		dkim_terms_of(d.profile, 0, &terms);
		buf_init(&field, HEADER_MAX);
		if (!dkim_begin(&terms, w->msg.header, none, &field, &err))
			why = arena_printf(mem, "%s", err.text);
		buf_fini(&field);
	}
	if (why != NULL)
		return arena_printf(mem, "cannot sign - %s", why);
	return arena_printf(mem, "signing with %.*s - matches %.*s",
	    STR_ARG(d.profile->name), STR_ARG(d.addr));
}

static void
nowhere(void *arg, struct str bytes)
{
	(void)arg;
	(void)bytes;
}

static uint32_t
flags_of(const struct trace_report *r)
{
	bool utf8 = r->input->smtputf8 || (r->mail.seen & PARAM_SMTPUTF8) != 0;

	return (r->mail.body_8bit ? ENV_8BITMIME : 0u) |
	       (utf8 ? ENV_SMTPUTF8 : 0u) |
	       (r->mail.seen & PARAM_REQUIRETLS ? ENV_REQUIRETLS : 0u);
}

static uint32_t
wire_flags_of(const struct msg *m)
{
	return high_bytes(m->header, WIRE_8BIT_HDR) |
	       high_bytes(m->body, WIRE_8BIT);
}

static uint32_t
high_bytes(struct str text, uint32_t flag)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] > 127)
			return flag;
	return 0;
}

/* NULL: it is none of those that the message came with. */
static const struct rcpt_params *
params_of(const struct trace_report *r, const struct work_rcpt *rcpt)
{
	uint32_t n = rcpt->given;

	for (size_t i = 0; i < r->n_rcpts && n != WORK_NEW; i++) {
		if (n < r->rcpts[i].n_results)
			return &r->rcpts[i].params;
		n -= (uint32_t)r->rcpts[i].n_results;
	}
	return NULL;
}
