/* cmd_process_status.c - `process_status` (delivery-admin 2.16) */
#include <string.h>
#include <time.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "admin/programs.h"
#include "admin/render.h"
#include "base/clock.h"

#define TEXT_SIZE   65536
#define SECONDS_MAX 60

static int run(struct tool *, int argc, char **argv);
static int look(struct tool *, unsigned seconds, json_t **out, struct err *);
static json_t *programs(struct tool *, struct err *);
static void add_use(json_t *list, const json_t *before, int64_t ms);
static int64_t cpu_before(const json_t *list, const json_t *process);
static bool all_ready(const json_t *list);

const struct tool_command cmd_process_status = {
	.name = "process_status",
	.usage = "[SECONDS]",
	.summary = "Show the programs of the gateway, and what each uses",
	.help = "Shows for each process of the gateway its number and state, "
		"what it used of one processor within SECONDS (1), memory of "
		"its own in kilobytes, processor time since its start, how "
		"often that program had to be started again since the gateway "
		"started, and when it was. The status is 1 when one of them "
		"is not ready.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct err err = ERR_INIT;
	uint64_t seconds = 1;
	struct buf text;
	json_t *json;
	bool ready;

	if (argc > 2)
		return tool_usage(t, NULL);
	if (argc == 2 &&
	    (!str_u64(str_of(argv[1]), SECONDS_MAX, &seconds) || seconds == 0))
		return tool_usage(t, "SECONDS is a number within 1..60");
	if (look(t, (unsigned)seconds, &json, &err) == -1)
		return tool_fail(t, &err);
	ready = all_ready(json_object_get(json, "programs"));
	buf_init(&text, TEXT_SIZE);
	render_processes(json, &text);
	tool_show(t, json, &text);
	return ready ? TOOL_DONE : TOOL_NEGATIVE;
}

/* Twice, to see what is used between. */
static int
look(struct tool *t, unsigned seconds, json_t **out, struct err *err)
{
	const struct timespec wait = { .tv_sec = seconds };
	json_t *before = programs(t, err), *now;
	int64_t began = clock_mono_ms();

	if (before == NULL)
		return -1;
	add_use(before, NULL, 0);
	nanosleep(&wait, NULL);
	now = programs(t, err);
	if (now != NULL)
		add_use(now, before, clock_mono_ms() - began);
	json_decref(before);
	if (now == NULL)
		return -1;
	*out = json_pack("{s:I, s:I, s:o}", "status_as_of",
	    (json_int_t)clock_wall_ms(), "seconds", (json_int_t)seconds,
	    "programs", now);
	return 0;
}

/* The master first. NULL: err. */
static json_t *
programs(struct tool *t, struct err *err)
{
	const char *words[] = { "programs", NULL };
	struct control_answer answer;
	const json_t *self;
	json_t *list;

	if (control_ask(t, PROGRAM_MASTER, words, &answer, err) == -1)
		return NULL;
	self = json_object_get(answer.json, "master");
	list = json_deep_copy(json_object_get(answer.json, "programs"));
	json_array_insert_new(list, 0,
	    json_pack("{s:s, s:i, s:I, s:s, s:I, s:i}", "program",
		program_name(PROGRAM_MASTER), "worker", 0, "pid",
		(json_int_t)fields_num(self, "pid"), "state", "ready",
		"started", (json_int_t)fields_num(self, "started"), "restarts",
		0));
	control_answer_fini(&answer);
	return list;
}

static void
add_use(json_t *list, const json_t *before, int64_t ms)
{
	struct programs_use use;
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		pid_t pid = (pid_t)fields_num(one, "pid");
		int64_t used = cpu_before(before, one);
		bool known = pid > 0 && programs_use(pid, &use);

		if (known)
			used = use.cpu_ms - used;
		json_object_set_new(one, "cpu",
		    known && ms > 0 ? json_real((double)(used * 1000 / ms) / 10)
				    : json_null());
		json_object_set_new(one, "cpu_time",
		    known ? json_integer(use.cpu_ms) : json_null());
		json_object_set_new(one, "memory",
		    known ? json_integer(use.memory) : json_null());
	}
}

/* ms; of one that was started between the two: 0. */
static int64_t
cpu_before(const json_t *list, const json_t *process)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (fields_num(one, "pid") == fields_num(process, "pid"))
			return fields_num(one, "cpu_time");
	}
	return 0;
}

static bool
all_ready(const json_t *list)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (strcmp(fields_text(one, "state"), "ready") != 0)
			return false;
	}
	return true;
}
