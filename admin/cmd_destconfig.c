/* cmd_destconfig.c - `destconfig`: destination controls (spec delivery-admin
 * 1.8) */
#include "admin/commands.h"
#include "admin/objects.h"
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
static bool ask_clear(struct editing *);
static void clear(struct editing *);

static const struct objects_form form = {
	.list = "destinations",
	.id = "domain",
	.what = "destination",
	.title = "Destinations:",
	.none = "There are no entries configured.",
	.ask_name = "Enter the domain you wish to configure.",
	.op_help = { "Create a new entry.", "Modify an entry.",
	    "Remove an entry." },
	.inherits = true,
	.show = show,
	.more = { { "CLEAR", "Remove all entries but the default." } },
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
		    "Enter the seconds used to measure the recipient limit:",
		    NULL, NULL },
		{ "limit_per",
		    "Select how you want to apply the limits: to the entire "
		    "domain, or to each mail exchanger address",
		    NULL, NULL },
		{ "limit_for",
		    "Select how the limits will be enforced: system wide, or "
		    "per virtual gateway",
		    NULL, NULL },
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
	.usage = "[" OBJECTS_USAGE " | clear]",
	.summary = "Change how much a destination is asked to take, and how",
	.help = "Changes the destination controls in the working copy of the "
		"configuration. NAME is a domain, .domain (all below it) or "
		"Default. KEY is one of those below destinations in "
		"postern.yaml(5); \"default\" as VALUE follows the entry "
		"Default. Nothing is in force before a commit.",
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
	    "%-21s%-30s%-13s%s\n%-21s%-11s%-19s%-13s%s\n%s %s %s %s %s\n", "",
	    "Rate", "Bounce", "Bounce", "Domain", "Limiting", "TLS",
	    "Verification", "Profile", "====================", "==========",
	    "==================", "============", "==========");
	for (size_t k = 1; k <= c->n_destinations; k++) {
		const struct destination *d =
		    &c->destinations[k % c->n_destinations];
		bool is_default = k == c->n_destinations;
		char path[100] = "", name[300];

		snprintf(name, sizeof(name), is_default ? "(%.*s)" : "%.*s",
		    STR_ARG(d->domain));
		fprintf(out, "%-20s %-10s %-18s %-12s %s\n", name,
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
	(void)which;
	return ask_clear(ed);
}

static int
take_more(struct editing *ed, struct args *a, size_t which)
{
	(void)which;
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
