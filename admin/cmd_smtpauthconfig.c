/* cmd_smtpauthconfig.c - `smtpauthconfig`: profiles of SMTP AUTH, and the
 * users of those that are local */
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/objects.h"
#include "admin/users.h"
#include "base/mem.h"
#include "config/load.h"

#define PASSWORD_MAX 1024

static int run(struct tool *, int argc, char **argv);
static void describe(const struct editing *, const void *, struct buf *);
static void listeners(const struct editing *, struct str name, struct buf *);
static int run_user(struct tool *, const struct auth_profile *, char **argv);
static int run_users(struct tool *, const struct auth_profile *, char **argv);
static int run_deluser(struct tool *, const struct auth_profile *, char **argv);
static bool read_password(struct tool *, char out[PASSWORD_MAX]);
static bool read_unseen(struct tool *, const char *question, char *out);

static const struct objects_form form = {
	.list = "auth_profiles",
	.what = "profile",
	.title = "Currently configured SMTP Authentication profiles:",
	.none = "No SMTP Authentication profiles configured.",
	.ask_name = "Enter a name for this profile:",
	.op_help = { "Create a new SMTP Auth profile.",
	    "Edit an existing profile.", "Delete a profile." },
	.keys = {
		{ "type", "Choose the type of profile:", NULL, NULL },
		{ "servers",
		    "Enter the servers to forward to. Separate multiple "
		    "servers with commas.",
		    "type=forward", NULL },
		{ "tls", NULL, "type=forward", NULL },
		{ "timeout", "Enter the seconds that an answer may take:", NULL,
		    NULL },
	},
	.describe = describe,
	.users = listeners,
};

const struct tool_command cmd_smtpauthconfig = { "smtpauthconfig",
	"[list | print NAME | new NAME [KEY=VALUE ...] | "
	"edit NAME [KEY=VALUE ...] | delete NAME | user PROFILE NAME | "
	"deluser PROFILE NAME | users PROFILE]",
	"Who may authenticate with SMTP AUTH",
	"new, edit and delete change the profiles in the working copy of the "
	"configuration, which listeners name; KEY is type, servers, tls, "
	"timeout or users; nothing of it is in force before a commit. user "
	"sets the password of a user of a local profile, or adds the "
	"user; the password is asked for, or is the first line of standard "
	"input. deluser removes a user, users lists them. Passwords are kept "
	"as keys for SCRAM-SHA-256 in the profile's file below secrets/. "
	"What is changed here counts at once, without a commit.",
	run };

static const struct {
	const char *word;
	int argc;
	int (*run)(struct tool *, const struct auth_profile *, char **argv);
} actions[] = {
	{ "user", 4, run_user },
	{ "deluser", 4, run_deluser },
	{ "users", 3, run_users },
};

static int
run(struct tool *t, int argc, char **argv)
{
	const struct auth_profile *profile;
	struct err err = ERR_INIT;
	struct config *c = NULL;
	struct bundle b;
	size_t i = 0;
	int status;

	while (i < NELEM(actions) &&
	       (argc < 2 || strcmp(argv[1], actions[i].word) != 0))
		i++;
	if (i == NELEM(actions)) /* profiles */
		return objects_run(&form, t, argc, argv);
	if (argc != actions[i].argc)
		return tool_usage(t, NULL);
	if (bundle_read_folder(&b, t->paths.etc, &err) == 0) {
		c = config_load_simple(&b, 0, &err);
		bundle_free(&b);
	}
	if (c == NULL)
		return tool_fail(t, &err);
	profile = config_auth_profile(c, str_of(argv[2]));
	if (profile == NULL)
		err_set(&err, ERR_PERM,
		    "There is no profile \"%s\" below auth_profiles.", argv[2]);
	else if (profile->kind != AUTH_LOCAL)
		err_set(&err, ERR_PERM,
		    "The users of \"%s\" are those of another server.",
		    argv[2]);
	status = err.kind != ERR_NONE ? tool_fail(t, &err)
				      : actions[i].run(t, profile, argv);
	config_unref(&c);
	return status;
}

