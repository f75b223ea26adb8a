/*
 * search.c - the text of parts, and how often a pattern is in it
 */
#include "filter/content.h"

#include <string.h>

#include "base/mem.h"
#include "filter/filetype.h"
#include "filter/regex.h"
#include "filter/texts.h"

#define MATCH_SHOWN   256  /* bytes of each text in $MatchedContent, */
#define MATCHES_SHOWN 2048 /* and of all of them */

/* A pattern on its way through the parts. */
struct search {
	struct eval *eval;
	const struct pattern *pattern;
	unsigned where, flags; /* flags: of regex_search() */
	bool lacks;            /* a fact about a part is missing */
};

static uint64_t tree_score(
    struct search *, const struct mime_part *, uint64_t enough);
static uint64_t leaf_score(
    struct search *, const struct mime_part *, uint64_t enough);
static enum truth part_score(struct eval *, const struct pattern *,
    const struct mime_part *, uint64_t enough, uint64_t *score);
static bool is_text(const struct mime_part *);
static bool is_disguised(struct eval *, const struct mime_part *);
static bool is_skipped(struct eval *, const struct mime_part *);
static enum truth unscanned(struct eval *, uint64_t enough, uint64_t *score);
static bool type_matches(struct str pattern, const struct mime_part *);
static uint32_t pattern_id(const struct eval *, const struct pattern *);
static uint64_t line_score(
    const struct search *, struct str line, uint64_t enough);
static enum truth file_score(struct eval *, const struct pattern *,
    const struct mime_part *, uint64_t enough, uint64_t *score);

struct pattern
pattern_of(const struct value *v)
{
	return (struct pattern){ v->regex, v->smart, v->dictionary };
}

enum truth
content_score(struct eval *e, const struct pattern *p, unsigned where,
    uint64_t enough, uint64_t *score)
{
	const struct mime *m = mime_of(&e->w->msg, e->w->mem);
	struct search s = { .eval = e, .pattern = p, .where = where };

	*score = tree_score(&s, &m->parts[0], enough);
	/* what is found behind a part that is not known yet would be another
	 * answer, or another match, than when that is known */
	if (s.lacks)
		return LACKS;
	if (*score < enough && !content_is_apart(e))
		return unscanned(e, enough, score);
	return truth_of(*score >= enough);
}

/* Of a part with all that is in it. Of alternatives, each with all its parts,
 * the best one counts. */
static uint64_t
tree_score(struct search *s, const struct mime_part *part, uint64_t enough)
{
	bool alternative = str_is(part->type, "multipart") &&
			   str_is(part->subtype, "alternative");
	uint64_t sum = 0;

	if (!content_has_parts(part))
		sum = leaf_score(s, part, enough);
	for (const struct mime_part *c = part->child; c != NULL && sum < enough;
	     c = c->next) {
		uint64_t n =
		    tree_score(s, c, alternative ? enough : enough - sum);

		if (!alternative)
			sum += n;
		else if (n > sum)
			sum = n;
	}
	return sum;
}

static uint64_t
leaf_score(struct search *s, const struct mime_part *part, uint64_t enough)
{
	unsigned place = part->role == MIME_BODY ? IN_BODY : IN_ATTACHMENTS;
	uint64_t n = 0;

	if (s->where & place &&
	    content_part_score(s->eval, s->pattern, part, enough, &n) == LACKS)
		s->lacks = true;
	return n;
}

enum truth
content_part_score(struct eval *e, const struct pattern *p,
    const struct mime_part *part, uint64_t enough, uint64_t *score)
{
	uint32_t limits = e->limits;
	enum truth t = part_score(e, p, part, enough, score);

	/* who knows what the expression would have found */
	return t == NO && e->limits != limits ? unscanned(e, enough, score) : t;
}

