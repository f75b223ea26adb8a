/* cmd_healthcheck.c - `healthcheck` (delivery-admin 2.16) */
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "admin/health.h"
#include "admin/render.h"

#define DAY       1440 /* minutes */
#define TEXT_SIZE 65536

static int run(struct tool *, int argc, char **argv);
static bool read_minutes(struct str, uint64_t *minutes);
static json_t *look(struct tool *, uint64_t minutes, struct err *);
static json_t *ask(
    struct tool *, enum program_kind, const char *word, struct err *);

const struct tool_command cmd_healthcheck = {
	.name = "healthcheck",
	.usage = "[MINUTES]",
	.summary = "Is the gateway well, and was it of late",
	.help = "Shows what passed its threshold within the last MINUTES (60; "
		"up to a day: 24h): messages in the work queue, use of the "
		"processors, swapping, as averages of a minute; and whether "
		"clients were held back. It looks as well whether mail flows "
		"and all programs run. The thresholds are those of "
		"healthconfig. The last line is the verdict, and the status "
		"1 when something is not as it should be.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct err err = ERR_INIT;
	uint64_t minutes = 60;
	struct buf text;
	json_t *all;
	bool healthy;

	if (argc > 2)
		return tool_usage(t, NULL);
	if (argc == 2 && !read_minutes(str_of(argv[1]), &minutes))
		return tool_usage(t,
		    "MINUTES is a number within 1..1440, or hours such as 24h");
	all = look(t, minutes, &err);
	if (all == NULL)
		return tool_fail(t, &err);
	health_judge(all);
	healthy = fields_bool(all, "healthy");
	buf_init(&text, TEXT_SIZE);
	health_render(all, &text);
	tool_show(t, all, &text);
	return healthy ? TOOL_DONE : TOOL_NEGATIVE;
}

static bool
read_minutes(struct str text, uint64_t *minutes)
{
	char unit = text.n > 0 ? text.p[text.n - 1] : '0';
	uint64_t in = unit == 'h' ? 60 : unit == 'd' ? DAY : 1;

	if (unit == 'h' || unit == 'd' || unit == 'm')
		text.n--;
	if (!str_u64(text, DAY, minutes))
		return false;
	*minutes *= in;
	return *minutes >= 1 && *minutes <= DAY;
}

/* Who does not answer is one of the problems; but for the recorder, which has
 * the history, and the master, which would not let us ask it. */
static json_t *
look(struct tool *t, uint64_t minutes, struct err *err)
{
	char number[24];
	const char *words[] = { "healthcheck", number, NULL };
	json_t *queue, *listeners, *programs, *all, *joined;
	struct control_answer answer;

	snprintf(number, sizeof(number), "%llu", (unsigned long long)minutes);
	if (control_ask(t, PROGRAM_RECORDER, words, &answer, err) == -1)
		return NULL;
	all = json_incref(answer.json);
	control_answer_fini(&answer);
	queue = ask(t, PROGRAM_QMGR, "queue", NULL);
	listeners = ask(t, PROGRAM_MASTER, "listeners", NULL);
	programs = ask(t, PROGRAM_MASTER, "programs", NULL);
	joined = render_status_join(all, queue, listeners);
	json_object_set(
	    all, "system_status", json_object_get(joined, "system_status"));
	json_object_set(
	    all, "work_queue", json_object_get(joined, "work_queue"));
	json_object_set_new(all, "asked", json_integer((json_int_t)minutes));
	json_object_set(all, "programs", json_object_get(programs, "programs"));
	json_decref(joined);
	json_decref(queue);
	json_decref(listeners);
	json_decref(programs);
	return all;
}

/* NULL: no answer. */
static json_t *
ask(struct tool *t, enum program_kind kind, const char *word, struct err *err)
{
	const char *words[] = { word, NULL };
	struct control_answer answer;
	json_t *json;

	if (control_ask(t, kind, words, &answer, err) == -1)
		return NULL;
	json = json_incref(answer.json);
	control_answer_fini(&answer);
	return json;
}
