/*
 * seccomp.c - the allow-list of a profile, put into the kernel
 *
 * Calls whose arguments matter are not in the groups but in restrict_args():
 * socket families, executable memory, signals to others, new processes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/groups.h"

#define CALL(name) SCMP_SYS(name)
/* As the library's SCMP_A..., with every field given. */
#define EQ(arg, value)                                                         \
	((struct scmp_arg_cmp){ (arg), SCMP_CMP_EQ, (scmp_datum_t)(value), 0 })
#define MASKED(arg, mask, value)                                               \
	((struct scmp_arg_cmp){ (arg), SCMP_CMP_MASKED_EQ,                     \
	    (scmp_datum_t)(mask), (scmp_datum_t)(value) })

static int allow(scmp_filter_ctx ctx, const char *name);
static int restrict_args(scmp_filter_ctx ctx, const struct sandbox_profile *p);
static int restrict_memory(
    scmp_filter_ctx ctx, const struct sandbox_profile *p);
static int restrict_sockets(
    scmp_filter_ctx ctx, const struct sandbox_profile *p);

int
sandbox_seccomp(const struct sandbox_profile *p, bool log_only, struct err *err)
{
	scmp_filter_ctx ctx;
	int rc = 0;

	ctx = seccomp_init(log_only ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS);
	if (ctx == NULL)
		return err_set(err, ERR_TEMP, "seccomp: no memory");
	for (const char *const *c = sandbox_calls(p); *c != NULL && rc == 0;
	     c++)
		rc = allow(ctx, *c);
	if (rc == 0)
		rc = restrict_args(ctx, p);
	/* A binary tree of comparisons instead of a list: fewer per call. */
	if (rc == 0)
		(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc != 0) {
		errno = -rc;
		return err_sys(
		    err, ERR_TEMP, "seccomp filter of %s", p->program);
	}
	return 0;
}

/* A call that this machine's library does not know cannot be made either. */
static int
allow(scmp_filter_ctx ctx, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);
	int rc;

	if (nr == __NR_SCMP_ERROR)
		return 0;
	rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0);
	return rc == -EEXIST || rc == -EDOM ? 0 : rc;
}

static int
restrict_args(scmp_filter_ctx ctx, const struct sandbox_profile *p)
{
	static const int fcntls[] = { F_GETFD, F_SETFD, F_GETFL, F_SETFL,
		F_DUPFD_CLOEXEC, F_GET_SEALS };
	static const unsigned ioctls[] = { FIONREAD, FIONBIO };
	int rc = 0;

	for (size_t i = 0; i < NELEM(fcntls) && rc == 0; i++)
		rc = seccomp_rule_add(
		    ctx, SCMP_ACT_ALLOW, CALL(fcntl), 1, EQ(1, fcntls[i]));
	for (size_t i = 0; i < NELEM(ioctls) && rc == 0; i++)
		rc = seccomp_rule_add(
		    ctx, SCMP_ACT_ALLOW, CALL(ioctl), 1, EQ(1, ioctls[i]));
	/* recovery asks whether a file is open elsewhere (queue/recover.c) */
	if (rc == 0 && (p->calls & SB_FILES_WRITE))
		rc = seccomp_rule_add(
		    ctx, SCMP_ACT_ALLOW, CALL(fcntl), 1, EQ(1, F_SETLEASE));
	/* fstat() of glibc; without the flag it would need a path */
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(newfstatat), 1,
		    EQ(3, AT_EMPTY_PATH));
	/* abort() must work; nobody else may be signalled */
	if (rc == 0)
		rc = seccomp_rule_add(
		    ctx, SCMP_ACT_ALLOW, CALL(tgkill), 1, EQ(0, getpid()));
	/* reading one's own limits (malloc does), setting none */
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(prlimit64), 2,
		    EQ(0, 0), EQ(2, 0));
	/* naming a thread; nothing else */
	if (rc == 0)
		rc = seccomp_rule_add(
		    ctx, SCMP_ACT_ALLOW, CALL(prctl), 1, EQ(0, PR_SET_NAME));
	/* its flags lie in memory that a filter cannot see: glibc falls back */
	if (rc == 0)
		rc = seccomp_rule_add(
		    ctx, SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0);
	if (rc == 0 && (p->calls & SB_THREADS))
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(clone), 1,
		    MASKED(0, CLONE_THREAD | CLONE_NEWUSER, CLONE_THREAD));
	if (rc == 0)
		rc = restrict_memory(ctx, p);
	if (rc == 0)
		rc = restrict_sockets(ctx, p);
	return rc;
}

static int
restrict_memory(scmp_filter_ctx ctx, const struct sandbox_profile *p)
{
	int rc;

	if (p->calls & SB_JIT) {
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(mmap), 0);
		if (rc == 0)
			rc = seccomp_rule_add(
			    ctx, SCMP_ACT_ALLOW, CALL(mprotect), 0);
		return rc;
	}
	rc = seccomp_rule_add(
	    ctx, SCMP_ACT_ALLOW, CALL(mmap), 1, MASKED(2, PROT_EXEC, 0));
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(mprotect), 1,
		    MASKED(2, PROT_EXEC, 0));
	return rc;
}

static int
restrict_sockets(scmp_filter_ctx ctx, const struct sandbox_profile *p)
{
	static const struct {
		int level, name;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY },
		{ IPPROTO_TCP, TCP_CORK },
		{ SOL_SOCKET, SO_LINGER },
		{ SOL_SOCKET, SO_KEEPALIVE },
		{ SOL_SOCKET, SO_REUSEADDR },
		{ SOL_SOCKET, SO_SNDBUF },
		{ SOL_SOCKET, SO_RCVBUF },
		{ IPPROTO_IPV6, IPV6_V6ONLY },
	};
	static const int families[] = { AF_INET, AF_INET6 };
	static const int ipv6[] = { IPV6_MTU, IPV6_MTU_DISCOVER };
	int rc = 0;

	if (p->calls & (SB_ACCEPT | SB_CONNECT | SB_UDP))
		for (size_t i = 0; i < NELEM(options) && rc == 0; i++)
			rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
			    CALL(setsockopt), 2, EQ(1, options[i].level),
			    EQ(2, options[i].name));
	if (p->calls & (SB_CONNECT | SB_UDP))
		for (size_t i = 0; i < NELEM(families) && rc == 0; i++)
			rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(socket),
			    1, EQ(0, families[i]));
	/* libunbound sets options of its own choosing on its sockets */
	if (rc == 0 && (p->calls & SB_UDP))
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(setsockopt), 1,
		    EQ(1, IPPROTO_IP));
	for (size_t i = 0; i < NELEM(ipv6) && (p->calls & SB_UDP) && rc == 0;
	     i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(setsockopt), 2,
		    EQ(1, IPPROTO_IPV6), EQ(2, ipv6[i]));
	if (rc == 0 && (p->calls & SB_UNIX))
		rc = seccomp_rule_add(
		    ctx, SCMP_ACT_ALLOW, CALL(socket), 1, EQ(0, AF_UNIX));
	return rc;
}
