/* reply.c - replies of remote SMTP servers */
#include <string.h>

#include "base/bounds.h"
#include "smtp/reply.h"

static enum reply_end feed_byte(struct reply *, char c);
static enum reply_end line_byte(struct reply *, char c);
static bool head_byte(struct reply *, char c);
static void keep_byte(struct reply *, char c);
static enum reply_end line_end(struct reply *);
static void find_status(struct reply *);
static size_t status_len(struct str line, char class);

void
reply_init(struct reply *r)
{
	*r = (struct reply){ 0 };
	buf_init(&r->text, SMTP_REPLY_MAX);
}

void
reply_fini(struct reply *r)
{
	buf_fini(&r->text);
}

void
reply_begin(struct reply *r)
{
	struct buf text = r->text;

	buf_reset(&text);
	*r = (struct reply){ .text = text };
}

enum reply_end
reply_feed(struct reply *r, struct str *in)
{
	enum reply_end end = REPLY_MORE;

	while (in->n > 0 && end == REPLY_MORE) {
		end = feed_byte(r, *in->p);
		in->p++;
		in->n--;
	}
	return end;
}

bool
reply_is_partial(const struct reply *r)
{
	return r->total > 0;
}

struct str
reply_line(const struct reply *r, struct arena *mem)
{
	struct str rest = buf_str(&r->text);
	struct str status = str_of(r->status);
	char line[REPLY_TEXT_MAX + 1];
	size_t n = 0, room;
	bool first = true;

	while (rest.n > 0 && n < REPLY_TEXT_MAX) {
		struct str s = str_cut(&rest, '\n');

		if (!first && status_len(s, r->head[0]) == status.n &&
		    str_starts(s, status))
			s = str_sub(s, status.n, s.n);
		s = str_trim(s);
		if (n > 0 && s.n > 0)
			line[n++] = ' ';
		room = REPLY_TEXT_MAX - n;
		memcpy(line + n, s.p, s.n < room ? s.n : room);
		n += s.n < room ? s.n : room;
		first = false;
	}
	return arena_str(mem, (struct str){ line, n });
}

/*
 * A CR is looked at only with the byte after it: before LF it is part of the
 * line end, elsewhere it is one more control byte.
 */
static enum reply_end
feed_byte(struct reply *r, char c)
{
	bool cr = r->cr;

	r->cr = false;
	if (++r->total > SMTP_REPLY_SWALLOW)
		return REPLY_BAD;
	if (c == '\n')
		return line_end(r);
	if (cr && line_byte(r, '\r') == REPLY_BAD)
		return REPLY_BAD;
	if (c == '\r') {
		r->cr = true;
		return REPLY_MORE;
	}
	return line_byte(r, c);
}

static enum reply_end
line_byte(struct reply *r, char c)
{
	if (r->line_len >= SMTP_REPLY_LINE_SWALLOW)
		return REPLY_BAD;
	if (r->line_len < sizeof(r->head)) {
		if (!head_byte(r, c))
			return REPLY_BAD;
	} else {
		keep_byte(r, c);
	}
	r->line_len++;
	return REPLY_MORE;
}

/* One of the first four bytes of a line: is it what must be there? */
static bool
head_byte(struct reply *r, char c)
{
	size_t i = r->line_len;
	static const struct {
		char lo, hi;
	} digit[3] = { { '2', '5' }, { '0', '9' }, { '0', '9' } };

	if (i == 3) {
		r->head[i] = c;
		return c == ' ' || c == '-';
	}
	if (c < digit[i].lo || c > digit[i].hi)
		return false;
	if (r->begun && c != r->head[i])
		return false;
	r->head[i] = c;
	return true;
}

static void
keep_byte(struct reply *r, char c)
{
	/* The last byte of the limit is for the line end. */
	if (r->text.len - r->line_at >= SMTP_REPLY_LINE_MAX ||
	    r->text.len >= SMTP_REPLY_MAX - 1)
		return;
	if (c == '\t')
		c = ' ';
	buf_putc(&r->text, c >= 0x20 && c < 0x7f ? c : '?');
}

static enum reply_end
line_end(struct reply *r)
{
	bool last = r->line_len == 3 || r->head[3] == ' ';

	if (r->line_len < 3)
		return REPLY_BAD;
	if (!r->begun) {
		r->code =
		    (unsigned)((r->head[0] - '0') * 100 +
			       (r->head[1] - '0') * 10 + (r->head[2] - '0'));
		r->begun = true;
		find_status(r);
	}
	if (r->text.len < SMTP_REPLY_MAX)
		buf_putc(&r->text, '\n');
	r->line_at = r->text.len;
	r->line_len = 0;
	return last ? REPLY_DONE : REPLY_MORE;
}

/* The enhanced code of the first line counts: RFC 2034 wants it in all. */
static void
find_status(struct reply *r)
{
	struct str line = buf_str(&r->text);
	size_t n = status_len(line, r->head[0]);

	if (n > 0)
		str_copy(r->status, sizeof(r->status), str_sub(line, 0, n));
}

/* "5.1.1 text": class as in the code, one to three digits each; else 0. */
static size_t
status_len(struct str line, char class)
{
	size_t i = 0, digits;

	if (line.n == 0 || line.p[i++] != class)
		return 0;
	for (int part = 0; part < 2; part++) {
		if (i >= line.n || line.p[i++] != '.')
			return 0;
		for (digits = 0;
		     i < line.n && line.p[i] >= '0' && line.p[i] <= '9'; i++)
			digits++;
		if (digits == 0 || digits > 3)
			return 0;
	}
	return i == line.n || line.p[i] == ' ' ? i : 0;
}
