/* cmd_alertconfig.c - `alertconfig`: who gets alerts (spec delivery-admin 6.1)
 */
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/settings.h"
#include "base/mem.h"
#include "config/name.h"
#include "event/alert.h"

#define LIST      "alert_recipients"
#define CLASSES_1 (CLASS_N + 1) /* and "All" before them */

/* In the order of enum alert_class. */
static const char *const class_keys[CLASS_N] = {
	[CLASS_SYSTEM] = "system",
	[CLASS_HARDWARE] = "hardware",
	[CLASS_UPDATER] = "updater",
	[CLASS_OUTBREAK] = "outbreak_filters",
	[CLASS_VIRUS] = "anti_virus",
	[CLASS_SPAM] = "anti_spam",
	[CLASS_DHAP] = "dhap",
};
static const char *const severity_words[SEVERITY_N] = { "critical", "warning",
	"information" };

static void show(struct editing *);
static bool ask_new(struct editing *);
static bool ask_edit(struct editing *);
static bool ask_delete(struct editing *);
static bool ask_clear(struct editing *);
static bool ask_setup(struct editing *);
static bool ask_from(struct editing *);
static int take_new(struct editing *, struct args *);
static int take_edit(struct editing *, struct args *);
static int take_delete(struct editing *, struct args *);
static int take_clear(struct editing *, struct args *);
static int take_setup(struct editing *, struct args *);
static int take_from(struct editing *, struct args *);
static int take_print(struct editing *, struct args *);
static void describe(const struct alert_recipient *, struct buf *);
static void describe_severities(unsigned set, struct buf *);
static bool ask_what(struct editing *, bool *classes, struct buf *severities);
static bool ask_recipient(struct editing *, const char *question, size_t *k);
static bool read_classes(struct editing *, const char *words, bool *classes);
static bool is_right(
    struct editing *, const char *section, const char *key, const char *text);
static size_t recipient_index(const struct editing *, struct str address);
static void add(struct editing *, const char *address, const bool *classes,
    struct str severities);
static void change(
    struct editing *, size_t k, const bool *classes, struct str severities);
static struct settings settings_of(struct editing *);

static const struct editing_op ops[] = {
	{ { "NEW", "Add a new email address to send alerts." }, ask_new,
	    take_new },
	{ { "EDIT", "Modify alert subscription for an email address." },
	    ask_edit, take_edit },
	{ { "DELETE", "Remove an email address." }, ask_delete, take_delete },
	{ { "CLEAR", "Remove all email addresses (disable alerts)." },
	    ask_clear, take_clear },
	{ { "SETUP", "Configure alert settings." }, ask_setup, take_setup },
	{ { "FROM", "Configure the From Address of alert email messages." },
	    ask_from, take_from },
	{ { "PRINT", "Display all of it." }, NULL, take_print },
};
static const struct editing_menu menu = { show, ops, NELEM(ops) };
static const struct objects_question setup_keys[] = {
	{ "initial",
	    "Enter the initial number of seconds to wait before sending a "
	    "duplicate alert (0: each one is sent):",
	    NULL, NULL },
	{ "maximum",
	    "Enter the maximum number of seconds to wait before sending a "
	    "duplicate alert:",
	    NULL, NULL },
	{ "use_smtp_routes", "Should alerts follow the SMTP routes?", NULL,
	    NULL },
	{ NULL, NULL, NULL, NULL },
};

const struct tool_command cmd_alertconfig = {
	.name = "alertconfig",
	.usage = "[new ADDRESS CLASS[,CLASS...] SEVERITY[,SEVERITY...] | "
		 "edit ADDRESS CLASS[,CLASS...] SEVERITY[,SEVERITY...] | "
		 "delete ADDRESS | clear | setup KEY=VALUE ... | "
		 "from ADDRESS|default | print]",
	.summary = "Who is told of trouble, and how often",
	.help = "Changes in the working copy of the configuration who gets "
		"alerts by mail. CLASS is all, system, hardware, updater, "
		"outbreak_filters, anti_virus, anti_spam or dhap; SEVERITY is "
		"all, none, critical, warning or information. new: of other "
		"classes the address gets none; edit: other classes stay as "
		"they are. KEY is one of those below alerts in "
		"postern.yaml(5). Nothing is in force before a commit.",
	.edits = &editing_menus,
	.form = &menu,
};

/* --- showing --- */

