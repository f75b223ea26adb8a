/* listener_new.c - `listenerconfig` -> NEW (spec receiving 3.9) */
#include <stdlib.h>
#include <string.h>

#include "admin/interfaces.h"
#include "admin/listener.h"
#include "admin/policy.h"
#include "admin/senders.h"
#include "base/mem.h"

enum approach { CONSERVATIVE, MODERATE, AGGRESSIVE, N_APPROACHES };

struct plan {
	enum listener_type type;
	char name[DIALOGUE_LINE];
	const struct interface *interface;
	bool qmqp;
	uint64_t port;
	char hosts[DIALOGUE_LINE]; /* to relay, or recipients to accept */
	bool reputation;
	enum approach approach;
	uint64_t rate; /* recipients per hour; 0: any number */
};

/* Score ranges of the groups (4.4); moderate is what listeners have. */
static const struct {
	const char *word;
	const char *allow, *block, *suspect, *unknown;
} approaches[N_APPROACHES] = {
	{ "conservative", "sbrs[7.0:10.0]", "sbrs[-10.0:-4.0]",
	    "sbrs[-4.0:-2.0]", "sbrs[-2.0:7.0]" },
	{ "moderate", NULL, NULL, NULL, NULL },
	{ "aggressive", "sbrs[4.0:10.0]", "sbrs[-10.0:-2.0]", "sbrs[-2.0:-1.0]",
	    "sbrs[-1.0:4.0]" },
};

static bool ask_plan(struct editing *, struct plan *);
static bool ask_type(struct editing *, struct plan *);
static bool ask_free_name(struct editing *, struct plan *);
static bool ask_port(struct editing *, struct plan *);
static bool ask_hosts(struct editing *, struct plan *);
static bool ask_approach(struct editing *, struct plan *);
static bool ask_rate(struct editing *, struct plan *);
static bool ask_policy(struct editing *, const struct plan *, size_t at);
static int take_plan(struct editing *, struct args *, struct plan *);
static int take_place(struct editing *, struct args *, struct plan *);
static int take_hosts(struct editing *, struct args *, struct plan *);
static size_t insert(struct editing *, const struct plan *);
static void describe(const struct plan *, struct buf *);
static void describe_groups(const struct plan *, struct buf *);
static void describe_scores(enum approach, struct buf *);
static int created(struct editing *, const struct plan *);

bool
listener_new(struct editing *ed)
{
	struct plan p = { .reputation = true, .approach = MODERATE };
	size_t at;

	if (ed->w->config->n_interfaces == 0) {
		fputs("There is no interface to listen on; create one with "
		      "interfaceconfig.\n",
		    ed->t->dialogue.out);
		return true;
	}
	if (!ask_plan(ed, &p))
		return false;
	at = insert(ed, &p);
	if (!ask_policy(ed, &p, at))
		return false;
	created(ed, &p);
	return true;
}

int
listener_new_batch(struct editing *ed, struct args *a)
{
	struct plan p = { .reputation = true, .approach = MODERATE };
	char path[LISTENER_PATH];
	int status = take_plan(ed, a, &p);
	size_t at;

	if (status != TOOL_DONE)
		return status;
	at = insert(ed, &p);
	snprintf(path, sizeof(path), "listeners[%zu].hat.defaults", at);
	status = ask_options(ed, a, &schema_policy_params, path);
	return status == TOOL_DONE ? created(ed, &p) : status;
}

static bool
ask_plan(struct editing *ed, struct plan *p)
{
	static const char *const protocols[] = { "SMTP", "QMQP" };
	size_t protocol;

	if (!ask_type(ed, p) || !ask_free_name(ed, p) ||
	    !interfaces_ask(ed,
		"Please choose an IP interface for this "
		"Listener.",
		NULL, &p->interface))
		return false;
	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue, "Choose a protocol.", protocols,
		2, 0, &protocol))
		return false;
	p->qmqp = protocol == 1;
	return ask_port(ed, p) && ask_hosts(ed, p) && ask_approach(ed, p) &&
	       ask_rate(ed, p);
}

