/*
 * smtpping.h - what `smtpping` is to do, and how a person says it
 */
#ifndef ADMIN_SMTPPING_H
#define ADMIN_SMTPPING_H

#include "admin/attempt.h"

#define SMTPPING_SUBJECT 500
#define SMTPPING_BODY    24576 /* a job that carries its content: 32 KiB */

struct smtpping {
	struct tool *tool;
	struct attempt attempt;
	struct attempt_how how;
	bool sends;
	struct attempt_host host; /* direct: not those of its MX records */
	char mx[DOMAIN_MAX + 1];  /* this one of them; "": as delivery */
	char interface[NAME_MAX_LEN + 1]; /* that a person chose */
	char from[ADDR_MAX + 1], to[ADDR_MAX + 1];
	char subject[SMTPPING_SUBJECT];
	struct buf body;
	struct buf content; /* of the message, stored form */
	const char *tested; /* host that is being tried */
};

/* Whether it is one; in its canonical form. */
bool smtpping_take_address(char text[ADDR_MAX + 1]);
/* The dialogue of spec delivery-admin 5.3. TOOL_DONE, or the exit status. */
int smtpping_ask(struct smtpping *);

#endif
