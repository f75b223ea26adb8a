/* civil.c - a moment as people write it */
#include "filter/civil.h"

#define DAY 86400

struct civil
civil_of(int64_t wall, int32_t zone)
{
	int64_t seconds = wall / 1000 + zone;
	int64_t days = seconds / DAY, left = seconds % DAY;
	int64_t era, day, year, yday, month;

	if (left < 0) {
		left += DAY;
		days--;
	}
	/* Years begin in March here: then the odd day comes last. An era is
	 * 400 years, 146097 days. */
	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	day = days - era * 146097;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	yday = day - (365 * year + year / 4 - year / 100);
	month = (5 * yday + 2) / 153;
	return (struct civil){
		.year = (int)(year + era * 400 + (month >= 10)),
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.day = (int)(yday - (153 * month + 2) / 5 + 1),
		.hour = (int)(left / 3600),
		.minute = (int)(left / 60 % 60),
		.second = (int)(left % 60),
	};
}
