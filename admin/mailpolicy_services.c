/* mailpolicy_services.c - what scanners and filters do for a mail policy */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "admin/mailpolicy.h"
#include "admin/settings.h"
#include "admin/wordlist.h"
#include "base/mem.h"

struct service {
	const char *key, *label;
	const struct schema_section *section;
	const struct objects_question *questions;
	size_t state; /* offset */
};

static enum service_state state_of(
    const struct mail_policy *, enum mailpolicy_service);
static bool is_enabled(
    const struct editing *, enum direction, size_t k, enum mailpolicy_service);
static struct settings settings_of(struct editing *, enum direction, size_t k,
    enum mailpolicy_service, char path[SETTINGS_PATH]);
static bool ask_keys(
    struct editing *, enum direction, size_t k, enum mailpolicy_service);
static int set_state(struct editing *, enum direction, size_t k,
    const char *key, const char *word);
static void make_room(struct editing *, const char *path);
static void fill_room(struct editing *, const char *path);
static bool narrow(struct schema_key *, const void *);
static bool ask_enabled(
    struct editing *, enum direction, size_t k, char *line, size_t size);
static int set_filters(
    struct editing *, enum direction, size_t k, const char *names);

/* After what becomes of it: how it is marked, and where it goes. */
#define MARKS(v, what)                                                         \
	{ v ".archive", "Do you want to archive " what "?", NULL, NULL },      \
	    { v ".subject",                                                    \
		    "Do you want to add text to the subject of " what "?",     \
		    NULL, NULL },                                              \
	    { v ".subject_text",                                               \
		    "What text do you want to add to the subject? (in double " \
		    "quotes to keep blanks at its ends)",                      \
		    v ".subject!=none", NULL },                                \
	    { v ".header", "Enter the name of the header:", NULL,              \
		    "Do you want to add a custom header to " what "?" },       \
	{                                                                      \
		v ".header_value",                                             \
		    "Enter the value of the header (\"none\": without):",      \
		    v ".header!=", NULL                                        \
	}
#define REDIRECTS(v, what)                                                     \
	{ v ".alternate_recipient",                                            \
		"Enter the address of the alternate recipient:", NULL,         \
		"Do you want " what                                            \
		" to be sent to an alternate recipient?" },                    \
	{                                                                      \
		v ".alternate_host", "Enter the alternate host:", NULL,        \
		    "Do you want " what                                        \
		    " to be delivered to an alternate host?"                   \
	}
#define NOTICES(v, what)                                                       \
	{ v ".notify_sender", "Do you want to notify the sender of " what "?", \
		NULL, NULL },                                                  \
	    { v ".notify_recipients",                                          \
		    "Do you want to notify the recipients of " what "?", NULL, \
		    NULL },                                                    \
	    { v ".notify_others",                                              \
		    "Enter the addresses of others, separated by commas:",     \
		    NULL, "Do you want to notify others of " what "?" },       \
	{                                                                      \
		v ".notify_text", "Which text shall the notices have?", NULL,  \
		    NULL                                                       \
	}
#define SPAM_WHAT    "messages that are identified as spam"
#define SUSPECT_WHAT "messages that are suspected to be spam"

static const struct objects_question spam_questions[] = {
	{ "positive.score",
	    "Enter the score from which on messages are identified as spam, "
	    "from 50 to 99:",
	    NULL, NULL },
	{ "positive.action", "What do you want to do with " SPAM_WHAT "?", NULL,
	    NULL },
	MARKS("positive", SPAM_WHAT),
	REDIRECTS("positive", SPAM_WHAT),
	{ "suspected.enabled",
	    "Do you want to treat messages that are suspected to be spam?",
	    NULL, NULL },
	{ "suspected.score",
	    "Enter the score from which on messages are suspected to be "
	    "spam, from 25 to the one before:",
	    "suspected.enabled", NULL },
	{ "suspected.action", "What do you want to do with " SUSPECT_WHAT "?",
	    "suspected.enabled", NULL },
	{ "suspected.archive", "Do you want to archive " SUSPECT_WHAT "?",
	    "suspected.enabled", NULL },
	{ "suspected.subject",
	    "Do you want to add text to the subject of " SUSPECT_WHAT "?",
	    "suspected.enabled", NULL },
	{ "suspected.subject_text",
	    "What text do you want to add to the subject? (in double quotes "
	    "to keep blanks at its ends)",
	    "suspected.enabled", NULL },
	{ "suspected.header",
	    "Enter the name of the header:", "suspected.enabled",
	    "Do you want to add a custom header to " SUSPECT_WHAT "?" },
	{ "suspected.header_value",
	    "Enter the value of the header (\"none\": without):",
	    "suspected.header!=", NULL },
	{ "suspected.alternate_recipient",
	    "Enter the address of the alternate recipient:",
	    "suspected.enabled",
	    "Do you want " SUSPECT_WHAT
	    " to be sent to an alternate recipient?" },
	{ "suspected.alternate_host",
	    "Enter the alternate host:", "suspected.enabled",
	    "Do you want " SUSPECT_WHAT
	    " to be delivered to an alternate host?" },
	{ NULL, NULL, NULL, NULL },
};

