/* quarantine_dialogue.c - `quarantine` as a dialogue */
#include "admin/quarantine_dialogue.h"

#include <stdio.h>
#include <string.h>

#include "admin/control.h"
#include "admin/fields.h"
#include "admin/quarantine_copy.h"
#include "admin/quarantine_safelist.h"

#define NAMES_MAX 1001 /* of quarantines, that of spam among them */
#define ANSWER    512

/* What was asked for so far; the words of a line are made of it. */
struct talk {
	struct tool *t;
	struct dialogue *d;
	int (*do_it)(struct tool *, int argc, char **argv);
	char *words[10];
	int n;
	char texts[8][ANSWER]; /* of words */
	int n_texts;
};

static bool ask_search(struct talk *);
static bool ask_show(struct talk *);
static bool ask_release(struct talk *);
static bool ask_delete(struct talk *);
static bool ask_delay(struct talk *);
static bool ask_move(struct talk *);
static bool ask_copy(struct talk *);
static bool ask_forward(struct talk *);
static bool ask_quarantine(struct talk *, const char *question);
static bool ask_part(struct talk *, const char *key, const char *question);
static bool of_spam(const struct talk *);
static bool ask_rcpt(struct talk *);
static bool ask_safelist(struct talk *);
static bool ask_mids(struct talk *, const char *question);
static bool ask_mid(struct talk *, const char *question);
static bool ask_addresses(struct talk *, const char *question);
static void add(struct talk *, const char *key, const char *text);

static const struct {
	struct dialogue_op op;
	bool (*ask)(struct talk *); /* false: the input ended */
} ops[] = {
	{ { "SEARCH", "Find messages in a quarantine." }, ask_search },
	{ { "SHOW", "Show a message, and where it is held." }, ask_show },
	{ { "RELEASE", "Release messages." }, ask_release },
	{ { "DELETE", "Delete messages." }, ask_delete },
	{ { "DELAY", "Hold a message longer." }, ask_delay },
	{ { "MOVE", "Move a message to another quarantine." }, ask_move },
	{ { "COPY", "Send a copy of a message." }, ask_copy },
	{ { "FORWARD", "Send a message as an attachment." }, ask_forward },
};
#define N_OPS (sizeof(ops) / sizeof(*ops))

int
quarantine_dialogue(
    struct tool *t, int (*do_it)(struct tool *, int argc, char **argv))
{
	static char command[] = "quarantine", list[] = "list";
	struct dialogue_op menu[N_OPS];
	char *first[] = { command, list, NULL };
	size_t op;
	int status = do_it(t, 2, first);

	fputc('\n', t->dialogue.out);
	for (size_t i = 0; i < N_OPS; i++)
		menu[i] = ops[i].op;
	while (status == TOOL_DONE || status == TOOL_NEGATIVE) {
		struct talk k = { .t = t, .d = &t->dialogue, .do_it = do_it };

		if (!dialogue_menu(k.d, menu, N_OPS, &op))
			return tool_abandoned(t);
		if (op == N_OPS)
			return TOOL_DONE;
		k.words[k.n++] = command;
		add(&k, "", menu[op].word);
		for (char *p = k.words[1]; *p != '\0'; p++)
			*p = (char)(*p | 0x20);
		if (!ops[op].ask(&k))
			return tool_abandoned(t);
		fputc('\n', k.d->out);
		fflush(k.d->out);
		status = do_it(t, k.n, k.words);
		fputc('\n', k.d->out);
	}
	return status;
}

/* --- the operations --- */

static bool
ask_search(struct talk *k)
{
	return ask_quarantine(k, "Enter the quarantine to search.") &&
	       ask_part(k, "sender=",
		   "Enter a part of the envelope sender (empty: any).") &&
	       ask_part(k, "rcpt=",
		   "Enter a part of a recipient's address (empty: any).") &&
	       ask_part(
		   k, "subject=", "Enter a part of the subject (empty: any).");
}

static bool
ask_show(struct talk *k)
{
	return ask_mid(k, "Enter the MID to show.");
}

static bool
ask_release(struct talk *k)
{
	return ask_quarantine(k, "Enter the quarantine to release from.") &&
	       ask_mids(k, "Enter the MID to release, or \"all\".") &&
	       (!of_spam(k) || (ask_rcpt(k) && ask_safelist(k)));
}

