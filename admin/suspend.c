/* suspend.c - stopping and resuming receiving and delivery */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "admin/fields.h"
#include "admin/suspend.h"
#include "base/bounds.h"
#include "base/clock.h"

#define POLL_US 200000 /* while waiting for connections to end */
#define WORDS   8

static int tell_listeners(
    struct tool *, const char *verb, const char *seconds, const json_t *names);
static void say(struct tool *, const char *what, const json_t *names);
static int wait_for_delivery(struct tool *, uint64_t seconds, struct err *);

int
suspend_wait(struct tool *t, const char *arg, uint64_t *seconds)
{
	*seconds = SUSPEND_WAIT;
	if (arg != NULL)
		return str_u64(str_of(arg), SUSPEND_WAIT_MAX, seconds)
			   ? TOOL_DONE
			   : tool_usage(
				 t, "the number of seconds is within 0..86400");
	if (t->asks &&
	    !dialogue_number(&t->dialogue,
		"Enter the number of seconds to wait before abruptly closing "
		"connections.",
		0, SUSPEND_WAIT_MAX, SUSPEND_WAIT, seconds))
		return tool_abandoned(t);
	return TOOL_DONE;
}

json_t *
suspend_listeners(struct tool *t, bool suspended, struct err *err)
{
	const char *words[] = { "listeners", NULL };
	struct control_answer answer;
	json_t *names, *seen;
	const json_t *one;
	size_t i;

	if (control_ask(t, PROGRAM_MASTER, words, &answer, err) == -1)
		return NULL;
	names = json_array();
	seen = json_object(); /* a listener may have several sockets */
	json_array_foreach(json_object_get(answer.json, "listeners"), i, one)
	{
		const char *name = fields_text(one, "name");

		if (fields_bool(one, "suspended") != suspended ||
		    json_object_get(seen, name) != NULL)
			continue;
		json_object_set_new(seen, name, json_true());
		json_array_append_new(names, json_string(name));
	}
	json_decref(seen);
	control_answer_fini(&answer);
	return names;
}

int
suspend_receiving(struct tool *t, const json_t *names, uint64_t seconds)
{
	char text[24];
	int status;

	snprintf(text, sizeof(text), "%" PRIu64, seconds);
	if (!t->json)
		fputs("Waiting for listeners to exit...\n", t->dialogue.out);
	status = tell_listeners(t, "suspendlistener", text, names);
	if (status == TOOL_DONE && !t->json)
		say(t, "Receiving suspended for ", names);
	return status;
}

int
suspend_resume_receiving(struct tool *t, const json_t *names)
{
	int status = tell_listeners(t, "resumelistener", NULL, names);

	if (status == TOOL_DONE && !t->json)
		say(t, "Receiving resumed for ", names);
	return status;
}

int
suspend_delivery(struct tool *t, uint64_t seconds)
{
	char text[24];
	const char *words[] = { "suspenddel", text, NULL };
	struct control_answer answer;
	struct err err = ERR_INIT;

	snprintf(text, sizeof(text), "%" PRIu64, seconds);
	if (control_ask(t, PROGRAM_QMGR, words, &answer, &err) == -1)
		return tool_fail(t, &err);
	if (t->json)
		tool_print_json(t, answer.json);
	control_answer_fini(&answer);
	if (t->json)
		return TOOL_DONE;
	fputs(
	    "Waiting for outgoing deliveries to finish...\n", t->dialogue.out);
	fflush(t->dialogue.out);
	if (wait_for_delivery(t, seconds, &err) == -1)
		return tool_fail(t, &err);
	fputs("Mail delivery suspended.\n", t->dialogue.out);
	return TOOL_DONE;
}

int
suspend_resume_delivery(struct tool *t)
{
	const char *words[] = { "resumedel", NULL };
	struct control_answer answer;
	struct err err = ERR_INIT;

	if (control_ask(t, PROGRAM_QMGR, words, &answer, &err) == -1)
		return tool_fail(t, &err);
	if (t->json)
		tool_print_json(t, answer.json);
	else
		fputs("Mail delivery resumed.\n", t->dialogue.out);
	control_answer_fini(&answer);
	return TOOL_DONE;
}

/* As many at a time as a command has words for. */
static int
tell_listeners(
    struct tool *t, const char *verb, const char *seconds, const json_t *names)
{
	size_t n = json_array_size(names), i = 0;

	while (i < n) {
		const char *words[WORDS + 3] = { verb, seconds };
		size_t at = seconds != NULL ? 2 : 1;
		struct control_answer answer;
		struct err err = ERR_INIT;

		for (size_t k = 0; k < WORDS && i < n; k++, i++)
			words[at++] =
			    json_string_value(json_array_get(names, i));
		if (control_ask(t, PROGRAM_MASTER, words, &answer, &err) == -1)
			return tool_fail(t, &err);
		if (t->json && i == n)
			tool_print_json(t, answer.json);
		control_answer_fini(&answer);
	}
	return TOOL_DONE;
}

static void
say(struct tool *t, const char *what, const json_t *names)
{
	struct buf out;
	const json_t *one;
	size_t i;

	buf_init(&out, 1024 * 1024);
	buf_puts(&out, what);
	json_array_foreach(names, i, one)
	{
		buf_puts(&out, i != 0 ? ", " : "");
		fields_show(&out, json_string_value(one), NAME_MAX_LEN);
	}
	buf_puts(&out, ".\n");
	tool_print(t, &out);
	buf_fini(&out);
}

/* Until no delivery connection is open; the queue manager cuts those that
 * are after the time given, so a little more is always enough. */
static int
wait_for_delivery(struct tool *t, uint64_t seconds, struct err *err)
{
	int64_t until = clock_mono_ms() + ((int64_t)seconds + 5) * 1000;
	const char *words[] = { "queue", NULL };
	int64_t open = 1;

	while (open > 0 && clock_mono_ms() < until) {
		struct control_answer answer;

		if (control_ask(t, PROGRAM_QMGR, words, &answer, err) == -1)
			return -1;
		open = fields_num(json_object_get(answer.json, "gauges"),
		    "current_outbound_conn");
		control_answer_fini(&answer);
		if (open > 0)
			usleep(POLL_US);
	}
	return 0;
}
