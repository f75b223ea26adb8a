/*
 * codec.c - structures to bytes and back, from one declaration
 *
 * One switch over the types per direction. The decoder rejects overlong
 * numbers too, so that each struct has exactly one encoding.
 */
#include "base/codec.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define VARINT_MAX 10

/* Greatest value of each number type; 0: not a number without sign. */
static const uint64_t type_max[] = {
	[CODEC_U8] = UINT8_MAX,
	[CODEC_U16] = UINT16_MAX,
	[CODEC_U32] = UINT32_MAX,
	[CODEC_U64] = UINT64_MAX,
	[CODEC_LIST] = 0,
};

static void encode_list(
    const struct codec_field *, const struct codec_list *, struct buf *);
static void encode_field(
    const struct codec_field *, const void *, struct buf *);
static void encode_number(const struct codec_field *, uint64_t, struct buf *);
static void encode_bytes(const void *, size_t, struct buf *);
static void put_varint(uint64_t, struct buf *);
static int decode_field(const struct codec_field *, void *, struct str *,
    struct arena *, struct err *);
static int decode_list(const struct codec_field *, struct codec_list *,
    struct str *, struct arena *, struct err *);
static int decode_number(
    const struct codec_field *, void *, struct str *, struct err *);
static int decode_str(
    const struct codec_field *, struct str *, struct str *, struct err *);
static bool get_varint(struct str *, uint64_t *);
static void store(const struct codec_field *, void *, uint64_t);
static size_t field_bytes(const struct codec_field *, bool greatest);
static size_t codec_min(const struct codec *);
static void print_fields(const struct codec *, const void *, struct buf *);
static void print_field(const struct codec_field *, const void *, struct buf *);
static void print_list(
    const struct codec_field *, const struct codec_list *, struct buf *);
static void print_str(struct str, struct buf *);

static inline uint64_t
zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline int64_t
unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

uint64_t
codec_number(const struct codec_field *f, const void *p)
{
	switch (f->type) {
	case CODEC_U8:
		return *(const uint8_t *)p;
	case CODEC_U16:
		return *(const uint16_t *)p;
	case CODEC_U32:
		return *(const uint32_t *)p;
	default:
		return *(const uint64_t *)p;
	}
}

void
codec_encode(const struct codec *c, const void *s, struct buf *out)
{
	for (size_t i = 0; i < c->n; i++)
		encode_field(
		    &c->fields[i], (const char *)s + c->fields[i].off, out);
}

int
codec_decode(const struct codec *c, void *s, struct str in, struct arena *mem,
    struct err *err)
{
	if (codec_decode_part(c, s, &in, mem, err) == -1)
		return -1;
	if (in.n != 0)
		return err_set(
		    err, ERR_PROTO, "%s: %zu bytes left over", c->name, in.n);
	return 0;
}

int
codec_decode_part(const struct codec *c, void *s, struct str *in,
    struct arena *mem, struct err *err)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct codec_field *f = &c->fields[i];

		if (decode_field(f, (char *)s + f->off, in, mem, err) == -1)
			return err_in(err, "%s", c->name);
	}
	return 0;
}

size_t
codec_max(const struct codec *c)
{
	size_t sum = 0;

	for (size_t i = 0; i < c->n; i++) {
		size_t n = field_bytes(&c->fields[i], true);

		sum = n > SIZE_MAX - sum ? SIZE_MAX : sum + n;
	}
	return sum;
}

void
codec_print(const struct codec *c, const void *s, struct buf *out)
{
	buf_puts(out, c->name);
	buf_putc(out, ':');
	print_fields(c, s, out);
}

/* --- encoding --- */

static void
encode_field(const struct codec_field *f, const void *p, struct buf *out)
{
	const struct str *text = p;

	switch (f->type) {
	case CODEC_STR:
		if (f->max != 0 && text->n > f->max)
			panic("codec: %s has %zu bytes of %" PRIu64, f->name,
			    text->n, f->max);
		encode_bytes(text->p, text->n, out);
		break;
	case CODEC_IP:
		buf_add(out, p, sizeof(struct ip));
		break;
	case CODEC_LIST:
		encode_list(f, p, out);
		break;
	default:
		encode_number(f, codec_number(f, p), out);
	}
}

