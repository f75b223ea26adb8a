/*
 * load_mail_policy.c - tables of mail policies: states of services, order
 */
#include "config/load_work.h"

#include "base/mem.h"

#define POLICIES_MAX 1000
#define DEFAULT_NAME "DEFAULT"

static void load_table(struct load *, const struct at *, enum direction);
static void load_written(
    struct load *, const struct at *, struct policy_table *);
static void take_policy(
    struct load *, const struct at *, struct policy_table *, bool last);
static bool is_default(struct str name);
static void add_default(struct load *, struct policy_table *);
static void complete_default(struct mail_policy *, enum direction);
static void check_default(
    struct load *, const struct at *, const struct mail_policy *);
static void check_filters(
    struct load *, const struct at *list, struct policy_table *);
static void check_filter(
    struct load *, const struct at *, struct str name, void *table);
static void print_table(
    struct print *, const char *key, const struct policy_table *);
static enum service_state load_service(struct load *, const struct at *,
    const struct schema_section *, void *object);
static bool state_of(struct str word, enum service_state *);
static void print_service(struct print *, const char *key, enum service_state,
    const struct schema_section *, const void *object);
static void print_state(struct print *, const char *key, enum service_state);
static void warn_idle(struct load *, const struct at *,
    const struct mail_policy *, enum service_state, const char *why);
static void take_filter(
    struct load *, const struct at *, struct str name, void *arg);
static void take_priority(
    struct load *, const struct at *, struct str word, void *arg);

static const char *const state_words[] = {
	[SERVICE_INHERIT] = "inherit",
	[SERVICE_DISABLED] = "disabled",
	[SERVICE_CUSTOM] = "enabled",
};
static const char *const sender_words[] = {
	[SENDER_ENVELOPE] = "envelope",
	[SENDER_FROM] = "from",
	[SENDER_REPLY_TO] = "reply-to",
	[SENDER_SENDER] = "sender",
};
static const enum sender_header usual_priority[] = { SENDER_ENVELOPE,
	SENDER_FROM, SENDER_REPLY_TO };

void
load_incoming(struct load *ld, const struct at *at, void *object)
{
	(void)object;
	load_table(ld, at, INCOMING);
}

void
load_outgoing(struct load *ld, const struct at *at, void *object)
{
	(void)object;
	load_table(ld, at, OUTGOING);
}

void
print_incoming(struct print *p, const void *object)
{
	const struct config *c = object;

	print_table(p, "incoming", &c->work.tables[INCOMING]);
}

void
print_outgoing(struct print *p, const void *object)
{
	const struct config *c = object;

	print_table(p, "outgoing", &c->work.tables[OUTGOING]);
}

void
load_priority(struct load *ld, const struct at *at, void *object)
{
	struct work_config *w = &((struct config *)object)->work;

	w->n_priority = 0;
	if (load_each(ld, at, w, take_priority) > 0)
		return;
	for (size_t i = 0; i < NELEM(usual_priority); i++)
		w->priority[w->n_priority++] = usual_priority[i];
}

void
print_priority(struct print *p, const void *object)
{
	const struct work_config *w = &((const struct config *)object)->work;
	bool usual = w->n_priority == NELEM(usual_priority);

	for (size_t i = 0; usual && i < w->n_priority; i++)
		usual = w->priority[i] == usual_priority[i];
	if (usual && !p->all)
		return;
	print_open(p, "match_priority");
	for (size_t i = 0; i < w->n_priority; i++)
		print_item(p, str_of(sender_words[w->priority[i]]));
	print_close(p);
}

void
load_policy_spam(struct load *ld, const struct at *at, void *object)
{
	struct mail_policy *p = object;

	p->spam_state = load_service(ld, at, &schema_policy_spam, p);
	p->spam.on_positive.enabled = true;
	if (ld->config->work.spam.engine == SPAM_OFF)
		warn_idle(ld, at, p, p->spam_state,
		    "scanned: anti_spam has no engine");
}

