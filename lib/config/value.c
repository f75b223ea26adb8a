/*
 * value.c - the types of values: reading what a person wrote, writing it back
 */
#include <string.h>

#include "base/ip.h"
#include "base/mem.h"
#include "config/schema.h"

struct unit {
	char letter;
	uint64_t factor;
};

static int parse_bool(const struct schema_key *, struct str, void *,
    struct arena *, struct err *);
static int parse_count(const struct schema_key *, struct str, void *,
    struct arena *, struct err *);
static int parse_size(const struct schema_key *, struct str, void *,
    struct arena *, struct err *);
static int parse_time(const struct schema_key *, struct str, void *,
    struct arena *, struct err *);
static int parse_choice(const struct schema_key *, struct str, void *,
    struct arena *, struct err *);
static int parse_set(const struct schema_key *, struct str, void *,
    struct arena *, struct err *);
static int parse_word(const struct schema_key *, struct str, void *,
    struct arena *, struct err *);
static int parse_text(const struct schema_key *, struct str, void *,
    struct arena *, struct err *);
static int parse_ip(const struct schema_key *, struct str, void *,
    struct arena *, struct err *);
static int parse_endpoint(const struct schema_key *, struct str, void *,
    struct arena *, struct err *);
static int parse_range(const struct schema_key *, struct str, void *,
    struct arena *, struct err *);
static void print_bool(const struct schema_key *, const void *, struct buf *);
static void print_count(const struct schema_key *, const void *, struct buf *);
static void print_size(const struct schema_key *, const void *, struct buf *);
static void print_time(const struct schema_key *, const void *, struct buf *);
static void print_choice(const struct schema_key *, const void *, struct buf *);
static void print_set(const struct schema_key *, const void *, struct buf *);
static void print_text(const struct schema_key *, const void *, struct buf *);
static void print_ip(const struct schema_key *, const void *, struct buf *);
static void print_endpoint(
    const struct schema_key *, const void *, struct buf *);
static void print_range(const struct schema_key *, const void *, struct buf *);
static bool is_unlimited(const struct schema_key *, struct str);
static bool scaled(struct str, const struct unit *, size_t, uint64_t *);
static int in_range(
    const struct schema_key *, struct str, uint64_t, void *, struct err *);
static uint64_t all_of(const struct schema_key *);
static const struct choice *find_choice(const struct schema_key *, struct str);
static int not_a_choice(const struct schema_key *, struct str, struct err *);
static void print_scaled(uint64_t, const struct unit *, size_t, struct buf *);

const struct value_type value_bool = { "yes or no", parse_bool, print_bool };
const struct value_type value_count = { "number", parse_count, print_count };
const struct value_type value_size = { "size", parse_size, print_size };
const struct value_type value_time = { "time", parse_time, print_time };
const struct value_type value_choice = { "word", parse_choice, print_choice };
const struct value_type value_set = { "words", parse_set, print_set };
const struct value_type value_word = { "word", parse_word, print_text };
const struct value_type value_text = { "text", parse_text, print_text };
const struct value_type value_ip = { "address", parse_ip, print_ip };
const struct value_type value_endpoint = { "address:port", parse_endpoint,
	print_endpoint };
const struct value_type value_range = { "address or range", parse_range,
	print_range };

/* Greatest first: printing takes the first that divides. */
static const struct unit size_units[] = {
	{ 'g', (uint64_t)1 << 30 },
	{ 'm', 1 << 20 },
	{ 'k', 1 << 10 },
};
static const struct unit time_units[] = {
	{ 'd', 86400 },
	{ 'h', 3600 },
	{ 'm', 60 },
	{ 's', 1 },
};
static const struct unit count_units[] = {
	{ 'k', 1000 },
};

uint64_t
schema_get_uint(const struct schema_key *key, const void *field)
{
	switch (key->width) {
	case 1:
		return *(const uint8_t *)field;
	case 2:
		return *(const uint16_t *)field;
	case 4:
		return *(const uint32_t *)field;
	case 8:
		return *(const uint64_t *)field;
	}
	panic("schema: %s has a width of %zu", key->name, key->width);
}

