/*
 * table_draft.c - the text of a table as lines and items; what comes of them
 */
#include "config/table_draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "mail/addr.h"

static struct str take_line(struct draft *);
static bool says_nothing(struct str line);
static bool is_blank(char c);
static bool line_ok(struct draft *);
static const char *bad_byte(struct str);
static size_t entry_limit(const struct draft *);
static size_t item_length(struct str, const char *stops);

bool
draft_next(struct draft *d, bool continued)
{
	for (;;) {
		struct str rest;
		int next;

		do {
			if (d->rest.n == 0 || d->full)
				return false;
			d->line_number = d->next_line;
			d->line = take_line(d);
		} while (says_nothing(d->line));
		rest = d->rest;
		next = d->next_line;
		while (continued && d->rest.n > 0) {
			struct str more = take_line(d);

			if (says_nothing(more))
				continue;
			if (!is_blank(more.p[0]))
				break;
			d->line.n = (size_t)(more.p + more.n - d->line.p);
			rest = d->rest;
			next = d->next_line;
		}
		d->rest = rest;
		d->next_line = next;
		if (line_ok(d))
			return true;
	}
}

void
draft_error(struct draft *d, const char *at, const char *fmt, ...)
{
	const char *start = d->line.p;
	int line = d->line_number;
	char text[500];
	va_list ap;

	for (const char *c = start; c < at; c++) {
		if (*c == '\n') {
			line++;
			start = c + 1;
		}
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	load_error_mark(&d->load, line, (int)(at - start) + 1, "%s", text);
}

void
draft_warning(struct draft *d, int line, const char *fmt, ...)
{
	struct node mark = { .line = line, .column = 1 };
	struct at at = { .node = &mark };
	char text[500];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	load_warning(&d->load, &at, "%s", text);
}

bool
draft_entry(struct draft *d)
{
	if (d->n_entries == entry_limit(d)) {
		draft_error(
		    d, d->line.p, "more than %zu entries", entry_limit(d));
		d->full = true;
		return false;
	}
	d->entries = mem_room(
	    d->entries, &d->entries_cap, d->n_entries, sizeof(*d->entries));
	d->entries[d->n_entries++] =
	    (struct draft_entry){ .line = d->line_number };
	return true;
}

void
draft_sides(struct draft *d, struct str left, struct str right)
{
	/* In normal form they may be longer than they were in the line. */
	if (left.n + right.n > TABLE_LINE_MAX) {
		draft_error(d, d->line.p, "the entry is longer than %d bytes",
		    TABLE_LINE_MAX);
		return;
	}
	d->entries[d->n_entries - 1].left = left;
	d->entries[d->n_entries - 1].right = right;
}

void
draft_key(struct draft *d, int shape, struct str key)
{
	if (d->n_keys == TABLE_KEYS_MAX) {
		if (!d->full)
			draft_error(d, d->line.p,
			    "more than %d addresses, each counted in each "
			    "domain of its context",
			    TABLE_KEYS_MAX);
		d->full = true;
		return;
	}
	d->keys = mem_room(d->keys, &d->keys_cap, d->n_keys, sizeof(*d->keys));
	d->keys[d->n_keys++] =
	    (struct draft_key){ key, (uint32_t)(d->n_entries - 1) };
	d->shapes |= (uint32_t)shape;
}

struct str
draft_item(struct str *rest, const char *stops)
{
	struct str item;

	draft_skip(rest);
	item = str_sub(*rest, 0, item_length(*rest, stops));
	*rest = str_sub(*rest, item.n, rest->n);
	return item;
}

void
draft_skip(struct str *rest)
{
	while (rest->n > 0 && is_blank(rest->p[0])) {
		bool next = rest->p[0] == '\n';

		*rest = str_sub(*rest, 1, rest->n);
		if (next &&
		    says_nothing(str_sub(*rest, 0, str_find(*rest, '\n'))))
			*rest = str_sub(*rest, str_find(*rest, '\n'), rest->n);
	}
}

struct str
draft_target(struct draft *d, struct str item)
{
	struct err err = ERR_INIT;
	struct addr addr;
	char quoted[100];

	if (addr_parse(&addr, item, &d->mem, &err) == ADDR_OK &&
	    addr.domain.n > 0)
		return addr.text;
	draft_error(d, item.p, "%s is no address such as joe@example.com%s%s",
	    load_quote(quoted, item), err.text[0] != '\0' ? ": " : "",
	    err.text);
	return (struct str){ "", 0 };
}

/* Without CR LF; what is left begins behind it. */
static struct str
take_line(struct draft *d)
{
	struct str line = str_cut(&d->rest, '\n');

	d->next_line++;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool
says_nothing(struct str line)
{
	for (size_t i = 0; i < line.n; i++) {
		if (!is_blank(line.p[i]))
			return line.p[i] == '#';
	}
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
line_ok(struct draft *d)
{
	const char *bad = bad_byte(d->line);

	if (d->line.n > TABLE_LINE_MAX)
		draft_error(d, d->line.p, "the line is longer than %d bytes",
		    TABLE_LINE_MAX);
	else if (bad != NULL)
		draft_error(d, bad, "the byte 0x%02x cannot stand here",
		    (unsigned char)*bad);
	else if (!str_valid_utf8(d->line))
		draft_error(d, d->line.p, "the line is not UTF-8");
	else
		return true;
	return false;
}

/* CR only where a line ends. */
static const char *
bad_byte(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
		    c == 0x7f ||
		    (c == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n')))
			return s.p + i;
	}
	return NULL;
}

static size_t
entry_limit(const struct draft *d)
{
	return d->kind == TABLE_DOMAIN_MAP ? TABLE_MAP_MAX : TABLE_MAX;
}

static size_t
item_length(struct str s, const char *stops)
{
	bool quoted = false, bracket = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\n')
			return i;
		if (quoted && c == '\\' && i + 1 < s.n)
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '[' || (bracket && c == ']')))
			bracket = c == '[';
		else if (!quoted &&
			 (is_blank(c) || (!bracket && strchr(stops, c))))
			return i;
	}
	return s.n;
}
