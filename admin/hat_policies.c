/* hat_policies.c - mail flow policies in dialogues (spec receiving 4.9) */
#include <stdlib.h>
#include <string.h>

#include "admin/hat.h"
#include "admin/listener.h"
#include "admin/policy.h"
#include "base/mem.h"

static const char *const behaviours[] = { "ACCEPT", "RELAY", "REJECT",
	"TCPREFUSE", "CONTINUE" };

static bool ask_behaviour(struct editing *, enum behaviour now, size_t *out);
static bool ask_policy(
    struct editing *, size_t i, const char *question, size_t *k);
static int new_name_check(struct editing *, size_t i, char *name, size_t size);
static int take_new(struct editing *, struct args *, size_t i);
static int take_edit(struct editing *, struct args *, size_t i, size_t k);
static int remove_policy(struct editing *, size_t i, size_t k);
static void users_of(const struct hat *, const struct policy *, struct buf *);
static void add(struct editing *, size_t i, const char *name,
    const char *behaviour, char *path, size_t size);
static bool write_down(
    struct editing *, size_t i, const struct policy *, char *path, size_t size);
static bool find_behaviour(const char *word, size_t *out);
static size_t find_policy(const struct hat *, struct str name);

bool
hat_new_policy(struct editing *ed, size_t i)
{
	const struct hat *hat = hat_now(ed, i);
	char name[DIALOGUE_LINE], path[LISTENER_PATH];
	bool none[MFP_N] = { false };
	size_t behaviour;

	tool_space(ed->t);
	do {
		if (!dialogue_needed(&ed->t->dialogue,
			"Enter a name for this policy.", name, sizeof(name)))
			return false;
	} while (new_name_check(ed, i, name, sizeof(name)) != TOOL_DONE);
	if (!ask_behaviour(ed, ACCEPT, &behaviour))
		return false;
	add(ed, i, name, behaviours[behaviour], path, sizeof(path));
	if (behaviour < 3 && !policy_ask(ed, &hat->defaults, none, path))
		return false;
	editing_save(ed);
	return true;
}

bool
hat_edit_policy(struct editing *ed, size_t i)
{
	const struct hat *hat = hat_now(ed, i);
	const struct policy *p;
	char path[LISTENER_PATH];
	size_t k, behaviour;

	if (!ask_policy(ed, i,
		"Enter the name or number of the policy to "
		"edit.",
		&k))
		return false;
	if (k == hat->n_policies)
		return true;
	p = &hat->policies[k];
	if (!write_down(ed, i, p, path, sizeof(path)))
		return true;
	if (!ask_behaviour(ed, p->behaviour, &behaviour))
		return false;
	if (strcmp(behaviours[behaviour], behaviour_name(p->behaviour)) != 0)
		editing_text(
		    ed, str_of(behaviours[behaviour]), "%s.behaviour", path);
	if (behaviour < 3 && !policy_ask(ed, &p->p, p->set, path))
		return false;
	editing_save(ed);
	return true;
}

bool
hat_delete_policy(struct editing *ed, size_t i)
{
	size_t k;

	if (!ask_policy(ed, i,
		"Enter the name or number of the policy to "
		"remove.",
		&k))
		return false;
	if (k < hat_now(ed, i)->n_policies)
		remove_policy(ed, i, k);
	return true;
}

int
hat_take_policy(struct editing *ed, struct args *a, size_t i, const char *verb)
{
	const char *name;
	size_t k;

	if (str_is_nocase(str_of(verb), "new"))
		return take_new(ed, a, i);
	name = args_next(a);
	if (name == NULL || str_is_nocase(str_of(verb), "move"))
		return tool_usage(ed->t, "which policy?");
	k = find_policy(hat_now(ed, i), str_of(name));
	if (k == hat_now(ed, i)->n_policies)
		return editing_deny(ed, "There is no policy \"%s\".", name);
	if (str_is_nocase(str_of(verb), "edit"))
		return take_edit(ed, a, i, k);
	return args_finish(a) == TOOL_DONE ? remove_policy(ed, i, k)
					   : TOOL_USAGE;
}

