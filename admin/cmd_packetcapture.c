/*
 * cmd_packetcapture.c - `packetcapture` (delivery-admin 5.4)
 *
 * What is captured stands in the working copy of the configuration, and the
 * next capture works by that. Files are in captures.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin/capture_ask.h"
#include "admin/capture_settings.h"
#include "admin/captures.h"
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "base/mem.h"

#define TRIES     100 /* a moment apart */
#define TEXT_ROOM (1 << 20)

static const struct timespec a_moment = { .tv_nsec = 10 * 1000 * 1000 };

static int run(struct tool *, int argc, char **argv);

const struct tool_command cmd_packetcapture = {
	.name = "packetcapture",
	.usage = "[start [--detached] | stop | status | print | setup "
		 "[KEY=VALUE ...] | files | download NAME FILE | delete NAME]",
	.summary = "Write packets of the network to a file",
	.help = "Captures what goes over the network, for looking at with "
		"tcpdump, Wireshark or `trace --pcap`. \"start\" begins: in a "
		"shell the capture ends with that, otherwise with this "
		"command; with --detached it goes on until it is stopped. One "
		"runs at a time, in a program of its own that keeps no rights. "
		"\"setup\" changes what is captured, in the working copy of "
		"the configuration; the next capture works by it. KEY is one "
		"of those below packet_capture in postern.yaml(5), or size, a "
		"number of MB. \"files\" "
		"lists what was captured, \"download\" copies it to FILE (-: "
		"standard output), \"delete\" removes it.",
	.run = run,
};

static int start(struct editing *, bool detached);
static int begin(struct editing *, bool detached, int *fd);
static int stop(struct editing *);
static int status(struct editing *);
static int setup(struct editing *, struct args *);
static int files(struct tool *);
static int download(struct tool *, const char *name, const char *file);
static int delete_file(struct tool *, const char *name);
static int converse(struct editing *);
static int ask_operation(struct tool *, bool running);
static int ask_running(struct tool *, json_t **, struct err *);
static void wait_over(struct tool *);
static int say(struct tool *, const char *word, json_t **, struct err *);
static void show_all(struct editing *, const json_t *running);
static void show_text(struct editing *, struct buf *);

static int
run(struct tool *t, int argc, char **argv)
{
	bool detached = false;
	const struct tool_option options[] = {
		{ "--detached", NULL, &detached },
	};
	const char *word;
	struct settings all;
	struct editing ed;
	struct args a;
	int rc;

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	word = argc > 1 ? argv[1] : "";
	if (strcmp(word, "files") == 0 && argc == 2)
		return files(t);
	if (strcmp(word, "download") == 0 && argc == 4)
		return download(t, argv[2], argv[3]);
	if (strcmp(word, "delete") == 0 && argc == 3)
		return delete_file(t, argv[2]);
	if ((argc == 1 && !t->asks) || (argc > 2 && strcmp(word, "setup") != 0))
		return tool_usage(t, NULL);
	rc = editing_begin(&ed, t);
	if (rc != TOOL_DONE)
		return rc;
	all = capture_settings(&ed);
	args_begin(&a, t, argc, argv, argc > 1 ? 2 : 1);
	if (argc == 1)
		rc = converse(&ed);
	else if (strcmp(word, "start") == 0)
		rc = start(&ed, detached);
	else if (strcmp(word, "stop") == 0)
		rc = stop(&ed);
	else if (strcmp(word, "status") == 0)
		rc = status(&ed);
	else if (strcmp(word, "setup") == 0)
		rc = setup(&ed, &a);
	else if (strcmp(word, "print") == 0)
		rc = settings_print(&ed, &all);
	else
		rc = tool_unknown(t, word);
	args_end(&a);
	ed.changed = false; /* it needs no commit */
	return editing_end(&ed, rc);
}

/* --- starting and stopping --- */

/* In a shell that stays; without one, until it ends. */
static int
start(struct editing *ed, bool detached)
{
	struct tool *t = ed->t;
	struct err err = ERR_INIT;
	int fd = -1, rc = begin(ed, detached, &fd);

	if (rc != TOOL_DONE || detached || tool_keep(t, fd)) {
		if (fd != -1)
			close(fd);
		return rc;
	}
	if (!t->json)
		fputs("Press Ctrl-C to stop.\n", t->dialogue.out);
	fflush(t->dialogue.out);
	if (control_wait(fd, &err) == -1)
		rc = tool_fail(t, &err);
	else if (!t->json)
		fputs("The packet capture has ended.\n", t->dialogue.out);
	close(fd);
	return rc;
}

