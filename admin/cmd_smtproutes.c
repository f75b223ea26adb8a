/* cmd_smtproutes.c - `smtproutes`: where mail to a domain goes (spec
 * delivery-admin 1.3) */
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/files.h"
#include "admin/tables.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/route_dest.h"

#define PARSE_MAX  ((size_t)1 << 20) /* one route, or a line of a file */
#define IMPORT_MAX ((size_t)64 << 20)
#define COLUMN     28
#define ASK_DOMAIN                                                             \
	"Enter the domain for the route (\".example.com\" for subdomains, "    \
	"\"ALL\" for the default):"
#define ASK_HOSTS                                                              \
	"Enter destination hosts, comma separated (USEDNS, /dev/null, "        \
	"[host], /pri=N and auth=PROFILE are understood):"

static void show(struct editing *);
static bool ask_new(struct editing *);
static bool ask_edit(struct editing *);
static bool ask_delete(struct editing *);
static bool ask_clear(struct editing *);
static int take_new(struct editing *, struct args *);
static int take_edit(struct editing *, struct args *);
static int take_delete(struct editing *, struct args *);
static int take_print(struct editing *, struct args *);
static int take_clear(struct editing *, struct args *);
static bool ask_hosts(struct editing *, struct str now, char *out, size_t);
static bool ask_route(
    struct editing *, const char *verb, const struct route **);
static bool domain_ok(
    struct str text, struct arena *, char *out, size_t, struct err *);
static int put_words(struct editing *, struct args *, bool is_new);
static int put(struct editing *, const char *domain, const char *hosts);
static int remove_one(struct editing *, struct str domain);
static void normalise(struct editing *, struct str domain);
static const struct route *find(const struct editing *, struct str domain);
static void print(
    struct editing *, const void *what, size_t i, bool exported, struct buf *);
static void print_one(const struct route *, bool exported, struct buf *);
static int import(struct editing *, const void *what, size_t i,
    const char *name, struct str text);
static bool import_line(struct str line, struct map *seen, struct arena *,
    struct buf *yaml, struct err *);
static void add_yaml(struct buf *, struct str domain, struct str hosts);

static const struct editing_op ops[] = {
	{ { "NEW", "Create a new route." }, ask_new, take_new },
	{ { "EDIT", "Edit destinations of an existing route." }, ask_edit,
	    take_edit },
	{ { "DELETE", "Remove a route." }, ask_delete, take_delete },
	{ { "PRINT", "Display all routes." }, files_ask_print, take_print },
	{ { "IMPORT", "Import new routes from a file." }, files_ask_import,
	    files_take_import },
	{ { "EXPORT", "Export all routes to a file." }, files_ask_export,
	    files_take_export },
	{ { "CLEAR", "Remove all routes." }, ask_clear, take_clear },
};
static const struct editing_menu menu = { show, ops, NELEM(ops) };
static const struct files_table transfer = { print, import, NULL };

const struct tool_command cmd_smtproutes = {
	.name = "smtproutes",
	.usage = "[new DOMAIN DEST ... | edit DOMAIN DEST ... | delete DOMAIN "
		 "| print | import FILE | export FILE | clear]",
	.summary = "Change where mail to a domain goes",
	.help = "Changes the SMTP routes in the working copy of the "
		"configuration. DOMAIN is example.com, .example.com (all "
		"below it), [192.0.2.1] or ALL. DEST is a host, [host] "
		"(without MX look-up) or an address, with :port and /pri=N "
		"if wanted; or USEDNS; or /dev/null. auth=PROFILE beside "
		"hosts is the outgoing profile of smtpauthconfig that we log "
		"in with. Nothing is in force before a commit.",
	.edits = &editing_menus,
	.form = &menu,
	.files = &transfer,
};

static void
show(struct editing *ed)
{
	fprintf(ed->t->dialogue.out,
	    "There are currently %zu routes configured.\n",
	    ed->w->config->n_routes);
}

/* --- the dialogue --- */

