/* say.c - replies to the client */
#include "smtpd/say.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/bounds.h"
#include "smtpd/protocol.h"

/* RFC 5321 4.5.3.1.5: a reply line has at most 512 bytes; ours hold an
 * address now and then, of which longer ones are cut. */
#define TEXT_LINE_MAX 480

static void put_line(struct smtp_session *, int code, char sep,
    const char *status, struct str text);

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
say_line(struct smtp_session *s, int code, bool last, const char *fmt, ...)
{
	char text[TEXT_LINE_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put_line(s, code, last ? ' ' : '-', "", str_of(text));
}

/* Whatever the text came from, it cannot end the line early. */
static void
put_line(struct smtp_session *s, int code, char sep, const char *status,
    struct str text)
{
	char line[TEXT_LINE_MAX + 32];
	int n = snprintf(line, sizeof(line) - 2, "%d%c%s%s%.*s", code, sep,
	    status, status[0] != '\0' ? " " : "",
	    (int)(text.n < TEXT_LINE_MAX ? text.n : TEXT_LINE_MAX),
	    text.n > 0 ? text.p : "");

	for (int i = 0; i < n; i++)
		if (line[i] == '\r' || line[i] == '\n')
			line[i] = ' ';
	line[n++] = '\r';
	line[n++] = '\n';
	buf_add(s->out, line, (size_t)n);
}
