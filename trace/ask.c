/*
 * ask.c - the dialogue, in the words that scripts wait for (receiving 2.2)
 */
#include "trace/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "trace/answer.h"

#define UNKNOWN_VALUE "N/A"

static bool ask_until(struct tool *, const char *question, char *answer,
    size_t size, bool (*right)(const char *answer, struct err *));
static bool ask_listener(
    struct tool *, const struct config *, struct trace_answers *);
static bool ask_call_ahead(
    struct tool *, const struct config *, struct trace_answers *);
static bool ask_message(struct tool *, struct trace_answers *);
static bool ask_file(struct tool *, struct trace_answers *);
static bool ask_lines(struct tool *, struct trace_answers *);
static bool any_text(const char *answer, struct err *);
static bool some_address(const char *answer, struct err *);

bool
trace_ask(struct tool *t, const struct config *config, struct trace_answers *a)
{
	if (!ask_until(t, "Enter the source IP", a->source_ip,
		sizeof(a->source_ip), answer_ip) ||
	    !ask_until(t,
		"Enter the fully qualified domain name of the source IP",
		a->fqdn, sizeof(a->fqdn), answer_name) ||
	    !ask_listener(t, config, a))
		return false;
	fputs("Fetching default reputation values...\n", t->dialogue.out);
	if (*a->owner == '\0')
		str_copy(a->owner, sizeof(a->owner), STR(UNKNOWN_VALUE));
	if (*a->reputation == '\0')
		str_copy(
		    a->reputation, sizeof(a->reputation), STR(UNKNOWN_VALUE));
	return ask_until(t,
		   "Enter the SenderBase Org ID of the source IP. The actual "
		   "ID is " UNKNOWN_VALUE ".",
		   a->owner, sizeof(a->owner), answer_owner) &&
	       ask_until(t,
		   "Enter the SenderBase Reputation Score of the source IP. "
		   "The "
		   "actual score is " UNKNOWN_VALUE ".",
		   a->reputation, sizeof(a->reputation), answer_score) &&
	       ask_until(t, "Enter the Envelope Sender address:", a->sender,
		   sizeof(a->sender), any_text) &&
	       ask_until(t,
		   "Enter the Envelope Recipient addresses. Separate multiple "
		   "addresses by commas.",
		   a->recipients, sizeof(a->recipients), some_address) &&
	       ask_call_ahead(t, config, a) && ask_message(t, a);
}

int
trace_read(struct trace_answers *a, struct err *err)
{
	int fd = STDIN_FILENO;

	buf_reset(&a->message);
	if (strcmp(a->file, "-") != 0)
		fd = open(a->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "%s", a->file);
	for (;;) {
		char *room = buf_room(&a->message, 65536);
		ssize_t n = room != NULL ? read(fd, room, 65536) : 0;

		if (n > 0)
			buf_grew(&a->message, (size_t)n);
		else if (n == 0)
			break;
		else if (errno != EINTR)
			break;
		else
			continue;
	}
	if (fd != STDIN_FILENO)
		close(fd);
	return 0;
}

/* Asked again until the answer is right; it is the default of the next. */
static bool
ask_until(struct tool *t, const char *question, char *answer, size_t size,
    bool (*right)(const char *answer, struct err *))
{
	char dflt[DIALOGUE_LINE], line[DIALOGUE_LINE];
	struct err err = ERR_INIT;

	str_copy(dflt, sizeof(dflt), str_of(answer));
	for (;;) {
		if (!dialogue_text(
			&t->dialogue, question, dflt, line, sizeof(line)))
			return false;
		if (strlen(line) < size && right(line, &err))
			break;
		if (err.text[0] != '\0')
			fprintf(t->dialogue.out, "%s\n", err.text);
	}
	str_copy(answer, size, str_of(line));
	fputc('\n', t->dialogue.out);
	return true;
}

static bool
ask_listener(
    struct tool *t, const struct config *config, struct trace_answers *a)
{
	const char **names = mem_array(config->n_listeners, sizeof(*names));
	size_t chosen = 0;
	struct arena mem;
	bool ok;

	arena_init(&mem, 1 << 20);
	for (size_t i = 0; i < config->n_listeners; i++) {
		names[i] = arena_strz(&mem, config->listeners[i].name);
		if (strcmp(names[i], a->listener) == 0)
			chosen = i;
	}
	ok = dialogue_choice(&t->dialogue,
	    "Select the listener to trace behavior on:", names,
	    config->n_listeners, chosen, &chosen);
	if (ok) {
		str_copy(
		    a->listener, sizeof(a->listener), str_of(names[chosen]));
		fputc('\n', t->dialogue.out);
	}
	arena_free(&mem);
	free(names);
	return ok;
}

/* Only where there is one: it is somebody else's (2.6.3). */
static bool
ask_call_ahead(
    struct tool *t, const struct config *config, struct trace_answers *a)
{
	const struct listener *l = config_listener(config, str_of(a->listener));

	if (l == NULL || l->call_ahead == NULL)
		return true;
	if (!dialogue_yes(&t->dialogue, "Contact the call-ahead server?",
		a->call_ahead, &a->call_ahead))
		return false;
	fputc('\n', t->dialogue.out);
	return true;
}

static bool
ask_message(struct tool *t, struct trace_answers *a)
{
	bool from_disk = strcmp(a->file, "-") != 0;

	if (!dialogue_yes(
		&t->dialogue, "Load message from disk?", from_disk, &from_disk))
		return false;
	fputc('\n', t->dialogue.out);
	if (!from_disk) {
		str_copy(a->file, sizeof(a->file), STR("-"));
		return ask_lines(t, a);
	}
	return ask_file(t, a);
}

/* One that cannot be read is not offered again. */
static bool
ask_file(struct tool *t, struct trace_answers *a)
{
	char dflt[sizeof(a->file)] = "";
	struct err err = ERR_INIT;

	if (strcmp(a->file, "-") != 0)
		str_copy(dflt, sizeof(dflt), str_of(a->file));
	for (;;) {
		if (!dialogue_text(&t->dialogue,
			"Enter the name of the file to load:", dflt, a->file,
			sizeof(a->file)))
			return false;
		if (*a->file != '\0' && trace_read(a, &err) == 0)
			break;
		if (*a->file != '\0')
			tool_fail(t, &err);
	}
	fputc('\n', t->dialogue.out);
	return true;
}

/* Up to a lone dot, or the end of the input. */
static bool
ask_lines(struct tool *t, struct trace_answers *a)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	buf_reset(&a->message);
	fputs("Enter or paste the message body here. Enter '.' on a blank "
	      "line to end.\n",
	    t->dialogue.out);
	fflush(t->dialogue.out);
	while ((n = getline(&line, &cap, t->dialogue.in)) > 0) {
		struct str text = { line, (size_t)n };

		if (str_is(str_trim(text), ".") && line[0] == '.')
			break;
		buf_add_str(&a->message, text);
	}
	free(line);
	fputc('\n', t->dialogue.out);
	return true;
}

/* More than blanks and commas. */
static bool
some_address(const char *answer, struct err *err)
{
	err->text[0] = '\0';
	return answer[strspn(answer, " \t,")] != '\0';
}

static bool
any_text(const char *answer, struct err *err)
{
	err->text[0] = '\0';
	return *answer != '\0';
}
