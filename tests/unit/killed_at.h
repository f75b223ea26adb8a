/*
 * killed_at.h - work in a child that dies at a system call, for tests
 *
 * A test does its work again and again, with n = 1, 2, .. until it gets
 * through: each time death comes before another call.
 */
#ifndef UNIT_KILLED_AT_H
#define UNIT_KILLED_AT_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Is it about to make one of those? openat only when it creates. */
static inline bool
is_counted(pid_t pid, const int *calls)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	for (; *calls != -1; calls++)
		if ((int)info.entry.nr == *calls)
			return *calls != SYS_openat ||
			       (info.entry.args[2] & O_CREAT);
	return false;
}

/* Does `work` in a child, with its threads; true: it was killed before the
 * n-th of `calls`, whose list ends with -1. */
static inline bool
killed_at(int n, const int *calls, void (*work)(void *), void *arg)
{
	pid_t child = fork(), pid;
	int status, sig, left = n;
	bool killed = false;

	assert_int_not_equal(child, -1);
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		work(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, __WALL), child);
	ptrace(PTRACE_SETOPTIONS, child, NULL,
	    PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL);
	ptrace(PTRACE_SYSCALL, child, NULL, NULL);
	while ((pid = waitpid(-1, &status, __WALL)) != -1 || errno == EINTR) {
		if (pid == child && !WIFSTOPPED(status) && !killed &&
		    status != 0)
			fail_msg("call %d: the child failed by itself", n);
		if (!WIFSTOPPED(status))
			continue;
		sig = WSTOPSIG(status);
		if (sig == (SIGTRAP | 0x80) && !killed &&
		    is_counted(pid, calls) && --left == 0) {
			killed = true;
			kill(child, SIGKILL);
		}
		/* neither our own stops nor those of new threads are signals */
		if (sig == (SIGTRAP | 0x80) || sig == SIGTRAP || sig == SIGSTOP)
			sig = 0;
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)sig);
	}
	return killed;
}

#endif
