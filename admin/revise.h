/*
 * revise.h - what the commands of the configuration share
 */
#ifndef ADMIN_REVISE_H
#define ADMIN_REVISE_H

#include "admin/tool.h"
#include "config/load.h"

/* Prints every problem, one a line, to stderr. */
void revise_report(const struct config_problems *);

/* The problems as JSON: [ { "file", "line", "column", "path", "text",
 * "warning" } ]. The caller's. */
json_t *revise_problems_json(const struct config_problems *);

/*
 * Tells the running master to put the current revision in force. Not running
 * is fine: it will read it when it starts. Returns the exit status; has said
 * what there is to say.
 */
int revise_activate(struct tool *);

/* "Tue Mar 04 11:02:10 2025": without the zone. */
const char *revise_time(int64_t wall_ms, char out[48]);

#endif
