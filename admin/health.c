/* health.c - the verdict of `healthcheck` */
#include "admin/health.h"

#include <string.h>

#include "admin/fields.h"
#include "base/clock.h"
#include "base/mem.h"

#define WHEN 12 /* "Nov 22 14:03" */

static const struct {
	const char *name, *label, *unit, *see;
} checks[] = {
	{ "workqueue", "Work queue (messages)", " messages",
	    "workqueue, process_status, antispamstatus, antivirusstatus" },
	{ "cpu", "CPU of the machine (%)", " %", "process_status, rate" },
	{ "swap", "Swap (pages a minute)", " pages",
	    "process_status, status detail" },
	{ "conservation", "Resource conservation", "",
	    "status detail, diagnostic disk_usage, displayalerts" },
};

static void judge_status(const json_t *, json_t *problems);
static void judge_programs(const json_t *, json_t *problems);
static void judge_checks(const json_t *, json_t *problems);
static void judge_check(const json_t *all, const json_t *, json_t *problems);
static void add(json_t *problems, const struct buf *, const char *see);
static size_t index_of(const json_t *check);
static void put_moment(const json_t *, const char *key, struct buf *);
static void put_value(const json_t *, const char *key, int width, struct buf *);
static void put_verdict(const json_t *, struct buf *);

void
health_judge(json_t *all)
{
	json_t *problems = json_array();

	judge_status(all, problems);
	judge_programs(all, problems);
	judge_checks(all, problems);
	json_object_set_new(
	    all, "healthy", json_boolean(json_array_size(problems) == 0));
	json_object_set_new(all, "problems", problems);
}

void
health_render(const json_t *all, struct buf *out)
{
	const json_t *one;
	size_t i;

	buf_printf(out, "%-31s", "Status as of:");
	fields_time(out, all, "status_as_of", "Never");
	buf_printf(out, "\n%-31s", "System status:");
	fields_show(out, fields_text(all, "system_status"), 200);
	buf_printf(out, "\n%-31s", "Looked at:");
	if (fields_num(all, "minutes") > 0) {
		buf_printf(out, "%lld minute%s, since ",
		    (long long)fields_num(all, "minutes"),
		    fields_num(all, "minutes") != 1 ? "s" : "");
		fields_time(out, all, "since", "");
	} else {
		buf_puts(out, "the present; no whole minute is known yet");
	}
	buf_printf(out, "\n\n%-24s %10s %8s %8s  %-12s %9s\n", "", "Threshold",
	    "Now", "Highest", "at", "Min. over");
	json_array_foreach(json_object_get(all, "checks"), i, one)
	{
		buf_printf(out, "%-24s", checks[index_of(one)].label);
		put_value(one, "threshold", 11, out);
		put_value(one, "now", 9, out);
		put_value(one, "highest", 9, out);
		buf_puts(out, "  ");
		put_moment(one, "highest_at", out);
		fields_cell(out, fields_num(one, "over"), 10);
		buf_putc(out, '\n');
	}
	put_verdict(all, out);
}

/* --- the verdict --- */

static void
judge_status(const json_t *all, json_t *problems)
{
	const char *status = fields_text(all, "system_status");
	struct buf text;

	buf_init(&text, 1000);
	if (strcmp(status, "Online") != 0) {
		buf_puts(&text, "System status: ");
		fields_show(&text, status, 200);
		add(problems, &text, "status, resume");
	}
	if (fields_has(all, "work_queue")) {
		text.len = 0;
		buf_puts(&text, "Work queue: ");
		fields_show(&text, fields_text(all, "work_queue"), 200);
		add(problems, &text, "workqueue");
	}
	buf_fini(&text);
}

static void
judge_programs(const json_t *all, json_t *problems)
{
	const json_t *one;
	struct buf text;
	size_t i;

	buf_init(&text, 1000);
	json_array_foreach(json_object_get(all, "programs"), i, one)
	{
		const char *state = fields_text(one, "state");

		if (strcmp(state, "ready") == 0)
			continue;
		text.len = 0;
		buf_printf(&text, "%s %lld is %s", fields_text(one, "program"),
		    (long long)fields_num(one, "worker"),
		    strcmp(state, "down") == 0 ? "down" : "being started");
		add(problems, &text, "process_status, displayalerts");
	}
	buf_fini(&text);
}

static void
judge_checks(const json_t *all, json_t *problems)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(all, "checks"), i, one)
	{
		if (fields_num(one, "over") > 0 || fields_bool(one, "over_now"))
			judge_check(all, one, problems);
	}
}

/* "Work queue: above 500 messages in 7 of 60 minutes, last Nov 22 22:48; now
 * 12" */
static void
judge_check(const json_t *all, const json_t *check, json_t *problems)
{
	size_t k = index_of(check);
	bool is_conservation = strcmp(checks[k].name, "conservation") == 0;
	struct buf text;

	buf_init(&text, 1000);
	buf_add(&text, checks[k].label, strcspn(checks[k].label, "("));
	text.len = str_trim(buf_str(&text)).n;
	buf_puts(&text, ": ");
	if (!is_conservation) {
		buf_puts(&text, "above ");
		fields_cell(&text, fields_num(check, "threshold"), 0);
		buf_puts(&text, checks[k].unit);
	} else {
		buf_puts(&text, "clients were held back");
	}
	if (fields_num(check, "over") > 0) {
		buf_printf(&text, " in %lld of %lld minute%s, last ",
		    (long long)fields_num(check, "over"),
		    (long long)fields_num(all, "minutes"),
		    fields_num(all, "minutes") != 1 ? "s" : "");
		put_moment(check, "last_over", &text);
	}
	if (fields_has(check, "now")) {
		buf_puts(&text,
		    fields_bool(check, "over_now") ? "; NOW " : "; now ");
		fields_cell(&text, fields_num(check, "now"), 0);
	}
	add(problems, &text, checks[k].see);
	buf_fini(&text);
}

static void
add(json_t *problems, const struct buf *text, const char *see)
{
	json_array_append_new(problems, json_pack("{s:s%, s:s}", "problem",
					    text->data, text->len, "see", see));
}

/* --- parts --- */

/* Of one that a newer service knows, as the last. */
static size_t
index_of(const json_t *check)
{
	for (size_t i = 0; i < NELEM(checks) - 1; i++)
		if (strcmp(fields_text(check, "check"), checks[i].name) == 0)
			return i;
	return NELEM(checks) - 1;
}

static void
put_moment(const json_t *j, const char *key, struct buf *out)
{
	char text[CLOCK_TEXT];

	if (fields_has(j, key))
		buf_add(out, clock_ctime(fields_num(j, key), text) + 4, WHEN);
	else
		buf_printf(out, "%-*s", WHEN, "-");
}

static void
put_value(const json_t *check, const char *key, int width, struct buf *out)
{
	if (fields_has(check, key))
		fields_cell(out, fields_num(check, key), width);
	else
		buf_printf(out, "%*s", width,
		    strcmp(key, "threshold") == 0 ? "off" : "-");
}

static void
put_verdict(const json_t *all, struct buf *out)
{
	const json_t *problems = json_object_get(all, "problems"), *one;
	size_t i, n = json_array_size(problems);

	if (n == 0) {
		buf_puts(out, "\nVerdict: healthy.\n");
		return;
	}
	buf_putc(out, '\n');
	json_array_foreach(problems, i, one)
	{
		buf_printf(out, "- %s\n  See: %s\n",
		    fields_text(one, "problem"), fields_text(one, "see"));
	}
	buf_printf(out, "\nVerdict: NOT healthy: %zu problem%s.\n", n,
	    n != 1 ? "s" : "");
}
