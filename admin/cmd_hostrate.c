/* cmd_hostrate.c - `hostrate` (delivery-admin 2.8) */
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "admin/render.h"
#include "admin/repeat.h"
#include "base/bounds.h"

/* What the line before had. */
struct watched {
	char host[DOMAIN_MAX + 1];
	int64_t active, delivered, hard, soft;
};

static int run(struct tool *, int argc, char **argv);
static int line(struct tool *, void *, bool first, bool heading, struct buf *,
    json_t **, struct err *);
static int ask(
    struct tool *, const char *host, struct control_answer *, struct err *);
static int64_t since(int64_t now, int64_t *before, bool first);

const struct tool_command cmd_hostrate = {
	.name = "hostrate",
	.usage = "HOST [SECONDS [COUNT]]",
	.summary = "Show what happens at one destination over time",
	.help = "Prints a line every SECONDS (10), COUNT times or until "
		"interrupted: whether the destination is up, connections to "
		"it, active recipients, and since the line before: their "
		"change, delivered and hard bounced recipients, soft bounced "
		"events.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct watched w = { .host = "" };
	struct repeat r = { .line = line, .arg = &w };

	if (argc == 1 && t->asks) {
		if (!dialogue_needed(&t->dialogue, "Recipient host:", w.host,
			sizeof(w.host)) ||
		    !repeat_ask(t, &r))
			return tool_abandoned(t);
	} else if (argc == 1 || !repeat_take(&r, argc - 2, argv + 2)) {
		return tool_usage(t, argc > 2 ? REPEAT_RANGE : NULL);
	} else if (!str_copy(w.host, sizeof(w.host), str_of(argv[1]))) {
		return tool_usage(t, "the name is too long");
	}
	return repeat_run(t, &r);
}

static int
line(struct tool *t, void *arg, bool first, bool heading, struct buf *text,
    json_t **json, struct err *err)
{
	struct watched *w = arg;
	struct control_answer answer;
	const json_t *c, *g;
	struct host_row row;

	if (ask(t, w->host, &answer, err) == -1)
		return -1;
	c = json_object_get(answer.json, "counters");
	g = json_object_get(answer.json, "gauges");
	row =
	    (struct host_row){ .when = fields_num(answer.json, "status_as_of"),
		    .status = fields_text(answer.json, "host_up_down"),
		    .conn_out = fields_num(g, "current_outbound_connections"),
		    .active = fields_num(g, "active_recipients") };
	row.active_delta = since(row.active, &w->active, first);
	row.delivered_delta =
	    since(fields_num(c, "delivered_recipients"), &w->delivered, first);
	row.hard_delta =
	    since(fields_num(c, "hard_bounced_recipients"), &w->hard, first);
	row.soft_delta =
	    since(fields_num(c, "soft_bounced_events"), &w->soft, first);
	render_host_row(&row, heading, text);
	*json = json_pack("{s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "time",
	    (json_int_t)row.when, "host_status", row.status, "connections_out",
	    (json_int_t)row.conn_out, "active_recipients",
	    (json_int_t)row.active, "active_delta",
	    (json_int_t)row.active_delta, "delivered_delta",
	    (json_int_t)row.delivered_delta, "hard_bounced_delta",
	    (json_int_t)row.hard_delta, "soft_bounced_delta",
	    (json_int_t)row.soft_delta);
	control_answer_fini(&answer);
	return 0;
}

static int
ask(struct tool *t, const char *host, struct control_answer *answer,
    struct err *err)
{
	const char *words[] = { "hoststatus", host, NULL };
	int rc = control_ask(t, PROGRAM_QMGR, words, answer, err);

	if (rc == 0 && !fields_bool(answer->json, "in_memory")) {
		control_answer_fini(answer);
		rc = err_set(err, ERR_PERM, "Nothing is known of it.");
	}
	if (rc == -1 && err->kind == ERR_PERM && err->sys == 0)
		err_set(err, ERR_PERM, "No data for host \"%s\".", host);
	return rc;
}

/* Counters begin anew with resetcounters: that is no negative rate. */
static int64_t
since(int64_t now, int64_t *before, bool first)
{
	int64_t delta = first ? 0 : now - *before;

	*before = now;
	return delta;
}
