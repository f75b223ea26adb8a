/* dsn_text.c - what a notice says to people, in their language */
#include "base/mem.h"
#include "mail/dsn_inner.h"

/* Words around what is put in between; lines end in CRLF. */
static const struct language {
	const char *tag; /* RFC 5646 */
	const char *from;
	const char *greeting[2]; /* our name */
	const char *subject[DSN_KINDS], *intro[DSN_KINDS];
	const char *until[2]; /* a date */
	const char *said[2];  /* a host */
	const char *rest;
} languages[] = {
	[DSN_ENGLISH] = { "en", "Mail Delivery System",
	    { "This is the mail system at ", ".\r\n" },
	    { [DSN_FAILED] = "Delivery Status Notification (Failure)",
		[DSN_DELAYED] = "Delivery Status Notification (Delay)",
		[DSN_RELAYED] = "Delivery Status Notification (Relay)" },
	    { [DSN_FAILED] =
		    "Your message could not be delivered to the recipients "
		    "below.\r\n"
		    "It has been given up for them.\r\n",
		[DSN_DELAYED] =
		    "This is a warning only. You need not send the message "
		    "again.\r\n"
		    "\r\n"
		    "Your message has not been delivered yet to the "
		    "recipients\r\n"
		    "below. Delivery will be tried again.\r\n",
		[DSN_RELAYED] =
		    "Your message was passed on for the recipients below to "
		    "a\r\n"
		    "server that does not confirm deliveries. No further\r\n"
		    "confirmation will come.\r\n" },
	    { "It is given up if that fails until\r\n", ".\r\n" },
	    { "", " said:\r\n" },
	    "--- The message's header and text, as far as kept:\r\n" },
	[DSN_JAPANESE] = { "ja", "メール配信システム",
	    { "これは ", " のメールシステムからのお知らせです。\r\n" },
	    { [DSN_FAILED] = "配信状況通知 (失敗)",
		[DSN_DELAYED] = "配信状況通知 (遅延)",
		[DSN_RELAYED] = "配信状況通知 (中継)" },
	    { [DSN_FAILED] =
		    "あなたのメールは、以下の宛先に配信できませんでした。\r\n"
		    "これらの宛先への配信は中止されました。\r\n",
		[DSN_DELAYED] =
		    "これは警告です。メールを送り直す必要はありません。\r\n"
		    "\r\n"
		    "あなたのメールは、以下の宛先にまだ配信されていません。\r\n"
		    "引き続き配信を試みます。\r\n",
		[DSN_RELAYED] =
		    "以下の宛先へのメールは、配信の確認を返さないサーバーに"
		    "中継されました。\r\n"
		    "これ以降、確認の通知は送られません。\r\n" },
	    { "次の日時までに配信できない場合は、配信を中止します。\r\n",
		"\r\n" },
	    { "", " の応答:\r\n" },
	    "--- 元のメールのヘッダーと本文 (残っている範囲):\r\n" },
};

typedef void variable_fn(const struct dsn *, struct buf *out);
static variable_fn put_host, put_date, put_mid, put_subject, put_rcpts,
    put_reasons, put_remotes;

/* $Name in a text of the administrator's; names in any case. */
static const struct {
	const char *name;
	variable_fn *put;
} variables[] = {
	{ "Hostname", put_host },
	{ "Date", put_date },
	{ "MID", put_mid },
	{ "Subject", put_subject },
	{ "BouncedRecipient", put_rcpts },
	{ "BounceReason", put_reasons },
	{ "remotehost", put_remotes },
};

static const struct language *first(const struct dsn *);
static void put_intro(
    const struct dsn *, const struct language *, struct buf *out);
static bool put_own_text(const struct dsn *, struct buf *out);
static size_t variable_at(struct str text, size_t *which);
static void put_crlf(struct str text, struct buf *out);
static void put_rcpt(const struct dsn *, const struct dsn_rcpt *, struct buf *);
static void put_reason(const struct dsn_rcpt *, struct buf *out);

struct str
dsn_subject(const struct dsn *d)
{
	return d->subject.n > 0 ? d->subject
				: str_of(first(d)->subject[d->kind]);
}

struct str
dsn_from_name(const struct dsn *d)
{
	return str_of(first(d)->from);
}

struct str
dsn_content_language(const struct dsn *d)
{
	if (d->text.n > 0)
		return STR("");
	return d->language == DSN_BOTH ? STR("en, ja") : str_of(first(d)->tag);
}

struct str
dsn_rest(const struct dsn *d)
{
	return str_of(first(d)->rest);
}

void
dsn_human(const struct dsn *d, struct buf *out)
{
	bool names_them = false;

	if (d->text.n > 0) {
		names_them = put_own_text(d, out);
	} else if (d->language == DSN_BOTH) {
		put_intro(d, &languages[DSN_ENGLISH], out);
		buf_puts(out, "\r\n");
		put_intro(d, &languages[DSN_JAPANESE], out);
	} else {
		put_intro(d, first(d), out);
	}
	for (size_t i = 0; i < d->n_rcpts && !names_them; i++)
		put_rcpt(d, &d->rcpts[i], out);
}

