/* cmd_supportrequest.c - `supportrequest`: ask for help (spec delivery-admin
 * 6.5) */
#include <stdio.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "admin/machine.h"
#include "admin/settings.h"
#include "admin/support.h"
#include "base/mem.h"

#define SEVERITIES  4
#define DESCRIPTION ((size_t)1 << 20)
#define NO_SUMMARY  "(no summary)" /* of what is only saved */

struct request {
	struct arena mem;
	struct str rcpts[ENCLOSE_RCPTS];
	size_t n;
	bool send;
	/* of the form */
	const char *summary, *number, *severity, *contact, *email, *phone;
	const char *user_id, *contract_id, *others;
	struct buf description;
};

static int run(struct tool *, int argc, char **argv);
static int batch(struct editing *, struct request *, struct args *);
static int ask(struct editing *, struct request *);
static bool ask_form(struct editing *, struct request *);
static bool ask_ids(struct editing *, struct request *);
static bool ask_others(struct editing *, struct request *);
static bool ask_text(struct editing *, struct request *, const char *question,
    const char **answer);
static bool take_addresses(struct request *, struct str list, char shown[200]);
static bool is_named(const struct request *, struct str addr);
static int finish(struct editing *, struct request *);
static void write_form(
    const struct request *, const struct config *, struct buf *out);
static void write_line(struct buf *, const char *label, const char *value);
static int say(struct tool *, const struct request *, const char *path);
static struct settings settings_of(struct editing *);

static const char *const severities[SEVERITIES] = { "1 - mail does not flow",
	"2 - mail suffers", "3 - something does not work", "4 - a question" };

const struct tool_command cmd_supportrequest = {
	.name = "supportrequest",
	.usage = "[send SUMMARY [KEY=VALUE ...] | save [SUMMARY] "
		 "[KEY=VALUE ...] | setup [KEY=VALUE ...] | print]",
	.summary = "Ask for help, with what helpers need to know",
	.help = "Makes a request for help: the form, the configuration with "
		"its passphrases masked, what the programs say of themselves, "
		"the last lines of the logs; no messages, no keys. It is "
		"saved as a file and, with send, mailed to support.recipients "
		"through the queue. KEY of send and save is severity (1 to "
		"4), ticket, description, to (further addresses), contact, "
		"email, phone, user_id or contract_id; of setup one of those "
		"below support in postern.yaml(5).",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	struct request r = { .n = 0 };
	struct settings s;
	struct editing ed;
	struct args a;
	int rc;

	if (argc == 1 && !t->asks)
		return tool_usage(t, NULL);
	rc = editing_begin(&ed, t);
	if (rc != TOOL_DONE)
		return rc;
	arena_init(&r.mem, (size_t)64 << 20);
	buf_init(&r.description, DESCRIPTION);
	args_begin(&a, t, argc, argv, argc > 1 ? 2 : 1);
	s = settings_of(&ed);
	r.send = strcmp(word, "send") == 0;
	if (argc == 1)
		rc = ask(&ed, &r);
	else if (r.send || strcmp(word, "save") == 0)
		rc = batch(&ed, &r, &a);
	else if (strcmp(word, "setup") == 0) {
		rc = settings_take_setup(&ed, &a, &s);
	} else if (strcmp(word, "print") == 0 && argc == 2) {
		rc = settings_print(&ed, &s);
	} else {
		rc = tool_unknown(t, word);
	}
	args_end(&a);
	arena_free(&r.mem);
	buf_fini(&r.description);
	return editing_end(&ed, rc);
}

/* --- a line --- */

static int
batch(struct editing *ed, struct request *r, struct args *a)
{
	const struct {
		const char *key, **to;
	} keys[] = {
		{ "severity", &r->severity },
		{ "ticket", &r->number },
		{ "to", &r->others },
		{ "contact", &r->contact },
		{ "email", &r->email },
		{ "phone", &r->phone },
		{ "user_id", &r->user_id },
		{ "contract_id", &r->contract_id },
	};
	const char *description = args_option(a, "description");
	char shown[200];
	uint64_t level = 3;

	r->summary = args_next(a);
	for (size_t i = 0; i < NELEM(keys); i++)
		*keys[i].to = args_option(a, keys[i].key);
	if (r->summary == NULL && r->send)
		return tool_usage(ed->t, "what is the matter, in a line?");
	if (r->summary == NULL)
		r->summary = NO_SUMMARY;
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (r->severity != NULL &&
	    (!str_u64(str_of(r->severity), SEVERITIES, &level) || level == 0))
		return tool_usage(ed->t, "severity is 1 to 4");
	r->severity = severities[level - 1];
	buf_puts(&r->description, description != NULL ? description : "");
	if (r->others != NULL && !take_addresses(r, str_of(r->others), shown)) {
		fprintf(stderr, "Invalid email address: \"%s\"\n", shown);
		return TOOL_USAGE;
	}
	return finish(ed, r);
}

