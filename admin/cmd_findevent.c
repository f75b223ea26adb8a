/* cmd_findevent.c - `findevent`: messages in a mail log, and their stories */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/story.h"
#include "base/mem.h"

struct wanted {
	struct tool *t;
	const char *log, *pattern, *mid, *day;
	enum event_id what;
	bool nocase, current;
	bool in_dialogue; /* one of those found is asked for */
	json_t *lines;
	struct logfiles files;
	size_t from;
};

static int run(struct tool *, int argc, char **argv);
static int take(struct wanted *, int argc, char **argv);
static bool take_pattern(struct wanted *, enum event_id);
static const char *first_mail_log(const struct config *);
static bool ask(struct wanted *, char *pattern, size_t size);
static bool ask_files(struct wanted *);
static bool is_day(const char *);
static int answer(struct wanted *, struct str log);
static void choose_files(struct wanted *);
static int find(struct wanted *, const struct story_source *, struct err *);
static int pick(struct wanted *, const struct story_source *,
    const struct story_matches *, struct err *);
static void list(const struct wanted *, const struct story_matches *);
static int tell(
    struct wanted *, const struct story_source *, uint64_t mid, struct err *);
static int read_files(void *wanted, bool (*line)(void *, struct str),
    void *line_arg, struct err *);
static void show(void *wanted, struct str line);

static const struct {
	enum event_id what;
	int letter;
	const char *menu;
} searches[] = {
	{ EVENT_MID_FROM, 'f', "Search by envelope FROM" },
	{ EVENT_NONE, 'm', "Search by Message ID (MID)" },
	{ EVENT_SUBJECT, 's', "Search by Subject" },
	{ EVENT_MID_RCPT, 't', "Search by envelope TO" },
	{ EVENT_MESSAGE_ID, 'g', "Search by Message-ID header" },
};

const struct tool_command cmd_findevent = {
	.name = "findevent",
	.usage = "[-i] [-c] [-d YYYYMMDD] [-f FROM | -t TO | -s SUBJECT | "
		 "-g MESSAGE-ID | -m MID] [NAME]",
	.summary = "Find messages in a mail log, and their stories",
	.help = "Lists the messages whose sender, recipient, subject or "
		"Message-ID a regular expression fits (-i: in any case of "
		"letters); with -m shows all lines of one, of those that it "
		"was made of or made into, and of its connections. -c: in the "
		"current file only; -d: in those of a day. NAME is a log of "
		"type mail, the first one if nothing else is said.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const struct log_subscription *log;
	struct wanted w = { .t = t };
	char pattern[DIALOGUE_LINE];
	struct err err = ERR_INIT;
	struct config *c;
	int status = take(&w, argc, argv);
	bool asked = w.pattern != NULL || w.mid != NULL;

	if (status != TOOL_DONE)
		return status;
	c = logfiles_config(t, &err);
	if (c == NULL)
		return tool_fail(t, &err);
	if (w.log == NULL && asked)
		w.log = first_mail_log(c);
	log = logfiles_pick(t, c, w.log,
	    "Enter the number of the log you wish to use for message "
	    "tracking.",
	    &status);
	if (log != NULL && log->type != LOG_MAIL) {
		err_set(&err, ERR_USAGE, "Only mail logs tell of messages.");
		status = tool_refuse(t, &err);
	} else if (log != NULL && !asked && !ask(&w, pattern, sizeof(pattern)))
		status = tool_abandoned(t);
	else if (log != NULL)
		status = answer(&w, log->name);
	config_unref(&c);
	return status;
}

