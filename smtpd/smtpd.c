/* smtpd.c - the program: smtpd, and qmqpd, which speaks another protocol */
#include "smtpd/smtpd.h"

#include "base/mem.h"
#include "smtpd/conn_tls.h"

#define STOP_LAST 1000 /* ms for last words after the grace is over */

static int smtpd_setup(struct daemon *, struct err *);
static int smtpd_config(struct daemon *, struct config *, struct err *);
static const struct ipc_handler *smtpd_peer(struct daemon *, enum program_kind,
    uint32_t worker, struct ipc *, void **arg);
static void smtpd_listen(struct daemon *, const char *listener, int fd);
static void smtpd_unlisten(
    struct daemon *, const char *listener, uint32_t wait);
static void smtpd_stop(struct daemon *, uint32_t wait);
static void grace_over(void *arg);

static struct program smtpd = {
	.setup = smtpd_setup,
	.on_config = smtpd_config,
	.on_peer = smtpd_peer,
	.on_listen = smtpd_listen,
	.on_unlisten = smtpd_unlisten,
	.on_command = topin_command,
	.on_stop = smtpd_stop,
};

int
smtpd_main(enum program_kind kind, int argc, char **argv)
{
	smtpd.kind = kind;
	return program_main(&smtpd, argc, argv);
}

static int
smtpd_setup(struct daemon *d, struct err *err)
{
	struct smtpd *sm = mem_alloc(sizeof(*sm));

	(void)err;
	sm->daemon = d;
	d->self = sm;
	map_init(&sm->txns);
	map_init(&sm->queries);
	map_init(&sm->callahead.profiles);
	map_init(&sm->passwords);
	conn_setup(sm);
	conn_tls_setup();
	keys_setup(sm);
	listener_setup(sm);
	sm->stop = loop_timer(d->loop, grace_over, sm);
	return 0;
}

static int
smtpd_config(struct daemon *d, struct config *next, struct err *err)
{
	struct smtpd *sm = d->self;

	(void)err;
	listener_config(sm, next);
	callahead_flush(&sm->callahead);
	return 0;
}

static const struct ipc_handler *
smtpd_peer(struct daemon *d, enum program_kind kind, uint32_t worker,
    struct ipc *ipc, void **arg)
{
	switch (kind) {
	case PROGRAM_CLEANUP:
		return intake_peer(d->self, worker, ipc, arg);
	case PROGRAM_LOOKUPD:
		return lookups_peer(d->self, ipc, arg);
	case PROGRAM_KEYD:
		return keyd_peer(d->self, ipc, arg);
	default:
		return NULL;
	}
}

static void
smtpd_listen(struct daemon *d, const char *listener, int fd)
{
	listener_add(d->self, listener, fd);
}

static void
smtpd_unlisten(struct daemon *d, const char *listener, uint32_t wait)
{
	listener_remove(d->self, listener, wait);
}

/* Threats DUR-13: nobody begins anything; what is under way may end. */
static void
smtpd_stop(struct daemon *d, uint32_t wait)
{
	struct smtpd *sm = d->self;

	listener_remove_all(sm);
	for (struct conn *c = sm->conns, *next; c != NULL; c = next) {
		next = c->next;
		conn_leave(c);
	}
	loop_timer_in(sm->stop, sm->n_conns > 0 ? (int64_t)wait * 1000 : 0);
}

static void
grace_over(void *arg)
{
	struct smtpd *sm = arg;

	for (struct conn *c = sm->conns, *next; c != NULL; c = next) {
		next = c->next;
		if (c->session.phase == PH_CLOSING)
			conn_free(c);
		else
			conn_cut(c);
	}
	if (sm->n_conns > 0)
		loop_timer_in(sm->stop, STOP_LAST);
	else
		loop_stop(sm->daemon->loop);
}
