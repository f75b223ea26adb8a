/* task.c - a message that the stages of the work queue are at */
#include "cleanup/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cleanup/rules.h"
#include "event/event.h"
#include "mail/scan.h"
#include "mail/wire.h"
#include "pipeline/enqueue.h"
#include "pipeline/pipeline.h"

/* What stages may make of a message: decoded parts, edited texts. */
#define TASK_MEM ((size_t)1 << 30)
#define SLOW_MS  1000 /* of work on one message are worth a line (FLT-04) */

static struct task *prepare(
    struct cleanup *, struct mail *, struct work *, enum work_entry *);
static void start(struct task *, struct work *, enum work_entry);
static enum work_answer go_on(struct task *, struct needs *);
static void tell_slow(const struct task *);
static void set_origin(struct task *);
static const struct str *early_names(struct task *);
static enum behaviour behaviour_of(const struct envelope *);
static int32_t zone_at(int64_t wall_ms);
static void set_facts(struct task *);
static void set_work(struct task *, struct work *);
static void set_rcpts(struct task *, struct work *);
static struct subject subject_of(const struct task *);
static bool reads_header(const struct task *);
static int load(struct task *, unsigned wants, struct err *);
static void unstuff(struct task *, struct str stored, size_t header_len);
static bool is_own(const struct envelope *);
static void masquerade(struct task *, struct work *);
static void take_effects(
    void *arg, const struct stage *, const struct stage_out *);

struct task *
task_new(struct cleanup *c, struct mail *m, struct err *err)
{
	enum work_entry entry;
	struct work w;
	struct task *t = prepare(c, m, &w, &entry);

	if (load(t, work_wants(&w, entry), err) == -1)
		task_free(&t);
	else
		start(t, &w, entry);
	return t;
}

struct task *
task_early(struct cleanup *c, struct mail *m)
{
	enum work_entry entry;
	struct work w;
	struct task *t = prepare(c, m, &w, &entry);
	struct needs needs = { .mem = &t->mem };

	t->header = STR("");
	if (work_is_plain(&w, entry) && !reads_header(t)) {
		start(t, &w, entry);
		if (go_on(t, &needs) == WORK_DONE)
			return t;
	}
	task_free(&t);
	return NULL;
}

struct task *
task_again(struct cleanup *c, struct mail *m, struct str stored,
    struct str mail_policy)
{
	struct task *t = mem_alloc(sizeof(*t));
	struct scan scan;
	struct work w;

	t->cleanup = c;
	t->mail = m;
	t->config = config_ref(c->daemon->config);
	t->feed = rules_get(c->rules, t->config);
	arena_init(&t->mem, TASK_MEM);
	set_origin(t);
	set_facts(t);
	set_work(t, &w);
	w.mail_policy = mail_policy;
	w.skip &= ~(uint32_t)SKIP_OUTBREAK_HOLD;
	scan_begin(&scan);
	scan_feed(&scan, stored);
	scan_end(&scan);
	buf_init(&t->content, stored.n + 1);
	unstuff(t, stored, scan.header_len);
	t->has_header = t->has_body = true;
	w.msg.header = t->header;
	w.msg.body = str_sub(buf_str(&t->content), t->header.n, SIZE_MAX);
	work_begin(&t->run, &w, ENTER_RESCORE);
	return t;
}

void
task_free(struct task **tp)
{
	struct task *t = *tp;

	if (t == NULL)
		return;
	ask_drop(&t->asks);
	buf_fini(&t->content);
	arena_free(&t->mem);
	outbreak_free(&t->feed);
	config_unref(&t->config);
	free(t);
	*tp = NULL;
}

bool
task_run(struct task *t)
{
	struct needs needs = { .mem = &t->mem };

	while (go_on(t, &needs) == WORK_NEEDS) {
		ask_facts(t, &needs);
		if (ask_is_open(&t->asks))
			return false;
		needs.n = 0;
	}
	if (t->ms >= SLOW_MS)
		tell_slow(t);
	return true;
}

size_t
task_size(const struct task *t)
{
	return t->content.len;
}

static struct task *
prepare(
    struct cleanup *c, struct mail *m, struct work *w, enum work_entry *entry)
{
	struct task *t = mem_alloc(sizeof(*t));

