/*
 * hints.h - what to try next, for somebody who has just started Postern
 */
#ifndef MASTER_HINTS_H
#define MASTER_HINTS_H

#include <stdio.h>

#include "master/master.h"

void hints_print(const struct master *, FILE *out);

#endif
