/* tunnel.c - the SSH tunnel from a support host to this machine */
#include "admin/tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "admin/programs.h"
#include "admin/tunnel_keep.h"
#include "base/clock.h"
#include "base/mem.h"

#define SSH      "/usr/bin/ssh"
#define ACCOUNT  "postern-tunnel"
#define NOBODY   "nobody" /* below --root, which has no accounts of its own */
#define KEY_MAX  65536
#define SAID_MAX 8192
#define FIRST_MS 45000 /* for the first connection; ssh gives up at 20 s */
#define END_MS   5000  /* for its end */

static const struct timespec a_moment = { .tv_nsec = 20 * 1000 * 1000 };

static int who(const struct tool *, uid_t *, gid_t *, struct err *);
static int make_folder(const struct tool *, uid_t, gid_t, struct err *);
static int copy_key(const struct tool *, const struct remote_access *, uid_t,
    gid_t, struct err *);
static int write_known(const struct tool *, const struct remote_access *, uid_t,
    gid_t, struct err *);
static int put(const struct tool *, const char *name, struct str text, uid_t,
    gid_t, struct err *);
static int start(const struct tool *, const struct remote_access *,
    struct tunnel_job *, struct tunnel *, struct err *);
static int explain(const struct tool *, struct err *);
static void place(const struct tool *, const char *name, char out[PATH_MAX]);
static size_t slurp(const char *path, char *out, size_t size);

int
tunnel_start(const struct tool *t, const struct remote_access *r,
    int64_t seconds, struct tunnel *out, struct err *err)
{
	struct tunnel_job job = { .seconds = seconds };
	int64_t now = clock_wall_ms();
	char folder[PATH_MAX];

	if (who(t, &job.uid, &job.gid, err) == -1 ||
	    make_folder(t, job.uid, job.gid, err) == -1 ||
	    copy_key(t, r, job.uid, job.gid, err) == -1 ||
	    write_known(t, r, job.uid, job.gid, err) == -1)
		return -1;
	place(t, "", folder);
	job.folder = folder;
	if (start(t, r, &job, out, err) == -1)
		return -1;
	out->since = now;
	out->expires = now + seconds * 1000;
	out->port = r->port;
	str_copy(out->host, sizeof(out->host), r->host);
	return 0;
}

int
tunnel_wait(const struct tool *t, struct tunnel *tunnel, struct err *err)
{
	int64_t end = clock_mono_ms() + FIRST_MS;

	while (tunnel_port(t) == 0 && clock_mono_ms() < end) {
		if (waitpid(tunnel->pid, NULL, WNOHANG) == tunnel->pid) {
			tunnel->pid = 0;
			return explain(t, err);
		}
		nanosleep(&a_moment, NULL);
	}
	if (tunnel_port(t) != 0)
		return 0;
	return err_set(err, ERR_TEMP,
	    "the tunnel could not be made: the support host does not answer");
}

int
tunnel_end(const struct tool *t, struct tunnel *tunnel, struct err *err)
{
	char path[PATH_MAX];

	if (tunnel->pid != 0 && kill(tunnel->pid, SIGTERM) == -1 &&
	    errno != ESRCH)
		return err_sys(err, ERR_TEMP, "end the tunnel");
	for (int i = 0; i < END_MS / 20 && tunnel->pid != 0; i++) {
		if (programs_began(tunnel->pid) != tunnel->began)
			tunnel->pid = 0;
		else
			nanosleep(&a_moment, NULL);
	}
	if (tunnel->pid != 0)
		return err_set(err, ERR_TEMP, "the tunnel does not end");
	place(t, TUNNEL_KEY, path);
	if (unlink(path) == -1 && errno != ENOENT)
		return err_sys(err, ERR_TEMP, "remove %s", path);
	return 0;
}

uint32_t
tunnel_port(const struct tool *t)
{
	char path[PATH_MAX], text[16];
	uint64_t port;
	size_t n;

	place(t, TUNNEL_PORT, path);
	n = slurp(path, text, sizeof(text));
	return str_u64(str_trim((struct str){ text, n }), 65535, &port)
		   ? (uint32_t)port
		   : 0;
}

/* --- before it starts --- */

static int
who(const struct tool *t, uid_t *uid, gid_t *gid, struct err *err)
{
	const struct passwd *p;

	*uid = *gid = 0;
	if (geteuid() != 0)
		return 0;
	p = getpwnam(t->root != NULL ? NOBODY : ACCOUNT);
	if (p == NULL || p->pw_uid == 0)
		return err_set(err, ERR_TEMP,
		    "there is no account %s; systemd-sysusers makes it",
		    ACCOUNT);
	*uid = p->pw_uid;
	*gid = p->pw_gid;
	return 0;
}

