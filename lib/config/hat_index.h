/*
 * hat_index.h - which entries of a host access table fit a client
 *
 * Built once, when a configuration is loaded, so that a table of 100,000
 * entries costs a connection no more than one of ten. Every entry has a
 * number, its order: by group, within a group by rank (spec receiving 4.2),
 * within a rank as written. Of all entries that fit, the one of the lowest
 * order is the one that a walk from the top would stop at.
 *
 * The questions below give lists of orders, ascending, none of them empty
 * where there are several. What fits a client is the union of a few lists;
 * which, and what to do with facts not yet known, is the stage's business
 * (pipeline/hat.c). Pure: reads memory, nothing else.
 */
#ifndef CONFIG_HAT_INDEX_H
#define CONFIG_HAT_INDEX_H

#include "config/config.h"
#include "config/span.h"
#include "fact/facts.h"

struct hat_index;

#define HAT_ADDRESS_LISTS SPAN_LISTS_MAX
#define HAT_NAME_LISTS    130 /* a name of 255 bytes and all its suffixes */
#define HAT_SCORE_LISTS   SPAN_LISTS_MAX
/* DNS lists that one table may ask; a client waits for all of them. */
#define HAT_ZONES_MAX 32

/* For a table that is whole and will not move. */
struct hat_index *hat_index_new(const struct hat *);
void hat_index_free(struct hat_index **);

/* Which of a group's matching entries is reported: 0 before all others. */
int hat_entry_rank(enum hat_entry_kind);
#define HAT_RANKS 5

struct hat_found {
	const struct hat_group *group;
	const struct hat_entry *entry;
	uint32_t next_group; /* the order where the next group begins */
};
struct hat_found hat_index_entry(const struct hat_index *, uint32_t order);

/* Entries whose range has the address. */
size_t hat_index_address(const struct hat_index *, const struct ip *,
    struct span_list out[HAT_ADDRESS_LISTS]);
/* Entries for that verified name, or a domain that it is in. Any case. */
size_t hat_index_name(const struct hat_index *, struct str name,
    struct span_list out[HAT_NAME_LISTS]);
struct span_list hat_index_class(const struct hat_index *, enum host_class);
/* Tenths, or REPUTATION_NONE. */
size_t hat_index_score(const struct hat_index *, int64_t score,
    struct span_list out[HAT_SCORE_LISTS]);
struct span_list hat_index_owner(const struct hat_index *, uint64_t owner);
struct span_list hat_index_country(const struct hat_index *, const char *code);
struct span_list hat_index_all(const struct hat_index *);

/* Entries that cannot be judged while the fact is open: FACT_HOST,
 * FACT_REPUTATION, FACT_OWNER, FACT_COUNTRY. */
struct span_list hat_index_asks(const struct hat_index *, enum fact_id);
/* Its DNS lists, the i-th zone and the entries that name it. */
size_t hat_index_zones(const struct hat_index *, const struct str **zones);
struct span_list hat_index_zone(const struct hat_index *, size_t i);

#endif
