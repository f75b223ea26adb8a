/*
 * given.h - facts with a key that the administrator gives to trace
 *
 * They are given before it is known which of them will be asked for, and
 * under the names that people use; so they are matched when a stage asks.
 */
#ifndef TRACE_GIVEN_H
#define TRACE_GIVEN_H

#include "base/err.h"
#include "fact/facts.h"

struct trace_given {
	struct given_recipient *directory; /* FACT_LDAP_ACCEPT */
	size_t n_directory;
	bool has_sdr; /* FACT_SDR */
	enum sdr_verdict sdr;
	struct sdr_fact sdr_detail;
};

/* "a@example.com=pass, b@example.com=fail, error": what the directory says;
 * without an address: of all others. False: err. */
bool given_directory(
    struct trace_given *, struct str list, struct arena *mem, struct err *);

/* "Poor", "neutral, 4475" (days), "awful, 3, Phishing": the verdict, the age
 * of the domain, the category of the threat. False: err. */
bool given_sdr(
    struct trace_given *, struct str text, struct arena *mem, struct err *);

/* Sets what was given for that need; false: nothing. */
bool given_fact(const struct trace_given *, const struct need *, struct facts *,
    struct arena *mem);

#endif
