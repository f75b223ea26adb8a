/*
 * events.h - every event, declared once
 *
 * E(NAME, level, "text form", FIELDS). In the text form
 *	{x}	the field, escaped
 *	{x?}	the field, or "None" when it is empty
 *	{x'}	the field in quotes: '...', or "..." when it holds a '
 *	{x,}	a list of RIDs: 0, 1, 2
 *	{x=}	a list of header fields: ('X-Order', '4711')
 *	{x.}	an I64 of tenths: 2.4; REPUTATION_NONE: None
 *	{x@}	an I64 wall clock time in ctime form
 *	{x#}	the bytes in single quotes, those not printable as \015
 * The grammar of the lines is spec delivery-admin 7.4; parsers depend on it.
 */
#ifndef EVENT_EVENTS_H
#define EVENT_EVENTS_H

#include "base/bounds.h"
#include "base/codec.h"

#define REC_EV_RID(S, F, L) F(S, U32, rid, 0)
CODEC_STRUCT(ev_rid, REC_EV_RID);
#define REC_EV_HEADER(S, F, L)                                                 \
	F(S, STR, name, 76) F(S, STR, value, LOG_VALUE_MAX)
CODEC_STRUCT(ev_header, REC_EV_HEADER);
#define REC_EV_RCPT(S, F, L)                                                   \
	F(S, U32, rid, 0) F(S, STR, to, ADDR_MAX) F(S, U32, attempts, 0)
CODEC_STRUCT(ev_rcpt, REC_EV_RCPT);

/* --- fields; one line is what belongs together --- */
/* clang-format off */
#define EV_TEXT(S, F, L) F(S, STR, text, 4096)
#define EV_ALERT(S, F, L)                                                      \
	F(S, STR, id, 64) F(S, STR, about, 1200) F(S, STR, text, 4096)
#define EV_ALERT_MAIL(S, F, L)                                                 \
	F(S, STR, class, 64) F(S, STR, severity, 32) F(S, STR, addr, 400)      \
	F(S, STR, subject, 1000)
#define EV_ALERT_TRY(S, F, L)                                                  \
	F(S, STR, addr, 400) F(S, STR, subject, 1000) F(S, U32, n, 0)
#define EV_ALERT_FAILED(S, F, L)                                               \
	F(S, STR, addr, 400) F(S, STR, subject, 1000) F(S, STR, text, 1000)
#define EV_ICID(S, F, L) F(S, U64, icid, 0)
#define EV_ICID_TEXT(S, F, L) F(S, U64, icid, 0) F(S, STR, text, 4096)
#define EV_SENDER_REJECTED(S, F, L)                                            \
	F(S, U64, icid, 0) F(S, STR, addr, 1200) F(S, STR, text, 200)
#define EV_NEW_ICID(S, F, L)                                                   \
	F(S, U64, icid, 0) F(S, STR, protocol, 16) F(S, STR, interface, 100)   \
	F(S, IP, local, 0) F(S, IP, ip, 0) F(S, STR, host, 255)                \
	F(S, STR, verified, 4)
#define EV_HAT(S, F, L)                                                        \
	F(S, U64, icid, 0) F(S, STR, behaviour, 16) F(S, STR, group, 100)      \
	F(S, STR, entry, 300) F(S, STR, policy, 100) F(S, STR, sbrs, 32)       \
	F(S, STR, country, 32)
#define EV_AUTH(S, F, L)                                                       \
	F(S, U64, icid, 0) F(S, STR, outcome, 16) F(S, STR, user, 1024)        \
	F(S, STR, mechanism, 32) F(S, STR, profile, 100)
#define EV_ICID_GONE(S, F, L)                                                  \
	F(S, U64, icid, 0) F(S, IP, ip, 0) F(S, STR, text, 200)
#define EV_HARVEST(S, F, L)                                                    \
	F(S, U64, icid, 0) F(S, IP, ip, 0) F(S, STR, host, 255)                \
	F(S, U64, limit, 0) F(S, STR, group, 100) F(S, STR, listener, 100)     \
	F(S, STR, sender, 1200) F(S, STR, rcpt, 1200)
#define EV_TLS(S, F, L)                                                        \
	F(S, U64, icid, 0) F(S, STR, protocol, 16) F(S, STR, cipher, 64)
#define EV_MID(S, F, L) F(S, U64, mid, 0)
#define EV_MID_ICID(S, F, L) F(S, U64, mid, 0) F(S, U64, icid, 0)
#define EV_MID_FROM(S, F, L)                                                   \
	F(S, U64, mid, 0) F(S, U64, icid, 0) F(S, STR, addr, 1200)
#define EV_MID_RCPT(S, F, L)                                                   \
	F(S, U64, mid, 0) F(S, U64, icid, 0) F(S, U32, rid, 0)                 \
	F(S, STR, addr, 1200)
#define EV_MID_REJECTED(S, F, L)                                               \
	F(S, U64, mid, 0) F(S, U64, icid, 0) F(S, STR, addr, 1200)             \
	F(S, STR, by, 64)
