/* cmd_whoami.c - `whoami`: who the caller is here, and what he may */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "tls/roles.h"

#define WHY (PATH_MAX + 200)

static int run(struct tool *, int argc, char **argv);
static enum admin_role judge(struct tool *, char why[WHY]);
static void why_allowed(const struct tool *, char why[WHY]);

const struct tool_command cmd_whoami = {
	.name = "whoami",
	.usage = "",
	.summary = "Who you are here, and what you may",
	.help = "Prints the name of the caller, his role at the command line, "
		"and why he has it. Whom the control socket lets in is an "
		"administrator; which files he may change or read is a matter "
		"of their modes.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	char user[65], why[WHY];
	enum admin_role role;
	json_t *j;

	if (argc > 1)
		return tool_unknown(t, argv[1]);
	tool_user(user, sizeof(user));
	role = judge(t, why);
	if (t->json) {
		j = json_pack("{ss sI ss ss}", "user", user, "uid",
		    (json_int_t)geteuid(), "role", admin_role_name(role), "why",
		    why);
		tool_print_json(t, j);
		json_decref(j);
		return TOOL_DONE;
	}
	tool_space(t);
	fprintf(t->dialogue.out,
	    "Username: %s\n"
	    "Role: %s (%s)\n",
	    user, admin_role_name(role), why);
	return TOOL_DONE;
}

/* The master lets in whom it lets in: so it is asked, not guessed. */
static enum admin_role
judge(struct tool *t, char why[WHY])
{
	const char *words[] = { "sessions", NULL };
	struct control_answer answer = { .fd = -1 };
	struct err err = ERR_INIT;

	if (control_ask(t, PROGRAM_MASTER, words, &answer, &err) == 0) {
		control_answer_fini(&answer);
		why_allowed(t, why);
		return ROLE_ADMINISTRATOR;
	}
	if (geteuid() == 0) {
		snprintf(why, WHY, "root");
		return ROLE_ADMINISTRATOR;
	}
	if (err.sys == EACCES || err.sys == EPERM)
		snprintf(why, WHY,
		    "neither root nor a member of the group that the control "
		    "socket %s lets in",
		    t->paths.control);
	else
		snprintf(why, WHY, "%s", err.text);
	return ROLE_NONE;
}

static void
why_allowed(const struct tool *t, char why[WHY])
{
	const struct group *gr;
	struct stat st;

	if (geteuid() == 0) {
		snprintf(why, WHY, "root");
	} else if (stat(t->paths.control, &st) == 0 && st.st_uid == geteuid()) {
		snprintf(why, WHY, "the gateway runs as this user");
	} else {
		gr = stat(t->paths.control, &st) == 0 ? getgrgid(st.st_gid)
						      : NULL;
		snprintf(why, WHY, "member of the group %s",
		    gr != NULL ? gr->gr_name : "that owns the control socket");
	}
}
