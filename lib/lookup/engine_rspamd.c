/*
 * engine_rspamd.c - rspamd (spec workqueue 5.4.2): POST /checkv2, JSON back
 */
#include "lookup/engines.h"

#include <inttypes.h>
#include <jansson.h>

static void head(const struct scan_msg *, const struct scanner *,
    const char *host, uint64_t size, struct buf *out);
static enum engine_progress answer(
    struct str in, bool eof, struct scanned *, struct arena *mem);

const struct engine engine_rspamd = {
	.name = "rspamd",
	.port = 11333,
	.head = head,
	.framing = FRAMING_PLAIN,
	.answer = answer,
};

/* A value must not end its line. */
static void
field(struct buf *out, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	buf_printf(out, "%s: ", name);
	engine_put(out, value);
	buf_puts(out, "\r\n");
}

static void
head(const struct scan_msg *what, const struct scanner *s, const char *host,
    uint64_t size, struct buf *out)
{
	const struct word *rcpts = what->rcpts.v;
	char ip[IP_TEXT];

	(void)s;
	buf_printf(out,
	    "POST /checkv2 HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"
	    "Content-Length: %" PRIu64 "\r\nIP: %s\r\nQueue-Id: %" PRIu64
	    "\r\n",
	    host, size, ip_text(&what->client, ip), what->mid);
	if (what->mid == 0)
		buf_puts(out, "Flags: no_log,no_stat\r\n");
	field(out, "From", what->sender);
	field(out, "Helo", what->helo);
	field(out, "Hostname", what->host);
	field(out, "User", what->user);
	for (size_t i = 0; i < what->rcpts.n; i++)
		field(out, "Rcpt", rcpts[i].text);
	buf_puts(out, "\r\n");
}

static int64_t
thousandths(const json_t *number)
{
	double n = json_number_value(number);

	/* and not a number is none of these */
	return n > -1e9 && n < 1e9 ? (int64_t)(n * 1000) : 0;
}

/* Names of the symbols, with commas between. */
static struct str
symbols(json_t *all, struct arena *mem)
{
	const char *name;
	struct buf out;
	struct str s;
	json_t *one;

	buf_init(&out, TEXT_MAX);
	buf_puts(&out, "");
	json_object_foreach(all, name, one)
	{
		struct str n = engine_clean(str_of(name), mem);

		if (out.len + n.n + 1 >= TEXT_MAX)
			break;
		buf_puts(&out, out.len > 0 ? "," : "");
		buf_add_str(&out, n);
	}
	s = arena_str(mem, buf_str(&out));
	buf_fini(&out);
	return s;
}

static bool
read_json(struct str text, struct scanned *r, struct arena *mem)
{
	json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	json_t *score = json_object_get(root, "score");
	json_t *limits = json_object_get(root, "thresholds");
	json_t *suspect = json_object_get(limits, "add header");
	json_t *positive = json_object_get(limits, "reject");

	if (!json_is_number(score)) {
		json_decref(root);
		return false;
	}
	r->known = 1;
	r->raw = thousandths(score);
	r->suspect = json_is_number(suspect) ? thousandths(suspect) : 6000;
	r->positive = json_is_number(positive) ? thousandths(positive) : 15000;
	if (r->suspect <= 0 || r->positive <= r->suspect) {
		r->suspect = 6000;
		r->positive = 15000;
	}
	/* It also "skips" what it need not look at to know that it is spam. */
	r->skipped =
	    json_is_true(json_object_get(root, "is_skipped")) && r->raw <= 0;
	r->text = symbols(json_object_get(root, "symbols"), mem);
	json_decref(root);
	return true;
}

static enum engine_progress
answer(struct str in, bool eof, struct scanned *r, struct arena *mem)
{
	size_t end = 0;
	struct str top, body, line;
	uint64_t length;

	while (end + 4 <= in.n && !str_eq(str_sub(in, end, 4), STR("\r\n\r\n")))
		end++;
	if (end + 4 > in.n) {
		r->text = STR("the answer ended within its head");
		return eof ? ENGINE_BAD : ENGINE_MORE;
	}
	top = str_sub(in, 0, end);
	body = str_sub(in, end + 4, in.n);
	line = str_sub(top, 0, str_find(top, '\r'));
	if (!str_starts(str_word(&line), STR("HTTP/1.")) ||
	    !str_is(str_word(&line), "200")) {
		r->text = STR("rspamd could not scan it");
		return ENGINE_BAD;
	}
	if (str_u64(engine_header(top, "Content-Length"), ENGINE_ANSWER_MAX,
		&length)) {
		if (body.n < length && !eof)
			return ENGINE_MORE;
		body = str_sub(body, 0, length);
	} else if (!eof) {
		return ENGINE_MORE;
	}
	if (read_json(body, r, mem))
		return ENGINE_DONE;
	r->text = STR("an answer of rspamd without a score");
	return ENGINE_BAD;
}
