/* cmd_remotepower.c - `remotepower`: the power of this machine, through its
 * management controller (spec delivery-admin 6.6) */
#include <string.h>

#include "admin/bmc.h"
#include "admin/commands.h"
#include "admin/password.h"
#include "admin/programs.h"
#include "admin/settings.h"
#include "base/bounds.h"
#include "base/ip.h"
#include "base/mem.h"
#include "config/secrets.h"

#define ANSWER_MAX  1000
#define CHANNEL_MAX 15
#define SETUP       "SETUP"

struct power_word {
	const char *word;
	const char *does; /* before it is done; NULL: it changes nothing */
	const char *note; /* in the logs */
	bool restarts;
};

static int run(struct tool *, int argc, char **argv);
static int ask(struct editing *);
static int act(struct editing *, const char *word, bool yes);
static int not_available(const char *why);
static int sure(struct tool *, const char *word);
static int command(
    struct editing *, const struct bmc *, const struct power_word *);
static int show(struct tool *, const struct power_word *, const struct buf *);
static int ask_lan(struct editing *);
static int take_lan(struct editing *, struct args *, bool yes);
static int set_up(struct editing *, const struct bmc_lan *, bool yes);
static bool is_set_up(const struct remote_power *);
static bool is_v4(const char *text);
static bool is_ready(struct editing *, struct bmc *, int *rc);
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
	{ SETUP, "Configure the management controller." },
	{ "SECRET", "Set the passphrase." },
	{ "LAN", "Set the controller itself up: its address, this user." },
};

const struct tool_command cmd_remotepower = {
	.name = "remotepower",
	.usage = "[[--yes] status | on | off | cycle | reset | diag | soft | "
		 "lan mask=MASK [gateway=ADDRESS] [channel=N] | setup "
		 "[KEY=VALUE ...] | secret | print]",
	.summary = "The power of this machine, through its controller",
	.help = "Asks the management controller (BMC) of this machine, by "
		"IPMI 2.0, whether the power is on, or to change it; says "
		"before what it will do, and asks, unless --yes is said. A "
		"restart takes at least 11 minutes. setup names the "
		"controller in the working copy: KEY is one of those below "
		"remote_power in postern.yaml(5); secret sets the passphrase, "
		"which is asked for or "
		"the first line of standard input. What the working copy "
		"says is used at once. lan gives the controller in this "
		"machine that address and makes that user an operator.",
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
		rc = settings_take_setup(&ed, &a, &s);
	} else if (strcmp(word, "lan") == 0) {
		rc = take_lan(&ed, &a, yes);
	} else if (argc > 2) {
		rc = tool_unknown(t, argv[2]);
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
	size_t first = 0, n = NELEM(ops), which;

	tool_space(ed->t);
	if (!is_set_up(&ed->w->config->remote_power)) {
		while (strcmp(ops[first].word, SETUP) != 0)
			first++;
		n = 1; /* all else would fail */
		fputs("No management controller is configured.\n\n",
		    ed->t->dialogue.out);
	}
	if (!dialogue_menu(&ed->t->dialogue, ops + first, n, &which))
		return tool_abandoned(ed->t);
	if (which == n)
		return TOOL_DONE;
	which += first;
	if (which < NELEM(power_words))
		return act(ed, power_words[which].word, false);
	if (strcmp(ops[which].word, "SECRET") == 0)
		return set_secret(ed);
	if (strcmp(ops[which].word, "LAN") == 0)
		return ask_lan(ed);
	if (!settings_ask(ed, &s, questions))
		return tool_abandoned(ed->t);
	return editing_done(ed);
}

static int
act(struct editing *ed, const char *word, bool yes)
{
	const struct power_word *w = NULL;
	struct bmc b;
	int rc;

	for (size_t i = 0; i < NELEM(power_words); i++)
		if (strcmp(word, power_words[i].word) == 0)
			w = &power_words[i];
	if (w == NULL) {
		fputs("insufficient privileges\n", stderr);
		return TOOL_DENIED;
	}
	if (!is_ready(ed, &b, &rc))
		return rc;
	if (w->does != NULL && !yes && !ed->t->asks)
		return tool_usage(ed->t, "say --yes where nobody can be asked");
	if (w->does != NULL && !ed->t->json)
		fprintf(ed->t->dialogue.out, "This will %s.\n", w->does);
	if (w->restarts && !ed->t->json)
		fputs("A restart takes at least 11 minutes.\n",
		    ed->t->dialogue.out);
	rc = w->does != NULL && !yes ? sure(ed->t, w->word) : TOOL_DONE;
	return rc == TOOL_DONE ? command(ed, &b, w) : rc;
}

static bool
is_set_up(const struct remote_power *p)
{
	return p->host.n > 0 && p->user.n > 0;
}

/* False: it cannot be asked, which has been said; *rc is the exit status. */
static bool
is_ready(struct editing *ed, struct bmc *b, int *rc)
{
	const struct remote_power *p = &ed->w->config->remote_power;

	if (!bmc_find(b, ed->t, p)) {
		*rc = not_available("there is no program ipmitool; the package "
				    "ipmitool has it");
		return false;
	}
	if (!is_set_up(p)) {
		fputs("Remote power management is not configured: remotepower "
		      "setup host=ADDRESS user=NAME\n",
		    stderr);
		*rc = TOOL_NEGATIVE;
		return false;
	}
	return true;
}

