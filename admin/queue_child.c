/* queue_child.c - surveys and mends in a cage */
#include "admin/queue_child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "admin/queue_files.h"
#include "base/mem.h"
#include "queue/io.h"
#include "sandbox/sandbox.h"

#define LINE_OF_ONE  16384           /* nothing that it says is longer */
#define COUNTERS_MAX (1024 * 1024)   /* of the recorder's file is read */
#define FAULTS_MAX   ((size_t)50000) /* mended before the next survey */

enum { CHILD_FD = 3, ROOT_FD, COUNTERS_FD, LOCK_FD, SPARE_FD = 10 };

/* In the child. */
struct looking {
	struct survey *survey;
	struct fault *faults;
	size_t n, cap;
	uint64_t n_faults;
	const char *files[4]; /* beside the messages: those that are damaged */
	size_t n_files;
	uint64_t counter; /* of the recorder; 0: not known */
};

static void child(int fd, const struct queue_given *) __attribute__((noreturn));
static void arrange(int fd, const struct queue_given *);
static void put_fd(int spare, int at);
static int enter(const struct queue_given *, struct err *);
static void look(struct looking *);
static void on_fault(void *arg, const struct fault *);
static void on_file(void *arg, const struct queue_files_fault *);
static uint64_t read_counter(void);
static void mend(struct looking *, const char *folder);
static void mend_one(struct looking *, const struct fault *);
static void mend_file(struct looking *, const char *file);
static void said_done(
    const char *file, uint64_t mid, const char *done, const struct err *);
static void say(const char *key, json_t *value);
static void give_up(const char *why) __attribute__((noreturn));
static void put(const char *text, size_t n);
static bool take_line(char *line, size_t size);

int
queue_child_start(
    struct queue_child *c, const struct queue_given *g, struct err *err)
{
	int fds[2];

	*c = (struct queue_child){ .fd = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return err_sys(err, ERR_TEMP, "socket pair");
	/* what the child would read from files is read now */
	tzset();
	json_object_seed(0);
	c->pid = fork();
	if (c->pid == 0)
		child(fds[1], g);
	close(fds[1]);
	c->fd = fds[0];
	buf_init(&c->in, LINE_OF_ONE);
	return c->pid == -1 ? err_sys(err, ERR_TEMP, "fork") : 0;
}

json_t *
queue_child_next(struct queue_child *c, struct err *err)
{
	for (;;) {
		size_t n = str_find(buf_str(&c->in), '\n');
		json_t *j;
		char *room;
		ssize_t got;

		if (n < c->in.len) {
			j = json_loadb(c->in.data, n, 0, NULL);
			buf_consume(&c->in, n + 1);
			if (j == NULL)
				err_set(err, ERR_TEMP,
				    "the process that reads the queue says "
				    "what is no JSON");
			return j;
		}
		room = buf_room(&c->in, 4096);
		got = room == NULL ? -1 : read(c->fd, room, 4096);
		if (got == -1 && room != NULL && errno == EINTR)
			continue;
		if (got <= 0) {
			err_set(err, ERR_TEMP,
			    "the process that reads the queue has ended");
			return NULL;
		}
		buf_grew(&c->in, (size_t)got);
	}
}

int
queue_child_mend(struct queue_child *c, const char *folder, struct err *err)
{
	char line[120];
	int n = snprintf(line, sizeof(line), "mend%s%s\n",
	    folder != NULL ? " " : "", folder != NULL ? folder : "");

	return send(c->fd, line, (size_t)n, MSG_NOSIGNAL) == n
		   ? 0
		   : err_sys(err, ERR_TEMP, "the process that reads the queue");
}

void
queue_child_end(struct queue_child *c)
{
	if (c->fd != -1)
		close(c->fd);
	while (c->pid > 0 && waitpid(c->pid, NULL, 0) == -1 && errno == EINTR)
		;
	buf_fini(&c->in);
}

/* --- the child --- */

static void
child(int fd, const struct queue_given *g)
{
	struct looking l = { 0 };
	struct err err = ERR_INIT;
	char line[120];

	arrange(fd, g);
	/* what the parent began is not ours to end */
	signal(SIGPIPE, SIG_IGN);
	if (enter(g, &err) == -1)
		give_up(err.text);
	l.counter = read_counter();
	l.survey = survey_new(ROOT_FD, &g->accounts, g->running);
	look(&l);
	while (take_line(line, sizeof(line))) {
		mend(&l, strncmp(line, "mend ", 5) == 0 ? line + 5 : NULL);
		look(&l);
	}
	_exit(0);
}

/* Nothing else that the parent has open. The lock is held as long as one of
 * both lives. */
static void
arrange(int fd, const struct queue_given *g)
{
	int spare[] = { fd, g->root, g->counters, g->lock };

	for (size_t i = 0; i < NELEM(spare); i++)
		if (spare[i] != -1) {
			spare[i] = fcntl(spare[i], F_DUPFD, SPARE_FD);
			if (spare[i] == -1)
				_exit(1);
		}
	for (size_t i = 0; i < NELEM(spare); i++)
		put_fd(spare[i], CHILD_FD + (int)i);
	close_range(LOCK_FD + 1, ~0U, 0);
}

static void
put_fd(int spare, int at)
{
	if (spare == -1)
		close(at);
	else if (dup2(spare, at) == -1)
		_exit(1);
}

static int
enter(const struct queue_given *g, struct err *err)
{
	struct sandbox_options options = { .folder = g->path };

	if (geteuid() == 0) {
		options.uid = g->accounts.qmgr;
		options.gid = g->accounts.group;
		options.chroot = g->path;
	}
	return sandbox_enter(sandbox_profile("qmgr"), &options, err);
}

static void
look(struct looking *l)
{
	struct err err = ERR_INIT;
	struct survey_sums s;
	int deferred;

	l->n = l->n_files = 0;
	l->n_faults = 0;
	if (survey_run(l->survey, on_fault, NULL, l, &s, &err) == -1)
		give_up(err.text);
	deferred = survey_place(l->survey, QUEUE_DEFERRED);
	if (deferred != -1)
		queue_files_check(deferred, on_file, l);
	say("sums",
	    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"faults", (json_int_t)l->n_faults, "files",
		(json_int_t)s.n_files, "messages", (json_int_t)s.n_messages,
		"in_slots", (json_int_t)s.n_slots, "recipients",
		(json_int_t)s.n_recipients, "open_recipients",
		(json_int_t)s.n_open, "set_aside", (json_int_t)s.n_aside,
		"in_use", (json_int_t)s.n_busy, "largest_mid",
		(json_int_t)s.max_mid, "mid_counter", (json_int_t)l->counter));
}

