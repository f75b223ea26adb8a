/*
 * schema_def.h - short forms for the tables of schema*.c
 */
#ifndef CONFIG_SCHEMA_DEF_H
#define CONFIG_SCHEMA_DEF_H

#include "base/bounds.h"
#include "base/mem.h"
#include "config/loader.h"
#include "config/name.h"

#define FIELD(S, member)                                                       \
	.off = offsetof(struct S, member),                                     \
	.width = sizeof(((struct S *)NULL)->member)
#define LIST(S, member, count)                                                 \
	.off = offsetof(struct S, member),                                     \
	.width = sizeof(*((struct S *)NULL)->member),                          \
	.n_off = offsetof(struct S, count), .list = true
#define DEFAULT(text)          .dflt = { text, NULL }
#define DEFAULTS(public, priv) .dflt = { public, priv }
#define CUSTOM(loader, printer, text)                                          \
	.custom = { .load = loader, .print = printer, .form = text }
#define SECTION(S, label, table)                                               \
	.name = label, .keys = table, .n = NELEM(table),                       \
	.size = sizeof(struct S)
#define WHERE(S) .where = offsetof(struct S, where)
#define NO_WHERE .where = SCHEMA_NO_WHERE

#endif
