/* lookupd_policies.c - policies of MTA-STS, over restarts */
#include "master/lookupd_policies.h"

#include <stdio.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/mem.h"
#include "event/event.h"
#include "lookup/feed_file.h"
#include "tls/client.h"

#define KEEP_MS 2000 /* after news: more may come */

struct policies {
	struct sts *sts;
	struct loop_timer *keeping;
	bool news; /* that it waits for */
};

static void on_news(void *arg);
static void keep(void *arg);
static void on_no_policy(
    struct str domain, const char *result, const char *why);

struct policies *
policies_new(struct daemon *d, struct lookups *lookups)
{
	struct policies *p = mem_alloc(sizeof(*p));

	p->sts = sts_new(d->loop, lookups, http_new(d->loop, tls_authorities()),
	    on_no_policy);
	p->keeping = loop_timer(d->loop, keep, p);
	sts_on_news(p->sts, on_news, p);
	return p;
}

struct sts *
policies_sts(struct policies *p)
{
	return p->sts;
}

/* What was in force before a restart is in force still. */
void
policies_kept(struct policies *p, int fd)
{
	struct err err = ERR_INIT;
	struct buf text;

	if (fd == -1)
		return;
	buf_init(&text, STS_PACK_MAX + 65536);
	if (feed_read(fd, &text, &err) == -1 ||
	    sts_unpack(p->sts, buf_str(&text), clock_wall_ms(), &err) == -1)
		EMIT(WARNING, .text = str_of(err.text));
	buf_fini(&text);
}

static void
on_news(void *arg)
{
	struct policies *p = arg;

	if (!p->news)
		loop_timer_in(p->keeping, KEEP_MS);
	p->news = true;
}

static void
keep(void *arg)
{
	struct policies *p = arg;
	struct buf packed;

	p->news = false;
	buf_init(&packed, STS_PACK_MAX);
	sts_pack(p->sts, clock_wall_ms(), &packed);
	program_keep(KEPT_POLICIES, buf_str(&packed));
	buf_fini(&packed);
}

static void
on_no_policy(struct str domain, const char *result, const char *why)
{
	char text[DOMAIN_MAX + 300];

	snprintf(text, sizeof(text),
	    "The MTA-STS policy of %.*s cannot be had: %.200s", STR_ARG(domain),
	    why);
	EMIT(NOTICE, .text = str_of(text));
	EMIT(TLS_SESSION, .domain = domain, .policy = STR("sts"),
	    .result = str_of(result), .text = str_of(why));
}
