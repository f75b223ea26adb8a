/*
 * commands.h - what the queue manager answers to admin tools
 *
 * One COMMAND frame of words in, JSON in CHUNK frames and a RESULT out
 * (program_answer). Keys are the labels of the spec's layouts in snake_case;
 * numbers are numbers; a time is wall ms, an age or a delay is ms; "text or
 * null" is null when there is nothing to say. RESULT's status: 0 done,
 * 1 negative (error says what a person should read), 2 wrong use (error says
 * what is right). With status 1 or 2 there is no JSON.
 *
 *	tophosts [WORD [COUNT]]	WORD: active_rcpts (default), conn_out,
 *				deliv_rcpts, soft_bounced, hard_bounced
 *	{ "status_as_of": t, "sort": WORD, "hosts": [ HOST, ... ] }
 *	HOST: { "recipient_host": text, "host_up_down": as of hoststatus,
 *	    "down": bool, "internal": bool, "active_rcpts": n, "conn_out": n,
 *"deliv_rcpts": n, "soft_bounced": n, "hard_bounced": n } Sorted; ties by name;
 *the internal destinations that are not among the first COUNT (default 20)
 *follow after them.
 *
 *	hoststatus HOST
 *	{ "host": text, "status_as_of": t, "host_up_down": "up", "down" or
 *	  "unknown",
 *	  "counters": { "soft_bounced_events", "completed_recipients",
 *	    "hard_bounced_recipients", "dns_hard_bounces",
 *	    "fivexx_hard_bounces", "filter_hard_bounces",
 *	    "expired_hard_bounces", "other_hard_bounces",
 *	    "delivered_recipients", "deleted_recipients" },
 *	  "gauges": { "active_recipients", "unattempted_recipients",
 *	    "attempted_recipients", "current_outbound_connections",
 *	    "pending_outbound_connections" },
 *	  "oldest_message": age or null, "last_activity": t or null,
 *	  "next_retry": t or null,
 *	  "addresses_expire": t or null,
 *	  "ordered_ip_addresses": [ { "preference": n, "ip": text,
 *	    "port": n, "host": text, "down": bool } ],
 *	  "mx_records": [ { "preference": n, "ttl": seconds,
 *	    "hostname": text } ],
 *	  "smtp_routes": [ text, ... ],	   empty: "(none)"
 *	  "last_5xx_error": null or { "text": text, "at": t, "ip": text },
 *	  "last_error": null or { "text": text, "at": t, "ip": text },
 *	  "last_tls_error": the same }	   ip empty: of the DNS
 *	status 1: Host "x" is not currently in memory.
 *
 *	showrecipients SELECTION
 *	SELECTION: host HOST | sender ADDRESS (<>: the null sender) |
 *	    mid MID | all
 *	{ "messages": [ { "mid": n, "bytes": n, "sender": text,
 *	    "subject": text, "arrival": t, "place": "incoming"|"deferred",
 *	    "recipients": [ { "rid": n, "attempts": n, "recipient": text,
 *	      "next": t or null, "state": "queued"|"waiting"|"delivering" } ]
 *	  } ], "recipients": n, "cut": bool }
 *	In order of age; cut: the list ends after 100,000 recipients.
 *
 *	countrecipients SELECTION
 *	deleterecipients SELECTION
 *	bouncerecipients SELECTION
 *	redirectrecipients HOST SELECTION
 *	{ "done": "counted"|"deleted"|"bounced"|"redirected", "recipients": n,
 *	  "messages": n, "in_delivery": n, "active_before": n,
 *	  "active_after": n }
 *	recipients, messages: done to. in_delivery: recipients that were left
 *	alone, some connection has them. The answer comes when what was done
 *	is on disk; blanks may come before, to say that it takes a while.
 *	"all" bounces or redirects nothing of internal destinations.
 *	status 1: There are no messages for "x" in the queue; MID 47 is not
 *	in the queue; "x" is no host to redirect to.
 *
 *	showmessage MID		a FILE frame with a read-only descriptor, then
 *	{ "mid": n, "age": ms, "arrival": t, "sender": text, "place": text,
 *	  "bytes": n, "content_off": n, "content_len": n, "prepend": text,
 *	  "recipients": [ as above ], "hostname": ours }
 *	At content_off of the descriptor stand content_len bytes in stored
 *	form (dots doubled); prepend comes before them. place may also be
 *	"workqueue", or "quarantine": then "quarantines" has an ENTRY of
 *	`quarantine search` for each, with "matched": text or null.
 *	status 1: MID 47 is not in the system.
 *
 *	oldmessage		as showmessage, of the oldest message (internal
 *				destinations excluded). status 1: The queue is
 *				empty.
 *
 *	removemessage MID	{ "mid": n, "deleted_recipients": n }
 *	status 1: not in the system; in delivery; in the work queue.
 *
 *	delivernow all | DOMAIN	{ "scope": text, "recipients": n }
 *	status 1: There are no messages for "x" in the queue.
 *
 *	suspenddel SECONDS	{ "delivery": "suspended", "wait": seconds,
 *				  "open_connections": n }
 *	Answered at once; connections that are open then end within SECONDS:
 *	ask "queue" for current_outbound_conn to see when they have.
 *	resumedel		{ "delivery": "running" }
 *
 *	workqueue status | pause REASON | resume
 *	{ "status_as_of": t, "status": "Operational" or
 *	  "Paused by USER: REASON", "paused": bool, "reason": text,
 *	  "by": text, "messages": n }
 *
 *	quarantine list
 *	{ "status_as_of": t, "space": bytes, "used": bytes, "quarantines":
 *	  [ { "name": text, "messages": n, "bytes": n, "space": bytes,
 *	    "retention": seconds or null (by policy),
 *	    "action": "release"|"delete" } ] }
 *	quarantine search NAME [sender=TEXT] [rcpt=TEXT] [subject=TEXT]
 *	    [since=SECONDS]		a part of it, whatever the case
 *	{ "quarantine": text, "messages": [ ENTRY, ... ], "found": n,
 *	  "cut": bool }			in the order they came; 10,000 at most
 *	ENTRY: { "mid": n, "quarantine": text, "sender": text,
 *	    "recipients": text, "bytes": n, "subject": text, "arrival": t,
 *	    "entered": t, "expires": t, "reason": text }
 *	    the spam quarantine has one for each recipient
 *	quarantine release|delete NAME MID|all [rcpt=ADDRESS]
 *	quarantine delay NAME MID SECONDS	   later than it would have
 *	quarantine move NAME MID OTHER
 *	{ "quarantine": text, "done": "released"|"deleted"|"delayed"|"moved",
 *	  "messages": n }  entries, that is. delay: "expires": t; move: "to":
 *text status 1: There is no quarantine "x"; MID 47 is not in quarantine "x".
 *
 *	queue
 *	{ "status_as_of": t, "delivery": "running" or "suspended",
 *	  "suspended_by": text, "suspended_since": t or null,
 *	  "workqueue": as above, "oldest_message": age or null,
 *	  "gauges": { "active_recipients", "unattempted_recipients",
 *	    "attempted_recipients", "messages_in_queue",
 *	    "destinations_in_memory", "kilobytes_in_queue",
 *	    "current_outbound_conn" } }
 *
 *	resetcounters		{ "counters_reset": t }: the counters of
 *				tophosts and hoststatus begin anew. The tool
 *				sends it here as well as to the recorder.
 */
#ifndef QMGR_COMMANDS_H
#define QMGR_COMMANDS_H

#include "program/program.h"

void commands_run(struct daemon *, struct ipc *admin, const struct command *,
    const char *user);

#endif
