/* cmd_workqueue.c - `workqueue` (delivery-admin 2.14) */
#include <string.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "admin/render.h"
#include "admin/repeat.h"
#include "base/clock.h"

#define REASON_MAX 200

enum { STATUS, PAUSE, RESUME, RATE, N_OPS };

static const char *const words[N_OPS] = { "status", "pause", "resume", "rate" };

/* The line before: received in all, and waiting. */
struct flow {
	uint64_t in, pending;
};

static int run(struct tool *, int argc, char **argv);
static int converse(struct tool *);
static int ask_pause(struct tool *);
static int ask_resume(struct tool *);
static int ask_rate(struct tool *);
static int tell(struct tool *, const char *word, const char *reason);
static int rate_line(struct tool *, void *, bool first, bool heading,
    struct buf *, json_t **, struct err *);
static int sample(
    struct tool *, struct rate_row *, uint64_t *received, struct err *);

const struct tool_command cmd_workqueue = {
	.name = "workqueue",
	.usage = "status | pause REASON | resume | rate SECONDS [COUNT]",
	.summary = "Show, pause or resume the work queue",
	.help = "The work queue holds accepted messages until filters and "
		"policies have seen them. \"pause\" keeps messages there, for "
		"the reason given; receiving and delivery go on. \"rate\" "
		"prints a line every SECONDS, COUNT times or until "
		"interrupted: messages waiting, and how many came and went.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	char reason[REASON_MAX + 1];
	struct flow flow = { 0 };
	struct repeat r = { .line = rate_line, .arg = &flow };
	int op = 0;

	if (argc == 1 && t->asks)
		return converse(t);
	while (op < N_OPS && (argc < 2 || strcmp(argv[1], words[op]) != 0))
		op++;
	switch (op) {
	case STATUS:
	case RESUME:
		if (argc == 2)
			return tell(t, words[op], NULL);
		break;
	case PAUSE:
		if (argc < 3)
			break;
		tool_join(reason, sizeof(reason), argc, argv, 2);
		return tell(t, words[op], reason);
	case RATE:
		if (argc > 2 && repeat_take(&r, argc - 2, argv + 2))
			return repeat_run(t, &r);
		if (argc > 2)
			return tool_usage(t, REPEAT_RANGE);
		break;
	}
	return tool_usage(t, NULL);
}

static int
converse(struct tool *t)
{
	static const struct dialogue_op running[] = {
		{ "STATUS", "Display work queue status" },
		{ "PAUSE", "Pause the work queue" },
		{ "RATE", "Display work queue statistics over time" },
	}, paused[] = {
		{ "STATUS", "Display work queue status" },
		{ "RESUME", "Resume the work queue" },
		{ "RATE", "Display work queue statistics over time" },
	};
	const char *ask[] = { "workqueue", "status", NULL };
	struct control_answer answer;
	struct err err = ERR_INIT;
	struct buf text;
	bool is_paused;
	size_t op;

	if (control_ask(t, PROGRAM_QMGR, ask, &answer, &err) == -1)
		return tool_fail(t, &err);
	buf_init(&text, 1024 * 1024);
	render_workqueue(answer.json, &text);
	tool_print(t, &text);
	buf_fini(&text);
	is_paused = fields_bool(answer.json, "paused");
	control_answer_fini(&answer);
	if (!dialogue_menu(&t->dialogue, is_paused ? paused : running, 3, &op))
		return tool_abandoned(t);
	switch (op) {
	case 0:
		return tell(t, "status", NULL);
	case 1:
		return is_paused ? ask_resume(t) : ask_pause(t);
	case 2:
		return ask_rate(t);
	}
	return TOOL_DONE;
}

static int
ask_pause(struct tool *t)
{
	char reason[REASON_MAX + 1];
	bool yes;

	if (!dialogue_yes(&t->dialogue,
		"Manually pause work queue? This will only affect unprocessed "
		"messages.",
		false, &yes))
		return tool_abandoned(t);
	if (!yes)
		return TOOL_NEGATIVE;
	if (!dialogue_text(&t->dialogue, "Reason for pausing work queue:", "",
		reason, sizeof(reason)))
		return tool_abandoned(t);
	return tell(t, "pause", reason);
}

static int
ask_resume(struct tool *t)
{
	bool yes;

	if (!dialogue_yes(
		&t->dialogue, "Manually resume work queue?", true, &yes))
		return tool_abandoned(t);
	return yes ? tell(t, "resume", NULL) : TOOL_NEGATIVE;
}

static int
ask_rate(struct tool *t)
{
	struct flow flow = { 0 };
	struct repeat r = { .line = rate_line, .arg = &flow };

	if (!repeat_ask(t, &r))
		return tool_abandoned(t);
	return repeat_run(t, &r);
}

static int
tell(struct tool *t, const char *word, const char *reason)
{
	const char *ask[] = { "workqueue", word, reason, NULL };

	return control_show(t, PROGRAM_QMGR, ask, render_workqueue);
}

static int
rate_line(struct tool *t, void *arg, bool first, bool heading, struct buf *text,
    json_t **json, struct err *err)
{
	struct flow *last = arg;
	struct rate_row row;
	uint64_t received;

	if (sample(t, &row, &received, err) == -1)
		return -1;
	row.in = !first && received > last->in ? received - last->in : 0;
	row.out = 0;
	if (!first && last->pending + row.in > row.pending)
		row.out = last->pending + row.in - row.pending;
	*last = (struct flow){ received, row.pending };
	render_rate(&row, heading, text);
	*json = json_pack("{s:I, s:I, s:I, s:I}", "time", (json_int_t)row.when,
	    "pending", (json_int_t)row.pending, "in", (json_int_t)row.in, "out",
	    (json_int_t)row.out);
	return 0;
}

/* What enters the work queue is what is received. */
static int
sample(
    struct tool *t, struct rate_row *row, uint64_t *received, struct err *err)
{
	const char *ask[] = { "workqueue", "status", NULL };
	const char *counters[] = { "status", NULL };
	struct control_answer answer;

	if (control_ask(t, PROGRAM_QMGR, ask, &answer, err) == -1)
		return -1;
	*row = (struct rate_row){ .when = clock_wall_ms(),
		.pending = (uint64_t)fields_num(answer.json, "messages") };
	control_answer_fini(&answer);
	if (control_ask(t, PROGRAM_RECORDER, counters, &answer, err) == -1)
		return -1;
	*received = (uint64_t)fields_num(
	    json_object_get(
		json_object_get(answer.json, "counters"), "messages_received"),
	    "uptime");
	control_answer_fini(&answer);
	return 0;
}
