/*
 * fuzz_survey.c - queue/survey: a spool with one file that is anything
 *
 * First byte: where it stands; then the file. Whatever it is, mending it comes
 * to an end, and then nothing is wrong any more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/survey.h"

#define PASSES 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct found {
	struct fault v[8];
	size_t n;
};

static const char *const places[] = { "incoming/00/1", "deferred/00/1",
	"quarantine/00/1" };
static char path[64];
static int root;

static void make_spool(void);
static void remove_spool(void);
static void empty_corrupt(void);
static void on_fault(void *arg, const struct fault *);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct survey_accounts us = { geteuid(), geteuid(), getegid() };
	char done[MENDED_MAX];
	struct survey_sums sums;
	struct found found;
	struct survey *s;
	int fd;

	if (n == 0)
		return 0;
	make_spool();
	fd = openat(root, places[data[0] % NELEM(places)],
	    O_CREAT | O_TRUNC | O_WRONLY, 0600);
	if (fd == -1 || write(fd, data + 1, n - 1) != (ssize_t)n - 1)
		abort();
	close(fd);
	s = survey_new(root, &us, false);
	for (int pass = 0;; pass++) {
		found.n = 0;
		if (survey_run(s, on_fault, NULL, &found, &sums, NULL) == -1)
			abort();
		if (found.n == 0)
			break;
		if (pass == PASSES)
			abort();
		for (size_t i = 0; i < found.n; i++)
			if (survey_mend(s, &found.v[i], done, NULL) == -1)
				abort();
	}
	survey_free(&s);
	for (size_t i = 0; i < NELEM(places); i++)
		(void)unlinkat(root, places[i], 0);
	empty_corrupt();
	return 0;
}

static void
make_spool(void)
{
	struct err err = ERR_INIT;

	if (path[0] != '\0')
		return;
	snprintf(path, sizeof(path), "/dev/shm/fuzz-survey.XXXXXX");
	if (mkdtemp(path) == NULL || spool_prepare(path, 0, 0, 0, &err) == -1)
		panic("%s: %s", path, err.text);
	root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	atexit(remove_spool);
}

static void
remove_spool(void)
{
	char cmd[100];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", path);
	if (system(cmd) != 0)
		perror(path);
}

/* What one input may leave there. */
static void
empty_corrupt(void)
{
	static const char *const names[] = { "1.damaged", "1.unfinished",
		"1.twice", "1.stranger", "1.new" };
	char name[40];

	for (size_t i = 0; i < NELEM(names); i++) {
		snprintf(name, sizeof(name), "corrupt/%s", names[i]);
		if (unlinkat(root, name, 0) == -1 && errno != ENOENT)
			abort();
	}
}

static void
on_fault(void *arg, const struct fault *f)
{
	struct found *found = arg;

	if (found->n == NELEM(found->v))
		abort();
	found->v[found->n++] = *f;
}
