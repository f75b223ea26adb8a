/*
 * load.h - a bundle of files becomes a configuration, or errors with places
 *
 * The shape of postern.yaml is declared in schema.c: keys, types, ranges,
 * defaults, help. Unknown keys, doubled keys, wrong types, values out of
 * range, names that refer to nothing are all errors that name file, line,
 * column, the path in the tree, and what would be right. All errors are
 * reported, not only the first (up to 100).
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "base/buf.h"
#include "config/bundle.h"
#include "config/config.h"

struct config_problem {
	struct where where; /* copied strings, owned by the list */
	int column;
	bool warning; /* true: may be committed all the same */
	char *path;   /* "listeners[0].hat.groups[1]" */
	char *text;   /* what is wrong; what would be right */
};
struct config_problems {
	struct config_problem *v;
	size_t n, cap, n_errors;
	bool no_warnings; /* in: nobody will read them */
};
void config_problems_free(struct config_problems *);
/* One line: "postern.yaml:12:3: listeners[0].port: 70000 is not within
 * 1..65535" */
void config_problem_print(const struct config_problem *, struct buf *out);

/* Returns a configuration with one reference, or NULL when n_errors > 0. */
struct config *config_load(
    const struct bundle *, uint64_t revision, struct config_problems *);
/* As config_load for programs: the first error only. */
struct config *config_load_simple(
    const struct bundle *, uint64_t revision, struct err *err);
/* The same for those that decide nothing about hosts and recipients: access
 * tables in files of their own, which may be long, are as if they had not
 * been written. */
struct config *config_load_brief(
    const struct bundle *, uint64_t revision, struct err *err);

/*
 * Filters are compiled on a higher floor. Whoever wants them installs a
 * compiler once, in main(): config_load() calls it when the rest is in order,
 * and it reports what is wrong with load_report(). NULL: there were errors.
 * What it made goes with the configuration.
 */
struct load;
struct config_compiler {
	const struct filters *(*compile)(struct config *, struct load *);
	void (*free)(const struct filters *);
};
void config_set_compiler(const struct config_compiler *);
void load_report(
    struct load *, struct where, int column, bool warning, const char *text);

/* The configuration in normal form, as YAML that loads to the same tree;
 * with_defaults: also what was not set. */
void config_print(const struct config *, bool with_defaults, struct buf *out);

/* The reference manual of all keys, from the schema: name, type, range,
 * default, help; as mdoc(7) list items. */
void config_schema_manual(struct buf *out);

#endif
