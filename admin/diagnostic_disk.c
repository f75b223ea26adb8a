/* diagnostic_disk.c - `diagnostic disk_usage`: how full the disk is */
#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "admin/diagnostic.h"
#include "admin/fields.h"
#include "admin/quotas.h"
#include "base/mem.h"

#define TEXT_SIZE 65536
#define FOLDERS   3

static void services(struct tool *, json_t *, struct buf *);
static void queue(struct tool *, json_t *, struct buf *);
static void file_systems(struct tool *, json_t *, struct buf *);
static void file_system(const char *folder, json_t *, struct buf *);

int
diagnostic_disk(struct tool *t, int argc, char **argv)
{
	json_t *json = json_object();
	struct buf text;

	(void)argv;
	if (argc > 1)
		return tool_usage(t, NULL);
	buf_init(&text, TEXT_SIZE);
	services(t, json, &text);
	queue(t, json, &text);
	file_systems(t, json, &text);
	return tool_show(t, json, &text);
}

static void
services(struct tool *t, json_t *json, struct buf *text)
{
	json_t *list = json_object();

	quotas_head(text);
	for (size_t i = 0; i < QUOTAS; i++) {
		struct quota_use u;
		bool known = quotas_ask(t, &quotas[i], &u);

		quotas_row(&quotas[i], known, &u, text);
		json_object_set_new(list, quotas[i].word,
		    known ? json_pack("{s:I, s:I}", "used", (json_int_t)u.used,
				"quota", (json_int_t)u.quota)
			  : json_null());
	}
	json_object_set_new(json, "services", list);
}

/* It has what is left of the disk. */
static void
queue(struct tool *t, json_t *json, struct buf *text)
{
	const char *words[] = { "queue", NULL };
	struct control_answer answer = { .fd = -1 };
	struct err err = ERR_INIT;
	bool known = control_ask(t, PROGRAM_QMGR, words, &answer, &err) == 0;
	int64_t kb = fields_num(
	    json_object_get(answer.json, "gauges"), "kilobytes_in_queue");

	if (known)
		buf_printf(text, "%-18s%11lld MB\n", "Queue",
		    (long long)((kb + 1023) / 1024));
	else
		buf_printf(text, "%-18s   unknown\n", "Queue");
	json_object_set_new(
	    json, "queue", known ? json_integer(kb * 1024) : json_null());
	control_answer_fini(&answer);
}

/* Each once, under the first folder that lies on it. */
static void
file_systems(struct tool *t, json_t *json, struct buf *text)
{
	const char *const folders[FOLDERS] = { t->paths.spool, t->paths.log,
		t->paths.state };
	json_t *list = json_array();
	struct stat st;
	dev_t seen[FOLDERS];
	size_t n = 0;

	buf_puts(text,
	    "\nFile system                     Size          Free    "
	    "Used\n--------------------------------------------------"
	    "--------\n");
	for (size_t i = 0; i < FOLDERS; i++) {
		bool known = stat(folders[i], &st) == 0;

		for (size_t k = 0; k < n && known; k++)
			known = seen[k] != st.st_dev;
		if (!known)
			continue;
		seen[n++] = st.st_dev;
		file_system(folders[i], list, text);
	}
	json_object_set_new(json, "file_systems", list);
}

/* What only root may fill counts as used. */
static void
file_system(const char *folder, json_t *list, struct buf *text)
{
	struct statvfs v;
	uint64_t size, left;

	if (statvfs(folder, &v) == -1)
		return;
	size = (uint64_t)v.f_blocks * v.f_frsize;
	left = (uint64_t)v.f_bavail * v.f_frsize;
	buf_printf(text, "%-22s%11llu MB %10llu MB %5llu %%\n", folder,
	    (unsigned long long)(size >> 20), (unsigned long long)(left >> 20),
	    (unsigned long long)(size > 0 ? 100.0 * (double)(size - left) /
						(double)size
					  : 0));
	json_array_append_new(
	    list, json_pack("{s:s, s:I, s:I, s:I}", "folder", folder, "size",
		      (json_int_t)size, "free", (json_int_t)left, "used",
		      (json_int_t)(size - left)));
}
