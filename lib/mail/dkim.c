/* dkim.c - the fields that a DKIM signature covers, and its own */
#include "mail/dkim.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "mail/header.h"

#define LINE_MAX_LEN 76
/* Room for the fields of a header, and for one of them in canonical form. */
#define FIELDS_MEMORY ((size_t)HEADER_FIELDS_MAX * 64 + 4096)
#define NAMES_MAX     65536

static const struct {
	const char *name, *key_type;
} algorithms[] = {
	[DKIM_RSA] = { "rsa-sha256", "rsa" },
	[DKIM_ED25519] = { "ed25519-sha256", "ed25519" },
};
static const char *const canons[] = { "simple", "relaxed" };

/* The signature field while it is written. */
struct writer {
	struct buf *out;
	size_t from; /* where its last line begins in out */
};
struct fields {
	struct header_field *v;
	size_t n;
};

static bool find_fields(
    struct str header, struct fields *, struct arena *mem, struct err *err);
static void hash_fields(
    const struct dkim_terms *, const struct fields *, struct dkim_sink);
static void write_terms(
    const struct dkim_terms *, const struct fields *, struct buf *out);
static void write_names(
    const struct dkim_terms *, const struct fields *, struct writer *);
static void tag(struct writer *, const char *name, struct str value);
static void number(struct writer *, const char *name, int64_t value);
static void word(struct writer *, struct str before, struct str text);
static size_t times(const struct fields *, struct str name);
static void relaxed(struct str field, struct buf *out);
static bool is_space(char c);

bool
dkim_begin(const struct dkim_terms *t, struct str header, struct dkim_sink sink,
    struct buf *out, struct err *err)
{
	struct fields fields;
	struct arena mem;
	struct buf own, hashed;
	bool ok;

	arena_init(&mem, FIELDS_MEMORY);
	ok = find_fields(header, &fields, &mem, err);
	if (ok) {
		buf_init(&own, NAMES_MAX);
		buf_init(&hashed, NAMES_MAX);
		write_terms(t, &fields, &own);
		hash_fields(t, &fields, sink);
		dkim_field(t->header, buf_str(&own), &hashed);
		/* without the end of its line */
		sink.add(
		    sink.arg, str_sub(buf_str(&hashed), 0, hashed.len - 2));
		buf_add_str(out, buf_str(&own));
		buf_fini(&own);
		buf_fini(&hashed);
	}
	arena_free(&mem);
	return ok;
}

void
dkim_end(struct str signature, struct buf *out)
{
	size_t from = out->len;
	struct buf text;

	/* the rest of a line that is shorter than this by as much as "b=" */
	buf_init(&text, BASE64_ENCODED(signature.n));
	base64_encode(signature, &text);
	for (size_t i = 0; i < text.len; i += LINE_MAX_LEN - 8) {
		if (out->len > from)
			buf_puts(out, "\r\n\t ");
		buf_add_str(out, str_sub(buf_str(&text), i, LINE_MAX_LEN - 8));
	}
	buf_puts(out, "\r\n");
	buf_fini(&text);
}

void
dkim_field(enum dkim_canon canon, struct str field, struct buf *out)
{
	if (canon == DKIM_RELAXED) {
		relaxed(field, out);
		return;
	}
	buf_add_str(out, field);
	if (field.n == 0 || field.p[field.n - 1] != '\n')
		buf_puts(out, "\r\n");
}

void
dkim_record(enum dkim_algorithm a, struct str key, struct buf *out)
{
	buf_printf(out, "v=DKIM1; k=%s; p=", algorithms[a].key_type);
	base64_encode(key, out);
}

/* --- what is signed --- */

static bool
find_fields(
    struct str header, struct fields *out, struct arena *mem, struct err *err)
{
	struct str rest = header;
	struct header_field f;
	size_t n = 0;

	while (header_next(&rest, &f))
		n++;
	if (rest.n > 0 && !str_is(rest, "\r\n")) {
		err_set(err, ERR_USAGE, "a line of the header is no field");
		return false;
	}
	if (n > HEADER_FIELDS_MAX) {
		err_set(err, ERR_USAGE, "the header has more than %d fields",
		    HEADER_FIELDS_MAX);
		return false;
	}
	out->n = 0;
	out->v = arena_array(mem, n + 1, sizeof(*out->v));
	for (rest = header; header_next(&rest, &f);)
		out->v[out->n++] = f;
	if (times(out, STR("From")) > 0)
		return true;
	err_set(err, ERR_USAGE, "there is no From field");
	return false;
}

