/*
 * filters.c - what filters cost: lib/filter alone, without a gateway
 *
 *	filters [-r RULE] [-m MESSAGE] [-1] FILTERS...
 *
 * For each kind of rule and each kind of message: CPU time of running so many
 * filters of that kind, none of which matches, so that all of them run. -r
 * and -m choose those whose name contains the text. -1 runs each once, for
 * callgrind: valgrind --tool=callgrind --toggle-collect=filters_once ...
 * Without it each is repeated; the quickest of eight goes counts.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "filter/filter.h"
#include "tests/bench/messages.h"
#include "tests/unit/filter_world.h"

#define TERMS        100
#define DICTIONARIES 10
#define GO_SECONDS   0.02
#define GOES         8

struct kind {
	const char *name;
	const char *rule; /* %u: number of the filter */
};
static const struct kind kinds[] = {
	{ "number", "body-size > 9000%u" },
	{ "mail-from", "mail-from == \"^user%u@example\\\\.org$\"" },
	{ "rcpt-to", "rcpt-to == \"^user%u@example\\\\.org$\"" },
	{ "subject", "subject == \"(?i)special offer %u\"" },
	{ "header",
	    "header(\"Received\") == \"relay-%u\\\\.example\\\\.org\"" },
	{ "header, absent", "header(\"X-Absent-%u\")" },
	{ "body text", "only-body-contains(\"offer number %u\")" },
	{ "body any case", "body-contains(\"(?i)casino-%u\")" },
	{ "body either",
	    "body-contains(\"(?:casino|lottery) ?%u[a-z]+\\\\b\")" },
	{ "body class", "body-contains(\"[QXZ][0-9]{3}[a-f]%u\")" },
	{ "body no text", "body-contains(\"[QXZ]\\\\d{%u}\")" },
	{ "card number", "body-contains(\"*credit\", 1%u)" },
	{ "file name", "attachment-filename == \"invoice-%u\\\\.exe$\"" },
	{ "file MIME type", "attachment-mimetype == \"audio/x-%u\"" },
	{ "file type", "attachment-filetype == \"exe\"" },
	{ "file text", "attachment-contains(\"confidential %u\")" },
	{ "dictionary", "dictionary-match(\"d%u\", 1)" },
};

struct bench {
	struct config config;
	struct dictionary dictionaries[DICTIONARIES];
	struct filters *filters;
	struct arena mem; /* of the filters */
};

static void measure(const struct kind *, const struct bench_message *,
    char *const *counts, bool once);
static void make_filters(struct bench *, const struct kind *, unsigned n);
static void make_dictionaries(struct bench *);
void filters_once(struct bench *, const struct bench_message *);
static double go(struct bench *, const struct bench_message *, unsigned times);
static void answer(struct facts *, const struct needs *, struct arena *);
static double now(void);

int
main(int argc, char **argv)
{
	struct bench_message messages[BENCH_MESSAGES];
	const char *rule = "", *message = "";
	bool once = false;
	int c;

	while ((c = getopt(argc, argv, "r:m:1")) != -1) {
		if (c == 'r')
			rule = optarg;
		else if (c == 'm')
			message = optarg;
		else if (c == '1')
			once = true;
		else
			errx(1, "filters [-r RULE] [-m MESSAGE] [-1] "
				"FILTERS...");
	}
	bench_messages(messages);
	printf("%-16s %-16s", "us CPU a message", "filters:");
	for (int i = optind; i < argc; i++)
		printf("%10s", argv[i]);
	printf("\n");
	for (size_t k = 0; k < NELEM(kinds); k++)
		for (size_t m = 0; m < BENCH_MESSAGES; m++)
			if (strstr(kinds[k].name, rule) != NULL &&
			    strstr(messages[m].name, message) != NULL)
				measure(&kinds[k], &messages[m], argv + optind,
				    once);
	for (size_t m = 0; m < BENCH_MESSAGES; m++) {
		buf_fini(&messages[m].header);
		buf_fini(&messages[m].body);
	}
	return 0;
}

static void
measure(const struct kind *kind, const struct bench_message *msg,
    char *const *counts, bool once)
{
	printf("%-16s %-16s", kind->name, msg->name);
	for (; *counts != NULL; counts++) {
		struct bench b;
		double best = 1e9;

		make_filters(&b, kind, (unsigned)strtoul(*counts, NULL, 10));
		if (once)
			filters_once(&b, msg);
		for (int i = 0; i < GOES && !once; i++) {
			unsigned times = 1;
			double took = go(&b, msg, times);

			while (took < GO_SECONDS) {
				times *= 2;
				took = go(&b, msg, times);
			}
			if (took / times < best)
				best = took / times;
			/* what takes long needs no repetition */
			if (took > GOES * GO_SECONDS)
				break;
		}
		printf("%10.1f", once ? 0 : best * 1e6);
		fflush(stdout);
		filters_free(&b.filters);
		arena_free(&b.mem);
	}
	printf("\n");
}

