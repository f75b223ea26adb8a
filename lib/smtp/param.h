/*
 * param.h - the parameters of MAIL and RCPT
 *
 * text is what follows the path, offered the set of PARAM_* that may be used
 * in this session. Decoded values live in mem, of which 1 KiB at most is
 * used. The reply to give stands with each problem.
 */
#ifndef SMTP_PARAM_H
#define SMTP_PARAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

#define PARAM_SIZE       (1u << 0)
#define PARAM_BODY       (1u << 1)
#define PARAM_SMTPUTF8   (1u << 2)
#define PARAM_RET        (1u << 3)
#define PARAM_ENVID      (1u << 4)
#define PARAM_NOTIFY     (1u << 5)
#define PARAM_ORCPT      (1u << 6)
#define PARAM_AUTH       (1u << 7) /* RFC 4954 5: looked at, not used */
#define PARAM_REQUIRETLS (1u << 8) /* RFC 8689 */

enum param_problem {
	PARAM_OK,
	PARAM_UNKNOWN, /* 555 5.5.4: not known, or not offered */
	PARAM_BAD      /* 501 5.5.4: wrong value, or given twice */
};

enum param_ret { /* as in the envelope */
	RET_UNSET,
	RET_FULL,
	RET_HDRS
};

struct mail_params {
	unsigned seen; /* PARAM_* */
	uint64_t size; /* UINT64_MAX: more than can be counted */
	bool body_8bit;
	enum param_ret ret;
	struct str envid; /* decoded */
};

struct rcpt_params {
	unsigned seen;
	uint8_t notify;   /* enum dsn_notify bits */
	struct str orcpt; /* "type;address", decoded */
};

enum param_problem param_mail(
    struct mail_params *, struct str text, unsigned offered, struct arena *mem);
/* utf8: the message is SMTPUTF8, so ORCPT may hold it raw (RFC 6533). */
enum param_problem param_rcpt(struct rcpt_params *, struct str text,
    unsigned offered, bool utf8, struct arena *mem);

#endif
