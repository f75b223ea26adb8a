/*
 * records.h - what the messages between programs carry, field by field
 *
 * One list a record; messages.h makes the structs of them and says which
 * message carries which. Inside lib/ipc, through messages.h.
 */
#ifndef IPC_RECORDS_H
#define IPC_RECORDS_H

#include "base/bounds.h"
#include "base/codec.h"
#include "ipc/result.h"

/* Content of a message in a slot (queue/slots.h) travels with it: copying it
 * twice costs less than a descriptor that is opened, passed on and closed. */
#define SLOT_CONTENT_MAX 32768
#define TEXT_MAX         4096
#define RCPTS_MAX        100000
#define CLIENT_CA_MAX    (512 * 1024)

/* --- master <-> everybody --- */

/* First message on the channel from the master. fds: configuration bundle
 * (config/bundle.h), shared memory of lib/stats. */
#define REC_SETUP(S, F, L)                                                     \
	F(S, U32, worker, WORKERS_MAX)    /* index among those of its kind */  \
	F(S, U32, n_workers, WORKERS_MAX) /* of them; qmgr: of cleanup */      \
	F(S, U32, slot, 1024)             /* of the shared memory */           \
	F(S, U64, revision, 0)                                                 \
	F(S, STR, folder, TEXT_MAX) /* for qmgr, cleanup, recorder */          \
	F(S, U32, uid, 0)           /* to become; 0: stay */                   \
	F(S, U32, gid, 0)                                                      \
	F(S, STR, chroot, TEXT_MAX) /* empty folder; "": none */               \
	F(S, U8, sandbox_log, 1)    /* report instead of kill */
/* A new configuration, in two steps, so that it comes into force everywhere
 * or nowhere. First each program loads it and keeps it beside the one in
 * force. fd: bundle. serial: of this attempt. Answered by CONFIG_DONE. */
#define REC_CONFIG(S, F, L)                                                    \
	F(S, U64, revision, 0)                                                 \
	F(S, U32, serial, 0)
/* Then what was loaded replaces what is in force (go 1; answered by
 * CONFIG_DONE), or is forgotten (go 0; not answered). */
#define REC_CONFIG_SWITCH(S, F, L)                                             \
	F(S, U32, serial, 0)                                                   \
	F(S, U8, go, 1)
#define REC_CONFIG_DONE(S, F, L)                                               \
	F(S, U32, serial, 0)                                                   \
	F(S, U8, switched, 1)      /* to CONFIG_SWITCH, not to CONFIG */       \
	F(S, STR, error, TEXT_MAX) /* empty: done */
/* A peer: fd is the channel to it. kind: enum program_kind. */
#define REC_PEER(S, F, L)                                                      \
	F(S, U32, kind, 63)                                                    \
	F(S, U32, worker, WORKERS_MAX)
/* A listening socket for smtpd, qmqpd. fd. */
#define REC_LISTEN(S, F, L) F(S, STR, listener, NAME_MAX_LEN)
/* Close that listener; after `wait` seconds end its sessions with 421. */
#define REC_UNLISTEN(S, F, L)                                                  \
	F(S, STR, listener, NAME_MAX_LEN)                                      \
	F(S, U32, wait, 86400)
/* Stop gracefully: finish what is in progress within `wait` seconds. */
#define REC_STOP(S, F, L) F(S, U32, wait, 86400)
/* To the master: ready to work (after SETUP); alive (watchdog). */
#define REC_READY(S, F, L)                                                     \
	F(S, U32, pid, 0)                                                      \
	F(S, U8, starting, 1) /* not yet: a sign of life only */
/* An admin tool connected and asked for this program. fd: the connection.
 * web: webd did, for a page (program.h, page_commands). */
#define REC_ADMIN(S, F, L)                                                     \
	F(S, STR, user, 64)                                                    \
	F(S, U32, uid, 0)                                                      \
	F(S, U8, web, 1)

/* webd -> master: a connection to that kind of program, as a tool of this user
 * would get one; the txn is the asker's. Answered by CALLED with it, fd: on it
 * comes a RESULT first, as after CONNECT; or by NOT_CALLED. */
#define REC_CALL(S, F, L)                                                      \
	F(S, U32, kind, 63)                                                    \
	F(S, STR, user, 64)
#define REC_CALLED(S, F, L) F(S, U8, reserved, 0)

/* To keyd, before the configuration that names it and again when it changed:
 * a file below secrets/. fd: read-only. */
