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
/* So much of the processor time of this process (clock_cpu_us) was for one of
 * the features that have a counter of their own; the rest is the MTA's. */
void program_usage_of(struct daemon *, enum stats_counter, int64_t us);

#endif
