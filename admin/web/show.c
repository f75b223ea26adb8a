/* show.c - values of the programs' JSON in pages */
#include "admin/web/show.h"

#include <string.h>

#include "admin/fields.h"
#include "admin/web/pages.h"
#include "base/bounds.h"

static const char *reason(const struct said *);

void
show_number(struct buf *out, int64_t n)
{
	char text[32];

	if (n < 0)
		buf_putc(out, '-');
	buf_puts(out, str_thousands((uint64_t)(n < 0 ? -n : n), text));
}

void
show_cell(struct buf *out, const json_t *from, const char *key)
{
	buf_puts(out, "<td class=\"n\">");
	show_number(out, fields_num(from, key));
	buf_puts(out, "</td>");
}

void
show_time(
    struct buf *out, const json_t *from, const char *key, const char *absent)
{
	struct buf text;

	buf_init(&text, 200);
	fields_time(&text, from, key, absent);
	html_text(out, buf_str(&text));
	buf_fini(&text);
}

void
show_age(
    struct buf *out, const json_t *from, const char *key, const char *absent)
{
	struct buf text;

	buf_init(&text, 200);
	fields_age(&text, from, key, absent);
	html_text(out, buf_str(&text));
	buf_fini(&text);
}

void
show_size(struct buf *out, int64_t bytes)
{
	static const char units[] = "KMGT";
	size_t u = 0;
	int64_t tenths = bytes * 10 / 1024;

	while (tenths >= 10240 && u < sizeof(units) - 2) {
		tenths /= 1024;
		u++;
	}
	if (bytes < 1024)
		html(out, "%lld B", (long long)bytes);
	else
		html(out, "%lld.%d %.*sB", (long long)(tenths / 10),
		    (int)(tenths % 10), 1, units + u);
}

void
show_state(struct buf *out, const char *state)
{
	bool up = strcmp(state, "up") == 0, down = strcmp(state, "down") == 0;

	html(out, "<span class=\"state %s\">%s</span>",
	    up     ? "up"
	    : down ? "down"
		   : "",
	    state);
}

const json_t *
show_answer(struct request *r, size_t i)
{
	if (r->answers[i].status == RESULT_DONE && r->answers[i].json != NULL)
		return r->answers[i].json;
	request_say(r,
	    r->answers[i].status == RESULT_NEGATIVE ||
		    r->answers[i].status == RESULT_USAGE
		? 404
		: 503,
	    "That cannot be shown now", reason(&r->answers[i]));
	return NULL;
}

void
show_outcome(struct request *r, size_t i, const char *path, const char *done)
{
	const struct said *a = &r->answers[i];
	bool failed = a->status != RESULT_DONE;
	char line[1100];

	snprintf(line, sizeof(line), "%s: %s", r->page->title,
	    failed ? reason(a) : done);
	request_log(r, line);
	request_go(r, path, failed ? reason(a) : done, failed);
}

static const char *
reason(const struct said *a)
{
	return *a->error != '\0' ? a->error : "The program gave no reason.";
}
