/*
 * qmgr_double.h - the queue manager without sockets, files and clocks
 *
 * A double stands for the world: it remembers what it was asked, and answers
 * when the test says so. The disk is a table of what it would say after a
 * crash at this moment. Time stands still unless a test moves it.
 */
#ifndef UNIT_QMGR_DOUBLE_H
#define UNIT_QMGR_DOUBLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/load.h"
#include "event/event.h"
#include "fact/facts.h"
#include "qmgr/bounce.h"
#include "qmgr/ordered.h"
#include "qmgr/resolve.h"
#include "qmgr/schedule.h"
#include "qmgr/settle.h"

#define DOUBLE_WALL 1741083302000 /* Tue Mar  4 10:15:02 2025 GMT */
#define DOUBLE_MAX  4096

struct double_job {
	struct conn *conn;
	uint32_t conn_id;
	uint64_t id, mid;
	uint32_t rids[100];
	size_t n;
};

struct double_file {
	uint64_t mid;
	enum queue_place place;
	bool gone;
	uint8_t ended[64]; /* by RID: 1 + enum rcpt_end, as on disk */
	uint32_t attempts[64];
	int64_t next[64];
	unsigned n_syncs;
};

/* What the ledger was told of a message last. */
struct double_order {
	uint64_t mid, rids; /* a bit for each RID */
	enum order_what what;
	char host[32];
};

struct double_notice {
	struct notice *notice;
	uint32_t txn;
	uint64_t about;
	char to[ADDR_MAX + 1];
	char *text; /* stored form */
	size_t len;
};

struct double_question {
	uint32_t txn;
	uint8_t kind;
	char name[DOMAIN_MAX + 1];
};

struct twin {
	struct qmgr q;
	struct config *config;
	int worker; /* only its address counts */

	bool no_lookupd, no_worker, busy, no_cleanup, save_later, save_fails;
	bool unreadable, unlink_fails;
	struct conn *opened[DOUBLE_MAX]; /* NULL: gone */
	size_t n_opened;
	size_t n_quit, n_killed;
	struct double_job jobs[DOUBLE_MAX];
	size_t n_jobs, jobs_at; /* answered up to here */
	struct double_file files[DOUBLE_MAX];
	size_t n_files;
	struct double_order orders[DOUBLE_MAX];
	size_t n_orders;
	struct save *saves[64];
	size_t n_saves;
	struct double_notice notices[DOUBLE_MAX];
	size_t n_notices;
	struct double_question questions[DOUBLE_MAX];
	size_t n_questions;
	uint32_t dice;
	const char *content;        /* of every message */
	struct str orcpt, envid;    /* of every recipient, message */
	struct str gateway;         /* of messages to come; "": none */
	uint32_t flags, wire_flags; /* likewise */
	struct session session;     /* the last one opened */
};

static struct buf twin_log; /* events since the last reset, a line each */
static size_t twin_alerts;  /* how many of them wake somebody */

static inline void
twin_event(void *arg, enum event_id id, const void *fields)
{
	(void)arg;
	twin_alerts += id == EVENT_ALERT ? 1 : 0;
	event_text(id, fields, &twin_log);
	buf_putc(&twin_log, '\n');
}

static inline bool
twin_ask(void *arg, uint32_t txn, const struct query *query)
{
	struct twin *t = arg;
	struct double_question *x = &t->questions[t->n_questions];

	if (t->no_lookupd)
		return false;
	assert_true(t->n_questions < DOUBLE_MAX);
	x->txn = txn;
	x->kind = query->kind;
	str_copy(x->name, sizeof(x->name), query->name);
	t->n_questions++;
	return true;
}

static inline bool
twin_open(void *arg, struct conn *c, const struct session *s)
{
	struct twin *t = arg;

	if (t->no_worker)
		return false;
	assert_true(s->port != 0 && t->n_opened < DOUBLE_MAX);
	c->worker = &t->worker;
	t->opened[t->n_opened++] = c;
	t->session = *s;
	return true;
}

static inline int
twin_give(
    void *arg, struct conn *c, struct parcel *p, uint64_t job, struct err *err)
{
	struct twin *t = arg;
	struct double_job *j = &t->jobs[t->n_jobs];

	if (t->busy)
		return 1;
	if (t->unreadable)
		return err_set(err, ERR_TEMP, "input/output error");
	assert_true(t->n_jobs < DOUBLE_MAX);
	*j = (struct double_job){
		.conn = c, .conn_id = c->id, .id = job, .mid = p->mail->mid
	};
	for (size_t i = 0; i < p->n; i++)
		if (parcel_rcpt(p, i)->state == RECIPIENT_OPEN)
			j->rids[j->n++] = parcel_rcpt(p, i)->rid;
	t->n_jobs++;
	return 0;
}

