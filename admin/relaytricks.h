/*
 * relaytricks.h - how strangers try to relay through a gateway
 *
 * The attacks of section REL of the list of threats, as commands. Pure: what
 * is sent to whom, and what an answer means; who sends it is
 * cmd_openrelaycheck.c.
 */
#ifndef ADMIN_RELAYTRICKS_H
#define ADMIN_RELAYTRICKS_H

#include "base/buf.h"
#include "base/str.h"

/*
 * In templates {own} is a domain that the gateway takes mail for, {foreign}
 * one that it does not, {host} its own name, {ip} its address, {nul} a NUL.
 */
struct relay_trick {
	const char *id;     /* REL-02 */
	const char *what;   /* in words */
	const char *rcpt;   /* behind "RCPT TO:" */
	const char *mail;   /* behind "MAIL FROM:"; NULL: the sender chosen */
	const char *helo;   /* NULL: a name of our own */
	const char *auth;   /* said before MAIL, and to be refused; NULL */
	const char *before; /* a recipient before, behind "RCPT TO:"; NULL */
	/* Its domain is the gateway's, if nothing in the local part is taken
	 * for one: then to accept it is no relaying. */
	bool is_own;
};

extern const struct relay_trick relay_tricks[]; /* ends with id NULL */

struct relay_names {
	struct str own, foreign, host, ip;
};
void relay_expand(const char *text, const struct relay_names *, struct buf *);

enum relay_result {
	RELAY_REFUSED,
	RELAY_OWN,    /* accepted, for the gateway's own domain */
	RELAY_OPEN,   /* accepted for somebody else */
	RELAY_UNKNOWN /* not tried to the end: no connection, 4xx, 421 */
};
const char *relay_result_name(enum relay_result); /* "refused" */
/* What it means that this was the last reply; 0: there was none. */
enum relay_result relay_judge(
    const struct relay_trick *, bool to_rcpt, unsigned code);

#endif
