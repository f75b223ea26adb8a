/*
 * name.c - which texts may be names of something
 */
#include "config/name.h"

#include "base/arena.h"
#include "base/bounds.h"
#include "base/ip.h"
#include "mail/addr.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool only(struct str, const char *chars);
static bool is_in(const char *chars, char c);
static bool label_ok(struct str);
static bool is_quoted(struct str);
static bool say_a_labels(struct str, struct err *);

bool
name_domain(struct str name, struct err *err)
{
	struct str left = name, label = STR("");

	if (name.n == 0 || name.n > DOMAIN_MAX)
		goto bad;
	if (name.p[name.n - 1] == '.')
		goto bad;
	while (left.n > 0) {
		label = str_cut(&left, '.');
		if (!label_ok(label))
			goto bad;
	}
	if (!only(label, DIGITS "-_"))
		return true;
bad:
	if (!say_a_labels(name, err))
		err_set(err, ERR_USAGE,
		    "must be a domain name of letters, digits, hyphens and "
		    "dots (international names in their xn-- form)");
	return false;
}

/* What would be right of an international name. */
static bool
say_a_labels(struct str name, struct err *err)
{
	struct str canonical;
	struct arena mem;
	bool is_one;

	if (err == NULL || str_ascii(name) == name.n)
		return false;
	arena_init(&mem, 1 << 16);
	is_one = addr_domain_ok(name, &canonical, &mem);
	if (is_one)
		err_set(err, ERR_USAGE,
		    "international names are written in their xn-- form: "
		    "%.*s",
		    STR_ARG(canonical));
	arena_free(&mem);
	return is_one;
}

bool
name_domain_or_suffix(struct str name, struct err *err)
{
	if (name.n > 0 && name.p[0] == '.')
		name = str_sub(name, 1, name.n - 1);
	return name_domain(name, err);
}

bool
name_file(struct str name, struct err *err)
{
	if (name.n > 0 && name.n <= NAME_MAX_LEN && name.p[0] != '.' &&
	    name.p[0] != '-' && only(name, LOWER UPPER DIGITS "_.-"))
		return true;
	err_set(err, ERR_USAGE,
	    "must be 1 to %d letters, digits, _ . or -, not beginning with "
	    ". or -",
	    NAME_MAX_LEN);
	return false;
}

bool
name_printable(struct str name, struct err *err)
{
	bool ok = name.n > 0 && name.n <= NAME_MAX_LEN &&
		  str_trim(name).n == name.n && str_valid_utf8(name);

	for (size_t i = 0; ok && i < name.n; i++)
		ok = (unsigned char)name.p[i] >= 0x20 && name.p[i] != 0x7f;
	if (!ok)
		err_set(err, ERR_USAGE, "must be 1 to %d printable characters",
		    NAME_MAX_LEN);
	return ok;
}

bool
name_group(struct str name, struct err *err)
{
	if (name.n > 0 && name.n <= 32 && only(name, LOWER UPPER DIGITS "_-"))
		return true;
	err_set(err, ERR_USAGE, "must be 1 to 32 letters, digits, _ or -");
	return false;
}

bool
name_policy(struct str name, struct err *err)
{
	if (name.n > 1 && name.p[0] == '$' &&
	    name_group(str_sub(name, 1, name.n - 1), NULL))
		return true;
	err_set(
	    err, ERR_USAGE, "must be $ and 1 to 32 letters, digits, _ or -");
	return false;
}

bool
name_mailbox(struct str name, struct err *err)
{
	size_t at = str_find(name, '@');

	if (at > 0 && at <= LOCALPART_MAX && at < name.n &&
	    only(str_sub(name, 0, at),
		LOWER UPPER DIGITS "!#$%&'*+-/=?^_`{|}~.") &&
	    name_domain(str_sub(name, at + 1, name.n - at - 1), NULL))
		return true;
	err_set(err, ERR_USAGE, "must be an address such as joe@example.com");
	return false;
}

bool
name_mailboxes(struct str list, struct err *err)
{
	while (list.n > 0) {
		if (!name_mailbox(str_trim(str_cut(&list, ',')), err))
			return false;
	}
	return true;
}

bool
name_host(struct str name, struct err *err)
{
	struct ip ip;

	if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		name = str_sub(name, 1, name.n - 2);
	if (ip_parse(&ip, name) || name_domain(name, NULL))
		return true;
	err_set(err, ERR_USAGE,
	    "must be a host such as mail.example.com, or an address");
	return false;
}

bool
name_header(struct str name, struct err *err)
{
	bool ok = name.n > 0 && name.n <= 76;

	for (size_t i = 0; ok && i < name.n; i++)
		ok = name.p[i] > ' ' && name.p[i] < 0x7f && name.p[i] != ':';
	if (!ok)
		err_set(err, ERR_USAGE,
		    "must be the name of a header field, such as X-Spam, "
		    "without the colon");
	return ok;
}

bool
name_ascii(struct str text, struct err *err)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < ' ' || text.p[i] >= 0x7f) {
			err_set(err, ERR_USAGE, "must be printable ASCII");
			return false;
		}
	}
	return true;
}

bool
name_https(struct str url, struct err *err)
{
	struct str scheme = STR("https://"), host;

	if (str_starts_nocase(url, scheme) && name_ascii(url, NULL) &&
	    str_find(url, ' ') == url.n) {
		url = str_sub(url, scheme.n, url.n - scheme.n);
		host = str_cut(&url, '/');
		host = str_cut(&host, ':');
		if (name_host(host, NULL))
			return true;
	}
	err_set(err, ERR_USAGE, "must be https://host/path");
	return false;
}

bool
name_user(struct str user)
{
	if (user.n == 0 || user.n > LOCALPART_MAX || !str_valid_utf8(user))
		return false;
	for (size_t i = 0; i < user.n; i++) {
		unsigned char c = (unsigned char)user.p[i];

		if (c < 0x20 || c == 0x7f || c == '<' || c == '>')
			return false;
		if (user.p[0] != '"' &&
		    (c == ' ' || c == '@' || c == ',' || c == '"'))
			return false;
	}
	return user.p[0] != '"' || is_quoted(user);
}

/* One text in quotes: those inside have a backslash before them. */
static bool
is_quoted(struct str user)
{
	size_t i = 1;

	while (i < user.n && user.p[i] != '"')
		i += user.p[i] == '\\' ? 2 : 1;
	return i > 1 && i + 1 == user.n;
}

bool
name_reply(struct str text, struct err *err)
{
	size_t column = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		column = c == '\n' ? 0 : column + 1;
		if ((c < 0x20 && c != '\n') || c >= 0x7f) {
			err_set(
			    err, ERR_USAGE, "must be printable ASCII in lines");
			return false;
		}
		if (column > 400) {
			err_set(err, ERR_USAGE,
			    "must have lines of at most 400 characters");
			return false;
		}
	}
	return true;
}

static bool
only(struct str s, const char *chars)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_in(chars, s.p[i]))
			return false;
	}
	return true;
}

static bool
is_in(const char *chars, char c)
{
	for (; *chars != '\0'; chars++) {
		if (*chars == c)
			return true;
	}
	return false;
}

static bool
label_ok(struct str label)
{
	return label.n > 0 && label.n <= LABEL_MAX && label.p[0] != '-' &&
	       label.p[label.n - 1] != '-' &&
	       only(label, LOWER UPPER DIGITS "-_");
}
