/*
 * check_text.c - strings that must have a form: names, addresses, times
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "filter/check.h"
#include "filter/filetype.h"
#include "mail/addr.h"

static bool address_ok(struct check *, struct str);
static bool made_of(struct str, const char *others);
static bool read_field(struct str text, size_t at, size_t n, unsigned *out);
static int64_t days_before(unsigned year, unsigned month, unsigned day);
static unsigned month_days(unsigned year, unsigned month);

/* RFC 5322 3.6.8 */
void
check_header(struct check *c, struct value *v, const struct arg_def *def)
{
	bool ok = v->text.n > 0 && v->text.n <= 100;

	(void)def;
	for (size_t i = 0; ok && i < v->text.n; i++)
		ok = v->text.p[i] > ' ' && v->text.p[i] < 0x7f &&
		     v->text.p[i] != ':';
	if (!ok)
		check_refuse(
		    c, v, "the name of a header, ASCII without blanks");
}

void
check_sieve(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	if (v->text.n != 1 || v->text.p[0] <= ' ' || v->text.p[0] >= 0x7f)
		check_refuse(c, v, "one character such as \"+\"");
}

void
check_zone(struct check *c, struct value *v, const struct arg_def *def)
{
	struct str canonical;

	(void)def;
	if (!addr_domain_ok(v->text, &canonical, c->source->mem))
		check_refuse(c, v, "the domain of a DNS list");
}

/* It becomes a file. */
void
check_log(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	if (v->text.n > NAME_MAX_LEN || !made_of(v->text, "_.-") ||
	    v->text.p[0] == '.' || v->text.p[0] == '-')
		check_refuse(c, v,
		    "the name of a log: letters, digits, \"_\", \".\", "
		    "\"-\"");
}

void
check_tag(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	if (!made_of(v->text, "_.-"))
		check_refuse(
		    c, v, "a tag: letters, digits, \"_\", \".\", \"-\"");
}

void
check_address(struct check *c, struct value *v, const struct arg_def *def)
{
	struct str left = v->text;
	size_t n = 0;

	do {
		struct str one = str_trim(str_cut(&left, ','));

		if (!address_ok(c, one)) {
			check_refuse(c, v, "a mail address");
			return;
		}
		n++;
	} while (left.n > 0);
	if (def->max == 1 && n > 1)
		check_refuse(c, v, "one mail address");
}

void
check_sender(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	if (v->text.n > 0 && !address_ok(c, v->text))
		check_refuse(
		    c, v, "a mail address, or \"\" for the null sender");
}

void
check_host(struct check *c, struct value *v, const struct arg_def *def)
{
	struct str canonical;
	struct ip ip;

	if ((def->optional && v->text.n == 0) ||
	    str_find(v->text, '$') < v->text.n || ip_parse(&ip, v->text) ||
	    addr_literal(v->text, &ip) ||
	    addr_domain_ok(v->text, &canonical, c->source->mem))
		return;
	check_refuse(c, v, "a host: a name, an address or [address], no port");
}

void
check_range(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	if (!ip_range_parse(&v->range, v->text))
		check_refuse(c, v,
		    "addresses such as 192.0.2.1, 192.0.2.10-20, 192.0.2. or "
		    "192.0.2.0/24");
}

void
check_time(struct check *c, struct value *v, const struct arg_def *def)
{
	unsigned f[6];
	static const uint8_t at[6] = { 0, 3, 6, 11, 14, 17 };
	bool ok = v->text.n == 19;

	(void)def;
	for (size_t i = 0; ok && i < NELEM(f); i++)
		ok = read_field(v->text, at[i], i == 2 ? 4 : 2, &f[i]);
	ok = ok && v->text.p[2] == '/' && v->text.p[5] == '/' &&
	     v->text.p[10] == ' ' && v->text.p[13] == ':' &&
	     v->text.p[16] == ':' && f[0] >= 1 && f[0] <= 12 && f[1] >= 1 &&
	     f[1] <= month_days(f[2], f[0]) && f[2] >= 1970 && f[3] <= 23 &&
	     f[4] <= 59 && f[5] <= 59;
	if (ok)
		v->number = days_before(f[2], f[0], f[1]) * 86400 +
			    f[3] * 3600 + f[4] * 60 + f[5];
	else
		check_refuse(c, v, "a time as \"MM/DD/YYYY hh:mm:ss\"");
}

void
check_mimetype(struct check *c, struct value *v, const struct arg_def *def)
{
	struct str sub = v->text, type = str_cut(&sub, '/');

	(void)def;
	if (!made_of(type, "*!#$&^_.+-") || !made_of(sub, "*!#$&^_.+-"))
		check_refuse(c, v, "a MIME type such as \"image/*\"");
}

void
check_filetype(struct check *c, struct value *v, const struct arg_def *def)
{
	char near[100], wanted[160];

	(void)def;
	if (filetype_known(v->text))
		return;
	filetype_near(v->text, near, sizeof(near));
	snprintf(wanted, sizeof(wanted), "a file type or group%s%s%s",
	    *near != '\0' ? " (" : "", near, *near != '\0' ? "?)" : "");
	check_refuse(c, v, wanted);
}

void
check_group(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	if (v->text.n == 0)
		check_refuse(c, v, "the name of an LDAP group");
}

void
check_ip(struct check *c, struct value *v, const struct arg_def *def)
{
	struct ip ip;

	(void)def;
	if (!ip_parse(&ip, v->text))
		check_refuse(c, v, "an address such as 127.0.0.2");
}

/* What has variables is seen when they are there. */
static bool
address_ok(struct check *c, struct str text)
{
	struct addr addr;

	if (str_find(text, '$') < text.n)
		return true;
	return text.n > 0 && text.p[0] != '<' &&
	       addr_parse(&addr, text, c->source->mem, NULL) == ADDR_OK;
}

/* Letters, digits, and those; at least one. */
static bool
made_of(struct str s, const char *others)
{
	for (size_t i = 0; i < s.n; i++) {
		char ch = s.p[i];
		bool ok = (ch >= 'a' && ch <= 'z') ||
			  (ch >= 'A' && ch <= 'Z') ||
			  (ch >= '0' && ch <= '9') ||
			  (ch != '\0' && strchr(others, ch) != NULL);

		if (!ok)
			return false;
	}
	return s.n > 0;
}

static bool
read_field(struct str text, size_t at, size_t n, unsigned *out)
{
	uint64_t v;

	if (!str_u64(str_sub(text, at, n), 9999, &v))
		return false;
	*out = (unsigned)v;
	return true;
}

/* Days from 1970-01-01. */
static int64_t
days_before(unsigned year, unsigned month, unsigned day)
{
	unsigned y = year - 1;
	int64_t days = (int64_t)y * 365 + y / 4 - y / 100 + y / 400 - 719162;

	for (unsigned m = 1; m < month; m++)
		days += month_days(year, m);
	return days + day - 1;
}

static unsigned
month_days(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}
