/* users.c - the files of those who may authenticate, changed by commands */
#include "admin/users.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bounds.h"
#include "config/folder.h"
#include "config/store.h"
#include "tls/users.h"

#define FILE_LIMIT ((size_t)64 * 1024 * 1024)

static int open_secrets(const char *etc, bool make, struct err *);
static int read_file(int dir, struct str file, struct buf *text, struct err *);
static int write_file(int dir, struct str file, struct str text, struct err *);
/* The text without that user's line; true: there was one. */
static bool without(struct str text, struct str user, struct buf *out);
static struct str name_in(struct str line);

int
users_file_set(const char *etc, struct str file, struct str user,
    struct str password, bool *added, struct err *err)
{
	unsigned char salt[16];
	struct buf text, next;
	int dir, rc = -1;

	if (!users_name_ok(user))
		return err_set(err, ERR_USAGE,
		    "\"%.*s\" cannot be a user: no blanks, no colon, at most "
		    "%d bytes of UTF-8",
		    (int)(user.n < 100 ? user.n : 100), user.p, USER_NAME_MAX);
	if (password.n == 0)
		return err_set(err, ERR_USAGE, "the password is empty");
	if (getrandom(salt, sizeof(salt), 0) != sizeof(salt))
		return err_sys(err, ERR_TEMP, "random numbers");
	dir = open_secrets(etc, true, err);
	if (dir == -1)
		return -1;
	buf_init(&text, FILE_LIMIT);
	buf_init(&next, FILE_LIMIT);
	if (read_file(dir, file, &text, err) == 0) {
		*added = !without(buf_str(&text), user, &next);
		users_line(user, password, salt, &next);
		buf_putc(&next, '\n');
		rc = write_file(dir, file, buf_str(&next), err);
	}
	buf_fini(&text);
	buf_fini(&next);
	close(dir);
	return rc;
}

int
users_file_remove(const char *etc, struct str file, struct str user,
    bool *found, struct err *err)
{
	struct buf text, next;
	int dir = open_secrets(etc, false, err), rc = -1;

	if (dir == -1)
		return -1;
	buf_init(&text, FILE_LIMIT);
	buf_init(&next, FILE_LIMIT);
	if (read_file(dir, file, &text, err) == 0) {
		*found = without(buf_str(&text), user, &next);
		rc = *found ? write_file(dir, file, buf_str(&next), err) : 0;
	}
	buf_fini(&text);
	buf_fini(&next);
	close(dir);
	return rc;
}

int
users_file_names(
    const char *etc, struct str file, struct buf *out, struct err *err)
{
	int dir = open_secrets(etc, false, err), rc;
	struct buf text;
	struct str left;

	if (dir == -1)
		return -1;
	buf_init(&text, FILE_LIMIT);
	rc = read_file(dir, file, &text, err);
	left = buf_str(&text);
	while (rc == 0 && left.n > 0) {
		struct str name = name_in(str_cut(&left, '\n'));

		if (name.n == 0)
			continue;
		buf_add_str(out, name);
		buf_putc(out, '\n');
	}
	buf_fini(&text);
	close(dir);
	return rc;
}

static int
open_secrets(const char *etc, bool make, struct err *err)
{
	int root = open(etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC), dir;

	if (root == -1)
		return err_sys(err, ERR_TEMP, "%s", etc);
	if (make && mkdirat(root, "secrets", 0700) == -1 && errno != EEXIST)
		dir = -1;
	else
		dir = folder_open(root, "secrets", O_RDONLY | O_DIRECTORY, 0);
	if (dir == -1)
		err_sys(err, ERR_TEMP, "%s/secrets", etc);
	close(root);
	return dir;
}

/* None there is as good as an empty one. */
static int
read_file(int dir, struct str file, struct buf *text, struct err *err)
{
	char name[FILE_NAME_MAX + 1];
	struct stat st;

	if (!str_copy(name, sizeof(name), file))
		return err_set(err, ERR_USAGE, "the file's name is too long");
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1 &&
	    errno == ENOENT)
		return 0;
	return folder_slurp(dir, name, text, &st, err);
}

/* A new one is for its owner only, as keyd wants it. */
static int
write_file(int dir, struct str file, struct str text, struct err *err)
{
	char name[FILE_NAME_MAX + 1];
	mode_t old = umask(0077);
	int rc;

	str_copy(name, sizeof(name), file);
	rc = store_file(dir, name, text, true, err);
	umask(old);
	return rc;
}

static bool
without(struct str text, struct str user, struct buf *out)
{
	bool found = false;

	while (text.n > 0) {
		struct str line = str_cut(&text, '\n');

		if (str_eq(name_in(line), user)) {
			found = true;
			continue;
		}
		buf_add_str(out, line);
		buf_putc(out, '\n');
	}
	return found;
}

static struct str
name_in(struct str line)
{
	line = str_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return STR("");
	return str_cut(&line, ':');
}
