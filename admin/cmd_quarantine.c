/* cmd_quarantine.c - `quarantine` (workqueue 10.2) */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/message.h"
#include "admin/quarantine_copy.h"
#include "admin/quarantine_dialogue.h"
#include "admin/quarantine_safelist.h"
#include "admin/quarantines.h"

#define ASK_MAX 7 /* words of a question to qmgr */

static int run(struct tool *, int argc, char **argv);
static int show(struct tool *, int argc, char **argv);
static void show_json(struct tool *, struct control_answer *, struct err *);
static void show_text(struct tool *, struct control_answer *, struct err *);
static int copy(struct tool *, int argc, char **argv);
static bool in_seconds(const char *text, char *out, size_t size);
static void render_list(const json_t *, struct buf *);
static void render_search(const json_t *, struct buf *);
static void render_done(const json_t *, struct buf *);

static const struct operation {
	const char *name;
	int min, max; /* words behind it */
	int time;     /* which of them is a time; 0: none */
	void (*render)(const json_t *, struct buf *);
	int (*here)(struct tool *, int argc, char **argv); /* asks others */
} operations[] = {
	{ "list", 0, 0, 0, render_list, NULL },
	{ "search", 1, 5, 0, render_search, NULL },
	{ "show", 1, 1, 0, NULL, show },
	{ "copy", 2, 2, 0, NULL, copy },
	{ "forward", 2, 2, 0, NULL, copy },
	{ "release", 2, 3, 0, render_done, NULL },
	{ "delete", 2, 3, 0, render_done, NULL },
	{ "delay", 3, 3, 3, render_done, NULL },
	{ "move", 3, 3, 0, render_done, NULL },
};
#define N_OPERATIONS (sizeof(operations) / sizeof(*operations))

const struct tool_command cmd_quarantine = {
	.name = "quarantine",
	.usage = "list | search NAME [sender=TEXT] [rcpt=TEXT] [subject=TEXT] "
		 "[since=TIME] | show MID | release NAME MID|all "
		 "[rcpt=ADDRESS] [safelist] | "
		 "delete NAME MID|all [rcpt=ADDRESS] | delay NAME MID TIME | "
		 "move NAME MID OTHER | "
		 "copy MID ADDRESS[,...] | forward MID ADDRESS[,...]",
	.summary = "Look at, release and delete messages in quarantines",
	.help = "Lists the quarantines and what they hold, finds messages by "
		"parts of their sender, recipients or subject and by the time "
		"since they came, shows one, and lets them go: release (when "
		"all quarantines that hold it have released it, it goes back "
		"to the work queue), delete, delay (hold it longer), or move "
		"to another quarantine; copy and forward send it to somebody, "
		"as it is or as an attachment, while it stays. In the spam "
		"quarantine each recipient goes by himself; safelist puts the "
		"sender on the safelist of whom it is released for, in the "
		"working copy. TIME is a number "
		"with d, h or m. Without words it asks.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *words[ASK_MAX + 1] = { "quarantine" };
	char times[ASK_MAX][48];
	const struct operation *op = operations;

	if (argc == 1 && t->asks)
		return quarantine_dialogue(t, run);
	if (argc > 4 && strcmp(argv[1], "release") == 0 &&
	    strcmp(argv[argc - 1], "safelist") == 0)
		return argc > 6 ? tool_usage(t, NULL)
				: quarantine_safelist(t, argc - 1, argv);
	while (op < operations + N_OPERATIONS &&
	       (argc < 2 || strcmp(op->name, argv[1]) != 0))
		op++;
	if (op == operations + N_OPERATIONS || argc - 2 < op->min ||
	    argc - 2 > op->max)
		return tool_usage(t, NULL);
	if (op->here != NULL)
		return op->here(t, argc, argv);
	for (int i = 1; i < argc; i++) {
		const char *time = i == op->time + 1 && op->time > 0 ? argv[i]
				   : strncmp(argv[i], "since=", 6) == 0
				       ? argv[i] + 6
				       : NULL;
		size_t key = time != NULL ? (size_t)(time - argv[i]) : 0;

		words[i] = argv[i];
		if (time == NULL)
			continue;
		memcpy(times[i], argv[i], key);
		if (!in_seconds(time, times[i] + key, sizeof(times[i]) - key))
			return tool_usage(t, "TIME is a number with d, h or m");
		words[i] = times[i];
	}
	return control_show(t, PROGRAM_QMGR, words, op->render);
}

static int
copy(struct tool *t, int argc, char **argv)
{
	uint64_t mid;
	int status = message_mid(t, argv[2], "", &mid);

	(void)argc;
	if (status != TOOL_DONE)
		return status;
	return quarantine_copy(
	    t, mid, strcmp(argv[1], "forward") == 0, argv[3]);
}

