/*
 * hat_text_print.c - a host access table as text, written
 */
#include "config/access_text.h"
#include "config/hat_index.h"
#include "config/hat_text.h"

static void print_defaults(const struct policy_params *, struct buf *);
static void print_policy(const struct policy *, struct buf *);
static void print_group(const struct hat_group *, struct buf *);
static void print_singles(const struct hat_group *, struct buf *);
static void print_entry(const struct hat_entry *, struct buf *);
static void print_verdict(
    const struct hat_group *, const char *margin, struct buf *);
static void print_block(
    const struct policy *, const char *margin, struct buf *);
static bool has_settings(const struct policy *);

void
hat_text_print(const struct hat *hat, struct buf *out)
{
	print_defaults(&hat->defaults, out);
	for (size_t i = 0; i < hat->n_policies; i++)
		print_policy(&hat->policies[i], out);
	for (size_t i = 0; i < hat->n_groups; i++)
		print_group(&hat->groups[i], out);
}

/* All of them, so that they do not depend on where they are read. */
static void
print_defaults(const struct policy_params *p, struct buf *out)
{
	buf_puts(out, "DEFAULTS {\n");
	for (size_t i = 0; i < MFP_N; i++) {
		const struct schema_key *key = &schema_policy_params.keys[i];

		if (!(key->flags & KEY_NOT_YET))
			block_print(out, "    ", key, p);
	}
	buf_puts(out, "}\n");
}

static void
print_policy(const struct policy *p, struct buf *out)
{
	buf_printf(out, "%.*s\n    %s", STR_ARG(p->name),
	    behaviour_name(p->behaviour));
	print_block(p, "    ", out);
	buf_putc(out, '\n');
}

static void
print_group(const struct hat_group *g, struct buf *out)
{
	if (g->n_entries == 1 && g->entries[0].kind == HAT_ALL) {
		buf_puts(out, "ALL\n");
		print_verdict(g, "    ", out);
		return;
	}
	if (g->name.n == 0) {
		print_singles(g, out);
		return;
	}
	buf_printf(out, "%.*s:\n", STR_ARG(g->name));
	for (size_t i = 0; i < g->n_entries; i++) {
		buf_puts(out, "    ");
		print_entry(&g->entries[i], out);
	}
	print_verdict(g, "        ", out);
}

/* In the order in which the group would have found them. */
static void
print_singles(const struct hat_group *g, struct buf *out)
{
	for (int rank = 0; rank < HAT_RANKS; rank++) {
		for (size_t i = 0; i < g->n_entries; i++) {
			if (hat_entry_rank(g->entries[i].kind) != rank)
				continue;
			print_entry(&g->entries[i], out);
			print_verdict(g, "    ", out);
		}
	}
}

/* Scores have one form whatever was written (receiving 4.2). */
static void
print_entry(const struct hat_entry *e, struct buf *out)
{
	if (e->kind == HAT_SCORE)
		buf_printf(out, "sbrs[%.1f:%.1f]", e->score.lo / 10.0,
		    e->score.hi / 10.0);
	else if (e->kind == HAT_SCORE_NONE)
		buf_puts(out, "sbrs[none]");
	else
		buf_add_str(out, e->text);
	if (e->comment.n > 0) {
		buf_puts(out, " (");
		print_comment(out, e->comment);
		buf_putc(out, ')');
	}
	buf_putc(out, '\n');
}

static void
print_verdict(const struct hat_group *g, const char *margin, struct buf *out)
{
	const struct policy *p = g->policy;

	buf_puts(out, margin);
	if (p->name.n > 0) {
		buf_add_str(out, p->name);
	} else {
		buf_puts(out, behaviour_name(p->behaviour));
		print_block(p, margin, out);
	}
	if (g->comment.n > 0) {
		buf_puts(out, " (");
		print_comment(out, g->comment);
		buf_putc(out, ')');
	}
	buf_putc(out, '\n');
}

/* What the policy sets, from " {" to "}". */
static void
print_block(const struct policy *p, const char *margin, struct buf *out)
{
	char deeper[16];

	if (!has_settings(p))
		return;
	str_copy(deeper, sizeof(deeper), str_of(margin));
	str_copy(deeper + str_of(margin).n, 5, STR("    "));
	buf_puts(out, " {\n");
	for (size_t i = 0; i < MFP_N; i++) {
		if (p->set[i])
			block_print(
			    out, deeper, &schema_policy_params.keys[i], &p->p);
	}
	buf_printf(out, "%s}", margin);
}

static bool
has_settings(const struct policy *p)
{
	for (size_t i = 0; i < MFP_N; i++) {
		if (p->set[i])
			return true;
	}
	return false;
}