static bool
ask_new(struct editing *ed)
{
	char text[DIALOGUE_LINE], domain[DIALOGUE_LINE], hosts[DIALOGUE_LINE];
	struct err err = ERR_INIT;
	struct arena mem;
	bool ok;

	tool_space(ed->t);
	for (;;) {
		if (!dialogue_text(
			&ed->t->dialogue, ASK_DOMAIN, "", text, sizeof(text)))
			return false;
		if (*text == '\0')
			return true;
		arena_init(&mem, PARSE_MAX);
		ok =
		    domain_ok(str_of(text), &mem, domain, sizeof(domain), &err);
		arena_free(&mem);
		if (ok && find(ed, str_of(domain)) == NULL)
			break;
		if (ok)
			fprintf(ed->t->dialogue.out,
			    "There is a route for %s already; use EDIT.\n",
			    domain);
		else
			fprintf(ed->t->dialogue.out, "%s\n", err.text);
	}
	if (!ask_hosts(ed, STR(""), hosts, sizeof(hosts)))
		return false;
	if (*hosts != '\0')
		put(ed, domain, hosts);
	return true;
}

static bool
ask_edit(struct editing *ed)
{
	char hosts[DIALOGUE_LINE], domain[DIALOGUE_LINE];
	const struct route *r;
	struct buf now;
	bool ok;

	if (!ask_route(ed, "edit", &r))
		return false;
	if (r == NULL)
		return true;
	str_copy(domain, sizeof(domain), r->domain);
	buf_init(&now, PARSE_MAX);
	route_text(r, &now);
	ok = ask_hosts(ed, buf_str(&now), hosts, sizeof(hosts));
	if (ok && !str_is(buf_str(&now), hosts))
		put(ed, domain, hosts);
	buf_fini(&now);
	return ok;
}

static bool
ask_delete(struct editing *ed)
{
	const struct route *r;

	if (!ask_route(ed, "remove", &r))
		return false;
	if (r != NULL)
		remove_one(ed, r->domain);
	return true;
}

static bool
ask_clear(struct editing *ed)
{
	return editing_ask_clear(
	    ed, "Are you sure you want to remove all routes?", "routes");
}

/* Until they can be read; empty: none. */
static bool
ask_hosts(struct editing *ed, struct str now, char *out, size_t size)
{
	char dflt[DIALOGUE_LINE];
	struct route r;
	struct arena mem;
	bool ok;

	str_copy(dflt, sizeof(dflt), now);
	tool_space(ed->t);
	do {
		struct err err = ERR_INIT;
		struct str text;

		if (!dialogue_text(
			&ed->t->dialogue, ASK_HOSTS, dflt, out, size))
			return false;
		if (*out == '\0')
			return true;
		text = str_of(out);
		arena_init(&mem, PARSE_MAX);
		ok = route_dests_parse(&r, &text, 1, &mem, &err) == 0;
		arena_free(&mem);
		if (!ok)
			fprintf(ed->t->dialogue.out, "%s\n", err.text);
	} while (!ok);
	return true;
}

/* One that is there; NULL: none was chosen. */
static bool
ask_route(struct editing *ed, const char *verb, const struct route **r)
{
	const struct config *c = ed->w->config;
	struct str *names = mem_array(c->n_routes + 1, sizeof(*names));
	char question[100];
	bool answered;
	size_t k;

	for (k = 0; k < c->n_routes; k++)
		names[k] = c->routes[k].domain;
	snprintf(question, sizeof(question),
	    "Enter the domain of the route to %s:", verb);
	tool_space(ed->t);
	answered = ask_which(ed, question, "route", names, c->n_routes, &k);
	*r = answered && k < c->n_routes ? &c->routes[k] : NULL;
	free(names);
	return answered;
}

/* --- on one line --- */

static int
take_new(struct editing *ed, struct args *a)
{
	return put_words(ed, a, true);
}

static int
take_edit(struct editing *ed, struct args *a)
{
	return put_words(ed, a, false);
}

/* DOMAIN DEST [DEST ...]; "host/pri=5" looks like an option and is none. */
static int
put_words(struct editing *ed, struct args *a, bool is_new)
{
	char domain[DIALOGUE_LINE] = "";
	struct err err = ERR_INIT;
	struct arena mem;
	struct buf hosts;
	int status;

	if (a->at + 1 >= a->n)
		return tool_usage(ed->t, "a domain and its destinations");
	arena_init(&mem, PARSE_MAX);
	buf_init(&hosts, PARSE_MAX);
	if (!domain_ok(
		str_of(a->v[a->at]), &mem, domain, sizeof(domain), &err)) {
		status = editing_refuse(ed, "%s", err.text);
	} else if ((find(ed, str_of(domain)) == NULL) != is_new) {
		status = is_new ? editing_deny(ed,
				      "There is a route for %s already; use "
				      "edit.",
				      domain)
				: editing_deny(
				      ed, "There is no route for %s.", domain);
	} else {
		for (int i = a->at + 1; i < a->n; i++)
			buf_printf(
			    &hosts, "%s%s", hosts.len > 0 ? "," : "", a->v[i]);
		status = put(ed, domain, hosts.data);
	}
	buf_fini(&hosts);
	arena_free(&mem);
	return status;
}

