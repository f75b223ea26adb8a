/* reader.c - reading the tracking store */
#include "track/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "track/names.h"

#define CHUNK     (1024 * 1024)
#define TAIL      (2 * (TRACK_BLOCK_MAX + TRACK_HEAD))
#define LATE_US   INT64_C(3600000000) /* an event may be in a later file */
#define EVENT_MEM ((size_t)256 * 1024 * 1024)
#define MEM_TIDY  (256 * 1024)

struct reading {
	const struct track_walk *walk;
	struct track_names *names; /* NULL: no BEGIN yet */
	struct arena mem;          /* of lists */
	int64_t last;              /* us: of the last block; 0: none yet */
	bool damaged;              /* something was skipped since */
	bool enough;
};

static void begin(struct reading *, const struct track_walk *);
static void end(struct reading *);
static bool concerns(
    const struct track_files *, size_t i, const struct track_walk *);
static int read_file(struct reading *, int dir, const char *name, struct err *);
static int open_file(int dir, const char *name, struct err *);
static size_t take_blocks(struct reading *, struct str in, bool at_end);
static void block(struct reading *, const struct track_head *, struct str);
static void skipped(struct reading *, const struct track_head *);
static void events(struct reading *, const struct track_head *, struct str);
static void event(struct reading *, const struct track_event *, int64_t when);
static void lost(struct reading *, const struct track_seen *);
static void tell_gap(struct reading *, const struct track_gap *);

int
track_read(int dir, const struct track_walk *walk, struct err *err)
{
	struct track_files files;
	struct reading r;
	int rc = 0;

	if (track_files(&files, dir, err) == -1)
		return -1;
	begin(&r, walk);
	for (size_t i = 0; rc == 0 && !r.enough && i < files.n; i++)
		if (concerns(&files, i, walk))
			rc = read_file(&r, dir, files.v[i], err);
	end(&r);
	track_files_free(&files);
	return rc;
}

void
track_read_bytes(struct str file, const struct track_walk *walk)
{
	struct reading r;

	begin(&r, walk);
	take_blocks(&r, file, true);
	end(&r);
}

int64_t
track_oldest(int dir)
{
	struct track_files files;
	int64_t oldest = INT64_MAX;

	if (track_files(&files, dir, NULL) == -1)
		return oldest;
	if (files.n > 0)
		oldest = track_begun(files.v[0]) * 1000000;
	track_files_free(&files);
	return oldest;
}

/* Damage at the end of a file is what a crash leaves. */
bool
track_newest(int dir, struct track_head *h, struct track_gap *gap)
{
	struct track_files files;
	char *tail = mem_alloc(TAIL);
	bool found = false, more;

	if (track_files(&files, dir, NULL) == -1)
		files.n = 0;
	for (size_t i = files.n; !found && i-- > 0;) {
		int fd = open_file(dir, files.v[i], NULL);
		struct stat st;
		ssize_t n = -1;

		if (fd != -1 && fstat(fd, &st) == 0)
			n = pread(fd, tail, TAIL,
			    st.st_size > TAIL ? st.st_size - TAIL : 0);
		if (fd != -1)
			close(fd);
		for (ssize_t at = 0; at < n;) {
			struct str in = { tail + at, (size_t)(n - at) },
				   payload;
			size_t size = track_get(in, h, &payload, &more);

			found |= size > 0;
			if (size > 0 && h->type >= TRACK_GAP)
				codec_decode(
				    &track_gap_codec, gap, payload, NULL, NULL);
			at += size > 0 ? (ssize_t)size : 1;
		}
	}
	track_files_free(&files);
	free(tail);
	return found;
}

static void
begin(struct reading *r, const struct track_walk *walk)
{
	*r = (struct reading){ .walk = walk };
	arena_init(&r->mem, EVENT_MEM);
}

static void
end(struct reading *r)
{
	track_names_free(&r->names);
	arena_free(&r->mem);
}

/* A file ends where the next one begins, or a little later. */
static bool
concerns(
    const struct track_files *files, size_t i, const struct track_walk *walk)
{
	if (track_begun(files->v[i]) * 1000000 > walk->to &&
	    walk->to < INT64_MAX - LATE_US &&
	    track_begun(files->v[i]) * 1000000 > walk->to + LATE_US)
		return false;
	return i + 1 == files->n ||
	       track_begun(files->v[i + 1]) * 1000000 + LATE_US >= walk->from;
}

