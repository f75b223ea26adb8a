/*
 * rules.c - the rules of outbreak filters, and policies of MTA-STS: kept here,
 * made elsewhere
 *
 * lookupd fetches them and has no files; who runs the work queue has no
 * network. So lookupd says what is to be kept, in pieces; the master writes
 * it below the folder of the state, unread, and hands each program that uses
 * it a descriptor. These check the signature themselves.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "event/alert.h"
#include "lookup/feed_file.h"
#include "lookup/sts_policy.h"
#include "master/master.h"

/* Who gets what, and how its file is called. */
static const struct {
	const char *file, *new_file, *name;
	bool cleanup;
} kinds[KEPT_N] = {
	[KEPT_RULES] = { FEED_FILE, FEED_FILE ".new", "outbreak rules", true },
	[KEPT_POLICIES] = { STS_FILE, STS_FILE ".new", "MTA-STS policies",
	    false },
};

static void hand(struct master *, struct child *, enum kept_what);
static int keep(const struct master *, enum kept_what, struct err *err);
static int write_file(
    int folder, enum kept_what, struct str text, struct err *err);
static void forget(struct master *);
static bool wants(const struct child *, enum kept_what);
static int open_state(const struct master *, struct err *err);

void
rules_piece(struct master *m, struct str piece)
{
	if (!m->rules_come)
		buf_init(&m->rules, FEED_FILE_MAX);
	m->rules_come = true;
	buf_add_str(&m->rules, piece);
}

/* What is longer than it may be, or not what was sent, is not kept. */
void
rules_end(struct master *m, enum kept_what what, uint64_t size)
{
	struct err err = ERR_INIT;
	char text[600];

	rules_piece(m, STR(""));
	if (m->rules.failed || m->rules.len != size)
		err_set(&err, ERR_PROTO, "incomplete");
	else
		keep(m, what, &err);
	forget(m);
	if (err.kind != ERR_NONE) {
		snprintf(text, sizeof(text), "the %s were not kept: %s",
		    kinds[what].name, err.text);
		alert_raise(what == KEPT_RULES ? ALERT_OUTBREAK_RULES
					       : ALERT_APP_FAILURE,
		    STR(""), str_of(text));
		return;
	}
	for (size_t i = 0; i < m->n_children; i++)
		if (m->children[i].kind != PROGRAM_LOOKUPD)
			hand(m, &m->children[i], what);
}

void
rules_hand(struct master *m, struct child *c)
{
	/* what an earlier one did not get to the end of */
	if (c->kind == PROGRAM_LOOKUPD)
		forget(m);
	for (int what = 0; what < KEPT_N; what++)
		hand(m, c, (enum kept_what)what);
}

static void
hand(struct master *m, struct child *c, enum kept_what what)
{
	const struct no_rules none = { .what = (uint8_t)what };
	const struct rules_msg msg = { .what = (uint8_t)what };
	struct err err = ERR_INIT;
	int folder, fd;

	if (!wants(c, what) || c->state != CHILD_READY)
		return;
	folder = open_state(m, &err);
	fd = folder == -1 ? -1
			  : openat(folder, kinds[what].file,
				O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (folder != -1)
		close(folder);
	if (fd == -1)
		ipc_send(c->ipc, IPC_NO_RULES, 0, &none);
	else
		ipc_send_fds(c->ipc, IPC_RULES, 0, &msg, &fd, 1);
}

static void
forget(struct master *m)
{
	if (m->rules_come)
		buf_fini(&m->rules);
	m->rules_come = false;
}

static bool
wants(const struct child *c, enum kept_what what)
{
	return c->kind == PROGRAM_LOOKUPD ||
	       (c->kind == PROGRAM_CLEANUP && kinds[what].cleanup);
}

/* Empty: there shall be none. */
static int
keep(const struct master *m, enum kept_what what, struct err *err)
{
	int folder = open_state(m, err), rc = 0;

	if (folder == -1)
		return -1;
	if (m->rules.len > 0)
		rc = write_file(folder, what, buf_str(&m->rules), err);
	else if (unlinkat(folder, kinds[what].file, 0) == -1 && errno != ENOENT)
		rc = err_sys(err, ERR_TEMP, "remove %s", kinds[what].file);
	if (rc == 0 && fsync(folder) == -1)
		rc = err_sys(err, ERR_TEMP, "sync %s", m->paths.state);
	close(folder);
	return rc;
}

/* The old ones stay until the new ones are whole on the disk. */
static int
write_file(int folder, enum kept_what what, struct str text, struct err *err)
{
	ssize_t n = -1;
	int fd;

	fd = openat(folder, kinds[what].new_file,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	while (fd != -1 && text.n > 0 && (n = write(fd, text.p, text.n)) > 0)
		text = str_sub(text, (size_t)n, text.n);
	if (fd == -1 || text.n > 0 || fsync(fd) == -1 ||
	    renameat(folder, kinds[what].new_file, folder, kinds[what].file) ==
		-1) {
		err_sys(err, ERR_TEMP, "write %s", kinds[what].file);
		if (fd != -1)
			close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

static int
open_state(const struct master *m, struct err *err)
{
	int fd = open(m->paths.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd != -1 ? fd
			: err_sys(err, ERR_TEMP, "folder %s", m->paths.state);
}
