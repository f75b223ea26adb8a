/*
 * page_capture.c - Packet Capture: start, stop, status, files
 *
 * The twin of `packetcapture` (delivery-admin 5.4, 8). The master starts it, so
 * it goes on when nobody is logged in; pages alone see it, and not those of
 * the command line.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/capture_parts.h"
#include "admin/fields.h"
#include "admin/web/capture_form.h"
#include "admin/web/pages.h"
#include "admin/web/show.h"
#include "base/clock.h"
#include "base/mem.h"

#define NAME_SIZE 200

enum { STATE, FILES, STATUS };

static void known(struct request *);
static void show_capture(struct request *);
static void put_running(struct request *, const json_t *);
static void put_idle(struct request *, const json_t *state);
static void put_settings(struct buf *, const struct capture_form *);
static void put_limit(struct buf *, bool stops, uint64_t duration);
static void put_files(
    struct request *, const json_t *files, const char *running);
static bool read_name(struct request *, struct str from, char *name);
static void started(struct request *);
static void stopped(struct request *);
static void send_file(struct request *);
static uint64_t begin_piece(int fd, bool first);
static void deleted(struct request *);

void
page_capture(struct request *r)
{
	request_ask(r, PROGRAM_MASTER, "packetcapture", (char *)NULL);
	request_ask(r, PROGRAM_MASTER, "capturefiles", "files", (char *)NULL);
	request_then(r, known);
}

void
page_capture_start(struct request *r)
{
	const char *words[8 + CAPTURE_IFS] = { "packetcapture" };
	struct capture_form f;
	char size[24], seconds[24];
	size_t n = 1;

	capture_form_now(r->web, &f);
	snprintf(size, sizeof(size), "%" PRIu64, f.megabytes << 20);
	snprintf(seconds, sizeof(seconds), "%" PRIu64, f.duration);
	words[n++] = size;
	words[n++] = f.stops ? "stop" : "rotate";
	words[n++] = seconds;
	words[n++] = f.filter;
	for (size_t i = 0; i < f.n; i++)
		words[n++] = f.interfaces[i];
	request_ask_words(r, PROGRAM_MASTER, words);
	request_then(r, started);
}

void
page_capture_stop(struct request *r)
{
	request_ask(r, PROGRAM_CAPTURE, "stop", (char *)NULL);
	request_then(r, stopped);
}

void
page_capture_download(struct request *r)
{
	char name[NAME_SIZE];

	if (!read_name(r, r->http.query, name))
		return;
	request_ask(
	    r, PROGRAM_MASTER, "capturefiles", "open", name, (char *)NULL);
	request_then(r, send_file);
}

void
page_capture_sure(struct request *r)
{
	char name[NAME_SIZE];

	if (!read_name(r, r->http.query, name))
		return;
	request_begin(r, "Delete a packet capture");
	html(&r->out,
	    "<section class=\"card\"><p><strong>Are you sure you want to "
	    "delete \"%s\"?</strong></p>",
	    name);
	request_form(r, "/capture/delete");
	html(&r->out,
	    "<input type=\"hidden\" name=\"name\" value=\"%s\">"
	    "<div class=\"bar\"><button class=\"danger\">Delete</button>"
	    "<a class=\"button light\" href=\"/capture\">Cancel</a></div>"
	    "</form></section>\n",
	    name);
	request_end(r);
}

void
page_capture_delete(struct request *r)
{
	char name[NAME_SIZE];

	if (!read_name(r, r->http.body, name))
		return;
	request_ask(
	    r, PROGRAM_MASTER, "capturefiles", "delete", name, (char *)NULL);
	request_then(r, deleted);
}

/* False: the request is answered. */
static bool
read_name(struct request *r, struct str from, char *name)
{
	if (form_get(from, "name", name, NAME_SIZE) && *name != '\0')
		return true;
	request_say(r, 400, "Which file?",
	    "The address of this page must name a capture.");
	return false;
}

/* --- what was done --- */

static void
started(struct request *r)
{
	char text[300];

	snprintf(text, sizeof(text), "Success - Packet Capture has started: %s",
	    fields_text(r->answers[0].json, "file"));
	show_outcome(r, 0, "/capture", text);
}