static void
encode_list(
    const struct codec_field *f, const struct codec_list *list, struct buf *out)
{
	const char *v = list->v;

	if (list->n > f->max)
		panic("codec: %s has %zu records of %" PRIu64, f->name, list->n,
		    f->max);
	put_varint(list->n, out);
	for (size_t i = 0; i < list->n; i++)
		codec_encode(f->sub, v + i * f->sub->size, out);
}

static void
encode_number(const struct codec_field *f, uint64_t v, struct buf *out)
{
	if (f->type == CODEC_I64)
		v = zigzag((int64_t)v);
	else if (f->max != 0 && v > f->max)
		panic("codec: %s is %" PRIu64 ", over %" PRIu64, f->name, v,
		    f->max);
	put_varint(v, out);
}

static void
encode_bytes(const void *p, size_t n, struct buf *out)
{
	put_varint(n, out);
	buf_add(out, p, n);
}

static void
put_varint(uint64_t v, struct buf *out)
{
	unsigned char *p = (unsigned char *)buf_room(out, VARINT_MAX);
	size_t n = 0;

	if (p == NULL)
		return;
	while (v >= 0x80) {
		p[n++] = (unsigned char)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (unsigned char)v;
	buf_grew(out, n);
}

/* --- decoding --- */

static int
decode_field(const struct codec_field *f, void *p, struct str *in,
    struct arena *mem, struct err *err)
{
	switch (f->type) {
	case CODEC_STR:
		return decode_str(f, p, in, err);
	case CODEC_IP:
		if (in->n < sizeof(struct ip))
			return err_set(
			    err, ERR_PROTO, "%s is cut off", f->name);
		memcpy(p, in->p, sizeof(struct ip));
		*in = str_sub(*in, sizeof(struct ip), in->n);
		return 0;
	case CODEC_LIST:
		return decode_list(f, p, in, mem, err);
	default:
		return decode_number(f, p, in, err);
	}
}

static int
decode_list(const struct codec_field *f, struct codec_list *list,
    struct str *in, struct arena *mem, struct err *err)
{
	size_t size = f->sub->size;
	uint64_t n;

	*list = (struct codec_list){ 0, NULL };
	if (!get_varint(in, &n) || n > f->max)
		return err_set(err, ERR_PROTO, "%s: bad count", f->name);
	if (n == 0)
		return 0;
	/* Nothing is allocated for records that cannot be there. */
	if (n > in->n / codec_min(f->sub))
		return err_set(err, ERR_PROTO, "%s is cut off", f->name);
	if (mem == NULL || n * size > mem->max - mem->used)
		return err_set(
		    err, ERR_PROTO, "%s: %" PRIu64 " are too many", f->name, n);
	list->v = arena_array(mem, n, size);
	for (list->n = 0; list->n < n; list->n++) {
		char *at = (char *)list->v + list->n * size;

		if (codec_decode_part(f->sub, at, in, mem, err) == -1)
			return err_in(err, "%s[%zu]", f->name, list->n);
	}
	return 0;
}

static int
decode_number(
    const struct codec_field *f, void *p, struct str *in, struct err *err)
{
	uint64_t v;

	if (!get_varint(in, &v))
		return err_set(err, ERR_PROTO, "%s is no number", f->name);
	if (f->type == CODEC_I64)
		v = (uint64_t)unzigzag(v);
	else if (v > type_max[f->type] || (f->max != 0 && v > f->max))
		return err_set(
		    err, ERR_PROTO, "%s: %" PRIu64 " is too great", f->name, v);
	store(f, p, v);
	return 0;
}

static int
decode_str(
    const struct codec_field *f, struct str *s, struct str *in, struct err *err)
{
	uint64_t n;

	if (!get_varint(in, &n) || (f->max != 0 && n > f->max))
		return err_set(err, ERR_PROTO, "%s: bad length", f->name);
	if (n > in->n)
		return err_set(err, ERR_PROTO, "%s is cut off", f->name);
	*s = (struct str){ in->p, n };
	in->p += n;
	in->n -= n;
	return 0;
}

/* False: cut off, over 64 bits, or longer than it need be. */
static bool
get_varint(struct str *in, uint64_t *out)
{
	const unsigned char *p = (const unsigned char *)in->p;
	uint64_t v = 0;

	if (in->n > 0 && p[0] < 0x80) { /* most are that small */
		*out = p[0];
		in->p++;
		in->n--;
		return true;
	}
	for (size_t i = 0; i < in->n && i < VARINT_MAX; i++) {
		if (i == VARINT_MAX - 1 && p[i] > 1)
			return false;
		v |= (uint64_t)(p[i] & 0x7f) << 7 * i;
		if (p[i] & 0x80)
			continue;
		if (p[i] == 0 && i != 0)
			return false;
		in->p += i + 1;
		in->n -= i + 1;
		*out = v;
		return true;
	}
	return false;
}

static void
store(const struct codec_field *f, void *p, uint64_t v)
{
	switch (f->type) {
	case CODEC_U8:
		*(uint8_t *)p = (uint8_t)v;
		break;
	case CODEC_U16:
		*(uint16_t *)p = (uint16_t)v;
		break;
	case CODEC_U32:
		*(uint32_t *)p = (uint32_t)v;
		break;
	default:
		*(uint64_t *)p = v;
	}
}

/* Least or greatest number of bytes of a field. */
static size_t
field_bytes(const struct codec_field *f, bool greatest)
{
	size_t each;

	if (f->type == CODEC_IP)
		return sizeof(struct ip);
	if (!greatest)
		return 1;
	if (f->type == CODEC_LIST) {
		each = codec_max(f->sub);
		if (f->max > (SIZE_MAX - VARINT_MAX) / each)
			return SIZE_MAX;
		return VARINT_MAX + f->max * each;
	}
	if (f->type == CODEC_STR)
		return f->max == 0 ? SIZE_MAX : VARINT_MAX + f->max;
	return VARINT_MAX;
}

static size_t
codec_min(const struct codec *c)
{
	size_t sum = 0;

	for (size_t i = 0; i < c->n; i++)
		sum += field_bytes(&c->fields[i], false);
	return sum;
}

/* --- printing --- */

static void
print_fields(const struct codec *c, const void *s, struct buf *out)
{
	for (size_t i = 0; i < c->n; i++) {
		buf_printf(out, " %s=", c->fields[i].name);
		print_field(
		    &c->fields[i], (const char *)s + c->fields[i].off, out);
	}
}

static void
print_field(const struct codec_field *f, const void *p, struct buf *out)
{
	char text[IP_TEXT];

	switch (f->type) {
	case CODEC_STR:
		print_str(*(const struct str *)p, out);
		break;
	case CODEC_IP:
		buf_puts(out, ip_text(p, text));
		break;
	case CODEC_LIST:
		print_list(f, p, out);
		break;
	case CODEC_I64:
		buf_printf(out, "%" PRId64, *(const int64_t *)p);
		break;
	default:
		buf_printf(out, "%" PRIu64, codec_number(f, p));
	}
}

static void
print_list(
    const struct codec_field *f, const struct codec_list *list, struct buf *out)
{
	buf_putc(out, '[');
	for (size_t i = 0; i < list->n; i++) {
		buf_puts(out, i == 0 ? "{" : ", {");
		print_fields(
		    f->sub, (const char *)list->v + i * f->sub->size, out);
		buf_puts(out, " }");
	}
	buf_putc(out, ']');
}

static void
print_str(struct str s, struct buf *out)
{
	char text[4096];

	buf_putc(out, '\'');
	buf_add(out, text, str_escape(text, sizeof(text), s, 1000));
	buf_putc(out, '\'');
}
