/*
 * node.c - YAML text to a tree of nodes with their places
 *
 * We take libyaml's events, not its documents: only there anchors and tags
 * can be seen and refused, and depth be limited while reading (ADM-07).
 */
#include <string.h>
#include <yaml.h>

#include "base/bounds.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/loader.h"

struct frame {                    /* a list or map that is open */
	struct node *node, *last; /* last: child */
	struct node **tail;
	struct map keys; /* of a map: seen so far */
	bool has_key;
	struct str key;
	int key_line, key_column;
	uint32_t key_from, key_to;
};

struct reader {
	struct load *ld;
	struct node *root;
	struct frame stack[CONFIG_DEPTH_MAX];
	size_t depth;
	bool done; /* the end, or an error that ends it */
	bool failed;
	struct str text;
	/* libyaml counts characters; the same place in bytes */
	size_t at_index, at_byte;
};

static bool read_all(struct reader *, yaml_parser_t *);
static void read_event(struct reader *, const yaml_event_t *);
static void read_scalar(struct reader *, const yaml_event_t *);
static void read_key(struct reader *, struct frame *, const yaml_event_t *);
static void open_node(
    struct reader *, enum node_kind, bool flow, const yaml_event_t *);
static void close_node(struct reader *, const yaml_event_t *);
static struct node *add_node(
    struct reader *, enum node_kind, const yaml_event_t *);
static uint32_t byte_of(struct reader *, const yaml_mark_t *);
static void stop(struct reader *, const yaml_event_t *, const char *text);
static void syntax_error(struct load *, struct str text, const yaml_parser_t *);
static bool has_control(struct str);

struct node *
node_read(struct load *ld, struct str text)
{
	struct reader r = { .ld = ld, .text = text };
	yaml_parser_t parser;

	if (text.n > CONFIG_FILE_MAX) {
		load_error_mark(ld, 1, 1, "the file is larger than %d MiB",
		    CONFIG_FILE_MAX >> 20);
		return NULL;
	}
	if (!yaml_parser_initialize(&parser))
		panic("yaml: out of memory");
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    &parser, (const unsigned char *)(text.n > 0 ? text.p : ""), text.n);
	if (!read_all(&r, &parser)) {
		if (!r.failed)
			syntax_error(ld, text, &parser);
		r.root = NULL;
	} else if (r.root == NULL) {
		r.root = arena_alloc(&ld->scratch, sizeof(*r.root));
		r.root->kind = NODE_MAP;
		r.root->line = r.root->column = 1;
	}
	while (r.depth > 0)
		close_node(&r, NULL);
	yaml_parser_delete(&parser);
	return r.root;
}

const struct node *
node_get(const struct node *map, const char *key)
{
	if (map == NULL || map->kind != NODE_MAP)
		return NULL;
	for (const struct node *n = map->child; n != NULL; n = n->next) {
		if (str_is(n->key, key))
			return n;
	}
	return NULL;
}

bool
node_is_empty(const struct node *n)
{
	return n == NULL ||
	       (n->kind == NODE_SCALAR && n->text.n == 0 && !n->quoted);
}

static bool
read_all(struct reader *r, yaml_parser_t *parser)
{
	while (!r->done) {
		yaml_event_t ev;

		if (!yaml_parser_parse(parser, &ev))
			return false;
		read_event(r, &ev);
		yaml_event_delete(&ev);
	}
	return !r->failed;
}

static void
read_event(struct reader *r, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (r->root != NULL)
			stop(r, ev, "a second document is not allowed");
		return;
	case YAML_ALIAS_EVENT:
		stop(r, ev,
		    "aliases (*name) are not allowed; write the value again");
		return;
	case YAML_SCALAR_EVENT:
		read_scalar(r, ev);
		return;
	case YAML_SEQUENCE_START_EVENT:
		open_node(r, NODE_LIST,
		    ev->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
		    ev);
		return;
	case YAML_MAPPING_START_EVENT:
		open_node(r, NODE_MAP,
		    ev->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
		    ev);
		return;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_node(r, ev);
		return;
	case YAML_STREAM_END_EVENT:
		r->done = true;
		return;
	default:
		return;
	}
}

static void
read_scalar(struct reader *r, const yaml_event_t *ev)
{
	struct frame *f = r->depth > 0 ? &r->stack[r->depth - 1] : NULL;
	struct str text = { (const char *)ev->data.scalar.value,
		ev->data.scalar.length };
	struct node *n;

	if (ev->data.scalar.anchor != NULL || ev->data.scalar.tag != NULL) {
		stop(r, ev, "anchors (&name) and tags (!name) are not allowed");
		return;
	}
	if (has_control(text)) {
		stop(r, ev, "control characters are not allowed");
		return;
	}
	if (f != NULL && f->node->kind == NODE_MAP && !f->has_key) {
		read_key(r, f, ev);
		return;
	}
	n = add_node(r, NODE_SCALAR, ev);
	if (n == NULL)
		return;
	n->to = byte_of(r, &ev->end_mark);
	n->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	n->text = arena_str(&r->ld->scratch, text);
}

