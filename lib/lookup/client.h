/*
 * client.h - one short conversation with an SMTP server, to learn something
 *
 *	PROBE_CALLAHEAD	would it take mail for this recipient? EHLO (HELO where
 *			that is not understood), MAIL, RCPT, QUIT: no message
 *			is ever sent
 *	PROBE_AUTH	does it know this user and password? EHLO, STARTTLS when
 *			wanted, AUTH PLAIN, QUIT
 *	PROBE_MAIL	take this: EHLO, STARTTLS when wanted, MAIL, RCPT, DATA,
 *			the text, QUIT. For mail that must not need the queue:
 *			alerts.
 *
 * One connection to one address. TLS that is required is checked against the
 * authorities given; TLS that is preferred is taken as it comes, and where it
 * fails so does the conversation: a password is not said again in clear.
 */
#ifndef LOOKUP_CLIENT_H
#define LOOKUP_CLIENT_H

#include "base/ip.h"
#include "base/loop.h"
#include "ipc/messages.h"

struct client;
struct client_tls; /* settings for TLS, made once */

/* authorities: a file of PEM certificates, read now; NULL: that of the
 * system. Without it every check fails. */
struct client_tls *client_tls_new(const char *authorities);
void client_tls_free(struct client_tls **);

struct client_result {
	bool answered;  /* false: another address may do better */
	uint8_t answer; /* enum recipient_answer */
	uint32_t code;  /* of the reply that decided; 0: none came */
	struct str text;
};
/* Called once, never from within client_open; the client is gone after it. */
typedef void (*client_done)(void *arg, const struct client_result *);

/* what: texts must live until done. host: name for the certificate. */
struct client_errand {
	const struct probe *what;
	struct str text; /* PROBE_MAIL: header and body; lines end in CRLF */
};
struct client *client_open(struct loop *, const struct client_tls *,
    const struct endpoint *, const char *host, const struct client_errand *,
    client_done, void *arg);
void client_close(struct client **); /* no more calls; NULL is fine */

#endif
