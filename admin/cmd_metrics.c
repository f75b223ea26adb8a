/* cmd_metrics.c - `metrics`: counters and gauges for Prometheus */
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"

static int run(struct tool *, int argc, char **argv);
static void render(const json_t *, struct buf *);

const struct tool_command cmd_metrics = {
	.name = "metrics",
	.usage = "",
	.summary = "Print counters and gauges for Prometheus",
	.help = "Prints all counters and gauges in the text format of "
		"Prometheus, as the endpoint metrics.address gives them. "
		"Counters are those since the first installation.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *words[] = { "metrics", NULL };

	(void)argv;
	if (argc > 1)
		return tool_usage(t, NULL);
	return control_show(t, PROGRAM_RECORDER, words, render);
}

static void
render(const json_t *answer, struct buf *out)
{
	buf_puts(out, fields_text(answer, "metrics"));
}
