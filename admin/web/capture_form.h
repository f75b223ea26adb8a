/*
 * capture_form.h - settings of the next capture that a page starts
 *
 * At first those of the configuration in force. What a person sets on the page
 * holds until webd starts again: it has no rights to write anything.
 */
#ifndef ADMIN_WEB_CAPTURE_FORM_H
#define ADMIN_WEB_CAPTURE_FORM_H

#include "admin/web/request.h"
#include "base/bounds.h"

#define CAPTURE_IFS 16

struct capture_form {
	uint64_t megabytes;
	bool stops;        /* when they are reached */
	uint64_t duration; /* s; 0: until it is stopped */
	char filter[4001];
	char interfaces[CAPTURE_IFS][NAME_MAX_LEN + 1];
	size_t n;
};

/* Those that hold now. */
void capture_form_now(const struct web *, struct capture_form *);
bool capture_form_has(const struct capture_form *, struct str interface);

#endif
