/* attempt.c - the way that mail for a domain would go, gone by a tool */
#include "admin/attempt.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/mem.h"
#include "config/revision.h"
#include "mail/addr.h"
#include "qmgr/conn.h"
#include "qmgr/resolve.h"

#define MEM_MAX ((size_t)256 << 20) /* of everything that is recorded */

struct attempt_question {
	struct attempt_question *next;
	uint32_t txn;
	enum lookup_kind kind;
	struct str name;
};

static int take_how(struct attempt *, const struct attempt_how *, struct err *);
static void set_route(struct attempt *, const struct attempt_to *);
static void set_limits(struct attempt *, const struct attempt_to *);
static void answer_all(struct attempt *);
static int say_end(const struct dest *, struct err *);
static bool on_ask(void *, uint32_t txn, const struct query *);
static bool on_open(void *, struct conn *, const struct session *);
static struct str or_empty(struct str);
static uint32_t on_random(void *);

/* There are no messages, so qmgr asks for nothing else. */
static const struct outside outside = {
	.ask = on_ask,
	.open = on_open,
	.random = on_random,
};

struct config *
attempt_config(struct tool *t, bool working, bool brief, struct err *err)
{
	const struct paths *paths = &t->paths;
	struct bundle b = { 0 };
	struct config *config;
	uint64_t number = 0;

	if (!working && !revision_current(paths->state, &number, err))
		return NULL;
	if (!working && number == 0) {
		err_set(err, ERR_PERM,
		    "nothing was committed yet; --working takes the working "
		    "copy");
		return NULL;
	}
	if ((working ? bundle_read_folder(&b, paths->etc, err)
		     : revision_compiled(&b, paths->state, number, err)) == -1)
		return NULL;
	config = brief ? config_load_brief(&b, number, err)
		       : config_load_simple(&b, number, err);
	bundle_free(&b);
	return config;
}

int
attempt_open(struct attempt *a, struct tool *t, const struct attempt_how *how,
    const struct attempt_hooks *hooks, void *arg, struct err *err)
{
	static bool is_set_up;
	int fd;

	*a = (struct attempt){ .tool = t, .hooks = hooks, .arg = arg };
	arena_init(&a->mem, MEM_MAX);
	a->config = attempt_config(t, how->working, true, err);
	if (a->config == NULL || take_how(a, how, err) == -1)
		return -1;
	a->stats = stats_create(&fd, err);
	if (a->stats == NULL)
		return -1;
	close(fd);
	stats_use_slot(a->stats, 1);
	if (!is_set_up)
		tls_setup();
	is_set_up = true;
	a->tls = tls_client_new(tls_authorities());
	a->loop = loop_new();
	sessions_init(&a->sessions, a->loop, 1);
	a->sessions.tls = a->tls;
	a->sessions.watch = &attempt_watch;
	a->sessions.watch_arg = a;
	a->sessions.one_by_one = true;
	qmgr_init(&a->q, a->config, a->stats, &outside, a);
	a->q.now = clock_mono_ms();
	a->q.wall = clock_wall_ms();
	return 0;
}

void
attempt_close(struct attempt *a)
{
	attempt_ask_end(a);
	if (a->loop != NULL) {
		qmgr_fini(&a->q);
		sessions_fini(&a->sessions);
		loop_free(&a->loop);
	}
	tls_client_free(&a->tls);
	if (a->stats != NULL)
		stats_unmap(&a->stats);
	config_unref(&a->config);
	for (size_t i = 0; i < a->n_conns; i++)
		free(a->conns[i]->lines);
	free(a->conns);
	free(a->lookups);
	arena_free(&a->mem);
}

int
attempt_target(struct attempt *a, const struct attempt_to *to, struct err *err)
{
	a->dest = dest_get(&a->q, to->domain,
	    to->interface.n > 0 ? to->interface : str_of(a->interface),
	    to->wish);
	set_route(a, to);
	set_limits(a, to);
	resolve_start(&a->q, a->dest);
	answer_all(a);
	return say_end(a->dest, err);
}

void
attempt_only(struct attempt *a, const char *host)
{
	struct hosts *h = a->dest->hosts;

	for (size_t i = 0; i < h->n; i++) {
		bool is_it = str_is_nocase(str_of(h->v[i].host), host);

		h->v[i].down_until = is_it ? 0 : INT64_MAX;
	}
}

static int
take_how(struct attempt *a, const struct attempt_how *how, struct err *err)
{
	struct str name = str_of(how->interface);
	uint64_t seconds;

	if (!str_u64(str_of(how->timeout), 600, &seconds) || seconds == 0)
		return err_set(err, ERR_USAGE,
		    "A time-out is 1 to 600 seconds, not \"%.80s\".",
		    how->timeout);
	if (name.n > 0 && config_interface(a->config, name) == NULL &&
	    config_interface_group(a->config, name) == NULL)
		return err_set(err, ERR_PERM,
		    "There is no interface \"%.80s\".", how->interface);
	a->step_ms = (int64_t)seconds * 1000;
	a->interface = arena_strz(&a->mem, name);
	return 0;
}

