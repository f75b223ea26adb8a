/*
 * engines.h - what scanners say of themselves (spec workqueue 5.5, 6.6)
 *
 * lookupd asks them and answers:
 *
 *	antispamstatus, antivirusstatus, antivirusupdate
 *	{ "engine": text or null (with its version, if it says it; null: none is
 *	  configured), "answers": bool, "rules": text or null (version and date
 *	  of its signatures), "error": text or null, "last_contact": t or null,
 *	  "ms": n }
 */
#ifndef ADMIN_ENGINES_H
#define ADMIN_ENGINES_H

#include "admin/tool.h"

/* The whole of antispamstatus and antivirusstatus. */
int engines_status(struct tool *, int argc, const char *command);
/* Asks; the answer is the caller's. Returns TOOL_DONE, or the exit status. */
int engines_ask(struct tool *, const char *command, json_t **answer);

#endif
