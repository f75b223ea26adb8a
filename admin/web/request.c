/* request.c - one request: who asks, may he, what is answered */
#include "admin/web/request.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/web/pages.h"
#include "base/mem.h"
#include "event/event.h"

#define HEAD_MAX  8192
#define WORDS_MAX 32

static bool is_ours(const struct request *);
static void find_session(struct request *);
static void check_and_run(struct request *);
static bool form_is_ours(struct request *);
static void answered(void *arg, struct said *);
static void request_free(struct request *);
static void begin_head(struct request *, struct buf *head, unsigned status);
static void end_head(struct buf *head, const char *type, uint64_t length);
static void send_out(struct request *, struct buf *head);
static void menu(struct request *);

struct request *
request_new(struct web *w, struct conn *c, const struct ip *client,
    const struct http_request *http)
{
	struct request *r = mem_alloc(sizeof(*r));

	r->web = w;
	r->conn = c;
	r->client = *client;
	r->http = *http;
	buf_init(&r->out, PAGE_MAX);
	buf_init(&r->head, HEAD_MAX);
	return r;
}

/* The order matters: what is not there is so for everybody; what changes
 * something must have come from us before it is looked at. */
void
request_run(struct request *r)
{
	const struct page *p = pages_find(r->http.path);
	bool post = r->http.method == HTTP_POST;

	if (p == NULL) {
		request_say(r, 404, "Not found", "There is no such page.");
		return;
	}
	r->page = p;
	if ((post ? p->post : p->get) == NULL) {
		request_say(r, 405, "Not this way",
		    post ? "This page takes no forms."
			 : "This address takes forms only.");
		return;
	}
	if (post && !is_ours(r)) {
		request_say(r, 403, "Refused",
		    "This form does not come from a page of this gateway.");
		return;
	}
	if (p->flags & PAGE_BASIC) {
		p->get(r);
		return;
	}
	find_session(r);
	if (p->flags & PAGE_OPEN)
		(post ? p->post : p->get)(r);
	else if (r->session == NULL)
		request_go(r, "/login", NULL, false);
	else
		check_and_run(r);
}

void
request_cancel(struct request **rp)
{
	struct request *r = *rp;

	*rp = NULL;
	request_free(r);
}

/* --- asking --- */

size_t
request_ask(struct request *r, enum program_kind kind, ...)
{
	const char *words[WORDS_MAX] = { NULL };
	size_t n = 0;
	va_list ap;

	va_start(ap, kind);
	do
		words[n] = va_arg(ap, const char *);
	while (words[n] != NULL && ++n < NELEM(words) - 1);
	va_end(ap);
	return request_ask_words(r, kind, words);
}

size_t
request_ask_words(
    struct request *r, enum program_kind kind, const char *const *words)
{
	struct request_slot *slot = &r->slots[r->n_calls];

	if (r->n_calls == NELEM(r->calls))
		panic("webd: a page asks too much");
	*slot = (struct request_slot){ r, r->n_calls };
	r->calls[slot->i] =
	    call_begin(r->web, kind, str_of(r->user), words, answered, slot);
	r->n_pending++;
	return r->n_calls++;
}

void
request_then(struct request *r, void (*then)(struct request *))
{
	r->then = then;
}

bool
request_judge(struct request *r, struct str user, struct str passphrase,
    void (*judged)(struct request *, const struct admin_judged *))
{
	str_copy(r->user, sizeof(r->user), user);
	r->judged = judged;
	r->judged_as = keys_judge(r->web, r, user, passphrase);
	return r->judged_as != 0;
}

void
request_judged(struct request *r, const struct admin_judged *j)
{
	r->judged_as = 0;
	r->role = j->role;
	r->judged(r, j);
}

struct login *
request_again(struct request *r)
{
	r->session = *r->id == '\0'
			 ? NULL
			 : sessions_find(&r->web->sessions, str_of(r->id),
			       loop_now(r->web->daemon->loop), false);
	return r->session;
}

/* --- answering --- */

void
request_begin(struct request *r, const char *title)
{
	struct login *s = request_again(r);
	struct str host = r->web->daemon->config->hostname;

	html(&r->out,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head>"
	    "<meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" "
	    "content=\"width=device-width,initial-scale=1\">"
	    "<title>%s - %.*s</title>"
	    "<link rel=\"stylesheet\" href=\"/style.css\">"
	    "<link rel=\"icon\" href=\"data:,\">"
	    "</head><body>\n",
	    title, STR_ARG(host));
	html(&r->out,
	    "<header><a class=\"brand\" href=\"/\">Postern</a>"
	    "<span class=\"host\">%.*s</span>",
	    STR_ARG(host));
	if (s != NULL)
		menu(r);
	html(&r->out, "</header>\n<main>\n<h1>%s</h1>\n", title);
	if (s == NULL || *s->notice == '\0')
		return;
	html(&r->out, "<p class=\"%s\" role=\"status\">%s</p>\n",
	    s->notice_bad ? "notice bad" : "notice", s->notice);
	*s->notice = '\0';
}

