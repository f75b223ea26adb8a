/*
 * cmd_tlsverify.c - `tlsverify`: is a server's TLS what it has to be? (spec
 * delivery-admin 5.9)
 */
#include <stdio.h>
#include <string.h>

#include "admin/attempt_show.h"
#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/verdict.h"
#include "base/bounds.h"
#include "base/mem.h"

#define TEXT_SIZE (4u * 1024 * 1024)

struct verify {
	struct tool *tool;
	struct attempt_how how;
	char domain[DOMAIN_MAX + 1];
	struct attempt_host host;
	bool whole; /* not that host, but wherever mail for the domain goes */
	struct attempt attempt;
	const struct attempt_conn *good; /* NULL: none was */
};

static int run(struct tool *, int argc, char **argv);
static int take(struct verify *, const char *domain, const char *host);
static int ask(struct verify *);
static int verify(struct verify *);
static int connect_to(struct verify *);
static int finish(struct verify *);
static void print_json(struct verify *, const struct tls_verdict *);
static void say(struct verify *, struct buf *);
static void on_connecting(struct attempt *, const struct attempt_conn *);
static void on_connected(struct attempt *, const struct attempt_conn *);
static void on_secured(struct attempt *, const struct attempt_conn *);
static void show_mismatch(struct buf *, const struct attempt_conn *);
static void on_ended(struct attempt *, const struct attempt_conn *);
static void show_failure(struct buf *, const struct attempt_conn *);

static const struct attempt_hooks hooks = {
	.connecting = on_connecting,
	.connected = on_connected,
	.secured = on_secured,
	.ended = on_ended,
};

const struct tool_command cmd_tlsverify = {
	.name = "tlsverify",
	.usage = "DOMAIN [HOST[:PORT]] [--interface NAME] [--timeout SECONDS] "
		 "[--working]",
	.summary = "Verify the TLS of a destination",
	.help = "Opens a TLS connection to a server, as the destination "
		"control \"required_verify\" would, and says step by step "
		"whether its certificate is one of that domain or host. "
		"Without HOST, or when it is the domain itself, the hosts are "
		"those that mail for the domain goes to. After that it shows "
		"the certificates, what the destination controls of the "
		"domain, DANE and MTA-STS demand, and what delivery does with "
		"that server.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct verify v = { .tool = t, .how = { false, "", ATTEMPT_TIMEOUT } };
	const struct tool_option options[] = {
		{ "--interface", &v.how.interface, NULL },
		{ "--timeout", &v.how.timeout, NULL },
		{ "--working", NULL, &v.how.working },
	};
	int status;

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	if (argc == 1 && t->asks)
		status = ask(&v);
	else if (argc != 2 && argc != 3)
		return tool_usage(t, NULL);
	else
		status = take(&v, argv[1], argv[argc - 1]);
	return status == TOOL_DONE ? verify(&v) : status;
}

static int
take(struct verify *v, const char *domain, const char *host)
{
	struct attempt_host d;

	if (!attempt_take_host(&d, domain) || d.port != 25)
		return tool_usage(
		    v->tool, "DOMAIN is one that mail goes to: example.com");
	if (!attempt_take_host(&v->host, host))
		return tool_usage(v->tool,
		    "HOST is a name or an IP address, and may have :PORT");
	str_copy(v->domain, sizeof(v->domain), str_of(d.name));
	v->whole = !v->host.direct && strcmp(v->domain, v->host.name) == 0;
	return TOOL_DONE;
}

static int
ask(struct verify *v)
{
	struct dialogue *d = &v->tool->dialogue;
	char domain[DIALOGUE_LINE], host[DIALOGUE_LINE];

	if (!dialogue_needed(d, "Enter the TLS domain to verify against:",
		domain, sizeof(domain)) ||
	    !dialogue_text(d,
		"Enter the destination host to connect to. Append the port "
		"(example.com:26) if you are not connecting on port 25:",
		domain, host, sizeof(host)))
		return tool_abandoned(v->tool);
	return take(v, domain, host);
}