#define EV_MID_TEXT(S, F, L) F(S, U64, mid, 0) F(S, STR, text, 4096)
#define EV_MID_VERDICT(S, F, L)                                                \
	F(S, U64, mid, 0) F(S, STR, engine, 100) F(S, STR, text, 600)
#define EV_SPAM_LEFT(S, F, L)                                                  \
	F(S, U64, mid, 0) F(S, U32, rid, 0) F(S, STR, text, 300)
#define EV_MID_READY(S, F, L)                                                  \
	F(S, U64, mid, 0) F(S, U64, size, 0) F(S, STR, addr, 1200)
#define EV_MID_PAIR(S, F, L) F(S, U64, mid, 0) F(S, U64, other, 0)
#define EV_MID_POLICY(S, F, L)                                                 \
	F(S, U64, mid, 0) F(S, STR, policy, 100) F(S, STR, table, 16)
#define EV_MID_SPLIT(S, F, L)                                                  \
	F(S, U64, mid, 0) F(S, U64, other, 0) F(S, STR, policy, 100)           \
	F(S, STR, table, 16)
#define EV_MID_BY(S, F, L)                                                     \
	F(S, U64, mid, 0) F(S, U64, other, 0) F(S, STR, by, 300)
#define EV_MID_HELD(S, F, L)                                                   \
	F(S, U64, mid, 0) F(S, STR, quarantine, 100) F(S, STR, text, 300)
#define EV_MID_LEFT(S, F, L)                                                   \
	F(S, U64, mid, 0) F(S, STR, quarantine, 100) F(S, STR, text, 300)      \
	F(S, U64, seconds, 0)
#define EV_RCID(S, F, L) F(S, U64, rcid, 0) F(S, U64, mid, 0)
#define EV_RCID_TEXT(S, F, L)                                                  \
	F(S, U64, rcid, 0) F(S, U64, mid, 0) F(S, STR, text, 100)
#define EV_MID_THREAT(S, F, L)                                                 \
	F(S, U64, mid, 0) F(S, U32, threat, 0) F(S, STR, category, 20)          \
	F(S, STR, rule, 100)
#define EV_NEW_DCID(S, F, L)                                                   \
	F(S, U64, dcid, 0) F(S, STR, source, 64) F(S, IP, ip, 0)               \
	F(S, U16, port, 0)
#define EV_DCID(S, F, L) F(S, U64, dcid, 0)
#define EV_DCID_TEXT(S, F, L)                                                  \
	F(S, U64, dcid, 0) F(S, STR, text, 1000)
#define EV_DCID_DANE(S, F, L)                                                  \
	F(S, U64, dcid, 0) F(S, STR, domain, DOMAIN_MAX) F(S, STR, text, 1000)
#define EV_DCID_IP(S, F, L) F(S, U64, dcid, 0) F(S, IP, ip, 0)
#define EV_DCID_TLS(S, F, L)                                                   \
	F(S, U64, dcid, 0) F(S, STR, protocol, 16) F(S, STR, cipher, 64)       \
	F(S, STR, name, 300)
#define EV_TLS_SESSION(S, F, L)                                                \
	F(S, STR, domain, DOMAIN_MAX) F(S, STR, policy, 20)                    \
	F(S, STR, result, 32) F(S, STR, host, DOMAIN_MAX) F(S, IP, ip, 0)      \
	F(S, IP, source, 0) F(S, STR, text, 300)
#define EV_DKIM_SIGNING(S, F, L)                                               \
	F(S, U64, mid, 0) F(S, STR, profile, 300) F(S, STR, addr, 400)
#define EV_DCID_AUTH(S, F, L)                                                  \
	F(S, U64, dcid, 0) F(S, STR, mechanism, 20) F(S, STR, profile, 100)    \
	F(S, STR, text, 1000)
#define EV_DELIVERY(S, F, L)                                                   \
	F(S, U64, dcid, 0) F(S, U64, mid, 0) L(S, ev_rid, rids, 100000)
#define EV_DONE(S, F, L)                                                       \
	F(S, U64, dcid, 0) F(S, U64, mid, 0) L(S, ev_rid, rids, 100000)        \
	L(S, ev_header, headers, 100)
#define EV_RESPONSE(S, F, L)                                                   \
	F(S, U64, mid, 0) L(S, ev_rid, rids, 100000) F(S, STR, text, 4096)
#define EV_BOUNCE(S, F, L)                                                     \
	F(S, U64, dcid, 0) F(S, U64, mid, 0) F(S, U32, rid, 0)                 \
	F(S, STR, status, 16) F(S, STR, reason, 200) F(S, STR, code, 8)        \
	F(S, STR, text, 4096) L(S, ev_header, headers, 100)