void
request_end(struct request *r)
{
	html(&r->out, "</main>\n</body></html>\n");
	request_plain(r, 200, "text/html; charset=utf-8");
}

void
request_say(
    struct request *r, unsigned status, const char *title, const char *text)
{
	buf_reset(&r->out);
	request_begin(r, title);
	html(&r->out,
	    "<p>%s</p>\n<p><a href=\"/\">Back to the first page</a></p>\n"
	    "</main>\n</body></html>\n",
	    text);
	request_plain(r, status, "text/html; charset=utf-8");
}

void
request_plain(struct request *r, unsigned status, const char *type)
{
	struct buf head;

	if (r->out.failed) {
		buf_reset(&r->out);
		request_say(r, 503, "Too much", "This page would be too long.");
		return;
	}
	begin_head(r, &head, status);
	end_head(&head, type, r->out.len);
	send_out(r, &head);
}

void
request_go(struct request *r, const char *path, const char *notice, bool failed)
{
	struct login *s = request_again(r);
	struct buf head;

	if (s != NULL && notice != NULL) {
		str_copy(s->notice, sizeof(s->notice), str_of(notice));
		s->notice_bad = failed;
	}
	buf_reset(&r->out);
	begin_head(r, &head, 303);
	buf_printf(&head, "Location: %s\r\n", path);
	end_head(&head, "text/plain", 0);
	send_out(r, &head);
}

void
request_file(
    struct request *r, const struct piece *pieces, size_t n, const char *name)
{
	struct conn *c = r->conn;
	uint64_t size = 0;
	struct buf head;

	for (size_t i = 0; i < n; i++)
		size += pieces[i].size;
	if (r->http.method == HTTP_HEAD)
		while (n > 0)
			close(pieces[--n].fd);
	begin_head(r, &head, 200);
	buf_puts(&head, "Content-Disposition: attachment; filename=\"");
	for (; *name != '\0'; name++)
		if (*name != '"' && *name != '\\' && *name > ' ' &&
		    *name < 0x7f)
			buf_putc(&head, *name);
	buf_puts(&head, "\"\r\n");
	end_head(&head, "application/octet-stream", size);
	request_free(r);
	conn_answer_files(c, buf_str(&head), pieces, n);
	buf_fini(&head);
}

void
request_header(struct request *r, const char *line)
{
	buf_printf(&r->head, "%s\r\n", line);
}

/* --- small things --- */

uint64_t
request_number(const struct request *r, const char *name, uint64_t min,
    uint64_t max, uint64_t dflt)
{
	char text[24];
	uint64_t n;

	if (form_get(r->http.query, name, text, sizeof(text)) &&
	    str_u64(str_of(text), max, &n) && n >= min)
		return n;
	return dflt;
}

void
request_form(struct request *r, const char *path)
{
	html(&r->out,
	    "<form method=\"post\" action=\"%s\">"
	    "<input type=\"hidden\" name=\"token\" value=\"%s\">",
	    path, r->session != NULL ? r->session->token : "");
}

void
request_log(const struct request *r, const char *text)
{
	char ip[IP_TEXT], line[1000];

	snprintf(line, sizeof(line), "web, from %s: %s",
	    ip_text(&r->client, ip), text);
	EMIT(ADMIN, .pid = (uint32_t)getpid(), .user = str_of(r->user),
	    .text = str_of(line));
}

/* --- who asks, and from where --- */

/* Browsers say from which origin a form was sent; from elsewhere, or not said:
 * no (threats ADM-09). */
static bool
is_ours(const struct request *r)
{
	struct str origin = r->http.origin, https = STR("https://");

	if (!str_starts(origin, https))
		return false;
	origin = str_sub(origin, https.n, origin.n);
	return r->http.host.n > 0 && str_eq_nocase(origin, r->http.host) &&
	       (r->http.fetch_site.p == NULL ||
		   str_is(r->http.fetch_site, "same-origin"));
}