static int
verify(struct verify *v)
{
	struct err err = ERR_INIT;
	int status;

	if (attempt_open(&v->attempt, v->tool, &v->how, &hooks, v, &err) == -1)
		status = tool_fail(v->tool, &err);
	else
		status = connect_to(v) == 0 ? finish(v) : TOOL_FAILED;
	attempt_close(&v->attempt);
	return status;
}

/* Names decide, and nothing else: neither TLSA records nor a policy. */
static int
connect_to(struct verify *v)
{
	struct attempt *a = &v->attempt;
	struct destination limits =
	    *config_destination(a->config, str_of(v->domain));
	struct attempt_to to = { .domain = str_of(v->domain),
		.host = str_of(v->whole ? "" : v->host.name),
		.port = v->host.port,
		.limits = &limits };
	const struct attempt_conn *c;
	struct err err = ERR_INIT;
	struct buf out;

	limits.tls = TLS_LEVEL_REQUIRED_VERIFY;
	limits.dane = DANE_OFF;
	limits.mta_sts = false;
	if (attempt_target(a, &to, &err) == -1) {
		buf_init(&out, TEXT_SIZE);
		buf_printf(&out, "Unable to resolve '%s'.\n", v->host.name);
		fields_show(&out, err.text, LOG_VALUE_MAX);
		buf_putc(&out, '\n');
		say(v, &out);
		return 0;
	}
	while ((c = attempt_next(a, NULL)) != NULL)
		if (c->end == ATTEMPT_UP) {
			v->good = c;
			break;
		}
	return 0;
}

/* What it ends with, and then what stands behind it. */
static int
finish(struct verify *v)
{
	const struct attempt *a = &v->attempt;
	const struct attempt_host any = { .name = "" };
	struct tls_verdict verdict;
	struct err err = ERR_INIT;
	struct buf out;
	int status = v->good != NULL ? TOOL_DONE : TOOL_FAILED;

	buf_init(&out, TEXT_SIZE);
	if (v->good != NULL)
		buf_printf(
		    &out, "TLS successfully connected to %s.\n", v->good->host);
	buf_puts(&out, "TLS verification completed.\n\n");
	for (size_t i = 0; i < a->n_conns; i++)
		if (a->conns[i]->secured)
			attempt_show_chain(&out, a->conns[i]);
	say(v, &out);
	if (verdict_find(&verdict, v->tool, &v->how, str_of(v->domain),
		v->whole ? &any : &v->host, &err) == -1) {
		status = tool_fail(v->tool, &err);
	} else {
		buf_init(&out, TEXT_SIZE);
		verdict_show(&out, &verdict);
		say(v, &out);
		if (v->tool->json)
			print_json(v, &verdict);
	}
	verdict_free(&verdict);
	return status;
}

static void
print_json(struct verify *v, const struct tls_verdict *verdict)
{
	const struct attempt *a = &v->attempt;
	const struct attempt_conn *last =
	    a->n_conns > 0 ? a->conns[a->n_conns - 1] : NULL;
	json_t *j = json_pack("{s:s, s:s, s:i, s:b}", "domain", v->domain,
	    "host", v->host.name, "port", (int)v->host.port, "verified",
	    v->good != NULL);
	struct buf why;

	buf_init(&why, 65536);
	buf_puts(&why, "");
	if (v->good == NULL && last != NULL)
		show_failure(&why, last);
	else if (v->good == NULL)
		buf_puts(&why, "there is no such host");
	json_object_set_new(
	    j, "reason", why.len > 0 ? json_string(why.data) : json_null());
	buf_fini(&why);
	attempt_json_target(j, a);
	attempt_json_conns(j, a);
	verdict_json(j, verdict);
	tool_print_json(v->tool, j);
	json_decref(j);
}

