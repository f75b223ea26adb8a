/* cmd_domainkeysconfig.c - `domainkeysconfig`: DKIM keys and profiles (spec
 * delivery-admin 1.13) */
#include <stdlib.h>
#include <string.h>

#include "admin/args.h"
#include "admin/commands.h"
#include "admin/dkimkeys.h"
#include "admin/fields.h"
#include "admin/hosts.h"
#include "admin/objects.h"
#include "admin/settings.h"
#include "base/mem.h"
#include "config/loader.h"

enum { DNSTXT, TEST };

static void show(struct editing *);
static bool ask_profiles(struct editing *);
static bool ask_keys(struct editing *);
static bool ask_setup(struct editing *);
static bool ask_search(struct editing *);
static int take_profiles(struct editing *, struct args *);
static int take_keys(struct editing *, struct args *);
static int take_setup(struct editing *, struct args *);
static int take_search(struct editing *, struct args *);
static int take_list(struct editing *, struct args *);
static void describe_profile(
    const struct editing *, const void *, struct buf *);
static void describe_key(const struct editing *, const void *, struct buf *);
static bool ask_dns(struct editing *, size_t which);
static int take_dns(struct editing *, struct args *, size_t which);
static int show_dns(struct editing *, struct str name, size_t which);
static int print_record(
    struct editing *, const struct dkim_profile *, struct str record);
static int test(
    struct editing *, const struct dkim_profile *, struct str record);
static bool has_failed(const json_t *found);
static const char *judge(const json_t *found, struct str record);
static int make_file(struct editing *);
static bool ask_public(struct editing *, size_t which);
static int take_public(struct editing *, struct args *, size_t which);
static int show_public(struct editing *, struct str name);
static int search(struct editing *, const char *word);
static void take_match(const char *word, struct str name,
    const struct buf *line, struct buf *out, json_t *names);

static const struct objects_form profiles = {
	.list = "dkim_profiles",
	.what = "profile",
	.title = "DKIM signing profiles:",
	.none = "There are no DKIM signing profiles.",
	.ask_name = "Enter a name for this profile:",
	.op_help = { "Create a new profile.", "Modify a profile.",
	    "Delete a profile." },
	.keys = {
		{ "domain", "Enter the domain name of the signing domain:",
		    NULL, NULL },
		{ "selector", "Enter the selector:", NULL, NULL },
		{ "key", "Choose the key to sign with:", NULL, NULL },
		{ "senders",
		    "Enter the senders whose mail is signed, separated by "
		    "commas. (None: @ and the domain.)",
		    NULL, NULL },
		{ "header", "Choose the canonical form of the header:", NULL,
		    NULL },
		{ "body", "Choose the canonical form of the body:", NULL,
		    NULL },
		{ "fields",
		    "Enter the header fields to sign, separated by commas. "
		    "(None: the usual ones.)",
		    NULL, NULL },
		{ "protect",
		    "Should the signature break when another field of these "
		    "names is added?",
		    NULL, NULL },
		{ "identity", "Enter the identity:", NULL,
		    "Do you want to say for whom it is signed (i=)?" },
		{ "timestamp", "Should it say when it was made?", NULL, NULL },
		{ "valid",
		    "Enter for how many seconds it shall count. (0: not "
		    "said)",
		    NULL, NULL },
	},
	.describe = describe_profile,
	.more = {
		{ "DNSTXT", "Show the DNS record that publishes the key." },
		{ "TEST", "Look whether the DNS has that record." },
	},
	.ask_more = ask_dns,
	.take_more = take_dns,
};

static const struct objects_form keys = {
	.list = "dkim_keys",
	.what = "key",
	.title = "Signing keys:",
	.none = "There are no signing keys.",
	.ask_name = "Enter a name for this key:",
	.op_help = { "Create a new signing key.", "Modify a key.",
	    "Delete a key; its file stays." },
	.keys = {
		{ "type", "Choose the type of the key:", NULL, NULL },
	},
	.describe = describe_key,
	.made = make_file,
	.more = { { "PUBLICKEY", "Show the public key." } },
	.ask_more = ask_public,
	.take_more = take_public,
};

static const struct objects_question setup_keys[] = {
	{ "sign_system_mail",
	    "Do you want to sign what filters and commands write?", NULL,
	    NULL },
	{ NULL, NULL, NULL, NULL },
};

