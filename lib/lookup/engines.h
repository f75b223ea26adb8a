/* engines.h - the engines that there are (lookup/engine.h) */
#ifndef LOOKUP_ENGINES_H
#define LOOKUP_ENGINES_H

#include "lookup/engine.h"

extern const struct engine engine_spamd, engine_rspamd, engine_clamd,
    engine_icap;
/* ... asked about themselves: engine_about.c */
extern const struct engine engine_spamd_version, engine_rspamd_version,
    engine_clamd_version, engine_icap_version, engine_clamd_reload;

#endif