void
load_policy_virus(struct load *ld, const struct at *at, void *object)
{
	struct mail_policy *p = object;

	p->virus_state = load_service(ld, at, &schema_policy_virus, p);
	for (size_t i = 0; i < VIRUS_CLASSES; i++)
		p->virus.on[i].enabled = true;
	if (ld->config->work.virus.engine == VIRUS_OFF)
		warn_idle(ld, at, p, p->virus_state,
		    "scanned: anti_virus has no engine");
}

void
load_policy_outbreak(struct load *ld, const struct at *at, void *object)
{
	struct mail_policy *p = object;

	p->outbreak_state = load_service(ld, at, &schema_policy_outbreak, p);
	if (!ld->config->work.outbreak.enabled)
		warn_idle(ld, at, p, p->outbreak_state,
		    "looked at: outbreak_filters are not enabled");
}

void
load_policy_filters(struct load *ld, const struct at *at, void *object)
{
	struct mail_policy *p = object;
	size_t max = 1;

	if (node_is_empty(at->node))
		return;
	if (at->node->kind == NODE_LIST)
		max = at->node->n;
	else if (at->node->kind == NODE_SCALAR &&
		 state_of(at->node->text, &p->filters_state)) {
		if (p->filters_state == SERVICE_CUSTOM)
			load_error(ld, at,
			    "must be inherit, disabled, or the names of "
			    "content filters");
		return;
	}
	p->filters_state = SERVICE_CUSTOM;
	p->filters = arena_array(ld->mem, max + 1, sizeof(*p->filters));
	load_each(ld, at, p, take_filter);
}

void
print_policy_spam(struct print *p, const void *object)
{
	const struct mail_policy *m = object;

	print_service(p, "anti_spam", m->spam_state, &schema_policy_spam, m);
}

void
print_policy_virus(struct print *p, const void *object)
{
	const struct mail_policy *m = object;

	print_service(p, "anti_virus", m->virus_state, &schema_policy_virus, m);
}

void
print_policy_outbreak(struct print *p, const void *object)
{
	const struct mail_policy *m = object;

	print_service(
	    p, "outbreak", m->outbreak_state, &schema_policy_outbreak, m);
}

void
print_policy_filters(struct print *p, const void *object)
{
	const struct mail_policy *m = object;

	if (m->filters_state != SERVICE_CUSTOM || m->n_filters == 0) {
		print_state(p, "content_filters",
		    m->filters_state == SERVICE_INHERIT ? SERVICE_INHERIT
							: SERVICE_DISABLED);
		return;
	}
	print_open(p, "content_filters");
	for (size_t i = 0; i < m->n_filters; i++)
		print_item(p, m->filters[i]);
	print_close(p);
}

void
load_spam_settings_finish(struct load *ld, const struct at *at, void *object)
{
	const struct mail_policy *p = object;

	if (p->spam.suspected > p->spam.positive)
		load_error(ld, at,
		    "the score of suspected (%u) is more than that of positive "
		    "(%u)",
		    (unsigned)p->spam.suspected, (unsigned)p->spam.positive);
}

void
load_virus_settings_finish(struct load *ld, const struct at *at, void *object)
{
	static const char *const classes[] = { "repaired", "encrypted",
		"unscannable", "infected" };
	const struct mail_policy *p = object;

	for (size_t i = 0; i < NELEM(classes); i++) {
		const struct verdict_action *v = &p->virus.on[i];
		struct at class = at_key(at, classes[i]);
		struct at text = at_key(&class, "notify_text");

		if (v->notify_template.n > 0 && !v->notify_sender &&
		    !v->notify_rcpt && v->notify_others.n == 0)
			load_warning(ld, &text, "nobody is told");
	}
}

void
load_content_filter_finish(struct load *ld, const struct at *at, void *object)
{
	const struct content_filter *f = object;
	enum service_state state;

	if (state_of(f->name, &state))
		load_error(ld, at,
		    "\"%.*s\" is a word that policies have; choose another "
		    "name",
		    STR_ARG(f->name));
	if (f->n_actions == 0)
		load_error(ld, at, "needs the key \"actions\"");
}

