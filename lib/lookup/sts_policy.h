/*
 * sts_policy.h - the two texts of MTA-STS (RFC 8461), taken apart
 *
 * Pure: text of strangers in. What this does not know is passed over, as the
 * RFC wants it; what it knows must be right.
 */
#ifndef LOOKUP_STS_POLICY_H
#define LOOKUP_STS_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define STS_ID_MAX   32
#define STS_MX_MAX   100
#define STS_TEXT_MAX 65536     /* of a policy */
#define STS_FILE     "mta-sts" /* those kept, below the folder of the state */
#define STS_AGE_MAX  31557600  /* s */

enum sts_mode { STS_NONE, STS_TESTING, STS_ENFORCE };
const char *sts_mode_name(enum sts_mode);   /* "enforce" */
enum sts_mode sts_mode_of(struct str name); /* unknown: STS_NONE */

struct sts_policy {
	enum sts_mode mode;
	uint32_t max_age;          /* s */
	struct str mx[STS_MX_MAX]; /* into the text */
	size_t n_mx;
};

/* "v=STSv1; id=20160831085700Z;" of a TXT record. False: it is no such. */
bool sts_record(struct str txt, char id[STS_ID_MAX + 1]);
/* -1: it is no policy; err. */
int sts_parse(struct str text, struct sts_policy *, struct err *err);
/* Is the host one of the pattern: itself, or *.example.com with one label? */
bool sts_matches(struct str pattern, struct str host);

#endif
