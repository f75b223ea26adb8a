/*
 * page_hosts.c - Delivery Status: destinations, and what is tried of them
 *
 * The twins of `tophosts` and `delivernow` (delivery-admin 8, 2.9, 1.14).
 */
#include <stdlib.h>
#include <string.h>

#include "admin/fields.h"
#include "admin/web/pages.h"
#include "admin/web/show.h"
#include "base/bounds.h"
#include "base/mem.h"

#define ALL "10000" /* as many as tophosts gives */

/* What the address of the page says. */
struct view {
	size_t sort;
	unsigned top, refresh;
	char search[DOMAIN_MAX + 1];
};

static const struct column {
	const char *title;
	const char *word; /* of tophosts, and of the address */
	const char *key;
} columns[] = {
	{ "Destination", "name", "recipient_host" },
	{ "Active Recipients", "active_rcpts", "active_rcpts" },
	{ "Connections Out", "conn_out", "conn_out" },
	{ "Delivered Recipients", "deliv_rcpts", "deliv_rcpts" },
	{ "Soft Bounced Events", "soft_bounced", "soft_bounced" },
	{ "Hard Bounced Recipients", "hard_bounced", "hard_bounced" },
};
#define DEFAULT_SORT 1

static const unsigned tops[] = { 20, 50, 100 };
static const unsigned refreshes[] = { 0, 10, 30, 60 };

static void show_hosts(struct request *);
static struct view read_view(const struct request *);
static void put_link(struct buf *, const struct view *);
static void put_bar(struct request *, const struct view *, const json_t *);
static void put_choices(struct buf *, const char *name, const char *none,
    const unsigned *v, size_t n, unsigned now);
static void put_table(struct request *, const struct view *, const json_t *);
static void put_head(struct request *, const struct view *);
static void put_row(struct request *, const json_t *host, bool may_retry);
static bool is_wanted(const struct view *, const json_t *host);
static int by_name(const void *, const void *);
static void retried(struct request *);

void
page_hosts(struct request *r)
{
	struct view v = read_view(r);
	bool all = *v.search != '\0' || v.sort == 0;
	char count[16];

	snprintf(count, sizeof(count), "%u", v.top);
	request_ask(r, PROGRAM_QMGR, "tophosts",
	    columns[v.sort == 0 ? DEFAULT_SORT : v.sort].word,
	    all ? ALL : count, (char *)NULL);
	request_ask(r, PROGRAM_QMGR, "queue", (char *)NULL);
	request_then(r, show_hosts);
}

/* All of them, or one domain; then back to where the button was. */
void
page_retry(struct request *r)
{
	char scope[DOMAIN_MAX + 1];

	if (!form_get(r->http.body, "scope", scope, sizeof(scope)) ||
	    *scope == '\0') {
		request_go(r, "/delivery", "Retry what? Name a domain.", true);
		return;
	}
	request_ask(r, PROGRAM_QMGR, "delivernow", scope, (char *)NULL);
	request_then(r, retried);
}

static void
retried(struct request *r)
{
	const json_t *a = r->answers[0].json;
	const char *scope = fields_text(a, "scope");
	char done[400], n[32], scope_said[DOMAIN_MAX + 1];
	struct buf path;

	str_thousands((uint64_t)fields_num(a, "recipients"), n);
	if (strcmp(scope, "all") == 0)
		snprintf(done, sizeof(done),
		    "Scheduling all messages for delivery: %s recipients.", n);
	else
		snprintf(done, sizeof(done),
		    "Scheduling all messages to %s for delivery: %s "
		    "recipients.",
		    scope, n);
	buf_init(&path, 4 * DOMAIN_MAX + 100);
	buf_puts(&path, "/delivery");
	form_get(r->http.body, "scope", scope_said, sizeof(scope_said));
	if (form_get(r->http.body, "back", n, sizeof(n)) &&
	    strcmp(n, "host") == 0) {
		buf_puts(&path, "/host?name=");
		form_encode(&path, str_of(scope_said));
	}
	show_outcome(r, 0, path.data, done);
	buf_fini(&path);
}

