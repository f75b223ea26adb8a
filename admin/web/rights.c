/*
 * rights.c - which role may give which command from a page
 */
#include "admin/web/request.h"
#include "base/mem.h"
#include "tls/administrators.h"

#define LOOKS                                                                  \
	(1u << ROLE_ADMINISTRATOR | 1u << ROLE_OPERATOR |                      \
	    1u << ROLE_READONLY | 1u << ROLE_GUEST | 1u << ROLE_HELPDESK)
#define ACTS (1u << ROLE_ADMINISTRATOR | 1u << ROLE_OPERATOR)

static const struct {
	const char *command;
	unsigned roles;
} rights[] = {
	{ "status", LOOKS },
	{ "tophosts", LOOKS },
	{ "hoststatus", LOOKS },
	{ "delivernow", ACTS },
	{ "deleterecipients", ACTS },
	{ "bouncerecipients", ACTS },
	{ "redirectrecipients", ACTS },
	{ "suspenddel", ACTS },
	{ "resumedel", ACTS },
	{ "suspendlistener", ACTS },
	{ "resumelistener", ACTS },
	{ "packetcapture", ACTS },
};

bool
request_may(const struct request *r, const char *command)
{
	for (size_t i = 0; i < NELEM(rights); i++)
		if (strcmp(command, rights[i].command) == 0)
			return (rights[i].roles >> r->role & 1) != 0;
	return false;
}
