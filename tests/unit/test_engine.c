/* test_engine.c - what scanners are asked, and what their answers mean */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "lookup/engine.h"

enum which { SPAMD, RSPAMD, CLAMD, ICAP };

static const struct engine *
engine(enum which w)
{
	struct scanner s = { .engine = w == SPAMD || w == CLAMD ? 1 : 2 };

	return engine_of(w <= RSPAMD ? SCAN_SPAM : SCAN_VIRUS, &s);
}

/* The answer of an engine that then hangs up. */
static const struct {
	enum which who;
	const char *in;
	size_t n; /* 0: its length */
	enum engine_progress progress;
	int64_t raw, suspect, positive;
	enum virus_answer number;
	const char *text;
} answers[] = {
	{ SPAMD,
	    "SPAMD/1.1 0 EX_OK\r\nContent-length: 5\r\n"
	    "Spam: True ; 15.4 / 5.0\r\n\r\nA,B\r\n",
	    0, ENGINE_DONE, 15400, 5000, 10000, 0, "A,B" },
	{ SPAMD, "SPAMD/1.1 0 EX_OK\r\nX: y\r\nspam: No ; -0.25 / 5\r\n\r\n", 0,
	    ENGINE_DONE, -250, 5000, 10000, 0, "" },
	{ SPAMD, "SPAMD/1.0 76 Bad header line\r\n\r\n", 0, ENGINE_BAD, 0, 0, 0,
	    0, "spamd could not scan it" },
	{ SPAMD, "HTTP/1.0 200 OK\r\n\r\n", 0, ENGINE_BAD, 0, 0, 0, 0,
	    "no answer of spamd" },
	{ SPAMD, "SPAMD/1.1 0 EX_OK\r\n\r\n", 0, ENGINE_BAD, 0, 0, 0, 0,
	    "no score in the answer of spamd" },
	{ RSPAMD,
	    "HTTP/1.1 200 OK\r\n\r\n{\"score\": 7.5, \"thresholds\": "
	    "{\"reject\": 15, \"add header\": 6}, \"symbols\": {\"X\": {}, "
	    "\"Y\": {}}}",
	    0, ENGINE_DONE, 7500, 6000, 15000, 0, "X,Y" },
	{ RSPAMD, "HTTP/1.1 500 no\r\n\r\n{}", 0, ENGINE_BAD, 0, 0, 0, 0,
	    "rspamd could not scan it" },
	{ RSPAMD, "HTTP/1.1 200 OK\r\n\r\n{\"score\": \"x\"}", 0, ENGINE_BAD, 0,
	    0, 0, 0, "an answer of rspamd without a score" },
	{ CLAMD, "stream: OK\0", 11, ENGINE_DONE, 0, 0, 0, VIRUS_CLEAN, "" },
	{ CLAMD, "stream: Win.Test.EICAR FOUND\0", 29, ENGINE_DONE, 0, 0, 0,
	    VIRUS_FOUND, "Win.Test.EICAR" },
	{ CLAMD, "stream: Heuristics.Encrypted.Zip FOUND\0", 39, ENGINE_DONE, 0,
	    0, 0, VIRUS_LOCKED, "Heuristics.Encrypted.Zip" },
	{ CLAMD, "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0", 53,
	    ENGINE_DONE, 0, 0, 0, VIRUS_UNKNOWN,
	    "Heuristics.Limits.Exceeded.MaxFileSize" },
	{ CLAMD, "INSTREAM size limit exceeded. ERROR\0", 36, ENGINE_BAD, 0, 0,
	    0, 0, "INSTREAM size limit exceeded. ERROR" },
	{ CLAMD, "stream: x", 0, ENGINE_BAD, 0, 0, 0, 0,
	    "the answer has no end" },
	{ ICAP, "ICAP/1.0 204 No Content\r\n\r\n", 0, ENGINE_DONE, 0, 0, 0,
	    VIRUS_CLEAN, "" },
	{ ICAP,
	    "ICAP/1.0 200 OK\r\nX-Infection-Found: Type=0; Resolution=2; "
	    "Threat=Eicar;\r\n\r\n",
	    0, ENGINE_DONE, 0, 0, 0, VIRUS_FOUND, "Eicar" },
	{ ICAP, "ICAP/1.0 200 OK\r\nX-Virus-ID: W32/x\r\n\r\n", 0, ENGINE_DONE,
	    0, 0, 0, VIRUS_FOUND, "W32/x" },
	{ ICAP, "ICAP/1.0 404 no such service\r\n\r\n", 0, ENGINE_BAD, 0, 0, 0,
	    0, "the ICAP server could not scan it" },
};

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(answers); i++) {
		struct str in = { answers[i].in, answers[i].n > 0
						     ? answers[i].n
						     : strlen(answers[i].in) };
		struct scanned r = { .text = STR("") };
		enum engine_progress p;
		struct arena mem;

		arena_init(&mem, 1 << 20);
		p = engine(answers[i].who)->answer(in, true, &r, &mem);
		if (p != answers[i].progress || r.raw != answers[i].raw ||
		    r.suspect != answers[i].suspect ||
		    r.positive != answers[i].positive ||
		    r.number != answers[i].number ||
		    !str_is(r.text, answers[i].text))
			fail_msg("%s: %d, raw %ld of %ld, %ld, number %d, "
				 "'%.*s'",
			    answers[i].in, p, (long)r.raw, (long)r.suspect,
			    (long)r.positive, r.number, STR_ARG(r.text));
		arena_free(&mem);
	}
}

