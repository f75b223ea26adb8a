/*
 * survey.h - is the queue in order? Each file looked at, and put right
 *
 * For the command `queue`. A survey reads every file of the spool and changes
 * nothing; what it finds wrong are faults. Each can be mended one by one, by
 * a process that no other disturbs (the gateway stopped, its lock held).
 *
 *	survey_new, survey_run		the faults
 *	restore_rights (restore.h)	owners, modes, folders: root's part
 *	survey_backup, survey_mend	each fault
 *	survey_run			is it in order now?
 *
 * Who mends is the account of qmgr: it may write in every folder. A message is
 * never removed: what cannot be mended goes to spool/corrupt, under a name
 * that nothing has yet. What a recipient's records say is kept as far as it
 * can be read; where it cannot, he gets the message again.
 *
 * Mending may be killed at any moment, and be done again: each step leaves
 * either the file as it was, or the mended one; new files are made in
 * spool/corrupt as MID.new, and get their name when they are whole and
 * durable.
 */
#ifndef QUEUE_SURVEY_H
#define QUEUE_SURVEY_H

#include <sys/types.h>

#include "queue/queue.h"

enum fault_kind {
	FAULT_FOLDER,    /* is missing, or not ours */
	FAULT_RIGHTS,    /* owner, mode */
	FAULT_STRANGER,  /* nothing of ours */
	FAULT_LINKED,    /* has names elsewhere, too */
	FAULT_MOVE,      /* one file in two places: a move did not end */
	FAULT_DRAFT,     /* not finished: nobody was told 250 */
	FAULT_ELSEWHERE, /* whole, and belongs elsewhere */
	FAULT_TWICE,     /* its MID is in another place, too */
	FAULT_TAIL,      /* something torn at its end */
	FAULT_RECORD,    /* damaged behind COMMIT */
	FAULT_DAMAGED,   /* damaged before it */
	FAULT_TEMPORARY, /* left by a repair that was interrupted */
	FAULT_SLOT,      /* a slot: what was told 250 is damaged */
	FAULT_SLOTS,     /* slots that cannot be used as they are */
	FAULT_KINDS
};

#define FAULT_NAME 256
struct fault {
	enum fault_kind kind;
	enum queue_place place;
	int folder;            /* 0 .. QUEUE_FOLDERS - 1; -1: above them */
	char name[FAULT_NAME]; /* "": the folder itself */
	int slot;              /* FAULT_SLOT */
	uint64_t mid;          /* 0: none, or not known */
	char what[200];        /* what is wrong with it */
};
/* "deferred/05/320"; what is odd in a name is escaped. */
#define FAULT_FILE (FAULT_NAME * 4 + 64)
const char *fault_file(const struct fault *, char out[FAULT_FILE]);
/* "damaged-record": a word for programs. */
const char *fault_word(enum fault_kind);
/* What survey_mend will do about it. */
const char *fault_cure(enum fault_kind);

/* Whose files they are to be; not root: all three are the caller's. */
struct survey_accounts {
	uid_t cleanup, qmgr;
	gid_t group; /* of qmgr */
};

struct survey_sums {
	uint64_t n_files, n_messages, n_slots; /* looked at; whole; in slots */
	uint64_t n_recipients, n_open;
	uint64_t n_aside; /* in corrupt, from earlier */
	uint64_t n_busy;  /* in use: could not be judged */
	uint64_t max_mid;
};

struct survey;

/*
 * Folders of the spool that is open in `root`; those that are missing are
 * faults. running: the gateway is at work, so what may be under way just now
 * is no fault, it is counted.
 */
struct survey *survey_new(
    int root, const struct survey_accounts *, bool running);
void survey_free(struct survey **);

/* Every file; alive is called often, NULL: nobody is. -1: err, it is not
 * complete. May be run again: it opens what was missing before. */
int survey_run(struct survey *, void (*found)(void *arg, const struct fault *),
    void (*alive)(void *arg), void *arg, struct survey_sums *, struct err *);

/*
 * Copies what the fault is in into a folder below spool/corrupt of that name,
 * which is made if need be. survey_backup_end makes all of it durable.
 */
int survey_backup(
    struct survey *, const char *folder, const struct fault *, struct err *);
int survey_backup_end(struct survey *, const char *folder, struct err *);

/*
 * Mends it; looks anew first, so that it is fine if there is nothing to mend
 * any more. done gets what was done, "" if nothing. -1: err, it is as it was.
 */
#define MENDED_MAX 400
int survey_mend(
    struct survey *, const struct fault *, char done[MENDED_MAX], struct err *);

/* The folder of a place, for files beside the messages; -1: not there. */
int survey_place(const struct survey *, enum queue_place);

#endif