/* --- as it happens --- */

static void
say(struct verify *v, struct buf *out)
{
	if (!v->tool->json) {
		fputs(out->data, v->tool->dialogue.out);
		fflush(v->tool->dialogue.out);
	}
	buf_fini(out);
}

static void
on_connecting(struct attempt *a, const struct attempt_conn *c)
{
	char ip[IP_TEXT];
	struct buf out;

	buf_init(&out, 4096);
	buf_printf(&out, "Connecting to %s on port %u.\n",
	    ip_text(&c->demand.ip, ip), c->demand.port);
	say(a->arg, &out);
}

static void
on_connected(struct attempt *a, const struct attempt_conn *c)
{
	char ip[IP_TEXT], source[IP_TEXT];
	struct buf out;

	buf_init(&out, 4096);
	buf_printf(&out,
	    "Connected to %s from interface %s.\nChecking TLS connection.\n",
	    ip_text(&c->demand.ip, ip), ip_text(&c->source, source));
	say(a->arg, &out);
}

static void
on_secured(struct attempt *a, const struct attempt_conn *c)
{
	struct buf out;

	buf_init(&out, TEXT_SIZE);
	buf_printf(&out,
	    "TLS connection established: protocol %s, cipher %s.\n"
	    "Verifying peer certificate.\n",
	    c->version, c->cipher);
	if (c->peer.trusted) {
		buf_puts(&out, "Verifying certificate common name ");
		fields_show(&out, c->peer.name, LOG_VALUE_MAX);
		buf_puts(&out, ".\n");
	}
	if (c->peer.verified)
		buf_printf(&out,
		    "TLS certificate match %.*s\nTLS certificate verified.\n",
		    STR_ARG(c->peer.match));
	say(a->arg, &out);
}

static void
on_ended(struct attempt *a, const struct attempt_conn *c)
{
	char ip[IP_TEXT];
	struct buf out;

	ip_text(&c->demand.ip, ip);
	buf_init(&out, TEXT_SIZE);
	if (c->end == ATTEMPT_UP) {
		buf_printf(&out, "TLS connection to %s succeeded.\n", ip);
	} else {
		show_failure(&out, c);
		buf_puts(&out, ".\n");
		if (!ip_is_unset(&c->source))
			buf_printf(&out, "TLS connection to %s failed.\n", ip);
	}
	say(a->arg, &out);
}

/* Without its full stop. */
static void
show_failure(struct buf *out, const struct attempt_conn *c)
{
	if (c->end == ATTEMPT_NO_TLS && c->secured && !c->peer.trusted)
		buf_printf(
		    out, "Certificate verification failed: %s", c->peer.why);
	else if (c->end == ATTEMPT_NO_TLS && c->secured)
		show_mismatch(out, c);
	else if (c->end == ATTEMPT_NO_TLS && !c->starttls)
		buf_puts(out, "Host does not offer STARTTLS");
	else if (c->end == ATTEMPT_NO_TLS || c->end == ATTEMPT_REFUSED)
		attempt_show_why(out, c);
	else {
		buf_printf(out,
		    ip_is_unset(&c->source) ? "Failed to connect to %s: "
					    : "Connection to %s was lost: ",
		    c->host);
		attempt_show_why(out, c);
	}
}

static void
show_mismatch(struct buf *out, const struct attempt_conn *c)
{
	const struct str *names[] = { &c->demand.tls_name,
		&c->demand.tls_name2 };

	buf_printf(out,
	    "TLS certificate name mismatch: certificate is for %s; expected ",
	    c->n_shown > 0 && c->shown[0].names[0] != '\0' ? c->shown[0].names
							   : "no name");
	for (size_t i = 0; i < NELEM(names); i++)
		if (names[i]->n > 0)
			buf_printf(out, "%s%.*s", i > 0 ? " or " : "",
			    STR_ARG(*names[i]));
}
