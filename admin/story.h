/*
 * story.h - what a mail log says of messages
 *
 * Two kinds of questions to a number of lines: which messages have something
 * (a sender, a recipient, a subject, a Message-ID) that an expression fits;
 * and all lines that belong to a message, to those that it was made of or
 * made into, to the connection that it came by, and to those that it left by.
 * Lines are read as often as it takes; text and JSON are both understood.
 */
#ifndef ADMIN_STORY_H
#define ADMIN_STORY_H

#include "admin/logfiles.h"
#include "base/map.h"
#include "event/event.h"
#include "filter/regex.h"

/* Where the lines come from. -1: err. */
struct story_source {
	int (*read)(void *arg, bool (*line)(void *, struct str), void *line_arg,
	    struct err *);
	void *arg;
};

/* What one line is about. False: nothing that has a number. time: as it is
 * written there. */
bool story_line(struct str line, struct event_parsed *, struct str *time);

struct story_match {
	uint64_t mid;
	char *time, *subject; /* when it began, what it is called; may be "" */
};
struct story_matches {
	struct story_match *v;
	size_t n, cap;
	struct map index; /* of v + 1, by MID */
};
/* In order of their first line. what: EVENT_MID_FROM, EVENT_MID_RCPT,
 * EVENT_SUBJECT or EVENT_MESSAGE_ID. -1: err. */
int story_find(struct story_matches *, const struct story_source *,
    enum event_id what, const struct regex *, struct err *);
void story_matches_free(struct story_matches *);

/* Calls show() for each line of the story. Returns how many; -1: err. */
int64_t story_tell(const struct story_source *, uint64_t mid,
    void (*show)(void *arg, struct str line), void *arg, struct err *);

#endif
