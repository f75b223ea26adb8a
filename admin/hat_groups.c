/* hat_groups.c - sender groups in dialogues (spec receiving 4.9) */
#include <stdlib.h>
#include <string.h>

#include "admin/hat.h"
#include "admin/listener.h"
#include "admin/senders.h"
#include "base/mem.h"

#define FIXED "The default entry cannot be removed or moved.\n"

static bool ask_hosts(struct editing *, size_t i, size_t k, bool add);
static bool ask_comment(struct editing *, size_t i, size_t k);
static bool ask_group_policy(struct editing *, size_t i, size_t k);
static bool ask_group_name(struct editing *, size_t i, size_t k);
static bool ask_group(
    struct editing *, size_t i, const char *question, size_t *k);
static int group_name_check(struct editing *, size_t i, const char *name);
static int take_new(struct editing *, struct args *, size_t i);
static int take_edit(struct editing *, struct args *, size_t i, size_t k);
static int take_entries(struct editing *, struct args *, size_t i, size_t k);
static int take_move(struct editing *, struct args *, size_t i, size_t k);
static void write_down(struct editing *, size_t i);
static void describe(const struct hat_group *, struct buf *);
static void add_group(struct editing *, size_t i, size_t at, const char *name,
    const char *hosts, const char *policy, const char *comment);
static void set_policy(
    struct editing *, size_t i, size_t k, const char *policy);
static void add_hosts(struct editing *, size_t i, size_t k, const char *hosts);
static void remove_hosts(
    struct editing *, size_t i, size_t k, const char *hosts);
static bool has_host(const struct hat_group *, struct str host);
static bool same_host(struct str, struct str);
static bool is_fixed(struct editing *, size_t i, size_t k);
static size_t last(const struct editing *, size_t i);

static const struct dialogue_op parts[] = {
	{ "NEW", "Add hosts." },
	{ "DELETE", "Remove hosts." },
	{ "POLICY", "Change the policy or behavior." },
	{ "COMMENT", "Change the comment." },
	{ "RENAME", "Change the name." },
};

bool
hat_new_group(struct editing *ed, size_t i)
{
	char name[DIALOGUE_LINE], hosts[DIALOGUE_LINE], comment[DIALOGUE_LINE];
	char policy[DIALOGUE_LINE];

	tool_space(ed->t);
	do {
		if (!dialogue_needed(&ed->t->dialogue,
			"Enter a name for this sender group.", name,
			sizeof(name)))
			return false;
	} while (group_name_check(ed, i, name) != TOOL_DONE);
	if (!senders_ask(ed,
		"Enter the hosts to add. Addresses, ranges, partial "
		"addresses, host names such as \"example.com\" and "
		"\".example.com\",\nsbrs[-10.0:-3.0], sbrs[none], SBO:n, "
		"dnslist[list.example.net], nx.domain, serv.fail,\n"
		"not.double.verified and country[XX] are allowed. Separate "
		"multiple hosts with commas.",
		"", senders_host, hosts, sizeof(hosts)))
		return false;
	tool_space(ed->t);
	if (!dialogue_text(&ed->t->dialogue,
		"Enter a comment for this sender group.", "", comment,
		sizeof(comment)))
		return false;
	if (!hat_ask_policy(ed, i, STR("CONTINUE"), policy, sizeof(policy)))
		return false;
	add_group(ed, i, last(ed, i), name, hosts, policy, comment);
	editing_save(ed);
	return true;
}

bool
hat_edit_group(struct editing *ed, size_t i)
{
	bool more = true;
	size_t k, op;

	if (!ask_group(ed, i,
		"Enter the name or number of the sender group to edit.", &k))
		return false;
	if (k == hat_now(ed, i)->n_groups)
		return true;
	if (k == last(ed, i)) /* ALL has nothing else */
		return ask_group_policy(ed, i, k);
	while (more) {
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, parts, NELEM(parts), &op))
			return false;
		if (op == NELEM(parts))
			return true;
		switch (op) {
		case 0:
		case 1:
			more = ask_hosts(ed, i, k, op == 0);
			break;
		case 2:
			more = ask_group_policy(ed, i, k);
			break;
		case 3:
			more = ask_comment(ed, i, k);
			break;
		default:
			more = ask_group_name(ed, i, k);
			break;
		}
	}
	return false;
}