#define REPAIRED    "repaired messages"
#define ENCRYPTED   "encrypted messages"
#define UNSCANNABLE "unscannable messages"
#define INFECTED    "infected messages"
static const struct objects_question virus_questions[] = {
	{ "repair",
	    "Do you want to repair messages, by removing infected parts?", NULL,
	    NULL },
	{ "drop_infected",
	    "Do you want to drop infected attachments when a message was not "
	    "repaired?",
	    NULL, NULL },
	{ "header", "Do you want to include the X-Postern-AV header?", NULL,
	    NULL },
	{ "repaired.action", "What do you want to do with " REPAIRED "?",
	    "repair", NULL },
	MARKS("repaired", REPAIRED),
	NOTICES("repaired", REPAIRED),
	{ "encrypted.action", "What do you want to do with " ENCRYPTED "?",
	    NULL, NULL },
	MARKS("encrypted", ENCRYPTED),
	REDIRECTS("encrypted", ENCRYPTED),
	NOTICES("encrypted", ENCRYPTED),
	{ "unscannable.action", "What do you want to do with " UNSCANNABLE "?",
	    NULL, NULL },
	MARKS("unscannable", UNSCANNABLE),
	REDIRECTS("unscannable", UNSCANNABLE),
	NOTICES("unscannable", UNSCANNABLE),
	{ "infected.action", "What do you want to do with " INFECTED "?", NULL,
	    NULL },
	MARKS("infected", INFECTED),
	REDIRECTS("infected", INFECTED),
	NOTICES("infected", INFECTED),
	{ "container",
	    "Which text shall a message have that carries an infected one as "
	    "an attachment?",
	    NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};

static const struct objects_question outbreak_questions[] = {
	{ "threshold",
	    "Enter the threat level from which on messages are quarantined, "
	    "from 1 to 5:",
	    NULL, NULL },
	{ "retention_viral",
	    "Enter the maximum retention for viral attachments, such as 1d or "
	    "12h:",
	    NULL, NULL },
	{ "retention_other",
	    "Enter the maximum retention for other threats, such as 4h:", NULL,
	    NULL },
	{ "deliver_non_viral",
	    "Do you want to deliver messages with non-viral threats without "
	    "adding them to the quarantine?",
	    NULL, NULL },
	{ "bypass_extensions",
	    "Enter the file extensions to bypass, separated by commas "
	    "(\"none\": no one):",
	    NULL, NULL },
	{ "modify", "Do you want to enable message modification?", NULL, NULL },
	{ "modify_threshold",
	    "Enter the threat level from which on messages are modified, from "
	    "1 to 5:",
	    "modify", NULL },
	{ "subject", "Do you want to add text to the subject?", "modify",
	    NULL },
	{ "subject_text",
	    "What text do you want to add to the subject? (in double quotes "
	    "to keep blanks at its ends)",
	    "modify", NULL },
	{ "headers", "Do you want to include headers about the threat?",
	    "modify", NULL },
	{ "alternate_host", "Enter the alternate destination host:", "modify",
	    "Do you want to use an alternate destination host?" },
	{ "rewrite_urls", "In which messages do you want to rewrite links?",
	    "modify", NULL },
	{ "url_bypass",
	    "Enter the domains whose links are not rewritten, separated by "
	    "commas (\"none\": no one):",
	    "modify", NULL },
	{ "disclaimer", "Which threat disclaimer do you want to add?", "modify",
	    NULL },
	{ NULL, NULL, NULL, NULL },
};

static const struct service services[] = {
	[MAILPOLICY_SPAM] = { "anti_spam", "Anti-Spam", &schema_policy_spam,
	    spam_questions, offsetof(struct mail_policy, spam_state) },
	[MAILPOLICY_VIRUS] = { "anti_virus", "Anti-Virus", &schema_policy_virus,
	    virus_questions, offsetof(struct mail_policy, virus_state) },
	[MAILPOLICY_OUTBREAK] = { "outbreak", "Outbreak Filters",
	    &schema_policy_outbreak, outbreak_questions,
	    offsetof(struct mail_policy, outbreak_state) },
};

enum { DISABLE, ENABLE, EDIT, INHERIT };
static const struct dialogue_op state_ops[] = {
	[DISABLE] = { "DISABLE", "Disable it for this policy" },
	[ENABLE] = { "ENABLE", "Enable it for this policy" },
	[EDIT] = { "EDIT", "Edit its settings for this policy" },
	[INHERIT] = { "DEFAULT", "Use the settings of the default policy" },
};

const char *
mailpolicy_state(const struct mail_policy *p, enum mailpolicy_service which)
{
	static const char *const shown[] = {
		[SERVICE_INHERIT] = "Default",
		[SERVICE_DISABLED] = "Off",
		[SERVICE_CUSTOM] = "Enabled",
	};

	return shown[state_of(p, which)];
}

bool
mailpolicy_ask_service(struct editing *ed, enum direction dir, size_t k,
    enum mailpolicy_service which)
{
	static const char *const words[] = { [DISABLE] = "disabled",
		[ENABLE] = "enabled",
		[INHERIT] = "inherit" };
	size_t n = NELEM(state_ops) - mailpolicy_is_default(ed, dir, k), op;
	bool ok = true;

	while (ok) {
		tool_space(ed->t);
		fprintf(ed->t->dialogue.out, "%s: %s\n", services[which].label,
		    mailpolicy_state(
			&mailpolicy_table(ed, dir)->policies[k], which));
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, state_ops, n, &op))
			return false;
		if (op == n)
			return true;
		if (op == EDIT)
			ok = ask_keys(ed, dir, k, which);
		else if (op != ENABLE || !is_enabled(ed, dir, k, which))
			set_state(ed, dir, k, services[which].key, words[op]);
	}
	return false;
}

