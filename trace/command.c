/*
 * command.c - `postern trace` (spec receiving 2)
 *
 * With everything said in options it reports and ends; otherwise it asks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/commands.h"
#include "base/mem.h"
#include "config/revision.h"
#include "trace/ask.h"
#include "trace/child.h"
#include "trace/feed.h"
#include "trace/fetch.h"
#include "trace/host.h"
#include "trace/pcap.h"
#include "trace/replay.h"
#include "trace/tags.h"
#include "trace/way.h"

#define ROUNDS_MAX 100               /* of questions about one message */
#define FACTS_MAX  ((size_t)1 << 30) /* as cleanup has */

struct options {
	const char *source_ip, *fqdn, *listener, *owner, *reputation, *country,
	    *ldap_accept, *sdr, *spam, *virus, *bounce_tag, *auth_user, *sender,
	    *mail_params, *rcpt_params, *recipients, *file, *sessions, *pcap,
	    *filter;
	bool smtputf8, tls, call_ahead, lookup, committed, explain;
};

static int run(struct tool *, int argc, char **argv);

/* In the order of postern-trace(1). */
static const struct tool_about about[] = {
	{ NULL, "Who connects" },
	{ "--source-ip IP", "The address of the client." },
	{ "--fqdn NAME", "Its host name; without it, it is looked up." },
	{ "--listener NAME", "The listener; without it the first one." },
	{ "--owner N", "The network owner id; N/A: none." },
	{ "--reputation N", "The reputation score, -10.0 to 10.0; N/A: none." },
	{ "--country XX", "The country, as two letters; N/A: none." },
	{ "--tls", "It has said STARTTLS." },
	{ "--auth-user NAME", "It has authenticated, where that is offered." },
	{ NULL, "What it sends" },
	{ "--sender ADDRESS", "The envelope sender; <>: the empty one." },
	{ "--recipients LIST",
	    "The envelope recipients, separated by commas." },
	{ "--mail-params WORDS",
	    "What stands behind the address of MAIL, as in \"REQUIRETLS "
	    "SIZE=1000 BODY=8BITMIME RET=HDRS ENVID=x\"." },
	{ "--rcpt-params WORDS",
	    "... and of each RCPT, as in \"NOTIFY=NEVER\"." },
	{ "--smtputf8", "It says that it may use 8-bit addresses." },
	{ "--file FILE", "The message; -: standard input." },
	{ NULL, "What others would answer" },
	{ "--ldap-accept LIST",
	    "The directory, of recipients: ADDRESS=pass, =fail or =error, "
	    "separated by commas; one of these words alone is said of all "
	    "others." },
	{ "--sdr VERDICT",
	    "The reputation of the sender's domain: Awful, Poor, Tainted, "
	    "Weak, Unknown, Neutral or Good; after commas its age in days and "
	    "the category of the threat." },
	{ "--spam SCORE",
	    "The spam scanner: 0 to 100; after commas the names of tests. "
	    "Without it the one that is configured is asked." },
	{ "--virus NAME",
	    "The virus scanner: clean, encrypted, unscannable, or a name. "
	    "Without it the one that is configured is asked." },
	{ "--bounce-tag VERDICT",
	    "What the tags of recipients are worth, instead of what the keys "
	    "say: valid, expired, forged, untagged or \"no keys\"." },
	{ "--call-ahead", "The call-ahead server is contacted." },
	{ "--lookup",
	    "MX records and addresses of the next hops are looked up, and "
	    "shown in the order in which they would be tried, with the TLS "
	    "that each must do; nobody is connected to." },
	{ NULL, "Many messages" },
	{ "--sessions FILE",
	    "One JSON object a line, whose keys are the names of the options, "
	    "and \"message\" for its text; each is answered by a line as "
	    "--json has it." },
	{ "--pcap FILE",
	    "Every conversation of SMTP or QMQP in a file of packetcapture or "
	    "tcpdump is said once more, packet by packet, and each of its "
	    "messages goes through all stages; beside our replies stand those "
	    "that were captured." },
	{ "--filter EXPRESSION",
	    "Of that file only packets that this expression of tcpdump "
	    "fits." },
	{ NULL, "The configuration, and the report" },
	{ "--committed", "What the programs use now, not the working copy." },
	{ "--explain",
	    "Also where each entry that decided stands, where each fact came "
	    "from, and what each rule of a filter looked at." },
	{ "--json", "One JSON object, for programs." },
	{ NULL, NULL },
};

const struct tool_command cmd_trace = {
	.name = "trace",
	.usage = "[OPTION ...] | --sessions FILE [--committed] | --pcap FILE "
		 "[--filter EXPRESSION] [--listener NAME] [--committed] "
		 "[--explain]",
	.summary = "Show what would happen to a message",
	.help = "Sends a message through every stage of mail handling, in "
		"memory, and says what each decided. Nothing is sent, queued "
		"or counted. The working copy of the configuration is used. On "
		"a terminal it asks for what the options do not say.",
	.about = about,
	.run = run,
};

