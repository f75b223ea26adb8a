/* edit_fields.c - fields of a header: added, replaced, taken out */
#include <string.h>

#include "base/mem.h"
#include "mail/charset.h"
#include "mail/edit.h"
#include "mail/encode.h"
#include "mail/header.h"

#define LINE_WIRE 998

static bool is_field_name(struct str name);
static bool is_mime_field(struct str name);
static struct str end_of_header(struct str header);
static void put_field(struct buf *, struct str name, struct str value,
    struct str charset, struct arena *mem);
static struct str one_line(struct str text, struct arena *mem);
static void set_header(struct msg *, struct buf *, bool mime, struct arena *);
static struct str subject_with(struct str old, struct str text, bool append,
    struct str charset, struct arena *mem);

bool
edit_add_field(struct msg *m, struct str name, struct str value,
    struct str charset, struct arena *mem)
{
	struct str end = end_of_header(m->header);
	struct buf out;

	if (!is_field_name(name))
		return false;
	buf_init(&out, SIZE_MAX / 4);
	buf_add(&out, m->header.p, m->header.n - end.n);
	put_field(&out, name, value, charset, mem);
	/* Without it, what comes next could look like a part of the field. */
	buf_puts(&out, "\r\n");
	set_header(m, &out, is_mime_field(name), mem);
	return true;
}

size_t
edit_strip_field(struct msg *m, struct str name, struct arena *mem)
{
	struct str rest = m->header;
	struct header_field f;
	struct buf out;
	size_t n = 0;

	buf_init(&out, SIZE_MAX / 4);
	while (header_next(&rest, &f)) {
		if (str_eq_nocase(f.name, name))
			n++;
		else
			buf_add_str(&out, f.all);
	}
	buf_add_str(&out, rest);
	if (n > 0)
		set_header(m, &out, is_mime_field(name), mem);
	else
		buf_fini(&out);
	return n;
}

void
edit_set_field(struct msg *m, struct str name, size_t nth, struct str value,
    struct str charset, struct arena *mem)
{
	struct str rest = m->header;
	struct header_field f;
	struct buf out;
	size_t n = 0;

	buf_init(&out, SIZE_MAX / 4);
	while (header_next(&rest, &f)) {
		if (str_eq_nocase(f.name, name) && n++ == nth)
			put_field(&out, f.name, value, charset, mem);
		else
			buf_add_str(&out, f.all);
	}
	buf_add_str(&out, rest);
	set_header(m, &out, is_mime_field(name), mem);
}

void
edit_subject(struct msg *m, struct str text, bool append, struct str charset,
    struct arena *mem)
{
	struct str name = STR("Subject"), rest = m->header;
	struct header_field f;
	struct buf out;
	bool done = false;

	buf_init(&out, SIZE_MAX / 4);
	while (header_next(&rest, &f)) {
		if (done || !str_eq_nocase(f.name, name)) {
			buf_add_str(&out, f.all);
			continue;
		}
		buf_add(&out, f.all.p, f.all.n - f.value.n);
		buf_add_str(
		    &out, subject_with(f.value, text, append, charset, mem));
		done = true;
	}
	buf_add_str(&out, rest);
	if (!done) {
		buf_fini(&out);
		edit_add_field(m, name, text, charset, mem);
		return;
	}
	set_header(m, &out, false, mem);
}

static bool
is_field_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f || name.p[i] == ':')
			return false;
	return name.n > 0;
}

/* Does what the parts are depend on it? */
static bool
is_mime_field(struct str name)
{
	return str_starts_nocase(name, STR("Content-")) ||
	       str_is_nocase(name, "MIME-Version");
}

/* The empty line, or nothing. */
static struct str
end_of_header(struct str header)
{
	struct header_field f;

	while (header_next(&header, &f))
		continue;
	return header;
}

static void
put_field(struct buf *out, struct str name, struct str value,
    struct str charset, struct arena *mem)
{
	struct str text = one_line(value, mem);

	buf_add_str(out, name);
	buf_puts(out, ": ");
	buf_add_str(out, charset_encode_words(text, charset, name.n + 2, mem));
	buf_puts(out, "\r\n");
}

/* Control bytes could end the field, and begin another (threats HDR-01). */
static struct str
one_line(struct str text, struct arena *mem)
{
	char *p = arena_strz(mem, text);

	for (size_t k = 0; k < text.n; k++)
		if ((unsigned char)p[k] < ' ' || p[k] == 0x7f)
			p[k] = ' ';
	return (struct str){ p, text.n };
}

static void
set_header(struct msg *m, struct buf *out, bool mime, struct arena *mem)
{
	m->header = arena_str(mem, buf_str(out));
	buf_fini(out);
	m->header_changed = true;
	if (mime) {
		m->version++;
		m->mime = NULL;
	}
}

/*
 * The value, up to its line end. As long as all is ASCII, what was there
 * stays as it was; else it is decoded and written anew, since encoded words
 * must stand apart.
 */
static struct str
subject_with(struct str old, struct str text, bool append, struct str charset,
    struct arena *mem)
{
	struct str had = str_trim(old), add = one_line(text, mem);
	struct str both[2] = { append ? had : add, append ? add : had };
	bool words = memmem(had.p, had.n, "=?", 2) != NULL;
	struct buf out;
	struct str done;

	buf_init(&out, SIZE_MAX / 4);
	if (encode_is_7bit(add) && encode_is_7bit(had) && !words &&
	    add.n + had.n + 10 < LINE_WIRE) {
		buf_puts(&out, " ");
		buf_add_str(&out, both[0]);
		buf_add_str(&out, both[1]);
	} else {
		struct str plain = mime_field_text(old, charset, mem);

		buf_add_str(&out, append ? plain : add);
		buf_add_str(&out, append ? add : plain);
		done = charset_encode_words(arena_str(mem, buf_str(&out)),
		    charset, strlen("Subject: "), mem);
		buf_reset(&out);
		buf_puts(&out, " ");
		buf_add_str(&out, done);
	}
	buf_puts(&out, "\r\n");
	done = arena_str(mem, buf_str(&out));
	buf_fini(&out);
	return done;
}
