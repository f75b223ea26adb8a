/*
 * fuzz_filter_run.c - filters over messages, both of any bytes
 *
 * The input is a script, an empty line, and a message. Whatever compiles
 * runs to its end; a missing fact is answered (by "cannot be said", or by a
 * number), and as often as facts are missing and no more. What lacks a fact
 * leaves the message as it was. What was dropped or bounced says so.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "filter/filter.h"
#include "tests/unit/filter_world.h"

#define SCRIPT_MAX 4096
#define ROUNDS_MAX 4000

static void run_all(struct config *, struct str message, struct arena *);
static void run_one(const struct filter *, struct work *, struct facts *);
static void answer(struct facts *, const struct needs *, struct arena *);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str all = { (const char *)data, n };
	const char *gap = memmem(data, n, "\n\n", 2);
	struct filter_problems problems = { 0 };
	struct config config = *filter_world();
	struct arena mem;
	size_t at;

	if (gap == NULL || gap - all.p > SCRIPT_MAX)
		return 0;
	at = (size_t)(gap - all.p);
	arena_init(&mem, (size_t)1 << 31);
	config.work.filters_source = str_sub(all, 0, at);
	config.work.scan.max_size = 65536;
	config.work.scan.max_depth = 5;
	config.work.scan.charset = STR("us-ascii");
	config.filters = filters_compile(&config, &problems, &mem);
	if (config.filters != NULL) {
		struct filters *filters = (struct filters *)config.filters;

		run_all(&config, str_sub(all, at + 2, n), &mem);
		filters_free(&filters);
	} else if (problems.n_errors == 0) {
		abort();
	}
	arena_free(&mem);
	return 0;
}

static void
run_all(struct config *config, struct str message, struct arena *mem)
{
	const char *gap = memmem(message.p, message.n, "\r\n\r\n", 4);
	size_t at = gap == NULL ? message.n : (size_t)(gap + 4 - message.p);
	struct work_origin origin = { .config = config,
		.listener_name = STR("InboundMail"),
		.interface_name = STR("PublicNet"),
		.hostname = STR("mx.test"),
		.mid = 1 };
	struct work_rcpt rcpt = { .addr = STR("r@y.test") };
	struct facts facts = { .now = 0 };
	struct work w = { .origin = &origin,
		.facts = &facts,
		.mem = mem,
		.sender = STR("s@x.test"),
		.explain = true,
		.msg = { .header = str_sub(message, 0, at),
		    .body = str_sub(message, at, message.n) },
		.rcpts = &rcpt,
		.n_rcpts = 1 };

	for (size_t i = 0;
	     i < config->filters->n_message && w.end == WORK_GOES_ON; i++)
		if (filter_runs(config->filters->message[i]))
			run_one(config->filters->message[i], &w, &facts);
}

static void
run_one(const struct filter *f, struct work *w, struct facts *facts)
{
	for (int i = 0;; i++) {
		struct needs needs = { .mem = w->mem };
		struct work before = *w;
		bool final;

		if (filter_run(f, w, &final, &needs) == WORK_DONE) {
			if (w->end != WORK_GOES_ON && !final)
				abort();
			return;
		}
		if (needs.n == 0 || i > ROUNDS_MAX ||
		    memcmp(&before.holds, &w->holds, sizeof(w->holds)) != 0 ||
		    before.notes != w->notes || before.copies != w->copies ||
		    before.msg.header.p != w->msg.header.p ||
		    before.msg.body.p != w->msg.body.p)
			abort();
		answer(facts, &needs, w->mem);
	}
}

static void
answer(struct facts *facts, const struct needs *needs, struct arena *mem)
{
	for (size_t i = 0; i < needs->n; i++) {
		const struct need *need = &needs->v[i];
		bool number = need->id != FACT_PART;

		/* what was answered is not asked for again */
		if (fact_find(facts, need->id, need->key) != NULL)
			abort();
		fact_put(facts, mem, need->id, need->key,
		    (struct fact){
			number ? FACT_KNOWN : FACT_FAILED, FACT_GIVEN })
		    ->number = number ? i : 0;
	}
}
