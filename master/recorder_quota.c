/* recorder_quota.c - the disk that logs may take */
#include "master/recorder_quota.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "event/alert.h"
#include "master/recorder_files.h"
#include "track/store.h"

#define NEAR_1 75 /* per cent */
#define NEAR_2 90
#define AFTER  90 /* that are left when files were removed */

static uint64_t quota_of(int logs, const struct config *);
static uint64_t folder_size(int logs, const char *name);
static uint64_t used_in(int logs);
static bool remove_oldest(int logs, const struct config *, uint64_t *freed);
static void tell(struct recorder_quota *, size_t removed);

void
recorder_quota_look(struct recorder_quota *q, int logs, const struct config *c)
{
	size_t removed = 0;
	uint64_t freed;

	q->quota = quota_of(logs, c);
	q->used = used_in(logs);
	if (q->used > q->quota) {
		while (q->used > q->quota / 100 * AFTER) {
			if (!remove_oldest(logs, c, &freed))
				break;
			q->used -= freed < q->used ? freed : q->used;
			removed++;
		}
	}
	tell(q, removed);
}

/* What the configuration says, else a tenth of the disk. */
static uint64_t
quota_of(int logs, const struct config *c)
{
	struct statvfs v;

	if (c->log_quota != 0)
		return c->log_quota;
	if (fstatvfs(logs, &v) == -1 || v.f_blocks == 0)
		return UINT64_MAX;
	return (uint64_t)v.f_blocks * v.f_frsize / 10;
}

static uint64_t
used_in(int logs)
{
	int fd = openat(logs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	uint64_t sum = 0;

	if (d == NULL) {
		if (fd != -1)
			close(fd);
		return 0;
	}
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 &&
		    strcmp(e->d_name, TRACK_FOLDER) != 0) /* has its own */
			sum += folder_size(logs, e->d_name);
	closedir(d);
	return sum;
}

/* Of the files in it; of what is no folder: 0. */
static uint64_t
folder_size(int logs, const char *name)
{
	int fd =
	    openat(logs, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	uint64_t sum = 0;
	struct stat st;

	if (d == NULL) {
		if (fd != -1)
			close(fd);
		return 0;
	}
	while ((e = readdir(d)) != NULL)
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
			0 &&
		    S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
	closedir(d);
	return sum;
}

/* Of all subscriptions. False: there is none, or it cannot be removed. */
static bool
remove_oldest(int logs, const struct config *c, uint64_t *freed)
{
	char file[RECORDER_FILE_MAX], oldest[RECORDER_FILE_MAX] = "";
	char name[NAME_MAX_LEN + 1];
	int dir, of = -1;
	struct stat st;
	bool gone;

	for (size_t i = 0; i < c->n_logs; i++) {
		str_copy(name, sizeof(name), c->logs[i].name);
		dir = recorder_files_folder(logs, name);
		/* the time in the name sorts as text */
		if (dir != -1 && recorder_files_oldest(dir, name, file) &&
		    (of == -1 ||
			strcmp(strrchr(file, '@'), strrchr(oldest, '@')) < 0)) {
			memcpy(oldest, file, sizeof(oldest));
			if (of != -1)
				close(of);
			of = dir;
		} else if (dir != -1) {
			close(dir);
		}
	}
	if (of == -1)
		return false;
	gone = fstatat(of, oldest, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       unlinkat(of, oldest, 0) == 0;
	*freed = gone ? (uint64_t)st.st_size : 0;
	close(of);
	return gone;
}

static void
tell(struct recorder_quota *q, size_t removed)
{
	uint64_t share = q->quota / 100;
	unsigned level = share == 0 || q->used > q->quota ? 100
			 : q->used >= share * NEAR_2      ? NEAR_2
			 : q->used >= share * NEAR_1      ? NEAR_1
							  : 0;
	char text[200], about[20];

	if (removed > 0) {
		snprintf(text, sizeof(text),
		    "Logs were over their quota of %llu MB: the %zu oldest "
		    "closed files were removed",
		    (unsigned long long)(q->quota >> 20), removed);
		alert_raise(ALERT_DISK_QUOTA, STR("removed"), str_of(text));
	} else if (level > q->level) {
		snprintf(text, sizeof(text),
		    "Disk space of logs is approaching its quota: %llu of "
		    "%llu MB",
		    (unsigned long long)(q->used >> 20),
		    (unsigned long long)(q->quota >> 20));
		snprintf(about, sizeof(about), "logs %u %%", level);
		alert_raise(level == 100 ? ALERT_DISK_FULL : ALERT_DISK_QUOTA,
		    str_of(about), str_of(text));
	}
	q->level = level;
}
