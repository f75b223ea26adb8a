/* access.c - what is open for those who help: an account, a tunnel */
#include "admin/access.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/fields.h"
#include "admin/programs.h"
#include "base/clock.h"
#include "config/seal.h"

#define ACCOUNT  "support"
#define INFO     "postern support access"
#define BYTES    20
#define DAY      INT64_C(86400000)
#define OUTPUT   4096
#define CHAGE    "/usr/bin/chage"
#define CHPASSWD "/usr/sbin/chpasswd"
#define USERMOD  "/usr/sbin/usermod"

static void base32(const unsigned char *, size_t, char *out);
static int set_password(const struct tool *, const char *, struct err *);
static int set_key(
    const struct tool *, const char *, int64_t expires, struct err *);
static int drop_key(const struct tool *, struct err *);
static void key_file(const struct tool *, const char *, char out[PATH_MAX]);
static int call(
    const struct tool *, const char **argv, const char *in, struct err *);
static void state_file(const struct tool *, char out[PATH_MAX]);

void
access_load(const struct tool *t, struct access *a)
{
	int64_t now = clock_wall_ms();
	const json_t *tunnel;
	char path[PATH_MAX];
	json_t *j;

	state_file(t, path);
	j = json_load_file(path, 0, NULL);
	tunnel = json_object_get(j, "tunnel");
	*a = (struct access){ .since = fields_num(j, "since"),
		.expires = fields_num(j, "expires"),
		.key = fields_bool(j, "key") };
	a->tunnel.pid = (pid_t)fields_num(tunnel, "pid");
	a->tunnel.began = fields_num(tunnel, "began");
	a->tunnel.since = fields_num(tunnel, "since");
	a->tunnel.expires = fields_num(tunnel, "expires");
	a->tunnel.port = (uint32_t)fields_num(tunnel, "port");
	snprintf(a->tunnel.host, sizeof(a->tunnel.host), "%s",
	    fields_text(tunnel, "host"));
	json_decref(j);
	if (a->expires != 0 && a->expires <= now)
		a->since = a->expires = 0;
	if (a->tunnel.pid != 0 &&
	    (a->tunnel.began == 0 ||
		programs_began(a->tunnel.pid) != a->tunnel.began))
		a->tunnel.pid = 0;
}

int
access_save(const struct tool *t, const struct access *a, struct err *err)
{
	char path[PATH_MAX], fresh[PATH_MAX + 4];
	json_t *j = json_pack("{s:I, s:I, s:b}", "since", (json_int_t)a->since,
	    "expires", (json_int_t)a->expires, "key", a->key);
	int fd, rc = 0;

	if (a->tunnel.pid != 0)
		json_object_set_new(j, "tunnel",
		    json_pack("{s:I, s:I, s:I, s:I, s:s, s:I}", "pid",
			(json_int_t)a->tunnel.pid, "began",
			(json_int_t)a->tunnel.began, "since",
			(json_int_t)a->tunnel.since, "expires",
			(json_int_t)a->tunnel.expires, "host", a->tunnel.host,
			"port", (json_int_t)a->tunnel.port));
	state_file(t, path);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	(void)unlink(fresh);
	fd = open(
	    fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1 || json_dumpfd(j, fd, JSON_INDENT(2)) == -1 ||
	    fsync(fd) == -1 || rename(fresh, path) == -1)
		rc = err_sys(err, ERR_TEMP, "write %s", path);
	if (fd != -1)
		close(fd);
	json_decref(j);
	return rc;
}

void
access_credential(
    struct str seed, struct str serial, char out[ACCESS_CREDENTIAL])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
	unsigned char bytes[BYTES];
	size_t n = sizeof(bytes);

	if (ctx == NULL || EVP_PKEY_derive_init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_hkdf_md(ctx, EVP_sha256()) <= 0 ||
	    EVP_PKEY_CTX_set1_hkdf_key(
		ctx, (const unsigned char *)seed.p, (int)seed.n) <= 0 ||
	    EVP_PKEY_CTX_set1_hkdf_salt(
		ctx, (const unsigned char *)serial.p, (int)serial.n) <= 0 ||
	    EVP_PKEY_CTX_add1_hkdf_info(
		ctx, (const unsigned char *)INFO, (int)strlen(INFO)) <= 0 ||
	    EVP_PKEY_derive(ctx, bytes, &n) <= 0)
		panic("hkdf");
	EVP_PKEY_CTX_free(ctx);
	base32(bytes, sizeof(bytes), out);
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