static int
take(struct wanted *w, int argc, char **argv)
{
	uint64_t mid;
	bool ok = true;
	int letter;

	optind = 0;
	opterr = 0;
	while (ok && (letter = getopt(argc, argv, "icd:f:t:s:g:m:")) != -1) {
		if (letter == 'i')
			w->nocase = true;
		else if (letter == 'c')
			w->current = true;
		else if (letter == 'd')
			w->day = optarg;
		else {
			ok = false;
			for (size_t k = 0; k < NELEM(searches); k++)
				if (searches[k].letter == letter)
					ok = take_pattern(w, searches[k].what);
		}
	}
	if (ok && optind < argc)
		w->log = argv[optind++];
	if (!ok || optind < argc)
		return tool_usage(w->t, NULL);
	if (w->mid != NULL && !tool_mid(str_of(w->mid), &mid))
		return tool_no_mid(w->t, w->mid);
	if (w->day != NULL && !is_day(w->day))
		return tool_usage(w->t, "a day is YYYYMMDD");
	if (w->pattern == NULL && w->mid == NULL && !w->t->asks)
		return tool_usage(w->t, "which message?");
	return TOOL_DONE;
}

/* One of them, once. */
static bool
take_pattern(struct wanted *w, enum event_id what)
{
	if (w->pattern != NULL || w->mid != NULL)
		return false;
	w->what = what;
	if (what != EVENT_NONE)
		w->pattern = optarg;
	else
		w->mid = optarg;
	return true;
}

static const char *
first_mail_log(const struct config *c)
{
	static char name[NAME_MAX_LEN + 1];

	for (size_t i = 0; i < c->n_logs; i++)
		if (c->logs[i].type == LOG_MAIL) {
			str_copy(name, sizeof(name), c->logs[i].name);
			return name;
		}
	return NULL;
}

static bool
ask(struct wanted *w, char *pattern, size_t size)
{
	const char *menu[NELEM(searches)];
	struct dialogue *d = &w->t->dialogue;
	size_t which;
	uint64_t mid;

	for (size_t k = 0; k < NELEM(searches); k++)
		menu[k] = searches[k].menu;
	if (!dialogue_choice(d,
		"Please choose which type of search you want "
		"to perform:",
		menu, NELEM(menu), 0, &which))
		return false;
	w->in_dialogue = true;
	w->what = searches[which].what;
	if (w->what == EVENT_NONE) {
		if (!dialogue_number(d,
			"Enter the Message ID (MID) to search "
			"for.",
			1, INT64_MAX, 1, &mid))
			return false;
		snprintf(pattern, size, "%llu", (unsigned long long)mid);
		w->mid = pattern;
		return ask_files(w);
	}
	w->pattern = pattern;
	return dialogue_needed(d, "Enter the regular expression to search for.",
		   pattern, size) &&
	       dialogue_yes(d,
		   "Do you want this search to be case insensitive?", true,
		   &w->nocase) &&
	       ask_files(w);
}

static bool
ask_files(struct wanted *w)
{
	static const char *const menu[] = { "Only the current log file",
		"All available log files", "The log files of a day" };
	static char day[32];
	struct dialogue *d = &w->t->dialogue;
	size_t which;

	if (!dialogue_choice(d, "Choose one of the following:", menu,
		NELEM(menu), 1, &which))
		return false;
	w->current = which == 0;
	if (which != 2)
		return true;
	w->day = day;
	do {
		if (!dialogue_needed(
			d, "Enter the day: YYYYMMDD", day, sizeof(day)))
			return false;
	} while (!is_day(day));
	return true;
}

static bool
is_day(const char *text)
{
	return strlen(text) == strlen("YYYYMMDD") &&
	       strspn(text, "0123456789") == strlen(text);
}

static int
answer(struct wanted *w, struct str log)
{
	const struct story_source src = { read_files, w };
	struct err err = ERR_INIT;
	int status;

	if (logfiles_list(&w->files, w->t, log, &err) == -1)
		return tool_fail(w->t, &err);
	choose_files(w);
	w->lines = json_array();
	if (w->mid != NULL)
		status = tell(w, &src, strtoull(w->mid, NULL, 10), &err);
	else
		status = find(w, &src, &err);
	if (err.kind != ERR_NONE)
		status = tool_fail(w->t, &err);
	json_decref(w->lines);
	logfiles_free(&w->files);
	return status;
}

