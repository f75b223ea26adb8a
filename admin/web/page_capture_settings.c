/* page_capture_settings.c - Packet Capture: Edit Settings */
#include <string.h>

#include "admin/capture_settings.h"
#include "admin/web/capture_form.h"
#include "admin/web/pages.h"
#include "base/mem.h"

#define MEGABYTES_MAX (UINT64_C(1) << 20)
#define DURATION_MAX  (30 * 86400)

static void put_choice(
    struct buf *, const char *value, const char *label, bool chosen);
static const char *read_form(struct str body, struct capture_form *);
static bool read_duration(struct str, uint64_t *out);

void
capture_form_now(const struct web *w, struct capture_form *f)
{
	const struct config *c = w->daemon->config;
	struct buf filter;

	if (w->capture != NULL) {
		*f = *w->capture;
		return;
	}
	*f = (struct capture_form){ .megabytes = c->capture.max_size >> 20,
		.stops = c->capture.stops,
		.duration = c->capture.duration };
	buf_init(&filter, sizeof(f->filter));
	capture_filter(c, &filter);
	str_copy(f->filter, sizeof(f->filter), buf_str(&filter));
	buf_fini(&filter);
	for (size_t i = 0; i < c->capture.n_interfaces && f->n < CAPTURE_IFS;
	     i++)
		str_copy(f->interfaces[f->n++], sizeof(f->interfaces[0]),
		    c->capture.interfaces[i]);
	if (f->n == 0 && c->n_interfaces > 0)
		str_copy(f->interfaces[f->n++], sizeof(f->interfaces[0]),
		    c->interfaces[0].name);
}

bool
capture_form_has(const struct capture_form *f, struct str interface)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_is(interface, f->interfaces[i]))
			return true;
	return false;
}

void
page_capture_settings(struct request *r)
{
	const struct config *c = r->web->daemon->config;
	struct buf *out = &r->out;
	struct capture_form f;
	char name[NAME_MAX_LEN + 1];

	capture_form_now(r->web, &f);
	request_begin(r, "Edit Packet Capture Settings");
	html(out, "<section class=\"card\">");
	request_form(r, "/capture/settings");
	html(out,
	    "<div class=\"field\"><label><span>Maximum file size (MB)</span>"
	    "<input type=\"number\" name=\"size\" min=\"1\" required "
	    "value=\"%llu\"></label></div>"
	    "<div class=\"field\"><label><span>When it is reached</span>"
	    "<select name=\"full\">",
	    (unsigned long long)f.megabytes);
	put_choice(out, "rotate", "Go on, drop the oldest tenth", !f.stops);
	put_choice(out, "stop", "Stop", f.stops);
	html(out,
	    "</select></label></div>"
	    "<div class=\"field\"><label><span>Duration: a number of seconds, "
	    "or one with s, m, h or d; 0: until it is stopped</span>"
	    "<input type=\"text\" name=\"duration\" value=\"%llu\">"
	    "</label></div>"
	    "<div class=\"field\"><span class=\"soft\">Interfaces</span>",
	    (unsigned long long)f.duration);
	for (size_t i = 0; i < c->n_interfaces; i++) {
		str_copy(name, sizeof(name), c->interfaces[i].name);
		html(out,
		    "<label><input type=\"checkbox\" name=\"interface\" "
		    "value=\"%s\"%.*s> %s</label>",
		    name, capture_form_has(&f, c->interfaces[i].name) ? 8 : 0,
		    " checked", name);
	}
	html(out,
	    "</div><div class=\"field\"><label><span>Filter, as tcpdump has "
	    "it; empty: all packets</span><input type=\"text\" "
	    "name=\"filter\" maxlength=\"4000\" value=\"%s\"></label>"
	    "<small>For example: host 192.0.2.25 &amp;&amp; port 25</small>"
	    "</div><div class=\"bar\"><button>Save</button>"
	    "<a class=\"button light\" href=\"/capture\">Cancel</a></div>"
	    "</form><p class=\"soft\">These settings are for captures that "
	    "pages start, until the pages are started again. Those that last "
	    "stand below packet_capture in the configuration.</p>"
	    "</section>\n",
	    f.filter);
	request_end(r);
}

void
page_capture_set(struct request *r)
{
	struct capture_form f = { .n = 0 };
	const char *wrong = read_form(r->http.body, &f);

	if (wrong != NULL) {
		request_go(r, "/capture/settings", wrong, true);
		return;
	}
	if (r->web->capture == NULL)
		r->web->capture = mem_alloc(sizeof(*r->web->capture));
	*r->web->capture = f;
	request_log(r, "Packet Capture Settings: changed");
	request_go(r, "/capture", "The settings are saved.", false);
}

static void
put_choice(struct buf *out, const char *value, const char *label, bool chosen)
{
	html(out, "<option value=\"%s\"%.*s>%s</option>", value, chosen ? 9 : 0,
	    " selected", label);
}

/* NULL: it is right. The master looks at it again when one is started. */
static const char *
read_form(struct str body, struct capture_form *f)
{
	char text[32];

	form_get(body, "size", text, sizeof(text));
	if (!str_u64(str_of(text), MEGABYTES_MAX, &f->megabytes) ||
	    f->megabytes == 0)
		return "The size is a number of MB, 1 at least.";
	form_get(body, "full", text, sizeof(text));
	f->stops = strcmp(text, "stop") == 0;
	form_get(body, "duration", text, sizeof(text));
	if (!read_duration(str_of(text), &f->duration))
		return "The duration is a number of seconds, or one with s, "
		       "m, h or d, 30 days at most.";
	if (!form_get(body, "filter", f->filter, sizeof(f->filter)))
		return "The filter is a text of at most 4000 bytes.";
	while (f->n < CAPTURE_IFS &&
	       form_next(&body, "interface", f->interfaces[f->n],
		   sizeof(f->interfaces[0])))
		f->n++;
	return f->n == 0 ? "Choose an interface." : NULL;
}

static bool
read_duration(struct str s, uint64_t *out)
{
	static const char letters[] = "smhd";
	static const uint64_t units[] = { 1, 60, 3600, 86400 };
	const char *at =
	    s.n > 0 ? memchr(letters, s.p[s.n - 1], sizeof(letters) - 1) : NULL;
	uint64_t unit = at != NULL ? units[at - letters] : 1;

	if (at != NULL)
		s.n--;
	if (!str_u64(s, DURATION_MAX, out) || *out * unit > DURATION_MAX)
		return false;
	*out *= unit;
	return true;
}
