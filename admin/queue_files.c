/* queue_files.c - .orders and .state: are they whole? */
#include "admin/queue_files.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "qmgr/ledger.h"
#include "qmgr/state.h"

#define STATE_FILE  ".state"
#define STATE_ASIDE ".state.damaged"
#define STATE_MAX   4096 /* as the queue manager reads it */
#define FOLDER      "deferred/"

static void check_orders(int folder,
    void (*found)(void *arg, const struct queue_files_fault *), void *arg);
static void check_state(int folder,
    void (*found)(void *arg, const struct queue_files_fault *), void *arg);
static int mend_orders(int folder, const char **done, struct err *);
static int mend_state(int folder, const char **done, struct err *);
static int aside(int folder, const char *name, const char *as, struct err *);
static void nothing(void *arg, const struct order_rec *, size_t at);
static void add(void *arg, const struct order_rec *, size_t at);

void
queue_files_check(int folder,
    void (*found)(void *arg, const struct queue_files_fault *), void *arg)
{
	check_orders(folder, found, arg);
	check_state(folder, found, arg);
}

int
queue_files_mend(
    int folder, const char *file, const char **done, struct err *err)
{
	return strcmp(file, FOLDER LEDGER_FILE) == 0
		   ? mend_orders(folder, done, err)
		   : mend_state(folder, done, err);
}

/* A torn end is nothing: nobody was told of that order. */
static void
check_orders(int folder,
    void (*found)(void *arg, const struct queue_files_fault *), void *arg)
{
	struct queue_files_fault f = { .file = FOLDER LEDGER_FILE,
		.word = "damaged-orders",
		.cure = "keep the orders that can be read; the file stays as "
			"deferred/" LEDGER_ASIDE };
	struct err why = ERR_INIT;
	struct buf image;
	size_t lost = 0;

	buf_init(&image, SIZE_MAX);
	if (state_read(folder, LEDGER_FILE, &image, &why) == -1)
		str_copy(f.what, sizeof(f.what), str_of(why.text));
	else if (image.len >= LEDGER_HEAD &&
		 ledger_unpack(buf_str(&image), nothing, NULL, &lost) == 0)
		str_copy(f.what, sizeof(f.what), STR("is no file of orders"));
	else if (lost > 0)
		snprintf(f.what, sizeof(f.what),
		    "%zu bytes are damaged: what administrators ordered of "
		    "some messages may be lost",
		    lost);
	if (f.what[0] != '\0')
		found(arg, &f);
	buf_fini(&image);
}

static void
check_state(int folder,
    void (*found)(void *arg, const struct queue_files_fault *), void *arg)
{
	struct queue_files_fault f = { .file = FOLDER STATE_FILE,
		.word = "damaged-state",
		.cure = "set it aside as deferred/" STATE_ASIDE
			": nothing is suspended or paused then" };
	struct err why = ERR_INIT;
	json_error_t error;
	struct buf text;
	json_t *j = NULL;

	buf_init(&text, STATE_MAX);
	if (state_read(folder, STATE_FILE, &text, &why) == -1)
		str_copy(f.what, sizeof(f.what), str_of(why.text));
	else if (text.len > 0 &&
		 (j = json_loadb(text.data, text.len, 0, &error)) == NULL)
		snprintf(f.what, sizeof(f.what),
		    "whether delivery is suspended, or the work queue paused, "
		    "cannot be read: %.100s",
		    error.text);
	json_decref(j);
	buf_fini(&text);
	if (f.what[0] != '\0')
		found(arg, &f);
}

static int
mend_orders(int folder, const char **done, struct err *err)
{
	struct buf image, good;
	size_t lost;
	int rc;

	buf_init(&image, SIZE_MAX);
	buf_init(&good, SIZE_MAX);
	rc = state_read(folder, LEDGER_FILE, &image, err);
	if (rc == -1 ||
	    ledger_unpack(buf_str(&image), add, &good, &lost) == 0) {
		*done = "set aside as deferred/" LEDGER_ASIDE
			", or removed if it was no file";
		rc = aside(folder, LEDGER_FILE, LEDGER_ASIDE, err);
	} else {
		*done = "kept the orders that can be read; all of it is "
			"deferred/" LEDGER_ASIDE;
		rc = state_replace(folder, LEDGER_ASIDE, buf_str(&image), err);
		if (rc == 0)
			rc = state_replace(
			    folder, LEDGER_FILE, buf_str(&good), err);
	}
	buf_fini(&good);
	buf_fini(&image);
	return rc;
}

static int
mend_state(int folder, const char **done, struct err *err)
{
	*done = "set aside as deferred/" STATE_ASIDE
		"; nothing is suspended or paused";
	return aside(folder, STATE_FILE, STATE_ASIDE, err);
}

static int
aside(int folder, const char *name, const char *as, struct err *err)
{
	struct stat st;
	int rc;

	/* a link, a pipe: nothing is in it, and the cage lets none be moved */
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		rc = unlinkat(folder, name, 0);
	else
		rc = renameat(folder, name, folder, as);
	if (rc == -1)
		return err_sys(err, ERR_TEMP, "move it away by hand");
	return fsync(folder) == 0 ? 0 : err_sys(err, ERR_TEMP, "sync deferred");
}

static void
nothing(void *arg, const struct order_rec *rec, size_t at)
{
	(void)arg, (void)rec, (void)at;
}

static void
add(void *arg, const struct order_rec *rec, size_t at)
{
	struct buf *good = arg;

	(void)at;
	ledger_pack(good, good->len, rec);
}
