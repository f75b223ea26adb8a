/* orders.c - commands about many recipients, carried out in slices */
#include "qmgr/orders.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "event/event.h"
#include "mail/addr.h"
#include "qmgr/answer.h"
#include "qmgr/ordered.h"
#include "qmgr/sweep.h"

#define SHOW_MAX    100000 /* recipients in one answer */
#define CHUNK       ((size_t)64 * 1024)
#define ANSWER_MEM  ((size_t)16 * 1024 * 1024)
#define ALIVE_MS    10000 /* the tool hears from us at least so often */
#define WAIT_MS     20    /* when others have to come first */
#define BUSY_SAVES  500   /* on their way to the disk */
#define LAZY_MAX    2000  /* to be on their way soon */
#define NOTICES_MAX 10000 /* not accepted yet: enough in memory */
#define CLEAR_MS    500   /* to look whether names are gone for good */

struct order {
	struct order *next;
	struct sweep sweep;
	struct world *world;
	struct ipc *admin; /* NULL: gone */
	char user[65];
	char words[ADDR_MAX + 32]; /* the selection, for the log */
	struct buf out;            /* of the answer, not sent yet */
	uint64_t shown;            /* recipients */
	bool cut;
	int64_t before; /* active recipients */
	int64_t said_at;
};

static const struct {
	const char *word, *done;
	enum sweep_do what;
} verbs[] = {
	{ "showrecipients", "shown", SWEEP_SHOW },
	{ "countrecipients", "counted", SWEEP_COUNT },
	{ "deleterecipients", "deleted", SWEEP_DELETE },
	{ "bouncerecipients", "bounced", SWEEP_BOUNCE },
	{ "redirectrecipients", "redirected", SWEEP_REDIRECT },
};

static bool read_target(
    const struct ask *, struct reply_to *, char host[DOMAIN_MAX + 1]);
static bool is_there(
    const struct ask *, struct reply_to *, const struct selection *);
static void enqueue(const struct ask *, const struct sweep *);
static struct order *whose_turn(const struct world *);
static bool is_awaited(const struct world *);
static int64_t advance(struct world *, struct order *);
static int64_t carry_out(struct world *);
static int64_t clear(struct world *);
static int64_t compact(struct world *);
static bool is_our_turn(struct world *);
static bool must_wait(const struct world *, const struct order *);
static void stay_in_touch(struct world *, struct order *);
static void show(void *arg, const struct mail *, const struct dest *only);
static void finish(struct world *, struct order *);
static char *list_end(struct order *);
static char *count_text(const struct world *, const struct order *);
static void say_done(const struct order *);
static int64_t active(const struct world *);
static void drop(struct world *, struct order *);

void
answer_recipients(const struct ask *a, struct reply_to *r)
{
	struct sweep s = { 0 };
	size_t verb = 0, skip = 1;

	while (!str_is(a->words[0], verbs[verb].word))
		verb++;
	s.what = verbs[verb].what;
	if (s.what == SWEEP_REDIRECT && !read_target(a, r, s.host))
		return;
	skip += s.what == SWEEP_REDIRECT;
	if (!selection_read(&s.selection, &a->words[skip], a->n_words - skip)) {
		r->status = 2;
		snprintf(r->error, sizeof(r->error),
		    "Usage: %s%s host HOST|sender ADDRESS|mid MID|all",
		    verbs[verb].word, skip == 2 ? " HOST" : "");
		return;
	}
	s.selection.internal =
	    s.what != SWEEP_BOUNCE && s.what != SWEEP_REDIRECT;
	if (!is_there(a, r, &s.selection))
		return;
	enqueue(a, &s);
	r->later = true;
}

int64_t
orders_run(struct world *w)
{
	struct order *o;
	int64_t at, disk;

	if (w->ledger == NULL)
		return 0; /* the end */
	for (o = w->orders; o != NULL; o = o->next)
		stay_in_touch(w, o);
	o = whose_turn(w);
	if (o != NULL)
		at = advance(w, o);
	else
		at = ledger_is_safe(w->ledger) ? carry_out(w) : 0;
	if (w->orders != NULL && (at == 0 || at > w->q.now + WAIT_MS))
		at = w->q.now + WAIT_MS;
	disk =
	    ledger_run(w->ledger, w->q.now, w->orders == NULL || is_awaited(w));
	return at == 0 || (disk != 0 && disk < at) ? disk : at;
}

bool
orders_busy(const struct world *w)
{
	const struct order *o = w->orders;

	while (o != NULL && o->sweep.what <= SWEEP_COUNT)
		o = o->next;
	return o != NULL || !ledger_is_safe(w->ledger);
}

void
orders_forget(struct world *w, const struct ipc *admin)
{
	struct order *o, *next;

	for (o = w->orders; o != NULL; o = next) {
		next = o->next;
		if (o->admin != admin)
			continue;
		o->admin = NULL;
		if (o->sweep.what == SWEEP_SHOW) {
			sweep_stop(&w->q, &o->sweep);
			drop(w, o);
		}
	}
}

