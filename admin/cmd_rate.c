/* cmd_rate.c - `rate` (delivery-admin 2.7) */
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "admin/render.h"
#include "admin/repeat.h"

static int run(struct tool *, int argc, char **argv);
static int line(struct tool *, void *, bool first, bool heading, struct buf *,
    json_t **, struct err *);
static int sample(struct tool *, struct flow_row *, struct err *);
static int64_t uptime(const json_t *status, const char *counter);

const struct tool_command cmd_rate = {
	.name = "rate",
	.usage = "[SECONDS [COUNT]]",
	.summary = "Show connections and recipients over time",
	.help = "Prints a line every SECONDS, COUNT times or until "
		"interrupted: connections in and out, recipients received and "
		"completed since the start and since the line before, and how "
		"much the queue uses.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct flow_row last = { 0 };
	struct repeat r = { .line = line, .arg = &last };

	if (argc == 1 && t->asks) {
		if (!repeat_ask(t, &r))
			return tool_abandoned(t);
	} else if (argc == 1 || !repeat_take(&r, argc - 1, argv + 1)) {
		return tool_usage(t, argc > 1 ? REPEAT_RANGE : NULL);
	}
	return repeat_run(t, &r);
}

static int
line(struct tool *t, void *arg, bool first, bool heading, struct buf *text,
    json_t **json, struct err *err)
{
	struct flow_row *last = arg, row;

	if (sample(t, &row, err) == -1)
		return -1;
	row.received_delta = first ? 0 : row.received - last->received;
	row.completed_delta = first ? 0 : row.completed - last->completed;
	*last = row;
	render_flow(&row, heading, text);
	*json = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "time",
	    (json_int_t)row.when, "connections_in", (json_int_t)row.conn_in,
	    "connections_out", (json_int_t)row.conn_out, "recipients_received",
	    (json_int_t)row.received, "received_delta",
	    (json_int_t)row.received_delta, "recipients_completed",
	    (json_int_t)row.completed, "completed_delta",
	    (json_int_t)row.completed_delta, "kilobytes_used",
	    (json_int_t)row.kilobytes);
	return 0;
}

static int
sample(struct tool *t, struct flow_row *r, struct err *err)
{
	const char *words[] = { "status", NULL };
	struct control_answer answer;
	json_t *joined, *g;

	if (control_ask(t, PROGRAM_RECORDER, words, &answer, err) == -1)
		return -1;
	joined = render_status_join(answer.json, NULL, NULL);
	g = json_object_get(joined, "gauges");
	*r = (struct flow_row){ .when = fields_num(joined, "status_as_of"),
		.conn_in = fields_num(g, "inbound_conn"),
		.conn_out = fields_num(g, "outbound_conn"),
		.received = uptime(joined, "recipients_received"),
		.completed = uptime(joined, "completed_recipients"),
		.kilobytes = fields_num(g, "kilobytes_used") };
	json_decref(joined);
	control_answer_fini(&answer);
	return 0;
}

static int64_t
uptime(const json_t *status, const char *counter)
{
	return fields_num(
	    json_object_get(json_object_get(status, "counters"), counter),
	    "uptime");
}
