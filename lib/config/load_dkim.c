/* load_dkim.c - what outgoing mail is signed with */
#include "base/mem.h"
#include "config/loader.h"
#include "config/pattern.h"

static void compile_senders(
    struct load *, const struct at *, struct dkim_profile *);
static void check_identity(
    struct load *, const struct at *, const struct dkim_profile *);
static void set_fields(struct load *, const struct at *, struct dkim_profile *);

static struct str usual[] = {
	{ "From", 4 },
	{ "Sender", 6 },
	{ "Reply-To", 8 },
	{ "Subject", 7 },
	{ "Date", 4 },
	{ "Message-ID", 10 },
	{ "To", 2 },
	{ "Cc", 2 },
	{ "MIME-Version", 12 },
	{ "Content-Type", 12 },
	{ "Content-Transfer-Encoding", 25 },
	{ "In-Reply-To", 11 },
	{ "References", 10 },
	{ "List-Id", 7 },
	{ "List-Unsubscribe", 16 },
	{ "List-Unsubscribe-Post", 21 },
};

void
load_dkim_key_finish(struct load *ld, const struct at *at, void *object)
{
	struct dkim_key *k = object;

	(void)at;
	if (k->file.n == 0)
		k->file = str_of(
		    arena_printf(ld->mem, "%.*s.dkim", STR_ARG(k->name)));
}

void
load_dkim_profile_finish(struct load *ld, const struct at *at, void *object)
{
	struct dkim_profile *p = object;

	p->key = load_find(ld->config, "dkim_keys", p->key_name);
	compile_senders(ld, at, p);
	check_identity(ld, at, p);
	set_fields(ld, at, p);
}

static void
compile_senders(struct load *ld, const struct at *at, struct dkim_profile *p)
{
	struct at list = at_key(at, "senders");
	struct err err = ERR_INIT;
	struct str text;

	p->senders =
	    arena_array(ld->mem, p->n_sender_texts + 1, sizeof(*p->senders));
	for (size_t i = 0; i < p->n_sender_texts; i++) {
		struct addr_pattern *one = &p->senders[p->n_senders];

		one->where = p->where;
		if (pattern_parse(one, p->sender_texts[i], ld->mem, &err))
			p->n_senders++;
		else
			load_error(ld, &list, "\"%.*s\" %s",
			    STR_ARG(p->sender_texts[i]), err.text);
	}
	if (p->n_sender_texts > 0 || p->domain.n == 0)
		return;
	text = str_of(arena_printf(ld->mem, "@%.*s", STR_ARG(p->domain)));
	if (pattern_parse(&p->senders[0], text, ld->mem, &err))
		p->n_senders = 1;
	p->senders[0].where = p->where;
}

/* RFC 6376 3.5: of the domain itself, or of one below it. */
static void
check_identity(
    struct load *ld, const struct at *at, const struct dkim_profile *p)
{
	size_t mark = str_rfind(p->identity, '@');
	struct str domain = str_sub(p->identity, mark + 1, p->identity.n);
	struct at key = at_key(at, "identity");
	bool below = domain.n > p->domain.n &&
		     domain.p[domain.n - p->domain.n - 1] == '.' &&
		     str_ends_nocase(domain, p->domain);

	if (p->identity.n > 0 && !below && !str_eq_nocase(domain, p->domain))
		load_error(ld, &key, "must end in @%.*s, or in a name below it",
		    STR_ARG(p->domain));
}

static void
set_fields(struct load *ld, const struct at *at, struct dkim_profile *p)
{
	struct at key = at_key(at, "fields");
	bool from = p->n_fields == 0;

	for (size_t i = 0; i < p->n_fields; i++) {
		from |= str_is_nocase(p->fields[i], "From");
		for (size_t k = 0; k < i; k++)
			if (str_eq_nocase(p->fields[i], p->fields[k]))
				load_error(ld, &key, "%.*s stands there twice",
				    STR_ARG(p->fields[i]));
	}
	if (!from)
		load_error(ld, &key, "From must be one of them");
	p->signed_fields = p->n_fields > 0 ? p->fields : usual;
	p->n_signed_fields = p->n_fields > 0 ? p->n_fields : NELEM(usual);
}
