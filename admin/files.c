/* files.c - files that tables are imported from and exported to */
#include "admin/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bounds.h"
#include "config/name.h"
#include "config/store.h"

#define FILE_MAX ((size_t)64 << 20) /* as tables may be */

static bool ask_print(struct editing *, const struct files_table *, size_t i);
static bool ask_import(struct editing *, const struct files_table *, size_t i);
static bool ask_export(struct editing *, const struct files_table *, size_t i);
static int take_import(
    struct editing *, const struct files_table *, size_t i, const char *name);
static int take_export(
    struct editing *, const struct files_table *, size_t i, const char *name);
static int open_folder(const struct editing *, struct err *);
static int check_name(const char *name, struct err *);
static int slurp(int fd, const char *name, struct buf *, struct err *);

bool
files_ask(struct editing *ed, const struct files_table *ft, enum files_op op,
    size_t i)
{
	static bool (*const run[])(
	    struct editing *, const struct files_table *, size_t) = {
		[FILES_PRINT] = ask_print,
		[FILES_IMPORT] = ask_import,
		[FILES_EXPORT] = ask_export,
	};

	tool_space(ed->t);
	return run[op](ed, ft, i);
}

int
files_take(struct editing *ed, struct args *a, const struct files_table *ft,
    enum files_op op, size_t i)
{
	const char *name = op == FILES_PRINT ? NULL : args_next(a);
	struct buf text;

	if (op != FILES_PRINT && name == NULL)
		return tool_usage(ed->t, "which file?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (op == FILES_IMPORT)
		return take_import(ed, ft, i, name);
	if (op == FILES_EXPORT)
		return take_export(ed, ft, i, name);
	buf_init(&text, FILE_MAX);
	ft->print(ed, ft->what, i, false, &text);
	tool_print(ed->t, &text);
	buf_fini(&text);
	return TOOL_DONE;
}

bool
files_ask_print(struct editing *ed)
{
	return files_ask(ed, ed->t->command->files, FILES_PRINT, 0);
}

bool
files_ask_import(struct editing *ed)
{
	return files_ask(ed, ed->t->command->files, FILES_IMPORT, 0);
}

bool
files_ask_export(struct editing *ed)
{
	return files_ask(ed, ed->t->command->files, FILES_EXPORT, 0);
}

int
files_take_import(struct editing *ed, struct args *a)
{
	return files_take(ed, a, ed->t->command->files, FILES_IMPORT, 0);
}

int
files_take_export(struct editing *ed, struct args *a)
{
	return files_take(ed, a, ed->t->command->files, FILES_EXPORT, 0);
}

int
files_bad_lines(struct editing *ed, const struct config_problems *ps)
{
	FILE *out = ed->t->asks ? ed->t->dialogue.out : stderr;

	for (size_t i = 0; i < ps->n; i++) {
		if (!ps->v[i].warning)
			fprintf(out, "Error in line %d: %s\n",
			    ps->v[i].where.line, ps->v[i].text);
	}
	fputs("Import failed; no changes were made.\n", out);
	return TOOL_NEGATIVE;
}

int
files_read(const struct editing *ed, const char *name, struct buf *out,
    struct err *err)
{
	int dir, fd, rc;

	if (check_name(name, err) == -1)
		return -1;
	dir = open_folder(ed, err);
	if (dir == -1)
		return -1;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	close(dir);
	if (fd == -1 && errno == ENOENT)
		return err_set(err, ERR_PERM,
		    "File \"%s\" was not found in the configuration "
		    "directory.",
		    name);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "File \"%s\"", name);
	rc = slurp(fd, name, out, err);
	close(fd);
	return rc;
}

int
files_write(const struct editing *ed, const char *name, struct str text,
    struct err *err)
{
	int dir, rc;

	if (check_name(name, err) == -1)
		return -1;
	dir = open_folder(ed, err);
	if (dir == -1)
		return -1;
	rc = store_file(dir, name, text, true, err);
	close(dir);
	return rc;
}

bool
files_ask_read(struct editing *ed, const char *question, char *name,
    size_t size, struct buf *text)
{
	for (;;) {
		struct err err = ERR_INIT;

		if (!dialogue_text(&ed->t->dialogue, question, "", name, size))
			return false;
		buf_reset(text);
		if (*name == '\0' || files_read(ed, name, text, &err) == 0)
			return true;
		fprintf(ed->t->dialogue.out, "%s\n", err.text);
	}
}

