/* cmd_dig.c - `dig` (delivery-admin 5.7) */
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/dig.h"
#include "admin/hosts.h"
#include "admin/netif.h"
#include "admin/render.h"
#include "base/mem.h"
#include "lookup/present.h"
#include "mail/addr.h"

#define MESSAGE_MAX 65535

/* What was asked, still as words. */
struct words {
	const char *name, *type, *server, *interface, *port;
	bool reverse, tcp, udp, brief, trace, dnssec;
	char typed[3][DIALOGUE_LINE];
};

static int run(struct tool *, int argc, char **argv);
static int take(struct tool *, int argc, char **argv, struct words *);
static int take_option(
    struct tool *, int argc, char **argv, int *i, struct words *);
static bool ask(struct tool *, struct words *);
static bool is_type(struct tool *, const char *word);
static int prepare(struct dig *, const struct netif *, const struct words *);
static bool take_name(struct dig *, const struct words *, struct err *);
static bool take_server(struct dig *, const struct words *, struct err *);
static void usual_servers(struct dig *);
static void add_servers(struct dig *, const struct endpoint *, size_t n);
static int dig(struct dig *);

const struct tool_command cmd_dig = {
	.name = "dig",
	.usage = "[@SERVER] [-s INTERFACE] [-p PORT] [-t|-u] [-x] [TYPE] NAME "
		 "[+short] [+trace] [+tcp] [+dnssec]",
	.summary = "Ask a name server",
	.help =
	    "Asks a name server, and shows what it answers. Without "
	    "@SERVER those of the configuration are asked, past every "
	    "cache: compare with nslookup. -s: from the address of that "
	    "interface. -t, +tcp: over TCP; -u: over UDP only. -x: the name "
	    "of an address. +short: the data alone. +trace: from the root "
	    "to the servers of the name. +dnssec: with signatures.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct words *w = mem_alloc(sizeof(*w));
	struct dig *d = mem_alloc(sizeof(*d));
	struct netif n;
	int status = TOOL_DONE;

	d->t = t;
	if (argc == 1 && t->asks) {
		if (!ask(t, w))
			status = tool_abandoned(t);
	} else {
		status = take(t, argc, argv, w);
	}
	if (status == TOOL_DONE) {
		netif_begin(&n, t);
		d->config = n.config;
		status = prepare(d, &n, w);
		if (status == TOOL_DONE)
			status = w->trace ? dig_trace(d) : dig(d);
		netif_end(&n);
	}
	free(d);
	free(w);
	return status;
}

json_t *
dig_ask(struct dig *d, size_t *bytes, struct err *err)
{
	struct buf message;
	json_t *j = NULL;
	int rc = -1;

	buf_init(&message, 2 * MESSAGE_MAX);
	if (d->n_servers == 0)
		rc = dig_from_root(d, &message, err);
	for (size_t i = 0; i < d->n_servers && rc == -1; i++) {
		d->q.server = d->servers[i];
		rc = dnsquery_ask(&d->q, &message, err);
	}
	*bytes = message.len;
	if (rc == 0) {
		j = dnsquery_json(buf_str(&message), d->q.dnssec);
		if (j == NULL)
			err_set(err, ERR_PROTO, "the answer is malformed");
	}
	buf_fini(&message);
	return j;
}

/* --- what is wanted --- */

static int
take(struct tool *t, int argc, char **argv, struct words *w)
{
	int status = TOOL_DONE;

	for (int i = 1; i < argc && status == TOOL_DONE; i++) {
		if (argv[i][0] == '@')
			w->server = argv[i] + 1;
		else if (argv[i][0] == '-' || argv[i][0] == '+')
			status = take_option(t, argc, argv, &i, w);
		else if (w->type == NULL && i + 1 < argc &&
			 present_type_of(str_of(argv[i])) != -1)
			w->type = argv[i];
		else if (w->name == NULL)
			w->name = argv[i];
		else if (w->type == NULL &&
			 present_type_of(str_of(argv[i])) != -1)
			w->type = argv[i];
		else
			return tool_usage(
			    t, "a TYPE (A, MX, TXT ..., TYPE257) and one NAME");
	}
	if (status == TOOL_DONE && w->name == NULL)
		return tool_usage(t, "the name is missing");
	return status;
}

static int
take_option(struct tool *t, int argc, char **argv, int *i, struct words *w)
{
	const struct {
		const char *word;
		bool *flag;
		const char **value;
	} options[] = { { "-x", &w->reverse, NULL }, { "-t", &w->tcp, NULL },
		{ "-u", &w->udp, NULL }, { "+tcp", &w->tcp, NULL },
		{ "+short", &w->brief, NULL }, { "+trace", &w->trace, NULL },
		{ "+dnssec", &w->dnssec, NULL }, { "-s", NULL, &w->interface },
		{ "-p", NULL, &w->port } };

	for (size_t k = 0; k < NELEM(options); k++) {
		if (strcmp(options[k].word, argv[*i]) != 0)
			continue;
		if (options[k].flag != NULL) {
			*options[k].flag = true;
			return TOOL_DONE;
		}
		if (*i + 1 == argc)
			break;
		*options[k].value = argv[++*i];
		return TOOL_DONE;
	}
	return tool_unknown(t, argv[*i]);
}

