/*
 * fields.h - reading the JSON of the services, and showing what is in it
 *
 * Reading never fails: what is absent or of another type is "", 0, false, so
 * that tools and services of different age understand each other.
 */
#ifndef ADMIN_FIELDS_H
#define ADMIN_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

const char *fields_text(const json_t *, const char *key);
int64_t fields_num(const json_t *, const char *key);
bool fields_bool(const json_t *, const char *key);
bool fields_has(const json_t *, const char *key); /* and is not null */

/* Text from outside, escaped, on one line; longer than max bytes: cut. */
void fields_show(struct buf *out, const char *text, size_t max);
void fields_show_str(struct buf *out, struct str text, size_t max);
/* The same, cut when it is wider than that many columns of a terminal, in
 * which a letter of East Asia has two. */
void fields_show_columns(struct buf *out, const char *text, size_t columns);
size_t fields_width(struct str shown); /* columns of what was shown */
/* Blanks behind what stands there from `from` on, up to that many columns; one
 * at least. */
void fields_fill(struct buf *out, size_t from, size_t columns);
/* One line as it is for a person: tabs stay, all else is escaped. */
void fields_show_line(struct buf *out, struct str line);
void fields_show_piece(struct buf *out, struct str piece); /* no line end */
/* "Tue Mar 04 10:15:02 2025 GMT"; absent or null: the word given. */
void fields_time(
    struct buf *out, const json_t *, const char *key, const char *absent);
/* "10:15:02", of wall ms */
void fields_clock(struct buf *out, int64_t when);
/* "2 hours 5 mins 10 secs" */
void fields_age(
    struct buf *out, const json_t *, const char *key, const char *absent);
/* The number with thousands separators, right-aligned. */
void fields_cell(struct buf *out, int64_t n, int width);

#endif
