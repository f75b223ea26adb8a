/* uses.c - who refers to an entry of a list of the configuration */
#include "config/uses.h"

#include <string.h>

#include "base/mem.h"
#include "config/schema.h"

/* What is looked for. */
struct wanted {
	const char *list;
	struct str name;
};

static void find_below(const struct wanted *, const struct schema_section *,
    const void *object, struct buf *out);
static void find_in_list(const struct wanted *, const struct schema_key *,
    const void *object, struct buf *out);
static bool section_names(
    const struct wanted *, const struct schema_section *, const void *object);
static bool hat_names(const struct wanted *, const struct hat *);
static void find_in_policies(
    const struct wanted *, const struct policy_table *, struct buf *out);
static void find_in_filters(
    const struct wanted *, const struct work_config *, struct buf *out);
static void find_in_routes(
    const struct wanted *, const struct config *, struct buf *out);
static bool texts_name(const struct wanted *, const struct str *, size_t n);
static bool text_names(const struct wanted *, struct str text);

/* Lists whose entries filters name. */
static const char *const in_filters[] = { "text_resources", "dictionaries",
	"quarantines", "bounce_profiles", "listeners", "interfaces" };

void
uses_add(struct buf *out, const char *what, struct str name)
{
	buf_printf(out, "%s%s \"%.*s\"", out->len > 0 ? ", " : "", what,
	    STR_ARG(name));
}

void
uses_find(
    const struct config *c, const char *list, struct str name, struct buf *out)
{
	const struct wanted w = { list, name };

	find_below(&w, &schema_top, c, out);
	for (int dir = 0; dir < DIRECTIONS; dir++)
		find_in_policies(&w, &c->work.tables[dir], out);
	for (size_t i = 0; i < NELEM(in_filters); i++)
		if (strcmp(in_filters[i], list) == 0)
			find_in_filters(&w, &c->work, out);
	if (strcmp(list, "auth_profiles") == 0)
		find_in_routes(&w, c, out);
}

static void
find_in_routes(const struct wanted *w, const struct config *c, struct buf *out)
{
	for (size_t i = 0; i < c->n_routes; i++)
		if (c->routes[i].auth_name.n > 0 &&
		    str_eq(c->routes[i].auth_name, w->name))
			uses_add(out, "route", c->routes[i].domain);
}

static void
find_below(const struct wanted *w, const struct schema_section *s,
    const void *object, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_key *key = &s->keys[i];
		const char *field = (const char *)object + key->off;

		if (key->section == NULL || key->custom.load != NULL)
			continue;
		if (key->list)
			find_in_list(w, key, object, out);
		else if (key->name == NULL)
			find_below(w, key->section, field, out);
		else if (section_names(w, key->section, field))
			buf_printf(
			    out, "%s%s", out->len > 0 ? ", " : "", key->name);
	}
}

/* What names an entry is its first key. */
static void
find_in_list(const struct wanted *w, const struct schema_key *key,
    const void *object, struct buf *out)
{
	const struct schema_section *s = key->section;
	const char *v = *(char *const *)((const char *)object + key->off);
	size_t n = *(const size_t *)((const char *)object + key->n_off);

	for (; n > 0; n--, v += s->size) {
		if (section_names(w, s, v))
			uses_add(out, s->name,
			    *(const struct str *)(v + s->keys[0].off));
	}
}

static bool
section_names(
    const struct wanted *w, const struct schema_section *s, const void *object)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_key *key = &s->keys[i];
		const char *field = (const char *)object + key->off;

		if (key->refers != NULL && strcmp(key->refers, w->list) == 0 &&
		    str_eq(*(const struct str *)field, w->name))
			return true;
		if (key->section != NULL && !key->list &&
		    key->custom.load == NULL &&
		    section_names(w, key->section, field))
			return true;
	}
	return s == &schema_listener &&
	       hat_names(w, &((const struct listener *)object)->hat);
}

/* A group without the name of a policy has one of its own. */
static bool
hat_names(const struct wanted *w, const struct hat *hat)
{
	const struct schema_section *s = &schema_policy_params;

	for (size_t i = 0; i < hat->n_policies; i++) {
		if (section_names(w, s, &hat->policies[i].p))
			return true;
	}
	for (size_t i = 0; i < hat->n_groups; i++) {
		const struct policy *p = hat->groups[i].policy;

		if (p->name.n == 0 && section_names(w, s, &p->p))
			return true;
	}
	return section_names(w, s, &hat->defaults);
}

/* Only what a policy has of its own. */
static void
find_in_policies(
    const struct wanted *w, const struct policy_table *t, struct buf *out)
{
	for (size_t i = 0; i < t->n_policies; i++) {
		const struct mail_policy *p = &t->policies[i];

		if ((p->virus_state == SERVICE_CUSTOM &&
			section_names(w, &schema_policy_virus, p)) ||
		    (p->outbreak_state == SERVICE_CUSTOM &&
			section_names(w, &schema_policy_outbreak, p)))
			uses_add(out, "mail policy", p->name);
	}
}

static void
find_in_filters(
    const struct wanted *w, const struct work_config *work, struct buf *out)
{
	if (text_names(w, work->filters_source))
		buf_printf(out, "%smessage filters", out->len > 0 ? ", " : "");
	for (int dir = 0; dir < DIRECTIONS; dir++) {
		const struct policy_table *t = &work->tables[dir];

		for (size_t i = 0; i < t->n_filters; i++) {
			const struct content_filter *f = &t->filters[i];

			if (texts_name(w, f->conditions, f->n_conditions) ||
			    texts_name(w, f->actions, f->n_actions))
				uses_add(out, "content filter", f->name);
		}
	}
}

static bool
texts_name(const struct wanted *w, const struct str *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text_names(w, v[i]))
			return true;
	return false;
}

static bool
text_names(const struct wanted *w, struct str text)
{
	size_t n = w->name.n;
	const char *p = text.p, *end = text.p + text.n;

	while (n > 0 && text.n > 0 &&
	       (p = memmem(p, (size_t)(end - p), w->name.p, n))) {
		if (p > text.p && p + n < end &&
		    (p[-1] == '"' || p[-1] == '\'') && p[n] == p[-1])
			return true;
		p++;
	}
	return false;
}
