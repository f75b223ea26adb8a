/* survey.c - the walk through the spool, and what only all of it tells */
#include "queue/survey.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/survey_in.h"

#define ALIVE_EVERY 256 /* files */

/* Reported to people and programs; what is done about each. */
static const struct {
	const char *word, *cure;
} kinds[FAULT_KINDS] = {
	[FAULT_FOLDER] = { "folder", "make the folder, give it its owner" },
	[FAULT_RIGHTS] = { "rights", "give it its owner and mode" },
	[FAULT_STRANGER] = { "stranger",
	    "set it aside; remove it if it is no file" },
	[FAULT_LINKED] = { "linked", "make a file of its own, or set it "
				     "aside" },
	[FAULT_MOVE] = { "unfinished-move", "end the move" },
	[FAULT_DRAFT] = { "unfinished", "set it aside" },
	[FAULT_ELSEWHERE] = { "misplaced", "put it where it belongs" },
	[FAULT_TWICE] = { "twice", "set this one aside" },
	[FAULT_TAIL] = { "torn", "cut the torn record away" },
	[FAULT_RECORD] = { "damaged-record",
	    "keep what is whole, deliver again what is not recorded" },
	[FAULT_DAMAGED] = { "damaged", "set it aside" },
	[FAULT_TEMPORARY] = { "leftover", "remove it" },
	[FAULT_SLOT] = { "damaged-slot",
	    "make a file of it if it can be read, or set it aside" },
	[FAULT_SLOTS] = { "slots", "make files of what is whole, and set them "
				   "aside" },
};

/* Where a message stands further on its way: the larger one. */
static const int way[] = { [QUEUE_SLOT] = 0,
	[QUEUE_INCOMING] = 1,
	[QUEUE_QUARANTINE] = 2,
	[QUEUE_DEFERRED] = 3 };

struct names {
	char **v;
	size_t n, cap;
};

static void find_folders(struct survey *, enum queue_place);
static void say_no_folder(int at, int folder, char what[200]);
static int walk_place(struct survey *, enum queue_place, struct err *);
static int list(int at, const char *name, struct names *, struct err *);
static void drop(struct names *);
static void look(struct survey *, enum queue_place, int folder, const char *);
static void saw(
    struct survey *, const struct qmessage *, enum queue_place, uint32_t slot);
static int walk_corrupt(struct survey *, struct err *);
static int walk_above(struct survey *, enum queue_place, struct err *);
static void found(struct survey *, const struct fault *);
static void look_slots(struct survey *, const char *name);
static void slot_found(void *arg, int slot, const struct qmessage *);
static void slot_damaged(void *arg, int slot, uint64_t mid, const struct err *);
static int by_mid(const void *, const void *);
static void find_twice(struct survey *);

struct survey *
survey_new(int root, const struct survey_accounts *accounts, bool running)
{
	struct survey *s = mem_alloc(sizeof(*s));

	s->root = root;
	s->accounts = *accounts;
	s->running = running;
	s->spool = spool_new();
	return s;
}

void
survey_free(struct survey **sp)
{
	struct survey *s = *sp;

	if (s == NULL)
		return;
	spool_close(&s->spool);
	free(s->seen);
	free(s);
	*sp = NULL;
}

int
survey_run(struct survey *s, void (*on_fault)(void *, const struct fault *),
    void (*alive)(void *), void *arg, struct survey_sums *sums, struct err *err)
{
	int rc = 0;

	s->found = on_fault;
	s->alive = alive;
	s->arg = arg;
	s->sums = (struct survey_sums){ 0 };
	s->n_seen = 0;
	for (int i = 0; i < QUEUE_PLACES; i++)
		find_folders(s, (enum queue_place)i);
	if (rc == 0)
		rc = walk_place(s, QUEUE_INCOMING, err);
	if (rc == 0)
		rc = walk_place(s, QUEUE_QUARANTINE, err);
	if (rc == 0)
		rc = walk_place(s, QUEUE_DEFERRED, err);
	if (rc == 0)
		rc = walk_corrupt(s, err);
	if (rc == 0)
		find_twice(s);
	*sums = s->sums;
	return rc;
}

int
survey_place(const struct survey *s, enum queue_place place)
{
	return s->spool->places[place].fd;
}