bool
hat_delete_group(struct editing *ed, size_t i)
{
	size_t k;

	if (!ask_group(ed, i,
		"Enter the name or number of the sender group to remove.", &k))
		return false;
	if (k == hat_now(ed, i)->n_groups || is_fixed(ed, i, k))
		return true;
	write_down(ed, i);
	editing_delete(ed, "listeners[%zu].hat.groups[%zu]", i, k);
	editing_save(ed);
	return true;
}

bool
hat_move_group(struct editing *ed, size_t i)
{
	uint64_t to;
	size_t k;

	if (!ask_group(ed, i,
		"Enter the name or number of the sender group to move.", &k))
		return false;
	if (k == hat_now(ed, i)->n_groups || is_fixed(ed, i, k))
		return true;
	tool_space(ed->t);
	if (!dialogue_number(&ed->t->dialogue,
		"Enter the position it shall have.", 1, last(ed, i), k + 1,
		&to))
		return false;
	write_down(ed, i);
	editing_move(ed, k, (size_t)to - 1, "listeners[%zu].hat.groups", i);
	editing_save(ed);
	return true;
}

/* NAME and what the verb takes. */
int
hat_take_group(struct editing *ed, struct args *a, size_t i, const char *verb)
{
	const char *name;
	size_t k;

	if (str_is_nocase(str_of(verb), "new"))
		return take_new(ed, a, i);
	name = args_next(a);
	if (name == NULL)
		return tool_usage(ed->t, "which sender group?");
	k = hat_find_group(ed, i, name);
	if (k == hat_now(ed, i)->n_groups)
		return editing_deny(
		    ed, "There is no sender group \"%s\".", name);
	if (str_is_nocase(str_of(verb), "edit"))
		return take_edit(ed, a, i, k);
	if (str_is_nocase(str_of(verb), "move"))
		return take_move(ed, a, i, k);
	if (args_finish(a) != TOOL_DONE || is_fixed(ed, i, k))
		return TOOL_USAGE;
	write_down(ed, i);
	editing_delete(ed, "listeners[%zu].hat.groups[%zu]", i, k);
	return editing_done(ed);
}

size_t
hat_find_group(const struct editing *ed, size_t i, const char *name)
{
	const struct hat *hat = hat_now(ed, i);
	uint64_t number;

	for (size_t k = 0; k < hat->n_groups; k++) {
		if (str_is(hat->groups[k].name, name))
			return k;
	}
	if (str_u64(str_of(name), hat->n_groups, &number) && number > 0)
		return (size_t)number - 1;
	return hat->n_groups;
}

void
hat_group_title(const struct hat_group *g, struct buf *out)
{
	if (g->name.n > 0) {
		buf_add_str(out, g->name);
		return;
	}
	for (size_t k = 0; k < g->n_entries; k++)
		buf_printf(out, "%s%.*s", k > 0 ? ", " : "",
		    STR_ARG(g->entries[k].text));
}

static bool
ask_hosts(struct editing *ed, size_t i, size_t k, bool add)
{
	char hosts[DIALOGUE_LINE];
	const struct hat_group *g = &hat_now(ed, i)->groups[k];

	if (!add) {
		tool_space(ed->t);
		for (size_t e = 0; e < g->n_entries; e++)
			fprintf(ed->t->dialogue.out, "%.*s\n",
			    STR_ARG(g->entries[e].text));
	}
	if (!senders_ask(ed,
		add ? "Enter the hosts to add. Separate multiple hosts with "
		      "commas."
		    : "Enter the hosts to remove. Separate multiple hosts with "
		      "commas.",
		"", senders_host, hosts, sizeof(hosts)))
		return false;
	write_down(ed, i);
	if (add)
		add_hosts(ed, i, k, hosts);
	else
		remove_hosts(ed, i, k, hosts);
	editing_save(ed);
	return true;
}