static void
describe(const struct editing *ed, const void *object, struct buf *out)
{
	const struct auth_profile *p = object;

	(void)ed;
	buf_puts(out, p->kind == AUTH_LOCAL ? " (local)" : " (forward: ");
	for (size_t k = 0; k < p->n_servers; k++)
		buf_printf(out, "%s%.*s", k > 0 ? ", " : "",
		    STR_ARG(p->servers[k].text));
	buf_puts(out, p->kind == AUTH_LOCAL ? "" : ")");
}

static void
listeners(const struct editing *ed, struct str name, struct buf *out)
{
	const struct config *c = ed->w->config;

	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct listener *l = &c->listeners[i];

		if (l->auth != NULL && str_eq(l->auth->name, name))
			buf_printf(out, "%slistener \"%.*s\"",
			    out->len > 0 ? ", " : "", STR_ARG(l->name));
	}
}

static int
run_user(struct tool *t, const struct auth_profile *p, char **argv)
{
	char password[PASSWORD_MAX];
	struct err err = ERR_INIT;
	bool added;
	int rc;

	if (!read_password(t, password))
		return tool_abandoned(t);
	rc = users_file_set(t->paths.etc, p->users_file, str_of(argv[3]),
	    str_of(password), &added, &err);
	explicit_bzero(password, sizeof(password));
	if (rc == -1)
		return tool_fail(t, &err);
	fprintf(t->dialogue.out, "User %s %s.\n", argv[3],
	    added ? "added" : "has a new password");
	return TOOL_DONE;
}

static int
run_deluser(struct tool *t, const struct auth_profile *p, char **argv)
{
	struct err err = ERR_INIT;
	bool found;

	if (users_file_remove(t->paths.etc, p->users_file, str_of(argv[3]),
		&found, &err) == -1)
		return tool_fail(t, &err);
	if (!found) {
		err_set(&err, ERR_PERM, "There is no user \"%s\".", argv[3]);
		return tool_fail(t, &err);
	}
	fprintf(t->dialogue.out, "User %s removed.\n", argv[3]);
	return TOOL_DONE;
}

static int
run_users(struct tool *t, const struct auth_profile *p, char **argv)
{
	struct err err = ERR_INIT;
	struct buf names;
	int status;

	(void)argv;
	buf_init(&names, 1 << 26);
	if (users_file_names(t->paths.etc, p->users_file, &names, &err) == -1)
		status = tool_fail(t, &err);
	else
		status = tool_print(t, &names);
	buf_fini(&names);
	return status;
}

/* A person says it twice, and nobody sees it. */
static bool
read_password(struct tool *t, char out[PASSWORD_MAX])
{
	char again[PASSWORD_MAX];
	bool same;

	if (!isatty(fileno(t->dialogue.in)))
		return dialogue_line(&t->dialogue, out, PASSWORD_MAX);
	do {
		if (!read_unseen(t, "Password: ", out) ||
		    !read_unseen(t, "Again: ", again))
			return false;
		same = strcmp(out, again) == 0;
		if (!same)
			fputs("They differ.\n", t->dialogue.out);
	} while (!same);
	explicit_bzero(again, sizeof(again));
	return true;
}

static bool
read_unseen(struct tool *t, const char *question, char *out)
{
	int fd = fileno(t->dialogue.in);
	struct termios was, dark;
	bool ok;

	fputs(question, t->dialogue.out);
	fflush(t->dialogue.out);
	if (tcgetattr(fd, &was) == -1)
		return false;
	dark = was;
	dark.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &dark);
	ok = dialogue_line(&t->dialogue, out, PASSWORD_MAX);
	tcsetattr(fd, TCSAFLUSH, &was);
	fputc('\n', t->dialogue.out);
	return ok;
}