static inline void
twin_quit(void *arg, struct conn *c)
{
	(void)c;
	((struct twin *)arg)->n_quit++;
}

static inline void
twin_kill(void *arg, struct conn *c)
{
	(void)c;
	((struct twin *)arg)->n_killed++;
}

static inline struct double_file *
twin_file(struct twin *t, uint64_t mid)
{
	for (size_t i = 0; i < t->n_files; i++)
		if (t->files[i].mid == mid)
			return &t->files[i];
	return NULL;
}

/* What a thread of the store does. */
static inline void
twin_write(struct twin *t, struct save *s)
{
	struct double_file *f = twin_file(t, s->mid);

	if (t->save_fails) {
		err_set(&s->err, ERR_TEMP, "no space left on device");
		return;
	}
	assert_true(f != NULL && !f->gone && f->place == s->place);
	for (size_t i = 0; i < s->n_dones; i++) {
		const struct rid_rec *v = s->dones[i].rids.v;

		for (size_t j = 0; j < s->dones[i].rids.n; j++)
			f->ended[v[j].rid % 64] =
			    (uint8_t)(1 + s->dones[i].how);
	}
	for (size_t i = 0; i < s->n_defers; i++) {
		const struct rid_rec *v = s->defers[i].rids.v;

		for (size_t j = 0; j < s->defers[i].rids.n; j++) {
			f->attempts[v[j].rid % 64] = s->defers[i].attempts;
			f->next[v[j].rid % 64] = s->defers[i].next;
		}
	}
	f->n_syncs++;
	if (s->move) {
		f->place = QUEUE_DEFERRED;
		s->moved = true;
	}
}

static inline void
twin_save(void *arg, struct save *s)
{
	struct twin *t = arg;

	assert_true(t->n_saves < NELEM(t->saves));
	t->saves[t->n_saves++] = s;
	if (t->save_later)
		return;
	t->n_saves--;
	twin_write(t, s);
	settle_saved(&t->q, s);
}

static inline void
twin_order(void *arg, const struct order_rec *r)
{
	struct twin *t = arg;
	struct double_order *x = &t->orders[t->n_orders++];
	const struct rid_rec *v = r->rids.v;

	assert_true(t->n_orders <= DOUBLE_MAX && r->rids.n > 0);
	x->mid = r->mid;
	x->what = (enum order_what)r->what;
	str_copy(x->host, sizeof(x->host), r->host);
	for (size_t i = 0; i < r->rids.n; i++)
		x->rids |= (uint64_t)1 << v[i].rid % 64;
}

/* The saves that were asked for are done now. */
static inline void
twin_saved(struct twin *t)
{
	while (t->n_saves > 0) {
		struct save *s = t->saves[--t->n_saves];

		twin_write(t, s);
		settle_saved(&t->q, s);
	}
}

static inline int
twin_unlink(void *arg, enum queue_place place, uint64_t mid, struct err *err)
{
	struct double_file *f = twin_file(arg, mid);

	if (((struct twin *)arg)->unlink_fails)
		return err_set(err, ERR_TEMP, "read-only file system");
	if (f == NULL)
		return 0; /* a test that does not look at files */
	assert_true(!f->gone && f->place == place);
	f->gone = true;
	return 0;
}

static inline int
twin_read(void *arg, struct mail *m, struct qmessage *qm, struct arena *mem,
    struct err *err)
{
	struct twin *t = arg;

	(void)err;
	qm->mid = m->mid;
	qm->envelope.envid = t->envid;
	qm->content.header_len = m->content_len;
	qm->content_len = m->content_len;
	qm->n_rcpts = 64;
	qm->rcpt_v = arena_array(mem, 64, sizeof(*qm->rcpt_v));
	for (size_t i = 0; i < 64; i++)
		qm->rcpt_v[i].orcpt = t->orcpt;
	return 0;
}

static inline int
twin_content(void *arg, struct mail *m, const struct qmessage *qm, uint64_t n,
    struct buf *out, struct err *err)
{
	struct twin *t = arg;

	(void)m, (void)qm, (void)err;
	buf_add_str(out, str_sub(str_of(t->content), 0, n));
	return 0;
}

static inline bool
twin_notice(void *arg, struct notice *n, const struct envelope *env,
    struct str content, uint32_t wire_flags)
{
	struct twin *t = arg;
	const struct rcpt *to = env->rcpts.v;
	struct double_notice *x = &t->notices[t->n_notices];

