/* relaytricks.c - how strangers try to relay through a gateway */
#include "admin/relaytricks.h"

#include <string.h>

#define FOREIGN .is_own = false
#define OWN     .is_own = true

const struct relay_trick relay_tricks[] = {
	{ "REL-01", "a foreign recipient", "<v@{foreign}>", FOREIGN },
	{ "REL-01", "... from the null sender", "<v@{foreign}>", .mail = "<>" },
	{ "REL-01", "... from an address here", "<v@{foreign}>",
	    .mail = "<postmaster@{own}>" },
	{ "REL-01", "... from another address here", "<v@{foreign}>",
	    .mail = "<v@{own}>" },
	{ "REL-01", "... from this host", "<v@{foreign}>",
	    .mail = "<postmaster@{host}>" },
	{ "REL-01", "... from this host's address", "<v@{foreign}>",
	    .mail = "<postmaster@[{ip}]>" },
	{ "REL-01", "... from localhost", "<v@{foreign}>",
	    .mail = "<postmaster@localhost>" },
	{ "REL-01", "... from a sender without domain", "<v@{foreign}>",
	    .mail = "<postmaster>" },
	{ "REL-01", "... from the recipient himself", "<v@{foreign}>",
	    .mail = "<v@{foreign}>" },
	{ "REL-01", "... by who calls himself this host", "<v@{foreign}>",
	    .helo = "{host}" },
	{ "REL-01", "... by who calls himself localhost", "<v@{foreign}>",
	    .helo = "localhost" },
	{ "REL-01", "... by who calls himself by this address", "<v@{foreign}>",
	    .helo = "[{ip}]" },
	{ "REL-01", "... behind a recipient of ours", "<v@{foreign}>",
	    .before = "<postmaster@{own}>" },
	{ "REL-01", "a foreign recipient, without brackets", "v@{foreign}",
	    FOREIGN },

	{ "REL-02", "percent hack", "<v%{foreign}@{own}>", OWN },
	{ "REL-02", "percent hack, by address", "<v%{foreign}@[{ip}]>", OWN },
	{ "REL-02", "percent hack, by host name", "<v%{foreign}@{host}>", OWN },
	{ "REL-02", "percent hack without domain", "<v%{foreign}>", OWN },
	{ "REL-02", "two percent hacks", "<v%{foreign}%{own}@{own}>", OWN },
	{ "REL-02", "bang path", "<{foreign}!v@{own}>", OWN },
	{ "REL-02", "bang path, by address", "<{foreign}!v@[{ip}]>", OWN },
	{ "REL-02", "bang path without domain", "<{foreign}!v>", OWN },
	{ "REL-02", "bang path, by host name", "<{host}!{foreign}!v>", OWN },
	{ "REL-02", "quoted local part", "<\"v@{foreign}\"@{own}>", OWN },
	{ "REL-02", "quoted local part alone", "<\"v@{foreign}\">", OWN },
	{ "REL-02", "quoted percent hack", "<\"v%{foreign}\"@{own}>", OWN },
	{ "REL-02", "two at signs", "<v@{foreign}@{own}>", FOREIGN },
	{ "REL-02", "two at signs, foreign last", "<v@{own}@{foreign}>",
	    FOREIGN },
	{ "REL-02", "escaped at sign", "<v\\@{foreign}@{own}>", FOREIGN },

	{ "REL-03", "source route", "<@{own}:v@{foreign}>", FOREIGN },
	{ "REL-03", "source route of two", "<@a.{own},@{own}:v@{foreign}>",
	    FOREIGN },
	{ "REL-03", "source route by address", "<@[{ip}]:v@{foreign}>",
	    FOREIGN },
	{ "REL-03", "source route by host name", "<@{host}:v@{foreign}>",
	    FOREIGN },

	{ "REL-04", "two paths", "<a@{own}> <v@{foreign}>", FOREIGN },
	{ "REL-04", "a path in a path", "<<v@{foreign}>>", FOREIGN },
	{ "REL-04", "a path in a comment", "(<a@{own}>) v@{foreign}", FOREIGN },
	{ "REL-04", "a comment behind", "<v@{foreign}(@{own})>", FOREIGN },
	{ "REL-04", "an address behind the path", "<a@{own}>v@{foreign}",
	    FOREIGN },
	{ "REL-04", "a list", "<a@{own},v@{foreign}>", FOREIGN },

	{ "REL-05", "this host as a literal", "<v@[127.0.0.1]>", FOREIGN },
	{ "REL-05", "IPv6 literal", "<v@[IPv6:::1]>", FOREIGN },
	{ "REL-05", "IPv4 in IPv6", "<v@[IPv6:::ffff:127.0.0.1]>", FOREIGN },
	{ "REL-05", "short literal", "<v@[127.1]>", FOREIGN },
	{ "REL-05", "hexadecimal literal", "<v@[0x7f.1]>", FOREIGN },
	{ "REL-05", "an address as domain", "<v@127.0.0.1>", FOREIGN },
	{ "REL-05", "localhost", "<v@localhost>", FOREIGN },

	{ "REL-06", "a carriage return", "<v@{own}\r@{foreign}>", FOREIGN },
	{ "REL-06", "a NUL behind our domain", "<v@{own}{nul}.{foreign}>",
	    FOREIGN },
	{ "REL-06", "a NUL before our domain", "<v@{foreign}{nul}@{own}>",
	    FOREIGN },
	{ "REL-06", "a blank", "<v@{foreign} @{own}>", FOREIGN },
	{ "REL-06", "a tab", "<v@{foreign}\t@{own}>", FOREIGN },

	{ "REL-08", "a dot at the end", "<v@{foreign}.>", FOREIGN },
	{ "REL-08", "our domain in front", "<v@{own}.{foreign}>", FOREIGN },
	{ "REL-08", "an empty label", "<v@{foreign}..{own}>", FOREIGN },
	{ "REL-08", "percent encoding", "<v%40{foreign}@{own}>", OWN },
	{ "REL-08", "full-width at sign", "<v\357\274\240{foreign}@{own}>",
	    .mail = "<> SMTPUTF8", OWN },
	{ "REL-08", "full-width at sign last", "<v@{own}\357\274\240{foreign}>",
	    .mail = "<> SMTPUTF8", FOREIGN },
	{ "REL-08", "ideographic full stop", "<v@{own}\343\200\202{foreign}>",
	    .mail = "<> SMTPUTF8", FOREIGN },
	{ "REL-08", "full-width percent sign", "<v\357\274\205{foreign}@{own}>",
	    .mail = "<> SMTPUTF8", OWN },
	{ "REL-08", "a name that turns around",
	    "<v@{own}\342\200\256{foreign}>", .mail = "<> SMTPUTF8", FOREIGN },
	{ "REL-08", "overlong UTF-8", "<v\301\200{foreign}@{own}>",
	    .mail = "<> SMTPUTF8", FOREIGN },

	/* "\0relay\0relay": a user who does not exist */
	{ "REL-11", "behind a failed AUTH", "<v@{foreign}>",
	    .auth = "AUTH PLAIN AHJlbGF5AHJlbGF5" },
	{ .id = NULL },
};

static struct str value_of(const struct relay_names *, struct str name);

void
relay_expand(const char *text, const struct relay_names *names, struct buf *out)
{
	struct str rest = str_of(text);

	while (rest.n > 0) {
		struct str plain = str_cut(&rest, '{');

		buf_add_str(out, plain);
		if (rest.n > 0)
			buf_add_str(out, value_of(names, str_cut(&rest, '}')));
	}
}

const char *
relay_result_name(enum relay_result r)
{
	static const char *const names[] = { "refused", "accepted_own",
		"relays", "not_tried" };

	return names[r];
}

enum relay_result
relay_judge(const struct relay_trick *t, bool to_rcpt, unsigned code)
{
	if (code / 100 == 5)
		return RELAY_REFUSED;
	if (code / 100 != 2 || !to_rcpt)
		return RELAY_UNKNOWN;
	return t->is_own ? RELAY_OWN : RELAY_OPEN;
}

static struct str
value_of(const struct relay_names *names, struct str name)
{
	if (str_is(name, "own"))
		return names->own;
	if (str_is(name, "foreign"))
		return names->foreign;
	if (str_is(name, "host"))
		return names->host;
	return str_is(name, "ip") ? names->ip : (struct str){ "\0", 1 };
}
