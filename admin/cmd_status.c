/* cmd_status.c - `status`, `status detail` (delivery-admin 2.5, 2.6) */
#include <string.h>
#include <sys/statvfs.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/render.h"

static int run(struct tool *, int argc, char **argv);
static void add_free(const struct tool *, json_t *gauges);
static bool ask(struct tool *, enum program_kind, const char *word,
    struct control_answer *, struct err *);

const struct tool_command cmd_status = {
	.name = "status",
	.usage = "[detail]",
	.summary = "Show counters, gauges and whether mail flows",
	.help = "Shows since when the system runs, whether it receives and "
		"delivers, the counters since the last reset, the last start "
		"and the first installation, and the current values. With "
		"\"detail\" all counters, the rates of the last minutes and "
		"all gauges.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct control_answer recorder, queue, listeners;
	struct err err = ERR_INIT;
	bool detail = argc == 2 && strcmp(argv[1], "detail") == 0;
	struct buf text;
	json_t *all;

	if (argc > 2 || (argc == 2 && !detail))
		return tool_usage(t, NULL);
	if (!ask(t, PROGRAM_RECORDER, "status", &recorder, &err))
		return tool_fail(t, &err);
	/* Without these two there is still much to show; it says so. */
	ask(t, PROGRAM_QMGR, "queue", &queue, NULL);
	ask(t, PROGRAM_MASTER, "listeners", &listeners, NULL);
	add_free(t, json_object_get(recorder.json, "gauges"));
	all = render_status_join(recorder.json, queue.json, listeners.json);
	buf_init(&text, 1024 * 1024);
	tool_space(t);
	if (t->json)
		tool_print_json(t, all);
	else
		render_status(all, detail, &text);
	tool_print(t, &text);
	buf_fini(&text);
	json_decref(all);
	control_answer_fini(&recorder);
	control_answer_fini(&queue);
	control_answer_fini(&listeners);
	return TOOL_DONE;
}

static bool
ask(struct tool *t, enum program_kind kind, const char *word,
    struct control_answer *answer, struct err *err)
{
	const char *words[] = { word, NULL };

	if (control_ask(t, kind, words, answer, err) == -1)
		return false;
	if (answer->json != NULL)
		return true;
	err_set(err, ERR_PROTO, "%s gave no answer", program_name(kind));
	return false;
}

/* No service may see how much room the disk of the spool has; the caller,
 * if it may. */
static void
add_free(const struct tool *t, json_t *gauges)
{
	struct statvfs v;

	if (gauges != NULL && statvfs(t->paths.spool, &v) == 0)
		json_object_set_new(gauges, "kilobytes_free",
		    json_integer((json_int_t)(v.f_bavail * v.f_frsize / 1024)));
}