static void
load_table(struct load *ld, const struct at *at, enum direction dir)
{
	struct policy_table *t = &ld->config->work.tables[dir];
	bool list = !node_is_empty(at->node) && at->node->kind == NODE_LIST;
	size_t n = list ? at->node->n : 0;

	t->n_policies = 0;
	if (!list && !node_is_empty(at->node))
		load_error(ld, at, "must be a list (lines with \"- \")");
	if (n > POLICIES_MAX) {
		load_error(
		    ld, at, "has %zu entries; %d are allowed", n, POLICIES_MAX);
		n = 0;
		list = false;
	}
	t->policies = arena_array(ld->mem, n + 1, sizeof(*t->policies));
	if (list)
		load_written(ld, at, t);
	if (t->n_policies == 0 ||
	    !is_default(t->policies[t->n_policies - 1].name))
		add_default(ld, t);
	complete_default(&t->policies[t->n_policies - 1], dir);
	if (list)
		check_filters(ld, at, t);
}

static void
load_written(struct load *ld, const struct at *at, struct policy_table *t)
{
	size_t i = 0;

	for (const struct node *n = at->node->child; n != NULL; n = n->next) {
		struct at item = at_item(at, n, i++);

		take_policy(ld, &item, t, n->next == NULL);
	}
}

static void
take_policy(
    struct load *ld, const struct at *at, struct policy_table *t, bool last)
{
	struct mail_policy *p = &t->policies[t->n_policies++];

	load_section(ld, &schema_mail_policy, at, p, NULL);
	if (!is_default(p->name))
		return;
	p->name = STR(DEFAULT_NAME);
	if (!last)
		load_error(ld, at,
		    DEFAULT_NAME " concerns everybody: it must be the last");
	check_default(ld, at, p);
}

static bool
is_default(struct str name)
{
	return str_is_nocase(name, DEFAULT_NAME);
}

static void
add_default(struct load *ld, struct policy_table *t)
{
	struct mail_policy *p = &t->policies[t->n_policies++];
	struct at nothing = { .node = NULL };

	load_policy_spam(ld, &nothing, p);
	load_policy_virus(ld, &nothing, p);
	load_policy_outbreak(ld, &nothing, p);
	p->name = STR(DEFAULT_NAME);
}

/* Spec workqueue 4.2. */
static void
complete_default(struct mail_policy *p, enum direction dir)
{
	enum service_state incoming_only =
	    dir == INCOMING ? SERVICE_CUSTOM : SERVICE_DISABLED;

	if (p->spam_state == SERVICE_INHERIT)
		p->spam_state = incoming_only;
	if (p->virus_state == SERVICE_INHERIT)
		p->virus_state = SERVICE_CUSTOM;
	if (p->outbreak_state == SERVICE_INHERIT)
		p->outbreak_state = incoming_only;
	if (p->filters_state == SERVICE_INHERIT)
		p->filters_state = SERVICE_DISABLED;
}

static void
check_default(struct load *ld, const struct at *at, const struct mail_policy *p)
{
	static const char *const keys[] = { "anti_spam", "anti_virus",
		"content_filters", "outbreak" };

	if (p->n_members > 0)
		load_error(ld, at,
		    DEFAULT_NAME " concerns everybody: it has no members");
	for (size_t i = 0; i < NELEM(keys); i++) {
		struct at key = at_key(at, keys[i]);

		if (key.node != NULL && key.node->kind == NODE_SCALAR &&
		    str_is_nocase(key.node->text, "inherit"))
			load_error(ld, &key,
			    DEFAULT_NAME " is what the others inherit from");
	}
}

static void
check_filters(struct load *ld, const struct at *list, struct policy_table *t)
{
	const struct node *n = list->node->child;

	for (size_t i = 0; i < t->n_policies && n != NULL; i++, n = n->next) {
		struct at item = at_item(list, n, i);
		struct at names = at_key(&item, "content_filters");

		if (t->policies[i].n_filters > 0)
			load_each(ld, &names, t, check_filter);
	}
}

