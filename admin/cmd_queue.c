/* cmd_queue.c - `queue check`, `queue repair`, `repairqueue` (delivery-admin
 * 3.6) */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/queue_child.h"
#include "queue/restore.h"
#include "sandbox/sandbox.h"

#define PASSES    10 /* surveys and repairs, one after the other */
#define SHOWN     300
#define OPEN_DIR  (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define NAME_SIZE 64

struct queue_run {
	struct tool *t;
	struct queue_given given;
	struct queue_child child;
	json_t *faults, *mended, *sums; /* for --json */
	size_t n_failed;                /* of this pass */
	char backup[NAME_SIZE];         /* below corrupt; "": none */
};

static int run(struct tool *, int argc, char **argv);
static int run_repairqueue(struct tool *, int argc, char **argv);
static int check(struct tool *);
static int check_again(struct queue_run *, struct err *);
static int repair(struct tool *, bool yes, bool backup);
static int begin(struct queue_run *, bool to_repair, struct err *);
static int take_lock(struct queue_run *, bool to_repair, struct err *);
static bool lives(const char *pid);
static void find_counters(struct queue_run *);
static int listen_to(struct queue_run *, struct err *);
static void show_faults(struct queue_run *);
static void show_fault(struct queue_run *, const json_t *);
static void show_mended(struct queue_run *, json_t *);
static int ask(struct queue_run *, bool *yes, bool *backup);
static void name_backup(struct queue_run *);
static int repair_all(struct queue_run *, struct err *);
static void on_restored(void *arg, const char *file, const char *what);
static int report(struct queue_run *);
static void show_sums(struct queue_run *);
static void count(struct queue_run *, const char *key, const char *what);
static int end(struct queue_run *, int status);

const struct tool_command cmd_queue = {
	.name = "queue",
	.usage = "check | repair [--yes] [--backup]",
	.summary = "Look whether the queue is whole, or repair it",
	.help =
	    "check reads every file of the queue and changes nothing: it says "
	    "what is damaged, misplaced, left over or of the wrong owner, and "
	    "what repair would do. The gateway may be running. repair, when it "
	    "is stopped, says the same, asks, offers to copy first what it "
	    "will change (--backup), and mends: no message is removed; what "
	    "cannot be mended is set aside in the folder corrupt of the spool. "
	    "--yes does not ask.",
	.run = run,
};
const struct tool_command cmd_repairqueue = {
	.name = "repairqueue",
	.usage = "[--yes] [--backup]",
	.summary = "Repair a damaged queue; the same as queue repair",
	.help = "Does what \"queue repair\" does: says what is damaged in the "
		"queue, asks, and mends it. The gateway must be stopped.",
	.run = run_repairqueue,
};

static int
run(struct tool *t, int argc, char **argv)
{
	bool yes = false, backup = false;
	const struct tool_option options[] = { { "--yes", NULL, &yes },
		{ "--backup", NULL, &backup } };

	if (!tool_options(t, options, 2, &argc, argv))
		return TOOL_USAGE;
	if (argc < 2)
		return tool_usage(t, NULL);
	if (argc > 2)
		return tool_unknown(t, argv[2]);
	if (strcmp(argv[1], "check") == 0 && !yes && !backup)
		return check(t);
	if (strcmp(argv[1], "repair") == 0)
		return repair(t, yes, backup);
	return tool_unknown(t, argv[1]);
}

static int
run_repairqueue(struct tool *t, int argc, char **argv)
{
	bool yes = false, backup = false;
	const struct tool_option options[] = { { "--yes", NULL, &yes },
		{ "--backup", NULL, &backup } };

	if (!tool_options(t, options, 2, &argc, argv))
		return TOOL_USAGE;
	if (argc > 1)
		return tool_unknown(t, argv[1]);
	return repair(t, yes, backup);
}

static int
check(struct tool *t)
{
	struct queue_run r = { .t = t };
	struct err err = ERR_INIT;

	if (begin(&r, false, &err) == -1 || listen_to(&r, &err) == -1 ||
	    (!r.given.running && check_again(&r, &err) == -1))
		return end(&r, tool_fail(t, &err));
	show_faults(&r);
	return end(&r, report(&r));
}

