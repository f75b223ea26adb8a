/*
 * table.h - tables of addresses: text below tables/, compiled for speed
 *
 * A table is a text file: domain map, masquerade, aliases, altsrchost
 * (receiving 6.2 to 6.5), safelists and blocklists (workqueue 5.3). `postern
 *commit` checks it and compiles it to a Berkeley DB file that stands beside the
 *text in the revision; programs get that inside the bundle and look things up
 *in the mapped memory, so that 400,000 entries cost no program any memory of
 *its own and a reload no time. A table that was not compiled (the working copy
 *that trace reads, tests) is the same bytes in memory of its own. Whoever asks
 *does not see the difference.
 *
 * Every entry of the text becomes one or more keys:
 *
 *	joe@example.com		that address
 *	joe@			that user in any domain
 *	@example.com		that domain
 *	@.example.com		everything below it
 *	joe@.example.com	that user in everything below it
 *	ALL			anything (masquerade)
 *	192.0.2.140		a client (altsrchost), as ip_text()
 *
 * all in lower case. Of the entries that fit, the one that stands first in
 * the file counts; a key that comes twice keeps its first place. Pure: reads
 * memory, nothing else.
 */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include "base/arena.h"
#include "base/buf.h"
#include "config/config.h"

enum table_kind {
	TABLE_DOMAIN_MAP,
	TABLE_MASQUERADE,
	TABLE_ALIASES,
	TABLE_GATEWAYS, /* altsrchost */
	TABLE_LISTS     /* safelist_blocklist: config/listed.h */
};

#define TABLE_MAX          400000 /* entries; domain map: 20,000 */
#define TABLE_MAP_MAX      20000
#define TABLE_FILE_MAX     (64 * 1024 * 1024) /* bytes of one text */
#define TABLE_COMPILED_MAX (512 * 1024 * 1024)

struct table_hit {
	uint32_t order; /* of the entry in the file, from 0 */
	struct where where;
	struct str key; /* which matched, as in the list above */
	/* right side: "@domain", "a@x, b, /dev/null", "PublicNet"; domains in
	 * lower case, one ", " between the targets of an alias */
	struct str value;
};

/* The entry of exactly this key. hit is valid as long as the table. */
bool table_get(const struct table *, struct str key, struct table_hit *);
/* The entry for an address (user@domain or user, any case): of all keys that
 * fit it, the first in the file. ALL comes last wherever it stands. In
 * altsrchost the address itself comes first, then the user, then domains;
 * clients are looked up with table_get. */
bool table_find(const struct table *, struct str addr, struct table_hit *,
    struct arena *mem);
size_t table_count(const struct table *); /* entries of the text */
const char *table_file(const struct table *);
enum table_kind table_kind(const struct table *);

/* --- making them: lib/config, trace, commands --- */

struct config_problems;

/*
 * Parses a text. Every bad line is a problem with file, line and reason, and
 * there is no table then. `private`: for masquerade, where ALL is for private
 * listeners only. The table lives in memory of its own until table_free.
 */
struct table *table_parse(enum table_kind, const char *file, struct str text,
    bool private, struct config_problems *);
/* Uses a compiled one where it stands; NULL, err: it is none, or of another
 * version. The bytes must outlive it. */
struct table *table_open(
    enum table_kind, const char *file, struct str compiled, struct err *);
/* The compiled form: the bytes of a Berkeley DB file, while the table is. */
struct str table_compiled(const struct table *);
bool table_was_compiled(const struct table *); /* comes from table_open */
/* Reads all of a compiled one: whole, of this version, and from this text?
 * -1 with err. */
int table_check(struct str compiled, struct str text, struct err *err);
void table_free(struct table **);

/* Entries in order, for commands: the text of left and right side. */
bool table_entry(const struct table *, size_t i, struct str *left,
    struct str *right, struct where *);

#endif
