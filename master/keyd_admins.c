/* keyd_admins.c - who of the administrators may log in */
#include "master/keyd_admins.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "event/alert.h"
#include "event/event.h"
#include "program/program.h"
#include "tls/administrators.h"
#include "tls/holds.h"

#define FILE_NAME   "secrets/" CONFIG_ADMINS_FILE
#define WAITING_MAX 16 /* checks; more are put off */
#define FROM_ONE    4  /* of them from one address (IPv6: /64) */
#define TELL_MS     1000

/* The administrators of one file, as long as anybody works with them. */
struct roll {
	struct administrators list;
	unsigned refs;
};

struct admins {
	struct worker *worker;
	struct holds_rule rule; /* of the configuration */
	struct roll *roll;      /* NULL: nobody may log in */
	char *text;             /* what the roll was made of */
	size_t n;
	char told[480]; /* the last complaint */
	struct holds *holds;
	struct hearer *hearers;
	struct attempt *running; /* one at a time: 32 MB, and who sends mail
				  * has the other thread */
	struct attempt *waiting, **last;
	unsigned n_waiting;
	int64_t told_held; /* monotonic ms: when that was last logged */
};

struct hearer { /* who is told who may log in */
	struct hearer *next;
	struct ipc *ipc;
};

struct attempt {
	struct worker_job job;
	struct admins *admins;
	struct attempt *next;
	struct ipc *ipc; /* NULL: it has gone */
	uint32_t txn;
	struct roll *roll; /* NULL: nobody */
	struct ip remote;
	char *name, *passphrase;
	size_t n_name, n_passphrase;
	const struct administrator *who; /* whose passphrase it is */
};

static void adopt(struct admins *, struct str text, struct err *);
static void send_list(struct admins *, struct ipc *);
static void release(struct roll **);
static bool is_held(struct admins *, const struct admin_login *);
static struct str logged(struct str name);
static bool too_many(const struct admins *, const struct ip *);
static bool same_net(const struct ip *, const struct ip *);
static struct attempt *attempt_new(
    struct admins *, struct ipc *, uint32_t txn, const struct admin_login *);
static void go_on(struct admins *);
static void run(struct worker_job *);
static void done(struct worker_job *);
static const char *refused(const struct attempt *, struct str name);
static void welcome(
    const struct attempt *, struct str name, struct admin_judged *);
static void turn_away(struct attempt *, struct str name, const char *why);
static void attempt_free(struct attempt *);

struct admins *
admins_new(struct worker *worker)
{
	struct admins *a = mem_alloc(sizeof(*a));

	a->worker = worker;
	a->holds = holds_new();
	a->last = &a->waiting;
	a->told_held = -TELL_MS;
	return a;
}

bool
admins_refresh(struct admins *a, const struct config *c,
    const struct keys *keys, bool complain)
{
	struct err err = ERR_INIT;
	struct str text;

	a->rule.failures = c->admins.failures;
	a->rule.ms = INT64_C(1000) * c->admins.hold_time;
	if (!keys_text(keys, STR(CONFIG_ADMINS_FILE), &text, &err)) {
		/* Without such a file there are none, and that is no fault
		 * until one of them comes. */
		if (a->text == NULL)
			return false;
	} else if (a->text == NULL || text.n != a->n ||
		   memcmp(text.p, a->text, text.n) != 0) {
		adopt(a, text, &err);
	}
	if (err.kind == ERR_NONE) {
		a->told[0] = '\0';
	} else if (complain && strcmp(a->told, err.text) != 0) {
		alert_raise(ALERT_USERS, STR(""), str_of(err.text));
		str_copy(a->told, sizeof(a->told), str_of(err.text));
	}
	return err.kind != ERR_NONE;
}

void
admins_tell(struct admins *a, struct ipc *ipc)
{
	struct hearer *l = mem_alloc(sizeof(*l));

	l->ipc = ipc;
	l->next = a->hearers;
	a->hearers = l;
	send_list(a, ipc);
}

int
admins_login(
    struct admins *a, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct admin_judged answer = { .full_name = STR("") };
	struct admin_login msg;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	if (is_held(a, &msg)) {
		answer.verdict = ADMIN_REFUSED;
		ipc_send(ipc, IPC_ADMIN_JUDGED, f->txn, &answer);
	} else if (too_many(a, &msg.remote)) {
		answer.verdict = ADMIN_BUSY;
		ipc_send(ipc, IPC_ADMIN_JUDGED, f->txn, &answer);
	} else {
		*a->last = attempt_new(a, ipc, f->txn, &msg);
		a->last = &(*a->last)->next;
		a->n_waiting++;
		go_on(a);
	}
	return 0;
}

