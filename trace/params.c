/*
 * params.c - the parameters of a mail flow policy, as T1 lists them
 *
 * The first are always listed (receiving 2.6.1); the others where they are
 * not what the listener's type brings.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "config/schema.h"
#include "trace/trace.h"

static struct str show_size(const void *field, struct arena *);
static struct str show_count(const void *field, struct arena *);
static struct str show_limit(const void *field, struct arena *);
static struct str show_bits(const void *field, struct arena *);
static struct str show_code(const void *field, struct arena *);
static struct str show_bool(const void *field, struct arena *);
static struct str show_level(const void *field, struct arena *);
static struct str show_as_set(const void *field, struct arena *);
static bool follows(
    const struct listener *, const struct policy *, enum policy_param);
static bool applies(const struct listener *, enum policy_param);
static bool is_usual(const struct schema_key *, const struct policy_params *,
    const struct policy_params *usual);

#define ALWAYS 14 /* of these */

static const struct {
	enum policy_param id;
	const char *label;
	struct str (*show)(const void *field, struct arena *);
} params[] = {
	{ MFP_MAX_MESSAGE_SIZE, "Maximum Message Size", show_size },
	{ MFP_MAX_CONCURRENCY, "Maximum Number Of Connections From A Single IP",
	    show_count },
	{ MFP_MAX_MSGS_PER_SESSION, "Maximum Number Of Messages Per Connection",
	    show_count },
	{ MFP_MAX_RCPTS_PER_MSG, "Maximum Number Of Recipients Per Message",
	    show_count },
	{ MFP_MAX_RCPTS_PER_HOUR, "Maximum Recipients Per Hour", show_limit },
	{ MFP_MAX_RCPTS_PER_SENDER, "Maximum Recipients Per Envelope Sender",
	    show_limit },
	{ MFP_DHAP_LIMIT, "Directory Harvest Attack Prevention", show_limit },
	{ MFP_USE_SB, "Use SenderBase For Flow Control", show_bool },
	{ MFP_SPAM_CHECK, "Spam Detection Enabled", show_bool },
	{ MFP_VIRUS_CHECK, "Virus Detection Enabled", show_bool },
	{ MFP_TLS, "Allow TLS Connections", show_level },
	{ MFP_SMTP_AUTH, "Allow SMTP Authentication", show_level },
	{ MFP_SENDER_VERIFY, "Envelope Sender DNS Verification Enabled",
	    show_bool },
	{ MFP_EXCEPTION_TABLE, "Domain Exception Table Enabled", show_bool },

	{ MFP_OVERRIDE_HOSTNAME, "Override Banner Hostname", show_as_set },
	{ MFP_BANNER_CODE, "SMTP Banner Code", show_code },
	{ MFP_BANNER_TEXT, "SMTP Banner Text", show_as_set },
	{ MFP_RCPTS_PER_HOUR_CODE, "Recipients Per Hour Exceeded Code",
	    show_code },
	{ MFP_RCPTS_PER_HOUR_TEXT, "Recipients Per Hour Exceeded Text",
	    show_as_set },
	{ MFP_RCPTS_PER_SENDER_CODE,
	    "Recipients Per Envelope Sender Exceeded Code", show_code },
	{ MFP_RCPTS_PER_SENDER_TEXT,
	    "Recipients Per Envelope Sender Exceeded Text", show_as_set },
	{ MFP_SENDER_EXCEPTIONS, "Envelope Sender Rate Limit Exceptions",
	    show_as_set },
	{ MFP_DHAP_DROP, "Drop Connection On Directory Harvest Attack",
	    show_bool },
	{ MFP_DHAP_CODE, "Directory Harvest Attack Code", show_code },
	{ MFP_DHAP_TEXT, "Directory Harvest Attack Text", show_as_set },
	{ MFP_SIGNIFICANT_BITS, "Significant Bits Of IP Address", show_bits },
	{ MFP_TLS_MANDATORY_LIST, "TLS Mandatory For Address List",
	    show_as_set },
	{ MFP_TLS_VERIFY, "Verify Client Certificate", show_bool },
	{ MFP_AUTH_REQUIRE_TLS, "Require TLS To Offer SMTP Authentication",
	    show_bool },
	{ MFP_MALFORMED_CODE, "Malformed Envelope Sender Code", show_code },
	{ MFP_MALFORMED_TEXT, "Malformed Envelope Sender Text", show_as_set },
	{ MFP_MISSING_CODE, "Envelope Sender Domain Does Not Exist Code",
	    show_code },
	{ MFP_MISSING_TEXT, "Envelope Sender Domain Does Not Exist Text",
	    show_as_set },
	{ MFP_UNRESOLVED_CODE, "Envelope Sender Domain Does Not Resolve Code",
	    show_code },
	{ MFP_UNRESOLVED_TEXT, "Envelope Sender Domain Does Not Resolve Text",
	    show_as_set },
	{ MFP_UNTAGGED_BOUNCES, "Untagged Bounces Considered Valid",
	    show_bool },
};

