/*
 * err.h - errors are values that carry context to the user
 *
 * Whoever detects an error describes it; every level above may put its own
 * context before it (err_in); only the top level prints it. All functions
 * accept err NULL, and return -1 so that "return err_set(...)" reads well.
 *
 *	if (open_it(path, err) == -1)
 *		return err_in(err, "alias table %s", path);
 *
 * When our own invariant is broken, or memory is gone: panic(). When a
 * program cannot start: fatal(), in main or setup only. Never for input.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err_kind {
	ERR_NONE,
	ERR_TEMP,  /* ours, may pass: answer 4xx, keep the mail */
	ERR_PERM,  /* theirs, will not pass: answer 5xx, bounce */
	ERR_PROTO, /* the peer broke the protocol: drop the peer */
	ERR_USAGE  /* the user asked for something wrong: say what is right */
};

struct err {
	enum err_kind kind;
	int sys; /* errno, when a system call said so; else 0 */
	char text[480];
};

#define ERR_INIT                                                               \
	{                                                                      \
		ERR_NONE, 0, ""                                                \
	}

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set, and appends ": " and strerror(errno). */
int err_sys(struct err *err, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before what is there already; the kind stays. */
int err_in(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints "program: text" to stderr and exits with status 1. */
void fatal(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* Prints the text and aborts; the master restarts the program. */
void panic(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* Name shown by fatal, panic; a literal. */
void err_program(const char *name);

#endif
