/* json_work.c - what came out of the work queue, for programs */
#include <stdlib.h>

#include "base/base64.h"
#include "base/mem.h"
#include "trace/delivery.h"
#include "trace/json.h"

static json_t *outcome(
    const struct trace_report *, const struct trace_outcome *);
static json_t *rcpts(const struct work_rcpt *, size_t n);
static json_t *holds(const struct work *);
static json_t *copies(const struct trace_report *, const struct work *);
static json_t *archives(const struct work *);
static void put_msg(json_t *, const struct msg *);
static json_t *note(const struct work_note *);
static json_t *text_or_null(struct str);

json_t *
json_of_outcomes(const struct trace_report *r)
{
	json_t *v = json_array();

	for (size_t i = 0; i < r->n_outcomes; i++)
		json_array_append_new(v, outcome(r, &r->outcomes[i]));
	return v;
}

json_t *
json_of_work(const struct work *w)
{
	json_t *v = json_array();
	struct arena mem;
	size_t n;
	const struct work_note *const *notes;

	arena_init(&mem, (size_t)1 << 30);
	notes = work_notes(w, &n, &mem);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(v, note(notes[i]));
	arena_free(&mem);
	return v;
}

static json_t *
outcome(const struct trace_report *r, const struct trace_outcome *o)
{
	static const char *const ends[] = { [WORK_DELIVER] = "queued",
		[WORK_DROP] = "dropped",
		[WORK_BOUNCE] = "bounced",
		[WORK_LATER] = "waiting" };
	const struct work *w = o->work;
	json_t *j = json_object();

	json_put(j, "outcome", json_string(ends[w->end]));
	json_put(j, "policy", text_or_null(w->mail_policy));
	json_put(j, "sender", json_of_text(w->sender));
	json_put(j, "recipients", rcpts(w->rcpts, w->n_rcpts));
	json_put(j, "virtual_gateway", text_or_null(o->gateway));
	json_put(j, "bounce_profile", text_or_null(o->bounce_profile));
	json_put(j, "alternate_host", text_or_null(w->alt_mailhost));
	json_put(j, "quarantines", holds(w));
	/* a host of its own goes before it, as cleanup has it */
	json_put(j, "spam_quarantine",
	    json_boolean(w->spam_tagged && w->alt_mailhost.n == 0));
	json_put_beside(j, r, w);
	json_put(j, "deliveries", json_of_deliveries(r, o));
	json_put(j, "steps", json_of_work(w));
	if (w->end == WORK_DELIVER)
		json_put_message(j, buf_str(&o->message));
	return j;
}

void
json_put_beside(json_t *j, const struct trace_report *r, const struct work *w)
{
	json_put(j, "copies", copies(r, w));
	json_put(j, "archives", archives(w));
}

static json_t *
rcpts(const struct work_rcpt *r, size_t n)
{
	json_t *v = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(v, json_of_text(r[i].addr));
	return v;
}

static json_t *
holds(const struct work *w)
{
	json_t *v = json_array();

	for (const struct work_hold *h = w->holds; h != NULL; h = h->next) {
		json_t *one = json_object();

		json_put(one, "quarantine", json_of_text(h->quarantine));
		json_put(one, "reason", json_of_text(h->reason));
		json_array_insert_new(v, 0, one);
	}
	return v;
}

/* They are not made. */
static json_t *
copies(const struct trace_report *r, const struct work *w)
{
	static const char *const kinds[] = { [COPY_BCC] = "bcc",
		[COPY_BCC_SCAN] = "bcc-scan",
		[COPY_NOTIFY] = "notify",
		[COPY_HOLD] = "duplicate-quarantine" };
	const struct trace_copy *x;
	json_t *v = json_array();

	for (const struct work_copy *c = w->copies; c != NULL; c = c->next) {
		json_t *one = json_object();

		json_put(one, "kind", json_string(kinds[c->kind]));
		json_put(one, "sender", json_of_text(c->sender));
		json_put(one, "recipients", json_of_list(c->rcpts, c->n_rcpts));
		if (c->alt_host.n > 0)
			json_put(
			    one, "alternate_host", json_of_text(c->alt_host));
		if (c->hold != NULL) {
			json_put(one, "quarantine",
			    json_of_text(c->hold->quarantine));
			json_put(one, "reason", json_of_text(c->hold->reason));
		}
		for (x = r->copies; x != NULL; x = x->next)
			if (x->copy == c)
				json_put_message(one, buf_str(&x->message));
		json_array_insert_new(v, 0, one);
	}
	return v;
}

/* Nothing is written to them. */
static json_t *
archives(const struct work *w)
{
	const struct work_archive *a;
	json_t *v = json_array();

	for (a = w->archives; a != NULL; a = a->next) {
		json_t *one = json_object();

		json_put(one, "log", json_of_text(a->log));
		json_put(one, "recipients", rcpts(a->rcpts, a->n_rcpts));
		put_msg(one, &a->msg);
		json_array_insert_new(v, 0, one);
	}
	return v;
}