static int
read_file(struct reading *r, int dir, const char *name, struct err *err)
{
	int fd = open_file(dir, name, err);
	struct buf in;
	ssize_t n = 1;

	if (fd == -1 && err->sys == ENOENT) {
		*err = (struct err)ERR_INIT;
		return 0; /* the oldest ones go */
	}
	if (fd == -1)
		return -1;
	track_names_free(&r->names);
	buf_init(&in, TRACK_BLOCK_MAX + TRACK_HEAD + CHUNK);
	while (n > 0 && !r->enough) {
		char *room = buf_room(&in, CHUNK);

		n = read(fd, room, CHUNK);
		if (n == -1)
			break;
		buf_grew(&in, (size_t)n);
		buf_consume(&in, take_blocks(r, buf_str(&in), n == 0));
	}
	if (n == -1)
		err_sys(err, ERR_TEMP, "%s", name);
	buf_fini(&in);
	close(fd);
	return n == -1 ? -1 : 0;
}

/* The folder belongs to the recorder, and the caller may be root. */
static int
open_file(int dir, const char *name, struct err *err)
{
	int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd == -1)
		return err_sys(
		    err, errno == EACCES ? ERR_PERM : ERR_TEMP, "%s", name);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink <= 1)
		return fd;
	close(fd);
	return err_set(err, ERR_PERM, "%s is no file of the store", name);
}

/* How much of it is done with. Half a block may get its end. */
static size_t
take_blocks(struct reading *r, struct str in, bool at_end)
{
	struct str rest = in, payload;
	struct track_head h;

	while (rest.n > 0 && !r->enough) {
		bool more;
		size_t n = track_get(rest, &h, &payload, &more);

		if (n > 0) {
			block(r, &h, payload);
		} else if (more && !at_end) {
			break;
		} else {
			r->damaged = true;
			n = 1;
		}
		rest = str_sub(rest, n, rest.n);
	}
	return in.n - rest.n;
}

static void
block(struct reading *r, const struct track_head *h, struct str payload)
{
	struct track_gap gap;

	if (r->damaged)
		skipped(r, h);
	r->damaged = false;
	switch (h->type) {
	case TRACK_BEGIN:
		track_names_free(&r->names);
		r->names = track_names_new(payload);
		break;
	case TRACK_EVENTS:
		events(r, h, payload);
		break;
	case TRACK_GAP:
		if (codec_decode(&track_gap_codec, &gap, payload, NULL, NULL) ==
		    0)
			tell_gap(r, &gap);
		break;
	case TRACK_END:
		break;
	}
	if (h->last > r->last)
		r->last = h->last;
}

/* What a crash cut off, whoever went on has told of. */
static void
skipped(struct reading *r, const struct track_head *h)
{
	struct track_gap gap = { r->last != 0 ? r->last : h->first, h->first,
		TRACK_DAMAGED, 0 };

	if (h->type == TRACK_EVENTS)
		tell_gap(r, &gap);
}

static void
events(struct reading *r, const struct track_head *h, struct str rest)
{
	const struct track_walk *w = r->walk;
	struct track_event e;

	if (r->names == NULL || h->last < w->from || h->first > w->to ||
	    h->mid < w->mid)
		return;
	while (rest.n > 0 && !r->enough) {
		if (codec_decode_part(
			&track_event_codec, &e, &rest, NULL, NULL) == -1)
			return;
		if (e.after < 0 || e.after > h->last - h->first)
			continue;
		event(r, &e, h->first + e.after);
	}
}

static void
event(struct reading *r, const struct track_event *e, int64_t when)
{
	_Alignas(max_align_t) char fields[EVENT_FIELDS_MAX];
	struct track_seen seen = { .when = when };
	const struct track_walk *w = r->walk;

	seen.id = track_names_id(r->names, e->id);
	if (seen.id == EVENT_NONE || when < w->from || when > w->to)
		return;
	if (track_names_same(r->names))
		seen.ids = track_ids(seen.id, e->fields);
	if (seen.id != EVENT_LINES_LOST && w->wants != NULL &&
	    track_names_same(r->names) && !w->wants(w->arg, &seen))
		return;
	if (r->mem.used > MEM_TIDY)
		arena_free(&r->mem);
	if (track_names_decode(
		r->names, e->id, e->fields, fields, &r->mem, NULL) == -1)
		return;
	if (!track_names_same(r->names)) {
		seen.ids = track_ids_of(seen.id, fields);
		if (w->wants != NULL && !w->wants(w->arg, &seen))
			return;
	}
	seen.fields = fields;
	if (seen.id == EVENT_LINES_LOST)
		lost(r, &seen);
	else
		r->enough = !w->event(w->arg, &seen);
}

static void
lost(struct reading *r, const struct track_seen *seen)
{
	const struct event_LINES_LOST *e = seen->fields;
	struct track_gap gap = { r->last != 0 ? r->last : seen->when,
		seen->when, TRACK_LOST, e->n };

	tell_gap(r, &gap);
}

static void
tell_gap(struct reading *r, const struct track_gap *gap)
{
	const struct track_walk *w = r->walk;

	if (w->gap != NULL && gap->to >= w->from && gap->from <= w->to)
		w->gap(w->arg, gap);
}
