/* quarantine_copy.c - a held message, sent to somebody */
#include "admin/quarantine_copy.h"

#include <inttypes.h>
#include <stdio.h>

#include "admin/fields.h"
#include "admin/message.h"
#include "base/base64.h"
#include "base/clock.h"
#include "config/seal.h"
#include "mail/addr.h"
#include "mail/charset.h"

#define RCPTS_AT_ONCE 100
#define COPY_MAX      (200u * 1024 * 1024)
#define MEM_MAX       ((size_t)1 << 20)

struct copy {
	struct tool *t;
	uint64_t mid;
	bool as_attachment;
	struct str rcpts[RCPTS_AT_ONCE];
	size_t n;
	struct arena mem;
	struct control_answer held;
};

static bool take_list(struct copy *, struct str list, char shown[200]);
static int send_it(struct copy *, struct err *);
static void write_head(
    struct copy *, const char *boundary, bool eight_bit, struct buf *);
static void make_boundary(struct buf *);
static int say(struct copy *);

int
quarantine_copy(
    struct tool *t, uint64_t mid, bool as_attachment, const char *to)
{
	struct copy c = { .t = t, .mid = mid, .as_attachment = as_attachment };
	struct err err = ERR_INIT;
	char shown[200];
	int status;

	arena_init(&c.mem, MEM_MAX);
	if (!take_list(&c, str_of(to), shown)) {
		fprintf(stderr, "Invalid email address: \"%s\"\n", shown);
		status = TOOL_USAGE;
	} else if (message_fetch(t, mid, &c.held, &err) == -1) {
		status = tool_fail(t, &err);
	} else {
		if (json_array_size(
			json_object_get(c.held.json, "quarantines")) == 0)
			err_set(&err, ERR_PERM,
			    "MID %" PRIu64 " is in no quarantine", mid);
		status = err.kind == ERR_NONE && send_it(&c, &err) == 0
			     ? say(&c)
			     : tool_fail(t, &err);
		control_answer_fini(&c.held);
	}
	arena_free(&c.mem);
	return status;
}

bool
quarantine_copy_takes(const char *to, char shown[200])
{
	struct copy c = { .t = NULL };
	bool ok;

	arena_init(&c.mem, MEM_MAX);
	ok = take_list(&c, str_of(to), shown);
	arena_free(&c.mem);
	return ok;
}

static bool
take_list(struct copy *c, struct str list, char shown[200])
{
	*shown = '\0';
	while (list.n > 0) {
		struct str one = str_trim(str_cut(&list, ','));
		struct addr a;

		if (one.n == 0)
			continue;
		str_escape(shown, 200, one, 150);
		if (c->n == RCPTS_AT_ONCE ||
		    addr_parse(&a, one, &c->mem, NULL) != ADDR_OK ||
		    a.domain.n == 0 || !addr_is_clean(a.text))
			return false;
		c->rcpts[c->n++] = a.text;
	}
	return c->n > 0;
}

static int
send_it(struct copy *c, struct err *err)
{
	struct buf plain, mail, boundary;
	bool eight = false;
	int rc;

	buf_init(&plain, COPY_MAX);
	buf_init(&mail, COPY_MAX + 8192);
	buf_init(&boundary, 64);
	rc = message_plain(&c->held, &plain, err);
	for (size_t i = 0; rc == 0 && i < plain.len && !eight; i++)
		eight = (plain.data[i] & 0x80) != 0;
	if (rc == 0 && c->as_attachment) {
		make_boundary(&boundary);
		write_head(c, boundary.data, eight, &mail);
		buf_add_str(&mail, buf_str(&plain));
		buf_printf(&mail, "\r\n--%s--\r\n", boundary.data);
	}
	if (rc == 0 && (mail.failed || plain.failed))
		rc = err_set(err, ERR_PERM, "the message is too large");
	if (rc == 0)
		rc = control_submit(c->t, c->rcpts, c->n,
		    buf_str(c->as_attachment ? &mail : &plain),
		    c->as_attachment, err);
	buf_fini(&plain);
	buf_fini(&mail);
	buf_fini(&boundary);
	return rc;
}

static void
write_head(
    struct copy *c, const char *boundary, bool eight_bit, struct buf *out)
{
	const char *host = fields_text(c->held.json, "hostname");
	const json_t *first =
	    json_array_get(json_object_get(c->held.json, "quarantines"), 0);
	struct str subject = str_of(fields_text(first, "subject"));
	int64_t now = clock_wall_ms();
	char date[CLOCK_TEXT];

	buf_printf(out, "Date: %s\r\n", clock_rfc5322(now, date));
	buf_printf(out, "From: \"Postern\" <MAILER-DAEMON@%s>\r\nTo: ", host);
	for (size_t i = 0; i < c->n; i++)
		buf_printf(out, "%s<%.*s>", i > 0 ? ",\r\n\t" : "",
		    STR_ARG(c->rcpts[i]));
	buf_puts(out, "\r\nSubject: Held: ");
	buf_add_str(
	    out, charset_encode_words(subject, STR("utf-8"), 15, &c->mem));
	buf_printf(out,
	    "\r\nMessage-ID: <%lld.%" PRIu64 ".held@%s>\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed;\r\n\tboundary=\"%s\"\r\n\r\n",
	    (long long)now, c->mid, host, boundary);
	buf_printf(out,
	    "--%s\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
	    "A message that is held in quarantine is attached.\r\n\r\n"
	    "--%s\r\n"
	    "Content-Type: message/rfc822\r\n"
	    "Content-Transfer-Encoding: %s\r\n"
	    "Content-Disposition: attachment\r\n\r\n",
	    boundary, boundary, eight_bit ? "8bit" : "7bit");
}

/* Nobody who sent the message could know it. */
static void
make_boundary(struct buf *out)
{
	char random[12];

	seal_random(random, sizeof(random));
	buf_puts(out, "=_");
	base64_encode((struct str){ random, sizeof(random) }, out);
}

static int
say(struct copy *c)
{
	struct buf out;

	if (c->t->json) {
		fprintf(c->t->dialogue.out,
		    "{\n  \"mid\": %" PRIu64 ",\n  \"recipients\": %zu\n}\n",
		    c->mid, c->n);
		return TOOL_DONE;
	}
	buf_init(&out, 65536);
	buf_puts(&out, c->as_attachment ? "The message has been forwarded to "
					: "A copy has been sent to ");
	for (size_t i = 0; i < c->n; i++) {
		buf_puts(&out, i > 0 ? ", " : "");
		fields_show_str(&out, c->rcpts[i], 300);
	}
	buf_puts(&out, ".\n");
	tool_print(c->t, &out);
	buf_fini(&out);
	return TOOL_DONE;
}
