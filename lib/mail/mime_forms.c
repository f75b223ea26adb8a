/*
 * mime_forms.c - a parameter that came in several forms: RFC 2231
 *
 * name=, name*=, name*0= and so on; several of them in one field, that do not
 * say the same. Which of them a mail program shows differs, so all are kept
 * that differ.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/charset.h"
#include "mail/mime_inner.h"

struct reader {
	struct mime_readings *out;
	uint32_t *odd;
	struct arena *mem;
	bool is_text;
};

static void take_segment(
    struct mime_forms *, struct str index, struct str value, uint32_t *odd);
static void add(struct reader *, struct str value);
static struct str plain(struct reader *, struct str value);
static struct str coded(struct reader *, struct str value);
static struct str joined(struct reader *, struct mime_forms *);
static struct str to_utf8(
    struct reader *, struct str charset, struct str bytes);
static struct str cut_language(struct str *value);
static void percent(struct str value, struct buf *out);

void
mime_forms_take(
    struct mime_forms *f, struct str mark, struct str value, uint32_t *odd)
{
	struct str *to = mark.p != NULL ? &f->coded : &f->plain;

	if (mark.n > 0) {
		take_segment(f, mark, value, odd);
		return;
	}
	if (to->p != NULL) {
		*odd |= MIME_DOUBLE_HEADER;
		to = &f->again;
	}
	if (to->p == NULL)
		*to = value;
}

void
mime_forms_read(struct mime_forms *f, bool is_text, struct mime_readings *out,
    uint32_t *odd, struct arena *mem)
{
	struct reader r = { out, odd, mem, is_text };

	if (f->coded.p != NULL)
		add(&r, coded(&r, f->coded));
	if (f->n > 0)
		add(&r, joined(&r, f));
	if (f->plain.p != NULL)
		add(&r, plain(&r, f->plain));
	if (f->again.p != NULL)
		add(&r, plain(&r, f->again));
	free(f->v);
}

static void
take_segment(
    struct mime_forms *f, struct str index, struct str value, uint32_t *odd)
{
	bool is_coded = index.p[index.n - 1] == '*';
	uint64_t i;

	if (is_coded)
		index.n--;
	if (!str_u64(index, MIME_SEGMENTS_MAX - 1, &i)) {
		*odd |= MIME_BAD_HEADER;
		return;
	}
	while (f->n <= i) {
		f->v = mem_room(f->v, &f->cap, f->n, sizeof(*f->v));
		f->v[f->n++] = (struct mime_segment){ 0 };
	}
	if (f->v[i].value.p != NULL)
		*odd |= MIME_DOUBLE_HEADER;
	else
		f->v[i] = (struct mime_segment){ value, is_coded };
}

static void
add(struct reader *r, struct str value)
{
	for (size_t i = 0; i < r->out->n; i++)
		if (str_eq(r->out->v[i], value))
			return;
	if (r->out->n < MIME_READINGS)
		r->out->v[r->out->n++] = value;
}

static struct str
plain(struct reader *r, struct str value)
{
	bool bad = false;

	if (r->is_text)
		value = mime_words(value, STR(""), r->mem, &bad);
	if (bad)
		*r->odd |= MIME_BAD_CHARSET;
	return value;
}

static struct str
coded(struct reader *r, struct str value)
{
	struct str charset = cut_language(&value);
	struct buf b;

	buf_init(&b, MIME_VALUE_MAX);
	percent(value, &b);
	value = to_utf8(r, charset, buf_str(&b));
	buf_fini(&b);
	return value;
}

/*
 * name*0, name*1, ...; what is lacking is passed over. Neighbours that are
 * coded are put together first: some programs cut a "%C3" in two.
 */
static struct str
joined(struct reader *r, struct mime_forms *f)
{
	struct str charset = { NULL, 0 }, value;
	struct buf b, run;
	bool any = false;

	buf_init(&b, MIME_VALUE_MAX);
	buf_init(&run, MIME_VALUE_MAX);
	for (size_t i = 0; i < f->n; i++) {
		value = f->v[i].value;
		if (i == 0 && f->v[i].coded)
			charset = cut_language(&value);
		if (value.p == NULL)
			*r->odd |= MIME_BAD_HEADER;
		buf_add_str(f->v[i].coded ? &run : &b, value);
		any |= f->v[i].coded;
		if (i + 1 == f->n || !f->v[i + 1].coded) {
			percent(buf_str(&run), &b);
			buf_reset(&run);
		}
	}
	if (b.failed || run.failed)
		*r->odd |= MIME_BAD_HEADER;
	value = any ? to_utf8(r, charset, buf_str(&b))
		    : plain(r, arena_str(r->mem, buf_str(&b)));
	buf_fini(&run);
	buf_fini(&b);
	return value;
}

static struct str
to_utf8(struct reader *r, struct str charset, struct str bytes)
{
	bool bad = false;

	bytes = charset_to_utf8(arena_str(r->mem, bytes),
	    charset.n > 0 ? charset : STR("utf-8"), r->mem, &bad);
	if (bad)
		*r->odd |= MIME_BAD_CHARSET;
	return bytes;
}

/* charset'language'value: returns the charset, leaves the value. */
static struct str
cut_language(struct str *value)
{
	struct str rest = *value, charset = str_cut(&rest, '\'');
	size_t second = str_find(rest, '\'');

	if (charset.n == value->n || second == rest.n)
		return (struct str){ NULL, 0 };
	*value = str_sub(rest, second + 1, rest.n);
	return charset;
}

static void
percent(struct str v, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF0123456789abcdef";

	for (size_t i = 0; i < v.n; i++) {
		const char *hi, *lo;

		if (v.p[i] == '%' && i + 2 < v.n &&
		    (hi = memchr(digits, v.p[i + 1], 32)) != NULL &&
		    (lo = memchr(digits, v.p[i + 2], 32)) != NULL) {
			buf_putc(out, (char)((hi - digits) % 16 * 16 +
					     (lo - digits) % 16));
			i += 2;
		} else
			buf_putc(out, v.p[i]);
	}
}