	t->cleanup = c;
	t->mail = m;
	t->config = config_ref(c->daemon->config);
	t->feed = c->rules != NULL ? rules_get(c->rules, t->config) : NULL;
	arena_init(&t->mem, TASK_MEM);
	buf_init(&t->content, 1);
	*entry = (enum work_entry)m->envelope.enters;
	if (m->envelope.flags & ENV_NOTICE)
		*entry = ENTER_DELIVERY;
	set_origin(t);
	set_facts(t);
	set_work(t, w);
	return t;
}

static void
start(struct task *t, struct work *w, enum work_entry entry)
{
	w->msg.header = t->header;
	if (t->has_body)
		w->msg.body =
		    str_sub(buf_str(&t->content), t->header.n, SIZE_MAX);
	if (entry == ENTER_WHOLE || entry == ENTER_ANEW ||
	    t->mail->envelope.flags & ENV_NOTICE)
		masquerade(t, w);
	work_begin(&t->run, w, entry);
}

static enum work_answer
go_on(struct task *t, struct needs *needs)
{
	int64_t began = clock_mono_ms();
	enum work_answer answer = work_continue(&t->run, needs);

	t->ms += clock_mono_ms() - began;
	return answer;
}

/* Meanwhile this worker did nothing else. */
static void
tell_slow(const struct task *t)
{
	char text[80];

	snprintf(text, sizeof(text), "filters and policies took %.1f s",
	    (double)t->ms / 1000);
	EMIT(MID_WARNING, .mid = t->mail->mid, .text = str_of(text));
}

static void
set_origin(struct task *t)
{
	const struct envelope *e = &t->mail->envelope;
	const struct listener *l = config_listener(t->config, e->listener);
	bool inside = behaviour_of(e) == RELAY || e->user.n > 0;
	int64_t now = clock_wall_ms();

	t->origin = (struct work_origin){ .config = t->config,
		.feed = t->feed,
		.listener = l,
		.listener_name = e->listener,
		.interface_name = l != NULL && l->interface != NULL
				      ? l->interface->name
				      : STR(""),
		.group = e->group,
		.policy = e->policy,
		.behaviour = behaviour_of(e),
		.direction = inside ? OUTGOING : INCOMING,
		.mid = t->mail->mid,
		.icid = e->icid,
		.now = now,
		.zone = zone_at(now),
		.hostname = enqueue_hostname(t->config, l, e->gateway),
		.protocol = e->protocol,
		.helo = e->helo,
		.user = e->user,
		.notice = (e->flags & ENV_NOTICE) != 0,
		.generation = e->generation,
		.early = early_names(t),
		.n_early = e->early.n };
}

static const struct str *
early_names(struct task *t)
{
	const struct codec_list *list = &t->mail->envelope.early;
	const struct early *from = list->v;
	struct str *v = arena_array(&t->mem, list->n, sizeof(*v));

	for (size_t i = 0; i < list->n; i++)
		v[i] = from[i].quarantine;
	return v;
}

static enum behaviour
behaviour_of(const struct envelope *e)
{
	return (enum behaviour)e->behaviour;
}

static int32_t
zone_at(int64_t wall_ms)
{
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;

	return localtime_r(&t, &tm) != NULL ? (int32_t)tm.tm_gmtoff : 0;
}

/* What smtpd knew of the client; all else is asked for, or not known. */
static void
set_facts(struct task *t)
{
	const struct envelope *e = &t->mail->envelope;
	struct facts *f = &t->facts;

	f->client = e->client;
	f->authenticated = e->user.n > 0;
	f->user = e->user;
	f->helo = e->helo;
	f->now = e->arrival;
	f->host = e->host;
	f->host_class = (enum host_class)e->host_class;
	f->reputation = e->reputation;
	fact_set(f, FACT_HOST, FACT_KNOWN, FACT_RECORDED);
	fact_set(f, FACT_REPUTATION, FACT_KNOWN, FACT_RECORDED);
	if (e->country.n > 0 &&
	    str_copy(f->country, sizeof(f->country), e->country))
		fact_set(f, FACT_COUNTRY, FACT_KNOWN, FACT_RECORDED);
}

static void
set_work(struct task *t, struct work *w)
{
	const struct envelope *e = &t->mail->envelope;

	*w = (struct work){ .origin = &t->origin,
		.facts = &t->facts,
		.mem = &t->mem,
		.msg = { .header = STR(""), .body = STR("") },
		.sender = e->sender,
		.skip = e->skip,
		.alt_mailhost = e->alt_mailhost,
		.alt_src_host = STR(""),
		.bounce_profile = STR(""),
		.mail_policy = STR(""),
		.matched = STR("") };
	set_rcpts(t, w);
}