#define REC_SECRET(S, F, L) F(S, STR, name, FILE_NAME_MAX)
/* There is no such file now, or it cannot be opened. */
#define REC_NO_SECRET(S, F, L)                                                 \
	F(S, STR, name, FILE_NAME_MAX)                                         \
	F(S, STR, error, TEXT_MAX)

/* To cleanup and lookupd: the rules of outbreak filters, as they are kept
 * (lookup/feed_file.h); to lookupd the policies of MTA-STS (lookup/sts.h). fd:
 * read-only. */
#define REC_RULES(S, F, L)    F(S, U8, what, 1) /* enum kept_what */
#define REC_NO_RULES(S, F, L) F(S, U8, what, 1)
/* lookupd -> master: keep these; FEED frames have the bytes, raw, and this is
 * their number. 0: keep none. */
#define REC_FEED_WHOLE(S, F, L)                                                \
	F(S, U64, size, 0)                                                     \
	F(S, U8, what, 1)
enum kept_what { KEPT_RULES, KEPT_POLICIES, KEPT_N };

/* --- smtpd, qmqpd -> cleanup --- */

#define REC_RCPT(S, F, L)                                                      \
	F(S, STR, addr, ADDR_MAX) /* current, after rewriting */               \
	F(S, STR, orig, ADDR_MAX) /* as given; empty: same */                  \
	F(S, U8, notify, 15)      /* RFC 3461, enum dsn_notify; 0: unset */    \
	F(S, STR, orcpt, 500)     /* RFC 3461, decoded "type;addr" */          \
	F(S, U8, flags, 0)
enum dsn_notify { /* bits of rcpt.notify */
	DSN_NEVER = 1,
	DSN_SUCCESS = 2,
	DSN_FAILURE = 4,
	DSN_DELAY = 8
};
#define REC_EARLY(S, F, L) F(S, STR, quarantine, NAME_MAX_LEN)
#define REC_ENVELOPE(S, F, L)                                                  \
	F(S, U64, mid, 0)                                                      \
	F(S, U64, icid, 0)                                                     \
	F(S, I64, arrival, 0) /* wall ms */                                    \
	F(S, STR, listener, NAME_MAX_LEN)                                      \
	F(S, STR, sender, ADDR_MAX) /* empty: null sender */                   \
	F(S, STR, sender_orig, ADDR_MAX)                                       \
	F(S, IP, client, 0)                                                    \
	F(S, STR, helo, HELO_MAX)                                              \
	F(S, STR, host, DOMAIN_MAX)    /* verified name, or empty */           \
	F(S, U8, host_class, 7)        /* enum host_class (fact/facts.h) */    \
	F(S, STR, group, NAME_MAX_LEN) /* HAT sender group, or empty */        \
	F(S, STR, entry, DOMAIN_MAX)   /* HAT entry that matched */            \
	F(S, STR, policy, NAME_MAX_LEN)                                        \
	F(S, U8, behaviour, 7)   /* enum behaviour */                          \
	F(S, I64, reputation, 0) /* tenths; INT64_MIN: none */                 \
	/* ESMTP, SMTP, UTF8SMTP, QMQP ..., "ESMTPS (version=TLSv1.3 ...)" */  \
	F(S, STR, protocol, 100)                                               \
	F(S, U32, flags, 0) /* ENV_* below */                                  \
	F(S, U8, ret, 2)    /* RFC 3461: 0 unset, 1 FULL, 2 HDRS */            \
	F(S, STR, envid, 100)                                                  \
	F(S, STR, bounce_profile, NAME_MAX_LEN)                                \
	F(S, STR, gateway, NAME_MAX_LEN)                                       \
	F(S, U32, generation, 25)    /* LOP-05: copies of copies */            \
	F(S, STR, user, AUTH_ID_MAX) /* who authenticated; empty: nobody */    \
	F(S, STR, country, 3)        /* of the client; empty: not known */     \
	F(S, U8, enters, 3)          /* enum work_entry (pipeline/work.h) */   \
	F(S, U32, skip, 0)           /* SKIP_* (filter/work.h): after a        \
				      * quarantine, as these are: */           \
	F(S, STR, alt_mailhost, DOMAIN_MAX) /* as of MESSAGE; or empty */      \
	L(S, early, early, HOLDS_MAX) /* who released it for want of room */   \
	/* cleanup's own: MID of the message that it was made of (queue.h), */ \
	/* and the slot that this one stood in, plus 1; 0: a file */           \
	F(S, U64, parent, 0)                                                   \
	F(S, U32, parent_slot, 4096)                                           \
	F(S, U64, max_size, 0) /* bytes of content; cleanup checks */          \
	L(S, rcpt, rcpts, RCPTS_MAX)
