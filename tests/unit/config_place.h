/*
 * config_place.h - a configuration folder and a state folder for a test
 */
#ifndef TESTS_CONFIG_PLACE_H
#define TESTS_CONFIG_PLACE_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/paths.h"

struct place {
	char root[64];
	struct paths paths;
};

static inline int
place_set_up(void **state)
{
	struct place *p = mem_alloc(sizeof(*p));

	snprintf(p->root, sizeof(p->root), "/tmp/postern-test-XXXXXX");
	if (mkdtemp(p->root) == NULL || paths_set(&p->paths, p->root) == -1 ||
	    mkdir(p->paths.etc, 0755) == -1 ||
	    mkdir(p->paths.state, 0755) == -1)
		return -1;
	*state = p;
	return 0;
}

static inline int
place_tear_down(void **state)
{
	struct place *p = *state;
	char command[128];
	int rc;

	snprintf(command, sizeof(command), "rm -rf '%s'", p->root);
	rc = system(command);
	free(p);
	return rc;
}

static inline void
place_path_of(const struct place *p, const char *name, char out[PATH_MAX])
{
	int n = snprintf(out, PATH_MAX, "%s/%s", p->paths.etc, name);

	assert_true(n > 0 && n < PATH_MAX);
}

/* Makes a file below etc, and the folders it needs; NULL removes it. */
static inline void
place_put(const struct place *p, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	place_path_of(p, name, path);
	if (text == NULL) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	for (char *slash = path + strlen(p->paths.etc) + 1;
	     (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fchmod(fileno(f), 0644);
	fputs(text, f);
	fclose(f);
}

/* NULL: it must not be there. */
static inline void
place_expect(const struct place *p, const char *name, const char *text)
{
	char path[PATH_MAX], have[1024] = "";
	FILE *f;

	place_path_of(p, name, path);
	f = fopen(path, "r");
	if ((f == NULL) != (text == NULL))
		fail_msg("%s %s", name, f == NULL ? "is gone" : "is there");
	if (f == NULL)
		return;
	assert_true(fread(have, 1, sizeof(have) - 1, f) > 0);
	fclose(f);
	assert_string_equal(have, text);
}

#endif
