/* edits.c - who changed the working copy since the last commit */
#include "config/edits.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "config/folder.h"
#include "config/store.h"

#define EDITS_FILE ".edits"
#define FILE_MAX   ((size_t)64 * 1024)

static bool read_line(struct str line, struct edit_note *);
static void put_last(struct edits *, const struct edit_note *);
static int open_folder(const char *etc, struct err *);

void
edits_read(const char *etc, struct edits *e)
{
	int dir = open_folder(etc, NULL);
	struct edit_note note;
	struct buf text;
	struct stat st;
	struct str rest;

	e->n = 0;
	buf_init(&text, FILE_MAX + FOLDER_BLOCK);
	if (dir != -1 && folder_slurp(dir, EDITS_FILE, &text, &st, NULL) == 0) {
		rest = buf_str(&text);
		while (rest.n > 0) {
			if (read_line(str_cut(&rest, '\n'), &note))
				put_last(e, &note);
		}
	}
	buf_fini(&text);
	if (dir != -1)
		close(dir);
}

int
edits_add(
    const char *etc, const char *user, const char *command, struct err *err)
{
	int dir = open_folder(etc, err), rc;
	struct edit_note now = { .at = clock_wall_ms() };
	struct edits *e;
	struct buf text;

	if (dir == -1)
		return -1;
	e = mem_alloc(sizeof(*e));
	edits_read(etc, e);
	str_copy(now.user, sizeof(now.user), str_of(user));
	str_copy(now.command, sizeof(now.command), str_of(command));
	put_last(e, &now);
	buf_init(&text, FILE_MAX);
	for (size_t i = 0; i < e->n; i++)
		buf_printf(&text, "%" PRId64 "\t%s\t%s\n", e->v[i].at,
		    e->v[i].user, e->v[i].command);
	rc = store_file(dir, EDITS_FILE, buf_str(&text), true, err);
	buf_fini(&text);
	free(e);
	close(dir);
	return rc;
}

int
edits_forget(const char *etc, struct err *err)
{
	int dir = open_folder(etc, err), rc;

	if (dir == -1)
		return -1;
	rc = store_remove(dir, EDITS_FILE, err);
	close(dir);
	return rc;
}

/* "1740996902000	ann	bounceconfig" */
static bool
read_line(struct str line, struct edit_note *note)
{
	struct str at = str_cut(&line, '\t'), user = str_cut(&line, '\t');
	uint64_t ms;

	if (!str_u64(at, INT64_MAX, &ms) || user.n == 0 || line.n == 0)
		return false;
	note->at = (int64_t)ms;
	return str_copy(note->user, sizeof(note->user), user) &&
	       str_copy(note->command, sizeof(note->command), line);
}

/* One line a user and command is enough; the last counts. */
static void
put_last(struct edits *e, const struct edit_note *note)
{
	size_t i = 0;

	while (i < e->n && (strcmp(e->v[i].user, note->user) != 0 ||
			       strcmp(e->v[i].command, note->command) != 0))
		i++;
	if (i == e->n && e->n == EDITS_MAX)
		i = 0;
	if (i < e->n) {
		memmove(&e->v[i], &e->v[i + 1], (e->n - i - 1) * sizeof(*e->v));
		e->n--;
	}
	e->v[e->n++] = *note;
}

static int
open_folder(const char *etc, struct err *err)
{
	int dir = open(etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir == -1)
		err_sys(err, ERR_TEMP, "folder %s", etc);
	return dir;
}
