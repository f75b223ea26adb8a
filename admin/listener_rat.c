/* listener_rat.c - `listenerconfig` -> EDIT -> RCPTACCESS
 * (spec receiving 5.3) */
#include <stdlib.h>
#include <string.h>

#include "admin/files.h"
#include "admin/listener.h"
#include "admin/recipients.h"
#include "admin/replies.h"
#include "admin/senders.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "base/mem.h"
#include "config/hat_text.h"

#define IN_USE "The default entry cannot be removed or moved."

static bool ask_new(struct editing *, size_t i);
static bool ask_edit(struct editing *, size_t i);
static bool ask_delete(struct editing *, size_t i);
static bool ask_move(struct editing *, size_t i);
static bool ask_clear(struct editing *, size_t i);
static bool ask_details(struct editing *, size_t i, struct recipients *);
static bool ask_reply(struct editing *, struct recipients *);
static bool ask_entry(
    struct editing *, size_t i, const char *question, size_t *k);
static int take_new(struct editing *, struct args *, size_t i);
static int take_edit(struct editing *, struct args *, size_t i);
static int take_delete(struct editing *, struct args *, size_t i);
static int take_move(struct editing *, struct args *, size_t i);
static int take_clear(struct editing *, struct args *, size_t i);
static int take_details(struct editing *, struct args *, struct recipients *);
static bool fits(struct editing *, size_t i, size_t own, struct recipients *);
static int pick(struct editing *, struct args *, size_t i, size_t *k);
static bool is_default(struct editing *, size_t i, size_t k);
static int move(struct editing *, size_t i, size_t from, uint64_t to);
static int import(
    struct editing *, const void *, size_t i, const char *name, struct str);
static void print(
    struct editing *, const void *, size_t i, bool head, struct buf *);

/* Without functions: what all tables can. */
static const struct {
	struct dialogue_op op;
	bool (*ask)(struct editing *, size_t i);
	int (*take)(struct editing *, struct args *, size_t i);
} ops[] = {
	{ { "NEW", "Create a new entry." }, ask_new, take_new },
	{ { "EDIT", "Modify an entry." }, ask_edit, take_edit },
	{ { "DELETE", "Remove an entry." }, ask_delete, take_delete },
	{ { "MOVE", "Move an entry." }, ask_move, take_move },
	{ { "PRINT", "Display the table." }, NULL, NULL },
	{ { "IMPORT", "Import a table from a file." }, NULL, NULL },
	{ { "EXPORT", "Export the table to a file." }, NULL, NULL },
	{ { "CLEAR", "Remove all entries." }, ask_clear, take_clear },
};
enum { PRINT = 4, EXPORT = 6 };

static const struct files_table table = { print, import, NULL };

bool
listener_rat(struct editing *ed, size_t i)
{
	struct dialogue_op menu[NELEM(ops)];
	bool in_file = listener_file(ed, i, "rat").n > 0;
	size_t first = in_file ? PRINT : 0, op;
	size_t n = in_file ? EXPORT - PRINT + 1 : NELEM(ops);

	for (size_t k = 0; k < NELEM(ops); k++)
		menu[k] = ops[k].op;
	do {
		tool_space(ed->t);
		if (in_file)
			listener_file_show(ed, listener_file(ed, i, "rat"));
		fprintf(ed->t->dialogue.out,
		    "There are currently %zu recipients.\n",
		    in_file ? listener_at(ed, i)->rat.n
			    : recipients_count(ed, i));
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, menu + first, n, &op))
			return false;
		if (op == n)
			return true;
		op += first;
	} while (ops[op].ask != NULL
		     ? ops[op].ask(ed, i)
		     : files_ask(ed, &table, (enum files_op)(op - PRINT), i));
	return false;
}