bool
hat_ask_policy(
    struct editing *ed, size_t i, struct str now, char *out, size_t size)
{
	const struct hat *hat = hat_now(ed, i);
	size_t n = hat->n_policies + NELEM(behaviours), dflt = 0, chosen;
	struct str *names = mem_array(n, sizeof(*names));
	bool answered;

	for (size_t k = 0; k < n; k++) {
		names[k] = k < hat->n_policies
			       ? hat->policies[k].name
			       : str_of(behaviours[k - hat->n_policies]);
		if (str_eq(names[k], now))
			dflt = k;
	}
	answered = ask_name(ed,
	    "Choose a policy or a behavior for this sender "
	    "group.",
	    names, n, dflt, &chosen);
	if (answered)
		str_copy(out, size, names[chosen]);
	free(names);
	return answered;
}

bool
hat_policy_exists(struct editing *ed, size_t i, const char *name)
{
	const struct hat *hat = hat_now(ed, i);
	struct buf text;
	size_t k;

	if (find_behaviour(name, &k) ||
	    find_policy(hat, str_of(name)) < hat->n_policies)
		return true;
	buf_init(&text, 1 << 20);
	for (k = 0; k < hat->n_policies; k++)
		buf_printf(&text, "%.*s, ", STR_ARG(hat->policies[k].name));
	editing_deny(ed,
	    "There is no policy \"%s\"; there are %.300sACCEPT, RELAY, REJECT, "
	    "TCPREFUSE, CONTINUE",
	    name, text.data);
	buf_fini(&text);
	return false;
}

static bool
ask_behaviour(struct editing *ed, enum behaviour now, size_t *out)
{
	size_t dflt = 0;

	find_behaviour(behaviour_name(now), &dflt);
	tool_space(ed->t);
	return dialogue_choice(&ed->t->dialogue,
	    "Choose the behavior of this policy.", behaviours,
	    NELEM(behaviours), dflt, out);
}

static bool
ask_policy(struct editing *ed, size_t i, const char *question, size_t *k)
{
	const struct hat *hat = hat_now(ed, i);
	struct str *names = mem_array(hat->n_policies + 1, sizeof(*names));
	bool answered;

	tool_space(ed->t);
	for (size_t p = 0; p < hat->n_policies; p++) {
		names[p] = hat->policies[p].name;
		fprintf(ed->t->dialogue.out, "%zu. %.*s (%s)\n", p + 1,
		    STR_ARG(names[p]),
		    behaviour_name(hat->policies[p].behaviour));
	}
	answered = ask_which(ed, question, "policy", names, hat->n_policies, k);
	free(names);
	return answered;
}

/* With the $ that people leave out. Says what is wrong otherwise. */
static int
new_name_check(struct editing *ed, size_t i, char *name, size_t size)
{
	const struct hat *hat = hat_now(ed, i);
	char text[100];

	snprintf(text, sizeof(text), "%s%.90s", *name == '$' ? "" : "$", name);
	str_copy(name, size, str_of(text));
	return ask_name_check(ed, ask_key_named(&schema_policy, "name"), name,
	    find_policy(hat, str_of(name)) < hat->n_policies);
}

/* NAME BEHAVIOUR [PARAMETER=VALUE ...] */
static int
take_new(struct editing *ed, struct args *a, size_t i)
{
	const char *word = args_next(a), *behaviour = args_next(a);
	char name[DIALOGUE_LINE], path[LISTENER_PATH];
	size_t b;
	int status;

	if (word == NULL || behaviour == NULL)
		return tool_usage(
		    ed->t, "a new policy needs a name and a behaviour");
	str_copy(name, sizeof(name), str_of(word));
	status = new_name_check(ed, i, name, sizeof(name));
	if (status != TOOL_DONE)
		return status;
	if (!find_behaviour(behaviour, &b))
		return editing_refuse(ed, "\"%s\" is no behaviour.", behaviour);
	add(ed, i, name, behaviours[b], path, sizeof(path));
	status = ask_options(ed, a, &schema_policy_params, path);
	return status == TOOL_DONE ? editing_done(ed) : status;
}

