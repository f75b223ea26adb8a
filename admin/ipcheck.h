/*
 * ipcheck.h - the verdict of `ipcheck` (delivery-admin 2.16)
 *
 * Pure: what was found out about each interface in, verdict and text out.
 *
 *	{ "working": bool, "running": bool, "interfaces": [ { "interface": text,
 *	  "address": "192.0.2.10", "prefix": n or null, "devices": [ { "name":
 *	  "eth0", "up": bool } ], "used_by": text, "also": name of another
 *	  interface with that address or null, "error": why nothing can go out
 *	  from it or null, "loopback": bool, "route": is there a way to the
 *	  world, "listeners": [ { "listener": text, "port": n, "suspended":
 *	  bool, "listening": bool, "by": process that has the port or null,
 *	  "pid": n or null } ], "names": [ admin/dnscheck.h ] or absent } ] }
 */
#ifndef ADMIN_IPCHECK_H
#define ADMIN_IPCHECK_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

/* Adds "problems" and "remarks" to each interface, lists of texts, and
 * "passed" to the whole. */
void ipcheck_judge(json_t *);
void ipcheck_render(const json_t *, struct buf *out);

#endif
