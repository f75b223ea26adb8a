/* store.c - blocks of the tracking store, and its files */
#include "track/store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"

CODEC_SCHEMA(track_event, REC_TRACK_EVENT);
CODEC_SCHEMA(track_gap, REC_TRACK_GAP);

#define MAGIC     "PTK1"
#define VERSION   "1\n"
#define LEADING   4 /* fields of an event that may be its numbers */
#define VARINT    10
#define STAMP     "20250304T104008"
#define STAMP_LEN 15

/* What the first fields of an event are: ids that a reader wants to see
 * before it takes the event apart. */
enum lead { LEAD_END, LEAD_OTHER, LEAD_MID, LEAD_ICID, LEAD_DCID, LEAD_PAIR };
static struct lead_table {
	bool made, keeps[EVENT_N];
	uint8_t lead[EVENT_N][LEADING];
	const struct codec_field *mid[EVENT_N], *other[EVENT_N];
} table;

static void put32(char *p, uint32_t v);
static void put64(char *p, uint64_t v);
static uint64_t get_number(const char *p, size_t n);
static uint32_t checksum(const char *head, struct str payload);
static const struct lead_table *leads(void);
static void make_leads(enum event_id);
static bool number(struct str *in, uint64_t *out);
static void put_fields(const struct codec *, struct buf *);
static bool is_file(const char *name);
static int by_name(const void *, const void *);

/* --- blocks --- */

void
track_put(const struct track_head *h, struct str payload, struct buf *out)
{
	char head[TRACK_HEAD] = MAGIC;

	head[4] = (char)h->type;
	put32(head + 8, (uint32_t)payload.n);
	put64(head + 16, (uint64_t)h->first);
	put64(head + 24, (uint64_t)h->last);
	put64(head + 32, h->mid);
	put32(head + 12, checksum(head, payload));
	buf_add(out, head, sizeof(head));
	buf_add_str(out, payload);
}

size_t
track_get(struct str in, struct track_head *h, struct str *payload, bool *more)
{
	uint64_t n;

	*more = in.n < TRACK_HEAD;
	if (in.n < TRACK_HEAD || memcmp(in.p, MAGIC, 4) != 0)
		return 0;
	n = get_number(in.p + 8, 4);
	if (n > TRACK_BLOCK_MAX || in.p[4] < TRACK_BEGIN || in.p[4] > TRACK_END)
		return 0;
	*more = in.n - TRACK_HEAD < n;
	if (*more)
		return 0;
	*payload = (struct str){ in.p + TRACK_HEAD, n };
	if (get_number(in.p + 12, 4) != checksum(in.p, *payload))
		return 0;
	*h = (struct track_head){ .type = (enum track_block)in.p[4],
		.first = (int64_t)get_number(in.p + 16, 8),
		.last = (int64_t)get_number(in.p + 24, 8),
		.mid = get_number(in.p + 32, 8) };
	return TRACK_HEAD + n;
}

static void
put32(char *p, uint32_t v)
{
	for (size_t i = 0; i < 4; i++)
		p[i] = (char)(v >> 8 * i);
}

static void
put64(char *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

static uint64_t
get_number(const char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)(unsigned char)p[i] << 8 * i;
	return v;
}

/* Of all but itself. */
static uint32_t
checksum(const char *head, struct str payload)
{
	uint32_t crc = hash_crc32c(0, head, 12);

	crc = hash_crc32c(crc, head + 16, TRACK_HEAD - 16);
	return hash_crc32c(crc, payload.p, payload.n);
}

/* --- which events, and their numbers --- */

bool
track_keeps(enum event_id id)
{
	return leads()->keeps[id];
}

uint64_t
track_mid(enum event_id id, const void *fields)
{
	const struct codec_field *mid = leads()->mid[id];
	const struct codec_field *other = table.other[id];
	uint64_t a, b;

	if (mid == NULL)
		return 0;
	a = codec_number(mid, (const char *)fields + mid->off);
	b = other != NULL
		? codec_number(other, (const char *)fields + other->off)
		: 0;
	return a > b ? a : b;
}

struct track_ids
track_ids(enum event_id id, struct str fields)
{
	const uint8_t *lead = leads()->lead[id];
	uint64_t v[LEAD_PAIR + 1] = { 0 };

	for (size_t i = 0; i < LEADING && lead[i] != LEAD_END; i++)
		if (!number(&fields, &v[lead[i]]))
			break;
	return (struct track_ids){ v[LEAD_MID], v[LEAD_ICID], v[LEAD_DCID],
		v[LEAD_PAIR] };
}