void
admins_forget(struct admins *a, const struct ipc *ipc)
{
	struct hearer **at = &a->hearers, *l;
	struct attempt *t, *all = a->waiting;

	if (a->running != NULL && a->running->ipc == ipc)
		a->running->ipc = NULL;
	a->last = &a->waiting;
	a->n_waiting = 0;
	while ((t = all) != NULL) {
		all = t->next;
		if (t->ipc == ipc) {
			attempt_free(t);
			continue;
		}
		*a->last = t;
		a->last = &t->next;
		a->n_waiting++;
	}
	*a->last = NULL;
	while ((l = *at) != NULL) {
		if (l->ipc != ipc) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		free(l);
	}
}

void
admins_command(struct admins *a, struct ipc *admin, const struct command *c)
{
	const struct word *words = c->words.v;

	if (c->words.n != 2 || !str_is(words[0].text, "unlock")) {
		program_answer(
		    admin, NULL, RESULT_USAGE, "no such command here");
		return;
	}
	program_answer(admin,
	    holds_clear(a->holds, words[1].text, clock_mono_ms())
		? "{\"held\":true}"
		: "{\"held\":false}",
	    RESULT_DONE, NULL);
}

/* --- the roll --- */

static void
adopt(struct admins *a, struct str text, struct err *err)
{
	struct roll *next = mem_alloc(sizeof(*next));
	char note[80];

	next->refs = 1;
	administrators_init(&next->list);
	if (administrators_parse(&next->list, text, FILE_NAME, err) == -1) {
		release(&next);
		return;
	}
	release(&a->roll);
	a->roll = next;
	if (a->text != NULL)
		OPENSSL_cleanse(a->text, a->n);
	free(a->text);
	a->text = mem_dup(text.p, text.n);
	a->n = text.n;
	snprintf(note, sizeof(note), "administrators: %zu", next->list.n);
	EMIT(NOTICE, .text = str_of(note));
	for (struct hearer *l = a->hearers; l != NULL; l = l->next)
		send_list(a, l->ipc);
}

static void
send_list(struct admins *a, struct ipc *ipc)
{
	struct admin_rec *v = mem_array(ADMINS_MAX, sizeof(*v));
	struct admins_msg msg = { .admins = { 0, v } };

	for (size_t i = 0; a->roll != NULL && i < a->roll->list.n; i++) {
		const struct administrator *one = &a->roll->list.v[i];

		if (one->state == ADMIN_LOCKED)
			continue;
		v[msg.admins.n].name = one->name;
		v[msg.admins.n++].stamp = admin_stamp(one);
	}
	ipc_send(ipc, IPC_ADMINS, 0, &msg);
	free(v);
}

static void
release(struct roll **rp)
{
	struct roll *r = *rp;

	*rp = NULL;
	if (r == NULL || --r->refs > 0)
		return;
	administrators_fini(&r->list);
	free(r);
}

/* --- attempts --- */

/* Costs nothing then: who guesses on wins no time of others by it, nor many
 * lines in the log. */
static bool
is_held(struct admins *a, const struct admin_login *msg)
{
	int64_t now = clock_mono_ms();

	if (holds_until(a->holds, msg->name, &msg->remote, now) == 0)
		return false;
	if (now - a->told_held >= TELL_MS)
		EMIT(ADMIN_LOGIN_FAILED, .user = logged(msg->name),
		    .ip = msg->remote, .text = STR("too many failures"));
	if (now - a->told_held >= TELL_MS)
		a->told_held = now;
	return true;
}

/* Nobody has another one: it may be a passphrase in the wrong place, or a text
 * made for those who read logs by programs. */
static struct str
logged(struct str name)
{
	return admin_name_ok(name, NULL) ? name : STR("(no name)");
}

static bool
too_many(const struct admins *a, const struct ip *from)
{
	unsigned same = 0;

	for (const struct attempt *t = a->waiting; t != NULL; t = t->next)
		same += same_net(&t->remote, from);
	return a->n_waiting >= WAITING_MAX || same >= FROM_ONE;
}

