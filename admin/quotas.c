/* quotas.c - who may take how much of the disk */
#include "admin/quotas.h"

#include "admin/fields.h"

const struct quota_service quotas[QUOTAS] = {
	{ "logs", "Logs, archives", "log_settings.quota",
	    "after a commit the oldest closed log files are removed.",
	    PROGRAM_RECORDER, { "logs" }, "used", "quota" },
	{ "tracking", "Tracking", "tracking.quota",
	    "after a commit the oldest days are removed.", PROGRAM_RECORDER,
	    { "tracking" }, "used", "quota" },
	{ "quarantines", "Quarantines", "quarantine_space", NULL, PROGRAM_QMGR,
	    { "quarantine", "list" }, "used", "space" },
	{ "spam_quarantine", "Spam quarantine", "spam_quarantine.max_size",
	    NULL, PROGRAM_QMGR, { "quarantine", "list" }, "spam_used",
	    "spam_space" },
	{ "captures", "Packet captures", "packet_capture.quota",
	    "no capture begins before some are deleted.", PROGRAM_MASTER,
	    { "packetcapture" }, "used", "quota" },
};

bool
quotas_ask(struct tool *t, const struct quota_service *s, struct quota_use *u)
{
	struct control_answer answer = { .fd = -1 };
	struct err err = ERR_INIT;
	bool known = control_ask(t, s->kind, s->words, &answer, &err) == 0;

	*u = (struct quota_use){ fields_num(answer.json, s->used),
		fields_num(answer.json, s->quota) };
	control_answer_fini(&answer);
	return known;
}

void
quotas_head(struct buf *out)
{
	buf_puts(out, "Service                     Used         Quota    "
		      "Used\n-------------------------------------------"
		      "-----------\n");
}

void
quotas_row(const struct quota_service *s, bool known, const struct quota_use *u,
    struct buf *out)
{
	buf_printf(out, "%-18s", s->title);
	if (!known || u->quota <= 0)
		buf_puts(out, known ? "       off\n" : "   unknown\n");
	else
		buf_printf(out, "%11lld MB %10lld MB %5lld %%\n",
		    (long long)(u->used >> 20), (long long)(u->quota >> 20),
		    (long long)(100.0 * (double)u->used / (double)u->quota));
}
