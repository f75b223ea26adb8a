/*
 * problems.c - the list of what is wrong, with places
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/loader.h"

#define PATH_LEN_MAX 1024

static void add_at(
    struct load *, const struct at *, bool warning, const char *fmt, va_list);
static void add(struct load *, const struct config_problem *, char *path,
    const char *fmt, va_list);
static void add_text(struct load *, const struct config_problem *,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void print_path(const struct at *, struct buf *);
static void place(struct config_problem *, const struct at *);

void
config_problems_free(struct config_problems *ps)
{
	for (size_t i = 0; i < ps->n; i++) {
		free((char *)ps->v[i].where.file);
		free(ps->v[i].path);
		free(ps->v[i].text);
	}
	free(ps->v);
	*ps = (struct config_problems){ 0 };
}

void
config_problem_print(const struct config_problem *p, struct buf *out)
{
	buf_printf(out, "%s:%d:%d: ", p->where.file, p->where.line, p->column);
	if (p->path[0] != '\0')
		buf_printf(out, "%s: ", p->path);
	if (p->warning)
		buf_puts(out, "warning: ");
	buf_puts(out, p->text);
}

void
load_error(struct load *ld, const struct at *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_at(ld, at, false, fmt, ap);
	va_end(ap);
}

void
load_warning(struct load *ld, const struct at *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_at(ld, at, true, fmt, ap);
	va_end(ap);
}

void
load_error_mark(struct load *ld, int line, int column, const char *fmt, ...)
{
	struct config_problem p = { .where.line = line, .column = column };
	va_list ap;

	va_start(ap, fmt);
	add(ld, &p, mem_strdup(""), fmt, ap);
	va_end(ap);
}

void
load_warning_where(
    struct load *ld, const struct where *where, const char *fmt, ...)
{
	struct config_problem p = { .warning = true,
		.where.line = where->line > 0 ? where->line : 1,
		.column = 1 };
	const char *file = ld->file;
	va_list ap;

	if (where->line > 0)
		ld->file = where->file;
	va_start(ap, fmt);
	add(ld, &p, mem_strdup(""), fmt, ap);
	va_end(ap);
	ld->file = file;
}

void
load_report(struct load *ld, struct where where, int column, bool warning,
    const char *text)
{
	struct config_problem p = {
		.warning = warning, .where.line = where.line, .column = column
	};
	const char *file = ld->file;

	ld->file = where.file;
	add_text(ld, &p, "%s", text);
	ld->file = file;
}

const char *
load_quote(char out[100], struct str text)
{
	out[0] = '"';
	size_t n = 1 + str_escape(out + 1, 98, text, 60);

	out[n] = '"';
	out[n + 1] = '\0';
	return out;
}

struct at
at_key(const struct at *up, const char *key)
{
	return (
	    struct at){ .up = up, .node = node_get(up->node, key), .key = key };
}

struct at
at_item(const struct at *up, const struct node *item, size_t index)
{
	return (struct at){ .up = up, .node = item, .index = index };
}

struct where
at_where(const struct load *ld, const struct at *at)
{
	struct config_problem p = { .column = 0 };

	place(&p, at);
	return (struct where){ ld->file, p.where.line };
}

static void
add_text(struct load *ld, const struct config_problem *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(ld, p, mem_strdup(""), fmt, ap);
	va_end(ap);
}

/* Takes over path. */
static void
add_at(struct load *ld, const struct at *at, bool warning, const char *fmt,
    va_list ap)
{
	struct config_problem p = { .warning = warning };
	struct buf path;

	buf_init(&path, PATH_LEN_MAX);
	if (!ld->no_paths)
		print_path(at, &path);
	place(&p, at);
	add(ld, &p, buf_take(&path), fmt, ap);
	buf_fini(&path);
}

static void
add(struct load *ld, const struct config_problem *p, char *path,
    const char *fmt, va_list ap)
{
	struct config_problems *ps = ld->problems;
	size_t n_same;
	char text[600];

	n_same = p->warning
		     ? ps->n - (ps->n_errors > PROBLEMS_MAX ? PROBLEMS_MAX
							    : ps->n_errors)
		     : ps->n_errors;
	if (!p->warning)
		ps->n_errors++;
	if (n_same >= PROBLEMS_MAX) {
		free(path);
		return;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	ps->v = mem_room(ps->v, &ps->cap, ps->n, sizeof(*ps->v));
	ps->v[ps->n] = *p;
	ps->v[ps->n].where.file = mem_strdup(ld->file);
	ps->v[ps->n].path = path != NULL ? path : mem_strdup("");
	ps->v[ps->n].text = mem_strdup(text);
	ps->n++;
}

static void
print_path(const struct at *at, struct buf *out)
{
	if (at->up == NULL)
		return;
	print_path(at->up, out);
	if (at->key == NULL)
		buf_printf(out, "[%zu]", at->index);
	else
		buf_printf(out, "%s%s", out->len > 0 ? "." : "", at->key);
}

/* Where the value begins; of what is absent, where it should have been. */
static void
place(struct config_problem *p, const struct at *at)
{
	while (at->node == NULL && at->up != NULL)
		at = at->up;
	p->where.line = at->node != NULL ? at->node->line : 1;
	p->column = at->node != NULL ? at->node->column : 1;
}
