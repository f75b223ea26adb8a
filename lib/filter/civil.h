/*
 * civil.h - a moment as people write it; pure, unlike base/clock.h
 */
#ifndef FILTER_CIVIL_H
#define FILTER_CIVIL_H

#include <stdint.h>

struct civil {
	int year, month, day, hour, minute, second; /* month: 1..12 */
};

/* wall: ms since 1970; zone: seconds east of UTC. Gregorian, any year. */
struct civil civil_of(int64_t wall, int32_t zone);

#endif
