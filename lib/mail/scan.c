/* scan.c - the one pass over content */
#include "mail/scan.h"

#include <string.h>

#include "base/bounds.h"
#include "base/mem.h"

/*
 *	LINE --name--> NAME --blank--> GAP --:--> VALUE --LF--> LINE
 *	  |                +----------:-----------^  ^
 *	  +--blank, when there is a field -----------+
 *	  +--CR--> EMPTY --LF--> the header ends here
 *
 * Whatever does not fit shows that the line is not of the header, which then
 * has ended where the line began.
 */
enum state { LINE, EMPTY, NAME, GAP, VALUE };

static const struct {
	const char *name;
	size_t off; /* of the struct scan_text */
} wanted[] = {
	{ "message-id", offsetof(struct scan, message_id) },
	{ "subject", offsetof(struct scan, subject) },
	{ "tls-required", offsetof(struct scan, tls_required) },
};

static void measure(struct scan *, struct str);
static size_t header(struct scan *, struct str);
static void header_byte(struct scan *, unsigned char c);
static bool name_byte(struct scan *, unsigned char c);
static void begin_field(struct scan *);
static size_t skip_value(struct scan *, struct str);
static size_t clip(size_t n, uint64_t limit, uint64_t at);
static void value_byte(struct scan *, unsigned char c);
static void end_header(struct scan *, uint64_t at);
static void check_sizes(struct scan *);
static void problem(struct scan *, enum scan_problem);
static void trim(struct scan_text *);

static inline bool
is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

void
scan_begin(struct scan *s)
{
	/* The texts need no zeros: they are most of the struct. */
	memset(s, 0, offsetof(struct scan, message_id));
	s->message_id.there = s->subject.there = false;
	s->message_id.n = s->subject.n = 0;
	s->tls_required.there = false;
	s->tls_required.n = 0;
	memset(&s->state, 0, sizeof(*s) - offsetof(struct scan, state));
}

void
scan_feed(struct scan *s, struct str bytes)
{
	measure(s, bytes);
	if (!s->in_body)
		bytes = str_sub(bytes, header(s, bytes), bytes.n);
	s->size += bytes.n;
}

void
scan_end(struct scan *s)
{
	if (!s->in_body)
		end_header(s, s->state == NAME || s->state == GAP
				  ? s->line_start
				  : s->size);
	if (s->line_len > s->longest_line)
		s->longest_line = s->line_len;
	trim(&s->message_id);
	trim(&s->subject);
	trim(&s->tls_required);
}

bool
scan_is_tls_free(const struct scan *s)
{
	return s->tls_required.there &&
	       str_is_nocase(
		   (struct str){ s->tls_required.p, s->tls_required.n }, "no");
}

bool
scan_header_is_tls_free(struct str header)
{
	struct scan s;

	scan_begin(&s);
	scan_feed(&s, header);
	scan_end(&s);
	return scan_is_tls_free(&s);
}

const struct scan_reply *
scan_reply(enum scan_problem p)
{
	static const struct scan_reply replies[] = {
		[SCAN_OK] = { 250, "2.0.0", "ok" },
		[SCAN_FIELD_SIZE] = { 552, "5.3.4", "header field too large" },
		[SCAN_HEADER_SIZE] = { 552, "5.3.4",
		    "message header too large" },
		[SCAN_FIELDS] = { 552, "5.3.4", "too many header fields" },
		[SCAN_HOPS] = { 554, "5.4.6", "too many hops" },
	};

	return &replies[p];
}

/* Line lengths, header and body alike. */
static void
measure(struct scan *s, struct str in)
{
	while (in.n > 0) {
		const char *nl = memchr(in.p, '\n', in.n);
		size_t n = nl == NULL ? in.n : (size_t)(nl - in.p) + 1;

		if (s->line_len == 0 && !s->dot && in.p[0] == '.') {
			/* the stuffed dot; what follows is the line */
			s->dot = true;
			in = str_sub(in, 1, in.n);
			continue;
		}
		s->line_len += n;
		if (nl != NULL) {
			if (s->line_len - 2 > s->longest_line &&
			    s->line_len >= 2)
				s->longest_line = s->line_len - 2;
			s->line_len = 0;
			s->dot = false;
		}
		in = str_sub(in, n, in.n);
	}
}

