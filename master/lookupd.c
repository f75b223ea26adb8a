/*
 * NAME
 *	postern-lookupd - ask the network for facts
 * SYNOPSIS
 *	started by postern-master
 * DESCRIPTION
 *	smtpd, qmgr => LOOKUPD => name servers. Takes questions (QUERY),
 *	answers each (ANSWER) within its time limit; see lookup/lookup.h. One
 *	process asks for all programs, so that they share one cache. Asks SMTP
 *	servers too, whether they know a recipient or a password (PROBE,
 *	PROBE_DONE); see lookup/probe.h. Hands messages to scanners (SCAN,
 *	SCANNED); see lookup/scan.h.
 *	Fetches the rules of outbreak filters; see lookup/feed.h.
 *
 *	Commands of admin tools:
 *		dnsflush [name]		forget all answers, whatever the name:
 *					libunbound cannot forget just one
 *		antispamstatus, antivirusstatus	what the engine says of itself
 *		antivirusupdate		it reads its signatures anew
 *		lookup kind name	kind: a, aaaa, cname, mx, ns, ptr,
 *					soa, txt, host (of an address),
 *					domain (for mail), tlsa (of port 25
 *					of that host), sts (its MTA-STS policy)
 *		outbreakstatus, outbreakupdate [force], outbreakflush
 * RIGHTS
 *	UDP and TCP to name servers, TCP to mail servers. No files:
 *	resolv.conf, hosts and the certificate authorities are read before the
 *	sandbox closes, and not again.
 * CONFIGURATION
 *	dns.*
 * SEE ALSO
 *	postern-master(8), postern.yaml(5)
 */
#include <jansson.h>
#include <stdlib.h>

#include "base/mem.h"
#include "event/alert.h"
#include "lookup/burden.h"
#include "lookup/lookup.h"
#include "lookup/overrun.h"
#include "lookup/probe.h"
#include "lookup/scan.h"
#include "master/lookupd_answer.h"
#include "master/lookupd_outbreak.h"
#include "master/lookupd_policies.h"
#include "program/program.h"
#include "program/usage.h"
#include "tls/client.h"

struct lookupd {
	struct daemon *daemon;
	struct lookup_system system;
	struct lookups *lookups;
	struct probes *probes;
	struct scans *scans;
	struct outbreak *outbreak;
	struct policies *policies; /* of MTA-STS */
	struct asker *askers;
};

/* Somebody who waits for an answer. */
struct asker {
	struct lookupd *self;
	struct asker *next, **prev;
	struct ipc *ipc;
	uint32_t txn;
	bool admin; /* wants JSON */
	enum engine_question question;
	struct query query; /* its name points to `name` */
	char name[DOMAIN_MAX + 1];
	struct lookup *lookup; /* one of the four */
	struct sts_asking *sts;
	struct probing *probing;
	struct scanning *scanning;
};

static int setup(struct daemon *, struct err *);
static int on_config(struct daemon *, struct config *, struct err *);
static const struct ipc_handler *on_peer(struct daemon *, enum program_kind,
    uint32_t worker, struct ipc *, void **arg);
static int peer_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void peer_closed(void *, struct ipc *, const struct err *);
static void on_command(
    struct daemon *, struct ipc *, const struct command *, const char *user);
static void on_admin_gone(struct daemon *, struct ipc *);
static void on_rules(struct daemon *, int fd);
static void on_policies(struct daemon *, int fd);
static void forget_asker(struct lookupd *, struct ipc *);
static void ask(struct lookupd *, struct ipc *, uint32_t txn, bool admin,
    const struct query *);
static void ask_servers(
    struct lookupd *, struct ipc *, uint32_t txn, const struct probe *);
static void take_post(
    struct lookupd *, struct ipc *, uint32_t txn, const struct post *);
static void ask_scanner(struct lookupd *, struct ipc *, uint32_t txn,
    const struct scan_msg *, int fd);
static struct asker *asker_new(struct lookupd *, struct ipc *, uint32_t txn);
static void on_answer(void *arg, const struct answer *);
static void on_probe_done(void *arg, const struct probe_done *);
static void on_scanned(void *arg, const struct scanned *);
static void asker_free(struct asker *);
static void on_costly(void *arg, struct str domain);
static void command_flush(
    struct lookupd *, struct ipc *, const struct word *, size_t n);
