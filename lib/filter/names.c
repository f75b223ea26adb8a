/*
 * names.c - how names of rules and actions are compared
 */
#include "filter/names.h"

#include <string.h>

static struct str normal(struct str name, char out[80]);

bool
name_is(struct str name, const char *canonical)
{
	char out[80];

	return canonical != NULL && name.n < sizeof(out) &&
	       str_is_nocase(normal(name, out), canonical);
}

size_t
name_distance(struct str name, const char *canonical)
{
	char out[80];

	if (canonical == NULL || name.n >= sizeof(out))
		return SIZE_MAX;
	return str_distance(normal(name, out), str_of(canonical));
}

static struct str
normal(struct str name, char out[80])
{
	for (size_t i = 0; i < name.n; i++)
		out[i] = name.p[i] == '_' ? '-' : name.p[i];
	return (struct str){ out, name.n };
}
