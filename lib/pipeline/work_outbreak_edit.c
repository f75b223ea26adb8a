/*
 * work_outbreak_edit.c - what outbreak filters change in a message that they
 * let go: links, subject, a disclaimer, the host it is delivered to
 *
 * There is no service that a link could lead through, so it is defanged,
 * replaced by a text, or put behind the address of a service of the site
 * (spec workqueue 8.3).
 */
#include <inttypes.h>

#include "base/mem.h"
#include "filter/eval.h"
#include "mail/edit.h"
#include "mail/url.h"
#include "pipeline/work_stages.h"

#define TEXT_MAX_BYTES ((size_t)64 << 20)
#define SERVICE        STR("outbreak filters")

enum { REWRITE_DEFANG, REWRITE_TEXT, REWRITE_REDIRECT };
enum { URLS_OFF, URLS_UNSIGNED, URLS_ALL };

struct rewriting {
	struct work *w;
	const struct outbreak_settings *s;
	bool html;
	size_t n; /* links that were changed */
	struct buf out;
};

static size_t rewrite_urls(struct work *, const struct outbreak_settings *);
static bool is_signed(struct work *);
static bool rewrite_part(struct rewriting *, const struct mime_part *);
static struct str rewrite_text(struct rewriting *, struct str text);
static bool is_left(struct rewriting *, const struct url *);
static void put_link(struct rewriting *, const struct url *);
static void put(struct rewriting *, struct str text);
static void put_defanged(struct rewriting *, const struct url *);
static void put_encoded(struct rewriting *, struct str text);
static bool add_disclaimer(struct work *, struct str name);

void
outbreak_modify(struct work *w, const struct outbreak_settings *s)
{
	size_t links = rewrite_urls(w, s);
	bool above = add_disclaimer(w, s->disclaimer);
	bool subject = s->subject != SUBJECT_NONE && s->subject_text.n > 0;

	if (subject)
		edit_subject(&w->msg, variables_of(w, SERVICE, s->subject_text),
		    s->subject == SUBJECT_APPEND, work_charset(w), w->mem);
	if (s->alt_host.n > 0) {
		w->alt_mailhost = s->alt_host;
		w->spam_tagged = false;
	}
	if (links > 0 || above)
		work_note(w, WN_REWRITTEN)->text = SERVICE;
	if (w->explain)
		work_note(w, WN_SERVICE_ACTION)->text =
		    str_of(arena_printf(w->mem, "Modify (%zu link%s%s%s%s)",
			links, links == 1 ? "" : "s",
			subject ? ", subject" : "", above ? ", disclaimer" : "",
			s->alt_host.n > 0 ? ", alternate host" : ""));
}

static bool
add_disclaimer(struct work *w, struct str name)
{
	const struct text_resource *t;

	if (name.n == 0)
		return false;
	t = config_text(w->origin->config, name);
	if (t != NULL)
		return work_stamp(w, SERVICE, t, false);
	work_note(w, WN_WARNING)->text = str_of(arena_printf(
	    w->mem, "no text resource '%.*s' to stamp", STR_ARG(name)));
	return false;
}

/* --- links --- */

static size_t
rewrite_urls(struct work *w, const struct outbreak_settings *s)
{
	struct rewriting r = { .w = w, .s = s };
	size_t before = 0;

	if (s->rewrite_urls == URLS_OFF ||
	    (s->rewrite_urls == URLS_UNSIGNED && is_signed(w)))
		return 0;
	for (size_t i = mime_of(&w->msg, w->mem)->n; i-- > 0;) {
		const struct mime_part *p = &mime_of(&w->msg, w->mem)->parts[i];

		if (p->role != MIME_BODY || !str_is(p->type, "text"))
			continue;
		if (rewrite_part(&r, p)) {
			before = r.n;
			continue;
		}
		if (r.n > before)
			work_note(w, WN_WARNING)->text =
			    STR("links in an encoded part cannot be "
				"rewritten");
		r.n = before;
	}
	return r.n;
}