static void command_lookup(
    struct lookupd *, struct ipc *, const struct word *, size_t n);
static void command_status(
    struct lookupd *, struct ipc *, const struct word *, size_t n);
static void command_update(
    struct lookupd *, struct ipc *, const struct word *, size_t n);
static void ask_engine(
    struct lookupd *, struct ipc *, enum scan_kind, enum engine_question);
static void on_told(void *arg, const struct scanned *);
static void answer_json(const struct asker *, const struct answer *);
static void say_json(struct ipc *, json_t *);

static const struct program lookupd = {
	.kind = PROGRAM_LOOKUPD,
	.brief = true,
	.setup = setup,
	.on_config = on_config,
	.on_peer = on_peer,
	.on_command = on_command,
	.on_admin_gone = on_admin_gone,
	.on_rules = on_rules,
	.on_policies = on_policies,
};

static const struct ipc_handler peer_handler = {
	.frame = peer_frame,
	.closed = peer_closed,
};

static const struct {
	const char *name;
	void (*run)(
	    struct lookupd *, struct ipc *, const struct word *, size_t n);
} commands[] = {
	{ "dnsflush", command_flush },
	{ "lookup", command_lookup },
	{ "antispamstatus", command_status },
	{ "antivirusstatus", command_status },
	{ "antivirusupdate", command_update },
};
static const struct {
	const char *name;
	outbreak_command *run;
} outbreak_commands[] = {
	{ "outbreakstatus", outbreak_status },
	{ "outbreakupdate", outbreak_update },
	{ "outbreakflush", outbreak_flush },
};

int
main(int argc, char **argv)
{
	return program_main(&lookupd, argc, argv);
}

static int
setup(struct daemon *d, struct err *err)
{
	struct lookupd *self = mem_alloc(sizeof(*self));

	d->self = self;
	self->daemon = d;
	lookup_system_read(&self->system, NULL, NULL);
	self->lookups =
	    lookups_new(d->loop, d->config, &self->system, d->stats, err);
	if (self->lookups == NULL)
		return -1;
	lookups_on_costly(self->lookups, on_costly, self);
	overrun_watch(OVERRUN_MAX);
	self->probes = probes_new(d->loop, self->lookups, client_tls_new(NULL));
	self->scans = scans_new(d->loop, self->lookups);
	self->outbreak = outbreak_new(d, self->lookups);
	self->policies = policies_new(d, self->lookups);
	return 0;
}

static int
on_config(struct daemon *d, struct config *next, struct err *err)
{
	struct lookupd *self = d->self;

	if (lookups_config(self->lookups, next, err) == -1)
		return -1;
	outbreak_config(self->outbreak, next);
	return 0;
}

/* --- peers --- */

static const struct ipc_handler *
on_peer(struct daemon *d, enum program_kind kind, uint32_t worker,
    struct ipc *ipc, void **arg)
{
	(void)kind, (void)worker, (void)ipc;
	*arg = d->self;
	return &peer_handler;
}

static int
peer_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct lookupd *self = arg;
	struct scan_msg scan;
	struct probe probe;
	struct query query;
	struct arena mem;
	struct post post;
	int rc;

	if (f->type == IPC_QUERY) {
		if (ipc_decode(f, &query, NULL, err) == -1)
			return -1;
		ask(self, ipc, f->txn, false, &query);
		return 0;
	}
	arena_init(&mem, 2 * IPC_FRAME_MAX);
	if (f->type == IPC_SCAN) {
		rc = ipc_decode(f, &scan, &mem, err);
		if (rc == 0) {
			ask_scanner(self, ipc, f->txn, &scan, f->fds[0]);
			f->fds[0] = -1;
		}
	} else if (f->type == IPC_POST) {
		rc = ipc_decode(f, &post, &mem, err);
		if (rc == 0)
			take_post(self, ipc, f->txn, &post);
	} else {
		rc = ipc_decode(f, &probe, &mem, err);
		if (rc == 0)
			ask_servers(self, ipc, f->txn, &probe);
	}
	arena_free(&mem);
	return rc;
}

static void
peer_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	(void)err;
	forget_asker(arg, ipc);
}

static void
on_admin_gone(struct daemon *d, struct ipc *ipc)
{
	struct lookupd *self = d->self;

	forget_asker(self, ipc);
	outbreak_admin_gone(self->outbreak, ipc);
}

