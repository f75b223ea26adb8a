/*
 * tagging.h - bounce verification tags of senders (spec 1.12)
 *
 * keyd says every day what they are made with on that day; the keys
 * themselves stay there. When keyd is away, tags are those of the last day
 * that it named, for which they count.
 */
#ifndef QMGR_TAGGING_H
#define QMGR_TAGGING_H

#include "config/config.h"
#include "ipc/messages.h"
#include "qmgr/mail.h"
#include "tls/tag.h"

struct tagging {
	bool told; /* by keyd, of keys or that there are none */
	bool has;
	unsigned day;
	unsigned char key[TAG_DAY_KEY];
};

void tagging_key(struct tagging *, const struct tag_key_msg *);

/*
 * The sender of that mail as the destination shall see it; in mem. False: it
 * is to have a tag, and keyd has not said yet with what.
 */
bool tagging_sender(const struct tagging *, const struct destination *,
    const struct mail *, struct str *sender, struct arena *mem);

#endif
