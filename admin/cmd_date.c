/* cmd_date.c - `date`: the clock that the logs go by (delivery-admin 2.16) */
#include <sys/timex.h>
#include <time.h>

#include "admin/commands.h"
#include "base/clock.h"

static int run(struct tool *, int argc, char **argv);
static json_t *describe(int64_t now);

const struct tool_command cmd_date = {
	.name = "date",
	.usage = "",
	.summary = "Show the date and the time of this machine",
	.help = "Shows the date, the time and the time zone that the logs, "
		"the log-in times and the retry times go by. It asks the "
		"machine, so it answers when nothing runs, too.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	int64_t now = clock_wall_ms();
	char date[CLOCK_TEXT];
	struct buf text;
	json_t *json;

	(void)argv;
	if (argc > 1)
		return tool_usage(t, NULL);
	json = describe(now);
	buf_init(&text, sizeof(date) + 1);
	buf_printf(&text, "%s\n", clock_status(now, date));
	return tool_show(t, json, &text);
}

static json_t *
describe(int64_t now)
{
	time_t seconds = (time_t)(now / 1000);
	struct timex clock = { .modes = 0 };
	char date[CLOCK_TEXT];
	struct tm tm;
	int state;

	if (localtime_r(&seconds, &tm) == NULL)
		tm = (struct tm){ .tm_zone = "UTC" };
	state = adjtimex(&clock);
	return json_pack("{s:I, s:s, s:s, s:I, s:o}", "time", (json_int_t)now,
	    "date", clock_status(now, date), "zone", tm.tm_zone, "offset",
	    (json_int_t)tm.tm_gmtoff, "synchronized",
	    state == -1 ? json_null()
			: json_boolean(state != TIME_ERROR &&
				       !(clock.status & STA_UNSYNC)));
}