#define ENV_8BITMIME   1 /* BODY=8BITMIME was said */
#define ENV_SMTPUTF8   2
#define ENV_NOTICE     4  /* made by ourselves */
#define ENV_SINKHOLE   8  /* write durably, then drop */
#define ENV_MORE_RCPTS 16 /* further recipients follow in RCPT_MORE frames */
#define ENV_LATE                                                               \
	32 /* QMQP: of this one only mid and max_size count;                   \
	    * the true one follows the content */
#define ENV_INVALID_BOUNCE 64  /* no valid tag (delivery-admin 1.12) */
#define ENV_RELAYED        128 /* by RELAY, or authenticated */
#define ENV_REQUIRETLS     256 /* RFC 8689: verified TLS on the whole way */
#define ENV_DKIM           512 /* to be signed at delivery (1.13) */
/* Surplus recipients of an envelope too large for one frame. */
#define REC_RCPT_MORE(S, F, L) L(S, rcpt, rcpts, RCPTS_MAX)
/* DATA frames: raw content in stored form (mail/wire.h), any cut. */
/* End of content: commit. Answered by ACCEPTED. */
#define REC_END(S, F, L)                                                       \
	F(S, U64, size, 0)       /* bytes of content sent */                   \
	F(S, U32, wire_flags, 0) /* mail/wire.h WIRE_* */
#define REC_ABORT(S, F, L) F(S, U8, reason, 0)
/* The message is durable (code 250), or why not (4xx, 5xx). */
#define REC_ACCEPTED(S, F, L)                                                  \
	F(S, U32, code, 599)                                                   \
	F(S, STR, status, 16) /* enhanced: "4.3.0" */                          \
	F(S, STR, text, SMTP_REPLY_LINE_MAX)

/* --- cleanup -> qmgr --- */

/* A quarantine that a message shall go to (filter/work.h). */
#define REC_HOLD(S, F, L)                                                      \
	F(S, STR, quarantine, NAME_MAX_LEN)                                    \
	F(S, STR, reason, 300)   /* "message filter:name" */                   \
	F(S, U32, retention, 0)  /* s; 0: as the quarantine has it */          \
	F(S, STR, rule, 100)     /* of outbreak filters; or empty */           \
	F(S, STR, matched, 1000) /* text that was found; may be empty */

/* A message has passed the work queue. fd: read-only. Its queue file stands
 * in spool/incoming. The envelope is as after ROUTE. */
#define REC_MESSAGE(S, F, L)                                                   \
	F(S, U64, mid, 0)                                                      \
	F(S, U64, icid, 0)                                                     \
	F(S, I64, arrival, 0)                                                  \
	F(S, STR, sender, ADDR_MAX)                                            \
	F(S, STR, listener, NAME_MAX_LEN)                                      \
	F(S, STR, bounce_profile, NAME_MAX_LEN)                                \
	F(S, STR, gateway, NAME_MAX_LEN)                                       \
	F(S, STR, subject, 1000) /* raw */                                     \
	F(S, U32, flags, 0)                                                    \
	F(S, U8, ret, 2)                                                       \
	F(S, STR, envid, 100)                                                  \
	F(S, U32, content_off, 0) /* where the content starts */               \
	F(S, U64, content_len, 0)                                              \
	F(S, U32, wire_flags, 0)                                               \
	F(S, STR, prepend, PREPEND_MAX) /* stored form, to send before it */   \
	F(S, STR, alt_mailhost,                                                \
	    DOMAIN_MAX) /* where to; empty: as addressed */                    \
	F(S, STR, mail_policy, NAME_MAX_LEN)                                   \
	F(S, U8, spam_tagged, 1)         /* for the spam quarantine */         \
	F(S, U8, refused, 1)             /* by a filter: back to its sender */ \
	L(S, hold_rec, holds, HOLDS_MAX) /* for these quarantines */           \
	F(S, U32, writer, WORKERS_MAX)   /* MESSAGE_INLINE: whose slots, */    \
	F(S, U32, slot, 4096)            /* which of them, */                  \
	F(S, STR, content, SLOT_CONTENT_MAX) /* and what is in it */           \
	F(S, U32, n_rcpts, RCPTS_MAX) /* more than listed: read the file */    \
	L(S, rcpt, rcpts, RCPTS_MAX)
