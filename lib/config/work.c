/*
 * work.c - finding things in what the configuration says of the work queue
 */
#include "config/config.h"

/* Lists so short, or asked so seldom, that a walk will do. */
#define FIND_BY_NAME(array, count, wanted)                                     \
	for (size_t i_ = 0; i_ < (count); i_++)                                \
		if (str_eq((array)[i_].name, wanted))                          \
			return &(array)[i_];                                   \
	return NULL

static const struct mail_policy *default_policy(
    const struct config *, enum direction);

const struct text_resource *
config_text(const struct config *c, struct str name)
{
	FIND_BY_NAME(c->work.texts, c->work.n_texts, name);
}

const struct dictionary *
config_dictionary(const struct config *c, struct str name)
{
	FIND_BY_NAME(c->work.dictionaries, c->work.n_dictionaries, name);
}

const struct quarantine *
config_quarantine(const struct config *c, struct str name)
{
	FIND_BY_NAME(c->work.quarantines, c->work.n_quarantines, name);
}

const struct mail_policy *
config_mail_policy(const struct config *c, enum direction dir, struct str name)
{
	const struct policy_table *t = &c->work.tables[dir];

	FIND_BY_NAME(t->policies, t->n_policies, name);
}

const struct content_filter *
config_content_filter(
    const struct config *c, enum direction dir, struct str name)
{
	const struct policy_table *t = &c->work.tables[dir];

	FIND_BY_NAME(t->filters, t->n_filters, name);
}

const struct spam_settings *
config_policy_spam(
    const struct config *c, enum direction dir, const struct mail_policy *p)
{
	if (p->spam_state == SERVICE_INHERIT)
		p = default_policy(c, dir);
	return p->spam_state == SERVICE_CUSTOM &&
		       c->work.spam.engine != SPAM_OFF
		   ? &p->spam
		   : NULL;
}

const struct virus_settings *
config_policy_virus(
    const struct config *c, enum direction dir, const struct mail_policy *p)
{
	if (p->virus_state == SERVICE_INHERIT)
		p = default_policy(c, dir);
	return p->virus_state == SERVICE_CUSTOM &&
		       c->work.virus.engine != VIRUS_OFF
		   ? &p->virus
		   : NULL;
}

const struct outbreak_settings *
config_policy_outbreak(
    const struct config *c, enum direction dir, const struct mail_policy *p)
{
	if (p->outbreak_state == SERVICE_INHERIT)
		p = default_policy(c, dir);
	return p->outbreak_state == SERVICE_CUSTOM && c->work.outbreak.enabled
		   ? &p->outbreak
		   : NULL;
}

bool
config_policy_filter(const struct config *c, enum direction dir,
    const struct mail_policy *p, struct str filter)
{
	if (p->filters_state == SERVICE_INHERIT)
		p = default_policy(c, dir);
	for (size_t i = 0; i < p->n_filters; i++)
		if (str_eq(p->filters[i], filter))
			return p->filters_state == SERVICE_CUSTOM;
	return false;
}

enum disposition
config_spam_disposition(const struct config *c, const struct verdict_action *v)
{
	if (v->disposition == DISPOSE_QUARANTINE &&
	    !c->work.spam_quarantine.enabled)
		return DISPOSE_DELIVER;
	return v->disposition;
}

static const struct mail_policy *
default_policy(const struct config *c, enum direction dir)
{
	const struct policy_table *t = &c->work.tables[dir];

	return &t->policies[t->n_policies - 1];
}
