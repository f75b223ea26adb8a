/* policy.c - parameters of mail flow policies in dialogues */
#include "admin/policy.h"

#include <inttypes.h>

#include "base/mem.h"

enum shown { NUMBER, BYTES, LIMIT, FLAG, LEVEL };

/* In the order in which they are asked. when: another parameter that must be
 * on, or limited, for this one to matter. */
static const struct {
	enum policy_param id;
	const char *label;
	enum policy_param when; /* MFP_N: always */
} asked[] = {
	{ MFP_MAX_MESSAGE_SIZE, "Maximum message size", MFP_N },
	{ MFP_MAX_CONCURRENCY, "Maximum number of connections from a single IP",
	    MFP_N },
	{ MFP_MAX_MSGS_PER_SESSION, "Maximum number of messages per connection",
	    MFP_N },
	{ MFP_MAX_RCPTS_PER_MSG, "Maximum number of recipients per message",
	    MFP_N },
	{ MFP_OVERRIDE_HOSTNAME, "Host name in the SMTP banner", MFP_N },
	{ MFP_BANNER_CODE, "SMTP banner code", MFP_N },
	{ MFP_BANNER_TEXT, "SMTP banner text", MFP_N },
	{ MFP_MAX_RCPTS_PER_HOUR, "Maximum number of recipients per hour",
	    MFP_N },
	{ MFP_RCPTS_PER_HOUR_CODE, "Code when too many recipients came",
	    MFP_MAX_RCPTS_PER_HOUR },
	{ MFP_RCPTS_PER_HOUR_TEXT, "Text when too many recipients came",
	    MFP_MAX_RCPTS_PER_HOUR },
	{ MFP_MAX_RCPTS_PER_SENDER,
	    "Maximum number of recipients per envelope sender", MFP_N },
	{ MFP_RCPTS_PER_SENDER_CODE, "Code when a sender had too many",
	    MFP_MAX_RCPTS_PER_SENDER },
	{ MFP_RCPTS_PER_SENDER_TEXT, "Text when a sender had too many",
	    MFP_MAX_RCPTS_PER_SENDER },
	{ MFP_SENDER_EXCEPTIONS, "Address list of senders without this limit",
	    MFP_MAX_RCPTS_PER_SENDER },
	{ MFP_DHAP_LIMIT, "Maximum number of invalid recipients per hour",
	    MFP_N },
	{ MFP_DHAP_DROP, "Drop the connection when it is reached?",
	    MFP_DHAP_LIMIT },
	{ MFP_DHAP_CODE, "Code when it is reached", MFP_DHAP_LIMIT },
	{ MFP_DHAP_TEXT, "Text when it is reached", MFP_DHAP_LIMIT },
	{ MFP_USE_SB, "Use SenderBase for flow control?", MFP_N },
	{ MFP_SIGNIFICANT_BITS,
	    "Number of bits of the IP address to treat as significant", MFP_N },
	{ MFP_SPAM_CHECK, "Enable spam detection?", MFP_N },
	{ MFP_VIRUS_CHECK, "Enable virus detection?", MFP_N },
	{ MFP_TLS, "Allow TLS connections?", MFP_N },
	{ MFP_TLS_MANDATORY_LIST, "Address list of senders that must use TLS",
	    MFP_TLS },
	{ MFP_TLS_VERIFY, "Verify client certificates?", MFP_TLS },
	{ MFP_SMTP_AUTH, "Allow SMTP authentication?", MFP_N },
	{ MFP_AUTH_REQUIRE_TLS, "Require TLS to offer SMTP authentication?",
	    MFP_SMTP_AUTH },
	{ MFP_SENDER_VERIFY, "Enable envelope sender verification?", MFP_N },
	{ MFP_MALFORMED_CODE, "Code for malformed envelope senders",
	    MFP_SENDER_VERIFY },
	{ MFP_MALFORMED_TEXT, "Text for malformed envelope senders",
	    MFP_SENDER_VERIFY },
	{ MFP_UNRESOLVED_CODE, "Code for senders that do not resolve",
	    MFP_SENDER_VERIFY },
	{ MFP_UNRESOLVED_TEXT, "Text for senders that do not resolve",
	    MFP_SENDER_VERIFY },
	{ MFP_MISSING_CODE, "Code for senders that do not exist",
	    MFP_SENDER_VERIFY },
	{ MFP_MISSING_TEXT, "Text for senders that do not exist",
	    MFP_SENDER_VERIFY },
	{ MFP_EXCEPTION_TABLE, "Use the domain exception table?", MFP_N },
	{ MFP_UNTAGGED_BOUNCES, "Consider untagged bounces to be valid?",
	    MFP_N },
};

static bool ask_one(struct editing *, size_t i, struct policy_params *,
    bool is_set, bool can_default, const char *path);
static bool matters(const struct policy_params *, enum policy_param);
static void read_back(
    enum policy_param, struct str answer, struct policy_params *);
static uint64_t number(const struct policy_params *, enum policy_param);
static void show_number(struct buf *, uint64_t, enum shown);

