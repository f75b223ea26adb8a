/* log_match.c - whose conversations debug logs hold */
#include "config/log_match.h"

#include "base/ip.h"
#include "config/name.h"

static bool is_within(struct str domain, struct str pattern);

bool
log_domain_ok(struct str text, struct err *err)
{
	return text.n == 0 || name_domain_or_suffix(text, err);
}

bool
log_host_ok(struct str text, struct err *err)
{
	struct ip_range range;

	if (ip_range_parse(&range, text) || name_domain_or_suffix(text, NULL))
		return true;
	err_set(err, ERR_USAGE,
	    "must be an address or a range (192.0.2.0/24, 192.0.2.1-9), a "
	    "host or a .domain");
	return false;
}

bool
log_has_domain(const struct log_subscription *log, struct str domain)
{
	return log->type == LOG_DOMAIN_DEBUG && is_within(domain, log->domain);
}

bool
log_has_client(
    const struct log_subscription *log, const struct ip *ip, struct str host)
{
	struct ip_range range;

	for (size_t i = 0; log->type == LOG_INJECTION_DEBUG && i < log->n_hosts;
	     i++)
		if (ip_range_parse(&range, log->hosts[i])
			? ip_range_has(&range, ip)
			: is_within(host, log->hosts[i]))
			return true;
	return false;
}

bool
log_same_subject(
    const struct log_subscription *a, const struct log_subscription *b)
{
	bool same = str_eq(a->name, b->name) && a->type == b->type &&
		    str_eq(a->domain, b->domain) &&
		    a->sessions == b->sessions && a->n_hosts == b->n_hosts;

	for (size_t i = 0; same && i < a->n_hosts; i++)
		same = str_eq(a->hosts[i], b->hosts[i]);
	return same;
}

static bool
is_within(struct str domain, struct str pattern)
{
	if (pattern.n > 0 && pattern.p[0] == '.')
		return domain.n > pattern.n && str_ends_nocase(domain, pattern);
	return domain.n > 0 && str_eq_nocase(domain, pattern);
}
