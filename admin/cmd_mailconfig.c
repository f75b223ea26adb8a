/* cmd_mailconfig.c - `mailconfig` (delivery-admin 4.2) */
#include <stdio.h>
#include <stdlib.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/enclose.h"
#include "admin/fields.h"
#include "admin/saving.h"
#include "base/mem.h"

#define MAIL_MAX (2 * SAVED_MAX)

struct mailing {
	struct arena mem;
	struct str rcpts[ENCLOSE_RCPTS];
	size_t n;
	char list[DIALOGUE_LINE]; /* as it was written */
};

static int run(struct tool *, int argc, char **argv);
static int ask(struct tool *, struct mailing *, struct saving *);
static bool take_list(struct mailing *, char shown[200]);
static int send_it(struct tool *, struct mailing *, struct saving *);
static void write_mail(struct tool *, struct mailing *, const struct saving *,
    struct str config, struct buf *out);
static int say(struct tool *, const struct mailing *);

const struct tool_command cmd_mailconfig = {
	.name = "mailconfig",
	.usage = "[--key FILE] ADDRESS[,ADDRESS...] [mask|plain|encrypt]",
	.summary = "Mail the configuration to somebody",
	.help = "Sends the configuration in force as an attachment, through "
		"the queue like any message: when it arrives, delivery works. "
		"Files below secrets/ are masked if nothing is said, plain, or "
		"encrypted with the key of this machine or the file that --key "
		"names; see saveconfig.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct mailing m = { .n = 0 };
	struct saving sv = { .how = SAVED_MASK };
	const struct tool_option options[] = {
		{ "--key", &sv.key_file, NULL },
	};
	char shown[200];
	int status = TOOL_DONE;

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	if (argc > 3 || (argc == 3 && !saving_word(argv[2], &sv.how)) ||
	    (argc == 1 && !t->asks))
		return tool_usage(t, NULL);
	arena_init(&m.mem, 65536 * 16);
	if (argc == 1) {
		status = ask(t, &m, &sv);
	} else if (!str_copy(m.list, sizeof(m.list), str_of(argv[1]))) {
		status = tool_usage(t, "that is too long");
	} else if (!take_list(&m, shown)) {
		fprintf(stderr, "Invalid email address: \"%s\"\n", shown);
		status = TOOL_USAGE;
	}
	if (status == TOOL_DONE)
		status = send_it(t, &m, &sv);
	arena_free(&m.mem);
	return status;
}

static int
ask(struct tool *t, struct mailing *m, struct saving *sv)
{
	bool plain;
	char shown[200];

	for (;;) {
		if (!dialogue_needed(&t->dialogue,
			"Please enter the email address to which you want to "
			"send the configuration file.\n"
			"Separate multiple addresses with commas.",
			m->list, sizeof(m->list)))
			return tool_abandoned(t);
		if (take_list(m, shown))
			break;
		fprintf(
		    t->dialogue.out, "Invalid email address: \"%s\"\n", shown);
	}
	if (!dialogue_yes(&t->dialogue,
		"Do you want to include passphrases? A file without "
		"passphrases cannot be loaded with loadconfig.",
		false, &plain))
		return tool_abandoned(t);
	sv->how = plain ? SAVED_PLAIN : SAVED_MASK;
	return TOOL_DONE;
}

/* False: shown is the one that is no address. */
static bool
take_list(struct mailing *m, char shown[200])
{
	return enclose_addresses(
	    str_of(m->list), m->rcpts, &m->n, &m->mem, shown);
}

static int
send_it(struct tool *t, struct mailing *m, struct saving *sv)
{
	struct err err = ERR_INIT;
	struct buf config, mail;
	int rc;

	buf_init(&config, SAVED_MAX);
	buf_init(&mail, MAIL_MAX);
	rc = saving_make(t, sv, &config, &err);
	if (rc == 0) {
		write_mail(t, m, sv, buf_str(&config), &mail);
		rc = mail.failed ? err_set(&err, ERR_PERM,
				       "the configuration is too large")
				 : control_submit(t, m->rcpts, m->n,
				       buf_str(&mail), true, &err);
	}
	buf_fini(&config);
	buf_fini(&mail);
	return rc == 0 ? say(t, m) : tool_fail(t, &err);
}

/* One part says what the other one, the file, is. */
static void
write_mail(struct tool *t, struct mailing *m, const struct saving *sv,
    struct str config, struct buf *out)
{
	const char *text = arena_printf(&m->mem,
	    "The configuration of %s, revision %llu, is attached.\n",
	    sv->hostname, (unsigned long long)sv->revision);
	const char *subject = arena_printf(&m->mem,
	    "Configuration of %s (Postern %s)", sv->hostname, POSTERN_VERSION);
	struct enclosing e = enclose_begin(
	    out, sv->hostname, m->rcpts, m->n, subject, str_of(text), &m->mem);
	char name[160];

	saving_name(t, name, sizeof(name));
	enclose_file(&e, name, "text/plain; charset=utf-8", config);
	enclose_end(&e);
}

static int
say(struct tool *t, const struct mailing *m)
{
	struct buf out;

	if (t->json) {
		fprintf(t->dialogue.out, "{\n  \"recipients\": %zu\n}\n", m->n);
		return TOOL_DONE;
	}
	buf_init(&out, sizeof(m->list) * 8);
	buf_puts(&out, "The configuration file has been sent to ");
	for (size_t i = 0; i < m->n; i++) {
		buf_puts(&out, i > 0 ? ", " : "");
		fields_show_str(&out, m->rcpts[i], ADDR_MAX);
	}
	buf_puts(&out, ".\n");
	tool_print(t, &out);
	buf_fini(&out);
	return TOOL_DONE;
}
