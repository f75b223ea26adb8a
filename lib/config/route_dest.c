/*
 * route_dest.c - the two sides of an SMTP route, from their texts
 */
#include "config/route_dest.h"

#include <string.h>

#include "config/name.h"
#include "config/rat_pattern.h"

#define PRIORITY_MARK "/pri="
#define AUTH_MARK     "auth="

static int take_auth(
    struct route *, struct str part, struct arena *, struct err *);
static int take_priority(struct route_dest *, struct str *, struct err *);
static int take_port(struct route_dest *, struct str *, struct err *);
static int set_host(
    struct route_dest *, struct str, struct arena *, struct err *);
static int set_address(struct route_dest *, const struct ip *, struct arena *);
static size_t count_parts(const struct str *texts, size_t n);
static int special(struct route *, struct str part, size_t parts, struct err *);
static int bad_host(struct err *, struct str token);

int
route_dest_parse(
    struct route_dest *d, struct str text, struct arena *mem, struct err *err)
{
	struct str left;
	struct ip ip;

	text = str_trim(text);
	*d = (struct route_dest){ .port = 25 };
	d->text = arena_str(mem, text);
	left = text;
	if (left.n == 0)
		return err_set(err, ERR_USAGE, "a destination is empty");
	if (take_priority(d, &left, err) == -1)
		return -1;
	if (ip_parse(&ip, left)) /* first: the colons of IPv6 are no port */
		return set_address(d, &ip, mem);
	if (take_port(d, &left, err) == -1)
		return -1;
	return set_host(d, left, mem, err);
}

int
route_domain_parse(
    struct route *r, struct str text, struct arena *mem, struct err *err)
{
	char *p;

	if (str_is_nocase(text, "ALL")) {
		r->domain = STR("ALL");
		return 0;
	}
	r->domain = rat_literal(text, mem);
	if (r->domain.n > 0)
		return 0;
	if (!name_domain_or_suffix(text, err))
		return -1;
	p = arena_strz(mem, text);
	str_lower(p);
	r->domain = (struct str){ p, text.n };
	return 0;
}

int
route_dests_parse(struct route *r, const struct str *texts, size_t n,
    struct arena *mem, struct err *err)
{
	size_t parts = count_parts(texts, n);

	r->kind = ROUTE_HOSTS;
	r->n = 0;
	r->dests = NULL;
	r->auth_name = STR("");
	if (parts == 0)
		return err_set(err, ERR_USAGE, "needs a destination");
	r->dests = arena_array(mem, parts, sizeof(*r->dests));
	for (size_t i = 0; i < n; i++) {
		struct str left = texts[i];

		while (left.n > 0) {
			struct str part = str_trim(str_cut(&left, ','));

			switch (special(r, part, parts, err)) {
			case -1:
				return -1;
			case 1:
				return 0;
			}
			if (str_starts_nocase(part, STR(AUTH_MARK))) {
				if (take_auth(r, part, mem, err) == -1)
					return -1;
				continue;
			}
			if (route_dest_parse(
				&r->dests[r->n++], part, mem, err) == -1)
				return -1;
		}
	}
	return r->n > 0 ? 0 : err_set(err, ERR_USAGE, "needs a destination");
}

void
route_dests_text(const struct route_dest *v, size_t n, struct buf *out)
{
	for (size_t k = 0; k < n; k++)
		buf_printf(
		    out, "%s%.*s", k > 0 ? ", " : "", STR_ARG(v[k].text));
}

void
route_text(const struct route *r, struct buf *out)
{
	if (r->kind != ROUTE_HOSTS)
		buf_puts(out, r->kind == ROUTE_NULL ? "/dev/null" : "USEDNS");
	route_dests_text(r->dests, r->n, out);
	if (r->auth_name.n > 0)
		buf_printf(out, ", " AUTH_MARK "%.*s", STR_ARG(r->auth_name));
}

