/*
 * loop.c - the event loop over libevent core
 *
 * A turn: wait, call back what is ready, run the turn hooks and the jobs.
 *
 * Wishes (loop_want) are only noted and told to the kernel before the next
 * wait, so a wish that comes and goes within a turn costs nothing. Libevent's
 * own change list would do the same, but it also puts off the removal of a
 * descriptor until after it was closed; when a copy of it lives on in another
 * process (we hand connections on), the kernel then reports it for ever.
 */
#include "base/loop.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

/* Seconds; what lies further off comes round again. */
#define WHEEL_SLOTS 1024
#define SLOT_MS     1000

struct hook {
	void (*cb)(void *arg);
	void *arg;
};

struct signal_watch {
	struct signal_watch *next;
	struct event ev;
	void (*cb)(void *arg);
	void *arg;
};

struct loop {
	struct event_base *base;
	int64_t now; /* 0: nobody has asked in this turn */
	bool stopping;
	struct hook *hooks;
	size_t n_hooks, cap_hooks;
	struct loop_job *jobs, *last_jobs;
	struct loop_watch *changed; /* wishes the kernel does not know yet */
	struct signal_watch *signals;
};

struct loop_watch {
	struct loop_watch *next, **prev; /* in loop->changed */
	struct loop *loop;
	struct event rd, wr;
	int want, known; /* what is wished, what the kernel knows */
	void (*cb)(void *arg, int ready);
	void *arg;
};

struct loop_timer {
	struct event ev;
	void (*cb)(void *arg);
	void *arg;
};

struct loop_wheel {
	struct loop *loop;
	struct loop_timer *timer;
	int64_t wake;    /* when the timer rings; 0: it is idle */
	int64_t visited; /* every slot number up to this was looked at */
	void (*expired)(struct loop_deadline *);
	struct loop_deadline *due; /* being called back */
	struct loop_deadline *slots[WHEEL_SLOTS];
};

static void turn_end(struct loop *);
static bool run_jobs(struct loop *);
static struct loop_job *first_job(const struct loop *);
static void apply_wishes(struct loop *);
static void apply_one(
    struct loop_watch *, int changes, int bit, struct event *);
static void watch_read(evutil_socket_t, short, void *);
static void watch_write(evutil_socket_t, short, void *);
static void timer_rang(evutil_socket_t, short, void *);
static void signal_came(evutil_socket_t, short, void *);
static void deadline_link(struct loop_deadline **head, struct loop_deadline *);
static void wheel_wake_at(struct loop_wheel *, int64_t slot);
static void wheel_rang(void *);
static void wheel_visit(struct loop_wheel *, int64_t slot);
static void wheel_next(struct loop_wheel *);

struct loop *
loop_new(void)
{
	struct event_config *cfg = event_config_new();
	struct loop *l = mem_alloc(sizeof(*l));

	if (cfg == NULL)
		panic("loop: no memory");
	event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(cfg, EVENT_BASE_FLAG_IGNORE_ENV);
	l->base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	if (l->base == NULL)
		panic("loop: cannot make an event base");
	return l;
}

void
loop_free(struct loop **lp)
{
	struct loop *l = *lp;

	if (l == NULL)
		return;
	while (l->signals != NULL) {
		struct signal_watch *s = l->signals;

		l->signals = s->next;
		event_del(&s->ev);
		free(s);
	}
	while (first_job(l) != NULL)
		loop_undefer(first_job(l));
	event_base_free(l->base);
	free(l->hooks);
	free(l);
	*lp = NULL;
}

void
loop_run(struct loop *l)
{
	turn_end(l); /* what was prepared before there was a loop */
	while (!l->stopping) {
		int rc;

		l->now = 0;
		rc = event_base_loop(l->base, EVLOOP_ONCE);
		if (rc == -1)
			panic("loop: cannot wait");
		if (rc == 1)
			break; /* nothing is watched: nothing can come */
		turn_end(l);
	}
	l->stopping = false;
}

void
loop_stop(struct loop *l)
{
	l->stopping = true;
}

int64_t
loop_now(struct loop *l)
{
	if (l->now == 0)
		l->now = clock_mono_ms();
	return l->now;
}

/* --- descriptors --- */

struct loop_watch *
loop_watch(struct loop *l, int fd, int want, void (*cb)(void *, int), void *arg)
{
	struct loop_watch *w = mem_alloc(sizeof(*w));

	w->loop = l;
	w->cb = cb;
	w->arg = arg;
	event_assign(&w->rd, l->base, fd, EV_READ | EV_PERSIST, watch_read, w);
	event_assign(
	    &w->wr, l->base, fd, EV_WRITE | EV_PERSIST, watch_write, w);
	loop_want(w, want);
	return w;
}

