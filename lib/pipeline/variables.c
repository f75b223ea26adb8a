/*
 * variables.c - HAT variables in banners and replies (spec receiving 4.7)
 */
#include "pipeline/variables.h"

#include "base/buf.h"
#include "base/mem.h"
#include "pipeline/pipeline.h"

#define EXPANDED_MAX 8192 /* as much as a reply may have: SMTP_REPLY_MAX */

static struct str value_group(
    const struct subject *, const struct facts *, struct arena *);
static struct str value_host(
    const struct subject *, const struct facts *, struct arena *);
static struct str value_owner(
    const struct subject *, const struct facts *, struct arena *);
static struct str value_ip(
    const struct subject *, const struct facts *, struct arena *);
static struct str value_entry(
    const struct subject *, const struct facts *, struct arena *);

static struct str value_sender(
    const struct subject *, const struct facts *, struct arena *);

static const struct variable {
	const char *name;
	struct str (*value)(
	    const struct subject *, const struct facts *, struct arena *);
	enum fact_id needs; /* FACT_N: none */
} variables[] = {
	{ "Group", value_group, FACT_N },
	{ "Hostname", value_host, FACT_HOST },
	{ "OrgID", value_owner, FACT_OWNER },
	{ "RemoteIP", value_ip, FACT_N },
	{ "HATEntry", value_entry, FACT_N },
	{ "EnvelopeSender", value_sender, FACT_N },
};

static const struct variable *next_variable(
    struct str *text, struct str *before);
static void add_value(struct buf *out, struct str value);

bool
variables_need(struct str text, const struct facts *facts, enum fact_id *needs)
{
	const struct variable *v;
	struct str before;

	while ((v = next_variable(&text, &before)) != NULL) {
		if (v->needs == FACT_N || !fact_is_open(facts, v->needs))
			continue;
		*needs = v->needs;
		return true;
	}
	return false;
}

bool
variables_mention(struct str text, enum fact_id id)
{
	const struct variable *v;
	struct str before;

	while ((v = next_variable(&text, &before)) != NULL) {
		if (v->needs == id)
			return true;
	}
	return false;
}

struct str
variables_expand(struct str text, const struct subject *s,
    const struct facts *facts, struct arena *mem)
{
	const struct variable *v;
	struct str before, result;
	struct buf out;

	if (str_find(text, '$') == text.n)
		return text;
	buf_init(&out, EXPANDED_MAX);
	while ((v = next_variable(&text, &before)) != NULL) {
		buf_add_str(&out, before);
		add_value(&out, v->value(s, facts, mem));
	}
	buf_add_str(&out, before);
	result = arena_str(mem, buf_str(&out));
	buf_fini(&out);
	return result;
}

struct reply *
variables_reply(struct stage_out *out, const struct subject *s,
    const struct facts *facts, int code, const char *detail, struct str text)
{
	struct reply *reply;
	enum fact_id needs;

	if (variables_need(text, facts, &needs)) {
		stage_needs(out, needs, STR(""));
		return NULL;
	}
	reply = &stage_effect(out, EFFECT_REPLY)->reply;
	reply->code = code;
	reply->status =
	    text.n > 0 && text.p[0] == '#'
		? ""
		: arena_printf(out->mem, "%d.%s", code / 100, detail);
	reply->text = variables_expand(text, s, facts, out->mem);
	return reply;
}

/* Cuts the text after the next variable; *before is what stood before it.
 * NULL: there is none, *before is all. */
static const struct variable *
next_variable(struct str *text, struct str *before)
{
	for (size_t i = 0; i < text->n; i++) {
		size_t n = 0;
		struct str word;

		if (text->p[i] != '$')
			continue;
		while (i + 1 + n < text->n &&
		       ((text->p[i + 1 + n] | 0x20) >= 'a' &&
			   (text->p[i + 1 + n] | 0x20) <= 'z'))
			n++;
		word = str_sub(*text, i + 1, n);
		for (size_t k = 0; k < NELEM(variables); k++) {
			if (!str_is_nocase(word, variables[k].name))
				continue;
			*before = str_sub(*text, 0, i);
			*text = str_sub(*text, i + 1 + n, text->n);
			return &variables[k];
		}
	}
	*before = *text;
	return NULL;
}

static void
add_value(struct buf *out, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		buf_putc(out, c < ' ' || c == 0x7f ? '?' : (char)c);
	}
}

static struct str
value_group(
    const struct subject *s, const struct facts *facts, struct arena *mem)
{
	(void)facts;
	(void)mem;
	if (s->group == NULL || pipeline_group_name(s->group).n == 0)
		return STR("None");
	return pipeline_group_name(s->group);
}

static struct str
value_host(
    const struct subject *s, const struct facts *facts, struct arena *mem)
{
	(void)s;
	(void)mem;
	if (facts->meta[FACT_HOST].state != FACT_KNOWN)
		return STR("Unknown");
	if (facts->host_class == HOST_VERIFIED)
		return facts->host;
	return facts->host_class == HOST_NX ? STR("None") : STR("Unknown");
}

static struct str
value_owner(
    const struct subject *s, const struct facts *facts, struct arena *mem)
{
	(void)s;
	if (facts->meta[FACT_OWNER].state != FACT_KNOWN || facts->owner == 0)
		return STR("None");
	return str_of(
	    arena_printf(mem, "%llu", (unsigned long long)facts->owner));
}

static struct str
value_ip(const struct subject *s, const struct facts *facts, struct arena *mem)
{
	char text[IP_TEXT];

	(void)s;
	return str_of(arena_strdup(mem, ip_text(&facts->client, text)));
}

static struct str
value_entry(
    const struct subject *s, const struct facts *facts, struct arena *mem)
{
	(void)facts;
	(void)mem;
	return s->entry != NULL ? s->entry->text : STR("None");
}

/* Before there is one, the word stays as it is. */
static struct str
value_sender(
    const struct subject *s, const struct facts *facts, struct arena *mem)
{
	(void)facts;
	(void)mem;
	return s->sender.p != NULL ? s->sender : STR("$EnvelopeSender");
}
