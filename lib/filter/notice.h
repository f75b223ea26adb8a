/*
 * notice.h - notices of filters and scanners to people (workqueue 2.10.1, 6.2)
 */
#ifndef FILTER_NOTICE_H
#define FILTER_NOTICE_H

#include "filter/work.h"

struct notice {
	struct str to;      /* as it stands in the header */
	struct str subject; /* UTF-8 */
	struct str text;    /* UTF-8, with action variables */
};

/* The text of a notice without a template: says which filter, and has the
 * header of the message. */
struct str notice_text(void);
/* A message of ours: text/plain in UTF-8, quoted-printable. filter: its name,
 * for $FilterName. */
struct msg notice_write(
    struct work *, struct str filter, const struct notice *);

#endif
