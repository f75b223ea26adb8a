/* mailpolicy_members.c - who is concerned by a mail policy */
#include "admin/mailpolicy.h"

#include <string.h>

#include "base/mem.h"
#include "config/pattern.h"

#define EXAMPLE "(Ex: user@example.com, user@, @example.com, @.example.com)"

static bool ask_addresses(
    struct editing *, const char *question, bool needed, struct buf *out);
static bool addresses_ok(struct editing *, const char *line);
static void add_list(struct buf *yaml, const char *key, struct str words);
static void begin(struct buf *yaml, size_t start);
static void show_list(
    struct buf *, const char *label, const struct addr_pattern *, size_t n);
static json_t *list_json(const struct addr_pattern *, size_t n);
static bool names(const struct addr_pattern *, size_t n, struct str address);

bool
mailpolicy_ask_member(struct editing *ed, struct buf *yaml)
{
	static const char *const senders[] = { "Any Sender",
		"Following Senders", "Following Senders are Not" };
	static const char *const rcpts[] = { "Any Recipient",
		"Following Recipients", "Following Recipients are Not" };
	static const char *const matches[] = { "One or more of them",
		"All of them must be recipients" };
	size_t which, start = yaml->len;
	struct buf words;
	bool ok;

	buf_init(&words, DIALOGUE_LINE);
	tool_space(ed->t);
	ok = dialogue_choice(&ed->t->dialogue,
	    "Which senders does the member have?", senders, 3, 0, &which);
	if (ok && which > 0) {
		ok = ask_addresses(ed,
		    "Enter the senders, separated by commas:\n" EXAMPLE, true,
		    &words);
		add_list(yaml, which == 1 ? "senders" : "not_senders",
		    buf_str(&words));
	}
	if (ok)
		tool_space(ed->t);
	ok = ok &&
	     dialogue_choice(&ed->t->dialogue,
		 "Which recipients does the member have?", rcpts, 3, 0, &which);
	if (ok && which == 1) {
		ok = ask_addresses(ed,
		    "Enter the recipients, separated by commas:\n" EXAMPLE,
		    true, &words);
		add_list(yaml, "recipients", buf_str(&words));
		if (ok && str_find(buf_str(&words), ',') < words.len) {
			size_t match;

			tool_space(ed->t);
			ok = dialogue_choice(&ed->t->dialogue,
			    "How many of them must a message have?", matches, 2,
			    0, &match);
			if (ok && match == 1)
				yaml_pair(yaml, "    ", "match", STR("all"));
		}
	}
	if (ok && which > 0) {
		ok = ask_addresses(ed,
		    which == 1 ? "Enter recipients that are excluded, "
				 "separated by commas (none: leave empty):"
			       : "Enter the recipients that are excluded, "
				 "separated by commas:\n" EXAMPLE,
		    which == 2, &words);
		add_list(yaml, "not_recipients", buf_str(&words));
	}
	buf_fini(&words);
	if (ok)
		begin(yaml, start);
	return ok;
}

void
mailpolicy_take_member(struct args *a, struct buf *yaml)
{
	static const char *const lists[] = { "senders", "not_senders",
		"recipients", "not_recipients" };
	size_t start = yaml->len;
	const char *match = args_option(a, "match");
	bool any = false;

	for (size_t i = 0; i < NELEM(lists); i++) {
		const char *words = args_option(a, lists[i]);

		if (words != NULL && strcmp(words, "any") == 0)
			any = true;
		else if (words != NULL)
			add_list(yaml, lists[i], str_of(words));
	}
	if (match != NULL && yaml->len > start)
		yaml_pair(yaml, "    ", "match", str_of(match));
	if (any || yaml->len > start)
		begin(yaml, start);
}