static bool
ask_comment(struct editing *ed, size_t i, size_t k)
{
	struct question q = {
		.key = ask_key_named(&schema_group, "comment"),
		.text = "Enter a comment for this sender group. (\"none\": "
			"without)",
		.object = &hat_now(ed, i)->groups[k],
	};
	char path[LISTENER_PATH];

	write_down(ed, i);
	snprintf(path, sizeof(path), "listeners[%zu].hat.groups[%zu]", i, k);
	if (!ask_set(ed, &q, path))
		return false;
	editing_save(ed);
	return true;
}

static bool
ask_group_policy(struct editing *ed, size_t i, size_t k)
{
	const struct policy *p = hat_now(ed, i)->groups[k].policy;
	struct str now =
	    p->name.n > 0 ? p->name : str_of(behaviour_name(p->behaviour));
	char policy[DIALOGUE_LINE];

	if (!hat_ask_policy(ed, i, now, policy, sizeof(policy)))
		return false;
	if (str_is(now, policy))
		return true;
	write_down(ed, i);
	set_policy(ed, i, k, policy);
	editing_save(ed);
	return true;
}

static bool
ask_group_name(struct editing *ed, size_t i, size_t k)
{
	char name[DIALOGUE_LINE];

	tool_space(ed->t);
	do {
		if (!dialogue_needed(&ed->t->dialogue,
			"Enter a name for this sender group.", name,
			sizeof(name)))
			return false;
	} while (group_name_check(ed, i, name) != TOOL_DONE);
	write_down(ed, i);
	editing_text(
	    ed, str_of(name), "listeners[%zu].hat.groups[%zu].name", i, k);
	editing_save(ed);
	return true;
}

static bool
ask_group(struct editing *ed, size_t i, const char *question, size_t *k)
{
	const struct hat *hat = hat_now(ed, i);
	struct str *names = mem_array(hat->n_groups, sizeof(*names));
	bool answered;

	tool_space(ed->t);
	for (size_t g = 0; g < hat->n_groups; g++) {
		const struct policy *p = hat->groups[g].policy;
		struct buf title;

		buf_init(&title, 1 << 20);
		hat_group_title(&hat->groups[g], &title);
		fprintf(ed->t->dialogue.out, "%zu. %.*s (%.*s)\n", g + 1,
		    STR_ARG(buf_str(&title)),
		    STR_ARG(p->name.n > 0
				? p->name
				: str_of(behaviour_name(p->behaviour))));
		names[g] = hat->groups[g].name;
		buf_fini(&title);
	}
	answered =
	    ask_which(ed, question, "sender group", names, hat->n_groups, k);
	free(names);
	return answered;
}

/* Says what is wrong otherwise. */
static int
group_name_check(struct editing *ed, size_t i, const char *name)
{
	const struct hat *hat = hat_now(ed, i);
	bool taken = false;

	for (size_t k = 0; k < hat->n_groups; k++)
		taken = taken || str_is(hat->groups[k].name, name);
	return ask_name_check(
	    ed, ask_key_named(&schema_group, "name"), name, taken);
}

