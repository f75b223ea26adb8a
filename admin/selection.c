/* selection.c - which recipients of the queue a command is about */
#include "admin/selection.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/fields.h"

static const struct way {
	const char *word, *item;
	const char *question; /* %s: verb; NULL: nothing to ask */
	const char *sure;     /* what is confirmed; %s: what */
} ways[] = {
	{ "host", "By recipient host.",
	    "Please enter the hostname for the messages you wish to %s.",
	    "being delivered to \"%s\"" },
	{ "sender", "By Envelope From address.",
	    "Please enter the Envelope From address for the messages you wish "
	    "to %s.",
	    "from \"%s\"" },
	{ "all", "All.", NULL, "being delivered (all active recipients)" },
	{ "mid", "By message ID.",
	    "Please enter the MID of the message you wish to %s.",
	    "with MID %s" },
};
#define N_WAYS (sizeof(ways) / sizeof(*ways))

static const struct way *way_find(const char *word);
static int confirm(struct tool *, const struct selection_verb *,
    const struct selection *, bool *yes);
static int count(struct tool *, const struct selection *);
static void number(struct tool *, const json_t *, const char *key);

bool
selection_take(struct selection *s, int argc, char **argv)
{
	const struct way *w = argc > 0 ? way_find(argv[0]) : NULL;

	if (w == NULL || argc != (w->question != NULL ? 2 : 1))
		return false;
	s->word = w->word;
	s->what[0] = '\0';
	return argc == 1 || str_copy(s->what, sizeof(s->what), str_of(argv[1]));
}

bool
selection_ask(struct tool *t, const char *verb, struct selection *s)
{
	const char *items[N_WAYS];
	char text[200];
	size_t choice;

	for (size_t i = 0; i < N_WAYS; i++)
		items[i] = ways[i].item;
	snprintf(text, sizeof(text),
	    "Please select how you would like to %s messages:", verb);
	if (!dialogue_choice(&t->dialogue, text, items, N_WAYS, 0, &choice))
		return false;
	s->word = ways[choice].word;
	s->what[0] = '\0';
	if (ways[choice].question == NULL)
		return true;
	snprintf(text, sizeof(text), ways[choice].question, verb);
	return dialogue_needed(&t->dialogue, text, s->what, sizeof(s->what));
}

void
selection_add(const struct selection *s, const char **words, size_t n)
{
	words[n++] = s->word;
	if (s->what[0] != '\0')
		words[n++] = s->what;
	words[n] = NULL;
}

int
selection_run(
    struct tool *t, const struct selection_verb *v, int argc, char **argv)
{
	const char *words[4] = { v->command };
	struct selection s;
	bool yes = true;
	int status;

	if (argc == 1 && t->asks) {
		if (!selection_ask(t, v->verb, &s))
			return tool_abandoned(t);
		status = confirm(t, v, &s, &yes);
		if (status != TOOL_DONE || !yes)
			return status != TOOL_DONE ? status : TOOL_NEGATIVE;
		fprintf(
		    t->dialogue.out, "%s messages, please wait.\n", v->doing);
	} else if (!selection_take(&s, argc - 1, argv + 1)) {
		return tool_usage(t, NULL);
	}
	selection_add(&s, words, 1);
	return selection_carry_out(t, words, "message", v->done);
}

int
selection_carry_out(struct tool *t, const char *const *words, const char *unit,
    const char *done)
{
	struct control_answer answer;
	struct err err = ERR_INIT;
	FILE *out = t->dialogue.out;

	if (control_ask(t, PROGRAM_QMGR, words, &answer, &err) == -1)
		return tool_fail(t, &err);
	if (t->json) {
		tool_print_json(t, answer.json);
		control_answer_fini(&answer);
		return TOOL_DONE;
	}
	number(t, answer.json, "recipients");
	fprintf(out, " %s%s %s.\n", unit,
	    fields_num(answer.json, "recipients") == 1 ? "" : "s", done);
	if (fields_num(answer.json, "in_delivery") != 0) {
		bool one = fields_num(answer.json, "in_delivery") == 1;

		number(t, answer.json, "in_delivery");
		fprintf(out, " recipient%s in delivery and %s not %s.\n",
		    one ? " is" : "s are", one ? "was" : "were", done);
	}
	fputs("Active recipients: ", out);
	number(t, answer.json, "active_before");
	fputs(" before, ", out);
	number(t, answer.json, "active_after");
	fputs(" now.\n", out);
	control_answer_fini(&answer);
	return TOOL_DONE;
}

static const struct way *
way_find(const char *word)
{
	for (size_t i = 0; i < N_WAYS; i++)
		if (strcmp(word, ways[i].word) == 0)
			return &ways[i];
	return NULL;
}

/* How many there are, and whether it is meant. */
static int
confirm(struct tool *t, const struct selection_verb *v,
    const struct selection *s, bool *yes)
{
	char object[ADDR_MAX + 64], text[ADDR_MAX + 128];
	int status = count(t, s);

	if (status != TOOL_DONE)
		return status;
	snprintf(object, sizeof(object), way_find(s->word)->sure, s->what);
	snprintf(text, sizeof(text),
	    "Are you sure you want to %s all messages %s?", v->verb, object);
	return dialogue_yes(&t->dialogue, text, false, yes) ? TOOL_DONE
							    : tool_abandoned(t);
}

static int
count(struct tool *t, const struct selection *s)
{
	const char *words[4] = { "countrecipients" };
	struct control_answer answer;
	struct err err = ERR_INIT;

	selection_add(s, words, 1);
	if (control_ask(t, PROGRAM_QMGR, words, &answer, &err) == -1)
		return tool_fail(t, &err);
	fputs("Active recipients: ", t->dialogue.out);
	number(t, answer.json, "recipients");
	fputs(", of messages: ", t->dialogue.out);
	number(t, answer.json, "messages");
	fputc('\n', t->dialogue.out);
	control_answer_fini(&answer);
	return TOOL_DONE;
}

static void
number(struct tool *t, const json_t *answer, const char *key)
{
	struct buf text;

	buf_init(&text, 64);
	fields_cell(&text, fields_num(answer, key), 0);
	fputs(text.data, t->dialogue.out);
	buf_fini(&text);
}