static const struct editing_op ops[] = {
	{ { "PROFILES", "Manage signing profiles." }, ask_profiles,
	    take_profiles },
	{ { "KEYS", "Manage signing keys." }, ask_keys, take_keys },
	{ { "SETUP", "Change what else is signed." }, ask_setup, take_setup },
	{ { "SEARCH", "Search for a profile or key." }, ask_search,
	    take_search },
	{ { "LIST", "Display profiles and keys." }, NULL, take_list },
};
static const struct editing_menu menu = { show, ops, NELEM(ops) };

const struct tool_command cmd_domainkeysconfig = {
	.name = "domainkeysconfig",
	.usage = "[profiles ACTION | profiles dnstxt|test NAME | keys ACTION "
		 "| keys publickey NAME | setup sign_system_mail=yes|no | "
		 "search WORD | list]",
	.summary = "DKIM: keys, and whose mail is signed with them",
	.help = "ACTION is " OBJECTS_USAGE
		". keys new makes a key (type=rsa, of 2048 bits, or "
		"type=ed25519) in a file below secrets/, unless there is "
		"one; keys publickey shows its public half. profiles says "
		"whose mail is signed with which key; KEY is one of "
		"postern.yaml(5). dnstxt shows the record that is to be "
		"published, test asks the DNS for it, as receivers will. "
		"Nothing is in force before a commit; and mail is signed only "
		"when it came in by a mail flow policy that has dkim_signing "
		"on (listenerconfig, hostaccess).",
	.edits = &editing_menus,
	.form = &menu,
};

static void
show(struct editing *ed)
{
	const struct config *c = ed->w->config;

	fprintf(ed->t->dialogue.out,
	    "Number of DKIM Signing Profiles: %zu\n"
	    "Number of Signing Keys: %zu\n"
	    "Sign System-Generated Messages: %s\n",
	    c->n_dkim_profiles, c->n_dkim_keys,
	    c->dkim_system_mail ? "Yes" : "No");
}

static bool
ask_profiles(struct editing *ed)
{
	return objects_ask(ed, &profiles);
}

static int
take_profiles(struct editing *ed, struct args *a)
{
	return objects_take(ed, &profiles, a);
}

static bool
ask_keys(struct editing *ed)
{
	return objects_ask(ed, &keys);
}

static int
take_keys(struct editing *ed, struct args *a)
{
	return objects_take(ed, &keys, a);
}

static bool
ask_setup(struct editing *ed)
{
	return settings_ask_setup(ed,
	    &(struct settings){
		&schema_dkim, ed->w->config, "dkim", false, NULL },
	    setup_keys);
}

static int
take_setup(struct editing *ed, struct args *a)
{
	return settings_take_setup(ed, a,
	    &(struct settings){
		&schema_dkim, ed->w->config, "dkim", false, NULL });
}

static int
take_list(struct editing *ed, struct args *a)
{
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return search(ed, "");
}

/* --- profiles --- */

static void
describe_profile(const struct editing *ed, const void *object, struct buf *out)
{
	const struct dkim_profile *p = object;

	(void)ed;
	buf_printf(out, " (%.*s._domainkey.%.*s, ", STR_ARG(p->selector),
	    STR_ARG(p->domain));
	if (p->key != NULL)
		buf_printf(out, "key %.*s)", STR_ARG(p->key->name));
	else
		buf_puts(out, "no key)");
}

static bool
ask_dns(struct editing *ed, size_t which)
{
	size_t n, k;
	struct str *names = ask_names(ed->w->config, profiles.list, &n);
	bool answered =
	    ask_which(ed, "Enter the name or number of the profile.",
		profiles.what, names, n, &k);

	if (answered && k < n) {
		tool_space(ed->t);
		(void)show_dns(ed, names[k], which);
	}
	free(names);
	return answered;
}

