/* saving.c - a whole configuration as one text: for files, screens, mail */
#include "admin/saving.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/machine.h"
#include "base/clock.h"
#include "base/mem.h"
#include "config/edit.h"
#include "config/folder.h"
#include "config/revision.h"
#include "config/secrets.h"
#include "config/store.h"

#define FOLDER "configuration"

static int read_files(
    struct tool *, struct saving *, struct bundle *, struct err *err);
static void read_hostname(struct saving *, const struct bundle *);
static int read_key(const char *path, struct buf *, struct err *err);

bool
saving_word(const char *word, enum saved_secrets *how)
{
	static const char *const words[] = {
		[SAVED_MASK] = "mask",
		[SAVED_ENCRYPT] = "encrypt",
		[SAVED_PLAIN] = "plain",
	};

	for (size_t i = 0; i < NELEM(words); i++)
		if (str_is_nocase(str_of(word), words[i])) {
			*how = (enum saved_secrets)i;
			return true;
		}
	return false;
}

int
saving_make(struct tool *t, struct saving *sv, struct buf *out, struct err *err)
{
	char serial[MACHINE_SERIAL], user[64], when[CLOCK_TEXT];
	struct revision_info info = { .number = 0 };
	struct bundle files = { 0 }, secrets = { 0 };
	struct saved_head head = { .own_key = sv->key_file != NULL };
	struct seal seal;
	int rc = -1;

	if (read_files(t, sv, &files, err) == -1 ||
	    secrets_read(&secrets, t->paths.etc, err) == -1)
		goto out;
	if (sv->how == SAVED_ENCRYPT) {
		seal_random(seal.salt, sizeof(seal.salt));
		if (saving_key(t, sv->key_file, &seal, err) == -1)
			goto out;
	}
	read_hostname(sv, &files);
	machine_serial(t->paths.log, serial);
	tool_user(user, sizeof(user));
	if (sv->revision != 0)
		(void)revision_info(t->paths.state, sv->revision, &info, NULL);
	head.host = str_of(sv->hostname);
	head.version = STR(POSTERN_VERSION);
	head.serial = str_of(serial);
	head.revision = sv->revision;
	head.when = str_of(clock_rfc5322(clock_wall_ms(), when));
	head.user = str_of(user);
	head.comment = str_of(info.comment);
	rc = saved_write(&head, &files, &secrets, sv->how, &seal, out)
		 ? 0
		 : err_set(err, ERR_PERM, "the configuration is too large");
	seal_forget(&seal);
out:
	bundle_free(&files);
	bundle_free(&secrets);
	return rc;
}

void
saving_name(const struct tool *t, char *out, size_t size)
{
	char serial[MACHINE_SERIAL], stamp[32];
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;

	machine_serial(t->paths.log, serial);
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%S", &tm);
	snprintf(out, size, MACHINE_MODEL "%s%s-%s" SAVING_SUFFIX,
	    *serial != '\0' ? "-" : "", serial, stamp);
}

int
saving_key(
    struct tool *t, const char *key_file, struct seal *seal, struct err *err)
{
	struct buf key;
	int rc;

	buf_init(&key, SEAL_KEY_MAX + FOLDER_BLOCK);
	rc = key_file != NULL ? read_key(key_file, &key, err)
			      : secrets_machine_key(t->paths.etc, &key, err);
	if (rc == 0)
		rc = seal_derive(seal, buf_str(&key), err);
	OPENSSL_cleanse(key.data, key.len);
	buf_fini(&key);
	return rc;
}

int
saving_folder(const struct tool *t, struct err *err)
{
	int state = open(t->paths.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int dir;

	if (state == -1)
		return err_sys(err, ERR_TEMP, "folder %s", t->paths.state);
	dir = store_subfolder(state, FOLDER, err);
	close(state);
	return dir;
}

void
saving_path(const struct tool *t, const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s/" FOLDER "/%s", t->paths.state, name);
}

static int
read_files(struct tool *t, struct saving *sv, struct bundle *b, struct err *err)
{
	sv->revision = 0;
	if (sv->working)
		return bundle_read_folder(b, t->paths.etc, err);
	if (!revision_current(t->paths.state, &sv->revision, err))
		return -1;
	if (sv->revision == 0)
		return err_set(err, ERR_PERM,
		    "Nothing was committed yet; --working shows what would "
		    "be.");
	return revision_bundle(b, t->paths.state, sv->revision, err);
}

/* From the text: loading all tables for it would take a while. */
static void
read_hostname(struct saving *sv, const struct bundle *b)
{
	const struct bundle_file *f = bundle_find(b, "postern.yaml");
	struct config_problems ignored = { 0 };
	struct edit *yaml = edit_new("postern.yaml", f->text, &ignored);
	struct str name;

	sv->hostname[0] = '\0';
	if (yaml != NULL && edit_get(yaml, "hostname", &name))
		str_copy(sv->hostname, sizeof(sv->hostname), name);
	edit_free(&yaml);
	config_problems_free(&ignored);
}

static int
read_key(const char *path, struct buf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	if (fd == -1)
		return err_sys(err, ERR_USAGE, "%s", path);
	while (n > 0) {
		char *room = buf_room(out, 4096);

		n = room != NULL ? read(fd, room, 4096) : 0;
		buf_grew(out, n > 0 ? (size_t)n : 0);
	}
	close(fd);
	return n == 0 ? 0 : err_sys(err, ERR_TEMP, "%s", path);
}