size_t
trace_params(const struct listener *listener, const struct policy *policy,
    struct trace_param out[TRACE_PARAMS_MAX], struct arena *mem)
{
	struct policy_params *usual = arena_alloc(mem, sizeof(*usual));
	size_t n = 0;

	schema_defaults(&schema_policy_params,
	    listener->type == LISTENER_PUBLIC ? DEFAULT_PUBLIC
					      : DEFAULT_PRIVATE,
	    usual, mem);
	for (size_t i = 0; i < NELEM(params); i++) {
		enum policy_param id = params[i].id;
		const struct schema_key *key = &schema_policy_params.keys[id];
		const char *field = (const char *)&policy->p + key->off;

		if (!applies(listener, id) ||
		    (i >= ALWAYS && is_usual(key, &policy->p, usual)))
			continue;
		out[n++] = (struct trace_param){ .label = params[i].label,
			.key = key->name,
			.is_default = follows(listener, policy, id),
			.text = params[i].show(field, mem) };
	}
	return n;
}

/*
 * Whether the value is the listener's. What a predefined policy sets to what
 * the listener has as well makes no difference, so it counts as the
 * listener's; but not where the policy spares its senders a scanner: that
 * they are not scanned is the policy's doing whatever the listener has
 * (receiving 2.7, 2.8). What somebody wrote is what he set.
 */
static bool
follows(
    const struct listener *l, const struct policy *policy, enum policy_param id)
{
	const struct schema_key *key = &schema_policy_params.keys[id];
	bool written = policy->where.line > 0;
	bool spared = (id == MFP_SPAM_CHECK && !policy->p.spam_check) ||
		      (id == MFP_VIRUS_CHECK && !policy->p.virus_check);

	if (!policy->set[id])
		return true;
	return !written && !spared &&
	       is_usual(key, &policy->p, &l->hat.defaults);
}

/* Of what only SMTP has QMQP does not speak (receiving 9). */
static bool
applies(const struct listener *l, enum policy_param id)
{
	switch (id) {
	case MFP_MAX_MSGS_PER_SESSION:
	case MFP_TLS:
	case MFP_TLS_MANDATORY_LIST:
	case MFP_TLS_VERIFY:
	case MFP_SMTP_AUTH:
	case MFP_AUTH_REQUIRE_TLS:
	case MFP_OVERRIDE_HOSTNAME:
		return !listener_is_qmqp(l);
	default:
		return true;
	}
}

static bool
is_usual(const struct schema_key *key, const struct policy_params *p,
    const struct policy_params *usual)
{
	struct buf now, before;
	bool same;

	buf_init(&now, 1 << 16);
	buf_init(&before, 1 << 16);
	key->type->print(key, (const char *)p + key->off, &now);
	key->type->print(key, (const char *)usual + key->off, &before);
	same = str_eq(buf_str(&now), buf_str(&before));
	buf_fini(&now);
	buf_fini(&before);
	return same;
}

/* 10M, 20K, 1000 */
static struct str
show_size(const void *field, struct arena *mem)
{
	static const struct {
		uint64_t unit;
		const char *suffix;
	} units[] = { { 1 << 30, "G" }, { 1 << 20, "M" }, { 1 << 10, "K" },
		{ 1, "" } };
	uint64_t n = *(const uint64_t *)field;
	size_t i = 0;

	if (n == 0 || n == UNLIMITED)
		return show_limit(field, mem);
	while (n % units[i].unit != 0)
		i++;
	return str_of(arena_printf(
	    mem, "%" PRIu64 "%s", n / units[i].unit, units[i].suffix));
}

static struct str
show_count(const void *field, struct arena *mem)
{
	uint64_t n = *(const uint64_t *)field;
	char text[32];

	if (n == UNLIMITED)
		return STR("Unlimited");
	return str_of(arena_strdup(mem, str_thousands(n, text)));
}

static struct str
show_limit(const void *field, struct arena *mem)
{
	if (*(const uint64_t *)field == UNLIMITED)
		return STR("Disabled");
	return show_count(field, mem);
}

static struct str
show_bits(const void *field, struct arena *mem)
{
	if (*(const uint64_t *)field == UNLIMITED)
		return STR("All");
	return show_count(field, mem);
}

static struct str
show_code(const void *field, struct arena *mem)
{
	return str_of(
	    arena_printf(mem, "%u", (unsigned)*(const uint32_t *)field));
}

static struct str
show_bool(const void *field, struct arena *mem)
{
	(void)mem;
	return *(const bool *)field ? STR("Yes") : STR("No");
}

static struct str
show_level(const void *field, struct arena *mem)
{
	static const char *const names[] = { "No", "Preferred", "Required" };
	uint8_t level = *(const uint8_t *)field;

	(void)mem;
	return str_of(level < NELEM(names) ? names[level] : "No");
}

static struct str
show_as_set(const void *field, struct arena *mem)
{
	(void)mem;
	return *(const struct str *)field;
}
