/*
 * secrets.c - the files below secrets/, as descriptors for keyd
 *
 * They belong to root, mode 0600, so that no other account can read them;
 * keyd has an account of its own and no files. So the master opens what the
 * configuration names and hands it on, unread: at keyd's start, with each new
 * revision, and when a file has changed. Links are followed: whoever may make
 * one here may read what it points to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "master/master.h"

/* What tells one version of a file from the next. */
struct look {
	bool there;
	dev_t dev;
	ino_t ino;
	off_t size;
	mode_t mode;
	struct timespec mtime, ctime;
};

struct secrets {
	struct config *config; /* owns the names */
	struct str *names;
	struct look *looks;
	size_t n;
	struct loop_timer *timer;
};

static void use_config(struct master *, struct config *);
static void look_later(struct secrets *);
static struct child *keyd(struct master *);
static void watch(void *arg);
static int open_folder(const struct master *, struct err *err);
static struct look look_at(int folder, struct str name);
static bool same(const struct look *, const struct look *);
static void hand(struct child *, int folder, struct str name, struct err *err);

void
secrets_hand(struct master *m, struct config *config)
{
	struct child *c = keyd(m);
	struct err err = ERR_INIT;
	struct secrets *s;
	int folder;

	if (c == NULL)
		return;
	use_config(m, config);
	s = m->secrets;
	folder = s->n > 0 ? open_folder(m, &err) : -1;
	for (size_t i = 0; i < s->n; i++) {
		s->looks[i] = look_at(folder, s->names[i]);
		hand(c, folder, s->names[i], &err);
	}
	if (folder != -1)
		close(folder);
}

void
secrets_look(struct master *m)
{
	if (m->secrets != NULL)
		watch(m);
}

static void
use_config(struct master *m, struct config *config)
{
	struct secrets *s = m->secrets;
	struct config *old;

	if (s == NULL) {
		s = m->secrets = mem_alloc(sizeof(*s));
		s->timer = loop_timer(m->self.loop, watch, m);
	}
	old = s->config;
	s->config = config_ref(config);
	look_later(s);
	config_unref(&old);
	free(s->names);
	free(s->looks);
	s->names =
	    mem_array(config_secrets(s->config, NULL), sizeof(struct str));
	s->n = config_secrets(s->config, s->names);
	s->looks = mem_array(s->n + 1, sizeof(*s->looks));
}

static void
look_later(struct secrets *s)
{
	loop_timer_in(s->timer, INT64_C(1000) * s->config->secrets_interval);
}

static struct child *
keyd(struct master *m)
{
	for (size_t i = 0; i < m->n_children; i++)
		if (m->children[i].kind == PROGRAM_KEYD &&
		    m->children[i].state == CHILD_READY)
			return &m->children[i];
	return NULL;
}

static void
watch(void *arg)
{
	struct master *m = arg;
	struct secrets *s = m->secrets;
	struct child *c = keyd(m);
	struct err err = ERR_INIT;
	int folder;

	look_later(s);
	if (c == NULL || s->n == 0)
		return;
	folder = open_folder(m, &err);
	for (size_t i = 0; i < s->n; i++) {
		struct look now = look_at(folder, s->names[i]);

		if (same(&now, &s->looks[i]))
			continue;
		s->looks[i] = now;
		hand(c, folder, s->names[i], &err);
	}
	if (folder != -1)
		close(folder);
}

static int
open_folder(const struct master *m, struct err *err)
{
	char path[PATH_MAX + 16];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/secrets", m->paths.etc);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1) {
		err_sys(err, ERR_USAGE, "folder %s", path);
	} else if (st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		err_set(err, ERR_USAGE,
		    "folder %s belongs to uid %u and has mode %04o; it must "
		    "belong to uid %u and have mode 0700",
		    path, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777,
		    (unsigned)geteuid());
	} else {
		return fd;
	}
	if (fd != -1)
		close(fd);
	return -1;
}

static struct look
look_at(int folder, struct str name)
{
	char file[FILE_NAME_MAX + 1];
	struct look look = { 0 };
	struct stat st;

	str_copy(file, sizeof(file), name);
	if (folder == -1 || fstatat(folder, file, &st, 0) == -1)
		return look;
	look = (struct look){ true, st.st_dev, st.st_ino, st.st_size,
		st.st_mode, st.st_mtim, st.st_ctim };
	return look;
}

static bool
same(const struct look *a, const struct look *b)
{
	return a->there == b->there && a->dev == b->dev && a->ino == b->ino &&
	       a->size == b->size && a->mode == b->mode &&
	       a->mtime.tv_sec == b->mtime.tv_sec &&
	       a->mtime.tv_nsec == b->mtime.tv_nsec &&
	       a->ctime.tv_sec == b->ctime.tv_sec &&
	       a->ctime.tv_nsec == b->ctime.tv_nsec;
}

static void
hand(struct child *c, int folder, struct str name, struct err *err)
{
	struct secret msg = { .name = name };
	char file[FILE_NAME_MAX + 1];
	int fd;

	str_copy(file, sizeof(file), name);
	fd = folder == -1 ? -1
			  : openat(folder, file,
				O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd != -1) {
		ipc_send_fds(c->ipc, IPC_SECRET, 0, &msg, &fd, 1);
		return;
	}
	ipc_send(c->ipc, IPC_NO_SECRET, 0,
	    &(struct no_secret){ .name = name,
		.error = str_of(folder == -1 ? err->text : strerror(errno)) });
}
