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
	bool has_spam, has_virus; /* FACT_SPAM, FACT_VIRUS */
	struct spam_fact spam;
	enum virus_answer virus;
	struct virus_fact virus_detail;
	struct str virus_text; /* names, or why it is unscannable */
	bool has_bounce_tag;   /* FACT_BOUNCE_TAG, of all recipients */
	enum bounce_tag bounce_tag;
};

/* "a@example.com=pass, b@example.com=fail, error": what the directory says;
 * without an address: of all others. False: err. */
bool given_directory(
    struct trace_given *, struct str list, struct arena *mem, struct err *);

/* "Poor", "neutral, 4475" (days), "awful, 3, Phishing": the verdict, the age
 * of the domain, the category of the threat. False: err. */
bool given_sdr(
    struct trace_given *, struct str text, struct arena *mem, struct err *);

/* "70", "95, URIBL_BLACK, BAYES_99": the score as policies have it, 0 to 100,
 * and the names of tests. False: err. */
bool given_spam(
    struct trace_given *, struct str text, struct arena *mem, struct err *err);

/* "clean", "encrypted", "unscannable", or the name of a virus, which is in the
 * message as a whole and in none of its attachments alone. */
void given_virus(struct trace_given *, struct str text);

/* "valid", "expired", "forged", "untagged", "no keys". False: err. */
bool given_bounce_tag(struct trace_given *, struct str text, struct err *err);

/* Will given_fact() have an answer for any need of that kind? */
bool given_has(const struct trace_given *, enum fact_id);

/* Sets what was given for that need; false: nothing. */
bool given_fact(const struct trace_given *, const struct need *, struct facts *,
    struct arena *mem);

#endif
