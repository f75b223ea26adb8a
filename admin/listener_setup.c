/* listener_setup.c - general options, of one listener and of all
 * (spec receiving 3.7, 3.9) */
#include <stdlib.h>

#include "admin/listener.h"
#include "base/mem.h"

#define KEYS_MAX    8
#define LDAP_ACCEPT "ldap_accept"

/* One entry of a listener's menu: the keys that it asks for. */
static const struct {
	struct dialogue_op op;
	const char *section; /* below the listener; NULL: right there */
	const char *keys[KEYS_MAX];
} parts[] = {
	{ { "DEFAULTDOMAIN", "Configure the default domain." }, NULL,
	    { "default_domain" } },
	{ { "RECEIVED", "Set whether a Received header is added." }, NULL,
	    { "received_header" } },
	{ { "CLEANSMTP", "Set how a CR or LF that stands alone is treated." },
	    NULL, { "bare_newline" } },
	{ { "SENDERBASE", "Set whether reputation is looked up." }, NULL,
	    { "reputation" } },
	{ { "ADDRESS", "Configure how addresses are read." }, "addresses",
	    { "parser", "allow_8bit_user", "allow_8bit_domain", "allow_partial",
		"source_routes", "unknown_literals", "reject_characters" } },
	{ { "CALLAHEAD", "Choose the SMTP call-ahead profile." }, NULL,
	    { "call_ahead" } },
};

/* Of all listeners, in the order of the manual. when: asked if that one is
 * on. */
static const struct {
	const char *key, *question;
	size_t when; /* offset of a bool in struct config; SIZE_MAX: always */
} global[] = {
	{ "max_connections",
	    "Enter the global limit for concurrent connections to be allowed "
	    "across all listeners.",
	    SIZE_MAX },
	{ "max_tls_connections",
	    "Enter the global limit for concurrent TLS connections to be "
	    "allowed across all listeners.",
	    SIZE_MAX },
	{ "rate_period",
	    "Enter the length of time after which the injection control "
	    "counters are reset.",
	    SIZE_MAX },
	{ "sender_interval", NULL, SIZE_MAX },
	{ "unsuccessful_timeout",
	    "Enter the timeout for unsuccessful inbound connections.",
	    SIZE_MAX },
	{ "total_timeout",
	    "Enter the maximum connection time for inbound connections.",
	    SIZE_MAX },
	{ "command_timeout", NULL, SIZE_MAX },
	{ "data_timeout", NULL, SIZE_MAX },
	{ "received_hostname", NULL, SIZE_MAX },
	{ "add_message_id",
	    "Would you like to add a Message-ID to incoming mail that has "
	    "none?",
	    SIZE_MAX },
	{ "delayed_reject",
	    "Would you like HAT rejection to happen at the level of message "
	    "recipients?",
	    SIZE_MAX },
	{ "delayed_reject_code", "Enter the SMTP code to use in the response.",
	    offsetof(struct config, delayed_reject) },
	{ "delayed_reject_text", "Enter your custom SMTP response.",
	    offsetof(struct config, delayed_reject) },
};

static bool ask_part(struct editing *, size_t i, size_t part);
static bool ask_keys(struct editing *, size_t i, const char *section,
    const char *const keys[KEYS_MAX]);
static bool can_call_ahead(const struct listener *);
static const struct schema_section *receiving(void);
static void show_section(
    struct editing *, const struct schema_section *, const void *object);
static bool is_plain(const struct schema_key *);

bool
listener_setup(struct editing *ed, size_t i)
{
	struct dialogue_op ops[NELEM(parts)];
	size_t n = NELEM(parts), op;

	for (size_t k = 0; k < n; k++)
		ops[k] = parts[k].op;
	n -= !can_call_ahead(listener_at(ed, i)); /* the last */
	for (;;) {
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, ops, n, &op))
			return false;
		if (op == n)
			return true;
		if (!ask_part(ed, i, op))
			return false;
	}
}

int
listener_setup_batch(struct editing *ed, struct args *a, size_t i)
{
	char path[LISTENER_PATH];
	int status;

	if (a->at == a->n) {
		show_section(ed, &schema_listener, listener_at(ed, i));
		return TOOL_DONE;
	}
	snprintf(path, sizeof(path), "listeners[%zu]", i);
	status = ask_options(ed, a, &schema_listener, path);
	return status == TOOL_DONE ? editing_done(ed) : status;
}

