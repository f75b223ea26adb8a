/* ubloop.c - libunbound on our event loop */
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unbound-event.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "lookup/overrun.h"
#include "lookup/ubloop.h"

struct ubloop {
	struct ub_event_base base; /* what libunbound sees; first */
	struct loop *loop;
	uint64_t queries;
	void (*on_cost)(void *arg, int64_t us, int64_t passed);
	void *arg;
	unsigned depth; /* our callbacks call the library again */
	int64_t began, began_at;
};

typedef void (*ub_callback)(int fd, short bits, void *arg);

struct event {
	struct ub_event event; /* what libunbound sees; first */
	struct ubloop *owner;
	int fd;
	short bits;
	ub_callback cb;
	void *arg;
	struct loop_watch *watch; /* NULL: not waiting for fd */
	struct loop_timer *timer; /* made when first needed */
	int64_t limit;            /* ms; -1: none */
};

static void base_free(struct ub_event_base *);
static int base_dispatch(struct ub_event_base *);
static int base_exit(struct ub_event_base *, struct timeval *);
static struct ub_event *event_new(
    struct ub_event_base *, int fd, short bits, ub_callback, void *arg);
static struct ub_event *signal_new(
    struct ub_event_base *, int signo, ub_callback, void *arg);
static struct ub_event *winsock_new(
    struct ub_event_base *, void *, ub_callback, void *arg);
static void event_add_bits(struct ub_event *, short bits);
static void event_del_bits(struct ub_event *, short bits);
static void event_set_fd(struct ub_event *, int fd);
static void event_free(struct ub_event *);
static int event_add(struct ub_event *, struct timeval *);
static int event_del(struct ub_event *);
static int timer_add(struct ub_event *, struct ub_event_base *, ub_callback,
    void *arg, struct timeval *);
static int signal_add(struct ub_event *, struct timeval *);
static void winsock_nothing(struct ub_event *);
static void winsock_would_block(struct ub_event *, int bits);
static void on_ready(void *arg, int ready);
static void on_timer(void *arg);
static void fire(struct event *, short bits);
static void limit_in(struct event *, const struct timeval *);
static int64_t processor_time(void);

static struct ub_event_base_vmt base_vmt = {
	.free = base_free,
	.dispatch = base_dispatch,
	.loopexit = base_exit,
	.new_event = event_new,
	.new_signal = signal_new,
	.winsock_register_wsaevent = winsock_new,
};

static struct ub_event_vmt event_vmt = {
	.add_bits = event_add_bits,
	.del_bits = event_del_bits,
	.set_fd = event_set_fd,
	.free = event_free,
	.add = event_add,
	.del = event_del,
	.add_timer = timer_add,
	.del_timer = event_del,
	.add_signal = signal_add,
	.del_signal = event_del,
	.winsock_unregister_wsaevent = winsock_nothing,
	.winsock_tcp_wouldblock = winsock_would_block,
};

struct ub_event_base *
ubloop_new(struct loop *loop)
{
	struct ubloop *u = mem_alloc(sizeof(*u));

	u->base.magic = UB_EVENT_MAGIC;
	u->base.vmt = &base_vmt;
	u->loop = loop;
	return &u->base;
}

void
ubloop_free(struct ub_event_base **base)
{
	free(*base);
	*base = NULL;
}

uint64_t
ubloop_queries(const struct ub_event_base *base)
{
	return ((const struct ubloop *)base)->queries;
}

void
ubloop_on_cost(struct ub_event_base *base,
    void (*cb)(void *arg, int64_t us, int64_t passed), void *arg)
{
	struct ubloop *u = (struct ubloop *)base;

	u->on_cost = cb;
	u->arg = arg;
}

void
ubloop_begin(struct ub_event_base *base)
{
	struct ubloop *u = (struct ubloop *)base;

	if (u->depth++ > 0)
		return;
	u->began = processor_time();
	u->began_at = clock_mono_us();
	overrun_begin();
}

void
ubloop_end(struct ub_event_base *base)
{
	struct ubloop *u = (struct ubloop *)base;

	if (--u->depth > 0)
		return;
	overrun_end();
	if (u->on_cost != NULL)
		u->on_cost(u->arg, processor_time() - u->began,
		    clock_mono_us() - u->began_at);
}

/* --- the base: only new_event is ever called on a foreign loop --- */

static void
base_free(struct ub_event_base *base)
{
	(void)base;
}

static int
base_dispatch(struct ub_event_base *base)
{
	(void)base;
	return -1;
}

