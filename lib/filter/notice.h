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

/* What texts about viruses may mention; empty: nothing. */
enum virus_text {
	VIRUS_VERDICT, /* "infected, encrypted" */
	VIRUS_NAMES,
	VIRUS_TABLE, /* a line for each part: its name, type and virus */
	VIRUS_DROPPED_TABLE,
	VIRUS_DROPPED_NAMES,
	VIRUS_DROPPED_PARTS,
	VIRUS_ENCRYPTED_PARTS,
	VIRUS_INFECTED_PARTS,
	VIRUS_UNSCANNABLE_PARTS,
	VIRUS_TEXTS
};
struct virus_report {
	struct str text[VIRUS_TEXTS];
};

/* The text of a notice without a template: says which filter, and has the
 * header of the message. */
struct str notice_text(void);
/* A message of ours: text/plain in UTF-8, quoted-printable. filter: its name,
 * for $FilterName. */
struct msg notice_write(
    struct work *, struct str filter, const struct notice *);

#endif
