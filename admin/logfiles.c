/* logfiles.c - log subscriptions and their files, for those who look at them */
#include "admin/logfiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/fields.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "config/load.h"
#include "config/revision.h"

#define WAIT_MS 200 /* between two looks at a file that is followed */
#define STAMP   "20250304T104008"

static int ask_one(
    struct tool *, const struct config *, const char *question, size_t *which);
static void show(struct tool *, const struct config *);
static bool is_file(const char *name, struct str log);
static int by_stamp(const void *, const void *);
static FILE *own_file(const struct logfiles *, size_t i, int fd, struct err *);
static bool each_line(
    FILE *, struct buf *part, bool (*line)(void *arg, struct str), void *arg);
static char *next_file(
    const struct tool *, struct str log, const char *name, struct err *);
static FILE *open_at(const struct tool *, struct str log, const char *name,
    long at, struct err *);

static const char *const types[LOG_TYPES] = {
	[LOG_MAIL] = "Text Mail Logs",
	[LOG_BOUNCES] = "Bounce Logs",
	[LOG_DELIVERY] = "Delivery Logs",
	[LOG_STATUS] = "Status Logs",
	[LOG_DOMAIN_DEBUG] = "Domain Debug Logs",
	[LOG_INJECTION_DEBUG] = "Injection Debug Logs",
};

struct config *
logfiles_config(const struct tool *t, struct err *err)
{
	struct bundle b = { 0 };
	struct config *c;
	uint64_t n;

	if (!revision_current(t->paths.state, &n, err)) {
		if (err->kind == ERR_NONE)
			err_set(err, ERR_TEMP, "Nothing was committed yet.");
		return NULL;
	}
	if (n == 0) {
		err_set(err, ERR_TEMP, "Nothing was committed yet.");
		return NULL;
	}
	if (revision_compiled(&b, t->paths.state, n, err) == -1)
		return NULL;
	c = config_load_simple(&b, n, err);
	bundle_free(&b);
	return c;
}

const char *
logfiles_type(enum log_type type)
{
	return types[type];
}

const struct log_subscription *
logfiles_pick(struct tool *t, const struct config *c, const char *name,
    const char *question, int *status)
{
	struct err err = ERR_INIT;
	struct buf shown;
	size_t which = 0;

	if (name == NULL && !t->asks) {
		*status = tool_usage(t, "which log?");
		return NULL;
	}
	if (name == NULL) {
		*status = ask_one(t, c, question, &which);
		return *status == TOOL_DONE ? &c->logs[which] : NULL;
	}
	for (size_t i = 0; i < c->n_logs; i++)
		if (str_is(c->logs[i].name, name))
			return &c->logs[i];
	buf_init(&shown, 4 * NAME_MAX_LEN + 100);
	fields_show(&shown, name, NAME_MAX_LEN);
	err_set(
	    &err, ERR_PERM, "There is no log subscription \"%s\".", shown.data);
	buf_fini(&shown);
	*status = tool_refuse(t, &err);
	return NULL;
}

static int
ask_one(
    struct tool *t, const struct config *c, const char *question, size_t *which)
{
	char answer[DIALOGUE_LINE];
	uint64_t n;

	show(t, c);
	for (;;) {
		if (!dialogue_text(
			&t->dialogue, question, "", answer, sizeof(answer)))
			return tool_abandoned(t);
		if (*answer == '\0')
			return TOOL_NEGATIVE;
		if (str_u64(str_of(answer), c->n_logs, &n) && n > 0) {
			*which = n - 1;
			return TOOL_DONE;
		}
		for (*which = 0; *which < c->n_logs; ++*which)
			if (str_is(c->logs[*which].name, answer))
				return TOOL_DONE;
		fprintf(t->dialogue.out, "There is no such log.\n");
	}
}

static void
show(struct tool *t, const struct config *c)
{
	tool_space(t);
	fputs("Currently configured logs:\n", t->dialogue.out);
	for (size_t i = 0; i < c->n_logs; i++)
		fprintf(t->dialogue.out,
		    "%zu. \"%.*s\" Type: \"%s\" Retrieval: Manual Download\n",
		    i + 1, STR_ARG(c->logs[i].name), types[c->logs[i].type]);
}

/* --- files --- */

int
logfiles_list(
    struct logfiles *f, const struct tool *t, struct str log, struct err *err)
{
	struct dirent *e;
	size_t cap = 0;
	DIR *d;

	*f = (struct logfiles){ .n = 0 };
	snprintf(f->folder, sizeof(f->folder), "%.*s/%.*s",
	    (int)(sizeof(f->folder) - NAME_MAX_LEN - 2), t->paths.log,
	    STR_ARG(log));
	d = opendir(f->folder);
	if (d == NULL && errno == ENOENT)
		return 0;
	if (d == NULL)
		return err_sys(err, errno == EACCES ? ERR_PERM : ERR_TEMP, "%s",
		    f->folder);
	while ((e = readdir(d)) != NULL) {
		if (!is_file(e->d_name, log))
			continue;
		f->names = mem_room(f->names, &cap, f->n, sizeof(*f->names));
		f->names[f->n++] = mem_strdup(e->d_name);
	}
	closedir(d);
	if (f->n > 1)
		qsort(f->names, f->n, sizeof(*f->names), by_stamp);
	return 0;
}

void
logfiles_free(struct logfiles *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->names[i]);
	free(f->names);
	*f = (struct logfiles){ .n = 0 };
}

/* It may have been rolled over since it was listed. The folder belongs to the
 * recorder, and the caller may be root: nothing but a file of it is read. */
