/*
 * access.c - what a decision of the access tables costs
 *
 *	access ENTRIES...
 *
 * For each number: a host access table of which half the entries are
 * addresses and networks and half names and domains, once as one group and
 * once as many single entries; a recipient access table of addresses and
 * domains. Loaded as hat_file and rat_file through config_load, then asked
 * as smtpd does, through the stages, about clients and recipients of which
 * every second is in the table. Prints CPU time: of loading, and of a
 * decision.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "config/load.h"
#include "pipeline/stages.h"

#define ROUNDS  200000
#define CLIENTS 4096
#define HEAD                                                                   \
	"hostname: a.test\ninterfaces: [{name: N, ip: 192.0.2.1}]\n"           \
	"listeners:\n- name: In\n  hat_file: h\n  rat_file: r\n"

static void measure(unsigned n, bool singles);
static void write_hat(unsigned n, bool singles, struct buf *);
static void write_rat(unsigned n, struct buf *);
static double ask_hat(const struct config *, unsigned n);
static double ask_rat(const struct config *, unsigned n);
static uint32_t scatter(uint32_t);
static double now(void);

int
main(int argc, char **argv)
{
	printf("%10s  %-8s %12s %14s %14s\n", "entries", "groups", "load, ms",
	    "client, ns", "recipient, ns");
	for (int i = 1; i < argc; i++) {
		unsigned n = (unsigned)strtoul(argv[i], NULL, 10);

		if (n < 10)
			errx(1, "%s: give numbers from 10", argv[i]);
		measure(n, false);
		measure(n, true);
	}
	return 0;
}

static void
measure(unsigned n, bool singles)
{
	struct err err = ERR_INIT;
	struct buf hat, rat;
	struct bundle_file files[3] = { { STR("postern.yaml"), STR(HEAD) } };
	struct bundle b = { .files = files, .n = 3 };
	struct config *c;
	double before, load;

	buf_init(&hat, 1 << 30);
	buf_init(&rat, 1 << 30);
	write_hat(n, singles, &hat);
	write_rat(n, &rat);
	files[1] = (struct bundle_file){ STR("tables/h"), buf_str(&hat) };
	files[2] = (struct bundle_file){ STR("tables/r"), buf_str(&rat) };
	before = now();
	c = config_load_simple(&b, 1, &err);
	load = now() - before;
	if (c == NULL)
		errx(1, "%s", err.text);
	printf("%10u  %-8s %12.1f %14.0f %14.0f\n", n, singles ? "many" : "one",
	    load * 1e3, ask_hat(c, n) * 1e9, ask_rat(c, n) * 1e9);
	config_unref(&c);
	buf_fini(&hat);
	buf_fini(&rat);
}

static void
write_hat(unsigned n, bool singles, struct buf *out)
{
	if (!singles)
		buf_puts(out, "G:\n");
	for (unsigned i = 0; i < n; i++) {
		uint32_t r = scatter(i);

		buf_puts(out, singles ? "" : "  ");
		if (i % 4 == 0)
			buf_printf(out, "%u.%u.%u.%u\n", 1 + (r >> 24) % 200,
			    r >> 16 & 255, r >> 8 & 255, r & 255);
		else if (i % 4 == 1)
			buf_printf(out, "%u.%u.%u.0/%u\n", 1 + (r >> 24) % 200,
			    r >> 16 & 255, r >> 8 & 255, 20 + r % 9);
		else
			buf_printf(out, "%shost%u.net%u.test\n",
			    i % 4 == 2 ? "." : "", i, i % 97);
		if (singles)
			buf_puts(out, "  ACCEPT\n");
	}
	buf_puts(out, singles ? "" : "    $ACCEPTED\n");
	buf_puts(out, "ALL\n  $ACCEPTED\n");
}

static void
write_rat(unsigned n, struct buf *out)
{
	for (unsigned i = 0; i < n; i++) {
		if (i % 2 == 0)
			buf_printf(
			    out, "user%u@example%u.test ACCEPT\n", i, i % 97);
		else
			buf_printf(out, "%sdomain%u.test ACCEPT\n",
			    i % 4 == 1 ? "." : "", i);
	}
}

static double
ask_hat(const struct config *c, unsigned n)
{
	static struct facts facts[CLIENTS];
	static char names[CLIENTS][64];
	struct subject s = { .config = c, .listener = &c->listeners[0] };
	double before;

	for (unsigned i = 0; i < CLIENTS; i++) {
		struct facts *f = &facts[i];
		uint32_t r = scatter(i % 2 == 0 ? i * 4 % n : n + i);
		char ip[32];

		*f = (struct facts){ .host_class = HOST_VERIFIED };
		for (int id = FACT_HOST; id <= FACT_COUNTRY; id++)
			fact_set(f, id, FACT_KNOWN, FACT_GIVEN);
		snprintf(ip, sizeof(ip), "%u.%u.%u.%u", 1 + (r >> 24) % 200,
		    r >> 16 & 255, r >> 8 & 255, r & 255);
		ip_parse(&f->client, str_of(ip));
		snprintf(names[i], sizeof(names[i]), "mx.host%u.net%u.test",
		    i * 7 % (2 * n), i * 7 % (2 * n) % 97);
		f->host = str_of(names[i]);
		f->reputation = REPUTATION_NONE;
	}
	before = now();
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct stage_out out;

		out.n_effects = out.n_notes = 0;
		out.needs = (struct needs){ .n = 0 };
		out.explain = false;
		if (hat_decide(&s, &facts[i * 7919 % CLIENTS], &out) !=
		    STAGE_DONE)
			errx(1, "the table asks for more");
	}
	return (now() - before) / ROUNDS;
}

static double
ask_rat(const struct config *c, unsigned n)
{
	static char rcpts[CLIENTS][64];
	struct subject s = {
		.config = c, .listener = &c->listeners[0], .behaviour = ACCEPT
	};
	struct facts facts = { .host = STR("") };
	struct arena mem;
	double before;

	for (unsigned i = 0; i < CLIENTS; i++) {
		unsigned k = scatter(i) % (2 * n);

		snprintf(rcpts[i], sizeof(rcpts[i]),
		    i % 2 == 0 ? "User%u@example%u.test"
			       : "joe@x.domain%u.test",
		    k, k % 97);
	}
	arena_init(&mem, 1 << 20);
	before = now();
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct stage_out out;

		out.n_effects = out.n_notes = 0;
		out.needs = (struct needs){ .n = 0 };
		out.explain = false;
		out.mem = &mem;
		s.rcpt = str_of(rcpts[i * 7919 % CLIENTS]);
		rat_decide(&s, &facts, &out);
		if (i % 1024 == 0)
			arena_free(&mem);
	}
	before = now() - before;
	arena_free(&mem);
	return before / ROUNDS;
}

static uint32_t
scatter(uint32_t i)
{
	i *= 0x9e3779b1;
	i ^= i >> 15;
	return i * 0x85ebca77;
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}
