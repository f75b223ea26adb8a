/*
 * fuzz_sts.c - lookup/sts_policy: a policy, a record, any bytes
 *
 * What is taken has what a policy must have, and every pattern is one that
 * some host could fit.
 */
#include <stdlib.h>

#include "lookup/sts_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = { (const char *)data, n };
	struct err err = ERR_INIT;
	char id[STS_ID_MAX + 1];
	struct sts_policy p;

	if (sts_record(text, id) && id[0] == '\0')
		abort();
	if (sts_parse(text, &p, &err) == -1)
		return 0;
	if (p.mode != STS_NONE && p.n_mx == 0)
		abort();
	for (size_t i = 0; i < p.n_mx; i++)
		if (p.mx[i].p[0] != '*' && !sts_matches(p.mx[i], p.mx[i]))
			abort();
	return 0;
}