/* If the gateway was started meanwhile, what it began looks like faults. */
static int
check_again(struct queue_run *r, struct err *err)
{
	if (take_lock(r, false, err) == -1)
		return -1;
	if (!r->given.running)
		return 0;
	queue_child_end(&r->child);
	if (queue_child_start(&r->child, &r->given, err) == -1)
		return -1;
	return listen_to(r, err);
}

static int
repair(struct tool *t, bool yes, bool backup)
{
	struct queue_run r = { .t = t };
	struct err err = ERR_INIT;
	int status;

	if (!yes && !t->asks)
		return tool_usage(t, "say --yes where nobody can be asked");
	if (begin(&r, true, &err) == -1)
		return end(&r, tool_refuse(t, &err));
	if (listen_to(&r, &err) == -1)
		return end(&r, tool_fail(t, &err));
	show_faults(&r);
	if (fields_num(r.sums, "faults") == 0)
		return end(&r, report(&r));
	if (!yes) {
		show_sums(&r);
		status = ask(&r, &yes, &backup);
		if (status != TOOL_DONE || !yes)
			return end(
			    &r, status != TOOL_DONE ? status : TOOL_NEGATIVE);
	}
	if (backup)
		name_backup(&r);
	if (repair_all(&r, &err) == -1)
		return end(&r, tool_fail(t, &err));
	return end(&r, report(&r));
}

/* The lock first: what is found must not change any more. */
static int
begin(struct queue_run *r, bool to_repair, struct err *err)
{
	struct queue_given *g = &r->given;
	unsigned cleanup, qmgr, group, gid;

	g->root = g->counters = g->lock = -1;
	r->child.fd = -1;
	r->faults = json_array();
	r->mended = json_array();
	g->path = r->t->paths.spool;
	g->accounts =
	    (struct survey_accounts){ geteuid(), geteuid(), getegid() };
	if (geteuid() == 0) {
		sandbox_account(sandbox_profile("cleanup"), &cleanup, &gid);
		sandbox_account(sandbox_profile("qmgr"), &qmgr, &group);
		g->accounts = (struct survey_accounts){ cleanup, qmgr, group };
	}
	g->root = open(g->path, OPEN_DIR);
	if (g->root == -1)
		return err_sys(err, ERR_TEMP, "open the spool %s", g->path);
	if (take_lock(r, to_repair, err) == -1)
		return -1;
	find_counters(r);
	return queue_child_start(&r->child, g, err);
}

/*
 * The lock that a gateway holds as long as it runs. A survey only asks
 * whether it is taken: it keeps no gateway from starting.
 */
static int
take_lock(struct queue_run *r, bool to_repair, struct err *err)
{
	struct queue_given *g = &r->given;
	char pid[24] = "";
	ssize_t n;

	g->lock = openat(g->root, "lock",
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (to_repair ? O_CREAT : 0),
	    0600);
	if (g->lock == -1 && errno == ENOENT)
		return 0; /* it never ran */
	if (g->lock == -1)
		return err_sys(err, ERR_TEMP, "open %s/lock", g->path);
	if (flock(g->lock, (to_repair ? LOCK_EX : LOCK_SH) | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK)
			return err_sys(err, ERR_TEMP, "lock %s", g->path);
		g->running = true;
	}
	if (!to_repair) {
		close(g->lock);
		g->lock = -1;
	} else if (g->running) {
		n = read(g->lock, pid, sizeof(pid) - 1);
		if (n > 0)
			pid[strcspn(pid, "\n")] = '\0';
		if (!lives(pid))
			return err_set(err, ERR_USAGE,
			    "Another repair works on this queue: wait until "
			    "it has ended.");
		return err_set(err, ERR_USAGE,
		    "The gateway works on this queue (process %.20s): stop it "
		    "first, or use \"queue check\".",
		    pid);
	}
	return 0;
}