static void
show(struct editing *ed)
{
	const struct alerts_config *c = &ed->w->config->alerts;
	FILE *out = ed->t->dialogue.out;
	struct buf text;

	buf_init(&text, 256 * 1024);
	buf_puts(&text, c->n_recipients == 0
			    ? "No email addresses configured for alerts.\n"
			    : "Sending alerts to:\n");
	for (size_t i = 0; i < c->n_recipients; i++)
		describe(&c->recipients[i], &text);
	buf_printf(&text,
	    "\nInitial number of seconds to wait before sending a duplicate "
	    "alert: %u\nMaximum number of seconds to wait before sending a "
	    "duplicate alert: %u\nSMTP routes: %s\n",
	    c->initial, c->maximum,
	    c->use_routes ? "alerts follow them" : "not for alerts");
	if (c->from.n > 0)
		buf_printf(
		    &text, "Alerts are sent from: %.*s\n", STR_ARG(c->from));
	else
		buf_printf(&text, "Alerts are sent from: alert@%.*s\n",
		    STR_ARG(ed->w->config->hostname));
	fwrite(text.data, 1, text.len, out);
	buf_fini(&text);
}

/* One line for each set of severities, as classes share them. */
static void
describe(const struct alert_recipient *r, struct buf *out)
{
	bool done[CLASS_N] = { false };

	buf_printf(out, "%.*s\n", STR_ARG(r->address));
	for (size_t i = 0; i < CLASS_N; i++) {
		size_t same = 0;

		for (size_t j = 0; j < CLASS_N; j++)
			same += r->severities[j] == r->severities[i];
		if (done[i] || r->severities[i] == 0)
			continue;
		buf_puts(out, "     Class: ");
		if (same == CLASS_N)
			buf_puts(out, "All");
		for (size_t j = i; same < CLASS_N && j < CLASS_N; j++) {
			if (r->severities[j] != r->severities[i])
				continue;
			buf_printf(out, "%s%s", j > i ? ", " : "",
			    alert_class_name(j));
			done[j] = true;
		}
		buf_puts(out, " - Severities: ");
		describe_severities(r->severities[i], out);
		buf_putc(out, '\n');
		if (same == CLASS_N)
			return;
	}
}

static void
describe_severities(unsigned set, struct buf *out)
{
	const char *between = "";

	if (set == (1u << SEVERITY_N) - 1) {
		buf_puts(out, "All");
		return;
	}
	for (size_t i = 0; i < SEVERITY_N; i++) {
		if (!(set & 1u << i))
			continue;
		buf_printf(out, "%s%s", between, alert_severity_name(i));
		between = ", ";
	}
}

/* --- the dialogue --- */

static bool
ask_new(struct editing *ed)
{
	const struct alerts_config *c = &ed->w->config->alerts;
	char address[DIALOGUE_LINE];
	bool classes[CLASS_N];
	struct err err = ERR_INIT;
	struct buf severities;
	bool on;

	tool_space(ed->t);
	for (;;) {
		if (!dialogue_text(&ed->t->dialogue,
			"Please enter a new email address to send alerts. "
			"(Ex: \"administrator@example.com\")",
			"", address, sizeof(address)))
			return false;
		if (*address == '\0')
			return true;
		if (!name_mailbox(str_of(address), &err))
			fprintf(ed->t->dialogue.out, "\"%s\" %s\n", address,
			    err.text);
		else if (recipient_index(ed, str_of(address)) < c->n_recipients)
			fprintf(ed->t->dialogue.out,
			    "\"%s\" is there already.\n", address);
		else
			break;
	}
	buf_init(&severities, 200);
	on = ask_what(ed, classes, &severities);
	if (on) {
		add(ed, address, classes, buf_str(&severities));
		editing_save(ed);
	}
	buf_fini(&severities);
	return on;
}

static bool
ask_edit(struct editing *ed)
{
	bool classes[CLASS_N];
	struct buf severities;
	bool on;
	size_t k;

	if (!ask_recipient(
		ed, "Enter the number of the email address to edit.", &k))
		return false;
	if (k == ed->w->config->alerts.n_recipients)
		return true;
	buf_init(&severities, 200);
	on = ask_what(ed, classes, &severities);
	if (on) {
		change(ed, k, classes, buf_str(&severities));
		editing_save(ed);
	}
	buf_fini(&severities);
	return on;
}

static bool
ask_delete(struct editing *ed)
{
	size_t k;

	if (!ask_recipient(
		ed, "Enter the number of the email address to remove.", &k))
		return false;
	if (k == ed->w->config->alerts.n_recipients)
		return true;
	editing_delete(ed, LIST "[%zu]", k);
	editing_save(ed);
	return true;
}

