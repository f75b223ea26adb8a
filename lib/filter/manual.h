/*
 * manual.h - the reference of the filter language, from its tables, as
 * mdoc(7) list items: it stands in postern-filters(5)
 */
#ifndef FILTER_MANUAL_H
#define FILTER_MANUAL_H

#include "base/buf.h"

void filter_manual_rules(struct buf *);
void filter_manual_actions(struct buf *);
void filter_manual_filetypes(struct buf *);

#endif
