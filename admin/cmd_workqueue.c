/* cmd_workqueue.c - `workqueue` (delivery-admin 2.14) */
#include <string.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "admin/render.h"
#include "base/clock.h"

#define REASON_MAX   200
#define RATE_MAX     3600
#define RATE_ROWS    20 /* the heading comes again after so many */
#define RATE_DEFAULT 10

enum { STATUS, PAUSE, RESUME, RATE, N_OPS };

static const char *const words[N_OPS] = { "status", "pause", "resume", "rate" };

static int run(struct tool *, int argc, char **argv);
static int converse(struct tool *);
static int ask_pause(struct tool *);
static int ask_resume(struct tool *);
static int ask_rate(struct tool *);
static int tell(struct tool *, const char *word, const char *reason);
static int rate(struct tool *, uint64_t every, uint64_t count);
static int sample(
    struct tool *, struct rate_row *, uint64_t *received, struct err *);
static int print_rate(struct tool *, const struct rate_row *, bool heading);

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
	uint64_t every, count = 0;
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
		if ((argc == 3 || argc == 4) &&
		    str_u64(str_of(argv[2]), RATE_MAX, &every) && every != 0 &&
		    (argc == 3 || str_u64(str_of(argv[3]), INT64_MAX, &count)))
			return rate(t, every, count);
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
	uint64_t every;

	if (!dialogue_number(&t->dialogue,
		"Enter the number of seconds between displays.", 1, RATE_MAX,
		RATE_DEFAULT, &every))
		return tool_abandoned(t);
	fputs("Hit Ctrl-C to return to the main prompt.\n\n", t->dialogue.out);
	return rate(t, every, 0);
}

static int
tell(struct tool *t, const char *word, const char *reason)
{
	const char *ask[] = { "workqueue", word, reason, NULL };

	return control_show(t, PROGRAM_QMGR, ask, render_workqueue);
}

/* count 0: without end */
static int
rate(struct tool *t, uint64_t every, uint64_t count)
{
	struct err err = ERR_INIT;
	struct rate_row row;
	uint64_t last_in = 0, last_pending = 0, received;

	for (uint64_t i = 0; count == 0 || i < count; i++) {
		if (i != 0)
			sleep((unsigned)every);
		if (sample(t, &row, &received, &err) == -1)
			return tool_fail(t, &err);
		row.in = i != 0 && received > last_in ? received - last_in : 0;
		row.out = 0;
		if (i != 0 && last_pending + row.in > row.pending)
			row.out = last_pending + row.in - row.pending;
		last_in = received;
		last_pending = row.pending;
		if (print_rate(t, &row, i % RATE_ROWS == 0) != TOOL_DONE)
			return TOOL_NEGATIVE;
	}
	return TOOL_DONE;
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

static int
print_rate(struct tool *t, const struct rate_row *row, bool heading)
{
	struct buf text;
	json_t *json;

	if (t->json) {
		json = json_pack("{s:I, s:I, s:I, s:I}", "time",
		    (json_int_t)row->when, "pending", (json_int_t)row->pending,
		    "in", (json_int_t)row->in, "out", (json_int_t)row->out);
		tool_print_json(t, json);
		json_decref(json);
	} else {
		buf_init(&text, 1024);
		render_rate(row, heading, &text);
		fputs(text.data, t->dialogue.out);
		buf_fini(&text);
	}
	return fflush(t->dialogue.out) == 0 ? TOOL_DONE : TOOL_NEGATIVE;
}
