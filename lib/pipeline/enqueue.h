/*
 * enqueue.h - the message as it goes into the queue
 *
 * The last thing that happens to a message: what the stages of AT_WORK made
 * of its header, and our Received line, become the lines that are sent before
 * its content, and the part of the content that they stand for. cleanup
 * stores that (when it is too long for ROUTE, in a new queue file), trace
 * shows it.
 */
#ifndef PIPELINE_ENQUEUE_H
#define PIPELINE_ENQUEUE_H

#include "mail/received.h"
#include "pipeline/stage.h"

struct enqueued {
	struct str prepend; /* stored form */
	size_t skip;        /* bytes of the content that are not sent */
};

/*
 * After the stages; header_kept of the subject: header_len, if nothing has
 * changed. received: NULL: none is wanted; `by` is filled in.
 * header_len: of the message as it came; 0: it has none.
 */
void enqueue_message(const struct subject *, struct received *,
    struct str gateway, size_t header_len, struct arena *mem,
    struct enqueued *);

/*
 * How many bytes at the end of a header are as they were, when it became
 * another: whole fields, and the empty line.
 */
size_t enqueue_kept(struct str before, struct str after);

/*
 * Our name in what we write: that of the virtual gateway, where that is
 * wished for and one is assigned (of a group: of its first member), of the
 * listener's interface, of the system. listener: NULL: it is gone.
 */
struct str enqueue_hostname(
    const struct config *, const struct listener *, struct str gateway);

#endif