/* --- what is asked for --- */

/* A name, or an address as a literal. /dev/null is neither; and nothing leaves
 * an internal destination by itself. */
static bool
read_target(const struct ask *a, struct reply_to *r, char host[DOMAIN_MAX + 1])
{
	struct str name = a->words[1], canonical;
	struct arena mem;
	struct ip ip;
	bool ok;

	arena_init(&mem, 4 * DOMAIN_MAX);
	if (ip_parse(&ip, name)) {
		snprintf(host, DOMAIN_MAX + 1, "[%s%.*s]",
		    str_find(name, ':') < name.n ? "IPv6:" : "", STR_ARG(name));
		ok = true;
	} else {
		ok = addr_literal(name, &ip)
			 ? str_copy(host, DOMAIN_MAX + 1, name)
			 : addr_domain_ok(name, &canonical, &mem) &&
			       !dest_is_internal(canonical) &&
			       str_copy(host, DOMAIN_MAX + 1, canonical);
	}
	arena_free(&mem);
	if (ok)
		return true;
	r->status = 1;
	snprintf(r->error, sizeof(r->error),
	    "\"%.*s\" is no host to redirect to: give a host name or an IP "
	    "address.",
	    STR_ARG(name));
	return false;
}

static bool
is_there(const struct ask *a, struct reply_to *r, const struct selection *sel)
{
	const struct qmgr *q = &a->world->q;

	r->status = 1;
	if (sel->by == SELECT_HOST && dest_find(q, str_of(sel->what)) == NULL) {
		snprintf(r->error, sizeof(r->error),
		    "There are no messages for \"%s\" in the queue.",
		    sel->what);
		return false;
	}
	if (sel->by == SELECT_MID && mail_find(q, sel->mid) == NULL) {
		snprintf(r->error, sizeof(r->error),
		    "MID %" PRIu64 " is not in the queue.", sel->mid);
		return false;
	}
	r->status = 0;
	return true;
}

static void
enqueue(const struct ask *a, const struct sweep *s)
{
	struct order *o = mem_alloc(sizeof(*o)), **at = &a->world->orders;
	size_t first = s->what == SWEEP_REDIRECT ? 2 : 1;

	o->sweep = *s;
	o->sweep.show = show;
	o->sweep.arg = o;
	o->world = a->world;
	o->admin = a->admin;
	o->said_at = a->world->q.now;
	str_copy(o->user, sizeof(o->user), str_of(a->user));
	snprintf(o->words, sizeof(o->words), "%.*s%s%.*s",
	    STR_ARG(a->words[first]), a->n_words > first + 1 ? " " : "",
	    STR_ARG(a->words[first + 1]));
	buf_init(&o->out, ANSWER_MEM);
	if (s->what == SWEEP_SHOW)
		buf_puts(&o->out, "{\"messages\":[");
	while (*at != NULL)
		at = &(*at)->next;
	*at = o;
}

/* --- carrying it out --- */

/* The first that can go on. Whoever changes something waits for those before
 * that do, and nobody for one who does not read his answer. */
static struct order *
whose_turn(const struct world *w)
{
	bool changing = false;

	for (struct order *o = w->orders; o != NULL; o = o->next) {
		bool changes = o->sweep.what > SWEEP_COUNT;

		if (!must_wait(w, o) && !(changes && changing))
			return o;
		changing |= changes;
	}
	return NULL;
}

/* Somebody waits for the disk; at the end all that was done is to be there. */
static bool
is_awaited(const struct world *w)
{
	const struct order *o = w->orders;

	while (o != NULL && !(o->sweep.ended && must_wait(w, o)))
		o = o->next;
	return o != NULL || w->stopping;
}

static int64_t
advance(struct world *w, struct order *o)
{
	w->clear_mark = 0;
	if (!o->sweep.begun)
		o->before = active(w);
	if (!o->sweep.ended) {
		if (!is_our_turn(w))
			return w->q.now + 1;
		sweep_step(&w->q, &o->sweep);
		if (o->cut)
			sweep_stop(&w->q, &o->sweep);
		return w->q.now;
	}
	finish(w, o);
	return w->q.now; /* for what is left to do */
}

/* What was answered long ago. */
static int64_t
carry_out(struct world *w)
{
	if (w->stopping)
		return 0; /* the ledger says it to who comes next */
	if (w->q.n_todo == 0)
		return clear(w);
	w->clear_mark = 0;
	if (store_busy(w->store) > BUSY_SAVES || w->q.lazies.n > LAZY_MAX ||
	    w->q.n_notices > NOTICES_MAX)
		return w->q.now + WAIT_MS;
	if (!is_our_turn(w))
		return w->q.now + 1;
	ordered_step(&w->q);
	return w->q.now;
}

/* A message that comes back after a power cut must not have lost its order:
 * the ledger goes after the names. */
