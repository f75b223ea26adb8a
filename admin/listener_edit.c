/* listener_edit.c - `listenerconfig` -> EDIT: what a listener has, and the
 * menu of its parts (spec receiving 3.9) */
#include <stdlib.h>
#include <string.h>

#include "admin/bounce.h"
#include "admin/interfaces.h"
#include "admin/listener.h"
#include "base/mem.h"
#include "config/table.h"

struct part {
	const char *word, *help;
	bool (*fits)(const struct listener *); /* NULL: all */
	bool (*ask)(struct editing *, size_t i);
	int (*batch)(struct editing *, struct args *, size_t i);
	/* Instead of both: a key that refers to something, and the line for
	 * nothing. */
	const char *key, *question, *none;
};

static void show(struct editing *, const struct listener *);
static void show_line(
    struct buf *, const char *label, struct str value, const char *absent);
static bool is_public(const struct listener *);
static bool is_smtp(const struct listener *);
static bool ask_rename(struct editing *, size_t i);
static int take_rename(struct editing *, struct args *, size_t i);
static bool ask_place(struct editing *, size_t i);
static int take_place(struct editing *, struct args *, size_t i);
static bool ask_limits(struct editing *, size_t i);
static int take_limits(struct editing *, struct args *, size_t i);
static bool ask_reference(struct editing *, size_t i, const struct part *);
static int take_reference(struct editing *, struct args *, size_t i,
    const char *key, const char *none);
static bool ask_bounce(struct editing *, size_t i);
static int take_bounce(struct editing *, struct args *, size_t i);

#define PART(word, help, fits, ask, batch)                                     \
	{                                                                      \
		word, help, fits, ask, batch, NULL, NULL, NULL                 \
	}

static const struct part parts[] = {
	PART("NAME", "Change the name of the listener.", NULL, ask_rename,
	    take_rename),
	PART("INTERFACE", "Change the interface.", NULL, ask_place, take_place),
	{ "CERTIFICATE", "Choose the certificate.", is_smtp, NULL, NULL,
	    "certificate", "Please choose the certificate to use.",
	    "None: STARTTLS is not offered" },
	PART("LIMITS", "Change the injection limits.", NULL, ask_limits,
	    take_limits),
	PART("SETUP", "Configure general options.", NULL, listener_setup,
	    listener_setup_batch),
	PART("HOSTACCESS", "Modify the Host Access Table.", NULL, listener_hat,
	    listener_hat_batch),
	PART("RCPTACCESS", "Modify the Recipient Access Table.", is_public,
	    listener_rat, listener_rat_batch),
	PART("BOUNCECONFIG",
	    "Choose the bounce profile to use for this "
	    "listener.",
	    NULL, ask_bounce, take_bounce),
	PART("MASQUERADE", "Configure the domain masquerading table.", NULL,
	    listener_masquerade, listener_masquerade_batch),
	PART("DOMAINMAP", "Configure domain mappings.", NULL,
	    listener_domain_map, listener_domain_map_batch),
	PART("LDAPACCEPT", "Configure the recipient acceptance query.", NULL,
	    listener_ldap_accept, listener_ldap_accept_batch),
	{ "SMTPAUTH", "Configure SMTP authentication.", is_smtp, NULL, NULL,
	    "auth_profile",
	    "Please choose the SMTP Authentication profile to use.",
	    "None: AUTH is not offered" },
};

bool
listener_edit(struct editing *ed, size_t i)
{
	for (;;) {
		const struct listener *l = listener_at(ed, i);
		struct dialogue_op ops[NELEM(parts)];
		const struct part *here[NELEM(parts)];
		size_t n = 0, op;

		for (size_t k = 0; k < NELEM(parts); k++) {
			if (parts[k].fits != NULL && !parts[k].fits(l))
				continue;
			ops[n] = (struct dialogue_op){ parts[k].word,
				parts[k].help };
			here[n++] = &parts[k];
		}
		tool_space(ed->t);
		show(ed, l);
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, ops, n, &op))
			return false;
		if (op == n)
			return true;
		if (here[op]->key != NULL ? !ask_reference(ed, i, here[op])
					  : !here[op]->ask(ed, i))
			return false;
	}
}

int
listener_edit_batch(struct editing *ed, struct args *a)
{
	const char *name = args_next(a), *word = args_next(a);
	const struct config *c = ed->w->config;
	size_t i;

	if (name == NULL)
		return tool_usage(ed->t, "edit which?");
	i = listener_find(ed, str_of(name));
	if (i == c->n_listeners)
		return editing_deny(ed, "There is no listener \"%s\".", name);
	if (word == NULL) {
		show(ed, listener_at(ed, i));
		return args_finish(a);
	}
	for (size_t k = 0; k < NELEM(parts); k++) {
		if (!str_is_nocase(str_of(word), parts[k].word))
			continue;
		if (parts[k].fits != NULL && !parts[k].fits(listener_at(ed, i)))
			return editing_deny(ed,
			    "\"%s\" is a listener that has no %s.", name, word);
		if (parts[k].key != NULL)
			return take_reference(ed, a, i, parts[k].key, "none");
		return parts[k].batch(ed, a, i);
	}
	return tool_unknown(ed->t, word);
}

