/* tag.c - the keys of bounce verification */
#include "tls/tag.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <time.h>

#include "base/bounds.h"
#include "mail/prvs.h"

#define DAY_MS    INT64_C(86400000)
#define TIME_FORM "%Y-%m-%dT%H:%M:%SZ"
#define TIME_MAX  32
#define SPLIT_MEM 4096

static bool parse_line(
    struct tag_key *, struct str line, const char **what_is_wrong);
static bool parse_time(struct str, int64_t *ms);
static void put_time(int64_t ms, struct buf *out);
static void hmac(
    struct str key, struct str text, unsigned char out[TAG_DAY_KEY]);
static void sign(const unsigned char day_key[TAG_DAY_KEY], struct str addr,
    char out[PRVS_HASH + 1]);
static bool is_by(const struct tag_key *, const struct prvs *);
static bool is_old(const struct tag_key *, unsigned day, int64_t now);

bool
tag_keys_parse(struct tag_keys *keys, struct str text, struct err *err)
{
	size_t number = 0;

	keys->n = 0;
	while (text.n > 0) {
		struct str line = str_trim(str_cut(&text, '\n'));
		const char *wrong = "";

		number++;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (keys->n == TAG_KEYS_MAX) {
			err_set(err, ERR_USAGE, "has more than %d keys",
			    TAG_KEYS_MAX);
			return false;
		}
		if (!parse_line(&keys->v[keys->n++], line, &wrong)) {
			err_set(err, ERR_USAGE, "line %zu: %s", number, wrong);
			return false;
		}
	}
	return true;
}

void
tag_keys_line(const struct tag_key *k, struct buf *out)
{
	put_time(k->since, out);
	buf_putc(out, ' ');
	if (k->retired == 0)
		buf_putc(out, '-');
	else
		put_time(k->retired, out);
	buf_putc(out, ' ');
	buf_add_str(out, k->text);
	buf_putc(out, '\n');
}

const struct tag_key *
tag_keys_current(const struct tag_keys *keys)
{
	const struct tag_key *best = NULL;

	for (size_t i = 0; i < keys->n; i++) {
		const struct tag_key *k = &keys->v[i];

		if (k->retired == 0 &&
		    (best == NULL || k->since >= best->since))
			best = k;
	}
	return best;
}

bool
tag_key_ok(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	return text.n > 0 && text.n <= TAG_KEY_MAX && str_valid_utf8(text) &&
	       str_trim(text).n == text.n;
}

unsigned
tag_day(int64_t wall_ms)
{
	return (unsigned)(wall_ms / DAY_MS % PRVS_DAYS);
}

void
tag_day_key(struct str key, unsigned day, unsigned char out[TAG_DAY_KEY])
{
	char text[16];

	snprintf(text, sizeof(text), "prvs%03u", day % PRVS_DAYS);
	hmac(key, str_of(text), out);
}

struct str
tag_address(const unsigned char day_key[TAG_DAY_KEY], unsigned day,
    struct str addr, struct arena *mem)
{
	char hash[PRVS_HASH + 1];

	if (!prvs_may(addr))
		return addr;
	sign(day_key, addr, hash);
	return prvs_join(addr, day, hash, mem);
}

enum bounce_tag
tag_judge(const struct tag_keys *keys, struct str addr, int64_t now)
{
	enum bounce_tag verdict = BOUNCE_TAG_WRONG;
	struct arena mem;
	struct prvs p;

	arena_init(&mem, SPLIT_MEM);
	if (keys->n == 0)
		verdict = BOUNCE_NO_KEYS;
	else if (!prvs_split(addr, &p, &mem))
		verdict = BOUNCE_NO_TAG;
	for (size_t i = 0; verdict == BOUNCE_TAG_WRONG && i < keys->n; i++)
		if (is_by(&keys->v[i], &p))
			verdict = is_old(&keys->v[i], p.day, now)
				      ? BOUNCE_TAG_OLD
				      : BOUNCE_TAG_GOOD;
	arena_free(&mem);
	return verdict;
}

static bool
parse_line(struct tag_key *k, struct str line, const char **wrong)
{
	struct str since = str_cut(&line, ' '), retired = str_cut(&line, ' ');

	*k = (struct tag_key){ .text = line };
	*wrong = "must be two times (2026-11-22T13:00:00Z, the second may be "
		 "-) and a key, with a blank between them";
	if (!parse_time(since, &k->since) ||
	    (!str_is(retired, "-") && !parse_time(retired, &k->retired)))
		return false;
	*wrong = "the key must be printable text of 1 to 1000 bytes";
	return tag_key_ok(k->text);
}

static bool
parse_time(struct str text, int64_t *ms)
{
	struct tm tm = { .tm_isdst = 0 };
	char copy[TIME_MAX];
	const char *end;

	if (!str_copy(copy, sizeof(copy), text))
		return false;
	end = strptime(copy, TIME_FORM, &tm);
	if (end == NULL || *end != '\0')
		return false;
	*ms = (int64_t)timegm(&tm) * 1000;
	return *ms > 0;
}

static void
put_time(int64_t ms, struct buf *out)
{
	time_t seconds = (time_t)(ms / 1000);
	char text[TIME_MAX];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), TIME_FORM, &tm);
	buf_puts(out, text);
}

static void
hmac(struct str key, struct str text, unsigned char out[TAG_DAY_KEY])
{
	unsigned n = 0;

	if (HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)text.p,
		text.n, out, &n) == NULL ||
	    n != TAG_DAY_KEY)
		panic("no HMAC");
}

/* Of the address whatever its case: not every server keeps that. */
static void
sign(const unsigned char day_key[TAG_DAY_KEY], struct str addr,
    char out[PRVS_HASH + 1])
{
	struct str key = { (const char *)day_key, TAG_DAY_KEY };
	unsigned char digest[TAG_DAY_KEY];
	char lower[ADDR_MAX + 1];

	str_copy(lower, sizeof(lower), addr);
	str_lower(lower);
	hmac(key, str_of(lower), digest);
	snprintf(out, PRVS_HASH + 1, "%02X%02X%02X%X", digest[0], digest[1],
	    digest[2], digest[3] >> 4);
}

static bool
is_by(const struct tag_key *k, const struct prvs *p)
{
	unsigned char day_key[TAG_DAY_KEY];
	char hash[PRVS_HASH + 1], got[PRVS_HASH];

	tag_day_key(k->text, p->day, day_key);
	sign(day_key, p->bare, hash);
	for (size_t i = 0; i < PRVS_HASH; i++) {
		char c = p->hash.p[i];

		got[i] = c >= 'a' ? (char)(c - 'a' + 'A') : c;
	}
	OPENSSL_cleanse(day_key, sizeof(day_key));
	return CRYPTO_memcmp(hash, got, PRVS_HASH) == 0;
}

static bool
is_old(const struct tag_key *k, unsigned day, int64_t now)
{
	unsigned today = tag_day(now + TAG_AHEAD_DAYS * DAY_MS);
	unsigned age = (today + PRVS_DAYS - day) % PRVS_DAYS;

	return age > TAG_DAYS + TAG_AHEAD_DAYS ||
	       (k->retired != 0 && now - k->retired >= TAG_DAYS * DAY_MS);
}
