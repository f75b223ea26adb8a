/*
 * control.h - receiving control: what recipients count against
 *
 * Spec receiving 8.5, 8.6. A recipient is one RCPT command that was accepted,
 * whatever the alias table makes of it: the limits are about what a client
 * does. Hosts are counted over all listeners, and so are senders; each policy
 * compares with its own limit.
 */
#ifndef PIPELINE_CONTROL_H
#define PIPELINE_CONTROL_H

#include "pipeline/stage.h"

struct control {
	uint64_t limit;  /* UNLIMITED: nothing is counted */
	uint32_t window; /* s */
};

/* Recipients of a host: the limit of an hour, put into proportion when the
 * window is another. */
struct control control_host(const struct subject *);
/* Recipients of a sender; none for <> and for senders that are excepted. */
struct control control_sender(const struct subject *);
/* Recipients that do not exist: in an hour. */
struct control control_dhap(const struct subject *);

/* The leading bits by which clients share their counts. IPv6: 64, unless the
 * policy says otherwise (threats LIM-12). */
uint64_t control_bits(const struct subject *, const struct ip *client);

/* For stages that find that a recipient does not exist. DONE: *over, and the
 * reply is given; or what the stage itself would say counts. */
enum stage_answer control_invalid(const struct subject *, const struct facts *,
    struct stage_out *, bool *over);

#endif
