/* pcap.c - what would happen to captured conversations */
#include "trace/pcap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "stats/stats.h"
#include "trace/answer.h"
#include "trace/cage.h"
#include "trace/host.h"
#include "trace/pcapshow.h"
#include "trace/replay.h"
#include "trace/tags.h"
#include "trace/talk.h"

#define ROUNDS_MAX 20 /* of questions about one conversation */
#define MEMORY_MAX ((size_t)2 << 30)

struct replay {
	struct tool *tool;
	struct config *config;
	struct trace_answers *answers;
	bool explain;
	struct pcap_file file;
	json_t *sessions; /* --json; else NULL */
	size_t n;         /* conversations so far */
};

static int replay_all(struct replay *, struct err *);
static int replay_one(struct replay *, const struct pcap_talk *, struct err *);
static int talk_through(struct replay *, const struct pcap_talk *,
    struct pcap_shown *, struct arena *, struct err *);
static int talk_once(const struct talk_input *, struct buf *bytes,
    struct talk_done *, struct arena *, struct err *);
static bool learn(struct replay *, struct trace_input *,
    const struct talk_done *, struct arena *);
static int run_mails(struct replay *, const struct trace_input *,
    struct pcap_shown *, struct arena *, struct err *);
static int run_mail(struct replay *, struct trace_input *,
    const struct talk_mail *, struct trace_output *, struct arena *,
    struct err *);
static void say_result(struct replay *, const struct pcap_shown *);

int
trace_pcap(struct tool *t, struct config *config, struct trace_answers *a,
    const char *file, const char *filter, bool explain)
{
	struct replay r = {
		.tool = t, .config = config, .answers = a, .explain = explain
	};
	struct err err = ERR_INIT;
	struct arena mem;
	struct buf bytes;
	json_t *top;
	int rc;

	arena_init(&mem, MEMORY_MAX);
	buf_init(&bytes, CAGE_RESULT_MAX);
	rc = pcap_file_read(&r.file, config,
	    &(struct pcap_source){ file, filter, a->listener }, &bytes, &mem,
	    &err);
	if (rc == 0 && t->json)
		r.sessions = json_array();
	if (rc == 0)
		rc = replay_all(&r, &err);
	if (rc == 0 && t->json) {
		top = pcap_json_file(&r.file);
		json_object_set(top, "sessions", r.sessions);
		tool_print_json(t, top);
		json_decref(top);
	} else if (rc == 0) {
		struct buf text;

		buf_init(&text, CAGE_RESULT_MAX);
		pcap_text_file(&r.file, r.n, &text);
		tool_print(t, &text);
		buf_fini(&text);
	}
	json_decref(r.sessions);
	buf_fini(&bytes);
	arena_free(&mem);
	return rc == -1 ? tool_fail(t, &err) : TOOL_DONE;
}

static int
replay_all(struct replay *r, struct err *err)
{
	const struct pcap_talk *v = r->file.talks.v;
	int rc = 0;

	for (size_t i = 0; i < r->file.talks.n && rc == 0; i++)
		if (v[i].kind != PCAP_OTHER)
			rc = replay_one(r, &v[i], err);
	return rc;
}

static int
replay_one(struct replay *r, const struct pcap_talk *talk, struct err *err)
{
	struct pcap_shown shown = { .talk = talk, .number = ++r->n };
	struct arena mem;
	int rc = 0;

	if (talk->listener >= r->config->n_listeners)
		return err_set(err, ERR_USAGE, "There is no listener \"%s\".",
		    r->answers->listener);
	shown.listener = &r->config->listeners[talk->listener];
	arena_init(&mem, MEMORY_MAX);
	if ((talk->kind == PCAP_SMTP || talk->kind == PCAP_QMQP) &&
	    talk->proxy <= PCAP_PROXY_LOCAL)
		rc = talk_through(r, talk, &shown, &mem, err);
	if (rc == 0)
		say_result(r, &shown);
	for (size_t i = 0; i < shown.n_reports; i++)
		trace_output_fini(&shown.reports[i]);
	buf_fini(&shown.bytes);
	arena_free(&mem);
	return rc;
}

/* Until nobody has to be asked any more. */
static int
talk_through(struct replay *r, const struct pcap_talk *talk,
    struct pcap_shown *shown, struct arena *mem, struct err *err)
{
	struct trace_answers *a = r->answers;
	struct trace_input in;
	struct talk_input ti;
	char ip[IP_TEXT];
	int rc;

