/*
 * clock.h - the two clocks
 *
 * Retry times and time-outs run on the monotonic clock; wall time is for
 * people, log lines and what outlives the process (threats DUR-12).
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_TEXT 48

int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
int64_t clock_wall_ms(void); /* since 1970, UTC */
/* Processor time of this thread. A system call, other than the above. */
int64_t clock_cpu_us(void);

/* "Tue Mar  4 10:15:02 2025": log files, local time. */
const char *clock_ctime(int64_t wall_ms, char out[CLOCK_TEXT]);
/* "Tue Mar 04 10:15:02 2025 GMT": commands, local time, zone name. */
const char *clock_status(int64_t wall_ms, char out[CLOCK_TEXT]);
/* "Tue, 04 Mar 2025 10:15:02 +0000": RFC 5322 date-time, local time. */
const char *clock_rfc5322(int64_t wall_ms, char out[CLOCK_TEXT]);
/* "22h 45m 29s", "3d 02h 11m 40s": uptimes. */
const char *clock_uptime(int64_t ms, char out[CLOCK_TEXT]);
/* "2 hours 5 mins 10 secs": ages. */
const char *clock_age(int64_t ms, char out[CLOCK_TEXT]);

#endif
