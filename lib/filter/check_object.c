/*
 * check_object.c - values that name something of the configuration
 */
#include "filter/check.h"
#include "filter/regex.h"

static bool matches(const struct regex *, struct str name);

void
check_dictionary(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	v->dictionary = config_dictionary(c->config, v->text);
	if (v->dictionary != NULL)
		return;
	/* A content filter stays in force, and this rule is false (3.1). */
	if (c->filter->content)
		source_problem(c->source, PROBLEM_WARNING, v->spot,
		    "no such dictionary: %.*s; nothing matches it",
		    STR_ARG(v->text));
	else
		check_missing(c, v, "dictionary");
}

void
check_quarantine(struct check *c, struct value *v, const struct arg_def *def)
{
	const struct quarantine *q = config_quarantine(c->config, v->text);

	(void)def;
	if (q == NULL || q->kind == QUARANTINE_SPAM)
		check_missing(c, v, "quarantine");
}

void
check_resource(struct check *c, struct value *v, const struct arg_def *def)
{
	bool notice = def->type == ARG_TEMPLATE;
	const struct text_resource *text;

	if (v->text.n == 0 && def->optional)
		return;
	text = config_text(c->config, v->text);
	if (text != NULL &&
	    text->kind == (notice ? TEXT_NOTIFICATION : TEXT_DISCLAIMER))
		v->resource = text;
	else
		check_missing(c, v,
		    notice ? "notification template" : "message disclaimer");
}

void
check_profile(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	for (size_t i = 0; i < c->config->n_bounce_profiles; i++) {
		if (str_eq(c->config->bounce_profiles[i].name, v->text))
			return;
	}
	check_missing(c, v, "bounce profile");
}

/* Names are compared with an expression: it must find one at least. */
void
check_listener(struct check *c, struct value *v, const struct arg_def *def)
{
	(void)def;
	v->regex = check_compile(c, v, 0);
	if (v->regex == NULL)
		return;
	for (size_t i = 0; i < c->config->n_listeners; i++) {
		if (matches(v->regex, c->config->listeners[i].name))
			return;
	}
	check_missing(c, v, "listener");
}

/* Of recv-int likewise; alt-src-host has a name, of a group perhaps. */
void
check_interface(struct check *c, struct value *v, const struct arg_def *def)
{
	const struct config *config = c->config;

	if (def->type == ARG_SOURCE) {
		if (config_interface(config, v->text) == NULL &&
		    config_interface_group(config, v->text) == NULL)
			check_missing(c, v, "interface");
		return;
	}
	v->regex = check_compile(c, v, 0);
	if (v->regex == NULL)
		return;
	for (size_t i = 0; i < config->n_interfaces; i++) {
		if (matches(v->regex, config->interfaces[i].name))
			return;
	}
	check_missing(c, v, "interface");
}

static bool
matches(const struct regex *regex, struct str name)
{
	struct str match;

	return regex_search(regex, name, 0, 0, &match) == REGEX_YES;
}
