/* kinds.c - the kinds of questions: their names, and what is asked for */
#include "lookup/kinds.h"

#include "base/mem.h"
#include "lookup/lookup.h"

static const struct {
	const char *name, *key;
	enum rdata_type type;
} kinds[] = {
	[LOOKUP_HOST] = { "PTR", "host", RDATA_PTR },
	[LOOKUP_MX] = { "MX", "mx", RDATA_MX },
	[LOOKUP_A] = { "A", "a", RDATA_A },
	[LOOKUP_AAAA] = { "AAAA", "aaaa", RDATA_AAAA },
	[LOOKUP_TXT] = { "TXT", "txt", RDATA_TXT },
	[LOOKUP_MAIL_DOMAIN] = { "domain", "domain", RDATA_MX },
	[LOOKUP_DNSLIST] = { "DNS list", "", RDATA_A },
	[LOOKUP_TLSA] = { "TLSA", "tlsa", RDATA_TLSA },
	[LOOKUP_STS] = { "MTA-STS", "sts", RDATA_TXT },
	[LOOKUP_PTR] = { "PTR", "ptr", RDATA_PTR },
	[LOOKUP_CNAME] = { "CNAME", "cname", RDATA_CNAME },
	[LOOKUP_NS] = { "NS", "ns", RDATA_NS },
	[LOOKUP_SOA] = { "SOA", "soa", RDATA_SOA },
};

int
lookup_kind_of(struct str name)
{
	for (size_t i = 0; i < NELEM(kinds); i++)
		if (str_is_nocase(name, kinds[i].key))
			return (int)i;
	return -1;
}

const char *
lookup_kind_name(enum lookup_kind kind)
{
	return kind < NELEM(kinds) ? kinds[kind].name : "?";
}

const char *
lookup_end_name(enum lookup_end end)
{
	static const char *const names[] = { "found", "not found", "nxdomain",
		"failed" };

	return end < NELEM(names) ? names[end] : "?";
}

bool
kind_is_known(unsigned kind)
{
	return kind < NELEM(kinds);
}

enum rdata_type
kind_type(enum lookup_kind kind)
{
	return kinds[kind].type;
}