static void
make_filters(struct bench *b, const struct kind *kind, unsigned n)
{
	struct filter_problems problems = { 0 };
	struct buf source;

	buf_init(&source, FILTER_SOURCE_MAX);
	arena_init(&b->mem, SIZE_MAX / 4);
	b->config = *filter_world();
	make_dictionaries(b);
	for (unsigned i = 0; i < n; i++) {
		bool few = strstr(kind->name, "dictionary") != NULL;
		char rule[200];

		if (strstr(kind->rule, "d{%u}") != NULL)
			few = true;
		snprintf(rule, sizeof(rule), kind->rule,
		    few ? i % DICTIONARIES : 100 + i);
		buf_printf(&source, "f%u: if (%s) { drop(); }\n", i, rule);
	}
	b->config.work.filters_source = buf_str(&source);
	b->config.work.scan.max_size = 5 << 20;
	b->config.work.scan.max_depth = 5;
	b->config.work.scan.charset = STR("us-ascii");
	b->filters = filters_compile(&b->config, &problems, &b->mem);
	if (b->filters == NULL)
		errx(1, "%s: %.*s", kind->rule, STR_ARG(problems.v[0].text));
	b->config.filters = b->filters;
	buf_fini(&source);
}

static void
make_dictionaries(struct bench *b)
{
	for (unsigned i = 0; i < DICTIONARIES; i++) {
		struct dictionary *d = &b->dictionaries[i];

		*d = (struct dictionary){ .ignore_case = true,
			.whole_words = true,
			.n_terms = TERMS };
		d->name = str_of(arena_printf(&b->mem, "d%u", i));
		d->terms = arena_array(&b->mem, TERMS, sizeof(*d->terms));
		for (unsigned k = 0; k < TERMS; k++) {
			d->terms[k].text = str_of(arena_printf(
			    &b->mem, "codename %c%u", 'a' + (int)i, k));
			d->terms[k].weight = 1;
		}
	}
	b->config.work.dictionaries = b->dictionaries;
	b->config.work.n_dictionaries = DICTIONARIES;
}

/* One message through all filters. */
void
filters_once(struct bench *b, const struct bench_message *msg)
{
	struct arena mem;
	struct facts facts = { .now = 0 };
	struct work_origin origin = { .config = &b->config,
		.listener_name = STR("InboundMail"),
		.hostname = STR("mx.test"),
		.mid = 1 };
	struct work_rcpt rcpts[] = { { .addr = STR("somebody@example.net") },
		{ .addr = STR("other@example.net"), .given = 1 } };
	struct work w = { .origin = &origin,
		.facts = &facts,
		.mem = &mem,
		.sender = STR("sales@example.com"),
		.msg = { .header = buf_str(&msg->header),
		    .body = buf_str(&msg->body) },
		.rcpts = rcpts,
		.n_rcpts = NELEM(rcpts) };

	arena_init(&mem, SIZE_MAX / 4);
	for (size_t i = 0; i < b->filters->n_message; i++) {
		const struct filter *f = b->filters->message[i];
		struct needs needs = { .mem = &mem };
		bool final;

		while (filter_run(f, &w, &final, &needs) == WORK_NEEDS) {
			answer(&facts, &needs, &mem);
			needs = (struct needs){ .mem = &mem };
		}
		if (final)
			errx(1, "a filter matched");
	}
	arena_free(&mem);
}

static double
go(struct bench *b, const struct bench_message *msg, unsigned times)
{
	double before = now();

	while (times-- > 0)
		filters_once(b, msg);
	return now() - before;
}

static void
answer(struct facts *facts, const struct needs *needs, struct arena *mem)
{
	for (size_t i = 0; i < needs->n; i++) {
		struct part_fact *part = arena_alloc(mem, sizeof(*part));

		part->filetype = STR("pdf");
		part->text = STR("A report of two pages.\nNothing in it.\n");
		fact_put(facts, mem, needs->v[i].id, needs->v[i].key,
		    (struct fact){ FACT_KNOWN, FACT_GIVEN })
		    ->detail = part;
	}
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}
