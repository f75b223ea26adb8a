/* cmd_tracking.c - `tracking`: find messages, and what became of them (spec
 * delivery-admin 9) */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "admin/tracking.h"
#include "base/mem.h"

#define ANSWER_MAX 400 /* of an answer */

struct story_out {
	struct buf *text; /* NULL: JSON */
	json_t *lines;
};

static int run(struct tool *, int argc, char **argv);
static int search(struct tool *, struct tracking_words *, bool csv);
static int find(struct tool *, const struct track_query *, struct track_found *,
    struct err *);
static int print(struct tool *, const struct track_found *, bool csv);
static int show(struct tool *, const char *mid);
static int show_message(struct tool *, int dir, const struct track_message *,
    const struct track_found *, struct err *);
static void add_line(void *, int64_t when, struct str text);
static int status(struct tool *);
static void render_status(const json_t *, struct buf *);
static int ask(struct tool *);
static int ask_search(struct tool *);
static bool ask_texts(
    struct dialogue *, struct tracking_words *, char (*room)[ANSWER_MAX]);
static bool ask_range(
    struct dialogue *, struct tracking_words *, char (*room)[ANSWER_MAX]);
static bool ask_kinds(struct dialogue *, struct tracking_words *, char *room);
static int pick(struct tool *);

static const struct tool_about about[] = {
	{ "--from TEXT", "the envelope sender contains that" },
	{ "--to TEXT", "a recipient does, a rejected one, too" },
	{ "--subject TEXT", "the subject does, as people read it" },
	{ "--subject-begins TEXT", "it begins so" },
	{ "--subject-is TEXT", "it is that" },
	{ "--message-id TEXT", "the Message-ID contains that" },
	{ "--mid MID", "the message or one that it was made into has it" },
	{ "--ip ADDRESS", "of the sender's host: an address, or a range" },
	{ "--host NAME", "its reverse name contains that" },
	{ "--group NAME", "its sender group" },
	{ "--event KIND,...", "any of delivered, hard-bounced, soft-bounced, "
			      "pending, spam, virus, filter, outbreak, "
			      "dropped, tls-failed, rejected" },
	{ "--last RANGE", "came within 90m, 12h, 7d, 2w; else the last day" },
	{ "--since TIME", "came then or later: 2025-03-04, \"2025-03-04 "
			  "10:40:08 +0900\"" },
	{ "--until TIME", "came then or earlier" },
	{ "--limit N", "the newest ones, 100; with --csv 5000, the most" },
	{ "--csv", "as a table for other programs." },
	{ NULL, NULL },
};

const struct tool_command cmd_tracking = {
	.name = "tracking",
	.usage = "[OPTION...] | show MID | status",
	.summary = "Find messages, and what became of them",
	.help = "Finds messages by what is known about them, and says what "
		"became of each recipient. What is not said is asked for on a "
		"terminal; without a time, it is the last day. show tells all "
		"about one message, with the lines that a mail log has about "
		"it; status how much is kept.",
	.about = about,
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct tracking_words w = { 0 };
	bool csv = false, asked = argc == 1;
	const struct tool_option options[] = {
		{ "--from", &w.from, NULL },
		{ "--to", &w.to, NULL },
		{ "--subject", &w.subject, NULL },
		{ "--subject-begins", &w.begins, NULL },
		{ "--subject-is", &w.is, NULL },
		{ "--message-id", &w.message_id, NULL },
		{ "--mid", &w.mid, NULL },
		{ "--ip", &w.ip, NULL },
		{ "--host", &w.host, NULL },
		{ "--group", &w.group, NULL },
		{ "--event", &w.event, NULL },
		{ "--last", &w.last, NULL },
		{ "--since", &w.since, NULL },
		{ "--until", &w.until, NULL },
		{ "--limit", &w.limit, NULL },
		{ "--csv", NULL, &csv },
	};

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	if (argc == 3 && strcmp(argv[1], "show") == 0)
		return show(t, argv[2]);
	if (argc == 2 && strcmp(argv[1], "status") == 0)
		return status(t);
	if (argc > 1)
		return tool_usage(t, strcmp(argv[1], "show") == 0
					 ? "which message?"
					 : "options, show MID, or status");
	if (asked && t->asks)
		return ask(t);
	return search(t, &w, csv);
}

/* --- searching --- */

static int
search(struct tool *t, struct tracking_words *w, bool csv)
{
	struct err err = ERR_INIT;
	struct track_found f;
	struct track_query q;
	int rc;

	if (csv && w->limit == NULL)
		w->limit = "5000";
	if (tracking_query(&q, w, &err) == -1)
		return tool_usage(t, err.text);
	if (find(t, &q, &f, &err) == -1)
		return tool_fail(t, &err);
	rc = print(t, &f, csv);
	track_found_free(&f);
	return rc;
}

