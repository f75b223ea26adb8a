/*
 * reload.c - a new revision: in force everywhere, or the old one everywhere
 *
 *	read, check, bind new listeners
 *	   |
 *	LOAD	every program loads it: all said yes
 *	   |					\ no, death, silence: forget it
 *	SWITCH	every program uses it: all said yes
 *	   |					\ no, death, silence: UNDO
 *	it becomes the current revision		\ disk full: UNDO
 *	   |
 *	listeners change, done		UNDO	all use the old one again
 *
 * Until the revision is the current one, a start or a restart of anything
 * begins with the old one. A program that cannot be brought back, or that
 * does not answer, is ended: it starts again with what is in force.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/load.h"
#include "config/revision.h"
#include "event/event.h"
#include "master/master.h"

#define SWITCH_MS 10000

enum step { STEP_LOAD, STEP_SWITCH, STEP_UNDO };

struct reload {
	enum step step;
	struct config *next;
	int bundle_fd; /* of next */
	struct socket_plan sockets;
	uint64_t make_current; /* 0: it is already */
	uint32_t serial;
	size_t waiting; /* answers still to come */
	struct err why;
	struct loop_timer *late;
	void (*done)(void *arg, const struct err *err);
	void *arg;
};

static int prepare(
    struct master *, struct reload *, uint64_t number, struct err *err);
static bool send_config(struct child *, uint64_t revision, int fd, uint32_t);
static void send_switch(struct child *, uint32_t serial, bool go);
static void begin_load(struct master *);
static void begin_switch(struct master *);
static void begin_undo(struct master *);
static void settle(struct master *);
static void refused(struct reload *, const struct child *, struct str why);
static int64_t load_ms(const struct config *);
static void too_late(void *master);
static void decide(struct master *);
static void catch_up(struct master *);
static void finish(struct master *);

void
reload_start(struct master *m, uint64_t number,
    void (*done)(void *arg, const struct err *err), void *arg)
{
	struct err err = ERR_INIT;
	struct reload *r;

	if (m->reload != NULL) {
		err_set(&err, ERR_TEMP,
		    "another change is being put in force; "
		    "try again in a moment");
		done(arg, &err);
		return;
	}
	notify_send("RELOADING=1");
	r = mem_alloc(sizeof(*r));
	*r = (struct reload){ .bundle_fd = -1, .done = done, .arg = arg };
	if (prepare(m, r, number, &err) == -1) {
		config_unref(&r->next);
		if (r->bundle_fd != -1)
			close(r->bundle_fd);
		free(r);
		notify_send("READY=1");
		done(arg, &err);
		return;
	}
	m->reload = r;
	r->late = loop_timer(m->self.loop, too_late, m);
	begin_load(m);
}

void
reload_answer(struct master *m, struct child *c, const struct config_done *msg)
{
	struct reload *r = m->reload;

	/* serial 0: brought up to date outside of any reload */
	if (msg->serial == 0 && msg->error.n > 0 && c->pid != 0)
		kill(c->pid, SIGKILL);
	if (r == NULL || !c->asked || msg->serial != r->serial ||
	    msg->switched != (r->step != STEP_LOAD))
		return;
	c->asked = false;
	r->waiting--;
	c->loaded = msg->error.n == 0;
	if (!c->loaded)
		refused(r, c, msg->error);
	else if (r->step == STEP_SWITCH)
		c->revision = r->next->revision;
	else if (r->step == STEP_UNDO)
		c->revision = m->self.config->revision;
	settle(m);
}

void
reload_child_died(struct master *m, struct child *c)
{
	struct reload *r = m->reload;
	bool asked = c->asked;

	c->asked = c->loaded = false;
	if (r == NULL || !asked)
		return;
	r->waiting--;
	refused(r, c, STR("ended while it was to take it over; try again"));
	settle(m);
}

