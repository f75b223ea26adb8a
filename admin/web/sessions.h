/*
 * sessions.h - who is logged in
 *
 * In memory alone: after a restart everybody logs in again. The id, 256 random
 * bits, is known to the browser and here; it is compared in constant time.
 * Pure but for the random numbers: the caller tells the time (monotonic ms).
 */
#ifndef ADMIN_WEB_SESSIONS_H
#define ADMIN_WEB_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/str.h"

#define SESSIONS_MAX      100
#define SESSIONS_PER_USER 10
#define SESSION_ID        64 /* hexadecimal digits */
#define SESSION_TOKEN     32

struct login {
	char id[SESSION_ID + 1];       /* empty: this place is free */
	char token[SESSION_TOKEN + 1]; /* against forged forms: ADM-09 */
	char user[65];
	char full_name[201];
	unsigned role;
	uint64_t stamp; /* of role, state, passphrase: see ADMINS */
	bool must_change;
	struct ip remote;
	int64_t login; /* wall ms */
	int64_t last;  /* the last request */
	char what[80]; /* the title of the page asked for last */
	char notice[300];
	bool notice_bad; /* it tells of a failure */
};

struct sessions {
	struct login v[SESSIONS_MAX];
	int64_t timeout; /* ms */
};

/* A place for one who has just logged in, its id and token made; the oldest
 * of the same user gives way when he has too many, the one that was idle for
 * longest when there are too many at all. */
struct login *sessions_new(struct sessions *, struct str user, int64_t now);
/* NULL: there is no such, or its time was over. use: it is used now; a page
 * that comes again by itself does not count as that. */
struct login *sessions_find(
    struct sessions *, struct str id, int64_t now, bool use);
void sessions_end(struct login *);
/* Those whose time is over. */
void sessions_expire(struct sessions *, int64_t now,
    void (*ended)(void *, struct login *), void *arg);

/* Are these the same? Takes as long whether they differ early or late. */
bool sessions_same(struct str a, struct str b);

/*
 * Attempts to log in: of one address (IPv6: /64) at most max in a minute
 * (ADM-09). An attempt counts when it begins.
 */
#define ATTEMPTS_MAX    30  /* of an address, by the form */
#define ATTEMPTS_POLLS  60  /* by programs, which come with a password */
#define ATTEMPTS_ALL    100 /* of all that are not known singly */
#define ATTEMPTS_KNOWN  256
#define ATTEMPTS_PERIOD 60000 /* ms */
struct attempts {
	struct {
		struct ip ip;
		int64_t since;
		unsigned n;
	} v[ATTEMPTS_KNOWN];
	int64_t since;
	unsigned n;
};
bool attempts_may(
    struct attempts *, const struct ip *, unsigned max, int64_t now);

#endif
