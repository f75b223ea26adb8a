/*
 * rules.h - the outbreak rules of the feed, as the work queue uses them
 *
 * They come from the master as they were kept. Whether whom the configuration
 * names has signed them is checked here, and again when it names another.
 */
#ifndef CLEANUP_RULES_H
#define CLEANUP_RULES_H

#include "cleanup/cleanup.h"
#include "filter/outbreak.h"

struct rules;

struct rules *rules_new(struct cleanup *);
void rules_free(struct rules **);
/* As on_rules of program.h. */
void rules_take(struct rules *, int fd);
/* Of all rules that messages are judged by: others have another. Never 0. */
uint64_t rules_stamp(const struct rules *, const struct config *);
/* Those that are in force by this configuration: a reference, or NULL. */
struct outbreak_rules *rules_get(struct rules *, const struct config *);

#endif