static bool
ask_delete(struct talk *k)
{
	return ask_quarantine(k, "Enter the quarantine to delete from.") &&
	       ask_mids(k, "Enter the MID to delete, or \"all\".") &&
	       (!of_spam(k) || ask_rcpt(k));
}

static bool
ask_delay(struct talk *k)
{
	char time[ANSWER];

	if (!ask_quarantine(k, "Enter the quarantine.") ||
	    !ask_mid(k, "Enter the MID to hold longer.") ||
	    !dialogue_text(k->d,
		"Enter by how much longer (such as 2d, 12h or 30m).", "1d",
		time, sizeof(time)))
		return false;
	add(k, "", time);
	return true;
}

static bool
ask_move(struct talk *k)
{
	return ask_quarantine(k, "Enter the quarantine to move from.") &&
	       ask_mid(k, "Enter the MID to move.") &&
	       ask_quarantine(k, "Enter the quarantine to move to.");
}

static bool
ask_copy(struct talk *k)
{
	return ask_mid(k, "Enter the MID to copy.") &&
	       ask_addresses(k, "Enter the email address to send a copy to.\n"
				"Separate multiple addresses with commas.");
}

static bool
ask_forward(struct talk *k)
{
	return ask_mid(k, "Enter the MID to forward.") &&
	       ask_addresses(k, "Enter the email address to forward to.\n"
				"Separate multiple addresses with commas.");
}

/* --- the questions --- */

/* By its number in the list; those there are may change at any time. */
static bool
ask_quarantine(struct talk *k, const char *question)
{
	static const char *const words[] = { "quarantine", "list", NULL };
	static const char *names[NAMES_MAX];
	struct control_answer answer;
	struct err err = ERR_INIT;
	size_t i, n = 0, chosen = 0;
	json_t *q;
	bool ok;

	if (control_ask(k->t, PROGRAM_QMGR, words, &answer, &err) == -1) {
		(void)tool_fail(k->t, &err);
		return false;
	}
	json_array_foreach(json_object_get(answer.json, "quarantines"), i, q)
	{
		if (n < NAMES_MAX)
			names[n++] = fields_text(q, "name");
	}
	ok = dialogue_choice(k->d, question, names, n, 0, &chosen);
	if (ok)
		add(k, "", names[chosen]);
	control_answer_fini(&answer);
	return ok;
}

static bool
ask_part(struct talk *k, const char *key, const char *question)
{
	char text[ANSWER - 16];

	if (!dialogue_text(k->d, question, "", text, sizeof(text)))
		return false;
	if (*text != '\0')
		add(k, key, text);
	return true;
}

/* The quarantine that was chosen: there each recipient goes by himself. */
static bool
of_spam(const struct talk *k)
{
	return strcmp(k->words[2], QUARANTINE_SPAM_NAME) == 0;
}

static bool
ask_rcpt(struct talk *k)
{
	return ask_part(
	    k, "rcpt=", "Enter the recipient it is done for (empty: all).");
}

static bool
ask_safelist(struct talk *k)
{
	bool yes;

	if (!dialogue_yes(k->d,
		"Put the sender on the safelist of whom it is released for?",
		false, &yes))
		return false;
	if (yes)
		add(k, "", "safelist");
	return true;
}

static bool
ask_mids(struct talk *k, const char *question)
{
	char text[32];
	uint64_t mid;

	do {
		if (!dialogue_needed(k->d, question, text, sizeof(text)))
			return false;
	} while (strcmp(text, "all") != 0 && !tool_mid(str_of(text), &mid));
	add(k, "", text);
	return true;
}

static bool
ask_mid(struct talk *k, const char *question)
{
	char text[32];
	uint64_t mid;

	do {
		if (!dialogue_needed(k->d, question, text, sizeof(text)))
			return false;
	} while (!tool_mid(str_of(text), &mid));
	add(k, "", text);
	return true;
}

static bool
ask_addresses(struct talk *k, const char *question)
{
	char text[ANSWER], shown[200];

	for (;;) {
		if (!dialogue_needed(k->d, question, text, sizeof(text)))
			return false;
		if (quarantine_copy_takes(text, shown))
			break;
		fprintf(k->d->out, "Invalid email address: \"%s\"\n", shown);
	}
	add(k, "", text);
	return true;
}

static void
add(struct talk *k, const char *key, const char *text)
{
	char *to = k->texts[k->n_texts++];

	snprintf(to, ANSWER, "%s%s", key, text);
	k->words[k->n++] = to;
	k->words[k->n] = NULL;
}