/* what: "delivered", "delayed", "bounced" */
#define EV_RECORD(S, F, L)                                                     \
	F(S, STR, what, 16) F(S, U64, mid, 0) F(S, I64, arrival, 0)            \
	F(S, U64, size, 0) F(S, IP, ip, 0) F(S, IP, source_ip, 0)              \
	F(S, STR, from, ADDR_MAX) F(S, STR, status, 16)                        \
	F(S, STR, reason, 200) F(S, STR, code, 8) F(S, STR, text, 4096)        \
	L(S, ev_header, headers, 100) F(S, STR, message, LOG_BYTES_MAX)        \
	L(S, ev_rcpt, rcpts, 1000)
/* log: the debug log that it is for; first, see master/recorder_kind.c */
#define EV_DOMAIN_DEBUG(S, F, L)                                               \
	F(S, STR, log, NAME_MAX_LEN) F(S, U64, dcid, 0) F(S, STR, text, 4096)
#define EV_INJECTION_DEBUG(S, F, L)                                            \
	F(S, STR, log, NAME_MAX_LEN) F(S, U64, icid, 0) F(S, IP, ip, 0)        \
	F(S, STR, text, 4096)
/* Names as in status logs; those of vendors' engines stay for who reads them
 * (spec delivery-admin 7.9). */
#define EV_STATUS(S, F, L)                                                     \
	F(S, U64, CPULd, 0) F(S, U64, DskIO, 0) F(S, U64, RAMUtil, 0)          \
	F(S, U64, QKUsd, 0) F(S, U64, QKFre, 0) F(S, U64, CrtMID, 0)           \
	F(S, U64, CrtICID, 0) F(S, U64, CrtDCID, 0) F(S, U64, InjMsg, 0)       \
	F(S, U64, InjRcp, 0) F(S, U64, GenBncRcp, 0) F(S, U64, RejRcp, 0)      \
	F(S, U64, DrpMsg, 0) F(S, U64, SftBncEvnt, 0) F(S, U64, CmpRcp, 0)     \
	F(S, U64, HrdBncRcp, 0) F(S, U64, DnsHrdBnc, 0)                        \
	F(S, U64, FivexxHrdBnc, 0) F(S, U64, FltrHrdBnc, 0)                    \
	F(S, U64, ExpHrdBnc, 0) F(S, U64, OtrHrdBnc, 0) F(S, U64, DlvRcp, 0)   \
	F(S, U64, DelRcp, 0) F(S, U64, GlbUnsbHt, 0) F(S, U64, ActvRcp, 0)     \
	F(S, U64, UnatmptRcp, 0) F(S, U64, AtmptRcp, 0) F(S, U64, CrtCncIn, 0) \
	F(S, U64, CrtCncOut, 0) F(S, U64, DnsReq, 0) F(S, U64, NetReq, 0)      \
	F(S, U64, CchHit, 0) F(S, U64, CchMis, 0) F(S, U64, CchEct, 0)         \
	F(S, U64, CchExp, 0) F(S, U64, CPUTTm, 0) F(S, U64, CPUETm, 0)         \
	F(S, U64, MaxIO, 0) F(S, U64, RAMUsd, 0) F(S, U64, MMLen, 0)           \
	F(S, U64, DstInMem, 0) F(S, U64, ResCon, 0) F(S, U64, WorkQ, 0)        \
	F(S, U64, QuarMsgs, 0) F(S, U64, QuarQKUsd, 0) F(S, U64, LogUsd, 0)    \
	F(S, U64, SophLd, 0) F(S, U64, BMLd, 0) F(S, U64, CASELd, 0)           \
	F(S, U64, TotalLd, 0) F(S, STR, LogAvail, 16) F(S, U64, EuQ, 0)        \
	F(S, U64, EuqRls, 0) F(S, U64, CmrkLd, 0) F(S, U64, McafLd, 0)         \
	F(S, U64, SwIn, 0) F(S, U64, SwOut, 0) F(S, U64, SwPgIn, 0)            \
	F(S, U64, SwPgOut, 0) F(S, U64, SwapUsage, 0) F(S, U64, RptLd, 0)      \
	F(S, U64, QtnLd, 0) F(S, U64, EncrQ, 0) F(S, U64, InjBytes, 0)
#define EV_PENDING(S, F, L)                                                    \
	F(S, U64, mid, 0) F(S, U32, rid, 0) F(S, I64, when, 0)                 \
	F(S, STR, profile, 100)
#define EV_CONNERR(S, F, L)                                                    \
	F(S, U64, dcid, 0) F(S, STR, domain, 255) F(S, IP, ip, 0)              \
	F(S, U16, port, 0) F(S, STR, text, 1000) F(S, STR, source, 64)         \
	F(S, STR, reason, 64)
#define EV_DNSFAIL(S, F, L)                                                    \
	F(S, STR, name, 255) F(S, STR, type, 8) F(S, STR, text, 200)
#define EV_DELETED(S, F, L) F(S, U64, mid, 0) L(S, ev_rid, rids, 100000)
#define EV_MID_RID(S, F, L) F(S, U64, mid, 0) F(S, U32, rid, 0)
#define EV_UNSUBSCRIBED(S, F, L)                                              \
	F(S, U64, mid, 0) F(S, U32, rid, 0) F(S, STR, entry, 400)              \
	F(S, STR, addr, 400) F(S, STR, text, 20)
