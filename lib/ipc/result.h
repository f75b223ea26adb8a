/*
 * result.h - how a command of an administrator ended
 *
 * In RESULT messages, and the exit status of postern(1).
 */
#ifndef IPC_RESULT_H
#define IPC_RESULT_H

enum result_status {
	RESULT_DONE,     /* done; yes */
	RESULT_NEGATIVE, /* refused; no */
	RESULT_USAGE,    /* wrongly asked */
	RESULT_DENIED,   /* the caller may not */
	RESULT_FAILED    /* it could not be done: something is not running */
};

#endif
