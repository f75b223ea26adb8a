/*
 * request.h - one request: who asks, may he, what is answered
 *
 * A page (pages.h) gets a request of somebody who may have it: logged in, of a
 * role that may give the page's command; a POST has come from one of our own
 * forms (threats ADM-09). The page answers at once, or asks programs and
 * answers when they have:
 *
 *	static void
 *	page_queue(struct request *r)
 *	{
 *		request_ask(r, PROGRAM_QMGR, "queue", NULL);
 *		request_then(r, show_queue);
 *	}
 *
 * Each request is answered once; after that it is gone. When the client goes
 * before, the request goes with its questions, and nothing is called.
 */
#ifndef ADMIN_WEB_REQUEST_H
#define ADMIN_WEB_REQUEST_H

#include "admin/web/form.h"
#include "admin/web/html.h"
#include "admin/web/web.h"

#define REQUEST_CALLS  8
#define REQUEST_COOKIE "__Host-postern"
#define PAGE_MAX       (16u << 20)

struct page;

/* An answer that is awaited, and whose it is. */
struct request_slot {
	struct request *r;
	size_t i;
};

struct request {
	struct web *web;
	struct conn *conn;
	struct ip client;
	struct http_request http;
	const struct page *page;
	struct login *session; /* NULL: not logged in; see request_again */
	char id[SESSION_ID + 1];
	char user[65]; /* who asks, also by password with the request */
	unsigned role;
	struct call *calls[REQUEST_CALLS];
	struct said answers[REQUEST_CALLS];
	struct request_slot slots[REQUEST_CALLS];
	size_t n_calls, n_pending;
	void (*then)(struct request *);
	uint32_t judged_as; /* number at keyd; 0: nobody is being judged */
	void (*judged)(struct request *, const struct admin_judged *);
	void *more;      /* of the page; freed with the request */
	struct buf head; /* lines of request_header */
	struct buf out;  /* what a page writes */
};

/* --- for conn.c --- */

struct request *request_new(struct web *, struct conn *, const struct ip *,
    const struct http_request *);
void request_run(struct request *);
void request_cancel(struct request **);

/* --- for pages: asking --- */

/* The words of a command; NULL ends them. Its answer will be in
 * answers[index returned]. */
size_t request_ask(struct request *, enum program_kind, ...)
    __attribute__((sentinel));
size_t request_ask_words(
    struct request *, enum program_kind, const char *const *words);
/* Called when all that was asked is answered. */
void request_then(struct request *, void (*then)(struct request *));
/* The session may have ended while programs were asked. */
struct login *request_again(struct request *);

/* Is that the passphrase of this user? judged is called once; the user is
 * r->user then. False: nobody can be asked. */
bool request_judge(struct request *, struct str user, struct str passphrase,
    void (*judged)(struct request *, const struct admin_judged *));
/* keyd has said so. */
void request_judged(struct request *, const struct admin_judged *);

/* --- for pages: answering --- */

/* In r->out stands a page; title: of the browser's window. */
void request_begin(struct request *, const char *title);
void request_end(struct request *);
/* A page that says one thing. */
void request_say(
    struct request *, unsigned status, const char *title, const char *text);
/* What is in r->out as it is. */
void request_plain(struct request *, unsigned status, const char *type);
/* See another page, with a line at its top (NULL: none). */
void request_go(
    struct request *, const char *path, const char *notice, bool failed);
/* Pieces of files, one after the other, as a download of that name; their
 * descriptors are closed in the end, and are no answer's any more. */
void request_file(
    struct request *, const struct piece *, size_t n, const char *name);
/* A header line more, without its end. */
void request_header(struct request *, const char *line);

/* --- for pages: small things --- */

/* rights.c */
bool request_may(const struct request *, const char *command);
/* Of the query; dflt where it is not there or not one of the numbers. */
uint64_t request_number(const struct request *, const char *name, uint64_t min,
    uint64_t max, uint64_t dflt);
/* The beginning of a form that posts to path, with its token. */
void request_form(struct request *, const char *path);
/* The line in the log that says who did what (threats ADM-09). */
void request_log(const struct request *, const char *text);

#endif
