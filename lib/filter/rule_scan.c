/*
 * rule_scan.c - rules about what the text of a message has
 */
#include "filter/content.h"
#include "filter/rules.h"

static enum truth
score(struct eval *e, const struct expr *x, unsigned where)
{
	struct pattern p = pattern_of(&x->args.v[0]);
	uint64_t enough = (uint64_t)x->args.v[1].number, n;

	/* a dictionary that is gone */
	if (p.regex == NULL && p.smart == SMART_NONE && p.dictionary == NULL)
		return NO;
	return content_score(e, &p, where, enough, &n);
}

enum truth
rule_body_contains(struct eval *e, const struct expr *x)
{
	return score(e, x, IN_BODY | IN_ATTACHMENTS);
}

enum truth
rule_only_body_contains(struct eval *e, const struct expr *x)
{
	return score(e, x, IN_BODY);
}

enum truth
rule_attachment_contains(struct eval *e, const struct expr *x)
{
	return score(e, x, IN_ATTACHMENTS);
}

enum truth
rule_dictionary(struct eval *e, const struct expr *x)
{
	return score(e, x, IN_BODY | IN_ATTACHMENTS);
}

enum truth
rule_attachment_dictionary(struct eval *e, const struct expr *x)
{
	return score(e, x, IN_ATTACHMENTS);
}

enum truth
rule_body_dictionary(struct eval *e, const struct expr *x)
{
	return score(e, x, IN_BODY);
}

/* The bytes as they are: no lines, no charset. */
enum truth
rule_attachment_binary(struct eval *e, const struct expr *x)
{
	const struct mime_part *p = NULL;
	bool all = content_is_apart(e);

	while ((p = content_next(e, p)) != NULL) {
		if (content_has_parts(p))
			continue;
		if (!content_may_scan(e, p))
			all = false;
		else if (eval_finds(e, x->args.v[0].regex, content_bytes(e, p)))
			return YES;
	}
	return all ? NO : eval_unscanned(e);
}
