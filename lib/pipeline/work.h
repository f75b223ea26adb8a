/*
 * work.h - the stages of the work queue, and the loop that runs them
 *
 * One message goes in; what comes out are results: for each, a struct work
 * whose `end` says what is to become of it. Several, when recipients were
 * matched on several mail policies. The loop keeps a cursor, so that a run
 * which lacked a fact goes on with the stage, and the filter, that asked.
 *
 *	W2 masquerade (the whole message: pipeline.h, AT_WORK)
 *	W4 message filters		work_filters.c
 *	W5 mail policies		work_policy.c
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

/* A stage changes *w, or lacks facts and leaves it alone. */
struct work_stage {
	const char *name; /* "anti-spam" */
	enum work_answer (*run)(struct work *, struct needs *);
};

struct work_result {
	struct work_result *next;
	struct work work;
	/* private: where the run is with it */
	size_t stage, filter;
};

struct work_run {
	struct arena *mem;
	struct work_result *results; /* in order of creation */
	/* the message as it came, when it was split: its notes up to there */
	struct work original;
	bool split;
	struct work_result *at; /* what is being run */
};

/* Where a message enters (1.4). */
enum work_entry {
	ENTER_WHOLE,    /* W2 */
	ENTER_RELEASED, /* W5: from a quarantine */
	ENTER_DELIVERY  /* W16: copies, notices */
};

void work_begin(struct work_run *, const struct work *message, enum work_entry);
/* DONE: results are complete. NEEDS: set these facts, call again. */
enum work_answer work_continue(struct work_run *, struct needs *);

/* What a fact is about: the bytes that whoever fetches it must be given, of
 * the message that the run is at. The whole message (header, body) or one
 * decoded part. False: the fact is not about content. */
bool work_fact_content(const struct work_run *, const struct need *,
    struct str *header, struct str *body, struct arena *mem);

/* Will anything look at the header, at the body, of such a message? So that
 * cleanup reads no more than it must: FILTER_HEADER, FILTER_BODY. */
unsigned work_wants(const struct work *message, enum work_entry);

#endif