static enum truth
part_score(struct eval *e, const struct pattern *p,
    const struct mime_part *part, uint64_t enough, uint64_t *score)
{
	struct str before = e->w->matched, matched;
	uint64_t stripped, in_file;
	enum truth t;

	*score = 0;
	if (part->role == MIME_ATTACHMENT && is_skipped(e, part))
		return NO;
	if (part->role == MIME_ATTACHMENT && !content_may_scan(e, part))
		return unscanned(e, enough, score);
	if (!is_text(part))
		return file_score(e, p, part, enough, score);
	*score = text_score(e, p, texts_text(e->w, part), enough);
	if (*score < enough && str_is(part->subtype, "html")) {
		matched = e->w->matched;
		e->w->matched = before;
		stripped = text_score(e, p, texts_stripped(e->w, part), enough);
		if (stripped > *score)
			*score = stripped;
		else
			e->w->matched = matched;
	}
	if (*score < enough && is_disguised(e, part)) {
		t = file_score(e, p, part, enough - *score, &in_file);
		*score += in_file;
		if (t == LACKS)
			return LACKS;
	}
	return truth_of(*score >= enough);
}

/* What libraries find in a file: the text of a document, members of an
 * archive. */
static enum truth
file_score(struct eval *e, const struct pattern *p,
    const struct mime_part *part, uint64_t enough, uint64_t *score)
{
	enum truth t;
	const struct part_fact *f = content_fact(e, part, &t);

	if (f == NULL)
		return t == LACKS ? LACKS : unscanned(e, enough, score);
	*score = text_score(e, p, f->text, enough);
	for (size_t i = 0; i < f->n_members && *score < enough; i++)
		*score += text_score(e, p, f->members[i].text, enough - *score);
	if (*score < enough && (content_is_lacking(e, f, NEEDED_CONTENT) ||
				   content_is_unread(e, f)))
		return unscanned(e, enough, score);
	return truth_of(*score >= enough);
}

/* What cannot be scanned may count as a match. */
static enum truth
unscanned(struct eval *e, uint64_t enough, uint64_t *score)
{
	if (eval_unscanned(e) == YES)
		*score = enough;
	return truth_of(*score >= enough);
}

const struct part_fact *
content_fact(struct eval *e, const struct mime_part *part, enum truth *t)
{
	struct str key = work_key(e->w, (int)part->index);
	const struct fact_answer *a;

	*t = NO;
	if (content_has_parts(part))
		return NULL;
	a = fact_find(e->w->facts, FACT_PART, key);
	if (a == NULL) {
		*t = eval_lacks(e, FACT_PART, key);
		return NULL;
	}
	if (a->meta.state != FACT_KNOWN || a->detail == NULL) {
		eval_fails(e, FAIL_CORRUPT);
		*t = eval_unscanned(e);
		return NULL;
	}
	*t = YES;
	return a->detail;
}

bool
content_has_parts(const struct mime_part *part)
{
	return part->child != NULL && !str_is(part->type, "text");
}

struct str
content_bytes(struct eval *e, const struct mime_part *part)
{
	return texts_bytes(e->w, part);
}

const struct mime_part *
content_next(struct eval *e, const struct mime_part *part)
{
	const struct mime *m = mime_of(&e->w->msg, e->w->mem);

	for (size_t i = part != NULL ? part->index + 1 : 0; i < m->n; i++)
		if (m->parts[i].role == MIME_ATTACHMENT)
			return &m->parts[i];
	return NULL;
}

uint64_t
text_score(
    struct eval *e, const struct pattern *p, struct str text, uint64_t enough)
{
	const struct hits *h = texts_hits(e->w, text);
	struct hit_lines lines = hit_lines(h, pattern_id(e, p), text);
	struct search s = {
		.eval = e, .pattern = p, .flags = h->utf8 ? REGEX_VALID : 0
	};
	uint64_t score = 0;
	struct str line;

	eval_saw(e, text);
	if (p->smart != SMART_NONE && !texts_smart(e->w, text, p->smart))
		return 0;
	while (score < enough && hit_line(&lines, &line))
		score += line_score(&s, line, enough - score);
	return score;
}

