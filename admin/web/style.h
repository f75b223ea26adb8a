/*
 * style.h - the one stylesheet, admin/web/style.css as it is
 */
#ifndef ADMIN_WEB_STYLE_H
#define ADMIN_WEB_STYLE_H

extern const char style_css[], style_css_end[];

#endif