static bool
ask_clear(struct editing *ed)
{
	return editing_ask_clear(ed,
	    "Are you sure you want to clear the list of alert recipients?",
	    LIST);
}

static bool
ask_setup(struct editing *ed)
{
	struct settings s = settings_of(ed);

	return settings_ask_setup(ed, &s, setup_keys);
}

static bool
ask_from(struct editing *ed)
{
	static const struct objects_question from[] = {
		{ "from",
		    "Enter the From Address of alert email messages "
		    "(\"none\": alert@ and the host name):",
		    NULL, NULL },
		{ NULL, NULL, NULL, NULL },
	};
	struct settings s = settings_of(ed);

	return settings_ask_setup(ed, &s, from);
}

/* Classes, and the severities for them as postern.yaml has them. */
static bool
ask_what(struct editing *ed, bool *classes, struct buf *severities)
{
	const char *names[CLASSES_1] = { "All" };
	const char *levels[SEVERITY_N + 1] = { "All" };
	bool chosen[CLASSES_1] = { false }, these[SEVERITY_N + 1] = { false };

	for (size_t i = 0; i < CLASS_N; i++)
		names[i + 1] = alert_class_name(i);
	for (size_t i = 0; i < SEVERITY_N; i++)
		levels[i + 1] = alert_severity_name(i);
	tool_space(ed->t);
	if (!dialogue_choices(&ed->t->dialogue,
		"Choose the Alert Classes. Separate multiple choices with "
		"commas.",
		names, NELEM(names), 0, chosen) ||
	    !dialogue_choices(&ed->t->dialogue,
		"Select a Severity Level. Separate multiple choices with "
		"commas.",
		levels, NELEM(levels), 0, these))
		return false;
	for (size_t i = 0; i < CLASS_N; i++)
		classes[i] = chosen[0] || chosen[i + 1];
	if (these[0])
		buf_puts(severities, "all");
	for (size_t i = 0; i < SEVERITY_N && !these[0]; i++)
		if (these[i + 1])
			buf_printf(severities, "%s%s",
			    severities->len > 0 ? ", " : "", severity_words[i]);
	return true;
}

/* *k is their number when none was chosen. */
static bool
ask_recipient(struct editing *ed, const char *question, size_t *k)
{
	const struct alerts_config *c = &ed->w->config->alerts;
	struct str *names = mem_array(c->n_recipients + 1, sizeof(*names));
	bool on;

	tool_space(ed->t);
	for (size_t i = 0; i < c->n_recipients; i++) {
		names[i] = c->recipients[i].address;
		fprintf(ed->t->dialogue.out, "%zu. %.*s\n", i + 1,
		    STR_ARG(names[i]));
	}
	on = ask_which(ed, question, "address", names, c->n_recipients, k);
	free(names);
	return on;
}

/* --- batch lines --- */