static int
take_delete(struct editing *ed, struct args *a)
{
	const char *word = args_next(a);

	if (word == NULL || args_finish(a) != TOOL_DONE)
		return tool_usage(ed->t, "which domain?");
	if (find(ed, str_of(word)) == NULL)
		return editing_deny(ed, "There is no route for %s.", word);
	return remove_one(ed, find(ed, str_of(word))->domain);
}

static int
take_print(struct editing *ed, struct args *a)
{
	const struct config *c = ed->w->config;
	json_t *all;

	if (!ed->t->json)
		return files_take(ed, a, &transfer, FILES_PRINT, 0);
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	all = json_array();
	for (size_t i = 0; i < c->n_routes; i++) {
		struct buf hosts;

		buf_init(&hosts, PARSE_MAX);
		route_text(&c->routes[i], &hosts);
		json_array_append_new(
		    all, json_pack("{s:s%, s:s%, s:i}", "domain",
			     c->routes[i].domain.p, c->routes[i].domain.n,
			     "destinations", hosts.data, hosts.len, "line",
			     c->routes[i].where.line));
		buf_fini(&hosts);
	}
	tool_print_json(ed->t, all);
	json_decref(all);
	return TOOL_DONE;
}

static int
take_clear(struct editing *ed, struct args *a)
{
	return editing_take_clear(ed, a, "routes");
}

/* --- changing --- */

/* As it stands in the configuration. */
static bool
domain_ok(
    struct str text, struct arena *mem, char *out, size_t size, struct err *err)
{
	struct route r = { .n = 0 };

	if (route_domain_parse(&r, text, mem, err) == -1) {
		err_in(err, "\"%.*s\"", (int)(text.n > 100 ? 100 : text.n),
		    text.p);
		return false;
	}
	str_copy(out, size, r.domain);
	return true;
}

static int
put(struct editing *ed, const char *domain, const char *hosts)
{
	struct str text = str_of(hosts);
	struct err err = ERR_INIT;
	struct arena mem;
	struct buf key, said;
	struct route r;
	int status;

	arena_init(&mem, PARSE_MAX);
	if (route_dests_parse(&r, &text, 1, &mem, &err) == -1) {
		arena_free(&mem);
		return editing_refuse(ed, "%s", err.text);
	}
	buf_init(&key, DIALOGUE_LINE);
	buf_init(&said, PARSE_MAX);
	edit_path_key(&key, str_of(domain));
	route_text(&r, &said);
	normalise(ed, str_of(domain));
	editing_text(ed, buf_str(&said), "routes.%s", key.data);
	status = editing_done(ed);
	if (status == TOOL_DONE && !ed->t->json)
		fprintf(ed->t->dialogue.out, "Mapping for %s to %s created.\n",
		    domain, said.data);
	buf_fini(&said);
	buf_fini(&key);
	arena_free(&mem);
	return status;
}

static int
remove_one(struct editing *ed, struct str domain)
{
	struct buf key;

	buf_init(&key, DIALOGUE_LINE);
	edit_path_key(&key, domain);
	normalise(ed, domain);
	editing_delete(ed, "routes.%s", key.data);
	buf_fini(&key);
	return editing_done(ed);
}

/* The key may be written in the file with capitals, or an address in some
 * other form: then all of them are written anew. */