FILE *
logfiles_open(const struct logfiles *f, size_t i, struct err *err)
{
	static const char *const endings[] = { "s", "current" };
	int dir =
	    open(f->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct str stem = str_of(f->names[i]);
	int fd = -1;

	stem.n = str_rfind(stem, '.');
	for (size_t k = 0; dir != -1 && fd == -1 && k < NELEM(endings); k++) {
		char name[NAME_MAX + 1];

		snprintf(
		    name, sizeof(name), "%.*s.%s", STR_ARG(stem), endings[k]);
		fd = openat(
		    dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	}
	if (fd == -1)
		err_sys(err, errno == EACCES ? ERR_PERM : ERR_TEMP, "%s/%s",
		    f->folder, f->names[i]);
	if (dir != -1)
		close(dir);
	return fd != -1 ? own_file(f, i, fd, err) : NULL;
}

static FILE *
own_file(const struct logfiles *f, size_t i, int fd, struct err *err)
{
	FILE *file = NULL;
	struct stat st;

	if (fstat(fd, &st) == -1)
		err_sys(err, ERR_TEMP, "%s/%s", f->folder, f->names[i]);
	else if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
		err_set(err, ERR_PERM, "%s/%s is no file of a log", f->folder,
		    f->names[i]);
	else
		file = fdopen(fd, "r");
	if (file == NULL)
		close(fd);
	return file;
}

struct str
logfiles_stamp(const char *name)
{
	struct str s = str_of(name);
	size_t at = str_rfind(s, '@');

	return str_sub(s, at + 1, strlen(STAMP));
}

int
logfiles_read(const struct logfiles *f, size_t from,
    bool (*line)(void *arg, struct str), void *arg, struct err *err)
{
	bool more = true;

	for (size_t i = from; more && i < f->n; i++) {
		FILE *file = logfiles_open(f, i, err);
		struct buf part;

		if (file == NULL && err->sys == ENOENT) {
			*err = (struct err)ERR_INIT;
			continue; /* the oldest ones go */
		}
		if (file == NULL)
			return -1;
		buf_init(&part, SIZE_MAX);
		more = each_line(file, &part, line, arg);
		if (more && part.len > 0)
			more = line(arg, buf_str(&part));
		buf_fini(&part);
		fclose(file);
	}
	return 0;
}

int
logfiles_follow(const struct tool *t, struct str log, const char *name, long at,
    bool (*line)(void *arg, struct str), void *arg, struct err *err)
{
	const struct timespec wait = { 0, WAIT_MS * 1000000L };
	char *now = name != NULL ? mem_strdup(name) : NULL;
	FILE *file = now != NULL ? open_at(t, log, now, at, err) : NULL;
	bool more = true;
	struct buf part;

	buf_init(&part, SIZE_MAX);
	while (more && err->kind == ERR_NONE) {
		/* looked for before the rest is read: then all is read */
		char *next = next_file(t, log, now, err);

		if (file != NULL)
			more = each_line(file, &part, line, arg);
		fflush(t->dialogue.out);
		if (next == NULL) {
			nanosleep(&wait, NULL);
			continue;
		}
		if (file != NULL)
			fclose(file);
		free(now);
		now = next;
		file = open_at(t, log, now, 0, err);
		buf_reset(&part);
	}
	buf_fini(&part);
	if (file != NULL)
		fclose(file);
	free(now);
	return err->kind == ERR_NONE ? 0 : -1;
}

/* What has no line end yet stays in part. */
static bool
each_line(FILE *file, struct buf *part, bool (*line)(void *arg, struct str),
    void *arg)
{
	bool more = true;
	int c;

	clearerr(file);
	while (more && (c = getc_unlocked(file)) != EOF) {
		if (c != '\n') {
			buf_putc(part, (char)c);
			continue;
		}
		more = line(arg, buf_str(part));
		buf_reset(part);
	}
	return more;
}

/* The one that was begun after that one; NULL: there is none yet. */
static char *
next_file(
    const struct tool *t, struct str log, const char *name, struct err *err)
{
	struct logfiles f;
	char *next = NULL;

	if (logfiles_list(&f, t, log, err) == -1)
		return NULL;
	for (size_t i = 0; next == NULL && i < f.n; i++)
		if (name == NULL || by_stamp(&f.names[i], &name) > 0)
			next = mem_strdup(f.names[i]);
	logfiles_free(&f);
	return next;
}

static FILE *
open_at(const struct tool *t, struct str log, const char *name, long at,
    struct err *err)
{
	char *names[] = { (char *)name };
	struct logfiles f = { .names = names, .n = 1 };
	FILE *file;

	snprintf(f.folder, sizeof(f.folder), "%.*s/%.*s",
	    (int)(sizeof(f.folder) - NAME_MAX_LEN - 2), t->paths.log,
	    STR_ARG(log));
	file = logfiles_open(&f, 0, err);
	if (file == NULL)
		return NULL;
	if (fseek(file, at == -1 ? 0 : at, at == -1 ? SEEK_END : SEEK_SET) ==
	    -1)
		err_sys(err, ERR_TEMP, "%s", name);
	return file;
}

static bool
is_file(const char *name, struct str log)
{
	struct str s = str_of(name);

	return s.n > log.n + 2 + strlen(STAMP) && str_starts(s, log) &&
	       str_starts(str_sub(s, log.n, s.n), STR(".@")) &&
	       (str_ends_nocase(s, STR(".s")) ||
		   str_ends_nocase(s, STR(".current")));
}

static int
by_stamp(const void *a, const void *b)
{
	struct str x = logfiles_stamp(*(char *const *)a),
		   y = logfiles_stamp(*(char *const *)b);

	return memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
}
