/* cmd_suspendlistener.c - `suspendlistener`, `resumelistener`
 * (delivery-admin 3.5, receiving 3.8) */
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/suspend.h"
#include "base/mem.h"

static int run_suspend(struct tool *, int argc, char **argv);
static int run_resume(struct tool *, int argc, char **argv);
static int pick(struct tool *, const char *arg, const char *question,
    bool suspended, json_t **names);
static int pick_named(
    struct tool *, const char *arg, bool suspended, json_t *all);
static int not_there(struct tool *, const char *name, bool suspended);
static bool ask(struct tool *, const char *question, json_t *all);
static bool has(const json_t *list, const char *name);

const struct tool_command cmd_suspendlistener = {
	.name = "suspendlistener",
	.usage = "all|NAME[,NAME...] [SECONDS]",
	.summary = "Stop receiving on listeners",
	.help = "Closes the sockets of listeners, so that new clients are "
		"refused; conversations that are going on may finish within "
		"SECONDS (30 if not given), then they are cut. Stays so over a "
		"restart, until resumelistener.",
	.run = run_suspend,
};

const struct tool_command cmd_resumelistener = {
	.name = "resumelistener",
	.usage = "all|NAME[,NAME...]",
	.summary = "Receive again on suspended listeners",
	.help = "Opens the sockets of suspended listeners again. The spelling "
		"\"resumelister\" is understood, too.",
	.run = run_resume,
};

static int
run_suspend(struct tool *t, int argc, char **argv)
{
	json_t *names = NULL;
	uint64_t seconds;
	int status;

	if (argc > 3 || (argc == 1 && !t->asks))
		return tool_usage(t, NULL);
	status = pick(t, argv[1],
	    "Choose the listener(s) you wish to suspend. Separate multiple "
	    "entries with commas.",
	    false, &names);
	if (status == TOOL_DONE) {
		/* Who said which listeners on the line is not asked more. */
		seconds = SUSPEND_WAIT;
		if (argc != 2)
			status = suspend_wait(
			    t, argc == 3 ? argv[2] : NULL, &seconds);
	}
	if (status == TOOL_DONE)
		status = suspend_receiving(t, names, seconds);
	json_decref(names);
	return status;
}

static int
run_resume(struct tool *t, int argc, char **argv)
{
	json_t *names = NULL;
	int status;

	if (argc > 2 || (argc == 1 && !t->asks))
		return tool_usage(t, NULL);
	status = pick(t, argv[1],
	    "Choose the listener(s) you wish to resume. Separate multiple "
	    "entries with commas.",
	    true, &names);
	if (status == TOOL_DONE)
		status = suspend_resume_receiving(t, names);
	json_decref(names);
	return status;
}

/* Which of those that are (not) suspended; arg NULL: asks. */
static int
pick(struct tool *t, const char *arg, const char *question, bool suspended,
    json_t **names)
{
	struct err err = ERR_INIT;

	*names = suspend_listeners(t, suspended, &err);
	if (*names == NULL)
		return tool_fail(t, &err);
	if (json_array_size(*names) == 0) {
		fputs(suspended ? "No listeners are suspended.\n"
				: "All listeners are already suspended.\n",
		    stderr);
		return TOOL_NEGATIVE;
	}
	if (arg != NULL)
		return pick_named(t, arg, suspended, *names);
	return ask(t, question, *names) ? TOOL_DONE : tool_abandoned(t);
}

/* Leaves in all those that arg names. */
static int
pick_named(struct tool *t, const char *arg, bool suspended, json_t *all)
{
	struct str list = str_of(arg);
	json_t *wanted;

	if (strcmp(arg, "all") == 0)
		return TOOL_DONE;
	wanted = json_array();
	do {
		struct str one = str_trim(str_cut(&list, ','));
		char name[NAME_MAX_LEN + 1];

		if (!str_copy(name, sizeof(name), one) || !has(all, name)) {
			json_decref(wanted);
			return not_there(t, name, suspended);
		}
		if (!has(wanted, name))
			json_array_append_new(wanted, json_string(name));
	} while (list.n != 0);
	json_array_clear(all);
	json_array_extend(all, wanted);
	json_decref(wanted);
	return TOOL_DONE;
}

/* Either it is in the other state, or there is none of that name. */
static int
not_there(struct tool *t, const char *name, bool suspended)
{
	struct err err = ERR_INIT;
	json_t *others = suspend_listeners(t, !suspended, &err);

	if (others == NULL)
		return tool_fail(t, &err);
	if (!has(others, name))
		err_set(&err, ERR_PERM, "There is no listener \"%s\".", name);
	else
		err_set(&err, ERR_PERM, "Listener \"%s\" is %s suspended.",
		    name, suspended ? "not" : "already");
	json_decref(others);
	return tool_fail(t, &err);
}

static bool
ask(struct tool *t, const char *question, json_t *all)
{
	size_t n = json_array_size(all);
	const char **items = mem_array(n + 1, sizeof(*items));
	bool *chosen = mem_array(n + 1, sizeof(*chosen));
	bool answered;

	items[0] = "All";
	for (size_t i = 0; i < n; i++)
		items[i + 1] = json_string_value(json_array_get(all, i));
	answered =
	    dialogue_choices(&t->dialogue, question, items, n + 1, 0, chosen);
	for (size_t i = n; answered && !chosen[0] && i > 0; i--)
		if (!chosen[i])
			json_array_remove(all, i - 1);
	free(items);
	free(chosen);
	return answered;
}

static bool
has(const json_t *list, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i,
	    one) if (strcmp(json_string_value(one), name) == 0) return true;
	return false;
}
