/* dig_trace.c - `dig +trace`: from the root to the servers of the name */
#include "admin/dig.h"

#include "admin/fields.h"
#include "admin/hosts.h"
#include "admin/render.h"
#include "base/clock.h"
#include "base/mem.h"

#define STEPS_MAX   30
#define ANSWERS_MAX (1024 * 1024)

/* Where the way leads next. */
struct zone {
	char name[DNSMSG_NAME * 4 + 1]; /* "example.net." */
	char hosts[DIG_SERVERS][DOMAIN_MAX + 1];
	size_t n_hosts;
};

static json_t *begin(struct dig *, struct err *);
static json_t *step(
    struct dig *, const struct zone *, const json_t *last, struct err *);
static json_t *ask_host(
    struct dig *, const json_t *last, const char *host, struct err *);
static bool has_address(const json_t *message, const char *host, struct ip *);
static bool take_zone(const json_t *message, bool first, struct zone *);
static bool is_below(struct str name, struct str zone);
static void show(const struct dig *, const json_t *message);
static void note(json_t *message, const struct dig *, int64_t ms, size_t bytes);

int
dig_trace(struct dig *d)
{
	struct zone zone = { .name = "" };
	struct err err = ERR_INIT;
	json_t *steps = json_array(), *m = begin(d, &err);

	for (int i = 0; m != NULL && i < STEPS_MAX; i++) {
		show(d, m);
		json_array_append_new(steps, m);
		if (!take_zone(m, i == 0, &zone))
			break;
		m = step(d, &zone, m, &err);
	}
	if (m != NULL && *zone.name == '\0')
		err_set(&err, ERR_TEMP,
		    "the servers of the root are not "
		    "known");
	if (d->t->json)
		tool_print_json(d->t, steps);
	json_decref(steps);
	return err.kind == ERR_NONE ? TOOL_DONE : tool_fail(d->t, &err);
}

/* Who knows the servers of the root: whoever is asked otherwise. */
static json_t *
begin(struct dig *d, struct err *err)
{
	struct dnsquery q = d->q;
	int64_t t = clock_mono_ms();
	size_t bytes;
	json_t *m;

	d->q.name = (struct dnsmsg_name){ .b = { 0 }, .n = 1 };
	d->q.type = 2; /* NS */
	m = dig_ask(d, &bytes, err);
	if (m != NULL)
		note(m, d, clock_mono_ms() - t, bytes);
	q.recurse = false;
	q.server = d->q.server;
	d->q = q;
	return m;
}

/* The first of the zone's servers that answers. */
static json_t *
step(
    struct dig *d, const struct zone *zone, const json_t *last, struct err *err)
{
	json_t *m = NULL;

	for (size_t i = 0; i < zone->n_hosts && m == NULL; i++)
		m = ask_host(d, last, zone->hosts[i], err);
	if (m != NULL)
		*err = (struct err)ERR_INIT;
	return m;
}

/* Its address stands in the message before, or is looked up. */
static json_t *
ask_host(struct dig *d, const json_t *last, const char *host, struct err *err)
{
	struct hosts_query q = { host, AF_UNSPEC };
	struct ip v[HOSTS_MAX];
	int64_t t;
	size_t bytes, n = 1;
	json_t *m;

	if (!has_address(last, host, &v[0]))
		n = hosts_resolve(d->t, &q, v, err);
	if (n == 0)
		return NULL;
	d->servers[0] = (struct endpoint){ v[0], d->port };
	d->n_servers = 1;
	t = clock_mono_ms();
	m = dig_ask(d, &bytes, err);
	if (m != NULL) {
		note(m, d, clock_mono_ms() - t, bytes);
		json_object_set_new(m, "server_name", json_string(host));
	}
	return m;
}

static bool
has_address(const json_t *message, const char *host, struct ip *ip)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(message, "additional"), i, one)
	{
		struct str name = str_of(fields_text(one, "name"));

		if (name.n > 0)
			name.n--; /* the last dot */
		if (str_is(str_of(fields_text(one, "type")), "A") &&
		    str_is_nocase(name, host) &&
		    ip_parse(ip, str_of(fields_text(one, "data"))))
			return true;
	}
	return false;
}

/*
 * The servers of a zone that lies below that one: otherwise the way would
 * lead back, or round and round. False: the message is the end of the way.
 */
static bool
take_zone(const json_t *message, bool first, struct zone *zone)
{
	const json_t *answer = json_object_get(message, "answer"), *one;
	struct zone next = { .n_hosts = 0 };
	size_t i;

	if (!first && json_array_size(answer) > 0)
		return false;
	json_array_foreach(
	    first ? answer : json_object_get(message, "authority"), i, one)
	{
		struct str name = str_of(fields_text(one, "name"));
		struct str host = str_of(fields_text(one, "data"));

		if (!str_is(str_of(fields_text(one, "type")), "NS") ||
		    next.n_hosts == DIG_SERVERS ||
		    !is_below(name, str_of(zone->name)))
			continue;
		if (host.n > 1)
			host.n--;
		if (str_copy(next.name, sizeof(next.name), name) &&
		    str_copy(
			next.hosts[next.n_hosts], sizeof(next.hosts[0]), host))
			next.n_hosts++;
	}
	if (next.n_hosts > 0)
		*zone = next;
	return next.n_hosts > 0;
}

/* zone "": nothing has been found yet. */
static bool
is_below(struct str name, struct str zone)
{
	if (zone.n == 0)
		return true;
	if (str_is(zone, "."))
		return name.n > 1;
	return name.n > zone.n + 1 && str_ends_nocase(name, zone) &&
	       name.p[name.n - zone.n - 1] == '.';
}

static void
show(const struct dig *d, const json_t *message)
{
	struct buf text;

	if (d->t->json)
		return;
	buf_init(&text, ANSWERS_MAX);
	if (d->brief)
		render_dig_short(message, &text);
	else
		render_dig_step(message, &text);
	fwrite(buf_str(&text).p, 1, text.len, d->t->dialogue.out);
	fflush(d->t->dialogue.out);
	buf_fini(&text);
}

static void
note(json_t *message, const struct dig *d, int64_t ms, size_t bytes)
{
	char text[IP_TEXT + 8];

	json_object_set_new(message, "server",
	    d->n_servers > 0 ? json_string(endpoint_text(&d->q.server, text))
			     : json_null());
	json_object_set_new(message, "ms", json_integer(ms));
	json_object_set_new(message, "bytes", json_integer((json_int_t)bytes));
}
