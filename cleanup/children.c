/* children.c - the queue files of what came out of a message */
#include "cleanup/children.h"

#include <string.h>

#include "base/mem.h"
#include "cleanup/record.h"
#include "mail/scan.h"
#include "mail/wire.h"

#define SLICE ((size_t)256 * 1024)

/* Content on its way to a file. */
struct writing {
	struct qfile *file;
	struct wire wire;
	struct scan scan;
	uint32_t wire_flags; /* of what was copied as it stood */
	struct buf out;
};

static int write_child(struct child *, struct err *);
static int write_content(struct child *, struct writing *, struct err *);
static int write_header(
    struct writing *, const struct msg *, bool had_one, struct err *);
static int write_plain(struct writing *, struct str, struct err *);
static int copy(const struct mail *from, uint64_t at, uint64_t n,
    struct writing *, struct err *);
static int put(struct writing *, struct err *);
static void set_found(struct mail *, struct writing *);

int
children_write(struct outcome *o, struct err *err)
{
	for (struct child *c = o->children; c != NULL; c = c->next)
		if (write_child(c, err) == -1)
			return -1;
	return 0;
}

static int
write_child(struct child *c, struct err *err)
{
	struct envelope e;
	struct route_rec r;
	struct writing w = { .wire_flags = 0 };
	int rc;

	c->mail = mail_new(c->mid);
	record_child_envelope(c, &e);
	mail_set_envelope(c->mail, &e);
	if (qfile_new(&c->mail->file, c->outcome->task->cleanup->spool,
		&c->mail->envelope, err) == -1)
		return -1;
	w.file = c->mail->file;
	buf_init(&w.out, 2 * SLICE + 4096);
	rc = write_content(c, &w, err);
	if (rc == 0)
		set_found(c->mail, &w);
	buf_fini(&w.out);
	/* a copy that is to be scanned finds its own way */
	if (rc == -1 || (c->copy != NULL && c->copy->kind == COPY_BCC_SCAN))
		return rc;
	record_child_route(c, c->mail->found.header_len, &r);
	mail_set_route(c->mail, &r);
	return qfile_routed(c->mail->file, &c->mail->route, err);
}

/* What was not changed, and perhaps not even read, comes from the file. */
static int
write_content(struct child *c, struct writing *w, struct err *err)
{
	const struct task *t = c->outcome->task;
	const struct msg *m = c->work != NULL ? &c->work->msg : &c->copy->msg;
	bool ours = c->copy != NULL && record_is_ours(c->copy);
	uint64_t header = t->mail->found.header_len;
	int rc;

	scan_begin(&w->scan);
	wire_begin(&w->wire, false);
	if (ours || t->has_header || m->header_changed)
		rc = write_header(w, m, ours || header > 0, err);
	else
		rc = copy(t->mail, 0, header, w, err);
	if (rc == -1)
		return -1;
	if (ours || t->has_body || m->body_changed)
		rc = write_plain(w, m->body, err);
	else
		rc =
		    copy(t->mail, header, t->mail->found.size - header, w, err);
	if (rc == -1)
		return -1;
	wire_end(&w->wire, &w->out);
	return put(w, err);
}

/* What was all body gets an empty line behind a header of ours, and so does
 * what has lost all of its header. */
static int
write_header(
    struct writing *w, const struct msg *m, bool had_one, struct err *err)
{
	struct str h = m->header;

	if (write_plain(w, h, err) == -1)
		return -1;
	if (had_one != (h.n == 0) ||
	    (h.n >= 4 && memcmp(h.p + h.n - 4, "\r\n\r\n", 4) == 0))
		return 0;
	return write_plain(w, STR("\r\n"), err);
}

static int
write_plain(struct writing *w, struct str plain, struct err *err)
{
	while (plain.n > 0) {
		struct str piece = str_sub(plain, 0, SLICE);

		plain = str_sub(plain, piece.n, plain.n);
		wire_write(&w->wire, piece, &w->out);
		if (put(w, err) == -1)
			return -1;
	}
	return 0;
}

/* As it stands: in stored form already. */
static int
copy(const struct mail *from, uint64_t at, uint64_t n, struct writing *w,
    struct err *err)
{
	w->wire_flags |= from->found.wire_flags;
	while (n > 0) {
		size_t piece = n < SLICE ? (size_t)n : SLICE;

		if (qfile_read(from->file, at, piece, &w->out, err) == -1 ||
		    put(w, err) == -1)
			return -1;
		at += piece;
		n -= piece;
	}
	return 0;
}

static int
put(struct writing *w, struct err *err)
{
	struct str piece = buf_str(&w->out);
	int rc = 0;

	if (w->out.failed)
		panic("children: a buffer too small");
	if (piece.n > 0) {
		scan_feed(&w->scan, piece);
		rc = qfile_write(w->file, piece, err);
	}
	buf_reset(&w->out);
	return rc;
}

static void
set_found(struct mail *m, struct writing *w)
{
	const struct scan *s = &w->scan;

	scan_end(&w->scan);
	m->found = (struct content){
		.size = qfile_size(m->file),
		.header_len = s->header_len,
		.wire_flags = w->wire.flags | (w->wire_flags & ~WIRE_TLS_FREE) |
			      (scan_is_tls_free(s) ? WIRE_TLS_FREE : 0),
		.n_received = s->n_received,
		.longest_line = s->longest_line,
		.claims = s->claims,
		.message_id = arena_str(
		    &m->mem, (struct str){ s->message_id.p, s->message_id.n }),
		.subject = arena_str(
		    &m->mem, (struct str){ s->subject.p, s->subject.n }),
	};
}