static void
find_session(struct request *r)
{
	struct str id = form_cookie(r->http.cookie, REQUEST_COOKIE);
	bool use = request_number(r, "auto", 1, 1, 0) == 0;

	if (id.n != SESSION_ID)
		return;
	r->session = sessions_find(
	    &r->web->sessions, id, loop_now(r->web->daemon->loop), use);
	if (r->session == NULL)
		return;
	str_copy(r->id, sizeof(r->id), id);
	str_copy(r->user, sizeof(r->user), str_of(r->session->user));
	r->role = r->session->role;
}

static void
check_and_run(struct request *r)
{
	const struct page *p = r->page;
	bool post = r->http.method == HTTP_POST;

	if (post && !form_is_ours(r)) {
		request_say(r, 403, "Refused",
		    "This form is not of this session: it is too old, or not "
		    "from here.");
		return;
	}
	if (p->command != NULL && !request_may(r, p->command)) {
		request_log(r, "refused: not for this role");
		request_say(r, 403, "Not allowed",
		    "Your role may not do this. Ask an administrator.");
		return;
	}
	if (p->menu != NULL)
		str_copy(r->session->what, sizeof(r->session->what),
		    str_of(p->title));
	(post ? p->post : p->get)(r);
}

static bool
form_is_ours(struct request *r)
{
	struct str type = r->http.type;
	char token[SESSION_TOKEN + 1];

	return str_is_nocase(str_trim(str_cut(&type, ';')),
		   "application/x-www-form-urlencoded") &&
	       form_get(r->http.body, "token", token, sizeof(token)) &&
	       sessions_same(str_of(token), str_of(r->session->token));
}

/* --- inside --- */

static void
answered(void *arg, struct said *a)
{
	struct request_slot *slot = arg;
	struct request *r = slot->r;

	r->calls[slot->i] = NULL;
	r->answers[slot->i] = *a;
	*a = (struct said){ .status = a->status };
	if (--r->n_pending == 0 && r->then != NULL)
		r->then(r);
}

static void
request_free(struct request *r)
{
	for (size_t i = 0; i < r->n_calls; i++) {
		call_cancel(&r->calls[i]);
		said_fini(&r->answers[i]);
	}
	if (r->judged_as != 0)
		map_remove_u64(&r->web->logins, r->judged_as);
	buf_fini(&r->out);
	buf_fini(&r->head);
	free(r->more);
	free(r);
}

static void
begin_head(struct request *r, struct buf *head, unsigned status)
{
	buf_init(head, 2 * HEAD_MAX);
	buf_printf(head,
	    "HTTP/1.1 %u %s\r\n"
	    "Cache-Control: no-store\r\n"
	    "Content-Security-Policy: default-src 'none'; style-src 'self'; "
	    "img-src data:; form-action 'self'; frame-ancestors 'none'; "
	    "base-uri 'none'\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "X-Frame-Options: DENY\r\n"
	    "Referrer-Policy: same-origin\r\n"
	    "Cross-Origin-Opener-Policy: same-origin\r\n"
	    "Strict-Transport-Security: max-age=31536000\r\n",
	    status, http_reason(status));
	if (r->http.close)
		buf_puts(head, "Connection: close\r\n");
	buf_add_str(head, buf_str(&r->head));
}

static void
end_head(struct buf *head, const char *type, uint64_t length)
{
	buf_printf(head, "Content-Type: %s\r\nContent-Length: %llu\r\n\r\n",
	    type, (unsigned long long)length);
}

/* The request goes first: the connection may take the next at once. */
static void
send_out(struct request *r, struct buf *head)
{
	struct conn *c = r->conn;
	struct buf body = r->out;

	if (r->http.method == HTTP_HEAD)
		body.len = 0;
	buf_init(&r->out, 1);
	request_free(r);
	conn_answer(c, buf_str(head), buf_str(&body));
	buf_fini(head);
	buf_fini(&body);
}

static void
menu(struct request *r)
{
	const char *group = "";

	html(&r->out, "<nav>");
	for (const struct page *p = pages; p->title != NULL; p++) {
		if (p->menu == NULL ||
		    (p->command != NULL && !request_may(r, p->command)))
			continue;
		if (strcmp(group, p->menu) != 0)
			html(&r->out, "<span class=\"group\">%s</span>",
			    p->menu);
		group = p->menu;
		html(&r->out, "<a href=\"%s\" class=\"%s\">%s</a>", p->path,
		    p == r->page ? "here" : "", p->title);
	}
	html(&r->out, "</nav>");
	request_form(r, "/logout");
	html(&r->out,
	    "<span class=\"user\">%s</span>"
	    "<button class=\"plain\">Log out</button></form>",
	    r->user);
}
