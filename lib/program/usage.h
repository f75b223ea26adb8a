/*
 * usage.h - what this process uses, told in the shared counters
 *
 * Memory: pages of its own, so neither the page cache nor what all share.
 */
#ifndef PROGRAM_USAGE_H
#define PROGRAM_USAGE_H

#include "program/program.h"

void program_usage_begin(void); /* before the sandbox */
void program_usage(struct daemon *);

#endif
