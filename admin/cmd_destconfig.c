/* cmd_destconfig.c - `destconfig`: destination controls (spec delivery-admin
 * 1.8) */
#include "admin/commands.h"
#include "admin/destfile.h"
#include "admin/objects.h"
#include "admin/objects_show.h"
#include "admin/settings.h"
#include "base/mem.h"

#define FOLLOWS "Default"

static void show(struct editing *);
static const char *limiting(
    const struct editing *, const struct destination *, char path[]);
static const char *tls(
    const struct editing *, const struct destination *, bool is_default);
static const char *tagging(
    const struct editing *, const struct destination *, bool is_default);
static bool says(
    const struct editing *, const struct destination *, const char *key);
static const char *profile(const struct destination *, bool is_default);
static bool ask_more(struct editing *, size_t which);
static int take_more(struct editing *, struct args *, size_t which);
static bool ask_setup(struct editing *);
static bool ask_default(struct editing *);
static bool ask_list(struct editing *);
static bool ask_detail(struct editing *);
static bool ask_import(struct editing *);
static bool ask_export(struct editing *);
static bool ask_clear(struct editing *);
static int take_setup(struct editing *, struct args *);
static int take_default(struct editing *, struct args *);
static int take_list(struct editing *, struct args *);
static int take_detail(struct editing *, struct args *);
static int take_import(struct editing *, struct args *);
static int take_export(struct editing *, struct args *);
static int take_clear(struct editing *, struct args *);
static struct settings global(const struct editing *);
static bool detail(struct editing *, const char *name);
static void clear(struct editing *);

/* In the order of form.more. */
static const struct {
	bool (*ask)(struct editing *);
	int (*take)(struct editing *, struct args *);
} mores[] = {
	{ ask_setup, take_setup },
	{ ask_default, take_default },
	{ ask_list, take_list },
	{ ask_detail, take_detail },
	{ ask_clear, take_clear },
	{ ask_import, take_import },
	{ ask_export, take_export },
};