void
schema_put_uint(const struct schema_key *key, void *field, uint64_t v)
{
	switch (key->width) {
	case 1:
		*(uint8_t *)field = (uint8_t)v;
		return;
	case 2:
		*(uint16_t *)field = (uint16_t)v;
		return;
	case 4:
		*(uint32_t *)field = (uint32_t)v;
		return;
	case 8:
		*(uint64_t *)field = v;
		return;
	}
	panic("schema: %s has a width of %zu", key->name, key->width);
}

static int
parse_bool(const struct schema_key *key, struct str text, void *field,
    struct arena *mem, struct err *err)
{
	static const struct choice words[] = {
		{ "yes", 1 },
		{ "no", 0 },
		{ "on", 1 },
		{ "off", 0 },
		{ "true", 1 },
		{ "false", 0 },
	};

	(void)key;
	(void)mem;
	for (size_t i = 0; i < NELEM(words); i++) {
		if (str_is_nocase(text, words[i].word)) {
			*(bool *)field = words[i].value != 0;
			return 0;
		}
	}
	return err_set(err, ERR_USAGE, "must be yes or no");
}

static int
parse_count(const struct schema_key *key, struct str text, void *field,
    struct arena *mem, struct err *err)
{
	uint64_t v;

	(void)mem;
	if (is_unlimited(key, text)) {
		schema_put_uint(key, field, UNLIMITED);
		return 0;
	}
	if (!scaled(text, count_units, NELEM(count_units), &v))
		return err_set(err, ERR_USAGE, "must be a whole number%s",
		    key->flags & KEY_OFF ? ", or unlimited" : "");
	return in_range(key, text, v, field, err);
}

static int
parse_size(const struct schema_key *key, struct str text, void *field,
    struct arena *mem, struct err *err)
{
	uint64_t v;

	(void)mem;
	if (is_unlimited(key, text)) {
		schema_put_uint(key, field, UNLIMITED);
		return 0;
	}
	if (!scaled(text, size_units, NELEM(size_units), &v))
		return err_set(err, ERR_USAGE,
		    "must be a size in bytes, such as 1k, 20M or 1048576");
	return in_range(key, text, v, field, err);
}

/* Plain seconds, or numbers with units, greatest first: 1d12h. */
static int
parse_time(const struct schema_key *key, struct str text, void *field,
    struct arena *mem, struct err *err)
{
	uint64_t total = 0, v;
	struct str left = text;

	(void)mem;
	while (left.n > 0) {
		size_t n = 0;

		while (n < left.n && left.p[n] >= '0' && left.p[n] <= '9')
			n++;
		if (n < left.n)
			n++;
		else if (left.p != text.p)
			break; /* 1h30: thirty what? */
		if (!scaled(
			str_sub(left, 0, n), time_units, NELEM(time_units), &v))
			break;
		total = v > UINT64_MAX - total ? UINT64_MAX : total + v;
		left = str_sub(left, n, left.n - n);
	}
	if (left.n > 0 || text.n == 0)
		return err_set(err, ERR_USAGE,
		    "must be a time in seconds, or such as 30s, 5m, 12h, 3d");
	return in_range(key, text, total, field, err);
}

static int
parse_choice(const struct schema_key *key, struct str text, void *field,
    struct arena *mem, struct err *err)
{
	const struct choice *c = find_choice(key, text);

	(void)mem;
	if (c == NULL)
		return not_a_choice(key, text, err);
	schema_put_uint(key, field, c->value);
	return 0;
}

static int
parse_set(const struct schema_key *key, struct str text, void *field,
    struct arena *mem, struct err *err)
{
	uint64_t set = 0, all = all_of(key);
	struct str rest = text;

	(void)mem;
	do {
		struct str word = str_trim(str_cut(&rest, ','));
		const struct choice *c = find_choice(key, word);

		if (c != NULL)
			set |= c->value;
		else if (str_is_nocase(word, "all"))
			set |= all;
		else if (!str_is_nocase(word, "none"))
			return not_a_choice(key, word, err);
	} while (rest.n > 0);
	schema_put_uint(key, field, set);
	return 0;
}

/* A choice that is kept as its word. */
static int
parse_word(const struct schema_key *key, struct str text, void *field,
    struct arena *mem, struct err *err)
{
	const struct choice *c = find_choice(key, text);