const char *
fault_file(const struct fault *f, char out[FAULT_FILE])
{
	char name[FAULT_NAME * 4], slot[24] = "", folder[16] = "";

	str_escape(name, sizeof(name), str_of(f->name), FAULT_NAME);
	if (f->slot != -1)
		snprintf(slot, sizeof(slot), ":%d", f->slot);
	if (f->folder != -1)
		snprintf(folder, sizeof(folder), "/%02x", (unsigned)f->folder);
	snprintf(out, FAULT_FILE, "%s%s%s%s%s",
	    f->place == QUEUE_SLOT ? "incoming" : spool_place_name(f->place),
	    folder, *name != '\0' ? "/" : "", name, slot);
	return out;
}

const char *
fault_word(enum fault_kind kind)
{
	return kinds[kind].word;
}

const char *
fault_cure(enum fault_kind kind)
{
	return kinds[kind].cure;
}

/* --- the walk --- */

static void
find_folders(struct survey *s, enum queue_place place)
{
	struct place *p = &s->spool->places[place];
	struct fault f = {
		.kind = FAULT_FOLDER, .place = place, .folder = -1, .slot = -1
	};
	struct err why = ERR_INIT;
	struct stat st;

	(void)spool_open_place(s->spool, s->root, place, false, &why);
	if (p->fd == -1 || fstat(p->fd, &st) == -1) {
		str_copy(f.what, sizeof(f.what), str_of(why.text));
		found(s, &f);
		return;
	}
	if (st.st_uid != (place == QUEUE_INCOMING ? s->accounts.cleanup
						  : s->accounts.qmgr)) {
		snprintf(f.what, sizeof(f.what), "belongs to uid %u",
		    (unsigned)st.st_uid);
		found(s, &f);
	}
	for (f.folder = 0; place != QUEUE_CORRUPT && f.folder < QUEUE_FOLDERS;
	     f.folder++) {
		int fd = p->folders[f.folder];

		if (fd != -1 && fstat(fd, &st) == 0 && st.st_uid == p->owner)
			continue;
		if (fd == -1)
			say_no_folder(p->fd, f.folder, f.what);
		else
			snprintf(f.what, sizeof(f.what), "belongs to uid %u",
			    (unsigned)st.st_uid);
		found(s, &f);
	}
}

/* Why it cannot be opened. */
static void
say_no_folder(int at, int folder, char what[200])
{
	char name[8];
	struct stat st;

	snprintf(name, sizeof(name), "%02x", (unsigned)folder);
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		snprintf(what, 200, "is missing");
	else if (!S_ISDIR(st.st_mode))
		snprintf(what, 200, "is no folder: move it away first");
	else
		snprintf(what, 200,
		    "cannot be opened: it belongs to uid %u, mode %04o; "
		    "if it is not root's, change that by hand",
		    (unsigned)st.st_uid, (unsigned)(st.st_mode & 07777));
}

static int
walk_place(struct survey *s, enum queue_place place, struct err *err)
{
	struct names names = { 0 };
	int rc = 0;

	for (int f = 0; f < QUEUE_FOLDERS && rc == 0; f++) {
		int fd = s->spool->places[place].folders[f];

		if (fd == -1)
			continue;
		rc = list(fd, ".", &names, err);
		for (size_t i = 0; rc == 0 && i < names.n; i++)
			look(s, place, f, names.v[i]);
		drop(&names);
	}
	if (rc == 0 && s->spool->places[place].fd != -1)
		rc = walk_above(s, place, err);
	return rc == -1 ? err_in(err, "%s", spool_place_name(place)) : 0;
}