static bool
ask_type(struct editing *ed, struct plan *p)
{
	static const char *const types[] = { "Private", "Public", "Sinkhole" };
	size_t type;
	bool queued;

	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue,
		"Please select the type of listener you want to create.", types,
		3, 1, &type))
		return false;
	p->type = type == 0 ? LISTENER_PRIVATE : LISTENER_PUBLIC;
	if (type < 2)
		return true;
	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue,
		"Do you want messages to be queued onto disk?", false, &queued))
		return false;
	p->type = queued ? LISTENER_SINKHOLE_QUEUE : LISTENER_SINKHOLE_NOQUEUE;
	return true;
}

static bool
ask_free_name(struct editing *ed, struct plan *p)
{
	const char *question =
	    p->type == LISTENER_PUBLIC
		? "Please create a name for this listener (Ex: "
		  "\"InboundMail\"):"
		: "Please create a name for this listener (Ex: "
		  "\"OutboundMail\"):";
	const struct schema_key *key = ask_key_named(&schema_listener, "name");

	tool_space(ed->t);
	return ask_new_name(
	    ed, question, key, p->name, sizeof(p->name), listener_name_taken);
}

static bool
ask_port(struct editing *ed, struct plan *p)
{
	tool_space(ed->t);
	do {
		if (!dialogue_number(&ed->t->dialogue,
			"Please enter the IP port for this listener.", 1,
			UINT16_MAX, p->qmqp ? 628 : 25, &p->port))
			return false;
	} while (listener_port_taken(
	    ed, p->interface, p->port, ed->w->config->n_listeners));
	return true;
}

static bool
ask_hosts(struct editing *ed, struct plan *p)
{
	static const char *const relay =
	    "Please specify the systems allowed to relay email through "
	    "Postern.\n"
	    "Hostnames such as \"example.com\" are allowed.\n"
	    "Partial hostnames such as \".example.com\" are allowed.\n"
	    "IP addresses, IP address ranges, and partial IP addressed are "
	    "allowed.\n"
	    "Separate multiple entries with commas.";
	static const char *const accept =
	    "Please enter the domains or addresses that you want to accept "
	    "mail for.\n"
	    "Domains such as \"example.com\" are allowed.\n"
	    "Partial domains such as \".example.com\" are allowed.\n"
	    "Addresses such as \"joe@example.com\", \"joe@[192.0.2.1]\" and "
	    "\"postmaster@\" are allowed.\n"
	    "Separate multiple entries with commas.";

	return p->type == LISTENER_PUBLIC
		   ? senders_ask(ed, accept, "", senders_recipient, p->hosts,
			 sizeof(p->hosts))
		   : senders_ask(ed, relay, "", senders_host, p->hosts,
			 sizeof(p->hosts));
}

static bool
ask_approach(struct editing *ed, struct plan *p)
{
	static const char *const items[N_APPROACHES] = { "Conservative",
		"Moderate", "Aggressive" };
	size_t chosen;

	if (p->type != LISTENER_PUBLIC)
		return true;
	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue,
		"Would you like to enable filtering based on IP reputation "
		"scores?",
		true, &p->reputation))
		return false;
	if (!p->reputation)
		return true;
	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue,
		"Please choose an approach to filtering.", items, N_APPROACHES,
		MODERATE, &chosen))
		return false;
	p->approach = (enum approach)chosen;
	return true;
}

static bool
ask_rate(struct editing *ed, struct plan *p)
{
	bool yes;

	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue,
		"Do you want to enable rate limiting per host? (Rate limiting "
		"defines\nthe maximum number of recipients per hour you are "
		"willing to receive from a remote\ndomain.)",
		false, &yes))
		return false;
	if (!yes)
		return true;
	tool_space(ed->t);
	return dialogue_number(&ed->t->dialogue,
	    "Enter the maximum number of recipients per hour to accept from a "
	    "remote domain.",
	    1, 1000000000, 1000, &p->rate);
}

