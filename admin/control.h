/*
 * control.h - asking the running programs, over the control socket
 *
 * The master takes the connection, looks at who is calling and passes it on
 * to the program that is wanted.
 */
#ifndef ADMIN_CONTROL_H
#define ADMIN_CONTROL_H

#include <jansson.h>

#include "admin/tool.h"
#include "program/program.h"

#define CONTROL_WORDS_MAX 100

struct control_answer {
	json_t *json; /* NULL: none was given */
	int fd;       /* of a message; -1: none */
};

/*
 * Asks one question: words up to NULL. -1: err has what the service said,
 * or why it could not be asked (ERR_TEMP; sys ECONNREFUSED: nothing runs);
 * ERR_USAGE: asked wrongly.
 */
int control_ask(struct tool *, enum program_kind, const char *const *words,
    struct control_answer *, struct err *);
/* The same, and stays connected: a descriptor for control_wait, the caller's.
 * -1: err. */
int control_ask_open(struct tool *, enum program_kind, const char *const *words,
    struct control_answer *, struct err *);
/* Until it answers once more, or hangs up. -1: err says what went wrong. */
int control_wait(int fd, struct err *);
/* A connection to be kept, for commands that nobody answers; -1: there is
 * none to be had so soon. */
int control_keep(const struct tool *, enum program_kind, int wait_ms);
/* What cannot be said at once is not said. */
void control_tell(int fd, const char *const *words);
void control_answer_fini(struct control_answer *);
/* The same question to each worker of these kinds that runs; take is called
 * for each answer that is JSON. kinds ends with PROGRAM_N. */
int control_ask_workers(struct tool *, const enum program_kind *kinds,
    const char *const *words, void (*take)(void *arg, const json_t *),
    void *arg, struct err *);

/* Asks, and prints the JSON (--json), or what render makes of it (NULL:
 * nothing). Returns the exit status. */
int control_show(struct tool *, enum program_kind, const char *const *words,
    void (*render)(const json_t *, struct buf *));

/*
 * Gives a message to the queue, from the null sender. content: CRLF text.
 * ours: the tool wrote it; signed with DKIM where that is wished for. -1: err
 * says why it was not taken.
 */
int control_submit(struct tool *, const struct str *rcpts, size_t n,
    struct str content, bool ours, struct err *);

#endif