/* A repair does not write its own there. */
static bool
lives(const char *pid)
{
	uint64_t n;

	return !str_u64(str_of(pid), INT32_MAX, &n) || n == 0 ||
	       kill((pid_t)n, 0) == 0 || errno != ESRCH;
}

/* Looked at first: it lies in a folder of the recorder's. */
static void
find_counters(struct queue_run *r)
{
	char path[PATH_MAX + 32], self[40];
	struct stat st;
	int look;

	snprintf(
	    path, sizeof(path), "%s/.state/counters.json", r->t->paths.log);
	look = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (look == -1)
		return;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", look);
	if (fstat(look, &st) == 0 && S_ISREG(st.st_mode))
		r->given.counters = open(self, O_RDONLY | O_CLOEXEC);
	close(look);
}

/* Until a survey is over. */
static int
listen_to(struct queue_run *r, struct err *err)
{
	json_array_clear(r->faults);
	r->n_failed = 0;
	for (;;) {
		json_t *j = queue_child_next(&r->child, err), *it;

		if (j == NULL)
			return -1;
		if ((it = json_object_get(j, "fault")) != NULL) {
			json_array_append(r->faults, it);
		} else if ((it = json_object_get(j, "mended")) != NULL) {
			show_mended(r, it);
		} else if ((it = json_object_get(j, "sums")) != NULL) {
			json_decref(r->sums);
			r->sums = json_incref(it);
			json_decref(j);
			break;
		} else {
			err_set(err, ERR_TEMP, "%s", fields_text(j, "failed"));
			json_decref(j);
			return -1;
		}
		json_decref(j);
	}
	return 0;
}

static void
show_faults(struct queue_run *r)
{
	for (size_t i = 0; !r->t->json && i < json_array_size(r->faults); i++)
		show_fault(r, json_array_get(r->faults, i));
}

static void
show_fault(struct queue_run *r, const json_t *f)
{
	struct buf out;

	buf_init(&out, 16384);
	fields_show(&out, fields_text(f, "file"), SHOWN * 4);
	buf_puts(&out, ": ");
	fields_show(&out, fields_text(f, "what"), SHOWN);
	buf_puts(&out, r->given.lock == -1 ? "\n    repair would: " : "\n    ");
	fields_show(&out, fields_text(f, "would"), SHOWN);
	buf_putc(&out, '\n');
	fprintf(r->t->dialogue.out, "%.*s", STR_ARG(buf_str(&out)));
	buf_fini(&out);
}

static void
show_mended(struct queue_run *r, json_t *m)
{
	bool failed = fields_has(m, "error");
	struct buf out;

	r->n_failed += failed;
	json_array_append(r->mended, m);
	if (r->t->json)
		return;
	buf_init(&out, 16384);
	fields_show(&out, fields_text(m, "file"), SHOWN * 4);
	buf_puts(&out, failed ? ": not mended: " : ": ");
	fields_show(&out, fields_text(m, failed ? "error" : "done"), SHOWN * 2);
	buf_putc(&out, '\n');
	fprintf(r->t->dialogue.out, "%.*s", STR_ARG(buf_str(&out)));
	buf_fini(&out);
}

static int
ask(struct queue_run *r, bool *yes, bool *backup)
{
	struct dialogue *d = &r->t->dialogue;

	if (!dialogue_yes(d, "Repair the queue?", false, yes) ||
	    (*yes && !*backup &&
		!dialogue_yes(d,
		    "Copy first what will be changed, to the folder corrupt "
		    "of the spool?",
		    true, backup)))
		return tool_abandoned(r->t);
	return TOOL_DONE;
}

static void
name_backup(struct queue_run *r)
{
	time_t now = time(NULL);
	struct tm tm;

	strftime(r->backup, sizeof(r->backup), "before-repair.%Y%m%d-%H%M%S",
	    gmtime_r(&now, &tm));
}

