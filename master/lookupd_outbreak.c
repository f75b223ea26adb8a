/* lookupd_outbreak.c - lookupd's part that fetches outbreak rules */
#include "master/lookupd_outbreak.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "event/alert.h"

struct outbreak {
	struct daemon *daemon;
	struct http *http;
	struct feed *feed;
};

static void keep(void *arg, struct str packed);
static void say(void *arg, enum feed_word, const char *text);
static void updated(void *arg, enum feed_end, const char *error);
static json_t *feed_json(const struct outbreak *);
static json_t *rules_json(const struct outbreak *);
static void add_rules(json_t *list, const struct outbreak_rules *,
    const char *from, uint32_t threshold);
static uint32_t threshold_of(const struct config *);
static struct outbreak_rules *own_rules(const struct config *);
static json_t *text_json(struct str);
static void answer(struct ipc *, json_t *root);

struct outbreak *
outbreak_new(struct daemon *d, struct lookups *lookups)
{
	struct outbreak *o = mem_alloc(sizeof(*o));
	struct feed_owner owner = {
		.keep = keep, .say = say, .wall = clock_wall_ms, .arg = o
	};

	o->daemon = d;
	o->http = http_new(d->loop, NULL);
	o->feed = feed_new(d->loop, o->http, lookups, d->config, &owner);
	return o;
}

void
outbreak_config(struct outbreak *o, const struct config *next)
{
	feed_config(o->feed, next);
}

void
outbreak_kept(struct outbreak *o, int fd)
{
	struct err err = ERR_INIT;
	struct buf text;

	if (fd == -1)
		return;
	buf_init(&text, FEED_READ_MAX);
	if (feed_read(fd, &text, &err) == 0)
		feed_kept(o->feed, buf_str(&text));
	else
		say(o, FEED_WARNING, err.text);
	buf_fini(&text);
}

void
outbreak_admin_gone(struct outbreak *o, struct ipc *admin)
{
	feed_forget_asker(o->feed, admin);
}

static void
keep(void *arg, struct str packed)
{
	(void)arg;
	program_keep(KEPT_RULES, packed);
}

static void
say(void *arg, enum feed_word word, const char *text)
{
	(void)arg;
	switch (word) {
	case FEED_NOTICE:
		EMIT(NOTICE, .text = str_of(text));
		break;
	case FEED_WARNING:
		EMIT(WARNING, .text = str_of(text));
		break;
	case FEED_ALERT:
		alert_raise(ALERT_OUTBREAK_RULES, STR(""), str_of(text));
		break;
	}
}

/* --- commands --- */

void
outbreak_update(
    struct outbreak *o, struct ipc *admin, const struct word *words, size_t n)
{
	bool force = n == 2 && str_is(words[1].text, "force");

	if (n > 1 && !force)
		program_answer(admin, NULL, 2, "usage: outbreakupdate [force]");
	else
		feed_update(o->feed, force, updated, admin);
}

static void
updated(void *arg, enum feed_end end, const char *error)
{
	struct ipc *admin = arg;

	switch (end) {
	case FEED_NEW:
		program_answer(admin, "{\"updated\": true}", 0, NULL);
		break;
	case FEED_SAME:
		program_answer(admin, "{\"updated\": false}", 0, NULL);
		break;
	case FEED_FAILED:
		program_answer(admin, NULL, 1, error);
		break;
	case FEED_NONE:
		program_answer(admin, NULL, 1,
		    "no feed is configured: outbreakconfig has url and "
		    "public_key");
		break;
	}
}

void
outbreak_flush(
    struct outbreak *o, struct ipc *admin, const struct word *words, size_t n)
{
	(void)words;
	if (n > 1) {
		program_answer(admin, NULL, 2, "usage: outbreakflush");
		return;
	}
	feed_flush(o->feed);
	program_answer(admin, "{\"flushed\": true}", 0, NULL);
}

void
outbreak_status(
    struct outbreak *o, struct ipc *admin, const struct word *words, size_t n)
{
	const struct outbreak_global *g = &o->daemon->config->work.outbreak;
	json_t *root = json_object();