int
listener_rat_batch(struct editing *ed, struct args *a, size_t i)
{
	struct str file = listener_file(ed, i, "rat");
	const char *word = args_next(a);

	for (size_t op = 0; word != NULL && op < NELEM(ops); op++) {
		if (!str_is_nocase(str_of(word), ops[op].op.word))
			continue;
		if (file.n > 0 && ops[op].take != NULL)
			return listener_file_refuse(ed, file);
		return ops[op].take != NULL
			   ? ops[op].take(ed, a, i)
			   : files_take(
				 ed, a, &table, (enum files_op)(op - PRINT), i);
	}
	return tool_unknown(ed->t, word);
}

static bool
ask_new(struct editing *ed, size_t i)
{
	struct recipients r = { .accept = true };

	if (!senders_ask(ed,
		"Enter the recipient addresses. Separate multiple addresses "
		"with commas.",
		"", senders_recipient, r.patterns, sizeof(r.patterns)))
		return false;
	if (*r.patterns == '\0' || !fits(ed, i, SIZE_MAX, &r))
		return true;
	if (!ask_details(ed, i, &r))
		return false;
	recipients_add(ed, i, &r);
	editing_save(ed);
	return true;
}

static bool
ask_edit(struct editing *ed, size_t i)
{
	struct recipients r = { "ALL", false, "", { false } };
	size_t k, n = recipients_count(ed, i);

	if (!ask_entry(ed, i, "Enter the number of the entry to edit.", &k))
		return false;
	if (k == EDIT_END)
		return true;
	if (k < n)
		recipients_read(ed, i, k, &r);
	if (k < n && !recipients_is_all(&r) &&
	    !senders_ask(ed,
		"Enter the recipient addresses. Separate multiple addresses "
		"with commas.",
		r.patterns, senders_recipient, r.patterns, sizeof(r.patterns)))
		return false;
	if (!fits(ed, i, k, &r))
		return true;
	if (!ask_details(ed, i, &r))
		return false;
	if (k < n)
		recipients_replace(ed, i, k, &r);
	else
		recipients_add(ed, i, &r);
	editing_save(ed);
	return true;
}

static bool
ask_delete(struct editing *ed, size_t i)
{
	size_t k;

	if (!ask_entry(ed, i, "Enter the number of the entry to remove.", &k))
		return false;
	if (k == EDIT_END || is_default(ed, i, k))
		return true;
	editing_delete(ed, "listeners[%zu].rat[%zu]", i, k);
	editing_save(ed);
	return true;
}

static bool
ask_move(struct editing *ed, size_t i)
{
	uint64_t to;
	size_t k;

	if (!ask_entry(ed, i, "Enter the number of the entry to move.", &k))
		return false;
	if (k == EDIT_END || is_default(ed, i, k))
		return true;
	tool_space(ed->t);
	if (!dialogue_number(&ed->t->dialogue,
		"Enter the position it shall have.", 1, recipients_count(ed, i),
		k + 1, &to))
		return false;
	move(ed, i, k, to);
	return true;
}

static bool
ask_clear(struct editing *ed, size_t i)
{
	bool yes;

	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue,
		"Are you sure you want to remove all entries?", false, &yes))
		return false;
	if (yes) {
		editing_yaml(ed, STR("[]"), "listeners[%zu].rat", i);
		editing_save(ed);
	}
	return true;
}

/* All but the patterns. */
static bool
ask_details(struct editing *ed, size_t i, struct recipients *r)
{
	static const char *const actions[] = { "Accept", "Reject" };
	bool yes = true;
	size_t action;

	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue,
		"Select the action to apply to these addresses.", actions, 2,
		r->accept ? 0 : 1, &action))
		return false;
	if (r->accept != (action == 0))
		*r->reply = '\0'; /* codes of the other kind */
	r->accept = action == 0;
	if (r->accept && recipients_is_all(r)) {
		tool_space(ed->t);
		if (!dialogue_yes(&ed->t->dialogue,
			"This makes the listener an open relay: it would take "
			"mail for anybody from anybody. Are you sure?",
			false, &yes))
			return false;
		r->accept = yes;
	}
	if (!ask_reply(ed, r))
		return false;
	for (size_t b = 0; b < NELEM(r->bypass); b++) {
		if (str_is(
			str_of(recipients_bypass[b].key), "bypass_callahead") &&
		    listener_at(ed, i)->call_ahead == NULL)
			continue;
		tool_space(ed->t);
		if (!dialogue_yes(&ed->t->dialogue,
			recipients_bypass[b].question, r->bypass[b],
			&r->bypass[b]))
			return false;
	}
	return true;
}

