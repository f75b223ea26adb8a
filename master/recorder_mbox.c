/* recorder_mbox.c - mbox logs */
#include "master/recorder_mbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define SLICE    65536
#define FROM_MAX 100 /* quotes before a "From " that are looked at */

/* Open only while something is done with it. */
struct mbox {
	char name[NAME_MAX_LEN + 1];
	int dir, fd;
	char current[RECORDER_FILE_MAX];
	uint64_t size;
};

/* Names that were seen: how many folders there can be. */
struct recorder_mboxes {
	int logs;
	char names[MBOX_LOGS][NAME_MAX_LEN + 1];
	size_t n;
};

/* From CRLF lines to those of an mbox, cut anywhere. */
struct lines {
	bool within;   /* the line's beginning is told */
	struct buf at; /* its beginning, as long as it may be a "From " */
	struct buf out;
};

static bool is_known(const struct recorder_mboxes *, struct str name);
static int learn(struct recorder_mboxes *, struct str name, struct err *);
static bool name_ok(struct str name);
static int open_mbox(
    struct recorder_mboxes *, struct str name, struct mbox *, struct err *);
static void close_mbox(struct mbox *, bool roll);
static int copy(struct mbox *, const struct archive_msg *, int fd, uint64_t n,
    struct err *);
static void put(struct lines *, struct str piece);
static void tell(struct lines *);
static struct str unquoted(struct str line);
static bool may_be_from(struct str line);
static int write_out(struct mbox *, struct buf *, struct err *);

struct recorder_mboxes *
recorder_mboxes_new(int logs)
{
	struct recorder_mboxes *m = mem_alloc(sizeof(*m));

	m->logs = logs;
	return m;
}

void
recorder_mboxes_free(struct recorder_mboxes **mp)
{
	free(*mp);
	*mp = NULL;
}

int
recorder_mbox_append(struct recorder_mboxes *m, const struct archive_msg *a,
    int fd, struct err *err)
{
	struct mbox x;
	struct stat st;
	int rc;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size > MBOX_SIZE_MAX)
		return err_set(err, ERR_PERM, "not a message");
	if (!is_known(m, a->log) && learn(m, a->log, err) == -1)
		return -1;
	if (open_mbox(m, a->log, &x, err) == -1)
		return -1;
	rc = copy(&x, a, fd, (uint64_t)st.st_size, err);
	close_mbox(&x, x.size >= MBOX_FILE_MAX);
	return rc;
}

bool
recorder_mbox_roll(struct recorder_mboxes *m, struct str name)
{
	struct mbox x;

	if (!is_known(m, name) || open_mbox(m, name, &x, NULL) == -1)
		return false;
	close_mbox(&x, true);
	return true;
}

static bool
is_known(const struct recorder_mboxes *m, struct str name)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_is(name, m->names[i]))
			return true;
	return false;
}

static int
learn(struct recorder_mboxes *m, struct str name, struct err *err)
{
	if (!name_ok(name))
		return err_set(err, ERR_PERM, "no log can be called so");
	if (m->n == MBOX_LOGS)
		return err_set(
		    err, ERR_PERM, "there are %d logs already", MBOX_LOGS);
	str_copy(m->names[m->n++], sizeof(m->names[0]), name);
	return 0;
}

/* It becomes the name of a folder. */
static bool
name_ok(struct str name)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (name.n == 0 || name.n > NAME_MAX_LEN || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (memchr(fine, name.p[i], sizeof(fine) - 1) == NULL)
			return false;
	return true;
}

/* What a crash has cut ends here: the next message begins a line. */
static int
open_mbox(
    struct recorder_mboxes *m, struct str name, struct mbox *x, struct err *err)
{
	bool torn;

	str_copy(x->name, sizeof(x->name), name);
	x->dir = recorder_files_folder(m->logs, x->name);
	if (x->dir == -1)
		return err_sys(err, ERR_TEMP, "folder");
	x->fd = recorder_files_open(
	    x->dir, x->name, clock_wall_ms(), x->current, &x->size, &torn);
	if (x->fd == -1) {
		err_sys(err, ERR_TEMP, "file");
		close(x->dir);
		return -1;
	}
	if (torn && write(x->fd, "\n\n", 2) == 2)
		x->size += 2;
	return 0;
}

static void
close_mbox(struct mbox *x, bool roll)
{
	close(x->fd);
	if (roll) {
		recorder_files_save(x->dir, x->current);
		recorder_files_trim(x->dir, x->name, MBOX_FILES);
	}
	close(x->dir);
}

static int
copy(struct mbox *x, const struct archive_msg *a, int fd, uint64_t n,
    struct err *err)
{
	struct str sender = a->sender.n > 0 ? a->sender : STR("MAILER-DAEMON");
	struct lines l = { .within = false };
	char piece[SLICE], date[CLOCK_TEXT];
	uint64_t at = 0, before = x->size;
	int rc = 0;

	buf_init(&l.at, SLICE);
	buf_init(&l.out, 4 * SLICE);
	buf_printf(&l.out, "From %.*s %s\n", STR_ARG(sender),
	    clock_ctime(a->when, date));
	while (rc == 0 && at < n) {
		size_t want = n - at < SLICE ? (size_t)(n - at) : SLICE;
		ssize_t got = pread(fd, piece, want, (off_t)at);

		if (got <= 0)
			break; /* it became shorter: what is there counts */
		at += (uint64_t)got;
		put(&l, (struct str){ piece, (size_t)got });
		rc = write_out(x, &l.out, err);
	}
	tell(&l);
	buf_puts(&l.out, l.within ? "\n\n" : "\n");
	if (rc == 0)
		rc = write_out(x, &l.out, err);
	buf_fini(&l.at);
	buf_fini(&l.out);
	if (rc == -1 && ftruncate(x->fd, (off_t)before) == 0)
		x->size = before;
	return rc;
}

static void
put(struct lines *l, struct str piece)
{
	for (size_t i = 0; i < piece.n; i++) {
		char c = piece.p[i];

		if (c == '\r')
			continue;
		if (c == '\n') {
			tell(l);
			buf_putc(&l->out, '\n');
			l->within = false;
		} else if (l->within) {
			buf_putc(&l->out, c);
		} else {
			buf_putc(&l->at, c);
			if (!may_be_from(buf_str(&l->at)))
				tell(l);
		}
	}
}

/* What a line begins with is known now. */
static void
tell(struct lines *l)
{
	struct str s = buf_str(&l->at);

	if (s.n == 0)
		return;
	if (str_starts(unquoted(s), STR("From ")))
		buf_putc(&l->out, '>');
	buf_add_str(&l->out, s);
	buf_reset(&l->at);
	l->within = true;
}

static struct str
unquoted(struct str line)
{
	size_t n = 0;

	while (n < line.n && n < FROM_MAX && line.p[n] == '>')
		n++;
	return str_sub(line, n, line.n);
}

static bool
may_be_from(struct str line)
{
	struct str from = STR("From "), s = unquoted(line);

	return s.n < from.n && str_eq(s, str_sub(from, 0, s.n));
}

static int
write_out(struct mbox *x, struct buf *out, struct err *err)
{
	struct str s = buf_str(out);

	if (out->failed)
		panic("mbox: a buffer too small");
	while (s.n > 0) {
		ssize_t n = write(x->fd, s.p, s.n);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(err, ERR_TEMP, "write");
		x->size += (uint64_t)n;
		s = str_sub(s, (size_t)n, s.n);
	}
	buf_reset(out);
	return 0;
}
