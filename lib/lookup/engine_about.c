/*
 * engine_about.c - engines asked about themselves (spec workqueue 5.5, 6.6)
 *
 *	spamd	HEADERS of a message that is hardly one; its header
 *		X-Spam-Checker-Version: SpamAssassin 4.0.0 (2022-12-14) on host
 *	rspamd	GET /ping; Server: rspamd/3.4
 *	clamd	zVERSION; ClamAV 1.0.3/27000/Tue Nov 18 09:30:12 2026
 *		zRELOAD; RELOADING
 *	ICAP	OPTIONS; Service: and ISTag:, which is its signatures'
 */
#include "lookup/engines.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static void spamd_head(const struct scan_msg *, const struct scanner *,
    const char *host, uint64_t size, struct buf *out);
static void rspamd_head(const struct scan_msg *, const struct scanner *,
    const char *host, uint64_t size, struct buf *out);
static void clamd_head(const struct scan_msg *, const struct scanner *,
    const char *host, uint64_t size, struct buf *out);
static void reload_head(const struct scan_msg *, const struct scanner *,
    const char *host, uint64_t size, struct buf *out);
static void icap_head(const struct scan_msg *, const struct scanner *,
    const char *host, uint64_t size, struct buf *out);
static enum engine_progress spamd_answer(
    struct str in, bool eof, struct scanned *, struct arena *);
static enum engine_progress rspamd_answer(
    struct str in, bool eof, struct scanned *, struct arena *);
static enum engine_progress clamd_answer(
    struct str in, bool eof, struct scanned *, struct arena *);
static enum engine_progress reload_answer(
    struct str in, bool eof, struct scanned *, struct arena *);
static enum engine_progress icap_answer(
    struct str in, bool eof, struct scanned *, struct arena *);
static enum engine_progress top(
    struct str in, bool eof, struct str *head, struct scanned *);
static bool one_line(struct str in, struct str *line);
static enum engine_progress none(struct scanned *, bool eof);

const struct engine engine_spamd_version = {
	.name = "SpamAssassin",
	.port = 783,
	.head = spamd_head,
	.half_close = true,
	.answer = spamd_answer,
};
const struct engine engine_rspamd_version = {
	.name = "rspamd",
	.port = 11333,
	.head = rspamd_head,
	.answer = rspamd_answer,
};
const struct engine engine_clamd_version = {
	.name = "ClamAV",
	.port = 3310,
	.head = clamd_head,
	.answer = clamd_answer,
};
const struct engine engine_clamd_reload = {
	.name = "ClamAV",
	.port = 3310,
	.head = reload_head,
	.answer = reload_answer,
};
const struct engine engine_icap_version = {
	.name = "ICAP",
	.port = 1344,
	.head = icap_head,
	.answer = icap_answer,
};

/* --- spamd --- */

static void
spamd_head(const struct scan_msg *what, const struct scanner *s,
    const char *host, uint64_t size, struct buf *out)
{
	(void)what, (void)s, (void)host, (void)size;
	buf_puts(out, "HEADERS SPAMC/1.5\r\nContent-length: 17\r\n\r\n"
		      "Subject: ask\r\n\r\n\n");
}

static enum engine_progress
spamd_answer(struct str in, bool eof, struct scanned *r, struct arena *mem)
{
	struct str version;
	size_t on;

	if (!str_starts(in, STR("SPAMD/")) || !eof)
		return none(r, eof);
	version = engine_header(in, "X-Spam-Checker-Version");
	on = str_find(version, ')');
	version = str_sub(version, 0, on < version.n ? on + 1 : 100);
	r->known = 1;
	if (version.n > 0)
		r->engine = engine_clean(version, mem);
	return ENGINE_DONE;
}

/* --- rspamd --- */

static void
rspamd_head(const struct scan_msg *what, const struct scanner *s,
    const char *host, uint64_t size, struct buf *out)
{
	(void)what, (void)s, (void)size;
	buf_printf(out,
	    "GET /ping HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
	    host);
}

