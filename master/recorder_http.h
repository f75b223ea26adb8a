/*
 * recorder_http.h - the endpoint that Prometheus asks
 *
 * GET /metrics, by HTTP/1.0 or 1.1, one request per connection; everything
 * else is refused. What is asked for is only compared, never parsed further;
 * a request has 4 KiB, a connection 5 seconds, and there are at most 16.
 */
#ifndef MASTER_RECORDER_HTTP_H
#define MASTER_RECORDER_HTTP_H

#include "base/buf.h"
#include "base/loop.h"

struct recorder_http;

/* make: the text, into a buffer that it initialises. fd becomes ours. */
struct recorder_http *recorder_http_open(
    struct loop *, int fd, void (*make)(void *arg, struct buf *), void *arg);
void recorder_http_close(struct recorder_http **); /* NULL is fine */

/* The status that a request gets: 200, 400, 404, 405; 0: not whole yet. For
 * tests. */
unsigned recorder_http_status(struct str request);

#endif
