/*
 * quotas.h - who may take how much of the disk, and how much is taken (spec
 * delivery-admin 6.3)
 */
#ifndef ADMIN_QUOTAS_H
#define ADMIN_QUOTAS_H

#include "admin/control.h"

struct quota_service {
	const char *word, *title;
	const char *key;        /* of postern.yaml: it has the share */
	const char *too_small;  /* what happens when less is allowed than is
				 * taken; NULL: it is refused */
	enum program_kind kind; /* who knows how much is taken */
	const char *words[3], *used, *quota; /* question; in the answer */
};
#define QUOTAS 5
extern const struct quota_service quotas[QUOTAS];

struct quota_use {
	int64_t used, quota; /* bytes; quota 0 or less: there is none */
};
/* The quota in force. False: whoever knows does not run. */
bool quotas_ask(
    struct tool *, const struct quota_service *, struct quota_use *);

/* The head of a table, and its lines. */
void quotas_head(struct buf *);
void quotas_row(const struct quota_service *, bool known,
    const struct quota_use *, struct buf *);

#endif
