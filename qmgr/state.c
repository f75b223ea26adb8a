/* state.c - suspension and pause survive a restart */
#include "qmgr/state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define FILE_NAME ".state"
#define FILE_MAX  4096

static int read_all(int fd, const char *name, struct buf *, struct err *);
static int parse(struct state *, const char *text, size_t n, struct err *);
static void copy(char *to, size_t size, const json_t *, const char *key);
static char *render(const struct state *);
static int put(int fd, struct str, const char *name, struct err *);

int
state_open(struct state *st, const char *spool, struct err *err)
{
	char path[4200];
	struct buf text;
	int rc;

	*st = (struct state){ 0 };
	snprintf(path, sizeof(path), "%s/deferred", spool);
	st->folder =
	    open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (st->folder == -1)
		return err_sys(err, ERR_TEMP, "open %s", path);
	buf_init(&text, FILE_MAX);
	rc = state_read(st->folder, FILE_NAME, &text, err);
	if (rc == 0 && text.len > 0)
		rc = parse(st, text.data, text.len, err);
	buf_fini(&text);
	return rc;
}

int
state_write(const struct state *st, struct err *err)
{
	char *text = render(st);
	int rc = state_replace(st->folder, FILE_NAME, str_of(text), err);

	free(text);
	return rc;
}

void
state_close(struct state *st)
{
	if (st->folder != -1)
		close(st->folder);
	st->folder = -1;
}

int
state_replace(int folder, const char *name, struct str content, struct err *err)
{
	char new[80];
	int fd, rc;

	snprintf(new, sizeof(new), "%s.new", name);
	fd = openat(folder, new,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "create %s", new);
	rc = put(fd, content, new, err);
	close(fd);
	if (rc == 0 && renameat(folder, new, folder, name) == -1)
		rc = err_sys(err, ERR_TEMP, "rename %s", new);
	/* a half of it would be in the way of what fits on a full disk */
	if (rc == -1)
		(void)unlinkat(folder, new, 0);
	if (rc == 0 && fsync(folder) == -1)
		rc = err_sys(err, ERR_TEMP, "sync deferred");
	return rc;
}

int
state_read(int folder, const char *name, struct buf *out, struct err *err)
{
	int fd = openat(
	    folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return errno == ENOENT
			   ? 0
			   : err_sys(err, ERR_TEMP, "open %s", name);
	rc = read_all(fd, name, out, err);
	close(fd);
	return rc;
}

static int
read_all(int fd, const char *name, struct buf *out, struct err *err)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "stat %s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_PERM, "%s is no file", name);
	do {
		char *room = buf_room(out, (size_t)st.st_size + 1);

		if (room == NULL)
			return err_set(err, ERR_PERM, "%s is too large", name);
		n = read(fd, room, (size_t)st.st_size + 1);
		if (n == -1)
			return err_sys(err, ERR_TEMP, "read %s", name);
		buf_grew(out, (size_t)n);
	} while (n > 0);
	return 0;
}

static int
parse(struct state *st, const char *text, size_t n, struct err *err)
{
	json_error_t why;
	json_t *root = json_loadb(text, n, 0, &why);

	if (root == NULL)
		return err_set(err, ERR_PERM, "%s: %s", FILE_NAME, why.text);
	st->suspended = json_is_true(json_object_get(root, "suspended"));
	st->suspended_since =
	    json_integer_value(json_object_get(root, "suspended_since"));
	copy(st->suspended_by, sizeof(st->suspended_by), root, "suspended_by");
	st->paused = json_is_true(json_object_get(root, "paused"));
	copy(st->paused_by, sizeof(st->paused_by), root, "paused_by");
	copy(st->reason, sizeof(st->reason), root, "reason");
	json_decref(root);
	return 0;
}

static void
copy(char *to, size_t size, const json_t *root, const char *key)
{
	str_copy(
	    to, size, str_of(json_string_value(json_object_get(root, key))));
}

static char *
render(const struct state *st)
{
	json_t *root = json_pack("{s:b, s:I, s:s, s:b, s:s, s:s}", "suspended",
	    st->suspended, "suspended_since", (json_int_t)st->suspended_since,
	    "suspended_by", st->suspended_by, "paused", st->paused, "paused_by",
	    st->paused_by, "reason", st->reason);
	char *text = json_dumps(root, JSON_INDENT(1));

	json_decref(root);
	if (text == NULL)
		panic("state: no text");
	return text;
}

static int
put(int fd, struct str text, const char *name, struct err *err)
{
	ssize_t got;

	while (text.n > 0) {
		got = write(fd, text.p, text.n);
		if (got == -1 && errno != EINTR)
			return err_sys(err, ERR_TEMP, "write %s", name);
		text = str_sub(text, got > 0 ? (size_t)got : 0, text.n);
	}
	if (fsync(fd) == -1)
		return err_sys(err, ERR_TEMP, "sync %s", name);
	return 0;
}
