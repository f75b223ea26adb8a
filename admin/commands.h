/*
 * commands.h - the table of all commands
 *
 * A new command is one file cmd_NAME.c with `const struct tool_command
 * cmd_NAME`, one line in COMMANDS, and a page docs/man/postern-NAME.1. One
 * that changes a list of named things is a table (objects.h), and so is one
 * for a table of addresses (tables.h) or with a menu of its own (editing.h).
 */
#ifndef ADMIN_COMMANDS_H
#define ADMIN_COMMANDS_H

#include "admin/tool.h"

#define COMMANDS(C)                                                            \
	C(addresslistconfig)                                                   \
	C(alertconfig)                                                         \
	C(aliasconfig)                                                         \
	C(altsrchost)                                                          \
	C(antispamconfig)                                                      \
	C(antispamstatus)                                                      \
	C(antispamupdate)                                                      \
	C(antivirusconfig)                                                     \
	C(antivirusstatus)                                                     \
	C(antivirusupdate)                                                     \
	C(archivemessage)                                                      \
	C(bounceconfig)                                                        \
	C(bouncerecipients)                                                    \
	C(bvconfig)                                                            \
	C(callaheadconfig)                                                     \
	C(certconfig)                                                          \
	C(clearchanges)                                                        \
	C(commit)                                                              \
	C(commitdetail)                                                        \
	C(daneverify)                                                          \
	C(date)                                                                \
	C(deleterecipients)                                                    \
	C(delivernow)                                                          \
	C(deliveryconfig)                                                      \
	C(destconfig)                                                          \
	C(diagnostic)                                                          \
	C(dictionaryconfig)                                                    \
	C(dig)                                                                 \
	C(diskquotaconfig)                                                     \
	C(displayalerts)                                                       \
	C(dnscheck)                                                            \
	C(dnsflush)                                                            \
	C(dnslistconfig)                                                       \
	C(dnsstatus)                                                           \
	C(domainkeysconfig)                                                    \
	C(euqconfig)                                                           \
	C(exceptionconfig)                                                     \
	C(filters)                                                             \
	C(findevent)                                                           \
	C(grep)                                                                \
	C(healthcheck)                                                         \
	C(healthconfig)                                                        \
	C(help)                                                                \
	C(hostrate)                                                            \
	C(hoststatus)                                                          \
	C(inject)                                                              \
	C(interfaceconfig)                                                     \
	C(ipcheck)                                                             \
	C(listenerconfig)                                                      \
	C(loadconfig)                                                          \
	C(localeconfig)                                                        \
	C(logconfig)                                                           \
	C(mailconfig)                                                          \
	C(metrics)                                                             \
	C(netstat)                                                             \
	C(nslookup)                                                            \
	C(oldmessage)                                                          \
	C(openrelaycheck)                                                      \
	C(outbreakconfig)                                                      \
	C(outbreakflush)                                                       \
	C(outbreakmanage)                                                      \
	C(outbreakstatus)                                                      \
	C(outbreakupdate)                                                      \
	C(packetcapture)                                                       \
	C(passphrase)                                                          \
	C(ping)                                                                \
	C(ping6)                                                               \
	C(policyconfig)                                                        \
	C(process_status)                                                      \
	C(quarantine)                                                          \
	C(quarantineconfig)                                                    \
	C(queue)                                                               \
	C(rate)                                                                \
	C(redirectrecipients)                                                  \
	C(reload)                                                              \
	C(remotepower)                                                         \
	C(removemessage)                                                       \
	C(repairqueue)                                                         \
	C(reputationstatus)                                                    \
	C(resetconfig)                                                         \
	C(resetcounters)                                                       \
	C(resume)                                                              \
	C(resumedel)                                                           \
	C(resumelistener)                                                      \
	C(rollbackconfig)                                                      \
	C(rollovernow)                                                         \
	C(saveconfig)                                                          \
	C(scanconfig)                                                          \
	C(showchanges)                                                         \
	C(showconfig)                                                          \
	C(showmessage)                                                         \
	C(showrecipients)                                                      \
	C(slblconfig)                                                          \
	C(smtpauthconfig)                                                      \
	C(smtpping)                                                            \
	C(smtproutes)                                                          \
	C(status)                                                              \
	C(supportrequest)                                                      \
	C(suspend)                                                             \
	C(suspenddel)                                                          \
	C(suspendlistener)                                                     \
	C(tail)                                                                \
	C(tcpservices)                                                         \
	C(techsupport)                                                         \
	C(telnet)                                                              \
	C(textconfig)                                                          \
	C(tlsreport)                                                           \
	C(tlsverify)                                                           \
	C(tophosts)                                                            \
	C(topin)                                                               \
	C(trace)                                                               \
	C(traceroute)                                                          \
	C(traceroute6)                                                         \
	C(tracking)                                                            \
	C(unsubscribe)                                                         \
	C(userconfig)                                                          \
	C(version)                                                             \
	C(who)                                                                 \
	C(whoami)                                                              \
	C(workqueue)

#define COMMANDS_EXTERN(name) extern const struct tool_command cmd_##name;
COMMANDS(COMMANDS_EXTERN)
#undef COMMANDS_EXTERN

/* In order of name, NULL at the end. */
extern const struct tool_command *const commands[];

/* By name or alias; NULL: none. */
const struct tool_command *commands_find(const char *name);

/* Runs argv[0]: takes --json and --help out, asks the table, reports what is
 * unknown together with names that are near. Returns the exit status. */
int commands_run(struct tool *, int argc, char **argv);

#endif
