/*
 * cmd_smtpping.c - `smtpping`: talk to a mail server, step by step (spec
 * delivery-admin 5.3)
 */
#include <stdio.h>
#include <string.h>

#include "admin/attempt_show.h"
#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/smtpping.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "base/mem.h"
#include "mail/addr.h"
#include "mail/charset.h"
#include "mail/encode.h"
#include "mail/wire.h"

#define TEXT_SIZE (4u * 1024 * 1024)

static int run(struct tool *, int argc, char **argv);
static int take_words(struct smtpping *, int argc, char **argv);
static int read_body(struct smtpping *, const char *file, struct err *);
static int check(struct smtpping *);
static int go(struct smtpping *);
static int go_to(struct smtpping *);
static int unresolved(struct smtpping *, const struct err *);
static int talk(struct smtpping *);
static void write_message(struct smtpping *, struct attempt_job *);
static bool is_last(const struct attempt_conn *);
static int finish(struct smtpping *, const struct attempt_conn *);
static void finish_json(struct smtpping *, const struct attempt_conn *);
static void say(struct smtpping *, struct buf *);
static void say_failed(struct smtpping *);
static void on_connecting(struct attempt *, const struct attempt_conn *);
static void on_connected(struct attempt *, const struct attempt_conn *);
static void on_line(
    struct attempt *, const struct attempt_conn *, const struct attempt_line *);
static void on_secured(struct attempt *, const struct attempt_conn *);
static void on_ended(struct attempt *, const struct attempt_conn *);

static const struct attempt_hooks hooks = {
	.connecting = on_connecting,
	.connected = on_connected,
	.line = on_line,
	.secured = on_secured,
	.ended = on_ended,
};

const struct tool_command cmd_smtpping = {
	.name = "smtpping",
	.usage = "HOST[:PORT] [--mx HOST | --direct] [--interface NAME] "
		 "[--from ADDRESS] [--to ADDRESS] [--subject TEXT] "
		 "[--body TEXT | --file PATH] [--timeout SECONDS] [--working]",
	.summary = "Test a remote SMTP server",
	.help = "Speaks SMTP to a server and shows each step, with the time it "
		"took. HOST may be a domain: then its route, or its MX hosts "
		"and their addresses, are tried in the order of delivery, with "
		"the destination controls of the domain, until one answers; "
		"--mx tries one of these hosts only, --direct, a port or an "
		"address that host itself. TLS is used where it is offered, "
		"and its certificate shown, also where delivery does "
		"without. With --to the server is asked whether it takes mail "
		"for that address; with a body or a subject a message is sent, "
		"not through the queue. --working takes the destination "
		"controls and routes of the working copy.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct smtpping p = { .tool = t,
		.how = { false, "", ATTEMPT_TIMEOUT } };
	int status;

	buf_init(&p.body, SMTPPING_BODY);
	buf_init(&p.content, SLOT_CONTENT_MAX);
	status = take_words(&p, argc, argv);
	if (status == TOOL_DONE)
		status = go(&p);
	buf_fini(&p.body);
	buf_fini(&p.content);
	return status;
}

static int
take_words(struct smtpping *p, int argc, char **argv)
{
	struct tool *t = p->tool;
	const char *mx = "", *from = "", *to = "";
	const char *subject = NULL, *body = NULL, *file = NULL;
	bool direct = false;
	const struct tool_option options[] = {
		{ "--mx", &mx, NULL },
		{ "--direct", NULL, &direct },
		{ "--interface", &p->how.interface, NULL },
		{ "--from", &from, NULL },
		{ "--to", &to, NULL },
		{ "--subject", &subject, NULL },
		{ "--body", &body, NULL },
		{ "--file", &file, NULL },
		{ "--timeout", &p->how.timeout, NULL },
		{ "--working", NULL, &p->how.working },
	};
	struct err err = ERR_INIT;

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	if (argc == 1 && t->asks)
		return smtpping_ask(p);
	if (argc != 2 || (body != NULL && file != NULL) ||
	    (*mx != '\0' && direct))
		return tool_usage(t, NULL);
	if (!attempt_take_host(&p->host, argv[1]))
		return tool_usage(
		    t, "HOST is a name or an IP address, and may have :PORT");
	p->host.direct = p->host.direct || direct;
	p->sends = body != NULL || file != NULL || subject != NULL;
	if (!str_copy(p->mx, sizeof(p->mx), str_of(mx)) ||
	    !str_copy(p->from, sizeof(p->from), str_of(from)) ||
	    !str_copy(p->to, sizeof(p->to), str_of(to)) ||
	    !str_copy(p->subject, sizeof(p->subject),
		subject != NULL ? str_of(subject) : STR("Test Message")))
		return tool_usage(t, "that is too long");
	if (body != NULL)
		buf_puts(&p->body, body);
	if (file != NULL && read_body(p, file, &err) == -1)
		return tool_fail(t, &err);
	return check(p);
}

