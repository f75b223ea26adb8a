/*
 * conn_tls.h - a connection under TLS (conn_tls.c), and its keys (keys.c)
 */
#ifndef SMTPD_CONN_TLS_H
#define SMTPD_CONN_TLS_H

#include "smtpd/smtpd.h"
#include "tls/server.h"

/* --- conn_tls.c --- */

void conn_tls_setup(void);
/* session_ops.tls_ready, .tls_begin: the connection has TLS from then on,
 * also while its 220 is on its way. */
bool conn_tls_ready(const struct smtp_session *);
enum starttls conn_tls_take(struct smtp_session *);
void conn_tls_free(struct conn *);

/* What the socket gave, or "" to go on with what is kept. */
void conn_tls_input(struct conn *, struct str in);
bool conn_tls_holds_input(const struct conn *);
/* A handshake that waits for the client. */
bool conn_tls_shakes_hands(const struct conn *);
bool conn_tls_waits_for_key(const struct conn *);
void conn_tls_signed(struct conn *, struct str signature); /* "": refused */

bool conn_tls_is_up(const struct conn *);
/* Takes from b what can be sent; false: the connection is broken. */
bool conn_tls_write(struct conn *, struct buf *b);
bool conn_tls_holds_output(const struct conn *);
bool conn_tls_flush(struct conn *);
void conn_tls_close(struct conn *); /* close_notify, once */

/* --- keys.c --- */

void keys_setup(struct smtpd *); /* before the sandbox */
/* What the connection's listener shows; NULL: nothing can be shown. */
struct tls_server *keys_server(struct conn *);
bool keys_can_sign(const struct smtpd *);
/* conn_signed follows; 0: nobody can be asked. */
uint32_t keys_sign(struct conn *, const struct sign *);
void keys_forget(struct smtpd *, uint32_t number);
/* Frames of keyd; and that it is gone. */
int keys_certs(struct smtpd *, struct ipc_frame *, struct err *);
int keys_client_ca(struct smtpd *, struct ipc_frame *, struct err *);
int keys_tickets(struct smtpd *, struct ipc_frame *, struct err *);
int keys_signed(struct smtpd *, struct ipc_frame *, struct err *);
void keys_lost(struct smtpd *);

#endif