void
policy_show(const struct policy_params *p, struct buf *out)
{
	static const struct {
		const char *label;
		enum policy_param id;
		enum shown shown;
	} lines[] = {
		{ "Maximum Message Size", MFP_MAX_MESSAGE_SIZE, BYTES },
		{ "Maximum Number Of Connections From A Single IP",
		    MFP_MAX_CONCURRENCY, NUMBER },
		{ "Maximum Number Of Messages Per Connection",
		    MFP_MAX_MSGS_PER_SESSION, NUMBER },
		{ "Maximum Number Of Recipients Per Message",
		    MFP_MAX_RCPTS_PER_MSG, NUMBER },
		{ "Maximum Number Of Recipients Per Hour",
		    MFP_MAX_RCPTS_PER_HOUR, LIMIT },
		{ "Use SenderBase for Flow Control", MFP_USE_SB, FLAG },
		{ "Spam Detection Enabled", MFP_SPAM_CHECK, FLAG },
		{ "Virus Detection Enabled", MFP_VIRUS_CHECK, FLAG },
		{ "Allow TLS Connections", MFP_TLS, LEVEL },
		{ "Allow SMTP Authentication", MFP_SMTP_AUTH, LEVEL },
		{ "Require TLS To Offer SMTP authentication",
		    MFP_AUTH_REQUIRE_TLS, FLAG },
	};

	buf_puts(out, "Default Policy Parameters\n"
		      "=========================\n");
	for (size_t i = 0; i < NELEM(lines); i++) {
		uint64_t n = number(p, lines[i].id);

		/* Nothing is required of what is not offered. */
		if (lines[i].id == MFP_AUTH_REQUIRE_TLS && p->smtp_auth == 0)
			n = 0;
		buf_printf(out, "%s: ", lines[i].label);
		show_number(out, n, lines[i].shown);
		buf_putc(out, '\n');
	}
}

bool
policy_ask(struct editing *ed, const struct policy_params *now,
    const bool set[MFP_N], const char *path)
{
	struct policy_params p = *now;

	for (size_t i = 0; i < NELEM(asked); i++) {
		bool is_set = set == NULL || set[asked[i].id];

		if (asked[i].when != MFP_N && !matters(&p, asked[i].when))
			continue;
		/* With reputation its own grouping counts. */
		if (asked[i].id == MFP_SIGNIFICANT_BITS &&
		    (p.use_sb ? !matters(&p, MFP_DHAP_LIMIT)
			      : !matters(&p, MFP_MAX_RCPTS_PER_HOUR)))
			continue;
		if (!ask_one(ed, i, &p, is_set, set != NULL, path))
			return false;
	}
	return true;
}

/* Later questions depend on the answer, so it is kept in *p. */
static bool
ask_one(struct editing *ed, size_t i, struct policy_params *p, bool is_set,
    bool can_default, const char *path)
{
	const struct schema_key *key = &schema_policy_params.keys[asked[i].id];
	struct buf text, answer;
	bool dflt, changed, ok;
	struct question q = { .key = key,
		.object = p,
		.can_default = can_default,
		.is_default = !is_set };

	buf_init(&text, 1000);
	buf_init(&answer, DIALOGUE_LINE);
	buf_puts(&text, asked[i].label);
	if (key->type != &value_bool && key->choices == NULL &&
	    key->refers == NULL)
		buf_printf(&text, ": %s%s", key->help,
		    can_default ? " \"default\": as the listener." : "");
	q.text = text.data;
	ok = ask_value(ed, &q, &answer, &dflt, &changed);
	if (ok && changed && dflt)
		editing_delete(ed, "%s.%s", path, key->name);
	else if (ok && changed)
		editing_text(ed, buf_str(&answer), "%s.%s", path, key->name);
	if (ok && !dflt)
		read_back(asked[i].id, buf_str(&answer), p);
	buf_fini(&text);
	buf_fini(&answer);
	return ok;
}

/* On, or limited. */
static bool
matters(const struct policy_params *p, enum policy_param id)
{
	uint64_t n = number(p, id);

	return n != 0 && n != UNLIMITED;
}

/* Numbers and flags only: the texts are asked for once. */
static void
read_back(enum policy_param id, struct str answer, struct policy_params *p)
{
	const struct schema_key *key = &schema_policy_params.keys[id];

	if (key->type != &value_text)
		key->type->parse(key, answer, (char *)p + key->off, NULL, NULL);
}

static uint64_t
number(const struct policy_params *p, enum policy_param id)
{
	const struct schema_key *key = &schema_policy_params.keys[id];

	return schema_get_uint(key, (const char *)p + key->off);
}

static void
show_number(struct buf *out, uint64_t n, enum shown shown)
{
	static const char *const levels[] = { "No", "Preferred", "Required" };
	char text[32];

	switch (shown) {
	case BYTES:
		value_size.print(
		    &schema_policy_params.keys[MFP_MAX_MESSAGE_SIZE], &n, out);
		return;
	case FLAG:
		buf_puts(out, n != 0 ? "Yes" : "No");
		return;
	case LEVEL:
		buf_puts(out, levels[n < NELEM(levels) ? n : 0]);
		return;
	case LIMIT:
	case NUMBER:
		if (n == UNLIMITED)
			buf_puts(
			    out, shown == LIMIT ? "Disabled" : "Unlimited");
		else
			buf_puts(out, str_thousands(n, text));
		return;
	}
}
