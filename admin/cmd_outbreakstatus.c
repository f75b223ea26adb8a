/* cmd_outbreakstatus.c - `outbreakstatus` (spec workqueue 8.4) */
#include <inttypes.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"

static int run(struct tool *, int argc, char **argv);
static void render(const json_t *, struct buf *);
static void render_feed(const json_t *, struct buf *);
static void render_rules(const json_t *, struct buf *);

const struct tool_command cmd_outbreakstatus = {
	.name = "outbreakstatus",
	.usage = "",
	.summary = "Show the outbreak rules that are in force",
	.help = "Shows whether outbreak filters are enabled, where their rules "
		"come from and when they were fetched, and the rules at or "
		"above the threshold of the incoming default policy.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *words[] = { "outbreakstatus", NULL };

	(void)argv;
	if (argc > 1)
		return tool_usage(t, NULL);
	return control_show(t, PROGRAM_LOOKUPD, words, render);
}

static void
render(const json_t *answer, struct buf *out)
{
	const char *file = fields_text(answer, "file");

	buf_printf(out, "Outbreak Filters: %s\n",
	    fields_bool(answer, "enabled") ? "Enabled" : "Disabled");
	buf_printf(out, "Adaptive Rules: %s\n",
	    fields_bool(answer, "adaptive") ? "Enabled" : "Disabled");
	if (file[0] != '\0')
		buf_printf(out, "Own Rules: tables/%s\n", file);
	render_feed(json_object_get(answer, "feed"), out);
	buf_printf(out, "\nRules of threat level %" PRId64 " and above:\n",
	    fields_num(answer, "threshold"));
	render_rules(json_object_get(answer, "rules"), out);
}

static void
render_feed(const json_t *feed, struct buf *out)
{
	const char *url = fields_text(feed, "url");
	const char *error = fields_text(feed, "error");

	if (url[0] == '\0') {
		buf_puts(out, "Feed: none\n");
		return;
	}
	buf_puts(out, "Feed: ");
	fields_show(out, url, 500);
	buf_putc(out, '\n');
	if (fields_num(feed, "serial") != 0)
		buf_printf(out, "  Serial: %" PRId64 ", %" PRId64 " rules\n",
		    fields_num(feed, "serial"), fields_num(feed, "rules"));
	buf_puts(out, "  Generated: ");
	fields_time(out, feed, "generated", "never");
	buf_puts(out, "\n  Last Update: ");
	fields_time(out, feed, "checked", "never");
	buf_putc(out, '\n');
	if (error[0] != '\0') {
		buf_printf(out, "  Failures: %" PRId64 ", the last one: ",
		    fields_num(feed, "failures"));
		fields_show(out, error, 500);
		buf_putc(out, '\n');
	}
}

static void
render_rules(const json_t *rules, struct buf *out)
{
	size_t i;
	json_t *r;

	if (json_array_size(rules) == 0) {
		buf_puts(out, "none\n");
		return;
	}
	buf_printf(out, "%-5s  %-26s  %-8s  %s\n", "Level", "Rule", "Category",
	    "Description");
	json_array_foreach((json_t *)rules, i, r)
	{
		buf_printf(out, "%5" PRId64 "  %-26s  %-8s  ",
		    fields_num(r, "level"), fields_text(r, "rule"),
		    fields_text(r, "category"));
		fields_show(out, fields_text(r, "description"), 500);
		buf_putc(out, '\n');
	}
}
