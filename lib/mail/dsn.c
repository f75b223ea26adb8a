/* dsn.c - writing delivery status notices */
#include "mail/dsn_inner.h"

#include <string.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "mail/charset.h"
#include "mail/encode.h"
#include "mail/utf8addr.h"

#define WRAP          72  /* columns of cleaned text */
#define LINE_TOO_LONG 900 /* longest piece without a blank: RFC 5322 2.1.1 */
#define HUMAN_MAX     ((size_t)256 << 20) /* what the writer's limit is for */

static const char *const actions[DSN_KINDS] = {
	[DSN_FAILED] = "failed",
	[DSN_DELAYED] = "delayed",
	[DSN_RELAYED] = "relayed",
};

/* Fields of a header that say that a machine wrote it, or wrote to many. */
static const struct {
	const char *name; /* lower case, with colon; "list-": any such */
	const char
	    *values; /* "|bulk|list|": one of these; NULL: any but "no" */
} automatic[] = {
	{ "auto-submitted:", NULL },
	{ "precedence:", "|bulk|list|junk|" },
	{ "list-id:", "" },
	{ "list-post:", "" },
	{ "list-unsubscribe:", "" },
	{ "list-help:", "" },
	{ "list-owner:", "" },
	{ "list-archive:", "" },
	{ "list-subscribe:", "" },
};

static void write_header(const struct dsn *, struct buf *);
static void write_from(const struct dsn *, struct buf *);
static void write_plain(const struct dsn *, struct buf *);
static void write_human(const struct dsn *, struct buf *);
static void write_status(const struct dsn *, struct buf *);
static void write_status_rcpt(
    const struct dsn *, const struct dsn_rcpt *, struct buf *);
static void write_diagnostic(
    const struct dsn *, const struct dsn_rcpt *, struct buf *);
static void write_original(const struct dsn *, struct buf *);
static void put_encoding(bool eight, struct buf *out);
static void put_words(const char *name, struct str text, struct buf *out);
static void delimiter(const struct dsn *, const char *end, struct buf *);
static void field(struct buf *, const char *name, struct str value);
static void put_addr(struct buf *, bool utf8, const char *name, struct str);
static void put_typed(
    struct buf *, bool utf8, struct str type, struct str addr, unsigned flags);
static bool is_clean(struct str, bool utf8);
static char clean_byte(unsigned char, bool utf8);
static size_t word_end(struct str, size_t at);
static bool has_8bit(struct str);
static bool is_automatic_field(struct str line);
static bool value_listed(struct str value, const char *values);

bool
dsn_write(const struct dsn *d, struct buf *out)
{
	write_header(d, out);
	if (!d->report) {
		write_plain(d, out);
		return !out->failed;
	}
	buf_printf(out,
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"%.*s\"\r\n",
	    STR_ARG(d->boundary));
	put_encoding(has_8bit(d->original) || d->utf8, out);
	buf_puts(out, "This is a report in MIME form.\r\n");
	delimiter(d, "\r\n", out);
	write_human(d, out);
	delimiter(d, "\r\n", out);
	write_status(d, out);
	delimiter(d, "\r\n", out);
	write_original(d, out);
	delimiter(d, "--\r\n", out);
	return !out->failed;
}

bool
dsn_boundary_ok(struct str boundary, struct str text)
{
	return boundary.n > 0 &&
	       (text.n == 0 ||
		   memmem(text.p, text.n, boundary.p, boundary.n) == NULL);
}

struct str
dsn_header(struct str message)
{
	const char *end;

	if (message.n >= 2 && memcmp(message.p, "\r\n", 2) == 0)
		return str_sub(message, 0, 2);
	end =
	    message.n > 0 ? memmem(message.p, message.n, "\r\n\r\n", 4) : NULL;
	if (end == NULL)
		return message;
	return str_sub(message, 0, (size_t)(end - message.p) + 4);
}

bool
dsn_is_automatic(struct str header)
{
	while (header.n > 0) {
		struct str line = str_cut(&header, '\n');

		if (is_automatic_field(line))
			return true;
	}
	return false;
}

/* --- the parts --- */

/* Up to what depends on the form. */
static void
write_header(const struct dsn *d, struct buf *out)
{
	buf_printf(out, "Date: %.*s\r\n", STR_ARG(d->date));
	write_from(d, out);
	buf_puts(out, "To: <");
	dsn_put_clean(out, d->to, 0, "", d->utf8);
	buf_puts(out, ">\r\n");
	put_words("Subject: ", dsn_subject(d), out);
	buf_printf(out, "\r\nMessage-ID: <%.*s@%.*s>\r\n", STR_ARG(d->id),
	    STR_ARG(d->host));
	buf_puts(out, "Auto-Submitted: auto-replied\r\n"
		      "MIME-Version: 1.0\r\n");
}

