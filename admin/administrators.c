/* administrators.c - the file of administrators, changed by commands */
#include "admin/administrators.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/control.h"
#include "base/clock.h"
#include "config/revision.h"
#include "config/secrets.h"

#define LEAST 8 /* characters, when there is no configuration yet */

static int lock(const struct tool *, struct err *);
static void tell_master(struct tool *, const char *done, struct str name);
static size_t least_of(const struct tool *);
static bool read_new(struct tool *, char out[PASSWORD_MAX]);

int
admins_open(struct admins_file *f, struct tool *t, struct err *err)
{
	struct err why = ERR_INIT;
	struct buf text;
	int rc;

	*f = (struct admins_file){ .t = t, .lock = lock(t, err) };
	if (f->lock == -1)
		return -1;
	administrators_init(&f->list);
	buf_init(&text, 2 * ADMINS_TEXT_MAX);
	rc = secrets_slurp(t->paths.etc, STR(CONFIG_ADMINS_FILE), &text, &why);
	if (rc == -1 && why.sys == ENOENT)
		rc = 0;
	else if (rc == -1)
		err_set(err, why.kind, "%s", why.text);
	else
		rc = administrators_parse(&f->list, buf_str(&text),
		    "secrets/" CONFIG_ADMINS_FILE, err);
	buf_fini(&text);
	if (rc == -1)
		admins_close(f);
	return rc;
}

void
admins_close(struct admins_file *f)
{
	administrators_fini(&f->list);
	if (f->lock != -1)
		close(f->lock);
	f->lock = -1;
}

int
admins_save(
    struct admins_file *f, const char *done, struct str name, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, ADMINS_TEXT_MAX);
	administrators_print(&f->list, &text);
	if (text.failed)
		rc = err_set(err, ERR_USAGE, "there are too many users");
	else
		rc = secrets_put(f->t->paths.etc, STR(CONFIG_ADMINS_FILE),
		    buf_str(&text), err);
	buf_fini(&text);
	if (rc == 0)
		tell_master(f->t, done, name);
	return rc;
}

int
admins_ask_passphrase(struct tool *t, struct str name, char out[PASSWORD_MAX])
{
	size_t least = least_of(t);

	for (;;) {
		struct err err = ERR_INIT;

		if (!read_new(t, out))
			return tool_abandoned(t);
		if (admin_passphrase_ok(name, str_of(out), least, &err))
			return TOOL_DONE;
		explicit_bzero(out, PASSWORD_MAX);
		if (!t->asks) {
			err.kind = ERR_PERM;
			return tool_fail(t, &err);
		}
		fprintf(t->dialogue.out, "%s\n", err.text);
	}
}

/* --- helpers --- */

/* On the folder: the file is another one each time. */
static int
lock(const struct tool *t, struct err *err)
{
	char path[PATH_MAX + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/secrets", t->paths.etc);
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return err_sys(err, ERR_PERM, "make %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "%s", path);
	while (flock(fd, LOCK_EX) == -1) {
		if (errno == EINTR)
			continue;
		err_sys(err, ERR_TEMP, "lock %s", path);
		close(fd);
		return -1;
	}
	return fd;
}

/* It has keyd look at the file at once, and puts it into the logs. Where
 * nothing runs, nobody is logged in either. */
static void
tell_master(struct tool *t, const char *done, struct str name)
{
	char who[ADMIN_NAME_MAX + 1];
	const char *words[] = { "administrators", done, who, NULL };
	const char *unlock[] = { "unlock", who, NULL };
	struct control_answer answer = { .fd = -1 };
	struct err err = ERR_INIT;

	str_copy(who, sizeof(who), name);
	if (control_ask(t, PROGRAM_MASTER, words, &answer, &err) == -1 &&
	    err.sys != ECONNREFUSED)
		fprintf(stderr, "Not in the logs: %s\n", err.text);
	control_answer_fini(&answer);
	if (strcmp(done, "unlocked") != 0)
		return;
	err = (struct err)ERR_INIT;
	if (control_ask(t, PROGRAM_KEYD, unlock, &answer, &err) == -1 &&
	    err.sys != ECONNREFUSED)
		fprintf(stderr, "Earlier failures still count: %s\n", err.text);
	control_answer_fini(&answer);
}

static size_t
least_of(const struct tool *t)
{
	struct config *c = NULL;
	struct bundle b = { 0 };
	size_t least = LEAST;
	uint64_t n = 0;

	if (revision_current(t->paths.state, &n, NULL) && n != 0 &&
	    revision_compiled(&b, t->paths.state, n, NULL) == 0) {
		c = config_load_simple(&b, n, NULL);
		bundle_free(&b);
	}
	if (c != NULL)
		least = c->admins.pass_min;
	if (c != NULL)
		config_unref(&c);
	return least;
}

static bool
read_new(struct tool *t, char out[PASSWORD_MAX])
{
	char again[PASSWORD_MAX];
	bool same;

	if (!t->asks)
		return password_next(t, out);
	do {
		if (!password_line(t, "New passphrase: ", false, out) ||
		    !password_line(t, "Again: ", false, again))
			return false;
		same = strcmp(out, again) == 0;
		if (!same)
			fputs("They differ.\n", t->dialogue.out);
		explicit_bzero(again, sizeof(again));
	} while (!same);
	return true;
}
