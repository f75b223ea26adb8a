/*
 * http.h - fetch a text over HTTPS
 *
 * One request, one answer, on the loop. Names are resolved by the caller
 * (lookup.h): here no file is read and nobody else is asked. Redirections are
 * not followed; the certificate is always checked. Nobody outside of http.c
 * sees libcurl.
 */
#ifndef LOOKUP_HTTP_H
#define LOOKUP_HTTP_H

#include "base/buf.h"
#include "base/ip.h"
#include "base/loop.h"

#define HTTP_HOST_MAX  253
#define HTTP_ETAG_MAX  200
#define HTTP_ADDRS_MAX 8

struct http;
struct http_get;

/* Before the sandbox: reads the authorities of the system from that file,
 * NULL: where it has them. */
struct http *http_new(struct loop *, const char *authorities);
void http_free(struct http **); /* no more callbacks */

struct http_request {
	const char *url;        /* https:// */
	const char *etag;       /* of what is known; NULL: none */
	struct str authorities; /* PEM; empty: those of the system */
	const struct ip *addrs; /* of its host; none if that is an address */
	size_t n_addrs;
	size_t max; /* bytes that are taken */
	int64_t ms; /* for all of it */
};
/* Valid during the callback. status 0: there is no answer, and error says
 * why. */
struct http_answer {
	unsigned status;
	struct str body;
	struct str etag; /* empty: none */
	const char *error;
	bool untrusted; /* ... namely about the certificate */
};
typedef void (*http_done)(void *arg, const struct http_answer *);
/* Not called back from within. What the request points to may go. */
struct http_get *http_get(
    struct http *, const struct http_request *, http_done, void *arg);
void http_stop(struct http_get **); /* not from within the callback */

/* Its host; false: it is no address of the kind. */
bool http_host(const char *url, char host[HTTP_HOST_MAX + 1]);

#endif
