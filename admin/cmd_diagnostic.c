/* cmd_diagnostic.c - `diagnostic` (delivery-admin 5.2) */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/diagnostic.h"
#include "admin/fields.h"
#include "admin/netstat.h"
#include "admin/render.h"
#include "base/mem.h"

#define TEXT_SIZE (4 * 1024 * 1024)

/* What can be done, and its words on a line. */
struct operation {
	struct dialogue_op op;
	int (*run)(struct tool *);
	int (*take)(struct tool *, int argc, char **argv); /* with words */
	const char *command;                               /* or that one */
};

static int run(struct tool *, int argc, char **argv);
static int menu(struct tool *, const struct operation *, size_t n);
static int network(struct tool *);
static int perform(
    struct tool *, const struct operation *, int argc, char **argv);
static const struct operation *find(
    const struct operation *, size_t n, const char *word);
static int flush(struct tool *);
static void flush_dns(struct tool *, json_t *done, struct buf *);
static void say_answers(int64_t n, struct buf *);
static void flush_callahead(struct tool *, json_t *done, struct buf *);
static void add_flushed(void *arg, const json_t *);
static void flush_neighbours(
    struct tool *, int family, json_t *done, struct buf *);
static void failed(
    json_t *done, const char *what, const struct err *, struct buf *);
static int arpshow(struct tool *);
static int ndpshow(struct tool *);
static int neighbours(
    struct tool *, int family, void (*render)(const json_t *, struct buf *));
static int print(struct tool *, struct buf *, json_t *);

const struct tool_command cmd_diagnostic = {
	.name = "diagnostic",
	.usage = "[disk_usage | network flush|arpshow|ndpshow|tcpservices | "
		 "network smtpping|dnscheck|tcpdump ... | dns flush | "
		 "services status | services NAME status | services [--yes] "
		 "NAME restart | reload RELOAD [commit]]",
	.summary = "Look at the network, the disk and the programs",
	.help = "disk_usage: what takes how much of the disk. network flush: "
		"forgets what the DNS answered, what call-ahead "
		"was told, and the machine's neighbours. arpshow, ndpshow: "
		"shows the neighbours. tcpservices: who listens on which port. "
		"tcpdump [count=N] [time=TIME] [interface=NAME] [FILTER ...]: "
		"the next packets, as text; 20 of them, for half a minute at "
		"most. smtpping, dnscheck: the commands of that name. dns "
		"flush: dnsflush. services: the programs of the gateway; "
		"restart asks, unless --yes is said. reload: the configuration "
		"of a new installation, as the working copy, or committed; the "
		"queue stays. Without a word it asks.",
	.run = run,
};

static const struct operation top[] = {
	{ { "DISK_USAGE", "Check Disk Usage." }, NULL, diagnostic_disk, NULL },
	{ { "NETWORK", "Network Utilities." }, network, NULL, NULL },
	{ { "SERVICES", "Service Utilities." }, NULL, diagnostic_services,
	    NULL },
	{ { "RELOAD",
	      "Reset configuration to the initial manufacturer values." },
	    NULL, diagnostic_reload, NULL },
};

static const struct operation network_ops[] = {
	{ { "FLUSH", "Flush all network related caches." }, flush, NULL, NULL },
	{ { "ARPSHOW", "Show system ARP cache." }, arpshow, NULL, NULL },
	{ { "NDPSHOW", "Show system NDP cache." }, ndpshow, NULL, NULL },
	{ { "SMTPPING", "Test a remote SMTP server." }, NULL, NULL,
	    "smtpping" },
	{ { "TCPDUMP", "Dump ethernet packets." }, NULL, diagnostic_tcpdump,
	    NULL },
	{ { "TCPSERVICES", "Show which processes listen on which ports." },
	    NULL, NULL, "tcpservices" },
	{ { "DNSCHECK", "Check what the DNS says of our own addresses." }, NULL,
	    NULL, "dnscheck" },
};

