/*
 * params.c - the parameters of a mail flow policy, as T1 lists them
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "trace/trace.h"

static void show_size(char out[32], uint64_t n);
static void show_count(char out[32], uint64_t n);
static void show_limit(char out[32], uint64_t n);
static void show_bool(char out[32], uint64_t n);
static void show_level(char out[32], uint64_t n);
static uint64_t value(const struct policy_params *, enum policy_param);

static const struct {
	enum policy_param id;
	const char *label, *key;
	void (*show)(char out[32], uint64_t n);
} params[TRACE_PARAMS] = {
	{ MFP_MAX_MESSAGE_SIZE, "Maximum Message Size", "max_message_size",
	    show_size },
	{ MFP_MAX_CONCURRENCY, "Maximum Number Of Connections From A Single IP",
	    "max_concurrency", show_count },
	{ MFP_MAX_MSGS_PER_SESSION, "Maximum Number Of Messages Per Connection",
	    "max_msgs_per_session", show_count },
	{ MFP_MAX_RCPTS_PER_MSG, "Maximum Number Of Recipients Per Message",
	    "max_rcpts_per_msg", show_count },
	{ MFP_MAX_RCPTS_PER_HOUR, "Maximum Recipients Per Hour",
	    "max_rcpts_per_hour", show_limit },
	{ MFP_MAX_RCPTS_PER_SENDER, "Maximum Recipients Per Envelope Sender",
	    "max_rcpts_per_sender", show_limit },
	{ MFP_DHAP_LIMIT, "Directory Harvest Attack Prevention", "dhap_limit",
	    show_limit },
	{ MFP_USE_SB, "Use SenderBase For Flow Control", "use_sb", show_bool },
	{ MFP_SPAM_CHECK, "Spam Detection Enabled", "spam_check", show_bool },
	{ MFP_VIRUS_CHECK, "Virus Detection Enabled", "virus_check",
	    show_bool },
	{ MFP_TLS, "Allow TLS Connections", "tls", show_level },
	{ MFP_SMTP_AUTH, "Allow SMTP Authentication", "smtp_auth", show_level },
	{ MFP_SENDER_VERIFY, "Envelope Sender DNS Verification Enabled",
	    "envelope_sender_verify", show_bool },
	{ MFP_EXCEPTION_TABLE, "Domain Exception Table Enabled",
	    "exception_table", show_bool },
};

void
trace_params(const struct policy *policy, struct trace_param out[TRACE_PARAMS])
{
	for (size_t i = 0; i < NELEM(params); i++) {
		out[i].label = params[i].label;
		out[i].key = params[i].key;
		out[i].is_default = !policy->set[params[i].id];
		params[i].show(out[i].text, value(&policy->p, params[i].id));
	}
}

static uint64_t
value(const struct policy_params *p, enum policy_param id)
{
	switch (id) {
	case MFP_MAX_MESSAGE_SIZE:
		return p->max_message_size;
	case MFP_MAX_CONCURRENCY:
		return p->max_concurrency;
	case MFP_MAX_MSGS_PER_SESSION:
		return p->max_msgs_per_session;
	case MFP_MAX_RCPTS_PER_MSG:
		return p->max_rcpts_per_msg;
	case MFP_MAX_RCPTS_PER_HOUR:
		return p->max_rcpts_per_hour;
	case MFP_MAX_RCPTS_PER_SENDER:
		return p->max_rcpts_per_sender;
	case MFP_DHAP_LIMIT:
		return p->dhap_limit == 0 ? UNLIMITED : p->dhap_limit;
	case MFP_USE_SB:
		return p->use_sb;
	case MFP_SPAM_CHECK:
		return p->spam_check;
	case MFP_VIRUS_CHECK:
		return p->virus_check;
	case MFP_TLS:
		return p->tls;
	case MFP_SMTP_AUTH:
		return p->smtp_auth;
	case MFP_SENDER_VERIFY:
		return p->envelope_sender_verify;
	case MFP_EXCEPTION_TABLE:
		return p->exception_table;
	default: /* not in the table */
		break;
	}
	panic("no value for parameter %d", id);
}

/* 10M, 20K, 1000 */
static void
show_size(char out[32], uint64_t n)
{
	static const struct {
		uint64_t unit;
		const char *suffix;
	} units[] = { { 1 << 30, "G" }, { 1 << 20, "M" }, { 1 << 10, "K" },
		{ 1, "" } };
	size_t i = 0;

	if (n == 0 || n == UNLIMITED) {
		show_limit(out, n);
		return;
	}
	while (n % units[i].unit != 0)
		i++;
	snprintf(out, 32, "%" PRIu64 "%s", n / units[i].unit, units[i].suffix);
}

static void
show_count(char out[32], uint64_t n)
{
	if (n == UNLIMITED)
		snprintf(out, 32, "Unlimited");
	else
		str_thousands(n, out);
}

static void
show_limit(char out[32], uint64_t n)
{
	if (n == UNLIMITED)
		snprintf(out, 32, "Disabled");
	else
		str_thousands(n, out);
}

static void
show_bool(char out[32], uint64_t n)
{
	snprintf(out, 32, "%s", n ? "Yes" : "No");
}

static void
show_level(char out[32], uint64_t n)
{
	static const char *const names[] = { "No", "Preferred", "Required" };

	snprintf(out, 32, "%s", n < NELEM(names) ? names[n] : "No");
}
