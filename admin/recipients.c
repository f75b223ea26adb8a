/* recipients.c - entries of a recipient access table while they are edited */
#include "admin/recipients.h"

#include <stdlib.h>

#include "admin/listener.h"
#include "admin/senders.h"
#include "base/mem.h"

const struct recipients_bypass recipients_bypass[3] = {
	{ "bypass_receiving_control",
	    "Would you like to bypass receiving control for this entry?" },
	{ "bypass_ldap_accept",
	    "Would you like to bypass LDAP ACCEPT for this entry?" },
	{ "bypass_callahead",
	    "Would you like to bypass SMTP call-ahead for this entry?" },
};

static void read_patterns(
    const struct editing *, const char *path, char *out, size_t size);
static bool is_written(
    const struct editing *, size_t listener, size_t own, struct str pattern);
static bool reply_fits(const struct recipients *, struct err *);
static void describe(const struct recipients *, struct buf *);

size_t
recipients_count(const struct editing *ed, size_t listener)
{
	char path[LISTENER_PATH];

	snprintf(path, sizeof(path), "listeners[%zu].rat", listener);
	return edit_count(ed->w->yaml, path);
}

void
recipients_read(
    const struct editing *ed, size_t listener, size_t k, struct recipients *r)
{
	const struct edit *e = ed->w->yaml;
	char path[LISTENER_PATH], key[LISTENER_PATH + 40];
	struct str value;

	*r = (struct recipients){ .accept = true };
	snprintf(path, sizeof(path), "listeners[%zu].rat[%zu]", listener, k);
	if (edit_get(e, path, &value)) {
		str_copy(r->patterns, sizeof(r->patterns), value);
		return;
	}
	snprintf(key, sizeof(key), "%s.accept", path);
	r->accept = edit_has(e, key);
	if (!r->accept)
		snprintf(key, sizeof(key), "%s.reject", path);
	read_patterns(ed, key, r->patterns, sizeof(r->patterns));
	snprintf(key, sizeof(key), "%s.reply", path);
	if (edit_get(e, key, &value))
		str_copy(r->reply, sizeof(r->reply), value);
	for (size_t b = 0; b < NELEM(recipients_bypass); b++) {
		const struct schema_key *sk =
		    ask_key_named(&schema_rat_entry, recipients_bypass[b].key);

		snprintf(key, sizeof(key), "%s.%s", path, sk->name);
		if (edit_get(e, key, &value))
			sk->type->parse(sk, value, &r->bypass[b], NULL, NULL);
	}
}

size_t
recipients_find(const struct editing *ed, size_t listener, struct str pattern)
{
	size_t n = recipients_count(ed, listener);

	for (size_t k = 0; k < n; k++) {
		struct recipients r;
		struct str list;

		recipients_read(ed, listener, k, &r);
		list = str_of(r.patterns);
		if (str_eq_nocase(list, pattern))
			return k;
		while (list.n > 0) {
			if (str_eq_nocase(args_cut(&list), pattern))
				return k;
		}
	}
	return n;
}

bool
recipients_is_all(const struct recipients *r)
{
	return str_is_nocase(str_of(r->patterns), "ALL");
}

bool
recipients_check(struct editing *ed, size_t listener, size_t own,
    struct recipients *r, struct err *err)
{
	struct str list = str_of(r->patterns);
	struct buf kept;

	if (!senders_check(list, senders_recipient, err) || !reply_fits(r, err))
		return false;
	buf_init(&kept, sizeof(r->patterns));
	while (list.n > 0) {
		struct str one = args_cut(&list);

		if (one.n == 0)
			continue;
		if (is_written(ed, listener, own, one)) {
			fprintf(ed->t->dialogue.out,
			    "%.*s is in the table already; dropped.\n",
			    STR_ARG(one));
			continue;
		}
		buf_printf(
		    &kept, "%s%.*s", kept.len > 0 ? ", " : "", STR_ARG(one));
	}
	str_copy(r->patterns, sizeof(r->patterns), buf_str(&kept));
	if (kept.len == 0)
		err_set(err, ERR_USAGE, "There is nothing to add.");
	buf_fini(&kept);
	return *r->patterns != '\0';
}

void
recipients_add(struct editing *ed, size_t listener, const struct recipients *r)
{
	size_t n = recipients_count(ed, listener);
	struct recipients last;
	struct buf yaml;

	if (n > 0) {
		recipients_read(ed, listener, n - 1, &last);
		n -= recipients_is_all(&last);
	}
	buf_init(&yaml, 1 << 20);
	describe(r, &yaml);
	editing_insert(ed, n, buf_str(&yaml), "listeners[%zu].rat", listener);
	buf_fini(&yaml);
}

void
recipients_replace(
    struct editing *ed, size_t listener, size_t k, const struct recipients *r)
{
	struct buf yaml;

	buf_init(&yaml, 1 << 20);
	describe(r, &yaml);
	editing_yaml(
	    ed, buf_str(&yaml), "listeners[%zu].rat[%zu]", listener, k);
	buf_fini(&yaml);
}

static void
read_patterns(
    const struct editing *ed, const char *path, char *out, size_t size)
{
	size_t n = edit_count(ed->w->yaml, path);
	struct buf text;

	buf_init(&text, size);
	for (size_t i = 0; i < n; i++) {
		char item[LISTENER_PATH + 80];
		struct str value;

		snprintf(item, sizeof(item), "%s[%zu]", path, i);
		if (edit_get(ed->w->yaml, item, &value))
			buf_printf(
			    &text, "%s%.*s", i > 0 ? ", " : "", STR_ARG(value));
	}
	str_copy(out, size, buf_str(&text));
	buf_fini(&text);
}

static bool
is_written(
    const struct editing *ed, size_t listener, size_t own, struct str pattern)
{
	size_t k = recipients_find(ed, listener, pattern);

	return k < recipients_count(ed, listener) && k != own;
}

/* As a file would be checked, but said at once. */
static bool
reply_fits(const struct recipients *r, struct err *err)
{
	struct str text = str_of(r->reply);
	uint64_t code;

	if (text.n == 0)
		return true;
	if (text.n >= 3 && str_u64(str_sub(text, 0, 3), 599, &code) &&
	    (text.n == 3 || text.p[3] == ' ') &&
	    (r->accept ? code / 100 == 2 : code / 100 == 4 || code / 100 == 5))
		return true;
	return err_set(err, ERR_USAGE,
		   "The reply must be a code within %s and a text.",
		   r->accept ? "200..299" : "400..599") == 0;
}

static void
describe(const struct recipients *r, struct buf *out)
{
	struct str list = str_of(r->patterns), first = args_cut(&list);
	bool plain = r->accept && *r->reply == '\0';

	for (size_t b = 0; b < NELEM(r->bypass); b++)
		plain = plain && !r->bypass[b];
	if (plain && list.n == 0) {
		edit_quote(out, first);
		return;
	}
	list = str_of(r->patterns);
	if (str_find(list, ',') == list.n) {
		yaml_pair(out, "", r->accept ? "accept" : "reject", list);
	} else {
		buf_printf(out, "%s:\n", r->accept ? "accept" : "reject");
		while (list.n > 0)
			yaml_item(out, "  ", args_cut(&list));
	}
	if (*r->reply != '\0')
		yaml_pair(out, "", "reply", str_of(r->reply));
	for (size_t b = 0; b < NELEM(r->bypass); b++) {
		if (r->bypass[b])
			buf_printf(out, "%s: yes\n", recipients_bypass[b].key);
	}
}
