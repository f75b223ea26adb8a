/*
 * engine_icap.c - virus scanners behind ICAP (spec workqueue 6.4, RFC 3507)
 *
 * The message goes as the body of an HTTP response that is to be modified;
 * 204 says that nothing was found.
 */
#include "lookup/engines.h"

#include <inttypes.h>
#include <string.h>

static void head(const struct scan_msg *, const struct scanner *,
    const char *host, uint64_t size, struct buf *out);
static enum engine_progress answer(
    struct str in, bool eof, struct scanned *, struct arena *mem);

const struct engine engine_icap = {
	.name = "ICAP",
	.port = 1344,
	.head = head,
	.framing = FRAMING_HTTP,
	.answer = answer,
};

static void
head(const struct scan_msg *what, const struct scanner *s, const char *host,
    uint64_t size, struct buf *out)
{
	static const struct str request =
	    STR("GET http://postern/message HTTP/1.1\r\nHost: postern\r\n\r\n");
	struct buf response;

	(void)what;
	buf_init(&response, 1000);
	buf_printf(&response,
	    "HTTP/1.1 200 OK\r\nContent-Type: message/rfc822\r\n"
	    "Content-Length: %" PRIu64 "\r\n\r\n",
	    size);
	buf_printf(out,
	    "RESPMOD icap://%s/%.*s ICAP/1.0\r\nHost: %s\r\nAllow: 204\r\n"
	    "Connection: close\r\n"
	    "Encapsulated: req-hdr=0, res-hdr=%zu, res-body=%zu\r\n\r\n",
	    host, STR_ARG(s->service), host, request.n,
	    request.n + response.len);
	buf_add_str(out, request);
	buf_add_str(out, buf_str(&response));
	buf_fini(&response);
}

/* "Type=0; Resolution=2; Threat=Eicar;" */
static struct str
threat(struct str top)
{
	struct str value = engine_header(top, "X-Infection-Found");

	while (value.n > 0) {
		struct str part = str_trim(str_cut(&value, ';'));

		if (str_starts_nocase(part, STR("Threat=")))
			return str_sub(part, 7, part.n);
	}
	return engine_header(top, "X-Virus-ID");
}

static enum engine_progress
answer(struct str in, bool eof, struct scanned *r, struct arena *mem)
{
	size_t end = 0;
	struct str top, line, code, name;

	while (end + 4 <= in.n && !str_eq(str_sub(in, end, 4), STR("\r\n\r\n")))
		end++;
	if (end + 4 > in.n) {
		r->text = STR("the answer ended within its head");
		return eof ? ENGINE_BAD : ENGINE_MORE;
	}
	top = str_sub(in, 0, end);
	line = str_sub(top, 0, str_find(top, '\r'));
	if (!str_starts(str_word(&line), STR("ICAP/1."))) {
		r->text = STR("no answer of an ICAP server");
		return ENGINE_BAD;
	}
	code = str_word(&line);
	name = threat(top);
	if (str_is(code, "204") && name.n == 0) {
		r->known = 1;
		r->number = VIRUS_CLEAN;
		return ENGINE_DONE;
	}
	if (!str_is(code, "200") && !str_is(code, "204")) {
		r->text = STR("the ICAP server could not scan it");
		return ENGINE_BAD;
	}
	r->known = 1;
	if (name.n == 0 && engine_header(top, "X-Blocked-Reason").n == 0 &&
	    engine_header(top, "X-Violations-Found").n == 0) {
		/* It sends back what it was given. */
		r->number = VIRUS_CLEAN;
		return ENGINE_DONE;
	}
	r->number = VIRUS_FOUND;
	r->text = engine_clean(
	    str_sub(name.n > 0 ? name : STR("blocked"), 0, 500), mem);
	return ENGINE_DONE;
}