static void
check_filter(struct load *ld, const struct at *at, struct str name, void *table)
{
	const struct policy_table *t = table;
	char quoted[100];

	for (size_t i = 0; i < t->n_filters; i++)
		if (str_eq(t->filters[i].name, name))
			return;
	load_error(ld, at,
	    "there is no content filter %s below "
	    "content_filters.%s",
	    load_quote(quoted, name),
	    t == &ld->config->work.tables[INCOMING] ? "incoming" : "outgoing");
}

static void
print_table(struct print *p, const char *key, const struct policy_table *t)
{
	struct mail_policy base = { .n_members = 0 };

	print_open(p, key);
	for (size_t i = 0; i < t->n_policies; i++) {
		if (t->policies[i].where.line == 0 && !p->all)
			continue;
		print_begin_item(p);
		print_section(p, &schema_mail_policy, &t->policies[i], &base);
		print_end_item(p);
	}
	print_close(p);
}

/* A word, or the keys of the section, which are fields of the policy. */
static enum service_state
load_service(struct load *ld, const struct at *at,
    const struct schema_section *s, void *object)
{
	enum service_state state = SERVICE_CUSTOM;

	if (!node_is_empty(at->node) && at->node->kind == NODE_MAP) {
		load_section(ld, s, at, object, NULL);
		return SERVICE_CUSTOM;
	}
	schema_defaults(s, ld->column, object, ld->mem);
	if (node_is_empty(at->node))
		return SERVICE_INHERIT;
	if (at->node->kind == NODE_SCALAR && state_of(at->node->text, &state))
		return state;
	load_error(
	    ld, at, "must be inherit, disabled, enabled, or keys with values");
	return SERVICE_INHERIT;
}

/* DEFAULT has it enabled without anybody having asked for it. */
static void
warn_idle(struct load *ld, const struct at *at, const struct mail_policy *p,
    enum service_state state, const char *why)
{
	if (at->node != NULL && state == SERVICE_CUSTOM && !is_default(p->name))
		load_warning(ld, at, "nothing is %s", why);
}

static bool
state_of(struct str word, enum service_state *state)
{
	for (size_t i = 0; i < NELEM(state_words); i++) {
		if (str_is_nocase(word, state_words[i])) {
			*state = (enum service_state)i;
			return true;
		}
	}
	return false;
}

static void
print_service(struct print *p, const char *key, enum service_state state,
    const struct schema_section *s, const void *object)
{
	struct mail_policy base = { .n_members = 0 };
	size_t before = p->out->len;

	schema_defaults(s, p->column, &base, &p->mem);
	if (state == SERVICE_CUSTOM) {
		print_open(p, key);
		print_section(p, s, object, &base);
		print_close(p);
	}
	if (p->out->len == before)
		print_state(p, key, state);
}

static void
print_state(struct print *p, const char *key, enum service_state state)
{
	if (state != SERVICE_INHERIT || p->all)
		print_line(p, key, str_of(state_words[state]));
}

static void
take_filter(struct load *ld, const struct at *at, struct str name, void *arg)
{
	struct mail_policy *p = arg;
	char quoted[100];

	for (size_t i = 0; i < p->n_filters; i++) {
		if (str_eq(p->filters[i], name)) {
			load_error(ld, at, "%s stands here twice",
			    load_quote(quoted, name));
			return;
		}
	}
	p->filters[p->n_filters++] = arena_str(ld->mem, name);
}

static void
take_priority(struct load *ld, const struct at *at, struct str word, void *arg)
{
	struct work_config *w = arg;

	for (size_t i = 0; i < NELEM(sender_words); i++) {
		if (!str_is_nocase(word, sender_words[i]))
			continue;
		for (size_t k = 0; k < w->n_priority; k++) {
			if (w->priority[k] == (enum sender_header)i) {
				load_error(ld, at, "%s stands here twice",
				    sender_words[i]);
				return;
			}
		}
		w->priority[w->n_priority++] = (enum sender_header)i;
		return;
	}
	load_error(ld, at, "must be envelope, from, reply-to or sender");
}
