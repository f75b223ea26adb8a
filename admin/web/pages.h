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

#endif