static const struct objects_question global_keys[] = {
	{ "tls_alert",
	    "Do you want to send an alert when a required TLS connection "
	    "fails?",
	    NULL, NULL },
	{ "certificate",
	    "Choose the certificate to show to servers that ask for ours.",
	    NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};

static const struct objects_form form = {
	.list = "destinations",
	.id = "domain",
	.what = "destination",
	.title = "Destinations:",
	.none = "There are no entries configured.",
	.ask_name = "Enter the domain you wish to configure.",
	.op_help = { "Create a new entry.", "Modify an entry.",
	    "Remove an entry." },
	.in_units = true,
	.inherits = true,
	.show = show,
	.more = {
		{ "SETUP", "Change global settings." },
		{ "DEFAULT", "Change the default." },
		{ "LIST", "Display a summary list of all entries." },
		{ "DETAIL", "Display details for one destination or all "
			    "entries." },
		{ "CLEAR", "Remove all entries but the default." },
		{ "IMPORT", "Import tables from a file." },
		{ "EXPORT", "Export tables to a file." },
	},
	.ask_more = ask_more,
	.take_more = take_more,
	.keys = {
		{ "ip_preference", "Select the IP address preference:", NULL,
		    NULL },
		{ "max_connections", "Enter the max concurrency limit:", NULL,
		    NULL },
		{ "max_messages", "Enter the max messages per connection:",
		    NULL, NULL },
		{ "max_recipients",
		    "Enter the max recipients of one copy of a message:", NULL,
		    NULL },
		{ "recipient_limit",
		    "Enter the max number of recipients within a window of "
		    "time (0: no limit):",
		    NULL, NULL },
		{ "recipient_window",
		    "Enter the time used to measure the recipient limit (1m to "
		    "1h; a number alone is seconds):",
		    "recipient_limit!=0", NULL },
		{ "limit_per",
		    "Select how you want to apply the limits:", NULL, NULL },
		{ "limit_for",
		    "Select how the limits will be enforced:", NULL, NULL },
		{ "tls", "Enter the TLS setting to apply to this domain:", NULL,
		    NULL },
		{ "dane", "Select the DANE support for this domain:", NULL,
		    NULL },
		{ "mta_sts", "Follow the MTA-STS policies of domains?", NULL,
		    NULL },
		{ "bounce_verification",
		    "Perform bounce verification address tagging?", NULL,
		    NULL },
		{ "bounce_profile",
		    "Enter the bounce profile to apply to this domain:", NULL,
		    NULL },
	},
};

const struct tool_command cmd_destconfig = {
	.name = "destconfig",
	.usage = "[" OBJECTS_USAGE " | setup [KEY=VALUE ...] | "
		 "default [KEY=VALUE ...] | detail DOMAIN|all | clear | "
		 "import FILE | export FILE]",
	.summary = "Change how much a destination is asked to take, and how",
	.help = "Changes the destination controls in the working copy of the "
		"configuration. NAME is a domain, .domain (all below it) or "
		"Default. KEY is one of those below destinations in "
		"postern.yaml(5); \"default\" as VALUE follows the entry "
		"Default. default changes that entry; setup what holds for "
		"all: tls_alert, certificate and the others below delivery. "
		"import replaces the whole table by a file of sections, as "
		"export writes one. Nothing is in force before a commit.",
	.edits = &objects_edits,
	.form = &form,
};

/* The table of spec 1.8, the default last. */
static void
show(struct editing *ed)
{
	const struct config *c = ed->w->config;
	FILE *out = ed->t->dialogue.out;

	fprintf(out,
	    "%-21s%-30s%-15s%s\n%-21s%-11s%-19s%-15s%s\n%s %s %s %s %s\n", "",
	    "Rate", "Bounce", "Bounce", "Domain", "Limiting", "TLS",
	    "Verification", "Profile", "====================", "==========",
	    "==================", "==============", "==========");
	for (size_t k = 1; k <= c->n_destinations; k++) {
		const struct destination *d =
		    &c->destinations[k % c->n_destinations];
		bool is_default = k == c->n_destinations;
		char path[100] = "", name[300];

		snprintf(name, sizeof(name), is_default ? "(%.*s)" : "%.*s",
		    STR_ARG(d->domain));
		fprintf(out, "%-20s %-10s %-18s %-14s %s\n", name,
		    limiting(ed, d, is_default ? NULL : path),
		    tls(ed, d, is_default), tagging(ed, d, is_default),
		    profile(d, is_default));
	}
}

/* Whether it says something itself. */
static const char *
limiting(const struct editing *ed, const struct destination *d, char path[])
{
	static const char *const keys[] = { "max_connections", "max_messages",
		"max_recipients", "recipient_limit" };
	size_t at;

	if (path == NULL)
		return "On";
	if (!edit_find(ed->w->yaml, "destinations", "domain", d->domain, &at))
		return FOLLOWS;
	for (size_t i = 0; i < NELEM(keys); i++) {
		snprintf(path, 100, "destinations[%zu].%s", at, keys[i]);
		if (edit_has(ed->w->yaml, path))
			return "On";
	}
	return FOLLOWS;
}

static const char *
tls(const struct editing *ed, const struct destination *d, bool is_default)
{
	static const char *const words[] = {
		[TLS_LEVEL_OFF] = "Off",
		[TLS_LEVEL_PREFERRED] = "Preferred",
		[TLS_LEVEL_REQUIRED] = "Required",
		[TLS_LEVEL_PREFERRED_VERIFY] = "Preferred - Verify",
		[TLS_LEVEL_REQUIRED_VERIFY] = "Required - Verify",
		[TLS_LEVEL_VERIFY_HOSTED] = "Required - Hosted",
	};
	return is_default || says(ed, d, "tls") ? words[d->tls] : FOLLOWS;
}

static const char *
tagging(const struct editing *ed, const struct destination *d, bool is_default)
{
	if (!is_default && !says(ed, d, "bounce_verification"))
		return FOLLOWS;
	return d->bounce_verification ? "On" : "Off";
}

/* Itself, or does it follow the default? */
static bool
says(const struct editing *ed, const struct destination *d, const char *key)
{
	char path[100];
	size_t at;

	if (!edit_find(ed->w->yaml, "destinations", "domain", d->domain, &at))
		return false;
	snprintf(path, sizeof(path), "destinations[%zu].%s", at, key);
	return edit_has(ed->w->yaml, path);
}

static const char *
profile(const struct destination *d, bool is_default)
{
	if (d->bounce_profile.n > 0)
		return d->bounce_profile.p;
	return is_default ? "(Default)" : FOLLOWS;
}

static bool
ask_more(struct editing *ed, size_t which)
{
	return mores[which].ask(ed);
}

static int
take_more(struct editing *ed, struct args *a, size_t which)
{
	return mores[which].take(ed, a);
}

static bool
ask_setup(struct editing *ed)
{
	struct settings s = global(ed);

	return settings_ask_setup(ed, &s, global_keys);
}

static int
take_setup(struct editing *ed, struct args *a)
{
	struct settings s = global(ed);

	return settings_take_setup(ed, a, &s);
}

static struct settings
global(const struct editing *ed)
{
	return (struct settings){ .section = &schema_delivery,
		.object = ed->w->config,
		.path = "delivery" };
}

static bool
ask_default(struct editing *ed)
{
	return objects_edit(ed, &form, 0);
}

static int
take_default(struct editing *ed, struct args *a)
{
	return objects_take_edit(ed, &form, a, 0);
}

/* It stands above the menu. */
static bool
ask_list(struct editing *ed)
{
	(void)ed;
	return true;
}

static int
take_list(struct editing *ed, struct args *a)
{
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	objects_list(ed, &form);
	return TOOL_DONE;
}

static bool
ask_detail(struct editing *ed)
{
	char name[DIALOGUE_LINE];

	tool_space(ed->t);
	if (!dialogue_text(&ed->t->dialogue,
		"Enter the domain to display, or \"all\".", "all", name,
		sizeof(name)))
		return false;
	tool_space(ed->t);
	if (!detail(ed, name))
		fprintf(ed->t->dialogue.out,
		    "There is no destination \"%s\".\n", name);
	return true;
}

static int
take_detail(struct editing *ed, struct args *a)
{
	const char *name = args_next(a);

	if (name == NULL || args_finish(a) != TOOL_DONE)
		return tool_usage(ed->t, "which domain, or all?");
	if (!detail(ed, name))
		return editing_deny(
		    ed, "There is no destination \"%s\".", name);
	return TOOL_DONE;
}

/* False: there is none of that name. */
static bool
detail(struct editing *ed, const char *name)
{
	size_t n = objects_count(ed, &form);
	bool all = str_is_nocase(str_of(name), "all"), found = false;

	for (size_t k = 0; k < n; k++) {
		if (!all && !str_is_nocase(objects_name(ed, &form, k), name))
			continue;
		if (found && !ed->t->json)
			fputc('\n', ed->t->dialogue.out);
		objects_print(ed, &form, k);
		found = true;
	}
	return found;
}

static bool
ask_import(struct editing *ed)
{
	return files_ask(ed, &destfile, FILES_IMPORT, 0);
}

static int
take_import(struct editing *ed, struct args *a)
{
	return files_take(ed, a, &destfile, FILES_IMPORT, 0);
}

static bool
ask_export(struct editing *ed)
{
	return files_ask(ed, &destfile, FILES_EXPORT, 0);
}

static int
take_export(struct editing *ed, struct args *a)
{
	return files_take(ed, a, &destfile, FILES_EXPORT, 0);
}

static int
take_clear(struct editing *ed, struct args *a)
{
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	clear(ed);
	return editing_done(ed);
}

static bool
ask_clear(struct editing *ed)
{
	bool yes;

	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue,
		"Are you sure you want to remove all entries but the "
		"default?",
		false, &yes))
		return false;
	if (yes) {
		clear(ed);
		editing_save(ed);
	}
	return true;
}

static void
clear(struct editing *ed)
{
	for (size_t i = edit_count(ed->w->yaml, "destinations"); i-- > 0;) {
		char path[100];
		struct str domain;

		snprintf(path, sizeof(path), "destinations[%zu].domain", i);
		if (edit_get(ed->w->yaml, path, &domain) &&
		    str_is_nocase(domain, "Default"))
			continue;
		editing_delete(ed, "destinations[%zu]", i);
	}
}