static void
show_hosts(struct request *r)
{
	struct view v = read_view(r);
	const json_t *top = show_answer(r, 0);
	struct buf line;

	if (top == NULL)
		return;
	if (v.refresh > 0) {
		buf_init(&line, 4096);
		buf_printf(&line, "Refresh: %u; url=", v.refresh);
		put_link(&line, &v);
		buf_puts(&line, "&auto=1");
		request_header(r, line.data);
		buf_fini(&line);
	}
	request_begin(r, "Delivery Status");
	put_bar(r, &v, top);
	put_table(r, &v, json_object_get(top, "hosts"));
	request_end(r);
}

static struct view
read_view(const struct request *r)
{
	struct view v = { .sort = DEFAULT_SORT };
	char word[32];

	form_get(r->http.query, "sort", word, sizeof(word));
	for (size_t i = 0; i < NELEM(columns); i++)
		if (strcmp(word, columns[i].word) == 0)
			v.sort = i;
	v.top = (unsigned)request_number(r, "top", 20, 100, 20);
	v.refresh = (unsigned)request_number(r, "refresh", 10, 3600, 0);
	form_get(r->http.query, "search", v.search, sizeof(v.search));
	return v;
}

/* The address of a view; for headers, so nothing in it is markup. */
static void
put_link(struct buf *out, const struct view *v)
{
	buf_printf(out, "/delivery?sort=%s&top=%u&refresh=%u&search=",
	    columns[v->sort].word, v->top, v->refresh);
	form_encode(out, str_of(v->search));
}

static void
put_bar(struct request *r, const struct view *v, const json_t *top)
{
	const json_t *queue = r->answers[1].json;
	struct buf *out = &r->out;

	html(out, "<p class=\"soft\">Status as of ");
	show_time(out, top, "status_as_of", "");
	if (queue != NULL) {
		html(out, " &middot; ");
		show_number(out, fields_num(json_object_get(queue, "gauges"),
				     "active_recipients"));
		html(out, " active recipients");
	}
	html(out, "</p>\n");
	if (strcmp(fields_text(queue, "delivery"), "suspended") == 0)
		html(out,
		    "<p class=\"notice bad\">Delivery is suspended (by "
		    "%s).</p>\n",
		    fields_text(queue, "suspended_by"));
	html(out, "<div class=\"bar\">");
	if (request_may(r, "delivernow")) {
		request_form(r, "/delivery/retry");
		html(out, "<input type=\"hidden\" name=\"scope\" value=\"all\">"
			  "<button>Retry All Delivery</button></form>");
	}
	html(out,
	    "<form class=\"push\" method=\"get\" action=\"/delivery\">"
	    "<input type=\"hidden\" name=\"sort\" value=\"%s\">"
	    "<input type=\"search\" name=\"search\" value=\"%s\" "
	    "placeholder=\"Part of a domain\" aria-label=\"Search\">",
	    columns[v->sort].word, v->search);
	put_choices(out, "top", NULL, tops, NELEM(tops), v->top);
	put_choices(out, "refresh", "No refresh", refreshes, NELEM(refreshes),
	    v->refresh);
	html(out, "<button class=\"light\">Show</button></form></div>\n");
}

static void
put_choices(struct buf *out, const char *name, const char *none,
    const unsigned *v, size_t n, unsigned now)
{
	html(out, "<select name=\"%s\" aria-label=\"%s\">", name, name);
	for (size_t i = 0; i < n; i++) {
		html(out, "<option value=\"%u\"%.*s>", v[i],
		    v[i] == now ? 9 : 0, " selected");
		if (none == NULL)
			html(out, "Top %u", v[i]);
		else if (v[i] == 0)
			html(out, "%s", none);
		else
			html(out, "Every %u s", v[i]);
		html(out, "</option>");
	}
	html(out, "</select>");
}

