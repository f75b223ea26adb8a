/*
 * manual.c - the reference of all keys, from the schema, as mdoc(7)
 */
#include "base/mem.h"
#include "config/loader.h"

static void write_section(
    struct buf *, const struct schema_section *, struct str prefix);
static void write_key(
    struct buf *, const struct schema_key *, struct str prefix);
static void write_range(struct buf *, const struct schema_key *);
static void write_default(struct buf *, const struct schema_key *);
static void write_number(struct buf *, const struct schema_key *, uint64_t);
static void write_text(struct buf *, const char *);
static bool sentence_ends(const char *);

void
config_schema_manual(struct buf *out)
{
	buf_puts(out, ".Bl -tag -width Ds\n");
	write_section(out, &schema_top, STR(""));
	buf_puts(out, ".El\n");
}

static void
write_section(
    struct buf *out, const struct schema_section *s, struct str prefix)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->keys[i].name == NULL)
			write_section(out, s->keys[i].section, prefix);
		else
			write_key(out, &s->keys[i], prefix);
}

static void
write_key(struct buf *out, const struct schema_key *key, struct str prefix)
{
	struct buf path;

	buf_init(&path, 1024);
	buf_add_str(&path, prefix);
	buf_puts(&path, key->name);
	buf_printf(out, ".It Cm %.*s", STR_ARG(buf_str(&path)));
	if (key->list)
		buf_puts(out, " Pq list");
	buf_putc(out, '\n');
	write_text(out, key->help);
	if (key->custom.form != NULL) {
		buf_puts(out, "Form: ");
		write_text(out, key->custom.form);
	}
	if (key->type != NULL)
		write_range(out, key);
	write_default(out, key);
	if (key->flags & KEY_REQUIRED)
		buf_puts(out, "Required.\n");
	if (key->flags & KEY_NOT_YET)
		buf_puts(out, "Not available in this version.\n");
	if (key->section != NULL) {
		buf_puts(&path, key->list ? "[]." : ".");
		write_section(out, key->section, buf_str(&path));
	}
	buf_fini(&path);
}

static void
write_range(struct buf *out, const struct schema_key *key)
{
	bool number = key->type == &value_count || key->type == &value_size ||
		      key->type == &value_time;

	if (key->choices != NULL) {
		buf_puts(out, key->type == &value_set ? "Any of" : "One of");
		for (const struct choice *c = key->choices; c->word != NULL;
		     c++)
			buf_printf(out, "%s %s", c == key->choices ? "" : ",",
			    c->word);
		buf_puts(out, key->type == &value_set
				  ? ", with commas; or all or none.\n"
				  : ".\n");
		return;
	}
	buf_printf(out, "Type: %s", key->type->name);
	if (number) {
		buf_puts(out, ", ");
		write_number(out, key, key->min);
		buf_puts(out, " to ");
		write_number(out, key, key->max);
	}
	if (key->flags & KEY_OFF)
		buf_puts(out, ", or unlimited");
	buf_puts(out, ".\n");
}

static void
write_default(struct buf *out, const struct schema_key *key)
{
	if (key->dflt[0] == NULL || key->dflt[0][0] == '\0')
		return;
	buf_printf(out, "Default: %s", key->dflt[0]);
	if (key->dflt[1] != NULL)
		buf_printf(out, " on public listeners, %s on others",
		    key->dflt[1][0] != '\0' ? key->dflt[1] : "none");
	buf_puts(out, ".\n");
}

static void
write_number(struct buf *out, const struct schema_key *key, uint64_t v)
{
	struct schema_key wide = *key;

	wide.width = sizeof(v);
	key->type->print(&wide, &v, out);
}

/* A sentence is a line, as mdoc wants it, and no line begins with a control
 * character of roff. */
static void
write_text(struct buf *out, const char *text)
{
	const char *p;

	for (p = text; *p != '\0'; p++) {
		if ((p == text || out->data[out->len - 1] == '\n') &&
		    (*p == '.' || *p == '\''))
			buf_puts(out, "\\&");
		if (p > text && sentence_ends(p))
			buf_putc(out, '\n');
		else if (*p == '\\')
			buf_puts(out, "\\e");
		else
			buf_putc(out, *p);
	}
	buf_putc(out, '\n');
}

/* At the blank behind a full stop? Not in "10.1. (all that begin so)". */
static bool
sentence_ends(const char *p)
{
	return p[0] == ' ' && p[-1] == '.' &&
	       ((p[1] >= 'A' && p[1] <= 'Z') || (p[1] >= '0' && p[1] <= '9'));
}