/* Owners are root's part, and may be wanted again for what was mended. */
static int
repair_all(struct queue_run *r, struct err *err)
{
	struct err why = ERR_INIT;

	for (int i = 0; i < PASSES; i++) {
		size_t before = json_array_size(r->mended);

		if (!r->t->json)
			fputc('\n', r->t->dialogue.out);
		if (restore_rights(r->given.root, &r->given.accounts,
			on_restored, r, &why) == -1 &&
		    i == 0 && !r->t->json)
			fprintf(stderr,
			    "Not all owners, modes and folders can be put "
			    "right: %s\n",
			    why.text);
		if (queue_child_mend(&r->child,
			r->backup[0] != '\0' ? r->backup : NULL, err) == -1 ||
		    listen_to(r, err) == -1)
			return -1;
		if (fields_num(r->sums, "faults") > 0 && !r->t->json)
			fputs("\nStill wrong:\n", r->t->dialogue.out);
		show_faults(r);
		if (fields_num(r->sums, "faults") == 0 ||
		    json_array_size(r->mended) - before == r->n_failed)
			break; /* nothing is left, or nothing helps */
	}
	return 0;
}

static void
on_restored(void *arg, const char *file, const char *what)
{
	struct queue_run *r = arg;
	json_t *m = json_pack("{s:s, s:s}", "file", file, "done", what);

	show_mended(r, m);
	json_decref(m);
}

/* TOOL_NEGATIVE: something is wrong, still. */
static int
report(struct queue_run *r)
{
	bool bad = fields_num(r->sums, "faults") > 0;
	json_t *j;

	if (!r->t->json) {
		show_sums(r);
		return bad ? TOOL_NEGATIVE : TOOL_DONE;
	}
	j = json_pack("{s:b, s:b, s:O, s:O, s:O}", "in_order", !bad, "running",
	    r->given.running, "faults", r->faults, "mended", r->mended, "sums",
	    r->sums);
	if (r->backup[0] != '\0')
		json_object_set_new(j, "backup", json_string(r->backup));
	tool_print_json(r->t, j);
	json_decref(j);
	return bad ? TOOL_NEGATIVE : TOOL_DONE;
}

static void
show_sums(struct queue_run *r)
{
	int64_t faults = fields_num(r->sums, "faults");
	int64_t counter = fields_num(r->sums, "mid_counter");
	FILE *out = r->t->dialogue.out;

	if (r->t->json)
		return;
	if (faults > 0 || json_array_size(r->mended) > 0)
		fputc('\n', out);
	count(r, "messages", "Messages:");
	count(r, "recipients", "Recipients:");
	count(r, "open_recipients", "  to be delivered to:");
	count(r, "largest_mid", "Largest MID:");
	count(r, "set_aside", "In the folder corrupt:");
	if (r->given.running) {
		count(r, "in_use", "In use, not judged:");
		fputs("The gateway is running: what it works on just now "
		      "cannot be judged.\n",
		    out);
	}
	if (counter > 0 && counter < fields_num(r->sums, "largest_mid") &&
	    !r->given.running)
		fprintf(out,
		    "The counter of MIDs stands at %lld; the gateway raises it "
		    "when it starts.\n",
		    (long long)counter);
	if (r->backup[0] != '\0')
		fprintf(out, "As it was: %s/corrupt/%s\n", r->given.path,
		    r->backup);
	if (faults > 0)
		fprintf(out, "Faults: %lld\n", (long long)faults);
	else
		fputs("The queue is in order.\n", out);
}

static void
count(struct queue_run *r, const char *key, const char *what)
{
	char text[32];

	fprintf(r->t->dialogue.out, "%-24s %12s\n", what,
	    str_thousands((uint64_t)fields_num(r->sums, key), text));
}

static int
end(struct queue_run *r, int status)
{
	queue_child_end(&r->child);
	json_decref(r->faults);
	json_decref(r->mended);
	json_decref(r->sums);
	for (int *fd =
		 (int[]){ r->given.root, r->given.counters, r->given.lock, -2 };
	     *fd != -2; fd++)
		if (*fd != -1)
			close(*fd);
	return status;
}
