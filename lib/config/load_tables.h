/*
 * load_tables.h - tables, lists of addresses and groups in postern.yaml
 *
 * Used by the files of lib/config only.
 */
#ifndef CONFIG_LOAD_TABLES_H
#define CONFIG_LOAD_TABLES_H

#include "config/bundle_tables.h"
#include "config/loader.h"
#include "config/name.h"

/* The name of a table's text below tables/. */
bool table_name_ok(struct str name, struct err *err);

void load_domain_map(struct load *, const struct at *, void *);
void load_masquerade(struct load *, const struct at *, void *);
void load_aliases(struct load *, const struct at *, void *);
void load_gateways(struct load *, const struct at *, void *);
void load_lists(struct load *, const struct at *, void *);
void print_domain_map(struct print *, const void *);
void print_masquerade(struct print *, const void *);
void print_aliases(struct print *, const void *);
void print_gateways(struct print *, const void *);
void print_lists(struct print *, const void *);

void load_addr_entries(struct load *, const struct at *, void *);
void load_exceptions(struct load *, const struct at *, void *);
void load_members(struct load *, const struct at *, void *);
void load_unsubscribed(struct load *, const struct at *, void *);
void print_unsubscribed(struct print *, const void *);
void print_addr_entries(struct print *, const void *);
void print_exceptions(struct print *, const void *);
void print_members(struct print *, const void *);

/* Once all is loaded: what tables name is there. */
void load_check_gateways(struct load *);
void load_check_groups(struct load *, const struct at *top);

#endif
