/* dnscheck.c - the four tests of `dnscheck`, from what the DNS answered */
#include "admin/dnscheck.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "admin/fields.h"
#include "base/bounds.h"

#define REASON_SIZE (3 * DOMAIN_MAX + 200)

static json_t *judge_ptr(const struct dnscheck *);
static json_t *judge_a(const struct dnscheck *);
static json_t *judge_helo(const struct dnscheck *);
static json_t *judge_mx(const struct dnscheck *);
static const char *first(const json_t *answer, const char *key);
static const char *why(const json_t *answer);
static bool has(const json_t *answer, const char *key, const char *value);
static json_t *verdict(const char *test, bool passed, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

json_t *
dnscheck_judge(const struct dnscheck *d)
{
	json_t *v = json_array();

	json_array_append_new(v, judge_ptr(d));
	json_array_append_new(v, judge_a(d));
	json_array_append_new(v, judge_helo(d));
	json_array_append_new(v, judge_mx(d));
	return v;
}

static json_t *
judge_ptr(const struct dnscheck *d)
{
	const json_t *ptr = json_object_get(d->found, "ptr");
	const char *name = first(ptr, "host");

	if (name == NULL)
		return verdict("ptr", false,
		    "%s has no PTR record (%s); ask your provider for one to "
		    "%s",
		    d->address, why(ptr), d->helo);
	return verdict("ptr", true, "%s is %s", d->address, name);
}

static json_t *
judge_a(const struct dnscheck *d)
{
	const char *name = first(json_object_get(d->found, "ptr"), "host");
	const json_t *a = json_object_get(d->found, "a");

	if (a == NULL)
		a = json_object_get(d->found, "aaaa");
	if (name == NULL)
		return verdict("a", false,
		    "without a PTR record there is no "
		    "name to look up");
	if (first(a, "address") == NULL)
		return verdict(
		    "a", false, "%s has no address (%s)", name, why(a));
	if (!has(a, "address", d->address))
		return verdict("a", false, "%s has the address %s, not %s",
		    name, first(a, "address"), d->address);
	return verdict("a", true, "%s has the address %s", name, d->address);
}

static json_t *
judge_helo(const struct dnscheck *d)
{
	const json_t *ptr = json_object_get(d->found, "ptr");
	const char *name = first(ptr, "host");

	if (name == NULL)
		return verdict("helo", false,
		    "HELO says %s, and the address has no name", d->helo);
	if (!has(ptr, "host", d->helo))
		return verdict("helo", false,
		    "HELO says %s, and the address is %s", d->helo, name);
	return verdict(
	    "helo", true, "HELO says %s, as the PTR record does", d->helo);
}

static json_t *
judge_mx(const struct dnscheck *d)
{
	const json_t *mx = json_object_get(d->found, "mx");
	const json_t *domain = json_object_get(d->found, "domain");
	const char *host = first(mx, "host");

	if (host == NULL)
		return verdict("mx", false,
		    "%s has no MX record (%s): late bounces may not come back",
		    d->helo, why(mx));
	if (*host == '\0')
		return verdict(
		    "mx", false, "%s says that it takes no mail", d->helo);
	if (!str_is(str_of(fields_text(domain, "outcome")), "found"))
		return verdict("mx", false,
		    "the MX record of %s leads to %s, which has no address "
		    "(%s)",
		    d->helo, host, why(domain));
	return verdict("mx", true, "mail for %s goes to %s", d->helo, host);
}

/* Of the first record; NULL: there is none. */
static const char *
first(const json_t *answer, const char *key)
{
	const json_t *one =
	    json_array_get(json_object_get(answer, "records"), 0);

	return one != NULL ? fields_text(one, key) : NULL;
}

static const char *
why(const json_t *answer)
{
	return answer != NULL ? fields_text(answer, "reason") : "not asked";
}

static bool
has(const json_t *answer, const char *key, const char *value)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(answer, "records"), i, one)
	{
		if (strcasecmp(fields_text(one, key), value) == 0)
			return true;
	}
	return false;
}

static json_t *
verdict(const char *test, bool passed, const char *fmt, ...)
{
	char reason[REASON_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return json_pack("{s:s, s:b, s:s}", "test", test, "passed", passed,
	    "reason", reason);
}
