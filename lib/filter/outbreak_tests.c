/* outbreak_tests.c - the tests that outbreak rules are made of */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "filter/filetype.h"
#include "filter/outbreak_inner.h"
#include "mail/addr.h"

#define URLS_MAX  5000
#define TEXT_READ ((size_t)16 << 20)

static outbreak_ask_fn ask_attachment_ext, ask_filetype, ask_size, ask_name,
    ask_member_ext, ask_sha256, ask_subject, ask_body, ask_from, ask_url_domain,
    ask_url, ask_remote_ip, ask_has_url, ask_symbol;
static bool has(const struct outbreak_test *, struct str lower);
static void find_urls(struct outbreak_case *);
static void urls_of(struct outbreak_case *, struct str text);
static bool names_symbol(const struct outbreak_test *, struct str list);

static const struct outbreak_kind kinds[] = {
	{ "attachment_ext", outbreak_texts, ask_attachment_ext, true, false },
	{ "attachment_filetype", outbreak_filetypes, ask_filetype, true, true },
	{ "attachment_size", outbreak_size, ask_size, true, false },
	{ "filename_re", outbreak_regex, ask_name, true, false },
	{ "archive_member_ext", outbreak_texts, ask_member_ext, true, true },
	{ "sha256", outbreak_digests, ask_sha256, true, true },
	{ "subject_re", outbreak_regex, ask_subject, false, false },
	{ "body_re", outbreak_regex, ask_body, false, true },
	{ "from_domain", outbreak_texts, ask_from, false, false },
	{ "url_domain", outbreak_texts, ask_url_domain, false, true },
	{ "url_re", outbreak_regex, ask_url, false, true },
	{ "remote_ip", outbreak_ranges, ask_remote_ip, false, false },
	{ "has_url", outbreak_flag, ask_has_url, false, true },
	{ "engine_symbol", outbreak_texts, ask_symbol, false, false },
};

