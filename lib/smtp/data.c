/*
 * data.c - the end of data, and dots
 *
 *	LINE   a line begins here: CR LF was before
 *	TEXT   within a line, or after a lone CR or LF
 *	CR     as TEXT, and the last byte was a CR
 *	DOT    a dot began the line; it is held back
 *	DOTCR  ... and a CR came; both are held back
 *
 *	         .             CR            LF           other
 *	LINE     DOT           CR            TEXT         TEXT
 *	TEXT     TEXT          CR            TEXT         TEXT
 *	CR       TEXT          CR            LINE         TEXT
 *	DOT      TEXT          DOTCR         TEXT         TEXT   the dot goes
 *	DOTCR    TEXT (CR was  CR (the       the end      TEXT (CR was
 *	         alone)        first alone)               alone)
 *
 * A dot at the start of a line is never content of its own: the client put
 * it there, or there is another after it (RFC 5321 4.5.2).
 *
 * TEXT takes all bytes up to the next line that begins with a dot at once.
 */
#include "smtp/data.h"

enum { LINE, TEXT, CR, DOT, DOTCR };

static size_t text_run(const char *p, size_t n, uint8_t *state);

void
data_begin(struct data *d)
{
	*d = (struct data){ .state = LINE };
	wire_begin(&d->wire, false);
}

bool
data_feed(struct data *d, struct str *in, struct buf *out)
{
	const char *p = in->p, *end = in->p + in->n;
	bool over = false;

	while (p < end && !over) {
		size_t n;

		switch (d->state) {
		case DOT:
			if (*p == '\r') {
				d->state = DOTCR;
				p++;
				continue;
			}
			break;
		case DOTCR:
			if (*p == '\n') {
				over = true;
				p++;
				continue;
			}
			wire_write(&d->wire, STR("\r"), out);
			d->state = CR;
			break;
		case LINE:
			if (*p == '.') {
				d->state = DOT;
				p++;
				continue;
			}
			break;
		}
		n = text_run(p, (size_t)(end - p), &d->state);
		wire_write(&d->wire, (struct str){ p, n }, out);
		p += n;
	}
	*in = (struct str){ p, (size_t)(end - p) };
	if (over)
		wire_end(&d->wire, out);
	return over;
}

/*
 * How many bytes can go on without a look at each: up to and with the CR LF
 * before the next line that begins with a dot, else all. state: in, what was
 * before p; out, what is after the run.
 */
static size_t
text_run(const char *p, size_t n, uint8_t *state)
{
	size_t at = 0;

	if (*state == CR && p[0] == '\n') { /* the CR came earlier */
		*state = LINE;
		return 1;
	}
	while ((at += wire_find_dot(p + at, n - at) + 1) <= n) {
		if (at < 2 || p[at - 2] != '\r')
			continue; /* a lone LF */
		*state = LINE;
		return at;
	}
	if (p[n - 1] == '\r')
		*state = CR;
	else if (n > 1 && p[n - 2] == '\r' && p[n - 1] == '\n')
		*state = LINE;
	else
		*state = TEXT;
	return n;
}
