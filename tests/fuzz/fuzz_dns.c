/*
 * fuzz_dns.c - lookup/rdata: a name server that says anything
 *
 * First byte: which type was asked for; then the message. What comes out is
 * within the limits of the message ANSWER, and names are names of hosts.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "fact/facts.h"
#include "lookup/rdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_name(struct str name);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const enum rdata_type types[] = { RDATA_A, RDATA_PTR, RDATA_MX,
		RDATA_TXT, RDATA_AAAA, RDATA_NS, RDATA_SOA };
	struct answer a = { 0 };
	const struct dns_rr *rr;
	struct arena mem;
	struct buf out;
	size_t text = 0;

	if (n == 0)
		return 0;
	arena_init(&mem, 4 * 1024 * 1024);
	rdata_parse((struct str){ (const char *)data + 1, n - 1 },
	    types[data[0] % 7], &mem, &a);
	if (a.end > LOOKUP_FAILED || a.ttl < TTL_MIN || a.ttl > TTL_MAX ||
	    (a.end == LOOKUP_FOUND) != (a.rrs.n > 0) || a.rrs.n > 1000)
		abort();
	rr = a.rrs.v;
	for (size_t i = 0; i < a.rrs.n; i++) {
		check_name(rr[i].name);
		text += rr[i].text.n;
	}
	/* text may be longer than the data that it is made of */
	if (text > 2 * DNS_ANSWER_MAX)
		abort();
	buf_init(&out, IPC_FRAME_MAX);
	codec_encode(&answer_codec, &a, &out);
	if (out.failed)
		abort();
	buf_fini(&out);
	arena_free(&mem);
	return 0;
}

static void
check_name(struct str name)
{
	if (name.n > DOMAIN_MAX)
		abort();
	for (size_t i = 0; i < name.n; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.",
			name.p[i]) == NULL ||
		    name.p[i] == '\0')
			abort();
}