/* A change would break the signature. */
static bool
is_signed(struct work *w)
{
	const struct mime *m = mime_of(&w->msg, w->mem);

	for (size_t i = 0; i < m->n; i++) {
		const struct mime_part *p = &m->parts[i];

		if ((str_is(p->type, "multipart") &&
			str_is(p->subtype, "signed")) ||
		    str_is(p->subtype, "pkcs7-mime") ||
		    str_is(p->subtype, "x-pkcs7-mime") ||
		    (str_is(p->type, "text") &&
			str_search(p->body,
			    STR("-----BEGIN PGP SIGNED MESSAGE-----")) <
			    p->body.n))
			return true;
	}
	return false;
}

/* False: nothing was changed. */
static bool
rewrite_part(struct rewriting *r, const struct mime_part *p)
{
	struct str charset = r->w->origin->config->work.scan.charset;
	struct str text =
	    mime_text(p, charset, TEXT_MAX_BYTES, r->w->mem, NULL);
	size_t before = r->n;
	struct str changed;

	r->html = str_is(p->subtype, "html");
	changed = rewrite_text(r, text);
	return r->n > before &&
	       edit_part_text(&r->w->msg, p, changed, r->w->mem);
}

static struct str
rewrite_text(struct rewriting *r, struct str text)
{
	const size_t *from = NULL;
	struct str seen = r->html ? url_html(text, &from, r->w->mem) : text;
	size_t at = 0, kept = 0;
	struct str done;
	struct url u;

	buf_init(&r->out, SIZE_MAX / 4);
	while (url_next(seen, &at, &u)) {
		size_t begin = (size_t)(u.all.p - seen.p);
		size_t end = begin + u.all.n;

		if (is_left(r, &u))
			continue;
		if (from != NULL) {
			begin = from[begin];
			end = from[end];
		}
		buf_add(&r->out, text.p + kept, begin - kept);
		put_link(r, &u);
		kept = end;
		r->n++;
	}
	buf_add(&r->out, text.p + kept, text.n - kept);
	done = arena_str(r->w->mem, buf_str(&r->out));
	buf_fini(&r->out);
	return done;
}

/* Those of w3.org are no links but names of what HTML is written in. */
static bool
is_left(struct rewriting *r, const struct url *u)
{
	struct str host = url_host(u, r->w->mem);

	for (size_t i = 0; i < r->s->n_url_bypass; i++)
		if (url_host_in(host, r->s->url_bypass[i]))
			return true;
	return r->html && str_is(host, "www.w3.org");
}

static void
put_link(struct rewriting *r, const struct url *u)
{
	const struct outbreak_global *o = &r->w->origin->config->work.outbreak;

	if (o->rewrite == REWRITE_DEFANG) {
		put_defanged(r, u);
		return;
	}
	put(r, o->rewrite_text);
	if (o->rewrite == REWRITE_REDIRECT)
		put_encoded(r, u->all);
}

static void
put(struct rewriting *r, struct str text)
{
	static const struct {
		char c;
		const char *entity;
	} special[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" },
		{ '"', "&quot;" }, { '\'', "&#39;" } };

	for (size_t i = 0; i < text.n; i++) {
		const char *entity = NULL;

		for (size_t k = 0; k < NELEM(special) && r->html; k++)
			if (special[k].c == text.p[i])
				entity = special[k].entity;
		if (entity != NULL)
			buf_puts(&r->out, entity);
		else
			buf_putc(&r->out, text.p[i]);
	}
}

/* hxxp://www[.]example[.]com/path */
static void
put_defanged(struct rewriting *r, const struct url *u)
{
	size_t host = (size_t)(u->host.p - u->all.p);
	struct str rest = str_sub(u->all, host + u->host.n, u->all.n);
	char first = u->all.p[0] | 0x20;

	if (first == 'h') {
		buf_puts(&r->out, "hxxp");
		put(r, str_sub(u->all, 4, host - 4));
	} else if (first == 'f') {
		buf_puts(&r->out, "fxp");
		put(r, str_sub(u->all, 3, host - 3));
	}
	for (size_t i = 0; i < u->host.n; i++) {
		if (u->host.p[i] == '.')
			buf_puts(&r->out, "[.]");
		else
			put(r, str_sub(u->host, i, 1));
	}
	put(r, rest);
}

static void
put_encoded(struct rewriting *r, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '.' ||
		    c == '_' || c == '~')
			buf_putc(&r->out, (char)c);
		else
			buf_printf(&r->out, "%%%02X", c);
	}
}
