/*
 * restore.h - owners and modes of the spool put right, by root
 *
 * The one thing that root does inside folders of other accounts, so it is
 * done with care: links are never followed, nothing but plain files is opened,
 * nothing that has a second name; and a file gets another owner only when its
 * first bytes are those of a queue file of that MID (or what else its name
 * promises). So whoever owns a folder cannot have a file of somebody else's
 * handed over. As a user it does the same with what is his.
 */
#ifndef QUEUE_RESTORE_H
#define QUEUE_RESTORE_H

#include "queue/survey.h"

/* Makes missing folders, too. root: the spool. found is told of each that was
 * put right: file and what was done. -1: err, some was not. */
int restore_rights(int root, const struct survey_accounts *,
    void (*restored)(void *arg, const char *file, const char *what), void *arg,
    struct err *);

/* What is wrong with the owner or mode of a file there; NULL: nothing. routed:
 * its ROUTE is there, so cleanup need not read it. */
struct stat;
const char *rights_fault(const struct survey_accounts *, enum queue_place,
    const struct stat *, bool routed, char out[160]);

#endif
