/*
 * destfile.h - destination controls as a file (spec delivery-admin 1.8)
 *
 * Sections of "name = value", one for each domain; [DEFAULT] is the entry
 * Default and has what holds for all. The names are those that other gateways
 * use; # and ; begin a comment:
 *
 *	[DEFAULT]
 *	ip_sort_pref = PREFER_V6
 *	...
 *	[partner.example]
 *	table_tls = require_verify
 *
 * An import replaces the whole table, or, when anything in it is wrong,
 * changes nothing and says in which section.
 */
#ifndef ADMIN_DESTFILE_H
#define ADMIN_DESTFILE_H

#include "admin/files.h"

extern const struct files_table destfile;

#endif
