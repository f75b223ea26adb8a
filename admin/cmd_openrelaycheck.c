/*
 * cmd_openrelaycheck.c - `openrelaycheck`: would our listeners relay for a
 * stranger?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/attempt.h"
#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/relaytricks.h"
#include "admin/smtpclient.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "config/rat_index.h"

#define TEXT_SIZE (1024u * 1024)

struct check {
	struct tool *tool;
	const char *source, *target, *from, *timeout;
	bool working;
	struct config *config;
	int64_t patience_ms;
	struct ip from_ip; /* unset: of our own choice */
	json_t *list;      /* with --json */
	size_t n_open, n_unknown;
};

/* One listener. */
struct visit {
	struct check *check;
	const struct listener *listener;
	struct relay_names names;
	struct ip ip; /* where it is reached */
	char ip_text[IP_TEXT];
	char own[DOMAIN_MAX + 3];
	size_t n[RELAY_UNKNOWN + 1]; /* of each result */
	size_t n_early;              /* of those refused, before RCPT */
	json_t *tricks;
};

/* One trick at one listener. */
struct round {
	const struct relay_trick *trick;
	struct smtpclient client;
	struct buf said; /* the recipient's path */
	struct ip source;
	bool at_rcpt;
	unsigned code;
	enum relay_result result;
	struct err err;
};

static int run(struct tool *, int argc, char **argv);
static int take(struct check *, int argc, char **argv);
static int check_all(struct check *, int argc, char **argv);
static bool is_meant(const struct listener *, int argc, char **argv);
static void visit(struct check *, const struct listener *);
static void choose_names(struct visit *);
static void choose_own(struct visit *);
static bool takes(const struct listener *, const char *domain);
static void choose_ip(struct visit *);
static void try(struct visit *, const struct relay_trick *, size_t nth);
static struct ip source_of(const struct visit *, size_t nth);
static int converse(struct visit *, struct round *);
static int command(
    struct visit *, struct round *, const char *verb, const char *text);
static void report(struct visit *, struct round *);
static void report_json(struct visit *, const struct round *);
static void summary(struct visit *);
static void say(struct check *, struct buf *);

const struct tool_command cmd_openrelaycheck = {
	.name = "openrelaycheck",
	.usage = "[LISTENER...] [--source ADDRESS] [--target DOMAIN] "
		 "[--from ADDRESS] [--timeout SECONDS] [--working]",
	.summary = "Try to relay through our own listeners",
	.help = "Connects to the public listeners, or to those named, as a "
		"stranger would, and tries the known tricks to make them take "
		"mail for a domain that is not theirs: percent hacks, bang "
		"paths, quoted local parts, source routes, literals, forged "
		"senders, odd characters. Each has a connection of its own; "
		"DATA is never said. --source connects from that address of "
		"this machine; otherwise loopback listeners are visited from "
		"many addresses of loopback. --target is the foreign domain, "
		"--from the sender (the null sender if not given). Fails when "
		"a trick was accepted for somebody else.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct check c = { .tool = t,
		.source = "",
		.target = "",
		.from = "<>",
		.timeout = ATTEMPT_TIMEOUT };
	const struct tool_option options[] = {
		{ "--source", &c.source, NULL },
		{ "--target", &c.target, NULL },
		{ "--from", &c.from, NULL },
		{ "--timeout", &c.timeout, NULL },
		{ "--working", NULL, &c.working },
	};
	int status;

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	status = take(&c, argc, argv);
	if (status == TOOL_DONE) {
		c.list = json_array();
		status = check_all(&c, argc, argv);
		json_decref(c.list);
	}
	config_unref(&c.config);
	return status;
}

