/*
 * bundle_tables.h - compiled tables in bundles
 *
 *	tables/NAME		the text
 *	tables/NAME.db		what was compiled from it
 *
 * A revision's folder has both, the working copy the text alone, a program's
 * bundle the compiled form alone. Whoever loads a configuration from a
 * bundle with both gets the compiled one if it belongs to the text.
 */
#ifndef CONFIG_BUNDLE_TABLES_H
#define CONFIG_BUNDLE_TABLES_H

#include "config/bundle.h"
#include "config/config.h"

#define TABLE_FOLDER "tables/"
#define TABLE_SUFFIX ".db"

/* The files of texts, and of compiled those whose text is among them; with
 * same, only where that has the same text. */
int bundle_add_compiled(struct bundle *out, const struct bundle *texts,
    const struct bundle *same, const struct bundle *compiled, struct err *err);
/* What programs get: the files that the configuration was loaded from, its
 * tables compiled and without their texts. */
int bundle_for_programs(struct bundle *out, const struct bundle *b,
    const struct config *, struct err *err);

#endif
