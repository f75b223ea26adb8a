/*
 * tables.c - what do tables of addresses cost?
 *
 *	tables ENTRIES ...
 *
 * For each number of entries: the time to make a table of the text (parse,
 * sort, compile), to use a compiled one, to compare its checksum; the time of
 * a look-up that finds and of one that does not; memory of a process that
 * looks things up, its own and shared. Beside it Berkeley DB's own library on
 * the same file. Results are in docs/performance.md.
 */
#include <db.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "config/load.h"
#include "config/table.h"

#define LOOKUPS 1000000
#define BATCH   100 /* look-ups of one "transaction", with its arena */

static void measure(size_t n);
static void make_text(size_t n, struct buf *);
static void measure_memory(int fd, size_t bytes, size_t n);
static void measure_libdb(struct str compiled, size_t n);
static double look_up(const struct table *, size_t n, const char *domain);
static long field_of(const char *name);
static double now(void);

int
main(int argc, char **argv)
{
	printf("%8s %9s %9s %9s %9s %8s %8s | %s\n", "entries", "text KB",
	    "make ms", "open us", "check ms", "hit ns", "miss ns", "memory");
	for (int i = 1; i < argc; i++)
		measure(strtoul(argv[i], NULL, 10));
	return 0;
}

static void
measure(size_t n)
{
	struct config_problems ps = { 0 };
	struct err why = ERR_INIT;
	struct table *made, *opened;
	struct buf text;
	struct str bytes;
	double t[5];
	void *map;
	int fd;

	make_text(n, &text);
	t[0] = now();
	made = table_parse(TABLE_ALIASES, "x", buf_str(&text), false, &ps);
	t[1] = now();
	if (made == NULL)
		errx(1, "%s", ps.v[0].text);
	bytes = table_compiled(made);
	fd = memfd_create("table", 0);
	if (fd == -1 || write(fd, bytes.p, bytes.n) != (ssize_t)bytes.n)
		err(1, "memory file");
	map = mmap(NULL, bytes.n, PROT_READ, MAP_SHARED, fd, 0);
	t[2] = now();
	opened =
	    table_open(TABLE_ALIASES, "x", (struct str){ map, bytes.n }, &why);
	t[3] = now();
	if (opened == NULL)
		errx(1, "%s", why.text);
	if (table_check(table_compiled(opened), buf_str(&text), &why) == -1)
		errx(1, "%s", why.text);
	t[4] = now();
	printf("%8zu %9zu %9.1f %9.1f %9.2f", n, text.len / 1024,
	    (t[1] - t[0]) * 1e3, (t[3] - t[2]) * 1e6, (t[4] - t[3]) * 1e3);
	look_up(opened, n, "example.com");
	printf(" %8.0f %8.0f |", look_up(opened, n, "example.com"),
	    look_up(opened, n, "example.org"));
	table_free(&opened);
	munmap(map, bytes.n);
	fflush(stdout);
	measure_memory(fd, bytes.n, n);
	measure_libdb(bytes, n);
	table_free(&made);
	buf_fini(&text);
	close(fd);
}

/* As a directory is exported: a whole address in each line. */
static void
make_text(size_t n, struct buf *text)
{
	buf_init(text, TABLE_FILE_MAX);
	for (size_t i = 0; i < n; i++)
		buf_printf(text,
		    "first.last%zu@example.com: u%zu@mail%zu.inside."
		    "example.com\n",
		    i, i, i % 10);
}

/* In a process of its own, that has nothing but the mapped bytes. */
static void
measure_memory(int fd, size_t bytes, size_t n)
{
	struct err why = ERR_INIT;
	struct table *t;
	long before;
	void *map;

	if (fork() != 0) {
		wait(NULL);
		return;
	}
	before = field_of("Anonymous");
	map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	t = table_open(TABLE_ALIASES, "x", (struct str){ map, bytes }, &why);
	look_up(t, n, "example.com");
	printf(" own %ld KB, mapped %zu KB\n", field_of("Anonymous") - before,
	    bytes / 1024);
	fflush(stdout);
	_exit(0);
}

static void
measure_libdb(struct str compiled, size_t n)
{
	char path[] = "/tmp/bench_tables.XXXXXX", key[64];
	int fd = mkstemp(path);
	DB *db;
	DBT k = { 0 }, v = { 0 };
	double start, opened, done;
	unsigned seed = 1;

	if (fd == -1 ||
	    write(fd, compiled.p, compiled.n) != (ssize_t)compiled.n)
		err(1, "%s", path);
	close(fd);
	start = now();
	if (db_create(&db, NULL, 0) != 0 ||
	    db->open(db, NULL, path, NULL, DB_BTREE, DB_RDONLY, 0) != 0)
		errx(1, "libdb: %s", path);
	opened = now();
	for (int i = 0; i < LOOKUPS / 10; i++) {
		seed = seed * 1103515245 + 12345;
		snprintf(key, sizeof(key), "first.last%zu@example.com",
		    (size_t)(seed >> 4) % n);
		k = (DBT){ .data = key, .size = (u_int32_t)strlen(key) };
		if (db->get(db, NULL, &k, &v, 0) != 0)
			errx(1, "libdb: %s is not there", key);
	}
	done = now();
	printf("%8s libdb: open %.0f us, hit %.0f ns (one of our two "
	       "records)\n",
	    "", (opened - start) * 1e6, (done - opened) * 1e9 / (LOOKUPS / 10));
	db->close(db, 0);
	unlink(path);
}

static double
look_up(const struct table *t, size_t n, const char *domain)
{
	struct table_hit hit;
	struct arena mem;
	unsigned seed = 1;
	double start = now();
	char addr[64];

	arena_init(&mem, 16 << 20);
	for (int i = 0; i < LOOKUPS; i++) {
		seed = seed * 1103515245 + 12345;
		snprintf(addr, sizeof(addr), "first.last%zu@%s",
		    (size_t)(seed >> 4) % n, domain);
		if (table_find(t, str_of(addr), &hit, &mem) !=
		    (strcmp(domain, "example.com") == 0))
			errx(1, "%s", addr);
		if (i % BATCH == 0)
			arena_free(&mem);
	}
	arena_free(&mem);
	return (now() - start) * 1e9 / LOOKUPS;
}

/* KB, of this process. */
static long
field_of(const char *name)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[200];
	long kb = -1;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			kb = strtol(line + strlen(name) + 1, NULL, 10);
	if (f != NULL)
		fclose(f);
	return kb;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
