/* cmd_loadconfig.c - `loadconfig` (delivery-admin 4.2) */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/revise.h"
#include "admin/saving.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "config/folder.h"
#include "config/name.h"
#include "config/secrets.h"

#define LOADED                                                                 \
	"Values have been loaded.\n"                                           \
	"Be sure to run \"commit\" to make these settings active.\n"

struct loading {
	const char *key_file;
	bool replace;             /* secrets that differ */
	char name[DIALOGUE_LINE]; /* "-": what was pasted */
	struct buf text;
};

static int run(struct tool *, int argc, char **argv);
static int ask(struct tool *, struct loading *);
static bool paste(struct tool *, struct buf *);
static int read_all(struct tool *, struct buf *, struct err *err);
static int read_file(struct tool *, struct loading *, struct err *err);
static int load(struct tool *, struct loading *);
static int check(struct tool *, struct loading *, struct saved *,
    struct config_problems *, struct err *err);
static int open_secrets(
    struct tool *, const struct loading *, struct saved *, struct err *err);
static int apply_secrets(struct tool *, const struct loading *,
    const struct saved *, struct err *err);
static bool may_replace(struct tool *, const struct loading *, struct str name);

const struct tool_command cmd_loadconfig = {
	.name = "loadconfig",
	.usage = "[--key FILE] [--secrets] NAME | -",
	.summary = "Load a saved configuration into the working copy",
	.help = "Reads a file of the configuration folder that saveconfig or "
		"mailconfig made, or standard input (-), into the working "
		"copy; nothing takes effect before commit. A part of a "
		"configuration replaces what it has and leaves the rest. A "
		"file with masked passphrases is refused. Files below secrets/ "
		"are no part of the working copy: those that are missing are "
		"written, those that differ only with --secrets, or when you "
		"say so. --key names the file that it was encrypted with, if "
		"that was not the key of this machine.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct loading ld = { .key_file = NULL };
	const struct tool_option options[] = {
		{ "--key", &ld.key_file, NULL },
		{ "--secrets", NULL, &ld.replace },
	};
	struct err err = ERR_INIT;
	int status = TOOL_DONE, rc = 0;

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	if (argc > 2 || (argc == 1 && !t->asks))
		return tool_usage(t, NULL);
	buf_init(&ld.text, SAVED_MAX + FOLDER_BLOCK);
	if (argc == 1)
		status = ask(t, &ld);
	else if (!str_copy(ld.name, sizeof(ld.name), str_of(argv[1])))
		status = tool_usage(t, "the name is too long");
	else if (strcmp(argv[1], "-") == 0)
		rc = read_all(t, &ld.text, &err);
	else
		rc = read_file(t, &ld, &err);
	if (rc == -1)
		status = tool_fail(t, &err);
	if (status == TOOL_DONE)
		status = load(t, &ld);
	buf_fini(&ld.text);
	return status;
}

static int
ask(struct tool *t, struct loading *ld)
{
	static const char *const items[] = { "Paste via CLI",
		"Load from file" };
	struct err err = ERR_INIT;
	size_t chosen;

	if (!dialogue_choice(
		&t->dialogue, NULL, items, NELEM(items), 0, &chosen))
		return tool_abandoned(t);
	if (chosen == 0) {
		str_copy(ld->name, sizeof(ld->name), STR("-"));
		return paste(t, &ld->text) ? TOOL_DONE : tool_abandoned(t);
	}
	for (;;) {
		if (!dialogue_needed(&t->dialogue,
			"Enter the name of the file to import:", ld->name,
			sizeof(ld->name)))
			return tool_abandoned(t);
		err = (struct err)ERR_INIT;
		if (read_file(t, ld, &err) == 0)
			return TOOL_DONE;
		tool_fail(t, &err);
	}
}

/* Up to a line with a dot, or Ctrl-D. */
static bool
paste(struct tool *t, struct buf *text)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	fputs("Paste the configuration file now. Enter '.' on a blank line to "
	      "end.\n",
	    t->dialogue.out);
	fflush(t->dialogue.out);
	while ((n = getline(&line, &cap, t->dialogue.in)) > 0) {
		struct str got = { line, (size_t)n };

		if (str_is(str_trim(got), "."))
			break;
		buf_add_str(text, got);
	}
	clearerr(t->dialogue.in);
	free(line);
	return text->len > 0;
}

static int
read_all(struct tool *t, struct buf *out, struct err *err)
{
	size_t n = 1;

	while (n > 0) {
		char *room = buf_room(out, 65536);

		if (room == NULL)
			return err_set(err, ERR_USAGE,
			    "the configuration is larger than %zu MiB",
			    SAVED_MAX >> 20);
		n = fread(room, 1, 65536, t->dialogue.in);
		buf_grew(out, n);
	}
	return ferror(t->dialogue.in) ? err_sys(err, ERR_TEMP, "standard input")
				      : 0;
}