static bool
ask_reply(struct editing *ed, struct recipients *r)
{
	return r->accept ? replies_ask(ed, 200, 299, 250, r->reply)
			 : replies_ask(ed, 400, 599, 550, r->reply);
}

/* By number or pattern; EDIT_END: none. The last number may be ALL, which
 * need not be written. */
static bool
ask_entry(struct editing *ed, size_t i, const char *question, size_t *k)
{
	size_t n = recipients_count(ed, i), all = n;
	struct str *names = mem_array(n + 2, sizeof(*names));
	struct recipients r;
	bool answered;

	tool_space(ed->t);
	for (size_t e = 0; e < n; e++) {
		recipients_read(ed, i, e, &r);
		names[e] = str_of(mem_strdup(r.patterns));
		if (recipients_is_all(&r))
			all = e;
		fprintf(ed->t->dialogue.out, "%zu. %s %s\n", e + 1, r.patterns,
		    r.accept ? "ACCEPT" : "REJECT");
	}
	if (all == n) {
		names[n++] = str_of(mem_strdup("ALL"));
		fprintf(ed->t->dialogue.out, "%zu. ALL REJECT\n", n);
	}
	answered = ask_which(ed, question, "entry", names, n, k);
	if (*k == n)
		*k = EDIT_END;
	for (size_t e = 0; e < n; e++)
		free((char *)names[e].p);
	free(names);
	return answered;
}

/* PATTERN,... [accept|reject] [reply=] [bypass_...=] */
static int
take_new(struct editing *ed, struct args *a, size_t i)
{
	struct recipients r = { .accept = true };
	const char *patterns = args_next(a);
	int status;

	if (patterns == NULL)
		return tool_usage(ed->t, "which recipients?");
	str_copy(r.patterns, sizeof(r.patterns), str_of(patterns));
	status = take_details(ed, a, &r);
	if (status != TOOL_DONE)
		return status;
	if (!fits(ed, i, SIZE_MAX, &r))
		return TOOL_USAGE;
	recipients_add(ed, i, &r);
	return editing_done(ed);
}

/* PATTERN [accept|reject] [recipients=] [reply=] [bypass_...=] */
static int
take_edit(struct editing *ed, struct args *a, size_t i)
{
	struct recipients r = { "ALL", false, "", { false } };
	const char *patterns = args_option(a, "recipients");
	int status;
	size_t k;

	status = pick(ed, a, i, &k);
	if (status != TOOL_DONE)
		return status;
	if (k < recipients_count(ed, i))
		recipients_read(ed, i, k, &r);
	if (patterns != NULL)
		str_copy(r.patterns, sizeof(r.patterns), str_of(patterns));
	status = take_details(ed, a, &r);
	if (status != TOOL_DONE)
		return status;
	if (!fits(ed, i, k, &r))
		return TOOL_USAGE;
	if (k < recipients_count(ed, i))
		recipients_replace(ed, i, k, &r);
	else
		recipients_add(ed, i, &r);
	return editing_done(ed);
}