/* Returns how many bytes belong to the header or led to its end. */
static size_t
header(struct scan *s, struct str in)
{
	size_t i = 0;

	while (i < in.n && !s->in_body) {
		size_t n = 1;

		if (s->state == VALUE && s->into == NULL)
			n = skip_value(s, str_sub(in, i, in.n));
		else
			header_byte(s, (unsigned char)in.p[i]);
		i += n;
		s->size += n;
		if (!s->in_body)
			check_sizes(s);
	}
	return i;
}

static void
header_byte(struct scan *s, unsigned char c)
{
	switch ((enum state)s->state) {
	case LINE:
		s->line_start = s->size;
		s->name_len = 0;
		if (c == '\r')
			s->state = EMPTY;
		else if (is_blank(c) && s->n_fields > 0) {
			s->state = VALUE;
			value_byte(s, c);
		} else if (name_byte(s, c))
			s->state = NAME;
		else
			end_header(s, s->line_start);
		break;
	case EMPTY:
		end_header(s, c == '\n' ? s->size + 1 : s->line_start);
		break;
	case NAME:
		if (c == ':')
			begin_field(s);
		else if (is_blank(c))
			s->state = GAP;
		else if (!name_byte(s, c))
			end_header(s, s->line_start);
		break;
	case GAP:
		if (c == ':')
			begin_field(s);
		else if (!is_blank(c))
			end_header(s, s->line_start);
		break;
	case VALUE:
		if (c == '\n')
			s->state = LINE;
		value_byte(s, c);
		break;
	}
}

/* A byte of a field's name (RFC 5322 3.6.8)? Kept as far as it matters. */
static bool
name_byte(struct scan *s, unsigned char c)
{
	if (c <= ' ' || c >= 127 || c == ':')
		return false;
	if (s->name_len < sizeof(s->name))
		s->name[s->name_len++] = (char)c;
	return true;
}

static void
begin_field(struct scan *s)
{
	struct str name = { s->name, s->name_len };

	s->state = VALUE;
	s->into = NULL;
	s->field_start = s->line_start;
	if (++s->n_fields > HEADER_FIELDS_MAX)
		problem(s, SCAN_FIELDS);
	s->claims |= claim_of(name) != CLAIM_NONE;
	if (str_is_nocase(name, "received") && ++s->n_received > RECEIVED_MAX)
		problem(s, SCAN_HOPS);
	for (size_t i = 0; i < NELEM(wanted); i++) {
		struct scan_text *t =
		    (struct scan_text *)((char *)s + wanted[i].off);

		if (!t->there && str_is_nocase(name, wanted[i].name)) {
			t->there = true;
			s->into = t;
		}
	}
}

/*
 * Up to and with the line end, of a value that nobody wants; but never past a
 * limit, so that which one is met first does not depend on the cuts.
 */
static size_t
skip_value(struct scan *s, struct str in)
{
	size_t n = clip(clip(in.n, s->field_start + HEADER_FIELD_MAX, s->size),
	    HEADER_MAX, s->size);
	size_t nl = str_find(str_sub(in, 0, n), '\n');

	if (nl == n)
		return n;
	s->state = LINE;
	return nl + 1;
}

/* n, or as many as first pass the limit when `at` are there already. */
static size_t
clip(size_t n, uint64_t limit, uint64_t at)
{
	return at <= limit && n > limit - at ? (size_t)(limit - at) + 1 : n;
}

static void
value_byte(struct scan *s, unsigned char c)
{
	struct scan_text *t = s->into;

	if (t == NULL || c == '\r' || c == '\n' || t->n == SCAN_TEXT_MAX ||
	    (t->n == 0 && is_blank(c)))
		return;
	t->p[t->n++] = (char)c;
}

static void
end_header(struct scan *s, uint64_t at)
{
	s->header_len = at;
	s->in_body = true;
	if (at > HEADER_MAX)
		problem(s, SCAN_HEADER_SIZE);
}

static void
check_sizes(struct scan *s)
{
	if (s->size > HEADER_MAX)
		problem(s, SCAN_HEADER_SIZE);
	if ((s->state == VALUE || s->state == LINE) && s->n_fields > 0 &&
	    s->size - s->field_start > HEADER_FIELD_MAX)
		problem(s, SCAN_FIELD_SIZE);
	/* a "name" of that length is none */
	if ((s->state == NAME || s->state == GAP) &&
	    s->size - s->line_start > HEADER_FIELD_MAX)
		end_header(s, s->line_start);
}

static void
problem(struct scan *s, enum scan_problem p)
{
	if (s->problem == SCAN_OK)
		s->problem = p;
}

static void
trim(struct scan_text *t)
{
	while (t->n > 0 && is_blank((unsigned char)t->p[t->n - 1]))
		t->n--;
}
