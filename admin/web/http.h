/*
 * http.h - requests of HTTP/1.1, taken apart
 *
 * Strict, since what is not understood the same way by everybody is what
 * smuggling is made of: lines end with CRLF, a field is said once, a body has
 * a Content-Length, nothing is folded, nothing is chunked. Methods are GET,
 * HEAD and POST. Pure: nothing is read, nothing is kept.
 */
#ifndef ADMIN_WEB_HTTP_H
#define ADMIN_WEB_HTTP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

#define HTTP_HEAD_MAX   16384
#define HTTP_BODY_MAX   65536
#define HTTP_FIELDS_MAX 100

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST };
enum http_state {
	HTTP_MORE,  /* not whole yet */
	HTTP_WHOLE, /* size bytes of the input are this request */
	HTTP_BAD    /* see status; nothing that follows can be trusted */
};

/* Views of the input. Fields that were not said: p NULL. */
struct http_request {
	enum http_method method;
	struct str path, query; /* of the target; as sent, percent and all */
	struct str body;
	struct str host, cookie, origin, fetch_site, authorization, type;
	bool close; /* the client wants no other on this connection */
	unsigned status;
	size_t size;
};

enum http_state http_parse(struct str in, struct http_request *);

/* "Not Found" */
const char *http_reason(unsigned status);

#endif