/* Names never lead out of the folder (threats ADM-03). */
static int
read_file(struct tool *t, struct loading *ld, struct err *err)
{
	struct err why = ERR_INIT;
	struct stat st;
	int dir, rc;

	if (!name_file(str_of(ld->name), &why)) {
		char shown[200];

		str_escape(
		    shown, sizeof(shown), str_of(ld->name), NAME_MAX_LEN);
		return err_set(
		    err, ERR_USAGE, "File \"%s\": %s", shown, why.text);
	}
	dir = saving_folder(t, err);
	if (dir == -1)
		return -1;
	buf_reset(&ld->text);
	rc = folder_slurp(dir, ld->name, &ld->text, &st, &why);
	close(dir);
	if (rc == 0)
		return 0;
	if (why.sys == ENOENT)
		return err_set(err, ERR_PERM,
		    "File \"%s\" was not found in the configuration "
		    "directory.",
		    ld->name);
	*err = why;
	return -1;
}

static int
load(struct tool *t, struct loading *ld)
{
	struct config_problems problems = { 0 };
	struct err err = ERR_INIT;
	struct saved s;
	int rc = check(t, ld, &s, &problems, &err), status = TOOL_DONE;

	if (rc == 0)
		rc = saved_apply(&s, ld->name, t->paths.etc, &problems, &err);
	revise_report(&problems);
	if (rc == 0)
		rc = apply_secrets(t, ld, &s, &err);
	if (rc == 0)
		revise_edited(t);
	if (rc == -1)
		status = tool_refuse(t, &err);
	else
		fputs(t->json ? "{\n  \"loaded\": true\n}\n" : LOADED,
		    t->dialogue.out);
	config_problems_free(&problems);
	saved_free(&s);
	return status;
}

static int
check(struct tool *t, struct loading *ld, struct saved *s,
    struct config_problems *problems, struct err *err)
{
	const struct saved_file *masked;

	if (saved_read(s, ld->name, buf_str(&ld->text), problems) == -1)
		return err_set(err, ERR_PERM,
		    "this cannot be loaded; nothing was changed");
	masked = saved_masked(s);
	if (masked != NULL)
		return err_set(err, ERR_PERM,
		    "line %d: file contains masked passphrases", masked->line);
	return saved_is_encrypted(s) ? open_secrets(t, ld, s, err) : 0;
}

static int
open_secrets(
    struct tool *t, const struct loading *ld, struct saved *s, struct err *err)
{
	struct seal seal;
	int rc;

	if (!s->has_salt)
		return err_set(
		    err, ERR_PERM, "the line \"Salt:\" is missing in the head");
	if (s->own_key && ld->key_file == NULL)
		return err_set(err, ERR_PERM,
		    "this was encrypted with a key file: say --key FILE");
	memcpy(seal.salt, s->salt, sizeof(seal.salt));
	rc = saving_key(t, ld->key_file, &seal, err);
	if (rc == 0)
		rc = saved_unseal(s, &seal, err);
	seal_forget(&seal);
	return rc;
}

/* keyd uses them at once, so what is there is replaced only when somebody
 * says so. */
static int
apply_secrets(struct tool *t, const struct loading *ld, const struct saved *s,
    struct err *err)
{
	struct bundle now = { 0 };
	int rc = secrets_read(&now, t->paths.etc, err);

	for (size_t i = 0; i < s->n && rc == 0; i++) {
		const struct saved_file *f = &s->files[i];
		const struct bundle_file *old = bundle_get(&now, f->name);

		if (!str_starts(f->name, STR("secrets/")) ||
		    (old != NULL && str_eq(old->text, f->text)))
			continue;
		if (old == NULL || may_replace(t, ld, f->name))
			rc = secrets_write(t->paths.etc, f->name, f->text, err);
	}
	bundle_free(&now);
	return rc;
}

static bool
may_replace(struct tool *t, const struct loading *ld, struct str name)
{
	char question[200];
	bool yes = ld->replace;

	if (yes)
		return true;
	if (!t->asks) {
		fprintf(stderr,
		    "%.*s differs from the one in use, which was kept; "
		    "--secrets replaces it.\n",
		    STR_ARG(name));
		return false;
	}
	snprintf(question, sizeof(question),
	    "%.*s differs from the one in use. Do you want to replace it now?",
	    STR_ARG(name));
	return dialogue_yes(&t->dialogue, question, false, &yes) && yes;
}
