/*
 * profiles.c - what each program may do: DESIGN section 2 as data
 *
 * The lists of system calls by group stand below the table. A program gets
 * the base and the groups that its profile names; everything else kills it.
 */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "sandbox/groups.h"

#define MIB (1024ull * 1024)

static const struct sandbox_profile profiles[] = {
	{ .program = "recorder",
	    .account = "postern-log",
	    .calls = SB_FDS_RECV | SB_FILES_READ | SB_FILES_WRITE | SB_SYNC |
		     SB_ACCEPT,
	    .nofile = 1024,
	    .fsize = UINT64_MAX },
	{ .program = "lookupd",
	    .account = "postern-net",
	    .calls = SB_FDS_RECV | SB_CONNECT | SB_UDP | SB_THREADS,
	    .nofile = 4096,
	    .data = 1024 * MIB,
	    .threads = 8 },
	{ .program = "cleanup",
	    .account = "postern-cleanup",
	    .calls = SB_FDS_RECV | SB_FILES_READ | SB_FILES_WRITE | SB_SYNC |
		     SB_THREADS | SB_MEMFD,
	    .nofile = 8192,
	    .fsize = UINT64_MAX,
	    .data = 2048 * MIB,
	    .threads = 16 },
	{ .program = "qmgr",
	    .account = "postern-qmgr",
	    .calls = SB_FDS_RECV | SB_FILES_READ | SB_FILES_WRITE | SB_SYNC |
		     SB_THREADS,
	    .nofile = 16384,
	    .fsize = UINT64_MAX,
	    .threads = 16 },
	{ .program = "smtpd",
	    .account = "postern-smtpd",
	    .calls = SB_FDS_RECV | SB_ACCEPT,
	    .nofile = 16384 + 64,
	    .data = 1024 * MIB },
	{ .program = "smtp",
	    .account = "postern-smtp",
	    .calls = SB_FDS_RECV | SB_CONNECT | SB_SENDFILE,
	    .nofile = 16384 + 64,
	    .data = 1024 * MIB },
	{ .program = "keyd",
	    .account = "postern-key",
	    .calls = SB_FDS_RECV | SB_THREADS,
	    .nofile = 1024,
	    .data = 256 * MIB,
	    .threads = 4 },
	/* the same kind of face to the network, so the same account */
	{ .program = "qmqpd",
	    .account = "postern-smtpd",
	    .calls = SB_FDS_RECV | SB_ACCEPT,
	    .nofile = 16384 + 64,
	    .data = 1024 * MIB },
	/* libraries that take strangers' files apart: its channels, no more */
	{ .program = "inspect",
	    .account = "postern-inspect",
	    .calls = SB_FDS_RECV | SB_TIMER,
	    .nofile = 1024,
	    .data = 512 * MIB },
	{ .program = "webd",
	    .account = "postern-web",
	    .calls = SB_FDS_RECV | SB_ACCEPT,
	    .nofile = 4096, /* 200 connections, each with a capture's parts */
	    .data = 512 * MIB },
	/* the child of the command that looks at a message (ADM-10) */
	{ .program = "trace",
	    .account = "postern-trace",
	    .nofile = 16,
	    .data = 4096 * MIB },
	/* packets to files, as they are; its devices are open by then */
	{ .program = "capture",
	    .account = "postern-capture",
	    .calls = SB_FDS_RECV | SB_FILES_READ | SB_FILES_WRITE,
	    .nofile = 64,
	    .fsize = UINT64_MAX,
	    .data = 256 * MIB },
};

/* Memory, time, its own descriptors, waiting, ending: no outside effect. */
static const char *const base_calls[] = { "read", "readv", "write", "writev",
	"pread64", "preadv", "close", "close_range", "fstat", "lseek", "dup",
	"brk", "munmap", "mremap", "madvise", "rt_sigaction", "rt_sigprocmask",
	"rt_sigreturn", "sigaltstack", "futex", "getpid", "gettid", "getppid",
	"getuid", "geteuid", "getgid", "getegid", "clock_gettime",
	"clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time",
	"epoll_wait", "epoll_pwait", "epoll_ctl", "epoll_create1", "eventfd2",
	"pipe2", "poll", "ppoll", "select", "pselect6", "exit", "exit_group",
	"sched_yield", "sched_getaffinity", "getrandom", "restart_syscall",
	"getrlimit", "getrusage", "sysinfo", "uname", "set_robust_list", "rseq",
	"membarrier", "recvfrom", "sendto", "getsockopt", "shutdown",
	"getsockname", "getpeername", NULL };
static const char *const fds_recv[] = { "recvmsg", "sendmsg", NULL };
static const char *const timers[] = { "setitimer", NULL };
static const char *const accepting[] = { "accept4", NULL };
static const char *const connecting[] = { "bind", "connect", NULL };
static const char *const files_read[] = { "openat", "newfstatat", "getdents64",
	"statx", "fstatfs", "faccessat", "faccessat2", NULL };
static const char *const files_write[] = { "pwrite64", "pwritev", "ftruncate",
	"linkat", "unlinkat", "renameat", "renameat2", "mkdirat", "fchmod",
	"umask", "flock", NULL };
static const char *const syncing[] = { "fsync", "fdatasync", "fallocate",
	"sync_file_range", NULL };
static const char *const sending_files[] = { "sendfile", NULL };
static const char *const memory_files[] = { "memfd_create", NULL };
static const char *const udp[] = { "sendmmsg", "recvmmsg", NULL };

const struct sandbox_group sandbox_groups[] = {
	{ 0, base_calls },
	{ SB_FDS_RECV, fds_recv },
	{ SB_TIMER, timers },
	{ SB_ACCEPT, accepting },
	{ SB_CONNECT, connecting },
	{ SB_UNIX, connecting },
	{ SB_FILES_READ, files_read },
	{ SB_FILES_WRITE, files_write },
	{ SB_SYNC, syncing },
	{ SB_SENDFILE, sending_files },
	{ SB_MEMFD, memory_files },
	{ SB_UDP, udp },
	{ 0, NULL },
};

const struct sandbox_profile *
sandbox_profile(const char *program)
{
	for (size_t i = 0; i < NELEM(profiles); i++)
		if (strcmp(profiles[i].program, program) == 0)
			return &profiles[i];
	return NULL;
}

const char *const *
sandbox_calls(const struct sandbox_profile *p)
{
	static const char *calls[256];
	size_t n = 0;

	for (const struct sandbox_group *g = sandbox_groups; g->calls != NULL;
	     g++) {
		if (g->flag != 0 && !(p->calls & g->flag))
			continue;
		for (const char *const *c = g->calls;
		     *c != NULL && n < NELEM(calls) - 1; c++)
			calls[n++] = *c;
	}
	calls[n] = NULL;
	return calls;
}

unsigned
sandbox_place(const struct sandbox_profile *p)
{
	unsigned place = 0;

	while (strcmp(profiles[place].account, p->account) != 0)
		place++;
	return place;
}

const struct sandbox_profile *
sandbox_at(unsigned place)
{
	return place < NELEM(profiles) ? &profiles[place] : NULL;
}