/* qmgr -> cleanup: the work queue is paused (or goes on), and by whom. */
#define REC_WORKQUEUE(S, F, L)                                                 \
	F(S, U8, paused, 1)                                                    \
	F(S, STR, reason, 200)
/* qmgr -> cleanup: would outbreak filters hold it today? fd: the queue file,
 * read-only. */
#define REC_RESCORE(S, F, L) F(S, U64, mid, 0)
/* cleanup -> qmgr: whether they would. mid 0: these are the rules from now
 * on, by their stamp. */
#define REC_RESCORED(S, F, L)                                                  \
	F(S, U64, mid, 0)                                                      \
	F(S, U64, stamp, 0)                                                    \
	F(S, U8, held, 1)
/* qmgr -> cleanup: a notice to be queued (then DATA, END as from smtpd). */

/* --- qmgr <-> smtp --- */

/* Open a delivery session (a connection) to this address. */
#define REC_SESSION(S, F, L)                                                   \
	F(S, U64, dcid, 0)                                                     \
	F(S, STR, domain, DOMAIN_MAX) /* the destination, for logs */          \
	F(S, STR, host, DOMAIN_MAX)   /* name of the MX or route host */       \
	F(S, IP, ip, 0)                                                        \
	F(S, U16, port, 0)                                                     \
	F(S, IP, source, 0) /* bind here; unset: the system's */               \
	F(S, STR, helo, DOMAIN_MAX)                                            \
	F(S, U32, connect_ms, 0)                                               \
	F(S, U32, reply_ms, 0)                                                 \
	F(S, U8, tls, 5)                /* enum tls_level (config/config.h) */ \
	F(S, STR, tls_name, DOMAIN_MAX) /* in its certificate: this name, */   \
	F(S, STR, tls_name2, DOMAIN_MAX) /* or this; empty: none */            \
	F(S, STR, auth, NAME_MAX_LEN) /* log in as this profile; or empty */   \
	F(S, U8, auth_clear, 1)       /* ... also in the clear */              \
	F(S, STR, certificate, NAME_MAX_LEN) /* ours, if asked; or empty */    \
	F(S, U8, requiretls, 1)     /* for mail that wants it (RFC 8689) */    \
	F(S, U8, policy, 3)         /* enum tls_policy: how it is counted */   \
	L(S, tlsa, tlsas, TLSA_MAX) /* there are: one must fit (RFC 7672) */   \
	L(S, debug_log, debug_logs, 100) /* to be told what is said */
#define REC_DEBUG_LOG(S, F, L) F(S, STR, log, NAME_MAX_LEN)
#define REC_TLSA(S, F, L)      F(S, STR, data, DNS_ANSWER_MAX) /* as in the DNS */
#define TLSA_MAX               20
/* What the recipient's side has said about TLS (RFC 8460). */
enum tls_policy {
	TLS_POLICY_UNCOUNTED, /* not asked: a route, a call-ahead, ... */
	TLS_POLICY_NONE,
	TLS_POLICY_STS,
	TLS_POLICY_TLSA
};
/* smtp -> qmgr: the session can take jobs (greeting and EHLO done). */
#define REC_SESSION_UP(S, F, L)                                                \
	F(S, U32, features, 0) /* smtp/features.h */                           \
	F(S, U64, size_limit, 0)                                               \
	F(S, U8, tls, 1) /* under TLS */
/* smtp -> qmgr: the session is over; jobs not answered come back. */
#define REC_SESSION_DOWN(S, F, L)                                              \
	F(S, U8, reason, 15) /* enum session_end */                            \
	F(S, U32, code, 599) /* SMTP code, 0: none */                          \
	F(S, STR, status, 16)                                                  \
	F(S, STR, text, REPLY_TEXT_MAX)
/* qmgr -> smtp: one transaction. fd: the message, read-only. */
#define REC_JOB(S, F, L)                                                       \
	F(S, U64, job, 0)                                                      \
	F(S, U64, mid, 0)                                                      \
	F(S, STR, sender, ADDR_MAX)                                            \
	F(S, U32, flags, 0) /* ENV_8BITMIME, ENV_SMTPUTF8 */                   \
	F(S, U32, wire_flags, 0)                                               \
	F(S, U8, ret, 2)                                                       \
	F(S, STR, envid, 100)                                                  \
	F(S, U32, content_off, 0)                                              \
	F(S, U64, content_len, 0)                                              \
	F(S, STR, prepend, PREPEND_MAX)                                        \
	F(S, STR, content, SLOT_CONTENT_MAX) /* JOB_INLINE */                  \
	L(S, job_rcpt, rcpts, 1000)
