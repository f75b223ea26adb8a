/*
 * child.c - the message is looked at in a process that can do nothing else
 *
 * Its result comes back as finished text, so the parent, which may be root,
 * never looks at what the message made of it: it copies bytes (ADM-10).
 */
#include "trace/child.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "trace/cage.h"
#include "trace/delivery.h"

#define RESULT_MAX CAGE_RESULT_MAX
#define MEMORY_MAX (1u << 30)

#define REC_TRACE_RESULT(S, F, L)                                              \
	F(S, U8, end, TRACE_QUEUED)                                            \
	F(S, STR, report, RESULT_MAX)                                          \
	F(S, STR, result, RESULT_MAX)                                          \
	L(S, trace_want, wants, TRACE_WANTS_MAX)                               \
	F(S, STR, error, sizeof(((struct err *)0)->text))
CODEC_SCHEMA(trace_want, REC_TRACE_WANT);
CODEC_STRUCT(trace_result, REC_TRACE_RESULT);
CODEC_SCHEMA(trace_result, REC_TRACE_RESULT);

static void work(void *job, struct buf *out);
static void show(const struct trace_report *, bool json, bool explain,
    struct buf *text, struct buf *final);
static bool message_failed(const struct trace_report *);
static int understand(struct trace_output *, struct err *);
static bool is_shown(struct str s);

struct looking {
	const struct trace_input *input;
	bool json, explain;
};

int
trace_child(struct trace_output *o, const struct trace_input *in, bool json,
    bool explain, struct err *err)
{
	struct looking job = { in, json, explain };

	*o = (struct trace_output){ .end = TRACE_REFUSED };
	buf_init(&o->bytes, CAGE_RESULT_MAX);
	arena_init(&o->mem, MEMORY_MAX);
	if (cage_run(work, &job, -1, &o->bytes, err) == -1)
		return -1;
	return understand(o, err);
}

void
trace_output_fini(struct trace_output *o)
{
	buf_fini(&o->bytes);
	arena_free(&o->mem);
}

static void
work(void *arg, struct buf *out)
{
	const struct looking *job = arg;
	struct trace_result result = { .error = STR("") };
	struct trace_report report;
	struct buf text, final;
	struct arena mem;

	arena_init(&mem, MEMORY_MAX);
	buf_init(&text, RESULT_MAX);
	buf_init(&final, RESULT_MAX);
	trace_run(&report, job->input, &mem);
	delivery_want(&report, &mem);
	result.wants =
	    (struct codec_list){ report.n_wants_of_work, report.wants_of_work };
	if (result.wants.n == 0)
		show(&report, job->json, job->explain, &text, &final);
	result.end = report.end;
	result.report = buf_str(&text);
	result.result = buf_str(&final);
	if (text.failed || final.failed || message_failed(&report))
		result = (struct trace_result){ .report = STR(""),
			.result = STR(""),
			.error = STR("the message is too large to show") };
	codec_encode(&trace_result_codec, &result, out);
}

static void
show(const struct trace_report *r, bool json, bool explain, struct buf *text,
    struct buf *final)
{
	if (json) {
		trace_json(r, text);
		return;
	}
	trace_text(r, explain, text);
	trace_text_result(r, final);
}

static bool
message_failed(const struct trace_report *r)
{
	bool failed = false;

	for (size_t i = 0; i < r->n_outcomes; i++)
		failed |= r->outcomes[i].message.failed;
	for (const struct trace_copy *c = r->copies; c != NULL; c = c->next)
		failed |= c->message.failed;
	return failed;
}

static int
understand(struct trace_output *o, struct err *err)
{
	struct trace_result r;

	if (codec_decode(&trace_result_codec, &r, buf_str(&o->bytes), &o->mem,
		err) == -1)
		return err_in(err, "report");
	if (!is_shown(r.error) || !is_shown(r.report) || !is_shown(r.result))
		return err_set(err, ERR_TEMP, "the report is damaged");
	if (r.error.n > 0)
		return err_set(err, ERR_PERM, "%.*s", STR_ARG(r.error));
	o->end = r.end;
	o->report = r.report;
	o->result = r.result;
	o->wants = r.wants.v;
	o->n_wants = r.wants.n;
	return 0;
}

/* All escaping is done: whatever a terminal would act on is a lie. */
static bool
is_shown(struct str s)
{
	while (s.n > 0) {
		uint32_t code;
		size_t n = str_utf8(s, &code);

		if (n == 0 || (code < ' ' && code != '\n' && code != '\t') ||
		    (code >= 0x7f && code <= 0x9f))
			return false;
		s = str_sub(s, n, s.n);
	}
	return true;
}
