/*
 * automaton.c - many words, one pass
 *
 * While words are added it is a tree; children of a node are a list. In the
 * end nodes are put in order of depth, so that the nearest to the root, where
 * a text spends its time, come first and have the rows.
 */
#include "filter/automaton.h"

#include <string.h>

#include "base/mem.h"

#define NONE AUTOMATON_NONE

/* What was read so far is the beginning of a word. fail: the longest end of
 * it that is one, too. */
struct automaton_node {
	uint32_t child, next; /* first child, sibling; NONE */
	uint32_t fail;
	uint32_t word;    /* number of the word that ends here; NONE */
	uint32_t shorter; /* nearest fail that ends a word; NONE */
	uint8_t c;
};

static uint8_t fold(const struct automaton *, char c);
static uint32_t child_of(const struct automaton *, uint32_t node, uint8_t c);
static uint32_t add_child(struct automaton *, uint32_t node, uint8_t c);
static void order_by_depth(struct automaton *);
static void link_fails(struct automaton *);
static void make_classes(struct automaton *);
static void make_rows(struct automaton *, size_t most);
static void make_pairs(struct automaton *);
static void add_pairs(struct automaton *, unsigned first, unsigned second);
static uint32_t marked(const struct automaton *, uint32_t node);

void
automaton_init(struct automaton *a, bool nocase, struct arena *mem)
{
	*a = (struct automaton){ .nocase = nocase, .mem = mem, .n = 1 };
	a->cap = 64;
	a->nodes = arena_array(mem, a->cap, sizeof(*a->nodes));
	a->nodes[0] = (struct automaton_node){ NONE, NONE, 0, NONE, NONE, 0 };
}

uint32_t *
automaton_add(struct automaton *a, struct str word)
{
	uint32_t at = 0;

	for (size_t i = 0; i < word.n; i++) {
		uint8_t c = fold(a, word.p[i]);
		uint32_t next = child_of(a, at, c);

		at = next != NONE ? next : add_child(a, at, c);
	}
	return &a->nodes[at].word;
}

void
automaton_end(struct automaton *a, size_t most)
{
	order_by_depth(a);
	link_fails(a);
	make_classes(a);
	make_rows(a, most);
	make_pairs(a);
}

uint32_t
automaton_walk(const struct automaton *a, uint32_t at, uint8_t byte)
{
	uint8_t c = fold(a, (char)byte);

	for (;;) {
		uint32_t to = child_of(a, at, c);

		if (to != NONE)
			return marked(a, to);
		at = a->nodes[at].fail;
		/* less deep: sooner or later it has a row */
		if (at < a->n_rows)
			return automaton_step(a, at, (char)byte);
	}
}

uint32_t
automaton_word(const struct automaton *a, uint32_t *at)
{
	const struct automaton_node *n;

	if (*at == NONE)
		return NONE;
	*at &= ~AUTOMATON_HIT;
	n = &a->nodes[*at];
	if (n->word == NONE && n->shorter != NONE)
		n = &a->nodes[n->shorter];
	*at = n->shorter;
	return n->word;
}

static uint8_t
fold(const struct automaton *a, char c)
{
	return a->nocase && c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32)
						 : (uint8_t)c;
}

static uint32_t
child_of(const struct automaton *a, uint32_t node, uint8_t c)
{
	uint32_t i = a->nodes[node].child;

	while (i != NONE && a->nodes[i].c != c)
		i = a->nodes[i].next;
	return i;
}

static uint32_t
add_child(struct automaton *a, uint32_t node, uint8_t c)
{
	uint32_t i = a->n;

	if (i == a->cap) {
		struct automaton_node *more =
		    arena_array(a->mem, 2 * (size_t)a->cap, sizeof(*more));

		memcpy(more, a->nodes, a->cap * sizeof(*more));
		a->nodes = more;
		a->cap *= 2;
	}
	a->nodes[i] = (struct automaton_node){ .child = NONE,
		.next = a->nodes[node].child,
		.word = NONE,
		.shorter = NONE,
		.c = c };
	a->nodes[node].child = i;
	a->n++;
	return i;
}

/* The new order is the queue of a walk in breadth; `fail` keeps the new
 * number of each old node meanwhile. */
