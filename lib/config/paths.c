/*
 * paths.c - where things are
 */
#include "config/paths.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static const struct place {
	size_t off;
	const char *installed, *below;
} places[] = {
	{ offsetof(struct paths, etc), "/etc/postern", "etc" },
	{ offsetof(struct paths, spool), "/var/spool/postern", "spool" },
	{ offsetof(struct paths, log), "/var/log/postern", "log" },
	{ offsetof(struct paths, state), "/var/lib/postern", "state" },
	{ offsetof(struct paths, control), "/run/postern/control", "control" },
	{ offsetof(struct paths, chroot), "/run/postern/empty", "empty" },
	{ offsetof(struct paths, captures), "/var/spool/postern/captures",
	    "spool/captures" },
};

int
paths_set(struct paths *p, const char *root)
{
	char absolute[PATH_MAX];

	if (root != NULL && realpath(root, absolute) == NULL)
		return -1;
	for (size_t i = 0; i < NELEM(places); i++) {
		char *out = (char *)p + places[i].off;
		int n = root == NULL
			    ? snprintf(out, PATH_MAX, "%s", places[i].installed)
			    : snprintf(out, PATH_MAX, "%s/%s", absolute,
				  places[i].below);

		if (n < 0 || n >= PATH_MAX)
			return -1;
	}
	return 0;
}
