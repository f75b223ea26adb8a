/* cmd_remotepower.c - `remotepower`: the power of this machine, through its
 * management controller (spec delivery-admin 6.6) */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/password.h"
#include "admin/programs.h"
#include "admin/settings.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "config/secrets.h"

#define IPMITOOL   "/usr/bin/ipmitool"
#define OUTPUT_MAX 65536

struct power_word {
	const char *word;
	const char *does; /* before it is done; NULL: it changes nothing */
	const char *note; /* in the logs */
	bool restarts;
};

static int run(struct tool *, int argc, char **argv);
static int ask(struct editing *);
static int act(struct editing *, const char *word, bool yes);
static int sure(struct tool *, const struct power_word *);
static int ipmi(struct editing *, const char *tool, const struct power_word *);
static int show(struct tool *, const struct power_word *, const struct buf *);
static int set_secret(struct editing *);
static struct settings settings_of(struct editing *);

static const struct power_word power_words[] = {
	{ "status", NULL, NULL, false },
	{ "on", "turn the power of this machine on", "power-on", true },
	{ "off",
	    "turn the power of this machine off at once, without stopping "
	    "its programs",
	    "power-off", false },
	{ "cycle",
	    "turn the power of this machine off and on again, without "
	    "stopping its programs",
	    "power-cycle", true },
	{ "reset", "reset this machine, without stopping its programs",
	    "power-reset", true },
	{ "diag",
	    "send this machine a diagnostic interrupt, which may stop its "
	    "system",
	    "power-diag", false },
	{ "soft", "ask the system of this machine to shut down", "power-soft",
	    false },
};
static const struct objects_question questions[] = {
	{ "host", "Enter the name or address of the management controller:",
	    NULL, NULL },
	{ "user", "Enter the name to log in with:", NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct dialogue_op ops[] = {
	{ "STATUS", "Display whether the power is on." },
	{ "ON", "Turn the power on." },
	{ "OFF", "Turn the power off." },
	{ "CYCLE", "Turn the power off and on." },
	{ "RESET", "Reset the machine." },
	{ "DIAG", "Send a diagnostic interrupt." },
	{ "SOFT", "Shut the system down." },
	{ "SETUP", "Configure the management controller." },
	{ "SECRET", "Set the passphrase." },
};

const struct tool_command cmd_remotepower = {
	.name = "remotepower",
	.usage = "[[--yes] status | on | off | cycle | reset | diag | soft | "
		 "setup [KEY=VALUE ...] | secret | print]",
	.summary = "The power of this machine, through its controller",
	.help = "Asks the management controller (BMC) of this machine, by "
		"IPMI 2.0, whether the power is on, or to change it; says "
		"before what it will do, and asks, unless --yes is said. A "
		"restart takes at least 11 minutes. setup names the "
		"controller in the working copy: KEY is host, user or "
		"secret; secret sets the passphrase, which is asked for or "
		"the first line of standard input. What the working copy "
		"says is used at once.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *word;
	bool yes = false;
	const struct tool_option options[] = { { "--yes", NULL, &yes } };
	struct settings s;
	struct editing ed;
	struct args a;
	int rc;

	if (!tool_options(t, options, 1, &argc, argv))
		return TOOL_USAGE;
	if (argc == 1 && !t->asks)
		return tool_usage(t, NULL);
	rc = editing_begin(&ed, t);
	if (rc != TOOL_DONE)
		return rc;
	word = argc > 1 ? argv[1] : "";
	args_begin(&a, t, argc, argv, argc > 1 ? 2 : 1);
	s = settings_of(&ed);
	if (argc == 1) {
		rc = ask(&ed);
	} else if (strcmp(word, "setup") == 0) {
		rc = settings_take(&ed, &a, &s);
		rc = rc == TOOL_DONE ? editing_done(&ed) : rc;
	} else if (argc > 2) {
		rc = tool_usage(t, argv[2]);
	} else if (strcmp(word, "print") == 0) {
		rc = settings_print(&ed, &s);
	} else if (strcmp(word, "secret") == 0) {
		rc = set_secret(&ed);
	} else {
		rc = act(&ed, word, yes);
	}
	args_end(&a);
	return editing_end(&ed, rc);
}

static int
ask(struct editing *ed)
{
	struct settings s = settings_of(ed);
	size_t which;

	tool_space(ed->t);
	if (!dialogue_menu(&ed->t->dialogue, ops, NELEM(ops), &which))
		return tool_abandoned(ed->t);
	if (which == NELEM(ops))
		return TOOL_DONE;
	if (which < NELEM(power_words))
		return act(ed, power_words[which].word, false);
	if (strcmp(ops[which].word, "SECRET") == 0)
		return set_secret(ed);
	if (!settings_ask(ed, &s, questions))
		return tool_abandoned(ed->t);
	return editing_done(ed);
}

static int
act(struct editing *ed, const char *word, bool yes)
{
	const struct remote_power *p = &ed->w->config->remote_power;
	const struct power_word *w = NULL;
	char tool[PATH_MAX];
	int rc;

	for (size_t i = 0; i < NELEM(power_words); i++)
		if (strcmp(word, power_words[i].word) == 0)
			w = &power_words[i];
	if (w == NULL) {
		fputs("insufficient privileges\n", stderr);
		return TOOL_DENIED;
	}
	if (!programs_find(ed->t, IPMITOOL, tool)) {
		fputs("Remote power management is not available on this "
		      "system.\n",
		    stderr);
		return TOOL_FAILED;
	}
	if (p->host.n == 0 || p->user.n == 0) {
		fputs("Remote power management is not configured: remotepower "
		      "setup host=ADDRESS user=NAME\n",
		    stderr);
		return TOOL_NEGATIVE;
	}
	if (w->does != NULL && !yes && !ed->t->asks)
		return tool_usage(ed->t, "say --yes where nobody can be asked");
	if (w->does != NULL && !ed->t->json)
		fprintf(ed->t->dialogue.out, "This will %s.\n", w->does);
	if (w->restarts && !ed->t->json)
		fputs("A restart takes at least 11 minutes.\n",
		    ed->t->dialogue.out);
	rc = w->does != NULL && !yes ? sure(ed->t, w) : TOOL_DONE;
	return rc == TOOL_DONE ? ipmi(ed, tool, w) : rc;
}

static int
sure(struct tool *t, const struct power_word *w)
{
	char question[80];
	bool yes;

	snprintf(question, sizeof(question),
	    "Are you sure you want the power command \"%s\"?", w->word);
	if (!dialogue_yes(&t->dialogue, question, false, &yes))
		return tool_abandoned(t);
	return yes ? TOOL_DONE : TOOL_NEGATIVE;
}

/* The passphrase goes by its file: arguments are seen by all. */
static int
ipmi(struct editing *ed, const char *tool, const struct power_word *w)
{
	const struct remote_power *p = &ed->w->config->remote_power;
	char path[2 * PATH_MAX];
	const char *argv[] = { tool, "-I", "lanplus", "-H", "", "-U", "", "-f",
		path, "chassis", "power", w->word, NULL };
	struct err err = ERR_INIT;
	struct arena mem;
	struct buf out;
	int rc;

	snprintf(path, sizeof(path), "%s/secrets/%.*s", ed->t->paths.etc,
	    STR_ARG(p->secret_file));
	if (access(path, R_OK) == -1) {
		err_sys(&err, ERR_PERM,
		    "the passphrase, set by remotepower secret: %s", path);
		return tool_fail(ed->t, &err);
	}
	if (w->note != NULL)
		programs_note(ed->t, w->note);
	arena_init(&mem, 65536);
	buf_init(&out, OUTPUT_MAX);
	argv[4] = arena_strz(&mem, p->host);
	argv[6] = arena_strz(&mem, p->user);
	rc = programs_run(argv, NULL, &out, &err);
	rc = rc == 0 ? show(ed->t, w, &out) : tool_fail(ed->t, &err);
	buf_fini(&out);
	arena_free(&mem);
	return rc;
}

/* "Chassis Power is on", "Chassis Power Control: Reset" */
static int
show(struct tool *t, const struct power_word *w, const struct buf *said)
{
	struct str text = str_trim(buf_str(said));
	char line[400];

	str_escape(line, sizeof(line), text, 300);
	if (t->json) {
		json_t *j =
		    json_pack("{s:s, s:s}", "command", w->word, "answer", line);

		tool_print_json(t, j);
		json_decref(j);
	} else {
		fprintf(t->dialogue.out, "%s\n", line);
	}
	return TOOL_DONE;
}

static int
set_secret(struct editing *ed)
{
	const struct remote_power *p = &ed->w->config->remote_power;
	char password[PASSWORD_MAX + 2], file[FILE_NAME_MAX + 10];
	struct err err = ERR_INIT;
	size_t n;
	int rc;

	if (!password_ask(ed->t, password))
		return tool_abandoned(ed->t);
	n = strlen(password);
	password[n] = '\n';
	snprintf(file, sizeof(file), "secrets/%.*s", STR_ARG(p->secret_file));
	rc = n == 0 ? err_set(&err, ERR_USAGE, "the passphrase is empty")
		    : secrets_write(ed->t->paths.etc, str_of(file),
			  (struct str){ password, n + 1 }, &err);
	explicit_bzero(password, sizeof(password));
	if (rc == -1)
		return tool_fail(ed->t, &err);
	fputs("The passphrase was changed.\n", ed->t->dialogue.out);
	return TOOL_DONE;
}

static struct settings
settings_of(struct editing *ed)
{
	return (struct settings){ .section = &schema_remote_power,
		.object = ed->w->config,
		.path = "remote_power" };
}
