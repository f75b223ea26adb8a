/* access_kit.h - configurations with access tables, from text */
#ifndef TESTS_ACCESS_KIT_H
#define TESTS_ACCESS_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/hat_text.h"
#include "config/schema.h"

#define HEAD                                                                   \
	"hostname: a.test\n"                                                   \
	"interfaces: [{name: N, ip: 192.0.2.1}]\n"                             \
	"listeners:\n- name: In\n  type: public\n"

static inline struct config *
load_files(const struct bundle_file *files, size_t n, bool must)
{
	struct bundle b = { .files = (struct bundle_file *)files, .n = n };
	struct err err = ERR_INIT;
	struct config *c = config_load_simple(&b, 1, &err);

	if (must && c == NULL)
		fail_msg("%s\n%.*s", err.text, STR_ARG(files[0].text));
	return c;
}

static inline struct config *
load_yaml(struct str yaml)
{
	struct bundle_file file = { STR("postern.yaml"), yaml };

	return load_files(&file, 1, true);
}

/* The value of hat: or rat:, as it came from an import, in its place. */
static inline struct config *
load_value_of(const char *key, struct str value)
{
	struct config *c;
	struct buf text;

	buf_init(&text, 1 << 22);
	buf_printf(&text, HEAD "  %s:\n", key);
	while (value.n > 0) {
		struct str line = str_cut(&value, '\n');

		buf_printf(&text, "    %.*s\n", STR_ARG(line));
	}
	c = load_yaml(buf_str(&text));
	buf_fini(&text);
	return c;
}

#endif
