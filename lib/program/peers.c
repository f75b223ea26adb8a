/* peers.c - the table of channels and of what may be said on them */
#include "program/peers.h"

#include "base/mem.h"

static const char *const names[PROGRAM_N] = {
	[PROGRAM_MASTER] = "master",
	[PROGRAM_RECORDER] = "recorder",
	[PROGRAM_LOOKUPD] = "lookupd",
	[PROGRAM_CLEANUP] = "cleanup",
	[PROGRAM_QMGR] = "qmgr",
	[PROGRAM_SMTPD] = "smtpd",
	[PROGRAM_SMTP] = "smtp",
	[PROGRAM_KEYD] = "keyd",
	[PROGRAM_QMQPD] = "qmqpd",
	[PROGRAM_INSPECT] = "inspect",
	[PROGRAM_CAPTURE] = "capture",
	[PROGRAM_WEBD] = "webd",
};

/* from -> to: these messages. A pair that is not here has no channel. */
static const struct {
	enum program_kind from, to;
	enum ipc_type types[8]; /* ends with 0 */
} rules[] = {
	{ PROGRAM_SMTPD, PROGRAM_CLEANUP,
	    { IPC_ENVELOPE, IPC_RCPT_MORE, IPC_DATA, IPC_END, IPC_ABORT } },
	{ PROGRAM_CLEANUP, PROGRAM_SMTPD, { IPC_ACCEPTED } },
	{ PROGRAM_QMGR, PROGRAM_CLEANUP,
	    { IPC_ENVELOPE, IPC_RCPT_MORE, IPC_DATA, IPC_END, IPC_ABORT,
		IPC_WORKQUEUE, IPC_RESCORE } },
	{ PROGRAM_CLEANUP, PROGRAM_QMGR,
	    { IPC_ACCEPTED, IPC_MESSAGE, IPC_MESSAGE_INLINE, IPC_RESCORED } },
	{ PROGRAM_QMGR, PROGRAM_SMTP,
	    { IPC_SESSION, IPC_JOB, IPC_JOB_INLINE, IPC_SESSION_QUIT,
		IPC_SESSION_KILL } },
	{ PROGRAM_SMTP, PROGRAM_QMGR,
	    { IPC_SESSION_UP, IPC_SESSION_DOWN, IPC_JOB_DONE } },
	{ PROGRAM_SMTPD, PROGRAM_LOOKUPD, { IPC_QUERY, IPC_PROBE } },
	{ PROGRAM_LOOKUPD, PROGRAM_SMTPD, { IPC_ANSWER, IPC_PROBE_DONE } },
	{ PROGRAM_QMQPD, PROGRAM_CLEANUP,
	    { IPC_ENVELOPE, IPC_RCPT_MORE, IPC_DATA, IPC_END, IPC_ABORT } },
	{ PROGRAM_CLEANUP, PROGRAM_QMQPD, { IPC_ACCEPTED } },
	{ PROGRAM_QMQPD, PROGRAM_LOOKUPD, { IPC_QUERY, IPC_PROBE } },
	{ PROGRAM_LOOKUPD, PROGRAM_QMQPD, { IPC_ANSWER, IPC_PROBE_DONE } },
	{ PROGRAM_SMTPD, PROGRAM_KEYD,
	    { IPC_SIGN, IPC_PASSWORD, IPC_SCRAM, IPC_SCRAM_PROOF,
		IPC_JUDGE_TAG } },
	{ PROGRAM_KEYD, PROGRAM_SMTPD,
	    { IPC_CERTS, IPC_CLIENT_CA, IPC_TICKETS, IPC_SIGNED,
		IPC_PASSWORD_DONE, IPC_SCRAM_SALT, IPC_TAG_JUDGED } },
	{ PROGRAM_KEYD, PROGRAM_QMGR, { IPC_TAG_KEY } },
	{ PROGRAM_SMTP, PROGRAM_KEYD, { IPC_LOGIN, IPC_SIGN, IPC_DKIM_SIGN } },
	{ PROGRAM_KEYD, PROGRAM_SMTP,
	    { IPC_LOGIN_DONE, IPC_CERTS, IPC_SIGNED } },
	{ PROGRAM_WEBD, PROGRAM_KEYD, { IPC_SIGN, IPC_ADMIN_LOGIN } },
	{ PROGRAM_KEYD, PROGRAM_WEBD,
	    { IPC_CERTS, IPC_SIGNED, IPC_ADMIN_JUDGED, IPC_ADMINS } },
	{ PROGRAM_CLEANUP, PROGRAM_LOOKUPD, { IPC_QUERY, IPC_SCAN } },
	{ PROGRAM_LOOKUPD, PROGRAM_CLEANUP, { IPC_ANSWER, IPC_SCANNED } },
	{ PROGRAM_CLEANUP, PROGRAM_INSPECT, { IPC_INSPECT } },
	{ PROGRAM_INSPECT, PROGRAM_CLEANUP,
	    { IPC_INSPECT_TEXT, IPC_INSPECT_MEMBER, IPC_INSPECTED } },
	{ PROGRAM_QMGR, PROGRAM_LOOKUPD, { IPC_QUERY } },
	{ PROGRAM_LOOKUPD, PROGRAM_QMGR, { IPC_ANSWER } },
	{ PROGRAM_RECORDER, PROGRAM_LOOKUPD, { IPC_POST } },
	{ PROGRAM_MASTER, PROGRAM_RECORDER, { IPC_EVENT } },
	{ PROGRAM_LOOKUPD, PROGRAM_RECORDER, { IPC_EVENT, IPC_PROBE_DONE } },
	{ PROGRAM_CLEANUP, PROGRAM_RECORDER, { IPC_EVENT, IPC_ARCHIVE } },
	{ PROGRAM_QMGR, PROGRAM_RECORDER, { IPC_EVENT } },
	{ PROGRAM_SMTPD, PROGRAM_RECORDER, { IPC_EVENT } },
	{ PROGRAM_SMTP, PROGRAM_RECORDER, { IPC_EVENT } },
	{ PROGRAM_KEYD, PROGRAM_RECORDER, { IPC_EVENT } },
	{ PROGRAM_QMQPD, PROGRAM_RECORDER, { IPC_EVENT } },
	{ PROGRAM_INSPECT, PROGRAM_RECORDER, { IPC_EVENT } },
	{ PROGRAM_WEBD, PROGRAM_RECORDER, { IPC_EVENT } },
};

const char *
program_name(enum program_kind kind)
{
	return names[kind];
}

int
program_kind_of(struct str name)
{
	for (int i = 0; i < PROGRAM_N; i++)
		if (str_is(name, names[i]))
			return i;
	return -1;
}

bool
peers_linked(enum program_kind a, enum program_kind b)
{
	for (size_t i = 0; i < NELEM(rules); i++)
		if ((rules[i].from == a && rules[i].to == b) ||
		    (rules[i].from == b && rules[i].to == a))
			return true;
	return false;
}

bool
peers_speak(enum program_kind from, enum program_kind to)
{
	for (size_t i = 0; i < NELEM(rules); i++)
		if (rules[i].from == from && rules[i].to == to)
			return true;
	return false;
}

void
peers_accept(struct ipc *ipc, enum program_kind from, enum program_kind to)
{
	for (size_t i = 0; i < NELEM(rules); i++) {
		if (rules[i].from != from || rules[i].to != to)
			continue;
		for (size_t j = 0; rules[i].types[j] != IPC_NONE; j++)
			ipc_accept(ipc, rules[i].types[j]);
	}
}
