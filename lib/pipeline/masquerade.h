/*
 * masquerade.h - one address, masqueraded
 */
#ifndef PIPELINE_MASQUERADE_H
#define PIPELINE_MASQUERADE_H

#include "config/table.h"
#include "pipeline/stage.h"

/*
 * What the listener makes of an address, be it the envelope's or one in a
 * header; nothing but these two decides, so that all agree (spec receiving
 * 1.2, note 3). False: it stays. *to and what hit points to live in mem, or
 * as long as the table. Not where 8-bit characters would come into a message
 * whose sender did not ask for SMTPUTF8.
 */
bool masquerade_address(const struct listener *, struct str addr, bool smtputf8,
    struct str *to, struct table_hit *, struct arena *mem);

/* Are there headers to look at? */
bool masquerade_reads_header(const struct subject *);

#endif