static int
read_body(struct smtpping *p, const char *file, struct err *err)
{
	FILE *f = fopen(file, "re");
	char *room = buf_room(&p->body, SMTPPING_BODY);
	size_t n;
	bool failed;

	if (f == NULL)
		return err_sys(err, ERR_PERM, "%s", file);
	n = fread(room, 1, SMTPPING_BODY, f);
	buf_grew(&p->body, n);
	failed = ferror(f) || fgetc(f) != EOF;
	fclose(f);
	return failed ? err_set(err, ERR_PERM,
			    "%s: it cannot be read, or is longer than %d bytes",
			    file, SMTPPING_BODY)
		      : 0;
}

static int
check(struct smtpping *p)
{
	struct tool *t = p->tool;

	if (p->sends && *p->to == '\0')
		return tool_usage(t, "to whom? --to is needed");
	if (p->body.failed)
		return tool_usage(t, "the body is too long");
	if (*p->to != '\0' && !smtpping_take_address(p->to))
		return tool_usage(t, "--to is no address");
	if (strcmp(p->from, "<>") != 0 && *p->from != '\0' &&
	    !smtpping_take_address(p->from))
		return tool_usage(t, "--from is no address");
	if (strpbrk(p->subject, "\r\n") != NULL)
		return tool_usage(t, "line ends do not belong there");
	return TOOL_DONE;
}

bool
smtpping_take_address(char text[ADDR_MAX + 1])
{
	struct arena mem;
	struct addr a;
	bool is_one;

	arena_init(&mem, 64 * 1024);
	is_one = addr_parse(&a, str_of(text), &mem, NULL) == ADDR_OK &&
		 a.domain.n > 0 && addr_is_clean(a.text) && a.text.n < ADDR_MAX;
	if (is_one)
		str_copy(text, ADDR_MAX + 1, a.text);
	arena_free(&mem);
	return is_one;
}

/* --- doing it --- */

static int
go(struct smtpping *p)
{
	struct attempt *a = &p->attempt;
	struct err err = ERR_INIT;
	int status;

	if (attempt_open(a, p->tool, &p->how, &hooks, p, &err) == -1)
		status = tool_fail(p->tool, &err);
	else
		status = go_to(p);
	attempt_close(a);
	return status;
}

/* TLS is tried, and looked at, where it is not even wanted. */
static int
go_to(struct smtpping *p)
{
	struct attempt *a = &p->attempt;
	const char *name = p->host.name;
	struct destination limits =
	    *config_destination(a->config, str_of(name));
	struct attempt_to to = { .domain = str_of(name),
		.host = str_of(p->host.direct ? name : ""),
		.port = p->host.port,
		.limits = &limits };
	struct err err = ERR_INIT;
	struct buf out;

	if (limits.tls == TLS_LEVEL_OFF || limits.tls == TLS_LEVEL_PREFERRED)
		limits.tls = TLS_LEVEL_PREFERRED_VERIFY;
	if (attempt_target(a, &to, &err) == -1)
		return unresolved(p, &err);
	if (*p->mx != '\0')
		attempt_only(a, p->mx);
	if (!p->host.direct && !p->tool->json) {
		buf_init(&out, TEXT_SIZE);
		buf_printf(&out, "Mail for %s goes %sto, in this order:\n",
		    name, a->dest->hosts->routed ? "by a route " : "");
		attempt_show_hosts(&out, a);
		say(p, &out);
	}
	return talk(p);
}