#define EV_REDIRECTED(S, F, L)                                                 \
	F(S, U64, mid, 0) L(S, ev_rid, rids, 100000) F(S, STR, host, 255)
#define EV_PROGRAM(S, F, L)                                                    \
	F(S, STR, program, 32) F(S, U32, worker, 0) F(S, U32, pid, 0)          \
	F(S, STR, text, 1000)
#define EV_COMMIT(S, F, L)                                                     \
	F(S, U32, pid, 0) F(S, STR, user, 64) F(S, STR, text, 1024)            \
	F(S, U64, revision, 0)
#define EV_ADMIN(S, F, L)                                                      \
	F(S, U32, pid, 0) F(S, STR, user, 64) F(S, STR, text, 200)
#define EV_ADMIN_LOGIN(S, F, L)                                                \
	F(S, STR, user, 64) F(S, IP, ip, 0) F(S, STR, text, 100)
#define EV_ADMIN_LOGOUT(S, F, L)                                               \
	F(S, STR, user, 64) F(S, IP, ip, 0) F(S, STR, text, 100)
#define EV_ADMIN_CHANGED(S, F, L)                                              \
	F(S, U32, pid, 0) F(S, STR, user, 64) F(S, STR, text, 100)             \
	F(S, STR, name, 64)
#define EV_ADMIN_ENTERED(S, F, L)                                              \
	F(S, U32, pid, 0) F(S, STR, user, 64) F(S, STR, text, 4096)            \
	F(S, STR, prompt, 4096)
#define EV_LOST(S, F, L) F(S, U64, n, 0)

