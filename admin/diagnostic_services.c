/* diagnostic_services.c - `diagnostic services`: the programs of the gateway,
 * and starting them anew */
#include <string.h>
#include <time.h>

#include "admin/control.h"
#include "admin/diagnostic.h"
#include "admin/fields.h"
#include "admin/render.h"
#include "base/mem.h"

#define TEXT_SIZE 65536
#define TRIES     600 /* a moment apart: a minute */

static const struct timespec a_moment = { .tv_nsec = 100 * 1000 * 1000 };

static int act(struct tool *, const char *name, const char *word, bool yes);
static int ask(struct tool *);
static int status(struct tool *, const char *name);
static int restart(struct tool *, const char *name, bool yes);
static bool is_anew(const json_t *before, const json_t *now);
static json_t *programs(struct tool *, const char *name, struct err *);
static int show(struct tool *, json_t *list);

static const struct dialogue_op services[] = {
	{ "SMTPD", "Receives mail." },
	{ "QMQPD", "Receives mail by QMQP." },
	{ "CLEANUP", "Takes mail in; filters and policies." },
	{ "INSPECT", "Looks into attachments." },
	{ "QMGR", "Keeps the queue." },
	{ "SMTP", "Delivers mail." },
	{ "LOOKUPD", "Asks DNS, LDAP, scanners." },
	{ "KEYD", "Has the private keys." },
	{ "RECORDER", "Writes logs and counters." },
};
static const struct dialogue_op ops[] = {
	{ "RESTART", "Restart the service." },
	{ "STATUS", "View the status of the service." },
};

int
diagnostic_services(struct tool *t, int argc, char **argv)
{
	bool yes = false;
	const struct tool_option options[] = { { "--yes", NULL, &yes } };

	if (!tool_options(t, options, 1, &argc, argv))
		return TOOL_USAGE;
	if (argc == 1 && t->asks)
		return ask(t);
	if (argc == 2 && str_is_nocase(str_of(argv[1]), "status"))
		return status(t, NULL);
	if (argc != 3)
		return tool_usage(t, NULL);
	return act(t, argv[1], argv[2], yes);
}

/* Until an empty answer. */
static int
ask(struct tool *t)
{
	int rc = TOOL_DONE;
	size_t which, op;

	for (;;) {
		fputc('\n', t->dialogue.out);
		if (!dialogue_menu(
			&t->dialogue, services, NELEM(services), &which))
			return tool_abandoned(t);
		if (which == NELEM(services))
			return rc;
		fputc('\n', t->dialogue.out);
		if (!dialogue_menu(&t->dialogue, ops, NELEM(ops), &op))
			return tool_abandoned(t);
		if (op < NELEM(ops))
			rc = act(t, services[which].word, ops[op].word, false);
	}
}

static int
act(struct tool *t, const char *name, const char *word, bool yes)
{
	char lower[32];

	for (size_t i = 0; i < NELEM(services); i++) {
		if (!str_is_nocase(str_of(name), services[i].word))
			continue;
		str_copy(lower, sizeof(lower), str_of(services[i].word));
		for (char *p = lower; *p != '\0'; p++)
			*p = (char)(*p | 0x20);
		if (str_is_nocase(str_of(word), "restart"))
			return restart(t, lower, yes);
		if (str_is_nocase(str_of(word), "status"))
			return status(t, lower);
		return tool_unknown(t, word);
	}
	return tool_usage(t,
	    "NAME is smtpd, qmqpd, cleanup, inspect, qmgr, smtp, lookupd, keyd "
	    "or recorder");
}

static int
status(struct tool *t, const char *name)
{
	struct err err = ERR_INIT;
	json_t *list = programs(t, name, &err);

	return list != NULL ? show(t, list) : tool_fail(t, &err);
}

/* Done when all that ran runs again. */
static int
restart(struct tool *t, const char *name, bool yes)
{
	const char *words[] = { "restart", name, NULL };
	struct control_answer answer = { .fd = -1 };
	json_t *before, *now = NULL;
	struct err err = ERR_INIT;
	bool anew = false;

	if (!yes && !t->asks)
		return tool_usage(t, "say --yes where nobody can be asked");
	if (!yes &&
	    !dialogue_yes(&t->dialogue,
		"Are you sure you want to restart the service?", false, &yes))
		return tool_abandoned(t);
	if (!yes)
		return TOOL_NEGATIVE;
	before = programs(t, name, &err);
	if (before == NULL ||
	    control_ask(t, PROGRAM_MASTER, words, &answer, &err) == -1) {
		json_decref(before);
		return tool_fail(t, &err);
	}
	control_answer_fini(&answer);
	for (int i = 0; i < TRIES && !anew; i++) {
		nanosleep(&a_moment, NULL);
		json_decref(now);
		now = programs(t, name, &err);
		anew = now != NULL && is_anew(before, now);
	}
	json_decref(before);
	if (anew)
		return show(t, now);
	json_decref(now);
	if (err.kind == ERR_NONE)
		err_set(&err, ERR_TEMP, "%s has not come back yet", name);
	return tool_fail(t, &err);
}

static bool
is_anew(const json_t *before, const json_t *now)
{
	const json_t *one;
	size_t i;

	json_array_foreach(before, i, one)
	{
		const json_t *other = json_array_get(now, i);

		if (fields_num(one, "pid") != 0 &&
		    fields_num(one, "pid") == fields_num(other, "pid"))
			return false;
		if (!str_is(str_of(fields_text(other, "state")), "ready"))
			return false;
	}
	return true;
}

/* Those of a name, or all. NULL: err. */
static json_t *
programs(struct tool *t, const char *name, struct err *err)
{
	const char *words[] = { "programs", NULL };
	struct control_answer answer;
	json_t *list, *one;
	size_t i;

	if (control_ask(t, PROGRAM_MASTER, words, &answer, err) == -1)
		return NULL;
	list = json_array();
	json_array_foreach(json_object_get(answer.json, "programs"), i,
	    one) if (name == NULL || str_is(str_of(fields_text(one, "program")),
					 name)) json_array_append(list, one);
	control_answer_fini(&answer);
	return list;
}

/* Takes the list. */
static int
show(struct tool *t, json_t *list)
{
	json_t *json = json_pack("{s:o}", "programs", list);
	struct buf text;

	buf_init(&text, TEXT_SIZE);
	render_programs(json, &text);
	return tool_show(t, json, &text);
}
