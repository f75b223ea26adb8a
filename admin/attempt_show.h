/*
 * attempt_show.h - an attempt (attempt.h) for people and for programs
 */
#ifndef ADMIN_ATTEMPT_SHOW_H
#define ADMIN_ATTEMPT_SHOW_H

#include "admin/attempt.h"

/* "<- EHLO mx.example.com", "-> 250 mx.example.net (SIZE 100, STARTTLS)" */
void attempt_show_line(struct buf *, const struct attempt_line *);
/* The list of addresses in their order, one a line. */
void attempt_show_hosts(struct buf *, const struct attempt *);
/* Protocol, cipher, and the chain: whose certificate, by whom, from when to
 * when. */
void attempt_show_tls(struct buf *, const struct attempt_conn *);
void attempt_show_chain(struct buf *, const struct attempt_conn *);
/* "connection refused", and what else kept it from the end. */
void attempt_show_why(struct buf *, const struct attempt_conn *);
/* How long each step took. */
void attempt_show_times(
    struct buf *, const struct attempt *, const struct attempt_conn *);

/* "preferred" */
const char *attempt_level_name(enum tls_level);
/* What the reply that decided was to: "RCPT", "greeting". */
const char *attempt_stage(const struct attempt_conn *);

/* "addresses", "lookups", "asked": where it leads, and who said so. */
void attempt_json_target(json_t *, const struct attempt *);
/* "connections": each with its dialogue, TLS and end. */
void attempt_json_conns(json_t *, const struct attempt *);

#endif