static void
on_rules(struct daemon *d, int fd)
{
	struct lookupd *self = d->self;

	outbreak_kept(self->outbreak, fd);
}

static void
on_policies(struct daemon *d, int fd)
{
	struct lookupd *self = d->self;

	policies_kept(self->policies, fd);
}

static void
forget_asker(struct lookupd *self, struct ipc *ipc)
{
	struct asker *a, *next;

	for (a = self->askers; a != NULL; a = next) {
		next = a->next;
		if (a->ipc != ipc)
			continue;
		lookup_cancel(&a->lookup);
		sts_stop(&a->sts);
		probe_stop(&a->probing);
		scan_stop(&a->scanning);
		asker_free(a);
	}
}

static void
ask(struct lookupd *self, struct ipc *ipc, uint32_t txn, bool admin,
    const struct query *query)
{
	struct asker *a = asker_new(self, ipc, txn);

	a->admin = admin;
	a->query = *query;
	str_copy(a->name, sizeof(a->name), query->name);
	a->query.name = str_of(a->name);
	if (query->kind == LOOKUP_STS)
		a->sts = sts_ask(
		    policies_sts(self->policies), &a->query, on_answer, a);
	else
		a->lookup = lookup_ask(self->lookups, &a->query, on_answer, a);
}

static void
ask_servers(struct lookupd *self, struct ipc *ipc, uint32_t txn,
    const struct probe *what)
{
	struct asker *a = asker_new(self, ipc, txn);

	a->probing = probe_start(self->probes, what, on_probe_done, a);
}

static void
take_post(struct lookupd *self, struct ipc *ipc, uint32_t txn,
    const struct post *mail)
{
	struct asker *a = asker_new(self, ipc, txn);

	a->probing = probe_post(self->probes, mail, on_probe_done, a);
}

static void
ask_scanner(struct lookupd *self, struct ipc *ipc, uint32_t txn,
    const struct scan_msg *what, int fd)
{
	struct asker *a = asker_new(self, ipc, txn);

	a->scanning = scan_start(
	    self->scans, self->daemon->config, what, fd, on_scanned, a);
}

static struct asker *
asker_new(struct lookupd *self, struct ipc *ipc, uint32_t txn)
{
	struct asker *a = mem_alloc(sizeof(*a));

	a->self = self;
	a->ipc = ipc;
	a->txn = txn;
	a->next = self->askers;
	if (a->next != NULL)
		a->next->prev = &a->next;
	a->prev = &self->askers;
	self->askers = a;
	return a;
}

static void
on_answer(void *arg, const struct answer *answer)
{
	struct asker *a = arg;

	if (a->admin)
		answer_json(a, answer);
	else
		ipc_send(a->ipc, IPC_ANSWER, a->txn, answer);
	asker_free(a);
}

static void
on_probe_done(void *arg, const struct probe_done *done)
{
	struct asker *a = arg;

	ipc_send(a->ipc, IPC_PROBE_DONE, a->txn, done);
	asker_free(a);
}

static void
on_scanned(void *arg, const struct scanned *done)
{
	struct asker *a = arg;
	struct lookupd *self = a->self;

	program_usage_of(self->daemon,
	    done->kind == SCAN_SPAM ? STATS_cpu_anti_spam
				    : STATS_cpu_anti_virus,
	    scan_used(self->scans, done->kind));
	ipc_send(a->ipc, IPC_SCANNED, a->txn, done);
	asker_free(a);
}

static void
asker_free(struct asker *a)
{
	*a->prev = a->next;
	if (a->next != NULL)
		a->next->prev = a->prev;
	free(a);
}

static void
on_costly(void *arg, struct str domain)
{
	char text[2 * DOMAIN_MAX + 100];

	(void)arg;
	snprintf(text, sizeof(text),
	    "look-ups about %.*s cost too much time of the processor: none "
	    "for %d s",
	    STR_ARG(str_sub(domain, 0, DOMAIN_MAX)), BURDEN_PAUSE / 1000);
	alert_raise(ALERT_DNS_COSTLY, domain, str_of(text));
}

/* --- commands --- */