void
reload_child_ready(struct master *m, struct child *c)
{
	if (c->revision == m->self.config->revision)
		return;
	if (c->kind == PROGRAM_KEYD)
		secrets_hand(m, m->self.config);
	if (!send_config(c, m->self.config->revision, m->bundle_fd, 0))
		return;
	send_switch(c, 0, true);
	c->revision = m->self.config->revision;
}

int
reload_first(struct master *m, struct err *err)
{
	uint64_t number;

	if (!revision_current(m->paths.state, &number, err))
		return -1;
	if (revision_load(m->paths.state, number, &m->self.config,
		&m->bundle_fd, err) == 0)
		return 0;
	return err_in(err, "revision %ju", (uintmax_t)number);
}

int
reload_bundle(struct master *m, struct err *err)
{
	int fd = fcntl(m->bundle_fd, F_DUPFD_CLOEXEC, 0);

	return fd != -1 ? fd : err_sys(err, ERR_TEMP, "configuration");
}

/* --- before anybody is told --- */

static int
prepare(struct master *m, struct reload *r, uint64_t number, struct err *err)
{
	uint64_t current;

	if (!revision_current(m->paths.state, &current, err))
		return -1;
	if (number == 0)
		number = current;
	if (number != current)
		r->make_current = number;
	if (revision_load(
		m->paths.state, number, &r->next, &r->bundle_fd, err) == -1)
		return -1;
	return listeners_plan(m, r->next, &r->sockets, err);
}

/* --- the steps --- */

static bool
send_config(struct child *c, uint64_t revision, int fd, uint32_t serial)
{
	struct config_msg msg = { .revision = revision, .serial = serial };
	int dup = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (dup == -1)
		return false;
	ipc_send_fds(c->ipc, IPC_CONFIG, 0, &msg, &dup, 1);
	return true;
}

static void
send_switch(struct child *c, uint32_t serial, bool go)
{
	struct config_switch msg = { .serial = serial, .go = go };

	ipc_send(c->ipc, IPC_CONFIG_SWITCH, 0, &msg);
}

/* Each step counts one more, so that it ends only after the loop. */
static void
begin_load(struct master *m)
{
	struct reload *r = m->reload;

	r->serial = ++m->reloads;
	r->step = STEP_LOAD;
	r->waiting = 1;
	secrets_hand(m, r->next); /* keyd has them when it switches */
	for (size_t i = 0; i < m->n_children; i++) {
		struct child *c = &m->children[i];

		c->asked = c->loaded = false;
		if (c->state != CHILD_READY)
			continue;
		c->asked =
		    send_config(c, r->next->revision, r->bundle_fd, r->serial);
		r->waiting += c->asked;
		if (!c->asked)
			refused(r, c, STR("no descriptor left for it"));
	}
	loop_timer_in(r->late, load_ms(r->next));
	r->waiting--;
	settle(m);
}

/* Large tables take a while. */
static int64_t
load_ms(const struct config *config)
{
	return INT64_C(1000) * config->load_timeout;
}

static void
begin_switch(struct master *m)
{
	struct reload *r = m->reload;

	r->step = STEP_SWITCH;
	r->waiting = 1;
	for (size_t i = 0; i < m->n_children; i++) {
		struct child *c = &m->children[i];

		c->asked = c->loaded;
		if (!c->asked)
			continue;
		send_switch(c, r->serial, true);
		r->waiting++;
	}
	loop_timer_in(r->late, SWITCH_MS);
	r->waiting--;
	settle(m);
}

/* Also those that have not answered: they may be switching right now. */
static void
begin_undo(struct master *m)
{
	struct reload *r = m->reload;

	r->step = STEP_UNDO;
	r->serial = ++m->reloads;
	r->waiting = 1;
	for (size_t i = 0; i < m->n_children; i++) {
		struct child *c = &m->children[i];

		if (!c->asked && !c->loaded)
			continue;
		c->asked = send_config(
		    c, m->self.config->revision, m->bundle_fd, r->serial);
		if (!c->asked) {
			kill(c->pid, SIGKILL);
			continue;
		}
		send_switch(c, r->serial, true);
		r->waiting++;
	}
	loop_timer_in(r->late, load_ms(m->self.config));
	r->waiting--;
	settle(m);
}