static int act(struct tool *, const struct options *, struct trace_answers *,
    const char *why);
static int usage(struct tool *, const char *what);
static bool fill(
    struct trace_answers *, const struct options *, const char **why);
static struct config *load(struct tool *, bool committed);
static void print_problems(const struct config_problems *);
static int batch(
    struct tool *, const struct config *, struct trace_answers *, bool explain);
static int sessions(
    struct tool *, const struct config *, struct trace_answers *, bool explain);
static bool ask_on(struct tool *, const struct trace_output *);
static void recall(const struct tool *, struct trace_answers *);
static void remember(const struct tool *, const struct trace_answers *);
static int run_rounds(struct trace_output *, struct trace_input *, bool json,
    bool explain, struct arena *mem, struct err *);
static void look_up(const struct config *, struct trace_input *,
    bool call_ahead, struct arena *mem);
static void print(struct tool *, struct str text);

static int
run(struct tool *t, int argc, char **argv)
{
	struct options o = { .source_ip = NULL };
	const struct tool_option options[] = {
		{ "--source-ip", &o.source_ip, NULL },
		{ "--fqdn", &o.fqdn, NULL },
		{ "--listener", &o.listener, NULL },
		{ "--owner", &o.owner, NULL },
		{ "--reputation", &o.reputation, NULL },
		{ "--country", &o.country, NULL },
		{ "--ldap-accept", &o.ldap_accept, NULL },
		{ "--sdr", &o.sdr, NULL },
		{ "--spam", &o.spam, NULL },
		{ "--virus", &o.virus, NULL },
		{ "--bounce-tag", &o.bounce_tag, NULL },
		{ "--auth-user", &o.auth_user, NULL },
		{ "--sender", &o.sender, NULL },
		{ "--mail-params", &o.mail_params, NULL },
		{ "--rcpt-params", &o.rcpt_params, NULL },
		{ "--recipients", &o.recipients, NULL },
		{ "--file", &o.file, NULL },
		{ "--sessions", &o.sessions, NULL },
		{ "--pcap", &o.pcap, NULL },
		{ "--filter", &o.filter, NULL },
		{ "--smtputf8", NULL, &o.smtputf8 },
		{ "--tls", NULL, &o.tls },
		{ "--call-ahead", NULL, &o.call_ahead },
		{ "--lookup", NULL, &o.lookup },
		{ "--committed", NULL, &o.committed },
		{ "--explain", NULL, &o.explain },
	};
	struct trace_answers *answers;
	const char *why = NULL;
	int status;

	if (!tool_options(
		t, options, sizeof(options) / sizeof(*options), &argc, argv))
		return TOOL_USAGE;
	if (argc > 1)
		return tool_unknown(t, argv[1]);
	answers = mem_alloc(sizeof(*answers));
	answers->etc = t->paths.etc;
	answers->smtputf8 = o.smtputf8;
	answers->tls = o.tls;
	answers->call_ahead = o.call_ahead;
	answers->lookup = o.lookup;
	answers->committed = o.committed;
	answers->tool = t;
	buf_init(&answers->message, TRACE_MESSAGE_MAX);
	if (!fill(answers, &o, &why) && !t->asks && o.sessions == NULL &&
	    o.pcap == NULL)
		status = usage(t, why);
	else
		status = act(t, &o, answers, why);
	buf_fini(&answers->message);
	free(answers);
	return status;
}

/* why: what the options do not say of a message. */
static int
act(struct tool *t, const struct options *o, struct trace_answers *a,
    const char *why)
{
	struct config *config = load(t, o->committed);
	int status;

	if (config == NULL)
		return TOOL_NEGATIVE;
	if (o->sessions != NULL)
		status = trace_replay(t, config, o->sessions, o->committed);
	else if (o->pcap != NULL)
		status =
		    trace_pcap(t, config, a, o->pcap, o->filter, o->explain);
	else if (why == NULL)
		status = batch(t, config, a, o->explain);
	else
		status = sessions(t, config, a, o->explain);
	config_unref(&config);
	return status;
}

