/*
 * sandbox.h - what a program may do, as data, and putting it in force
 *
 * One profile per program (profiles.c), the same table as DESIGN section 2;
 * tests compare a running suite with it. The order of the steps is that of
 * threats 4.2. As root: account, empty chroot, everything. Otherwise: what
 * an ordinary user can have (no_new_privs, rlimits, Landlock, seccomp).
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/err.h"

/* What system calls a program gets beyond the base every daemon has
 * (memory, time, signals to itself, its descriptors, epoll). */
#define SB_FDS_RECV    (1u << 0) /* recvmsg, sendmsg on its channels */
#define SB_ACCEPT      (1u << 1) /* accept4, getpeername, setsockopt */
#define SB_CONNECT     (1u << 2) /* socket AF_INET*, bind, connect */
#define SB_UNIX        (1u << 3) /* socket AF_UNIX, connect (scanners) */
#define SB_FILES_READ  (1u << 4) /* openat, newfstatat, getdents */
#define SB_FILES_WRITE (1u << 5) /* ... creating, linkat, unlinkat, rename */
#define SB_SYNC        (1u << 6) /* fsync, fdatasync, fallocate */
#define SB_SENDFILE    (1u << 7)
#define SB_MEMFD       (1u << 11) /* files in memory, without a name */
#define SB_TIMER       (1u << 12) /* setitimer: a limit of its own */
#define SB_THREADS     (1u << 8)  /* clone for threads, before or after */
#define SB_JIT         (1u << 9)  /* writable-executable memory */
#define SB_UDP         (1u << 10) /* sendto, recvfrom, sendmmsg */

struct sandbox_profile {
	const char *program;
	const char *account; /* "postern-smtpd" */
	unsigned calls;      /* SB_* */
	unsigned nofile;     /* 0: leave */
	uint64_t fsize;      /* bytes; 0: may write no file; UINT64_MAX: any */
	uint64_t data;       /* RLIMIT_DATA; 0: none set */
	unsigned threads;    /* NPROC head-room */
};

const struct sandbox_profile *sandbox_profile(const char *program);

struct sandbox_options {
	unsigned uid, gid;  /* to become; 0: stay (not root) */
	const char *chroot; /* empty folder; NULL: none (not root) */
	bool log_only;      /* --sandbox=log: report instead of kill */
	const char *folder; /* the one folder it works in; NULL: none */
};

/* Irrevocable. Verifies afterwards that it cannot go back. -1: err, and the
 * caller must not go on. */
int sandbox_enter(const struct sandbox_profile *,
    const struct sandbox_options *, struct err *err);

/* uid and gid of an account; when it does not exist and we are root, an id
 * of its own made from the profile's place in the table (base 64200). */
void sandbox_account(
    const struct sandbox_profile *, unsigned *uid, unsigned *gid);

/* The system calls of a profile by name, for docs and tests; NULL-ended. */
const char *const *sandbox_calls(const struct sandbox_profile *);

#endif
