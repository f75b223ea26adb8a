/*
 * rules.h - every rule's function, for the table of those that run
 *
 * What a rule means is in the table of rules.c; its function stands in the
 * file rule_*.c that is about the same thing.
 */
#ifndef FILTER_RULES_H
#define FILTER_RULES_H

#include "filter/eval.h"

/* words of smtp-auth-id-matches, in the order of rules.c */
enum auth_target { AUTH_ENVELOPE, AUTH_FROM, AUTH_SENDER, AUTH_ANY, AUTH_NONE };

/* rule_envelope.c */
rule_fn rule_true, rule_mail_from, rule_rcpt_to, rule_sendergroup,
    rule_recv_listener, rule_recv_int, rule_remote_ip, rule_body_size,
    rule_rcpt_count, rule_date, rule_random, rule_workqueue_count,
    rule_reputation, rule_no_reputation, rule_dnslist, rule_spf_status,
    rule_spf_passed, rule_dkim, rule_mail_from_group, rule_rcpt_to_group;
/* rule_header.c */
rule_fn rule_subject, rule_header, rule_addr_count, rule_subject_dictionary,
    rule_header_dictionary, rule_mail_from_dictionary, rule_rcpt_to_dictionary,
    rule_auth_id, rule_header_repeats;
/* rule_forged.c */
rule_fn rule_forged;
/* rule_mime.c */
rule_fn rule_valid, rule_signed, rule_encrypted, rule_duplicate_boundaries,
    rule_malformed_header;
/* rule_scan.c: what text has */
rule_fn rule_body_contains, rule_only_body_contains, rule_attachment_contains,
    rule_attachment_binary, rule_dictionary, rule_attachment_dictionary,
    rule_body_dictionary;
/* rule_attachment.c: what attachments are */
rule_fn rule_attachment_filename, rule_attachment_type,
    rule_attachment_mimetype, rule_attachment_filetype, rule_attachment_size,
    rule_attachment_protected, rule_attachment_unprotected,
    rule_attachment_corrupt, rule_macros;

#endif