static int
find(struct tool *t, const struct track_query *q, struct track_found *f,
    struct err *err)
{
	int dir = tracking_folder(t, err);
	int rc = dir != -1 ? track_search(f, dir, q, err) : -1;

	if (dir != -1)
		close(dir);
	return rc;
}

int
tracking_folder(const struct tool *t, struct err *err)
{
	char path[PATH_MAX];
	int dir;

	snprintf(path, sizeof(path), "%.*s/" TRACK_FOLDER,
	    (int)(sizeof(path) - sizeof(TRACK_FOLDER) - 1), t->paths.log);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir == -1 && errno == ENOENT)
		return err_set(err, ERR_TEMP,
		    "There is no tracking data yet: the gateway did not run, "
		    "or tracking.enabled is no.");
	if (dir == -1)
		return err_sys(
		    err, errno == EACCES ? ERR_PERM : ERR_TEMP, "%.400s", path);
	return dir;
}

static int
print(struct tool *t, const struct track_found *f, bool csv)
{
	struct buf text;
	json_t *j;

	if (t->json) {
		j = tracking_json(f);
		tool_print_json(t, j);
		json_decref(j);
	} else {
		buf_init(&text, SIZE_MAX);
		if (csv)
			tracking_csv(f, &text);
		else
			tracking_list(f, &text);
		if (csv)
			fwrite(text.data, 1, text.len, t->dialogue.out);
		else if (text.len > 0)
			tool_print(t, &text);
		if (f->n == 0)
			fputs("No messages were found.\n", stderr);
		buf_fini(&text);
	}
	return f->n > 0 ? TOOL_DONE : TOOL_NEGATIVE;
}

/* --- one message --- */

static int
show(struct tool *t, const char *mid)
{
	const struct tracking_words w = { .mid = mid, .limit = "1" };
	struct err err = ERR_INIT;
	struct track_query q;
	struct track_found f;
	int rc = TOOL_NEGATIVE, dir;

	if (tracking_query(&q, &w, &err) == -1)
		return tool_usage(t, err.text);
	dir = tracking_folder(t, &err);
	if (dir == -1 || track_search(&f, dir, &q, &err) == -1) {
		if (dir != -1)
			close(dir);
		return tool_fail(t, &err);
	}
	if (f.n > 0) {
		rc = show_message(t, dir, &f.v[0], &f, &err);
	} else {
		err_set(&err, ERR_PERM,
		    "There is no tracking data about MID "
		    "%s.",
		    mid);
		rc = tool_refuse(t, &err);
	}
	track_found_free(&f);
	close(dir);
	return rc;
}

static int
show_message(struct tool *t, int dir, const struct track_message *m,
    const struct track_found *f, struct err *err)
{
	struct buf text;
	struct story_out out = { &text, json_array() };
	json_t *j = tracking_details_json(m);
	int rc = TOOL_DONE;

	buf_init(&text, SIZE_MAX);
	tracking_details(m, &text);
	buf_puts(&text, "\nProcessing details:\n");
	if (t->json)
		out.text = NULL;
	if (track_story(dir, m, add_line, &out, err) == -1) {
		rc = tool_fail(t, err);
	} else if (t->json) {
		json_object_set(j, "lines", out.lines);
		tool_print_json(t, j);
	} else {
		tracking_gaps(f, &text);
		tool_print(t, &text);
	}
	json_decref(j);
	json_decref(out.lines);
	buf_fini(&text);
	return rc;
}

static void
add_line(void *arg, int64_t when, struct str text)
{
	struct story_out *out = arg;

	if (out->text != NULL)
		tracking_line(when, text, out->text);
	else
		json_array_append_new(out->lines,
		    json_pack("{sI so}", "time", (json_int_t)when / 1000,
			"text", tracking_text(text)));
}

/* --- how much is kept --- */

static int
status(struct tool *t)
{
	const char *const words[] = { "tracking", NULL };

	return control_show(t, PROGRAM_RECORDER, words, render_status);
}

static void
render_status(const json_t *j, struct buf *out)
{
	buf_printf(out, "Tracking is %s.\n",
	    fields_bool(j, "enabled") ? "enabled" : "disabled");
	buf_printf(out, "It takes %lld MB of %lld MB.\n",
	    (long long)(fields_num(j, "used") >> 20),
	    (long long)(fields_num(j, "quota") >> 20));
	buf_puts(out, "Data goes back to: ");
	fields_time(out, j, "oldest", "nothing yet");
	buf_puts(out, "\n");
	if (fields_num(j, "lost") > 0)
		buf_printf(out, "%lld events could not be written.\n",
		    (long long)fields_num(j, "lost"));
}