static int
make_folder(const struct tool *t, uid_t uid, gid_t gid, struct err *err)
{
	char path[PATH_MAX];

	place(t, "", path);
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return err_sys(err, ERR_TEMP, "make folder %s", path);
	if (uid != 0 && lchown(path, uid, gid) == -1)
		return err_sys(err, ERR_TEMP, "make folder %s", path);
	place(t, TUNNEL_PORT, path);
	(void)unlink(path);
	return 0;
}

static int
copy_key(const struct tool *t, const struct remote_access *r, uid_t uid,
    gid_t gid, struct err *err)
{
	static char text[KEY_MAX];
	char path[2 * PATH_MAX];
	size_t n;
	int rc;

	snprintf(path, sizeof(path), "%s/secrets/%.*s", t->paths.etc,
	    STR_ARG(r->key_file));
	errno = EINVAL;
	n = slurp(path, text, sizeof(text));
	if (n == 0)
		return err_sys(err, ERR_PERM,
		    "the key to log in at the support host, made by "
		    "ssh-keygen: %s",
		    path);
	rc = put(t, TUNNEL_KEY, (struct str){ text, n }, uid, gid, err);
	explicit_bzero(text, sizeof(text));
	return rc;
}

/* ssh writes the port with a host unless it is 22. */
static int
write_known(const struct tool *t, const struct remote_access *r, uid_t uid,
    gid_t gid, struct err *err)
{
	char line[4096];
	int n;

	if (r->port == 22)
		n = snprintf(line, sizeof(line), "%.*s %.*s\n",
		    STR_ARG(r->host), STR_ARG(r->host_key));
	else
		n = snprintf(line, sizeof(line), "[%.*s]:%u %.*s\n",
		    STR_ARG(r->host), r->port, STR_ARG(r->host_key));
	return put(
	    t, TUNNEL_KNOWN, (struct str){ line, (size_t)n }, uid, gid, err);
}

/* The folder is another's: what stands there by that name is never followed. */
static int
put(const struct tool *t, const char *name, struct str text, uid_t uid,
    gid_t gid, struct err *err)
{
	char path[PATH_MAX];
	int fd, rc = 0;

	place(t, name, path);
	(void)unlink(path);
	fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd == -1 || write(fd, text.p, text.n) != (ssize_t)text.n ||
	    (uid != 0 && fchown(fd, uid, gid) == -1))
		rc = err_sys(err, ERR_TEMP, "write %s", path);
	if (fd != -1)
		close(fd);
	return rc;
}

/* --- starting --- */

/* No configuration of anybody's is read, and no other host key trusted. */
static int
start(const struct tool *t, const struct remote_access *r,
    struct tunnel_job *job, struct tunnel *out, struct err *err)
{
	char found[PATH_MAX], ssh[PATH_MAX], port[16], to[400];
	const char *argv[] = { ssh, "-N", "-T", "-R", "0:localhost:22", "-p",
		port, "-F", "/dev/null", "-i", TUNNEL_KEY, "-o",
		"IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o",
		"ExitOnForwardFailure=yes", "-o", "StrictHostKeyChecking=yes",
		"-o", "UserKnownHostsFile=" TUNNEL_KNOWN, "-o",
		"GlobalKnownHostsFile=/dev/null", "-o", "UpdateHostKeys=no",
		"-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=15", "--",
		to, NULL };
	pid_t pid;

	/* as that account it may not be found where it is found now */
	if (!programs_find(t, SSH, found) || realpath(found, ssh) == NULL)
		return err_set(err, ERR_TEMP, "there is no program %s", found);
	snprintf(port, sizeof(port), "%u", r->port);
	snprintf(
	    to, sizeof(to), "%.*s@%.*s", STR_ARG(r->account), STR_ARG(r->host));
	job->argv = argv;
	pid = fork();
	if (pid == 0)
		tunnel_keep(job);
	if (pid == -1)
		return err_sys(err, ERR_TEMP, "run %s", ssh);
	out->pid = pid;
	out->began = programs_began(pid);
	return 0;
}

/* With what ssh said last. */
static int
explain(const struct tool *t, struct err *err)
{
	char path[PATH_MAX], said[SAID_MAX], why[400];
	struct str rest, line = STR("");

	place(t, TUNNEL_LOG, path);
	rest = str_trim((struct str){ said, slurp(path, said, sizeof(said)) });
	while (rest.n > 0)
		line = str_trim(str_cut(&rest, '\n'));
	str_escape(why, sizeof(why), line, 300);
	return err_set(err, ERR_TEMP, "the tunnel could not be made: %s",
	    line.n > 0 ? why : "ssh does not say why");
}

/* --- its folder --- */

static void
place(const struct tool *t, const char *name, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%.*s/tunnel/%s", PATH_MAX - 40, t->paths.state,
	    name);
}

/* Its length; what is longer counts as not there. */
static size_t
slurp(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd != -1 ? read(fd, out, size) : -1;

	if (fd != -1)
		close(fd);
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}
