/* cmd_commit.c - `commit` (delivery-admin 4.2) */
#include <inttypes.h>
#include <stdio.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/revise.h"
#include "base/clock.h"
#include "base/mem.h"

#define COMMENT_MAX 1024
#define REPORT_MAX  (1024u * 1024)

/* What to do with changes of others that the working copy does not have. */
enum way { WAY_ASK, WAY_MERGE, WAY_DISCARD, WAY_FORCE };

struct wish {
	char user[64], comment[COMMENT_MAX];
	bool said; /* the comment is on the command line */
	bool keep; /* to go back to */
	enum way way;
	uint64_t seen; /* the revision that WAY_FORCE knows of */
};

static int run(struct tool *, int argc, char **argv);
static bool take_words(struct wish *, int argc, char **argv);
static int ask(struct tool *, struct wish *);
static int look(struct tool *, struct wish *, bool *some);
static int settle_behind(struct tool *, struct commit *, struct wish *);
static int choose(struct tool *, struct commit *, struct wish *);
static void show_others(struct tool *, const struct commit *);
static void tell_edits(struct tool *, const struct wish *);
static int commit(struct tool *, struct wish *);
static int perform(
    struct tool *, struct commit *, struct wish *, struct config_problems *);
static int not_behind(struct tool *);
static int none(struct tool *, const struct config_problems *);
static int done(struct tool *, uint64_t number, const struct config_problems *);

const struct tool_command cmd_commit = {
	.name = "commit",
	.usage = "[--merge | --discard | --force] COMMENT [y|n]",
	.summary = "Put the changed configuration in force",
	.help =
	    "Checks the working copy of the configuration, stores it as "
	    "the next revision and tells the running programs to use it. "
	    "When something is wrong, or one of them cannot use it, that "
	    "is shown, and nothing changes. The last ten revisions are "
	    "kept, and rollbackconfig goes back to one; with n after the "
	    "comment this one is not kept once another has replaced it. "
	    "When somebody else committed since the working copy was made, "
	    "it shows what, and asks: --merge puts the changes of both "
	    "sides together, --discard drops those of the working copy, "
	    "--force commits it as it is and so undoes what the others did.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct wish w = { .keep = true };
	bool merge = false, discard = false, force = false;
	const struct tool_option options[] = {
		{ "--merge", NULL, &merge },
		{ "--discard", NULL, &discard },
		{ "--force", NULL, &force },
	};
	bool some;
	int status;

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	if (merge + discard + force > 1)
		return tool_usage(t, "only one of these can be done");
	w.way = merge     ? WAY_MERGE
		: discard ? WAY_DISCARD
		: force   ? WAY_FORCE
			  : WAY_ASK;
	w.seen = UINT64_MAX;
	if (!take_words(&w, argc, argv) && !t->asks && !discard)
		return tool_usage(t, NULL);
	tool_user(w.user, sizeof(w.user));
	if (!w.said) {
		status = look(t, &w, &some);
		if (status != TOOL_DONE || !some)
			return status;
		status = ask(t, &w);
		if (status != TOOL_DONE)
			return status;
	}
	return commit(t, &w);
}

/* A last word y or n is the answer to the question about rolling back. */
static bool
take_words(struct wish *w, int argc, char **argv)
{
	static const struct {
		const char *word;
		bool keep;
	} answers[] = { { "y", true }, { "yes", true }, { "n", false },
		{ "no", false } };

	for (size_t i = 0; i < NELEM(answers) && argc > 2; i++)
		if (str_is_nocase(str_of(argv[argc - 1]), answers[i].word)) {
			w->keep = answers[i].keep;
			argc--;
			break;
		}
	tool_join(w->comment, sizeof(w->comment), argc, argv, 1);
	w->said = argc > 1;
	return w->said;
}

static int
ask(struct tool *t, struct wish *w)
{
	if (!dialogue_text(&t->dialogue,
		"Please enter some comments describing your changes:", "",
		w->comment, sizeof(w->comment)) ||
	    !dialogue_yes(&t->dialogue,
		"Do you want to save the current configuration for rollback?",
		true, &w->keep))
		return tool_abandoned(t);
	return TOOL_DONE;
}

/* Nobody should describe changes that there are not, or that will not be
 * committed. Nothing is locked while a person thinks. */
static int
look(struct tool *t, struct wish *w, bool *some)
{
	const struct config_problems no_problems = { 0 };
	struct err err = ERR_INIT;
	struct commit c;
	int status = TOOL_DONE;

	*some = false;
	if (commit_begin(&c, t->paths.etc, t->paths.state, &err) == -1)
		return tool_fail(t, &err);
	if (commit_is_empty(&c)) {
		status = none(t, &no_problems);
	} else if (commit_is_behind(&c)) {
		status = settle_behind(t, &c, w);
		if (status == TOOL_DONE && commit_is_empty(&c))
			status = none(t, &no_problems);
	} else if (w->way == WAY_DISCARD) {
		status = not_behind(t);
	}
	*some = !commit_is_empty(&c);
	if (status == TOOL_DONE && *some)
		tell_edits(t, w);
	commit_end(&c);
	return status;
}

