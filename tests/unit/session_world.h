/*
 * session_world.h - a conversation without a network, for tests
 *
 * Cleanup is a double that keeps what it was given and answers as told. So is
 * lookupd: it writes down what it is asked, and the client has no name. Time
 * stands still unless a test moves it.
 */
#ifndef UNIT_SESSION_WORLD_H
#define UNIT_SESSION_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "config/load.h"
#include "event/event.h"
#include "smtpd/auth.h"
#include "smtpd/session.h"

struct talk {
	struct smtp_session s; /* first: the operations lead back here */
	struct buf out;
	/* the double */
	bool no_cleanup;
	bool answer; /* as soon as the message is whole */
	unsigned code;
	bool ended; /* END was said, no answer yet */
	unsigned n_opened, n_ended, n_aborted;
	struct buf stored; /* of the last message */
	uint32_t wire_flags;
	uint32_t env_flags;
	size_t n_rcpts;
	char sender[ADDR_MAX + 1], rcpts[2000], protocol[101];
	/* the other one: what is asked and open; keys are the session's */
	struct need asked[64];
	size_t n_asked;
	bool no_lookupd;
	enum starttls starttls;
	unsigned n_questions; /* ever */
	/* keyd's: the last question about a user; texts are the session's */
	struct auth_question question;
	bool proving, no_keyd;
};

static struct config *talk_config;
static struct stats *talk_stats;
static struct buf talk_log; /* of all talks; tests reset it */

static inline void
talk_event(void *arg, enum event_id id, const void *fields)
{
	(void)arg;
	event_text(id, fields, &talk_log);
	buf_putc(&talk_log, '\n');
}

static inline void
talk_envelope(struct smtp_session *s, const struct envelope *e)
{
	struct talk *t = (struct talk *)s;
	const struct rcpt *r = e->rcpts.v;

	t->env_flags = e->flags;
	t->n_rcpts = e->rcpts.n;
	str_copy(t->sender, sizeof(t->sender), e->sender);
	str_copy(t->protocol, sizeof(t->protocol), e->protocol);
	t->rcpts[0] = '\0';
	for (size_t i = 0; i < e->rcpts.n && i < 5; i++)
		snprintf(t->rcpts + strlen(t->rcpts),
		    sizeof(t->rcpts) - strlen(t->rcpts), "%.*s,%.*s,%u,%.*s ",
		    STR_ARG(r[i].addr), STR_ARG(r[i].orig), r[i].notify,
		    STR_ARG(r[i].orcpt));
}

static inline bool
talk_open(struct smtp_session *s, const struct envelope *e)
{
	struct talk *t = (struct talk *)s;

	if (t->no_cleanup)
		return false;
	t->n_opened++;
	talk_envelope(s, e);
	buf_reset(&t->stored);
	return true;
}

static inline void
talk_content(struct smtp_session *s, struct str stored)
{
	buf_add_str(&((struct talk *)s)->stored, stored);
}

static inline void
talk_end(struct smtp_session *s, const struct end_msg *end)
{
	struct talk *t = (struct talk *)s;

	assert_int_equal(end->size, t->stored.len);
	t->wire_flags = end->wire_flags;
	t->n_ended++;
	t->ended = true;
}

static inline void
talk_abort(struct smtp_session *s)
{
	((struct talk *)s)->n_aborted++;
}

static inline bool
talk_ask(
    struct smtp_session *s, const struct need *need, struct fact_answer *now)
{
	struct talk *t = (struct talk *)s;

	(void)now;
	t->n_questions++;
	if (t->no_lookupd)
		return false;
	assert_true(t->n_asked < NELEM(t->asked));
	t->asked[t->n_asked++] = *need;
	return true;
}

static inline void
talk_forget(struct smtp_session *s)
{
	((struct talk *)s)->n_asked = 0;
}

static inline bool
talk_authenticate(struct smtp_session *s, const struct auth_question *q)
{
	struct talk *t = (struct talk *)s;

	t->proving = q != NULL && !t->no_keyd;
	if (q != NULL)
		t->question = *q;
	return t->proving;
}

static inline bool
talk_tls_ready(const struct smtp_session *s)
{
	return ((const struct talk *)s)->starttls == STARTTLS_READY;
}

static inline enum starttls
talk_tls_begin(struct smtp_session *s)
{
	return ((const struct talk *)s)->starttls;
}

/* Was that asked, and is it open? */
static inline bool
talk_asked(const struct talk *t, enum fact_id id, const char *key)
{
	for (size_t i = 0; i < t->n_asked; i++)
		if (t->asked[i].id == id && str_is(t->asked[i].key, key))
			return true;
	return false;
}

/* lookupd's answer, asked for or not; state FACT_FAILED: it cannot say. */
static inline void
talk_fact(struct talk *t, const struct fact_answer *a)
{
	struct fact_answer copy = *a;

	if (copy.text.p == NULL)
		copy.text = STR("");
	for (size_t i = 0; i < t->n_asked; i++) {
		if (t->asked[i].id != a->id || !str_eq(t->asked[i].key, a->key))
			continue;
		t->asked[i] = t->asked[--t->n_asked];
		break;
	}
	session_answer(&t->s, &copy);
}

