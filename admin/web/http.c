/* http.c - requests of HTTP/1.1, taken apart */
#include "admin/web/http.h"

#include "base/mem.h"

struct parse {
	struct http_request *r;
	size_t length; /* of the body */
	bool has_length;
	bool old; /* HTTP/1.0 */
};

static enum http_state bad(struct http_request *, unsigned status);
static unsigned parse_head(struct parse *, struct str head);
static unsigned parse_line(struct parse *, struct str line);
static unsigned parse_field(struct parse *, struct str line);
static unsigned take_field(struct parse *, struct str name, struct str value);
static unsigned take_length(struct parse *, struct str value);
static void take_connection(struct parse *, struct str value);
static bool is_name(struct str);
static bool is_value(struct str);
static bool is_target(struct str);

static const struct {
	const char *word;
	enum http_method method;
} methods[] = {
	{ "GET", HTTP_GET },
	{ "HEAD", HTTP_HEAD },
	{ "POST", HTTP_POST },
};

/* Said once at most, and kept. */
static const struct {
	const char *name;
	size_t at;
} kept[] = {
	{ "host", offsetof(struct http_request, host) },
	{ "cookie", offsetof(struct http_request, cookie) },
	{ "origin", offsetof(struct http_request, origin) },
	{ "sec-fetch-site", offsetof(struct http_request, fetch_site) },
	{ "authorization", offsetof(struct http_request, authorization) },
	{ "content-type", offsetof(struct http_request, type) },
};

static const struct {
	unsigned status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 303, "See Other" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

enum http_state
http_parse(struct str in, struct http_request *r)
{
	struct parse p = { .r = r };
	size_t end = str_search(in, STR("\r\n\r\n"));
	unsigned status;

	*r = (struct http_request){ .status = 0 };
	if (end + 4 > HTTP_HEAD_MAX && in.n >= HTTP_HEAD_MAX)
		return bad(r, 431);
	if (end == in.n)
		return HTTP_MORE;
	status = parse_head(&p, str_sub(in, 0, end + 2));
	if (status != 0)
		return bad(r, status);
	if (p.length > HTTP_BODY_MAX)
		return bad(r, 413);
	end += 4;
	if (in.n - end < p.length)
		return HTTP_MORE;
	r->body = str_sub(in, end, p.length);
	r->size = end + p.length;
	return HTTP_WHOLE;
}

const char *
http_reason(unsigned status)
{
	for (size_t i = 0; i < NELEM(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

static enum http_state
bad(struct http_request *r, unsigned status)
{
	r->status = status;
	r->close = true;
	return HTTP_BAD;
}

/* 0, or the status of the refusal. */
static unsigned
parse_head(struct parse *p, struct str head)
{
	unsigned status = 0;
	size_t fields = 0;

	for (bool first = true; head.n > 0 && status == 0; first = false) {
		size_t n = str_search(head, STR("\r\n"));
		struct str line = str_sub(head, 0, n);

		head = str_sub(head, n + 2, head.n);
		if (first)
			status = parse_line(p, line);
		else if (++fields > HTTP_FIELDS_MAX)
			status = 431;
		else
			status = parse_field(p, line);
	}
	if (status != 0)
		return status;
	if (p->r->host.p == NULL && !p->old)
		return 400;
	if (p->r->method == HTTP_POST ? !p->has_length : p->length > 0)
		return 400;
	if (p->old)
		p->r->close = true;
	return 0;
}

static unsigned
parse_line(struct parse *p, struct str line)
{
	struct str method = str_cut(&line, ' '), target = str_cut(&line, ' ');
	size_t i = 0;

	if (str_is(line, "HTTP/1.0"))
		p->old = true;
	else if (!str_is(line, "HTTP/1.1"))
		return str_starts(line, STR("HTTP/")) && line.n == 8 ? 505
								     : 400;
	if (!is_name(method) || !is_target(target))
		return 400;
	while (i < NELEM(methods) && !str_is(method, methods[i].word))
		i++;
	if (i == NELEM(methods))
		return 501;
	p->r->method = methods[i].method;
	p->r->path = str_cut(&target, '?');
	p->r->query = target;
	return 0;
}

static unsigned
parse_field(struct parse *p, struct str line)
{
	bool has_colon = str_find(line, ':') < line.n;
	struct str name = str_cut(&line, ':');

	line = str_trim(line);
	if (!has_colon || !is_name(name) || !is_value(line))
		return 400;
	return take_field(p, name, line);
}

static unsigned
take_field(struct parse *p, struct str name, struct str value)
{
	if (str_is_nocase(name, "content-length"))
		return take_length(p, value);
	if (str_is_nocase(name, "transfer-encoding") ||
	    str_is_nocase(name, "upgrade"))
		return 501;
	if (str_is_nocase(name, "connection"))
		take_connection(p, value);
	for (size_t i = 0; i < NELEM(kept); i++) {
		struct str *field = (struct str *)((char *)p->r + kept[i].at);

		if (!str_is_nocase(name, kept[i].name))
			continue;
		if (field->p != NULL)
			return 400;
		*field = value;
	}
	return 0;
}

static unsigned
take_length(struct parse *p, struct str value)
{
	uint64_t n;

	if (p->has_length || !str_u64(value, INT64_MAX, &n))
		return 400;
	p->has_length = true;
	p->length = (size_t)n;
	return 0;
}

static void
take_connection(struct parse *p, struct str value)
{
	while (value.n > 0)
		if (str_is_nocase(str_trim(str_cut(&value, ',')), "close"))
			p->r->close = true;
}

/* A token (RFC 9110 5.6.2). */
static bool
is_name(struct str s)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			(c >= 'A' && c <= 'Z') ||
			memchr(marks, c, sizeof(marks) - 1) != NULL))
			return false;
	}
	return s.n > 0;
}

static bool
is_value(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* In origin form; proxies and OPTIONS have no business here. */
static bool
is_target(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f || c == '#')
			return false;
	}
	return s.n > 0 && s.p[0] == '/';
}