static int
unresolved(struct smtpping *p, const struct err *err)
{
	struct buf out;

	if (p->tool->json) {
		finish_json(p, NULL);
	} else {
		buf_init(&out, LOG_VALUE_MAX * 8);
		buf_printf(&out, "Unable to resolve '%s'.\n", p->host.name);
		fields_show(&out, err->text, LOG_VALUE_MAX);
		buf_printf(
		    &out, "\nSMTP test of host %s failed.\n", p->host.name);
		say(p, &out);
	}
	return TOOL_FAILED;
}

static int
talk(struct smtpping *p)
{
	struct attempt *a = &p->attempt;
	struct attempt_job job = { .rcpt = p->to };
	char from[DOMAIN_MAX + 20];
	const struct attempt_conn *c = NULL, *last = NULL;

	if (*p->from == '\0') {
		snprintf(from, sizeof(from), "postmaster@%.*s",
		    STR_ARG(a->config->hostname));
		str_copy(p->from, sizeof(p->from), str_of(from));
	}
	job.sender = strcmp(p->from, "<>") == 0 ? "" : p->from;
	if (p->sends)
		write_message(p, &job);
	do {
		last = c;
		c = attempt_next(a, *p->to != '\0' ? &job : NULL);
	} while (c != NULL && !is_last(c));
	return finish(p, c != NULL ? c : last);
}

static void
write_message(struct smtpping *p, struct attempt_job *job)
{
	int64_t now = clock_wall_ms();
	char date[CLOCK_TEXT];
	struct buf text, body;
	struct arena mem;
	struct wire w;

	arena_init(&mem, 1024 * 1024);
	buf_init(&text, SLOT_CONTENT_MAX);
	buf_init(&body, 2 * SMTPPING_BODY);
	encode_crlf(buf_str(&p->body), &body);
	buf_printf(&text,
	    "Date: %s\r\nFrom: <%s>\r\nTo: <%s>\r\nSubject: %.*s\r\n",
	    clock_rfc5322(now, date), p->from, p->to,
	    STR_ARG(charset_encode_words(
		str_of(p->subject), STR("utf-8"), 9, &mem)));
	buf_printf(&text,
	    "Message-ID: <%lld.smtpping@%.*s>\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n",
	    (long long)now, STR_ARG(p->attempt.config->hostname));
	buf_add_str(&text, buf_str(&body));
	wire_begin(&w, true);
	wire_write(&w, buf_str(&text), &p->content);
	wire_end(&w, &p->content);
	job->content = buf_str(&p->content);
	job->wire_flags = w.flags;
	buf_fini(&text);
	buf_fini(&body);
	arena_free(&mem);
}

/* As delivery: what a server says once it is up is an answer; else another
 * address may do. */
static bool
is_last(const struct attempt_conn *c)
{
	return c->end == ATTEMPT_UP || (c->end == ATTEMPT_REFUSED && c->up);
}

static int
finish(struct smtpping *p, const struct attempt_conn *c)
{
	bool done = c != NULL && c->end == ATTEMPT_UP;
	struct buf out;
	char ip[IP_TEXT];

	if (p->tool->json) {
		finish_json(p, c);
	} else if (!done) {
		say_failed(p);
	} else {
		buf_init(&out, TEXT_SIZE);
		attempt_show_times(&out, &p->attempt, c);
		if (c->demand.auth.n > 0)
			buf_printf(&out,
			    "Delivery would log in as %.*s; this test does "
			    "not.\n",
			    STR_ARG(c->demand.auth));
		if (!p->host.direct && *p->mx == '\0')
			buf_printf(&out, "Delivery would use %s (%s).\n",
			    c->host, ip_text(&c->demand.ip, ip));
		buf_printf(&out, "%sSMTP test of host %s complete.\n",
		    p->sends ? "Message sent. " : "", c->host);
		say(p, &out);
	}
	if (done)
		return TOOL_DONE;
	return c != NULL && c->end == ATTEMPT_REFUSED ? TOOL_NEGATIVE
						      : TOOL_FAILED;
}

