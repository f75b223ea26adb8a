/* keyd_tags.c - the keys of bounce verification */
#include "master/keyd_tags.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "event/alert.h"
#include "tls/tag.h"

struct tags {
	char *text; /* locked memory; NULL: none */
	size_t n;
	struct tag_keys keys; /* views of it */
	unsigned day;
	bool has; /* a key of the day */
	unsigned char day_key[TAG_DAY_KEY];
	char told[480]; /* the last complaint */
};

static bool take(struct tags *, struct str text, struct err *);
static void forget(struct tags *);
static void complain_about(struct tags *, const struct err *);

struct tags *
tags_new(void)
{
	return mem_alloc(sizeof(struct tags));
}

bool
tags_refresh(struct tags *t, const struct config *c, const struct keys *keys,
    bool complain)
{
	struct err err = ERR_INIT;
	struct str text;

	if (!keys_text(keys, c->bounce_keys, &text, &err)) {
		forget(t);
		if (!c->bounce_tags)
			return false;
	} else if (!take(t, text, &err)) {
		err_in(&err, "secrets/%.*s", STR_ARG(c->bounce_keys));
	} else if (tag_keys_current(&t->keys) == NULL && c->bounce_tags) {
		err_set(&err, ERR_USAGE,
		    "destinations ask for bounce verification tags, and "
		    "secrets/%.*s has no key in use: nothing is tagged",
		    STR_ARG(c->bounce_keys));
	}
	if (err.kind == ERR_NONE)
		t->told[0] = '\0';
	else if (complain)
		complain_about(t, &err);
	return err.kind != ERR_NONE;
}

bool
tags_look(struct tags *t, int64_t wall)
{
	const struct tag_key *k = tag_keys_current(&t->keys);
	unsigned char now[TAG_DAY_KEY] = { 0 };
	unsigned day = tag_day(wall);
	bool has = k != NULL, changed;

	if (has)
		tag_day_key(k->text, day, now);
	changed = has != t->has || day != t->day ||
		  CRYPTO_memcmp(now, t->day_key, sizeof(now)) != 0;
	t->has = has;
	t->day = day;
	memcpy(t->day_key, now, sizeof(now));
	OPENSSL_cleanse(now, sizeof(now));
	return changed;
}

void
tags_say(const struct tags *t, struct tag_key_msg *out)
{
	out->day = t->day;
	out->key = (struct str){ (const char *)t->day_key,
		t->has ? sizeof(t->day_key) : 0 };
}

enum bounce_tag
tags_judge(const struct tags *t, struct str addr, int64_t wall)
{
	return tag_judge(&t->keys, addr, wall);
}

/* False: err; then those that were there stay. */
static bool
take(struct tags *t, struct str text, struct err *err)
{
	struct tag_keys *keys = mem_alloc(sizeof(*keys));
	char *copy = OPENSSL_secure_malloc(text.n);
	bool good = copy != NULL;

	if (!good)
		err_set(err, ERR_TEMP, "there is no locked memory left for it");
	else
		memcpy(copy, text.p, text.n);
	good = good && tag_keys_parse(keys, (struct str){ copy, text.n }, err);
	if (good) {
		forget(t);
		t->text = copy;
		t->n = text.n;
		t->keys = *keys;
	} else {
		OPENSSL_secure_clear_free(copy, text.n);
	}
	free(keys);
	return good;
}

static void
forget(struct tags *t)
{
	OPENSSL_secure_clear_free(t->text, t->n);
	t->text = NULL;
	t->n = t->keys.n = 0;
}

static void
complain_about(struct tags *t, const struct err *err)
{
	if (strcmp(t->told, err->text) == 0)
		return;
	str_copy(t->told, sizeof(t->told), str_of(err->text));
	alert_raise(ALERT_FAILURE, STR("bounce tags"), str_of(err->text));
}
