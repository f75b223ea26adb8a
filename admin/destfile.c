/* destfile.c - destination controls as a file of sections */
#include "admin/destfile.h"

#include <stdlib.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/fields.h"
#include "base/bounds.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/edit.h"

#define FILE_MAX   ((size_t)64 << 20)
#define VALUE_MAX  1000
#define COMPLAINT  600
#define DEFAULT_ID "DEFAULT"

struct word {
	const char *file, *also; /* also: read, not written; or NULL */
	const char *schema;
};

static const struct word ip_words[] = {
	{ "PREFER_V6", NULL, "prefer_v6" },
	{ "REQUIRE_V6", NULL, "require_v6" },
	{ "PREFER_V4", NULL, "prefer_v4" },
	{ "REQUIRE_V4", NULL, "require_v4" },
	{ NULL, NULL, NULL },
};
static const struct word type_words[] = {
	{ "host", "0", "domain" },
	{ "MXIP", "1", "address" },
	{ NULL, NULL, NULL },
};
static const struct word apply_words[] = {
	{ "system", "0", "system" },
	{ "VG", "1", "gateway" },
	{ NULL, NULL, NULL },
};
static const struct word tls_words[] = {
	{ "off", NULL, "off" },
	{ "on", NULL, "preferred" },
	{ "require", NULL, "required" },
	{ "on_verify", NULL, "preferred_verify" },
	{ "require_verify", NULL, "required_verify" },
	{ "require_verify_hosted", NULL, "required_verify_hosted" },
	{ NULL, NULL, NULL },
};
static const struct word dane_words[] = {
	{ "none", NULL, "off" },
	{ "opportunistic", NULL, "opportunistic" },
	{ "mandatory", NULL, "mandatory" },
	{ NULL, NULL, NULL },
};
static const struct word flag_words[] = {
	{ "0", "off", "no" },
	{ "1", "on", "yes" },
	{ NULL, NULL, NULL },
};
static const struct word profile_words[] = {
	{ "Default", NULL, "" },
	{ NULL, NULL, NULL },
};

enum { NEEDED = 1, GLOBAL = 2, MINUTES = 4 };

/* Needed: [DEFAULT] must have it. Global: only that may. */
static const struct parameter {
	const char *name, *key;
	const struct word *words; /* NULL: as the schema writes it */
	int flags;
	const char *with[3]; /* what must stand beside it */
} parameters[] = {
	{ "ip_sort_pref", "ip_preference", ip_words, NEEDED, { NULL } },
	{ "max_host_concurrency", "max_connections", NULL, NEEDED,
	    { "limit_type", "limit_apply" } },
	{ "max_messages_per_connection", "max_messages", NULL, NEEDED,
	    { NULL } },
	{ "recipient_minutes", "recipient_window", NULL, NEEDED | MINUTES,
	    { NULL } },
	{ "recipient_limit", "recipient_limit", NULL, NEEDED,
	    { "recipient_minutes", "limit_type", "limit_apply" } },
	{ "limit_type", "limit_per", type_words, NEEDED, { NULL } },
	{ "limit_apply", "limit_for", apply_words, NEEDED, { NULL } },
	{ "table_tls", "tls", tls_words, NEEDED, { NULL } },
	{ "dane", "dane", dane_words, 0, { NULL } },
	{ "mta_sts", "mta_sts", flag_words, 0, { NULL } },
	{ "max_recipients", "max_recipients", NULL, 0, { NULL } },
	{ "bounce_validation", "bounce_verification", flag_words, NEEDED,
	    { NULL } },
	{ "bounce_profile", "bounce_profile", profile_words, 0, { NULL } },
	{ "send_tls_req_alert", "tls_alert", flag_words, GLOBAL, { NULL } },
	{ "certificate", "certificate", NULL, GLOBAL, { NULL } },
};

struct reading {
	struct editing *ed;
	struct str file_text;
	int line;
	char section[300];                    /* "": none has begun */
	struct str values[NELEM(parameters)]; /* of this section; p NULL */
	struct map seen;
	struct arena mem;
	struct buf yaml;
	struct str globals[NELEM(parameters)];
	bool has_default, bad;
};

static void print(
    struct editing *, const void *what, size_t i, bool exported, struct buf *);
static void print_one(
    const struct editing *, const struct destination *, struct buf *);
static void print_value(const struct parameter *, const struct schema_key *,
    const void *object, struct buf *);
static int import(struct editing *, const void *what, size_t i,
    const char *name, struct str text);
static void read_line(struct reading *, struct str line);
static void begin_section(struct reading *, struct str name);
static void end_section(struct reading *);
static void check_needed(struct reading *);
static void check_with(struct reading *, const struct parameter *);
static void take_value(struct reading *, struct str name, struct str value);
static bool to_schema(struct reading *, const struct parameter *,
    struct str value, struct str *out);