	(void)wire_flags;
	if (t->no_cleanup)
		return false;
	assert_true(t->n_notices < DOUBLE_MAX);
	assert_true(env->flags & ENV_NOTICE && env->sender.n == 0);
	assert_int_equal(env->rcpts.n, 1);
	x->notice = n;
	x->txn = n->txn;
	x->about = n->mail->mid;
	str_copy(x->to, sizeof(x->to), to->addr);
	x->text = mem_strndup(content.p, content.n);
	x->len = content.n;
	n->worker = &t->worker;
	t->n_notices++;
	return true;
}

static inline void
twin_forget(void *arg, struct mail *m)
{
	(void)arg, (void)m;
}

/* Not random: jitter of half the range, turns without surprise. */
static inline uint32_t
twin_random(void *arg)
{
	struct twin *t = arg;

	t->dice = t->dice * 1664525 + 1013904223;
	return t->dice >> 8;
}

static const struct outside twin_outside = {
	.ask = twin_ask,
	.open = twin_open,
	.give = twin_give,
	.quit = twin_quit,
	.kill = twin_kill,
	.save = twin_save,
	.order = twin_order,
	.unlink = twin_unlink,
	.read = twin_read,
	.content = twin_content,
	.notice = twin_notice,
	.forget = twin_forget,
	.random = twin_random,
};

static inline struct config *
twin_config(const char *yaml)
{
	struct bundle b;
	struct err err = ERR_INIT;
	struct config *c;

	bundle_from_text(&b, "postern.yaml", str_of(yaml));
	c = config_load_simple(&b, 1, &err);
	bundle_free(&b);
	if (c == NULL)
		fail_msg("configuration: %s", err.text);
	return c;
}

#define TWIN_CONFIG                                                            \
	"hostname: mx.postern.test\n"                                          \
	"routes:\n"                                                            \
	"  one.test: 192.0.2.1\n"                                              \
	"  two.test: 192.0.2.2:2525\n"                                         \
	"  many.test: 192.0.2.11/pri=5, 192.0.2.12/pri=5, 192.0.2.13/pri=9\n"  \
	"  null.test: /dev/null\n"

static inline struct twin *
twin_new(const char *yaml)
{
	const struct event_sink sink = { twin_event, NULL };
	struct twin *t = mem_alloc(sizeof(*t));
	struct err err = ERR_INIT;
	struct stats *stats;
	int fd;

	buf_init(&twin_log, 256 << 20);
	event_set_sink(&sink);
	stats = stats_create(&fd, &err);
	if (stats == NULL)
		fail_msg("%s", err.text);
	close(fd);
	stats_use_slot(stats, 1);
	t->config = twin_config(yaml);
	t->content = "Subject: hello\r\n\r\nthe text\r\n";
	qmgr_init(&t->q, t->config, stats, &twin_outside, t);
	t->q.now = 1000000;
	t->q.wall = DOUBLE_WALL;
	return t;
}

static inline void
twin_free(struct twin *t)
{
	struct stats *stats = t->q.stats;

	for (size_t i = 0; i < t->n_notices; i++)
		free(t->notices[i].text);
	qmgr_fini(&t->q);
	config_unref(&t->config);
	stats_unmap(&stats);
	event_set_sink(NULL);
	buf_fini(&twin_log);
	free(t);
}

static inline void
twin_run(struct twin *t)
{
	while (schedule_run(&t->q))
		;
}

/* Time passes; what is due happens on its way. */
static inline void
twin_pass(struct twin *t, int64_t ms)
{
	int64_t end = t->q.now + ms, next;

	for (;;) {
		twin_run(t);
		next = qmgr_next(&t->q);
		if (next == 0 || next > end)
			break;
		if (next > t->q.now) {
			t->q.wall += next - t->q.now;
			t->q.now = next;
		}
		while (qmgr_tick(&t->q))
			;
	}
	t->q.wall += end - t->q.now;
	t->q.now = end;
}

/* A message comes in; rcpts ends with NULL. */
static inline struct mail *
twin_message(
    struct twin *t, uint64_t mid, const char *sender, const char *const *rcpts)
{
	struct mail_rcpt v[64] = { 0 };
	struct mail_info in = { .mid = mid,
		.arrival = t->q.wall,
		.sender = str_of(sender),
		.subject = STR("hello"),
		.profile = STR("Default"),
		.gateway = t->gateway,
		.flags = t->flags,
		.wire_flags = t->wire_flags,
		.place = QUEUE_INCOMING,
		.content_len = strlen(t->content),
		.rcpts = v };
	struct mail *m;

