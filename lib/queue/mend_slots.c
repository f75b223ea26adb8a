/* mend_slots.c - messages out of slots that are damaged */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/mend.h"

struct slots_rescue {
	struct mending *m;
	struct slots *slots;
	unsigned n_saved, n_elsewhere, n_damaged;
	int rc;
};

static struct slots *open_slots(struct mending *, uint32_t *worker);
static int rescue(struct mending *, const struct slots *, int slot,
    uint64_t mid, bool *saved);
static int copy_image(struct mending *, const struct slots *, int slot,
    uint64_t mid, char name[ASIDE_NAME]);
static int make_message(
    struct mending *, const char *image, uint64_t mid, bool *saved);
static void one_whole(void *arg, int slot, const struct qmessage *);
static void one_damaged(
    void *arg, int slot, uint64_t mid, const struct err *why);
static int both_aside(struct mending *, uint32_t worker);

int
mend_slot(struct mending *m)
{
	struct slots *slots = open_slots(m, NULL);
	bool saved = false;
	int rc;

	if (slots == NULL)
		return -1;
	if (slots_fault(slots) != NULL) {
		slots_close(&slots); /* mend_slots does all of them */
		return 0;
	}
	rc = rescue(m, slots, m->f.slot, m->f.mid, &saved);
	if (rc == 0) {
		slots_done(slots, m->f.slot, m->f.mid);
		rc = slots_sync(slots, m->err);
	}
	slots_close(&slots);
	return rc;
}

/* Twice: the one in the slot is kept aside, if it is another message. The
 * file may be in memory only, if what wrote it was killed. */
int
mend_said(struct mending *m)
{
	struct slots *slots = open_slots(m, NULL);
	char name[ASIDE_NAME];
	int rc = 0;

	if (slots == NULL)
		return -1;
	if (slots_fault(slots) != NULL) {
		slots_close(&slots);
		return 0;
	}
	if (m->f.kind == FAULT_TWICE) {
		rc = copy_image(m, slots, m->f.slot, m->f.mid, name);
		if (rc == 0)
			mend_say(m, "set aside as corrupt/", name);
	} else {
		rc = spool_sync_mid(m->survey->spool, m->f.mid, m->err);
		if (rc == 0)
			mend_say(m, "said so in the slot", "");
	}
	if (rc == 0) {
		slots_done(slots, m->f.slot, m->f.mid);
		rc = slots_sync(slots, m->err);
	}
	slots_close(&slots);
	return rc;
}

int
mend_slots(struct mending *m)
{
	const struct slots_handler handler = { one_whole, one_damaged };
	struct slots_rescue r = { .m = m };
	char text[160];
	uint32_t worker;

	r.slots = open_slots(m, &worker);
	if (r.slots == NULL)
		return both_aside(m, worker);
	if (slots_fd(r.slots) != -1 &&
	    slots_recover(r.slots, false, &handler, &r, m->err) == -1)
		r.rc = -1;
	slots_close(&r.slots);
	if (r.rc == -1)
		return -1;
	snprintf(text, sizeof(text),
	    "messages made files: %u, files already: %u, damaged: %u",
	    r.n_saved, r.n_elsewhere, r.n_damaged);
	mend_say(m, text, "");
	return both_aside(m, worker);
}

/* NULL: err. */
static struct slots *
open_slots(struct mending *m, uint32_t *worker)
{
	struct str rest = str_sub(str_of(m->f.name), 6, FAULT_NAME);
	struct slots *slots = NULL;
	uint64_t n = 0;

	(void)str_u64(str_cut(&rest, '.'), WORKERS_MAX - 1, &n);
	if (worker != NULL)
		*worker = (uint32_t)n;
	(void)slots_look(&slots, m->survey->spool, (uint32_t)n, m->err);
	return slots;
}

/* The image is copied first: it is what is set aside, and what is read. */
static int
rescue(struct mending *m, const struct slots *slots, int slot, uint64_t mid,
    bool *saved)
{
	char name[ASIDE_NAME];

	*saved = false;
	if (copy_image(m, slots, slot, mid, name) == -1)
		return -1;
	mend_say(m, "a copy is corrupt/", name);
	return make_message(m, name, mid, saved);
}

static int
copy_image(struct mending *m, const struct slots *slots, int slot, uint64_t mid,
    char name[ASIDE_NAME])
{
	char as[ASIDE_NAME];

	snprintf(as, sizeof(as), "%" PRIu64 ".slot", mid);
	if (mend_free_name(m->survey, as, name, m->err) == -1)
		return -1;
	return mend_copy(
	    m, slots_fd(slots), slots_offset(slot), SLOT_SIZE, name);
}

/* As a file in incoming, if its message can be read. */
static int
make_message(struct mending *m, const char *image, uint64_t mid, bool *saved)
{
	struct survey *s = m->survey;
	int fd = openat(s->spool->places[QUEUE_CORRUPT].fd, image,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	const char *taken = NULL;
	struct qmessage q;
	struct err why = ERR_INIT;
	uint64_t lost;
	bool routed;
	int rc = 0;

	if (fd == -1)
		return err_sys(m->err, ERR_TEMP, "open corrupt/%s", image);
	arena_free(&m->mem);
	(void)qmessage_read(&q, fd, true, &m->mem, &why);
	if (q.committed && q.mid == mid) {
		rc = salvage_file(s, fd, mid, &routed, &lost, &why);
		if (rc == 0)
			rc = mend_place_new(m, QUEUE_INCOMING, mid, &taken);
		else if (why.kind == ERR_PERM)
			rc = 0, taken = "";
		else
			*m->err = why;
		*saved = rc == 0 && taken == NULL;
		if (*saved)
			mend_say(m, "made a file in incoming", "");
	}
	close(fd);
	return rc;
}

static void
one_whole(void *arg, int slot, const struct qmessage *q)
{
	struct slots_rescue *r = arg;
	struct mending *m = r->m;
	const char *taken = NULL;
	char new[ASIDE_NAME];

	if (r->rc == -1)
		return;
	m->f.mid = q->mid;
	m->f.slot = slot;
	salvage_name(q->mid, new);
	r->rc = mend_copy(
	    m, slots_fd(r->slots), slots_offset(slot), q->valid_len, new);
	if (r->rc == 0)
		r->rc = mend_place_new(m, QUEUE_INCOMING, q->mid, &taken);
	r->n_saved += taken == NULL;
	r->n_elsewhere += taken != NULL;
}

static void
one_damaged(void *arg, int slot, uint64_t mid, const struct err *why)
{
	struct slots_rescue *r = arg;
	bool saved;

	(void)why;
	if (r->rc == -1)
		return;
	r->m->f.mid = mid;
	r->m->f.slot = slot;
	r->rc = rescue(r->m, r->slots, slot, mid, &saved);
	r->n_damaged++;
}

/* The gateway makes them anew. */
static int
both_aside(struct mending *m, uint32_t worker)
{
	int dir = m->survey->spool->places[QUEUE_INCOMING].fd;
	struct stat st;
	char name[40];

	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "slots.%u%s", worker,
		    i == 0 ? "" : ".state");
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    mend_aside(m, dir, name, name) == -1)
			return -1;
	}
	return 0;
}
