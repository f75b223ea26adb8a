/* enclose.c - a message of our own that brings files */
#include "admin/enclose.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/mem.h"
#include "config/seal.h"
#include "mail/addr.h"
#include "mail/charset.h"
#include "mail/encode.h"

bool
enclose_addresses(struct str list, struct str rcpts[ENCLOSE_RCPTS], size_t *n,
    struct arena *mem, char shown[200])
{
	*n = 0;
	*shown = '\0';
	while (list.n > 0) {
		struct str one = str_trim(str_cut(&list, ','));
		struct addr a;

		if (one.n == 0)
			continue;
		str_escape(shown, 200, one, 150);
		if (*n == ENCLOSE_RCPTS ||
		    addr_parse(&a, one, mem, NULL) != ADDR_OK ||
		    a.domain.n == 0 || !addr_is_clean(a.text))
			return false;
		rcpts[(*n)++] = a.text;
	}
	return *n > 0;
}

struct enclosing
enclose_begin(struct buf *out, const char *hostname, const struct str *rcpts,
    size_t n, const char *subject, struct str text, struct arena *mem)
{
	struct enclosing e = { .out = out };
	char random[12], date[CLOCK_TEXT];
	int64_t now = clock_wall_ms();
	struct str words = charset_encode_words(
	    str_of(subject), STR("utf-8"), sizeof("Subject: ") - 1, mem);
	struct buf lines, coded;

	seal_random(random, sizeof(random));
	buf_init(&coded, 64);
	base64_encode((struct str){ random, sizeof(random) }, &coded);
	/* "=_" never stands within base64 */
	e.boundary =
	    str_of(arena_printf(mem, "=_%.*s", STR_ARG(buf_str(&coded))));
	buf_fini(&coded);
	buf_printf(out, "Date: %s\r\n", clock_rfc5322(now, date));
	buf_printf(out, "From: \"Postern\" <MAILER-DAEMON@%s>\r\n", hostname);
	buf_puts(out, "To: ");
	for (size_t i = 0; i < n; i++)
		buf_printf(
		    out, "%s<%.*s>", i > 0 ? ",\r\n\t" : "", STR_ARG(rcpts[i]));
	buf_printf(out,
	    "\r\nSubject: %.*s\r\nMessage-ID: <%lld.postern@%s>\r\n"
	    "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed;\r\n\tboundary=\"%.*s\"\r\n\r\n"
	    "--%.*s\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	    STR_ARG(words), (long long)now, hostname, STR_ARG(e.boundary),
	    STR_ARG(e.boundary));
	buf_init(&lines, 2 * text.n + 2);
	encode_crlf(text, &lines);
	encode_quoted(buf_str(&lines), out);
	buf_fini(&lines);
	return e;
}

void
enclose_file(
    struct enclosing *e, const char *name, const char *type, struct str bytes)
{
	buf_printf(e->out,
	    "\r\n--%.*s\r\n"
	    "Content-Type: %s\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment;\r\n\tfilename=\"%s\"\r\n\r\n",
	    STR_ARG(e->boundary), type, name);
	encode_base64(bytes, e->out);
}

void
enclose_end(struct enclosing *e)
{
	buf_printf(e->out, "\r\n--%.*s--\r\n", STR_ARG(e->boundary));
}
