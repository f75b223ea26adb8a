/* url.c - links in text */
#include "mail/url.h"

#include <string.h>

#include "base/mem.h"
#include "mail/addr.h"
#include "mail/html_inner.h"

#define HOST_MAX 1000

static bool url_at(struct str text, size_t i, struct url *);
static size_t scheme(struct str text);
static size_t extent(struct str text);
static struct str trimmed(struct str url);
static bool has_opening(struct str text, char closing);
static struct str authority(struct str rest);
static int hex(char c);
static bool ends_host(char c);

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

bool
url_next(struct str text, size_t *at, struct url *u)
{
	for (size_t i = *at; i < text.n; i++) {
		char c = text.p[i] | 0x20;

		if ((c == 'h' || c == 'w' || c == 'f') &&
		    (i == 0 || !is_word(text.p[i - 1])) && url_at(text, i, u)) {
			*at = i + u->all.n;
			return true;
		}
	}
	*at = text.n;
	return false;
}

struct str
url_host(const struct url *u, struct arena *mem)
{
	size_t n = u->host.n < HOST_MAX ? u->host.n : HOST_MAX;
	char *out = arena_alloc(mem, n + 1);
	struct str host = { out, 0 }, canonical;

	for (size_t i = 0; i < n; i++) {
		char c = u->host.p[i];

		if (c == '%' && i + 2 < n && hex(u->host.p[i + 1]) >= 0 &&
		    hex(u->host.p[i + 2]) >= 0) {
			c = (char)(hex(u->host.p[i + 1]) * 16 +
				   hex(u->host.p[i + 2]));
			i += 2;
		}
		out[host.n++] = c;
	}
	out[host.n] = '\0';
	if (addr_domain_ok(host, &canonical, mem))
		return canonical;
	str_lower(out);
	return host;
}

bool
url_host_in(struct str host, struct str domain)
{
	struct str end;

	if (domain.n == 0 || host.n < domain.n)
		return false;
	end = str_sub(host, host.n - domain.n, domain.n);
	return str_eq_nocase(end, domain) &&
	       (host.n == domain.n || domain.p[0] == '.' ||
		   host.p[host.n - domain.n - 1] == '.');
}

struct str
url_html(struct str html, const size_t **from, struct arena *mem)
{
	size_t *at = arena_array(mem, 2 * html.n + 1, sizeof(*at));
	char *out = arena_alloc(mem, 2 * html.n + 5);
	struct str text = { out, 0 };

	for (size_t i = 0; i < html.n;) {
		struct str rest = str_sub(html, i + 1, html.n);
		size_t n = 0, put = 1;
		uint32_t code;

		if (html.p[i] == '&' && rest.n > 0)
			n = rest.p[0] == '#' ? html_number(rest, &code)
					     : html_entity(rest, &code);
		if (n > 0)
			put = str_utf8_put(code, out + text.n);
		else
			out[text.n] = html.p[i];
		for (size_t k = 0; k < put; k++)
			at[text.n++] = i;
		i += n + 1;
	}
	at[text.n] = html.n;
	*from = at;
	return text;
}

static bool
url_at(struct str text, size_t i, struct url *u)
{
	struct str rest = str_sub(text, i, text.n);
	size_t n = scheme(rest);

	if (n == 0)
		return false;
	u->all = trimmed(str_sub(rest, 0, extent(rest)));
	if (u->all.n <= n)
		return false;
	u->host = authority(
	    str_sub(u->all, (rest.p[0] | 0x20) == 'w' ? 0 : n, u->all.n));
	return u->host.n > 0;
}

/* "https://", and what browsers take for it; "www."; 0: neither. */
static size_t
scheme(struct str text)
{
	static const char *const names[] = { "http:", "https:", "ftp:" };
	size_t n;

	if (str_starts_nocase(text, STR("www.")))
		return 4;
	for (size_t i = 0; i < NELEM(names); i++) {
		if (!str_starts_nocase(text, str_of(names[i])))
			continue;
		for (n = strlen(names[i]);
		     n < text.n && (text.p[n] == '/' || text.p[n] == '\\'); n++)
			continue;
		return n > strlen(names[i]) ? n : 0;
	}
	return 0;
}

/* Up to what cannot stand in a link. */
static size_t
extent(struct str text)
{
	size_t n = 0;

	while (n < text.n && (unsigned char)text.p[n] > ' ' &&
	       text.p[n] != 0x7f && strchr("<>\"'`{}|^", text.p[n]) == NULL)
		n++;
	return n;
}

/* The end of a sentence is not the link's. */
static struct str
trimmed(struct str url)
{
	for (; url.n > 0; url.n--) {
		char c = url.p[url.n - 1];

		if (c != '\0' && strchr(".,;:!?*_", c) != NULL)
			continue;
		if ((c != ')' && c != ']') || has_opening(url, c))
			break;
	}
	return url;
}

/* Of the last one: each closing one needs its own. */
static bool
has_opening(struct str text, char closing)
{
	char opening = closing == ')' ? '(' : '[';
	size_t open = 0, closed = 0;

	for (size_t i = 0; i < text.n; i++) {
		open += text.p[i] == opening;
		closed += text.p[i] == closing;
	}
	return closed <= open;
}

static struct str
authority(struct str rest)
{
	size_t n = 0;

	while (n < rest.n && !ends_host(rest.p[n]))
		n++;
	rest = str_sub(rest, 0, n);
	n = str_rfind(rest, '@');
	if (n < rest.n)
		rest = str_sub(rest, n + 1, rest.n);
	if (rest.n > 0 && rest.p[0] == '[')
		rest = str_sub(rest, 0, str_find(rest, ']') + 1);
	else
		rest = str_sub(rest, 0, str_find(rest, ':'));
	while (rest.n > 0 && rest.p[rest.n - 1] == '.')
		rest.n--;
	return rest;
}

static bool
ends_host(char c)
{
	return c == '/' || c == '\\' || c == '?' || c == '#';
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