static int
take(struct check *c, int argc, char **argv)
{
	struct tool *t = c->tool;
	struct attempt_host target;
	struct err err = ERR_INIT;
	uint64_t seconds;

	if (*c->source != '\0' && !ip_parse(&c->from_ip, str_of(c->source)))
		return tool_usage(t, "--source is an IP address");
	if (*c->target != '\0' &&
	    (!attempt_take_host(&target, c->target) || target.direct))
		return tool_usage(t, "--target is a domain");
	if (strpbrk(c->from, "\r\n") != NULL || *c->from == '\0')
		return tool_usage(t, "--from is an address");
	if (!str_u64(str_of(c->timeout), 600, &seconds) || seconds == 0)
		return tool_usage(t, "--timeout is 1 to 600 seconds");
	c->patience_ms = (int64_t)seconds * 1000;
	c->config = attempt_config(t, c->working, false, &err);
	if (c->config == NULL)
		return tool_fail(t, &err);
	for (int i = 1; i < argc; i++) {
		const struct listener *l =
		    config_listener(c->config, str_of(argv[i]));

		if (l == NULL || listener_is_qmqp(l)) {
			err_set(&err, ERR_PERM,
			    "There is no SMTP listener \"%.80s\".", argv[i]);
			return tool_fail(t, &err);
		}
	}
	return TOOL_DONE;
}

static int
check_all(struct check *c, int argc, char **argv)
{
	size_t n = 0;

	for (size_t i = 0; i < c->config->n_listeners; i++) {
		const struct listener *l = &c->config->listeners[i];

		if (!is_meant(l, argc, argv))
			continue;
		visit(c, l);
		n++;
	}
	if (c->tool->json) {
		json_t *j = json_pack("{s:b, s:O}", "relays", c->n_open > 0,
		    "listeners", c->list);

		tool_print_json(c->tool, j);
		json_decref(j);
	}
	if (n == 0 && !c->tool->json)
		fputs(
		    "There are no public listeners.\n", c->tool->dialogue.out);
	if (c->n_open > 0)
		return TOOL_NEGATIVE;
	return c->n_unknown > 0 ? TOOL_FAILED : TOOL_DONE;
}

static bool
is_meant(const struct listener *l, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (str_is(l->name, argv[i]))
			return true;
	return argc == 1 && l->type == LISTENER_PUBLIC && !listener_is_qmqp(l);
}

static void
visit(struct check *c, const struct listener *l)
{
	struct visit v = { .check = c, .listener = l, .tricks = json_array() };
	struct buf out;

	choose_ip(&v);
	choose_names(&v);
	buf_init(&out, TEXT_SIZE);
	buf_printf(&out,
	    "Listener %.*s (%s port %u): own domain %.*s, foreign domain "
	    "%.*s.\n",
	    STR_ARG(l->name), v.ip_text, l->port, STR_ARG(v.names.own),
	    STR_ARG(v.names.foreign));
	say(c, &out);
	for (size_t i = 0; relay_tricks[i].id != NULL; i++)
		try(&v, &relay_tricks[i], i);
	summary(&v);
	json_array_append_new(c->list,
	    json_pack("{s:s%, s:s, s:i, s:s%, s:s%, s:b, s:o}", "listener",
		l->name.p, l->name.n, "ip", v.ip_text, "port", (int)l->port,
		"own", v.names.own.p, v.names.own.n, "foreign",
		v.names.foreign.p, v.names.foreign.n, "relays",
		v.n[RELAY_OPEN] > 0, "tricks", v.tricks));
	c->n_open += v.n[RELAY_OPEN];
	c->n_unknown += v.n[RELAY_UNKNOWN];
}

/* --- who it is about --- */

static void
choose_ip(struct visit *v)
{
	static const uint8_t none[4];
	const struct ip *ip = &v->listener->interface->ip;
	bool any = ip_is_unset(ip) ||
		   (ip_is_v4(ip) && memcmp(ip->b + 12, none, 4) == 0);

	v->ip = *ip;
	if (any)
		ip_parse(&v->ip, ip_is_v4(ip) ? STR("127.0.0.1") : STR("::1"));
	ip_text(&v->ip, v->ip_text);
}

