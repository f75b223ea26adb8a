/*
 * page_system.c - System Status: counters, rates, gauges; suspend and resume
 *
 * The twin of `status detail`, `suspenddel`, `suspendlistener` and their
 * opposites (delivery-admin 8, 2.6, 3.5). It has their lines
 * (admin/render.h).
 */
#include <stdlib.h>
#include <string.h>

#include "admin/fields.h"
#include "admin/render.h"
#include "admin/web/pages.h"
#include "admin/web/show.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "base/mem.h"

#define WAIT_MAX 86400

static const char *const since[] = { "reset", "uptime", "lifetime" };
static const char *const window[] = { "1_minute", "5_minutes", "15_minutes" };
static const char *const since_title[] = { "Reset", "Uptime", "Lifetime" };
static const char *const window_title[] = { "1 Minute", "5 Minutes",
	"15 Minutes" };

static void show_system(struct request *);
static void put_head(struct buf *, const json_t *);
static void put_switches(
    struct request *, const json_t *queue, const json_t *listeners);
static void put_listener(struct request *, const json_t *);
static void put_columns(struct buf *, enum render_table, const char *title,
    const char *const *keys, const char *const *titles, const json_t *);
static void put_gauges(struct buf *, const json_t *);
static void put_gauge(struct buf *, const struct render_line *, int64_t);
static bool read_wait(struct request *, char wait[24]);
static void suspended(struct request *);

void
page_system(struct request *r)
{
	request_ask(r, PROGRAM_RECORDER, "status", (char *)NULL);
	request_ask(r, PROGRAM_QMGR, "queue", (char *)NULL);
	request_ask(r, PROGRAM_MASTER, "listeners", (char *)NULL);
	request_then(r, show_system);
}

void
page_suspenddel(struct request *r)
{
	char wait[24];

	if (!read_wait(r, wait))
		return;
	request_ask(r, PROGRAM_QMGR, "suspenddel", wait, (char *)NULL);
	request_then(r, suspended);
}

void
page_resumedel(struct request *r)
{
	request_ask(r, PROGRAM_QMGR, "resumedel", (char *)NULL);
	request_then(r, suspended);
}

/* Without a name: all of them. */
void
page_suspendlistener(struct request *r)
{
	char wait[24], name[NAME_MAX_LEN + 1];

	if (!read_wait(r, wait))
		return;
	form_get(r->http.body, "name", name, sizeof(name));
	request_ask(r, PROGRAM_MASTER, "suspendlistener", wait,
	    *name != '\0' ? name : NULL, (char *)NULL);
	request_then(r, suspended);
}

void
page_resumelistener(struct request *r)
{
	char name[NAME_MAX_LEN + 1];

	form_get(r->http.body, "name", name, sizeof(name));
	request_ask(r, PROGRAM_MASTER, "resumelistener",
	    *name != '\0' ? name : NULL, (char *)NULL);
	request_then(r, suspended);
}

/* False: the request is answered. */
static bool
read_wait(struct request *r, char wait[24])
{
	uint64_t n;

	if (!form_get(r->http.body, "wait", wait, 24))
		strcpy(wait, "30");
	if (str_u64(str_of(wait), WAIT_MAX, &n))
		return true;
	request_go(r, "/system",
	    "The number of seconds to wait must be within 0..86400.", true);
	return false;
}

static void
suspended(struct request *r)
{
	static const struct {
		const char *path, *done;
	} v[] = {
		{ "/system/suspenddel", "Mail delivery suspended" },
		{ "/system/resumedel", "Mail delivery resumed" },
		{ "/system/suspendlistener", "Receiving suspended" },
		{ "/system/resumelistener", "Receiving resumed" },
	};
	char text[200], name[NAME_MAX_LEN + 1];
	size_t i = 0;

	while (strcmp(r->page->path, v[i].path) != 0)
		i++;
	form_get(r->http.body, "name", name, sizeof(name));
	snprintf(text, sizeof(text), "%s%s%s.", v[i].done,
	    *name != '\0' ? " for " : "", name);
	show_outcome(r, 0, "/system", text);
}

/* --- the page --- */

static void
show_system(struct request *r)
{
	const json_t *queue = r->answers[1].json;
	const json_t *listeners = r->answers[2].json;
	const json_t *recorder = show_answer(r, 0);
	json_t *all;

	if (recorder == NULL)
		return;
	all = render_status_join(recorder, queue, listeners);
	request_header(r, "Refresh: 60; url=/system?auto=1");
	request_begin(r, "System Status");
	put_head(&r->out, all);
	put_switches(r, queue, listeners);
	put_gauges(&r->out, json_object_get(all, "gauges"));
	put_columns(&r->out, RENDER_COUNTERS, "Counters", since, since_title,
	    json_object_get(all, "counters"));
	put_columns(&r->out, RENDER_RATES, "Rates (events per hour)", window,
	    window_title, json_object_get(all, "rates"));
	json_decref(all);
	request_end(r);
}

