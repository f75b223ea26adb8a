/* tagging.c - bounce verification tags of senders */
#include "qmgr/tagging.h"

#include <string.h>

void
tagging_key(struct tagging *t, const struct tag_key_msg *m)
{
	t->told = true;
	t->has = m->key.n == sizeof(t->key);
	t->day = m->day;
	if (t->has)
		memcpy(t->key, m->key.p, sizeof(t->key));
}

bool
tagging_sender(const struct tagging *t, const struct destination *d,
    const struct mail *m, struct str *sender, struct arena *mem)
{
	*sender = mail_sender(m);
	if (!d->bounce_verification || sender->n == 0 ||
	    !(m->flags & ENV_RELAYED))
		return true;
	if (!t->told)
		return false;
	if (t->has)
		*sender = tag_address(t->key, t->day, *sender, mem);
	return true;
}
