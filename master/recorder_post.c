/* recorder_post.c - sends the mails of alerts, keeps their state on disk */
#include "master/recorder_post.h"

#include "base/clock.h"
#include "base/mem.h"
#include "master/recorder_alerts.h"
#include "master/recorder_state.h"

#define FILENAME  "alerts.json"
#define SMTP_PORT 25
#define TRY_MS    (60 * 1000) /* what one try may take */
#define UNDER_WAY 20          /* mails at a time */
#define DEST_MAX  100

struct recorder_post {
	struct daemon *daemon;
	struct recorder_alerts *alerts;
	struct ipc *lookupd; /* NULL: away */
	struct loop_timer *timer, *save;
	int state;
	size_t under_way;
	bool changed;
	bool failed; /* to save; said so */
};

static void load(struct recorder_post *);
static void changed(struct recorder_post *);
static void save(void *arg);
static void work(void *arg);
static void send_mail(struct recorder_post *, struct alert_mail *);
static size_t hosts_of(const struct config *, struct str domain,
    struct probe_host hosts[DEST_MAX]);

struct recorder_post *
recorder_post_new(struct daemon *d, int state, const char *system)
{
	struct recorder_post *p = mem_alloc(sizeof(*p));

	*p = (struct recorder_post){ .daemon = d, .state = state };
	p->alerts = recorder_alerts_new(system);
	recorder_alerts_config(p->alerts, d->config);
	p->timer = loop_timer(d->loop, work, p);
	p->save = loop_timer(d->loop, save, p);
	load(p);
	return p;
}

void
recorder_post_config(struct recorder_post *p, const struct config *next)
{
	recorder_alerts_config(p->alerts, next);
}

void
recorder_post_hear(
    struct recorder_post *p, enum event_id event, const void *fields)
{
	if (!recorder_alerts_hear(p->alerts, event, fields, clock_wall_ms()))
		return;
	changed(p);
	loop_timer_in(p->timer, 0);
}

void
recorder_post_peer(struct recorder_post *p, struct ipc *lookupd)
{
	if (p->lookupd != NULL || lookupd == NULL) {
		recorder_alerts_lost(p->alerts, clock_wall_ms());
		p->under_way = 0;
	}
	p->lookupd = lookupd;
	loop_timer_in(p->timer, 0);
}

int
recorder_post_answer(
    struct recorder_post *p, const struct ipc_frame *f, struct err *err)
{
	struct probe_done done;

	if (ipc_decode(f, &done, NULL, err) == -1)
		return -1;
	recorder_alerts_done(p->alerts, f->txn, &done, clock_wall_ms());
	if (p->under_way > 0)
		p->under_way--;
	changed(p);
	loop_timer_in(p->timer, 0);
	return 0;
}

json_t *
recorder_post_show(const struct recorder_post *p)
{
	return recorder_alerts_show(p->alerts);
}

void
recorder_post_save(struct recorder_post *p)
{
	if (p->changed)
		save(p);
}

/* --- the file --- */

/* What cannot be read is as if there had been no alerts: mail counts more. */
static void
load(struct recorder_post *p)
{
	struct err err = ERR_INIT;
	bool aside = false;
	json_t *j = recorder_state_read(p->state, FILENAME, &aside, &err);

	if (aside)
		alert_raise(ALERT_APP_FAILURE, STR("alerts"),
		    STR("The saved alerts were damaged and are set aside."));
	if (err.kind != ERR_NONE)
		alert_raise(ALERT_LOG_ERROR, STR("alerts"), str_of(err.text));
	if (j != NULL)
		recorder_alerts_load(p->alerts, j);
	json_decref(j);
	loop_timer_in(p->timer, 0);
}

static void
changed(struct recorder_post *p)
{
	/* all of one turn of the loop at a time */
	if (!p->changed)
		loop_timer_in(p->save, 0);
	p->changed = true;
}

static void
save(void *arg)
{
	struct recorder_post *p = arg;
	json_t *j = recorder_alerts_save(p->alerts);
	struct err err = ERR_INIT;

	p->changed = false;
	if (recorder_state_write(p->state, FILENAME, j, &err) == 0) {
		p->failed = false;
	} else if (!p->failed) {
		p->failed = true;
		err_in(&err, "The alerts cannot be saved");
		alert_raise(ALERT_LOG_ERROR, STR("alerts"), str_of(err.text));
	}
	json_decref(j);
}

/* --- sending --- */

static void
work(void *arg)
{
	struct recorder_post *p = arg;
	int64_t now = clock_wall_ms(), due;
	struct alert_mail *m;

	if (p->lookupd == NULL)
		return;
	while (p->under_way < UNDER_WAY &&
	       (m = recorder_alerts_take(p->alerts, now)) != NULL) {
		p->under_way++;
		send_mail(p, m);
	}
	due = recorder_alerts_due(p->alerts);
	if (due != INT64_MAX && p->under_way < UNDER_WAY)
		loop_timer_in(p->timer, due > now ? due - now : 0);
}

static void
send_mail(struct recorder_post *p, struct alert_mail *m)
{
	const struct config *c = p->daemon->config;
	struct str domain = str_of(m->rcpt);
	struct probe_host hosts[DEST_MAX];
	char from[ADDR_MAX];

	domain = str_sub(domain, str_rfind(domain, '@') + 1, domain.n);
	EMIT(ALERT_TRY, .addr = str_of(m->rcpt), .subject = str_of(m->subject),
	    .n = m->tries);
	ipc_send(p->lookupd, IPC_POST, m->serial,
	    &(struct post){ .timeout_ms = TRY_MS,
		.helo = c->hostname,
		.sender = recorder_alerts_from(c, from),
		.rcpt = str_of(m->rcpt),
		.tls = m->tries % 2 == 1,
		.text = str_of(m->text),
		.hosts = { hosts_of(c, domain, hosts), hosts } });
}

static size_t
hosts_of(const struct config *c, struct str domain,
    struct probe_host hosts[DEST_MAX])
{
	const struct route *r =
	    c->alerts.use_routes ? config_route(c, domain) : NULL;
	size_t n = 0;

	if (r == NULL || r->kind == ROUTE_USEDNS) {
		hosts[n++] = (struct probe_host){ domain, SMTP_PORT, 0 };
		return n;
	}
	for (size_t i = 0; i < r->n && n < DEST_MAX; i++)
		hosts[n++] = (struct probe_host){ r->dests[i].host,
			r->dests[i].port, r->dests[i].no_mx };
	return n;
}
