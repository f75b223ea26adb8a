/* say.c - replies to the client */
#include "smtpd/say.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/bounds.h"
#include "smtpd/protocol.h"

/* RFC 5321 4.5.3.1.5: a reply line has at most 512 bytes; ours hold an
 * address now and then, of which longer ones are cut. */
#define TEXT_LINE_MAX 480

#define CODE_LEN 5 /* "250-", and a blank after the status */

static void put_line(struct smtp_session *, int code, char sep,
    const char *status, struct str text);
static char *put_text(char *, struct str);

void
say(struct smtp_session *s, int code, const char *status, const char *fmt, ...)
{
	char text[TEXT_LINE_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->protocol->say(s, code, status, str_of(text));
}

void
say_text(struct smtp_session *s, int code, const char *status, struct str text)
{
	s->protocol->say(s, code, status, text);
}

void
say_reply(struct smtp_session *s, const struct reply *r)
{
	say_text(s, r->code, r->status != NULL ? r->status : "", r->text);
}

void
say_smtp(struct smtp_session *s, int code, const char *status, struct str text)
{
	struct str line = str_cut(&text, '\n');

	while (text.n > 0) {
		put_line(s, code, '-', status, line);
		line = str_cut(&text, '\n');
	}
	put_line(s, code, ' ', status, line);
}

void
say_line(struct smtp_session *s, int code, bool last, struct str text)
{
	put_line(s, code, last ? ' ' : '-', "", text);
}

static void
put_line(struct smtp_session *s, int code, char sep, const char *status,
    struct str text)
{
	struct str st = str_of(status);
	char *line, *p;

	text = str_sub(text, 0, TEXT_LINE_MAX);
	p = line = buf_room(s->out, CODE_LEN + st.n + text.n + 2);
	if (line == NULL)
		return;
	*p++ = (char)('0' + code / 100);
	*p++ = (char)('0' + code / 10 % 10);
	*p++ = (char)('0' + code % 10);
	*p++ = sep;
	p = put_text(p, st);
	if (st.n > 0)
		*p++ = ' ';
	p = put_text(p, text);
	*p++ = '\r';
	*p++ = '\n';
	buf_grew(s->out, (size_t)(p - line));
}

/* Whatever the text came from, it cannot end the line early. */
static char *
put_text(char *p, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		*p++ = c == '\r' || c == '\n' ? ' ' : c;
	}
	return p;
}
