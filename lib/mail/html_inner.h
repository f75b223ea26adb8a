/*
 * html_inner.h - what the files about HTML share
 */
#ifndef MAIL_HTML_INNER_H
#define MAIL_HTML_INNER_H

#include "base/str.h"

#define HTML_ENTITY_MAX 32

/* The name that text begins with, behind its "&": how long it is, with the
 * semicolon; 0: it is none. */
size_t html_entity(struct str text, uint32_t *code);
/* Likewise the number: "#65;", "#x41". */
size_t html_number(struct str text, uint32_t *code);

#endif