static int64_t
clear(struct world *w)
{
	if (ledger_is_compacting(w->ledger) ||
	    (w->q.n_ordered > 0 && !ledger_is_empty(w->ledger)))
		return compact(w);
	if (ledger_is_empty(w->ledger)) {
		w->clear_mark = 0;
		return 0;
	}
	if (w->clear_mark == 0)
		w->clear_mark = store_mark(w->store);
	if (!store_reached(w->store, w->clear_mark))
		return w->q.now + CLEAR_MS;
	w->clear_mark = 0;
	ledger_clear(w->ledger);
	return 0;
}

/* The same for what is left out of it: all of that is known when it asks for
 * their names. */
static int64_t
compact(struct world *w)
{
	enum ledger_next next = ledger_compact(w->ledger, &w->q);

	w->clear_mark = 0;
	if (next != LEDGER_NAMES)
		w->compact_mark = 0;
	if (next == LEDGER_MORE)
		return w->q.now;
	if (next == LEDGER_IDLE)
		return 0;
	if (w->compact_mark == 0)
		w->compact_mark = store_mark(w->store);
	if (!store_reached(w->store, w->compact_mark))
		return w->q.now + CLEAR_MS;
	w->compact_mark = 0;
	ledger_compact_end(w->ledger);
	return 0;
}

/* A slice in a turn of the loop, whatever else happens in it. */
static bool
is_our_turn(struct world *w)
{
	if (w->swept_at == w->q.now)
		return false;
	w->swept_at = w->q.now;
	return true;
}

/* The reader is not to be flooded; who ordered something waits for the disk. */
static bool
must_wait(const struct world *w, const struct order *o)
{
	if (o->sweep.what == SWEEP_SHOW)
		return o->admin != NULL && ipc_busy(o->admin);
	return o->sweep.ended && !ledger_is_safe(w->ledger);
}

/* A blank before the answer keeps the tool waiting. */
static void
stay_in_touch(struct world *w, struct order *o)
{
	if (o->admin == NULL || ipc_busy(o->admin) ||
	    w->q.now - o->said_at < ALIVE_MS)
		return;
	o->said_at = w->q.now;
	ipc_send_raw(o->admin, IPC_CHUNK, 0, " ", 1);
}

static void
show(void *arg, const struct mail *m, const struct dest *only)
{
	struct order *o = arg;
	json_t *j;
	char *text;

	o->cut = o->shown >= SHOW_MAX;
	if (o->cut)
		return;
	j = answer_mail(o->world, m, only);
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	if (text == NULL)
		panic("an answer that is no JSON");
	if (o->shown > 0)
		buf_putc(&o->out, ',');
	buf_puts(&o->out, text);
	free(text);
	o->shown = o->sweep.n_rcpts;
	if (o->out.len < CHUNK)
		return;
	ipc_send_raw(o->admin, IPC_CHUNK, 0, o->out.data, o->out.len);
	buf_reset(&o->out);
}

static void
finish(struct world *w, struct order *o)
{
	char *text =
	    o->sweep.what == SWEEP_SHOW ? list_end(o) : count_text(w, o);

	if (o->sweep.what > SWEEP_COUNT)
		say_done(o);
	if (o->admin != NULL)
		program_answer(o->admin, text, 0, NULL);
	free(text);
	drop(w, o);
}

static char *
list_end(struct order *o)
{
	buf_printf(&o->out, "],\"recipients\":%" PRIu64 ",\"cut\":%s}",
	    o->shown, o->cut ? "true" : "false");
	return buf_take(&o->out);
}

static char *
count_text(const struct world *w, const struct order *o)
{
	const struct sweep *s = &o->sweep;
	json_t *j = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "done",
	    verbs[s->what].done, "recipients", (json_int_t)s->n_rcpts,
	    "messages", (json_int_t)s->n_messages, "in_delivery",
	    (json_int_t)s->n_sent, "active_before", (json_int_t)o->before,
	    "active_after", (json_int_t)active(w));
	char *text = json_dumps(j, JSON_COMPACT);

	json_decref(j);
	if (text == NULL)
		panic("an answer that is no JSON");
	return text;
}

static void
say_done(const struct order *o)
{
	char text[LOG_VALUE_MAX];

	snprintf(text, sizeof(text), "%" PRIu64 " recipients %s%s%s by %s: %s",
	    o->sweep.n_rcpts, verbs[o->sweep.what].done,
	    o->sweep.host[0] != '\0' ? " to " : "", o->sweep.host, o->user,
	    o->words);
	EMIT(NOTICE, .text = str_of(text));
}

/* Those that are to be bounced count until their notice is made. */
static int64_t
active(const struct world *w)
{
	return stats_gauge_sum(w->q.stats, STATS_GAUGE_active_recipients) -
	       (int64_t)w->q.n_pending;
}

static void
drop(struct world *w, struct order *o)
{
	struct order **p = &w->orders;

	while (*p != o)
		p = &(*p)->next;
	*p = o->next;
	buf_fini(&o->out);
	free(o);
}
