/*
 * hat_entry.c - one entry of a host access table, from its text
 */
#include "config/hat_entry.h"

#include "base/bounds.h"
#include "base/mem.h"
#include "config/name.h"
#include "fact/facts.h"

/* Before it the 64 bytes of an IPv6 address must fit into a name. */
#define ZONE_MAX (DOMAIN_MAX - 2 - 64)

static void split_comment(struct str *text, struct str *comment);
static int parse_class(
    struct hat_entry *, struct str, struct arena *, struct err *);
static int parse_score(
    struct hat_entry *, struct str, struct arena *, struct err *);
static int parse_owner(
    struct hat_entry *, struct str, struct arena *, struct err *);
static int parse_dnslist(
    struct hat_entry *, struct str, struct arena *, struct err *);
static int parse_country(
    struct hat_entry *, struct str, struct arena *, struct err *);
static int parse_name(
    struct hat_entry *, struct str, struct arena *, struct err *);
static bool bracketed(struct str text, struct str *inside);
static bool tenths(struct str, int32_t *);
static struct str lower(struct str, struct arena *);

/* Forms that begin with a word of their own; the rest is address or name. */
static const struct form {
	const char *prefix;
	int (*parse)(
	    struct hat_entry *, struct str, struct arena *, struct err *);
} forms[] = {
	{ "sbrs[", parse_score },
	{ "sbo:", parse_owner },
	{ "dnslist[", parse_dnslist },
	{ "country[", parse_country },
};

static const struct {
	const char *name;
	enum host_class host_class;
} classes[] = {
	{ "nx.domain", HOST_NX },
	{ "serv.fail", HOST_SERVFAIL },
	{ "not.double.verified", HOST_NOT_CONFIRMED },
};

int
hat_entry_parse(
    struct hat_entry *e, struct str text, struct arena *mem, struct err *err)
{
	struct str comment = STR("");
	int (*parse)(struct hat_entry *, struct str, struct arena *,
	    struct err *) = parse_name;
	char shown[80];

	*e = (struct hat_entry){ .kind = HAT_ALL };
	text = str_trim(text);
	split_comment(&text, &comment);
	e->text = arena_str(mem, text);
	e->comment = arena_str(mem, comment);
	if (str_is_nocase(text, "ALL"))
		return 0;
	for (int b = ACCEPT; b <= CONTINUE; b++) {
		if (str_is_nocase(text, behaviour_name(b)))
			return err_set(err, ERR_USAGE,
			    "%s is a behaviour, not a sender",
			    behaviour_name(b));
	}
	if (ip_range_parse(&e->range, text)) {
		e->kind = HAT_RANGE;
		return 0;
	}
	for (size_t i = 0; i < NELEM(forms); i++) {
		if (str_starts_nocase(text, str_of(forms[i].prefix)))
			parse = forms[i].parse;
	}
	if (parse_class(e, text, mem, NULL) == 0 ||
	    parse(e, text, mem, err) == 0)
		return 0;
	str_escape(shown, sizeof(shown), text, 40);
	return err_in(err, "Invalid sender entry: \"%s\"", shown);
}

/* The comment begins after a blank, so that no form is taken for one. */
static void
split_comment(struct str *text, struct str *comment)
{
	size_t open;

	if (text->n < 3 || text->p[text->n - 1] != ')')
		return;
	open = str_find(*text, '(');
	if (open == 0 ||
	    (text->p[open - 1] != ' ' && text->p[open - 1] != '\t'))
		return;
	*comment = str_trim(str_sub(*text, open + 1, text->n - open - 2));
	*text = str_trim(str_sub(*text, 0, open));
}

static int
parse_class(
    struct hat_entry *e, struct str text, struct arena *mem, struct err *err)
{
	(void)mem;
	for (size_t i = 0; i < NELEM(classes); i++) {
		if (str_is_nocase(text, classes[i].name)) {
			e->kind = HAT_HOST_CLASS;
			e->host_class = (int)classes[i].host_class;
			return 0;
		}
	}
	return err_set(err, ERR_USAGE, "not a class of hosts");
}

static int
parse_score(
    struct hat_entry *e, struct str text, struct arena *mem, struct err *err)
{
	struct str inside, low;