static void
put_head(struct buf *out, const json_t *s)
{
	char text[CLOCK_TEXT];

	html(out, "<section class=\"card\"><dl><dt>Status as of</dt><dd>");
	show_time(out, s, "status_as_of", "Never");
	html(out, "</dd><dt>Up since</dt><dd>");
	show_time(out, s, "up_since", "Never");
	html(out, " (%s)</dd><dt>Last counter reset</dt><dd>",
	    clock_uptime(
		fields_num(s, "status_as_of") - fields_num(s, "up_since"),
		text));
	show_time(out, s, "last_counter_reset", "Never");
	html(out, "</dd><dt>System status</dt><dd><strong>%s</strong></dd>",
	    fields_text(s, "system_status"));
	if (fields_has(s, "work_queue"))
		html(out, "<dt>Work queue</dt><dd>%s</dd>",
		    fields_text(s, "work_queue"));
	html(out, "<dt>Oldest Message</dt><dd>");
	show_age(out, s, "oldest_message",
	    json_object_get(s, "oldest_message") != NULL ? "No Messages"
							 : "Unknown");
	html(out, "</dd></dl></section>\n");
}

static void
put_switches(struct request *r, const json_t *queue, const json_t *listeners)
{
	bool off = strcmp(fields_text(queue, "delivery"), "suspended") == 0;
	const char *command = off ? "resumedel" : "suspenddel";
	struct buf *out = &r->out;
	const json_t *one;
	size_t i;

	html(out,
	    "<section class=\"card scroll\"><h2>Delivery and listeners</h2>"
	    "<table><thead><tr><th>Name</th><th>Address</th><th>State</th>"
	    "<th></th></tr></thead><tbody>"
	    "<tr><td>Delivery</td><td></td><td>");
	html(out, "<span class=\"state %s\">%s</span></td><td>",
	    queue == NULL ? ""
	    : off         ? "wait"
			  : "up",
	    queue == NULL ? "unknown"
	    : off         ? "suspended"
			  : "running");
	if (queue != NULL && request_may(r, command)) {
		request_form(
		    r, off ? "/system/resumedel" : "/system/suspenddel");
		if (!off)
			html(out, "<label>Wait <input type=\"number\" "
				  "name=\"wait\" value=\"30\" min=\"0\" "
				  "max=\"86400\"> s </label>");
		html(out, "<button class=\"light small\">%s</button></form>",
		    off ? "Resume" : "Suspend");
	}
	html(out, "</td></tr>\n");
	json_array_foreach(json_object_get(listeners, "listeners"), i, one)
	{
		put_listener(r, one);
	}
	html(out, "</tbody></table></section>\n");
}

static void
put_listener(struct request *r, const json_t *one)
{
	bool off = fields_bool(one, "suspended");
	struct buf *out = &r->out;

	html(out,
	    "<tr><td>%s</td><td>%s</td><td><span class=\"state %s\">%s</span>"
	    "</td><td>",
	    fields_text(one, "name"), fields_text(one, "address"),
	    off ? "wait" : "up", off ? "suspended" : "listening");
	if (request_may(r, off ? "resumelistener" : "suspendlistener")) {
		request_form(r,
		    off ? "/system/resumelistener" : "/system/suspendlistener");
		html(out, "<input type=\"hidden\" name=\"name\" value=\"%s\">",
		    fields_text(one, "name"));
		if (!off)
			html(out, "<label>Wait <input type=\"number\" "
				  "name=\"wait\" value=\"30\" min=\"0\" "
				  "max=\"86400\"> s </label>");
		html(out, "<button class=\"light small\">%s</button></form>",
		    off ? "Resume" : "Suspend");
	}
	html(out, "</td></tr>\n");
}

static const char *
indent_class(int indent)
{
	return indent >= 8 ? "sub2" : indent >= 6 ? "sub" : "";
}

static void
put_columns(struct buf *out, enum render_table table, const char *title,
    const char *const *keys, const char *const *titles, const json_t *values)
{
	struct render_line l;

	html(out,
	    "<section class=\"card scroll\"><h2>%s</h2><table><thead><tr>"
	    "<th></th>",
	    title);
	for (size_t c = 0; c < 3; c++)
		html(out, "<th class=\"n\">%s</th>", titles[c]);
	html(out, "</tr></thead><tbody>");
	for (size_t i = 0; render_line(table, i, &l); i++) {
		if (l.key == NULL) {
			html(
			    out, "<tr><th colspan=\"4\">%s</th></tr>", l.label);
			continue;
		}
		html(out, "<tr><td class=\"%s\">%s</td>",
		    indent_class(l.indent), l.label);
		for (size_t c = 0; c < 3; c++)
			show_cell(out, json_object_get(values, l.key), keys[c]);
		html(out, "</tr>");
	}
	html(out, "</tbody></table></section>\n");
}

/* What is not measured has no line. */
static void
put_gauges(struct buf *out, const json_t *values)
{
	struct render_line l;

	html(out, "<div class=\"cards\">");
	for (size_t i = 0; render_line(RENDER_GAUGES, i, &l); i++) {
		if (l.key == NULL && l.indent == 2)
			html(out,
			    "<section class=\"card\"><h2>%s</h2>"
			    "<table><tbody>",
			    l.label);
		else if (l.key == NULL)
			html(
			    out, "<tr><td colspan=\"2\">%s</td></tr>", l.label);
		else if (fields_has(values, l.key) || !l.if_known)
			put_gauge(out, &l, fields_num(values, l.key));
		if (l.last)
			html(out, "</tbody></table></section>");
	}
	html(out, "</div>\n");
}

static void
put_gauge(struct buf *out, const struct render_line *l, int64_t value)
{
	html(out, "<tr><td class=\"%s\">%s</td><td class=\"n\">",
	    indent_class(l->indent), l->label);
	if (l->giga)
		html(out, "%lld G", (long long)(value >> 20));
	else
		show_number(out, value);
	html(out, "%s</td></tr>", l->percent ? " %" : "");
}
