/*
 * engine_spamd.c - SpamAssassin's spamd (spec workqueue 5.4.1)
 *
 *	SYMBOLS SPAMC/1.5		SPAMD/1.1 0 EX_OK
 *	Content-length: n		Spam: True ; 15.4 / 5.0
 *
 *	<message>			A,B,C
 */
#include "lookup/engines.h"

#include <inttypes.h>

static void head(const struct scan_msg *, const struct scanner *,
    const char *host, uint64_t size, struct buf *out);
static enum engine_progress answer(
    struct str in, bool eof, struct scanned *, struct arena *mem);

const struct engine engine_spamd = {
	.name = "SpamAssassin",
	.port = 783,
	.head = head,
	.framing = FRAMING_PLAIN,
	.half_close = true,
	.answer = answer,
};

static void
head(const struct scan_msg *what, const struct scanner *s, const char *host,
    uint64_t size, struct buf *out)
{
	char ip[IP_TEXT];
	struct buf own;

	(void)s, (void)host;
	/* What it reads the envelope from: not in what is delivered. */
	buf_init(&own, 16384);
	buf_puts(&own, "Return-Path: <");
	engine_put(&own, what->sender);
	buf_puts(&own, ">\r\nReceived: from ");
	engine_put(&own, what->helo.n > 0 ? what->helo : STR("unknown"));
	buf_puts(&own, " (");
	engine_put(&own, what->host.n > 0 ? what->host : STR("unknown"));
	buf_printf(&own,
	    " [%s])\r\n\tby postern with SMTP id %" PRIu64 "; "
	    "Thu, 01 Jan 1970 00:00:00 +0000\r\n",
	    ip_text(&what->client, ip), what->mid);
	buf_printf(out,
	    "SYMBOLS SPAMC/1.5\r\nContent-length: %" PRIu64 "\r\n\r\n",
	    size + own.len);
	buf_add_str(out, buf_str(&own));
	buf_fini(&own);
}

/* "SPAMD/1.1 0 EX_OK": the number; -1: it is no such line. */
static int
status(struct str line)
{
	struct str word = str_word(&line);
	uint64_t code;

	if (!str_starts(word, STR("SPAMD/")) ||
	    !str_u64(str_word(&line), 255, &code))
		return -1;
	return (int)code;
}

/* "True ; 15.4 / 5.0" */
static bool
scores(struct str value, struct scanned *r)
{
	str_cut(&value, ';');
	return engine_decimal(str_trim(str_cut(&value, '/')), &r->raw) &&
	       engine_decimal(str_trim(value), &r->suspect);
}

static enum engine_progress
answer(struct str in, bool eof, struct scanned *r, struct arena *mem)
{
	size_t end = 0;
	struct str top, body;
	uint64_t length;
	int code;

	while (end + 4 <= in.n && !str_eq(str_sub(in, end, 4), STR("\r\n\r\n")))
		end++;
	if (end + 4 > in.n) {
		r->text = STR("the answer ended within its head");
		return eof ? ENGINE_BAD : ENGINE_MORE;
	}
	top = str_sub(in, 0, end);
	body = str_sub(in, end + 4, in.n);
	code = status(str_sub(top, 0, str_find(top, '\r')));
	if (code != 0) {
		r->text = code == -1 ? STR("no answer of spamd")
				     : STR("spamd could not scan it");
		return ENGINE_BAD;
	}
	if (!scores(engine_header(top, "Spam"), r)) {
		r->text = STR("no score in the answer of spamd");
		return ENGINE_BAD;
	}
	if (str_u64(engine_header(top, "Content-length"), ENGINE_ANSWER_MAX,
		&length) &&
	    body.n < length && !eof)
		return ENGINE_MORE;
	r->known = 1;
	r->positive = 2 * r->suspect;
	r->text = engine_clean(str_sub(str_trim(body), 0, TEXT_MAX), mem);
	return ENGINE_DONE;
}
