/* part.c - what inspect tells of a part of a message, as a fact */
#include "lookup/part.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

#define SHARE 4 /* of the memory that all facts may take, for these */

struct part_told {
	struct arena mem;
	struct buf text; /* of what comes next */
	struct part_member *members;
	size_t n, cap;
	size_t size; /* of all */
};

static int take_text(struct part_told *, struct str, struct err *);
static int take_member(
    struct part_told *, const struct inspect_member *, struct err *);
static void finish(struct part_told *, const struct inspected *,
    struct fact_answer *, struct arena *);
static int count(struct part_told *, size_t n, struct err *);
static struct str text_of(struct part_told *, struct arena *);
static void copy_sum(uint8_t to[32], struct str from);

int64_t
part_time(const struct config *c)
{
	return (int64_t)c->work.scan.timeout * 1000;
}

struct inspect_msg
part_question(const struct config *c, uint64_t size, uint64_t together)
{
	const struct scan_settings *s = &c->work.scan;

	return (struct inspect_msg){ .size = size,
		.max_depth = s->max_depth,
		.max_members = s->max_members,
		.max_expanded = s->max_expanded,
		.timeout = s->timeout,
		.metadata = s->metadata,
		.together = together };
}

uint64_t
part_together(uint32_t run, struct str key)
{
	struct str version = str_cut(&key, '/');

	return (uint64_t)run << 32 | hash_crc32c(0, version.p, version.n);
}

int
part_take(struct part_told **tp, const struct ipc_frame *f,
    struct fact_answer *out, struct arena *mem, struct err *err)
{
	struct inspect_member member;
	struct inspected end;
	struct part_told *t;

	if (*tp == NULL) {
		*tp = mem_alloc(sizeof(**tp));
		arena_init(&(*tp)->mem, 4 * PART_TOLD);
		buf_init(&(*tp)->text, PART_TOLD);
	}
	t = *tp;
	if (f->type == IPC_INSPECT_TEXT)
		return take_text(t, f->body, err);
	if (f->type == IPC_INSPECT_MEMBER)
		return ipc_decode(f, &member, NULL, err) == -1
			   ? -1
			   : take_member(t, &member, err);
	if (ipc_decode(f, &end, NULL, err) == -1)
		return -1;
	finish(t, &end, out, mem);
	part_forget(tp);
	return 1;
}

int
part_check(const struct ipc_frame *f, struct err *err)
{
	struct inspect_member member;
	struct inspected end;

	if (f->type == IPC_INSPECT_TEXT)
		return 0;
	return f->type == IPC_INSPECT_MEMBER ? ipc_decode(f, &member, NULL, err)
					     : ipc_decode(f, &end, NULL, err);
}

void
part_forget(struct part_told **tp)
{
	struct part_told *t = *tp;

	if (t == NULL)
		return;
	arena_free(&t->mem);
	buf_fini(&t->text);
	free(t->members);
	free(t);
	*tp = NULL;
}

static int
take_text(struct part_told *t, struct str text, struct err *err)
{
	if (count(t, text.n, err) == -1)
		return -1;
	buf_add_str(&t->text, text);
	return 0;
}

static int
take_member(
    struct part_told *t, const struct inspect_member *from, struct err *err)
{
	struct part_member *m;

	if (count(t, sizeof(*m) + from->name.n + from->filetype.n, err) == -1)
		return -1;
	t->members = mem_room(t->members, &t->cap, t->n, sizeof(*m));
	m = &t->members[t->n++];
	*m = (struct part_member){ .name = arena_str(&t->mem, from->name),
		.filetype = arena_str(&t->mem, from->filetype),
		.size = from->size,
		.depth = from->depth,
		.locked = from->locked,
		.text = text_of(t, &t->mem) };
	copy_sum(m->sha256, from->sha256);
	return 0;
}

static void
finish(struct part_told *t, const struct inspected *end,
    struct fact_answer *out, struct arena *mem)
{
	struct part_fact *f;
	struct part_member *members;

	/* many small archives must not fill the memory either */
	out->meta = (struct fact){ FACT_FAILED, FACT_LOOKED_UP };
	if (!end->known || mem->used + t->size > mem->max / SHARE)
		return;
	f = arena_alloc(mem, sizeof(*f));
	members = arena_array(mem, t->n, sizeof(*members));

	*f = (struct part_fact){ .filetype = arena_str(mem, end->filetype),
		.archive = end->archive,
		.locked = end->locked,
		.readable = end->readable,
		.corrupt = end->corrupt,
		.macros = end->macros,
		.too_large = end->too_large,
		.too_deep = end->too_deep,
		.timeout = end->timeout,
		.text = text_of(t, mem),
		.members = members,
		.n_members = t->n };
	copy_sum(f->sha256, end->sha256);
	for (size_t i = 0; i < t->n; i++) {
		members[i] = t->members[i];
		members[i].name = arena_str(mem, members[i].name);
		members[i].filetype = arena_str(mem, members[i].filetype);
		members[i].text = arena_str(mem, members[i].text);
	}
	out->meta.state = FACT_KNOWN;
	out->detail = f;
}

static int
count(struct part_told *t, size_t n, struct err *err)
{
	t->size += n;
	if (t->size > PART_TOLD)
		return err_set(err, ERR_PROTO, "too much about one file");
	return 0;
}

/* It belongs to what has come after it. */
static struct str
text_of(struct part_told *t, struct arena *mem)
{
	struct str text = arena_str(mem, buf_str(&t->text));

	buf_reset(&t->text);
	return text;
}

static void
copy_sum(uint8_t to[32], struct str from)
{
	if (from.n == 32)
		memcpy(to, from.p, 32);
}
