/*
 * order.c - which operand runs first (spec workqueue 2.9)
 *
 * The cheaper one. The order shows in trace, and decides which facts are
 * asked for, so it is fixed here, once, and not found out while running.
 */
#include "filter/source.h"

static bool is_compound(const struct expr *);

void
order_expr(struct expr *e)
{
	const struct expr *l = e->left, *r = e->right;

	switch (e->kind) {
	case EXPR_TEST:
		e->cost = rule_weight(e->rule);
		/* Counting is a side effect: only if nothing else decides. */
		e->last = e->rule->cost == 9;
		break;
	case EXPR_NOT:
		order_expr(e->left);
		e->cost = l->cost;
		e->last = l->last;
		break;
	case EXPR_AND:
	case EXPR_OR:
		order_expr(e->left);
		order_expr(e->right);
		e->cost = l->cost + r->cost;
		e->last = l->last || r->last;
		if (l->last != r->last)
			e->right_first = l->last;
		else if (l->cost != r->cost)
			e->right_first = r->cost < l->cost;
		else
			e->right_first = is_compound(l);
		break;
	}
}

static bool
is_compound(const struct expr *e)
{
	while (e->kind == EXPR_NOT)
		e = e->left;
	return e->kind != EXPR_TEST;
}
