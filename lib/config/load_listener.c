/*
 * load_listener.c - listeners: what one value says about another
 */
#include <stdio.h>

#include "config/loader.h"

#define PORT_SMTP 25
#define PORT_QMQP 628

static uint16_t usual_port(const struct listener *);
static void find_named(struct load *, const struct at *, struct listener *);
static void check_qmqp(
    struct load *, const struct at *, const struct listener *);
static void check_hat_of_qmqp(
    struct load *, const struct at *, const struct hat *);
static void check_trusted(struct load *, const struct at *, const char *key,
    const struct ip_range *, size_t n);

/* The defaults of what follows depend on the type. */
void
load_listener_begin(struct load *ld, const struct at *at, void *object)
{
	const struct schema_key *key =
	    schema_find(&schema_listener, STR("type"));
	const struct node *type = node_get(at->node, "type");
	struct listener probe = { .type = LISTENER_PUBLIC };

	(void)object;
	if (type != NULL && type->kind == NODE_SCALAR)
		key->type->parse(key, type->text, &probe.type, ld->mem, NULL);
	ld->column =
	    probe.type == LISTENER_PUBLIC ? DEFAULT_PUBLIC : DEFAULT_PRIVATE;
}

void
load_listener_finish(struct load *ld, const struct at *at, void *object)
{
	struct listener *l = object;

	ld->column = DEFAULT_PUBLIC;
	find_named(ld, at, l);
	check_trusted(ld, at, "proxy_protocol", l->proxies, l->n_proxies);
	check_trusted(ld, at, "xclient", l->xclients, l->n_xclients);
	if (listener_is_qmqp(l))
		check_qmqp(ld, at, l);
}

/* After the protocol, which says what is usual. */
void
load_port(struct load *ld, const struct at *at, void *object)
{
	static const struct schema_key number = { .name = "port",
		.type = &value_count,
		.width = sizeof(uint16_t),
		.min = 1,
		.max = UINT16_MAX };
	struct listener *l = object;
	struct err err = ERR_INIT;
	struct str text;

	l->port = usual_port(l);
	if (at->node == NULL || !load_scalar(ld, at, &text))
		return;
	if (value_count.parse(&number, text, &l->port, ld->mem, &err) == -1)
		load_error(ld, at, "%s", err.text);
}

void
print_port(struct print *p, const void *object)
{
	const struct listener *l = object;
	char text[8];

	if (!p->all && l->port == usual_port(l))
		return;
	snprintf(text, sizeof(text), "%u", l->port);
	print_line(p, "port", str_of(text));
}

static uint16_t
usual_port(const struct listener *l)
{
	return listener_is_qmqp(l) ? PORT_QMQP : PORT_SMTP;
}

/* That there is what a name says was looked at with the key. */
static void
find_named(struct load *ld, const struct at *at, struct listener *l)
{
	const struct config *c = ld->config;
	struct at interface = at_key(at, "interface"),
		  call_ahead = at_key(at, "call_ahead"),
		  auth = at_key(at, "auth_profile");

	if (c->n_interfaces == 0) {
		load_error(
		    ld, &interface, "there is no interface to listen on");
		return;
	}
	l->interface = load_find(c, "interfaces", l->interface_name);
	if (l->interface == NULL)
		l->interface = &c->interfaces[0];
	l->interface_name = l->interface->name;
	l->certificate = load_find(c, "certificates", l->certificate_name);
	l->auth = load_find(c, "auth_profiles", l->auth_name);
	if (l->auth != NULL && l->auth->kind == AUTH_OUTGOING)
		load_error(
		    ld, &auth, "this profile is of type: outgoing, for routes");
	l->call_ahead = load_find(c, "callahead_profiles", l->call_ahead_name);
	if (l->call_ahead != NULL && l->type != LISTENER_PUBLIC)
		load_error(
		    ld, &call_ahead, "call-ahead is for public listeners");
}

/* QMQ-04; and what only SMTP has must not be demanded of it. */
static void
check_qmqp(struct load *ld, const struct at *at, const struct listener *l)
{
	struct at protocol = at_key(at, "protocol"),
		  xclient = at_key(at, "xclient"), hat = at_key(at, "hat");

	if (l->type == LISTENER_PUBLIC)
		load_warning(ld, &protocol,
		    "is meant for programs of one's own: a public listener "
		    "offers it to everybody");
	if (l->n_xclients > 0)
		load_error(ld, &xclient, "is a command of SMTP; QMQP has none");
	check_hat_of_qmqp(ld, &hat, &l->hat);
}

/* Once, also when many groups take it from the defaults. */
static void
check_hat_of_qmqp(struct load *ld, const struct at *at, const struct hat *hat)
{
	for (size_t i = 0; i < hat->n_groups; i++) {
		const struct policy *p = hat->groups[i].policy;

		if (p == NULL || (p->p.tls == 0 && p->p.smtp_auth == 0))
			continue;
		load_error(ld, at,
		    "the policy of group %.*s wants TLS or authentication; "
		    "QMQP has neither",
		    STR_ARG(hat->groups[i].name));
		return;
	}
}

/* All of IPv4, or of IPv6: then anybody can be anybody. */
static void
check_trusted(struct load *ld, const struct at *up, const char *key,
    const struct ip_range *v, size_t n)
{
	struct at at = at_key(up, key);

	for (size_t i = 0; i < n; i++) {
		char text[IP_RANGE_TEXT];
		struct str form = str_of(ip_range_text(&v[i], text));

		if (str_ends_nocase(form, STR("/0")))
			load_warning(ld, &at,
			    "%s: whoever connects is believed to be whoever "
			    "he says",
			    text);
	}
}