static void
show(struct editing *ed, const struct listener *l)
{
	char count[32];
	struct buf out;

	buf_init(&out, 65536);
	buf_printf(&out, "Name: %.*s\nType: %s\nInterface: %.*s (",
	    STR_ARG(l->name), listener_type_name(l->type),
	    STR_ARG(l->interface->name));
	interfaces_address(&out, &l->interface->ip);
	buf_printf(&out, ") TCP Port %u\nProtocol: %.*s\n", l->port,
	    STR_ARG(l->protocol));
	show_line(
	    &out, "Default Domain", l->default_domain, "<none configured>");
	buf_printf(&out, "Max Concurrency: %u (TCP Queue: %u)\n",
	    l->max_concurrency, l->backlog);
	snprintf(count, sizeof(count), "%zu entries",
	    l->domain_map != NULL ? table_count(l->domain_map) : 0);
	show_line(&out, "Domain Map",
	    l->domain_map != NULL ? str_of(count) : STR(""), "Disabled");
	if (is_smtp(l)) {
		show_line(&out, "TLS",
		    l->certificate != NULL ? l->certificate->name : STR(""),
		    "No");
		show_line(&out, "SMTP Authentication",
		    l->auth != NULL ? l->auth->name : STR(""), "Disabled");
	}
	show_line(&out, "Bounce Profile", l->bounce_profile, "Default");
	buf_printf(&out,
	    "Use SenderBase For Reputation Filters and IP Profiling: %s\n"
	    "Footer: None\nHeading: None\n",
	    l->reputation ? "Yes" : "No");
	if (is_public(l) && is_smtp(l))
		show_line(&out, "SMTP Call-Ahead",
		    l->call_ahead != NULL ? l->call_ahead->name : STR(""),
		    "Disabled");
	show_line(&out, "LDAP", l->ldap_accept.query, "Off");
	fputs(out.data, ed->t->dialogue.out);
	buf_fini(&out);
}

static void
show_line(
    struct buf *out, const char *label, struct str value, const char *absent)
{
	if (value.n == 0)
		value = str_of(absent);
	buf_printf(out, "%s: %.*s\n", label, STR_ARG(value));
}

static bool
is_public(const struct listener *l)
{
	return l->type == LISTENER_PUBLIC;
}

static bool
is_smtp(const struct listener *l)
{
	return str_is(l->protocol, "SMTP");
}

static bool
ask_rename(struct editing *ed, size_t i)
{
	const struct schema_key *key = ask_key_named(&schema_listener, "name");
	char name[DIALOGUE_LINE];

	tool_space(ed->t);
	if (!ask_new_name(ed, "Enter the new name for this listener:", key,
		name, sizeof(name), listener_name_taken))
		return false;
	editing_text(ed, str_of(name), "listeners[%zu].name", i);
	editing_save(ed);
	return true;
}

static int
take_rename(struct editing *ed, struct args *a, size_t i)
{
	const char *name = args_next(a);

	if (name == NULL)
		return tool_usage(ed->t, "which name?");
	if (listener_name_taken(ed, str_of(name)))
		return editing_deny(
		    ed, "The name \"%s\" is already in use.", name);
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	editing_text(ed, str_of(name), "listeners[%zu].name", i);
	return editing_done(ed);
}

static bool
ask_place(struct editing *ed, size_t i)
{
	const struct listener *l = listener_at(ed, i);
	const struct interface *in = l->interface;
	uint64_t port;

	if (!interfaces_ask(ed,
		"Please choose an IP interface for this "
		"Listener.",
		in, &in))
		return false;
	tool_space(ed->t);
	do {
		if (!dialogue_number(&ed->t->dialogue,
			"Please enter the IP port for this listener.", 1,
			UINT16_MAX, l->port, &port))
			return false;
	} while (listener_port_taken(ed, in, port, i));
	if (in != l->interface)
		editing_text(ed, in->name, "listeners[%zu].interface", i);
	if (port != l->port) {
		char text[24];

		snprintf(text, sizeof(text), "%u", (unsigned)port);
		editing_text(ed, str_of(text), "listeners[%zu].port", i);
	}
	editing_save(ed);
	return true;
}