/* What the listener's default parameters will be, and others if wanted. */
static bool
ask_policy(struct editing *ed, const struct plan *p, size_t at)
{
	struct policy_params params = { 0 };
	char path[LISTENER_PATH];
	struct arena mem;
	struct buf text;
	bool yes, ok;

	arena_init(&mem, 65536);
	schema_defaults(&schema_policy_params,
	    p->type == LISTENER_PUBLIC ? DEFAULT_PUBLIC : DEFAULT_PRIVATE,
	    &params, &mem);
	if (p->rate != 0)
		params.max_rcpts_per_hour = p->rate;
	buf_init(&text, 65536);
	policy_show(&params, &text);
	tool_space(ed->t);
	fputs(text.data, ed->t->dialogue.out);
	buf_fini(&text);
	tool_space(ed->t);
	ok = dialogue_yes(&ed->t->dialogue,
	    "Would you like to change the default host access policy?", false,
	    &yes);
	snprintf(path, sizeof(path), "listeners[%zu].hat.defaults", at);
	if (ok && yes)
		ok = policy_ask(ed, &params, NULL, path);
	arena_free(&mem);
	return ok;
}

static int
take_plan(struct editing *ed, struct args *a, struct plan *p)
{
	const char *name = args_next(a), *type = args_next(a);
	const char *word;
	int status;

	if (name == NULL || type == NULL)
		return tool_usage(ed->t, NULL);
	if (!str_copy(p->name, sizeof(p->name), str_of(name)) ||
	    listener_name_taken(ed, str_of(name)))
		return editing_deny(
		    ed, "The name \"%s\" is already in use.", name);
	if (ask_key_named(&schema_listener, "type")
		->type->parse(ask_key_named(&schema_listener, "type"),
		    str_of(type), &p->type, NULL, &ed->err) == -1)
		return editing_refuse(ed,
		    "TYPE must be public, private, "
		    "sinkhole-queue or sinkhole-noqueue, not %s",
		    type);
	status = take_place(ed, a, p);
	if (status != TOOL_DONE)
		return status;
	word = args_option(a, "rate");
	if (word != NULL && !str_u64(str_of(word), 1000000000, &p->rate))
		return editing_refuse(
		    ed, "rate must be a number, not %s", word);
	return take_hosts(ed, a, p);
}

/* INTERFACE, PROTOCOL, PORT */
static int
take_place(struct editing *ed, struct args *a, struct plan *p)
{
	const struct config *c = ed->w->config;
	const char *word = args_next(a);

	if (c->n_interfaces == 0)
		return editing_deny(ed, "There is no interface to listen on.");
	p->interface = &c->interfaces[0];
	if (word != NULL)
		p->interface = config_interface(c, str_of(word));
	if (p->interface == NULL)
		return editing_deny(ed, "There is no interface \"%s\".", word);
	word = args_next(a);
	p->qmqp = word != NULL && str_is_nocase(str_of(word), "QMQP");
	if (word != NULL && !p->qmqp && !str_is_nocase(str_of(word), "SMTP"))
		return editing_refuse(
		    ed, "PROTOCOL must be SMTP or QMQP, not %s", word);
	word = args_next(a);
	p->port = p->qmqp ? 628 : 25;
	if (word != NULL &&
	    (!str_u64(str_of(word), UINT16_MAX, &p->port) || p->port == 0))
		return editing_refuse(
		    ed, "PORT must be within 1..65535, not %s", word);
	if (listener_port_taken(ed, p->interface, p->port, c->n_listeners))
		return TOOL_NEGATIVE;
	return TOOL_DONE;
}

static int
take_hosts(struct editing *ed, struct args *a, struct plan *p)
{
	bool public = p->type == LISTENER_PUBLIC;
	const char *list = args_option(a, public ? "accept" : "relay");
	const char *approach = public ? args_option(a, "approach") : NULL;
	const char *reputation = public ? args_option(a, "reputation") : NULL;
	struct err err = ERR_INIT;

	if (list != NULL &&
	    (!str_copy(p->hosts, sizeof(p->hosts), str_of(list)) ||
		!senders_check(str_of(list),
		    public ? senders_recipient : senders_host, &err))) {
		if (err.kind == ERR_NONE)
			err_set(&err, ERR_USAGE, "the list is too long");
		return tool_fail(ed->t, &err);
	}
	if (reputation != NULL)
		p->reputation = str_is_nocase(str_of(reputation), "yes");
	for (size_t i = 0; approach != NULL; i++) {
		if (i == N_APPROACHES)
			return editing_refuse(ed,
			    "approach must be conservative, moderate or "
			    "aggressive, not %s",
			    approach);
		if (strcmp(approach, approaches[i].word) == 0) {
			p->approach = (enum approach)i;
			break;
		}
	}
	return TOOL_DONE;
}

