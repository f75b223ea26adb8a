/*
 * overrun.h - an end for what never comes back
 *
 * burden.h can act between calls of the library only. Against one call that
 * takes the processor for good (threats DNS-07) there is nothing but to end
 * the process: the master starts it again, and who had asked asks again.
 * What is counted is the process's own time, so a busy machine is no reason.
 * */
#ifndef LOOKUP_OVERRUN_H
#define LOOKUP_OVERRUN_H

#define OVERRUN_MAX    5000 /* ms of the processor that a call may take */
#define OVERRUN_STATUS 75   /* of a process that was ended so */

/* From now on, once for the process; before the sandbox closes. Uses SIGPROF.
 * The end comes somewhat later than that. */
void overrun_watch(unsigned max_ms);
/* Around each call that may overrun; they do not nest. */
void overrun_begin(void);
void overrun_end(void);

#endif