void
access_make_seed(char out[ACCESS_CREDENTIAL])
{
	unsigned char bytes[BYTES];

	seal_random(bytes, sizeof(bytes));
	base32(bytes, sizeof(bytes), out);
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

int64_t
access_end(int64_t now)
{
	return (now + ACCESS_DAYS * DAY) / DAY * DAY;
}

int
access_open(const struct tool *t, const char *password, const char *key,
    int64_t expires, struct err *err)
{
	char day[32] = "-1";
	const char *end[] = { CHAGE, "-E", day, ACCOUNT, NULL };
	/* not "!": with some settings sshd lets nobody in then, key or not */
	const char *none[] = { USERMOD, "-p", "*", ACCOUNT, NULL };

	if (expires != 0)
		snprintf(day, sizeof(day), "%lld", (long long)(expires / DAY));
	if (drop_key(t, err) == -1 || call(t, end, NULL, err) == -1)
		return -1;
	if (password != NULL)
		return set_password(t, password, err);
	/* one that was given before is good no more */
	if (call(t, none, NULL, err) == -1)
		return -1;
	return set_key(t, key, expires, err);
}

/* Day 1 is long ago. */
int
access_close(const struct tool *t, struct err *err)
{
	const char *argv[] = { USERMOD, "-L", "-e", "1", ACCOUNT, NULL };
	int rc = drop_key(t, err);

	return call(t, argv, NULL, err) == -1 ? -1 : rc;
}

/* --- helpers --- */

/* RFC 4648 section 6; n is a multiple of 5. */
static void
base32(const unsigned char *p, size_t n, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t bits = 0;
	int have = 0;

	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | p[i];
		for (have += 8; have >= 5; have -= 5)
			*out++ = digits[bits >> (have - 5) & 31];
	}
	*out = '\0';
}

static int
set_password(const struct tool *t, const char *password, struct err *err)
{
	const char *argv[] = { CHPASSWD, NULL };
	char line[ACCESS_CREDENTIAL + 20];
	int rc;

	snprintf(line, sizeof(line), ACCOUNT ":%s\n", password);
	rc = call(t, argv, line, err);
	OPENSSL_cleanse(line, sizeof(line));
	return rc;
}

/* Both folders and the file are root's: who comes in cannot let others in. A
 * terminal, and nothing else. */
static int
set_key(const struct tool *t, const char *key, int64_t expires, struct err *err)
{
	char path[PATH_MAX], until[40] = "";
	time_t end = (time_t)(expires / 1000);
	struct tm tm;
	int fd = -1, rc = 0;

	localtime_r(&end, &tm);
	if (expires != 0)
		strftime(
		    until, sizeof(until), ",expiry-time=\"%Y%m%d%H%M\"", &tm);
	for (const char *const *part =
		 (const char *const[]){ "", "/.ssh", NULL };
	     *part != NULL && rc == 0; part++) {
		key_file(t, *part, path);
		if (mkdir(path, 0755) == -1 && errno != EEXIST)
			rc = err_sys(err, ERR_TEMP, "make %s", path);
	}
	key_file(t, "/.ssh/authorized_keys", path);
	if (rc == 0)
		fd = open(path,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (rc == 0 && (fd == -1 || fchmod(fd, 0644) == -1 ||
			   dprintf(fd, "restrict,pty%s %s\n", until, key) < 0 ||
			   fsync(fd) == -1))
		rc = err_sys(err, ERR_TEMP, "write %s", path);
	if (fd != -1)
		close(fd);
	return rc;
}

static int
drop_key(const struct tool *t, struct err *err)
{
	char path[PATH_MAX];

	key_file(t, "/.ssh/authorized_keys", path);
	if (unlink(path) == -1 && errno != ENOENT && errno != ENOTDIR)
		return err_sys(err, ERR_TEMP, "remove %s", path);
	return 0;
}

/* The home of the account, as conf/systemd/postern.sysusers has it. */
static void
key_file(const struct tool *t, const char *part, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s%s%s",
	    t->root != NULL ? t->root : "/var/lib",
	    t->root != NULL ? "/support" : "/postern-support", part);
}

static int
call(const struct tool *t, const char **argv, const char *in, struct err *err)
{
	char path[PATH_MAX];
	struct buf said;
	int rc;

	if (!programs_find(t, argv[0], path))
		return err_set(err, ERR_TEMP, "there is no program %s", path);
	argv[0] = path;
	buf_init(&said, OUTPUT);
	rc = programs_run(argv, in, &said, err);
	buf_fini(&said);
	return rc;
}

static void
state_file(const struct tool *t, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%.*s/techsupport.json", PATH_MAX - 30,
	    t->paths.state);
}