static int
begin(struct editing *ed, bool detached, int *fd)
{
	const struct config *c = ed->w->config;
	const char *words[8 + CAPTURE_DEVICES] = { "packetcapture" };
	char size[24], seconds[24], v[CAPTURE_DEVICES][CAPTURE_DEVICE];
	struct control_answer answer;
	struct err err = ERR_INIT;
	struct buf filter, text;
	size_t n_devices = 0, n = 1;
	json_t *running = NULL;

	if (!capture_devices(ed, v, &n_devices))
		return TOOL_NEGATIVE;
	snprintf(size, sizeof(size), "%" PRIu64, c->capture.max_size);
	snprintf(seconds, sizeof(seconds), "%u", c->capture.duration);
	buf_init(&filter, CAPTURE_FILTER);
	capture_filter(c, &filter);
	if (!buf_putc(&filter, '\0')) {
		buf_fini(&filter);
		fputs("The filter for these ports, clients and servers is too "
		      "long: name networks, or fewer.\n",
		    stderr);
		return TOOL_NEGATIVE;
	}
	words[n++] = detached ? "detached" : "attached";
	words[n++] = size;
	words[n++] = c->capture.stops ? "stop" : "rotate";
	words[n++] = seconds;
	words[n++] = filter.data;
	for (size_t i = 0; i < n_devices; i++)
		words[n++] = v[i];
	*fd = control_ask_open(ed->t, PROGRAM_MASTER, words, &answer, &err);
	buf_fini(&filter);
	if (*fd == -1)
		return tool_refuse(ed->t, &err);
	if (ed->t->json) {
		tool_print_json(ed->t, answer.json);
	} else if (ask_running(ed->t, &running, &err) == 0 && running != NULL) {
		buf_init(&text, TEXT_ROOM);
		buf_puts(&text, "Success - Packet Capture has started\n");
		capture_show_running(running, &text);
		show_text(ed, &text);
	}
	json_decref(running);
	control_answer_fini(&answer);
	return TOOL_DONE;
}

static int
stop(struct editing *ed)
{
	struct tool *t = ed->t;
	struct err err = ERR_INIT;
	json_t *last = NULL;
	struct buf text;

	if (ask_running(t, &last, &err) == -1)
		return tool_fail(t, &err);
	if (last == NULL) {
		err_set(&err, ERR_PERM, "No packet capture is running.");
		return tool_fail(t, &err);
	}
	json_decref(last);
	if (say(t, "stop", &last, &err) == -1)
		return tool_fail(t, &err);
	wait_over(t);
	if (t->json) {
		tool_print_json(t, last);
	} else {
		buf_init(&text, TEXT_ROOM);
		buf_puts(&text, "Success - Packet Capture has stopped\n");
		capture_show_running(last, &text);
		show_text(ed, &text);
	}
	json_decref(last);
	return TOOL_DONE;
}

static int
status(struct editing *ed)
{
	struct tool *t = ed->t;
	struct settings s = capture_settings(ed);
	struct err err = ERR_INIT;
	json_t *running = NULL;

	if (ask_running(t, &running, &err) == -1)
		return tool_fail(t, &err);
	if (t->json) {
		if (running == NULL)
			running = json_pack("{s:b}", "running", false);
		json_object_set_new(running, "settings", settings_json(ed, &s));
		tool_print_json(t, running);
	} else {
		show_all(ed, running);
	}
	json_decref(running);
	return TOOL_DONE;
}

/* It has answered, and is about to end. */
static void
wait_over(struct tool *t)
{
	json_t *running;

	for (int i = 0; i < TRIES; i++) {
		if (ask_running(t, &running, NULL) == 0 && running == NULL)
			return;
		json_decref(running);
		nanosleep(&a_moment, NULL);
	}
}

/* *out NULL: none runs. One that ends just now does not answer. */
static int
ask_running(struct tool *t, json_t **out, struct err *err)
{
	const char *words[] = { "packetcapture", NULL };
	struct control_answer answer;
	bool runs;

	*out = NULL;
	for (int tries = 1;; tries++) {
		if (control_ask(t, PROGRAM_MASTER, words, &answer, err) == -1)
			return -1;
		runs = fields_bool(answer.json, "running");
		control_answer_fini(&answer);
		if (!runs || say(t, "status", out, err) == 0)
			return 0;
		if (tries == TRIES)
			return -1;
		nanosleep(&a_moment, NULL);
	}
}

static int
say(struct tool *t, const char *word, json_t **out, struct err *err)
{
	const char *words[] = { word, NULL };
	struct control_answer answer;

	if (control_ask(t, PROGRAM_CAPTURE, words, &answer, err) == -1)
		return -1;
	*out = json_incref(answer.json);
	control_answer_fini(&answer);
	return 0;
}