static void
on_command(struct daemon *d, struct ipc *admin, const struct command *cmd,
    const char *user)
{
	const struct word *words = cmd->words.v;

	(void)user;
	for (size_t i = 0; i < NELEM(commands); i++)
		if (str_is(words[0].text, commands[i].name)) {
			commands[i].run(d->self, admin, words, cmd->words.n);
			return;
		}
	for (size_t i = 0; i < NELEM(outbreak_commands); i++)
		if (str_is(words[0].text, outbreak_commands[i].name)) {
			outbreak_commands[i].run(
			    ((struct lookupd *)d->self)->outbreak, admin, words,
			    cmd->words.n);
			return;
		}
	program_answer(admin, NULL, 2, "no such command here");
}

static void
command_flush(
    struct lookupd *self, struct ipc *admin, const struct word *words, size_t n)
{
	size_t answers = lookups_cached(self->lookups);
	struct err err = ERR_INIT;
	char text[120];

	(void)words;
	snprintf(text, sizeof(text),
	    "{\"flushed\": \"all\", \"answers\": %zu, "
	    "\"more_than_asked\": %s}",
	    answers, n == 2 ? "true" : "false");
	if (n > 2)
		program_answer(admin, NULL, 2, "usage: dnsflush [name]");
	else if (lookups_flush(self->lookups, &err) == -1)
		program_answer(admin, NULL, 1, err.text);
	else
		program_answer(admin, text, 0, NULL);
}

static void
command_lookup(
    struct lookupd *self, struct ipc *admin, const struct word *words, size_t n)
{
	int kind = n == 3 ? lookup_kind_of(words[1].text) : -1;
	struct query query = { .kind = (uint8_t)kind };

	if (kind == -1 || words[2].text.n > DOMAIN_MAX) {
		program_answer(admin, NULL, 2,
		    "usage: lookup a|aaaa|cname|mx|ns|ptr|soa|txt|host|"
		    "domain|tlsa|sts name");
		return;
	}
	query.name = words[2].text;
	if (kind == LOOKUP_HOST && !ip_parse(&query.ip, query.name)) {
		program_answer(admin, NULL, 2, "host: an IP address is needed");
		return;
	}
	ask(self, admin, 0, true, &query);
}

/* --- engines, about themselves --- */

static void
command_status(
    struct lookupd *self, struct ipc *admin, const struct word *words, size_t n)
{
	bool spam = str_is(words[0].text, "antispamstatus");

	if (n > 1)
		program_answer(admin, NULL, 2, "no words are needed");
	else
		ask_engine(
		    self, admin, spam ? SCAN_SPAM : SCAN_VIRUS, ENGINE_VERSION);
}

/* What reads its signatures by itself needs no telling. */
static void
command_update(
    struct lookupd *self, struct ipc *admin, const struct word *words, size_t n)
{
	const struct scanner *s = &self->daemon->config->work.virus;

	(void)words;
	if (n > 1)
		program_answer(admin, NULL, 2, "no words are needed");
	else if (engine_of(SCAN_VIRUS, s) != NULL &&
		 engine_asked(SCAN_VIRUS, s, ENGINE_RELOAD) == NULL)
		program_answer(admin, NULL, 1,
		    "This engine cannot be told: it updates itself.");
	else
		ask_engine(self, admin, SCAN_VIRUS, ENGINE_RELOAD);
}

static void
ask_engine(struct lookupd *self, struct ipc *admin, enum scan_kind kind,
    enum engine_question question)
{
	struct asker *a = asker_new(self, admin, 0);

	a->question = question;
	a->scanning = scan_ask(
	    self->scans, self->daemon->config, kind, question, on_told, a);
}

static void
on_told(void *arg, const struct scanned *told)
{
	struct asker *a = arg;
	int64_t last = scan_contact(a->self->scans, told->kind);

	if (a->question == ENGINE_RELOAD && !told->known) {
		program_answer(a->ipc, NULL, 1,
		    told->engine.n == 0 ? "No engine is configured."
					: "The engine does not answer.");
		asker_free(a);
		return;
	}
	say_json(a->ipc, lookupd_engine_json(told, last));
	asker_free(a);
}

static void
answer_json(const struct asker *a, const struct answer *answer)
{
	say_json(a->ipc, lookupd_answer_json(&a->query, answer));
}

static void
say_json(struct ipc *admin, json_t *j)
{
	char *text = json_dumps(j, 0);

	program_answer(admin, text, 0, NULL);
	free(text);
	json_decref(j);
}