static const struct operation dns_ops[] = {
	{ { "FLUSH", "Flush the DNS cache." }, NULL, NULL, "dnsflush" },
};

static const struct {
	const char *word;
	const struct operation *ops;
	size_t n;
} groups[] = {
	{ "network", network_ops, NELEM(network_ops) },
	{ "dns", dns_ops, NELEM(dns_ops) },
};
#define OPERATIONS_MAX 8

static int
run(struct tool *t, int argc, char **argv)
{
	const struct operation *o;

	if (argc == 1 && t->asks)
		return menu(t, top, NELEM(top));
	/* an option may stand before the words */
	for (int i = 1; i < argc; i++) {
		o = argv[i][0] == '-' ? NULL : find(top, NELEM(top), argv[i]);
		if (o == NULL || o->take == NULL)
			continue;
		return perform(t, o, argc - i, argv + i);
	}
	for (size_t i = 0; i < NELEM(groups) && argc > 2; i++) {
		if (!str_is_nocase(str_of(argv[1]), groups[i].word))
			continue;
		o = find(groups[i].ops, groups[i].n, argv[2]);
		if (o == NULL || (o->run != NULL && argc > 3))
			break;
		return perform(t, o, argc - 2, argv + 2);
	}
	return tool_usage(t, NULL);
}

/* Until an empty answer; the status of what was done last. */
static int
menu(struct tool *t, const struct operation *ops, size_t n)
{
	struct dialogue_op v[OPERATIONS_MAX];
	char *no_words[] = { (char[]){ "" }, NULL };
	int status = TOOL_DONE;
	size_t chosen;

	for (size_t i = 0; i < n; i++)
		v[i] = ops[i].op;
	for (;;) {
		fputc('\n', t->dialogue.out);
		if (!dialogue_menu(&t->dialogue, v, n, &chosen))
			return tool_abandoned(t);
		if (chosen == n)
			return status;
		status = perform(t, &ops[chosen], 1, no_words);
	}
}

static int
network(struct tool *t)
{
	return menu(t, network_ops, NELEM(network_ops));
}

static int
perform(struct tool *t, const struct operation *o, int argc, char **argv)
{
	const struct tool_command *self = t->command;
	char name[32];
	int status;

	if (o->run != NULL)
		return o->run(t);
	if (o->take != NULL)
		return o->take(t, argc, argv);
	str_copy(name, sizeof(name), str_of(o->command));
	argv[0] = name;
	status = commands_run(t, argc, argv);
	t->command = self;
	return status;
}

static const struct operation *
find(const struct operation *ops, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (str_is_nocase(str_of(word), ops[i].op.word))
			return &ops[i];
	return NULL;
}

/* --- flush --- */

/* Each cache by itself: what cannot be done is said, and the rest is. */
static int
flush(struct tool *t)
{
	json_t *done = json_pack("{s:n, s:n, s:[], s:[], s:[]}", "dns",
	    "callahead", "arp", "ndp", "errors");
	bool whole;
	struct buf text;

	buf_init(&text, TEXT_SIZE);
	flush_dns(t, done, &text);
	flush_callahead(t, done, &text);
	flush_neighbours(t, AF_INET, done, &text);
	flush_neighbours(t, AF_INET6, done, &text);
	whole = json_array_size(json_object_get(done, "errors")) == 0;
	buf_puts(&text, whole ? "Network reset complete.\n"
			      : "Not everything could be flushed.\n");
	print(t, &text, done);
	return whole ? TOOL_DONE : TOOL_FAILED;
}

static void
flush_dns(struct tool *t, json_t *done, struct buf *text)
{
	const char *words[] = { "dnsflush", NULL };
	struct control_answer answer;
	struct err err = ERR_INIT;

	buf_puts(text, "Flushing DNS cache.\n");
	if (control_ask(t, PROGRAM_LOOKUPD, words, &answer, &err) == -1) {
		failed(done, "DNS", &err, text);
		return;
	}
	say_answers(fields_num(answer.json, "answers"), text);
	json_object_set(done, "dns", json_object_get(answer.json, "answers"));
	control_answer_fini(&answer);
}