static void
finish_json(struct smtpping *p, const struct attempt_conn *c)
{
	bool done = c != NULL && c->end == ATTEMPT_UP;
	json_t *j = json_pack("{s:s, s:b, s:b, s:s, s:o}", "host", p->host.name,
	    "direct", p->host.direct, "complete", done, "sent",
	    done && p->sends ? "yes" : "no", "would_use",
	    c != NULL && c->up && !p->host.direct && *p->mx == '\0'
		? json_string(c->host)
		: json_null());

	json_object_set_new(j, "sent", json_boolean(done && p->sends));
	if (p->attempt.dest != NULL && p->attempt.dest->why != NULL)
		json_object_set_new(
		    j, "error", json_string(p->attempt.dest->why));
	attempt_json_target(j, &p->attempt);
	attempt_json_conns(j, &p->attempt);
	tool_print_json(p->tool, j);
	json_decref(j);
}

/* --- as it happens --- */

static void
say(struct smtpping *p, struct buf *out)
{
	if (!p->tool->json) {
		fputs(out->data, p->tool->dialogue.out);
		fflush(p->tool->dialogue.out);
	}
	buf_fini(out);
}

static void
say_failed(struct smtpping *p)
{
	struct buf out;

	if (p->tested == NULL)
		return;
	buf_init(&out, 4096);
	buf_printf(&out, "SMTP test of host %s failed.\n", p->tested);
	say(p, &out);
}

static void
on_connecting(struct attempt *a, const struct attempt_conn *c)
{
	struct smtpping *p = a->arg;
	bool again = p->tested != NULL && strcmp(p->tested, c->host) == 0;
	char ip[IP_TEXT];
	struct ip is_ip;
	struct buf out;

	if (!again)
		say_failed(p);
	p->tested = c->host;
	buf_init(&out, 4096);
	if (!again)
		buf_printf(&out, "Starting SMTP test of host %s.\n", c->host);
	if (!ip_parse(&is_ip, str_of(c->host)))
		buf_printf(&out, "Resolved '%s' to %s.\n", c->host,
		    ip_text(&c->demand.ip, ip));
	buf_puts(&out, "");
	say(p, &out);
}

static void
on_connected(struct attempt *a, const struct attempt_conn *c)
{
	char ip[IP_TEXT], source[IP_TEXT];
	struct buf out;

	buf_init(&out, 4096);
	buf_printf(&out, "Connected to %s from interface %s.\n",
	    ip_text(&c->demand.ip, ip), ip_text(&c->source, source));
	say(a->arg, &out);
}

static void
on_line(struct attempt *a, const struct attempt_conn *c,
    const struct attempt_line *line)
{
	struct buf out;

	(void)c;
	buf_init(&out, TEXT_SIZE);
	attempt_show_line(&out, line);
	say(a->arg, &out);
}

static void
on_secured(struct attempt *a, const struct attempt_conn *c)
{
	struct buf out;

	buf_init(&out, TEXT_SIZE);
	attempt_show_tls(&out, c);
	if (c->peer.verified)
		buf_puts(&out, c->peer.dane
				   ? "TLS certificate verified by DANE.\n"
				   : "TLS certificate verified.\n");
	else if (c->peer.why[0] != '\0')
		buf_printf(
		    &out, "TLS certificate not verified: %s.\n", c->peer.why);
	say(a->arg, &out);
}

static void
on_ended(struct attempt *a, const struct attempt_conn *c)
{
	char ip[IP_TEXT];
	struct buf out;

	if (c->end == ATTEMPT_UP)
		return;
	ip_text(&c->demand.ip, ip);
	buf_init(&out, TEXT_SIZE);
	if (c->end == ATTEMPT_LOST && !ip_is_unset(&c->source))
		buf_printf(&out, "Connection to %s lost: ", ip);
	else if (c->end == ATTEMPT_LOST && c->why == SESSION_TIMEOUT)
		buf_printf(&out, "Connection to %s timed out", ip);
	else if (c->end == ATTEMPT_LOST)
		buf_printf(&out, "Unable to connect to %s: ", ip);
	if (out.len == 0 || out.data[out.len - 1] == ' ')
		attempt_show_why(&out, c);
	buf_puts(&out, ".\n");
	if (c->end == ATTEMPT_NO_TLS && !TLS_LEVEL_MUST(c->demand.tls))
		buf_puts(&out, "TLS is not required: mail would go in the "
			       "clear.\n");
	say(a->arg, &out);
}