	(void)mem;
	if (c == NULL)
		return not_a_choice(key, text, err);
	*(struct str *)field = str_of(c->word);
	return 0;
}

static int
parse_text(const struct schema_key *key, struct str text, void *field,
    struct arena *mem, struct err *err)
{
	if (key->max != 0 && text.n > key->max)
		return err_set(err, ERR_USAGE, "is longer than %llu characters",
		    (unsigned long long)key->max);
	if (text.n == 0 && key->min == 0) {
		*(struct str *)field = STR("");
		return 0;
	}
	if (text.n < key->min)
		return err_set(err, ERR_USAGE, "must not be empty");
	if (key->text_ok != NULL && !key->text_ok(text, err))
		return -1;
	*(struct str *)field = arena_str(mem, text);
	return 0;
}

static int
parse_ip(const struct schema_key *key, struct str text, void *field,
    struct arena *mem, struct err *err)
{
	(void)key;
	(void)mem;
	if (!ip_parse(field, text))
		return err_set(err, ERR_USAGE,
		    "must be an address such as 192.0.2.10 or 2001:db8::10");
	return 0;
}

static int
parse_range(const struct schema_key *key, struct str text, void *field,
    struct arena *mem, struct err *err)
{
	struct ip_range r;

	(void)key;
	(void)mem;
	if (!ip_range_parse(&r, text))
		return err_set(err, ERR_USAGE,
		    "must be an address or a range such as 192.0.2.10, "
		    "10.0.0.0/8, 10.1.2-5, 2001:db8::/32");
	*(struct ip_range *)field = r;
	return 0;
}

static int
parse_endpoint(const struct schema_key *key, struct str text, void *field,
    struct arena *mem, struct err *err)
{
	struct endpoint *ep = field;

	(void)mem;
	if (ip_parse(&ep->ip, text)) {
		ep->port = (uint16_t)key->min;
		return 0;
	}
	if (!endpoint_parse(ep, text, (uint16_t)key->min) || ep->port == 0)
		return err_set(err, ERR_USAGE,
		    "must be an address with or without port, such as "
		    "192.0.2.53, 127.0.0.1:5353 or [2001:db8::53]:53");
	return 0;
}

static void
print_bool(const struct schema_key *key, const void *field, struct buf *out)
{
	(void)key;
	buf_puts(out, *(const bool *)field ? "yes" : "no");
}

static void
print_count(const struct schema_key *key, const void *field, struct buf *out)
{
	uint64_t v = schema_get_uint(key, field);

	if (v == UNLIMITED && key->flags & KEY_OFF)
		buf_puts(out, "unlimited");
	else
		buf_printf(out, "%llu", (unsigned long long)v);
}

static void
print_size(const struct schema_key *key, const void *field, struct buf *out)
{
	uint64_t v = schema_get_uint(key, field);

	if (v == UNLIMITED && key->flags & KEY_OFF)
		buf_puts(out, "unlimited");
	else
		print_scaled(v, size_units, NELEM(size_units), out);
}

static void
print_time(const struct schema_key *key, const void *field, struct buf *out)
{
	/* Without the last unit: plain seconds need none. */
	print_scaled(schema_get_uint(key, field), time_units,
	    NELEM(time_units) - 1, out);
}

static void
print_choice(const struct schema_key *key, const void *field, struct buf *out)
{
	uint64_t v = schema_get_uint(key, field);

	for (const struct choice *c = key->choices; c->word != NULL; c++) {
		if (c->value == v) {
			buf_puts(out, c->word);
			return;
		}
	}
	panic("schema: %s has no word for %llu", key->name,
	    (unsigned long long)v);
}

static void
print_set(const struct schema_key *key, const void *field, struct buf *out)
{
	uint64_t set = schema_get_uint(key, field);
	const char *between = "";

	if (set == 0 || set == all_of(key)) {
		buf_puts(out, set == 0 ? "none" : "all");
		return;
	}
	for (const struct choice *c = key->choices; c->word != NULL; c++) {
		if (!(set & c->value))
			continue;
		buf_printf(out, "%s%s", between, c->word);
		between = ", ";
	}
}

