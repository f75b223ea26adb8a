/*
 * lookupd_answer.h - what was found, as JSON for admin tools
 */
#ifndef MASTER_LOOKUPD_ANSWER_H
#define MASTER_LOOKUPD_ANSWER_H

#include <jansson.h>

#include "ipc/messages.h"

/* { "type", "name", "outcome", "reason", "ttl", "secure", "records" }; of a
 * host "host_class", of MTA-STS "mode". The caller's. */
json_t *lookupd_answer_json(const struct query *, const struct answer *);
/* Bytes of strangers: escaped when JSON could not hold them. */
json_t *lookupd_text_json(struct str);

#endif
