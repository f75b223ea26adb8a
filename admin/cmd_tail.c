/* cmd_tail.c - `tail`: what is written to a log, as it comes */
#include "admin/commands.h"
#include "admin/logfiles.h"

#define LAST 10 /* lines that are shown of what is there already */

static int run(struct tool *, int argc, char **argv);
static int follow(struct tool *, struct str log);
static int find_last(const struct logfiles *, long *at, struct err *);
static bool print(void *tool, struct str line);

const struct tool_command cmd_tail = {
	.name = "tail",
	.usage = "[NAME]",
	.summary = "Show what is written to a log, as it comes",
	.help = "Shows the last lines of a log subscription and then each line "
		"as it is written, from one file to the next, until Ctrl-C. "
		"Without NAME a person is asked for one.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const struct log_subscription *log;
	struct err err = ERR_INIT;
	struct config *c;
	int status;

	if (argc > 2)
		return tool_usage(t, NULL);
	c = logfiles_config(t, &err);
	if (c == NULL)
		return tool_fail(t, &err);
	log = logfiles_pick(t, c, argc > 1 ? argv[1] : NULL,
	    "Enter the number of the log you wish to tail.", &status);
	if (log != NULL) {
		if (t->asks)
			fputs("Press Ctrl-C to stop.\n", t->dialogue.out);
		status = follow(t, log->name);
	}
	config_unref(&c);
	return status;
}

static int
follow(struct tool *t, struct str log)
{
	struct err err = ERR_INIT;
	struct logfiles f;
	long at = 0;
	int rc = -1;

	if (logfiles_list(&f, t, log, &err) == 0 &&
	    (f.n == 0 || find_last(&f, &at, &err) == 0))
		rc = logfiles_follow(t, log, f.n > 0 ? f.names[f.n - 1] : NULL,
		    at, print, t, &err);
	logfiles_free(&f);
	return rc == 0 ? TOOL_NEGATIVE : tool_fail(t, &err);
}

/* Where the last lines of the newest file begin. */
static int
find_last(const struct logfiles *f, long *at, struct err *err)
{
	FILE *file = logfiles_open(f, f->n - 1, err);
	long begins[LAST + 1] = { 0 }; /* of lines, in turn */
	size_t n = 0;
	int c;

	if (file == NULL)
		return -1;
	while ((c = getc_unlocked(file)) != EOF)
		if (c == '\n')
			begins[++n % (LAST + 1)] = ftell(file);
	*at = n < LAST ? 0 : begins[(n - LAST) % (LAST + 1)];
	fclose(file);
	return 0;
}

static bool
print(void *tool, struct str line)
{
	const struct tool *t = tool;

	fwrite(line.p, 1, line.n, t->dialogue.out);
	return fputc('\n', t->dialogue.out) != EOF;
}