static int
show(struct tool *t, int argc, char **argv)
{
	struct control_answer answer;
	struct err err = ERR_INIT;
	uint64_t mid;
	int status = message_mid(t, argv[2], "", &mid);

	(void)argc;
	if (status != TOOL_DONE)
		return status;
	if (message_fetch(t, mid, &answer, &err) == -1)
		return tool_fail(t, &err);
	if (json_array_size(json_object_get(answer.json, "quarantines")) == 0)
		err_set(
		    &err, ERR_PERM, "MID %" PRIu64 " is in no quarantine", mid);
	else if (t->json)
		show_json(t, &answer, &err);
	else
		show_text(t, &answer, &err);
	control_answer_fini(&answer);
	return err.kind == ERR_NONE ? TOOL_DONE : tool_fail(t, &err);
}

static void
show_json(struct tool *t, struct control_answer *answer, struct err *err)
{
	json_t *marks;

	if (message_marks(answer, &marks, err) == -1)
		return;
	json_object_set_new(answer->json, "marks", marks);
	(void)tool_print_json(t, answer->json);
}

static void
show_text(struct tool *t, struct control_answer *answer, struct err *err)
{
	struct buf out;

	buf_init(&out, 1u << 20);
	render_search(answer->json, &out);
	fwrite(out.data, 1, out.len, t->dialogue.out);
	buf_fini(&out);
	(void)message_print(t, answer, false, err);
}

static bool
in_seconds(const char *text, char *out, size_t size)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 } };
	struct str s = str_of(text);
	uint64_t n;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (s.n < 2 || s.p[s.n - 1] != units[i].unit ||
		    !str_u64(str_sub(s, 0, s.n - 1), 1000000, &n))
			continue;
		snprintf(out, size, "%" PRIu64, n * units[i].seconds);
		return true;
	}
	return false;
}

static void
render_list(const json_t *answer, struct buf *out)
{
	int width = (int)strlen("Quarantine Name");
	size_t i;
	json_t *q;

	json_array_foreach(json_object_get(answer, "quarantines"), i, q)
	{
		size_t n = strlen(fields_text(q, "name"));

		width = (int)n > width ? (int)n : width;
	}
	quarantines_heading(out, width);
	json_array_foreach(json_object_get(answer, "quarantines"), i, q)
	{
		const struct quarantine_row row = { str_of(
							fields_text(q, "name")),
			fields_num(q, "retention"),
			strcmp(fields_text(q, "action"), "release") == 0 };

		quarantines_row(out, width, &row, answer);
	}
	buf_printf(out, "\nAll but spam: %lld of %lld MB\n",
	    (long long)(fields_num(answer, "used") + 1048575) / 1048576,
	    (long long)fields_num(answer, "space") / 1048576);
}

/* The messages of a search, or the quarantines of one message. */
static void
render_search(const json_t *answer, struct buf *out)
{
	const json_t *list = json_object_get(answer, "messages");
	size_t i;
	json_t *m;

	if (list == NULL)
		list = json_object_get(answer, "quarantines");
	else
		buf_printf(out, "Messages: %lld\n",
		    (long long)fields_num(answer, "found"));
	json_array_foreach(list, i, m)
	{
		buf_printf(
		    out, "\nMID %lld in ", (long long)fields_num(m, "mid"));
		fields_show(out, fields_text(m, "quarantine"), 100);
		buf_puts(out, " (");
		fields_show(out, fields_text(m, "reason"), 300);
		buf_puts(out, ")\n  From:     ");
		fields_show(out, fields_text(m, "sender"), 1000);
		buf_puts(out, "\n  To:       ");
		fields_show(out, fields_text(m, "recipients"), 1000);
		buf_puts(out, "\n  Subject:  ");
		fields_show(out, fields_text(m, "subject"), 200);
		buf_printf(out, "\n  Size:     %lld\n  Since:    ",
		    (long long)fields_num(m, "bytes"));
		fields_time(out, m, "entered", "");
		buf_puts(out, "\n  Until:    ");
		fields_time(out, m, "expires", "");
		if (fields_has(m, "matched")) {
			buf_puts(out, "\n  Matched:  ");
			fields_show(out, fields_text(m, "matched"), 500);
		}
		buf_puts(out, "\n");
	}
}

static void
render_done(const json_t *answer, struct buf *out)
{
	buf_printf(out, "Quarantine ");
	fields_show(out, fields_text(answer, "quarantine"), 100);
	buf_printf(out, ": messages %s: %lld\n", fields_text(answer, "done"),
	    (long long)fields_num(answer, "messages"));
}