const struct outbreak_kind *
outbreak_kind(const char *name)
{
	for (size_t i = 0; i < NELEM(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static bool
has(const struct outbreak_test *t, struct str lower)
{
	for (size_t i = 0; i < t->n && lower.n > 0; i++)
		if (str_eq(t->texts[i], lower))
			return true;
	return false;
}

/* --- the attachment --- */

static enum truth
ask_attachment_ext(struct outbreak_case *c, const struct outbreak_test *t)
{
	struct arena *mem = c->eval.w->mem;

	return truth_of(
	    c->part != NULL &&
	    (has(t, outbreak_extension(c->part->name, mem)) ||
		has(t, outbreak_extension(c->part->other_name, mem))));
}

static enum truth
ask_name(struct outbreak_case *c, const struct outbreak_test *t)
{
	struct str match;

	return truth_of(
	    c->part != NULL &&
	    (eval_search(&c->eval, t->regex, c->part->name, 0, &match) ||
		(c->part->other_name.n > 0 &&
		    eval_search(
			&c->eval, t->regex, c->part->other_name, 0, &match))));
}

/* Decoded: what the reader would save. */
static enum truth
ask_size(struct outbreak_case *c, const struct outbreak_test *t)
{
	size_t n;

	if (c->part == NULL)
		return NO;
	n = content_bytes(&c->eval, c->part).n;
	return truth_of(n >= t->from && n <= t->to);
}

static const struct part_fact *
fact_of(struct outbreak_case *c, enum truth *t)
{
	*t = NO;
	return c->part != NULL ? content_fact(&c->eval, c->part, t) : NULL;
}

static enum truth
ask_filetype(struct outbreak_case *c, const struct outbreak_test *t)
{
	enum truth known;
	const struct part_fact *f = fact_of(c, &known);

	for (size_t i = 0; f != NULL && i < t->n; i++)
		if (filetype_matches(t->texts[i], f->filetype))
			return YES;
	return f != NULL ? NO : known;
}

static enum truth
ask_member_ext(struct outbreak_case *c, const struct outbreak_test *t)
{
	enum truth known;
	const struct part_fact *f = fact_of(c, &known);

	for (size_t i = 0; f != NULL && i < f->n_members; i++) {
		struct str name = f->members[i].name;

		if (!outbreak_is_bypassed(c, name) &&
		    has(t, outbreak_extension(name, c->eval.w->mem)))
			return YES;
	}
	return f != NULL ? NO : known;
}

static bool
has_digest(const struct outbreak_test *t, const uint8_t digest[32])
{
	char hex[65];

	for (int i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return has(t, str_of(hex));
}

/* Its own, or that of a file in it. */
static enum truth
ask_sha256(struct outbreak_case *c, const struct outbreak_test *t)
{
	enum truth known;
	const struct part_fact *f = fact_of(c, &known);

	if (f == NULL)
		return known;
	if (has_digest(t, f->sha256))
		return YES;
	for (size_t i = 0; i < f->n_members; i++)
		if (!outbreak_is_bypassed(c, f->members[i].name) &&
		    has_digest(t, f->members[i].sha256))
			return YES;
	return NO;
}

/* --- the message --- */

static enum truth
ask_subject(struct outbreak_case *c, const struct outbreak_test *t)
{
	struct str match;

	if (c->subject.p == NULL &&
	    !eval_field(&c->eval, STR("Subject"), 0, &c->subject))
		c->subject = STR("");
	return truth_of(eval_search(&c->eval, t->regex, c->subject, 0, &match));
}

static enum truth
ask_body(struct outbreak_case *c, const struct outbreak_test *t)
{
	struct pattern p = { .regex = t->regex };
	uint64_t score;

	return content_score(&c->eval, &p, IN_BODY, 1, &score);
}

/* In From:, or the envelope sender. */
static enum truth
ask_from(struct outbreak_case *c, const struct outbreak_test *t)
{
	if (!c->has_from)
		c->n_from = eval_addresses(&c->eval, STR("From"), &c->from);
	c->has_from = true;
	for (size_t i = 0; i < t->n; i++) {
		if (url_host_in(addr_domain(c->eval.w->sender), t->texts[i]))
			return YES;
		for (size_t k = 0; k < c->n_from; k++)
			if (url_host_in(addr_domain(c->from[k]), t->texts[i]))
				return YES;
	}
	return NO;
}

static enum truth
ask_remote_ip(struct outbreak_case *c, const struct outbreak_test *t)
{
	return truth_of(
	    ip_ranges_have(t->ranges, t->n, &c->eval.w->facts->client));
}

/* What scanners have found: tests of anti-spam, names of viruses. Of a message
 * that comes from the quarantine it is in the field that we have added. */
static enum truth
ask_symbol(struct outbreak_case *c, const struct outbreak_test *t)
{
	static const struct str mark = STR("tests=");
	const struct work_note *n = c->eval.w->notes;
	struct str field;
	size_t at;

	for (; n != NULL; n = n->next)
		if ((n->kind == WN_SPAM || n->kind == WN_VIRUS) &&
		    names_symbol(t, n->text))
			return YES;
	if (!eval_field(&c->eval, STR("X-Postern-Anti-Spam"), 0, &field))
		return NO;
	at = str_search(field, mark);
	return truth_of(at < field.n &&
			names_symbol(t, str_sub(field, at + mark.n, field.n)));
}

static bool
names_symbol(const struct outbreak_test *t, struct str list)
{
	while (list.n > 0) {
		struct str name = str_trim(str_cut(&list, ','));

		for (size_t i = 0; i < t->n; i++)
			if (str_eq_nocase(t->texts[i], name))
				return true;
	}
	return false;
}

/* --- links --- */

static enum truth
ask_has_url(struct outbreak_case *c, const struct outbreak_test *t)
{
	find_urls(c);
	return truth_of((c->n_urls > 0) == t->yes);
}

static enum truth
ask_url(struct outbreak_case *c, const struct outbreak_test *t)
{
	struct str match;

	find_urls(c);
	for (size_t i = 0; i < c->n_urls; i++)
		if (eval_search(&c->eval, t->regex, c->urls[i].all, 0, &match))
			return YES;
	return NO;
}

static enum truth
ask_url_domain(struct outbreak_case *c, const struct outbreak_test *t)
{
	find_urls(c);
	for (size_t i = 0; i < c->n_urls; i++)
		for (size_t k = 0; k < t->n; k++)
			if (url_host_in(c->hosts[i], t->texts[k]))
				return YES;
	return NO;
}

/* In all texts, also attached ones. */
static void
find_urls(struct outbreak_case *c)
{
	struct work *w = c->eval.w;
	struct str charset = w->origin->config->work.scan.charset;
	const struct mime *m = mime_of(&w->msg, w->mem);
	const struct mime_part *p = NULL;
	const size_t *from;

	if (c->has_urls)
		return;
	c->has_urls = true;
	c->urls = arena_array(w->mem, URLS_MAX, sizeof(*c->urls));
	c->hosts = arena_array(w->mem, URLS_MAX, sizeof(*c->hosts));
	while ((p = mime_next_leaf(m, p)) != NULL) {
		struct str text;

		if (!str_is(p->type, "text") ||
		    outbreak_is_bypassed(c, p->name))
			continue;
		text = mime_text(p, charset, TEXT_READ, w->mem, NULL);
		if (str_is(p->subtype, "html"))
			text = url_html(text, &from, w->mem);
		urls_of(c, text);
	}
}

static void
urls_of(struct outbreak_case *c, struct str text)
{
	size_t at = 0;

	while (
	    c->n_urls < URLS_MAX && url_next(text, &at, &c->urls[c->n_urls])) {
		c->hosts[c->n_urls] =
		    url_host(&c->urls[c->n_urls], c->eval.w->mem);
		c->n_urls++;
	}
}
