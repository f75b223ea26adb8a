/* heap.c - binary heap of nodes ordered by a 64-bit key, smallest first */
#include <stdlib.h>

#include "base/err.h"
#include "base/heap.h"
#include "base/mem.h"

/* Places are 1-based: the children of i are 2i and 2i + 1. */

static void sift_up(struct heap *, struct heap_node *, size_t at);
static void sift_down(struct heap *, struct heap_node *, size_t at);
static void settle(struct heap *, struct heap_node *, size_t at);
static void set(struct heap *, size_t at, struct heap_node *);

void
heap_fini(struct heap *h)
{
	free(h->v);
	*h = (struct heap){ 0 };
}

void
heap_put(struct heap *h, struct heap_node *node, uint64_t key)
{
	if (node->at != 0)
		panic("heap: node is in a heap already");
	if (h->n >= UINT32_MAX)
		panic("heap: full");
	h->v = mem_room(h->v, &h->cap, h->n, sizeof(struct heap_node *));
	h->n++;
	node->key = key;
	sift_up(h, node, h->n);
}

void
heap_remove(struct heap *h, struct heap_node *node)
{
	size_t at = node->at;
	struct heap_node *last;

	if (at == 0)
		return;
	if (at > h->n || h->v[at - 1] != node)
		panic("heap: node is in another heap");
	last = h->v[--h->n];
	node->at = 0;
	if (last != node)
		settle(h, last, at);
}

void
heap_rekey(struct heap *h, struct heap_node *node, uint64_t key)
{
	if (node->at == 0) {
		heap_put(h, node, key);
		return;
	}
	node->key = key;
	settle(h, node, node->at);
}

struct heap_node *
heap_top(const struct heap *h)
{
	return h->n != 0 ? h->v[0] : NULL;
}

struct heap_node *
heap_pop(struct heap *h)
{
	struct heap_node *top = heap_top(h);

	if (top != NULL)
		heap_remove(h, top);
	return top;
}

/* The node belongs at `at` or above or below: put it where it fits. */
static void
settle(struct heap *h, struct heap_node *node, size_t at)
{
	if (at > 1 && h->v[at / 2 - 1]->key > node->key)
		sift_up(h, node, at);
	else
		sift_down(h, node, at);
}

static void
sift_up(struct heap *h, struct heap_node *node, size_t at)
{
	for (; at > 1; at /= 2) {
		struct heap_node *parent = h->v[at / 2 - 1];

		if (parent->key <= node->key)
			break;
		set(h, at, parent);
	}
	set(h, at, node);
}

static void
sift_down(struct heap *h, struct heap_node *node, size_t at)
{
	size_t child;

	for (; (child = at * 2) <= h->n; at = child) {
		if (child < h->n && h->v[child]->key < h->v[child - 1]->key)
			child++;
		if (h->v[child - 1]->key >= node->key)
			break;
		set(h, at, h->v[child - 1]);
	}
	set(h, at, node);
}

static void
set(struct heap *h, size_t at, struct heap_node *node)
{
	h->v[at - 1] = node;
	node->at = (uint32_t)at;
}
