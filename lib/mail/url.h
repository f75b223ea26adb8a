/*
 * url.h - links in text
 *
 * What people and their mail programs take for one: http, https, ftp and what
 * follows, also where the slashes are wrong, and names that begin with www.
 * A rule rather sees a link too many than one too few. Pure.
 */
#ifndef MAIL_URL_H
#define MAIL_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

struct url {
	struct str all;  /* a piece of the text */
	struct str host; /* of that; as it stands, without user and port */
};

/* The next one at or behind *at, which moves behind it. */
bool url_next(struct str text, size_t *at, struct url *);
/* Its host in one form: lower case, percent signs and IDN resolved. */
struct str url_host(const struct url *, struct arena *mem);
/* Is it that domain (lower case), or below it? */
bool url_host_in(struct str host, struct str domain);

/* HTML with its entities read, so that no link hides in them. from[i]: where
 * byte i of it, or its end, stands in the HTML. */
struct str url_html(struct str html, const size_t **from, struct arena *mem);

#endif