void
loop_want(struct loop_watch *w, int want)
{
	struct loop *l = w->loop;

	w->want = want;
	if (want == w->known || w->prev != NULL)
		return;
	w->next = l->changed;
	if (w->next != NULL)
		w->next->prev = &w->next;
	w->prev = &l->changed;
	l->changed = w;
}

void
loop_unwatch(struct loop_watch **wp)
{
	struct loop_watch *w = *wp;

	if (w == NULL)
		return;
	if (w->prev != NULL) {
		*w->prev = w->next;
		if (w->next != NULL)
			w->next->prev = w->prev;
	}
	event_del(&w->rd);
	event_del(&w->wr);
	free(w);
	*wp = NULL;
}

/* --- timers --- */

struct loop_timer *
loop_timer(struct loop *l, void (*cb)(void *), void *arg)
{
	struct loop_timer *t = mem_alloc(sizeof(*t));

	t->cb = cb;
	t->arg = arg;
	event_assign(&t->ev, l->base, -1, 0, timer_rang, t);
	return t;
}

void
loop_timer_in(struct loop_timer *t, int64_t ms)
{
	struct timeval tv;

	if (ms < 0)
		ms = 0;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	event_add(&t->ev, &tv);
}

void
loop_timer_stop(struct loop_timer *t)
{
	event_del(&t->ev);
}

void
loop_timer_free(struct loop_timer **tp)
{
	if (*tp == NULL)
		return;
	event_del(&(*tp)->ev);
	free(*tp);
	*tp = NULL;
}

/* --- deadlines --- */

struct loop_wheel *
loop_wheel(struct loop *l, void (*expired)(struct loop_deadline *))
{
	struct loop_wheel *w = mem_alloc(sizeof(*w));

	w->loop = l;
	w->expired = expired;
	w->timer = loop_timer(l, wheel_rang, w);
	w->visited = clock_mono_ms() / SLOT_MS - 1;
	return w;
}

void
loop_wheel_free(struct loop_wheel **wp)
{
	struct loop_wheel *w = *wp;

	if (w == NULL)
		return;
	for (size_t i = 0; i < WHEEL_SLOTS; i++)
		while (w->slots[i] != NULL)
			loop_deadline_stop(w->slots[i]);
	while (w->due != NULL)
		loop_deadline_stop(w->due);
	loop_timer_free(&w->timer);
	free(w);
	*wp = NULL;
}

void
loop_deadline_in(struct loop_wheel *w, struct loop_deadline *d, int64_t ms)
{
	int64_t at = loop_now(w->loop) + (ms > 0 ? ms : 0);
	int64_t slot = at / SLOT_MS;

	if (slot <= w->visited)
		slot = w->visited + 1;
	/* A busy session moves its deadline with every command. */
	if (d->at != 0 && d->at / SLOT_MS == slot) {
		d->at = at;
		return;
	}
	loop_deadline_stop(d);
	d->at = at;
	deadline_link(&w->slots[slot % WHEEL_SLOTS], d);
	wheel_wake_at(w, slot);
}

void
loop_deadline_stop(struct loop_deadline *d)
{
	if (d->at == 0)
		return;
	*d->prev = d->next;
	if (d->next != NULL)
		d->next->prev = d->prev;
	d->at = 0;
}

/* --- signals, end of turn --- */

void
loop_signal(struct loop *l, int signo, void (*cb)(void *), void *arg)
{
	struct signal_watch *s = mem_alloc(sizeof(*s));

	s->cb = cb;
	s->arg = arg;
	s->next = l->signals;
	l->signals = s;
	event_assign(
	    &s->ev, l->base, signo, EV_SIGNAL | EV_PERSIST, signal_came, s);
	if (event_add(&s->ev, NULL) == -1)
		panic("loop: cannot watch signal %d", signo);
}

void
loop_at_turn_end(struct loop *l, void (*cb)(void *), void *arg)
{
	l->hooks =
	    mem_room(l->hooks, &l->cap_hooks, l->n_hooks, sizeof(*l->hooks));
	l->hooks[l->n_hooks++] = (struct hook){ cb, arg };
}

void
loop_defer(struct loop *l, struct loop_job *job)
{
	struct loop_job **list = job->last ? &l->last_jobs : &l->jobs;

	if (job->prev != NULL)
		return;
	job->next = *list;
	if (job->next != NULL)
		job->next->prev = &job->next;
	job->prev = list;
	*list = job;
}

