/*
 * messages.h - every message between programs, declared once
 *
 * The records (records.h), then the table of messages: type, record, number
 * of descriptors. The struct, the encoder, the decoder and the printer all
 * come from here (base/codec.h). Who may send what to whom is in the tables
 * of lib/program/peers.c.
 *
 * Transactions (the txn of a frame):
 *	smtpd -> cleanup	one message being received; smtpd's number
 *	* -> lookupd		one question; the asker's number
 *	qmgr <-> smtp		one delivery session; qmgr's number
 *	admin <-> service	0
 */
#ifndef IPC_MESSAGES_H
#define IPC_MESSAGES_H

#include "ipc/records.h"

/* R(struct, fields) */
#define IPC_RECORDS(R)                                                         \
	R(setup, REC_SETUP)                                                    \
	R(config_msg, REC_CONFIG)                                              \
	R(config_switch, REC_CONFIG_SWITCH)                                    \
	R(config_done, REC_CONFIG_DONE)                                        \
	R(peer_msg, REC_PEER)                                                  \
	R(listen_msg, REC_LISTEN)                                              \
	R(unlisten, REC_UNLISTEN)                                              \
	R(stop, REC_STOP)                                                      \
	R(ready, REC_READY)                                                    \
	R(admin_msg, REC_ADMIN)                                                \
	R(call_msg, REC_CALL)                                                  \
	R(called, REC_CALLED)                                                  \
	R(secret, REC_SECRET)                                                  \
	R(no_secret, REC_NO_SECRET)                                            \
	R(rules_msg, REC_RULES)                                                \
	R(no_rules, REC_NO_RULES)                                              \
	R(feed_whole, REC_FEED_WHOLE)                                          \
	R(rcpt, REC_RCPT)                                                      \
	R(early, REC_EARLY)                                                    \
	R(envelope, REC_ENVELOPE)                                              \
	R(rcpt_more, REC_RCPT_MORE)                                            \
	R(end_msg, REC_END)                                                    \
	R(abort_msg, REC_ABORT)                                                \
	R(accepted, REC_ACCEPTED)                                              \
	R(hold_rec, REC_HOLD)                                                  \
	R(message, REC_MESSAGE)                                                \
	R(workqueue, REC_WORKQUEUE)                                            \
	R(tlsa, REC_TLSA)                                                      \
	R(rescore_msg, REC_RESCORE)                                            \
	R(rescored, REC_RESCORED)                                              \
	R(debug_log, REC_DEBUG_LOG)                                            \
	R(session, REC_SESSION)                                                \
	R(session_up, REC_SESSION_UP)                                          \
	R(session_down, REC_SESSION_DOWN)                                      \
	R(job_rcpt, REC_JOB_RCPT)                                              \
	R(job, REC_JOB)                                                        \
	R(session_quit, REC_SESSION_QUIT)                                      \
	R(job_result, REC_JOB_RESULT)                                          \
	R(job_done, REC_JOB_DONE)                                              \
	R(session_kill, REC_SESSION_KILL)                                      \
	R(query, REC_QUERY)                                                    \
	R(dns_rr, REC_DNS_RR)                                                  \
	R(answer, REC_ANSWER)                                                  \
	R(probe_host, REC_PROBE_HOST)                                          \
	R(probe, REC_PROBE)                                                    \
	R(probe_done, REC_PROBE_DONE)                                          \
	R(post, REC_POST)                                                      \
	R(word, REC_WORD)                                                      \
	R(scan_msg, REC_SCAN)                                                  \
	R(scanned, REC_SCANNED)                                                \
	R(inspect_msg, REC_INSPECT)                                            \
	R(inspect_member, REC_INSPECT_MEMBER)                                  \
	R(inspected, REC_INSPECTED)                                            \
	R(cert, REC_CERT)                                                      \
	R(certs, REC_CERTS)                                                    \
	R(client_ca, REC_CLIENT_CA)                                            \
	R(ticket, REC_TICKET)                                                  \
	R(tickets, REC_TICKETS)                                                \
	R(sign, REC_SIGN)                                                      \
	R(signed_msg, REC_SIGNED)                                              \
	R(dkim_sign, REC_DKIM_SIGN)                                            \
	R(password, REC_PASSWORD)                                              \
	R(password_done, REC_PASSWORD_DONE)                                    \
	R(scram_query, REC_SCRAM)                                              \
	R(scram_salt, REC_SCRAM_SALT)                                          \
	R(scram_proof, REC_SCRAM_PROOF)                                        \
	R(admin_login, REC_ADMIN_LOGIN)                                        \
	R(admin_judged, REC_ADMIN_JUDGED)                                      \
	R(admin_rec, REC_ADMIN_ONE)                                            \
	R(admins_msg, REC_ADMINS)                                              \
	R(tag_key_msg, REC_TAG_KEY)                                            \
	R(judge_tag, REC_JUDGE_TAG)                                            \
	R(tag_judged, REC_TAG_JUDGED)                                          \
	R(login_msg, REC_LOGIN)                                                \
	R(login_done, REC_LOGIN_DONE)                                          \
	R(archive_msg, REC_ARCHIVE)                                            \
	R(connect_msg, REC_CONNECT)                                            \
	R(command, REC_COMMAND)                                                \
	R(result, REC_RESULT)

