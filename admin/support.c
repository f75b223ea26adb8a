/* support.c - what those who help need to know of this gateway */
#include "admin/support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/control.h"
#include "admin/logfiles.h"
#include "admin/machine.h"
#include "admin/saving.h"
#include "base/mem.h"

#define TEXT "text/plain; charset=utf-8"
#define JSON "application/json"

#define NAMES_MAX 100

const char support_contents[] =
    "The request holds: the configuration in force with its passphrases "
    "masked;\n"
    "status, versions, queue and destinations, recent alerts; the last 10,000 "
    "lines\n"
    "of the mail, delivery and status logs, which name senders and "
    "recipients.\n"
    "It holds no messages and no keys.";

static void enclose_config(struct tool *, struct enclosing *);
static void enclose_answers(struct tool *, struct enclosing *);
static void enclose_logs(struct tool *, struct enclosing *, struct arena *);
static void enclose_log(
    struct tool *, struct enclosing *, struct str log, struct arena *);
static int last_lines(
    const struct logfiles *, struct buf *out, struct err *err);

/* What the programs are asked, and the name of the file for it. */
static const struct {
	const char *name;
	enum program_kind kind;
	const char *words[3];
} questions[] = {
	{ "status.json", PROGRAM_RECORDER, { "status", "detail" } },
	{ "alerts.json", PROGRAM_RECORDER, { "displayalerts" } },
	{ "logs.json", PROGRAM_RECORDER, { "logs" } },
	{ "health.json", PROGRAM_RECORDER, { "healthcheck", "1440" } },
	{ "tophosts.json", PROGRAM_QMGR, { "tophosts" } },
	{ "workqueue.json", PROGRAM_QMGR, { "workqueue", "status" } },
	{ "quarantines.json", PROGRAM_QMGR, { "quarantine", "list" } },
	{ "programs.json", PROGRAM_MASTER, { "programs" } },
	{ "listeners.json", PROGRAM_MASTER, { "listeners" } },
};
/* Debug logs hold conversations, bounce logs parts of messages. */
#define TYPES (1u << LOG_MAIL | 1u << LOG_DELIVERY | 1u << LOG_STATUS)

void
support_enclose(struct tool *t, struct enclosing *e, struct arena *mem)
{
	enclose_config(t, e);
	enclose_answers(t, e);
	enclose_logs(t, e, mem);
}

static void
enclose_config(struct tool *t, struct enclosing *e)
{
	struct saving sv = { .how = SAVED_MASK };
	struct err err = ERR_INIT;
	struct buf config;
	char name[160];

	buf_init(&config, SAVED_MAX);
	saving_name(t, name, sizeof(name));
	if (saving_make(t, &sv, &config, &err) == 0)
		enclose_file(e, name, TEXT, buf_str(&config));
	else
		enclose_file(e, "configuration.txt", TEXT, str_of(err.text));
	buf_fini(&config);
}

static void
enclose_answers(struct tool *t, struct enclosing *e)
{
	for (size_t i = 0; i < NELEM(questions); i++) {
		struct control_answer answer = { .fd = -1 };
		struct err err = ERR_INIT;
		char *text = NULL;

		if (control_ask(t, questions[i].kind, questions[i].words,
			&answer, &err) == 0 &&
		    answer.json != NULL)
			text = json_dumps(answer.json, JSON_INDENT(2));
		enclose_file(e, questions[i].name, text != NULL ? JSON : TEXT,
		    str_of(text != NULL ? text : err.text));
		free(text);
		control_answer_fini(&answer);
	}
}

/* Read here: what the recorder says of them might lead elsewhere. */
static void
enclose_logs(struct tool *t, struct enclosing *e, struct arena *mem)
{
	struct err err = ERR_INIT;
	struct config *c = logfiles_config(t, &err);

	for (size_t i = 0; c != NULL && i < c->n_logs; i++)
		if (TYPES & 1u << c->logs[i].type)
			enclose_log(t, e, c->logs[i].name, mem);
	config_unref(&c);
}

static void
enclose_log(
    struct tool *t, struct enclosing *e, struct str log, struct arena *mem)
{
	const char *file = arena_printf(mem, "%.*s.log", STR_ARG(log));
	struct err err = ERR_INIT;
	struct logfiles f;
	struct buf text;

	buf_init(&text, SUPPORT_LOG);
	if (logfiles_list(&f, t, log, &err) == 0 && f.n > 0 &&
	    last_lines(&f, &text, &err) == 0)
		enclose_file(e, file, TEXT, buf_str(&text));
	else if (err.kind != ERR_NONE)
		enclose_file(e, file, TEXT, str_of(err.text));
	logfiles_free(&f);
	buf_fini(&text);
}

/* Of the newest file. */
static int
last_lines(const struct logfiles *f, struct buf *out, struct err *err)
{
	FILE *file = logfiles_open(f, f->n - 1, err);
	size_t lines = 0, n;
	struct stat st;
	off_t from;
	char *p;

	if (file == NULL)
		return -1;
	from = fstat(fileno(file), &st) == 0 && st.st_size > (off_t)SUPPORT_LOG
		   ? st.st_size - (off_t)SUPPORT_LOG
		   : 0;
	p = buf_room(out, SUPPORT_LOG);
	(void)fseeko(file, from, SEEK_SET);
	n = fread(p, 1, SUPPORT_LOG, file);
	fclose(file);
	buf_grew(out, n);
	for (size_t i = n; i > 0; i--) {
		if (p[i - 1] != '\n' || i == n || ++lines < SUPPORT_LINES)
			continue;
		buf_consume(out, i);
		return 0;
	}
	/* the first may have been cut */
	if (from > 0)
		buf_consume(out, str_find(buf_str(out), '\n') + 1);
	return 0;
}

/* A request is a message: it can be sent by other means, and read. */
int
support_save(struct tool *t, struct str message, char *path, size_t size,
    struct err *err)
{
	char folder[PATH_MAX], serial[MACHINE_SERIAL], stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	int fd = -1, rc = 0;

	snprintf(folder, sizeof(folder), "%.*s/support",
	    (int)sizeof(folder) - 20, t->paths.state);
	if (mkdir(folder, 0700) == -1 && errno != EEXIST)
		return err_sys(err, ERR_TEMP, "make %s", folder);
	machine_serial(t->paths.log, serial);
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%S", &tm);
	/* several within a second: -1, -2 */
	for (int i = 0; fd == -1 && i < NAMES_MAX; i++) {
		char number[16] = "";

		if (i > 0)
			snprintf(number, sizeof(number), "-%d", i);
		snprintf(path, size, "%.*s/%s-%s%s.eml", PATH_MAX - 120, folder,
		    serial, stamp, number);
		fd = open(path,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd == -1 && errno != EEXIST)
			break;
	}
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "create %s", path);
	for (size_t done = 0; done < message.n && rc == 0;) {
		ssize_t n = write(fd, message.p + done, message.n - done);

		if (n <= 0)
			rc = err_sys(err, ERR_TEMP, "write %s", path);
		else
			done += (size_t)n;
	}
	if (rc == 0 && fsync(fd) == -1)
		rc = err_sys(err, ERR_TEMP, "write %s", path);
	close(fd);
	if (rc == -1)
		(void)unlink(path);
	return rc;
}