/* False: what a message cannot do without is missing, or too long. */
static bool
fill(struct trace_answers *a, const struct options *o, const char **why)
{
	const struct {
		const char *name, *value;
		char *to;
		size_t size;
		bool needed;
	} fields[] = {
		{ "--source-ip", o->source_ip, a->source_ip,
		    sizeof(a->source_ip), true },
		{ "--fqdn", o->fqdn, a->fqdn, sizeof(a->fqdn), false },
		{ "--listener", o->listener, a->listener, sizeof(a->listener),
		    false },
		{ "--owner", o->owner, a->owner, sizeof(a->owner), false },
		{ "--reputation", o->reputation, a->reputation,
		    sizeof(a->reputation), false },
		{ "--country", o->country, a->country, sizeof(a->country),
		    false },
		{ "--ldap-accept", o->ldap_accept, a->ldap_accept,
		    sizeof(a->ldap_accept), false },
		{ "--sdr", o->sdr, a->sdr, sizeof(a->sdr), false },
		{ "--spam", o->spam, a->spam, sizeof(a->spam), false },
		{ "--virus", o->virus, a->virus, sizeof(a->virus), false },
		{ "--bounce-tag", o->bounce_tag, a->bounce_tag,
		    sizeof(a->bounce_tag), false },
		{ "--auth-user", o->auth_user, a->auth_user,
		    sizeof(a->auth_user), false },
		{ "--sender", o->sender, a->sender, sizeof(a->sender), true },
		{ "--mail-params", o->mail_params, a->mail_params,
		    sizeof(a->mail_params), false },
		{ "--rcpt-params", o->rcpt_params, a->rcpt_params,
		    sizeof(a->rcpt_params), false },
		{ "--recipients", o->recipients, a->recipients,
		    sizeof(a->recipients), true },
		{ "--file FILE (- is standard input)", o->file, a->file,
		    sizeof(a->file), true },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (fields[i].value == NULL) {
			if (fields[i].needed && *why == NULL)
				*why = fields[i].name;
		} else if (!str_copy(fields[i].to, fields[i].size,
			       str_of(fields[i].value))) {
			*why = fields[i].name;
		}
	}
	return *why == NULL;
}

static int
usage(struct tool *t, const char *what)
{
	char text[100];

	snprintf(text, sizeof(text), "missing, or too long: %s", what);
	return tool_usage(t, text);
}

static struct config *
load(struct tool *t, bool committed)
{
	struct config_problems problems = { .n = 0 };
	struct config *config = NULL;
	struct bundle bundle = { .n = 0 };
	struct err err = ERR_INIT;
	uint64_t number = 0;
	int rc;

	if (committed &&
	    (!revision_current(t->paths.state, &number, &err) || number == 0)) {
		if (err.text[0] == '\0')
			err_set(&err, ERR_PERM, "Nothing was committed yet.");
		tool_fail(t, &err);
		return NULL;
	}
	rc = committed
		 ? revision_compiled(&bundle, t->paths.state, number, &err)
		 : bundle_read_folder(&bundle, t->paths.etc, &err);
	if (rc == -1) {
		tool_fail(t, &err);
		return NULL;
	}
	config = config_load(&bundle, number, &problems);
	if (config == NULL)
		print_problems(&problems);
	config_problems_free(&problems);
	bundle_free(&bundle);
	if (config != NULL)
		trace_feed(config, &t->paths);
	if (config != NULL && config->n_listeners == 0) {
		fputs("There are no listeners configured.\n", t->dialogue.out);
		config_unref(&config);
	}
	return config;
}

static void
print_problems(const struct config_problems *problems)
{
	for (size_t i = 0; i < problems->n; i++) {
		struct buf line;

		buf_init(&line, 1 << 16);
		config_problem_print(&problems->v[i], &line);
		fprintf(stderr, "%.*s\n", STR_ARG(str_trim(buf_str(&line))));
		buf_fini(&line);
	}
}

static int
batch(struct tool *t, const struct config *config, struct trace_answers *a,
    bool explain)
{
	struct trace_output out;
	struct err err = ERR_INIT;
	int status;

	if (trace_read(a, &err) == -1)
		return tool_fail(t, &err);
	status = TOOL_DONE;
	if (trace_session(config, a, t->json, explain, &out, &err) == -1) {
		status = tool_fail(t, &err);
	} else {
		print(t, out.report);
		if (out.result.n > 0) {
			print(t, STR("\n"));
			print(t, out.result);
		}
		if (out.end < TRACE_SINKHOLE)
			status = TOOL_NEGATIVE;
	}
	trace_output_fini(&out);
	return status;
}

/* After a refusal by the host access table the command ends (2.4). */
static int
sessions(struct tool *t, const struct config *config, struct trace_answers *a,
    bool explain)
{
	struct err err = ERR_INIT;
	int status = TOOL_DONE;
	bool again = true;

	recall(t, a);
	tool_space(t);
	while (again && status == TOOL_DONE) {
		struct trace_output out;

		if (!trace_ask(t, config, a))
			return tool_abandoned(t);
		remember(t, a);
		if (trace_session(config, a, t->json, explain, &out, &err) ==
		    -1) {
			status = tool_fail(t, &err);
		} else {
			print(t, out.report);
			fputc('\n', t->dialogue.out);
			again = ask_on(t, &out);
		}
		trace_output_fini(&out);
	}
	return status;
}

