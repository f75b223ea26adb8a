/* dig_root.c - `dig` when there is no server to ask: from the root, with the
 * library that lookupd has, and nothing in its cache */
#include "admin/dig.h"

#include "base/loop.h"
#include "lookup/present.h"
#include "lookup/resolver.h"

#define ROOT_MS 60000

struct asking {
	struct loop *loop;
	struct buf *out;
	struct err *err;
	int rc;
};

static void on_reply(void *arg, const struct resolver_reply *);
static void on_late(void *arg);

int
dig_from_root(const struct dig *d, struct buf *out, struct err *err)
{
	struct resolver_settings settings = { 0 };
	struct resolver_query query = { .type = (int)d->q.type,
		.trusted = true };
	struct question *question = NULL;
	struct asking a = { .out = out, .err = err, .rc = -1 };
	struct loop_timer *limit;
	struct resolver *r;
	struct buf name;

	a.loop = loop_new();
	r = resolver_new(a.loop, &settings, err);
	if (r == NULL) {
		loop_free(&a.loop);
		return -1;
	}
	buf_init(&name, 8 * DNSMSG_NAME);
	present_name(&d->q.name, &name);
	query.name = name.data;
	limit = loop_timer(a.loop, on_late, &a);
	loop_timer_in(limit, ROOT_MS);
	resolver_ask(r, &question, &query, on_reply, &a);
	if (question != NULL)
		loop_run(a.loop);
	resolver_forget(&question);
	loop_timer_free(&limit);
	resolver_free(&r);
	loop_free(&a.loop);
	buf_fini(&name);
	return a.rc;
}

static void
on_reply(void *arg, const struct resolver_reply *reply)
{
	struct asking *a = arg;

	if (reply->failure != NULL) {
		err_set(a->err, ERR_TEMP, "from the root: %s", reply->failure);
	} else {
		buf_reset(a->out);
		buf_add_str(a->out, reply->packet);
		a->rc = 0;
	}
	loop_stop(a->loop);
}

static void
on_late(void *arg)
{
	struct asking *a = arg;

	err_set(a->err, ERR_TEMP, "from the root: no answer");
	loop_stop(a->loop);
}
