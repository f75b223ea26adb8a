/*
 * json.h - the report for programs: what its parts have in common
 */
#ifndef TRACE_JSON_H
#define TRACE_JSON_H

#include <jansson.h>

#include "trace/trace.h"

/* What became of the message, one object for each of its policies. */
json_t *json_of_outcomes(const struct trace_report *);
/* Copies and archives of what a message was before it was split. */
void json_put_beside(
    json_t *, const struct trace_report *, const struct work *);
/* The notes of the stages of the work queue. */
json_t *json_of_work(const struct work *);

/* A text that is not UTF-8 comes escaped. */
json_t *json_of_text(struct str);
json_t *json_of_list(const struct str *v, size_t n);
/* As "message", if it is not UTF-8 as "message_base64" too: exactly. */
void json_put_message(json_t *, struct str);
/* "postern.yaml:12"; null: built in */
json_t *json_of_place(const struct where *);
/* The key is new; value is taken over. */
void json_put(json_t *object, const char *key, json_t *value);

#endif