/* NAME policy=P [entries=a,b] [comment=...] [at=N] */
static int
take_new(struct editing *ed, struct args *a, size_t i)
{
	const char *name = args_next(a), *policy = args_option(a, "policy");
	const char *hosts = args_option(a, "entries");
	const char *comment = args_option(a, "comment");
	const char *at = args_option(a, "at");
	uint64_t place = last(ed, i) + 1;
	struct err err = ERR_INIT;
	int status;

	if (name == NULL || policy == NULL)
		return tool_usage(
		    ed->t, "a new sender group needs a name and policy=");
	status = group_name_check(ed, i, name);
	if (status != TOOL_DONE)
		return status;
	if (!hat_policy_exists(ed, i, policy))
		return TOOL_NEGATIVE;
	if (hosts != NULL && !senders_check(str_of(hosts), senders_host, &err))
		return tool_fail(ed->t, &err);
	if (at != NULL && (!str_u64(str_of(at), place, &place) || place == 0))
		return editing_refuse(
		    ed, "at must be within 1..%zu", last(ed, i) + 1);
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	add_group(ed, i, (size_t)place - 1, name, hosts != NULL ? hosts : "",
	    policy, comment != NULL ? comment : "");
	return editing_done(ed);
}

/* [name=] [policy=] [comment=] [entries=] [add=] [remove=] */
static int
take_edit(struct editing *ed, struct args *a, size_t i, size_t k)
{
	const char *name = args_option(a, "name");
	const char *policy = args_option(a, "policy");
	const char *comment = args_option(a, "comment");
	int status;

	if (policy != NULL && !hat_policy_exists(ed, i, policy))
		return TOOL_NEGATIVE;
	status = name != NULL ? group_name_check(ed, i, name) : TOOL_DONE;
	if (status != TOOL_DONE)
		return status;
	if (name != NULL && is_fixed(ed, i, k))
		return TOOL_USAGE;
	write_down(ed, i);
	if (name != NULL)
		editing_text(ed, str_of(name),
		    "listeners[%zu].hat.groups[%zu].name", i, k);
	if (policy != NULL)
		set_policy(ed, i, k, policy);
	if (comment != NULL)
		editing_text(ed, str_of(comment),
		    "listeners[%zu].hat.groups[%zu].comment", i, k);
	status = take_entries(ed, a, i, k);
	if (status != TOOL_DONE || args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return editing_done(ed);
}

static int
take_entries(struct editing *ed, struct args *a, size_t i, size_t k)
{
	const char *all = args_option(a, "entries");
	const char *add = args_option(a, "add");
	const char *gone = args_option(a, "remove");
	const char *lists[] = { all, add, gone };
	struct err err = ERR_INIT;

	for (size_t l = 0; l < NELEM(lists); l++) {
		if (lists[l] != NULL &&
		    !senders_check(str_of(lists[l]), senders_host, &err))
			return tool_fail(ed->t, &err);
	}
	if (all != NULL) {
		editing_yaml(ed, STR("[]"),
		    "listeners[%zu].hat.groups[%zu].entries", i, k);
		add_hosts(ed, i, k, all);
	}
	if (add != NULL)
		add_hosts(ed, i, k, add);
	if (gone != NULL)
		remove_hosts(ed, i, k, gone);
	return TOOL_DONE;
}

static int
take_move(struct editing *ed, struct args *a, size_t i, size_t k)
{
	const char *word = args_next(a);
	uint64_t to;

	if (word == NULL || !str_u64(str_of(word), last(ed, i), &to) || to == 0)
		return editing_refuse(
		    ed, "POSITION must be within 1..%zu", last(ed, i));
	if (args_finish(a) != TOOL_DONE || is_fixed(ed, i, k))
		return TOOL_USAGE;
	write_down(ed, i);
	editing_move(ed, k, (size_t)to - 1, "listeners[%zu].hat.groups", i);
	return editing_done(ed);
}

/* All groups that the type brings, or only ALL, become groups of the file. */
static void
write_down(struct editing *ed, size_t i)
{
	const struct hat *hat = hat_now(ed, i);
	char path[LISTENER_PATH];
	struct buf yaml;
	size_t n;

	snprintf(path, sizeof(path), "listeners[%zu].hat.groups", i);
	for (n = edit_count(ed->w->yaml, path); n < hat->n_groups; n++) {
		buf_init(&yaml, 1 << 20);
		describe(&hat->groups[n], &yaml);
		editing_insert(ed, EDIT_END, buf_str(&yaml), "%s", path);
		buf_fini(&yaml);
	}
}

/* One that nobody wrote: it has a policy with a name. */
static void
describe(const struct hat_group *g, struct buf *out)
{
	bool is_all = g->n_entries == 1 && g->entries[0].kind == HAT_ALL;

	yaml_pair(out, "", "name", g->name);
	yaml_pair(out, "", "policy", g->policy->name);
	if (g->comment.n > 0)
		yaml_pair(out, "", "comment", g->comment);
	if (is_all || g->n_entries == 0)
		return;
	buf_puts(out, "entries:\n");
	for (size_t k = 0; k < g->n_entries; k++)
		yaml_item(out, "  ", g->entries[k].text);
}

static void
add_group(struct editing *ed, size_t i, size_t at, const char *name,
    const char *hosts, const char *policy, const char *comment)
{
	struct str list = str_of(hosts);
	struct buf yaml;

	write_down(ed, i);
	buf_init(&yaml, 1 << 20);
	yaml_pair(&yaml, "", "name", str_of(name));
	yaml_pair(&yaml, "", "policy", str_of(policy));
	if (*comment != '\0')
		yaml_pair(&yaml, "", "comment", str_of(comment));
	buf_puts(&yaml, list.n > 0 ? "entries:\n" : "");
	while (list.n > 0) {
		struct str one = args_cut(&list);

		if (one.n > 0)
			yaml_item(&yaml, "  ", one);
	}
	editing_insert(ed, at, buf_str(&yaml), "listeners[%zu].hat.groups", i);
	buf_fini(&yaml);
}

/* Parameters of its own go with the behaviour that they were for. */
static void
set_policy(struct editing *ed, size_t i, size_t k, const char *policy)
{
	editing_text(
	    ed, str_of(policy), "listeners[%zu].hat.groups[%zu].policy", i, k);
	editing_delete(ed, "listeners[%zu].hat.groups[%zu].parameters", i, k);
}

static void
add_hosts(struct editing *ed, size_t i, size_t k, const char *hosts)
{
	const struct hat_group *g = &hat_now(ed, i)->groups[k];
	struct str list = str_of(hosts);

	while (list.n > 0) {
		struct str one = args_cut(&list);

		if (one.n > 0 && !has_host(g, one))
			editing_insert_text(ed, EDIT_END, one,
			    "listeners[%zu].hat.groups[%zu].entries", i, k);
	}
}

static void
remove_hosts(struct editing *ed, size_t i, size_t k, const char *hosts)
{
	char path[LISTENER_PATH], item[LISTENER_PATH + 40];
	struct str list = str_of(hosts), value;

	snprintf(
	    path, sizeof(path), "listeners[%zu].hat.groups[%zu].entries", i, k);
	while (list.n > 0) {
		struct str one = args_cut(&list);
		size_t n = edit_count(ed->w->yaml, path);

		for (size_t e = 0; e < n; e++) {
			snprintf(item, sizeof(item), "%s[%zu]", path, e);
			if (!edit_get(ed->w->yaml, item, &value) ||
			    !same_host(value, one))
				continue;
			editing_delete(ed, "%s", item);
			break;
		}
	}
}

static bool
has_host(const struct hat_group *g, struct str host)
{
	for (size_t e = 0; e < g->n_entries; e++) {
		if (same_host(g->entries[e].text, host))
			return true;
	}
	return false;
}

/* Without the comments in parentheses. */
static bool
same_host(struct str a, struct str b)
{
	return str_eq_nocase(
	    str_trim(str_cut(&a, '(')), str_trim(str_cut(&b, '(')));
}

static bool
is_fixed(struct editing *ed, size_t i, size_t k)
{
	if (k != last(ed, i))
		return false;
	fputs(FIXED, ed->t->asks ? ed->t->dialogue.out : stderr);
	return true;
}

/* ALL */
static size_t
last(const struct editing *ed, size_t i)
{
	return hat_now(ed, i)->n_groups - 1;
}