/* After it the commit can go on, or there is nothing left to commit. */
static int
settle_behind(struct tool *t, struct commit *c, struct wish *w)
{
	struct err err = ERR_INIT;
	int status;

	/* Forced was what was shown then; who came later is shown anew. */
	if (w->way == WAY_FORCE && c->current > w->seen)
		w->way = WAY_ASK;
	if (w->way == WAY_ASK) {
		status = choose(t, c, w);
		if (status != TOOL_DONE)
			return status;
	}
	if (w->way == WAY_MERGE && commit_merge(c, &err) == -1) {
		err_in(&err, "cannot be merged");
		return tool_refuse(t, &err);
	}
	if (w->way == WAY_DISCARD && commit_clear(c, &err) == -1)
		return tool_fail(t, &err);
	if (w->way != WAY_FORCE)
		w->way = WAY_ASK; /* that is done */
	w->seen = c->current;
	return TOOL_DONE;
}

static int
choose(struct tool *t, struct commit *c, struct wish *w)
{
	static const char *const items[] = {
		"Merge them with yours",
		"Discard your changes",
		"Commit yours all the same and so undo theirs",
	};
	struct err why = ERR_INIT;
	bool merges = commit_can_merge(c, &why);
	size_t chosen, first = merges ? 0 : 1;

	show_others(t, c);
	if (!merges)
		fprintf(t->asks ? t->dialogue.out : stderr,
		    "They cannot be merged with yours: %s.\n", why.text);
	if (!t->asks) {
		fputs("Say --merge, --discard or --force.\n", stderr);
		return TOOL_NEGATIVE;
	}
	if (!dialogue_choice(&t->dialogue, "What do you want to do?",
		items + first, NELEM(items) - first, 0, &chosen))
		return tool_abandoned(t);
	w->way = WAY_MERGE + chosen + first;
	return TOOL_DONE;
}

static void
show_others(struct tool *t, const struct commit *c)
{
	static struct revise_list others;
	struct buf out;

	buf_init(&out, REPORT_MAX);
	buf_printf(&out,
	    "The working copy was made from revision %" PRIu64
	    ". Since then others committed:\n",
	    c->base);
	if (revise_list(t, c->base, &others) == TOOL_DONE)
		revise_list_print(&out, &others, false);
	fputs(buf_str(&out).p, t->asks ? t->dialogue.out : stderr);
	buf_fini(&out);
}

/* The working copy belongs to all: what others changed there goes along. */
static void
tell_edits(struct tool *t, const struct wish *w)
{
	struct buf out;

	buf_init(&out, REPORT_MAX);
	revise_edits(t, w->user, &out);
	if (out.len > 0)
		fprintf(t->asks ? t->dialogue.out : stderr,
		    "This commits the changes of others, too:\n%s", out.data);
	buf_fini(&out);
}

static int
commit(struct tool *t, struct wish *w)
{
	struct config_problems problems = { 0 };
	struct err err = ERR_INIT;
	struct commit c;
	int status;

	if (commit_begin(&c, t->paths.etc, t->paths.state, &err) == -1)
		return tool_refuse(t, &err);
	status = perform(t, &c, w, &problems);
	commit_end(&c);
	config_problems_free(&problems);
	return status;
}

static int
perform(struct tool *t, struct commit *c, struct wish *w,
    struct config_problems *problems)
{
	const struct commit_note note = { w->user, w->comment, !w->keep };
	int status = TOOL_DONE;

	if (commit_is_behind(c))
		status = settle_behind(t, c, w);
	else if (w->way == WAY_DISCARD && !commit_is_empty(c))
		status = not_behind(t);
	if (status != TOOL_DONE)
		return status;
	if (commit_is_empty(c)) {
		/* Warnings are worth being told again. */
		commit_check(c, problems, NULL);
		revise_report(problems);
		return none(t, problems);
	}
	if (w->said)
		tell_edits(t, w);
	status = revise_commit(t, c, &note, problems);
	return status == TOOL_DONE ? done(t, c->number, problems) : status;
}

/* Else one's own changes would go where those of others were meant. */
static int
not_behind(struct tool *t)
{
	return tool_usage(
	    t, "nobody else committed; clearchanges drops your changes");
}

static int
none(struct tool *t, const struct config_problems *problems)
{
	if (t->json)
		return done(t, 0, problems);
	fputs("No changes to commit.\n", t->dialogue.out);
	return TOOL_DONE;
}

static int
done(struct tool *t, uint64_t number, const struct config_problems *problems)
{
	char text[CLOCK_TEXT];
	int64_t now = clock_wall_ms();
	json_t *json;

	if (!t->json) {
		fprintf(t->dialogue.out, "Changes committed: %s\n",
		    clock_status(now, text));
		return TOOL_DONE;
	}
	json = json_pack("{s:I, s:b, s:I, s:o}", "revision", (json_int_t)number,
	    "changed", number != 0, "committed", (json_int_t)now, "problems",
	    revise_problems_json(problems));
	tool_print_json(t, json);
	json_decref(json);
	return TOOL_DONE;
}
