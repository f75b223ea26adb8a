/*
 * secrets.c - the files below secrets/, for saving and loading
 */
#include "config/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/bounds.h"
#include "config/folder.h"
#include "config/name.h"
#include "config/pack.h"
#include "config/seal.h"
#include "config/store.h"

#define FOLDER      "secrets"
#define MACHINE_KEY "machine.key"
#define FOLDER_MODE 0700
#define FILE_MODE   0600

static int open_folder(const char *etc, bool make, struct err *err);
static int pack_secret(
    struct buf *packed, int dir, const char *name, struct err *err);

int
secrets_read(struct bundle *b, const char *etc, struct err *err)
{
	int dir = open_folder(etc, false, err), rc = 0;
	char **names = NULL;
	struct buf packed;
	size_t n = 0;

	*b = (struct bundle){ 0 };
	if (dir == -1 && errno != ENOENT)
		return -1;
	pack_begin(&packed);
	if (dir != -1)
		rc = folder_names(dir, &names, &n, err);
	for (size_t i = 0; i < n; i++) {
		if (rc == 0 && strcmp(names[i], MACHINE_KEY) != 0)
			rc = pack_secret(&packed, dir, names[i], err);
		free(names[i]);
	}
	free(names);
	if (dir != -1)
		close(dir);
	if (rc == 0)
		return pack_end(&packed, b, err);
	buf_fini(&packed);
	return err_in(err, FOLDER);
}

int
secrets_write(
    const char *etc, struct str name, struct str text, struct err *err)
{
	str_cut(&name, '/');
	return secrets_put(etc, name, text, err);
}

int
secrets_slurp(
    const char *etc, struct str name, struct buf *text, struct err *err)
{
	char file[FILE_NAME_MAX + 1];
	struct stat st;
	int dir, rc;

	if (!name_file(name, err))
		return -1;
	dir = open_folder(etc, false, err);
	if (dir == -1 && errno == ENOENT)
		err_sys(err, ERR_PERM, "folder " FOLDER);
	if (dir == -1)
		return -1;
	str_copy(file, sizeof(file), name);
	rc = folder_slurp(dir, file, text, &st, err);
	close(dir);
	return rc == 0 ? 0 : err_in(err, FOLDER "/%s", file);
}

int
secrets_put(const char *etc, struct str name, struct str text, struct err *err)
{
	char file[FILE_NAME_MAX + 1];
	int dir, rc;

	if (!name_file(name, err))
		return -1;
	str_copy(file, sizeof(file), name);
	dir = open_folder(etc, true, err);
	if (dir == -1)
		return -1;
	rc = store_secret(dir, file, text, err);
	close(dir);
	return rc;
}

int
secrets_machine_key(const char *etc, struct buf *out, struct err *err)
{
	int dir = open_folder(etc, true, err), rc;
	char random[SEAL_KEY];
	struct stat st;

	if (dir == -1)
		return -1;
	rc = folder_slurp(dir, MACHINE_KEY, out, &st, err);
	if (rc == -1 && err->sys == ENOENT) {
		seal_random(random, sizeof(random));
		base64_encode((struct str){ random, sizeof(random) }, out);
		buf_putc(out, '\n');
		rc = store_secret(dir, MACHINE_KEY, buf_str(out), err);
	}
	close(dir);
	return rc == 0 ? 0 : err_in(err, FOLDER "/" MACHINE_KEY);
}

/* -1 with errno; err says more. */
static int
open_folder(const char *etc, bool make, struct err *err)
{
	int parent = open(etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC), dir, why;

	if (parent == -1)
		return err_sys(err, ERR_TEMP, "folder %s", etc);
	if (make && mkdirat(parent, FOLDER, FOLDER_MODE) == -1 &&
	    errno != EEXIST)
		err_sys(err, ERR_TEMP, "make folder " FOLDER);
	dir = folder_open(parent, FOLDER, O_RDONLY | O_DIRECTORY, 0);
	why = errno;
	if (dir == -1 && why != ENOENT)
		err_sys(err, ERR_TEMP, "folder " FOLDER);
	close(parent);
	errno = why;
	return dir;
}

static int
pack_secret(struct buf *packed, int dir, const char *name, struct err *err)
{
	char path[sizeof(FOLDER) + NAME_MAX_LEN + 2];
	struct buf text;
	struct stat st;
	int rc = 0;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISREG(st.st_mode))
		return 0;
	snprintf(path, sizeof(path), FOLDER "/%s", name);
	buf_init(&text, CONFIG_FILE_MAX + FOLDER_BLOCK);
	if (folder_slurp(dir, name, &text, &st, err) == -1)
		rc = -1;
	else
		pack_file(packed, str_of(path), buf_str(&text));
	buf_fini(&text);
	return rc;
}