static void complain(struct reading *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static const struct parameter *find(struct str name);
static const struct schema_key *key_of(const struct parameter *);
static int put(struct reading *);

const struct files_table destfile = { print, import, NULL };

/* --- writing --- */

static void
print(struct editing *ed, const void *what, size_t i, bool exported,
    struct buf *out)
{
	const struct config *c = ed->w->config;

	(void)what, (void)i, (void)exported;
	for (size_t k = 0; k < c->n_destinations; k++)
		print_one(ed, &c->destinations[k], out);
}

/* Of others than Default what they say themselves. */
static void
print_one(
    const struct editing *ed, const struct destination *d, struct buf *out)
{
	bool is_default = d == &ed->w->config->destinations[0];
	char path[200];
	size_t at = 0;

	buf_printf(out, "%s[%.*s]\n", out->len > 0 ? "\n" : "",
	    STR_ARG(is_default ? STR(DEFAULT_ID) : d->domain));
	if (!is_default &&
	    !edit_find(ed->w->yaml, "destinations", "domain", d->domain, &at))
		return;
	for (size_t i = 0; i < NELEM(parameters); i++) {
		const struct parameter *p = &parameters[i];
		const void *object = d;

		if (p->flags & GLOBAL)
			object = ed->w->config;
		snprintf(
		    path, sizeof(path), "destinations[%zu].%s", at, p->key);
		if (is_default
			? true
			: !(p->flags & GLOBAL) && edit_has(ed->w->yaml, path))
			print_value(p, key_of(p), object, out);
	}
}

static void
print_value(const struct parameter *p, const struct schema_key *key,
    const void *object, struct buf *out)
{
	const struct word *w = p->words;
	struct buf text;

	buf_printf(out, "%s = ", p->name);
	if (p->flags & MINUTES) {
		const struct destination *d = object;

		buf_printf(out, "%u\n", (d->recipient_window + 59) / 60);
		return;
	}
	buf_init(&text, VALUE_MAX);
	buf_puts(&text, "");
	key->type->print(key, (const char *)object + key->off, &text);
	while (
	    w != NULL && w->file != NULL && !str_is(buf_str(&text), w->schema))
		w++;
	buf_printf(
	    out, "%s\n", w != NULL && w->file != NULL ? w->file : text.data);
	buf_fini(&text);
}

/* --- reading --- */

static int
import(struct editing *ed, const void *what, size_t i, const char *name,
    struct str text)
{
	const struct config_problems none = { 0 };
	struct reading r = { .ed = ed };
	int status;

	(void)what, (void)i, (void)name;
	arena_init(&r.mem, FILE_MAX);
	buf_init(&r.yaml, FILE_MAX);
	map_init(&r.seen);
	while (text.n > 0) {
		r.line++;
		read_line(&r, str_trim(str_cut(&text, '\n')));
	}
	end_section(&r);
	if (!r.has_default) {
		r.section[0] = '\0';
		complain(&r, "there is no section [" DEFAULT_ID "]");
	}
	if (r.yaml.failed)
		complain(&r, "the file is too large");
	status = r.bad ? files_bad_lines(ed, &none) : put(&r);
	map_fini(&r.seen, NULL);
	buf_fini(&r.yaml);
	arena_free(&r.mem);
	return status;
}

static int
put(struct reading *r)
{
	editing_yaml(r->ed, buf_str(&r->yaml), "destinations");
	for (size_t i = 0; i < NELEM(parameters); i++)
		if (r->globals[i].p != NULL)
			editing_text(r->ed, r->globals[i], "delivery.%s",
			    parameters[i].key);
	return editing_done(r->ed);
}

static void
read_line(struct reading *r, struct str line)
{
	struct str name;

	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return;
	if (line.p[0] == '[') {
		end_section(r);
		begin_section(r, line);
		return;
	}
	name = str_trim(str_cut(&line, '='));
	if (r->section[0] == '\0')
		complain(r, "\"%.*s\" stands before the first section",
		    (int)(name.n < 60 ? name.n : 60), name.p);
	else
		take_value(r, name, str_trim(line));
}

static void
begin_section(struct reading *r, struct str line)
{
	const struct schema_key *key =
	    ask_key_named(&schema_destination, "domain");
	struct str name = str_sub(line, 1, line.n - 2);
	struct err err = ERR_INIT;
	struct buf normal;

	memset(r->values, 0, sizeof(r->values));
	str_copy(r->section, sizeof(r->section), name);
	buf_init(&normal, VALUE_MAX);
	if (line.n < 3 || line.p[line.n - 1] != ']')
		complain(r, "a section is [DEFAULT], [domain] or [.domain]");
	else if (str_is_nocase(name, DEFAULT_ID))
		r->has_default = true;
	else if (!ask_check(key, name, &normal, &err))
		complain(r, "%s", err.text);
	buf_fini(&normal);
	if (map_put(&r->seen, str_of(arena_strz(&r->mem, name)), r) != NULL)
		complain(r, "there is such a section already");
}

/* What the section said, as an item of YAML. */
static void
end_section(struct reading *r)
{
	bool is_default = str_is_nocase(str_of(r->section), DEFAULT_ID);

	if (r->section[0] == '\0')
		return;
	if (is_default)
		check_needed(r);
	buf_puts(&r->yaml, "- domain: ");
	edit_quote(&r->yaml, is_default ? STR("Default") : str_of(r->section));
	buf_putc(&r->yaml, '\n');
	for (size_t i = 0; i < NELEM(parameters); i++) {
		const struct parameter *p = &parameters[i];

		if (r->values[i].p == NULL)
			continue;
		check_with(r, p);
		if (p->flags & GLOBAL) {
			r->globals[i] = r->values[i];
			continue;
		}
		buf_printf(&r->yaml, "  %s: ", p->key);
		edit_quote(&r->yaml, r->values[i]);
		buf_putc(&r->yaml, '\n');
	}
}

static void
check_needed(struct reading *r)
{
	for (size_t i = 0; i < NELEM(parameters); i++)
		if ((parameters[i].flags & NEEDED) && r->values[i].p == NULL)
			complain(r, "%s is missing", parameters[i].name);
}

static void
check_with(struct reading *r, const struct parameter *p)
{
	for (size_t k = 0; k < NELEM(p->with) && p->with[k] != NULL; k++) {
		const struct parameter *other = find(str_of(p->with[k]));

		if (r->values[other - parameters].p == NULL)
			complain(
			    r, "%s needs %s beside it", p->name, other->name);
	}
}

static void
take_value(struct reading *r, struct str name, struct str value)
{
	const struct parameter *p = find(name);
	struct str *at;

	if (p == NULL) {
		complain(r, "there is no parameter \"%.*s\"",
		    (int)(name.n < 60 ? name.n : 60), name.p);
		return;
	}
	at = &r->values[p - parameters];
	if ((p->flags & GLOBAL) &&
	    !str_is_nocase(str_of(r->section), DEFAULT_ID))
		complain(r, "%s stands in [" DEFAULT_ID "] only", p->name);
	else if (at->p != NULL)
		complain(r, "%s is there twice", p->name);
	else
		to_schema(r, p, value, at);
}

static bool
to_schema(struct reading *r, const struct parameter *p, struct str value,
    struct str *out)
{
	const struct word *w = p->words;
	struct err err = ERR_INIT;
	struct buf normal;
	bool ok;

	while (w != NULL && w->file != NULL && !str_is_nocase(value, w->file) &&
	       (w->also == NULL || !str_is_nocase(value, w->also)))
		w++;
	if (w != NULL && w->file != NULL)
		value = str_of(w->schema);
	if (p->flags & MINUTES)
		value = str_of(arena_printf(&r->mem, "%.*sm", STR_ARG(value)));
	buf_init(&normal, VALUE_MAX);
	ok = ask_check(key_of(p), value, &normal, &err);
	buf_fini(&normal);
	if (w != NULL && w->file == NULL && w[-1].file != NULL &&
	    p->words != profile_words)
		ok = false;
	if (!ok)
		complain(r, "%s: %s", p->name,
		    err.kind != ERR_NONE ? err.text : "no such value");
	*out = str_of(arena_strz(&r->mem, value));
	return ok;
}

static void
complain(struct reading *r, const char *fmt, ...)
{
	FILE *out = r->ed->t->asks ? r->ed->t->dialogue.out : stderr;
	char text[COMPLAINT];
	struct buf line;
	va_list ap;

	r->bad = true;
	buf_init(&line, 8 * COMPLAINT);
	buf_printf(&line, "Error in line %d: ", r->line);
	if (r->section[0] != '\0') {
		buf_putc(&line, '[');
		fields_show(&line, r->section, DOMAIN_MAX);
		buf_puts(&line, "] ");
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fields_show(&line, text, sizeof(text));
	fprintf(out, "%s\n", line.data);
	buf_fini(&line);
}

static const struct parameter *
find(struct str name)
{
	for (size_t i = 0; i < NELEM(parameters); i++)
		if (str_is_nocase(name, parameters[i].name))
			return &parameters[i];
	return NULL;
}

static const struct schema_key *
key_of(const struct parameter *p)
{
	return ask_key_named(
	    p->flags & GLOBAL ? &schema_delivery : &schema_destination, p->key);
}