static void
order_by_depth(struct automaton *a)
{
	struct automaton_node *sorted =
	    arena_array(a->mem, a->n, sizeof(*sorted));
	uint32_t *queue = arena_array(a->mem, a->n, sizeof(*queue));
	uint32_t tail = 1;

	for (uint32_t head = 0; head < tail; head++)
		for (uint32_t i = a->nodes[queue[head]].child; i != NONE;
		     i = a->nodes[i].next) {
			a->nodes[i].fail = tail;
			queue[tail++] = i;
		}
	for (uint32_t i = 0; i < a->n; i++) {
		struct automaton_node *n = &sorted[i];

		*n = a->nodes[queue[i]];
		if (n->child != NONE)
			n->child = a->nodes[n->child].fail;
		if (n->next != NONE)
			n->next = a->nodes[n->next].fail;
	}
	a->nodes = sorted;
	a->cap = a->n;
}

/* In order of depth, so that the fails of shorter ones are there. */
static void
link_fails(struct automaton *a)
{
	a->nodes[0].fail = 0;
	for (uint32_t at = 0; at < a->n; at++)
		for (uint32_t i = a->nodes[at].child; i != NONE;
		     i = a->nodes[i].next) {
			uint32_t f = at, to = NONE;

			while (f != 0 && to == NONE) {
				f = a->nodes[f].fail;
				to = child_of(a, f, a->nodes[i].c);
			}
			to = to == NONE ? 0 : to;
			a->nodes[i].fail = to;
			a->nodes[i].shorter = a->nodes[to].word != NONE
						  ? to
						  : a->nodes[to].shorter;
		}
}

static void
make_classes(struct automaton *a)
{
	a->n_classes = 1;
	for (uint32_t i = 1; i < a->n; i++)
		if (a->classes[a->nodes[i].c] == 0)
			a->classes[a->nodes[i].c] = (uint16_t)a->n_classes++;
	for (int c = 'A'; c <= 'Z' && a->nocase; c++)
		a->classes[c] = a->classes[c + 32];
}

/* The root has one in any case. */
static void
make_rows(struct automaton *a, size_t most)
{
	size_t n = most / (a->n_classes * sizeof(*a->rows));
	uint8_t bytes[257] = { 0 }; /* one of each class */

	for (int c = 255; c >= 0; c--)
		bytes[a->classes[c]] = fold(a, (char)c);
	a->n_rows = n < 1 ? 1 : n < a->n ? (uint32_t)n : a->n;
	a->rows = arena_array(
	    a->mem, (size_t)a->n_rows * a->n_classes, sizeof(*a->rows));
	for (uint32_t at = 0; at < a->n_rows; at++) {
		uint32_t *row = a->rows + (size_t)at * a->n_classes;
		uint32_t *of_fail =
		    a->rows + (size_t)a->nodes[at].fail * a->n_classes;

		for (uint32_t k = 1; k < a->n_classes; k++) {
			uint32_t to = child_of(a, at, bytes[k]);

			row[k] = to != NONE ? marked(a, to)
				 : at != 0  ? of_fail[k]
					    : 0;
		}
	}
}

/* After a word of one byte anything may come. */
static void
make_pairs(struct automaton *a)
{
	a->pairs = arena_array(a->mem, 65536 / 64, sizeof(*a->pairs));
	for (uint32_t i = a->nodes[0].child; i != NONE; i = a->nodes[i].next) {
		const struct automaton_node *n = &a->nodes[i];

		for (unsigned c = 0; c < 256 && n->word != NONE; c++)
			add_pairs(a, n->c, c);
		for (uint32_t k = n->child; k != NONE; k = a->nodes[k].next)
			add_pairs(a, n->c, a->nodes[k].c);
	}
}

/* In either case. */
static void
add_pairs(struct automaton *a, unsigned first, unsigned second)
{
	unsigned firsts[2] = { first, first }, seconds[2] = { second, second };

	if (a->nocase && first >= 'a' && first <= 'z')
		firsts[1] = first - 32;
	if (a->nocase && second >= 'a' && second <= 'z')
		seconds[1] = second - 32;
	for (int i = 0; i < 4; i++) {
		unsigned pair = firsts[i / 2] << 8 | seconds[i % 2];

		a->pairs[pair / 64] |= (uint64_t)1 << pair % 64;
	}
}

static uint32_t
marked(const struct automaton *a, uint32_t node)
{
	const struct automaton_node *n = &a->nodes[node];

	return n->word != NONE || n->shorter != NONE ? node | AUTOMATON_HIT
						     : node;
}
