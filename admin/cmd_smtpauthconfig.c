/* cmd_smtpauthconfig.c - `smtpauthconfig`: profiles of SMTP AUTH, and the
 * users of those that are local */
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/objects.h"
#include "admin/password.h"
#include "admin/users.h"
#include "base/bounds.h"
#include "config/route_dest.h"

enum { USER, DELUSER, USERS, SECRET };

static void describe(const struct editing *, const void *, struct buf *);
static bool ask_users(struct editing *, size_t which);
static int take_users(struct editing *, struct args *, size_t which);
static int act(
    struct editing *, size_t which, const char *profile, const char *user);
static int set_user(
    struct tool *, const struct auth_profile *, const char *user);
static int set_secret(struct tool *, const struct auth_profile *);
static int delete_user(
    struct tool *, const struct auth_profile *, const char *user);
static int list_users(struct tool *, const struct auth_profile *);

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
		{ "user", "Enter the name to log in with:", "type=outgoing",
		    NULL },
		{ "tls", NULL, "type!=local", NULL },
		{ "timeout", "Enter the seconds that an answer may take:",
		    "type!=outgoing", NULL },
	},
	.describe = describe,
	.more = {
		{ "USER", "Set the password of a user, or add one." },
		{ "DELUSER", "Remove a user." },
		{ "USERS", "List the users of a profile." },
		{ "SECRET", "Set the passphrase of an outgoing profile." },
	},
	.ask_more = ask_users,
	.take_more = take_users,
};

const struct tool_command cmd_smtpauthconfig = {
	.name = "smtpauthconfig",
	.usage = "[" OBJECTS_USAGE " | user PROFILE NAME | "
		 "deluser PROFILE NAME | users PROFILE | secret PROFILE]",
	.summary = "Who may authenticate with SMTP AUTH, and as whom we do",
	.help = "new, edit and delete change the profiles in the working copy "
		"of the configuration, which listeners name, or routes "
		"(auth=PROFILE) those of the type outgoing; KEY is type, "
		"servers, tls, timeout, users, user or secret; nothing of it "
		"is in force before a commit. user sets the password of a user "
		"of a local "
		"profile, or adds the user; the password is asked for, or is "
		"the first line of standard input. deluser removes a user, "
		"users lists them. Passwords are kept as keys for "
		"SCRAM-SHA-256 in the profile's file below secrets/. secret "
		"sets the passphrase that we log in with as an outgoing "
		"profile. What is changed so counts at once, without a "
		"commit.",
	.edits = &objects_edits,
	.form = &form,
};

static void
describe(const struct editing *ed, const void *object, struct buf *out)
{
	const struct auth_profile *p = object;

	(void)ed;
	switch (p->kind) {
	case AUTH_LOCAL:
		buf_puts(out, " (local)");
		break;
	case AUTH_FORWARD:
		buf_puts(out, " (forward: ");
		route_dests_text(p->servers, p->n_servers, out);
		buf_putc(out, ')');
		break;
	case AUTH_OUTGOING:
		buf_printf(out, " (outgoing: %.*s)", STR_ARG(p->user));
		break;
	}
}

static bool
ask_users(struct editing *ed, size_t which)
{
	size_t n, k;
	struct str *names = ask_names(ed->w->config, form.list, &n);
	char user[DIALOGUE_LINE] = "", profile[DIALOGUE_LINE];
	bool answered;

	answered = ask_which(ed, "Enter the name or number of the profile.",
	    form.what, names, n, &k);
	str_copy(profile, sizeof(profile), k < n ? names[k] : STR(""));
	free(names);
	if (!answered || *profile == '\0')
		return answered;
	tool_space(ed->t);
	if ((which == USER || which == DELUSER) &&
	    !dialogue_needed(&ed->t->dialogue, "Enter the name of the user.",
		user, sizeof(user)))
		return false;
	act(ed, which, profile, user);
	return true;
}

/* PROFILE NAME, or of USERS, SECRET: PROFILE. */
static int
take_users(struct editing *ed, struct args *a, size_t which)
{
	const char *profile = args_next(a);
	bool of_user = which == USER || which == DELUSER;
	const char *user = of_user ? args_next(a) : "";

	if (profile == NULL || user == NULL)
		return tool_usage(ed->t,
		    of_user ? "which profile, which user?" : "which profile?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return act(ed, which, profile, user);
}

static int
act(struct editing *ed, size_t which, const char *name, const char *user)
{
	const struct auth_profile *p =
	    config_auth_profile(ed->w->config, str_of(name));
	struct err err = ERR_INIT;
	int rc;

	if (p == NULL)
		err_set(&err, ERR_PERM,
		    "There is no profile \"%s\" below auth_profiles.", name);
	else if (which == SECRET && p->kind != AUTH_OUTGOING)
		err_set(
		    &err, ERR_PERM, "\"%s\" is not an outgoing profile.", name);
	else if (which != SECRET && p->kind != AUTH_LOCAL)
		err_set(&err, ERR_PERM,
		    "The users of \"%s\" are those of another server.", name);
	if (err.kind != ERR_NONE)
		return tool_fail(ed->t, &err);
	if (which == USERS)
		return list_users(ed->t, p);
	if (which == SECRET)
		rc = set_secret(ed->t, p);
	else
		rc = which == USER ? set_user(ed->t, p, user)
				   : delete_user(ed->t, p, user);
	ed->done |= rc == TOOL_DONE;
	return rc;
}

static int
set_user(struct tool *t, const struct auth_profile *p, const char *user)
{
	char password[PASSWORD_MAX];
	struct err err = ERR_INIT;
	bool added;
	int rc;

	if (!password_ask(t, password))
		return tool_abandoned(t);
	rc = users_file_set(t->paths.etc, p->users_file, str_of(user),
	    str_of(password), &added, &err);
	explicit_bzero(password, sizeof(password));
	if (rc == -1)
		return tool_fail(t, &err);
	fprintf(t->dialogue.out, "User %s %s.\n", user,
	    added ? "added" : "has a new password");
	return TOOL_DONE;
}

static int
set_secret(struct tool *t, const struct auth_profile *p)
{
	int rc = password_to_file(t, p->secret_file);

	if (rc == TOOL_DONE)
		fprintf(t->dialogue.out, "Profile %.*s has a new passphrase.\n",
		    STR_ARG(p->name));
	return rc;
}

static int
delete_user(struct tool *t, const struct auth_profile *p, const char *user)
{
	struct err err = ERR_INIT;
	bool found;

	if (users_file_remove(
		t->paths.etc, p->users_file, str_of(user), &found, &err) == -1)
		return tool_fail(t, &err);
	if (!found) {
		err_set(&err, ERR_PERM, "There is no user \"%s\".", user);
		return tool_fail(t, &err);
	}
	fprintf(t->dialogue.out, "User %s removed.\n", user);
	return TOOL_DONE;
}

static int
list_users(struct tool *t, const struct auth_profile *p)
{
	struct err err = ERR_INIT;
	struct buf names;
	int status;

	buf_init(&names, 1 << 26);
	if (users_file_names(t->paths.etc, p->users_file, &names, &err) == -1)
		status = tool_fail(t, &err);
	else
		status = tool_print(t, &names);
	buf_fini(&names);
	return status;
}