static bool
ask(struct tool *t, struct words *w)
{
	struct dialogue *d = &t->dialogue;

	if (!dialogue_needed(d, "\nPlease enter the name to look up.",
		w->typed[0], sizeof(w->typed[0])))
		return false;
	do {
		if (!dialogue_text(d, "\nEnter the query type.", "A",
			w->typed[1], sizeof(w->typed[1])))
			return false;
	} while (!is_type(t, w->typed[1]));
	if (!dialogue_text(d, "\nEnter the name server to ask.", "default",
		w->typed[2], sizeof(w->typed[2])))
		return false;
	w->name = w->typed[0];
	w->type = w->typed[1];
	if (strcmp(w->typed[2], "default") != 0)
		w->server = w->typed[2];
	return true;
}

static bool
is_type(struct tool *t, const char *word)
{
	if (present_type_of(str_of(word)) != -1)
		return true;
	fprintf(t->dialogue.out,
	    "There is no type \"%s\": A, MX, TXT ..., or TYPE257 by number.\n",
	    word);
	return false;
}

/* --- asking --- */

static int
prepare(struct dig *d, const struct netif *n, const struct words *w)
{
	struct err err = ERR_INIT;
	uint64_t port = DIG_PORT;

	if (w->tcp && w->udp)
		return tool_usage(d->t, "either over TCP or over UDP");
	if (w->port != NULL &&
	    (!str_u64(str_of(w->port), 65535, &port) || port == 0))
		return tool_usage(d->t, "PORT is a number within 1..65535");
	d->port = (uint16_t)port;
	d->brief = w->brief;
	d->q.recurse = true;
	d->q.dnssec = w->dnssec;
	d->q.way = w->tcp   ? DNSQUERY_TCP
		   : w->udp ? DNSQUERY_UDP
			    : DNSQUERY_BOTH;
	if (w->interface != NULL &&
	    netif_find(n, w->interface, &d->q.from, &err) == -1)
		return tool_fail(d->t, &err);
	if (!take_name(d, w, &err) || !take_server(d, w, &err))
		return tool_fail(d->t, &err);
	return TOOL_DONE;
}

static bool
take_name(struct dig *d, const struct words *w, struct err *err)
{
	struct str name = str_of(w->name);
	char reverse[80];
	struct arena mem;
	struct ip ip;
	bool is = ip_parse(&ip, name), ok;

	d->q.type = w->type != NULL ? (unsigned)present_type_of(str_of(w->type))
		    : w->reverse    ? 12 /* PTR */
				    : 1;    /* A */
	if (w->reverse && !is) {
		err_set(err, ERR_USAGE, "-x needs an address");
		return false;
	}
	if (w->reverse) {
		ip_reverse_name(&ip, reverse);
		name = str_of(reverse);
	}
	arena_init(&mem, 16 * 1024);
	/* international names, as they are in the DNS */
	addr_domain_ok(name, &name, &mem);
	ok = present_ask(name, &d->q.name);
	arena_free(&mem);
	if (!ok)
		err_set(err, ERR_USAGE, "\"%.100s\" cannot be a name", w->name);
	return ok;
}

/* As an address with a port, or a name. */
static bool
take_server(struct dig *d, const struct words *w, struct err *err)
{
	struct hosts_query q = { w->server, netif_family(&d->q.from) };
	struct ip v[HOSTS_MAX];
	struct endpoint ep;
	size_t n;

	if (w->server == NULL) {
		usual_servers(d);
		return true;
	}
	if (endpoint_parse(&ep, str_of(w->server), d->port)) {
		add_servers(d, &ep, 1);
		return true;
	}
	n = hosts_resolve(d->t, &q, v, err);
	for (size_t i = 0; i < n; i++) {
		ep = (struct endpoint){ v[i], d->port };
		add_servers(d, &ep, 1);
	}
	return n > 0;
}

/* Whom lookupd asks: those of the configuration, else of the system. */
static void
usual_servers(struct dig *d)
{
	struct lookup_system system;

	if (d->config != NULL && d->config->n_dns_servers > 0) {
		add_servers(
		    d, d->config->dns_servers, d->config->n_dns_servers);
		return;
	}
	lookup_system_read(&system, NULL, NULL);
	add_servers(d, system.servers, system.n_servers);
	lookup_system_free(&system);
}

static void
add_servers(struct dig *d, const struct endpoint *v, size_t n)
{
	for (size_t i = 0; i < n && d->n_servers < DIG_SERVERS; i++)
		d->servers[d->n_servers++] = v[i];
}

static int
dig(struct dig *d)
{
	struct err err = ERR_INIT;
	struct buf text;
	size_t bytes;
	json_t *j = dig_ask(d, &bytes, &err);

	if (j == NULL)
		return tool_fail(d->t, &err);
	buf_init(&text, 16 * MESSAGE_MAX);
	tool_space(d->t);
	if (d->t->json)
		tool_print_json(d->t, j);
	else if (d->brief)
		render_dig_short(j, &text);
	else
		render_dig(j, &text);
	tool_print(d->t, &text);
	buf_fini(&text);
	json_decref(j);
	return TOOL_DONE;
}
