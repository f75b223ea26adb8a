/*
 * rule_forged.c - does the name in From look like one of ours?
 *
 * Similarity of two names, 0 to 100: how few letters must be put in, taken
 * out or changed to make one of the other, in proportion to the longer one.
 * Case and what separates words do not count. Spec workqueue 2.8.
 */
#include "base/mem.h"
#include "filter/content.h"
#include "filter/rules.h"
#include "mail/addr.h"

#define NAME_LEN_MAX 128

struct plain { /* letters and digits alone, lower case */
	char p[NAME_LEN_MAX];
	size_t n;
};

static void
plain(struct str s, struct plain *out)
{
	out->n = 0;
	for (size_t i = 0; i < s.n && out->n < NAME_LEN_MAX; i++) {
		char c = s.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    (unsigned char)c >= 0x80)
			out->p[out->n++] = c;
	}
}

static unsigned
similarity(const struct plain *a, const struct plain *b)
{
	size_t row[NAME_LEN_MAX + 1], most = a->n > b->n ? a->n : b->n;

	if (a->n == 0 || b->n == 0)
		return 0;
	for (size_t j = 0; j <= b->n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a->n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b->n; j++) {
			size_t best = corner + (a->p[i - 1] != b->p[j - 1]);

			corner = row[j];
			best = best < row[j] + 1 ? best : row[j] + 1;
			best = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
			row[j] = best;
		}
	}
	return (unsigned)(100 * (most - row[b->n]) / most);
}

/* The display name of a From field: what stands before its address. */
static struct str
display_name(struct str from)
{
	return str_trim(str_sub(from, 0, str_find(from, '<')));
}

enum truth
rule_forged(struct eval *e, const struct expr *x)
{
	const struct dictionary *d = x->args.v[0].dictionary;
	unsigned enough = (unsigned)x->args.v[1].number;
	const struct str *addrs;
	size_t n = eval_addresses(e, STR("From"), &addrs);
	struct plain names[2] = { { .n = 0 }, { .n = 0 } }, term;
	struct str from;

	if (d == NULL || !eval_field(e, STR("From"), 0, &from))
		return NO;
	eval_saw(e, from);
	plain(display_name(from), &names[0]);
	if (n > 0)
		plain(addr_local(addrs[0]), &names[1]);
	for (size_t i = 0; i < d->n_terms; i++) {
		plain(d->terms[i].text, &term);
		for (size_t k = 0; k < NELEM(names); k++)
			if (similarity(&term, &names[k]) >= enough)
				return YES;
	}
	return NO;
}