bool
listener_ldap_accept(struct editing *ed, size_t i)
{
	static const char *const keys[KEYS_MAX] = { "query", "unreachable",
		"code", "text" };

	return ask_keys(ed, i, LDAP_ACCEPT, keys);
}

int
listener_ldap_accept_batch(struct editing *ed, struct args *a, size_t i)
{
	const struct schema_section *s =
	    ask_key_named(&schema_listener, LDAP_ACCEPT)->section;
	char path[LISTENER_PATH];
	int status;

	if (a->at == a->n) {
		show_section(ed, s, listener_at(ed, i));
		return TOOL_DONE;
	}
	snprintf(path, sizeof(path), "listeners[%zu]." LDAP_ACCEPT, i);
	status = ask_options(ed, a, s, path);
	return status == TOOL_DONE ? editing_done(ed) : status;
}

bool
listener_global(struct editing *ed)
{
	const struct schema_section *s = receiving();
	struct config now = *ed->w->config;

	for (size_t k = 0; k < NELEM(global); k++) {
		const struct schema_key *key =
		    schema_find(s, str_of(global[k].key));
		struct question q = {
			.key = key, .text = global[k].question, .object = &now
		};
		bool dflt, changed, ok;
		struct buf answer;

		if (key == NULL ||
		    (global[k].when != SIZE_MAX &&
			!*(bool *)((char *)&now + global[k].when)))
			continue;
		buf_init(&answer, DIALOGUE_LINE);
		ok = ask_value(ed, &q, &answer, &dflt, &changed);
		if (ok && changed)
			editing_text(
			    ed, buf_str(&answer), "receiving.%s", key->name);
		/* What is asked next may depend on it. */
		if (ok && key->type == &value_bool)
			*(bool *)((char *)&now + key->off) =
			    str_is(buf_str(&answer), "yes");
		buf_fini(&answer);
		if (!ok)
			return false;
	}
	editing_save(ed);
	return true;
}

int
listener_global_batch(struct editing *ed, struct args *a)
{
	int status;

	if (a->at == a->n) {
		show_section(ed, receiving(), ed->w->config);
		return TOOL_DONE;
	}
	status = ask_options(ed, a, receiving(), "receiving");
	return status == TOOL_DONE ? editing_done(ed) : status;
}

static bool
ask_part(struct editing *ed, size_t i, size_t part)
{
	return ask_keys(ed, i, parts[part].section, parts[part].keys);
}

static bool
ask_keys(struct editing *ed, size_t i, const char *section,
    const char *const keys[KEYS_MAX])
{
	const struct schema_section *s =
	    section == NULL ? &schema_listener
			    : ask_key_named(&schema_listener, section)->section;
	char path[LISTENER_PATH];

	snprintf(path, sizeof(path), "listeners[%zu]%s%s", i,
	    section != NULL ? "." : "", section != NULL ? section : "");
	for (size_t k = 0; k < KEYS_MAX && keys[k] != NULL; k++) {
		struct question q = {
			.key = ask_key_named(s, keys[k]),
			.object = listener_at(ed, i),
		};

		if (!ask_set(ed, &q, path))
			return false;
	}
	editing_save(ed);
	return true;
}

static bool
can_call_ahead(const struct listener *l)
{
	return l->type == LISTENER_PUBLIC && str_is(l->protocol, "SMTP");
}

static const struct schema_section *
receiving(void)
{
	return ask_key_named(&schema_top, "receiving")->section;
}

/* All single values, as options of the same line would set them. */
static void
show_section(
    struct editing *ed, const struct schema_section *s, const void *object)
{
	for (size_t k = 0; k < s->n; k++) {
		const struct schema_key *key = &s->keys[k];
		struct buf text;

		if (key->section != NULL && key->name != NULL && !key->list &&
		    key->custom.load == NULL)
			show_section(
			    ed, key->section, (const char *)object + key->off);
		if (!is_plain(key))
			continue;
		buf_init(&text, 1 << 20);
		ask_present(key, object, &text);
		fprintf(ed->t->dialogue.out, "%s=%.*s\n", key->name,
		    STR_ARG(buf_str(&text)));
		buf_fini(&text);
	}
}

static bool
is_plain(const struct schema_key *key)
{
	return key->name != NULL && key->type != NULL && !key->list;
}
