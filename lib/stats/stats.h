/*
 * stats.h - counters, ids and live counts in memory that all programs share
 *
 * One memory file made by the master. Each process has a slot of counters
 * that only it writes (relaxed atomics: nobody waits for anybody); readers
 * add the slots up. The counts of a process that died stay in its slot; its
 * successor counts on from there.
 *
 * Counters never go down while the suite runs. What `status` shows as Reset,
 * Uptime, Lifetime is computed from these and saved baselines (recorder).
 */
#ifndef STATS_STATS_H
#define STATS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/* C(name, label): delivery-admin 2.2; stable order is not needed on disk,
 * where they are saved by name. */
#define STATS_COUNTERS(C)                                                      \
	C(messages_received, "Messages Received")                              \
	C(recipients_received, "Recipients Received")                          \
	C(received_bytes, "Bytes Received")                                    \
	C(gen_bounce_recipients, "Gen. Bounce Recipients")                     \
	C(rejected_recipients, "Rejected Recipients")                          \
	C(dropped_messages, "Dropped Messages")                                \
	C(soft_bounced_events, "Soft Bounced Events")                          \
	C(completed_recipients, "Completed Recipients")                        \
	C(hard_bounced_recipients, "Hard Bounced Recipients")                  \
	C(dns_hard_bounces, "DNS Hard Bounces")                                \
	C(fivexx_hard_bounces, "5XX Hard Bounces")                             \
	C(filter_hard_bounces, "Filter Hard Bounces")                          \
	C(expired_hard_bounces, "Expired Hard Bounces")                        \
	C(other_hard_bounces, "Other Hard Bounces")                            \
	C(delivered_recipients, "Delivered Recipients")                        \
	C(deleted_recipients, "Deleted Recipients")                            \
	C(global_unsub_hits, "Global Unsub. Hits")                             \
	C(dkim_signed_msgs, "DKIM Signed Msgs")                                \
	C(dns_requests, "DNS Requests")                                        \
	C(dns_network_requests, "Network Requests")                            \
	C(dns_cache_hits, "Cache Hits")                                        \
	C(dns_cache_misses, "Cache Misses")                                    \
	C(dns_cache_exceptions, "Cache Exceptions")                            \
	C(dns_cache_expired, "Cache Expired")                                  \
	C(connections_in, "Inbound Connections")                               \
	C(connections_out, "Outbound Connections")                             \
	C(cpu_mta, "CPU Time of the MTA")            /* us */                  \
	C(cpu_anti_spam, "CPU Time of Anti-Spam")    /* us */                  \
	C(cpu_anti_virus, "CPU Time of Anti-Virus")  /* us */                  \
	C(cpu_quarantine, "CPU Time of Quarantines") /* us */                  \
	C(cpu_reporting, "CPU Time of Reporting")    /* us */                  \
	C(log_lines_lost, "Log Lines Lost")

enum stats_counter {
#define STATS_ENUM(name, label) STATS_##name,
	STATS_COUNTERS(STATS_ENUM)
#undef STATS_ENUM
	    STATS_N_COUNTERS
};

/* Gauges: written by their one owner with stats_gauge, or kept per slot and
 * added up (those that several workers have a share in). */
#define STATS_GAUGES(G)                                                        \
	G(inbound_conn, "Current Inbound Conn.")                               \
	G(inbound_tls, "Current Inbound TLS")                                  \
	G(outbound_conn, "Current Outbound Conn.")                             \
	G(active_recipients, "Active Recipients")                              \
	G(unattempted_recipients, "Unattempted Recipients")                    \
	G(attempted_recipients, "Attempted Recipients")                        \
	G(workqueue_messages, "Messages In Work Queue")                        \
	G(queue_messages, "Messages In Queue")                                 \
	G(destinations, "Destinations In Memory")                              \
	G(queue_bytes, "Bytes In Queue")                                       \
	G(quarantine_messages, "Messages In Quarantine")                       \
	G(quarantine_bytes, "Bytes In Quarantine")                             \
	G(spam_quarantine_messages, "Messages In Spam Quarantine")             \
	G(oldest_message, "Oldest Message")         /* wall s; 0: none */      \
	G(delivery_suspended, "Delivery Suspended") /* 1: it is */             \
	G(workqueue_paused, "Work Queue Paused")                               \
	G(ram_utilization, "RAM Utilization") /* percent */                    \
	G(disk_io, "Disk I/O Utilization")    /* percent; below 0: unknown */  \
	G(ram_used, "RAM Used")               /* bytes */                      \
	G(queue_free, "Queue Disk Free")      /* bytes */                      \
	G(cpu_machine, "CPU of the Machine")  /* percent; below 0: unknown */  \
	G(disk_ops, "Disk Operations")        /* a second, the most so far */  \
	G(swap_in, "Swapped In")              /* pages since the boot */       \
	G(swap_out, "Swapped Out")            /* likewise */                   \
	G(swap_used, "Swap Used")             /* bytes */                      \
	G(resource_conservation, "Resource Conservation")