static void
on_fault(void *arg, const struct fault *f)
{
	struct looking *l = arg;
	char file[FAULT_FILE];

	l->n_faults++;
	if (l->n == FAULTS_MAX)
		return;
	l->faults = mem_room(l->faults, &l->cap, l->n, sizeof(*l->faults));
	l->faults[l->n++] = *f;
	say("fault",
	    json_pack("{s:s, s:I, s:s, s:s, s:s}", "file", fault_file(f, file),
		"mid", (json_int_t)f->mid, "fault", fault_word(f->kind), "what",
		f->what, "would", fault_cure(f->kind)));
}

static void
on_file(void *arg, const struct queue_files_fault *f)
{
	struct looking *l = arg;

	l->n_faults++;
	l->files[l->n_files++] = f->file;
	say("fault", json_pack("{s:s, s:I, s:s, s:s, s:s}", "file", f->file,
			 "mid", (json_int_t)0, "fault", f->word, "what",
			 f->what, "would", f->cure));
}

/* Its message ids; 0: it does not say. */
static uint64_t
read_counter(void)
{
	char *text = mem_alloc(COUNTERS_MAX);
	ssize_t n = io_read(COUNTERS_FD, text, COUNTERS_MAX, 0, NULL);
	json_t *j = n > 0 ? json_loadb(text, (size_t)n, 0, NULL) : NULL;
	json_int_t mid = json_integer_value(
	    json_object_get(json_object_get(j, "ids"), "mid"));

	json_decref(j);
	free(text);
	return mid > 0 ? (uint64_t)mid : 0;
}

static void
mend(struct looking *l, const char *folder)
{
	const char *files[NELEM(l->files)];
	size_t n = l->n, n_files = l->n_files;
	struct err err = ERR_INIT;

	memcpy(files, l->files, sizeof(files));
	for (size_t i = 0; folder != NULL && i < n; i++)
		if (survey_backup(l->survey, folder, &l->faults[i], &err) == -1)
			give_up(err.text);
	if (folder != NULL && survey_backup_end(l->survey, folder, &err) == -1)
		give_up(err.text);
	for (size_t i = 0; i < n; i++)
		mend_one(l, &l->faults[i]);
	for (size_t i = 0; i < n_files; i++)
		mend_file(l, files[i]);
}

static void
mend_one(struct looking *l, const struct fault *f)
{
	char done[MENDED_MAX], file[FAULT_FILE];
	struct err err = ERR_INIT;

	if (survey_mend(l->survey, f, done, &err) == -1)
		said_done(fault_file(f, file), f->mid, NULL, &err);
	else if (done[0] != '\0')
		said_done(fault_file(f, file), f->mid, done, NULL);
}

static void
mend_file(struct looking *l, const char *file)
{
	struct err err = ERR_INIT;
	const char *done;

	if (queue_files_mend(survey_place(l->survey, QUEUE_DEFERRED), file,
		&done, &err) == -1)
		said_done(file, 0, NULL, &err);
	else
		said_done(file, 0, done, NULL);
}

static void
said_done(
    const char *file, uint64_t mid, const char *done, const struct err *err)
{
	say("mended", json_pack("{s:s, s:I, s:s}", "file", file, "mid",
			  (json_int_t)mid, done != NULL ? "done" : "error",
			  done != NULL ? done : err->text));
}

static void
say(const char *key, json_t *value)
{
	json_t *j = json_pack("{s:o}", key, value);
	char *text = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;

	if (text == NULL)
		give_up("what is found cannot be said");
	put(text, strlen(text));
	put("\n", 1);
	free(text);
	json_decref(j);
}

static void
give_up(const char *why)
{
	json_t *j = json_pack("{s:s}", "failed", why);
	char *text = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;

	if (text != NULL) {
		put(text, strlen(text));
		put("\n", 1);
	}
	_exit(1);
}

static void
put(const char *text, size_t n)
{
	while (n > 0) {
		ssize_t got = write(CHILD_FD, text, n);

		if (got == -1 && errno != EINTR)
			_exit(1);
		if (got > 0) {
			text += got;
			n -= (size_t)got;
		}
	}
}

/* False: nobody wants anything any more. */
static bool
take_line(char *line, size_t size)
{
	for (size_t n = 0; n < size; n++) {
		ssize_t got;

		do {
			got = read(CHILD_FD, line + n, 1);
		} while (got == -1 && errno == EINTR);
		if (got <= 0)
			return false;
		if (line[n] == '\n') {
			line[n] = '\0';
			return true;
		}
	}
	return false;
}
