/*
 * NAME
 *	postern-smtpd - receive mail by SMTP
 * SYNOPSIS
 *	started by postern-master
 * DESCRIPTION
 *	internet -> SMTPD -> cleanup
 *
 *	Accepts connections on the listeners' sockets, holds the conversation
 *	(RFC 5321), asks the stages of lib/pipeline what to answer, and streams
 *	messages to cleanup. 250 is said when cleanup has made the message
 *	durable. One worker holds many connections and never waits for any.
 * RIGHTS
 *	Accepted connections and the channels to its peers; no files, no
 *	sockets of its own, no keys: keyd signs for it.
 * CONFIGURATION
 *	listeners with their host access tables, mail flow policies and
 *	recipient access tables; the global listener settings.
 * DIAGNOSTICS
 *	Events of the receiving side; see the mail log.
 * SEE ALSO
 *	postern-master(8), postern-cleanup(8), postern-keyd(8),
 *	postern-lookupd(8)
 */
#include "smtpd/smtpd.h"

int
main(int argc, char **argv)
{
	return smtpd_main(PROGRAM_SMTPD, argc, argv);
}
