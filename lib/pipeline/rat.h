/*
 * rat.h - the recipient access table, for stages that ask it something
 */
#ifndef PIPELINE_RAT_H
#define PIPELINE_RAT_H

#include "pipeline/stage.h"

/* Would the table accept the recipient, and are limits not to hold for it? */
bool rat_bypasses_control(const struct subject *, struct arena *mem);
/* Does this listener accept mail to the address? Not what an alias leads to
 * elsewhere (1.2). */
bool rat_accepts(const struct subject *, struct str addr, struct arena *mem);

#endif
