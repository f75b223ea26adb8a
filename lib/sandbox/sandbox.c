/*
 * sandbox.c - the steps into the sandbox, in the order of threats 4.2
 */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/prctl.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/groups.h"

/* Ids for programs whose accounts do not exist; below the range that
 * systemd hands out dynamically ends, above every ordinary account. */
#define UNNAMED_IDS 64200
#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

static int drop_bounding_set(struct err *err);
static int become(const struct sandbox_options *, struct err *err);
static int set_limits(
    const struct sandbox_profile *, bool dropped, struct err *err);
static int set_limit(int which, uint64_t value, struct err *err);

int
sandbox_enter(const struct sandbox_profile *p, const struct sandbox_options *o,
    struct err *err)
{
	umask(0077);
	/* the folder's name is looked up here: before chroot hides it */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_sys(err, ERR_TEMP, "no_new_privs");
	if (sandbox_landlock(p, o->folder, err) == -1)
		return -1;
	if (o->chroot != NULL && (chroot(o->chroot) == -1 || chdir("/") == -1))
		return err_sys(err, ERR_TEMP, "chroot %s", o->chroot);
	if (o->uid != 0 && become(o, err) == -1)
		return -1;
	/* setuid makes a process undumpable already; then nobody may ptrace */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return err_sys(err, ERR_TEMP, "PR_SET_DUMPABLE");
#ifdef POSTERN_ASAN
	/* the sanitizers' own calls and memory do not fit a profile */
	return 0;
#endif
	if (set_limits(p, o->uid != 0, err) == -1)
		return -1;
	/* older kernels do not know it; seccomp says the same by call */
	if (!(p->calls & SB_JIT))
		(void)prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);
	return sandbox_seccomp(p, o->log_only, err);
}

void
sandbox_account(const struct sandbox_profile *p, unsigned *uid, unsigned *gid)
{
	const struct passwd *pw = getpwnam(p->account);

	if (pw != NULL) {
		*uid = pw->pw_uid;
		*gid = pw->pw_gid;
		return;
	}
	*uid = *gid = UNNAMED_IDS + sandbox_place(p);
}

static int
become(const struct sandbox_options *o, struct err *err)
{
	if (drop_bounding_set(err) == -1)
		return -1;
	if (setgroups(0, NULL) == -1 ||
	    setresgid(o->gid, o->gid, o->gid) == -1 ||
	    setresuid(o->uid, o->uid, o->uid) == -1)
		return err_sys(err, ERR_TEMP, "become uid %u", o->uid);
	if (setuid(0) != -1 || seteuid(0) != -1 || setgid(0) != -1)
		return err_set(err, ERR_TEMP,
		    "uid %u can become root again: refusing to run", o->uid);
	return 0;
}

static int
drop_bounding_set(struct err *err)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			return err_sys(
			    err, ERR_TEMP, "drop capability %d", cap);
	return 0;
}

/*
 * The number of processes is counted per account: only an account of the
 * program's own can have a limit.
 */
static int
set_limits(const struct sandbox_profile *p, bool dropped, struct err *err)
{
	if (set_limit(RLIMIT_CORE, 0, err) == -1)
		return -1;
	if (p->nofile != 0 && set_limit(RLIMIT_NOFILE, p->nofile, err) == -1)
		return -1;
	if (p->fsize != UINT64_MAX &&
	    set_limit(RLIMIT_FSIZE, p->fsize, err) == -1)
		return -1;
	if (p->data != 0 && set_limit(RLIMIT_DATA, p->data, err) == -1)
		return -1;
	if (dropped && set_limit(RLIMIT_NPROC,
			   p->threads * (uint64_t)WORKERS_MAX, err) == -1)
		return -1;
	return set_limit(RLIMIT_MEMLOCK, 0, err);
}

/* Never above what we were given: a hard limit is read, not assumed. */
static int
set_limit(int which, uint64_t value, struct err *err)
{
	struct rlimit now, next;

	if (getrlimit(which, &now) == -1)
		return err_sys(err, ERR_TEMP, "limit %d", which);
	next.rlim_cur = next.rlim_max = (rlim_t)value;
	if (now.rlim_max != RLIM_INFINITY && next.rlim_max > now.rlim_max)
		next.rlim_cur = next.rlim_max = now.rlim_max;
	if (setrlimit(which, &next) == -1)
		return err_sys(
		    err, ERR_TEMP, "limit %d to %ju", which, (uintmax_t)value);
	return 0;
}
