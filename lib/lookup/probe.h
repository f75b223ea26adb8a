/*
 * probe.h - ask other SMTP servers, one after the other, until one answers
 *
 * The hosts of a probe (ipc/messages.h) are tried in order: of each its MX
 * hosts by preference, or itself where there are none or none are wanted, of
 * each of those all addresses. The first server that answers decides, also
 * with a refusal; one that cannot be reached, or says nothing that answers
 * the question, is passed over. What all of them together may take is the
 * probe's time limit; then, and when nobody was left, it is
 * RECIPIENT_NO_ANSWER with the last thing that went wrong as text.
 *
 * Of those that allow only so many connections to one address, further ones
 * wait for their turn, the oldest first, within their time.
 *
 * Who asks about a recipient what is being asked already is told the same, and
 * in the time of the first.
 *
 * An address that is never a next hop (loopback and the like) is asked only
 * when it was written as an address (threats LOP-02).
 */
#ifndef LOOKUP_PROBE_H
#define LOOKUP_PROBE_H

#include "lookup/client.h"
#include "lookup/lookup.h"

#define PROBES_MAX          1000 /* different ones; more: no answer, "busy" */
#define PROBE_ADDRESSES_MAX 50   /* that are tried for one probe */

struct probes; /* all that are under way */
struct probing;

struct probes *probes_new(
    struct loop *, struct lookups *, const struct client_tls *);
void probes_free(struct probes **); /* no more callbacks */

/* Called once, never from within probe_start. */
typedef void (*probe_finished)(void *arg, const struct probe_done *);
struct probing *probe_start(
    struct probes *, const struct probe *, probe_finished, void *arg);
/* A mail that is brought to its recipient; answer RECIPIENT_OK: it was taken,
 * else the reply, or what went wrong, is the text. */
struct probing *probe_post(
    struct probes *, const struct post *, probe_finished, void *arg);
void probe_stop(struct probing **); /* not from within the callback */

#endif
