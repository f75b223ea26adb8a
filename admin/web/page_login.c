/*
 * page_login.c - log in, log out
 *
 * keyd judges (ADMIN_LOGIN). To the person all refusals are the same.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/web/pages.h"
#include "base/clock.h"
#include "base/mem.h"
#include "event/event.h"

static void put_form(struct request *, unsigned status, const char *why);
static void judged(struct request *, const struct admin_judged *);
static void let_in(struct request *, const struct admin_judged *);

/* To the first page that is for this role. */
void
page_first(struct request *r)
{
	for (const struct page *p = pages; p->title != NULL; p++)
		if (p->menu != NULL &&
		    (p->command == NULL || request_may(r, p->command))) {
			request_go(r, p->path, NULL, false);
			return;
		}
	request_say(
	    r, 403, "Nothing to see", "There are no pages for your role yet.");
}

void
page_login(struct request *r)
{
	if (r->session != NULL)
		request_go(r, "/", NULL, false);
	else
		put_form(r, 200, NULL);
}

void
page_do_login(struct request *r)
{
	char name[100], pass[1025];

	form_get(r->http.body, "user", name, sizeof(name));
	form_get(r->http.body, "passphrase", pass, sizeof(pass));
	if (!attempts_may(&r->web->attempts, &r->client, ATTEMPTS_MAX,
		loop_now(r->web->daemon->loop)))
		put_form(r, 429,
		    "Too many attempts from your address. Wait a minute.");
	else if (!request_judge(r, str_of(name), str_of(pass), judged))
		put_form(r, 503, "Nobody can be judged now. Try again.");
	explicit_bzero(pass, sizeof(pass));
}

void
page_logout(struct request *r)
{
	EMIT(ADMIN_LOGOUT, .user = str_of(r->user), .ip = r->client,
	    .text = STR(""));
	sessions_end(r->session);
	r->session = NULL;
	*r->id = '\0';
	request_header(r,
	    "Set-Cookie: " REQUEST_COOKIE "=; Path=/; Secure; HttpOnly; "
	    "SameSite=Strict; Max-Age=0");
	request_go(r, "/login", NULL, false);
}

static void
put_form(struct request *r, unsigned status, const char *why)
{
	request_begin(r, "Log in");
	html(&r->out, "<div class=\"card login\">");
	if (why != NULL)
		html(&r->out, "<p class=\"notice bad\" role=\"alert\">%s</p>",
		    why);
	html(&r->out,
	    "<form method=\"post\" action=\"/login\">"
	    "<div class=\"field\"><label><span>User name</span>"
	    "<input type=\"text\" name=\"user\" autocomplete=\"username\" "
	    "autocapitalize=\"none\" required maxlength=\"32\" autofocus>"
	    "</label></div>"
	    "<div class=\"field\"><label><span>Passphrase</span>"
	    "<input type=\"password\" name=\"passphrase\" "
	    "autocomplete=\"current-password\" required maxlength=\"1000\">"
	    "</label></div>"
	    "<button>Log in</button></form></div>\n"
	    "</main>\n</body></html>\n");
	request_plain(r, status, "text/html; charset=utf-8");
}

static void
judged(struct request *r, const struct admin_judged *j)
{
	if (j->verdict == ADMIN_BUSY)
		put_form(r, 503, "Nobody can be judged now. Try again.");
	else if (j->verdict != ADMIN_GOOD)
		put_form(r, 401, "The user name or the passphrase is wrong.");
	else if (j->must_change)
		put_form(r, 403,
		    "Your passphrase must be changed first: give the command "
		    "\"passphrase\" on the gateway's command line.");
	else
		let_in(r, j);
}

/* Always with a new id: one that somebody else has set is worth nothing
 * (threats ADM-09). */
static void
let_in(struct request *r, const struct admin_judged *j)
{
	struct web *w = r->web;
	char line[300];
	struct login *s;

	if (request_again(r) != NULL)
		sessions_end(r->session);
	s = sessions_new(
	    &w->sessions, str_of(r->user), loop_now(w->daemon->loop));
	s->role = j->role;
	s->stamp = j->stamp;
	s->remote = r->client;
	s->login = clock_wall_ms();
	str_copy(s->full_name, sizeof(s->full_name), j->full_name);
	str_copy(r->id, sizeof(r->id), str_of(s->id));
	snprintf(line, sizeof(line),
	    "Set-Cookie: " REQUEST_COOKIE
	    "=%s; Path=/; Secure; HttpOnly; SameSite=Strict",
	    s->id);
	request_header(r, line);
	explicit_bzero(line, sizeof(line));
	request_go(r, "/", NULL, false);
}
