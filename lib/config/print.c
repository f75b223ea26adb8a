/*
 * print.c - the configuration in normal form
 *
 * One key per line, two blanks per level, in the order of the schema. What
 * stands there loads to the same tree. Without defaults only what differs
 * from them is written.
 */
#include "base/mem.h"
#include "config/loader.h"
#include "config/mask.h"

#define TEXT_MAX ((size_t)1 << 20)

static void print_key(struct print *, const struct schema_key *,
    const void *object, const void *base);
static void print_list(
    struct print *, const struct schema_key *, const void *object);
static void print_objects(
    struct print *, const struct schema_key *, const char *v, size_t n);
static enum default_column column_of(
    const struct schema_section *, const void *object);
static void open_level(struct print *, const char *key);
static void margin(struct print *);

void
config_print(const struct config *c, bool with_defaults, struct buf *out)
{
	struct print p = { .out = out, .all = with_defaults };
	struct config *base;

	arena_init(&p.mem, TEXT_MAX);
	base = arena_alloc(&p.mem, sizeof(*base));
	schema_defaults(&schema_top, DEFAULT_PUBLIC, base, &p.mem);
	print_section(&p, &schema_top, c, base);
	arena_free(&p.mem);
}

void
print_section(struct print *p, const struct schema_section *s,
    const void *object, const void *base)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_key *key = &s->keys[i];

		if (key->name == NULL)
			print_section(p, key->section,
			    (const char *)object + key->off,
			    (const char *)base + key->off);
		else
			print_key(p, key, object, base);
	}
}

void
print_value(struct print *p, const struct schema_key *key, const void *object,
    const void *base)
{
	struct buf now, dflt;

	if (p->inherits && key->flags & KEY_DEFAULT_ONLY)
		return;
	buf_init(&now, TEXT_MAX);
	buf_init(&dflt, TEXT_MAX);
	key->type->print(key, (const char *)object + key->off, &now);
	if (base != NULL)
		key->type->print(key, (const char *)base + key->off, &dflt);
	if (base == NULL || p->all || key->flags & KEY_REQUIRED ||
	    !str_eq(buf_str(&now), buf_str(&dflt)))
		print_line(p, key->name,
		    key->flags & KEY_SECRET && now.len > 0 ? STR(MASK)
							   : buf_str(&now));
	buf_fini(&now);
	buf_fini(&dflt);
}

void
print_line(struct print *p, const char *key, struct str value)
{
	margin(p);
	print_scalar(p->out, str_of(key));
	buf_puts(p->out, ": ");
	print_scalar(p->out, value);
	buf_putc(p->out, '\n');
}

void
print_open(struct print *p, const char *key)
{
	open_level(p, key);
}

void
print_close(struct print *p)
{
	if (p->n_opened > 0)
		p->n_opened--;
	p->depth--;
}

void
print_begin_item(struct print *p)
{
	open_level(p, NULL);
}

/* One without keys is all defaults. */
void
print_end_item(struct print *p)
{
	if (p->n_opened > 0) {
		margin(p);
		buf_puts(p->out, "{}\n");
	}
	p->depth--;
}

void
print_item(struct print *p, struct str value)
{
	print_begin_item(p);
	margin(p);
	print_scalar(p->out, value);
	buf_putc(p->out, '\n');
	print_end_item(p);
}

static void
print_key(struct print *p, const struct schema_key *key, const void *object,
    const void *base)
{
	if (key->custom.print != NULL) {
		key->custom.print(p, object);
	} else if (key->list) {
		print_list(p, key, object);
	} else if (key->section != NULL) {
		print_open(p, key->name);
		print_section(p, key->section, (const char *)object + key->off,
		    (const char *)base + key->off);
		print_close(p);
	} else if (key->type != NULL) {
		print_value(p, key, object, base);
	}
}

static void
print_list(struct print *p, const struct schema_key *key, const void *object)
{
	const char *v = *(char *const *)((const char *)object + key->off);
	size_t n = *(const size_t *)((const char *)object + key->n_off);

	print_open(p, key->name);
	if (key->section != NULL) {
		print_objects(p, key, v, n);
		print_close(p);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct buf text;

		buf_init(&text, TEXT_MAX);
		key->type->print(key, v + i * key->width, &text);
		print_item(
		    p, key->flags & KEY_SECRET ? STR(MASK) : buf_str(&text));
		buf_fini(&text);
	}
	print_close(p);
}

static void
print_objects(
    struct print *p, const struct schema_key *key, const char *v, size_t n)
{
	const struct schema_section *s = key->section;
	char *base[DEFAULT_N];

	for (int c = 0; c < DEFAULT_N; c++) {
		base[c] = arena_alloc(&p->mem, s->size);
		schema_defaults(s, c, base[c], &p->mem);
	}
	for (size_t i = 0; i < n; i++) {
		const char *item = v + i * s->size;
		const struct where *where = (const void *)(item + s->where);
		bool inherits = key->flags & KEY_INHERIT && i > 0;

		/* Default, and nobody wrote it */
		if (key->flags & KEY_INHERIT && where->line == 0 && !p->all)
			continue;
		p->inherits = inherits;
		p->column = column_of(s, item);
		print_begin_item(p);
		print_section(p, s, item, inherits ? v : base[p->column]);
		print_end_item(p);
	}
	p->inherits = false;
	p->column = DEFAULT_PUBLIC;
}

static enum default_column
column_of(const struct schema_section *s, const void *object)
{
	const struct listener *l = object;

	return s != &schema_listener || l->type == LISTENER_PUBLIC
		   ? DEFAULT_PUBLIC
		   : DEFAULT_PRIVATE;
}

static void
open_level(struct print *p, const char *key)
{
	if (p->n_opened == PRINT_OPEN_MAX)
		panic("print: more than %d levels", PRINT_OPEN_MAX);
	p->opened[p->n_opened++] = key;
	p->depth++;
}

/* Writes what was opened and not written, then the blanks of this line. */
static void
margin(struct print *p)
{
	int depth = p->depth - p->n_opened;
	bool begun = false; /* the line */

	for (int i = 0; i < p->n_opened; i++, depth++) {
		if (!begun)
			buf_printf(p->out, "%*s", 2 * depth, "");
		begun = p->opened[i] == NULL;
		if (begun) {
			buf_puts(p->out, "- ");
		} else {
			print_scalar(p->out, str_of(p->opened[i]));
			buf_puts(p->out, ":\n");
		}
	}
	p->n_opened = 0;
	if (!begun)
		buf_printf(p->out, "%*s", 2 * depth, "");
}