static void
normalise(struct editing *ed, struct str domain)
{
	const struct config *c = ed->w->config;
	struct buf path, yaml, hosts;

	buf_init(&path, DIALOGUE_LINE);
	buf_puts(&path, "routes.");
	edit_path_key(&path, domain);
	if (find(ed, domain) != NULL && !edit_has(ed->w->yaml, path.data)) {
		buf_init(&yaml, IMPORT_MAX);
		for (size_t i = 0; i < c->n_routes; i++) {
			buf_init(&hosts, PARSE_MAX);
			route_text(&c->routes[i], &hosts);
			add_yaml(&yaml, c->routes[i].domain, buf_str(&hosts));
			buf_fini(&hosts);
		}
		editing_yaml(ed, buf_str(&yaml), "routes");
		buf_fini(&yaml);
	}
	buf_fini(&path);
}

static const struct route *
find(const struct editing *ed, struct str domain)
{
	const struct config *c = ed->w->config;

	for (size_t i = 0; i < c->n_routes; i++)
		if (str_eq_nocase(c->routes[i].domain, domain))
			return &c->routes[i];
	return NULL;
}

/* --- as text --- */

/* ALL stands last. */
static void
print(struct editing *ed, const void *what, size_t i, bool exported,
    struct buf *out)
{
	const struct config *c = ed->w->config;
	const struct route *all = find(ed, STR("ALL"));

	(void)what, (void)i;
	for (size_t k = 0; k < c->n_routes; k++)
		if (&c->routes[k] != all)
			print_one(&c->routes[k], exported, out);
	if (all != NULL)
		print_one(all, exported, out);
}

static void
print_one(const struct route *r, bool exported, struct buf *out)
{
	if (exported)
		buf_printf(out, "%.*s: ", STR_ARG(r->domain));
	else
		buf_printf(out, "%-*.*s ", COLUMN, STR_ARG(r->domain));
	route_text(r, out);
	buf_putc(out, '\n');
}

/* A line "domain: dest, dest" for each route; # begins a comment. */
static int
import(struct editing *ed, const void *what, size_t i, const char *name,
    struct str text)
{
	const struct config_problems none = { 0 };
	FILE *out = ed->t->asks ? ed->t->dialogue.out : stderr;
	struct arena mem;
	struct buf yaml;
	struct map seen;
	int line = 0, status;
	bool bad = false;

	(void)what, (void)i, (void)name;
	arena_init(&mem, IMPORT_MAX);
	buf_init(&yaml, IMPORT_MAX);
	map_init(&seen);
	while (text.n > 0) {
		struct str one = str_trim(str_cut(&text, '\n'));
		struct err err = ERR_INIT;

		line++;
		if (one.n == 0 || one.p[0] == '#' ||
		    import_line(one, &seen, &mem, &yaml, &err))
			continue;
		bad = true;
		fprintf(out, "Error in line %d: %s\n", line, err.text);
	}
	map_fini(&seen, NULL);
	if (bad) {
		status = files_bad_lines(ed, &none);
	} else {
		editing_delete(ed, "routes");
		if (yaml.len > 0)
			editing_yaml(ed, buf_str(&yaml), "routes");
		status = editing_done(ed);
	}
	buf_fini(&yaml);
	arena_free(&mem);
	return status;
}

static bool
import_line(struct str line, struct map *seen, struct arena *mem,
    struct buf *yaml, struct err *err)
{
	char domain[DIALOGUE_LINE];
	struct str left = line, right, key;
	struct route r;
	size_t at;

	/* The colons of an IPv6 literal stand in brackets. */
	at = line.p[0] == '[' ? str_find(line, ']') : 0;
	at += str_find(str_sub(line, at, line.n - at), ':');
	if (at >= line.n) {
		err_set(err, ERR_USAGE,
		    "must be a domain, a colon and its destinations");
		return false;
	}
	left = str_trim(str_sub(line, 0, at));
	right = str_trim(str_sub(line, at + 1, line.n - at - 1));
	if (!domain_ok(left, mem, domain, sizeof(domain), err) ||
	    route_dests_parse(&r, &right, 1, mem, err) == -1)
		return false;
	key = arena_str(mem, str_of(domain));
	if (map_put(seen, key, seen) != NULL) {
		err_set(err, ERR_USAGE,
		    "there is a route for %s already, in a line above", domain);
		return false;
	}
	add_yaml(yaml, key, right);
	return true;
}

static void
add_yaml(struct buf *yaml, struct str domain, struct str hosts)
{
	edit_quote(yaml, domain);
	buf_puts(yaml, ": ");
	edit_quote(yaml, hosts);
	buf_putc(yaml, '\n');
}
