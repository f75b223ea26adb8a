/*
 * rule_header.c - rules about header fields
 */
#include <string.h>

#include "filter/content.h"
#include "filter/rules.h"
#include "filter/texts.h"
#include "mail/addr.h"
#include "mail/header.h"
#include "mail/mime.h"

#define FIELDS_MAX  1000 /* of one name that are looked at */
#define REPEATS_MAX 500  /* bytes of a text that is counted */

static enum truth
try_field(struct eval *e, const struct expr *x, struct str name)
{
	struct attempt a = eval_attempt(e, x);
	struct str text;

	for (size_t i = 0;
	     i < FIELDS_MAX && !a.found && eval_field(e, name, i, &text); i++)
		eval_try(&a, text);
	return eval_tried(&a);
}

enum truth
rule_subject(struct eval *e, const struct expr *x)
{
	return try_field(e, x, STR("Subject"));
}

enum truth
rule_header(struct eval *e, const struct expr *x)
{
	struct str name = x->args.v[0].text;
	struct str value;

	if (x->cmp == CMP_NONE && !texts_raw_field(e->w, name, 0, &value))
		return NO;
	if (x->cmp == CMP_NONE) {
		eval_saw(e, str_trim(value));
		return YES;
	}
	return try_field(e, x, name);
}

enum truth
rule_addr_count(struct eval *e, const struct expr *x)
{
	const struct str *v;
	size_t n = 0;

	for (size_t i = 0; i < x->args.n; i++)
		n += eval_addresses(e, x->args.v[i].text, &v);
	saw_number(e, (int64_t)n);
	return eval_number(x, (int64_t)n, x->value.number);
}

/* --- dictionaries on short texts: any term --- */

static enum truth
any_field(struct eval *e, const struct dictionary *d, struct str name)
{
	struct str text;

	for (size_t i = 0; i < FIELDS_MAX && eval_field(e, name, i, &text); i++)
		if (dictionary_finds(e, d, text))
			return YES;
	return NO;
}

enum truth
rule_subject_dictionary(struct eval *e, const struct expr *x)
{
	return any_field(e, x->args.v[0].dictionary, STR("Subject"));
}

enum truth
rule_header_dictionary(struct eval *e, const struct expr *x)
{
	return any_field(e, x->args.v[0].dictionary, x->args.v[1].text);
}

enum truth
rule_mail_from_dictionary(struct eval *e, const struct expr *x)
{
	return truth_of(
	    dictionary_finds(e, x->args.v[0].dictionary, e->w->sender));
}

enum truth
rule_rcpt_to_dictionary(struct eval *e, const struct expr *x)
{
	for (size_t i = 0; i < e->w->n_rcpts; i++)
		if (dictionary_finds(
			e, x->args.v[0].dictionary, e->w->rcpts[i].addr))
			return YES;
	return NO;
}

/* --- who authenticated (2.8.1) --- */

/* The user part without what follows the last sieve character. */
static struct str
sieved(struct str local, struct str sieve)
{
	size_t at = sieve.n == 1 ? str_rfind(local, sieve.p[0]) : local.n;

	return str_sub(local, 0, at);
}

static bool
is_user(struct str user, struct str addr, struct str sieve)
{
	struct str local = sieved(addr_local(addr), sieve);

	if (!str_eq_nocase(
		addr_domain(user).n > 0 ? addr_local(user) : user, local))
		return false;
	return addr_domain(user).n == 0 ||
	       str_eq_nocase(addr_domain(user), addr_domain(addr));
}

enum truth
rule_auth_id(struct eval *e, const struct expr *x)
{
	struct str user = e->w->origin->user;
	struct str sieve = x->args.n > 1 ? x->args.v[1].text : STR("");
	const struct str *v = &e->w->sender;
	size_t n = 1;

	eval_saw(e, user);
	switch ((enum auth_target)x->args.v[0].number) {
	case AUTH_ANY:
		return truth_of(user.n > 0);
	case AUTH_NONE:
		return truth_of(user.n == 0);
	case AUTH_FROM:
		n = eval_addresses(e, STR("From"), &v);
		break;
	case AUTH_SENDER:
		n = eval_addresses(e, STR("Sender"), &v);
		break;
	case AUTH_ENVELOPE:
		break;
	}
	for (size_t i = 0; user.n > 0 && i < n; i++) {
		eval_saw(e, v[i]);
		if (is_user(user, v[i], sieve))
			return YES;
	}
	return NO;
}

/* --- how often (2.8.4) --- */

enum truth
rule_header_repeats(struct eval *e, const struct expr *x)
{
	static const char *const whats[] = { "subject", "mail-from" };
	const char *direction = "both";
	const struct fact_answer *a;
	struct str text = e->w->sender, key;

	if (x->args.v[0].number == 0 &&
	    !eval_field(e, STR("Subject"), 0, &text))
		text = STR("");
	if (text.n == 0)
		return NO;
	if (x->args.n > 2 && x->args.v[2].text.n > 0) {
		bool out = x->args.v[2].number == 1;

		if (out != (e->w->origin->direction == OUTGOING))
			return NO;
		direction = out ? "outgoing" : "incoming";
	}
	text = str_sub(text, 0, REPEATS_MAX);
	key = str_of(arena_printf(e->w->mem, "%s %s %.*s",
	    whats[x->args.v[0].number], direction, (int)text.n, text.p));
	a = fact_find(e->w->facts, FACT_REPEATS, key);
	if (a == NULL)
		return eval_lacks(e, FACT_REPEATS, key);
	eval_saw(e, text);
	saw_number(e, (int64_t)a->number);
	return truth_of(a->number >= (uint64_t)x->args.v[1].number);
}
