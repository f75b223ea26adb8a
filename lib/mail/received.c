/* received.c - the Received line that we put before a message */
#include "mail/received.h"

#include <string.h>

static void add_clean(struct buf *out, struct str text, const char *more);

void
received_line(const struct received *r, struct buf *out)
{
	char ip[IP_TEXT];

	buf_puts(out, "Received: from ");
	add_clean(out, r->host.n > 0 ? r->host : STR("unknown"), "-._");
	if (r->helo.n > 0) {
		buf_puts(out, " (HELO ");
		add_clean(out, r->helo, "-._:[]");
		buf_putc(out, ')');
	}
	buf_printf(out, " (%s)\r\n  by ", ip_text(&r->client, ip));
	add_clean(out, r->by, "-._");
	buf_puts(out, " with ");
	add_clean(out, r->protocol, " ()=._-");
	buf_puts(out, "; ");
	add_clean(out, r->date, " ,:+-");
	buf_puts(out, "\r\n");
}

/* Letters, digits, and the characters in `more`. */
static void
add_clean(struct buf *out, struct str text, const char *more)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') ||
			    (c != '\0' && strchr(more, c) != NULL);

		buf_putc(out, fine ? c : '?');
	}
}