#define REC_JOB_RCPT(S, F, L)                                                  \
	F(S, U32, rid, 0)                                                      \
	F(S, STR, addr, ADDR_MAX)                                              \
	F(S, U8, notify, 15)                                                   \
	F(S, STR, orcpt, 500)
/* qmgr -> smtp: no more jobs; say QUIT when done. */
#define REC_SESSION_QUIT(S, F, L) F(S, U8, reason, 0)
/* smtp -> qmgr: what became of a job: one entry per recipient. */
#define REC_JOB_RESULT(S, F, L)                                                \
	F(S, U32, rid, 0)                                                      \
	F(S, U32, code, 599)            /* 0: no reply (connection lost) */    \
	F(S, STR, status, 16)           /* remote's enhanced code, or empty */ \
	F(S, STR, text, REPLY_TEXT_MAX) /* after code, lines joined by " " */  \
	F(S, U8, stage, 7) /* enum job_stage: what the reply is to */
#define REC_JOB_DONE(S, F, L)                                                  \
	F(S, U64, job, 0)                                                      \
	F(S, U8, possible, 1) /* lost after the final dot */                   \
	L(S, job_result, results, 1000)
/* qmgr -> smtp: cut the session now (suspend, removemessage). */
#define REC_SESSION_KILL(S, F, L) F(S, U8, reason, 0)

enum session_end {
	SESSION_CLOSED, /* after QUIT, or idle: nothing wrong */
	SESSION_TIMEOUT,
	SESSION_REFUSED,     /* connection refused */
	SESSION_UNREACHABLE, /* network or host unreachable, no route */
	SESSION_LOCAL,       /* bind, socket: our own fault */
	SESSION_RESET,       /* connection lost */
	SESSION_GREETING,    /* 4xx or 5xx at greeting or EHLO; code set */
	SESSION_PROTOCOL,    /* not SMTP */
	SESSION_TLS,         /* not offered, not begun, or not as it must be */
	SESSION_AUTH,      /* we could not log in; code if the server said so */
	SESSION_REQUIRETLS /* it does not do what REQUIRETLS wants of it */
};

enum job_stage { JOB_MAIL = 1, JOB_RCPT, JOB_DATA, JOB_DOT };

/* --- lookupd --- */

#define REC_QUERY(S, F, L)                                                     \
	F(S, U8, kind, 31)          /* enum lookup_kind (fact/facts.h) */      \
	F(S, STR, name, DOMAIN_MAX) /* MX, A, AAAA, TXT */                     \
	F(S, IP, ip, 0)             /* PTR with forward confirmation */        \
	F(S, U32, timeout_ms, 0)
#define REC_DNS_RR(S, F, L)                                                    \
	F(S, U16, preference, 0)        /* MX */                               \
	F(S, STR, name, DOMAIN_MAX)     /* MX host, PTR name */                \
	F(S, IP, ip, 0)                 /* A, AAAA */                          \
	F(S, STR, text, DNS_ANSWER_MAX) /* TXT */
#define REC_ANSWER(S, F, L)                                                    \
	F(S, U8, kind, 31)                                                     \
	F(S, U8, end, 7)        /* enum lookup_end (fact/facts.h) */           \
	F(S, U8, host_class, 7) /* PTR: enum host_class */                     \
	F(S, U8, list, 7)       /* DNSLIST: enum dns_list */                   \
	F(S, U32, ttl, 0)       /* seconds */                                  \
	F(S, U8, secure, 1)     /* DNSSEC validated */                         \
	F(S, U8, sts, 2)        /* STS: enum sts_mode (lookup/sts_policy.h) */ \
	F(S, STR, reason, 200)  /* "ServFail", "timeout", ... */               \
	L(S, dns_rr, rrs, 1000)

/* Ask another SMTP server: about a recipient, or about a password. lookupd
 * holds the conversation; the servers are tried in order. */
#define REC_PROBE_HOST(S, F, L)                                                \
	F(S, STR, host, DOMAIN_MAX) /* name, or address as text */             \
	F(S, U16, port, 0)                                                     \
	F(S, U8, no_mx, 1) /* address records only */
