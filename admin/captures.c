/* captures.c - the files of packet captures */
#include "admin/captures.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/fields.h"
#include "base/mem.h"

#define PART_DIGITS   6
#define FILE_HEADER   24
#define PACKET_HEADER 16
#define PACKET_MAX    (1 << 20)

struct part {
	char *name; /* of the file; the capture's without the last digits */
	size_t n;   /* bytes of the capture's name */
	uint64_t size;
	int64_t modified; /* wall ms */
};

struct parts {
	int dir;
	struct part *v;
	size_t n, cap;
};

static int parts_read(struct parts *, struct tool *, struct err *);
static void parts_free(struct parts *);
static size_t is_part(const char *name);
static int by_name(const void *, const void *);
static bool is_of(const struct part *, const char *name);
static bool has(const struct parts *, const char *name, struct err *);
static int copy_all(
    const struct parts *, const char *name, FILE *out, struct err *);
static int copy_part(
    const struct parts *, const struct part *, FILE *out, bool first);
static bool copy_packet(FILE *in, FILE *out);

json_t *
captures_list(struct tool *t, struct err *err)
{
	json_t *list, *o = NULL;
	struct parts p;

	if (parts_read(&p, t, err) == -1)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < p.n; i++) {
		struct part *now = &p.v[i];
		bool same = i > 0 && now->n == now[-1].n &&
			    memcmp(now->name, now[-1].name, now->n) == 0;
		json_int_t size = 0, n = 0;

		if (same) {
			size = json_integer_value(json_object_get(o, "size"));
			n = json_integer_value(json_object_get(o, "parts"));
		} else {
			o = json_pack("{s:s%}", "file", now->name, now->n);
			json_array_append_new(list, o);
		}
		json_object_set_new(
		    o, "size", json_integer(size + (json_int_t)now->size));
		json_object_set_new(o, "parts", json_integer(n + 1));
		json_object_set_new(o, "modified", json_integer(now->modified));
	}
	parts_free(&p);
	return list;
}

void
captures_show(const json_t *list, struct buf *out)
{
	const json_t *o;
	size_t i;

	if (json_array_size(list) == 0)
		buf_puts(out, "There are no files.\n");
	json_array_foreach(list, i, o)
	{
		fields_cell(out, fields_num(o, "size"), 15);
		buf_puts(out, "  ");
		fields_time(out, o, "modified", "");
		buf_puts(out, "  ");
		fields_show(out, fields_text(o, "file"), 200);
		buf_putc(out, '\n');
	}
}

int
captures_copy(
    struct tool *t, const char *name, const char *file, struct err *err)
{
	bool standard = strcmp(file, "-") == 0;
	struct parts p;
	FILE *out;
	int fd, rc;

	if (parts_read(&p, t, err) == -1)
		return -1;
	if (!has(&p, name, err)) {
		parts_free(&p);
		return -1;
	}
	fd = standard
		 ? dup(STDOUT_FILENO)
		 : open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	out = fd != -1 ? fdopen(fd, "w") : NULL;
	rc = out == NULL ? err_sys(err, ERR_TEMP, "%s", file)
			 : copy_all(&p, name, out, err);
	if (out != NULL && fclose(out) == EOF && rc == 0)
		rc = err_sys(err, ERR_TEMP, "write %s", file);
	parts_free(&p);
	return rc;
}

int
captures_delete(struct tool *t, const char *name, struct err *err)
{
	struct parts p;
	int rc = 0;

	if (parts_read(&p, t, err) == -1)
		return -1;
	if (!has(&p, name, err))
		rc = -1;
	for (size_t i = 0; i < p.n && rc == 0; i++)
		if (is_of(&p.v[i], name) &&
		    unlinkat(p.dir, p.v[i].name, 0) == -1)
			rc = err_sys(err, ERR_PERM, "%s", p.v[i].name);
	parts_free(&p);
	return rc;
}

/* --- parts --- */

