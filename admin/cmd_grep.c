/* cmd_grep.c - `grep`: lines of a log that an expression fits */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/logfiles.h"
#include "base/mem.h"
#include "filter/regex.h"

#define CONTEXT_MAX 1000
#define PAGED_MAX   ((size_t)256 << 20)
#define JSON_MAX    100000 /* lines in an answer */

struct search {
	struct tool *t;
	struct regex *re;
	const char *pattern, *log;
	bool nocase, invert, count, paginate, follow;
	uint64_t around; /* lines shown before and after */
	char **before;   /* the last ones not shown, in turn */
	size_t n_before, at_before;
	uint64_t after; /* lines still to be shown */
	bool gap;       /* some were left out since the last one shown */
	uint64_t found, limited;
	struct buf paged;
	json_t *lines;
};

static int run(struct tool *, int argc, char **argv);
static int take(struct search *, int argc, char **argv);
static bool take_option(struct search *, int letter);
static bool ask(struct search *, char *pattern, size_t size);
static int search(struct search *, struct str log);
static int follow(struct search *, struct str log, const struct logfiles *);
static int report(struct search *);
static bool one_line(void *search, struct str line);
static bool fits(struct search *, struct str line);
static void remember(struct search *, struct str line);
static void show_before(struct search *);
static void show(struct search *, struct str line);

const struct tool_command cmd_grep = {
	.name = "grep",
	.usage = "[-i] [-v] [-c] [-p] [-t] [-C LINES] [-e PATTERN] "
		 "[PATTERN] [NAME]",
	.summary = "Search a log",
	.help = "Shows the lines of all files of a log subscription, oldest "
		"first, that a regular expression fits: -i in any case of "
		"letters; -v those that it does not fit; -c only how many; -C "
		"with so many lines around them; -p page by page; -t and then "
		"those to come. -e says a pattern that begins with a hyphen. "
		"What is not said a person is asked for.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const struct log_subscription *log;
	struct search s = { .t = t };
	char pattern[DIALOGUE_LINE];
	struct err err = ERR_INIT;
	struct config *c;
	int status = take(&s, argc, argv);

	if (status != TOOL_DONE)
		return status;
	c = logfiles_config(t, &err);
	if (c == NULL)
		return tool_fail(t, &err);
	log = logfiles_pick(t, c, s.log,
	    "Enter the number of the log you wish to grep.", &status);
	if (log != NULL && s.pattern == NULL &&
	    !ask(&s, pattern, sizeof(pattern)))
		status = tool_abandoned(t);
	else if (log != NULL)
		status = search(&s, log->name);
	config_unref(&c);
	return status;
}

static int
take(struct search *s, int argc, char **argv)
{
	int letter;

	optind = 0;
	opterr = 0;
	while ((letter = getopt(argc, argv, "ivcptC:e:")) != -1)
		if (!take_option(s, letter))
			return tool_usage(s->t, NULL);
	if (s->pattern == NULL && optind < argc)
		s->pattern = argv[optind++];
	if (optind < argc)
		s->log = argv[optind++];
	if (optind < argc || (s->follow && (s->count || s->t->json)))
		return tool_usage(s->t, NULL);
	if (s->log == NULL && !s->t->asks)
		return tool_usage(s->t, "which log?");
	return TOOL_DONE;
}

static bool
take_option(struct search *s, int letter)
{
	switch (letter) {
	case 'i':
		s->nocase = true;
		return true;
	case 'v':
		s->invert = true;
		return true;
	case 'c':
		s->count = true;
		return true;
	case 'p':
		s->paginate = true;
		return true;
	case 't':
		s->follow = true;
		return true;
	case 'e':
		s->pattern = optarg;
		return true;
	case 'C':
		return str_u64(str_of(optarg), CONTEXT_MAX, &s->around);
	default:
		return false;
	}
}

static bool
ask(struct search *s, char *pattern, size_t size)
{
	struct dialogue *d = &s->t->dialogue;

	s->pattern = pattern;
	return dialogue_needed(
		   d, "Enter the regular expression to grep.", pattern, size) &&
	       dialogue_yes(d,
		   "Do you want this search to be case insensitive?", true,
		   &s->nocase) &&
	       dialogue_yes(d, "Do you want to search for non-matching lines?",
		   false, &s->invert) &&
	       dialogue_yes(
		   d, "Do you want to tail the logs?", false, &s->follow) &&
	       dialogue_yes(d, "Do you want to paginate the output?", false,
		   &s->paginate);
}

