/* cmd_commitdetail.c - `commitdetail` (delivery-admin 4.2) */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/revise.h"
#include "base/bounds.h"
#include "base/clock.h"

#define REPORT_MAX (4u * 1024 * 1024)

static int run(struct tool *, int argc, char **argv);
static void render(
    const struct revision_info *, struct str objects, struct buf *out);
static json_t *as_json(const struct revision_info *, struct str objects);

const struct tool_command cmd_commitdetail = {
	.name = "commitdetail",
	.usage = "[REVISION]",
	.summary = "Show who committed last, when, why, and what",
	.help = "Shows time, user and comment of the last commit, or of a kept "
		"revision, and the objects of the configuration that it "
		"changed.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct revision_info info;
	struct err err = ERR_INIT;
	struct buf objects, out;
	uint64_t number = 0;
	json_t *json;

	if (argc > 2)
		return tool_usage(t, NULL);
	if (argc == 2 && !tool_mid(str_of(argv[1]), &number))
		return tool_no_revision(t, argv[1]);
	if (number == 0 && !revision_current(t->paths.state, &number, &err))
		return tool_fail(t, &err);
	if (number == 0) {
		fputs("Nothing was committed yet.\n", stderr);
		return TOOL_NEGATIVE;
	}
	buf_init(&objects, REPORT_MAX);
	if (revision_info(t->paths.state, number, &info, &err) == -1 ||
	    revision_objects(t->paths.state, number, &objects, &err) == -1) {
		if (err.sys == ENOENT)
			err_set(&err, ERR_PERM,
			    "There is no revision %" PRIu64 ".", number);
		buf_fini(&objects);
		return tool_fail(t, &err);
	}
	if (t->json) {
		json = as_json(&info, buf_str(&objects));
		tool_print_json(t, json);
		json_decref(json);
	} else {
		buf_init(&out, REPORT_MAX * 4);
		render(&info, buf_str(&objects), &out);
		tool_print(t, &out);
		buf_fini(&out);
	}
	buf_fini(&objects);
	return TOOL_DONE;
}

static void
render(const struct revision_info *info, struct str objects, struct buf *out)
{
	const char *label = "Changed:";
	char when[CLOCK_TEXT];

	buf_printf(out, "Committed:  %s\n", clock_status(info->when, when));
	buf_puts(out, "User:       ");
	fields_show(out, info->user, NAME_MAX_LEN);
	buf_puts(out, "\nComment:    ");
	fields_show(out, info->comment, LOG_VALUE_MAX);
	buf_printf(out, "\nRevision:   %" PRIu64 "\n", info->number);
	if (objects.n == 0)
		buf_printf(out, "%-11s nothing that was there before\n", label);
	while (objects.n != 0) {
		buf_printf(out, "%-11s ", label);
		fields_show_str(out, str_cut(&objects, '\n'), LOG_VALUE_MAX);
		buf_putc(out, '\n');
		label = "";
	}
}

static json_t *
as_json(const struct revision_info *info, struct str objects)
{
	json_t *changed = json_array();

	while (objects.n != 0) {
		struct str one = str_cut(&objects, '\n');

		json_array_append_new(changed, json_stringn(one.p, one.n));
	}
	return json_pack("{s:I, s:I, s:s, s:s, s:o}", "revision",
	    (json_int_t)info->number, "committed", (json_int_t)info->when,
	    "user", info->user, "comment", info->comment, "changed", changed);
}
