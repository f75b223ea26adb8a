/*
 * cmd_outbreakmanage.c - `outbreakmanage`, a command and a part of
 * `quarantineconfig` (spec workqueue 8.4)
 *
 * Which rule holds a message is in the reason that it is held for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "admin/outbreakmanage.h"

#define REASON        "outbreak rule:"
#define ADAPTIVE_RULE "Adaptive_"
#define ADAPTIVE      "adaptive"
#define RULE_MAX      200

static int run(struct tool *, int argc, char **argv);
static int ask_for_held(struct tool *, struct control_answer *held);
static int list(struct tool *, const json_t *held);
static int end(
    struct tool *, const json_t *held, const char *op, const char *rule);
static json_t *by_rule(const json_t *held);
static const char *rule_of(const json_t *message);
static bool end_one(struct tool *, const char *op, int64_t mid, struct err *);
static int print_json(const struct tool *, json_t *);

const struct tool_command cmd_outbreakmanage = {
	.name = "outbreakmanage",
	.usage = "list | release RULE | delete RULE",
	.summary = "Release or delete what an outbreak rule holds",
	.help = "Lists the rules that hold messages in the quarantine "
		"Outbreak, with their number, and releases or deletes all that "
		"one of them holds. The rules that come with Postern go "
		"together, as \"adaptive\". Without words it asks.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *rule = argc == 3 ? argv[2] : NULL;

	if (argc == 1 && t->asks)
		return outbreakmanage_ask(t) ? TOOL_DONE : tool_abandoned(t);
	if (argc < 2 || argc > 3)
		return tool_usage(t, NULL);
	return outbreakmanage_do(t, argv[1], rule);
}

int
outbreakmanage_do(struct tool *t, const char *word, const char *rule)
{
	bool lists = strcmp(word, "list") == 0;
	struct control_answer held;
	int status;

	if (lists != (rule == NULL) ||
	    (!lists && strcmp(word, "release") != 0 &&
		strcmp(word, "delete") != 0))
		return tool_usage(t, NULL);
	status = ask_for_held(t, &held);
	if (status != TOOL_DONE)
		return status;
	status = lists ? list(t, held.json) : end(t, held.json, word, rule);
	control_answer_fini(&held);
	return status;
}

bool
outbreakmanage_ask(struct tool *t)
{
	static const struct dialogue_op ops[] = {
		{ "RELEASE", "Release the messages of a rule" },
		{ "DELETE", "Delete the messages of a rule" },
	};
	struct control_answer held;
	char rule[RULE_MAX + 1];
	bool answered = true;
	size_t op = 2;

	if (ask_for_held(t, &held) != TOOL_DONE)
		return true;
	(void)list(t, held.json);
	if (json_array_size(json_object_get(held.json, "messages")) > 0)
		answered = dialogue_menu(&t->dialogue, ops, 2, &op);
	if (answered && op < 2)
		answered = dialogue_text(&t->dialogue,
		    "Enter the name of the rule:", "", rule, sizeof(rule));
	if (answered && op < 2)
		(void)end(t, held.json, op == 0 ? "release" : "delete", rule);
	control_answer_fini(&held);
	return answered;
}

static int
ask_for_held(struct tool *t, struct control_answer *held)
{
	static const char *const words[] = { "quarantine", "search", "Outbreak",
		NULL };
	struct err err = ERR_INIT;

	return control_ask(t, PROGRAM_QMGR, words, held, &err) == -1
		   ? tool_fail(t, &err)
		   : TOOL_DONE;
}

static int
list(struct tool *t, const json_t *held)
{
	json_t *rules = by_rule(held), *n;
	const char *rule;
	struct buf out;

	if (t->json)
		return print_json(t, json_pack("{s:o}", "rules", rules));
	buf_init(&out, 4u << 20);
	buf_printf(&out, "%-40s  %s\n", "Rule", "Messages");
	json_object_foreach(rules, rule, n)
	{
		struct buf name;

		buf_init(&name, 4096);
		fields_show(&name, rule, 200);
		buf_printf(&out, "%-40s  %8" PRId64 "\n", name.data,
		    (int64_t)json_integer_value(n));
		buf_fini(&name);
	}
	if (json_object_size(rules) == 0)
		buf_puts(&out, "none\n");
	tool_print(t, &out);
	buf_fini(&out);
	json_decref(rules);
	return TOOL_DONE;
}

/* What has gone in the meantime is gone. */
static int
end(struct tool *t, const json_t *held, const char *op, const char *rule)
{
	json_t *messages = json_object_get(held, "messages"), *m;
	struct err err = ERR_INIT;
	json_int_t n = 0;
	size_t i;

	json_array_foreach(messages, i, m)
	{
		if (strcasecmp(rule_of(m), rule) != 0)
			continue;
		if (end_one(t, op, fields_num(m, "mid"), &err))
			n++;
		else if (err.kind != ERR_PERM)
			return tool_fail(t, &err);
	}
	if (n == 0) {
		err_set(&err, ERR_PERM, "The rule \"%.100s\" holds no message.",
		    rule);
		return tool_fail(t, &err);
	}
	if (t->json)
		return print_json(t,
		    json_pack("{s:s, s:s, s:I}", "rule", rule, "done",
			op[0] == 'r' ? "released" : "deleted", "messages", n));
	fprintf(t->dialogue.out, "%s: %" PRId64 " message%s.\n",
	    op[0] == 'r' ? "Released" : "Deleted", (int64_t)n,
	    n == 1 ? "" : "s");
	return TOOL_DONE;
}

static bool
end_one(struct tool *t, const char *op, int64_t mid, struct err *err)
{
	struct control_answer answer = { NULL, -1 };
	char number[24];
	const char *words[] = { "quarantine", op, "Outbreak", number, NULL };

	snprintf(number, sizeof(number), "%" PRId64, mid);
	if (control_ask(t, PROGRAM_QMGR, words, &answer, err) == -1)
		return false;
	control_answer_fini(&answer);
	return true;
}

/* { "RULE": number of messages } */
static json_t *
by_rule(const json_t *held)
{
	json_t *messages = json_object_get(held, "messages"), *m;
	json_t *rules = json_object();
	size_t i;

	json_array_foreach(messages, i, m)
	{
		const char *rule = rule_of(m);

		json_object_set_new(
		    rules, rule, json_integer(fields_num(rules, rule) + 1));
	}
	return rules;
}

static const char *
rule_of(const json_t *message)
{
	const char *reason = fields_text(message, "reason");

	if (strncmp(reason, REASON, strlen(REASON)) != 0)
		return reason; /* moved here by hand */
	reason += strlen(REASON);
	return strncmp(reason, ADAPTIVE_RULE, strlen(ADAPTIVE_RULE)) == 0
		   ? ADAPTIVE
		   : reason;
}

/* Takes it. */
static int
print_json(const struct tool *t, json_t *j)
{
	int status = tool_print_json(t, j);

	json_decref(j);
	return status;
}