static enum engine_progress
rspamd_answer(struct str in, bool eof, struct scanned *r, struct arena *mem)
{
	enum engine_progress p;
	struct str head, server;

	p = top(in, eof, &head, r);
	if (p != ENGINE_DONE)
		return p;
	if (!str_starts(head, STR("HTTP/1.")))
		return none(r, true);
	server = str_sub(engine_header(head, "Server"), 0, 100);
	r->known = 1;
	if (str_starts_nocase(server, STR("rspamd/")))
		r->engine = str_of(arena_printf(mem, "rspamd %.*s",
		    STR_ARG(engine_clean(str_sub(server, 7, 90), mem))));
	return ENGINE_DONE;
}

/* --- clamd --- */

static void
clamd_head(const struct scan_msg *what, const struct scanner *s,
    const char *host, uint64_t size, struct buf *out)
{
	(void)what, (void)s, (void)host, (void)size;
	buf_add(out, "zVERSION", sizeof("zVERSION"));
}

static enum engine_progress
clamd_answer(struct str in, bool eof, struct scanned *r, struct arena *mem)
{
	struct str line, number;

	if (!one_line(in, &line) || !str_starts(line, STR("ClamAV ")))
		return none(r, eof || one_line(in, &line));
	line = engine_clean(str_sub(line, 0, 300), mem);
	r->engine = str_sub(str_cut(&line, '/'), 0, 100);
	number = str_cut(&line, '/');
	if (line.n > 0)
		r->text = str_of(arena_printf(mem, "%.*s, %.*s",
		    STR_ARG(number), STR_ARG(str_trim(line))));
	r->known = 1;
	return ENGINE_DONE;
}

static void
reload_head(const struct scan_msg *what, const struct scanner *s,
    const char *host, uint64_t size, struct buf *out)
{
	(void)what, (void)s, (void)host, (void)size;
	buf_add(out, "zRELOAD", sizeof("zRELOAD"));
}

static enum engine_progress
reload_answer(struct str in, bool eof, struct scanned *r, struct arena *mem)
{
	struct str line;

	(void)mem;
	if (!one_line(in, &line) || !str_is(line, "RELOADING"))
		return none(r, eof || one_line(in, &line));
	r->known = 1;
	return ENGINE_DONE;
}

static bool
one_line(struct str in, struct str *line)
{
	const char *nul = in.n > 0 ? memchr(in.p, '\0', in.n) : NULL;

	if (nul != NULL)
		*line = str_sub(in, 0, (size_t)(nul - in.p));
	return nul != NULL;
}

/* --- ICAP --- */

static void
icap_head(const struct scan_msg *what, const struct scanner *s,
    const char *host, uint64_t size, struct buf *out)
{
	(void)what, (void)size;
	buf_printf(out,
	    "OPTIONS icap://%s/%.*s ICAP/1.0\r\nHost: %s\r\n"
	    "Connection: close\r\n\r\n",
	    host, STR_ARG(s->service), host);
}

static enum engine_progress
icap_answer(struct str in, bool eof, struct scanned *r, struct arena *mem)
{
	enum engine_progress p;
	struct str head, service, tag;

	p = top(in, eof, &head, r);
	if (p != ENGINE_DONE)
		return p;
	if (!str_starts(head, STR("ICAP/1.0 200")))
		return none(r, true);
	service = str_sub(engine_header(head, "Service"), 0, 90);
	tag = str_sub(engine_header(head, "ISTag"), 0, 100);
	if (tag.n > 1 && tag.p[0] == '"')
		tag = str_sub(tag, 1, tag.n - 2);
	if (service.n > 0)
		r->engine = str_of(arena_printf(
		    mem, "ICAP: %.*s", STR_ARG(engine_clean(service, mem))));
	r->text = engine_clean(tag, mem);
	r->known = 1;
	return ENGINE_DONE;
}

/* --- shared --- */

/* The head of an answer, when all of it is here. */
static enum engine_progress
top(struct str in, bool eof, struct str *head, struct scanned *r)
{
	const char *end = in.n > 0 ? memmem(in.p, in.n, "\r\n\r\n", 4) : NULL;

	if (end == NULL)
		return none(r, eof);
	*head = str_sub(in, 0, (size_t)(end - in.p) + 2);
	return ENGINE_DONE;
}

static enum engine_progress
none(struct scanned *r, bool eof)
{
	r->text = STR("an answer that says nothing of itself");
	return eof ? ENGINE_BAD : ENGINE_MORE;
}