static inline void
talk_tell(struct talk *t, enum fact_id id, const char *key, uint64_t number)
{
	struct fact_answer a = { .id = id,
		.key = str_of(key),
		.meta = { FACT_KNOWN, FACT_LOOKED_UP },
		.number = number };

	talk_fact(t, &a);
}

/* The beginning, and again after XCLIENT. */
static inline void
talk_start(struct talk *t)
{
	static const struct stats_conn_counts one = { 1, 1, 1 };

	session_start(&t->s, &one);
}

/* Up to the question for the client's name. */
static inline void
talk_connect(struct talk *t, const char *listener, const char *client)
{
	static const struct session_ops ops = { NULL, talk_open, talk_content,
		talk_envelope, talk_end, talk_abort, talk_ask, talk_forget,
		talk_authenticate, talk_tls_ready, talk_tls_begin };
	const struct listener *l =
	    config_listener(talk_config, str_of(listener));

	*t = (struct talk){ .answer = true, .code = 250 };
	assert_non_null(l);
	buf_init(&t->out, 1 << 20);
	buf_init(&t->stored, 1 << 24);
	session_init(&t->s, &ops, talk_stats, talk_config, l);
	assert_true(ip_parse(&t->s.facts.client, str_of(client)));
	t->s.facts.local = l->interface->ip;
	t->s.out = &t->out;
	t->s.now = 1000000;
	talk_start(t);
}

static inline void
talk_begin(struct talk *t, const char *listener, const char *client)
{
	talk_connect(t, listener, client);
	if (talk_asked(t, FACT_HOST, ""))
		talk_tell(t, FACT_HOST, "", HOST_NX);
}

static inline void
talk_accepted(struct talk *t, unsigned code)
{
	struct accepted a = { .code = code,
		.status = code == 250 ? STR("2.0.0") : STR("4.3.1"),
		.text = STR("as told") };

	t->ended = false;
	session_accepted(&t->s, &a);
}

/* Gives the client's bytes in pieces of `step`; all of them are taken unless
 * the session is over. */
static inline void
talk_say_cut(struct talk *t, struct str in, size_t step)
{
	while (in.n > 0 && t->s.phase != PH_CLOSING) {
		struct str piece = str_sub(in, 0, step), rest = piece;

		session_input(&t->s, &rest);
		if (t->s.xclient.pending) {
			talk_start(t);
			if (talk_asked(t, FACT_HOST, ""))
				talk_tell(t, FACT_HOST, "", HOST_NX);
		}
		in = str_sub(in, piece.n - rest.n, in.n);
		if (t->ended && t->answer)
			talk_accepted(t, t->code);
		else if (rest.n > 0 && t->s.phase != PH_CLOSING)
			break;
	}
}

static inline void
talk_say(struct talk *t, const char *line)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_puts(&b, line);
	buf_puts(&b, "\r\n");
	talk_say_cut(t, buf_str(&b), b.len);
	buf_fini(&b);
}

/* The next whole reply as "code", of several lines the first. Empty: none. */
static inline const char *
talk_reply(struct talk *t, char line[600])
{
	line[0] = '\0';
	while (t->out.len > 0) {
		char *end = memmem(t->out.data, t->out.len, "\r\n", 2);
		size_t n;
		bool last;

		assert_non_null(end);
		n = (size_t)(end - t->out.data);
		assert_true(n > 3 && n <= 510);
		last = t->out.data[3] != '-';
		if (line[0] == '\0')
			str_copy(line, 600, (struct str){ t->out.data, n });
		buf_consume(&t->out, n + 2);
		if (last)
			break;
	}
	return line;
}

static inline void
talk_expect(struct talk *t, const char *why, const char *want)
{
	char line[600];

	talk_reply(t, line);
	if (strncmp(line, want, strlen(want)) != 0 ||
	    (want[0] == '\0' && line[0] != '\0'))
		fail_msg("%s: '%s' instead of '%s'", why, line, want);
}

static inline void
talk_finish(struct talk *t)
{
	session_fini(&t->s);
	buf_fini(&t->out);
	buf_fini(&t->stored);
}

static inline void
talk_setup_with(struct config *cf)
{
	static const struct event_sink sink = { talk_event, NULL };
	struct err err = ERR_INIT;
	int fd;

	talk_config = cf;
	talk_stats = stats_create(&fd, &err);
	assert_non_null(talk_stats);
	close(fd);
	stats_use_slot(talk_stats, 1);
	buf_init(&talk_log, 1 << 24);
	event_set_sink(&sink);
}

static inline void
talk_setup(const char *yaml)
{
	struct err err = ERR_INIT;
	struct config *cf;
	struct bundle b;

	bundle_from_text(&b, "postern.yaml", str_of(yaml));
	cf = config_load_simple(&b, 1, &err);
	bundle_free(&b);
	if (cf == NULL)
		fail_msg("configuration: %s", err.text);
	talk_setup_with(cf);
}

static inline int
talk_teardown(void **state)
{
	(void)state;
	event_set_sink(NULL);
	buf_fini(&talk_log);
	stats_unmap(&talk_stats);
	config_unref(&talk_config);
	return 0;
}

#endif