int
mailpolicy_take_service(struct editing *ed, struct args *a, enum direction dir,
    size_t k, enum mailpolicy_service which)
{
	const char *word = args_next(a);
	char path[SETTINGS_PATH];
	struct settings s;
	int status;

	if (word != NULL) {
		if (args_finish(a) != TOOL_DONE)
			return TOOL_USAGE;
		if (strcmp(word, "inherit") != 0 &&
		    strcmp(word, "disabled") != 0 &&
		    strcmp(word, "enabled") != 0)
			return tool_unknown(ed->t, word);
		if (strcmp(word, "enabled") == 0 &&
		    is_enabled(ed, dir, k, which))
			return TOOL_DONE;
		return set_state(ed, dir, k, services[which].key, word);
	}
	if (a->at == a->n)
		return tool_usage(
		    ed->t, "inherit, disabled, enabled, or KEY=VALUE");
	s = settings_of(ed, dir, k, which, path);
	make_room(ed, path);
	status = settings_take(ed, a, &s);
	fill_room(ed, path);
	return status == TOOL_DONE ? editing_done(ed) : status;
}

json_t *
mailpolicy_service_json(const struct editing *ed, enum direction dir, size_t k,
    enum mailpolicy_service which)
{
	const struct mail_policy *p = &mailpolicy_table(ed, dir)->policies[k];
	const struct service *sv = &services[which];
	char path[SETTINGS_PATH];

	if (state_of(p, which) != SERVICE_CUSTOM)
		return json_string(state_of(p, which) == SERVICE_INHERIT
				       ? "inherit"
				       : "disabled");
	snprintf(
	    path, sizeof(path), "%s[%zu].%s", mailpolicy_list(dir), k, sv->key);
	return settings_json(
	    ed, &(struct settings){ sv->section, p, path, false, NULL });
}

void
mailpolicy_filters(const struct mail_policy *p, struct buf *out)
{
	if (p->filters_state != SERVICE_CUSTOM || p->n_filters == 0) {
		buf_puts(out,
		    p->filters_state == SERVICE_INHERIT ? "Default" : "Off");
		return;
	}
	for (size_t i = 0; i < p->n_filters; i++)
		buf_printf(
		    out, "%s%.*s", i > 0 ? ", " : "", STR_ARG(p->filters[i]));
}

bool
mailpolicy_ask_filters(struct editing *ed, enum direction dir, size_t k)
{
	static const struct dialogue_op filter_ops[] = {
		{ "DISABLE", "Disable all content filters for this policy" },
		{ "ENABLE", "Choose the content filters for this policy" },
		{ "DEFAULT", "Use those of the default policy" },
	};
	size_t n = NELEM(filter_ops) - mailpolicy_is_default(ed, dir, k), op;
	char names[DIALOGUE_LINE];
	struct buf now;

	for (;;) {
		buf_init(&now, 1 << 20);
		mailpolicy_filters(
		    &mailpolicy_table(ed, dir)->policies[k], &now);
		tool_space(ed->t);
		fprintf(ed->t->dialogue.out, "Content Filters: %s\n", now.data);
		buf_fini(&now);
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, filter_ops, n, &op))
			return false;
		if (op == n)
			return true;
		if (op == 1 && !ask_enabled(ed, dir, k, names, sizeof(names)))
			return false;
		if (op == 1)
			set_filters(ed, dir, k, names);
		else
			set_state(ed, dir, k, "content_filters",
			    op == 0 ? "disabled" : "inherit");
	}
}

