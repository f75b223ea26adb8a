/*
 * lookups.c - questions to lookupd
 *
 * Answers find their connection by the number of the question, so that one
 * which comes too late finds nobody. lookupd gone or slow is a look-up that
 * failed, never a client that waits (session_due watches).
 */
#include "fact/facts.h"
#include "smtpd/smtpd.h"

static int lookups_frame(
    void *, struct ipc *, struct ipc_frame *, struct err *);
static void lookups_closed(void *, struct ipc *, const struct err *);
static bool name_ok(struct str name);

static const struct ipc_handler handler = {
	.frame = lookups_frame,
	.closed = lookups_closed,
};

const struct ipc_handler *
lookups_peer(struct smtpd *sm, struct ipc *ipc, void **arg)
{
	*arg = sm;
	sm->lookupd = ipc;
	return &handler;
}

bool
lookups_host(struct conn *c, enum host_class *class)
{
	struct smtpd *sm = c->smtpd;
	const struct config *cf = c->session.config;
	struct query q = { .kind = LOOKUP_HOST,
		.name = STR(""),
		.ip = c->session.facts.client,
		.timeout_ms = cf->reverse_timeout * 1000 };

	/* Receiving 4.6: without a time to wait every host is nx.domain. */
	*class = cf->reverse_timeout == 0 ? HOST_NX : HOST_SERVFAIL;
	if (cf->reverse_timeout == 0 || cf->dns_off || sm->lookupd == NULL)
		return true;
	do
		c->query = ++sm->last_query;
	while (c->query == 0 || map_get_u64(&sm->queries, c->query) != NULL);
	map_put_u64(&sm->queries, c->query, c);
	ipc_send(sm->lookupd, IPC_QUERY, c->query, &q);
	return false;
}

void
lookups_forget(struct conn *c)
{
	if (c->query != 0)
		map_remove_u64(&c->smtpd->queries, c->query);
	c->query = 0;
}

static int
lookups_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct smtpd *sm = arg;
	enum host_class class;
	struct answer a;
	struct arena mem;
	struct conn *c;
	int rc;

	(void)ipc;
	arena_init(&mem, 2 * IPC_FRAME_MAX);
	rc = ipc_decode(f, &a, &mem, err);
	c = rc == 0 ? map_get_u64(&sm->queries, f->txn) : NULL;
	if (c != NULL) {
		struct dns_rr *rr = a.rrs.v;
		struct str name = a.rrs.n > 0 ? rr->name : STR("");

		lookups_forget(c);
		class = a.end == LOOKUP_FAILED ? HOST_SERVFAIL : a.host_class;
		if (class == HOST_VERIFIED && !name_ok(name))
			class = HOST_NOT_CONFIRMED;
		conn_host(c, class, name);
	}
	arena_free(&mem);
	return rc;
}

static void
lookups_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct smtpd *sm = arg;

	(void)err;
	if (sm->lookupd != ipc)
		return;
	sm->lookupd = NULL;
	for (struct conn *c = sm->conns, *next; c != NULL; c = next) {
		next = c->next;
		if (c->query == 0)
			continue;
		lookups_forget(c);
		conn_host(c, HOST_SERVFAIL, STR(""));
	}
}

/* Threats IDT-08: what goes into logs and headers is a host name. */
static bool
name_ok(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '-' || c == '_' ||
			c == '.'))
			return false;
	}
	return name.n > 0 && name.n <= DOMAIN_MAX;
}