/* --- asking --- */

static int
ask(struct tool *t)
{
	static const char *const menu[] = { "Search for messages",
		"Show all about a message (MID)", "How much is kept" };
	char mid[32];
	uint64_t n;
	size_t what;

	if (!dialogue_choice(&t->dialogue, "Choose what to do:", menu,
		NELEM(menu), 0, &what))
		return tool_abandoned(t);
	if (what == 0)
		return ask_search(t);
	if (what == 2)
		return status(t);
	if (!dialogue_number(&t->dialogue, "Enter the Message ID (MID):", 1,
		INT64_MAX, 1, &n))
		return tool_abandoned(t);
	snprintf(mid, sizeof(mid), "%llu", (unsigned long long)n);
	return show(t, mid);
}

static int
ask_search(struct tool *t)
{
	char texts[4][ANSWER_MAX], range[2][ANSWER_MAX], kinds[ANSWER_MAX];
	struct tracking_words w = { 0 };
	struct err err = ERR_INIT;
	struct track_query q;
	struct track_found f;
	int rc;

	if (!ask_texts(&t->dialogue, &w, texts) ||
	    !ask_range(&t->dialogue, &w, range) ||
	    !ask_kinds(&t->dialogue, &w, kinds))
		return tool_abandoned(t);
	if (tracking_query(&q, &w, &err) == -1)
		return tool_usage(t, err.text);
	if (find(t, &q, &f, &err) == -1)
		return tool_fail(t, &err);
	tool_space(t);
	rc = print(t, &f, false);
	if (f.n > 0)
		rc = pick(t);
	track_found_free(&f);
	return rc;
}

static bool
ask_texts(
    struct dialogue *d, struct tracking_words *w, char (*room)[ANSWER_MAX])
{
	static const char *const questions[] = {
		"Enter part of the envelope sender (empty: any):",
		"Enter part of a recipient (empty: any):",
		"Enter part of the subject (empty: any):",
		"Enter the sender's IP address or range (empty: any):",
	};
	const char **words[] = { &w->from, &w->to, &w->subject, &w->ip };
	struct ip_range ip;

	for (size_t i = 0; i < NELEM(questions); i++) {
		do {
			if (!dialogue_text(
				d, questions[i], "", room[i], ANSWER_MAX))
				return false;
		} while (words[i] == &w->ip && *room[i] != '\0' &&
			 !ip_range_parse(&ip, str_of(room[i])));
		if (*room[i] != '\0')
			*words[i] = room[i];
	}
	return true;
}

static bool
ask_range(
    struct dialogue *d, struct tracking_words *w, char (*room)[ANSWER_MAX])
{
	static const char *const menu[] = { "The last day", "The last 7 days",
		"From and to a time" };
	static const char *const questions[] = {
		"Enter the first time (2025-03-04 10:40, +0900 behind it for "
		"another zone):",
		"Enter the last time:"
	};
	int64_t time;
	size_t which;

	if (!dialogue_choice(
		d, "When did they come?", menu, NELEM(menu), 0, &which))
		return false;
	if (which < 2) {
		w->last = which == 0 ? "1d" : "7d";
		return true;
	}
	for (size_t i = 0; i < NELEM(questions); i++)
		do {
			if (!dialogue_needed(
				d, questions[i], room[i], ANSWER_MAX))
				return false;
		} while (tracking_time(room[i], &time, NULL) == -1);
	w->since = room[0];
	w->until = room[1];
	return true;
}

static bool
ask_kinds(struct dialogue *d, struct tracking_words *w, char *room)
{
	const char *menu[TRACK_N_KINDS + 1] = { "Whatever happened" };
	size_t which;

	for (size_t k = 0; k < TRACK_N_KINDS; k++)
		menu[k + 1] = tracking_kind_titles[k];
	if (!dialogue_choice(
		d, "What happened to them?", menu, NELEM(menu), 0, &which))
		return false;
	if (which > 0) {
		snprintf(room, ANSWER_MAX, "%s", tracking_kinds[which - 1]);
		w->event = room;
	}
	return true;
}

/* Whatever is chosen, until nothing is. */
static int
pick(struct tool *t)
{
	char answer[DIALOGUE_LINE];

	for (;;) {
		uint64_t mid;

		if (!dialogue_text(&t->dialogue,
			"Enter the MID of a message to show all about it "
			"(empty: none):",
			"", answer, sizeof(answer)))
			return tool_abandoned(t);
		if (*answer == '\0')
			return TOOL_DONE;
		if (tool_mid(str_of(answer), &mid))
			show(t, answer);
	}
}