static void
write_from(const struct dsn *d, struct buf *out)
{
	struct str name = dsn_from_name(d);

	if (has_8bit(name))
		put_words("From: ", name, out);
	else
		buf_printf(out, "From: \"%.*s\"", STR_ARG(name));
	if (d->from.n > 0)
		buf_printf(out, " <%.*s>\r\n", STR_ARG(d->from));
	else
		buf_printf(out, " <MAILER-DAEMON@%.*s>\r\n", STR_ARG(d->host));
}

/* One text: the original's bytes stand in it as they are. */
static void
write_plain(const struct dsn *d, struct buf *out)
{
	struct buf text;

	buf_init(&text, HUMAN_MAX);
	dsn_human(d, &text);
	buf_printf(&text, "\r\n%.*s\r\n", STR_ARG(dsn_rest(d)));
	buf_puts(out, "Content-Type: text/plain; charset=utf-8\r\n");
	put_encoding(has_8bit(buf_str(&text)) || has_8bit(d->original), out);
	buf_add_str(out, buf_str(&text));
	buf_add_str(out, d->original);
	out->failed |= text.failed;
	buf_fini(&text);
}

/* Says in its header how it is encoded. */
static void
write_human(const struct dsn *d, struct buf *out)
{
	struct str language = dsn_content_language(d);
	struct buf text;

	buf_init(&text, HUMAN_MAX);
	dsn_human(d, &text);
	buf_puts(out, "Content-Type: text/plain; charset=utf-8\r\n");
	if (language.n > 0)
		buf_printf(
		    out, "Content-Language: %.*s\r\n", STR_ARG(language));
	if (encode_is_7bit(buf_str(&text))) {
		put_encoding(false, out);
		buf_add_str(out, buf_str(&text));
	} else if (d->utf8) {
		put_encoding(true, out);
		buf_add_str(out, buf_str(&text));
	} else {
		buf_puts(out, "Content-Transfer-Encoding: base64\r\n\r\n");
		encode_base64(buf_str(&text), out);
	}
	out->failed |= text.failed;
	buf_fini(&text);
}

static void
write_status(const struct dsn *d, struct buf *out)
{
	buf_printf(out, "Content-Type: message/%sdelivery-status\r\n",
	    d->utf8 ? "global-" : "");
	put_encoding(d->utf8, out);
	buf_printf(out, "Reporting-MTA: dns; %.*s\r\n", STR_ARG(d->host));
	field(out, "Original-Envelope-Id: ", d->envid);
	field(out, "Arrival-Date: ", d->arrival);
	for (size_t i = 0; i < d->n_rcpts; i++)
		write_status_rcpt(d, &d->rcpts[i], out);
}

static void
write_status_rcpt(
    const struct dsn *d, const struct dsn_rcpt *r, struct buf *out)
{
	struct str orcpt = r->orcpt, type;

	buf_puts(out, "\r\n");
	if (orcpt.n > 0) {
		type = str_cut(&orcpt, ';');
		buf_puts(out, "Original-Recipient: ");
		put_typed(out, d->utf8, type, orcpt, UTF8ADDR_ESCAPED);
	}
	put_addr(out, d->utf8, "Final-Recipient: ", r->addr);
	buf_puts(out, "Action: ");
	buf_puts(out, actions[d->kind]);
	buf_puts(out, "\r\n");
	field(out, "Status: ", r->status);
	field(out, "Remote-MTA: dns; ", r->host);
	if (r->text.n > 0)
		write_diagnostic(d, r, out);
	field(out, "Last-Attempt-Date: ", d->last_try);
	if (d->kind == DSN_DELAYED)
		field(out, "Will-Retry-Until: ", d->until);
}

static void
write_diagnostic(const struct dsn *d, const struct dsn_rcpt *r, struct buf *out)
{
	bool spoke = !str_is(r->code, "000");

	buf_puts(out, "Diagnostic-Code: ");
	buf_puts(out, spoke ? "smtp; " : "x-postern; ");
	if (spoke) {
		buf_add_str(out, r->code);
		buf_putc(out, ' ');
	}
	dsn_put_clean(out, r->text, 30, "\r\n ", d->utf8);
	buf_puts(out, "\r\n");
}

