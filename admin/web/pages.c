/* pages.c - the table of pages */
#include "admin/web/pages.h"

#include "admin/web/style.h"
#include "base/mem.h"

static void get_style(struct request *);

/* clang-format off */
const struct page pages[] = {
	{ "/", NULL, "Postern", NULL, page_first, NULL, 0 },
	{ "/style.css", NULL, "Style", NULL, get_style, NULL, PAGE_OPEN },
	{ "/login", NULL, "Log in", NULL, page_login, page_do_login,
	    PAGE_OPEN },
	{ "/logout", NULL, "Log out", NULL, NULL, page_logout, 0 },

	{ "/delivery", "Monitor", "Delivery Status", "tophosts", page_hosts,
	    NULL, 0 },
	{ "/delivery/retry", NULL, "Retry Delivery", "delivernow", NULL,
	    page_retry, 0 },
	{ "/delivery/host", NULL, "Delivery Status Details", "hoststatus",
	    page_host, NULL, 0 },
	{ "/delivery/delete", NULL, "Delete Recipients", "deleterecipients",
	    page_deed, page_do_deed, 0 },
	{ "/delivery/bounce", NULL, "Bounce Recipients", "bouncerecipients",
	    page_deed, page_do_deed, 0 },
	{ "/delivery/redirect", NULL, "Redirect Recipients",
	    "redirectrecipients", page_deed, page_do_deed, 0 },

	{ "/system", "Monitor", "System Status", "status", page_system, NULL,
	    0 },
	{ "/system/suspenddel", NULL, "Suspend Delivery", "suspenddel", NULL,
	    page_suspenddel, 0 },
	{ "/system/resumedel", NULL, "Resume Delivery", "resumedel", NULL,
	    page_resumedel, 0 },
	{ "/system/suspendlistener", NULL, "Suspend Listeners",
	    "suspendlistener", NULL, page_suspendlistener, 0 },
	{ "/system/resumelistener", NULL, "Resume Listeners",
	    "resumelistener", NULL, page_resumelistener, 0 },

	{ "/capture", "Help and Support", "Packet Capture", "packetcapture",
	    page_capture, NULL, 0 },
	{ "/capture/start", NULL, "Start Packet Capture", "packetcapture",
	    NULL, page_capture_start, 0 },
	{ "/capture/stop", NULL, "Stop Packet Capture", "packetcapture", NULL,
	    page_capture_stop, 0 },
	{ "/capture/settings", NULL, "Packet Capture Settings",
	    "packetcapture", page_capture_settings, page_capture_set, 0 },
	{ "/capture/download", NULL, "Download Packet Capture",
	    "packetcapture", page_capture_download, NULL, 0 },
	{ "/capture/delete", NULL, "Delete Packet Capture", "packetcapture",
	    page_capture_sure, page_capture_delete, 0 },

	{ "/xml/status", NULL, "Status as XML", "status", page_xml_status,
	    NULL, PAGE_BASIC },
	{ "/api/status", NULL, "Status as JSON", "status", page_api_status,
	    NULL, PAGE_BASIC },
	{ .title = NULL },
};
/* clang-format on */

const struct page *
pages_find(struct str path)
{
	for (const struct page *p = pages; p->title != NULL; p++)
		if (str_is(path, p->path))
			return p;
	return NULL;
}

static void
get_style(struct request *r)
{
	buf_add(&r->out, style_css, (size_t)(style_css_end - style_css));
	request_plain(r, 200, "text/css; charset=utf-8");
}
