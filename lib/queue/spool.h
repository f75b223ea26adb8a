/*
 * spool.h - the open folders (private to lib/queue)
 */
#ifndef QUEUE_SPOOL_H
#define QUEUE_SPOOL_H

#include <sys/stat.h>

#include "queue/queue.h"
#include "queue/slots.h"

#define QUEUE_PLACES 4
#define MID_NAME     24 /* room for a MID in decimal and its NUL */

struct place {
	int fd; /* -1: not open */
	int folders[QUEUE_FOLDERS];
	uint32_t dirty; /* bit set: folders in which names went away */
	uid_t owner;
};

struct spool {
	struct place places[QUEUE_PLACES];
	uint32_t writer;
	struct slots *slots; /* of a writer; NULL: files only */
};

const char *spool_name(uint64_t mid, char out[MID_NAME]);
unsigned spool_folder(uint64_t mid);
/* The folder that holds mid; -1 when the place is not open. */
int spool_folder_fd(const struct spool *, enum queue_place, uint64_t mid);
/* threats FIL-02: regular, one link, owned by one of us. */
int spool_check(const struct spool *, int fd, struct stat *, struct err *err);
/* Renames MID to corrupt/MID.REASON. The file itself is not touched. */
int spool_set_aside(const struct spool *, enum queue_place, uint64_t mid,
    const char *reason, struct err *err);
bool spool_is_open(const struct spool *, enum queue_place);
const char *spool_place_name(enum queue_place);
/* Opens what there is of the folders of a place; -1: not even the place. */
int spool_open_place(
    struct spool *, int root, enum queue_place, bool all, struct err *err);
/* None is open. */
struct spool *spool_new(void);

#endif
