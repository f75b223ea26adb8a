/*
 * bundle.c - the files of one revision as bytes, and as a descriptor
 *
 * A bundle's memory is always the packed form: magic, number of files, then
 * for each the lengths of name and text (32 bits, native order: both ends
 * are this build), name, text. The reader checks every length; it trusts the
 * sender no more than it would a file.
 */
#include "config/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "config/bundle_tables.h"
#include "config/pack.h"
#include "config/table.h"

#define MAGIC 0x31424e50u /* "PNB1" */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

struct bundle_memory {
	void *p;
	size_t n;
	bool mapped; /* else from the heap */
	unsigned refs;
};

static void put_u32(struct buf *, uint32_t);
static bool take_u32(struct str *in, uint32_t *out);
static bool take_str(struct str *in, uint32_t n, struct str *out);
static void set_memory(struct bundle *, void *p, size_t n, bool mapped);
static int unpack(struct bundle *, struct err *);
static int write_all(int fd, struct str, struct err *);
static int take_bytes(struct bundle *, int fd, size_t n, struct err *);
static int read_all(int fd, char *p, size_t n, struct err *);

int
bundle_to_fd(const struct bundle *b, struct err *err)
{
	int fd =
	    memfd_create("postern-config", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "memory file");
	if (write_all(fd, (struct str){ b->map, b->map_len }, err) == -1)
		goto fail;
	if (fcntl(fd, F_ADD_SEALS, SEALS) == -1) {
		err_sys(err, ERR_TEMP, "seal memory file");
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return -1;
}

int
bundle_from_fd(struct bundle *b, int fd, struct err *err)
{
	struct stat st;

	*b = (struct bundle){ 0 };
	if (fstat(fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "configuration");
	if (!S_ISREG(st.st_mode) || st.st_size < 8 ||
	    (uint64_t)st.st_size > BUNDLE_MAX)
		return err_set(
		    err, ERR_PROTO, "configuration: not a bundle of files");
	if (take_bytes(b, fd, (size_t)st.st_size, err) == 0 &&
	    unpack(b, err) == 0)
		return 0;
	bundle_free(b);
	return -1;
}

void
bundle_from_text(struct bundle *b, const char *name, struct str text)
{
	struct buf packed;
	struct err err = ERR_INIT;

	pack_begin(&packed);
	pack_file(&packed, str_of(name), text);
	if (pack_end(&packed, b, &err) == -1)
		panic("bundle of %s: %s", name, err.text);
}

const struct bundle_file *
bundle_find(const struct bundle *b, const char *name)
{
	return bundle_get(b, str_of(name));
}

const struct bundle_file *
bundle_get(const struct bundle *b, struct str name)
{
	for (size_t i = 0; i < b->n; i++) {
		if (str_eq(b->files[i].name, name))
			return &b->files[i];
	}
	return NULL;
}

void
bundle_free(struct bundle *b)
{
	struct bundle_memory *m = b->memory;

	free(b->files);
	*b = (struct bundle){ 0 };
	if (m == NULL || --m->refs > 0)
		return;
	if (m->mapped)
		munmap(m->p, m->n);
	else
		free(m->p);
	free(m);
}

void
bundle_hold(struct bundle *to, const struct bundle *b)
{
	*to = (struct bundle){ .memory = b->memory };
	if (to->memory != NULL)
		to->memory->refs++;
}

size_t
bundle_file_max(struct str name)
{
	if (!str_starts(name, STR(TABLE_FOLDER)))
		return CONFIG_FILE_MAX;
	return str_ends_nocase(name, STR(TABLE_SUFFIX)) ? TABLE_COMPILED_MAX
							: TABLE_FILE_MAX;
}

void
pack_begin(struct buf *packed)
{
	buf_init(packed, BUNDLE_MAX);
	put_u32(packed, MAGIC);
	put_u32(packed, 0);
}

void
pack_file(struct buf *packed, struct str name, struct str text)
{
	uint32_t n;

	put_u32(packed, (uint32_t)name.n);
	put_u32(packed, (uint32_t)text.n);
	buf_add_str(packed, name);
	buf_add_str(packed, text);
	if (packed->failed)
		return;
	memcpy(&n, packed->data + 4, sizeof(n));
	n++;
	memcpy(packed->data + 4, &n, sizeof(n));
}

int
pack_end(struct buf *packed, struct bundle *b, struct err *err)
{
	size_t n;

	*b = (struct bundle){ 0 };
	if (packed->failed) {
		buf_fini(packed);
		return err_set(err, ERR_USAGE,
		    "the configuration is larger than %zu MiB",
		    BUNDLE_MAX >> 20);
	}
	n = packed->len;
	set_memory(b, buf_take(packed), n, false);
	if (unpack(b, err) == 0)
		return 0;
	bundle_free(b);
	return -1;
}

static void
put_u32(struct buf *b, uint32_t n)
{
	buf_add(b, &n, sizeof(n));
}

static bool
take_u32(struct str *in, uint32_t *out)
{
	if (in->n < sizeof(*out))
		return false;
	memcpy(out, in->p, sizeof(*out));
	*in = str_sub(*in, sizeof(*out), in->n);
	return true;
}

static bool
take_str(struct str *in, uint32_t n, struct str *out)
{
	if (n > in->n)
		return false;
	*out = str_sub(*in, 0, n);
	*in = str_sub(*in, n, in->n);
	return true;
}

static void
set_memory(struct bundle *b, void *p, size_t n, bool mapped)
{
	b->memory = mem_alloc(sizeof(*b->memory));
	*b->memory = (struct bundle_memory){ p, n, mapped, 1 };
	b->map = p;
	b->map_len = n;
}

/* The views of the files, from the packed form in b->map. */
static int
unpack(struct bundle *b, struct err *err)
{
	struct str in = { b->map, b->map_len };
	uint32_t magic, n, name, text;

	if (!take_u32(&in, &magic) || magic != MAGIC || !take_u32(&in, &n) ||
	    n > BUNDLE_FILES_MAX)
		goto bad;
	b->files = mem_array(n + 1, sizeof(*b->files));
	for (b->n = 0; b->n < n; b->n++) {
		struct bundle_file *f = &b->files[b->n];

		if (!take_u32(&in, &name) || !take_u32(&in, &text) ||
		    !take_str(&in, name, &f->name) ||
		    text > bundle_file_max(f->name) ||
		    !take_str(&in, text, &f->text))
			goto bad;
	}
	if (in.n == 0)
		return 0;
bad:
	return err_set(err, ERR_PROTO, "configuration: the bundle is damaged");
}

static int
write_all(int fd, struct str s, struct err *err)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(err, ERR_TEMP, "write memory file");
		s = str_sub(s, (size_t)n, s.n);
	}
	return 0;
}

/* Sealed, nobody can change or cut it behind our back: then it is mapped. */
static int
take_bytes(struct bundle *b, int fd, size_t n, struct err *err)
{
	int seals = fcntl(fd, F_GET_SEALS);
	void *p;

	if (seals != -1 && (seals & SEALS) == SEALS) {
		p = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED)
			return err_sys(err, ERR_TEMP, "map configuration");
		set_memory(b, p, n, true);
		return 0;
	}
	set_memory(b, mem_alloc(n), n, false);
	return read_all(fd, b->memory->p, n, err);
}

static int
read_all(int fd, char *p, size_t n, struct err *err)
{
	for (size_t off = 0; off < n;) {
		ssize_t got = pread(fd, p + off, n - off, (off_t)off);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return err_sys(err, ERR_TEMP, "read configuration");
		if (got == 0)
			return err_set(
			    err, ERR_PROTO, "configuration: the bundle is cut");
		off += (size_t)got;
	}
	return 0;
}