	str_copy(a->source_ip, sizeof(a->source_ip),
	    str_of(ip_text(&talk->from, ip)));
	str_copy(a->sender, sizeof(a->sender), STR("<>"));
	str_copy(a->recipients, sizeof(a->recipients), STR("postmaster"));
	if (trace_understand(&in, r->config, a, mem, err) == -1)
		return -1;
	in.listener = shown->listener;
	in.facts.local = talk->at;
	ti = (struct talk_input){ .config = r->config,
		.listener = shown->listener,
		.said = talk,
		.known = &in.facts,
		.given = &in.given,
		.call_ahead = a->call_ahead };
	for (int round = 0;; round++) {
		buf_init(&shown->bytes, CAGE_RESULT_MAX);
		rc = talk_once(&ti, &shown->bytes, &shown->done, mem, err);
		if (rc == -1 || round == ROUNDS_MAX ||
		    !learn(r, &in, &shown->done, mem))
			break;
		buf_fini(&shown->bytes);
	}
	return rc == -1 ? -1 : run_mails(r, &in, shown, mem, err);
}

/* Each conversation has counters of its own. */
static int
talk_once(const struct talk_input *in, struct buf *bytes,
    struct talk_done *done, struct arena *mem, struct err *err)
{
	struct talk_input mine = *in;
	int fd, rc;

	mine.stats = stats_create(&fd, err);
	if (mine.stats == NULL)
		return -1;
	close(fd);
	stats_use_slot(mine.stats, 1);
	rc = cage_run(talk_run, &mine, -1, bytes, err);
	stats_unmap(&mine.stats);
	if (rc == 0)
		rc = codec_decode(
		    &talk_done_codec, done, buf_str(bytes), mem, err);
	return rc;
}

/* False: nothing was lacking. */
static bool
learn(struct replay *r, struct trace_input *in, const struct talk_done *done,
    struct arena *mem)
{
	const struct talk_need *v = done->needs.v;
	struct need *needs =
	    arena_array(mem, done->needs.n + 1, sizeof(*needs));
	size_t n = 0;

	for (size_t i = 0; i < done->needs.n; i++) {
		needs[n] = (struct need){ (enum fact_id)v[i].id,
			arena_str(mem, v[i].key) };
		if (needs[n].id == FACT_BOUNCE_TAG)
			trace_judge_tag(in, &needs[n], mem);
		else
			n++;
	}
	if (n > 0)
		trace_look_up(
		    r->config, in->listener, needs, n, &in->facts, mem);
	return done->needs.n > 0;
}

/* --- messages --- */

/* A connection that is refused says why as well. */
static int
run_mails(struct replay *r, const struct trace_input *base,
    struct pcap_shown *shown, struct arena *mem, struct err *err)
{
	static const struct talk_mail none = { .sender = { "<>", 2 } };
	const struct talk_mail *v = shown->done.mails.v;
	size_t n = shown->done.mails.n;

	if (n == 0 && shown->done.refused) {
		v = &none;
		n = 1;
	}
	shown->reports = arena_array(mem, n + 1, sizeof(*shown->reports));
	for (; shown->n_reports < n; shown->n_reports++) {
		struct trace_input in = *base;

		if (v == &none) {
			in.sender = none.sender;
			in.n_rcpts = 0;
		}
		if (run_mail(r, &in, &v[shown->n_reports],
			&shown->reports[shown->n_reports], mem, err) == -1)
			return -1;
	}
	return 0;
}

/*
 * Of a message that was not accepted, or given up, the stages up to where it
 * was refused; what they say of a message that is not there counts not.
 */
static int
run_mail(struct replay *r, struct trace_input *in, const struct talk_mail *m,
    struct trace_output *out, struct arena *mem, struct err *err)
{
	const struct talk_rcpt *rcpts = m->rcpts.v;

	in->sender = m->sender;
	in->rcpts = arena_array(mem, m->rcpts.n + 1, sizeof(*in->rcpts));
	in->n_rcpts = m->rcpts.n;
	in->rcpt_params =
	    arena_array(mem, m->rcpts.n + 1, sizeof(*in->rcpt_params));
	for (size_t i = 0; i < m->rcpts.n; i++) {
		in->rcpts[i] = rcpts[i].path;
		in->rcpt_params[i] = rcpts[i].params;
	}
	in->as_said = true;
	in->mail_params = m->params;
	in->no_params = m->time > 0 && !m->esmtp;
	in->message = m->content;
	in->user = m->user;
	if (m->time > 0) {
		in->facts.client = m->client;
		in->facts.helo = m->helo;
		in->facts.host = m->host;
		in->facts.host_class = (enum host_class)m->host_class;
		if (fact_is_open(&in->facts, FACT_HOST))
			fact_set(&in->facts, FACT_HOST, FACT_KNOWN,
			    FACT_FROM_CLIENT);
		in->facts.now = m->time;
		in->zone = answer_zone(m->time);
	}
	return trace_dry(r->config, in, r->tool->json, r->explain,
	    r->answers->call_ahead, mem, out, err);
}

static void
say_result(struct replay *r, const struct pcap_shown *shown)
{
	struct buf text;

	if (r->sessions != NULL) {
		json_array_append_new(r->sessions, pcap_json(shown));
		return;
	}
	buf_init(&text, CAGE_RESULT_MAX);
	pcap_text(shown, &text);
	tool_print(r->tool, &text);
	buf_fini(&text);
}
