/* attempt_conn.c - one connection of an attempt, and what is seen of it */
#include <stdlib.h>

#include "admin/attempt.h"
#include "base/clock.h"
#include "base/mem.h"
#include "qmgr/conn.h"
#include "smtp/features.h"

static void give(struct attempt *, const struct attempt_job *);
static enum attempt_end end_of(const struct attempt *);
static void add_line(struct attempt *, struct attempt_line);
static void on_connected(void *, const struct ip *source);
static void on_said(void *, struct str line);
static void on_heard(void *, const struct reply *);
static void on_secured(
    void *, const struct tls_conn *, const struct tls_peer *);
static void on_up(void *, const struct session_up *);
static void on_done(void *, const struct job_done *);
static void on_down(void *, const struct session_down *);

const struct session_watch attempt_watch = {
	.connected = on_connected,
	.said = on_said,
	.heard = on_heard,
	.secured = on_secured,
	.up = on_up,
	.done = on_done,
	.down = on_down,
};

struct attempt_conn *
attempt_next(struct attempt *a, const struct attempt_job *job)
{
	struct attempt_conn *now;
	struct session demand;

	if (conn_open(&a->q, a->dest) != CONN_OPENED)
		return NULL;
	now = a->now;
	a->over = false;
	a->job = job;
	a->sessions.asks_only = job != NULL && job->content.n == 0;
	if (a->hooks->connecting != NULL)
		a->hooks->connecting(a, now);
	a->since = clock_mono_us();
	demand = now->demand;
	/* keyd, who has our passwords and certificates, is not asked */
	demand.auth = STR("");
	demand.certificate = STR("");
	session_open(&a->sessions, a->conn->id, &demand);
	if (!a->over && job != NULL)
		give(a, job);
	if (!a->over)
		session_quit(session_find(&a->sessions, a->conn->id));
	while (!a->over)
		loop_run(a->loop);
	now->end = end_of(a);
	if (now->code == 0)
		now->code = a->down.code;
	/* As when it gives back the mail it was opened for. */
	a->conn->failed = now->end == ATTEMPT_LOST;
	conn_gone(&a->q, a->conn, &a->down);
	if (a->hooks->ended != NULL)
		a->hooks->ended(a, now);
	return now;
}

/* By way of a frame, as it comes from qmgr. */
static void
give(struct attempt *a, const struct attempt_job *what)
{
	struct job_rcpt rcpt = { .addr = str_of(what->rcpt) };
	struct job job = { .job = 1,
		.mid = 1,
		.sender = str_of(what->sender),
		.wire_flags = what->wire_flags,
		.content = what->content,
		.rcpts = { 1, &rcpt } };
	struct ipc_frame frame = { .type = IPC_JOB_INLINE };
	struct err err = ERR_INIT;
	struct buf body;

	buf_init(&body, IPC_FRAME_MAX);
	codec_encode(&job_codec, &job, &body);
	frame.body = buf_str(&body);
	if (session_job(
		session_find(&a->sessions, a->conn->id), &frame, &err) == -1)
		panic("a job is refused: %s", err.text);
	buf_fini(&body);
}

static enum attempt_end
end_of(const struct attempt *a)
{
	const struct attempt_conn *now = a->now;

	if (now->why == SESSION_TLS)
		return ATTEMPT_NO_TLS;
	if (now->code >= 400)
		return ATTEMPT_REFUSED;
	if (now->up && (a->job == NULL || now->code != 0))
		return ATTEMPT_UP;
	return a->down.code != 0 ? ATTEMPT_REFUSED : ATTEMPT_LOST;
}

/* --- what is seen --- */

static void
on_connected(void *arg, const struct ip *source)
{
	struct attempt *a = arg;
	int64_t at = clock_mono_us();

	a->now->source = *source;
	a->now->connect_us = at - a->since;
	a->since = at;
	if (a->hooks->connected != NULL)
		a->hooks->connected(a, a->now);
}

static void
on_said(void *arg, struct str line)
{
	struct attempt *a = arg;

	add_line(a, (struct attempt_line){ .text = arena_strz(&a->mem, line) });
}

static void
on_heard(void *arg, const struct reply *reply)
{
	struct attempt *a = arg;
	struct features offers = { 0 };

	features_parse(&offers, buf_str(&reply->text));
	if (reply->code == 250 && !a->now->secured && !a->now->up &&
	    (offers.bits & FEATURE_STARTTLS))
		a->now->starttls = true;
	add_line(a, (struct attempt_line){ .heard = true,
			.code = reply->code,
			.text = arena_strz(&a->mem, buf_str(&reply->text)) });
}

static void
add_line(struct attempt *a, struct attempt_line line)
{
	struct attempt_conn *now = a->now;
	int64_t at = clock_mono_us();

	line.us = at - a->since;
	a->since = at;
	now->lines = mem_room(
	    now->lines, &now->cap_lines, now->n_lines, sizeof(*now->lines));
	now->lines[now->n_lines++] = line;
	if (a->hooks->line != NULL)
		a->hooks->line(a, now, &line);
}

static void
on_secured(void *arg, const struct tls_conn *c, const struct tls_peer *peer)
{
	struct attempt *a = arg;
	struct attempt_conn *now = a->now;
	int64_t at = clock_mono_us();

	now->secured = true;
	now->version = arena_strdup(&a->mem, tls_conn_version(c));
	now->cipher = arena_strdup(&a->mem, tls_conn_cipher(c));
	now->peer = *peer;
	now->peer.match = arena_str(&a->mem, peer->match);
	now->shown = arena_array(&a->mem, TLS_SHOWN_MAX, sizeof(*now->shown));
	now->n_shown = tls_conn_shown(c, now->shown, TLS_SHOWN_MAX);
	now->tls_us = at - a->since;
	a->since = at;
	if (a->hooks->secured != NULL)
		a->hooks->secured(a, now);
}

static void
on_up(void *arg, const struct session_up *up)
{
	struct attempt *a = arg;

	a->now->up = true;
	a->now->bits = up->features;
	a->now->size = up->size_limit;
	conn_is_up(&a->q, a->conn);
}

static void
on_done(void *arg, const struct job_done *done)
{
	struct attempt *a = arg;
	const struct job_result *r = done->results.v;

	a->now->code = r->code;
	a->now->stage = r->stage;
	a->now->result = arena_strz(&a->mem, r->text);
}

static void
on_down(void *arg, const struct session_down *down)
{
	struct attempt *a = arg;

	a->down = *down;
	a->down.status = STR("");
	a->down.text = arena_str(&a->mem, down->text);
	a->now->why = down->reason;
	a->now->text = a->down.text.p;
	a->over = true;
	loop_stop(a->loop);
}
