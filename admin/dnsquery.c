/* dnsquery.c - one question to one name server, and what it answers */
#include "admin/dnsquery.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "lookup/present.h"

#define TRIES       3
#define TRY_MS      5000
#define EDNS_SIZE   1232
#define PACKET_SIZE 65535
#define FLAG_RD     0x0100
#define FLAG_TC     0x02 /* of the third byte */
#define FLAG_QR     0x80
#define EDNS_DO     0x8000
#define TYPE_OPT    41
#define TYPE_RRSIG  46

static void compose(const struct dnsquery *, unsigned id, struct buf *);
static void put_u16(struct buf *, unsigned);
static int ask_udp(const struct dnsquery *, struct buf *out, struct err *);
static int ask_tcp(const struct dnsquery *, struct buf *out, struct err *);
static int open_to(const struct dnsquery *, int type, struct err *);
static int await(int fd, short what, int64_t until, struct err *);
static int exchange(int fd, const struct buf *query, const struct dnsquery *,
    struct buf *out, struct err *);
static int read_all(int fd, char *p, size_t n, int64_t until, struct err *);
static bool is_answer(const struct dnsquery *, unsigned id, const struct buf *);
static unsigned random_id(void);
static json_t *flags_json(const uint8_t *head);
static json_t *section(struct dnsmsg *, unsigned n, bool dnssec, bool *whole);
static json_t *record(const struct dnsmsg *, const struct dnsmsg_record *);
static const char *class_name(unsigned class, char out[PRESENT_TYPE]);

int
dnsquery_ask(const struct dnsquery *q, struct buf *out, struct err *err)
{
	char text[IP_TEXT + 8];
	int rc = q->way == DNSQUERY_TCP ? 0 : ask_udp(q, out, err);

	if (q->way == DNSQUERY_TCP ||
	    (rc == 0 && q->way == DNSQUERY_BOTH && out->data[2] & FLAG_TC))
		rc = ask_tcp(q, out, err);
	return rc == 0 ? 0 : err_in(err, "%s", endpoint_text(&q->server, text));
}

json_t *
dnsquery_json(struct str message, bool dnssec)
{
	struct dnsmsg m = { (const uint8_t *)message.p, message.n,
		DNSMSG_HEADER };
	json_t *parts[3], *flags;
	char type_text[PRESENT_TYPE], code_text[PRESENT_TYPE];
	struct dnsmsg_name name;
	struct buf text;
	unsigned type, counts[3];
	bool whole = true;
	const char *code;

	if (m.n < DNSMSG_HEADER || dnsmsg_u16(m.p + 4) != 1 ||
	    !dnsmsg_question(&m, &name, &type))
		return NULL;
	flags = flags_json(m.p);
	code = present_rcode(m.p[3] & 15, code_text);
	for (size_t i = 0; i < NELEM(parts); i++) {
		counts[i] = dnsmsg_u16(m.p + 6 + 2 * i);
		parts[i] = section(&m, counts[i], dnssec, &whole);
	}
	buf_init(&text, 8 * DNSMSG_NAME);
	present_name(&name, &text);
	flags = json_pack("{s:s, s:o, s:{s:s, s:s, s:s}, s:o, s:o, s:o}",
	    "status", code, "flags", flags, "question", "name", text.data,
	    "class", "IN", "type", present_type(type, type_text), "answer",
	    parts[0], "authority", parts[1], "additional", parts[2]);
	buf_fini(&text);
	if (!whole) {
		json_decref(flags);
		return NULL;
	}
	return flags;
}

/* --- asking --- */

static void
compose(const struct dnsquery *q, unsigned id, struct buf *out)
{
	put_u16(out, id);
	put_u16(out, q->recurse ? FLAG_RD : 0);
	put_u16(out, 1);
	put_u16(out, 0);
	put_u16(out, 0);
	put_u16(out, 1);
	buf_add(out, q->name.b, q->name.n);
	put_u16(out, q->type);
	put_u16(out, DNSMSG_CLASS_IN);
	buf_putc(out, '\0'); /* OPT (RFC 6891 6.1.2) */
	put_u16(out, TYPE_OPT);
	put_u16(out, EDNS_SIZE);
	put_u16(out, 0);
	put_u16(out, q->dnssec ? EDNS_DO : 0);
	put_u16(out, 0);
}

