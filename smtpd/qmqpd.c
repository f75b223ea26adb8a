/*
 * NAME
 *	postern-qmqpd - receive mail by QMQP
 * SYNOPSIS
 *	started by postern-master
 * DESCRIPTION
 *	programs of one's own -> QMQPD -> cleanup
 *
 *	Takes messages with their recipients in one go each (smtpd/qmqp.h).
 *	Host access table, policy, limits and all that is decided of addresses
 *	are those of SMTP, and so is what an answer means: K is said when
 *	cleanup has made the message durable.
 * RIGHTS
 *	As smtpd: accepted connections and the channels to its peers.
 * CONFIGURATION
 *	listeners with protocol: QMQP.
 * SEE ALSO
 *	postern-smtpd(8), postern-master(8), postern-cleanup(8)
 */
#include "smtpd/smtpd.h"

int
main(int argc, char **argv)
{
	return smtpd_main(PROGRAM_QMQPD, argc, argv);
}
