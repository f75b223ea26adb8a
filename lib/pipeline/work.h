/*
 * work.h - the stages of the work queue, and the loop that runs them
 *
 * One message goes in; what comes out are results: for each, a struct work
 * whose `end` says what is to become of it. Several, when recipients were
 * matched on several mail policies. The loop keeps a cursor, so that a run
 * which lacked a fact goes on with the stage, and the filter, that asked.
 *
 *	W2 forged fields, masquerade (the whole message: pipeline.h, AT_WORK)
 *	W4 message filters		work_filters.c
 *	let go by a full quarantine	work_released.c
 *	W5 mail policies		work_policy.c
 *	W6 safelist/blocklist, with W5	work_lists.c
 *	W7 anti-spam			work_spam.c
 *	W8 anti-virus			work_virus.c
 *	W11 content filters		work_filters.c
 *	W12 outbreak filters		work_outbreak.c
 *	W15 footer			work_stamp.c
 *	W14, W16 are carried out by cleanup and qmgr
 *
 * Spec workqueue 1. Pure, as all stages.
 */
#ifndef PIPELINE_WORK_H
#define PIPELINE_WORK_H

#include "filter/filter.h"
#include "pipeline/stage.h"

/* One of run, steps and split is there. */
struct work_stage {
	const char *name; /* "anti-spam" */
	/* Will it look at the header, at the body, of such a message? Asked
	 * before the policy is known. FILTER_HEADER, FILTER_BODY; NULL: no. */
	unsigned (*wants)(const struct work *);
	/* Changes *w, or lacks facts and leaves it alone. */
	enum work_answer (*run)(struct work *, struct needs *);
	/* Likewise, in steps: those before *step are done and stay so. */
	enum work_answer (*steps)(struct work *, size_t *step, struct needs *);
	/* Which recipients stay together: the number of each one's group.
	 * Groups become results of their own, in the order of their number. */
	const uint32_t *(*split)(const struct work *);
};

struct work_result {
	struct work_result *next;
	struct work work;
	/* private: where the run is with it */
	size_t stage, step;
};

/*
 * When the message is split, `original` is what it was up to there: its end is
 * WORK_SPLIT, and its notes, copies and archives are its own. Results have
 * those that came after it.
 */
struct work_run {
	struct arena *mem;
	struct work_result *results; /* in order of creation */
	struct work original;
	bool split;
	/* private */
	struct work_result *at; /* what is being run */
	const struct work_stage *stages;
	size_t n_stages;
};

/* Where a message enters (1.4). */
enum work_entry {
	ENTER_WHOLE,    /* W2 */
	ENTER_RELEASED, /* W5: from a quarantine */
	ENTER_DELIVERY, /* W16: copies, notices */
	ENTER_ANEW,     /* W2: from a quarantine, but nothing was done yet */
	ENTER_RESCORE   /* W12: held by it; nothing becomes of what comes out */
};

/* The table, for trace, docs and tests. */
const struct work_stage *work_stages(size_t *n);

void work_begin(struct work_run *, const struct work *message, enum work_entry);
/* DONE: results are complete. NEEDS: set these facts, call again. */
enum work_answer work_continue(struct work_run *, struct needs *);

/* Has the run come to WORK_LATER? The first result that did; or NULL. */
const struct work *work_is_later(const struct work_run *);

/* A message that a scanner did not answer about waits so long since it came
 * (ms); then it goes on unscanned. */
#define WORK_LATER_MAX ((int64_t)24 * 3600 * 1000)

/* The scores of ours that the thresholds of an engine stand for (5.4). */
#define SPAM_SCORE_SUSPECT  50
#define SPAM_SCORE_POSITIVE 90

/* What a mail flow policy leaves out (1.2); the whole of SKIP_AT_INJECTION is
 * what smtpd may say. */
uint32_t work_skips(const struct policy *);
#define SKIP_AT_INJECTION                                                      \
	(SKIP_SPAM | SKIP_BY_POLICY | SKIP_VIRUS | SKIP_VIRUS_BY_POLICY)

/* What a fact is about: the bytes that whoever fetches it must be given, of
 * the message that the run is at. The whole message (header, body) or one
 * decoded part. False: the fact is not about content. */
bool work_fact_content(const struct work_run *, const struct need *,
    struct str *header, struct str *body, struct arena *mem);

/* Will anything look at the header, at the body, of such a message? So that
 * cleanup reads no more than it must: FILTER_HEADER, FILTER_BODY. */
unsigned work_wants(const struct work *message, enum work_entry);

/* No filters, no policy but the default one, and nobody who wants to see more
 * than its envelope: the stages do nothing to such a message, and ask nothing
 * about it. */
bool work_is_plain(const struct work *message, enum work_entry);

#endif
