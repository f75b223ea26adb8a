/*
 * notices.h - who is told what became of a message (RFC 3461)
 */
#ifndef PIPELINE_NOTICES_H
#define PIPELINE_NOTICES_H

#include "config/config.h"
#include "mail/dsn.h"

/*
 * Is anybody? sender: of the message, which itself is no notice. notify: of
 * the recipient (enum dsn_notify): NEVER, or a list that does not name it, is
 * a no.
 */
bool notice_is_wanted(const struct bounce_profile *, struct str sender,
    uint8_t notify, enum dsn_kind);
/* Whom. */
struct str notice_rcpt(const struct bounce_profile *, struct str sender);

#endif