static void
stopped(struct request *r)
{
	char text[300];

	snprintf(text, sizeof(text), "Success - Packet Capture has stopped: %s",
	    fields_text(r->answers[0].json, "file"));
	show_outcome(r, 0, "/capture", text);
}

static void
deleted(struct request *r)
{
	char name[NAME_SIZE], text[300];

	form_get(r->http.body, "name", name, sizeof(name));
	snprintf(text, sizeof(text), "Deleted: %s", name);
	show_outcome(r, 0, "/capture", text);
}

/* One file of its parts: the header of the first is enough. */
static void
send_file(struct request *r)
{
	struct said *a = &r->answers[0];
	struct piece pieces[FILES_MAX];
	char name[NAME_SIZE], line[300];
	size_t n = 0;

	if (a->status != RESULT_DONE || a->n_fds == 0) {
		request_go(r, "/capture",
		    *a->error != '\0' ? a->error : "There is no such file.",
		    true);
		return;
	}
	form_get(r->http.query, "name", name, sizeof(name));
	for (size_t i = 0; i < a->n_fds; i++) {
		pieces[n].size = begin_piece(a->fds[i], n == 0);
		if (pieces[n].size == 0)
			continue;
		pieces[n++].fd = a->fds[i];
		a->fds[i] = -1;
	}
	snprintf(line, sizeof(line), "%s: %s", r->page->title, name);
	request_log(r, line);
	request_file(r, pieces, n, name);
}

/* How much of it there is to send. */
static uint64_t
begin_piece(int fd, bool first)
{
	uint64_t skip = first ? 0 : PARTS_FILE_HEADER;
	struct stat st;

	if (fstat(fd, &st) == -1 || (uint64_t)st.st_size <= skip ||
	    lseek(fd, (off_t)skip, SEEK_SET) == -1)
		return 0;
	return (uint64_t)st.st_size - skip;
}

/* --- the page --- */

static void
known(struct request *r)
{
	const json_t *state = show_answer(r, STATE);

	if (state == NULL)
		return;
	if (fields_bool(state, "running")) {
		request_ask(r, PROGRAM_CAPTURE, "status", (char *)NULL);
		request_then(r, show_capture);
	} else {
		show_capture(r);
	}
}

static void
show_capture(struct request *r)
{
	const json_t *state = r->answers[STATE].json;
	const json_t *files = json_object_get(r->answers[FILES].json, "files");
	const json_t *status = r->answers[STATUS].json;

	if (status != NULL)
		request_header(r, "Refresh: 10; url=/capture?auto=1");
	request_begin(r, "Packet Capture");
	html(&r->out, "<section class=\"card\">"
		      "<h2>Current Packet Capture</h2>");
	if (status != NULL)
		put_running(r, status);
	else
		put_idle(r, state);
	html(&r->out, "</section>\n");
	put_files(r, files, fields_text(status, "file"));
	html(&r->out, "<p class=\"soft\">All captures take ");
	show_size(&r->out, fields_num(state, "used"));
	html(&r->out, " of the ");
	show_size(&r->out, fields_num(state, "quota"));
	html(&r->out, " that they may.</p>\n");
	request_end(r);
}

static void
put_running(struct request *r, const json_t *s)
{
	const json_t *names = json_object_get(s, "interfaces"), *name;
	struct buf *out = &r->out;
	char text[CLOCK_TEXT];
	size_t i;

	html(out,
	    "<dl><dt>Status</dt><dd><span class=\"state up\">running"
	    "</span></dd><dt>File Name</dt><dd>%s</dd>"
	    "<dt>File Size</dt><dd>",
	    fields_text(s, "file"));
	show_size(out, fields_num(s, "size"));
	html(out, "</dd><dt>Duration</dt><dd>%s</dd><dt>Packets</dt><dd>",
	    clock_uptime(fields_num(s, "elapsed") * 1000, text));
	show_number(out, fields_num(s, "packets"));
	html(out, " (");
	show_number(out, fields_num(s, "dropped"));
	html(out, " dropped)</dd><dt>Limit</dt><dd>");
	put_limit(out, strcmp(fields_text(s, "when_full"), "stop") == 0,
	    (uint64_t)fields_num(s, "duration"));
	html(out, "</dd><dt>Maximum File Size</dt><dd>");
	show_size(out, fields_num(s, "max_size"));
	html(out, "</dd><dt>Interface(s)</dt><dd>");
	json_array_foreach(names, i, name)
	{
		html(out, "%s%s", i > 0 ? ", " : "", json_string_value(name));
	}
	html(out, "</dd><dt>Filter</dt><dd>%s</dd></dl>",
	    *fields_text(s, "filter") != '\0' ? fields_text(s, "filter")
					      : "None");
	html(out, "<div class=\"bar\">");
	request_form(r, "/capture/stop");
	html(
	    out, "<button class=\"danger\">Stop Capture</button></form></div>");
}

