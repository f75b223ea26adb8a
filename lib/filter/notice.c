/* notice.c - notices to people */
#include "filter/notice.h"

#include <inttypes.h>

#include "filter/eval.h"
#include "mail/charset.h"
#include "mail/encode.h"

static void add_date(struct work *, struct buf *);
static void add_field(
    struct buf *, const char *name, struct str value, struct arena *);

struct str
notice_text(void)
{
	return STR("A message was handled by the filter $FilterName.\n"
		   "\n"
		   "From: $EnvelopeFrom\n"
		   "To: $EnvelopeRecipients\n"
		   "Client: $RemoteIP ($remotehost)\n"
		   "MID: $MID\n"
		   "\n"
		   "Its header:\n"
		   "\n"
		   "$AllHeaders");
}

struct msg
notice_write(struct work *w, struct str filter, const struct notice *n)
{
	struct str text = variables_of(w, filter, n->text);
	struct str host = w->origin->hostname;
	struct msg m = { .header_changed = true, .body_changed = true };
	size_t before = 0;
	struct buf out, lines;

	for (const struct work_copy *c = w->copies; c != NULL; c = c->next)
		before++;
	buf_init(&out, 1 << 20);
	buf_printf(&out, "From: Mail Delivery System <MAILER-DAEMON@%.*s>\r\n",
	    (int)host.n, host.p);
	add_field(&out, "To", n->to, w->mem);
	add_field(&out, "Subject", n->subject, w->mem);
	add_date(w, &out);
	buf_printf(&out,
	    "Message-ID: <notice.%" PRIu64 ".%" PRIu32 ".%zu@%.*s>\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	    w->origin->mid, w->branch, before, (int)host.n, host.p);
	m.header = arena_str(w->mem, buf_str(&out));
	buf_fini(&out);
	buf_init(&lines, SIZE_MAX / 8);
	buf_init(&out, SIZE_MAX / 4);
	encode_crlf(text, &lines);
	encode_quoted(buf_str(&lines), &out);
	buf_puts(&out, "\r\n");
	m.body = arena_str(w->mem, buf_str(&out));
	buf_fini(&lines);
	buf_fini(&out);
	return m;
}

static void
add_date(struct work *w, struct buf *out)
{
	struct str stamp = variables_of(w, STR(""), STR("$Timestamp"));

	buf_printf(out, "Date: %.*s\r\n", (int)stamp.n, stamp.p);
}

static void
add_field(
    struct buf *out, const char *name, struct str value, struct arena *mem)
{
	size_t column = str_of(name).n + 2;

	buf_printf(out, "%s: ", name);
	buf_add_str(out, charset_encode_words(value, STR(""), column, mem));
	buf_puts(out, "\r\n");
}
