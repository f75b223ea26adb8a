/*
 * variables.h - HAT variables in banners and replies (spec receiving 4.7)
 *
 * $Group, $Hostname, $OrgID, $RemoteIP, $HATEntry, and from MAIL on
 * $EnvelopeSender; case does not matter; other words with a dollar sign stay
 * as they are.
 */
#ifndef PIPELINE_VARIABLES_H
#define PIPELINE_VARIABLES_H

#include "pipeline/stage.h"

/* Which fact the text needs that is still open; false: none. */
bool variables_need(struct str text, const struct facts *, enum fact_id *);

/* The text with values in place. Values are on one line: control bytes in
 * them become "?" (threats HDR-01). A text without variables is itself. */
struct str variables_expand(struct str text, const struct subject *,
    const struct facts *, struct arena *mem);

/*
 * A reply as the configuration has it. The enhanced code is 4 or 5 as the
 * code, and then the detail ("1.8"); none when the text brings one: "#5.1.8
 * ...". NULL: a fact is missing, STAGE_NEEDS.
 */
struct reply *variables_reply(struct stage_out *, const struct subject *,
    const struct facts *, int code, const char *detail, struct str text);

/* May the text, in any case, ask for this fact? */
bool variables_mention(struct str text, enum fact_id);

#endif