/* --- a person --- */

static int
ask(struct editing *ed, struct request *r)
{
	struct dialogue *d = &ed->t->dialogue;
	struct str to = arena_str(&r->mem, ed->w->config->support.recipients);
	char question[2200];

	tool_space(ed->t);
	fprintf(d->out, "%s\n", support_contents);
	tool_space(ed->t);
	snprintf(question, sizeof(question),
	    "Do you want to send the support request to %.*s?", STR_ARG(to));
	if (to.n > 0 && !dialogue_yes(d, question, true, &r->send))
		return tool_abandoned(ed->t);
	if (!ask_others(ed, r) || !ask_form(ed, r))
		return tool_abandoned(ed->t);
	return finish(ed, r);
}

static bool
ask_others(struct editing *ed, struct request *r)
{
	struct dialogue *d = &ed->t->dialogue;
	char line[DIALOGUE_LINE], shown[200];
	bool more;

	if (!dialogue_yes(d,
		"Do you want to send the support request to additional "
		"recipients?",
		false, &more))
		return false;
	while (more) {
		if (!dialogue_text(d,
			"Please enter the email addresses, separated by "
			"commas.",
			"", line, sizeof(line)))
			return false;
		if (*line == '\0')
			return true;
		if (take_addresses(
			r, str_of(arena_printf(&r->mem, "%s", line)), shown)) {
			r->send = true;
			return true;
		}
		fprintf(d->out, "Invalid email address: \"%s\"\n", shown);
	}
	return true;
}

static bool
ask_form(struct editing *ed, struct request *r)
{
	struct dialogue *d = &ed->t->dialogue;
	char line[DIALOGUE_LINE];
	bool known;
	size_t level;

	if (!dialogue_needed(d,
		"Please enter a summary of the problem, in one line.", line,
		sizeof(line)))
		return false;
	r->summary = arena_printf(&r->mem, "%s", line);
	fputs("Please describe the problem. End with a line that is a dot.\n",
	    d->out);
	if (!dialogue_lines(d, &r->description) ||
	    !dialogue_yes(d,
		"Is this support request associated with an existing support "
		"ticket?",
		false, &known) ||
	    (known && !ask_text(ed, r, "Please enter the ticket number.",
			  &r->number)) ||
	    !dialogue_choice(
		d, "Select the severity:", severities, SEVERITIES, 2, &level))
		return false;
	r->severity = severities[level];
	return ask_ids(ed, r) &&
	       ask_text(ed, r, "Please enter the name of the contact person.",
		   &r->contact) &&
	       ask_text(ed, r, "Please enter the email address.", &r->email) &&
	       ask_text(ed, r, "Please enter the phone number.", &r->phone);
}

/* These stay the same from one request to the next: they are kept. */
static bool
ask_ids(struct editing *ed, struct request *r)
{
	struct support_config before = ed->w->config->support;

	if (!ask_text(ed, r, "Please enter your user ID.", &r->user_id) ||
	    !ask_text(ed, r, "Please enter the ID of your support contract.",
		&r->contract_id))
		return false;
	if (!str_is(before.user_id, r->user_id))
		editing_text(ed, str_of(r->user_id), "support.user_id");
	if (!str_is(before.contract_id, r->contract_id))
		editing_text(ed, str_of(r->contract_id), "support.contract_id");
	if (!str_is(before.user_id, r->user_id) ||
	    !str_is(before.contract_id, r->contract_id))
		editing_save(ed);
	return true;
}

/* What the configuration has need not be typed again. */
static bool
ask_text(struct editing *ed, struct request *r, const char *question,
    const char **answer)
{
	const struct support_config *c = &ed->w->config->support;
	struct str dflt = answer == &r->contact       ? c->contact
			  : answer == &r->email       ? c->email
			  : answer == &r->phone       ? c->phone
			  : answer == &r->user_id     ? c->user_id
			  : answer == &r->contract_id ? c->contract_id
						      : STR("");
	char line[DIALOGUE_LINE];

	if (!dialogue_text(&ed->t->dialogue, question,
		arena_strz(&r->mem, dflt), line, sizeof(line)))
		return false;
	*answer = arena_printf(&r->mem, "%s", line);
	return true;
}

/* --- both --- */