/* All that comes in pieces is waited for. */
static void
test_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(answers); i++) {
		struct scanned r = { .text = STR("") };
		struct arena mem;

		if (answers[i].progress != ENGINE_DONE)
			continue;
		arena_init(&mem, 1 << 20);
		assert_int_equal(
		    engine(answers[i].who)
			->answer(str_sub(str_of(answers[i].in), 0, 7), false,
			    &r, &mem),
		    ENGINE_MORE);
		arena_free(&mem);
	}
}

/* What the client said cannot end a line of what a scanner is told. */
static void
test_heads(void **state)
{
	struct scan_msg m = { .mid = 7,
		.helo = STR("a\r\nX-Evil: 1"),
		.sender = STR("s@x.test") };
	struct scanner s = { .service = STR("avscan") };
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	engine(RSPAMD)->head(&m, &s, "h", 5, &out);
	assert_non_null(strstr(out.data, "Content-Length: 5\r\n"));
	assert_non_null(strstr(out.data, "From: s@x.test\r\n"));
	assert_null(strstr(out.data, "\nX-Evil"));
	buf_reset(&out);
	engine(SPAMD)->head(&m, &s, "h", 5, &out);
	assert_null(strstr(out.data, "\nX-Evil"));
	buf_reset(&out);
	engine(ICAP)->head(&m, &s, "h", 5, &out);
	assert_non_null(strstr(out.data, "RESPMOD icap://h/avscan ICAP/1.0"));
	buf_fini(&out);
}

/* Asked about themselves. */
static const struct {
	enum which who;
	enum engine_question question;
	const char *in;
	size_t n;
	enum engine_progress progress;
	const char *version, *rules;
} told[] = {
	{ SPAMD, ENGINE_VERSION,
	    "SPAMD/1.1 0 EX_OK\r\nContent-length: 90\r\n\r\nSubject: ask\r\n"
	    "X-Spam-Checker-Version: SpamAssassin 4.0.1 (2024-03-26) on mx\r\n",
	    0, ENGINE_DONE, "SpamAssassin 4.0.1 (2024-03-26)", "" },
	{ SPAMD, ENGINE_VERSION, "SPAMD/1.1 0 EX_OK\r\n\r\n", 0, ENGINE_DONE,
	    "SpamAssassin", "" },
	{ SPAMD, ENGINE_VERSION, "220 mail\r\n", 0, ENGINE_BAD, NULL, NULL },
	{ RSPAMD, ENGINE_VERSION,
	    "HTTP/1.1 200 OK\r\nServer: rspamd/3.4\r\n\r\npong\r\n", 0,
	    ENGINE_DONE, "rspamd 3.4", "" },
	{ RSPAMD, ENGINE_VERSION, "HTTP/1.1 200 OK\r\n", 0, ENGINE_BAD, NULL,
	    NULL },
	{ CLAMD, ENGINE_VERSION,
	    "ClamAV 1.4.3/27823/Fri Nov 20 09:41:27 2026\0", 45, ENGINE_DONE,
	    "ClamAV 1.4.3", "27823, Fri Nov 20 09:41:27 2026" },
	{ CLAMD, ENGINE_VERSION, "ClamAV 1.4.3\0", 13, ENGINE_DONE,
	    "ClamAV 1.4.3", "" },
	{ CLAMD, ENGINE_VERSION, "COMMAND UNAVAILABLE\0", 20, ENGINE_BAD, NULL,
	    NULL },
	{ CLAMD, ENGINE_RELOAD, "RELOADING\0", 10, ENGINE_DONE, "ClamAV", "" },
	{ CLAMD, ENGINE_RELOAD, "no\0", 3, ENGINE_BAD, NULL, NULL },
	{ ICAP, ENGINE_VERSION,
	    "ICAP/1.0 200 OK\r\nService: Scan/2\r\nISTag: \"DB-7\"\r\n\r\n", 0,
	    ENGINE_DONE, "ICAP: Scan/2", "DB-7" },
	{ ICAP, ENGINE_VERSION, "ICAP/1.0 404 no\r\n\r\n", 0, ENGINE_BAD, NULL,
	    NULL },
};

static const struct engine *
asked(enum which w, enum engine_question q)
{
	struct scanner s = { .engine = w == SPAMD || w == CLAMD ? 1 : 2 };

	return engine_asked(w <= RSPAMD ? SCAN_SPAM : SCAN_VIRUS, &s, q);
}

static void
test_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(told); i++) {
		const struct engine *e = asked(told[i].who, told[i].question);
		struct str in = { told[i].in,
			told[i].n != 0 ? told[i].n : strlen(told[i].in) };
		struct scanned r = { .engine = str_of(e->name),
			.text = STR("") };
		struct arena mem;

		arena_init(&mem, 1 << 20);
		/* half of it says nothing yet */
		assert_int_equal(
		    e->answer(str_sub(in, 0, in.n / 2), false, &r, &mem),
		    ENGINE_MORE);
		r = (struct scanned){ .engine = str_of(e->name),
			.text = STR("") };
		if (e->answer(in, true, &r, &mem) != told[i].progress ||
		    (told[i].version != NULL &&
			(!str_is(r.engine, told[i].version) ||
			    !str_is(r.text, told[i].rules))))
			fail_msg("case %zu: %.*s; %.*s", i, STR_ARG(r.engine),
			    STR_ARG(r.text));
		arena_free(&mem);
	}
	assert_null(asked(SPAMD, ENGINE_RELOAD));
	assert_null(asked(ICAP, ENGINE_RELOAD));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
