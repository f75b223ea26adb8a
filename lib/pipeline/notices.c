/* notices.c - who is told what became of a message (RFC 3461 4.1) */
#include "pipeline/notices.h"

#include "ipc/messages.h"

bool
notice_is_wanted(const struct bounce_profile *p, struct str sender,
    uint8_t notify, enum dsn_kind kind)
{
	static const uint8_t bits[DSN_KINDS] = {
		[DSN_FAILED] = DSN_FAILURE,
		[DSN_DELAYED] = DSN_DELAY,
		[DSN_RELAYED] = DSN_SUCCESS,
	};

	if (sender.n == 0) /* threats LOP-04 */
		return false;
	if (kind == DSN_FAILED && !p->notify)
		return false;
	return notify == 0 ? kind != DSN_RELAYED : (notify & bits[kind]) != 0;
}

struct str
notice_rcpt(const struct bounce_profile *p, struct str sender)
{
	return p->alternate.n > 0 ? p->alternate : sender;
}
