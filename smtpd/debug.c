/* debug.c - a session, for injection debug logs */
#include "smtpd/debug.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/log_match.h"
#include "event/event.h"
#include "smtp/command.h"
#include "stats/debug.h"

#define PIECE_MAX 900 /* of a line, in one line of the log */
#define LOGS_MAX  100
#define MASK      STR("***\r\n")
#define CHALLENGE STR("334 ")

struct session_debug {
	struct str logs[LOGS_MAX]; /* in the session's configuration */
	size_t n_logs;
	size_t mark;     /* what of out was told */
	struct buf line; /* of the client, not whole yet */
	unsigned phase;  /* in which it came */
	bool inside;     /* a part of that line was told */
	bool secret;     /* an AUTH exchange: until a command comes */
	bool hidden;     /* this line is a part of it */
};

static void take_logs(struct smtp_session *, struct str *logs, size_t *n);
static void client_line(struct smtp_session *, bool whole);
static bool is_secret(struct session_debug *, struct str line);
static struct str shown(
    const struct session_debug *, struct str line, char *buf, size_t size);
static void tell(const struct smtp_session *, enum event_id, struct str text);

void
debug_begin(struct smtp_session *s)
{
	struct str logs[LOGS_MAX];
	size_t n = 0;

	debug_end(s);
	if (s->config->log_types & 1u << LOG_INJECTION_DEBUG)
		take_logs(s, logs, &n);
	if (n == 0)
		return;
	s->debug = mem_alloc(sizeof(*s->debug));
	memcpy(s->debug->logs, logs, n * sizeof(*logs));
	s->debug->n_logs = n;
	buf_init(&s->debug->line, PIECE_MAX + 1);
	debug_mark(s);
}

void
debug_end(struct smtp_session *s)
{
	if (s->debug == NULL)
		return;
	client_line(s, true);
	buf_fini(&s->debug->line);
	free(s->debug);
	s->debug = NULL;
}

void
debug_mark(struct smtp_session *s)
{
	if (s->debug != NULL)
		s->debug->mark = s->out->len;
}

void
debug_sent(struct smtp_session *s)
{
	struct session_debug *d = s->debug;
	struct str rest;

	if (d == NULL)
		return;
	rest = str_sub(buf_str(s->out), d->mark, s->out->len);
	d->mark = s->out->len;
	while (rest.n > 0) {
		size_t n = str_find(rest, '\n') + 1;
		struct str line;

		n = n < PIECE_MAX ? n : PIECE_MAX;
		line = str_sub(rest, 0, n);
		rest = str_sub(rest, n, rest.n);
		if (str_starts(line, CHALLENGE))
			line = STR("334 ***\r\n");
		tell(s, EVENT_CLIENT_SENT, line);
	}
}

void
debug_received(struct smtp_session *s, struct str in, unsigned phase)
{
	struct session_debug *d = s->debug;

	if (d == NULL)
		return;
	for (size_t i = 0; i < in.n; i++) {
		d->phase = phase;
		buf_putc(&d->line, in.p[i]);
		if (in.p[i] == '\n' || d->line.len == PIECE_MAX)
			client_line(s, in.p[i] == '\n');
	}
}

static void
take_logs(struct smtp_session *s, struct str *logs, size_t *n)
{
	const struct config *c = s->config;

	for (size_t i = 0; i < c->n_logs && *n < LOGS_MAX; i++)
		if (log_has_client(
			&c->logs[i], &s->facts.client, s->facts.host) &&
		    stats_debug_take(
			s->stats, c->logs[i].name, c->logs[i].sessions))
			logs[(*n)++] = c->logs[i].name;
}

/* A line, or a part of one that is too long for a line of the log. */
static void
client_line(struct smtp_session *s, bool whole)
{
	struct session_debug *d = s->debug;
	struct str line = buf_str(&d->line);
	char buf[80];

	if (line.n == 0)
		return;
	if (!d->inside) {
		d->hidden = is_secret(d, line);
		if (d->hidden)
			line = shown(d, line, buf, sizeof(buf));
	}
	if (!d->inside || !d->hidden)
		tell(s, EVENT_CLIENT_RCVD, line);
	d->inside = !whole;
	buf_reset(&d->line);
}

/*
 * Whoever begins with AUTH may send credentials with it and behind it, whether
 * he was asked for them or not: all up to the next command. A command that is
 * none of ours may be a password.
 */
static bool
is_secret(struct session_debug *d, struct str line)
{
	struct command_line c;

	if (d->phase & PH_AUTH)
		return true;
	if (!(d->phase & PH_COMMAND))
		return false;
	command_split(&c, str_trim(line));
	if (c.verb == VERB_AUTH)
		d->secret = true;
	else if (c.verb != VERB_UNKNOWN)
		d->secret = false;
	return d->secret;
}

/* "AUTH PLAIN ***" */
static struct str
shown(const struct session_debug *d, struct str line, char *buf, size_t size)
{
	struct str rest = str_trim(line);
	struct command_line c;
	struct buf b;

	command_split(&c, rest);
	if (d->phase & PH_AUTH || c.verb != VERB_AUTH)
		return MASK;
	buf_init(&b, size);
	buf_add_str(&b, str_sub(str_word(&rest), 0, 8));
	buf_putc(&b, ' ');
	buf_add_str(&b, str_sub(str_word(&rest), 0, 40));
	buf_puts(&b, str_trim(rest).n > 0 ? " ***\r\n" : "\r\n");
	str_copy(buf, size, buf_str(&b));
	buf_fini(&b);
	return str_of(buf);
}

static void
tell(const struct smtp_session *s, enum event_id id, struct str text)
{
	struct event_CLIENT_SENT e = {
		.icid = s->icid, .ip = s->facts.client, .text = text
	};

	for (size_t i = 0; i < s->debug->n_logs; i++) {
		e.log = s->debug->logs[i];
		event_emit(id, &e);
	}
}
