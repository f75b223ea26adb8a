/*
 * filter_run.h - one filter over one message, for tests
 *
 * Messages are written as text with LF; lines get their CRLF here. Dictionary
 * "words" is in the configuration: see dictionary_terms.
 */
#ifndef TESTS_UNIT_FILTER_RUN_H
#define TESTS_UNIT_FILTER_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "filter/eval.h"
#include "filter/filter.h"
#include "filter_world.h"

struct run_world {
	struct config config;
	struct dictionary dictionaries[4];
	struct filters *filters;
	struct arena mem;
	struct facts facts;
	struct work_origin origin;
	struct work_rcpt rcpts[3];
	struct work work;
	struct needs needs;
	bool final;
};

static inline void
run_dictionaries(struct run_world *w)
{
	static struct dictionary_term plain[] = {
		{ .text = { "secret", 6 }, .weight = 2 },
		{ .text = { "plan", 4 }, .weight = 1 },
		{ .text = { "a[0-9]+b", 8 }, .weight = 3 },
		{ .smart = SMART_SSN, .weight = 5 },
		{ .text = { "\xe7\xa7\x98\xe5\xaf\x86", 6 }, .weight = 4 },
	};
	static struct dictionary_term names[] = {
		{ .text = { "Alice Example", 13 }, .weight = 1 },
	};

	w->dictionaries[0] = (struct dictionary){ .name = STR("words"),
		.ignore_case = true,
		.whole_words = true,
		.terms = plain,
		.n_terms = NELEM(plain) };
	w->dictionaries[1] = (struct dictionary){
		.name = STR("exact"), .terms = plain, .n_terms = NELEM(plain)
	};
	w->dictionaries[2] = (struct dictionary){
		.name = STR("names"), .terms = names, .n_terms = NELEM(names)
	};
	w->dictionaries[3] =
	    (struct dictionary){ .name = STR("project_names") };
	w->config.work.dictionaries = w->dictionaries;
	w->config.work.n_dictionaries = NELEM(w->dictionaries);
}

/* The text with CRLF, in the arena; head: it ends with the empty line. */
static inline struct str
run_lines(struct run_world *w, const char *text, size_t n)
{
	struct buf out;
	struct str s;

	buf_init(&out, SIZE_MAX / 4);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			buf_putc(&out, '\r');
		buf_putc(&out, text[i]);
	}
	s = arena_str(&w->mem, buf_str(&out));
	buf_fini(&out);
	return s;
}

static inline void
run_begin(struct run_world *w, const char *source, const char *message)
{
	struct filter_problems problems = { 0 };
	const char *gap = strstr(message, "\n\n");

	assert_non_null(gap);
	memset(w, 0, sizeof(*w));
	arena_init(&w->mem, 1 << 26);
	w->config = *filter_world();
	run_dictionaries(w);
	w->config.work.filters_source = arena_str(&w->mem, str_of(source));
	w->config.work.scan.max_size = 5 << 20;
	w->config.work.scan.max_depth = 5;
	w->config.work.scan.charset = STR("us-ascii");
	w->filters = filters_compile(&w->config, &problems, &w->mem);
	if (w->filters == NULL)
		fail_msg("%s: %.*s", source, STR_ARG(problems.v[0].text));
	if (!filter_runs(w->filters->message[0]))
		fail_msg("%s: is not valid", source);
	w->config.filters = w->filters;
	w->origin = (struct work_origin){ .config = &w->config,
		.listener_name = STR("InboundMail"),
		.interface_name = STR("PublicNet"),
		.group = STR("PARTNERS"),
		.hostname = STR("mx.test"),
		.user = STR("carol"),
		.now = 1767225600000, /* 2026-01-01 00:00:00 UTC */
		.zone = 9 * 3600,
		.mid = 7 };
	w->rcpts[0].addr = STR("r@y.test");
	w->rcpts[1].addr = STR("Secret@y.test");
	w->work = (struct work){ .origin = &w->origin,
		.facts = &w->facts,
		.mem = &w->mem,
		.sender = STR("Carol@x.test"),
		.msg = { .header =
			     run_lines(w, message, (size_t)(gap - message) + 2),
		    .body = run_lines(w, gap + 2, strlen(gap + 2)) },
		.rcpts = w->rcpts,
		.n_rcpts = 2 };
	assert_true(ip_parse(&w->facts.client, STR("192.0.2.9")));
	w->needs.mem = &w->mem;
}

static inline struct fact_answer *
run_fact(struct run_world *w, enum fact_id id, const char *key, uint64_t n)
{
	struct fact_answer *a = fact_put(&w->facts, &w->mem, id, str_of(key),
	    (struct fact){ FACT_KNOWN, FACT_GIVEN });

	a->number = n;
	return a;
}

static inline enum work_answer
run_filter(struct run_world *w)
{
	return filter_run(
	    w->filters->message[0], &w->work, &w->final, &w->needs);
}

static inline void
run_end(struct run_world *w)
{
	filters_free(&w->filters);
	arena_free(&w->mem);
}

static inline bool
run_has(struct str text, const char *what)
{
	return memmem(text.p != NULL ? text.p : "", text.n, what,
		   strlen(what)) != NULL;
}

#endif