#define REC_PROBE(S, F, L)                                                     \
	F(S, U8, kind, 1) /* enum probe_kind */                                \
	F(S, U32, timeout_ms, 0)                                               \
	F(S, STR, helo, DOMAIN_MAX)                                            \
	F(S, STR, sender, ADDR_MAX)                                            \
	F(S, STR, rcpt, ADDR_MAX)                                              \
	F(S, STR, user, 1024)                                                  \
	F(S, STR, password, 1024)                                              \
	F(S, U8, tls, 2)              /* 0 off, 1 preferred, 2 required */     \
	F(S, U32, max_connections, 0) /* to one address; 0: any number */      \
	L(S, probe_host, hosts, 100)
/* PROBE_MAIL is what POST asks for: nobody else may have mail sent. */
enum probe_kind { PROBE_CALLAHEAD, PROBE_AUTH, PROBE_MAIL };
#define REC_PROBE_DONE(S, F, L)                                                \
	F(S, U8, kind, 2)                                                      \
	F(S, U8, answer, 3) /* enum recipient_answer (fact/facts.h) */         \
	F(S, U32, code, 599)                                                   \
	F(S, STR, text, REPLY_TEXT_MAX)

/* recorder -> lookupd: bring this mail to its recipient, past the queue (spec
 * delivery-admin 6.1). Answered by PROBE_DONE. */
#define POST_TEXT_MAX 16384
#define REC_POST(S, F, L)                                                      \
	F(S, U32, timeout_ms, 0)                                               \
	F(S, STR, helo, DOMAIN_MAX)                                            \
	F(S, STR, sender, ADDR_MAX)                                            \
	F(S, STR, rcpt, ADDR_MAX)                                              \
	F(S, U8, tls, 2)                                                       \
	F(S, STR, text, POST_TEXT_MAX)                                         \
	L(S, probe_host, hosts, 100)

/* Have an engine look at a message (spec workqueue 5.4, 6.3, 6.4). fd: header
 * and body as plain text, or the decoded bytes of one part; a memory file.
 * Which engine, and how long it may take, lookupd has from the configuration.
 */
#define REC_SCAN(S, F, L)                                                      \
	F(S, U8, kind, 1)        /* enum scan_kind */                          \
	F(S, U64, mid, 0)        /* 0: a trace, which shall leave no traces */ \
	F(S, U64, size, 0)       /* bytes of fd, */                            \
	F(S, U64, header_len, 0) /* and how many of them are its header */     \
	F(S, IP, client, 0)                                                    \
	F(S, STR, helo, HELO_MAX)                                              \
	F(S, STR, host, DOMAIN_MAX) /* verified name, or empty */              \
	F(S, STR, user, 1024)       /* who authenticated, or empty */          \
	F(S, STR, sender, ADDR_MAX)                                            \
	L(S, word, rcpts, 1000) /* some of them */
enum scan_kind { SCAN_SPAM, SCAN_VIRUS };
#define REC_SCANNED(S, F, L)                                                   \
	F(S, U8, kind, 1)                                                      \
	F(S, U8, known, 1)     /* else text says why not */                    \
	F(S, U8, number, 3)    /* virus: enum virus_answer */                  \
	F(S, STR, engine, 100) /* and its version */                           \
	F(S, I64, raw, 0)      /* spam: thousandths, */                        \
	F(S, I64, suspect, 0)  /* its thresholds, */                           \
	F(S, I64, positive, 0)                                                 \
	F(S, U8, skipped, 1)      /* it did not want to look */                \
	F(S, U32, ms, 0)          /* that it took */                           \
	F(S, STR, text, TEXT_MAX) /* names of tests, of viruses */

/* --- inspect: file types and archives --- */

/*
 * cleanup -> inspect: one part of a message, its decoded bytes in a memory
 * file, and the limits of looking at it (workqueue 2.12), which are those of
 * all parts `together`. inspect answers with
 * an INSPECT_MEMBER for each file in it, depth first, and INSPECTED at the
 * end; pieces of text (INSPECT_TEXT) come before what they were found in.
 */