/* Besides those that are there. */
static bool
take_addresses(struct request *r, struct str list, char shown[200])
{
	struct str more[ENCLOSE_RCPTS];
	size_t n;

	if (!enclose_addresses(list, more, &n, &r->mem, shown))
		return false;
	for (size_t i = 0; i < n && r->n < ENCLOSE_RCPTS; i++)
		if (!is_named(r, more[i]))
			r->rcpts[r->n++] = more[i];
	return true;
}

static bool
is_named(const struct request *r, struct str addr)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq_nocase(r->rcpts[i], addr))
			return true;
	return false;
}

static int
finish(struct editing *ed, struct request *r)
{
	const struct config *c = ed->w->config;
	char path[PATH_MAX], shown[200], subject[300];
	const char *host = arena_strz(&r->mem, c->hostname);
	struct err err = ERR_INIT;
	struct buf mail, form;
	struct enclosing e;
	int rc;

	if (r->send && c->support.recipients.n > 0)
		(void)take_addresses(r, c->support.recipients, shown);
	if (r->send && r->n == 0) {
		err_set(&err, ERR_USAGE,
		    "nobody to send it to: supportrequest setup "
		    "recipients=ADDRESS, or to=ADDRESS");
		return tool_refuse(ed->t, &err);
	}
	buf_init(&form, 2 * DESCRIPTION);
	buf_init(&mail, SUPPORT_MAX);
	write_form(r, c, &form);
	snprintf(subject, sizeof(subject), "Support request of %.100s: %.150s",
	    host, r->summary);
	e = enclose_begin(
	    &mail, host, r->rcpts, r->n, subject, buf_str(&form), &r->mem);
	support_enclose(ed->t, &e, &r->mem);
	enclose_end(&e);
	rc =
	    mail.failed
		? err_set(&err, ERR_PERM, "the support request is too large")
		: support_save(ed->t, buf_str(&mail), path, sizeof(path), &err);
	if (rc == 0 && r->send)
		rc = control_submit(
		    ed->t, r->rcpts, r->n, buf_str(&mail), true, &err);
	buf_fini(&form);
	buf_fini(&mail);
	return rc == 0 ? say(ed->t, r, path) : tool_fail(ed->t, &err);
}

static void
write_form(const struct request *r, const struct config *c, struct buf *out)
{
	const struct support_config *s = &c->support;
	char text[300];
	const struct {
		const char *label, *given;
		struct str stored;
	} lines[] = {
		{ "Summary", r->summary, STR("") },
		{ "Severity", r->severity, STR("") },
		{ "Ticket", r->number, STR("(new)") },
		{ "User ID", r->user_id, s->user_id },
		{ "Contract ID", r->contract_id, s->contract_id },
		{ "Contact", r->contact, s->contact },
		{ "Email", r->email, s->email },
		{ "Phone", r->phone, s->phone },
	};

	for (size_t i = 0; i < NELEM(lines); i++) {
		str_copy(text, sizeof(text), lines[i].stored);
		write_line(out, lines[i].label,
		    lines[i].given != NULL ? lines[i].given : text);
	}
	str_copy(text, sizeof(text), c->hostname);
	write_line(out, "Host", text);
	write_line(out, "Product", MACHINE_PRODUCT " " POSTERN_VERSION);
	buf_printf(out, "\n%.*s\n", STR_ARG(buf_str(&r->description)));
}

static void
write_line(struct buf *out, const char *label, const char *value)
{
	buf_printf(out, "%s: %s\n", label, value);
}

static int
say(struct tool *t, const struct request *r, const char *path)
{
	struct buf out;

	buf_init(&out, ENCLOSE_RCPTS * 400 + PATH_MAX);
	if (t->json) {
		json_t *j = json_pack("{s:s, s:I}", "file", path, "recipients",
		    (json_int_t)(r->send ? r->n : 0));

		tool_print_json(t, j);
		json_decref(j);
		buf_fini(&out);
		return TOOL_DONE;
	}
	buf_printf(&out, "The support request is saved as %s.\n", path);
	for (size_t i = 0; r->send && i < r->n; i++) {
		buf_puts(&out, i > 0 ? ", " : "It has been sent to ");
		fields_show_str(&out, r->rcpts[i], ADDR_MAX);
	}
	buf_puts(&out, r->send ? ".\n" : "");
	tool_print(t, &out);
	buf_fini(&out);
	return TOOL_DONE;
}

static struct settings
settings_of(struct editing *ed)
{
	return (struct settings){ .section = &schema_support,
		.object = ed->w->config,
		.path = "support" };
}