static int
list(int at, const char *name, struct names *names, struct err *err)
{
	int fd =
	    openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent *e;
	int rc = 0;

	if (dir == NULL) {
		err_sys(err, ERR_TEMP, "open");
		if (fd != -1)
			close(fd);
		return -1;
	}
	while (errno = 0, (e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		names->v = mem_room(
		    names->v, &names->cap, names->n, sizeof(*names->v));
		names->v[names->n++] = mem_strdup(e->d_name);
	}
	if (errno != 0)
		rc = err_sys(err, ERR_TEMP, "read");
	closedir(dir);
	return rc;
}

static void
drop(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
	*names = (struct names){ 0 };
}

static void
look(struct survey *s, enum queue_place place, int folder, const char *name)
{
	struct judged j;
	struct arena mem;
	struct fault f;

	arena_init(&mem, QUEUE_READ_MEM);
	if (judge_name(s, place, folder, name, &j, &mem, &f))
		found(s, &f);
	else if (j.whole)
		saw(s, &j.m, place, 0);
	s->sums.n_busy += j.busy;
	s->sums.n_files += !j.gone;
	if (f.mid > s->sums.max_mid && S_ISREG(j.st.st_mode))
		s->sums.max_mid = f.mid;
	if (s->sums.n_files % ALIVE_EVERY == 0 && s->alive != NULL)
		s->alive(s->arg);
	arena_free(&mem);
}

static void
saw(struct survey *s, const struct qmessage *m, enum queue_place place,
    uint32_t slot)
{
	s->seen = mem_room(s->seen, &s->cap_seen, s->n_seen, sizeof(*s->seen));
	s->seen[s->n_seen++] =
	    (struct sighting){ m->mid, m->envelope.arrival, place, slot };
	s->sums.n_messages++;
	s->sums.n_recipients += m->n_rcpts;
	s->sums.n_open += m->n_open;
	if (m->mid > s->sums.max_mid)
		s->sums.max_mid = m->mid;
}

/* Beside the hashed folders: slots, and what qmgr keeps there. */
static int
walk_above(struct survey *s, enum queue_place place, struct err *err)
{
	static const char *const known[] = { ".state", ".orders", ".hosts",
		".orders.damaged", ".state.damaged", NULL };
	struct names names = { 0 };
	struct fault f = {
		.place = place, .folder = -1, .slot = -1, .what = ""
	};
	int rc = list(s->spool->places[place].fd, ".", &names, err);

	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		const char *name = names.v[i];
		unsigned n;
		int k = 0, end = 0;

		if (sscanf(name, "%2x%n", &n, &end) == 1 && end == 2 &&
		    strlen(name) == 2 && n < QUEUE_FOLDERS)
			continue;
		if (place == QUEUE_INCOMING &&
		    strncmp(name, "slots.", 6) == 0) {
			look_slots(s, name);
			continue;
		}
		while (known[k] != NULL && strcmp(known[k], name) != 0)
			k++;
		if (place == QUEUE_DEFERRED && known[k] != NULL)
			continue;
		str_copy(f.name, sizeof(f.name), str_of(name));
		f.kind = FAULT_STRANGER;
		str_copy(f.what, sizeof(f.what), STR("belongs to nobody"));
		if (place == QUEUE_DEFERRED &&
		    (strcmp(name, ".state.new") == 0 ||
			strcmp(name, ".orders.new") == 0 ||
			strcmp(name, ".orders.damaged.new") == 0 ||
			strcmp(name, ".hosts.new") == 0)) {
			if (s->running)
				continue;
			f.kind = FAULT_TEMPORARY;
			str_copy(f.what, sizeof(f.what),
			    STR("was being written when the gateway ended"));
		}
		found(s, &f);
	}
	drop(&names);
	return rc;
}

/* What was set aside stays; a file that a repair did not finish goes. */
static int
walk_corrupt(struct survey *s, struct err *err)
{
	struct fault f = { .kind = FAULT_TEMPORARY,
		.place = QUEUE_CORRUPT,
		.folder = -1,
		.slot = -1,
		.what = "was being made when a repair ended" };
	int fd = s->spool->places[QUEUE_CORRUPT].fd, rc;
	struct names names = { 0 };

	if (fd == -1)
		return 0;
	rc = list(fd, ".", &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		size_t n = strlen(names.v[i]);

		s->sums.n_aside++;
		if (n < 4 || strcmp(names.v[i] + n - 4, ".new") != 0)
			continue;
		str_copy(f.name, sizeof(f.name), str_of(names.v[i]));
		s->sums.n_aside--;
		found(s, &f);
	}
	drop(&names);
	return rc == -1 ? err_in(err, "corrupt") : 0;
}

static void
found(struct survey *s, const struct fault *f)
{
	s->found(s->arg, f);
}

/* --- slots --- */

struct slot_walk {
	struct survey *survey;
	struct slots *slots;
	uint32_t worker;
	const char *name;
	uint64_t n; /* messages */
};

/* Of a pair of files the state is looked at with the slots; by itself only
 * when these are missing. */