void
mailpolicy_show_member(const struct policy_member *m, struct buf *out)
{
	if (m->any_sender)
		buf_puts(out, "Any Sender");
	else
		show_list(out,
		    m->senders_not ? "Senders are not: " : "Senders: ",
		    m->senders, m->n_senders);
	buf_puts(out, "; ");
	if (m->any_rcpt)
		buf_puts(out, "Any Recipient");
	else
		show_list(out,
		    m->all_rcpts ? "all of the Recipients: " : "Recipients: ",
		    m->rcpts, m->n_rcpts);
	if (m->n_not_rcpts > 0)
		show_list(out, ", not: ", m->not_rcpts, m->n_not_rcpts);
}

json_t *
mailpolicy_member_json(const struct policy_member *m)
{
	json_t *json = json_object();

	if (!m->any_sender)
		json_object_set_new(json,
		    m->senders_not ? "not_senders" : "senders",
		    list_json(m->senders, m->n_senders));
	if (!m->any_rcpt) {
		json_object_set_new(
		    json, "recipients", list_json(m->rcpts, m->n_rcpts));
		json_object_set_new(
		    json, "match", json_string(m->all_rcpts ? "all" : "any"));
	}
	if (m->n_not_rcpts > 0)
		json_object_set_new(json, "not_recipients",
		    list_json(m->not_rcpts, m->n_not_rcpts));
	return json;
}

bool
mailpolicy_names_addr(const struct mail_policy *p, struct str address)
{
	for (size_t i = 0; i < p->n_members; i++) {
		const struct policy_member *m = &p->members[i];

		if (names(m->senders, m->n_senders, address) ||
		    names(m->rcpts, m->n_rcpts, address) ||
		    names(m->not_rcpts, m->n_not_rcpts, address))
			return true;
	}
	return false;
}

static bool
ask_addresses(
    struct editing *ed, const char *question, bool needed, struct buf *out)
{
	char line[DIALOGUE_LINE];

	tool_space(ed->t);
	do {
		if (!(needed ? dialogue_needed(&ed->t->dialogue, question, line,
				   sizeof(line))
			     : dialogue_text(&ed->t->dialogue, question, "",
				   line, sizeof(line))))
			return false;
	} while (!addresses_ok(ed, line));
	buf_reset(out);
	buf_puts(out, line);
	return true;
}

static bool
addresses_ok(struct editing *ed, const char *line)
{
	struct str rest = str_of(line);
	struct addr_pattern p;
	struct arena mem;
	bool ok = true;

	arena_init(&mem, 1 << 20);
	while (ok && rest.n > 0) {
		struct str one = args_cut(&rest);

		ok = pattern_parse(&p, one, &mem, NULL);
		if (!ok)
			fprintf(ed->t->dialogue.out,
			    "Invalid email address: \"%.*s\"\n", STR_ARG(one));
	}
	arena_free(&mem);
	return ok;
}

/* As keys of an item, which begin() makes one. */
static void
add_list(struct buf *yaml, const char *key, struct str words)
{
	if (words.n == 0)
		return;
	buf_printf(yaml, "    %s:\n", key);
	while (words.n > 0)
		yaml_item(yaml, "      ", args_cut(&words));
}

static void
begin(struct buf *yaml, size_t start)
{
	if (yaml->len == start)
		buf_puts(yaml, "    {}\n");
	yaml->data[start + 2] = '-';
}

static void
show_list(
    struct buf *out, const char *label, const struct addr_pattern *v, size_t n)
{
	buf_puts(out, label);
	for (size_t i = 0; i < n; i++)
		buf_printf(
		    out, "%s%.*s", i > 0 ? ", " : "", STR_ARG(v[i].text));
}

static json_t *
list_json(const struct addr_pattern *v, size_t n)
{
	json_t *json = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
		    json, json_stringn(v[i].text.p, v[i].text.n));
	return json;
}

/* As it stands there, or because it fits. */
static bool
names(const struct addr_pattern *v, size_t n, struct str address)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(v[i].text, address) ||
		    pattern_matches(&v[i], address))
			return true;
	return false;
}
