/*
 * reload.c - a new revision: in force everywhere, or the old one everywhere
 *
 *	load and check -> bind new listeners -> CONFIG to every program
 *	   -> all agreed: open listeners, done
 *	   -> one refused or died: CONFIG with the old revision to all, failed
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/load.h"
#include "config/revision.h"
#include "event/event.h"
#include "master/master.h"

struct reload {
	struct config *next, *old;
	size_t waiting; /* answers still to come */
	bool undoing;
	struct err why;
	void (*done)(void *arg, const struct err *err);
	void *arg;
};

static struct config *load_current(struct master *, struct err *err);
static void spread(struct master *, struct reload *);
static void answered(struct master *, bool ok, const char *who, struct str why);
static void finish(struct master *, const struct err *err);

void
reload_start(
    struct master *m, void (*done)(void *arg, const struct err *err), void *arg)
{
	struct err err = ERR_INIT;
	struct config *next;
	struct reload *r;

	if (m->reload != NULL) {
		err_set(&err, ERR_TEMP,
		    "another change is being put in force; "
		    "try again in a moment");
		done(arg, &err);
		return;
	}
	notify_send("RELOADING=1");
	next = load_current(m, &err);
	if (next == NULL || listeners_bind(m, next, &err) == -1) {
		config_unref(&next);
		notify_send("READY=1");
		done(arg, &err);
		return;
	}
	r = mem_alloc(sizeof(*r));
	*r = (struct reload){
		.next = next, .old = m->self.config, .done = done, .arg = arg
	};
	m->self.config = next;
	m->reload = r;
	spread(m, r);
}

void
reload_answer(struct master *m, struct child *c, const struct config_done *msg)
{
	if (m->reload == NULL || msg->revision != m->self.config->revision)
		return;
	answered(m, msg->error.n == 0, program_name(c->kind), msg->error);
}

/* It will start with whatever is in force then; it cannot refuse now. */
void
reload_child_died(struct master *m, struct child *c)
{
	(void)c;
	if (m->reload != NULL)
		answered(m, true, "", STR(""));
}

int
reload_bundle(struct master *m, struct err *err)
{
	struct bundle b;
	int fd;

	if (revision_bundle(
		&b, m->paths.state, m->self.config->revision, err) == -1)
		return -1;
	fd = bundle_to_fd(&b, err);
	bundle_free(&b);
	return fd;
}

static struct config *
load_current(struct master *m, struct err *err)
{
	struct config *c;
	struct bundle b;
	uint64_t number;

	if (!revision_current(m->paths.state, &number, err))
		return NULL;
	if (revision_bundle(&b, m->paths.state, number, err) == -1)
		return NULL;
	c = config_load_simple(&b, number, err);
	bundle_free(&b);
	return c;
}

/* Sends the configuration in force to every program that runs. */
static void
spread(struct master *m, struct reload *r)
{
	struct config_msg msg = { .revision = m->self.config->revision };
	struct err err = ERR_INIT;
	int fd = reload_bundle(m, &err), dup;

	secrets_hand(m);
	r->waiting = 1;
	for (size_t i = 0; i < m->n_children && fd != -1; i++) {
		struct child *c = &m->children[i];

		if (c->state != CHILD_READY)
			continue;
		dup = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (dup == -1)
			continue;
		ipc_send_fds(c->ipc, IPC_CONFIG, 0, &msg, &dup, 1);
		r->waiting++;
	}
	if (fd != -1)
		close(fd);
	answered(m, fd != -1, "master", str_of(err.text));
}

static void
answered(struct master *m, bool ok, const char *who, struct str why)
{
	struct reload *r = m->reload;
	struct err ignore = ERR_INIT;

	if (!ok && r->why.kind == ERR_NONE)
		err_set(&r->why, ERR_TEMP, "%s: %.*s", who, STR_ARG(why));
	if (--r->waiting > 0)
		return;
	if (r->why.kind == ERR_NONE || r->undoing) {
		finish(m, r->why.kind == ERR_NONE ? NULL : &r->why);
		return;
	}
	/* back to the old one, everywhere */
	r->undoing = true;
	m->self.config = r->old;
	r->old = r->next;
	listeners_bind(m, m->self.config, &ignore);
	spread(m, r);
}

static void
finish(struct master *m, const struct err *err)
{
	struct reload *r = m->reload;

	m->reload = NULL;
	listeners_open(m);
	if (err == NULL)
		EMIT(NOTICE,
		    .text = STR("configuration: new revision in force"));
	notify_send("READY=1");
	r->done(r->arg, err);
	config_unref(&r->old);
	free(r);
}