static void
read_key(struct reader *r, struct frame *f, const yaml_event_t *ev)
{
	char quoted[100];

	f->key = arena_str(
	    &r->ld->scratch, (struct str){ (const char *)ev->data.scalar.value,
				 ev->data.scalar.length });
	f->key_line = (int)ev->start_mark.line + 1;
	f->key_column = (int)ev->start_mark.column + 1;
	f->key_from = byte_of(r, &ev->start_mark);
	f->key_to = byte_of(r, &ev->end_mark);
	f->has_key = true;
	if (f->key.n == 0)
		stop(r, ev, "a key must not be empty");
	else if (f->key.n > UINT16_MAX)
		stop(r, ev, "the key is too long");
	else if (map_put(&f->keys, f->key, f) != NULL)
		load_error_mark(r->ld, f->key_line, f->key_column,
		    "%s stands here twice; remove one of them",
		    load_quote(quoted, f->key));
}

static void
open_node(
    struct reader *r, enum node_kind kind, bool flow, const yaml_event_t *ev)
{
	const yaml_char_t *anchor = kind == NODE_LIST
					? ev->data.sequence_start.anchor
					: ev->data.mapping_start.anchor;
	const yaml_char_t *tag = kind == NODE_LIST ? ev->data.sequence_start.tag
						   : ev->data.mapping_start.tag;
	struct node *n;

	if (anchor != NULL || tag != NULL) {
		stop(r, ev, "anchors (&name) and tags (!name) are not allowed");
		return;
	}
	if (r->depth == CONFIG_DEPTH_MAX) {
		stop(r, ev, "deeper than 32 levels");
		return;
	}
	n = add_node(r, kind, ev);
	if (n == NULL)
		return;
	n->flow = flow;
	r->stack[r->depth] = (struct frame){ .node = n, .tail = &n->child };
	map_init(&r->stack[r->depth].keys);
	r->depth++;
}

/* ev NULL: reading ended inside. Of block style the end is where the last
 * child ends; the event comes at the next thing below. */
static void
close_node(struct reader *r, const yaml_event_t *ev)
{
	struct frame *f = &r->stack[--r->depth];

	if (f->node->flow && ev != NULL)
		f->node->to = byte_of(r, &ev->end_mark);
	else if (f->last != NULL)
		f->node->to = f->last->to;
	map_fini(&f->keys, NULL);
}

/* Hangs a new node where the reader stands; NULL: the reader was stopped. */
static struct node *
add_node(struct reader *r, enum node_kind kind, const yaml_event_t *ev)
{
	struct frame *f = r->depth > 0 ? &r->stack[r->depth - 1] : NULL;
	struct node *n;

	if (f != NULL && f->node->kind == NODE_MAP && !f->has_key) {
		stop(r, ev,
		    "a key must be plain text; put it in quotes if it begins "
		    "with [ or {");
		return NULL;
	}
	if (++r->ld->n_nodes > NODES_MAX) {
		stop(r, ev, "the configuration has more than 2 million values");
		return NULL;
	}
	n = arena_alloc(&r->ld->scratch, sizeof(*n));
	n->kind = kind;
	n->line = (int)ev->start_mark.line + 1;
	n->column = (int)ev->start_mark.column + 1;
	n->from = n->to = byte_of(r, &ev->start_mark);
	if (f == NULL) {
		r->root = n;
		return n;
	}
	n->key = f->key;
	n->key_line = f->key_line;
	n->key_column = f->key_column;
	n->key_from = f->key_from;
	n->key_to = f->key_to;
	f->last = n;
	f->has_key = false;
	*f->tail = n;
	f->tail = &n->next;
	f->node->n++;
	return n;
}

static uint32_t
byte_of(struct reader *r, const yaml_mark_t *mark)
{
	if (mark->index < r->at_index)
		r->at_index = r->at_byte = 0;
	for (; r->at_index < mark->index && r->at_byte < r->text.n;
	     r->at_index++) {
		do
			r->at_byte++;
		while (r->at_byte < r->text.n &&
		       ((unsigned char)r->text.p[r->at_byte] & 0xc0) == 0x80);
	}
	return (uint32_t)r->at_byte;
}

static void
stop(struct reader *r, const yaml_event_t *ev, const char *text)
{
	load_error_mark(r->ld, (int)ev->start_mark.line + 1,
	    (int)ev->start_mark.column + 1, "%s", text);
	r->done = r->failed = true;
}

static void
syntax_error(struct load *ld, struct str text, const yaml_parser_t *p)
{
	int line = (int)p->problem_mark.line + 1;
	int column = (int)p->problem_mark.column + 1;

	if (p->error == YAML_READER_ERROR) {
		size_t end = p->problem_offset;

		line = column = 1;
		for (size_t i = 0; i < end && i < text.n; i++) {
			column = text.p[i] == '\n' ? 1 : column + 1;
			line += text.p[i] == '\n';
		}
		load_error_mark(
		    ld, line, column, "not UTF-8 text, or a control character");
		return;
	}
	load_error_mark(ld, line, column, "not valid YAML: %s%s%s",
	    p->problem != NULL ? p->problem : "syntax error",
	    p->context != NULL ? " " : "",
	    p->context != NULL ? p->context : "");
}

/* Nothing that a terminal or a log would act on; line ends and tabs are
 * text. UTF-8 is libyaml's check; here the C1 controls in it. */
static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 && c != '\n' && c != '\t')
			return true;
		if (c == 0x7f)
			return true;
		if (c == 0xc2 && i + 1 < s.n &&
		    (unsigned char)s.p[i + 1] < 0xa0)
			return true;
	}
	return false;
}