static void
print_text(const struct schema_key *key, const void *field, struct buf *out)
{
	(void)key;
	buf_add_str(out, *(const struct str *)field);
}

static void
print_ip(const struct schema_key *key, const void *field, struct buf *out)
{
	char text[IP_TEXT];

	(void)key;
	buf_puts(out, ip_text(field, text));
}

static void
print_range(const struct schema_key *key, const void *field, struct buf *out)
{
	char text[IP_RANGE_TEXT];

	(void)key;
	buf_puts(out, ip_range_text(field, text));
}

static void
print_endpoint(const struct schema_key *key, const void *field, struct buf *out)
{
	char text[IP_TEXT + 8];

	(void)key;
	buf_puts(out, endpoint_text(field, text));
}

static bool
is_unlimited(const struct schema_key *key, struct str text)
{
	if (key->flags & KEY_ZERO_OFF && str_is(text, "0"))
		return true;
	return key->flags & KEY_OFF &&
	       (str_is_nocase(text, "unlimited") ||
		   str_is_nocase(text, "off") || str_is(text, "-1"));
}

/* Digits and at most one unit letter; what does not fit in 64 bits saturates
 * and so fails every range. */
static bool
scaled(struct str text, const struct unit *units, size_t n, uint64_t *out)
{
	uint64_t factor = 1;
	char last = text.n > 0 ? text.p[text.n - 1] : 0;

	for (size_t i = 0; i < n; i++) {
		if ((last | 0x20) == units[i].letter) {
			factor = units[i].factor;
			text.n--;
			break;
		}
	}
	if (!str_u64(text, UINT64_MAX, out))
		return false;
	if (*out > UINT64_MAX / factor)
		*out = UINT64_MAX;
	else
		*out *= factor;
	return true;
}

static int
in_range(const struct schema_key *key, struct str text, uint64_t v, void *field,
    struct err *err)
{
	struct buf lo, hi;

	if (v >= key->min && v <= key->max) {
		schema_put_uint(key, field, v);
		return 0;
	}
	/* The ends in the unit of the key. */
	buf_init(&lo, 64);
	buf_init(&hi, 64);
	struct schema_key wide = *key;
	wide.width = sizeof(uint64_t);
	key->type->print(&wide, &key->min, &lo);
	key->type->print(&wide, &key->max, &hi);
	err_set(err, ERR_USAGE, "%.*s is not within %.*s..%.*s",
	    (int)(text.n > 40 ? 40 : text.n), text.p, STR_ARG(buf_str(&lo)),
	    STR_ARG(buf_str(&hi)));
	buf_fini(&lo);
	buf_fini(&hi);
	return -1;
}

static uint64_t
all_of(const struct schema_key *key)
{
	uint64_t all = 0;

	for (const struct choice *c = key->choices; c->word != NULL; c++)
		all |= c->value;
	return all;
}

static const struct choice *
find_choice(const struct schema_key *key, struct str text)
{
	for (const struct choice *c = key->choices; c->word != NULL; c++) {
		if (str_is_nocase(text, c->word))
			return c;
	}
	return NULL;
}

static int
not_a_choice(const struct schema_key *key, struct str text, struct err *err)
{
	struct buf words;

	(void)text;
	buf_init(&words, 256);
	for (const struct choice *c = key->choices; c->word != NULL; c++) {
		if (c != key->choices)
			buf_puts(&words, c[1].word == NULL ? " or " : ", ");
		buf_puts(&words, c->word);
	}
	err_set(err, ERR_USAGE, "must be %.*s%s", STR_ARG(buf_str(&words)),
	    key->type == &value_set ? "; several with commas; all or none"
				    : "");
	buf_fini(&words);
	return -1;
}

static void
print_scaled(uint64_t v, const struct unit *units, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (v != 0 && v % units[i].factor == 0) {
			char letter = units[i].letter;

			/* 20M, but 10k and 5m */
			if (units == size_units && letter != 'k')
				letter -= 0x20;
			buf_printf(out, "%llu%c",
			    (unsigned long long)(v / units[i].factor), letter);
			return;
		}
	}
	buf_printf(out, "%llu", (unsigned long long)v);
}
