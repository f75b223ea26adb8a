/* mailpolicies.c - the tables of mail policies, and what changes them */
#include <stdlib.h>

#include "admin/mailpolicy.h"
#include "base/mem.h"

const struct policy_table *
mailpolicy_table(const struct editing *ed, enum direction dir)
{
	return &ed->w->config->work.tables[dir];
}

const char *
mailpolicy_list(enum direction dir)
{
	return dir == INCOMING ? "mail_policies.incoming"
			       : "mail_policies.outgoing";
}

bool
mailpolicy_is_default(const struct editing *ed, enum direction dir, size_t k)
{
	return k + 1 == mailpolicy_table(ed, dir)->n_policies;
}

size_t
mailpolicy_find(const struct editing *ed, enum direction dir, const char *name)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);
	size_t k = 0;

	while (k < t->n_policies && !str_is_nocase(t->policies[k].name, name))
		k++;
	return k;
}

void
mailpolicy_path(
    struct editing *ed, enum direction dir, size_t k, char out[MAILPOLICY_PATH])
{
	const struct policy_table *t = mailpolicy_table(ed, dir);

	if (t->policies[k].where.line == 0 &&
	    edit_count(ed->w->yaml, mailpolicy_list(dir)) < t->n_policies)
		editing_insert(ed, EDIT_END, STR("name: DEFAULT\n"), "%s",
		    mailpolicy_list(dir));
	snprintf(out, MAILPOLICY_PATH, "%s[%zu]", mailpolicy_list(dir), k);
}

struct str *
mailpolicy_names(const struct editing *ed, enum direction dir, size_t *n)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);
	struct str *names = mem_array(t->n_policies, sizeof(*names));

	for (*n = 0; *n < t->n_policies; (*n)++)
		names[*n] = t->policies[*n].name;
	return names;
}

bool
mailpolicy_taken(const struct editing *ed, enum direction dir, struct str name)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);

	for (size_t k = 0; k < t->n_policies; k++)
		if (str_eq(t->policies[k].name, name))
			return true;
	return str_is_nocase(name, "DEFAULT");
}

/* Above DEFAULT. */
int
mailpolicies_create(struct editing *ed, enum direction dir, const char *name,
    struct str members)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);
	size_t at = t->n_policies - 1;
	struct buf yaml;

	if (mailpolicy_taken(ed, dir, str_of(name)))
		return editing_deny(
		    ed, "The name \"%s\" is already in use.", name);
	if (members.n == 0)
		return editing_refuse(
		    ed, "A policy needs a member: senders=, recipients= ...");
	buf_init(&yaml, 1 << 20);
	yaml_pair(&yaml, "", "name", str_of(name));
	buf_printf(&yaml, "members:\n%.*s", STR_ARG(members));
	editing_insert(ed, at, buf_str(&yaml), "%s", mailpolicy_list(dir));
	buf_fini(&yaml);
	return editing_done(ed);
}

int
mailpolicies_remove(struct editing *ed, enum direction dir, size_t k)
{
	if (mailpolicy_is_default(ed, dir, k))
		return editing_deny(
		    ed, "The policy DEFAULT cannot be deleted.");
	editing_delete(ed, "%s[%zu]", mailpolicy_list(dir), k);
	return editing_done(ed);
}

int
mailpolicies_move(struct editing *ed, enum direction dir, size_t k, uint64_t to)
{
	size_t n = mailpolicy_table(ed, dir)->n_policies;

	if (mailpolicy_is_default(ed, dir, k))
		return editing_deny(
		    ed, "The policy DEFAULT stays the last one.");
	if (to < 1 || to > n - 1)
		return editing_refuse(
		    ed, "The position must be within 1..%zu.", n - 1);
	editing_move(ed, k, (size_t)to - 1, "%s", mailpolicy_list(dir));
	return editing_done(ed);
}

int
mailpolicies_clear(struct editing *ed, enum direction dir)
{
	size_t k = mailpolicy_table(ed, dir)->n_policies - 1;

	while (k-- > 0)
		editing_delete(ed, "%s[%zu]", mailpolicy_list(dir), k);
	return editing_done(ed);
}

/* Those whose members name it, and DEFAULT. */
void
mailpolicies_search(struct editing *ed, enum direction dir, const char *address)
{
	const struct policy_table *t = mailpolicy_table(ed, dir);
	FILE *out = ed->t->dialogue.out;

	fprintf(out, "Policies that name %s:\n", address);
	for (size_t k = 0; k < t->n_policies; k++) {
		if (mailpolicy_is_default(ed, dir, k) ||
		    mailpolicy_names_addr(&t->policies[k], str_of(address)))
			fprintf(out, "%zu. %.*s\n", k + 1,
			    STR_ARG(t->policies[k].name));
	}
}

json_t *
mailpolicies_json(const struct editing *ed, enum direction dir, size_t k)
{
	static const char *const services[] = { "anti_spam", "anti_virus",
		"outbreak" };
	const struct mail_policy *p = &mailpolicy_table(ed, dir)->policies[k];
	json_t *json = json_object(), *members = json_array();
	json_t *filters = json_array();

	json_object_set_new(json, "name", json_stringn(p->name.p, p->name.n));
	for (size_t i = 0; i < p->n_members; i++)
		json_array_append_new(
		    members, mailpolicy_member_json(&p->members[i]));
	json_object_set_new(json, "members", members);
	for (size_t i = 0; i < NELEM(services); i++)
		json_object_set_new(
		    json, services[i], mailpolicy_service_json(ed, dir, k, i));
	for (size_t i = 0; i < p->n_filters; i++)
		json_array_append_new(
		    filters, json_stringn(p->filters[i].p, p->filters[i].n));
	if (p->filters_state == SERVICE_CUSTOM) {
		json_object_set_new(json, "content_filters", filters);
	} else {
		json_decref(filters);
		json_object_set_new(json, "content_filters",
		    json_string(p->filters_state == SERVICE_INHERIT
				    ? "inherit"
				    : "disabled"));
	}
	return json;
}
