/* cmd_who.c - `who`: administrators who are here now (spec delivery-admin
 * 2.16) */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <utmp.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "base/clock.h"

#define NAME_SHOWN 32
#define WHAT_SHOWN 60

static int run(struct tool *, int argc, char **argv);
static int shells(struct tool *, json_t *list, struct err *);
static void web(struct tool *, json_t *list);
static void where_from(pid_t, json_t *session);
static bool terminal_of(pid_t, char *out, size_t size);
static void render(const json_t *list, struct buf *);

const struct tool_command cmd_who = {
	.name = "who",
	.usage = "",
	.summary = "Administrators who are here now",
	.help = "Lists who is logged in at the web interface, and the shells "
		"of postern on this machine: user, role, since when, for how "
		"long nothing was done, from where, and what was done last. "
		"Where a shell's terminal comes from is what the system has "
		"noted down about it.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	json_t *all = json_pack("{s[]}", "sessions"), *list;
	struct err err = ERR_INIT;
	struct buf text;
	int rc = TOOL_DONE;

	if (argc > 1) {
		json_decref(all);
		return tool_unknown(t, argv[1]);
	}
	list = json_object_get(all, "sessions");
	if (shells(t, list, &err) == -1) {
		rc = tool_fail(t, &err);
	} else {
		web(t, list);
		buf_init(&text, 1 << 20);
		if (t->json)
			tool_print_json(t, all);
		else
			render(list, &text);
		tool_space(t);
		tool_print(t, &text);
		buf_fini(&text);
	}
	json_decref(all);
	return rc;
}

static int
shells(struct tool *t, json_t *list, struct err *err)
{
	const char *words[] = { "sessions", NULL };
	struct control_answer answer;
	json_t *one;
	size_t i;

	if (control_ask(t, PROGRAM_MASTER, words, &answer, err) == -1)
		return -1;
	json_array_foreach(json_object_get(answer.json, "sessions"), i, one)
	{
		json_object_set_new(one, "role", json_string("administrator"));
		where_from((pid_t)fields_num(one, "pid"), one);
		json_array_append(list, one);
	}
	control_answer_fini(&answer);
	return 0;
}

/* Where webd does not run, nobody is logged in there. */
static void
web(struct tool *t, json_t *list)
{
	const char *words[] = { "sessions", NULL };
	struct control_answer answer;
	struct err err = ERR_INIT;

	if (control_ask(t, PROGRAM_WEBD, words, &answer, &err) == -1)
		return;
	json_array_extend(list, json_object_get(answer.json, "sessions"));
	control_answer_fini(&answer);
}

/* By the terminal, in the list that login and sshd keep. */
static void
where_from(pid_t pid, json_t *session)
{
	char line[64] = "", host[UT_HOSTSIZE + 1] = "";
	struct utmp want = { .ut_type = USER_PROCESS };
	const struct utmp *found;

	if (terminal_of(pid, line, sizeof(line))) {
		str_copy(want.ut_line, sizeof(want.ut_line), str_of(line));
		setutent();
		found = getutline(&want);
		if (found != NULL)
			str_copy(host, sizeof(host),
			    (struct str){ found->ut_host,
				strnlen(found->ut_host, UT_HOSTSIZE) });
		endutent();
	}
	if (!str_valid_utf8(str_of(host)))
		host[0] = '\0';
	json_object_set_new(session, "terminal", json_string(line));
	json_object_set_new(session, "remote", json_string(host));
}

/* "pts/3". The seventh field of /proc/PID/stat, behind a name that may hold
 * anything up to the last parenthesis. */
static bool
terminal_of(pid_t pid, char *out, size_t size)
{
	char path[40], text[1024];
	unsigned device = 0;
	const char *p;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	p = strrchr(text, ')');
	if (p == NULL || sscanf(p + 1, " %*c %*d %*d %*d %u", &device) != 1)
		return false;
	if (major(device) >= 136 && major(device) <= 143)
		snprintf(out, size, "pts/%u",
		    minor(device) + 256 * (major(device) - 136));
	else if (major(device) == 4 && minor(device) < 64)
		snprintf(out, size, "tty%u", minor(device));
	else if (major(device) == 4)
		snprintf(out, size, "ttyS%u", minor(device) - 64);
	else
		return false;
	return true;
}

static void
render(const json_t *list, struct buf *out)
{
	char when[CLOCK_TEXT], idle[CLOCK_TEXT];
	const json_t *one;
	size_t i;

	if (json_array_size(list) == 0) {
		buf_puts(out, "Nobody is logged in.\n");
		return;
	}
	buf_puts(out,
	    "Username         Role           Login Time              "
	    "      Idle Time     Remote Host       What\n"
	    "================ ============== ======================="
	    "===== ============= ================= ================\n");
	json_array_foreach(list, i, one)
	{
		const char *remote = fields_text(one, "remote");
		size_t from = out->len;

		fields_show(out, fields_text(one, "user"), NAME_SHOWN);
		fields_fill(out, from, 17);
		buf_printf(out, "%-14s %s %-13s ", fields_text(one, "role"),
		    clock_status(fields_num(one, "login"), when),
		    clock_uptime(fields_num(one, "idle"), idle));
		from = out->len;
		fields_show(out, *remote != '\0' ? remote : "-", NAME_SHOWN);
		fields_fill(out, from, 18);
		fields_show(out, fields_text(one, "what"), WHAT_SHOWN);
		buf_putc(out, '\n');
	}
}