static void
put_u16(struct buf *out, unsigned n)
{
	buf_putc(out, (char)(n >> 8));
	buf_putc(out, (char)n);
}

static int
ask_udp(const struct dnsquery *q, struct buf *out, struct err *err)
{
	int fd = open_to(q, SOCK_DGRAM, err), rc = -1;
	struct buf query;

	if (fd == -1)
		return -1;
	for (int i = 0; i < TRIES && rc == -1; i++) {
		buf_init(&query, PACKET_SIZE);
		compose(q, random_id(), &query);
		rc = exchange(fd, &query, q, out, err);
		buf_fini(&query);
	}
	close(fd);
	return rc;
}

/* One packet, and what comes back and belongs to it. */
static int
exchange(int fd, const struct buf *query, const struct dnsquery *q,
    struct buf *out, struct err *err)
{
	unsigned id = dnsmsg_u16((const uint8_t *)query->data);
	int64_t until = clock_mono_ms() + TRY_MS;
	ssize_t n;

	if (send(fd, query->data, query->len, 0) == -1)
		return err_sys(err, ERR_TEMP, "it cannot be asked");
	for (;;) {
		if (await(fd, POLLIN, until, err) == -1)
			return -1;
		buf_reset(out);
		n = recv(fd, buf_room(out, PACKET_SIZE), PACKET_SIZE, 0);
		if (n == -1)
			return err_sys(err, ERR_TEMP, "no answer");
		buf_grew(out, (size_t)n);
		if (is_answer(q, id, out))
			return 0;
	}
}

static int
ask_tcp(const struct dnsquery *q, struct buf *out, struct err *err)
{
	int64_t until = clock_mono_ms() + TRIES * TRY_MS;
	int fd = open_to(q, SOCK_STREAM, err), rc = 0;
	unsigned id = random_id();
	struct buf query;
	uint8_t size[2];
	size_t n;

	if (fd == -1)
		return -1;
	buf_init(&query, PACKET_SIZE);
	compose(q, id, &query);
	size[0] = (uint8_t)(query.len >> 8);
	size[1] = (uint8_t)query.len;
	if (send(fd, size, sizeof(size), MSG_MORE) != sizeof(size) ||
	    send(fd, query.data, query.len, MSG_NOSIGNAL) != (ssize_t)query.len)
		rc = err_sys(err, ERR_TEMP, "it cannot be asked");
	if (rc == 0)
		rc = read_all(fd, (char *)size, sizeof(size), until, err);
	n = dnsmsg_u16(size);
	buf_reset(out);
	if (rc == 0)
		rc = read_all(fd, buf_room(out, n + 1), n, until, err);
	if (rc == 0)
		buf_grew(out, n);
	if (rc == 0 && !is_answer(q, id, out))
		rc = err_set(
		    err, ERR_PROTO, "the answer is to another question");
	buf_fini(&query);
	close(fd);
	return rc;
}

