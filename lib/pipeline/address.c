/*
 * address.c - addresses at MAIL and RCPT: cutting, judging, completing
 */
#include "pipeline/address.h"

#include "base/mem.h"

static struct str after_bracket(struct str args);
static void refuse(const struct subject *, bool sender, enum addr_problem,
    const struct err *, struct stage_out *);

struct addr_rules
address_rules(const struct listener *l, bool smtputf8)
{
	return (struct addr_rules){ .strict = l->strict_addresses,
		.allow_8bit_user = l->allow_8bit_user,
		.allow_8bit_domain = l->allow_8bit_domain,
		.allow_partial = l->allow_partial,
		.source_route_reject = l->source_route_reject,
		.literal_accept = l->literal_accept,
		.smtputf8 = smtputf8,
		.reject_chars = l->reject_chars };
}

void
address_cut(
    struct str args, struct str *path, struct str *params, struct arena *mem)
{
	static const struct addr_rules widest = { .allow_8bit_user = true,
		.allow_8bit_domain = true,
		.allow_partial = true,
		.literal_accept = true,
		.smtputf8 = true };
	struct addr ignored;

	*path = str_trim(args);
	if (addr_parse_path(
		&ignored, *path, &widest, true, params, mem, NULL) != ADDR_OK)
		*params = after_bracket(*path);
	*path = str_trim(str_sub(*path, 0, path->n - params->n));
}

bool
address_judge(const struct subject *s, bool sender, struct addr *addr,
    struct stage_out *out)
{
	struct addr_rules rules = address_rules(s->listener, s->smtputf8);
	struct err err = ERR_INIT;
	enum addr_problem problem;
	struct str rest;

	/* <postmaster> is for every listener: RFC 5321 4.5.1 */
	if (!sender)
		rules.allow_partial = true;
	problem = addr_parse_path(
	    addr, s->addr_text, &rules, sender, &rest, out->mem, &err);
	if (problem == ADDR_OK && rest.n > 0) {
		problem = ADDR_SYNTAX;
		err_set(&err, ERR_PERM, "text after the address");
	} else if (problem == ADDR_OK && !sender &&
		   !s->listener->allow_partial &&
		   !address_is_complete(addr->domain) &&
		   !str_is_nocase(addr->text, "postmaster")) {
		problem = ADDR_SYNTAX;
		err_set(&err, ERR_PERM, "the domain is not complete");
	}
	if (problem == ADDR_OK)
		return true;
	refuse(s, sender, problem, &err, out);
	return false;
}

struct str
address_complete(struct str addr, struct str domain, struct arena *mem)
{
	struct str has = addr_domain(addr);

	if (addr.n == 0 || domain.n == 0 || address_is_complete(has))
		return addr;
	return str_of(arena_printf(mem, "%.*s%s%.*s", STR_ARG(addr),
	    has.n > 0 ? "." : "@", STR_ARG(domain)));
}

bool
address_is_complete(struct str domain)
{
	return str_find(domain, '.') < domain.n ||
	       (domain.n > 0 && domain.p[0] == '[');
}

/* Behind what cannot be read as an address, there may be parameters all the
 * same, and SMTPUTF8 among them decides how it is refused. */
static struct str
after_bracket(struct str args)
{
	size_t end = args.n;
	struct str rest;

	while (end > 0 && args.p[end - 1] != '>')
		end--;
	rest = str_trim(str_sub(args, end, args.n));
	if (end == 0 || rest.n == 0 || args.p[end] != ' ' ||
	    (rest.p[0] | 0x20) < 'a' || (rest.p[0] | 0x20) > 'z')
		return STR("");
	return rest;
}

static void
refuse(const struct subject *s, bool sender, enum addr_problem problem,
    const struct err *err, struct stage_out *out)
{
	static const struct {
		int code;
		const char *rcpt, *sender, *text;
	} replies[] = {
		[ADDR_SYNTAX] = { 501, "5.1.3", "5.1.7",
		    "syntax error in address" },
		[ADDR_TOO_LONG] = { 501, "5.1.3", "5.1.7", "address too long" },
		[ADDR_CHARS] = { 553, "5.1.3", "5.1.7", "address not allowed" },
		[ADDR_ROUTED] = { 553, "5.1.3", "5.1.7",
		    "source routes are not allowed" },
		[ADDR_8BIT] = { 553, "5.6.7", "5.6.7",
		    "8-bit address without SMTPUTF8" },
	};
	struct note *note = stage_note(out, NOTE_BAD_ADDRESS);

	if (problem >= NELEM(replies) || replies[problem].code == 0)
		panic("no reply for address problem %d", problem);
	note->from = s->addr_text;
	note->text = arena_str(out->mem, str_of(err->text));
	stage_reply(out, replies[problem].code,
	    sender ? replies[problem].sender : replies[problem].rcpt, false,
	    "%s", replies[problem].text);
}