static void
say_answers(int64_t n, struct buf *text)
{
	buf_printf(
	    text, "%lld answer%s deleted\n", (long long)n, n == 1 ? "" : "s");
}

static void
flush_callahead(struct tool *t, json_t *done, struct buf *text)
{
	static const enum program_kind kinds[] = { PROGRAM_SMTPD, PROGRAM_QMQPD,
		PROGRAM_N };
	const char *words[] = { "callaheadflush", NULL };
	struct err err = ERR_INIT;
	int64_t n = 0;

	buf_puts(text, "Flushing call-ahead cache.\n");
	if (control_ask_workers(t, kinds, words, add_flushed, &n, &err) == -1) {
		failed(done, "call-ahead", &err, text);
		return;
	}
	say_answers(n, text);
	json_object_set_new(done, "callahead", json_integer(n));
}

static void
add_flushed(void *arg, const json_t *answer)
{
	int64_t *n = arg;

	*n += fields_num(answer, "flushed");
}

static void
flush_neighbours(struct tool *t, int family, json_t *done, struct buf *text)
{
	bool v4 = family == AF_INET;
	const char *name = v4 ? "ARP" : "NDP";
	struct err err = ERR_INIT;
	json_t *list = netstat_all_neighbours(family, &err), *one;
	size_t i;

	(void)t;
	buf_printf(text, "Flushing system %s cache.\n", name);
	if (list == NULL)
		failed(done, name, &err, text);
	json_array_foreach(list, i, one)
	{
		const char *ip = fields_text(one, "address");

		/* what was set by hand stays */
		if (!fields_has(one, "expires"))
			continue;
		if (netstat_forget(one, &err) == -1) {
			/* gone by itself meanwhile */
			if (err.sys == ENOENT)
				continue;
			failed(done, name, &err, text);
			break;
		}
		json_array_append(json_object_get(done, v4 ? "arp" : "ndp"),
		    json_object_get(one, "address"));
		if (v4)
			buf_printf(text, "%s (%s) deleted\n", ip, ip);
		else
			buf_printf(text, "%s%%%s deleted\n", ip,
			    fields_text(one, "interface"));
	}
	json_decref(list);
}

static void
failed(json_t *done, const char *what, const struct err *err, struct buf *text)
{
	buf_puts(text, "Not possible: ");
	if (err->sys == EPERM)
		buf_puts(text, "only root may do that");
	else
		fields_show(text, err->text, sizeof(err->text));
	buf_putc(text, '\n');
	json_array_append_new(json_object_get(done, "errors"),
	    json_pack("{s:s, s:s}", "cache", what, "error", err->text));
}

/* --- what there is --- */

static int
arpshow(struct tool *t)
{
	return neighbours(t, AF_INET, render_arp);
}

static int
ndpshow(struct tool *t)
{
	return neighbours(t, AF_INET6, render_ndp);
}

static int
neighbours(
    struct tool *t, int family, void (*render)(const json_t *, struct buf *))
{
	struct err err = ERR_INIT;
	json_t *list = netstat_all_neighbours(family, &err);
	struct buf text;

	if (list == NULL)
		return tool_fail(t, &err);
	buf_init(&text, TEXT_SIZE);
	render(list, &text);
	return print(t, &text, json_pack("{s:o}", "neighbours", list));
}

/* Takes both. */
static int
print(struct tool *t, struct buf *text, json_t *json)
{
	tool_space(t);
	if (t->json)
		tool_print_json(t, json);
	else
		tool_print(t, text);
	buf_fini(text);
	json_decref(json);
	return TOOL_DONE;
}
