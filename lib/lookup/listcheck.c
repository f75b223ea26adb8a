/* listcheck.c - is a DNS list one at all? */
#include "lookup/listcheck.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bounds.h"
#include "base/map.h"
#include "base/mem.h"
#include "lookup/rdata.h"

#define ZONES_MAX    1000 /* as many as there are in configurations, and more */
#define GOOD_FOR     ((int64_t)3600 * 1000) /* ms */
#define OFF_FOR      ((int64_t)600 * 1000)
#define NO_ANSWER_IN ((int64_t)60 * 1000)

enum { NOBODY, TEST, CHECKS }; /* 127.0.0.1, 127.0.0.2 */

struct check {
	struct listchecks *all;
	char zone[DOMAIN_MAX + 1];
	int64_t until; /* 0: nothing is known */
	enum dns_list verdict;
	struct one {
		struct check *check;
		struct question *question;
		enum dns_list list;
		bool pending, failed;
	} v[CHECKS];
};

struct listchecks {
	struct loop *loop;
	struct resolver *resolver;
	void (*done)(void *arg, struct str zone);
	void *arg;
	struct map zones; /* struct check */
};

static struct check *check_of(struct listchecks *, struct str zone);
static void check_free(void *);
static void ask(struct check *);
static void on_reply(void *arg, const struct resolver_reply *);
static void judge(struct check *);

struct listchecks *
listchecks_new(struct loop *loop, struct resolver *resolver,
    void (*done)(void *arg, struct str zone), void *arg)
{
	struct listchecks *all = mem_alloc(sizeof(*all));

	all->loop = loop;
	all->resolver = resolver;
	all->done = done;
	all->arg = arg;
	map_init(&all->zones);
	return all;
}

void
listchecks_free(struct listchecks **ap)
{
	if (*ap == NULL)
		return;
	listchecks_forget(*ap);
	free(*ap);
	*ap = NULL;
}

void
listchecks_forget(struct listchecks *all)
{
	map_fini(&all->zones, check_free);
	map_init(&all->zones);
}

bool
listcheck(struct listchecks *all, struct str zone, enum dns_list *verdict)
{
	struct check *c = check_of(all, zone);
	int64_t now = loop_now(all->loop);

	if (now >= c->until && !c->v[NOBODY].pending && !c->v[TEST].pending)
		ask(c);
	*verdict = c->verdict;
	return c->until > 0;
}

static struct check *
check_of(struct listchecks *all, struct str zone)
{
	struct check *c = map_get(&all->zones, zone);

	if (c != NULL)
		return c;
	if (all->zones.n >= ZONES_MAX)
		listchecks_forget(all);
	c = mem_alloc(sizeof(*c));
	c->all = all;
	str_copy(c->zone, sizeof(c->zone), zone);
	for (size_t i = 0; i < CHECKS; i++)
		c->v[i].check = c;
	map_put(&all->zones, zone, c);
	return c;
}

static void
check_free(void *arg)
{
	struct check *c = arg;

	for (size_t i = 0; i < CHECKS; i++)
		resolver_forget(&c->v[i].question);
	free(c);
}

/* Both are pending before the first answer, which may be at once. */
static void
ask(struct check *c)
{
	c->v[NOBODY].pending = c->v[TEST].pending = true;
	for (size_t i = 0; i < CHECKS; i++) {
		char name[DOMAIN_MAX + 20];
		struct resolver_query query = { name, RDATA_A, true };

		snprintf(name, sizeof(name), "%zu.0.0.127.%s.", i + 1, c->zone);
		resolver_ask(c->all->resolver, &c->v[i].question, &query,
		    on_reply, &c->v[i]);
	}
}

static void
on_reply(void *arg, const struct resolver_reply *reply)
{
	struct one *one = arg;
	struct answer a = { .end = LOOKUP_FAILED };
	struct arena mem;

	arena_init(&mem, 8 << 20);
	if (reply->failure == NULL && !reply->bogus)
		rdata_parse(reply->packet, RDATA_A, &mem, &a);
	one->pending = false;
	one->failed = a.end == LOOKUP_FAILED;
	one->list = rdata_list(&a);
	arena_free(&mem);
	judge(one->check);
}

static void
judge(struct check *c)
{
	const struct one *nobody = &c->v[NOBODY], *test = &c->v[TEST];
	int64_t now = loop_now(c->all->loop);

	if (nobody->pending || test->pending)
		return;
	c->verdict = LIST_HAS_NOT;
	c->until = now + GOOD_FOR;
	if (nobody->list == LIST_HAS)
		c->verdict = LIST_HAS_ALL;
	else if (!test->failed && test->list != LIST_HAS)
		c->verdict = LIST_HAS_NO_TEST;
	else if (nobody->failed || test->failed)
		c->until = now + NO_ANSWER_IN;
	if (c->verdict != LIST_HAS_NOT)
		c->until = now + OFF_FOR;
	c->all->done(c->all->arg, str_of(c->zone));
}