/* INTERFACE [PORT] */
static int
take_place(struct editing *ed, struct args *a, size_t i)
{
	const char *name = args_next(a), *text = args_next(a);
	const struct interface *in;
	uint64_t port = listener_at(ed, i)->port;

	if (name == NULL || args_finish(a) != TOOL_DONE)
		return tool_usage(ed->t, "which interface?");
	in = config_interface(ed->w->config, str_of(name));
	if (in == NULL)
		return editing_deny(ed, "There is no interface \"%s\".", name);
	if (text != NULL &&
	    (!str_u64(str_of(text), UINT16_MAX, &port) || port == 0))
		return editing_refuse(
		    ed, "PORT must be within 1..65535, not %s", text);
	if (listener_port_taken(ed, in, port, i))
		return TOOL_NEGATIVE;
	editing_text(ed, in->name, "listeners[%zu].interface", i);
	if (text != NULL)
		editing_text(ed, str_of(text), "listeners[%zu].port", i);
	return editing_done(ed);
}

static bool
ask_limits(struct editing *ed, size_t i)
{
	char path[LISTENER_PATH];
	struct question q = {
		.key = ask_key_named(&schema_listener, "max_concurrency"),
		.text = "Enter the maximum number of concurrent connections "
			"allowed on this listener.",
		.object = listener_at(ed, i),
	};

	snprintf(path, sizeof(path), "listeners[%zu]", i);
	if (!ask_set(ed, &q, path))
		return false;
	q.key = ask_key_named(&schema_listener, "backlog");
	q.text = "Enter the TCP listen queue size.";
	if (!ask_set(ed, &q, path))
		return false;
	editing_save(ed);
	return true;
}

/* CONNECTIONS [QUEUE]; nothing: shows them. */
static int
take_limits(struct editing *ed, struct args *a, size_t i)
{
	const struct listener *l = listener_at(ed, i);
	const char *connections = args_next(a), *queue = args_next(a);

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (connections == NULL) {
		fprintf(ed->t->dialogue.out,
		    "Max Concurrency: %u (TCP Queue: %u)\n", l->max_concurrency,
		    l->backlog);
		return TOOL_DONE;
	}
	editing_text(
	    ed, str_of(connections), "listeners[%zu].max_concurrency", i);
	if (queue != NULL)
		editing_text(ed, str_of(queue), "listeners[%zu].backlog", i);
	return editing_done(ed);
}

/* A key that refers to something, as its part says. */
static bool
ask_reference(struct editing *ed, size_t i, const struct part *part)
{
	char path[LISTENER_PATH];
	struct question q = {
		.key = ask_key_named(&schema_listener, part->key),
		.text = part->question,
		.none = part->none,
		.object = listener_at(ed, i),
	};

	snprintf(path, sizeof(path), "listeners[%zu]", i);
	if (!ask_set(ed, &q, path))
		return false;
	editing_save(ed);
	return true;
}

/* none: the word for nothing. */
static int
take_reference(struct editing *ed, struct args *a, size_t i, const char *key,
    const char *none)
{
	const char *name = args_next(a);

	if (name == NULL || args_finish(a) != TOOL_DONE)
		return tool_usage(ed->t, "which one?");
	if (strcmp(name, none) == 0)
		editing_delete(ed, "listeners[%zu].%s", i, key);
	else
		editing_text(ed, str_of(name), "listeners[%zu].%s", i, key);
	return editing_done(ed);
}

/* The last choice makes a new one. */
static bool
ask_bounce(struct editing *ed, size_t i)
{
	const struct config *c = ed->w->config;
	size_t n = c->n_bounce_profiles, now = 0, chosen;
	struct str *names = mem_array(n + 1, sizeof(*names));
	char name[DIALOGUE_LINE];
	bool answered;

	for (size_t k = 0; k < n; k++) {
		names[k] = c->bounce_profiles[k].name;
		if (str_eq(names[k], listener_at(ed, i)->bounce_profile))
			now = k;
	}
	names[n] = STR("[ New Profile ]");
	answered =
	    ask_name(ed, "Please choose a bounce profile to apply:", names,
		n + 1, now, &chosen);
	*name = '\0';
	if (answered && chosen < n)
		str_copy(name, sizeof(name), names[chosen]);
	free(names);
	if (answered && chosen == n)
		answered = bounce_new(ed, name, sizeof(name));
	if (!answered || *name == '\0' || chosen == now)
		return answered;
	if (chosen == 0)
		editing_delete(ed, "listeners[%zu].bounce_profile", i);
	else
		editing_text(
		    ed, str_of(name), "listeners[%zu].bounce_profile", i);
	editing_save(ed);
	return true;
}

static int
take_bounce(struct editing *ed, struct args *a, size_t i)
{
	return take_reference(ed, a, i, "bounce_profile", "Default");
}