/* --- where to --- */

bool
attempt_take_host(struct attempt_host *h, const char *text)
{
	struct str host = str_of(text), canonical;
	struct endpoint ep;
	struct arena mem;
	size_t colon = str_rfind(host, ':');
	uint64_t port;
	bool is_name;

	*h = (struct attempt_host){ .port = 25 };
	if (endpoint_parse(&ep, host, 25)) {
		h->direct = true;
		h->port = ep.port;
		ip_text(&ep.ip, h->name);
		return ep.port != 0;
	}
	if (colon < host.n) {
		if (!str_u64(str_sub(host, colon + 1, host.n), 65535, &port) ||
		    port == 0)
			return false;
		h->direct = true;
		h->port = (uint16_t)port;
		host.n = colon;
	}
	arena_init(&mem, 64 * 1024);
	is_name = addr_domain_ok(host, &canonical, &mem) &&
		  str_copy(h->name, sizeof(h->name), canonical);
	arena_free(&mem);
	return is_name;
}

static void
set_route(struct attempt *a, const struct attempt_to *to)
{
	if (to->host.n == 0)
		return;
	a->target = (struct route_dest){ .text = arena_str(&a->mem, to->host),
		.host = arena_str(&a->mem, to->host),
		.no_mx = true,
		.port = to->port };
	ip_parse(&a->target.ip, to->host);
	a->route =
	    (struct route){ .kind = ROUTE_HOSTS, .dests = &a->target, .n = 1 };
	a->dest->route = &a->route;
}

static void
set_limits(struct attempt *a, const struct attempt_to *to)
{
	if (to->limits == NULL)
		return;
	a->limits = *to->limits;
	a->dest->limits = &a->limits;
}

/* Answers lead to more questions. */
static void
answer_all(struct attempt *a)
{
	while (a->questions != NULL) {
		struct attempt_question *qu = a->questions;
		struct attempt_lookup *l;
		int64_t begun = clock_mono_us();

		a->questions = qu->next;
		a->lookups = mem_room(a->lookups, &a->cap_lookups, a->n_lookups,
		    sizeof(*a->lookups));
		l = &a->lookups[a->n_lookups++];
		l->kind = qu->kind;
		l->name = arena_strz(&a->mem, qu->name);
		attempt_ask(a, qu->kind, qu->name, &l->answer);
		l->us = clock_mono_us() - begun;
		if (a->hooks->looked_up != NULL)
			a->hooks->looked_up(a, l);
		resolve_answer(&a->q, qu->txn, &l->answer);
	}
}

static int
say_end(const struct dest *d, struct err *err)
{
	if (d->resolution == RESOLUTION_OK)
		return 0;
	if (d->resolution == RESOLUTION_DROP)
		return err_set(err, ERR_PERM,
		    "mail for this domain is dropped: its route is /dev/null");
	return err_set(err,
	    d->resolution == RESOLUTION_HARD ? ERR_PERM : ERR_TEMP, "%s",
	    d->why);
}

/* --- what qmgr wants --- */

static bool
on_ask(void *arg, uint32_t txn, const struct query *query)
{
	struct attempt *a = arg;
	struct attempt_question *qu = arena_alloc(&a->mem, sizeof(*qu)), **at;

	qu->txn = txn;
	qu->kind = query->kind;
	qu->name = arena_str(&a->mem, query->name);
	for (at = &a->questions; *at != NULL; at = &(*at)->next)
		continue;
	*at = qu;
	return true;
}

/* It is begun when qmgr knows of it (attempt_next). */
static bool
on_open(void *arg, struct conn *c, const struct session *s)
{
	struct attempt *a = arg;
	struct attempt_conn *now = arena_alloc(&a->mem, sizeof(*now));

	now->host = arena_strdup(&a->mem, c->host);
	now->demand = *s;
	now->demand.host = str_of(now->host);
	/* as it would come out of a frame */
	now->demand.auth = or_empty(s->auth);
	now->demand.certificate = or_empty(s->certificate);
	now->demand.tls_name = or_empty(s->tls_name);
	now->demand.tls_name2 = or_empty(s->tls_name2);
	now->demand.connect_ms = (uint32_t)a->step_ms;
	now->demand.reply_ms = (uint32_t)a->step_ms;
	now->version = now->cipher = now->result = now->text = "";
	a->conns =
	    mem_room(a->conns, &a->cap_conns, a->n_conns, sizeof(*a->conns));
	a->conns[a->n_conns++] = now;
	a->now = now;
	a->conn = c;
	return true;
}

static struct str
or_empty(struct str s)
{
	return s.p != NULL ? s : STR("");
}

static uint32_t
on_random(void *arg)
{
	(void)arg;
	return (uint32_t)clock_mono_us() * UINT32_C(2654435761) >> 8;
}
