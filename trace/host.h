/*
 * host.h - the reverse name of the client, asked for as lookupd asks for it
 */
#ifndef TRACE_HOST_H
#define TRACE_HOST_H

#include "config/config.h"
#include "fact/facts.h"

/* Looks up facts->client (spec receiving 2.3, 4.6) and sets FACT_HOST. The
 * name is put into name (DOMAIN_MAX + 1 bytes), where facts will point. */
void trace_host(const struct config *, struct facts *, char *name);

#endif
