/*
 * load_work.c - scanning, scanners, outbreak filters
 */
#include "config/load_work.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "config/bundle_tables.h"

#define ED25519_BYTES 32

struct types { /* while they are read */
	struct str *v;
	size_t n;
};

static const char *read_table(struct load *, const struct at *,
    const char *name, struct str file, struct str *text);
static void take_type(
    struct load *, const struct at *, struct str text, void *arg);
static bool type_ok(struct str);
static bool is_usual(const struct scan_settings *);
static void load_scanner(
    struct load *, const struct at *, struct scanner *, const uint16_t *ports);
static bool has_port(const struct route_dest *);
static int check_key(struct str base64);

static const struct str usual_types[] = {
	{ "audio/*", 7 },
	{ "image/*", 7 },
	{ "video/*", 7 },
	{ "Image", 5 },
	{ "Media", 5 },
};
static const uint16_t spam_ports[] = {
	[SPAM_SPAMD] = 783, [SPAM_RSPAMD] = 11333
};
static const uint16_t virus_ports[] = {
	[VIRUS_CLAMD] = 3310, [VIRUS_ICAP] = 1344
};

void
load_scan_types(struct load *ld, const struct at *at, void *object)
{
	struct scan_settings *scan = &((struct config *)object)->work.scan;
	size_t max = NELEM(usual_types);
	struct types ts = { .n = 0 };

	if (!node_is_empty(at->node) && at->node->kind == NODE_LIST)
		max = at->node->n;
	ts.v = arena_array(ld->mem, max + 1, sizeof(*ts.v));
	if (at->node == NULL) {
		memcpy(ts.v, usual_types, sizeof(usual_types));
		ts.n = NELEM(usual_types);
	} else if (at->node->kind != NODE_SCALAR ||
		   !str_is_nocase(at->node->text, "none")) {
		load_each(ld, at, &ts, take_type);
	}
	scan->types = ts.v;
	scan->n_types = ts.n;
}

void
print_scan_types(struct print *p, const void *object)
{
	const struct scan_settings *scan =
	    &((const struct config *)object)->work.scan;

	if (!p->all && is_usual(scan))
		return;
	if (scan->n_types == 0) {
		print_line(p, "types", STR("none"));
		return;
	}
	print_open(p, "types");
	for (size_t i = 0; i < scan->n_types; i++)
		print_item(p, scan->types[i]);
	print_close(p);
}

void
load_spam_servers(struct load *ld, const struct at *at, void *object)
{
	load_scanner(ld, at, &((struct config *)object)->work.spam, spam_ports);
}

void
load_virus_servers(struct load *ld, const struct at *at, void *object)
{
	load_scanner(
	    ld, at, &((struct config *)object)->work.virus, virus_ports);
}

void
print_spam_servers(struct print *p, const void *object)
{
	const struct scanner *s = &((const struct config *)object)->work.spam;

	print_servers(p, s->servers, s->n_servers);
}

void
print_virus_servers(struct print *p, const void *object)
{
	const struct scanner *s = &((const struct config *)object)->work.virus;

	print_servers(p, s->servers, s->n_servers);
}

void
load_spam_scanner_finish(struct load *ld, const struct at *at, void *object)
{
	const struct scanner *s = &((struct config *)object)->work.spam;

	if (s->never_above < s->always_up_to)
		load_error(ld, at,
		    "never_scan_above (%llu) is less than always_scan_up_to "
		    "(%llu)",
		    (unsigned long long)s->never_above,
		    (unsigned long long)s->always_up_to);
}

/* NULL: it has none, or it is not there. */
static const char *
read_table(struct load *ld, const struct at *at, const char *name,
    struct str file, struct str *text)
{
	const struct bundle_file *f;
	struct at key = at_key(at, name);
	char *path;

