/*
 * returned.h - messages that qmgr sent back here from a quarantine
 *
 * qmgr sends such a message once more, under the same MID, when it does not
 * know what became of the first time: after its own death, or that of the
 * channel. All of that come to the same worker, which knows: what it has, it
 * has for good, and is not taken a second time (decisions/quarantines.md).
 *
 * Only the last ones are remembered. qmgr sends fewer than that at a time.
 */
#ifndef CLEANUP_RETURNED_H
#define CLEANUP_RETURNED_H

#include <stdbool.h>
#include <stdint.h>

#define RETURNED_MAX 1024

struct returned {
	struct {
		uint64_t mid;
		bool safe;
	} v[RETURNED_MAX];
	unsigned at;
};

enum returned_state { RETURNED_NEW, RETURNED_COMING, RETURNED_SAFE };
enum returned_state returned_look(const struct returned *, uint64_t mid);
/* It is being taken; or it is here for good. */
void returned_put(struct returned *, uint64_t mid, bool safe);
/* It was not taken in the end. */
void returned_forget(struct returned *, uint64_t mid);

#endif
