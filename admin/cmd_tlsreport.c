/* cmd_tlsreport.c - `tlsreport`: what became of TLS to whom (RFC 8460) */
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"

#define WORDS_MAX  2 /* DATE, DOMAIN */
#define TEXT_SHOWN 300

static int run(struct tool *, int argc, char **argv);
static void render(const json_t *, struct buf *);
static void render_policy(const json_t *, struct buf *);
static void render_detail(const json_t *, struct buf *);

const struct tool_command cmd_tlsreport = {
	.name = "tlsreport",
	.usage = "[DATE [DOMAIN]]",
	.summary = "Show what became of TLS to other domains",
	.help = "Shows for one day (UTC, like 2026-11-22; today if it is left "
		"out), how many sessions with each domain, or with DOMAIN, "
		"were as its policy for TLS wants them, and what was wrong "
		"with the others. Thirty days are kept. With --json it is the "
		"report document of RFC 8460; it is not sent to anybody.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *words[WORDS_MAX + 2] = { "tlsreport" };

	if (argc - 1 > WORDS_MAX)
		return tool_usage(t, NULL);
	for (int i = 1; i < argc; i++)
		words[i] = argv[i];
	return control_show(t, PROGRAM_RECORDER, words, render);
}

static void
render(const json_t *answer, struct buf *out)
{
	const json_t *list = json_object_get(answer, "policies"), *one;
	int64_t rest = fields_num(answer, "uncounted-session-count");
	size_t i;

	if (json_array_size(list) == 0) {
		buf_puts(out, "No sessions were counted.\n");
		return;
	}
	buf_printf(out, "%-32s %-16s %12s %12s\n", "Domain", "Policy",
	    "Successful", "Failed");
	json_array_foreach(list, i, one) render_policy(one, out);
	if (rest > 0)
		buf_printf(out, "\n%lld sessions with other domains.\n",
		    (long long)rest);
}

static void
render_policy(const json_t *j, struct buf *out)
{
	const json_t *policy = json_object_get(j, "policy"), *one;
	const json_t *sum = json_object_get(j, "summary");
	size_t i;

	buf_printf(out, "%-32s %-16s ", fields_text(policy, "policy-domain"),
	    fields_text(policy, "policy-type"));
	fields_cell(out, fields_num(sum, "total-successful-session-count"), 12);
	buf_puts(out, " ");
	fields_cell(out, fields_num(sum, "total-failure-session-count"), 12);
	buf_puts(out, "\n");
	json_array_foreach(json_object_get(j, "failure-details"), i, one)
	    render_detail(one, out);
}

static void
render_detail(const json_t *j, struct buf *out)
{
	buf_printf(out, "  %lld %s",
	    (long long)fields_num(j, "failed-session-count"),
	    fields_text(j, "result-type"));
	if (fields_has(j, "receiving-mx-hostname"))
		buf_printf(out, " %s", fields_text(j, "receiving-mx-hostname"));
	if (fields_has(j, "receiving-ip"))
		buf_printf(out, " (%s)", fields_text(j, "receiving-ip"));
	if (fields_has(j, "failure-reason-code")) {
		buf_puts(out, ": ");
		fields_show(
		    out, fields_text(j, "failure-reason-code"), TEXT_SHOWN);
	}
	buf_puts(out, "\n");
}