#define INSPECT_NAME_MAX 1000 /* longer ones are cut */
#define REC_INSPECT(S, F, L)                                                   \
	F(S, U64, size, 0)                                                     \
	F(S, U32, max_depth, 0)                                                \
	F(S, U32, max_members, 0)                                              \
	F(S, U64, max_expanded, 0)                                             \
	F(S, U32, timeout, 600) /* s */                                        \
	F(S, U8, metadata, 1)   /* properties are text, too */                 \
	F(S, U64, together, 0)  /* parts of one message have its number */
#define REC_INSPECT_MEMBER(S, F, L)                                            \
	F(S, STR, name, INSPECT_NAME_MAX)                                      \
	F(S, STR, filetype, 16)                                                \
	F(S, U64, size, 0)                                                     \
	F(S, U32, depth, 0)                                                    \
	F(S, U8, locked, 1)                                                    \
	F(S, STR, sha256, 32)
#define REC_INSPECTED(S, F, L)                                                 \
	F(S, U8, known, 1) /* else it could not be read */                     \
	F(S, STR, filetype, 16)                                                \
	F(S, U8, archive, 1)                                                   \
	F(S, U8, locked, 1)                                                    \
	F(S, U8, readable, 1)                                                  \
	F(S, U8, corrupt, 1)                                                   \
	F(S, U8, macros, 1)                                                    \
	F(S, U8, too_large, 1)                                                 \
	F(S, U8, too_deep, 1)                                                  \
	F(S, U8, timeout, 1)                                                   \
	F(S, STR, sha256, 32)

/* --- keyd: private keys and passwords --- */

/* keyd -> smtpd: at the beginning, and when a file has changed: all of them;
 * -> smtp: the one that it shows, if any.
 * Certificates whose key cannot be used are left out, with an event. */
#define REC_CERT(S, F, L)                                                      \
	F(S, STR, name, NAME_MAX_LEN)                                          \
	F(S, STR, chain, 65536) /* PEM, leaf first */
#define REC_CERTS(S, F, L) L(S, cert, certs, 100)
/* keyd -> smtpd: who may issue certificates of clients. PEM; may be empty. */
#define REC_CLIENT_CA(S, F, L) F(S, STR, pem, CLIENT_CA_MAX)
/* keyd -> smtpd: what session tickets are sealed with: the newest first,
 * then those that still open older tickets. */
#define REC_TICKET(S, F, L)  F(S, STR, secret, 32)
#define REC_TICKETS(S, F, L) L(S, ticket, tickets, 4)
/* smtpd, smtp -> keyd: sign this with the key of that certificate. */
#define REC_SIGN(S, F, L)                                                      \
	F(S, STR, name, NAME_MAX_LEN)                                          \
	F(S, U8, algorithm, 15) /* enum sign_algorithm (tls/sign.h) */         \
	F(S, STR, digest, 64)   /* exactly as long as the algorithm says */
#define REC_SIGNED(S, F, L) F(S, STR, signature, 2048) /* empty: refused */
/* smtp -> keyd: sign mail with that key; answered by SIGNED. */
#define REC_DKIM_SIGN(S, F, L)                                                 \
	F(S, STR, key, NAME_MAX_LEN)                                           \
	F(S, U8, algorithm, 1) /* enum dkim_algorithm (mail/dkim.h) */         \
	F(S, STR, digest, 32)
/* smtpd -> keyd: is this the password? */
#define REC_PASSWORD(S, F, L)                                                  \
	F(S, STR, profile, NAME_MAX_LEN)                                       \
	F(S, STR, user, 1024)                                                  \
	F(S, STR, password, 1024)
#define REC_PASSWORD_DONE(S, F, L)                                             \
	F(S, U8, ok, 1)                                                        \
	F(S, U8, broken, 1)      /* cannot be said now: 454 */                 \
	F(S, STR, signature, 64) /* SCRAM: of the server */
/* SCRAM (RFC 5802): salt and iterations of a user; unknown users have some
 * too. Then the client's proof for what was said. */
#define REC_SCRAM(S, F, L)                                                     \
	F(S, STR, profile, NAME_MAX_LEN)                                       \
	F(S, STR, user, 1024)
#define REC_SCRAM_SALT(S, F, L)                                                \
	F(S, STR, salt, 64)                                                    \
	F(S, U32, iterations, 0)
#define REC_SCRAM_PROOF(S, F, L)                                               \
	F(S, STR, profile, NAME_MAX_LEN)                                       \
	F(S, STR, user, 1024)                                                  \
	F(S, STR, auth_message, 8192)                                          \
	F(S, STR, proof, 64)