static int
take_new(struct editing *ed, struct args *a)
{
	const char *address = args_next(a), *words = args_next(a),
		   *severities = args_next(a);
	bool classes[CLASS_N];
	struct err err = ERR_INIT;

	if (address == NULL)
		return tool_usage(ed->t, "which address?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (!name_mailbox(str_of(address), &err))
		return editing_refuse(ed, "\"%s\" %s", address, err.text);
	if (recipient_index(ed, str_of(address)) <
	    ed->w->config->alerts.n_recipients)
		return editing_deny(ed, "\"%s\" is there already.", address);
	if (!read_classes(ed, words, classes) ||
	    !is_right(ed, LIST, "system", severities))
		return TOOL_USAGE;
	add(ed, address, classes,
	    str_of(severities != NULL ? severities : "all"));
	return editing_done(ed);
}

static int
take_edit(struct editing *ed, struct args *a)
{
	const char *address = args_next(a), *words = args_next(a),
		   *severities = args_next(a);
	bool classes[CLASS_N];
	size_t k;

	if (severities == NULL)
		return tool_usage(
		    ed->t, "which address, classes and severities?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	k = recipient_index(ed, str_of(address));
	if (k == ed->w->config->alerts.n_recipients)
		return editing_deny(ed, "There is no address \"%s\".", address);
	if (!read_classes(ed, words, classes) ||
	    !is_right(ed, LIST, "system", severities))
		return TOOL_USAGE;
	change(ed, k, classes, str_of(severities));
	return editing_done(ed);
}

static int
take_delete(struct editing *ed, struct args *a)
{
	const char *address = args_next(a);
	size_t k;

	if (address == NULL)
		return tool_usage(ed->t, "which address?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	k = recipient_index(ed, str_of(address));
	if (k == ed->w->config->alerts.n_recipients)
		return editing_deny(ed, "There is no address \"%s\".", address);
	editing_delete(ed, LIST "[%zu]", k);
	return editing_done(ed);
}

static int
take_clear(struct editing *ed, struct args *a)
{
	return editing_take_clear(ed, a, LIST);
}

static int
take_setup(struct editing *ed, struct args *a)
{
	struct settings s = settings_of(ed);

	return settings_take_setup(ed, a, &s);
}

static int
take_from(struct editing *ed, struct args *a)
{
	const char *address = args_next(a);

	if (address == NULL)
		return tool_usage(ed->t, "which address?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (strcmp(address, "default") != 0 &&
	    !is_right(ed, "alerts", "from", address))
		return TOOL_USAGE;
	if (strcmp(address, "default") == 0)
		editing_delete(ed, "alerts.from");
	else
		editing_text(ed, str_of(address), "alerts.from");
	return editing_done(ed);
}

static int
take_print(struct editing *ed, struct args *a)
{
	const struct alerts_config *c = &ed->w->config->alerts;
	const struct schema_section *s =
	    ask_key_named(&schema_top, LIST)->section;
	struct settings general = settings_of(ed);
	json_t *json, *list;

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (!ed->t->json) {
		show(ed);
		return TOOL_DONE;
	}
	list = json_array();
	for (size_t i = 0; i < c->n_recipients; i++) {
		json_t *one = json_object();

		for (size_t j = 0; j < s->n; j++)
			json_object_set_new(one, s->keys[j].name,
			    ask_json(&s->keys[j], &c->recipients[i]));
		json_array_append_new(list, one);
	}
	json = settings_json(ed, &general);
	json_object_set_new(json, "recipients", list);
	tool_print_json(ed->t, json);
	json_decref(json);
	return TOOL_DONE;
}

/* --- what both do --- */

/* NULL: all; "": said to be none, and so a mistake */
static bool
read_classes(struct editing *ed, const char *words, bool *classes)
{
	struct str rest = str_of(words != NULL ? words : "all");

	memset(classes, 0, CLASS_N * sizeof(*classes));
	do {
		struct str word = str_trim(str_cut(&rest, ','));
		bool known = false;

		for (size_t i = 0; i < CLASS_N; i++) {
			if (!str_is_nocase(word, "all") &&
			    !str_is_nocase(word, class_keys[i]) &&
			    !str_is_nocase(word, alert_class_name(i)))
				continue;
			classes[i] = known = true;
		}
		if (!known) {
			editing_refuse(ed,
			    "\"%.*s\" is no class: all, system, hardware, "
			    "updater, outbreak_filters, anti_virus, "
			    "anti_spam, dhap",
			    STR_ARG(word));
			return false;
		}
	} while (rest.n > 0);
	return true;
}

/* NULL: nothing was said. */
static bool
is_right(
    struct editing *ed, const char *section, const char *key, const char *text)
{
	const struct schema_section *s =
	    ask_key_named(&schema_top, section)->section;
	struct err err = ERR_INIT;
	struct buf normal;
	bool good = true;

	buf_init(&normal, DIALOGUE_LINE);
	if (text != NULL)
		good = ask_check(
		    ask_key_named(s, key), str_of(text), &normal, &err);
	if (!good)
		editing_refuse(ed, "\"%s\": %s", text, err.text);
	buf_fini(&normal);
	return good;
}

static size_t
recipient_index(const struct editing *ed, struct str address)
{
	const struct alerts_config *c = &ed->w->config->alerts;
	size_t k = 0;

	while (k < c->n_recipients &&
	       !str_eq_nocase(c->recipients[k].address, address))
		k++;
	return k;
}

static void
add(struct editing *ed, const char *address, const bool *classes,
    struct str severities)
{
	struct buf yaml;

	buf_init(&yaml, 4000);
	yaml_pair(&yaml, "", "address", str_of(address));
	for (size_t i = 0; i < CLASS_N; i++)
		yaml_pair(&yaml, "", class_keys[i],
		    classes[i] ? severities : STR("none"));
	editing_insert(ed, EDIT_END, buf_str(&yaml), LIST);
	buf_fini(&yaml);
}

static void
change(struct editing *ed, size_t k, const bool *classes, struct str severities)
{
	for (size_t i = 0; i < CLASS_N; i++)
		if (classes[i])
			editing_text(
			    ed, severities, LIST "[%zu].%s", k, class_keys[i]);
}

static struct settings
settings_of(struct editing *ed)
{
	return (struct settings){ .section = &schema_alerts,
		.object = ed->w->config,
		.path = "alerts" };
}
