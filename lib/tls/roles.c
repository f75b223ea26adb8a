/* roles.c - which role may give which command (spec delivery-admin 10) */
#include "tls/roles.h"

#include "base/mem.h"

#define BIT(role)  (1u << (role))
#define ROLES_A    BIT(ROLE_ADMINISTRATOR)
#define ROLES_AR   (ROLES_A | BIT(ROLE_READONLY))
#define ROLES_AO   (ROLES_A | BIT(ROLE_OPERATOR))
#define ROLES_AOR  (ROLES_AO | BIT(ROLE_READONLY))
#define ROLES_AORH (ROLES_AOR | BIT(ROLE_HELPDESK))
#define ROLES_ALL  (ROLES_AORH | BIT(ROLE_GUEST))

/* In order of name. */
static const struct {
	const char *command;
	unsigned roles;
} table[] = {
	{ "addresslistconfig", ROLES_A },
	{ "alertconfig", ROLES_A },
	{ "aliasconfig", ROLES_A },
	{ "altsrchost", ROLES_A },
	{ "antispamconfig", ROLES_A },
	{ "antispamstatus", ROLES_AR },
	{ "antispamupdate", ROLES_A },
	{ "antivirusconfig", ROLES_A },
	{ "antivirusstatus", ROLES_AR },
	{ "antivirusupdate", ROLES_A },
	{ "archivemessage", ROLES_AO },
	{ "bounceconfig", ROLES_A },
	{ "bouncerecipients", ROLES_AO },
	{ "bvconfig", ROLES_A },
	{ "callaheadconfig", ROLES_A },
	{ "certconfig", ROLES_A },
	{ "clearchanges", ROLES_AO },
	{ "commit", ROLES_AO },
	{ "commitdetail", ROLES_A },
	{ "daneverify", ROLES_AO },
	{ "date", ROLES_ALL },
	{ "deleterecipients", ROLES_AO },
	{ "delivernow", ROLES_AO },
	{ "deliveryconfig", ROLES_A },
	{ "destconfig", ROLES_A },
	{ "diagnostic", ROLES_AO },
	{ "dictionaryconfig", ROLES_A },
	{ "dig", ROLES_AO },
	{ "diskquotaconfig", ROLES_A },
	{ "displayalerts", ROLES_AR },
	{ "dnscheck", ROLES_AO },
	{ "dnsflush", ROLES_AO },
	{ "dnslistconfig", ROLES_A },
	{ "dnsstatus", ROLES_AOR },
	{ "domainkeysconfig", ROLES_A },
	{ "euqconfig", ROLES_A },
	{ "exceptionconfig", ROLES_A },
	{ "filters", ROLES_A },
	{ "findevent", ROLES_AOR },
	{ "grep", ROLES_AOR },
	{ "healthcheck", ROLES_AR },
	{ "healthconfig", ROLES_A },
	{ "help", ROLES_ALL },
	{ "hostrate", ROLES_AOR },
	{ "hoststatus", ROLES_AOR },
	{ "inject", ROLES_A },
	{ "interfaceconfig", ROLES_A },
	{ "ipcheck", ROLES_AR },
	{ "listenerconfig", ROLES_A },
	{ "loadconfig", ROLES_A },
	{ "localeconfig", ROLES_A },
	{ "logconfig", ROLES_A },
	{ "mailconfig", ROLES_A },
	{ "metrics", ROLES_AOR },
	{ "netstat", ROLES_AO },
	{ "nslookup", ROLES_AO },
	{ "oldmessage", ROLES_AO },
	{ "openrelaycheck", ROLES_AO },
	{ "outbreakconfig", ROLES_A },
	{ "outbreakflush", ROLES_A },
	{ "outbreakmanage", ROLES_A },
	{ "outbreakstatus", ROLES_AR },
	{ "outbreakupdate", ROLES_A },
	{ "packetcapture", ROLES_AO },
	{ "passphrase", ROLES_ALL },
	{ "ping", ROLES_AO },
	{ "ping6", ROLES_AO },
	{ "policyconfig", ROLES_A },
	{ "process_status", ROLES_AR },
	{ "quarantine", ROLES_AO },
	{ "quarantineconfig", ROLES_A },
	{ "queue", ROLES_AO },
	{ "rate", ROLES_AOR },
	{ "redirectrecipients", ROLES_AO },
	{ "reload", ROLES_A },
	{ "remotepower", ROLES_A },
	{ "removemessage", ROLES_AO },
	{ "repairqueue", ROLES_A },
	{ "reputationstatus", ROLES_AR },
	{ "resetconfig", ROLES_A },
	{ "resetcounters", ROLES_AO },
	{ "resume", ROLES_AO },
	{ "resumedel", ROLES_AO },
	{ "resumelistener", ROLES_AO },
	{ "rollbackconfig", ROLES_A },
	{ "rollovernow", ROLES_A },
	{ "saveconfig", ROLES_A },
	{ "scanconfig", ROLES_A },
	{ "showchanges", ROLES_AO },
	{ "showconfig", ROLES_A },
	{ "showmessage", ROLES_AO },
	{ "showrecipients", ROLES_AO },
	{ "slblconfig", ROLES_A },
	{ "smtpauthconfig", ROLES_A },
	{ "smtpping", ROLES_AO },
	{ "smtproutes", ROLES_A },
	{ "status", ROLES_ALL },
	{ "supportrequest", ROLES_A },
	{ "suspend", ROLES_AO },
	{ "suspenddel", ROLES_AO },
	{ "suspendlistener", ROLES_AO },
	{ "tail", ROLES_AOR },
	{ "tcpservices", ROLES_AR },
	{ "techsupport", ROLES_A },
	{ "telnet", ROLES_AO },
	{ "textconfig", ROLES_A },
	{ "tlsreport", ROLES_A },
	{ "tlsverify", ROLES_AO },
	{ "tophosts", ROLES_AOR },
	{ "topin", ROLES_AOR },
	{ "trace", ROLES_AO },
	{ "traceroute", ROLES_AO },
	{ "traceroute6", ROLES_AO },
	{ "tracking", ROLES_AORH },
	{ "unsubscribe", ROLES_A },
	{ "userconfig", ROLES_A },
	{ "version", ROLES_ALL },
	{ "who", ROLES_ALL },
	{ "whoami", ROLES_ALL },
	{ "workqueue", ROLES_AO },
};

bool
role_may(enum admin_role role, struct str command)
{
	unsigned roles = ROLES_A;

	for (size_t i = 0; i < NELEM(table); i++)
		if (str_is(command, table[i].command))
			roles = table[i].roles;
	return role < ROLE_N && (roles & BIT(role)) != 0;
}

const char *
role_command(size_t i)
{
	return i < NELEM(table) ? table[i].command : NULL;
}