/* A file is of a day when it was begun on it, or before and the next one was
 * not begun until then. */
static void
choose_files(struct wanted *w)
{
	struct logfiles *f = &w->files;

	if (w->current && f->n > 0)
		w->from = f->n - 1;
	if (w->day == NULL)
		return;
	while (w->from + 1 < f->n &&
	       strncmp(logfiles_stamp(f->names[w->from + 1]).p, w->day, 8) < 0)
		w->from++;
	while (f->n > w->from &&
	       strncmp(logfiles_stamp(f->names[f->n - 1]).p, w->day, 8) > 0)
		free(f->names[--f->n]);
}

static int
find(struct wanted *w, const struct story_source *src, struct err *err)
{
	struct regex *re = regex_compile(
	    str_of(w->pattern), w->nocase ? REGEX_NOCASE : 0, err);
	struct story_matches m;
	int status = TOOL_NEGATIVE;

	if (re == NULL)
		return TOOL_USAGE;
	if (story_find(&m, src, w->what, re, err) == 0) {
		list(w, &m);
		if (m.n > 0)
			status = TOOL_DONE;
		if (m.n > 0 && w->in_dialogue)
			status = pick(w, src, &m, err);
	}
	story_matches_free(&m);
	regex_free(&re);
	return status;
}

static void
list(const struct wanted *w, const struct story_matches *m)
{
	json_t *all = json_array(), *answer;

	for (size_t i = 0; i < m->n; i++) {
		const struct story_match *x = &m->v[i];

		if (w->t->json)
			json_array_append_new(all,
			    json_pack("{sI ss ss}", "mid", (json_int_t)x->mid,
				"time", x->time, "subject", x->subject));
		else
			fprintf(w->t->dialogue.out, "%zu. MID %llu (%s) %s\n",
			    i + 1, (unsigned long long)x->mid, x->time,
			    x->subject);
	}
	if (w->t->json) {
		answer = json_pack("{sO}", "messages", all);
		tool_print_json(w->t, answer);
		json_decref(answer);
	} else if (m->n == 0) {
		fputs("No messages were found.\n", stderr);
	}
	json_decref(all);
}

static int
pick(struct wanted *w, const struct story_source *src,
    const struct story_matches *m, struct err *err)
{
	uint64_t which;

	if (!dialogue_number(&w->t->dialogue,
		"Enter the number of the message to show.", 1, m->n, 1, &which))
		return tool_abandoned(w->t);
	return tell(w, src, m->v[which - 1].mid, err);
}

static int
tell(struct wanted *w, const struct story_source *src, uint64_t mid,
    struct err *err)
{
	int64_t n = story_tell(src, mid, show, w, err);
	json_t *answer;

	if (n == -1)
		return TOOL_FAILED;
	if (w->t->json) {
		answer = json_pack(
		    "{sI sO}", "mid", (json_int_t)mid, "lines", w->lines);
		tool_print_json(w->t, answer);
		json_decref(answer);
	} else if (n == 0) {
		fprintf(stderr, "MID %llu is not in these files.\n",
		    (unsigned long long)mid);
	}
	return n > 0 ? TOOL_DONE : TOOL_NEGATIVE;
}

static int
read_files(void *arg, bool (*line)(void *, struct str), void *line_arg,
    struct err *err)
{
	const struct wanted *w = arg;

	return logfiles_read(&w->files, w->from, line, line_arg, err);
}

static void
show(void *arg, struct str line)
{
	const struct wanted *w = arg;

	if (w->t->json) {
		json_array_append_new(w->lines, json_stringn(line.p, line.n));
		return;
	}
	fwrite(line.p, 1, line.n, w->t->dialogue.out);
	fputc('\n', w->t->dialogue.out);
}
