/* notice.c - one notice: what it says, whom it goes to */
#include "qmgr/notice.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "mail/header.h"
#include "mail/mime.h"
#include "mail/wire.h"
#include "pipeline/notices.h"

#define TEXT_LIMIT     (NOTICE_COPY_MAX * 2 + 4 * 1024 * 1024)
#define READ_MEM_MAX   ((size_t)256 * 1024 * 1024)
#define GENERATION_MAX 25

/* What one notice is made of, while it is made. */
struct making {
	struct arena mem;
	struct qmessage about; /* mid 0: its file could not be read */
	struct buf original, text, stored;
	uint32_t wire_flags;
	char boundary[48], id[64];
	char now[CLOCK_TEXT], arrival[CLOCK_TEXT], until[CLOCK_TEXT];
};

static void begin(struct making *);
static void end(struct making *);
static bool read_original(
    struct qmgr *, struct making *, const struct notice *, bool *whole);
static uint64_t header_left(const struct qmessage *);
static bool write_text(
    struct qmgr *, struct making *, const struct notice *, bool whole);
static void describe(struct making *, const struct notice *, bool remote_status,
    struct dsn_rcpt *);
static struct str status_said(struct str text, struct str ours);
static struct str subject_of(struct making *);
static void pick_boundary(struct qmgr *, struct making *, struct str text);
static bool hand_over(struct qmgr *, struct making *, struct notice *);

bool
notice_send(struct qmgr *q, struct notice *n, bool *wanted)
{
	struct making mk;
	bool whole, sent = false;

	begin(&mk);
	*wanted = read_original(q, &mk, n, &whole);
	if (*wanted) {
		n->mid = stats_next_id(q->stats, STATS_MID);
		if (!write_text(q, &mk, n, whole))
			panic("a notice of %zu bytes", mk.text.len);
		sent = hand_over(q, &mk, n);
	}
	end(&mk);
	return sent;
}

struct str
notice_to(const struct qmgr *q, const struct notice *n)
{
	return notice_rcpt(q->profiles[n->profile].found, mail_sender(n->mail));
}

static void
begin(struct making *mk)
{
	mk->about = (struct qmessage){ 0 };
	arena_init(&mk->mem, READ_MEM_MAX);
	buf_init(&mk->original, NOTICE_COPY_MAX * 2);
	buf_init(&mk->text, TEXT_LIMIT);
	buf_init(&mk->stored, TEXT_LIMIT * 2);
}

static void
end(struct making *mk)
{
	arena_free(&mk->mem);
	buf_fini(&mk->original);
	buf_fini(&mk->text);
	buf_fini(&mk->stored);
}

/*
 * The message, if it is small enough and the sender did not ask for the
 * header only (RFC 3461 4.3); else the header, cut at the same size. A file
 * that cannot be read makes a notice without it. False: not to be sent.
 */
static bool
read_original(
    struct qmgr *q, struct making *mk, const struct notice *n, bool *whole)
{
	struct mail *m = n->mail;
	uint64_t max = q->profiles[n->profile].found->max_bounce_copy, want;
	struct str changed = STR("");
	struct buf stored;

	if (max > NOTICE_COPY_MAX)
		max = NOTICE_COPY_MAX;
	*whole = false;
	if (q->out->read(q->out_arg, m, &mk->about, &mk->mem, NULL) == -1) {
		mk->about = (struct qmessage){ 0 };
		return true;
	}
	/* A header that was changed is shown as it went, or would have. */
	if (mk->about.route.skip > 0)
		changed = mk->about.route.prepend;
	/* what was to go protected goes back without its text (RFC 8689 5) */
	*whole = n->kind == DSN_FAILED && m->ret != 2 &&
		 !(m->flags & ENV_REQUIRETLS) &&
		 changed.n + m->content_len <= max;
	want = *whole ? m->content_len : header_left(&mk->about);
	if (!*whole && max < HEADER_FIELD_MAX) {
		changed = str_sub(changed, 0, max);
		want = want < max - changed.n ? want : max - changed.n;
	}
	buf_init(&stored, NOTICE_COPY_MAX * 2);
	buf_add_str(&stored, changed);
	if (q->out->content(q->out_arg, m, &mk->about, want, &stored, NULL) ==
	    0)
		wire_unstuff(buf_str(&stored), &mk->original);
	else
		*whole = false;
	buf_fini(&stored);
	return n->kind != DSN_DELAYED ||
	       !dsn_is_automatic(dsn_header(buf_str(&mk->original)));
}

/* What of the content is header still. */
static uint64_t
header_left(const struct qmessage *qm)
{
	uint64_t n = qm->content.header_len, skip = qm->route.skip;

	return n > skip ? n - skip : 0;
}