/* --- settings --- */

static int
setup(struct editing *ed, struct args *a)
{
	struct settings s = capture_settings(ed);
	const char *size = args_option(a, "size");
	const char *filter = args_option(a, "filter");
	struct err err = ERR_INIT;
	uint64_t mb = 0;

	if (size != NULL &&
	    (!str_u64(str_of(size), CAPTURE_MB_MAX, &mb) || mb == 0))
		return tool_usage(ed->t, "size is a number of MB");
	if (filter != NULL && !capture_filter_ok(filter, &err))
		return tool_fail(ed->t, &err);
	if (size != NULL)
		capture_set_size(ed, mb);
	if (filter != NULL)
		editing_text(ed, str_of(filter), "packet_capture.filter");
	return settings_take_setup(ed, a, &s);
}

/* --- files --- */

static int
files(struct tool *t)
{
	struct err err = ERR_INIT;
	json_t *list = captures_list(t, &err), *o;
	struct buf text;

	if (list == NULL)
		return tool_fail(t, &err);
	if (t->json) {
		o = json_pack("{s:o}", "files", list);
		tool_print_json(t, o);
		json_decref(o);
		return TOOL_DONE;
	}
	buf_init(&text, TEXT_ROOM);
	captures_show(list, &text);
	tool_print(t, &text);
	buf_fini(&text);
	json_decref(list);
	return TOOL_DONE;
}

static int
download(struct tool *t, const char *name, const char *file)
{
	struct err err = ERR_INIT;

	if (captures_copy(t, name, file, &err) == -1)
		return tool_fail(t, &err);
	return TOOL_DONE;
}

static int
delete_file(struct tool *t, const char *name)
{
	struct err err = ERR_INIT;
	json_t *running = NULL;
	bool same;

	if (ask_running(t, &running, &err) == -1 && err.sys != ECONNREFUSED)
		return tool_fail(t, &err);
	same = strcmp(fields_text(running, "file"), name) == 0;
	json_decref(running);
	if (same) {
		err_set(
		    &err, ERR_PERM, "That capture is running; stop it first.");
		return tool_fail(t, &err);
	}
	if (captures_delete(t, name, &err) == -1)
		return tool_fail(t, &err);
	return TOOL_DONE;
}

/* --- the dialogue --- */

enum { START, STOP, STATUS, SETUP, LEAVE };

static int
converse(struct editing *ed)
{
	struct tool *t = ed->t;
	struct err err = ERR_INIT;
	bool show = true;
	json_t *running;
	int op, fd = -1;

	for (;;) {
		if (ask_running(t, &running, &err) == -1)
			return tool_fail(t, &err);
		if (show) {
			tool_space(t);
			show_all(ed, running);
		}
		op = ask_operation(t, running != NULL);
		json_decref(running);
		show = op == STATUS;
		if (op == -1)
			return tool_abandoned(t);
		if (op == LEAVE)
			return TOOL_DONE;
		tool_space(t);
		/* without a shell it ends with this process */
		if (op == START && begin(ed, false, &fd) == TOOL_DONE &&
		    tool_keep(t, fd))
			close(fd);
		if (op == STOP)
			stop(ed);
		if (op == SETUP && !capture_ask(ed))
			return editing_abandoned(ed);
	}
}

/* -1: the input ended. */
static int
ask_operation(struct tool *t, bool running)
{
	static const struct dialogue_op idle[] = {
		{ "START", "Start packet capture." },
		{ "SETUP", "Change packet capture settings." },
	}, busy[] = {
		{ "STOP", "Stop packet capture." },
		{ "STATUS", "Display current capture status." },
		{ "SETUP", "Change packet capture settings." },
	};
	static const int idle_ops[] = { START, SETUP, LEAVE };
	static const int busy_ops[] = { STOP, STATUS, SETUP, LEAVE };
	size_t op;

	tool_space(t);
	if (!dialogue_menu(&t->dialogue, running ? busy : idle,
		running ? NELEM(busy) : NELEM(idle), &op))
		return -1;
	return running ? busy_ops[op] : idle_ops[op];
}

static void
show_all(struct editing *ed, const json_t *running)
{
	struct buf text;

	buf_init(&text, TEXT_ROOM);
	if (running != NULL)
		capture_show_running(running, &text);
	else
		buf_puts(&text, "Capture Information:\n"
				"  Status:             No capture running\n");
	capture_show_settings(ed->w->config, &text);
	show_text(ed, &text);
}

static void
show_text(struct editing *ed, struct buf *text)
{
	tool_print(ed->t, text);
	buf_fini(text);
}
