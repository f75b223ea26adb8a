/* cmd_version.c - `version` (delivery-admin 2.13) */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/machine.h"
#include "config/history.h"
#include "queue/queue.h"

#define LINE_MAX_LEN 200

static int run(struct tool *, int argc, char **argv);
static void put_date(json_t *, const char *key, time_t, const char *fmt);
static void put_file(json_t *, const char *key, const char *path);
static void put_serial(json_t *, const char *log_folder);
static bool read_line(const char *path, char out[LINE_MAX_LEN]);

static const struct {
	const char *label, *key, *end;
} lines[] = {
	{ "Product", "product", "\n" },
	{ "Model", "model", "\n" },
	{ "Version", "version", "\n" },
	{ "Build Date", "build_date", "\n" },
	{ "Install Date", "install_date", "\n" },
	{ "Serial #", "serial", "\n" },
	{ "BIOS", "bios", "\n" },
	{ "RAID", "raid", "\n" },
	{ "Openssl", "openssl", "   " },
	{ "Queue schema", "queue_schema", "\n" },
};

const struct tool_command cmd_version = {
	.name = "version",
	.usage = "",
	.summary = "Show version, serial number and libraries",
	.help = "Shows what is installed: version, when it was built and "
		"installed, the serial number of this machine, and what the "
		"host says of itself.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct stat st;
	struct buf out;
	json_t *v;
	char text[24];

	(void)argv;
	if (argc > 1)
		return tool_usage(t, NULL);
	snprintf(text, sizeof(text), "%d", QUEUE_VERSION);
	v = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "product",
	    MACHINE_PRODUCT, "model", MACHINE_MODEL, "version", POSTERN_VERSION,
	    "raid", "N/A", "openssl", OpenSSL_version(OPENSSL_VERSION_STRING),
	    "queue_schema", text);
	put_date(v, "build_date",
	    stat("/proc/self/exe", &st) == 0 ? st.st_mtime : 0, "%Y-%m-%d");
	/* The first configuration is made when it first starts. */
	put_date(v, "install_date",
	    (time_t)(history_first(t->paths.state) / 1000),
	    "%Y-%m-%d %H:%M:%S");
	put_serial(v, t->paths.log);
	put_file(v, "bios", "/sys/class/dmi/id/bios_version");
	if (t->json) {
		tool_print_json(t, v);
	} else {
		buf_init(&out, LINE_MAX_LEN * 100);
		buf_puts(&out, "Current Version\n===============\n");
		for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
			buf_printf(&out, "%s: ", lines[i].label);
			fields_show(
			    &out, fields_text(v, lines[i].key), LINE_MAX_LEN);
			buf_puts(&out, lines[i].end);
		}
		tool_print(t, &out);
		buf_fini(&out);
	}
	json_decref(v);
	return TOOL_DONE;
}

static void
put_date(json_t *v, const char *key, time_t when, const char *fmt)
{
	char text[40] = "N/A";
	struct tm tm;

	if (when != 0 && localtime_r(&when, &tm) != NULL)
		strftime(text, sizeof(text), fmt, &tm);
	json_object_set_new(v, key, json_string(text));
}

static void
put_file(json_t *v, const char *key, const char *path)
{
	char text[LINE_MAX_LEN];
	json_t *value = read_line(path, text) ? json_string(text) : NULL;

	json_object_set_new(v, key, value != NULL ? value : json_string("N/A"));
}

static void
put_serial(json_t *v, const char *log_folder)
{
	char serial[MACHINE_SERIAL];

	machine_serial(log_folder, serial);
	json_object_set_new(
	    v, "serial", json_string(*serial != '\0' ? serial : "N/A"));
}

static bool
read_line(const char *path, char out[LINE_MAX_LEN])
{
	FILE *f = fopen(path, "re");
	bool ok;

	if (f == NULL)
		return false;
	ok = fgets(out, LINE_MAX_LEN, f) != NULL;
	fclose(f);
	if (ok)
		out[strcspn(out, "\r\n")] = '\0';
	return ok && *out != '\0';
}