	(void)words;
	if (n > 1) {
		json_decref(root);
		program_answer(admin, NULL, 2, "usage: outbreakstatus");
		return;
	}
	json_object_set_new(root, "enabled", json_boolean(g->enabled));
	json_object_set_new(root, "adaptive", json_boolean(g->adaptive));
	json_object_set_new(root, "file", text_json(g->file));
	json_object_set_new(root, "feed", feed_json(o));
	json_object_set_new(
	    root, "threshold", json_integer(threshold_of(o->daemon->config)));
	json_object_set_new(root, "rules", rules_json(o));
	answer(admin, root);
}

static json_t *
feed_json(const struct outbreak *o)
{
	const struct outbreak_global *g = &o->daemon->config->work.outbreak;
	struct feed_state s = feed_state(o->feed);
	json_t *j = json_object();

	json_object_set_new(j, "url", text_json(g->url));
	json_object_set_new(j, "serial",
	    s.rules != NULL ? json_integer((json_int_t)s.rules->serial)
			    : json_null());
	json_object_set_new(j, "generated",
	    s.rules != NULL ? json_integer(s.rules->generated) : json_null());
	json_object_set_new(j, "rules",
	    json_integer(s.rules != NULL ? (json_int_t)s.rules->n : 0));
	json_object_set_new(j, "skipped",
	    json_integer(s.rules != NULL ? (json_int_t)s.rules->n_skipped : 0));
	json_object_set_new(j, "checked",
	    s.checked != 0 ? json_integer(s.checked) : json_null());
	json_object_set_new(j, "failures", json_integer(s.failures));
	json_object_set_new(
	    j, "error", s.error != NULL ? json_string(s.error) : json_null());
	return j;
}

/* Those in force, from the threshold of the usual policy on. */
static json_t *
rules_json(const struct outbreak *o)
{
	const struct config *c = o->daemon->config;
	struct outbreak_rules *own = own_rules(c);
	struct outbreak_rules *adaptive =
	    c->work.outbreak.adaptive ? outbreak_adaptive() : NULL;
	uint32_t threshold = threshold_of(c);
	json_t *list = json_array();

	if (c->work.outbreak.enabled) {
		add_rules(list, feed_state(o->feed).rules, "feed", threshold);
		add_rules(list, own, "file", threshold);
		add_rules(list, adaptive, "adaptive", threshold);
	}
	outbreak_free(&own);
	outbreak_free(&adaptive);
	return list;
}

static void
add_rules(json_t *list, const struct outbreak_rules *r, const char *from,
    uint32_t threshold)
{
	int64_t now = clock_wall_ms();

	for (size_t i = 0; r != NULL && i < r->n; i++) {
		const struct outbreak_rule *x = &r->v[i];
		json_t *j;

		if (x->level < threshold || x->expires <= now)
			continue;
		j = json_object();
		json_object_set_new(j, "level", json_integer(x->level));
		json_object_set_new(j, "rule", text_json(x->id));
		json_object_set_new(j, "category", text_json(x->category));
		json_object_set_new(
		    j, "description", text_json(x->description));
		json_object_set_new(j, "from", json_string(from));
		json_array_append_new(list, j);
	}
}

static uint32_t
threshold_of(const struct config *c)
{
	const struct mail_policy *p =
	    config_mail_policy(c, INCOMING, STR("DEFAULT"));

	return p != NULL ? p->outbreak.threshold : 3;
}

/* Checked when they were committed. */
static struct outbreak_rules *
own_rules(const struct config *c)
{
	struct err err = ERR_INIT;

	return c->work.outbreak.rules.n > 0
		   ? outbreak_parse(c->work.outbreak.rules, &err)
		   : NULL;
}

static json_t *
text_json(struct str s)
{
	return json_stringn(s.n > 0 ? s.p : "", s.n);
}

static void
answer(struct ipc *admin, json_t *root)
{
	char *text = json_dumps(root, 0);

	program_answer(admin, text, 0, NULL);
	free(text);
	json_decref(root);
}
