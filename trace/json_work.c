/* json_work.c - what came out of the work queue, for programs */
#include <stdlib.h>

#include "base/mem.h"
#include "trace/json.h"

static json_t *outcome(const struct trace_outcome *);
static json_t *rcpts(const struct work *);
static json_t *holds(const struct work *);
static json_t *copies(const struct work *);
static json_t *note(const struct work_note *);
static json_t *text_or_null(struct str);

json_t *
json_of_outcomes(const struct trace_report *r)
{
	json_t *v = json_array();

	for (size_t i = 0; i < r->n_outcomes; i++)
		json_array_append_new(v, outcome(&r->outcomes[i]));
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
outcome(const struct trace_outcome *o)
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
	json_put(j, "recipients", rcpts(w));
	json_put(j, "virtual_gateway", text_or_null(o->gateway));
	json_put(j, "bounce_profile", text_or_null(o->bounce_profile));
	json_put(j, "alternate_host", text_or_null(w->alt_mailhost));
	json_put(j, "quarantines", holds(w));
	json_put(j, "spam_quarantine", json_boolean(w->spam_tagged));
	json_put(j, "copies", copies(w));
	json_put(j, "steps", json_of_work(w));
	if (w->end == WORK_DELIVER)
		json_put(j, "message", json_of_text(buf_str(&o->message)));
	return j;
}

static json_t *
rcpts(const struct work *w)
{
	json_t *v = json_array();

	for (size_t i = 0; i < w->n_rcpts; i++)
		json_array_append_new(v, json_of_text(w->rcpts[i].addr));
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
copies(const struct work *w)
{
	static const char *const kinds[] = { [COPY_BCC] = "bcc",
		[COPY_BCC_SCAN] = "bcc-scan",
		[COPY_NOTIFY] = "notify",
		[COPY_HOLD] = "duplicate-quarantine" };
	json_t *v = json_array();

	for (const struct work_copy *c = w->copies; c != NULL; c = c->next) {
		json_t *one = json_object();

		json_put(one, "kind", json_string(kinds[c->kind]));
		json_put(one, "sender", json_of_text(c->sender));
		json_put(one, "recipients", json_of_list(c->rcpts, c->n_rcpts));
		json_array_insert_new(v, 0, one);
	}
	return v;
}

static json_t *
note(const struct work_note *n)
{
	static const char *const steps[] = {
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
	static const char *const spam[] = { "negative", "suspect", "positive",
		"disabled", "skipped by mail flow policy", "skipped by filter",
		"skipped by size", "not scanned" };
	static const char *const virus[] = { "clean", "repaired", "encrypted",
		"unscannable", "infected", "disabled",
		"skipped by mail flow policy", "skipped by filter" };
	static const char *const outbreak[] = { "judged", "skipped by filter",
		"skipped by size" };
	json_t *o = json_object();

	json_put(o, "step", json_string(steps[n->kind]));
	if (n->where.file != NULL)
		json_put(o, "at", json_of_place(&n->where));
	if (n->name.n > 0)
		json_put(o, "name", json_of_text(n->name));
	if (n->text.n > 0)
		json_put(o, "text", json_of_text(n->text));
	if (n->kind == WN_RULE)
		json_put(o, "result", json_boolean(n->result));
	if (n->kind == WN_SPAM) {
		json_put(o, "verdict", json_string(spam[n->number]));
		json_put(o, "score", json_integer(n->score));
	}
	if (n->kind == WN_VIRUS) {
		json_put(o, "verdict", json_string(virus[n->number]));
		json_put(o, "elapsed_ms", json_integer(n->score));
	}
	if (n->kind == WN_OUTBREAK) {
		json_put(o, "outcome", json_string(outbreak[n->score]));
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
json_put(json_t *object, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(object, key, value) == -1)
		panic("json: %s", key);
}