static int
take_dns(struct editing *ed, struct args *a, size_t which)
{
	const char *name = args_next(a);

	if (name == NULL)
		return tool_usage(ed->t, "which profile?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return show_dns(ed, str_of(name), which);
}

static int
show_dns(struct editing *ed, struct str name, size_t which)
{
	const struct dkim_profile *p =
	    load_find(ed->w->config, profiles.list, name);
	struct err err = ERR_INIT;
	struct buf record;
	int status;

	if (p == NULL)
		return editing_deny(
		    ed, "There is no profile \"%.*s\".", STR_ARG(name));
	if (p->key == NULL)
		return editing_deny(ed,
		    "No signing key is specified for profile %.*s.",
		    STR_ARG(name));
	buf_init(&record, 65536);
	if (dkimkey_record(ed->t->paths.etc, p->key, &record, &err) == -1)
		status = tool_fail(ed->t, &err);
	else
		status = (which == TEST ? test : print_record)(
		    ed, p, buf_str(&record));
	buf_fini(&record);
	return status;
}

static int
print_record(
    struct editing *ed, const struct dkim_profile *p, struct str record)
{
	struct buf out;
	json_t *j;

	if (ed->t->json) {
		j = json_pack("{s:o, s:s%}", "name",
		    json_sprintf("%.*s._domainkey.%.*s", STR_ARG(p->selector),
			STR_ARG(p->domain)),
		    "text", record.p, record.n);
		tool_print_json(ed->t, j);
		json_decref(j);
		return TOOL_DONE;
	}
	buf_init(&out, 65536);
	buf_puts(&out, "The DKIM DNS TXT record is:\n");
	dkimkey_zone_line(p, record, &out);
	tool_print(ed->t, &out);
	buf_fini(&out);
	return TOOL_DONE;
}

/* As receivers look for it; several records are none (RFC 6376 3.6.2.2). */
static int
test(struct editing *ed, const struct dkim_profile *p, struct str record)
{
	struct err err = ERR_INIT;
	char name[2 * DOMAIN_MAX];
	const char *bad;
	json_t *found, *j;
	int status;

	snprintf(name, sizeof(name), "%.*s._domainkey.%.*s",
	    STR_ARG(p->selector), STR_ARG(p->domain));
	found = hosts_lookup(ed->t, "TXT", name, &err);
	if (found == NULL)
		return tool_fail(ed->t, &err);
	bad = judge(found, record);
	status = bad == NULL         ? TOOL_DONE
		 : has_failed(found) ? TOOL_FAILED
				     : TOOL_NEGATIVE;
	if (ed->t->json) {
		j = json_pack("{s:s, s:b, s:s}", "name", name, "good",
		    bad == NULL, "problem", bad != NULL ? bad : "");
		tool_print_json(ed->t, j);
		json_decref(j);
	} else if (bad == NULL) {
		fprintf(ed->t->dialogue.out,
		    "The DNS TXT record of %s has the key of profile %.*s.\n",
		    name, STR_ARG(p->name));
	} else {
		fprintf(ed->t->dialogue.out,
		    "The DNS TXT record of %s cannot be used: %s.\n", name,
		    bad);
	}
	json_decref(found);
	return status;
}

static bool
has_failed(const json_t *found)
{
	return str_is(str_of(fields_text(found, "outcome")), "failed");
}

static const char *
judge(const json_t *found, struct str record)
{
	const json_t *all = json_object_get(found, "records");

	if (has_failed(found))
		return "the DNS does not answer now";
	if (json_array_size(all) == 0)
		return "there is none";
	if (json_array_size(all) > 1)
		return "there are several";
	return dkimkey_compare(
	    str_of(fields_text(json_array_get(all, 0), "text")), record);
}

/* --- keys --- */

static void
describe_key(const struct editing *ed, const void *object, struct buf *out)
{
	const struct dkim_key *k = object;

	(void)ed;
	buf_printf(out, " (%s, secrets/%.*s)",
	    k->algorithm == DKIM_RSA ? "rsa" : "ed25519", STR_ARG(k->file));
}

static int
make_file(struct editing *ed)
{
	const struct config *c = ed->w->config;
	const struct dkim_key *k = &c->dkim_keys[c->n_dkim_keys - 1];
	struct err err = ERR_INIT;
	bool made;

	if (dkimkey_make(ed->t->paths.etc, k, &made, &err) == -1)
		return tool_fail(ed->t, &err);
	if (!ed->t->json)
		fprintf(ed->t->dialogue.out,
		    made ? "The key was made: secrets/%.*s.\n"
			 : "The key is the one in secrets/%.*s, which was "
			   "there already.\n",
		    STR_ARG(k->file));
	return TOOL_DONE;
}

static bool
ask_public(struct editing *ed, size_t which)
{
	size_t n, k;
	struct str *names = ask_names(ed->w->config, keys.list, &n);
	bool answered = ask_which(ed, "Enter the name or number of the key.",
	    keys.what, names, n, &k);

	(void)which;
	if (answered && k < n) {
		tool_space(ed->t);
		(void)show_public(ed, names[k]);
	}
	free(names);
	return answered;
}

static int
take_public(struct editing *ed, struct args *a, size_t which)
{
	const char *name = args_next(a);

	(void)which;
	if (name == NULL)
		return tool_usage(ed->t, "which key?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return show_public(ed, str_of(name));
}

static int
show_public(struct editing *ed, struct str name)
{
	const struct dkim_key *k = config_dkim_key(ed->w->config, name);
	struct err err = ERR_INIT;
	struct buf record;
	json_t *j;
	int status = TOOL_DONE;

	if (k == NULL)
		return editing_deny(
		    ed, "There is no key \"%.*s\".", STR_ARG(name));
	buf_init(&record, 65536);
	if (dkimkey_record(ed->t->paths.etc, k, &record, &err) == -1) {
		status = tool_fail(ed->t, &err);
	} else if (ed->t->json) {
		j = json_pack("{s:s%, s:s%}", "key", name.p, name.n, "text",
		    record.data, record.len);
		tool_print_json(ed->t, j);
		json_decref(j);
	} else {
		buf_putc(&record, '\n');
		tool_print(ed->t, &record);
	}
	buf_fini(&record);
	return status;
}

/* --- search --- */

static bool
ask_search(struct editing *ed)
{
	char word[DIALOGUE_LINE];

	tool_space(ed->t);
	if (!dialogue_needed(&ed->t->dialogue,
		"Enter a part of a name, domain, selector or sender:", word,
		sizeof(word)))
		return false;
	(void)search(ed, word);
	return true;
}

static int
take_search(struct editing *ed, struct args *a)
{
	const char *word = args_next(a);

	if (word == NULL)
		return tool_usage(ed->t, "which word?");
	return args_finish(a) == TOOL_DONE ? search(ed, word) : TOOL_USAGE;
}

/* What has the word anywhere; all with an empty one. */
static int
search(struct editing *ed, const char *word)
{
	const struct config *c = ed->w->config;
	json_t *found[2] = { json_array(), json_array() }, *j;
	struct buf out, line;

	buf_init(&out, 1 << 20);
	buf_init(&line, 65536);
	for (size_t i = 0; i < c->n_dkim_profiles; i++) {
		const struct dkim_profile *p = &c->dkim_profiles[i];

		buf_reset(&line);
		buf_printf(&line, "Profile %.*s", STR_ARG(p->name));
		describe_profile(ed, p, &line);
		for (size_t k = 0; k < p->n_senders; k++)
			buf_printf(&line, " %.*s", STR_ARG(p->senders[k].text));
		take_match(word, p->name, &line, &out, found[0]);
	}
	for (size_t i = 0; i < c->n_dkim_keys; i++) {
		const struct dkim_key *k = &c->dkim_keys[i];

		buf_reset(&line);
		buf_printf(&line, "Key %.*s", STR_ARG(k->name));
		describe_key(ed, k, &line);
		take_match(word, k->name, &line, &out, found[1]);
	}
	j = json_pack("{s:o, s:o}", "profiles", found[0], "keys", found[1]);
	if (out.len == 0)
		buf_puts(&out, *word == '\0' ? "There are no DKIM profiles and "
					       "keys.\n"
					     : "Nothing has that in it.\n");
	if (ed->t->json)
		tool_print_json(ed->t, j);
	else
		tool_print(ed->t, &out);
	json_decref(j);
	buf_fini(&out);
	buf_fini(&line);
	return TOOL_DONE;
}

static void
take_match(const char *word, struct str name, const struct buf *line,
    struct buf *out, json_t *names)
{
	if (strcasestr(line->data, word) == NULL)
		return;
	buf_add_str(out, buf_str(line));
	buf_putc(out, '\n');
	json_array_append_new(names, json_stringn(name.p, name.n));
}
