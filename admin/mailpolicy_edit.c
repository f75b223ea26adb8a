/* mailpolicy_edit.c - one mail policy in dialogues */
#include <stdlib.h>
#include <string.h>

#include "admin/mailpolicy.h"
#include "base/mem.h"
#include "config/name.h"

static void show_summary(struct editing *, enum direction, size_t k);
static bool ask_name_of(struct editing *, enum direction, size_t k);
static bool ask_new(struct editing *, enum direction, size_t k);
static bool ask_delete(struct editing *, enum direction, size_t k);
static bool ask_print(struct editing *, enum direction, size_t k);
static bool ask_spam(struct editing *, enum direction, size_t k);
static bool ask_virus(struct editing *, enum direction, size_t k);
static bool ask_outbreak(struct editing *, enum direction, size_t k);
static int rename_one(
    struct editing *, enum direction, size_t k, const char *name);
static int add_member(
    struct editing *, enum direction, size_t k, struct str yaml);
static int remove_member(
    struct editing *, enum direction, size_t k, size_t which);
static int take_member(
    struct editing *, struct args *, enum direction, size_t k);
static int take_deletemember(
    struct editing *, struct args *, enum direction, size_t k);

static const struct {
	struct dialogue_op op;
	bool not_default; /* the default policy has it not */
	bool (*ask)(struct editing *, enum direction, size_t k);
} ops[] = {
	{ { "NAME", "Change name of policy" }, true, ask_name_of },
	{ { "NEW", "Add a new member" }, true, ask_new },
	{ { "DELETE", "Remove a member" }, true, ask_delete },
	{ { "PRINT", "Print policy members" }, true, ask_print },
	{ { "ANTISPAM", "Modify Anti-Spam policy" }, false, ask_spam },
	{ { "ANTIVIRUS", "Modify Anti-Virus policy" }, false, ask_virus },
	{ { "OUTBREAK", "Modify Outbreak Filters policy" }, false,
	    ask_outbreak },
	{ { "FILTERS", "Modify content filters" }, false,
	    mailpolicy_ask_filters },
};

bool
mailpolicy_edit(struct editing *ed, enum direction dir, size_t k)
{
	bool is_default = mailpolicy_is_default(ed, dir, k);
	struct dialogue_op menu[NELEM(ops)];
	size_t which[NELEM(ops)], n = 0, op;

	for (size_t i = 0; i < NELEM(ops); i++) {
		if (is_default && ops[i].not_default)
			continue;
		which[n] = i;
		menu[n++] = ops[i].op;
	}
	do {
		tool_space(ed->t);
		show_summary(ed, dir, k);
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, menu, n, &op))
			return false;
		if (op == n)
			return true;
	} while (ops[which[op]].ask(ed, dir, k));
	return false;
}

int
mailpolicy_take(
    struct editing *ed, struct args *a, enum direction dir, size_t k)
{
	static const char *const services[] = { "antispam", "antivirus",
		"outbreak" };
	const char *word = args_next(a), *name;

	if (word == NULL)
		return tool_usage(ed->t, "what of it?");
	for (size_t i = 0; i < NELEM(services); i++)
		if (strcmp(word, services[i]) == 0)
			return mailpolicy_take_service(ed, a, dir, k, i);
	if (strcmp(word, "filters") == 0)
		return mailpolicy_take_filters(ed, a, dir, k);
	if (strcmp(word, "member") == 0)
		return take_member(ed, a, dir, k);
	if (strcmp(word, "deletemember") == 0)
		return take_deletemember(ed, a, dir, k);
	if (strcmp(word, "rename") != 0)
		return tool_unknown(ed->t, word);
	name = args_next(a);
	if (name == NULL || args_finish(a) != TOOL_DONE)
		return tool_usage(ed->t, "which name?");
	return rename_one(ed, dir, k, name);
}

void
mailpolicy_show(
    const struct editing *ed, enum direction dir, size_t k, struct buf *out)
{
	const struct mail_policy *p = &mailpolicy_table(ed, dir)->policies[k];

	buf_printf(out, "Policy: %.*s\n", STR_ARG(p->name));
	if (mailpolicy_is_default(ed, dir, k))
		buf_puts(out, "Members: everybody\n");
	else
		buf_puts(out, p->n_members > 0 ? "Members:\n" : "Members: -\n");
	for (size_t i = 0; i < p->n_members; i++) {
		buf_printf(out, "%zu. ", i + 1);
		mailpolicy_show_member(&p->members[i], out);
		buf_putc(out, '\n');
	}
	buf_printf(out, "Anti-Spam: %s\nAnti-Virus: %s\nContent Filters: ",
	    mailpolicy_state(p, MAILPOLICY_SPAM),
	    mailpolicy_state(p, MAILPOLICY_VIRUS));
	mailpolicy_filters(p, out);
	buf_printf(out, "\nOutbreak Filters: %s\n",
	    mailpolicy_state(p, MAILPOLICY_OUTBREAK));
}

static void
show_summary(struct editing *ed, enum direction dir, size_t k)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	mailpolicy_show(ed, dir, k, &text);
	fputs(text.data, ed->t->dialogue.out);
	buf_fini(&text);
}