static bool
same_net(const struct ip *a, const struct ip *b)
{
	return memcmp(a->b, b->b, ip_is_v4(a) ? sizeof(a->b) : 8) == 0;
}

static struct attempt *
attempt_new(struct admins *a, struct ipc *ipc, uint32_t txn,
    const struct admin_login *msg)
{
	struct attempt *t = mem_alloc(sizeof(*t));

	t->job.run = run;
	t->job.done = done;
	t->admins = a;
	t->ipc = ipc;
	t->txn = txn;
	t->remote = msg->remote;
	t->name = mem_strndup(msg->name.p, msg->name.n);
	t->n_name = msg->name.n;
	t->passphrase = mem_strndup(msg->passphrase.p, msg->passphrase.n);
	t->n_passphrase = msg->passphrase.n;
	return t;
}

static void
go_on(struct admins *a)
{
	struct attempt *t = a->waiting;

	if (t == NULL || a->running != NULL)
		return;
	a->waiting = t->next;
	if (a->waiting == NULL)
		a->last = &a->waiting;
	a->n_waiting--;
	a->running = t;
	t->next = NULL;
	t->roll = a->roll;
	if (t->roll != NULL)
		t->roll->refs++;
	worker_do(a->worker, &t->job);
}

static void
run(struct worker_job *job)
{
	static const struct administrators nobody;
	struct attempt *t = (struct attempt *)job;

	t->who =
	    administrators_check(t->roll != NULL ? &t->roll->list : &nobody,
		(struct str){ t->name, t->n_name },
		(struct str){ t->passphrase, t->n_passphrase });
}

static void
done(struct worker_job *job)
{
	struct attempt *t = (struct attempt *)job;
	struct str name = { t->name, t->n_name };
	struct admin_judged answer = { .verdict = ADMIN_REFUSED,
		.full_name = STR("") };
	const char *why = refused(t, name);

	if (why == NULL)
		welcome(t, name, &answer);
	else
		turn_away(t, name, why);
	if (t->ipc != NULL)
		ipc_send(t->ipc, IPC_ADMIN_JUDGED, t->txn, &answer);
	t->admins->running = NULL;
	go_on(t->admins);
	attempt_free(t);
}

/* Why not; NULL: he may come in. */
static const char *
refused(const struct attempt *t, struct str name)
{
	const struct admins *a = t->admins;

	if (holds_until(a->holds, name, &t->remote, clock_mono_ms()) != 0)
		return "too many failures";
	if (t->roll == NULL)
		return "there are no administrators";
	if (administrators_find(&t->roll->list, name) == NULL)
		return "unknown user";
	if (t->who == NULL)
		return "wrong passphrase";
	if (t->who->state == ADMIN_LOCKED)
		return "locked";
	return t->roll == a->roll ? NULL : "the users were changed meanwhile";
}

static void
welcome(const struct attempt *t, struct str name, struct admin_judged *answer)
{
	answer->verdict = ADMIN_GOOD;
	answer->role = (uint8_t)t->who->role;
	answer->must_change = t->who->state == ADMIN_CHANGE;
	answer->stamp = admin_stamp(t->who);
	answer->full_name = t->who->full;
	holds_right(t->admins->holds, name, &t->remote, clock_mono_ms());
	EMIT(ADMIN_LOGIN, .user = name, .ip = t->remote,
	    .text = str_of(admin_role_name(t->who->role)));
}

/* What is refused because of earlier failures makes the time no longer. */
static void
turn_away(struct attempt *t, struct str name, const char *why)
{
	struct admins *a = t->admins;
	struct holds_rule rule = a->rule;
	char until[CLOCK_TEXT];

	rule.now = clock_mono_ms();
	EMIT(ADMIN_LOGIN_FAILED, .user = logged(name), .ip = t->remote,
	    .text = str_of(why));
	if (holds_until(a->holds, name, &t->remote, rule.now) != 0 ||
	    holds_failed(a->holds, name, &t->remote, &rule) == 0)
		return;
	clock_age(rule.ms, until);
	EMIT(ADMIN_HELD, .user = logged(name), .ip = t->remote,
	    .text = str_of(until));
}

static void
attempt_free(struct attempt *t)
{
	release(&t->roll);
	OPENSSL_cleanse(t->passphrase, t->n_passphrase);
	free(t->passphrase);
	free(t->name);
	free(t);
}