static int
take_auth(struct route *r, struct str part, struct arena *mem, struct err *err)
{
	struct str name = str_sub(part, strlen(AUTH_MARK), part.n);

	if (name.n == 0)
		return err_set(err, ERR_USAGE,
		    AUTH_MARK ": write the name of an outgoing profile");
	if (r->auth_name.n > 0)
		return err_set(
		    err, ERR_USAGE, AUTH_MARK " must stand once in a route");
	r->auth_name = arena_str(mem, name);
	return 0;
}

static int
take_priority(struct route_dest *d, struct str *text, struct err *err)
{
	size_t slash = str_find(*text, '/');
	struct str tail = str_sub(*text, slash, text->n - slash);
	uint64_t n;

	if (tail.n == 0)
		return 0;
	if (!str_starts_nocase(tail, STR(PRIORITY_MARK)) ||
	    !str_u64(str_sub(tail, 5, tail.n - 5), UINT16_MAX, &n))
		return err_set(err, ERR_USAGE,
		    "\"%.*s\": write /pri= and a number within 0..65535",
		    (int)(tail.n > 40 ? 40 : tail.n), tail.p);
	d->priority = (uint16_t)n;
	*text = str_sub(*text, 0, slash);
	return 0;
}

/* ":25" behind a name or behind the closing bracket. */
static int
take_port(struct route_dest *d, struct str *text, struct err *err)
{
	size_t from =
	    text->n > 0 && text->p[0] == '[' ? str_find(*text, ']') : 0;
	struct str tail = str_sub(*text, from, text->n - from);
	size_t colon = from + str_find(tail, ':');
	uint64_t n;

	if (colon >= text->n)
		return 0;
	if (!str_u64(str_sub(*text, colon + 1, text->n - colon - 1), UINT16_MAX,
		&n) ||
	    n == 0)
		return err_set(err, ERR_USAGE,
		    "\"%.*s\": the port must be within 1..65535",
		    (int)(text->n > 60 ? 60 : text->n), text->p);
	d->port = (uint16_t)n;
	*text = str_sub(*text, 0, colon);
	return 0;
}

static int
set_host(
    struct route_dest *d, struct str text, struct arena *mem, struct err *err)
{
	struct ip ip;
	char *host;

	if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']') {
		d->no_mx = true;
		text = str_sub(text, 1, text.n - 2);
		if (str_starts_nocase(text, STR("IPv6:")))
			text = str_sub(text, 5, text.n - 5);
	}
	if (ip_parse(&ip, text))
		return set_address(d, &ip, mem);
	if (!name_domain(text, NULL))
		return bad_host(err, d->text);
	host = arena_strz(mem, text);
	str_lower(host);
	d->host = (struct str){ host, text.n };
	return 0;
}

static int
set_address(struct route_dest *d, const struct ip *ip, struct arena *mem)
{
	char text[IP_TEXT];

	d->ip = *ip;
	d->no_mx = true;
	d->host = str_of(arena_strdup(mem, ip_text(ip, text)));
	return 0;
}

static size_t
count_parts(const struct str *texts, size_t n)
{
	size_t parts = 0;

	for (size_t i = 0; i < n; i++) {
		struct str left = texts[i];

		while (left.n > 0) {
			str_cut(&left, ',');
			parts++;
		}
	}
	return parts;
}

/* 1: it was a special destination; 0: it is an ordinary one. */
static int
special(struct route *r, struct str part, size_t parts, struct err *err)
{
	bool usedns = str_is_nocase(part, "USEDNS");

	if (!usedns && !str_is(part, "/dev/null"))
		return 0;
	if (parts > 1)
		return err_set(err, ERR_USAGE,
		    "%.*s must stand alone, not beside other destinations",
		    STR_ARG(part));
	r->kind = usedns ? ROUTE_USEDNS : ROUTE_NULL;
	r->dests = NULL;
	return 1;
}

static int
bad_host(struct err *err, struct str token)
{
	char shown[80];

	str_escape(shown, sizeof(shown), token, 40);
	return err_set(err, ERR_USAGE,
	    "\"%s\" is no destination: write host, [host] or an address, "
	    "with :port and /pri=N if wanted",
	    shown);
}