static int
take_delete(struct editing *ed, struct args *a, size_t i)
{
	size_t k;
	int status = pick(ed, a, i, &k);

	if (status != TOOL_DONE || args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (is_default(ed, i, k))
		return TOOL_USAGE;
	editing_delete(ed, "listeners[%zu].rat[%zu]", i, k);
	return editing_done(ed);
}

/* PATTERN POSITION */
static int
take_move(struct editing *ed, struct args *a, size_t i)
{
	const char *word;
	uint64_t to;
	size_t k;
	int status = pick(ed, a, i, &k);

	if (status != TOOL_DONE)
		return status;
	word = args_next(a);
	if (word == NULL ||
	    !str_u64(str_of(word), recipients_count(ed, i), &to) || to == 0)
		return editing_refuse(ed, "POSITION must be within 1..%zu",
		    recipients_count(ed, i));
	if (args_finish(a) != TOOL_DONE || is_default(ed, i, k))
		return TOOL_USAGE;
	return move(ed, i, k, to);
}

static int
take_clear(struct editing *ed, struct args *a, size_t i)
{
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	editing_yaml(ed, STR("[]"), "listeners[%zu].rat", i);
	return editing_done(ed);
}

static int
take_details(struct editing *ed, struct args *a, struct recipients *r)
{
	const char *action = args_next(a), *reply = args_option(a, "reply");

	if (action != NULL) {
		bool accept = str_is_nocase(str_of(action), "accept");

		if (!accept && !str_is_nocase(str_of(action), "reject"))
			return editing_refuse(
			    ed, "must be accept or reject, not %s", action);
		if (accept != r->accept)
			*r->reply = '\0';
		r->accept = accept;
	}
	if (reply != NULL)
		str_copy(r->reply, sizeof(r->reply), str_of(reply));
	for (size_t b = 0; b < NELEM(r->bypass); b++) {
		const char *key = recipients_bypass[b].key;
		const char *value = args_option(a, key);
		const struct schema_key *sk =
		    ask_key_named(&schema_rat_entry, key);

		if (value != NULL && sk->type->parse(sk, str_of(value),
					 &r->bypass[b], NULL, NULL) == -1)
			return editing_refuse(
			    ed, "%s must be yes or no, not %s", key, value);
	}
	return args_finish(a);
}

static bool
fits(struct editing *ed, size_t i, size_t own, struct recipients *r)
{
	struct err err = ERR_INIT;

	if (recipients_check(ed, i, own, r, &err))
		return true;
	tool_fail(ed->t, &err);
	return false;
}

/* By pattern or number; ALL need not be written: then the count. */
static int
pick(struct editing *ed, struct args *a, size_t i, size_t *k)
{
	size_t n = recipients_count(ed, i);
	const char *word = args_next(a);
	uint64_t number;

	if (word == NULL)
		return tool_usage(ed->t, "which entry?");
	*k = recipients_find(ed, i, str_of(word));
	if (*k < n || str_is_nocase(str_of(word), "ALL"))
		return TOOL_DONE;
	if (!str_u64(str_of(word), n, &number) || number == 0)
		return editing_deny(ed, "There is no entry \"%s\".", word);
	*k = (size_t)number - 1;
	return TOOL_DONE;
}

static bool
is_default(struct editing *ed, size_t i, size_t k)
{
	struct recipients r = { .patterns = "ALL" };

	if (k < recipients_count(ed, i))
		recipients_read(ed, i, k, &r);
	if (!recipients_is_all(&r))
		return false;
	fputs(IN_USE "\n", ed->t->asks ? ed->t->dialogue.out : stderr);
	return true;
}

/* ALL stays the last. */
static int
move(struct editing *ed, size_t i, size_t from, uint64_t to)
{
	size_t last = recipients_count(ed, i) - 1;
	struct recipients r;

	recipients_read(ed, i, last, &r);
	if (to - 1 == last && recipients_is_all(&r))
		to--;
	editing_move(ed, from, (size_t)to - 1, "listeners[%zu].rat", i);
	return editing_done(ed);
}

static int
import(struct editing *ed, const void *what, size_t i, const char *name,
    struct str text)
{
	(void)what;
	return listener_import(ed, i, "rat", rat_text_import, name, text);
}

static void
print(
    struct editing *ed, const void *what, size_t i, bool head, struct buf *out)
{
	(void)what;
	if (head)
		access_text_head(out, "CLI", clock_wall_ms());
	rat_text_print(&listener_at(ed, i)->rat, out);
}