enum stats_gauge {
#define STATS_ENUM(name, label) STATS_GAUGE_##name,
	STATS_GAUGES(STATS_ENUM)
#undef STATS_ENUM
	    STATS_N_GAUGES
};

enum stats_id { STATS_MID, STATS_ICID, STATS_DCID, STATS_RCID, STATS_N_IDS };

struct stats;

struct stats *stats_create(int *fd, struct err *err); /* master */
struct stats *stats_map(int fd, bool read_only, struct err *err);
void stats_unmap(struct stats **);

/* The slot this process writes. */
void stats_use_slot(struct stats *, uint32_t slot);
/* Master: the slot's process is gone. Its gauges and live connections become
 * zero, its counters stay. */
void stats_slot_died(struct stats *, uint32_t slot);

/* What this process is working at, 0: nothing that could be its end. It stays
 * when the process ends, for the next one in the slot to know. */
void stats_set_at(struct stats *, uint64_t what);
uint64_t stats_at(const struct stats *);

/* Events for the log: what this process has sent, and has written; how many
 * of all are between. When a recorder begins, nobody will write those. */
void stats_events_sent(struct stats *, uint64_t n);
void stats_events_written(struct stats *, uint64_t n);
uint64_t stats_events_between(const struct stats *);

/* When the oldest event was made that this process has not sent yet, wall us;
 * 0: there is none. And that of all processes, INT64_MAX: none. */
void stats_events_wait(struct stats *, int64_t since);
int64_t stats_events_oldest(const struct stats *);

void stats_add(struct stats *, enum stats_counter, uint64_t n);
void stats_gauge_add(struct stats *, enum stats_gauge, int64_t n);
void stats_gauge_set(struct stats *, enum stats_gauge, int64_t n);
uint64_t stats_sum(const struct stats *, enum stats_counter);
int64_t stats_gauge_sum(const struct stats *, enum stats_gauge);

/* Next id, unique over all processes and, with stats_id_floor at start, over
 * restarts. */
uint64_t stats_next_id(struct stats *, enum stats_id);
uint64_t stats_last_id(const struct stats *, enum stats_id);
void stats_id_floor(struct stats *, enum stats_id, uint64_t at_least);

int64_t stats_started(const struct stats *); /* wall ms */
void stats_set_started(struct stats *, int64_t wall_ms);

const char *stats_counter_name(enum stats_counter);  /* messages_received */
const char *stats_counter_label(enum stats_counter); /* Messages Received */
const char *stats_gauge_name(enum stats_gauge);
const char *stats_gauge_label(enum stats_gauge);

/* --- live connections: by client address, by listener, in total --- */

/*
 * One more connection of ip at listener number `listener`. Exact over all
 * workers: the count returned includes this one, and was taken atomically.
 * The caller compares it with its limits and calls leave when over them.
 * IPv6 clients are counted by /64. The table is bounded (65536 addresses);
 * when its part is full an address is counted with others that found no
 * room (never less than the truth). A worker holds at most 16384 connections:
 * then all counts are UINT32_MAX and nothing is held.
 */
struct stats_conn {
	uint32_t bucket;
	uint32_t listener;
	bool held;
};
struct stats_conn_counts {
	uint32_t of_ip, of_listener, total;
};
#define STATS_LISTENERS 256
struct stats_conn_counts stats_conn_enter(struct stats *, const struct ip *ip,
    uint32_t listener, struct stats_conn *out);
void stats_conn_leave(struct stats *, struct stats_conn *);

#endif