static void
write_original(const struct dsn *d, struct buf *out)
{
	const char *type = d->whole ? "message/rfc822" : "text/rfc822-headers";

	/* RFC 6533: a header in UTF-8 is not an RFC 822 header. */
	if (d->utf8)
		type = d->whole ? "message/global" : "message/global-headers";
	buf_printf(out, "Content-Type: %s\r\n", type);
	put_encoding(has_8bit(d->original), out);
	buf_add_str(out, d->original);
}

/* The end of a header. */
static void
put_encoding(bool eight, struct buf *out)
{
	buf_printf(out, "Content-Transfer-Encoding: %s\r\n\r\n",
	    eight ? "8bit" : "7bit");
}

static void
put_words(const char *name, struct str text, struct buf *out)
{
	struct arena mem;

	arena_init(&mem, HUMAN_MAX);
	buf_puts(out, name);
	buf_add_str(
	    out, charset_encode_words(text, STR("utf-8"), strlen(name), &mem));
	arena_free(&mem);
}

static void
delimiter(const struct dsn *d, const char *end, struct buf *out)
{
	buf_printf(out, "\r\n--%.*s%s", STR_ARG(d->boundary), end);
}

static void
field(struct buf *out, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	buf_puts(out, name);
	dsn_put_clean(out, value, 0, "", false);
	buf_puts(out, "\r\n");
}

static void
put_addr(struct buf *out, bool utf8, const char *name, struct str addr)
{
	buf_puts(out, name);
	put_typed(out, utf8,
	    utf8 && has_8bit(addr) ? STR("utf-8") : STR("rfc822"), addr, 0);
}

/* RFC 6533 3: those of the type utf-8 have a form of their own. */
static void
put_typed(struct buf *out, bool utf8, struct str type, struct str addr,
    unsigned flags)
{
	struct buf form;

	buf_init(&form, REPLY_TEXT_MAX);
	dsn_put_clean(out, type, 0, "", false);
	buf_puts(out, "; ");
	if (str_is_nocase(type, "utf-8") && str_valid_utf8(addr))
		utf8addr_put(addr, flags | (utf8 ? 0 : UTF8ADDR_ASCII), &form);
	dsn_put_clean(out, form.len > 0 && !form.failed ? buf_str(&form) : addr,
	    0, "", utf8);
	buf_puts(out, "\r\n");
	buf_fini(&form);
}

/* --- text from outside --- */

void
dsn_put_clean(
    struct buf *out, struct str s, size_t column, const char *fold, bool utf8)
{
	utf8 = utf8 && str_valid_utf8(s);
	s = str_sub(s, 0, REPLY_TEXT_MAX);
	/* A character cut in two would not be valid any more. */
	while (utf8 && s.n > 0 && !str_valid_utf8(s))
		s.n--;
	if (*fold == '\0' && is_clean(s, utf8)) {
		buf_add_str(out, s);
		return;
	}
	for (size_t i = 0; i < s.n; i++) {
		char c = clean_byte((unsigned char)s.p[i], utf8);

		if (*fold != '\0' && column > 0 &&
		    ((c == ' ' && column + word_end(s, i + 1) - i > WRAP) ||
			(column > LINE_TOO_LONG && (c & 0xc0) != 0x80))) {
			buf_puts(out, fold);
			column = 4;
			if (c == ' ')
				continue;
		}
		buf_putc(out, c);
		column++;
	}
}

static bool
is_clean(struct str s, bool utf8)
{
	for (size_t i = 0; i < s.n; i++)
		if (clean_byte((unsigned char)s.p[i], utf8) != s.p[i])
			return false;
	return true;
}

static char
clean_byte(unsigned char c, bool utf8)
{
	if (c == '\t' || c == '\r' || c == '\n')
		return ' ';
	if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
		return '?';
	return (char)c;
}

static size_t
word_end(struct str s, size_t at)
{
	while (at < s.n && s.p[at] != ' ')
		at++;
	return at;
}

static bool
has_8bit(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return true;
	return false;
}

static bool
is_automatic_field(struct str line)
{
	for (size_t i = 0; i < NELEM(automatic); i++) {
		struct str name = str_of(automatic[i].name);
		struct str value;

		if (!str_starts_nocase(line, name))
			continue;
		value = str_trim(str_sub(line, name.n, line.n));
		if (automatic[i].values == NULL)
			return !str_starts_nocase(value, STR("no"));
		return *automatic[i].values == '\0' ||
		       value_listed(value, automatic[i].values);
	}
	return false;
}

static bool
value_listed(struct str value, const char *values)
{
	struct str rest = str_of(values);

	while (rest.n > 0) {
		struct str one = str_cut(&rest, '|');

		if (one.n > 0 && str_eq_nocase(one, value))
			return true;
	}
	return false;
}