static void
put_table(struct request *r, const struct view *v, const json_t *hosts)
{
	bool may_retry = request_may(r, "delivernow");
	const json_t **rows, *host;
	size_t n = 0, shown = 0, i;

	rows = mem_array(json_array_size(hosts) + 1, sizeof(*rows));
	json_array_foreach(hosts, i, host)
	{
		if (is_wanted(v, host))
			rows[n++] = host;
	}
	if (v->sort == 0 && n > 0)
		qsort(rows, n, sizeof(*rows), by_name);
	html(&r->out, "<div class=\"card scroll\"><table>");
	put_head(r, v);
	html(&r->out, "<tbody>");
	for (i = 0; i < n; i++)
		if (shown < v->top || fields_bool(rows[i], "internal")) {
			put_row(r, rows[i], may_retry);
			shown++;
		}
	if (n == 0)
		html(&r->out, "<tr><td class=\"soft\">%s</td></tr>",
		    *v->search != '\0' ? "No destination has this in its name."
				       : "There are no destinations.");
	html(&r->out, "</tbody></table></div>\n");
	if (shown < n)
		html(&r->out, "<p class=\"soft\">%zu of %zu are shown.</p>\n",
		    shown, n);
	free(rows);
}

static void
put_head(struct request *r, const struct view *v)
{
	struct view to = *v;

	html(&r->out, "<thead><tr>");
	for (size_t i = 0; i < NELEM(columns); i++) {
		struct buf link;

		to.sort = i;
		buf_init(&link, 2048);
		put_link(&link, &to);
		html(&r->out, "<th class=\"%s%s\"><a href=\"%s\">%s%s</a></th>",
		    i > 0 ? "n" : "", i == v->sort ? " sorted" : "", link.data,
		    columns[i].title,
		    i != v->sort ? ""
		    : i == 0     ? " \xe2\x96\xb4"
				 : " \xe2\x96\xbe");
		buf_fini(&link);
		if (i == 0)
			html(&r->out, "<th>Host Status</th>");
	}
	html(&r->out, "<th></th></tr></thead>");
}

static void
put_row(struct request *r, const json_t *host, bool may_retry)
{
	const char *name = fields_text(host, "recipient_host");
	struct buf *out = &r->out;

	html(out, "<tr><td><a href=\"/delivery/host?name=");
	form_encode(out, str_of(name));
	html(out, "\">%s</a></td><td>", name);
	if (fields_bool(host, "internal"))
		html(out, "<span class=\"state\">internal</span>");
	else
		show_state(out, fields_text(host, "host_up_down"));
	html(out, "</td>");
	for (size_t i = 1; i < NELEM(columns); i++)
		show_cell(out, host, columns[i].key);
	html(out, "<td>");
	if (may_retry && fields_num(host, "active_rcpts") > 0) {
		request_form(r, "/delivery/retry");
		html(out,
		    "<input type=\"hidden\" name=\"scope\" value=\"%s\">"
		    "<button class=\"light small\">Retry</button></form>",
		    name);
	}
	html(out, "</td></tr>\n");
}

static bool
is_wanted(const struct view *v, const json_t *host)
{
	char name[DOMAIN_MAX + 1], part[DOMAIN_MAX + 1];

	if (*v->search == '\0')
		return true;
	str_copy(
	    name, sizeof(name), str_of(fields_text(host, "recipient_host")));
	str_copy(part, sizeof(part), str_of(v->search));
	str_lower(name);
	str_lower(part);
	return strstr(name, part) != NULL;
}

static int
by_name(const void *x, const void *y)
{
	return strcmp(fields_text(*(json_t *const *)x, "recipient_host"),
	    fields_text(*(json_t *const *)y, "recipient_host"));
}
