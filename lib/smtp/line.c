/* line.c - command lines out of a stream of bytes: a table of states */
#include "smtp/line.h"

#include "base/bounds.h"

enum {
	L_TEXT,
	L_CR, /* a CR that may belong to the end */
	L_STATES
};
enum { CC_TEXT, CC_CR, CC_LF, CC_NUL, CC_CLASSES };
enum {
	KEEP,
	WAIT,  /* a CR: keep it out of the text until more is known */
	SPOIL, /* the line is bad; go on */
	LINE,  /* CR LF */
	STOP   /* LF alone: the line is bad, and over */
};

static const struct {
	unsigned char next, act;
} table[L_STATES][CC_CLASSES] = {
	/* clang-format off */
	/*          text              CR              LF              NUL */
	[L_TEXT] = { { L_TEXT, KEEP },  { L_CR, WAIT },  { L_TEXT, STOP },
		     { L_TEXT, SPOIL } },
	[L_CR] =   { { L_TEXT, SPOIL }, { L_CR, SPOIL }, { L_TEXT, LINE },
		     { L_TEXT, SPOIL } },
	/* clang-format on */
};

static int class_of(char ch);
static enum line_end line_done(
    struct line *, struct str head, int act, struct str *text);
static void keep_part(struct line *, struct str part);

void
line_init(struct line *l)
{
	*l = (struct line){ .state = L_TEXT };
	buf_init(&l->text, SMTP_LINE_MAX);
}

void
line_fini(struct line *l)
{
	buf_fini(&l->text);
}

void
line_reset(struct line *l)
{
	line_fini(l);
	line_init(l);
}

enum line_end
line_feed(struct line *l, struct str *in, struct str *text)
{
	struct str all = *in;
	size_t i;

	/* What the last line left behind is no longer needed. */
	if (l->total == 0)
		buf_release(&l->text);
	for (i = 0; i < all.n; i++) {
		int class = class_of(all.p[i]);
		int act = table[l->state][class].act;

		l->state = table[l->state][class].next;
		l->total++;
		if (act == SPOIL)
			l->bad = true;
		if (act == LINE || act == STOP) {
			*in = str_sub(all, i + 1, all.n);
			return line_done(l, str_sub(all, 0, i + 1), act, text);
		}
		if (l->total > SMTP_LINE_SWALLOW) {
			*in = str_sub(all, i + 1, all.n);
			return LINE_FLOOD;
		}
	}
	*in = str_sub(all, all.n, 0);
	keep_part(l, all);
	return LINE_MORE;
}

static int
class_of(char ch)
{
	switch (ch) {
	case '\r':
		return CC_CR;
	case '\n':
		return CC_LF;
	case '\0':
		return CC_NUL;
	default:
		return CC_TEXT;
	}
}

/* head: what of this input belongs to the line, with its end. */
static enum line_end
line_done(struct line *l, struct str head, int act, struct str *text)
{
	size_t total = l->total;
	bool bad = l->bad || act == STOP;

	l->total = 0;
	l->bad = false;
	if (total > SMTP_LINE_MAX)
		return LINE_LONG;
	if (bad)
		return LINE_BAD;
	if (l->text.len != 0) {
		buf_add_str(&l->text, head);
		head = buf_str(&l->text);
	}
	*text = str_sub(head, 0, head.n - 2);
	return LINE_OK;
}

/* The line goes on in later input. Of one that will be refused anyway
 * nothing is kept. */
static void
keep_part(struct line *l, struct str part)
{
	if (l->bad || l->total > SMTP_LINE_MAX)
		buf_release(&l->text);
	else
		buf_add_str(&l->text, part);
}
