/* pages.c - the table of pages */
#include "admin/web/pages.h"

#include "admin/web/style.h"
#include "base/mem.h"

static void get_style(struct request *);

const struct page pages[] = {
	{ "/style.css", NULL, "Style", NULL, get_style, NULL, PAGE_OPEN },
	{ .title = NULL },
};

const struct page *
pages_find(struct str path)
{
	for (const struct page *p = pages; p->title != NULL; p++)
		if (str_is(path, p->path))
			return p;
	return NULL;
}

static void
get_style(struct request *r)
{
	buf_add(&r->out, style_css, (size_t)(style_css_end - style_css));
	request_plain(r, 200, "text/css; charset=utf-8");
}
