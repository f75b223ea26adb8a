/* rights.c - who may see which page */
#include "admin/web/request.h"
#include "tls/roles.h"

bool
request_may(const struct request *r, const char *command)
{
	return role_may((enum admin_role)r->role, str_of(command));
}