#define EVENTS(E)                                                              \
	E(NEW_ICID, INFO,                                                      \
	    "New {protocol} ICID {icid} interface {interface} ({local}) "      \
	    "address {ip} reverse dns host {host} verified {verified}",        \
	    EV_NEW_ICID)                                                       \
	E(HAT, INFO,                                                           \
	    "ICID {icid} {behaviour} SG {group?} match {entry} SBRS {sbrs} "   \
	    "country {country}",                                               \
	    EV_HAT)                                                            \
	E(AUTH, INFO,                                                          \
	    "SMTP Auth: (ICID {icid}) {outcome} for user: {user} using AUTH "  \
	    "mechanism: {mechanism} with profile: {profile}",                  \
	    EV_AUTH)                                                           \
	E(SENDER_REJECTED, INFO,                                               \
	    "ICID {icid} Address: <{addr}> sender rejected{text}",             \
	    EV_SENDER_REJECTED) /* text: ", why", or empty */                  \
	E(BAD_SENDER, INFO, "ICID {icid} Invalid sender address: {text}",      \
	    EV_ICID_TEXT)                                                      \
	E(BAD_RCPT, INFO, "ICID {icid} Invalid recipient address:  {text'}",   \
	    EV_ICID_TEXT)                                                      \
	E(UNKNOWN_COMMAND, INFO, "ICID {icid} Unknown command: {text'}",       \
	    EV_ICID_TEXT)                                                      \
	E(BAD_SYNTAX, INFO, "ICID {icid} Bad syntax for command: {text'}",     \
	    EV_ICID_TEXT)                                                      \
	E(XCLIENT, INFO, "ICID {icid} XCLIENT {text'}", EV_ICID_TEXT)          \
	E(LIMITED, INFO,                                                       \
	    "ICID {icid} Receiving Control: limit of {text} reached",          \
	    EV_ICID_TEXT)                                                      \
	E(HARVEST, WARNING,                                                    \
	    "ICID {icid} Potential Directory Harvest Attack from "             \
	    "host=('{ip}', '{host?}'), dhap_limit={limit}, "                   \
	    "sender_group={group?} listener={listener}, sender={sender}, "     \
	    "rcpt={rcpt}",                                                     \
	    EV_HARVEST)                                                        \
	E(RECEIVING_FAILED, INFO, "ICID {icid} Receiving Failed: {text}",      \
	    EV_ICID_TEXT)                                                      \
	E(TLS_SUCCESS, INFO,                                                   \
	    "ICID {icid} TLS success protocol {protocol} cipher {cipher}",     \
	    EV_TLS)                                                            \
	E(TLS_FAILED, INFO, "ICID {icid} TLS failed: {text}", EV_ICID_TEXT)    \
	E(TLS_MISSING, INFO,                                                   \
	    "ICID {icid} TLS was required but remote host did not initiate it",\
	    EV_ICID)                                                           \
	E(DISCONNECTED, INFO, "ICID {icid} disconnected address {ip}, {text}", \
	    EV_ICID_GONE)                                                      \
	E(ICID_LOST, INFO, "ICID {icid} lost", EV_ICID)                        \
	E(ICID_CLOSE, INFO, "ICID {icid} close", EV_ICID)                      \
	E(START_MID, INFO, "Start MID {mid} ICID {icid}", EV_MID_ICID)         \
	E(MID_FROM, INFO, "MID {mid} ICID {icid} From: <{addr}>", EV_MID_FROM) \
	E(MID_RCPT, INFO, "MID {mid} ICID {icid} RID {rid} To: <{addr}>",      \
	    EV_MID_RCPT)                                                       \
	E(RCPT_REJECTED, INFO,                                                 \
	    "MID {mid} ICID {icid} To: <{addr}> Rejected by {by}",             \
	    EV_MID_REJECTED)                                                   \
	E(BOUNCE_REJECTED, INFO,                                               \
	    "MID {mid} ICID {icid} invalid bounce, rcpt address <{addr}> "     \
	    "rejected by bounce verification.",                                \
	    EV_MID_FROM)                                                       \
	E(BOUNCE_MARKED, INFO,                                                 \
	    "MID {mid} ICID {icid} invalid bounce, tagging", EV_MID_ICID)      \
	E(DROPPED_BY_ALIAS, INFO,                                              \
	    "MID {mid} ICID {icid} To: <{addr}> dropped by alias table",       \
	    EV_MID_FROM)                                                       \
	E(MESSAGE_ID, INFO, "MID {mid} Message-ID {text'}", EV_MID_TEXT)       \
	E(SUBJECT, INFO, "MID {mid} Subject {text'}", EV_MID_TEXT)             \
	E(MID_READY, INFO, "MID {mid} ready {size} bytes from <{addr}>",       \
	    EV_MID_READY)                                                      \
	E(MATCHED_ALL, INFO,                                                   \
	    "MID {mid} matched all recipients for per-recipient policy "       \
	    "{policy} in the {table} table",                                   \
	    EV_MID_POLICY)                                                     \
	E(MID_SPLIT, INFO,                                                     \
	    "MID {mid} was split creating MID {other} due to a per-recipient " \
	    "policy {policy} in the {table} table",                            \
	    EV_MID_SPLIT)                                                      \
	E(MID_GENERATED, INFO,                                                 \
	    "MID {mid} generated based on MID {other} by {by}", EV_MID_BY)     \
	E(MID_REWRITTEN, INFO, "MID {mid} rewritten to {other} by {by}",       \
	    EV_MID_BY)                                                         \
	E(FORGED_FIELDS, INFO,                                                 \
	    "MID {mid} forged header fields removed: {text}", EV_MID_TEXT)     \
	E(LOG_ENTRY, INFO, "MID {mid} Custom Log Entry: {text}", EV_MID_TEXT)  \
	E(ATTACHMENT, INFO, "MID {mid} attachment {text'}", EV_MID_TEXT)       \
	E(SCAN_ERROR, WARNING, "MID {mid}, message scanning error: {text}",    \
	    EV_MID_TEXT)                                                       \
	E(MID_WARNING, WARNING, "MID {mid}: {text}", EV_MID_TEXT)              \
	E(SPAM_INTERIM, INFO,                                                  \
	    "MID {mid} interim verdict using engine: {engine} spam {text}",    \
	    EV_MID_VERDICT)                                                    \
	E(SPAM_VERDICT, INFO, "MID {mid} using engine: {engine} {text}",       \
	    EV_MID_VERDICT)                                                    \
	E(VIRUS_INTERIM, INFO,                                                 \
	    "MID {mid} interim AV verdict using {engine} {text}",              \
	    EV_MID_VERDICT)                                                    \
	E(VIRUS_VERDICT, INFO, "MID {mid} antivirus {text}", EV_MID_TEXT)      \
	E(OUTBREAK_VERDICT, INFO, "MID {mid} Outbreak Filters: verdict {text}",\
	    EV_MID_TEXT)                                                       \
	E(OUTBREAK_THREAT, INFO,                                               \
	    "MID {mid} Threat Level={threat} Category={category} Rule={rule}",  \
	    EV_MID_THREAT)                                                     \
	E(SPAM_TAGGED, INFO, "ISQ: Tagging MID {mid} for quarantine", EV_MID)  \
	E(QUARANTINED, INFO, "MID {mid} quarantined to \"{quarantine}\" ({text})",\
	    EV_MID_HELD)                                                       \
	E(QUARANTINE_NEW_REASON, INFO,                                         \
	    "MID {mid} quarantine \"{quarantine}\" new reason ({text})",       \
	    EV_MID_HELD)                                                       \
	E(RPC_START, INFO,                                                     \
	    "RPC Delivery start RCID {rcid} MID {mid} to local {text}",        \
	    EV_RCID_TEXT)                                                      \
	E(SPAM_QUARANTINED, INFO, "ISQ: Quarantined MID {mid}", EV_MID)        \
	E(RPC_DONE, INFO, "RPC Message done RCID {rcid} MID {mid}", EV_RCID)   \
	E(RPC_REJECTED, INFO, "RPC Message rejected RCID {rcid} MID {mid}",    \
	    EV_RCID)                                                           \
	E(SPAM_RELEASED, INFO, "ISQ: Released MID {mid} ({text})",             \
	    EV_SPAM_LEFT)                                                       \
	E(SPAM_DELETED, INFO, "ISQ: Deleted MID {mid} ({text})", EV_SPAM_LEFT) \
	E(SPAM_REINJECTED, INFO, "ISQ: Reinjected MID {mid} as MID {other}",   \
	    EV_MID_PAIR)                                                       \
	E(QUARANTINE_RELEASED, INFO,                                           \
	    "MID {mid} released from quarantine \"{quarantine}\" ({text}) "    \
	    "t={seconds}",                                                     \
	    EV_MID_LEFT)                                                       \
	E(QUARANTINE_DELETED, INFO,                                            \
	    "MID {mid} deleted from quarantine \"{quarantine}\" ({text}) "     \
	    "t={seconds}",                                                     \
	    EV_MID_LEFT)                                                       \
	E(RELEASED_FROM_ALL, INFO, "MID {mid} released from all quarantines",  \
	    EV_MID)                                                            \
	E(DELETED_FROM_ALL, INFO, "MID {mid} deleted from all quarantines",    \
	    EV_MID)                                                            \
	E(MID_ABORTED, INFO, "Message aborted MID {mid} {text}", EV_MID_TEXT)  \
	E(MID_QUEUED, INFO, "MID {mid} queued for delivery", EV_MID)           \
	E(BOUNCE_GENERATED, INFO,                                              \
	    "MID {mid} was generated for bounce of MID {other}", EV_MID_PAIR)  \
	E(WARNING_GENERATED, INFO,                                             \
	    "MID {mid} was generated for delay warning of MID {other}",        \
	    EV_MID_PAIR)                                                       \
	E(NEW_DCID, INFO,                                                      \
	    "New SMTP DCID {dcid} interface {source} address {ip} port {port}",\
	    EV_NEW_DCID)                                                       \
	E(DELIVERY_START, INFO,                                                \
	    "Delivery start DCID {dcid} MID {mid} to RID [{rids,}]",           \
	    EV_DELIVERY)                                                       \
	E(MESSAGE_DONE, INFO,                                                  \
	    "Message done DCID {dcid} MID {mid} to RID [{rids,}] "             \
	    "[{headers=}]",                                                    \
	    EV_DONE)                                                           \
	E(RESPONSE, INFO, "MID {mid} RID [{rids,}] Response {text'}",          \
	    EV_RESPONSE)                                                       \
	E(POSSIBLE, INFO,                                                      \
	    "Possible Delivery: DCID {dcid} MID {mid} to RID [{rids,}]",       \
	    EV_DELIVERY)                                                       \
	E(DELAYED, INFO,                                                       \
	    "Delayed: DCID {dcid} MID {mid} to RID {rid} - {status} - "        \
	    "{reason} ('{code}', [{text'}]) [{headers=}]",                     \
	    EV_BOUNCE)                                                         \
	E(PENDING, INFO,                                                       \
	    "MID {mid} to RID [{rid}] pending till {when@} [{profile}]",       \
	    EV_PENDING)                                                        \
	E(BOUNCED, INFO,                                                       \
	    "Bounced: DCID {dcid} MID {mid} to RID {rid} - {status} - "        \
	    "{reason} ('{code}', [{text'}]) [{headers=}]",                     \
	    EV_BOUNCE)                                                         \
	E(DOUBLE_BOUNCE, INFO,                                                 \
	    "Double bounce: MID {mid} to RID {rid} - {status} - {reason} "     \
	    "{code}-{text'}",                                                  \
	    EV_BOUNCE)                                                         \
	E(DELIVERY_RECORD, INFO, "Record of MID {mid}: {what} {code} {text'}", \
	    EV_RECORD) /* for bounce and delivery logs */                      \
	E(SMTP_SENT, INFO, "{dcid} Sent: {text'}", EV_DOMAIN_DEBUG)            \
	E(SMTP_RCVD, INFO, "{dcid} Rcvd: {text'}", EV_DOMAIN_DEBUG)            \
	E(CLIENT_SENT, INFO, "{icid} Sent to '{ip}': {text#}",                 \
	    EV_INJECTION_DEBUG)                                                \
	E(CLIENT_RCVD, INFO, "{icid} Rcvd from '{ip}': {text#}",               \
	    EV_INJECTION_DEBUG)                                                \
	E(STATUS, INFO,                                                        \
	    "Status: CPULd {CPULd} DskIO {DskIO} RAMUtil {RAMUtil} QKUsd "     \
	    "{QKUsd} QKFre {QKFre} CrtMID {CrtMID} CrtICID {CrtICID} CrtDCID " \
	    "{CrtDCID} InjMsg {InjMsg} InjRcp {InjRcp} GenBncRcp {GenBncRcp} " \
	    "RejRcp {RejRcp} DrpMsg {DrpMsg} SftBncEvnt {SftBncEvnt} CmpRcp "  \
	    "{CmpRcp} HrdBncRcp {HrdBncRcp} DnsHrdBnc {DnsHrdBnc} 5XXHrdBnc "  \
	    "{FivexxHrdBnc} FltrHrdBnc {FltrHrdBnc} ExpHrdBnc {ExpHrdBnc} "    \
	    "OtrHrdBnc {OtrHrdBnc} DlvRcp {DlvRcp} DelRcp {DelRcp} GlbUnsbHt " \
	    "{GlbUnsbHt} ActvRcp {ActvRcp} UnatmptRcp {UnatmptRcp} AtmptRcp "  \
	    "{AtmptRcp} CrtCncIn {CrtCncIn} CrtCncOut {CrtCncOut} DnsReq "     \
	    "{DnsReq} NetReq {NetReq} CchHit {CchHit} CchMis {CchMis} CchEct " \
	    "{CchEct} CchExp {CchExp} CPUTTm {CPUTTm} CPUETm {CPUETm} MaxIO "  \
	    "{MaxIO} RAMUsd {RAMUsd} MMLen {MMLen} DstInMem {DstInMem} ResCon "\
	    "{ResCon} WorkQ {WorkQ} QuarMsgs {QuarMsgs} QuarQKUsd "            \
	    "{QuarQKUsd} LogUsd {LogUsd} SophLd {SophLd} BMLd {BMLd} CASELd "  \
	    "{CASELd} TotalLd {TotalLd} LogAvail {LogAvail} EuQ {EuQ} EuqRls " \
	    "{EuqRls} CmrkLd {CmrkLd} McafLd {McafLd} SwIn {SwIn} SwOut "      \
	    "{SwOut} SwPgIn {SwPgIn} SwPgOut {SwPgOut} SwapUsage {SwapUsage} " \
	    "RptLd {RptLd} QtnLd {QtnLd} EncrQ {EncrQ} InjBytes {InjBytes}",   \
	    EV_STATUS)                                                         \
	E(CONNECTION_ERROR, INFO,                                              \
	    "Connection Error: DCID {dcid} domain: {domain} IP: {ip} port: "   \
	    "{port} details: {text} interface: {source} reason: {reason}",     \
	    EV_CONNERR)                                                        \
	E(DNS_FAILURE, INFO, "DNS Temporary Failure {name} {type} - {text}",   \
	    EV_DNSFAIL)                                                        \
	E(DROPPED_BY_ROUTE, INFO,                                              \
	    "MID {mid} RID [{rids,}] dropped by SMTP route /dev/null",         \
	    EV_DELETED)                                                        \
	E(DELETED, INFO, "Deleted: MID {mid} to [{rids,}]", EV_DELETED)        \
	E(UNSUBSCRIBED, INFO,                                                  \
	    "MID {mid} Global unsubscribe matched entry {entry} RID {rid} "    \
	    "Address {addr} Action {text}",                                    \
	    EV_UNSUBSCRIBED)                                                   \
	E(BOUNCED_BY_ADMIN, INFO, "Bounced by admin: MID {mid} to RID {rid}",  \
	    EV_MID_RID)                                                        \
	E(REDIRECTED, INFO, "MID {mid} to RID [{rids,}] redirected to {host}", \
	    EV_REDIRECTED)                                                     \
	E(DCID_TLS_SUCCESS, INFO,                                              \
	    "DCID {dcid} TLS success protocol {protocol} cipher {cipher} "     \
	    "CN={name}",                                                       \
	    EV_DCID_TLS)                                                       \
	E(DCID_TLS_FAILED, INFO, "DCID {dcid} TLS failed: {text}",             \
	    EV_DCID_TEXT)                                                      \
	E(DCID_TLS_MISSING, INFO,                                              \
	    "DCID {dcid} IP {ip} TLS was required but could not be "           \
	    "successfully negotiated",                                         \
	    EV_DCID_IP)                                                        \
	E(DCID_TLS_VERIFIED, INFO, "DCID {dcid} TLS verify success CN={text}", \
	    EV_DCID_TEXT)                                                      \
	E(DCID_TLS_UNVERIFIED, INFO, "DCID {dcid} TLS verify failed: {text}",  \
	    EV_DCID_TEXT)                                                      \
	E(DANE_SUCCESS, INFO, "DCID {dcid} DANE success for {domain}",         \
	    EV_DCID_DANE)                                                      \
	E(DANE_FAILED, INFO,                                                   \
	    "DCID {dcid} DANE failed for {domain}. reason: {text}",            \
	    EV_DCID_DANE)                                                      \
	/* for TLS reports (RFC 8460), whose words these are; result: empty     \
	 * when all was well */                                               \
	E(TLS_SESSION, TRACE,                                                  \
	    "TLS session to {domain} host {host} IP {ip} policy {policy} "     \
	    "result {result} {text}",                                          \
	    EV_TLS_SESSION)                                                    \
	E(DCID_AUTH_SUCCESS, INFO,                                             \
	    "DCID {dcid} AUTH success mechanism {mechanism} profile "          \
	    "{profile}",                                                       \
	    EV_DCID_AUTH)                                                      \
	E(DCID_AUTH_FAILED, INFO,                                              \
	    "DCID {dcid} AUTH failed profile {profile}: {text}", EV_DCID_AUTH) \
	E(DKIM_SIGNING, INFO,                                                  \
	    "MID {mid} DKIM: signing with {profile} - matches {addr}",         \
	    EV_DKIM_SIGNING)                                                   \
	E(DKIM_NOT_SIGNED, INFO, "MID {mid} DKIM: cannot sign - {text}",       \
	    EV_MID_TEXT)                                                       \
	E(DCID_KILLED, INFO, "SMTP client connection killed DCID: {dcid}",     \
	    EV_DCID)                                                           \
	E(DCID_CLOSE, INFO, "DCID {dcid} close", EV_DCID)                      \
	E(MID_DONE, INFO, "Message finished MID {mid} done", EV_MID)           \
	E(CORRUPT, CRITICAL, "MID {mid} set aside: corrupt queue file: {text}",\
	    EV_MID_TEXT)                                                       \
	E(PROGRAM_DIED, WARNING, "{program} {worker} (pid {pid}) {text}",      \
	    EV_PROGRAM)                                                        \
	E(COMMIT, INFO, "PID {pid}: User {user} commit changes: {text}",       \
	    EV_COMMIT)                                                         \
	E(ADMIN, INFO, "Administrator {user} (pid {pid}): {text}", EV_ADMIN)   \
	E(ADMIN_LOGIN, INFO, "The user {user} successfully logged on from "    \
	    "{ip} with privilege {text} using an HTTPS connection.",           \
	    EV_ADMIN_LOGIN)                                                    \
	E(ADMIN_LOGIN_FAILED, INFO, "An authentication attempt by the user "   \
	    "{user} from {ip} failed using an HTTPS connection. "              \
	    "Reason: {text}", EV_ADMIN_LOGIN)                                  \
	E(ADMIN_HELD, WARNING, "Log ins of the user {user} from {ip} are "     \
	    "refused for {text}: too many failures", EV_ADMIN_LOGIN)           \
	E(ADMIN_LOGOUT, INFO, "GUI: User {user} logged out from {ip}{text}",   \
	    EV_ADMIN_LOGOUT) /* text: " because of inactivity timeout" */      \
	E(ADMIN_CHANGED, INFO, "PID {pid}: User {user} {text} {name}",         \
	    EV_ADMIN_CHANGED) /* text: "created the user" */                   \
	E(ADMIN_ENTERED, INFO, "PID {pid}: User {user} entered {text'}; "      \
	    "prompt was {prompt'}", EV_ADMIN_ENTERED)                          \
	E(ALERT, CRITICAL, "{text}", EV_ALERT)                                 \
	E(ALERT_WARNING, WARNING, "{text}", EV_ALERT)                          \
	E(ALERT_INFORMATION, INFO, "{text}", EV_ALERT)                         \
	E(ALERT_SENT, INFO, "A {class}/{severity} alert was sent to {addr} "   \
	    "with subject \"{subject}\".", EV_ALERT_MAIL)                      \
	E(ALERT_TRY, INFO, "Internal SMTP system attempting to send a "        \
	    "message to {addr} with subject '{subject}' (attempt #{n}).",      \
	    EV_ALERT_TRY)                                                      \
	E(ALERT_POSTED, INFO, "Internal SMTP system successfully sent a "      \
	    "message to {addr} with subject '{subject}'.", EV_ALERT_TRY)       \
	E(ALERT_TRY_FAILED, WARNING, "Internal SMTP Error: Failed to send "    \
	    "message for recipient {addr}: {text}", EV_ALERT_FAILED)           \
	E(ALERT_GIVEN_UP, CRITICAL, "Internal SMTP giving up on message to "   \
	    "{addr} with subject '{subject}': {text}.", EV_ALERT_FAILED)       \
	E(ALERT_UNSENT, CRITICAL, "Error while sending alert: Unable to send " \
	    "{class}/{severity} alert to {addr} with subject \"{subject}\".",  \
	    EV_ALERT_MAIL)                                                     \
	E(NOTICE, INFO, "{text}", EV_TEXT)                                     \
	E(WARNING, WARNING, "{text}", EV_TEXT)                                 \
	E(LINES_LOST, WARNING, "{n} log lines lost", EV_LOST)
/* clang-format on */

enum event_id {
	EVENT_NONE,
#define EVENT_ENUM(id, level, text, FIELDS) EVENT_##id,
	EVENTS(EVENT_ENUM)
#undef EVENT_ENUM
	    EVENT_N
};

#define EVENT_STRUCT(id, level, text, FIELDS) CODEC_STRUCT(event_##id, FIELDS);
EVENTS(EVENT_STRUCT)
#undef EVENT_STRUCT

#endif