static void
put_msg(json_t *o, const struct msg *m)
{
	struct buf all;

	buf_init(&all, m->header.n + m->body.n + 1);
	buf_add_str(&all, m->header);
	buf_add_str(&all, m->body);
	json_put_message(o, buf_str(&all));
	buf_fini(&all);
}

static const char *const note_steps[] = {
	[WN_FORGED] = "forged fields",
	[WN_MASQUERADE] = "masquerade",
	[WN_NO_FILTERS] = "no message filters",
	[WN_FILTER] = "filter",
	[WN_RULE] = "rule",
	[WN_ELSE] = "else",
	[WN_ACTION] = "action",
	[WN_FILTERS_LEFT] = "filters skipped",
	[WN_ENDED] = "ended",
	[WN_SPLIT] = "split",
	[WN_MATCHED_ALL] = "matched all recipients",
	[WN_POLICY] = "policy",
	[WN_SPAM] = "anti-spam",
	[WN_VIRUS] = "anti-virus",
	[WN_CONTENT_FILTERS] = "content filters",
	[WN_OUTBREAK] = "outbreak filters",
	[WN_OUTBREAK_BYPASSED] = "outbreak filters bypassed",
	[WN_OUTBREAK_UNTIL] = "quarantined until",
	[WN_HELD] = "quarantine",
	[WN_SPAM_TAGGED] = "spam quarantine",
	[WN_SERVICE_ACTION] = "service action",
	[WN_STAMPED] = "stamped",
	[WN_NOT_STAMPED] = "not stamped",
	[WN_REWRITTEN] = "rewritten",
	[WN_COPY] = "copy",
	[WN_LOG_ENTRY] = "log entry",
	[WN_ATTACHMENT] = "attachment",
	[WN_SCAN_ERROR] = "scanning error",
	[WN_WARNING] = "warning",
};
static const char *const spam_verdicts[] = { "negative", "suspect", "positive",
	"disabled", "skipped by mail flow policy", "skipped by filter",
	"skipped by size", "not scanned", "not scanned, tried again later",
	"safelisted", "blocklisted" };
static const char *const virus_verdicts[] = { "clean", "repaired", "encrypted",
	"unscannable", "infected", "disabled", "skipped by mail flow policy",
	"skipped by filter" };
static const char *const outbreak_outcomes[] = { "judged", "skipped by filter",
	"skipped by size" };

static json_t *
note(const struct work_note *n)
{
	json_t *o = json_object();

	json_put(o, "step", json_string(note_steps[n->kind]));
	if (n->where.file != NULL)
		json_put(o, "at", json_of_place(&n->where));
	if (n->name.n > 0)
		json_put(o, "name", json_of_text(n->name));
	if (n->text.n > 0)
		json_put(o, "text", json_of_text(n->text));
	if (n->kind == WN_RULE) {
		json_put(o, "result", json_boolean(n->result));
		json_put(o, "looked_at", text_or_null(n->detail));
	}
	if (n->kind == WN_SPAM) {
		json_put(o, "verdict", json_string(spam_verdicts[n->number]));
		json_put(o, "score", json_integer(n->score));
	}
	if (n->kind == WN_VIRUS) {
		json_put(o, "verdict", json_string(virus_verdicts[n->number]));
		json_put(o, "elapsed_ms", json_integer(n->score));
	}
	if (n->kind == WN_OUTBREAK) {
		json_put(
		    o, "outcome", json_string(outbreak_outcomes[n->score]));
		json_put(o, "level", json_integer(n->number));
	}
	if (n->kind == WN_STAMPED)
		json_put(o, "footer", json_boolean(n->number != 0));
	return o;
}

static json_t *
text_or_null(struct str s)
{
	return s.n > 0 ? json_of_text(s) : json_null();
}

/* --- values --- */

/* "postern.yaml:12"; null: built in */
json_t *
json_of_place(const struct where *w)
{
	return w->line > 0 ? json_sprintf("%s:%d", w->file, w->line)
			   : json_null();
}

json_t *
json_of_list(const struct str *v, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_of_text(v[i]));
	return array;
}

json_t *
json_of_text(struct str s)
{
	size_t room = 4 * s.n + 16;
	json_t *value;
	char *escaped;

	if (str_valid_utf8(s))
		return json_stringn(s.n > 0 ? s.p : "", s.n);
	escaped = mem_alloc(room);
	str_escape(escaped, room, s, s.n);
	value = json_string(escaped);
	free(escaped);
	return value;
}

void
json_put_message(json_t *o, struct str s)
{
	struct buf exact;

	json_put(o, "message", json_of_text(s));
	if (str_valid_utf8(s))
		return;
	buf_init(&exact, BASE64_ENCODED(s.n) + 1);
	base64_encode(s, &exact);
	json_put(o, "message_base64", json_of_text(buf_str(&exact)));
	buf_fini(&exact);
}

void
json_put(json_t *object, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(object, key, value) == -1)
		panic("json: %s", key);
}
