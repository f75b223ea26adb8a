/*
 * content.h - the text of parts, and what is found in it
 *
 * Spec workqueue 2.6, 2.7, 2.12. A pattern is an expression, a smart
 * identifier, or a dictionary. Its score is the number of matches, of a
 * dictionary with weights; of parts that are alternatives only the highest
 * counts. Matches never span lines.
 */
#ifndef FILTER_CONTENT_H
#define FILTER_CONTENT_H

#include "filter/eval.h"
#include "mail/mime.h"

/* What is searched for. */
struct pattern {
	const struct regex *regex;
	enum smart_id smart;
	const struct dictionary *dictionary;
};
/* Of a value: ARG_SCAN or ARG_DICTIONARY. */
struct pattern pattern_of(const struct value *);

#define IN_BODY        1u
#define IN_ATTACHMENTS 2u

/* The score of the message, counted up to `enough`. LACKS: a fact about an
 * attachment is missing. */
enum truth content_score(struct eval *, const struct pattern *, unsigned where,
    uint64_t enough, uint64_t *score);
/* Likewise of one part, with what is in it when it is an archive. */
enum truth content_part_score(struct eval *, const struct pattern *,
    const struct mime_part *, uint64_t enough, uint64_t *score);

/* A multipart, or an attached message that was taken apart: its parts are what
 * is searched and inspected. A text with uuencoded files is none. */
bool content_has_parts(const struct mime_part *);
/* What inspection says of an attachment; NULL with LACKS: not known yet.
 * NULL otherwise: it cannot be inspected; the answer is what then counts. */
const struct part_fact *content_fact(
    struct eval *, const struct mime_part *, enum truth *);
/* Did inspection come to a limit, or could it not read all of it, so that there
 * may be more than it tells? Then that is a failure. needed: the names of
 * members are enough, or their content must have been seen. */
#define NEEDED_NAMES   1u
#define NEEDED_CONTENT 2u
bool content_is_lacking(
    struct eval *, const struct part_fact *, unsigned needed);
/* Is it, or is in it, a document whose text is not looked into? Likewise. */
bool content_is_unread(struct eval *, const struct part_fact *);
/* Could the message be taken apart wholly? If not, that is a failure. */
bool content_is_apart(struct eval *);
/* May an attachment of that size and depth be scanned? Likewise. */
bool content_may_scan(struct eval *, const struct mime_part *);
/* The decoded bytes, within limits. */
struct str content_bytes(struct eval *, const struct mime_part *);
/* Next attachment of the message, attached messages among them; start with
 * NULL. */
const struct mime_part *content_next(struct eval *, const struct mime_part *);

/* Matches in one text, each of its lines by itself. */
uint64_t text_score(
    struct eval *, const struct pattern *, struct str text, uint64_t enough);

/* --- dictionary.c, smart.c --- */

/* Sum of weights of what is found; in a short text or a line. d NULL: 0.
 * flags: of regex_search(). */
uint64_t dictionary_score(struct eval *, const struct dictionary *,
    struct str text, unsigned flags, uint64_t enough);
/* Is any term in it? The text as for eval_finds(). */
bool dictionary_finds(
    struct eval *, const struct dictionary *, struct str text);
/* The next valid number of that kind at or after `from` (3.2). */
bool smart_search(
    enum smart_id, struct str text, size_t from, struct str *match);

/* $MatchedContent (2.11): one more text that was found. */
void content_matched(struct eval *, struct str match);

#endif