	(void)mem;
	if (!bracketed(text, &inside))
		goto bad;
	if (str_is_nocase(inside, "none")) {
		e->kind = HAT_SCORE_NONE;
		return 0;
	}
	if (str_find(inside, ':') == inside.n)
		goto bad;
	low = str_cut(&inside, ':');
	if (!tenths(low, &e->score.lo) || !tenths(inside, &e->score.hi) ||
	    e->score.lo > e->score.hi)
		goto bad;
	e->kind = HAT_SCORE;
	return 0;
bad:
	return err_set(err, ERR_USAGE,
	    "write sbrs[low:high] with scores from -10.0 to 10.0, low first, "
	    "or sbrs[none]");
}

static int
parse_owner(
    struct hat_entry *e, struct str text, struct arena *mem, struct err *err)
{
	(void)mem;
	if (!str_u64(str_sub(text, 4, text.n - 4), UINT64_MAX - 1, &e->owner))
		return err_set(err, ERR_USAGE,
		    "write SBO: and the number of the network owner");
	e->kind = HAT_OWNER;
	return 0;
}

static int
parse_dnslist(
    struct hat_entry *e, struct str text, struct arena *mem, struct err *err)
{
	struct str zone;

	if (!bracketed(text, &zone) || zone.n > ZONE_MAX ||
	    !name_domain(zone, NULL))
		return err_set(err, ERR_USAGE,
		    "write dnslist[zone] with the domain of a DNS list");
	e->kind = HAT_DNSLIST;
	e->name = lower(zone, mem);
	return 0;
}

/* Kept in upper case as "XX,YY". */
static int
parse_country(
    struct hat_entry *e, struct str text, struct arena *mem, struct err *err)
{
	struct str inside;
	char *name;

	if (!bracketed(text, &inside) || inside.n % 3 != 2)
		goto bad;
	name = arena_strz(mem, inside);
	for (size_t i = 0; i < inside.n; i++) {
		char c = name[i];

		if (c >= 'a' && c <= 'z')
			c -= 0x20;
		if (i % 3 == 2 ? c != ',' : c < 'A' || c > 'Z')
			goto bad;
		name[i] = c;
	}
	e->kind = HAT_COUNTRY;
	e->name = (struct str){ name, inside.n };
	return 0;
bad:
	return err_set(err, ERR_USAGE,
	    "write country[XX,YY] with two-letter country codes");
}

static int
parse_name(
    struct hat_entry *e, struct str text, struct arena *mem, struct err *err)
{
	if (!name_domain_or_suffix(text, NULL))
		return err_set(err, ERR_USAGE,
		    "write an address such as 192.0.2.1, 10.1., 10.1.2-5 or "
		    "10.0.0.0/8, or a host name, or .domain");
	e->kind = text.p[0] == '.' ? HAT_DOMAIN : HAT_HOST;
	e->name = lower(text, mem);
	return 0;
}

static bool
bracketed(struct str text, struct str *inside)
{
	size_t open = str_find(text, '[');

	if (open == text.n || text.p[text.n - 1] != ']')
		return false;
	*inside = str_trim(str_sub(text, open + 1, text.n - open - 2));
	return true;
}

/* -10, 7.5, 10.0: tenths, -100..100. */
static bool
tenths(struct str text, int32_t *out)
{
	bool negative;
	struct str whole;
	uint64_t n, tenth = 0;

	text = str_trim(text);
	negative = text.n > 0 && text.p[0] == '-';
	if (negative)
		text = str_sub(text, 1, text.n - 1);
	bool dot = str_find(text, '.') < text.n;
	whole = str_cut(&text, '.');
	if (!str_u64(whole, 10, &n))
		return false;
	if (dot && (text.n != 1 || !str_u64(text, 9, &tenth)))
		return false;
	*out = (int32_t)(n * 10 + tenth);
	if (*out > 100)
		return false;
	if (negative)
		*out = -*out;
	return true;
}

static struct str
lower(struct str s, struct arena *mem)
{
	char *p = arena_strz(mem, s);

	str_lower(p);
	return (struct str){ p, s.n };
}