#define IPC_STRUCT(S, LIST) CODEC_STRUCT(S, LIST);
IPC_RECORDS(IPC_STRUCT)
#undef IPC_STRUCT

/* M(type, record, descriptors); X(type): raw bytes, no descriptors */
#define IPC_MESSAGES(M, X)                                                     \
	M(SETUP, setup, 2)                                                     \
	M(CONFIG, config_msg, 1)                                               \
	M(CONFIG_SWITCH, config_switch, 0)                                     \
	M(CONFIG_DONE, config_done, 0)                                         \
	M(PEER, peer_msg, 1)                                                   \
	M(LISTEN, listen_msg, 1)                                               \
	M(UNLISTEN, unlisten, 0)                                               \
	M(STOP, stop, 0)                                                       \
	M(READY, ready, 0)                                                     \
	M(ADMIN, admin_msg, 1)                                                 \
	M(CALL, call_msg, 0)                                                   \
	M(CALLED, called, 1)                                                   \
	M(NOT_CALLED, called, 0)                                               \
	M(SECRET, secret, 1)                                                   \
	M(NO_SECRET, no_secret, 0)                                             \
	M(RULES, rules_msg, 1)                                                 \
	M(NO_RULES, no_rules, 0)                                               \
	X(FEED)                                                                \
	M(FEED_WHOLE, feed_whole, 0)                                           \
	M(ENVELOPE, envelope, 0)                                               \
	M(RCPT_MORE, rcpt_more, 0)                                             \
	X(DATA)                                                                \
	M(END, end_msg, 0)                                                     \
	M(ABORT, abort_msg, 0)                                                 \
	M(ACCEPTED, accepted, 0)                                               \
	M(MESSAGE, message, 1)                                                 \
	M(MESSAGE_INLINE, message, 0)                                          \
	M(WORKQUEUE, workqueue, 0)                                             \
	M(RESCORE, rescore_msg, 1)                                             \
	M(RESCORED, rescored, 0)                                               \
	M(SESSION, session, 0)                                                 \
	M(SESSION_UP, session_up, 0)                                           \
	M(SESSION_DOWN, session_down, 0)                                       \
	M(JOB, job, 1)                                                         \
	M(JOB_INLINE, job, 0)                                                  \
	M(SESSION_QUIT, session_quit, 0)                                       \
	M(JOB_DONE, job_done, 0)                                               \
	M(SESSION_KILL, session_kill, 0)                                       \
	M(QUERY, query, 0)                                                     \
	M(ANSWER, answer, 0)                                                   \
	M(PROBE, probe, 0)                                                     \
	M(PROBE_DONE, probe_done, 0)                                           \
	M(POST, post, 0)                                                       \
	M(SCAN, scan_msg, 1)                                                   \
	M(SCANNED, scanned, 0)                                                 \
	M(INSPECT, inspect_msg, 1)                                             \
	X(INSPECT_TEXT)                                                        \
	M(INSPECT_MEMBER, inspect_member, 0)                                   \
	M(INSPECTED, inspected, 0)                                             \
	M(CERTS, certs, 0)                                                     \
	M(CLIENT_CA, client_ca, 0)                                             \
	M(TICKETS, tickets, 0)                                                 \
	M(SIGN, sign, 0)                                                       \
	M(SIGNED, signed_msg, 0)                                               \
	M(DKIM_SIGN, dkim_sign, 0)                                             \
	M(PASSWORD, password, 0)                                               \
	M(PASSWORD_DONE, password_done, 0)                                     \
	M(SCRAM, scram_query, 0)                                               \
	M(SCRAM_SALT, scram_salt, 0)                                           \
	M(SCRAM_PROOF, scram_proof, 0)                                         \
	M(ADMIN_LOGIN, admin_login, 0)                                         \
	M(ADMIN_JUDGED, admin_judged, 0)                                       \
	M(ADMINS, admins_msg, 0)                                               \
	M(TAG_KEY, tag_key_msg, 0)                                             \
	M(JUDGE_TAG, judge_tag, 0)                                             \
	M(TAG_JUDGED, tag_judged, 0)                                           \
	M(LOGIN, login_msg, 0)                                                 \
	M(LOGIN_DONE, login_done, 0)                                           \
	X(EVENT)                                                               \
	M(ARCHIVE, archive_msg, 1)                                             \
	M(CONNECT, connect_msg, 0)                                             \
	M(COMMAND, command, 0)                                                 \
	X(CHUNK)                                                               \
	M(RESULT, result, 0)                                                   \
	M(FILE, result, 1)

enum ipc_type {
	IPC_NONE, /* a frame of type 0 is a protocol fault */
#define IPC_ENUM_M(type, record, n) IPC_##type,
#define IPC_ENUM_X(type)            IPC_##type,
	IPC_MESSAGES(IPC_ENUM_M, IPC_ENUM_X)
#undef IPC_ENUM_M
#undef IPC_ENUM_X
	    IPC_N_TYPES
};

#endif