struct track_ids
track_ids_of(enum event_id id, const void *fields)
{
	const struct codec *c = event_spec(id)->codec;
	const uint8_t *lead = leads()->lead[id];
	uint64_t v[LEAD_PAIR + 1] = { 0 };

	for (size_t i = 0; i < LEADING && lead[i] != LEAD_END; i++)
		v[lead[i]] = codec_number(
		    &c->fields[i], (const char *)fields + c->fields[i].off);
	return (struct track_ids){ v[LEAD_MID], v[LEAD_ICID], v[LEAD_DCID],
		v[LEAD_PAIR] };
}

static const struct lead_table *
leads(void)
{
	for (int id = 1; !table.made && id < EVENT_N; id++)
		make_leads(id);
	table.made = true;
	return &table;
}

static void
make_leads(enum event_id id)
{
	static const struct {
		const char *name;
		enum lead lead;
	} names[] = { { "mid", LEAD_MID }, { "icid", LEAD_ICID },
		{ "dcid", LEAD_DCID }, { "other", LEAD_PAIR } };
	const struct codec *c = event_spec(id)->codec;

	for (size_t i = 0; i < c->n && i < LEADING; i++) {
		const struct codec_field *f = &c->fields[i];

		if (f->type != CODEC_U64)
			break;
		table.lead[id][i] = LEAD_OTHER;
		for (size_t k = 0; k < NELEM(names); k++)
			if (strcmp(f->name, names[k].name) == 0)
				table.lead[id][i] = (uint8_t)names[k].lead;
		if (table.lead[id][i] == LEAD_MID)
			table.mid[id] = f;
		if (table.lead[id][i] == LEAD_PAIR)
			table.other[id] = f;
		table.keeps[id] |= table.lead[id][i] >= LEAD_MID;
	}
	if (id == EVENT_LINES_LOST)
		table.keeps[id] = true;
}

static bool
number(struct str *in, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < in->n && i < VARINT; i++) {
		unsigned char c = (unsigned char)in->p[i];

		v |= (uint64_t)(c & 0x7f) << 7 * i;
		if (c & 0x80)
			continue;
		*in = str_sub(*in, i + 1, in->n);
		*out = v;
		return true;
	}
	return false;
}

/* --- how the events are made --- */

/* A line each: NAME field:kind ... ; kinds as in names.c */
void
track_names(struct buf *out)
{
	buf_puts(out, VERSION);
	for (int id = 1; id < EVENT_N; id++) {
		buf_puts(out, event_spec(id)->name);
		put_fields(event_spec(id)->codec, out);
		buf_putc(out, '\n');
	}
}

static void
put_fields(const struct codec *c, struct buf *out)
{
	static const char kinds[] = { [CODEC_U8] = 'n',
		[CODEC_U16] = 'n',
		[CODEC_U32] = 'n',
		[CODEC_U64] = 'n',
		[CODEC_I64] = 'i',
		[CODEC_STR] = 's',
		[CODEC_IP] = 'a',
		[CODEC_LIST] = '(' };

	for (size_t i = 0; i < c->n; i++) {
		const struct codec_field *f = &c->fields[i];

		buf_printf(out, " %s:%c", f->name, kinds[f->type]);
		if (f->type != CODEC_LIST)
			continue;
		put_fields(f->sub, out);
		buf_puts(out, " )");
	}
}

/* --- files --- */

int
track_files(struct track_files *files, int dir, struct err *err)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent *e;
	size_t cap = 0;

	*files = (struct track_files){ .n = 0 };
	if (d == NULL) {
		err_sys(err, errno == EACCES ? ERR_PERM : ERR_TEMP,
		    "the tracking folder");
		if (fd != -1)
			close(fd);
		return -1;
	}
	while ((e = readdir(d)) != NULL) {
		if (!is_file(e->d_name))
			continue;
		files->v =
		    mem_room(files->v, &cap, files->n, sizeof(*files->v));
		memcpy(files->v[files->n++], e->d_name, strlen(e->d_name) + 1);
	}
	closedir(d);
	if (files->n > 1)
		qsort(files->v, files->n, sizeof(*files->v), by_name);
	return 0;
}

void
track_files_free(struct track_files *files)
{
	free(files->v);
	*files = (struct track_files){ .n = 0 };
}

int64_t
track_begun(const char *name)
{
	struct tm tm = { .tm_isdst = 0 };

	return strptime(name, "%Y%m%dT%H%M%S", &tm) != NULL ? timegm(&tm) : 0;
}

static bool
is_file(const char *name)
{
	if (strlen(name) != STAMP_LEN + strlen(TRACK_ENDING) ||
	    strcmp(name + STAMP_LEN, TRACK_ENDING) != 0)
		return false;
	for (size_t i = 0; i < STAMP_LEN; i++)
		if (isdigit((unsigned char)STAMP[i])
			? !isdigit((unsigned char)name[i])
			: name[i] != STAMP[i])
			return false;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}