static bool
ask_name_of(struct editing *ed, enum direction dir, size_t k)
{
	char name[DIALOGUE_LINE];

	tool_space(ed->t);
	if (!dialogue_text(&ed->t->dialogue,
		"Enter the new name for this policy:", "", name, sizeof(name)))
		return false;
	if (*name != '\0')
		rename_one(ed, dir, k, name);
	return true;
}

static bool
ask_new(struct editing *ed, enum direction dir, size_t k)
{
	struct buf yaml;
	bool ok;

	buf_init(&yaml, 1 << 20);
	ok = mailpolicy_ask_member(ed, &yaml);
	if (ok)
		add_member(ed, dir, k, buf_str(&yaml));
	buf_fini(&yaml);
	return ok;
}

static bool
ask_delete(struct editing *ed, enum direction dir, size_t k)
{
	size_t n = mailpolicy_table(ed, dir)->policies[k].n_members;
	uint64_t which;

	tool_space(ed->t);
	if (!dialogue_number(&ed->t->dialogue,
		"Enter the number of the member to remove:", 1, n > 0 ? n : 1,
		1, &which))
		return false;
	remove_member(ed, dir, k, (size_t)which - 1);
	return true;
}

static bool
ask_print(struct editing *ed, enum direction dir, size_t k)
{
	const struct mail_policy *p = &mailpolicy_table(ed, dir)->policies[k];
	struct buf text;

	buf_init(&text, 1 << 20);
	for (size_t i = 0; i < p->n_members; i++) {
		buf_printf(&text, "%zu. ", i + 1);
		mailpolicy_show_member(&p->members[i], &text);
		buf_putc(&text, '\n');
	}
	tool_space(ed->t);
	tool_print(ed->t, &text);
	buf_fini(&text);
	return true;
}

static bool
ask_spam(struct editing *ed, enum direction dir, size_t k)
{
	return mailpolicy_ask_service(ed, dir, k, MAILPOLICY_SPAM);
}

static bool
ask_virus(struct editing *ed, enum direction dir, size_t k)
{
	return mailpolicy_ask_service(ed, dir, k, MAILPOLICY_VIRUS);
}

static bool
ask_outbreak(struct editing *ed, enum direction dir, size_t k)
{
	return mailpolicy_ask_service(ed, dir, k, MAILPOLICY_OUTBREAK);
}

static int
rename_one(struct editing *ed, enum direction dir, size_t k, const char *name)
{
	struct err err = ERR_INIT;

	if (mailpolicy_is_default(ed, dir, k))
		return editing_deny(ed, "The policy DEFAULT keeps its name.");
	if (mailpolicy_taken(ed, dir, str_of(name)))
		return editing_deny(
		    ed, "The name \"%s\" is already in use.", name);
	if (!name_printable(str_of(name), &err))
		return tool_fail(ed->t, &err);
	editing_text(ed, str_of(name), "%s[%zu].name", mailpolicy_list(dir), k);
	return editing_done(ed);
}

/* yaml: a list of one. */
static int
add_member(struct editing *ed, enum direction dir, size_t k, struct str yaml)
{
	struct buf item;

	if (mailpolicy_is_default(ed, dir, k))
		return editing_deny(ed, "The policy DEFAULT has no members.");
	buf_init(&item, 1 << 20);
	while (yaml.n > 0) {
		struct str line = str_cut(&yaml, '\n');

		buf_printf(&item, "%.*s\n", STR_ARG(str_sub(line, 4, line.n)));
	}
	editing_insert(ed, EDIT_END, buf_str(&item), "%s[%zu].members",
	    mailpolicy_list(dir), k);
	buf_fini(&item);
	return editing_done(ed);
}

static int
remove_member(struct editing *ed, enum direction dir, size_t k, size_t which)
{
	size_t n = mailpolicy_table(ed, dir)->policies[k].n_members;

	if (which >= n)
		return editing_deny(ed, "There is no member %zu.", which + 1);
	if (n == 1)
		return editing_deny(
		    ed, "A policy needs a member: delete the policy instead.");
	editing_delete(
	    ed, "%s[%zu].members[%zu]", mailpolicy_list(dir), k, which);
	return editing_done(ed);
}

static int
take_member(struct editing *ed, struct args *a, enum direction dir, size_t k)
{
	struct buf yaml;
	int status;

	buf_init(&yaml, 1 << 20);
	mailpolicy_take_member(a, &yaml);
	status = args_finish(a);
	if (status == TOOL_DONE)
		status = yaml.len > 0 ? add_member(ed, dir, k, buf_str(&yaml))
				      : tool_usage(ed->t, "which addresses?");
	buf_fini(&yaml);
	return status;
}

static int
take_deletemember(
    struct editing *ed, struct args *a, enum direction dir, size_t k)
{
	const char *word = args_next(a);
	uint64_t which;

	if (word == NULL || !str_u64(str_of(word), UINT32_MAX, &which) ||
	    which == 0)
		return tool_usage(ed->t, "which member?");
	return args_finish(a) == TOOL_DONE
		   ? remove_member(ed, dir, k, (size_t)which - 1)
		   : TOOL_USAGE;
}
