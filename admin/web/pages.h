/*
 * pages.h - the table of pages
 *
 * A new page is a line here and a function. Whoever may not give its command
 * does not see it in the menu, and is refused when he asks for it. What
 * changes something is a path of its own, with post alone.
 */
#ifndef ADMIN_WEB_PAGES_H
#define ADMIN_WEB_PAGES_H

#include "admin/web/request.h"

#define PAGE_OPEN  1 /* nobody need be logged in */
#define PAGE_BASIC 2 /* for programs: a password comes with the request */

struct page {
	const char *path;
	const char *menu;    /* its group in the menu; NULL: not in it */
	const char *title;   /* there, and in the log */
	const char *command; /* of `postern`, that one must be allowed */
	void (*get)(struct request *);  /* NULL: none */
	void (*post)(struct request *); /* NULL: none */
	unsigned flags;
};

extern const struct page pages[];               /* title NULL at the end */
const struct page *pages_find(struct str path); /* NULL: none */

/* The handlers, by file: page_login.c, page_hosts.c, page_host.c,
 * page_system.c, page_capture.c, page_capture_settings.c, page_api.c. */
typedef void page_handler(struct request *);
page_handler page_first, page_login, page_do_login, page_logout;
page_handler page_hosts, page_retry;
page_handler page_host, page_deed, page_do_deed;
page_handler page_system, page_suspenddel, page_resumedel;
page_handler page_suspendlistener, page_resumelistener;
page_handler page_xml_status, page_api_status;
page_handler page_capture, page_capture_start, page_capture_stop;
page_handler page_capture_settings, page_capture_set;
page_handler page_capture_download, page_capture_delete, page_capture_sure;

#endif