static bool
write_text(
    struct qmgr *q, struct making *mk, const struct notice *n, bool whole)
{
	struct mail *m = n->mail;
	const struct bounce_profile *p = q->profiles[n->profile].found;
	struct dsn_rcpt *v = arena_array(&mk->mem, n->n, sizeof(*v));
	struct dsn d = { .kind = n->kind,
		.report = p->dsn_format,
		.utf8 = m->flags & ENV_SMTPUTF8,
		.language = (enum dsn_language)p->language,
		.subject = p->subject,
		.from = p->from,
		.mid = m->mid,
		.host = q->config->hostname,
		.to = notice_to(q, n),
		.envid = mk->about.envelope.envid,
		.rcpts = v,
		.n_rcpts = n->n,
		.original = buf_str(&mk->original),
		.whole = whole };
	const struct text_resource *text = config_text(q->config, p->text);
	struct wire w;

	describe(mk, n, p->remote_status, v);
	if (text != NULL) {
		d.text = text->text;
		d.about = subject_of(mk);
	}
	snprintf(mk->id, sizeof(mk->id), "%llu.%lld",
	    (unsigned long long)n->mid, (long long)(q->wall / 1000));
	d.id = str_of(mk->id);
	d.date = str_of(clock_rfc5322(q->wall, mk->now));
	d.last_try = d.date;
	d.arrival = str_of(clock_rfc5322(m->arrival, mk->arrival));
	if (n->kind == DSN_DELAYED)
		d.until = str_of(clock_rfc5322(
		    m->arrival + (int64_t)p->max_queue_time * 1000, mk->until));
	pick_boundary(q, mk, d.original);
	d.boundary = str_of(mk->boundary);
	if (!dsn_write(&d, &mk->text))
		return false;
	wire_begin(&w, false);
	if (!wire_write(&w, buf_str(&mk->text), &mk->stored) ||
	    !wire_end(&w, &mk->stored))
		return false;
	mk->wire_flags = w.flags;
	return true;
}

/* What the file knows of a recipient comes to what we know. */
static void
describe(struct making *mk, const struct notice *n, bool remote_status,
    struct dsn_rcpt *v)
{
	for (size_t i = 0; i < n->n; i++) {
		const struct notice_said *x = n->v[i].said;
		uint32_t rid = n->mail->rcpts[n->v[i].index].rid;

		v[i] = (struct dsn_rcpt){ .addr = n->v[i].addr,
			.status = x->status,
			.reason = x->reason,
			.code = x->code,
			.text = x->text,
			.host = x->host };
		if (remote_status)
			v[i].status = status_said(v[i].text, v[i].status);
		if (rid < mk->about.n_rcpts)
			v[i].orcpt = mk->about.rcpt_v[rid].orcpt;
	}
}

/* The enhanced code a reply begins with, if it is of the same class. */
static struct str
status_said(struct str text, struct str ours)
{
	struct str word = str_cut(&text, ' ');
	size_t dots = 0;

	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '.' && i > 0 && word.p[i - 1] != '.')
			dots++;
		else if (word.p[i] < '0' || word.p[i] > '9')
			return ours;
	}
	return dots == 2 && word.n >= 5 && word.n <= 9 &&
		       word.p[word.n - 1] != '.' && word.p[1] == '.' &&
		       word.p[0] == ours.p[0]
		   ? word
		   : ours;
}

/* Subject of the message, as people read it. */
static struct str
subject_of(struct making *mk)
{
	struct str header = dsn_header(buf_str(&mk->original));
	struct header_field f;

	if (!mime_field(header, STR("Subject"), 0, &f))
		return STR("");
	return mime_field_text(f.value, STR(""), &mk->mem);
}

/* Random, and what stands between does not have it (threats BAC-04). */
static void
pick_boundary(struct qmgr *q, struct making *mk, struct str text)
{
	do {
		snprintf(mk->boundary, sizeof(mk->boundary),
		    "=_%08x%08x%08x%08x", q->out->random(q->out_arg),
		    q->out->random(q->out_arg), q->out->random(q->out_arg),
		    q->out->random(q->out_arg));
	} while (!dsn_boundary_ok(str_of(mk->boundary), text));
}

static bool
hand_over(struct qmgr *q, struct making *mk, struct notice *n)
{
	struct mail *m = n->mail;
	struct rcpt to = { .addr = notice_to(q, n) };
	uint32_t generation = mk->about.envelope.generation + 1;
	struct envelope env = { .mid = n->mid,
		.arrival = q->wall,
		.protocol = STR("ESMTP"),
		.flags = ENV_NOTICE | ENV_8BITMIME |
			 (m->flags & (ENV_SMTPUTF8 | ENV_REQUIRETLS)) |
			 (q->profiles[n->profile].found->sign ? ENV_DKIM : 0),
		.bounce_profile = q->profiles[m->profile].name,
		.reputation = INT64_MIN,
		.generation =
		    generation < GENERATION_MAX ? generation : GENERATION_MAX,
		.max_size = mk->stored.len,
		.rcpts = { 1, &to } };

	do {
		n->txn = ++q->last_notice;
	} while (n->txn == 0 || map_get_u64(&q->notices_sent, n->txn) != NULL);
	return q->out->notice(
	    q->out_arg, n, &env, buf_str(&mk->stored), mk->wire_flags);
}