static void
set_rcpts(struct task *t, struct work *w)
{
	const struct codec_list *list = &t->mail->envelope.rcpts;
	const struct rcpt *from = list->v;
	struct work_rcpt *v = arena_array(&t->mem, list->n, sizeof(*v));

	for (size_t i = 0; i < list->n; i++)
		v[i] = (struct work_rcpt){ from[i].addr, (uint32_t)i };
	w->rcpts = v;
	w->n_rcpts = list->n;
}

static struct subject
subject_of(const struct task *t)
{
	const struct envelope *e = &t->mail->envelope;

	return (struct subject){ .config = t->config,
		.listener = t->origin.listener,
		.behaviour = behaviour_of(e),
		.sender = e->sender,
		.smtputf8 = (e->flags & ENV_SMTPUTF8) != 0,
		.mid = t->mail->mid,
		.message_id = t->mail->found.message_id,
		.invalid_bounce = (e->flags & ENV_INVALID_BOUNCE) != 0,
		.claims = t->mail->found.claims && !is_own(e),
		.header = STR("") };
}

/* By the stages of AT_WORK (masquerade). */
static bool
reads_header(const struct task *t)
{
	struct subject s = subject_of(t);

	return s.listener != NULL ? pipeline_reads_header(&s) : s.claims;
}

/* Nobody looks: nothing is read. */
static int
load(struct task *t, unsigned wants, struct err *err)
{
	const struct content *found = &t->mail->found;
	struct buf stored;
	size_t n = 0;
	int rc;

	t->header = STR("");
	t->has_body = (wants & FILTER_BODY) != 0;
	t->has_header = wants != 0 || reads_header(t);
	if (t->has_body)
		n = found->size;
	else if (t->has_header)
		n = found->header_len;
	buf_init(&t->content, n + 1);
	if (n == 0)
		return 0;
	if (!(found->wire_flags & WIRE_DOTS)) {
		rc = qfile_read(t->mail->file, 0, n, &t->content, err);
		t->header = str_sub(buf_str(&t->content), 0, found->header_len);
		return rc;
	}
	buf_init(&stored, n + 1);
	rc = qfile_read(t->mail->file, 0, n, &stored, err);
	if (rc == 0)
		unstuff(t, buf_str(&stored), found->header_len);
	buf_fini(&stored);
	return rc;
}

/* Plain is never longer than stored: the header stays where it is. */
static void
unstuff(struct task *t, struct str stored, size_t header_len)
{
	size_t n;

	wire_unstuff(str_sub(stored, 0, header_len), &t->content);
	n = t->content.len;
	wire_unstuff(str_sub(stored, header_len, SIZE_MAX), &t->content);
	t->header = str_sub(buf_str(&t->content), 0, n);
}

/* What we made ourselves, perhaps out of what once came in, may speak for us.
 */
static bool
is_own(const struct envelope *e)
{
	return e->flags & ENV_NOTICE || e->generation > 0;
}

/* W2: the stages of AT_WORK. A listener that is gone has nothing to change
 * any more, but may have been a public one; and a fact that is not known
 * cannot be had. */
static void
masquerade(struct task *t, struct work *w)
{
	static const struct listener gone = { .type = LISTENER_PUBLIC };
	struct subject s = subject_of(t);
	struct pipeline_run run;
	struct needs needs;

	if (s.listener == NULL && !s.claims)
		return;
	if (s.listener == NULL)
		s.listener = &gone;
	s.header = t->header;
	s.header_kept = t->header.n;
	pipeline_begin(&run, AT_WORK);
	while (pipeline_run(&run, &s, &t->facts, &t->mem, false, take_effects,
		   w, &needs) == PIPELINE_NEEDS) {
		for (size_t i = 0; i < needs.n; i++)
			fact_fail(
			    &t->facts, &t->mem, needs.v[i].id, needs.v[i].key);
	}
	w->sender = s.sender;
	if (s.header.n != t->header.n || s.header_kept != t->header.n)
		work_set_header(w, s.header, false);
}

static void
take_effects(void *arg, const struct stage *stage, const struct stage_out *out)
{
	struct work *w = arg;

	(void)stage;
	for (size_t i = 0; i < out->n_effects; i++)
		if (out->effects[i].kind == EFFECT_FORGED)
			work_note(w, WN_FORGED)->text = out->effects[i].text;
}