/* Shows the message to who wants to see it. True: once more. */
static bool
ask_on(struct tool *t, const struct trace_output *out)
{
	bool show = false, again = false;

	if (out->end == TRACE_REFUSED)
		return false;
	if (out->result.n > 0) {
		if (!dialogue_yes(&t->dialogue,
			"Would you like to see the resulting message?", true,
			&show))
			return false;
		fputc('\n', t->dialogue.out);
		if (show) {
			print(t, out->result);
			fputc('\n', t->dialogue.out);
		}
	}
	if (!dialogue_yes(&t->dialogue, "Run through another debug session?",
		false, &again))
		return false;
	fputc('\n', t->dialogue.out);
	return again;
}

/* What was answered the last time, in the same shell; what was said in
 * options this time goes before. */
static void
recall(const struct tool *t, struct trace_answers *a)
{
	struct trace_answers *old = mem_alloc(sizeof(*old));
	const struct {
		char *to;
		const char *from;
		size_t size;
	} fields[] = {
#define FIELD_OF(name) { a->name, old->name, sizeof(a->name) }
		FIELD_OF(source_ip),
		FIELD_OF(fqdn),
		FIELD_OF(listener),
		FIELD_OF(owner),
		FIELD_OF(reputation),
		FIELD_OF(sender),
		FIELD_OF(recipients),
		FIELD_OF(file),
#undef FIELD_OF
	};
	size_t n = offsetof(struct trace_answers, message);
	bool some =
	    t->memory != -1 && pread(t->memory, old, n, 0) == (ssize_t)n;

	for (size_t i = 0; some && i < NELEM(fields); i++) {
		if (*fields[i].to == '\0')
			str_copy(fields[i].to, fields[i].size,
			    str_of(fields[i].from));
	}
	free(old);
}

static void
remember(const struct tool *t, const struct trace_answers *a)
{
	size_t n = offsetof(struct trace_answers, message);

	/* Without it the next time has no defaults: no harm done. */
	if (t->memory != -1 && pwrite(t->memory, a, n, 0) == -1)
		return;
}

int
trace_session(const struct config *config, const struct trace_answers *a,
    bool json, bool explain, struct trace_output *out, struct err *err)
{
	struct trace_input in;
	struct arena mem;
	int rc;

	*out = (struct trace_output){ .end = TRACE_REFUSED };
	arena_init(&mem, FACTS_MAX);
	rc = trace_understand(&in, config, a, &mem, err);
	if (rc == 0)
		rc = trace_dry(
		    config, &in, json, explain, a->call_ahead, &mem, out, err);
	arena_free(&mem);
	return rc;
}

int
trace_dry(const struct config *config, struct trace_input *in, bool json,
    bool explain, bool call_ahead, struct arena *mem, struct trace_output *out,
    struct err *err)
{
	int rc;

	*out = (struct trace_output){ .end = TRACE_REFUSED };
	trace_tag_key(in);
	trace_host(config, in->listener, &in->facts, mem);
	look_up(config, in, call_ahead, mem);
	rc = run_rounds(out, in, json, explain, mem, err);
	trace_ways_free(in);
	return rc;
}

/*
 * The child says what it lacks, is told, and begins again. What a stage learns
 * can make the next one ask, so there are several rounds; after too many the
 * rest cannot be had.
 */
static int
run_rounds(struct trace_output *out, struct trace_input *in, bool json,
    bool explain, struct arena *mem, struct err *err)
{
	int rc;

	for (int round = 1;; round++) {
		in->asks = round < ROUNDS_MAX;
		rc = trace_child(out, in, json, explain, err);
		if (rc == -1 || out->n_wants == 0)
			return rc;
		trace_fetch(in, out->wants, out->n_wants, mem);
		trace_output_fini(out);
	}
}

/* What the stages lack, as they say it. The next hop is asked only when that
 * is wished. */
static void
look_up(const struct config *config, struct trace_input *in, bool call_ahead,
    struct arena *mem)
{
	struct needs wants;

	while (trace_wants(in, &wants, mem)) {
		bool again = false;
		size_t n = 0;

		for (size_t i = 0; i < wants.n; i++) {
			if (wants.v[i].id == FACT_BOUNCE_TAG)
				trace_judge_tag(in, &wants.v[i], mem);
			else if (wants.v[i].id != FACT_CALLAHEAD || call_ahead)
				wants.v[n++] = wants.v[i];
			again |= wants.v[i].id == FACT_BOUNCE_TAG;
		}
		if (n == 0 && !again)
			return;
		if (n > 0)
			trace_look_up(
			    config, in->listener, wants.v, n, &in->facts, mem);
	}
}

static void
print(struct tool *t, struct str text)
{
	struct buf out;

	buf_init(&out, SIZE_MAX / 4);
	buf_add_str(&out, text);
	tool_print(t, &out);
	buf_fini(&out);
}
