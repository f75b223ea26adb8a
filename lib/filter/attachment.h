/*
 * attachment.h - is an attachment of that name, type, size? For rules, and
 * for actions that drop it
 */
#ifndef FILTER_ATTACHMENT_H
#define FILTER_ATTACHMENT_H

#include "filter/content.h"

/* Each looks at one attachment; v: the right side of the rule, or the
 * argument of the action. LACKS: inspection has not yet said. */
typedef enum truth attachment_fn(
    struct eval *, const struct mime_part *, const struct value *);
attachment_fn attachment_named, attachment_of_type, attachment_of_mimetype,
    attachment_of_filetype, attachment_has_macros;

#endif
