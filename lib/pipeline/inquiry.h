/*
 * inquiry.h - what stages have in common that ask somebody about recipients
 *
 * Spec receiving 1.2: of a recipient that the alias table made others of,
 * each that this listener would accept is asked about; those that fail are
 * dropped, and only when none is left the recipient is refused.
 */
#ifndef PIPELINE_INQUIRY_H
#define PIPELINE_INQUIRY_H

#include "pipeline/stage.h"

struct inquiry {
	enum fact_id id; /* key: address. number: enum recipient_answer */
	/* What an answer means here, with a note of it. True: that one is
	 * refused, with *reply, of which `log` says by whom. */
	bool (*refuses)(const struct inquiry *, struct str addr,
	    enum recipient_answer, const struct fact_answer *,
	    struct reply *reply);
	const struct subject *subject;
	struct stage_out *out;

	/* The result. */
	struct str *passed, *failed;
	size_t n_passed, n_failed;
	size_t n_unknown;   /* of the failed: those that do not exist */
	struct reply reply; /* if none passed: one that may pass later if any
			     * of them may */
};

/* Asks, and judges what was answered. DONE: the result is there. */
enum stage_answer inquiry_run(struct inquiry *, const struct facts *);
/* The effects of the result: a refusal, or those that are left. */
void inquiry_settle(const struct inquiry *);

#endif