	for (; rcpts[in.n_rcpts] != NULL; in.n_rcpts++) {
		v[in.n_rcpts].addr = str_of(rcpts[in.n_rcpts]);
		v[in.n_rcpts].rid = (uint32_t)in.n_rcpts;
	}
	m = mail_new(&t->q, &in);
	if (m == NULL)
		return NULL;
	if (t->n_files < DOUBLE_MAX)
		t->files[t->n_files++] = (struct double_file){ .mid = mid };
	for (uint32_t i = 0; i < m->n_parcels; i++)
		schedule_kick(&t->q, m->parcels[i].dest);
	return m;
}

static inline struct mail *
twin_mail(struct twin *t, uint64_t mid, const char *rcpt)
{
	const char *const rcpts[] = { rcpt, NULL };

	return twin_message(t, mid, "joe@sender.test", rcpts);
}

/* All connections that are opening come up. */
static inline void
twin_up(struct twin *t)
{
	const struct session_up up = { 0 };

	for (size_t i = 0; i < t->n_opened; i++)
		if (t->opened[i] != NULL && !t->opened[i]->up)
			assert_int_equal(schedule_up(&t->q, &t->worker,
					     t->opened[i]->id, &up, NULL),
			    0);
	twin_run(t);
}

static inline void
twin_down(struct twin *t, size_t conn, enum session_end reason, uint32_t code,
    const char *text)
{
	struct session_down down = { .reason = (uint8_t)reason,
		.code = code,
		.status = str_of(""),
		.text = str_of(text) };
	uint32_t id = t->opened[conn]->id;

	t->opened[conn] = NULL;
	assert_int_equal(schedule_down(&t->q, &t->worker, id, &down, NULL), 0);
	twin_run(t);
}

/* Those that were told to go, and have no job left, are gone. */
static inline void
twin_gone(struct twin *t)
{
	for (size_t i = 0; i < t->n_opened; i++)
		if (t->opened[i] != NULL &&
		    t->opened[i]->list == CONNS_QUITTING &&
		    t->opened[i]->n_jobs == 0)
			twin_down(t, i, SESSION_CLOSED, 0, "");
}

/* The next job that is not answered gets this for all its recipients. */
static inline void
twin_answer(
    struct twin *t, uint32_t code, enum job_stage stage, const char *text)
{
	struct double_job *j = &t->jobs[t->jobs_at++];
	struct job_result r[100] = { 0 };
	struct job_done done = { .job = j->id, .results = { j->n, r } };

	assert_true(t->jobs_at <= t->n_jobs);
	for (size_t i = 0; i < j->n; i++)
		r[i] = (struct job_result){ .rid = j->rids[i],
			.code = code,
			.status = str_of(""),
			.text = str_of(text),
			.stage = (uint8_t)stage };
	assert_int_equal(
	    schedule_done(&t->q, &t->worker, j->conn_id, &done, NULL), 0);
	twin_run(t);
}

static inline void
twin_accept(struct twin *t, size_t notice, uint32_t code)
{
	assert_true(bounce_answer(
	    &t->q, &t->worker, t->notices[notice].txn, code, STR("ok")));
	twin_run(t);
}

static inline uint64_t
twin_count(const struct twin *t, enum stats_counter c)
{
	return stats_sum(t->q.stats, c);
}

/* Completed = Hard + Delivered + Deleted, and so on (spec 2.2, 11.1.4). */
static inline void
twin_check_sums(const struct twin *t)
{
	uint64_t hard = twin_count(t, STATS_hard_bounced_recipients);

	assert_int_equal(twin_count(t, STATS_completed_recipients),
	    hard + twin_count(t, STATS_delivered_recipients) +
		twin_count(t, STATS_deleted_recipients));
	assert_int_equal(hard, twin_count(t, STATS_dns_hard_bounces) +
				   twin_count(t, STATS_fivexx_hard_bounces) +
				   twin_count(t, STATS_filter_hard_bounces) +
				   twin_count(t, STATS_expired_hard_bounces) +
				   twin_count(t, STATS_other_hard_bounces));
	assert_int_equal(
	    stats_gauge_sum(t->q.stats, STATS_GAUGE_active_recipients),
	    stats_gauge_sum(t->q.stats, STATS_GAUGE_unattempted_recipients) +
		stats_gauge_sum(t->q.stats, STATS_GAUGE_attempted_recipients));
}

static inline bool
twin_said(const char *text)
{
	return twin_log.len > 0 && strstr(twin_log.data, text) != NULL;
}

#define assert_said(text)                                                      \
	do {                                                                   \
		if (!twin_said(text))                                          \
			fail_msg("not said: %s\n%s", text,                     \
			    twin_log.len > 0 ? twin_log.data : "");            \
	} while (0)
#define assert_not_said(text)                                                  \
	do {                                                                   \
		if (twin_said(text))                                           \
			fail_msg("said: %s\n%s", text, twin_log.data);         \
	} while (0)

#endif