static int
base_exit(struct ub_event_base *base, struct timeval *tv)
{
	(void)base, (void)tv;
	return 0;
}

static struct ub_event *
event_new(
    struct ub_event_base *base, int fd, short bits, ub_callback cb, void *arg)
{
	struct event *e = mem_alloc(sizeof(*e));

	e->event.magic = UB_EVENT_MAGIC;
	e->event.vmt = &event_vmt;
	e->owner = (struct ubloop *)base;
	e->fd = fd;
	e->bits = bits;
	e->cb = cb;
	e->arg = arg;
	e->limit = -1;
	return &e->event;
}

static struct ub_event *
signal_new(struct ub_event_base *base, int signo, ub_callback cb, void *arg)
{
	(void)base, (void)signo, (void)cb, (void)arg;
	return NULL;
}

static struct ub_event *
winsock_new(
    struct ub_event_base *base, void *wsaevent, ub_callback cb, void *arg)
{
	(void)base, (void)wsaevent, (void)cb, (void)arg;
	return NULL;
}

/* --- events --- */

static void
event_add_bits(struct ub_event *ev, short bits)
{
	((struct event *)ev)->bits |= bits;
}

static void
event_del_bits(struct ub_event *ev, short bits)
{
	((struct event *)ev)->bits &= (short)~bits;
}

static void
event_set_fd(struct ub_event *ev, int fd)
{
	((struct event *)ev)->fd = fd;
}

static void
event_free(struct ub_event *ev)
{
	struct event *e = (struct event *)ev;

	if (e == NULL)
		return;
	loop_unwatch(&e->watch);
	loop_timer_free(&e->timer);
	free(e);
}

static int
event_add(struct ub_event *ev, struct timeval *tv)
{
	struct event *e = (struct event *)ev;
	int want = 0;

	if (e->bits & UB_EV_READ)
		want |= LOOP_READ;
	if (e->bits & UB_EV_WRITE)
		want |= LOOP_WRITE;
	loop_unwatch(&e->watch);
	if (want != 0 && e->fd != -1) {
		e->watch = loop_watch(e->owner->loop, e->fd, want, on_ready, e);
		e->owner->queries += want == LOOP_READ;
	}
	if (tv != NULL)
		limit_in(e, tv);
	return 0;
}

static int
event_del(struct ub_event *ev)
{
	struct event *e = (struct event *)ev;

	loop_unwatch(&e->watch);
	if (e->timer != NULL)
		loop_timer_stop(e->timer);
	e->limit = -1;
	return 0;
}

static int
timer_add(struct ub_event *ev, struct ub_event_base *base, ub_callback cb,
    void *arg, struct timeval *tv)
{
	struct event *e = (struct event *)ev;

	(void)base;
	e->cb = cb;
	e->arg = arg;
	limit_in(e, tv);
	return 0;
}

static int
signal_add(struct ub_event *ev, struct timeval *tv)
{
	(void)ev, (void)tv;
	return -1;
}

static void
winsock_nothing(struct ub_event *ev)
{
	(void)ev;
}

static void
winsock_would_block(struct ub_event *ev, int bits)
{
	(void)ev, (void)bits;
}

/* --- callbacks --- */

static void
on_ready(void *arg, int ready)
{
	struct event *e = arg;
	short bits = 0;

	if (ready & LOOP_READ)
		bits |= UB_EV_READ;
	if (ready & LOOP_WRITE)
		bits |= UB_EV_WRITE;
	fire(e, bits & e->bits);
}

static void
on_timer(void *arg)
{
	fire(arg, UB_EV_TIMEOUT);
}

/* The callback may free the event: everything else comes before it. As in
 * libevent, an event that persists has its time limit anew. */
static void
fire(struct event *e, short bits)
{
	struct ub_event_base *base = &e->owner->base;

	if (!(e->bits & UB_EV_PERSIST))
		event_del(&e->event);
	else if (e->limit >= 0)
		loop_timer_in(e->timer, e->limit);
	ubloop_begin(base);
	e->cb(e->fd, bits, e->arg);
	ubloop_end(base);
}

static void
limit_in(struct event *e, const struct timeval *tv)
{
	if (e->timer == NULL)
		e->timer = loop_timer(e->owner->loop, on_timer, e);
	e->limit = (int64_t)tv->tv_sec * 1000 + (tv->tv_usec + 999) / 1000;
	loop_timer_in(e->timer, e->limit);
}

/* Of this thread, in us. */
static int64_t
processor_time(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts) == -1)
		panic("no clock of the thread");
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