/* Into the list, sorted by interface as far as the others are. */
static size_t
insert(struct editing *ed, const struct plan *p)
{
	const struct config *c = ed->w->config;
	struct buf yaml;
	size_t at = 0;

	while (at < c->n_listeners && strcmp(c->listeners[at].interface->name.p,
					  p->interface->name.p) <= 0)
		at++;
	buf_init(&yaml, 1 << 20);
	describe(p, &yaml);
	editing_insert(ed, at, buf_str(&yaml), "listeners");
	buf_fini(&yaml);
	return at;
}

static void
describe(const struct plan *p, struct buf *out)
{
	const struct schema_key *type = ask_key_named(&schema_listener, "type");
	struct str *v;
	struct buf word;
	size_t n;

	buf_init(&word, 100);
	type->type->print(type, &p->type, &word);
	yaml_pair(out, "", "name", str_of(p->name));
	yaml_pair(out, "", "type", buf_str(&word));
	buf_fini(&word);
	yaml_pair(out, "", "interface", p->interface->name);
	if (p->qmqp)
		yaml_pair(out, "", "protocol", STR("QMQP"));
	buf_printf(out, "port: %u\n", (unsigned)p->port);
	if (p->type == LISTENER_PUBLIC && !p->reputation)
		buf_puts(out, "reputation: no\n");
	v = args_list(p->hosts, &n);
	if (p->type == LISTENER_PUBLIC) {
		buf_puts(out, n > 0 ? "rat:\n" : "rat: []\n");
		for (size_t i = 0; i < n; i++)
			yaml_item(out, "  ", v[i]);
	}
	free(v);
	describe_groups(p, out);
}

static void
describe_groups(const struct plan *p, struct buf *out)
{
	struct str *v;
	size_t n;

	if (p->rate == 0 && *p->hosts == '\0' && p->type != LISTENER_PUBLIC)
		return;
	if (p->rate == 0 && p->type == LISTENER_PUBLIC &&
	    approaches[p->approach].allow == NULL)
		return;
	buf_puts(out, "hat:\n");
	if (p->rate != 0)
		buf_printf(out, "  defaults:\n    max_rcpts_per_hour: %u\n",
		    (unsigned)p->rate);
	if (p->type == LISTENER_PUBLIC) {
		describe_scores(p->approach, out);
		return;
	}
	v = args_list(p->hosts, &n);
	if (n > 0)
		buf_puts(out, "  groups:\n"
			      "    - name: RELAYLIST\n"
			      "      policy: $RELAYED\n"
			      "      entries:\n");
	for (size_t i = 0; i < n; i++)
		yaml_item(out, "        ", v[i]);
	if (n > 0)
		buf_puts(out, "    - name: ALL\n"
			      "      policy: $BLOCKED\n");
	free(v);
}

static void
describe_scores(enum approach a, struct buf *out)
{
	if (approaches[a].allow == NULL)
		return;
	buf_printf(out,
	    "  groups:\n"
	    "    - {name: ALLOWLIST, policy: $TRUSTED, entries: [\"%s\"]}\n"
	    "    - {name: BLOCKLIST, policy: $BLOCKED, entries: [\"%s\"]}\n"
	    "    - {name: SUSPECTLIST, policy: $THROTTLED, entries: "
	    "[\"%s\"]}\n"
	    "    - {name: UNKNOWNLIST, policy: $ACCEPTED, entries: [\"%s\", "
	    "\"sbrs[none]\"]}\n"
	    "    - {name: ALL, policy: $ACCEPTED}\n",
	    approaches[a].allow, approaches[a].block, approaches[a].suspect,
	    approaches[a].unknown);
}

static int
created(struct editing *ed, const struct plan *p)
{
	int status = editing_done(ed);

	if (status != TOOL_DONE || ed->t->json)
		return status;
	tool_space(ed->t);
	fprintf(ed->t->dialogue.out,
	    "Listener %s created.\n"
	    "Defaults have been set for a %s listener.\n"
	    "Use the listenerconfig->EDIT command to customize the "
	    "listener.\n",
	    p->name, listener_type_name(p->type));
	return status;
}