/* [behaviour=B] [PARAMETER=VALUE ...] */
static int
take_edit(struct editing *ed, struct args *a, size_t i, size_t k)
{
	const char *behaviour = args_option(a, "behaviour");
	char path[LISTENER_PATH];
	size_t b;
	int status;

	if (behaviour != NULL && !find_behaviour(behaviour, &b))
		return editing_refuse(ed, "\"%s\" is no behaviour.", behaviour);
	if (!write_down(
		ed, i, &hat_now(ed, i)->policies[k], path, sizeof(path)))
		return TOOL_NEGATIVE;
	if (behaviour != NULL)
		editing_text(ed, str_of(behaviours[b]), "%s.behaviour", path);
	status = ask_options(ed, a, &schema_policy_params, path);
	return status == TOOL_DONE ? editing_done(ed) : status;
}

/* Not while a group has it; and those that are always there stay. */
static int
remove_policy(struct editing *ed, size_t i, size_t k)
{
	const struct hat *hat = hat_now(ed, i);
	const struct policy *p = &hat->policies[k];
	char path[LISTENER_PATH];
	struct buf users;
	size_t at;
	int status;

	buf_init(&users, 1 << 20);
	users_of(hat, p, &users);
	snprintf(path, sizeof(path), "listeners[%zu].hat.policies", i);
	if (users.len > 0) {
		status = editing_deny(ed,
		    "Policy %.*s is used by sender group(s): %.300s.",
		    STR_ARG(p->name), users.data);
	} else if (!edit_find(ed->w->yaml, path, "name", p->name, &at)) {
		status = editing_deny(ed,
		    "Policy %.*s is always there and cannot be removed.",
		    STR_ARG(p->name));
	} else {
		editing_delete(ed, "%s[%zu]", path, at);
		status = editing_done(ed);
	}
	buf_fini(&users);
	return status;
}

static void
users_of(const struct hat *hat, const struct policy *p, struct buf *out)
{
	for (size_t g = 0; g < hat->n_groups; g++) {
		if (hat->groups[g].policy != p)
			continue;
		buf_puts(out, out->len > 0 ? ", " : "");
		hat_group_title(&hat->groups[g], out);
	}
}

/* At the end; path becomes its. */
static void
add(struct editing *ed, size_t i, const char *name, const char *behaviour,
    char *path, size_t size)
{
	char list[LISTENER_PATH];
	struct buf yaml;

	snprintf(list, sizeof(list), "listeners[%zu].hat.policies", i);
	snprintf(path, size, "listeners[%zu].hat.policies[%zu]", i,
	    edit_count(ed->w->yaml, list));
	buf_init(&yaml, 1000);
	yaml_pair(&yaml, "", "name", str_of(name));
	yaml_pair(&yaml, "", "behaviour", str_of(behaviour));
	editing_insert(ed, EDIT_END, buf_str(&yaml), "%s", list);
	buf_fini(&yaml);
}

/* One that is there unwritten is written as it is. */
static bool
write_down(struct editing *ed, size_t i, const struct policy *p, char *path,
    size_t size)
{
	char list[LISTENER_PATH];
	size_t at;

	snprintf(list, sizeof(list), "listeners[%zu].hat.policies", i);
	if (edit_find(ed->w->yaml, list, "name", p->name, &at)) {
		snprintf(path, size, "listeners[%zu].hat.policies[%zu]", i, at);
		return true;
	}
	add(ed, i, p->name.p, behaviour_name(p->behaviour), path, size);
	for (size_t k = 0; k < MFP_N; k++) {
		const struct schema_key *key = &schema_policy_params.keys[k];
		struct buf text;

		if (!p->set[k])
			continue;
		buf_init(&text, 65536);
		ask_present(key, &p->p, &text);
		editing_text(ed, buf_str(&text), "%s.%s", path, key->name);
		buf_fini(&text);
	}
	return true;
}

static bool
find_behaviour(const char *word, size_t *out)
{
	for (size_t b = 0; b < NELEM(behaviours); b++) {
		if (str_is_nocase(str_of(word), behaviours[b])) {
			*out = b;
			return true;
		}
	}
	return false;
}

static size_t
find_policy(const struct hat *hat, struct str name)
{
	for (size_t k = 0; k < hat->n_policies; k++) {
		if (str_eq(hat->policies[k].name, name))
			return k;
	}
	return hat->n_policies;
}