static void
look_slots(struct survey *s, const char *name)
{
	const struct slots_handler handler = { slot_found, slot_damaged };
	struct fault f = { .kind = FAULT_STRANGER,
		.place = QUEUE_INCOMING,
		.folder = -1,
		.slot = -1,
		.what = "belongs to nobody" };
	struct slot_walk w = { .survey = s, .name = name };
	struct str number = str_sub(str_of(name), 6, strlen(name)), rest;
	struct err why = ERR_INIT;
	uint64_t worker;
	bool state;

	rest = number;
	number = str_cut(&rest, '.');
	state = rest.n > 0;
	str_copy(f.name, sizeof(f.name), str_of(name));
	if (!str_u64(number, WORKERS_MAX - 1, &worker) ||
	    (state && !str_is(rest, "state"))) {
		found(s, &f);
		return;
	}
	w.worker = (uint32_t)worker;
	if (slots_look(&w.slots, s->spool, w.worker, &why) == -1) {
		f.kind = FAULT_SLOTS;
		str_copy(f.what, sizeof(f.what), str_of(why.text));
		if (!state)
			found(s, &f);
		return;
	}
	if (!state)
		(void)slots_recover(w.slots, false, &handler, &w, &why);
	s->sums.n_busy += slots_fault(w.slots) != NULL && s->running && !state;
	if (slots_fault(w.slots) != NULL && !s->running &&
	    (!state || slots_fd(w.slots) == -1)) {
		f.kind = FAULT_SLOTS;
		snprintf(f.what, sizeof(f.what),
		    "%s (messages in it: %" PRIu64 ")", slots_fault(w.slots),
		    w.n);
		found(s, &f);
	}
	slots_close(&w.slots);
}

static void
slot_found(void *arg, int slot, const struct qmessage *m)
{
	struct slot_walk *w = arg;

	w->n++;
	w->survey->sums.n_slots++;
	saw(w->survey, m, QUEUE_SLOT, w->worker * SLOTS_N + (uint32_t)slot);
}

static void
slot_damaged(void *arg, int slot, uint64_t mid, const struct err *why)
{
	struct slot_walk *w = arg;
	struct fault f = { .kind = FAULT_SLOT,
		.place = QUEUE_SLOT,
		.folder = -1,
		.slot = slot,
		.mid = mid };

	if (mid > w->survey->sums.max_mid && mid <= INT64_MAX)
		w->survey->sums.max_mid = mid;
	str_copy(f.name, sizeof(f.name), str_of(w->name));
	str_copy(f.what, sizeof(f.what), str_of(why->text));
	found(w->survey, &f);
}

/* --- what is there twice --- */

static int
by_mid(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;

	if (x->mid != y->mid)
		return x->mid < y->mid ? -1 : 1;
	return way[x->place] - way[y->place];
}

/* The one that got furthest counts. A slot whose message became a file is
 * ordinary: what was not said any more is said. */
static void
find_twice(struct survey *s)
{
	struct fault f = { .folder = -1, .slot = -1 };

	if (s->n_seen > 1)
		qsort(s->seen, s->n_seen, sizeof(*s->seen), by_mid);
	for (size_t i = 0; i + 1 < s->n_seen; i++) {
		const struct sighting *a = &s->seen[i], *b = a + 1;

		if (a->mid != b->mid)
			continue;
		if (s->running) {
			s->sums.n_busy++;
			continue;
		}
		f.kind = a->place == QUEUE_SLOT && a->arrival == b->arrival
			     ? FAULT_MOVE
			     : FAULT_TWICE;
		f.place = a->place;
		f.mid = a->mid;
		f.folder = -1;
		f.slot = -1;
		if (a->place == QUEUE_SLOT) {
			f.slot = (int)(a->slot % SLOTS_N);
			snprintf(f.name, sizeof(f.name), "slots.%u",
			    a->slot / SLOTS_N);
		} else {
			f.folder = (int)spool_folder(a->mid);
			snprintf(f.name, sizeof(f.name), "%" PRIu64, a->mid);
		}
		snprintf(f.what, sizeof(f.what),
		    a->arrival == b->arrival
			? "is in %s, too"
			: "another message in %s has the same MID",
		    b->place == QUEUE_SLOT ? "a slot"
					   : spool_place_name(b->place));
		found(s, &f);
	}
}