static void
choose_names(struct visit *v)
{
	static const char *const foreign[] = { "example.net", "example.org",
		"example.edu", "relay.invalid" };
	const struct listener *l = v->listener;
	size_t i = 0;

	choose_own(v);
	while (i + 1 < NELEM(foreign) && takes(l, foreign[i]))
		i++;
	v->names.foreign =
	    str_of(*v->check->target != '\0' ? v->check->target : foreign[i]);
	v->names.host = l->interface->hostname.n > 0
			    ? l->interface->hostname
			    : v->check->config->hostname;
	v->names.ip = str_of(v->ip_text);
}

/* The first domain that it takes mail for. */
static void
choose_own(struct visit *v)
{
	const struct rat *rat = &v->listener->rat;

	v->names.own = v->check->config->hostname;
	for (size_t i = 0; i < rat->n; i++) {
		const struct rat_entry *e = &rat->entries[i];
		struct str key = e->key;

		if (!e->accept || key.n == 0 || key.p[0] == '[')
			continue;
		if (e->kind == RAT_ADDR)
			key = str_sub(key, str_rfind(key, '@') + 1, key.n);
		else if (e->kind != RAT_DOMAIN && e->kind != RAT_SUBDOMAIN)
			continue;
		snprintf(v->own, sizeof(v->own), "%s%.*s",
		    e->kind == RAT_SUBDOMAIN ? "x" : "", STR_ARG(key));
		v->names.own = str_of(v->own);
		return;
	}
}

static bool
takes(const struct listener *l, const char *domain)
{
	char addr[DOMAIN_MAX + 3];
	const struct rat_entry *e;

	if (l->rat.n == 0)
		return false;
	snprintf(addr, sizeof(addr), "v@%s", domain);
	e = rat_index_find(&l->rat, str_of(addr), STR("v@"), str_of(domain));
	return e != NULL && e->accept;
}

/* --- trying --- */

static void
try(struct visit *v, const struct relay_trick *trick, size_t nth)
{
	struct round r = { .trick = trick,
		.source = source_of(v, nth),
		.result = RELAY_UNKNOWN };

	buf_init(&r.said, 4096);
	smtpclient_init(&r.client);
	r.client.source = r.source;
	r.client.patience_ms = v->check->patience_ms;
	relay_expand(trick->rcpt, &v->names, &r.said);
	if (converse(v, &r) == 0)
		r.result = relay_judge(trick, r.at_rcpt, r.code);
	v->n[r.result]++;
	v->n_early += r.result == RELAY_REFUSED && !r.at_rcpt;
	report(v, &r);
	smtpclient_fini(&r.client);
	buf_fini(&r.said);
}

/* A stranger each time where that costs nothing: so no limit of what one host
 * may try comes between. */
static struct ip
source_of(const struct visit *v, size_t nth)
{
	struct ip ip = v->check->from_ip;
	char text[IP_TEXT];

	if (!ip_is_unset(&ip) || !ip_is_v4(&v->ip) || !ip_is_loopback(&v->ip))
		return ip;
	snprintf(text, sizeof(text), "127.99.%u.%u", (unsigned)(nth / 250) + 1,
	    (unsigned)(nth % 250) + 1);
	ip_parse(&ip, str_of(text));
	return ip;
}

/* Up to the reply that decides; -1: there is none. */
static int
converse(struct visit *v, struct round *r)
{
	const struct relay_trick *t = r->trick;
	struct endpoint ep = { v->ip, v->listener->port };
	char where[IP_TEXT + 8];

	if (smtpclient_connect(
		&r->client, endpoint_text(&ep, where), &r->err) == -1 ||
	    smtpclient_read(&r->client, &r->err) == -1)
		return -1;
	r->code = r->client.reply.code;
	if (r->code / 100 != 2)
		return 0;
	if (command(v, r, "EHLO ",
		t->helo != NULL ? t->helo : "stranger.{foreign}") == -1)
		return -1;
	if (r->code / 100 != 2)
		return 0;
	if (t->auth != NULL && command(v, r, t->auth, "") == -1)
		return -1;
	if (command(v, r,
		"MAIL FROM:", t->mail != NULL ? t->mail : v->check->from) == -1)
		return -1;
	if (r->code / 100 != 2)
		return 0;
	if (t->before != NULL && command(v, r, "RCPT TO:", t->before) == -1)
		return -1;
	if (command(v, r, "RCPT TO:", t->rcpt) == -1)
		return -1;
	r->at_rcpt = true;
	smtpclient_send(&r->client, STR("QUIT\r\n"), NULL);
	return 0;
}

