/* cmd_healthconfig.c - `healthconfig`: what is too much (delivery-admin 2.16)
 */
#include "admin/commands.h"
#include "admin/settings.h"
#include "base/mem.h"

static void show(struct editing *);
static bool ask_workqueue(struct editing *);
static bool ask_cpu(struct editing *);
static bool ask_swap(struct editing *);
static bool ask(struct editing *, enum health_kind);
static int take_setup(struct editing *, struct args *);
static int take_print(struct editing *, struct args *);
static struct settings settings_of(struct editing *);

static const struct editing_op ops[] = {
	{ { "WORKQUEUE", "View and edit the work queue health configuration." },
	    ask_workqueue, NULL },
	{ { "CPU", "View and edit the CPU health configuration." }, ask_cpu,
	    NULL },
	{ { "SWAP", "View and edit the swap health configuration." }, ask_swap,
	    NULL },
	{ { "SETUP", "Change keys." }, NULL, take_setup },
	{ { "PRINT", "Display all of it." }, NULL, take_print },
};
static const struct editing_menu menu = { show, ops, NELEM(ops) };
static const struct objects_question keys[HEALTH_N][3] = {
	[HEALTH_WORKQUEUE] = { { "workqueue",
				   "Enter the number of messages in the work "
				   "queue that are not "
				   "too many yet (off: they are not counted):",
				   NULL, NULL },
	    { "workqueue_alert",
		"Should there be an alert when there are more?",
		"workqueue!=unlimited", NULL },
	    { NULL, NULL, NULL, NULL } },
	[HEALTH_CPU] = { { "cpu",
			     "Enter the per cent of all processors that are "
			     "not too much "
			     "yet (off: they are not watched):",
			     NULL, NULL },
	    { "cpu_alert", "Should there be an alert when it is more?",
		"cpu!=unlimited", NULL },
	    { NULL, NULL, NULL, NULL } },
	[HEALTH_SWAP] = { { "swap",
			      "Enter the pages swapped in a minute that are "
			      "not too many yet "
			      "(off: they are not counted):",
			      NULL, NULL },
	    { "swap_alert", "Should there be an alert when there are more?",
		"swap!=unlimited", NULL },
	    { NULL, NULL, NULL, NULL } },
};

const struct tool_command cmd_healthconfig = {
	.name = "healthconfig",
	.usage = "[setup KEY=VALUE ... | print]",
	.summary = "What is too much for healthcheck, and for alerts",
	.help = "Changes in the working copy of the configuration how many "
		"messages in the work queue, how much use of the processors "
		"and how much swapping are too much: for healthcheck, and "
		"for an alert. KEY is one of those below health in "
		"postern.yaml(5). Nothing is in force before a commit.",
	.edits = &editing_menus,
	.form = &menu,
};

static void
show(struct editing *ed)
{
	static const struct {
		const char *label, *unit;
	} lines[HEALTH_N] = {
		[HEALTH_WORKQUEUE] = { "Messages in the work queue:", "" },
		[HEALTH_CPU] = { "CPU:", " %" },
		[HEALTH_SWAP] = { "Pages swapped in a minute:", "" },
	};
	const struct health_config *c = &ed->w->config->health;
	FILE *out = ed->t->dialogue.out;

	for (int i = 0; i < HEALTH_N; i++)
		if (c->limit[i] == UNLIMITED)
			fprintf(out, "%-28s off\n", lines[i].label);
		else
			fprintf(out, "%-28s %llu%s (alert: %s)\n",
			    lines[i].label, (unsigned long long)c->limit[i],
			    lines[i].unit, c->alert[i] ? "yes" : "no");
}

static bool
ask_workqueue(struct editing *ed)
{
	return ask(ed, HEALTH_WORKQUEUE);
}

static bool
ask_cpu(struct editing *ed)
{
	return ask(ed, HEALTH_CPU);
}

static bool
ask_swap(struct editing *ed)
{
	return ask(ed, HEALTH_SWAP);
}

static bool
ask(struct editing *ed, enum health_kind kind)
{
	struct settings s = settings_of(ed);

	return settings_ask_setup(ed, &s, keys[kind]);
}

static int
take_setup(struct editing *ed, struct args *a)
{
	struct settings s = settings_of(ed);

	return settings_take_setup(ed, a, &s);
}

static int
take_print(struct editing *ed, struct args *a)
{
	struct settings s = settings_of(ed);

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return settings_print(ed, &s);
}

static struct settings
settings_of(struct editing *ed)
{
	return (struct settings){ .section = &schema_health,
		.object = ed->w->config,
		.path = "health" };
}
