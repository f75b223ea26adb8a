/* repeat.c - commands that print a line every so many seconds */
#include "admin/repeat.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"

#define SECONDS_MAX 3600
#define ROWS        20 /* the heading comes again after so many */

static int print(struct tool *, const struct buf *text, const json_t *);
static void wait_until(int64_t at);

bool
repeat_take(struct repeat *r, int argc, char **argv)
{
	r->every = REPEAT_SECONDS;
	r->count = 0;
	if (argc > 2)
		return false;
	if (argc > 0 && (!str_u64(str_of(argv[0]), SECONDS_MAX, &r->every) ||
			    r->every == 0))
		return false;
	return argc < 2 ||
	       (str_u64(str_of(argv[1]), INT64_MAX, &r->count) && r->count > 0);
}

bool
repeat_ask(struct tool *t, struct repeat *r)
{
	r->count = 0;
	if (!dialogue_number(&t->dialogue,
		"Enter the number of seconds between displays.", 1, SECONDS_MAX,
		REPEAT_SECONDS, &r->every))
		return false;
	fputs("Hit Ctrl-C to return to the main prompt.\n\n", t->dialogue.out);
	return true;
}

int
repeat_run(struct tool *t, const struct repeat *r)
{
	int64_t at = clock_mono_ms();

	for (uint64_t i = 0; r->count == 0 || i < r->count; i++) {
		struct err err = ERR_INIT;
		json_t *json = NULL;
		struct buf text;
		int status;

		if (i != 0)
			wait_until(at += (int64_t)r->every * 1000);
		buf_init(&text, 4096);
		if (r->line(t, r->arg, i == 0, i % ROWS == 0, &text, &json,
			&err) == -1)
			status = tool_fail(t, &err);
		else
			status = print(t, &text, json);
		buf_fini(&text);
		json_decref(json);
		if (status != TOOL_DONE)
			return status;
	}
	return TOOL_DONE;
}

static int
print(struct tool *t, const struct buf *text, const json_t *json)
{
	if (t->json)
		tool_print_json(t, json);
	else
		fwrite(text->data, 1, text->len, t->dialogue.out);
	return fflush(t->dialogue.out) == 0 ? TOOL_DONE : TOOL_NEGATIVE;
}

/* Asking takes time as well: the lines keep their distance. */
static void
wait_until(int64_t at)
{
	int64_t left = at - clock_mono_ms();
	struct timespec ts = { left / 1000, left % 1000 * 1000000 };

	if (left > 0)
		nanosleep(&ts, NULL);
}