static uint32_t
pattern_id(const struct eval *e, const struct pattern *p)
{
	const struct config *cf = e->w->origin->config;

	if (p->dictionary != NULL)
		return (uint32_t)(p->dictionary - cf->work.dictionaries);
	return p->regex != NULL ? regex_id(p->regex) : PATTERN_NONE;
}

void
content_matched(struct eval *e, struct str match)
{
	struct work *w = e->w;
	struct str cut = str_sub(match, 0, MATCH_SHOWN);

	if (w->explain)
		saw_found(e, match);

	/* not in the middle of a character */
	while (cut.n < match.n && cut.n > 0 &&
	       ((unsigned char)match.p[cut.n] & 0xc0) == 0x80)
		cut.n--;
	if (w->matched.n + cut.n + 2 > MATCHES_SHOWN)
		return;
	w->matched =
	    str_of(arena_printf(w->mem, "%.*s%s%.*s", (int)w->matched.n,
		w->matched.p, w->matched.n > 0 ? ", " : "", (int)cut.n, cut.p));
}

static uint64_t
line_score(const struct search *s, struct str line, uint64_t enough)
{
	const struct pattern *p = s->pattern;
	struct eval *e = s->eval;
	uint64_t n = 0;
	struct str match;
	size_t at = 0;

	if (p->dictionary != NULL)
		return dictionary_score(
		    e, p->dictionary, line, s->flags, enough);
	while (n < enough && at <= line.n) {
		bool found = p->smart != SMART_NONE
				 ? smart_search(p->smart, line, at, &match)
				 : eval_search_as(
				       e, p->regex, line, at, s->flags, &match);

		if (!found)
			break;
		content_matched(e, match);
		n++;
		/* what is empty counts once a line */
		if (match.n == 0)
			break;
		at = (size_t)(match.p - line.p) + match.n;
	}
	return n;
}

static bool
is_text(const struct mime_part *p)
{
	return str_is(p->type, "text") || str_is(p->type, "message");
}

/* An attached file that says it is text, but begins as no text does: mail
 * programs go by its name, and so may an archive be sent. */
static bool
is_disguised(struct eval *e, const struct mime_part *p)
{
	static const char fine[] = "\b\t\n\v\f\r\x0e\x0f\x1a\x1b";
	struct str head;

	if (p->role != MIME_ATTACHMENT || !str_is(p->type, "text"))
		return false;
	head = str_sub(content_bytes(e, p), 0, 1024);
	for (size_t i = 0; i < head.n; i++)
		if ((unsigned char)head.p[i] < ' ' &&
		    memchr(fine, head.p[i], sizeof(fine) - 1) == NULL)
			return true;
	return false;
}

/* --- what is scanned at all (2.12) --- */

static bool
is_skipped(struct eval *e, const struct mime_part *part)
{
	const struct scan_settings *s = &e->w->origin->config->work.scan;
	bool listed = false;

	for (size_t i = 0; i < s->n_types && !listed; i++)
		listed = type_matches(s->types[i], part);
	return listed != s->scan_only;
}

/* "audio/" and a star; groups of file types by what the part declares. */
static bool
type_matches(struct str pattern, const struct mime_part *part)
{
	struct str sub = pattern, type = str_cut(&sub, '/');

	if (memchr(pattern.p, '/', pattern.n) == NULL)
		return filetype_matches(pattern, part->subtype);
	return (str_is(type, "*") || str_eq_nocase(type, part->type)) &&
	       (str_is(sub, "*") || str_eq_nocase(sub, part->subtype));
}

bool
content_may_scan(struct eval *e, const struct mime_part *part)
{
	const struct scan_settings *s = &e->w->origin->config->work.scan;

	if (part->body.n > s->max_size)
		eval_fails(e, FAIL_SIZE);
	else if (part->depth > s->max_depth + 1)
		eval_fails(e, FAIL_DEPTH);
	else
		return true;
	return false;
}
