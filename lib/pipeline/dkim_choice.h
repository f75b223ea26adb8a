/*
 * dkim_choice.h - which DKIM profile signs a message
 *
 * Spec delivery-admin 1.13: the profile that fits its sender, which is the
 * first address of From, else that of Sender, else the envelope's. smtp asks
 * this when it delivers, trace when it tells. Pure.
 */
#ifndef PIPELINE_DKIM_CHOICE_H
#define PIPELINE_DKIM_CHOICE_H

#include "config/config.h"

struct dkim_choice {
	const struct dkim_profile *profile; /* NULL: none fits */
	struct str addr; /* that fits it; else the first one; or empty */
};

/* header: plain. sender: of the envelope; a tag of ours is overlooked. */
struct dkim_choice dkim_choose(const struct config *, struct str header,
    struct str sender, struct arena *mem);
/* Why nothing is signed; NULL: something is. */
const char *dkim_refusal(const struct dkim_choice *, struct arena *mem);
/* The terms of the profile, for a message that is sent at that time; all but
 * the digest. */
void dkim_terms_of(
    const struct dkim_profile *, int64_t wall_ms, struct dkim_terms *);

#endif
