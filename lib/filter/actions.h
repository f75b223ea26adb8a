/*
 * actions.h - every action's function, for the table of those that run
 *
 * What an action means is in the table of actions.c; its function stands in
 * the file act_*.c that is about the same thing.
 */
#ifndef FILTER_ACTIONS_H
#define FILTER_ACTIONS_H

#include "filter/eval.h"

/* act_flow.c: what becomes of the message */
action_fn act_skip_filters, act_drop, act_bounce, act_alt_src_host,
    act_alt_rcpt_to, act_alt_mailhost, act_bounce_profile, act_quarantine,
    act_skip_spam, act_skip_virus, act_skip_amp, act_skip_outbreak,
    act_skip_dkim, act_tag_message, act_log_entry, act_no_op;
/* act_header.c */
action_fn act_strip_header, act_insert_header, act_edit_header;
/* act_body.c */
action_fn act_edit_body, act_html_convert, act_add_heading, act_add_footer;
/* act_copy.c: messages beside it */
action_fn act_notify, act_notify_copy, act_bcc, act_bcc_scan, act_archive,
    act_duplicate_quarantine;
/* act_drop.c: attachments */
action_fn act_drop_name, act_drop_type, act_drop_filetype, act_drop_mimetype,
    act_drop_size, act_drop_contains, act_drop_dictionary, act_drop_macros;

#endif