static int
parts_read(struct parts *p, struct tool *t, struct err *err)
{
	const struct dirent *entry;
	DIR *dir;

	*p = (struct parts){ .dir = open(t->paths.captures,
				 O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
				     O_CLOEXEC) };
	if (p->dir == -1)
		return err_sys(err, ERR_PERM, "%s", t->paths.captures);
	dir = fdopendir(dup(p->dir));
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		size_t n = is_part(entry->d_name);
		struct stat st;

		if (n == 0 ||
		    fstatat(p->dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
			-1 ||
		    !S_ISREG(st.st_mode))
			continue;
		p->v = mem_room(p->v, &p->cap, p->n, sizeof(*p->v));
		p->v[p->n++] = (struct part){ mem_strdup(entry->d_name), n,
			(uint64_t)st.st_size,
			(int64_t)st.st_mtim.tv_sec * 1000 };
	}
	if (dir != NULL)
		closedir(dir);
	if (p->n > 0)
		qsort(p->v, p->n, sizeof(*p->v), by_name);
	return 0;
}

static void
parts_free(struct parts *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].name);
	free(p->v);
	close(p->dir);
}

/* Length of the capture's name; 0: it is none. */
static size_t
is_part(const char *name)
{
	size_t n = strlen(name);

	if (n <= PART_DIGITS + 1 || name[0] == '.' ||
	    name[n - PART_DIGITS - 1] != '.' ||
	    strspn(name + n - PART_DIGITS, "0123456789") != PART_DIGITS ||
	    !str_valid_utf8(str_of(name)))
		return 0;
	return n - PART_DIGITS - 1;
}

static int
by_name(const void *x, const void *y)
{
	return strcmp(
	    ((const struct part *)x)->name, ((const struct part *)y)->name);
}

static bool
is_of(const struct part *p, const char *name)
{
	return str_eq((struct str){ p->name, p->n }, str_of(name));
}

static bool
has(const struct parts *p, const char *name, struct err *err)
{
	for (size_t i = 0; i < p->n; i++)
		if (is_of(&p->v[i], name))
			return true;
	err_set(err, ERR_PERM, "There is no packet capture file \"%s\".", name);
	return false;
}

/* --- one file of them --- */

static int
copy_all(const struct parts *p, const char *name, FILE *out, struct err *err)
{
	bool first = true;

	for (size_t i = 0; i < p->n; i++) {
		if (!is_of(&p->v[i], name))
			continue;
		/* The oldest goes at any time while the capture runs. */
		if (copy_part(p, &p->v[i], out, first) == 0)
			first = false;
		else if (errno != ENOENT)
			return err_sys(err, ERR_PERM, "%s", p->v[i].name);
	}
	if (ferror(out))
		return err_sys(err, ERR_TEMP, "write");
	return 0;
}

/* Of the packets those that are whole; the header of the first only. */
static int
copy_part(const struct parts *p, const struct part *part, FILE *out, bool first)
{
	int fd = openat(
	    p->dir, part->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	FILE *in = fd != -1 ? fdopen(fd, "r") : NULL;
	unsigned char header[FILE_HEADER];
	struct stat st;

	if (in == NULL)
		return -1;
	/* The folder is another's: no second name of something else. */
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_nlink > 1) {
		fclose(in);
		errno = EPERM;
		return -1;
	}
	if (fread(header, sizeof(header), 1, in) == 1) {
		if (first)
			fwrite(header, sizeof(header), 1, out);
		while (copy_packet(in, out))
			;
	}
	fclose(in);
	return 0;
}

static bool
copy_packet(FILE *in, FILE *out)
{
	static char bytes[PACKET_MAX];
	uint32_t header[PACKET_HEADER / 4]; /* in the order of this machine */

	if (fread(header, sizeof(header), 1, in) != 1 ||
	    header[2] > sizeof(bytes) ||
	    fread(bytes, 1, header[2], in) != header[2])
		return false;
	fwrite(header, sizeof(header), 1, out);
	fwrite(bytes, 1, header[2], out);
	return true;
}