static void
put_idle(struct request *r, const json_t *state)
{
	struct capture_form f;

	capture_form_now(r->web, &f);
	html(&r->out, "<p>%s</p>",
	    fields_bool(state, "other_way")
		? "A packet capture that was started on the command line is "
		  "running; another can be started when it has ended."
		: "No packet capture is running.");
	html(&r->out, "<h2>Packet Capture Settings</h2>");
	put_settings(&r->out, &f);
	html(&r->out, "<div class=\"bar\">");
	request_form(r, "/capture/start");
	html(&r->out,
	    "<button>Start Capture</button></form>"
	    "<a class=\"button light\" href=\"/capture/settings\">Edit "
	    "Settings\xe2\x80\xa6</a></div>");
}

static void
put_settings(struct buf *out, const struct capture_form *f)
{
	html(out,
	    "<dl><dt>Maximum File Size</dt><dd>%llu MB</dd>"
	    "<dt>Limit</dt><dd>",
	    (unsigned long long)f->megabytes);
	put_limit(out, f->stops, f->duration);
	html(out, "</dd><dt>Interface(s)</dt><dd>");
	for (size_t i = 0; i < f->n; i++)
		html(out, "%s%s", i > 0 ? ", " : "", f->interfaces[i]);
	html(out, "</dd><dt>Filter</dt><dd>%s</dd></dl>",
	    *f->filter != '\0' ? f->filter : "None");
}

static void
put_limit(struct buf *out, bool stops, uint64_t duration)
{
	char text[CLOCK_TEXT];

	if (duration > 0)
		html(out, "%s", clock_uptime((int64_t)duration * 1000, text));
	if (stops)
		html(out, "%s",
		    duration > 0 ? ", or until the size is reached"
				 : "Until the size is reached");
	if (duration == 0 && !stops)
		html(out, "None (Run Indefinitely)");
}

static void
put_files(struct request *r, const json_t *files, const char *running)
{
	struct buf *out = &r->out;
	const json_t *one;
	size_t i;

	html(out, "<section class=\"card scroll\"><h2>Manage Packet Capture "
		  "Files</h2><table><thead><tr><th>File</th>"
		  "<th class=\"n\">Size</th><th>Last Packet Written</th><th>"
		  "</th></tr></thead><tbody>");
	json_array_foreach(files, i, one)
	{
		const char *name = fields_text(one, "file");

		html(out, "<tr><td>%s</td><td class=\"n\">", name);
		show_size(out, fields_num(one, "size"));
		html(out, "</td><td>");
		show_time(out, one, "modified", "");
		html(out, "</td><td class=\"n\">");
		if (strcmp(name, running) == 0) {
			html(out, "<span class=\"state up\">running</span>");
		} else {
			html(out, "<a class=\"button light small\" "
				  "href=\"/capture/download?name=");
			form_encode(out, str_of(name));
			html(out, "\">Download</a> <a class=\"button light "
				  "small\" href=\"/capture/delete?name=");
			form_encode(out, str_of(name));
			html(out, "\">Delete\xe2\x80\xa6</a>");
		}
		html(out, "</td></tr>\n");
	}
	if (json_array_size(files) == 0)
		html(out, "<tr><td colspan=\"4\" class=\"soft\">There are no "
			  "files.</td></tr>");
	html(out, "</tbody></table></section>\n");
}
