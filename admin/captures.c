/* captures.c - the files of packet captures */
#include "admin/captures.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/capture_parts.h"
#include "admin/fields.h"
#include "base/mem.h"

#define PACKET_HEADER 16
#define PACKET_MAX    (1 << 20)

static int copy_all(
    const struct parts *, const char *name, FILE *out, struct err *);
static int copy_part(
    const struct parts *, const struct part *, FILE *out, bool first);
static bool copy_packet(FILE *in, FILE *out);

json_t *
captures_list(struct tool *t, struct err *err)
{
	struct parts p;
	json_t *list;

	if (parts_read(&p, t->paths.captures, err) == -1)
		return NULL;
	list = parts_list(&p);
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

	if (parts_read(&p, t->paths.captures, err) == -1)
		return -1;
	if (!parts_has(&p, name, err)) {
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
	int rc;

	if (parts_read(&p, t->paths.captures, err) == -1)
		return -1;
	rc = parts_delete(&p, name, err);
	parts_free(&p);
	return rc;
}

/* --- one file of them --- */

static int
copy_all(const struct parts *p, const char *name, FILE *out, struct err *err)
{
	bool first = true;

	for (size_t i = 0; i < p->n; i++) {
		if (!part_is_of(&p->v[i], name))
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
	int fd = part_open(p, part);
	FILE *in = fd != -1 ? fdopen(fd, "r") : NULL;
	unsigned char header[PARTS_FILE_HEADER];

	if (in == NULL)
		return -1;
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
