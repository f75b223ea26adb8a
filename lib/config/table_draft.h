/*
 * table_draft.h - a table while its text is read
 *
 * Used by table_*.c only. The text is cut into lines, a reader of the kind
 * at hand makes entries and keys of them, the draft makes the table.
 */
#ifndef CONFIG_TABLE_DRAFT_H
#define CONFIG_TABLE_DRAFT_H

#include "config/loader.h"
#include "config/table_def.h"

/* One line of the text without its end; with what continues it. */
#define TABLE_LINE_MAX 60000
/* Keys of all entries: contexts of aliases make many of one. */
#define TABLE_KEYS_MAX 4000000

struct draft_key {
	struct str text;
	uint32_t order; /* of its entry */
};
struct draft_entry {
	struct str left, right;
	int line;
};

struct draft {
	enum table_kind kind;
	bool private;
	struct load load; /* for the problems */
	struct arena mem; /* owns all texts */
	struct str rest;  /* of the text: not read yet */
	int next_line;    /* the number of its first line */
	struct str line;  /* that is being read */
	int line_number;
	struct draft_entry *entries; /* heap */
	size_t n_entries, entries_cap;
	struct draft_key *keys; /* heap */
	size_t n_keys, keys_cap;
	uint32_t shapes;
	bool full;
};

/* The next line that says something, in d->line. continued: lines that begin
 * with a blank belong to the one before. False: the end. */
bool draft_next(struct draft *, bool continued);
/* A problem at that byte of the line. */
void draft_error(struct draft *, const char *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void draft_warning(struct draft *, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* An entry, then its keys and its sides. False: no more may come; it was
 * said. The texts must live as long as the draft. */
bool draft_entry(struct draft *);
void draft_sides(struct draft *, struct str left, struct str right);
void draft_key(struct draft *, int shape, struct str key);

/* Cuts the next item off: up to a blank or one of stops, which do not count
 * in quotes and brackets. Blanks before it are skipped, and comment lines
 * within the line. n 0: there is none. */
struct str draft_item(struct str *rest, const char *stops);
void draft_skip(struct str *rest);
/* An address that may be mailed to, in its canonical form; n 0: it is none,
 * and it was said. */
struct str draft_target(struct draft *, struct str item);

/* The readers of the kinds. */
void table_read_columns(struct draft *); /* all but ... */
void table_read_aliases(struct draft *);
/* Once the table is there: targets that are no addresses are aliases. */
void table_check_aliases(struct draft *, const struct table *);

#endif