/* keyd -> qmgr: what senders are tagged with from now on (tls/tag.h): at the
 * beginning, every day, and when the keys have changed. Empty: no keys. */
#define REC_TAG_KEY(S, F, L)                                                   \
	F(S, U32, day, 999)                                                    \
	F(S, STR, key, 32)
/* smtpd -> keyd: what is the tag of this recipient worth? */
#define REC_JUDGE_TAG(S, F, L)  F(S, STR, addr, ADDR_MAX)
#define REC_TAG_JUDGED(S, F, L) F(S, U8, verdict, 7) /* enum bounce_tag */

/* smtp -> keyd: what we have to say to log in at another server, as an
 * outgoing profile. nonce: ours, for SCRAM; challenge: what the server said to
 * that; before it: empty. */
#define REC_LOGIN(S, F, L)                                                     \
	F(S, STR, profile, NAME_MAX_LEN)                                       \
	F(S, U8, mechanism, 3) /* enum login_mechanism */                      \
	F(S, STR, nonce, 64)                                                   \
	F(S, STR, challenge, TEXT_MAX)
enum login_mechanism { LOGIN_NONE, LOGIN_PLAIN, LOGIN_LOGIN, LOGIN_SCRAM };
/* PLAIN: first. LOGIN: first the name, second the passphrase. SCRAM: first;
 * and after the challenge, second: what the server must prove itself with. */
#define REC_LOGIN_DONE(S, F, L)                                                \
	F(S, STR, error, TEXT_MAX) /* empty: none */                           \
	F(S, STR, first, 4096)                                                 \
	F(S, STR, second, 1100)

/* webd -> keyd: is this the passphrase of an administrator? Whoever asks does
 * not tell the person which of the refusals it was. */
#define REC_ADMIN_LOGIN(S, F, L)                                               \
	F(S, STR, name, AUTH_ID_MAX)                                           \
	F(S, STR, passphrase, 1024)                                            \
	F(S, IP, remote, 0)
enum admin_verdict {
	ADMIN_REFUSED, /* no such user, another passphrase, locked, too often */
	ADMIN_GOOD,
	ADMIN_BUSY /* cannot be said now */
};
/* stamp: another one as soon as role, state or passphrase are (ADMINS). */
#define REC_ADMIN_JUDGED(S, F, L)                                              \
	F(S, U8, verdict, ADMIN_BUSY)                                          \
	F(S, U8, role, 5) /* enum admin_role (tls/administrators.h) */         \
	F(S, U8, must_change, 1)                                               \
	F(S, U64, stamp, 0)                                                    \
	F(S, STR, full_name, 100)
/* keyd -> webd: who may log in, at the beginning and when that has changed:
 * whoever is not in it as he was, is logged in no longer. */
#define REC_ADMIN_ONE(S, F, L)                                                 \
	F(S, STR, name, 32)                                                    \
	F(S, U64, stamp, 0)
#define REC_ADMINS(S, F, L) L(S, admin_rec, admins, 1000)

/* --- events: EVENT frames are raw (lib/event) --- */

/* cleanup -> recorder: append this message to an mbox log. fd: a file that
 * holds it, with CRLF lines, from its beginning to its end. */
#define REC_ARCHIVE(S, F, L)                                                   \
	F(S, STR, log, NAME_MAX_LEN)                                           \
	F(S, STR, sender, ADDR_MAX)                                            \
	F(S, U64, mid, 0)                                                      \
	F(S, I64, when, 0) /* wall ms */

/* --- admin tools <-> services --- */

/* To the master, first: connect me to this kind of program; worker 0: to any
 * of its workers, else to number worker - 1. Answered by one
 * RESULT (from that program: status 0, or from the master: why not); only
 * then COMMANDs may follow, each answered by CHUNKs and a RESULT. The tool
 * closes the connection. */
#define REC_CONNECT(S, F, L) F(S, U32, kind, 63) F(S, U32, worker, 0)
/* A command in words, as a batch line is: ["hoststatus", "example.com"]. */
#define REC_WORD(S, F, L)    F(S, STR, text, TEXT_MAX)
#define REC_COMMAND(S, F, L) L(S, word, words, 100)
/* The answer: JSON text (UTF-8) in CHUNK frames, then RESULT with an enum
 * result_status. */
#define REC_RESULT(S, F, L)                                                    \
	F(S, U8, status, RESULT_FAILED)                                        \
	F(S, STR, error, TEXT_MAX)

#endif