/* Where there is room for one only. */
static const struct language *
first(const struct dsn *d)
{
	return &languages[d->language == DSN_JAPANESE ? DSN_JAPANESE
						      : DSN_ENGLISH];
}

static void
put_intro(const struct dsn *d, const struct language *l, struct buf *out)
{
	buf_printf(out, "%s%.*s%s\r\n", l->greeting[0], STR_ARG(d->host),
	    l->greeting[1]);
	buf_puts(out, l->intro[d->kind]);
	if (d->until.n > 0)
		buf_printf(out, "%s%.*s%s", l->until[0], STR_ARG(d->until),
		    l->until[1]);
}

static void
put_rcpt(const struct dsn *d, const struct dsn_rcpt *r, struct buf *out)
{
	const struct language *l = first(d);

	buf_puts(out, "\r\n<");
	dsn_put_clean(out, r->addr, 0, "", d->utf8);
	buf_puts(out, ">\r\n");
	if (r->reason.n > 0) {
		buf_puts(out, "    ");
		buf_add_str(out, r->status);
		buf_puts(out, " - ");
		buf_add_str(out, r->reason);
		buf_puts(out, "\r\n");
	}
	if (r->host.n > 0)
		buf_printf(out, "    %s%.*s%s", l->said[0], STR_ARG(r->host),
		    l->said[1]);
	if (r->text.n > 0) {
		/* Indented: no line can be a "From " line. */
		buf_puts(out, "    ");
		if (!str_is(r->code, "000"))
			buf_printf(out, "%.*s ", STR_ARG(r->code));
		dsn_put_clean(out, r->text, 8, "\r\n    ", d->utf8);
		buf_puts(out, "\r\n");
	}
}

/* --- the administrator's text --- */

/* True: it names the recipients itself. */
static bool
put_own_text(const struct dsn *d, struct buf *out)
{
	struct str text = d->text;
	bool names_them = false;
	size_t which;

	while (text.n > 0) {
		size_t at = str_find(text, '$'), n;

		put_crlf(str_sub(text, 0, at), out);
		text = str_sub(text, at, text.n);
		n = variable_at(text, &which);
		if (n > 0) {
			variables[which].put(d, out);
			names_them |= variables[which].put == put_rcpts;
		} else if (text.n > 0) {
			buf_putc(out, '$');
			n = 1;
		}
		text = str_sub(text, n, text.n);
	}
	if (d->text.p[d->text.n - 1] != '\n')
		buf_puts(out, "\r\n");
	return names_them;
}

/* How long the variable is that the text begins with; 0: there is none. */
static size_t
variable_at(struct str text, size_t *which)
{
	for (size_t i = 0; text.n > 0 && i < NELEM(variables); i++) {
		struct str name = str_of(variables[i].name);

		if (str_starts_nocase(str_sub(text, 1, text.n), name)) {
			*which = i;
			return 1 + name.n;
		}
	}
	return 0;
}

static void
put_crlf(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n')
			buf_puts(out, "\r\n");
		else if (text.p[i] != '\r')
			buf_putc(out, text.p[i]);
	}
}

static void
put_host(const struct dsn *d, struct buf *out)
{
	buf_add_str(out, d->host);
}

static void
put_date(const struct dsn *d, struct buf *out)
{
	buf_add_str(out, d->date);
}

static void
put_mid(const struct dsn *d, struct buf *out)
{
	buf_printf(out, "%llu", (unsigned long long)d->mid);
}

static void
put_subject(const struct dsn *d, struct buf *out)
{
	dsn_put_clean(out, d->about, 0, "", true);
}

static void
put_rcpts(const struct dsn *d, struct buf *out)
{
	for (size_t i = 0; i < d->n_rcpts; i++) {
		buf_puts(out, i > 0 ? ",\r\n" : "");
		dsn_put_clean(out, d->rcpts[i].addr, 0, "", d->utf8);
	}
}

static void
put_reasons(const struct dsn *d, struct buf *out)
{
	for (size_t i = 0; i < d->n_rcpts; i++) {
		buf_puts(out, i > 0 ? "\r\n" : "");
		put_reason(&d->rcpts[i], out);
	}
}

static void
put_reason(const struct dsn_rcpt *r, struct buf *out)
{
	buf_add_str(out, r->status);
	if (r->reason.n > 0)
		buf_printf(out, " - %.*s", STR_ARG(r->reason));
	if (r->text.n == 0)
		return;
	buf_puts(out, "\r\n    ");
	if (!str_is(r->code, "000"))
		buf_printf(out, "%.*s ", STR_ARG(r->code));
	dsn_put_clean(out, r->text, 8, "\r\n    ", false);
}

static void
put_remotes(const struct dsn *d, struct buf *out)
{
	for (size_t i = 0; i < d->n_rcpts; i++) {
		if (i > 0 && d->rcpts[i].host.n > 0)
			buf_puts(out, ", ");
		buf_add_str(out, d->rcpts[i].host);
	}
}
