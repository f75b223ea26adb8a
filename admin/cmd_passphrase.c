/* cmd_passphrase.c - `passphrase`: an administrator's own */
#include <string.h>

#include "admin/administrators.h"
#include "admin/commands.h"
#include "base/clock.h"

static int run(struct tool *, int argc, char **argv);
static int check(struct tool *, const char *name, const char *old);
static int set(struct tool *, const char *name, const char *fresh);
static bool ask_old(struct tool *, char out[PASSWORD_MAX]);
static int nobody(struct tool *, const char *name);

const struct tool_command cmd_passphrase = {
	.name = "passphrase",
	.usage = "[NAME]",
	.summary = "Change your own passphrase",
	.help = "Asks for the passphrase of the administrator NAME (your login "
		"name, when none is given), and twice for a new one; "
		"elsewhere than on a terminal they are the first two lines of "
		"standard input. It counts at once: whoever is logged in with "
		"the old one is so no longer. userconfig sets the passphrase "
		"of somebody who has forgotten it.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	char old[PASSWORD_MAX], fresh[PASSWORD_MAX], name[65];
	int rc;

	if (argc > 2)
		return tool_unknown(t, argv[2]);
	tool_user(name, sizeof(name));
	if (argc == 2)
		str_copy(name, sizeof(name), str_of(argv[1]));
	rc = check(t, name, NULL);
	if (rc != TOOL_DONE)
		return rc;
	if (!ask_old(t, old))
		return tool_abandoned(t);
	rc = check(t, name, old);
	explicit_bzero(old, sizeof(old));
	if (rc == TOOL_DONE)
		rc = admins_ask_passphrase(t, str_of(name), fresh);
	if (rc == TOOL_DONE)
		rc = set(t, name, fresh);
	explicit_bzero(fresh, sizeof(fresh));
	return rc;
}

/* Is there such a user, and, old given, has he that passphrase. */
static int
check(struct tool *t, const char *name, const char *old)
{
	struct err err = ERR_INIT;
	struct admins_file f;
	int rc = TOOL_DONE;

	if (admins_open(&f, t, &err) == -1)
		return tool_fail(t, &err);
	if (administrators_find(&f.list, str_of(name)) == NULL) {
		rc = nobody(t, name);
	} else if (old != NULL && administrators_check(&f.list, str_of(name),
				      str_of(old)) == NULL) {
		err_set(&err, ERR_PERM, "The passphrase is wrong.");
		rc = tool_fail(t, &err);
	}
	admins_close(&f);
	return rc;
}

static int
set(struct tool *t, const char *name, const char *fresh)
{
	struct administrator *who;
	struct err err = ERR_INIT;
	struct admins_file f;
	int rc;

	if (admins_open(&f, t, &err) == -1)
		return tool_fail(t, &err);
	who = administrators_find(&f.list, str_of(name));
	if (who == NULL) {
		admins_close(&f);
		return nobody(t, name);
	}
	admin_hash_make(&who->hash, str_of(fresh));
	who->set = clock_wall_ms() / 1000;
	if (who->state == ADMIN_CHANGE)
		who->state = ADMIN_ENABLED;
	rc = admins_save(&f, "passphrase", who->name, &err);
	admins_close(&f);
	if (rc == -1)
		return tool_fail(t, &err);
	fputs("The passphrase was changed.\n", t->dialogue.out);
	return TOOL_DONE;
}

static bool
ask_old(struct tool *t, char out[PASSWORD_MAX])
{
	return t->asks ? password_line(t, "Old passphrase: ", false, out)
		       : password_next(t, out);
}

static int
nobody(struct tool *t, const char *name)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_PERM,
	    "There is no administrator \"%s\"; \"postern userconfig\" has "
	    "them.",
	    name);
	return tool_fail(t, &err);
}