	*text = STR("");
	if (file.n == 0)
		return NULL;
	path = arena_printf(ld->mem, TABLE_FOLDER "%.*s", STR_ARG(file));
	f = bundle_find(ld->bundle, path);
	if (f == NULL) {
		load_error(ld, &key, "there is no file %s", path);
		return NULL;
	}
	*text = arena_str(ld->mem, f->text);
	return path;
}

void
load_outbreak_finish(struct load *ld, const struct at *at, void *object)
{
	struct outbreak_global *o = &((struct config *)object)->work.outbreak;
	struct at key = at_key(at, "public_key");

	if (o->url.n > 0 && o->public_key.n == 0)
		load_error(ld, at,
		    "needs the key \"public_key\": rules that nobody has "
		    "signed are not taken");
	if (o->public_key.n > 0 && check_key(o->public_key) == -1)
		load_error(
		    ld, &key, "must be %d bytes in base64", ED25519_BYTES);
	if (o->rewrite != 0 && o->rewrite_text.n == 0)
		load_error(ld, at, "needs the key \"rewrite_text\"");
	/* these are checked when they are compiled (filter/outbreak.h) */
	o->path = read_table(ld, at, "file", o->file, &o->rules);
	read_table(ld, at, "authorities", o->authorities, &o->authorities_pem);
	if (o->enabled && !o->adaptive && o->url.n == 0 && o->file.n == 0)
		load_warning(ld, at,
		    "are enabled and have no rules: no url, no file, and "
		    "adaptive is off");
}

static void
take_type(struct load *ld, const struct at *at, struct str text, void *arg)
{
	struct types *ts = arg;
	char quoted[100];

	if (!type_ok(text)) {
		load_error(ld, at,
		    "%s must be a MIME type such as image/png or image/*, or "
		    "the name of a group of file types such as Image",
		    load_quote(quoted, text));
		return;
	}
	ts->v[ts->n++] = arena_str(ld->mem, text);
}

/* Tokens, with at most one slash between them. */
static bool
type_ok(struct str text)
{
	size_t slashes = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"(),:;<=>?@[\\]", c))
			return false;
		slashes += c == '/';
	}
	return text.n > 0 && text.n <= 100 && slashes <= 1 &&
	       text.p[0] != '/' && text.p[text.n - 1] != '/';
}

static bool
is_usual(const struct scan_settings *scan)
{
	if (scan->n_types != NELEM(usual_types))
		return false;
	for (size_t i = 0; i < scan->n_types; i++)
		if (!str_eq(scan->types[i], usual_types[i]))
			return false;
	return true;
}

/* Behind the engine, which says what port is usual. */
static void
load_scanner(struct load *ld, const struct at *at, struct scanner *s,
    const uint16_t *ports)
{
	static const struct route_dest local = { .text = { "127.0.0.1", 9 },
		.host = { "127.0.0.1", 9 },
		.no_mx = true };

	load_servers(ld, at, &s->servers, &s->n_servers);
	if (s->engine == 0)
		return;
	if (at->node == NULL) {
		s->servers = arena_array(ld->mem, 1, sizeof(local));
		s->servers[0] = local;
		ip_parse(&s->servers[0].ip, local.host);
		s->n_servers = 1;
	}
	for (size_t i = 0; i < s->n_servers; i++) {
		s->servers[i].no_mx = true;
		if (!has_port(&s->servers[i]))
			s->servers[i].port = ports[s->engine];
		if (s->servers[i].priority != 0)
			load_error(ld, at,
			    "have no priority: they are tried in the order in "
			    "which they stand");
	}
}

/* Was it written? */
static bool
has_port(const struct route_dest *d)
{
	struct ip ip;

	return !ip_parse(&ip, d->text) &&
	       (d->port != 25 || str_ends_nocase(d->text, STR(":25")));
}

static int
check_key(struct str base64)
{
	struct buf bytes;
	bool ok;

	buf_init(&bytes, 256);
	ok = base64_decode(base64, &bytes) && bytes.len == ED25519_BYTES;
	buf_fini(&bytes);
	return ok ? 0 : -1;
}