static int
not_available(const char *why)
{
	fprintf(stderr,
	    "Remote power management is not available on this system.\n"
	    "(%s)\n",
	    why);
	return TOOL_FAILED;
}

static int
sure(struct tool *t, const char *word)
{
	char question[80];
	bool yes;

	snprintf(question, sizeof(question),
	    "Are you sure you want the power command \"%s\"?", word);
	if (!dialogue_yes(&t->dialogue, question, false, &yes))
		return tool_abandoned(t);
	return yes ? TOOL_DONE : TOOL_NEGATIVE;
}

static int
command(struct editing *ed, const struct bmc *b, const struct power_word *w)
{
	struct err err = ERR_INIT;
	struct buf answer;
	int rc;

	if (w->note != NULL)
		programs_note(ed->t, w->note);
	buf_init(&answer, ANSWER_MAX);
	rc = bmc_power(b, w->word, &answer, &err) == 0 ? show(ed->t, w, &answer)
						       : tool_fail(ed->t, &err);
	buf_fini(&answer);
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

/* --- the controller itself --- */

static int
ask_lan(struct editing *ed)
{
	struct dialogue *d = &ed->t->dialogue;
	char mask[DIALOGUE_LINE], gateway[DIALOGUE_LINE];
	struct bmc_lan lan = { mask, gateway, BMC_CHANNEL };
	uint64_t channel;

	do {
		if (!dialogue_text(d, "Enter the network mask:",
			"255.255.255.0", mask, sizeof(mask)))
			return tool_abandoned(ed->t);
	} while (!is_v4(mask));
	do {
		if (!dialogue_text(d, "Enter its gateway (none: leave empty):",
			"", gateway, sizeof(gateway)))
			return tool_abandoned(ed->t);
	} while (*gateway != '\0' && !is_v4(gateway));
	if (!dialogue_number(d, "Enter the number of its LAN channel:", 1,
		CHANNEL_MAX, BMC_CHANNEL, &channel))
		return tool_abandoned(ed->t);
	lan.channel = (unsigned)channel;
	return set_up(ed, &lan, false);
}

static int
take_lan(struct editing *ed, struct args *a, bool yes)
{
	const char *mask = args_option(a, "mask");
	const char *gateway = args_option(a, "gateway");
	const char *number = args_option(a, "channel");
	struct bmc_lan lan = { mask, gateway != NULL ? gateway : "", 0 };
	uint64_t channel = BMC_CHANNEL;

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (mask == NULL || !is_v4(mask))
		return tool_usage(ed->t, "mask=255.255.255.0 is needed");
	if (*lan.gateway != '\0' && !is_v4(lan.gateway))
		return tool_usage(ed->t, "gateway is an IPv4 address");
	if (number != NULL &&
	    (!str_u64(str_of(number), CHANNEL_MAX, &channel) || channel == 0))
		return tool_usage(ed->t, "channel is a number within 1..15");
	lan.channel = (unsigned)channel;
	return set_up(ed, &lan, yes);
}

static int
set_up(struct editing *ed, const struct bmc_lan *lan, bool yes)
{
	const struct remote_power *p = &ed->w->config->remote_power;
	struct tool *t = ed->t;
	struct err err = ERR_INIT;
	char host[BMC_MEMBER];
	unsigned user;
	struct bmc b;
	int rc;

	if (!bmc_is_local(t))
		return not_available("there is no device /dev/ipmi0: no "
				     "controller, or no driver for it");
	if (!is_ready(ed, &b, &rc))
		return rc;
	if (!str_copy(host, sizeof(host), p->host) || !is_v4(host))
		return editing_refuse(ed,
		    "remote_power.host must be the IPv4 address that the "
		    "controller gets");
	if (!yes && !t->asks)
		return tool_usage(t, "say --yes where nobody can be asked");
	if (!t->json)
		fprintf(t->dialogue.out,
		    "This will give the controller the address %s, and let "
		    "the user \"%.*s\" change the power.\n",
		    host, STR_ARG(p->user));
	rc = yes ? TOOL_DONE : sure(t, "lan");
	if (rc != TOOL_DONE)
		return rc;
	programs_note(t, "power-lan");
	if (bmc_setup(&b, lan, &user, &err) == -1)
		return tool_fail(t, &err);
	if (t->json)
		fprintf(t->dialogue.out,
		    "{\n  \"command\": \"lan\",\n  \"channel\": %u,\n  "
		    "\"user\": %u\n}\n",
		    lan->channel, user);
	else
		fprintf(t->dialogue.out,
		    "The controller is set up; it has \"%.*s\" as user %u.\n",
		    STR_ARG(p->user), user);
	return TOOL_DONE;
}

/* A mask is written as an address is. */
static bool
is_v4(const char *text)
{
	struct ip ip;

	return ip_parse(&ip, str_of(text)) && ip_is_v4(&ip);
}

/* --- what is set up here --- */

static int
set_secret(struct editing *ed)
{
	int rc =
	    password_to_file(ed->t, ed->w->config->remote_power.secret_file);

	if (rc == TOOL_DONE)
		fputs("The passphrase was changed.\n", ed->t->dialogue.out);
	return rc;
}

static struct settings
settings_of(struct editing *ed)
{
	return (struct settings){ .section = &schema_remote_power,
		.object = ed->w->config,
		.path = "remote_power" };
}