static int
search(struct search *s, struct str log)
{
	struct err err = ERR_INIT;
	struct logfiles f = { .n = 0 };
	int rc = -1;

	s->re = regex_compile(
	    str_of(s->pattern), s->nocase ? REGEX_NOCASE : 0, &err);
	if (s->re == NULL)
		return tool_fail(s->t, &err);
	buf_init(&s->paged, PAGED_MAX);
	s->before = mem_array(s->around + 1, sizeof(*s->before));
	s->lines = s->t->json ? json_array() : NULL;
	if (logfiles_list(&f, s->t, log, &err) == 0)
		rc = logfiles_read(&f, 0, one_line, s, &err);
	if (rc == 0 && s->paginate)
		tool_print(s->t, &s->paged);
	if (rc == 0 && s->follow)
		rc = follow(s, log, &f);
	rc = rc == 0 ? report(s) : tool_fail(s->t, &err);
	logfiles_free(&f);
	for (size_t i = 0; i <= s->around; i++)
		free(s->before[i]);
	free(s->before);
	buf_fini(&s->paged);
	json_decref(s->lines);
	regex_free(&s->re);
	return rc;
}

/* What comes from now on. */
static int
follow(struct search *s, struct str log, const struct logfiles *f)
{
	struct err err = ERR_INIT;

	s->paginate = false;
	if (logfiles_follow(s->t, log, f->n > 0 ? f->names[f->n - 1] : NULL, -1,
		one_line, s, &err) == -1)
		tool_fail(s->t, &err);
	return 0;
}

static int
report(struct search *s)
{
	if (s->t->json) {
		json_t *answer = json_pack("{sI sO}", "found",
		    (json_int_t)s->found, "lines", s->lines);

		tool_print_json(s->t, answer);
		json_decref(answer);
	} else if (s->count) {
		fprintf(
		    s->t->dialogue.out, "%llu\n", (unsigned long long)s->found);
	}
	if (s->limited > 0)
		fprintf(stderr,
		    "The expression took too long on %llu lines: whether it "
		    "fits them cannot be said.\n",
		    (unsigned long long)s->limited);
	return s->found > 0 ? TOOL_DONE : TOOL_NEGATIVE;
}

/* --- lines --- */

static bool
one_line(void *arg, struct str line)
{
	struct search *s = arg;

	if (fits(s, line)) {
		s->found++;
		if (s->count)
			return true;
		show_before(s);
		show(s, line);
		s->after = s->around;
	} else if (s->after > 0) {
		s->after--;
		show(s, line);
	} else {
		remember(s, line);
	}
	return !ferror(s->t->dialogue.out);
}

static bool
fits(struct search *s, struct str line)
{
	struct str match;

	switch (regex_search(s->re, line, 0, 0, &match)) {
	case REGEX_YES:
		return !s->invert;
	case REGEX_NO:
		return s->invert;
	case REGEX_LIMIT:
		break;
	}
	s->limited++;
	return false;
}

static void
remember(struct search *s, struct str line)
{
	if (s->around == 0)
		return;
	if (s->n_before == s->around)
		s->gap = true;
	else
		s->n_before++;
	free(s->before[s->at_before]);
	s->before[s->at_before] = mem_strndup(line.p, line.n);
	s->at_before = (s->at_before + 1) % s->around;
}

static void
show_before(struct search *s)
{
	size_t from;

	if (s->around == 0)
		return;
	if (s->gap && s->found > 1)
		show(s, STR("--"));
	s->gap = false;
	from = s->at_before + s->around - s->n_before;
	for (; s->n_before > 0; s->n_before--)
		show(s, str_of(s->before[from++ % s->around]));
}

static void
show(struct search *s, struct str line)
{
	if (s->lines != NULL) {
		if (json_array_size(s->lines) < JSON_MAX)
			json_array_append_new(
			    s->lines, json_stringn(line.p, line.n));
	} else if (s->paginate) {
		buf_add_str(&s->paged, line);
		buf_putc(&s->paged, '\n');
	} else {
		fwrite(line.p, 1, line.n, s->t->dialogue.out);
		fputc('\n', s->t->dialogue.out);
	}
}