static int
command(struct visit *v, struct round *r, const char *verb, const char *text)
{
	struct buf line;
	int rc;

	buf_init(&line, 8192);
	buf_puts(&line, verb);
	relay_expand(text, &v->names, &line);
	buf_puts(&line, "\r\n");
	rc = smtpclient_send(&r->client, buf_str(&line), &r->err);
	buf_fini(&line);
	if (rc == 0)
		rc = smtpclient_read(&r->client, &r->err);
	if (rc == 0)
		r->code = r->client.reply.code;
	return rc;
}

/* --- saying --- */

static void
report(struct visit *v, struct round *r)
{
	static const char *const words[] = {
		[RELAY_REFUSED] = "refused",
		[RELAY_OWN] = "taken for our own domain",
		[RELAY_OPEN] = "RELAYS",
		[RELAY_UNKNOWN] = "not tried",
	};
	struct str text = buf_str(&r->client.reply.text);
	struct buf out;

	report_json(v, r);
	buf_init(&out, TEXT_SIZE);
	buf_printf(&out, "%s  %-40s ", r->trick->id, r->trick->what);
	if (r->err.kind != ERR_NONE)
		buf_printf(&out, "%s: %s\n", words[r->result], r->err.text);
	else {
		buf_printf(&out, "%s: %s%u ", words[r->result],
		    r->at_rcpt ? "" : "before RCPT, ", r->code);
		fields_show_str(
		    &out, str_cut(&text, '\n'), SMTP_REPLY_LINE_MAX);
		buf_putc(&out, '\n');
	}
	say(v->check, &out);
}

static void
report_json(struct visit *v, const struct round *r)
{
	struct str text = buf_str(&r->client.reply.text);
	struct buf shown, reply;
	char ip[IP_TEXT];

	buf_init(&shown, 65536);
	buf_init(&reply, 65536);
	fields_show_str(&shown, buf_str(&r->said), 1000);
	fields_show_str(&reply,
	    r->err.kind != ERR_NONE ? str_of(r->err.text)
				    : str_cut(&text, '\n'),
	    SMTP_REPLY_LINE_MAX);
	json_array_append_new(v->tricks,
	    json_pack("{s:s, s:s, s:s, s:s, s:i, s:b, s:s, s:s}", "id",
		r->trick->id, "trick", r->trick->what, "recipient", shown.data,
		"source",
		ip_is_unset(&r->source) ? "" : ip_text(&r->source, ip), "code",
		r->err.kind != ERR_NONE ? 0 : (int)r->code, "at_rcpt",
		r->at_rcpt, "reply", reply.data, "result",
		relay_result_name(r->result)));
	buf_fini(&shown);
	buf_fini(&reply);
}

static void
summary(struct visit *v)
{
	struct buf out;

	buf_init(&out, TEXT_SIZE);
	buf_printf(&out,
	    "%.*s: %zu refused (%zu before RCPT), %zu taken for our own "
	    "domain, %zu relayed, "
	    "%zu not tried. %s\n",
	    STR_ARG(v->listener->name), v->n[RELAY_REFUSED], v->n_early,
	    v->n[RELAY_OWN], v->n[RELAY_OPEN], v->n[RELAY_UNKNOWN],
	    v->n[RELAY_OPEN] > 0      ? "It relays for strangers."
	    : v->n[RELAY_UNKNOWN] > 0 ? "What was tried does not relay."
				      : "It does not relay.");
	say(v->check, &out);
}

static void
say(struct check *c, struct buf *out)
{
	if (!c->tool->json) {
		fputs(out->data, c->tool->dialogue.out);
		fflush(c->tool->dialogue.out);
	}
	buf_fini(out);
}
