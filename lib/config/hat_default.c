/*
 * hat_default.c - policies and groups that are there without being written
 *
 * Spec receiving 4.4. Values stand as texts and go through the schema's own
 * parsers, so that they mean what they would mean in a file. Only what differs
 * from a listener's defaults stands here: TLS is off in all of them because
 * it is off in the defaults, and who sets it there means these policies too.
 */
#include "base/mem.h"
#include "config/hat_approach.h"
#include "config/hat_entry.h"
#include "config/loader.h"

#define SETTINGS_MAX 12

struct setting {
	enum policy_param param;
	const char *value;
};

static const struct default_policy {
	const char *name;
	enum behaviour behaviour;
	struct setting settings[SETTINGS_MAX]; /* until value NULL */
} default_policies[] = {
	{ "$TRUSTED", ACCEPT,
	    { { MFP_MAX_MSGS_PER_SESSION, "5000" },
		{ MFP_MAX_RCPTS_PER_MSG, "5000" },
		{ MFP_MAX_MESSAGE_SIZE, "100M" },
		{ MFP_MAX_CONCURRENCY, "600" },
		{ MFP_MAX_RCPTS_PER_HOUR, "unlimited" },
		{ MFP_DHAP_LIMIT, "unlimited" }, { MFP_USE_SB, "off" },
		{ MFP_SPAM_CHECK, "off" }, { MFP_VIRUS_CHECK, "on" } } },
	{ "$THROTTLED", ACCEPT,
	    { { MFP_MAX_MSGS_PER_SESSION, "10" },
		{ MFP_MAX_RCPTS_PER_MSG, "25" }, { MFP_MAX_MESSAGE_SIZE, "1M" },
		{ MFP_MAX_CONCURRENCY, "10" }, { MFP_MAX_RCPTS_PER_HOUR, "20" },
		{ MFP_USE_SB, "on" }, { MFP_SPAM_CHECK, "on" },
		{ MFP_VIRUS_CHECK, "on" } } },
	{ "$ACCEPTED", ACCEPT,
	    { { MFP_USE_SB, "on" }, { MFP_SPAM_CHECK, "on" },
		{ MFP_VIRUS_CHECK, "on" } } },
	{ "$RELAYED", RELAY,
	    { { MFP_MAX_RCPTS_PER_HOUR, "unlimited" },
		{ MFP_DHAP_LIMIT, "unlimited" }, { MFP_SPAM_CHECK, "off" },
		{ MFP_VIRUS_CHECK, "on" } } },
	{ "$BLOCKED", REJECT, { { 0 } } },
};

/* In their order; each list ends with everybody else. */
static const struct default_group {
	bool is_public, has_scores;
	const char *name, *comment, *policy;
} default_groups[] = {
	{ true, true, "ALLOWLIST", "Senders known to be good", "$TRUSTED" },
	{ true, true, "BLOCKLIST", "Senders of bad reputation", "$BLOCKED" },
	{ true, true, "SUSPECTLIST", "Senders of doubtful reputation",
	    "$THROTTLED" },
	{ true, true, "UNKNOWNLIST", "Senders of which little is known",
	    "$ACCEPTED" },
	{ true, false, "ALL", "", "$ACCEPTED" },
	{ false, false, "RELAYLIST", "Own hosts that may send to anybody",
	    "$RELAYED" },
	{ false, false, "ALL", "", "$BLOCKED" },
};

static void fill_policy(struct policy *, const struct default_policy *,
    const struct hat *, struct arena *);
static void fill_group(struct hat_group *, const struct default_group *,
    const struct hat *, struct arena *);
static void fill_entry(struct hat_group *, const char *text, struct arena *);

size_t
hat_default_policies(struct hat *hat, struct policy *out, struct arena *mem)
{
	size_t n = 0;

	for (size_t i = 0; i < NELEM(default_policies); i++) {
		const struct default_policy *d = &default_policies[i];

		if (hat_policy(hat, str_of(d->name)) != NULL)
			continue;
		if (out != NULL)
			fill_policy(&out[n], d, hat, mem);
		n++;
	}
	return n;
}

size_t
hat_default_groups(struct hat *hat, enum listener_type type,
    struct hat_group *out, struct arena *mem)
{
	size_t n = 0;

	for (size_t i = 0; i < NELEM(default_groups); i++) {
		if (default_groups[i].is_public != (type == LISTENER_PUBLIC))
			continue;
		if (out != NULL)
			fill_group(&out[n], &default_groups[i], hat, mem);
		n++;
	}
	return n;
}

const struct policy *
hat_policy(const struct hat *hat, struct str name)
{
	for (size_t i = 0; i < hat->n_policies; i++) {
		if (str_eq(hat->policies[i].name, name))
			return &hat->policies[i];
	}
	return NULL;
}

static void
fill_policy(struct policy *p, const struct default_policy *d,
    const struct hat *hat, struct arena *mem)
{
	*p = (struct policy){ .where = { "built in", 0 },
		.name = str_of(d->name),
		.behaviour = d->behaviour,
		.p = hat->defaults };
	for (size_t i = 0; d->settings[i].value != NULL; i++) {
		enum policy_param param = d->settings[i].param;
		const struct schema_key *key =
		    &schema_policy_params.keys[param];
		struct err err = ERR_INIT;

		if (key->type->parse(key, str_of(d->settings[i].value),
			(char *)&p->p + key->off, mem, &err) == -1)
			panic("built in policy %s: %s", d->name, err.text);
		p->set[param] = true;
	}
	if (p->behaviour == REJECT)
		p->p.banner_code = 554;
}

static void
fill_group(struct hat_group *g, const struct default_group *d,
    const struct hat *hat, struct arena *mem)
{
	const char *const *scores =
	    d->has_scores ? hat_approach_entries(HAT_MODERATE, d->name) : NULL;

	*g = (struct hat_group){ .where = { "built in", 0 },
		.name = str_of(d->name),
		.comment = str_of(d->comment),
		.policy = hat_policy(hat, str_of(d->policy)) };
	g->entries =
	    arena_array(mem, HAT_APPROACH_ENTRIES, sizeof(*g->entries));
	for (size_t i = 0;
	     scores != NULL && i < HAT_APPROACH_ENTRIES && scores[i] != NULL;
	     i++)
		fill_entry(g, scores[i], mem);
	if (str_is(g->name, "ALL"))
		fill_entry(g, "ALL", mem);
}

static void
fill_entry(struct hat_group *g, const char *text, struct arena *mem)
{
	struct hat_entry *e = &g->entries[g->n_entries++];
	struct err err = ERR_INIT;

	if (hat_entry_parse(e, str_of(text), mem, &err) == -1)
		panic("built in group %.*s: %s", STR_ARG(g->name), err.text);
	e->where = g->where;
}
