/*
 * rules.c - the rules of outbreak filters: kept here, made elsewhere
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
#include "master/master.h"

#define NEW_FILE FEED_FILE ".new"

static int keep(const struct master *, struct err *err);
static int write_file(int folder, struct str text, struct err *err);
static void forget(struct master *);
static bool wants(const struct child *);
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
rules_end(struct master *m, uint64_t size)
{
	struct err err = ERR_INIT;
	char text[600];

	rules_piece(m, STR(""));
	if (m->rules.failed || m->rules.len != size)
		err_set(&err, ERR_PROTO, "incomplete");
	else
		keep(m, &err);
	forget(m);
	if (err.kind != ERR_NONE) {
		snprintf(text, sizeof(text),
		    "the outbreak rules were not kept: %s", err.text);
		alert_raise(ALERT_OUTBREAK_RULES, STR(""), str_of(text));
		return;
	}
	for (size_t i = 0; i < m->n_children; i++)
		if (m->children[i].kind != PROGRAM_LOOKUPD)
			rules_hand(m, &m->children[i]);
}

void
rules_hand(struct master *m, struct child *c)
{
	const struct no_rules none = { 0 };
	const struct rules_msg msg = { 0 };
	struct err err = ERR_INIT;
	int folder, fd;

	if (!wants(c) || c->state != CHILD_READY)
		return;
	/* what an earlier one did not get to the end of */
	if (c->kind == PROGRAM_LOOKUPD)
		forget(m);
	folder = open_state(m, &err);
	fd = folder == -1 ? -1
			  : openat(folder, FEED_FILE,
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
wants(const struct child *c)
{
	return c->kind == PROGRAM_CLEANUP || c->kind == PROGRAM_LOOKUPD;
}

/* Empty: there shall be none. */
static int
keep(const struct master *m, struct err *err)
{
	int folder = open_state(m, err), rc = 0;

	if (folder == -1)
		return -1;
	if (m->rules.len > 0)
		rc = write_file(folder, buf_str(&m->rules), err);
	else if (unlinkat(folder, FEED_FILE, 0) == -1 && errno != ENOENT)
		rc = err_sys(err, ERR_TEMP, "remove %s", FEED_FILE);
	if (rc == 0 && fsync(folder) == -1)
		rc = err_sys(err, ERR_TEMP, "sync %s", m->paths.state);
	close(folder);
	return rc;
}

/* The old ones stay until the new ones are whole on the disk. */
static int
write_file(int folder, struct str text, struct err *err)
{
	ssize_t n = -1;
	int fd;

	fd = openat(folder, NEW_FILE,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	while (fd != -1 && text.n > 0 && (n = write(fd, text.p, text.n)) > 0)
		text = str_sub(text, (size_t)n, text.n);
	if (fd == -1 || text.n > 0 || fsync(fd) == -1 ||
	    renameat(folder, NEW_FILE, folder, FEED_FILE) == -1) {
		err_sys(err, ERR_TEMP, "write %s", FEED_FILE);
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
