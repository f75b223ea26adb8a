/* ask_options.c - keys of the schema as options of a batch line */
#include <stdlib.h>
#include <string.h>

#include "admin/ask.h"

#define VALUE_MAX 65536

static const struct schema_key *find_below(
    const struct schema_section *, struct str name, const char **section);
static struct str within(struct str name, const char *section);
static int set_option(struct editing *, const struct schema_key *,
    const char *path, struct str value);
static int unknown_option(
    struct editing *, const struct schema_section *, struct str name);

int
ask_options(struct editing *ed, struct args *a, const struct schema_section *s,
    const char *path)
{
	struct str name, value;

	while (args_left(a, &name, &value)) {
		const char *section = NULL;
		const struct schema_key *key = find_below(s, name, &section);
		char below[400];
		int status;

		if (key == NULL)
			return unknown_option(ed, s, name);
		snprintf(below, sizeof(below), "%s%s%s.%s", path,
		    section != NULL ? "." : "", section != NULL ? section : "",
		    key->name);
		status = set_option(ed, key, below, value);
		if (status != TOOL_DONE)
			return status;
	}
	return args_finish(a);
}

/* Lists of sections are tables with commands of their own. */
static const struct schema_key *
find_below(
    const struct schema_section *s, struct str name, const char **section)
{
	const struct schema_key *key = schema_find(s, name);

	if (key != NULL)
		return key->section == NULL ? key : NULL;
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_key *k = &s->keys[i];

		if (k->section == NULL || k->name == NULL || k->list ||
		    k->custom.load != NULL)
			continue;
		key = schema_find(k->section, within(name, k->name));
		if (key != NULL && key->section == NULL) {
			*section = k->name;
			return key;
		}
	}
	return NULL;
}

/* "section_key", where several sections have such a key, is that key. */
static struct str
within(struct str name, const char *section)
{
	size_t n = strlen(section);

	if (str_starts(name, str_of(section)) && n < name.n && name.p[n] == '_')
		return str_sub(name, n + 1, name.n);
	return name;
}

static int
set_option(struct editing *ed, const struct schema_key *key, const char *path,
    struct str value)
{
	struct err err = ERR_INIT;
	struct buf normal;
	struct str *v;
	size_t n;

	/* As dialogues call it. */
	if (key->none != NULL && str_is_nocase(value, key->none))
		value = STR("");
	if (str_is(value, "default")) {
		editing_delete(ed, "%s", path);
		return TOOL_DONE;
	}
	buf_init(&normal, VALUE_MAX);
	if (key->list) {
		v = args_list(value.p, &n);
		buf_puts(&normal, n == 0 ? "[]" : "");
		for (size_t i = 0; i < n; i++)
			yaml_item(&normal, "", v[i]);
		editing_yaml(ed, buf_str(&normal), "%s", path);
		free(v);
	} else if (key->type == NULL) {
		editing_text(ed, value, "%s", path); /* checked as a whole */
	} else if (ask_check(key, value, &normal, &err)) {
		editing_text(ed, buf_str(&normal), "%s", path);
	} else {
		err_in(&err, "%s", key->name);
	}
	buf_fini(&normal);
	return err.kind == ERR_NONE ? TOOL_DONE : tool_fail(ed->t, &err);
}

static int
unknown_option(
    struct editing *ed, const struct schema_section *s, struct str name)
{
	const char *near = schema_near(s, name);
	struct err err = ERR_INIT;

	err_set(&err, ERR_USAGE, "there is no option \"%.*s\"%s%s%s",
	    STR_ARG(name), near != NULL ? "; did you mean \"" : "",
	    near != NULL ? near : "", near != NULL ? "\"?" : "");
	return tool_fail(ed->t, &err);
}