int
mailpolicy_take_filters(
    struct editing *ed, struct args *a, enum direction dir, size_t k)
{
	const char *word = args_next(a);

	if (word == NULL)
		return tool_usage(ed->t, "which filters?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (strcmp(word, "inherit") == 0 || strcmp(word, "disabled") == 0)
		return set_state(ed, dir, k, "content_filters", word);
	return set_filters(ed, dir, k, word);
}

static enum service_state
state_of(const struct mail_policy *p, enum mailpolicy_service which)
{
	return *(const enum service_state *)((const char *)p +
					     services[which].state);
}

/* It keeps its settings then. */
static bool
is_enabled(const struct editing *ed, enum direction dir, size_t k,
    enum mailpolicy_service which)
{
	return state_of(&mailpolicy_table(ed, dir)->policies[k], which) ==
	       SERVICE_CUSTOM;
}

static struct settings
settings_of(struct editing *ed, enum direction dir, size_t k,
    enum mailpolicy_service which, char path[SETTINGS_PATH])
{
	const struct service *sv = &services[which];
	char policy[MAILPOLICY_PATH];

	mailpolicy_path(ed, dir, k, policy);
	snprintf(path, SETTINGS_PATH, "%s.%s", policy, sv->key);
	return (struct settings){ sv->section,
		&mailpolicy_table(ed, dir)->policies[k], path, true, narrow };
}

static bool
ask_keys(struct editing *ed, enum direction dir, size_t k,
    enum mailpolicy_service which)
{
	char path[SETTINGS_PATH];
	struct settings s = settings_of(ed, dir, k, which, path);

	make_room(ed, path);
	if (!settings_ask(ed, &s, services[which].questions))
		return false;
	fill_room(ed, path);
	editing_save(ed);
	return true;
}

static int
set_state(struct editing *ed, enum direction dir, size_t k, const char *key,
    const char *word)
{
	bool inherit = strcmp(word, "inherit") == 0;
	char path[MAILPOLICY_PATH];

	if (inherit && mailpolicy_is_default(ed, dir, k))
		return editing_deny(
		    ed, "The policy DEFAULT is what the others inherit from.");
	mailpolicy_path(ed, dir, k, path);
	editing_delete(ed, "%s.%s", path, key);
	if (!inherit)
		editing_text(ed, str_of(word), "%s.%s", path, key);
	return editing_done(ed);
}

/* A word gives place to keys; without keys a word says that it is enabled. */
static void
make_room(struct editing *ed, const char *path)
{
	struct str word;

	if (edit_get(ed->w->yaml, path, &word))
		editing_delete(ed, "%s", path);
}

static void
fill_room(struct editing *ed, const char *path)
{
	if (!edit_has(ed->w->yaml, path))
		editing_text(ed, STR("enabled"), "%s", path);
}

static bool
narrow(struct schema_key *key, const void *object)
{
	const struct mail_policy *p = object;

	if (key->off == offsetof(struct mail_policy, spam.suspected))
		key->max = p->spam.positive;
	return true;
}

/* Names with commas. */
static bool
ask_enabled(
    struct editing *ed, enum direction dir, size_t k, char *line, size_t size)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);
	const char **items = mem_array(t->n_filters + 1, sizeof(*items));
	bool *chosen = mem_array(t->n_filters + 1, sizeof(*chosen)), ok;
	size_t used = 0;

	(void)k;
	*line = '\0';
	tool_space(ed->t);
	if (t->n_filters == 0) {
		fputs("There are no content filters: make one with FILTERS "
		      "of the table.\n",
		    ed->t->dialogue.out);
		ok = true;
	} else {
		for (size_t i = 0; i < t->n_filters; i++)
			items[i] = mem_strndup(
			    t->filters[i].name.p, t->filters[i].name.n);
		ok = dialogue_choices(&ed->t->dialogue,
		    "Enter the filters to enable, separated by commas:", items,
		    t->n_filters, 0, chosen);
	}
	for (size_t i = 0; i < t->n_filters; i++) {
		if (ok && chosen[i] && used < size)
			used += (size_t)snprintf(line + used, size - used,
			    "%s%s", used > 0 ? "," : "", items[i]);
		free((char *)items[i]);
	}
	free(items);
	free(chosen);
	return ok;
}

static int
set_filters(struct editing *ed, enum direction dir, size_t k, const char *names)
{
	char policy[MAILPOLICY_PATH], path[SETTINGS_PATH];

	if (*names == '\0')
		return TOOL_DONE;
	mailpolicy_path(ed, dir, k, policy);
	snprintf(path, sizeof(path), "%s.content_filters", policy);
	editing_delete(ed, "%s", path);
	wordlist_add(ed, path, names);
	return editing_done(ed);
}
