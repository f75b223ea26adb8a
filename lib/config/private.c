/* private.c - are the files below secrets/ for nobody else? */
#include "config/private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bounds.h"
#include "config/loader.h"

#define OTHERS (S_IRWXG | S_IRWXO)

static int open_secrets(const char *etc);
static void check_dkim(
    struct load *, int dir, const struct config *, const char *etc);
static void check_tags(
    struct load *, int dir, const struct config *, const char *etc);
static bool check_folder(
    struct load *, int dir, const struct where *, const char *etc);
static void check_file(
    struct load *, int dir, const struct where *, struct str name, bool secret);

void
private_check(
    const char *etc, const struct config *c, struct config_problems *problems)
{
	struct load ld = { .problems = problems, .file = "postern.yaml" };
	int dir = open_secrets(etc);

	if (dir == -1 && errno != ENOENT)
		return;
	for (size_t i = 0; i < c->n_certificates; i++) {
		const struct certificate *cert = &c->certificates[i];

		if (i == 0 && !check_folder(&ld, dir, &cert->where, etc))
			break;
		check_file(&ld, dir, &cert->where, cert->chain_file, false);
		check_file(&ld, dir, &cert->where, cert->key_file, true);
	}
	for (size_t i = 0; i < c->n_auth_profiles; i++) {
		const struct auth_profile *a = &c->auth_profiles[i];

		if (c->n_certificates == 0 && i == 0 &&
		    !check_folder(&ld, dir, &a->where, etc))
			break;
		if (a->users_file.n > 0)
			check_file(&ld, dir, &a->where, a->users_file, true);
		if (a->secret_file.n > 0)
			check_file(&ld, dir, &a->where, a->secret_file, true);
	}
	check_dkim(&ld, dir, c, etc);
	check_tags(&ld, dir, c, etc);
	if (dir != -1)
		close(dir);
}

static void
check_dkim(struct load *ld, int dir, const struct config *c, const char *etc)
{
	bool looked = c->n_certificates > 0 || c->n_auth_profiles > 0;

	for (size_t i = 0; i < c->n_dkim_keys; i++) {
		const struct dkim_key *k = &c->dkim_keys[i];

		if (!looked && i == 0 && !check_folder(ld, dir, &k->where, etc))
			break;
		check_file(ld, dir, &k->where, k->file, true);
	}
}

/* The keys of bounce verification, where somebody asks for tags. */
static void
check_tags(struct load *ld, int dir, const struct config *c, const char *etc)
{
	bool looked = c->n_certificates > 0 || c->n_auth_profiles > 0 ||
		      c->n_dkim_keys > 0;
	const struct destination *d = c->destinations;

	while (
	    d < c->destinations + c->n_destinations && !d->bounce_verification)
		d++;
	if (d == c->destinations + c->n_destinations ||
	    (!looked && !check_folder(ld, dir, &d->where, etc)))
		return;
	if (dir != -1)
		check_file(ld, dir, &d->where, c->bounce_keys, true);
}

static int
open_secrets(const char *etc)
{
	int root = open(etc, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int dir = root == -1 ? -1
			     : openat(root, "secrets",
				   O_PATH | O_DIRECTORY | O_CLOEXEC);
	int why = errno;

	if (root != -1)
		close(root);
	errno = why;
	return dir;
}

/* False: nothing in it is used. */
static bool
check_folder(
    struct load *ld, int dir, const struct where *where, const char *etc)
{
	struct stat st;

	if (dir == -1) {
		load_warning_where(
		    ld, where, "there is no folder %s/secrets yet", etc);
		return false;
	}
	if (fstat(dir, &st) == -1 || (st.st_mode & OTHERS) == 0)
		return true;
	load_error_mark(ld, where->line, 1,
	    "the folder %s/secrets has mode %04o, so that others may use what "
	    "is in it; make it 0700",
	    etc, (unsigned)st.st_mode & 07777);
	return false;
}

static void
check_file(struct load *ld, int dir, const struct where *where, struct str name,
    bool secret)
{
	char file[FILE_NAME_MAX + 1];
	struct stat st;

	str_copy(file, sizeof(file), name);
	if (fstatat(dir, file, &st, 0) == -1) {
		if (errno == ENOENT)
			load_warning_where(
			    ld, where, "there is no file secrets/%s", file);
	} else if (secret && (st.st_mode & OTHERS) != 0) {
		load_error_mark(ld, where->line, 1,
		    "secrets/%s has mode %04o, so that others may use it; make "
		    "it 0600",
		    file, (unsigned)st.st_mode & 07777);
	}
}