static bool
ask_print(struct editing *ed, const struct files_table *ft, size_t i)
{
	struct buf text;

	buf_init(&text, FILE_MAX);
	ft->print(ed, ft->what, i, false, &text);
	tool_print(ed->t, &text);
	buf_fini(&text);
	return true;
}

static bool
ask_import(struct editing *ed, const struct files_table *ft, size_t i)
{
	char name[DIALOGUE_LINE];
	struct buf text;
	bool yes, answered;

	if (!dialogue_yes(&ed->t->dialogue,
		"Importing removes all existing entries. Do you want to "
		"continue?",
		false, &yes))
		return false;
	if (!yes)
		return true;
	tool_space(ed->t);
	buf_init(&text, FILE_MAX);
	answered = files_ask_read(ed,
	    "Enter the name of the file to import:", name, sizeof(name), &text);
	if (answered && *name != '\0')
		ft->import(ed, ft->what, i, name, buf_str(&text));
	buf_fini(&text);
	return answered;
}

static bool
ask_export(struct editing *ed, const struct files_table *ft, size_t i)
{
	char name[DIALOGUE_LINE] = "";
	struct buf text;
	bool ok, done = false;

	buf_init(&text, FILE_MAX);
	ft->print(ed, ft->what, i, true, &text);
	do {
		struct err err = ERR_INIT;

		ok = dialogue_text(&ed->t->dialogue,
		    "Enter a name for the exported file:", "", name,
		    sizeof(name));
		if (!ok || *name == '\0')
			break;
		done = files_write(ed, name, buf_str(&text), &err) == 0;
		if (done)
			fprintf(ed->t->dialogue.out,
			    "Exported to the file \"%s\".\n", name);
		else
			fprintf(ed->t->dialogue.out, "%s\n", err.text);
	} while (!done);
	buf_fini(&text);
	return ok;
}

static int
take_import(struct editing *ed, const struct files_table *ft, size_t i,
    const char *name)
{
	struct err err = ERR_INIT;
	struct buf text;
	int status;

	buf_init(&text, FILE_MAX);
	status = files_read(ed, name, &text, &err) == -1
		     ? tool_fail(ed->t, &err)
		     : ft->import(ed, ft->what, i, name, buf_str(&text));
	buf_fini(&text);
	return status;
}

static int
take_export(struct editing *ed, const struct files_table *ft, size_t i,
    const char *name)
{
	struct err err = ERR_INIT;
	struct buf text;
	int rc;

	buf_init(&text, FILE_MAX);
	ft->print(ed, ft->what, i, true, &text);
	rc = files_write(ed, name, buf_str(&text), &err);
	buf_fini(&text);
	return rc == 0 ? TOOL_DONE : tool_fail(ed->t, &err);
}

static int
open_folder(const struct editing *ed, struct err *err)
{
	int dir = open(ed->t->paths.etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir != -1
		   ? dir
		   : err_sys(err, ERR_TEMP, "folder %s", ed->t->paths.etc);
}

static int
check_name(const char *name, struct err *err)
{
	if (!name_file(str_of(name), NULL))
		return err_set(err, ERR_USAGE,
		    "\"%s\" is no name of a file: letters, digits, _ . and - "
		    "are allowed, not beginning with . or -",
		    name);
	if (str_is(str_of(name), "postern.yaml"))
		return err_set(
		    err, ERR_USAGE, "postern.yaml is the configuration itself");
	return 0;
}

static int
slurp(int fd, const char *name, struct buf *out, struct err *err)
{
	ssize_t n = 1;
	struct stat st;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return err_set(
		    err, ERR_PERM, "File \"%s\" is no plain file.", name);
	while (n != 0) {
		char *room = buf_room(out, 65536);

		if (room == NULL)
			return err_set(
			    err, ERR_PERM, "File \"%s\" is too large.", name);
		n = read(fd, room, 65536);
		if (n == -1 && errno != EINTR)
			return err_sys(err, ERR_PERM, "File \"%s\"", name);
		buf_grew(out, n > 0 ? (size_t)n : 0);
	}
	return 0;
}
