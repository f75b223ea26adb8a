/* dnsmsg.c - reading DNS messages */
#include "lookup/dnsmsg.h"

#define POINTERS_MAX 128
#define LABEL_BYTES  63

static bool take_u16(struct dnsmsg *, unsigned *out);
static bool put_label(
    const struct dnsmsg *, size_t pos, size_t len, struct dnsmsg_name *);

bool
dnsmsg_question(struct dnsmsg *m, struct dnsmsg_name *name, unsigned *type)
{
	unsigned class;

	return dnsmsg_name(m, &m->at, name) && take_u16(m, type) &&
	       take_u16(m, &class);
}

bool
dnsmsg_record(struct dnsmsg *m, struct dnsmsg_record *rec)
{
	unsigned len;

	if (!dnsmsg_name(m, &m->at, &rec->owner) || !take_u16(m, &rec->type) ||
	    !take_u16(m, &rec->class) || m->n - m->at < 4)
		return false;
	rec->ttl = dnsmsg_u32(m->p + m->at);
	m->at += 4;
	if (!take_u16(m, &len) || m->n - m->at < len)
		return false;
	rec->at = m->at;
	rec->len = len;
	m->at += len;
	return true;
}

/*
 * A pointer may lead anywhere before itself; their number is bounded because
 * each must make the name longer or lead further back.
 */
bool
dnsmsg_name(const struct dnsmsg *m, size_t *at, struct dnsmsg_name *name)
{
	size_t pos = *at, len;
	bool jumped = false;

	name->n = 0;
	for (int hops = 0; hops < POINTERS_MAX;) {
		if (pos >= m->n)
			return false;
		len = m->p[pos];
		if ((len & 0xc0) == 0xc0) {
			size_t to;

			if (m->n - pos < 2)
				return false;
			to = dnsmsg_u16(m->p + pos) & 0x3fff;
			if (!jumped)
				*at = pos + 2;
			if (to >= pos)
				return false;
			jumped = true;
			pos = to;
			hops++;
			continue;
		}
		if (!put_label(m, pos, len, name))
			return false;
		pos += len + 1;
		if (len == 0) {
			if (!jumped)
				*at = pos;
			return true;
		}
	}
	return false;
}

bool
dnsmsg_whole_name(
    const struct dnsmsg *m, size_t at, size_t end, struct dnsmsg_name *name)
{
	struct dnsmsg part = { m->p, end, at };

	return dnsmsg_name(&part, &part.at, name) && part.at == end;
}

unsigned
dnsmsg_u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

uint32_t
dnsmsg_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static bool
take_u16(struct dnsmsg *m, unsigned *out)
{
	if (m->n - m->at < 2)
		return false;
	*out = dnsmsg_u16(m->p + m->at);
	m->at += 2;
	return true;
}

static bool
put_label(
    const struct dnsmsg *m, size_t pos, size_t len, struct dnsmsg_name *name)
{
	if (len > LABEL_BYTES || m->n - pos <= len ||
	    DNSMSG_NAME - name->n < len + 1)
		return false;
	name->b[name->n++] = (uint8_t)len;
	for (size_t i = 1; i <= len; i++) {
		uint8_t c = m->p[pos + i];

		name->b[name->n++] = c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
	}
	return true;
}
