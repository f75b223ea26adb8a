/*
 * heap.h - binary heap of nodes ordered by a 64-bit key, smallest first
 *
 * Nodes are embedded in the caller's objects (container_of style through
 * HEAP_OBJ) and know their place, so that removing or re-keying is O(log n).
 * The heap owns only its array of pointers.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_node {
	uint64_t key;
	uint32_t at; /* 1-based place in the heap; 0: in none */
};

struct heap {
	struct heap_node **v;
	size_t n, cap;
};

#define HEAP_OBJ(node, type, member)                                           \
	((type *)((char *)(node)-offsetof(type, member)))

void heap_fini(struct heap *h); /* the nodes are not touched */
void heap_put(struct heap *h, struct heap_node *node, uint64_t key);
void heap_remove(struct heap *h, struct heap_node *node); /* absent: fine */
void heap_rekey(struct heap *h, struct heap_node *node, uint64_t key);
struct heap_node *heap_top(const struct heap *h); /* NULL: empty */
struct heap_node *heap_pop(struct heap *h);

#endif
