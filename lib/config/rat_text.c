/*
 * rat_text.c - a recipient access table as text, read and written
 *
 *	line = pattern ( "ACCEPT" | "REJECT" ) [ "(" code [ text ] ")" ]
 *	       [ "{" block ]
 *
 * A pattern has blanks only inside of quotes. A line that begins with # is a
 * comment; a blank before it makes it an address.
 */
#include "config/access_text.h"
#include "config/hat_text.h"

static void read_entry(struct lines *, struct grow *table);
static struct str cut_pattern(struct str *line);
static void print_entry(const struct rat_entry *, struct buf *);
static bool has_flags(const struct rat_entry *);

struct node *
rat_text_read(struct load *ld, struct str text)
{
	struct lines l;
	struct grow table;

	lines_begin(&l, ld, text);
	l.keep_hash = true;
	table = grow_begin(&l, NODE_LIST, text);
	while (lines_next(&l))
		read_entry(&l, &table);
	return table.node;
}

void
rat_text_print(const struct rat *rat, struct buf *out)
{
	for (size_t i = 0; i < rat->n; i++)
		print_entry(&rat->entries[i], out);
}

static void
read_entry(struct lines *l, struct grow *table)
{
	struct grow map = grow_begin(l, NODE_MAP, l->text);
	struct str rest = l->text, pattern = cut_pattern(&rest);
	struct str word = str_sub(rest, 0, 6), reply = STR("");
	bool accept = str_is_nocase(word, "ACCEPT"), block, good;

	rest = str_trim(str_sub(rest, 6, rest.n));
	block = rest.n > 0 && rest.p[rest.n - 1] == '{';
	if (block)
		rest = str_trim(str_sub(rest, 0, rest.n - 1));
	good = (accept || str_is_nocase(word, "REJECT")) &&
	       (rest.n == 0 || parenthesized(rest, &reply));
	if (!good)
		lines_error(l, l->text,
		    "must be a recipient, then ACCEPT or REJECT, then, if "
		    "wanted, (code text) and { at the end of the line");
	grow_put(
	    &map, accept ? "accept" : "reject", node_text(l, pattern, pattern));
	if (rest.n > 0)
		grow_put(&map, "reply", node_text(l, rest, unescape(l, reply)));
	if (block && block_read(l, &map, &rest) && rest.n > 0)
		lines_error(l, rest, "there must be nothing behind the }");
	if (good)
		grow_add(table, map.node);
}

/* Up to the first blank that is not in quotes. */
static struct str
cut_pattern(struct str *line)
{
	struct str pattern;
	bool quoted = false;
	size_t n = 0;

	for (; n < line->n; n++) {
		char c = line->p[n];

		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted)
			n++;
		else if ((c == ' ' || c == '\t') && !quoted)
			break;
	}
	pattern = str_sub(*line, 0, n);
	*line = str_trim(str_sub(*line, n, line->n));
	return pattern;
}

static void
print_entry(const struct rat_entry *e, struct buf *out)
{
	/* #joe@example.com is an address, behind a blank */
	buf_printf(out, "%s%.*s %s", str_starts(e->text, STR("#")) ? " " : "",
	    STR_ARG(e->text), e->accept ? "ACCEPT" : "REJECT");
	if (e->code != 0) {
		buf_printf(out, " (%u", (unsigned)e->code);
		if (e->reply.n > 0) {
			buf_putc(out, ' ');
			print_escaped(out, e->reply);
		}
		buf_putc(out, ')');
	}
	if (!has_flags(e)) {
		buf_putc(out, '\n');
		return;
	}
	buf_puts(out, " {\n");
	for (size_t i = 0; i < schema_rat_entry.n; i++) {
		const struct schema_key *key = &schema_rat_entry.keys[i];

		if (key->type == &value_bool &&
		    *(const bool *)((const char *)e + key->off))
			block_print(out, "    ", key, e);
	}
	buf_puts(out, "}\n");
}

static bool
has_flags(const struct rat_entry *e)
{
	return e->bypass_control || e->bypass_ldap || e->bypass_callahead;
}