void
loop_undefer(struct loop_job *job)
{
	if (job->prev == NULL)
		return;
	*job->prev = job->next;
	if (job->next != NULL)
		job->next->prev = job->prev;
	job->next = NULL;
	job->prev = NULL;
}

/* A job may give a hook something to do (a peer is ready again, so sessions
 * go on and have output): hooks and jobs alternate until all is quiet. */
static void
turn_end(struct loop *l)
{
	do {
		for (size_t i = 0; i < l->n_hooks; i++)
			l->hooks[i].cb(l->hooks[i].arg);
	} while (run_jobs(l));
	apply_wishes(l);
}

static bool
run_jobs(struct loop *l)
{
	struct loop_job *job;
	bool ran = false;

	while ((job = first_job(l)) != NULL) {
		loop_undefer(job);
		job->cb(job->arg);
		ran = true;
	}
	return ran;
}

static struct loop_job *
first_job(const struct loop *l)
{
	return l->jobs != NULL ? l->jobs : l->last_jobs;
}

static void
apply_wishes(struct loop *l)
{
	while (l->changed != NULL) {
		struct loop_watch *w = l->changed;
		int changes = w->want ^ w->known;

		l->changed = w->next;
		if (w->next != NULL)
			w->next->prev = &l->changed;
		w->prev = NULL;
		apply_one(w, changes, LOOP_READ, &w->rd);
		apply_one(w, changes, LOOP_WRITE, &w->wr);
		w->known = w->want;
	}
}

static void
apply_one(struct loop_watch *w, int changes, int bit, struct event *ev)
{
	if (!(changes & bit))
		return;
	if (!(w->want & bit))
		event_del(ev);
	else if (event_add(ev, NULL) == -1)
		panic("loop: cannot watch descriptor %d", event_get_fd(ev));
}

/* A wish may have been taken back earlier in this turn. */
static void
watch_read(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *w = arg;

	(void)fd, (void)what;
	if (w->want & LOOP_READ)
		w->cb(w->arg, LOOP_READ);
}

static void
watch_write(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *w = arg;

	(void)fd, (void)what;
	if (w->want & LOOP_WRITE)
		w->cb(w->arg, LOOP_WRITE);
}

static void
timer_rang(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd, (void)what;
	t->cb(t->arg);
}

static void
signal_came(evutil_socket_t fd, short what, void *arg)
{
	struct signal_watch *s = arg;

	(void)fd, (void)what;
	s->cb(s->arg);
}

static void
deadline_link(struct loop_deadline **head, struct loop_deadline *d)
{
	d->next = *head;
	if (d->next != NULL)
		d->next->prev = &d->next;
	d->prev = head;
	*head = d;
}

/* A slot is looked at when it is over, so that nothing expires early. */
static void
wheel_wake_at(struct loop_wheel *w, int64_t slot)
{
	int64_t at = (slot + 1) * SLOT_MS;

	if (w->wake != 0 && w->wake <= at)
		return;
	w->wake = at;
	loop_timer_in(w->timer, at - clock_mono_ms());
}

static void
wheel_rang(void *arg)
{
	struct loop_wheel *w = arg;
	int64_t last = clock_mono_ms() / SLOT_MS - 1;

	/* After a long halt one round over the slots is enough. */
	if (last - w->visited > WHEEL_SLOTS)
		w->visited = last - WHEEL_SLOTS;
	w->wake = 0;
	while (w->visited < last)
		wheel_visit(w, ++w->visited);
	wheel_next(w);
}

/* Callbacks may stop any deadline, also one that is due: it leaves the list
 * `due` by itself. */
static void
wheel_visit(struct loop_wheel *w, int64_t slot)
{
	struct loop_deadline **head = &w->slots[slot % WHEEL_SLOTS], *d;

	w->due = *head;
	*head = NULL;
	if (w->due != NULL)
		w->due->prev = &w->due;
	while ((d = w->due) != NULL) {
		int64_t at = d->at;

		loop_deadline_stop(d);
		if (at / SLOT_MS > slot) { /* a later round */
			d->at = at;
			deadline_link(head, d);
		} else {
			w->expired(d);
		}
	}
}

/* The timer rings again for the next slot that holds something. */
static void
wheel_next(struct loop_wheel *w)
{
	for (int64_t i = 1; i <= WHEEL_SLOTS; i++) {
		if (w->slots[(w->visited + i) % WHEEL_SLOTS] == NULL)
			continue;
		wheel_wake_at(w, w->visited + i);
		return;
	}
}
