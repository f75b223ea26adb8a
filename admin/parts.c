/* parts.c - rules and actions of the filter language, for dialogues */
#include "admin/parts.h"

#include "filter/ast.h"

static void take_args(struct part *, const struct arg_def *);
static struct part_arg take_arg(const struct arg_def *);

bool
part_of_rule(const char *name, struct part *p)
{
	static const size_t signs[] = {
		[OPS_NONE] = 0, [OPS_EQUAL] = 2, [OPS_ORDER] = 6
	};
	const struct rule_def *rule = rule_find(str_of(name));

	if (rule == NULL || rule->missing != NULL)
		return false;
	*p = (struct part){ .name = rule->name,
		.help = rule->help,
		.n_signs = signs[rule->ops],
		.right = take_arg(&rule->right),
		.alone = rule->alone };
	take_args(p, rule->args);
	return true;
}

bool
part_of_action(const char *name, struct part *p)
{
	const struct action_def *action = action_find(str_of(name));

	if (action == NULL || action->missing != NULL)
		return false;
	*p = (struct part){ .name = action->name,
		.help = action->help,
		.final = action->final };
	take_args(p, action->args);
	return true;
}

bool
part_is_final(struct str text)
{
	const struct action_def *action =
	    action_find(str_trim(str_cut(&text, '(')));

	return action != NULL && action->final;
}

static void
take_args(struct part *p, const struct arg_def *defs)
{
	for (size_t i = 0; i < FILTER_ARGS && i < PARTS_ARGS; i++) {
		if (defs[i].type == ARG_NONE)
			break;
		p->args[p->n_args++] = take_arg(&defs[i]);
	}
}

static struct part_arg
take_arg(const struct arg_def *def)
{
	struct part_arg a = { .name = def->name,
		.optional = def->optional,
		.may_empty = def->type == ARG_TEXT || def->type == ARG_SENDER ||
			     def->type == ARG_REGEX,
		.threshold = def->threshold };

	switch (def->type) {
	case ARG_NUMBER:
	case ARG_DECIMAL:
		a.form = PART_NUMBER;
		break;
	case ARG_WORD:
		a.form = PART_WORD;
		a.words = def->words;
		break;
	case ARG_DICTIONARY:
		a.form = PART_NAME;
		a.list = "dictionaries";
		break;
	case ARG_QUARANTINE:
		a.form = PART_NAME;
		a.list = "quarantines";
		break;
	case ARG_DISCLAIMER:
	case ARG_TEMPLATE:
		a.form = PART_NAME;
		a.list = "text_resources";
		break;
	case ARG_LISTENER:
		a.form = PART_NAME;
		a.list = "listeners";
		break;
	default:
		break;
	}
	return a;
}