static int
read_all(int fd, char *p, size_t n, int64_t until, struct err *err)
{
	while (n > 0) {
		ssize_t got;

		if (await(fd, POLLIN, until, err) == -1)
			return -1;
		got = recv(fd, p, n, 0);
		if (got == -1)
			return err_sys(err, ERR_TEMP, "no answer");
		if (got == 0)
			return err_set(
			    err, ERR_TEMP, "it closed the connection");
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

/* Connected, so that only the server is heard. */
static int
open_to(const struct dnsquery *q, int type, struct err *err)
{
	const struct timeval patience = { .tv_sec = TRIES * TRY_MS / 1000 };
	struct endpoint from = { q->from, 0 };
	struct sockaddr_storage sa;
	socklen_t n = ip_to_sockaddr(&q->server, &sa);
	int fd = socket(sa.ss_family, type | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "socket");
	if (!ip_is_unset(&q->from)) {
		struct sockaddr_storage own;
		socklen_t len = ip_to_sockaddr(&from, &own);

		if (bind(fd, (struct sockaddr *)&own, len) == -1) {
			err_sys(err, ERR_TEMP, "the interface's address");
			close(fd);
			return -1;
		}
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&sa, n) == -1) {
		if (errno == EINPROGRESS)
			errno = ETIMEDOUT;
		err_sys(err, ERR_TEMP, "it cannot be reached");
		close(fd);
		return -1;
	}
	return fd;
}

static int
await(int fd, short what, int64_t until, struct err *err)
{
	struct pollfd p = { .fd = fd, .events = what };
	int64_t left = until - clock_mono_ms();

	if (left > 0 && poll(&p, 1, (int)left) > 0)
		return 0;
	return err_set(err, ERR_TEMP, "no answer");
}

static bool
is_answer(const struct dnsquery *q, unsigned id, const struct buf *b)
{
	struct dnsmsg m = { (const uint8_t *)b->data, b->len, DNSMSG_HEADER };
	struct dnsmsg_name name;
	unsigned type;

	return b->len >= DNSMSG_HEADER && dnsmsg_u16(m.p) == id &&
	       m.p[2] & FLAG_QR && dnsmsg_u16(m.p + 4) == 1 &&
	       dnsmsg_question(&m, &name, &type) && type == q->type &&
	       name.n == q->name.n && memcmp(name.b, q->name.b, name.n) == 0;
}

static unsigned
random_id(void)
{
	uint16_t id;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		panic("no randomness");
	return id;
}

/* --- what it says --- */

static json_t *
flags_json(const uint8_t *head)
{
	static const struct {
		const char *name;
		size_t byte;
		uint8_t bit;
	} flags[] = { { "qr", 2, 0x80 }, { "aa", 2, 0x04 }, { "tc", 2, 0x02 },
		{ "rd", 2, 0x01 }, { "ra", 3, 0x80 }, { "ad", 3, 0x20 },
		{ "cd", 3, 0x10 } };
	json_t *v = json_array();

	for (size_t i = 0; i < NELEM(flags); i++)
		if (head[flags[i].byte] & flags[i].bit)
			json_array_append_new(v, json_string(flags[i].name));
	return v;
}

static json_t *
section(struct dnsmsg *m, unsigned n, bool dnssec, bool *whole)
{
	json_t *v = json_array();
	struct dnsmsg_record rec;

	for (unsigned i = 0; i < n && *whole; i++) {
		*whole = dnsmsg_record(m, &rec);
		if (!*whole || rec.type == TYPE_OPT ||
		    (rec.type == TYPE_RRSIG && !dnssec))
			continue;
		json_array_append_new(v, record(m, &rec));
	}
	return v;
}

static json_t *
record(const struct dnsmsg *m, const struct dnsmsg_record *rec)
{
	char type[PRESENT_TYPE], class[PRESENT_TYPE];
	struct buf name, data;
	json_t *j;

	buf_init(&name, 8 * DNSMSG_NAME);
	buf_init(&data, 8 * PACKET_SIZE);
	present_name(&rec->owner, &name);
	present_data(m, rec, &data);
	j = json_pack("{s:s, s:I, s:s, s:s, s:s}", "name", name.data, "ttl",
	    (json_int_t)rec->ttl, "class", class_name(rec->class, class),
	    "type", present_type(rec->type, type), "data",
	    data.len > 0 ? data.data : "");
	buf_fini(&name);
	buf_fini(&data);
	return j;
}

static const char *
class_name(unsigned class, char out[PRESENT_TYPE])
{
	if (class == DNSMSG_CLASS_IN)
		return "IN";
	snprintf(out, PRESENT_TYPE, "CLASS%u", class & 0xffff);
	return out;
}
