/* cmd_dnsflush.c - `dnsflush`: forget what DNS answered */
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "base/bounds.h"

static int run(struct tool *, int argc, char **argv);
static void render(const json_t *, struct buf *);

const struct tool_command cmd_dnsflush = {
	.name = "dnsflush",
	.usage = "[NAME]",
	.summary = "Forget cached DNS answers",
	.help = "Forgets the cached answers of the DNS; the next look-up asks "
		"again. One name alone cannot be forgotten: all of them are, "
		"also when a name is given.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *words[] = { "dnsflush", argc > 1 ? argv[1] : NULL, NULL };

	if (argc > 2)
		return tool_usage(t, NULL);
	return control_show(t, PROGRAM_LOOKUPD, words, render);
}

static void
render(const json_t *answer, struct buf *out)
{
	int64_t n = fields_num(answer, "answers");

	buf_printf(out, "Flushing DNS cache.\n%lld answer%s deleted\n",
	    (long long)n, n == 1 ? "" : "s");
	if (json_is_true(json_object_get(answer, "more_than_asked")))
		buf_puts(out, "All names were forgotten: one alone cannot "
			      "be.\n");
}
