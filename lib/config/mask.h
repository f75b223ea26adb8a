/*
 * mask.h - secrets that stand in postern.yaml, hidden
 *
 * Which keys are secrets says the schema (KEY_SECRET). Whatever prints the
 * file goes through here: differences, saved configurations, mail. Files
 * below secrets/ are never printed at all.
 */
#ifndef CONFIG_MASK_H
#define CONFIG_MASK_H

#include "config/schema.h"

#define MASK "*****"

/* Can this file have such keys? */
bool mask_concerns(struct str file_name);
/* Appends the text with MASK in the place of every secret; nothing else
 * changes. What is no YAML is masked by the names of keys alone. */
void mask_yaml(struct str text, struct buf *out);
/* A secret has been masked; *line says where. */
bool mask_is_masked(struct str text, int *line);

/* The same for any schema. */
void mask_yaml_by(
    const struct schema_section *, struct str text, struct buf *out);
bool mask_is_masked_by(
    const struct schema_section *, struct str text, int *line);

#endif