/* Of fields with one name the last comes first (5.4.2). */
static void
hash_fields(
    const struct dkim_terms *t, const struct fields *fs, struct dkim_sink sink)
{
	struct buf one;

	buf_init(&one, HEADER_MAX + 2);
	for (size_t k = 0; k < t->n_fields; k++)
		for (size_t i = fs->n; i-- > 0;) {
			if (!str_eq_nocase(fs->v[i].name, t->fields[k]))
				continue;
			buf_reset(&one);
			dkim_field(t->header, fs->v[i].all, &one);
			sink.add(sink.arg, buf_str(&one));
		}
	buf_fini(&one);
}

static size_t
times(const struct fields *fs, struct str name)
{
	size_t n = 0;

	for (size_t i = 0; i < fs->n; i++)
		n += str_eq_nocase(fs->v[i].name, name);
	return n;
}

/* --- the field --- */

static void
write_terms(
    const struct dkim_terms *t, const struct fields *fs, struct buf *out)
{
	struct writer w = { out, 0 };
	char canon[20];
	struct buf text;

	buf_puts(out, "DKIM-Signature: v=1;");
	tag(&w, "a", str_of(algorithms[t->algorithm].name));
	snprintf(
	    canon, sizeof(canon), "%s/%s", canons[t->header], canons[t->body]);
	tag(&w, "c", str_of(canon));
	tag(&w, "d", t->domain);
	tag(&w, "s", t->selector);
	if (t->identity.n > 0)
		tag(&w, "i", t->identity);
	if (t->at > 0)
		number(&w, "t", t->at);
	if (t->until > 0)
		number(&w, "x", t->until);
	write_names(t, fs, &w);
	buf_init(&text, BASE64_ENCODED(DKIM_DIGEST));
	base64_encode(
	    (struct str){ (const char *)t->body_digest, DKIM_DIGEST }, &text);
	tag(&w, "bh", buf_str(&text));
	buf_fini(&text);
	buf_puts(out, "\r\n\tb=");
}

/* A name stands there as often as there are fields of it, and once more. */
static void
write_names(
    const struct dkim_terms *t, const struct fields *fs, struct writer *w)
{
	bool any = false;

	for (size_t k = 0; k < t->n_fields; k++) {
		size_t n = times(fs, t->fields[k]) + t->twice;

		for (; n > 0; n--) {
			word(w, any ? STR(":") : STR(" h="), t->fields[k]);
			any = true;
		}
	}
	buf_putc(w->out, ';');
}

static void
tag(struct writer *w, const char *name, struct str value)
{
	char before[8];

	snprintf(before, sizeof(before), " %s=", name);
	word(w, str_of(before), value);
	buf_putc(w->out, ';');
}

static void
number(struct writer *w, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	tag(w, name, str_of(text));
}

/* On this line, if there is room for it and what ends it. */
static void
word(struct writer *w, struct str before, struct str text)
{
	bool in_list = str_is(before, ":");

	if (w->out->len - w->from + before.n + text.n + 1 > LINE_MAX_LEN) {
		if (in_list)
			buf_add_str(w->out, before);
		buf_puts(w->out, "\r\n\t");
		w->from = w->out->len;
		before = in_list ? STR(" ") : str_sub(before, 1, before.n);
	}
	buf_add_str(w->out, before);
	buf_add_str(w->out, text);
}

/* --- canonical form (RFC 6376 3.4.2) --- */

static void
relaxed(struct str field, struct buf *out)
{
	struct str name = str_cut(&field, ':'), value = str_trim(field);
	bool space = false;

	name = str_trim(name);
	for (size_t i = 0; i < name.n; i++)
		buf_putc(out, name.p[i] >= 'A' && name.p[i] <= 'Z'
				  ? (char)(name.p[i] + ('a' - 'A'))
				  : name.p[i]);
	buf_putc(out, ':');
	for (size_t i = 0; i < value.n; i++) {
		if (is_space(value.p[i])) {
			space = true;
			continue;
		}
		if (space)
			buf_putc(out, ' ');
		space = false;
		buf_putc(out, value.p[i]);
	}
	buf_puts(out, "\r\n");
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
