/*
 * scan.c - how fast bodies are searched, beside PCRE2 alone
 *
 *	scan
 *
 * For some expressions: MB/s of CPU time over 4 MB of English in lines. Ours
 * is a body-contains filter on a message, with decoding and all; PCRE2 alone
 * searches each line of the text that was decoded before, as the language
 * says (matches never span lines), and the whole text at once, each with its
 * interpreter and with compiled code (JIT). The same for 1,000 expressions
 * of each form. And what compiling an expression costs.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <err.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "filter/filter.h"
#include "tests/bench/messages.h"
#include "tests/unit/filter_world.h"

#define BYTES  ((size_t)4 << 20)
#define GOES   5
#define MANY   1000
#define SAMPLE 20 /* of many, where each is tried by itself */

static const char *const forms[] = {
	"special order %u",
	"(?i)special order %u",
	"(?:casino|lottery) ?%u[a-z]+\\b",
	"[QXZ][0-9]{3}[a-f]%u",
	"\\b\\w+ing %u",
	"[QXZ]\\d{3}x?",
	"\\d{4}[- ]\\d{4}[- ]\\d{4}",
	"(\\w+)\\s+\\1\\s+%u",
};

enum way { LINES, LINES_JIT, WHOLE, WHOLE_JIT, WAYS };

static void measure(const char *form, struct str text);
static double ours(const char *form, unsigned n, struct str text);
static double alone(const char *form, enum way, unsigned n, struct str text);
static bool search(pcre2_code *, pcre2_match_data *, bool lines, struct str);
static pcre2_code *compile(const char *form, unsigned n, bool jit);
static void measure_compiling(void);
static double now(void);

int
main(void)
{
	struct buf text;

	buf_init(&text, 2 * BYTES);
	bench_prose(&text, BYTES, "\n");
	printf("%-32s %9s %9s %9s %9s %9s %9s %9s %9s\n", "MB/s", "ours",
	    "lines", "JIT", "whole", "JIT", "1,000:", "lines", "JIT");
	for (size_t i = 0; i < NELEM(forms); i++)
		measure(forms[i], buf_str(&text));
	measure_compiling();
	buf_fini(&text);
	return 0;
}

static void
measure(const char *form, struct str text)
{
	double mb = (double)text.n / 1e6;

	printf("%-32s %9.0f", form, mb / ours(form, 1, text));
	for (int way = 0; way < WAYS; way++)
		printf(" %9.0f", mb / alone(form, (enum way)way, 1, text));
	printf(" %9.1f %9.1f %9.1f\n", mb / ours(form, MANY, text),
	    mb / alone(form, LINES, SAMPLE, text) * SAMPLE / MANY,
	    mb / alone(form, LINES_JIT, SAMPLE, text) * SAMPLE / MANY);
	fflush(stdout);
}

/* Through the filters, from the message as it came. */
static double
ours(const char *form, unsigned n, struct str text)
{
	struct filter_problems problems = { 0 };
	struct config config = *filter_world();
	struct work_origin origin = { .config = &config };
	struct facts facts = { .now = 0 };
	struct filters *filters;
	struct arena mem, run;
	struct buf source;
	double best = 1e9;

	arena_init(&mem, SIZE_MAX / 4);
	buf_init(&source, FILTER_SOURCE_MAX);
	for (unsigned i = 0; i < n; i++) {
		buf_printf(&source, "f%u: if (body-contains(\"", i);
		for (const char *p = form; *p != '\0'; p++) {
			if (*p == '%' && p[1] == 'u' && p++)
				buf_printf(&source, "%u", 1000 + i);
			else
				buf_printf(&source, "%s%c",
				    *p == '\\' ? "\\" : "", *p);
		}
		buf_puts(&source, "\", 1000000)) { drop(); }\n");
	}
	config.work.filters_source = buf_str(&source);
	config.work.scan.charset = STR("us-ascii");
	filters = filters_compile(&config, &problems, &mem);
	if (filters == NULL)
		errx(1, "%s: %.*s", form, STR_ARG(problems.v[0].text));
	config.filters = filters;
	for (int go = 0; go < GOES; go++) {
		struct work w = { .origin = &origin,
			.facts = &facts,
			.mem = &run,
			.msg = {
			    .header = STR("Content-Type: text/plain\r\n\r\n"),
			    .body = text } };
		double took = now();

		arena_init(&run, SIZE_MAX / 4);
		for (size_t i = 0; i < filters->n_message; i++) {
			struct needs needs = { .mem = &run };
			bool final;

			filter_run(filters->message[i], &w, &final, &needs);
		}
		arena_free(&run);
		took = now() - took;
		best = took < best ? took : best;
		if (took > 1)
			break;
	}
	filters_free(&filters);
	buf_fini(&source);
	arena_free(&mem);
	return best;
}

static double
alone(const char *form, enum way way, unsigned n, struct str text)
{
	bool jit = way == LINES_JIT || way == WHOLE_JIT;
	double best = 1e9;
	pcre2_code *codes[SAMPLE];
	pcre2_match_data *match = pcre2_match_data_create(10, NULL);

	for (unsigned i = 0; i < n; i++)
		codes[i] = compile(form, 1000 + i, jit);
	for (int go = 0; go < GOES; go++) {
		double took = now();

		for (unsigned i = 0; i < n; i++)
			search(codes[i], match, way <= LINES_JIT, text);
		took = now() - took;
		best = took < best ? took : best;
	}
	for (unsigned i = 0; i < n; i++)
		pcre2_code_free(codes[i]);
	pcre2_match_data_free(match);
	return best;
}

static bool
search(pcre2_code *code, pcre2_match_data *match, bool lines, struct str text)
{
	bool found = false;

	while (text.n > 0) {
		struct str part = text;

		if (lines)
			part = str_cut(&text, '\n');
		else
			text.n = 0;
		found |= pcre2_match(code, (PCRE2_SPTR)part.p, part.n, 0,
			     PCRE2_NO_UTF_CHECK, match, NULL) > 0;
	}
	return found;
}

static pcre2_code *
compile(const char *form, unsigned n, bool jit)
{
	char pattern[200];
	PCRE2_SIZE at;
	pcre2_code *code;
	int why;

	snprintf(pattern, sizeof(pattern), form, n);
	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF, &why, &at, NULL);
	if (code == NULL)
		errx(1, "%s", pattern);
	if (jit && pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) != 0)
		errx(1, "%s: no compiled code", pattern);
	return code;
}

static void
measure_compiling(void)
{
	for (int jit = 0; jit < 2; jit++) {
		double took = now();

		for (unsigned i = 0; i < MANY; i++)
			pcre2_code_free(
			    compile(forms[i % NELEM(forms)], i, jit == 1));
		printf("compiling %s: %.1f us an expression\n",
		    jit == 1 ? "with JIT" : "without",
		    (now() - took) * 1e6 / MANY);
	}
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}
