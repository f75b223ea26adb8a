/*
 * schema_sdr.c - the keys of postern.yaml: sender domain reputation
 */
#include "config/schema_def.h"

/* How many verdicts, from the worst on (fact/facts.h), are refused. */
static const struct choice thresholds[] = {
	{ "none", 0 },
	{ "awful", 1 },
	{ "poor", 2 },
	{ "tainted", 3 },
	{ "weak", 4 },
	{ NULL, 0 },
};
static const struct choice matches[] = {
	{ "sender", 0 },
	{ "all", 1 },
	{ NULL, 0 },
};

static const struct schema_key sdr_keys[] = {
	{ .name = "enabled",
	    FIELD(config, sdr),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether the reputation of the domains that incoming mail "
		    "comes from is looked up: those of its client, sender, "
		    "From and Reply-To. This version has no service to ask: "
		    "no message gets a verdict." },
	{ .name = "block",
	    FIELD(config, sdr_block),
	    .type = &value_choice,
	    .choices = thresholds,
	    DEFAULT("awful"),
	    .help = "The best verdict that is refused: awful, poor, tainted "
		    "or weak; none: nothing is." },
	{ .name = "code",
	    FIELD(config, sdr_code),
	    .type = &value_count,
	    .min = 400,
	    .max = 599,
	    DEFAULT("550"),
	    .help = "Reply code of the refusal." },
	{ .name = "text",
	    FIELD(config, sdr_text),
	    .type = &value_text,
	    .max = 1000,
	    .text_ok = name_reply,
	    DEFAULT(""),
	    .help = "Reply text of the refusal; empty: the usual one." },
	{ .name = "exceptions",
	    FIELD(config, sdr_exceptions_name),
	    .type = &value_text,
	    .refers = "address_lists",
	    .max = 80,
	    DEFAULT(""),
	    .help = "Senders whose mail is not looked up: one of the "
		    "address_lists." },
	{ .name = "exceptions_match",
	    FIELD(config, sdr_match_all),
	    .type = &value_choice,
	    .choices = matches,
	    DEFAULT("sender"),
	    .help = "What must be in that list: sender, the envelope sender; "
		    "or all, that and each address in From and Reply-To." },
};
const struct schema_section schema_sdr = { SECTION(config, "sdr", sdr_keys),
	NO_WHERE, .finish = load_sdr_finish };
