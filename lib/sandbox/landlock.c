/*
 * landlock.c - file and signal confinement, by what the kernel has
 *
 * Debian 12's headers know version 2 only; the newer parts of the interface
 * are declared here. Version 0 (no Landlock): nothing to do, seccomp and the
 * chroot stand alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/groups.h"

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#define ACCESS_NET_BIND    (1ULL << 0)
#define ACCESS_NET_CONNECT (1ULL << 1)
#define SCOPE_ABSTRACT     (1ULL << 0)
#define SCOPE_SIGNAL       (1ULL << 1)

#define FS_V1 0x1fffULL /* the 13 rights of the first version */
#define FS_FOLDER                                                              \
	(FS_V1 &                                                               \
	    ~(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |      \
		LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |  \
		LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM))

struct ruleset { /* grows at its end with the version */
	uint64_t handled_fs, handled_net, scoped;
};

static int allow_below(
    int ruleset, const char *folder, uint64_t rights, struct err *err);

int
sandbox_landlock(
    const struct sandbox_profile *p, const char *folder, struct err *err)
{
	struct ruleset attr = { .handled_fs = FS_V1 };
	long version;
	int fd, rc = 0;

	version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return 0;
	if (version >= 2)
		attr.handled_fs |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		attr.handled_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (version >= 4 && !(p->calls & (SB_CONNECT | SB_UDP)))
		attr.handled_net = ACCESS_NET_BIND | ACCESS_NET_CONNECT;
	if (version >= 5)
		attr.handled_fs |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	if (version >= 6)
		attr.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr,
	    version >= 6   ? sizeof(attr)
	    : version >= 4 ? sizeof(uint64_t) * 2
			   : sizeof(uint64_t),
	    0);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "landlock ruleset");
	if (folder != NULL && (p->calls & SB_FILES_READ))
		rc = allow_below(fd, folder,
		    (FS_FOLDER | LANDLOCK_ACCESS_FS_REFER |
			LANDLOCK_ACCESS_FS_TRUNCATE) &
			attr.handled_fs,
		    err);
	if (rc == 0 && syscall(SYS_landlock_restrict_self, fd, 0) == -1)
		rc = err_sys(err, ERR_TEMP, "landlock");
	close(fd);
	return rc;
}

static int
allow_below(int ruleset, const char *folder, uint64_t rights, struct err *err)
{
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = rights,
	};
	long rc;

	beneath.parent_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (beneath.parent_fd == -1)
		return err_sys(err, ERR_TEMP, "open %s", folder);
	rc = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
	    &beneath, 0);
	close(beneath.parent_fd);
	if (rc == -1)
		return err_sys(err, ERR_TEMP, "landlock rule for %s", folder);
	return 0;
}