/* Goes on when there is nothing more to wait for. */
static void
settle(struct master *m)
{
	struct reload *r = m->reload;
	bool failed = r->why.kind != ERR_NONE;

	if (r->step == STEP_LOAD && failed) {
		for (size_t i = 0; i < m->n_children; i++)
			if (m->children[i].asked || m->children[i].loaded)
				send_switch(&m->children[i], r->serial, false);
		finish(m);
	} else if (r->step == STEP_SWITCH && failed) {
		begin_undo(m);
	} else if (r->waiting > 0) {
		return;
	} else if (r->step == STEP_LOAD) {
		begin_switch(m);
	} else if (r->step == STEP_SWITCH) {
		decide(m);
	} else {
		finish(m);
	}
}

/* The first reason is the one that is told. What cannot even go back to what
 * it had starts again with it. */
static void
refused(struct reload *r, const struct child *c, struct str why)
{
	if (r->why.kind == ERR_NONE)
		err_set(&r->why, ERR_TEMP, "%s %u: %.*s", program_name(c->kind),
		    c->worker, STR_ARG(why));
	if (r->step == STEP_UNDO && c->pid != 0)
		kill(c->pid, SIGKILL);
}

static void
too_late(void *arg)
{
	struct master *m = arg;
	struct reload *r = m->reload;

	for (size_t i = 0; i < m->n_children; i++) {
		struct child *c = &m->children[i];

		if (!c->asked)
			continue;
		refused(r, c, STR("does not answer"));
		/* The channel is in order: what it still has to read brings
		 * it back. After that there is nothing left to hope for. */
		if (r->step == STEP_UNDO)
			c->asked = false;
	}
	if (r->step == STEP_UNDO)
		r->waiting = 0;
	settle(m);
}

/* All have it. From here on it is the one that everything starts with. */
static void
decide(struct master *m)
{
	struct reload *r = m->reload;
	struct config *old = m->self.config;

	if (r->make_current != 0 && revision_make_current(m->paths.state,
					r->make_current, &r->why) == -1) {
		/* in case that only the sync of its folder failed */
		(void)revision_make_current(
		    m->paths.state, old->revision, NULL);
		begin_undo(m);
		return;
	}
	m->self.config = r->next;
	r->next = NULL;
	if (m->bundle_fd != -1)
		close(m->bundle_fd);
	m->bundle_fd = r->bundle_fd;
	r->bundle_fd = -1;
	listeners_use(m, &r->sockets, old->total_timeout);
	config_unref(&old);
	EMIT(NOTICE, .text = STR("configuration: new revision in force"));
	catch_up(m);
	children_start_wanted(m);
	finish(m);
}

/* Programs that became ready in the meantime have the old one. */
static void
catch_up(struct master *m)
{
	for (size_t i = 0; i < m->n_children; i++)
		if (m->children[i].state == CHILD_READY)
			reload_child_ready(m, &m->children[i]);
}

static void
finish(struct master *m)
{
	struct reload *r = m->reload;

	m->reload = NULL;
	listeners_drop(m, &r->sockets);
	if (r->why.kind != ERR_NONE)
		secrets_hand(m, m->self.config);
	for (size_t i = 0; i < m->n_children; i++)
		m->children[i].asked = m->children[i].loaded = false;
	notify_send("READY=1");
	r->done(r->arg, r->why.kind != ERR_NONE ? &r->why : NULL);
	config_unref(&r->next);
	if (r->bundle_fd != -1)
		close(r->bundle_fd);
	loop_timer_free(&r->late);
	free(r);
}
