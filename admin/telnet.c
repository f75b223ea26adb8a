/* telnet.c - the bytes of a telnet connection */
#include "admin/telnet.h"

#define SE   240
#define SB   250
#define WILL 251
#define WONT 252
#define DO   253
#define DONT 254
#define IAC  255

static void data(uint8_t c, struct buf *text);
static void command(struct telnet *, uint8_t c, struct buf *text);
static void refuse(struct telnet *, uint8_t option, struct buf *answer);

void
telnet_take(
    struct telnet *t, struct str in, struct buf *text, struct buf *answer)
{
	for (size_t i = 0; i < in.n; i++) {
		uint8_t c = (uint8_t)in.p[i];

		switch (t->state) {
		case TELNET_DATA:
			if (c == IAC)
				t->state = TELNET_IAC;
			else
				data(c, text);
			break;
		case TELNET_IAC:
			command(t, c, text);
			break;
		case TELNET_WILL:
		case TELNET_DO:
			refuse(t, c, answer);
			break;
		case TELNET_SUB:
			if (c == IAC)
				t->state = TELNET_SUB_IAC;
			break;
		case TELNET_SUB_IAC:
			t->state = c == SE ? TELNET_DATA : TELNET_SUB;
			break;
		}
	}
}

void
telnet_line(struct str line, struct buf *out)
{
	for (size_t i = 0; i < line.n; i++) {
		buf_putc(out, line.p[i]);
		if ((uint8_t)line.p[i] == IAC)
			buf_putc(out, line.p[i]);
	}
	buf_puts(out, "\r\n");
}

static void
data(uint8_t c, struct buf *text)
{
	if (c == '\r' || c == '\0')
		return;
	if (c == '\n' || c == '\t' || (c >= ' ' && c <= '~'))
		buf_putc(text, (char)c);
	else
		buf_printf(text, "\\x%02x", c);
}

static void
command(struct telnet *t, uint8_t c, struct buf *text)
{
	t->state = TELNET_DATA;
	t->verb = c;
	if (c == WILL || c == WONT)
		t->state = TELNET_WILL;
	else if (c == DO || c == DONT)
		t->state = TELNET_DO;
	else if (c == SB)
		t->state = TELNET_SUB;
	else if (c == IAC)
		data(c, text);
}

/* What the other side stops doing needs no answer: it was never agreed. */
static void
refuse(struct telnet *t, uint8_t option, struct buf *answer)
{
	if (t->verb == WILL || t->verb == DO) {
		buf_putc(answer, (char)IAC);
		buf_putc(answer, (char)(t->verb == WILL ? DONT : WONT));
		buf_putc(answer, (char)option);
	}
	t->state = TELNET_DATA;
}
