/*
 * address.h - addresses at MAIL and RCPT: cutting, judging, completing
 *
 * smtpd cuts the path from the parameters, because what the parameters say
 * (SMTPUTF8, SIZE) belongs to what the stages judge. The stages parse it.
 */
#ifndef PIPELINE_ADDRESS_H
#define PIPELINE_ADDRESS_H

#include "mail/addr.h"
#include "pipeline/stage.h"

/* The parser's rules of a listener. */
struct addr_rules address_rules(const struct listener *, bool smtputf8);

/*
 * Cuts what follows "MAIL FROM:" or "RCPT TO:" into the path, as written, and
 * the parameters. Where that cannot be told all of it is path; it will not
 * be accepted then. mem: for what the parser makes on its way.
 */
void address_cut(
    struct str args, struct str *path, struct str *params, struct arena *mem);

/*
 * Parses subject->addr_text by the listener's rules. True: *out is the
 * address. False: a reply and a note say why. sender: <> is fine, and the
 * reply's codes are those for senders.
 */
bool address_judge(
    const struct subject *, bool sender, struct addr *out, struct stage_out *);

/*
 * Spec receiving 6.1: joe, joe@ and joe@bar get the domain; anything else,
 * the null sender included, stays. Empty domain: no change.
 */
struct str address_complete(
    struct str addr, struct str domain, struct arena *mem);

/* A domain with a dot, or a literal: not "", not "bar". */
bool address_is_complete(struct str domain);

#endif
