/*
 * keyd_tags.h - the keys of bounce verification (tls/tag.h)
 *
 * They stand in a file below secrets/, which comes like the others do, again
 * whenever it has changed. A file with a mistake in it leaves those in force
 * that were there before; without a file there are none.
 */
#ifndef MASTER_KEYD_TAGS_H
#define MASTER_KEYD_TAGS_H

#include "fact/facts.h"
#include "master/keyd_keys.h"

struct tags;

struct tags *tags_new(void);
/* Looks at the file. complain: say what is wrong with it, or that there is
 * none although some destination asks for tags. True: something is. */
bool tags_refresh(
    struct tags *, const struct config *, const struct keys *, bool complain);
/* Which day is it? True: what qmgr was told is out of date. */
bool tags_look(struct tags *, int64_t wall_ms);
/* What qmgr is told. Good until tags_look. */
void tags_say(const struct tags *, struct tag_key_msg *);
enum bounce_tag tags_judge(
    const struct tags *, struct str addr, int64_t wall_ms);

#endif
